"""Pages of Aufträge and Zusagen: begun at the item, kept until they are done."""

from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When

from kim.access.request import Request
from kim.pages.rows import RowPages
from meetings.filters import OVERDUE
from meetings.forms import FollowUpForm
from meetings.models import AgendaItem, FollowUp
from meetings.tables import FollowUpTable


class FollowUpPages(RowPages):
    """Aufträge and Zusagen, kept by the Sitzungsdienst; no words of theirs stand in an address."""

    model, form_class, table_class = FollowUp, FollowUpForm, FollowUpTable
    view_rule, edit_rule = "meetings.view", "meetings.edit"
    new_title = "Neuer Auftrag oder neue Zusage"
    natural = ""  # the same may be asked for twice
    lookup, converter = "key", "uuid"
    template_name = "meetings/follow_up.html"

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        late = Q(state=FollowUp.State.OPEN, due_on__lt=request.stand)
        standing = Case(When(late, then=Value(OVERDUE)), default=F("state"))
        rows = super().rows(request).select_related("item__meeting__organization")
        found: QuerySet[Any] = rows.annotate(standing=standing)
        return found

    @classmethod
    def begun_at(cls, request: Request) -> AgendaItem | None:
        """The item at which the new one is begun. Example: ?sitzung=asid-2021-02-25&top=oe-10."""
        rows = AgendaItem.visible_to(request).select_related("meeting__organization")
        rows = rows.filter(meeting__slug=request.GET.get("sitzung", ""))
        return next((one for one in rows if one.word == request.GET.get("top", "")), None)

    @classmethod
    def new(cls, request: Request) -> FollowUp:
        row, item = FollowUp(body=request.acting_body, public=True), cls.begun_at(request)
        if item is not None:
            row.item, row.public = item, item.public
        return row

    @classmethod
    def origin(cls, request: Request) -> str:
        item = cls.begun_at(request)
        return item.get_absolute_url() if item else ""
