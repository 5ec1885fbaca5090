"""The models of papers and sittings; everybody imports them from here."""

from meetings.models.agenda import AgendaItem
from meetings.models.committees import LegislativeTerm, Meeting, Organization, Person
from meetings.models.consultations import Consultation
from meetings.models.effects import ResolvedPosition
from meetings.models.follow_ups import FollowUp
from meetings.models.invitations import Invitation
from meetings.models.known import KnownPaper
from meetings.models.memberships import Membership
from meetings.models.minutes import Minutes
from meetings.models.papers import Paper
from meetings.models.record import Attendance, Exclusion, Voters, voters
from meetings.models.signatures import BlockComment, CoSignature, Signatory
from meetings.models.urgent import UrgentDecision
from meetings.models.votes import Ballot, Vote

__all__ = [
    "AgendaItem",
    "Attendance",
    "Ballot",
    "BlockComment",
    "CoSignature",
    "Consultation",
    "Exclusion",
    "FollowUp",
    "Invitation",
    "KnownPaper",
    "LegislativeTerm",
    "Meeting",
    "Membership",
    "Minutes",
    "Organization",
    "Paper",
    "Person",
    "ResolvedPosition",
    "Signatory",
    "UrgentDecision",
    "Vote",
    "Voters",
    "voters",
]
