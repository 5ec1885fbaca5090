"""The documents of committees: Vorlagen, and the Niederschrift of a sitting."""

from meetings.documents.minutes import MinutesDocument
from meetings.documents.papers import PaperDocument

__all__ = ["MinutesDocument", "PaperDocument"]
