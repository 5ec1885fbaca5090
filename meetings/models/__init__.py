"""The models of papers and sittings; everybody imports them from here."""

from meetings.models.committees import LegislativeTerm, Meeting, Organization, Person
from meetings.models.papers import Consultation, Paper
from meetings.models.signatures import CoSignature

__all__ = ["CoSignature", "Consultation", "LegislativeTerm", "Meeting", "Organization", "Paper", "Person"]
