"""The models of papers and sittings; everybody imports them from here."""

from meetings.models.committees import LegislativeTerm, Meeting, Organization, Person
from meetings.models.consultations import Consultation
from meetings.models.known import KnownPaper
from meetings.models.memberships import Membership
from meetings.models.papers import Paper
from meetings.models.signatures import BlockComment, CoSignature, Signatory

__all__ = [
    "BlockComment",
    "CoSignature",
    "Consultation",
    "KnownPaper",
    "LegislativeTerm",
    "Meeting",
    "Membership",
    "Organization",
    "Paper",
    "Person",
    "Signatory",
]
