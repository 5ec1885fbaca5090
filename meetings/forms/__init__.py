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
from meetings.forms.record import AgendaLine, AttendanceLine, ExclusionLine, ItemForm, VoteLine

__all__ = [
    "AgendaLine",
    "AttendanceLine",
    "CommitteeForm",
    "EndMembershipForm",
    "ExclusionLine",
    "ItemForm",
    "MeetingForm",
    "MembershipForm",
    "OfficeForm",
    "PersonForm",
    "TermForm",
    "VoteLine",
]
