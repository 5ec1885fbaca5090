"""The models of papers and sittings; everybody imports them from here."""

from meetings.models.agenda import AgendaItem
from meetings.models.committees import LegislativeTerm, Meeting, Organization, Person
from meetings.models.consultations import Consultation
from meetings.models.known import KnownPaper
from meetings.models.memberships import Membership
from meetings.models.minutes import Minutes
from meetings.models.papers import Paper
from meetings.models.record import Attendance, Exclusion, Vote, Voters, voters
from meetings.models.signatures import BlockComment, CoSignature, Signatory

__all__ = [
    "AgendaItem",
    "Attendance",
    "BlockComment",
    "CoSignature",
    "Consultation",
    "Exclusion",
    "KnownPaper",
    "LegislativeTerm",
    "Meeting",
    "Membership",
    "Minutes",
    "Organization",
    "Paper",
    "Person",
    "Signatory",
    "Vote",
    "Voters",
    "voters",
]
