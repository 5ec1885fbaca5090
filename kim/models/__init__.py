"""The models of the ground; everybody imports them from here."""

from kim.models.attached import Attached, File, FindingNote, Note, Reminder, named, subjects
from kim.models.base import Addressed, BodyRow, EndingRow, GuardedRow, NamedRow, SameBody
from kim.models.bodies import Body, Role, RoleAssignment, User, din5007, sort_key
from kim.models.jobs import Job
from kim.models.list_views import SavedView
from kim.models.logos import Logo
from kim.models.reference import NamedReference, ReferenceRow
from kim.models.releases import BoundFigure, Release, UnknownFormat, in_fours
from kim.models.setup import SetupKey
from kim.models.sources import POSITION_NUMBER, Cited, Kind, Source, Text, TextBlock, frozen
from kim.models.submissions import Submission
from kim.models.trail import TrailEvent
from kim.models.years import ClosedYear, closed_year

__all__ = [
    "POSITION_NUMBER",
    "Addressed",
    "Attached",
    "Body",
    "BodyRow",
    "BoundFigure",
    "Cited",
    "ClosedYear",
    "EndingRow",
    "File",
    "FindingNote",
    "GuardedRow",
    "Job",
    "Kind",
    "Logo",
    "NamedReference",
    "NamedRow",
    "Note",
    "ReferenceRow",
    "Release",
    "Reminder",
    "Role",
    "RoleAssignment",
    "SameBody",
    "SavedView",
    "SetupKey",
    "Source",
    "Submission",
    "Text",
    "TextBlock",
    "TrailEvent",
    "UnknownFormat",
    "User",
    "closed_year",
    "din5007",
    "frozen",
    "in_fours",
    "named",
    "sort_key",
    "subjects",
]
