"""Pages of Dringlichkeitsentscheidungen."""

from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from kim.access.request import Request
from kim.pages.rows import RowPages
from meetings.filters import UNASKED
from meetings.forms import UrgentDecisionForm
from meetings.models import Meeting, UrgentDecision
from meetings.tables import UrgentDecisionTable


class UrgentDecisionPages(RowPages):
    """Dringlichkeitsentscheidungen, kept by the Sitzungsdienst."""

    model, form_class, table_class = UrgentDecision, UrgentDecisionForm, UrgentDecisionTable
    view_rule, edit_rule = "meetings.view", "meetings.edit"
    new_title = "Neue Dringlichkeitsentscheidung"
    natural = ""  # of a day and two persons; the sentence says it
    lookup, converter = "key", "uuid"
    template_name = "meetings/urgent.html"

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        sat = Meeting.objects.filter(
            organization=OuterRef("organization"),
            cancelled=False,
            date__gt=OuterRef("decided_on"),
            date__lt=request.stand,
        )
        rows = super().rows(request).select_related("organization", "first_decider", "second_decider", "item__meeting")
        late = Q(item__isnull=True) & Exists(sat)
        found: QuerySet[Any] = rows.annotate(standing=Case(When(late, then=Value(UNASKED)), default="outcome"))
        return found

    @classmethod
    def more(cls, request: Request, row: Any) -> dict[str, Any]:
        return {"due": row.due() if row.item_id is None else None, "overdue": row.standing == UNASKED}
