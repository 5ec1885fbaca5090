"""The documents of committees: Vorlagen, the Einladung to a sitting and its Niederschrift."""

from meetings.documents.invitations import InvitationDocument
from meetings.documents.minutes import MinutesDocument
from meetings.documents.papers import PaperDocument

__all__ = ["InvitationDocument", "MinutesDocument", "PaperDocument"]
