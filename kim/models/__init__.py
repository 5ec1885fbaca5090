"""The models of the ground; everybody imports them from here."""

from kim.models.attached import Attached, File, FindingNote, Note, Reminder, subjects
from kim.models.bodies import Body, Role, RoleAssignment, User, din5007, sort_key
from kim.models.rows import BodyRow, GuardedRow, SameBody
from kim.models.sources import POSITION_NUMBER, Cited, Kind, Source, Text, TextBlock
from kim.models.submissions import Submission
from kim.models.trail import TrailEvent

__all__ = [
    "POSITION_NUMBER",
    "Attached",
    "Body",
    "BodyRow",
    "Cited",
    "File",
    "FindingNote",
    "GuardedRow",
    "Kind",
    "Note",
    "Reminder",
    "Role",
    "RoleAssignment",
    "SameBody",
    "Source",
    "Submission",
    "Text",
    "TextBlock",
    "TrailEvent",
    "User",
    "din5007",
    "sort_key",
    "subjects",
]
