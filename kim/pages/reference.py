"""Pages of code tables: what holds for all bodies is looked at, what the body has added is changed."""

from typing import Any

from django.http import Http404

from kim.access.request import Request
from kim.pages.rows import RowPages


class ReferencePages(RowPages):
    """All pages of a code table, for whoever works for a body. Rows that hold for all are kept under /technik/."""

    edit_rule = "reference.edit"
    template_name = "kim/reference.html"

    @classmethod
    def row(cls, request: Request, key: str) -> Any:
        """The row with this word in its address; of two that share it the one that holds for all."""
        found = next((one for one in cls.rows(request) if one.address == key), None)
        if found is None:
            raise Http404
        return found

    @classmethod
    def changeable(cls, row: Any) -> bool:
        return row.body_id is not None
