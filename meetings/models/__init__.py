"""The models of papers and sittings; everybody imports them from here."""

from meetings.models.committees import LegislativeTerm, Meeting, Organization, Person
from meetings.models.papers import Consultation, Paper
from meetings.models.signatures import BlockComment, CoSignature, Signatory

__all__ = [
    "BlockComment",
    "CoSignature",
    "Consultation",
    "LegislativeTerm",
    "Meeting",
    "Organization",
    "Paper",
    "Person",
    "Signatory",
]
