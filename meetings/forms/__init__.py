"""Forms of committees and sittings; the pages import them from here."""

from meetings.forms.committees import (
    CommitteeForm,
    EndMembershipForm,
    MeetingForm,
    MembershipForm,
    OfficeForm,
    PersonForm,
    TermForm,
)
from meetings.forms.follow_ups import FollowUpForm
from meetings.forms.record import AgendaLine, AttendanceLine, ExclusionLine, ItemForm, VoteLine
from meetings.forms.session import CountForm, DisposeForm, ExcludeForm, FactionsForm, PresenceForm, UnanimousForm
from meetings.forms.urgent import UrgentDecisionForm

__all__ = [
    "AgendaLine",
    "AttendanceLine",
    "CommitteeForm",
    "CountForm",
    "DisposeForm",
    "EndMembershipForm",
    "ExcludeForm",
    "ExclusionLine",
    "FactionsForm",
    "FollowUpForm",
    "ItemForm",
    "MeetingForm",
    "MembershipForm",
    "OfficeForm",
    "PersonForm",
    "PresenceForm",
    "TermForm",
    "UnanimousForm",
    "UrgentDecisionForm",
    "VoteLine",
]
