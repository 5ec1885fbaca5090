"""The list that is delivered for the Stellenplan."""

from typing import Any

from django.db.models import Q, QuerySet

from kim.access.request import Request
from kim.lists import ListPage
from staffing.figures.plan import days_of, own_posts, plan_of
from staffing.filters import paid_posts
from staffing.models import Position, PositionPeriod
from staffing.tables import PlanTable


class PlanPage(ListPage):
    """Own posts of the Förderjahr by pay group, beside the year before."""

    rule = "staffing.view"
    table_class = PlanTable

    def rows(self, request: Request) -> QuerySet[Any]:
        """One row for each pay group that occurs on one of the days."""
        there = Q(pk__in=[])
        for day in days_of(request.year):
            there |= Q(validity__contains=day)
        rows = PositionPeriod.visible_to(request).filter(there, position__kind=Position.Kind.OWN)
        return rows.order_by("pay_group").distinct("pay_group")

    def complete(self, request: Request, rows: list[Any], chosen: dict[str, Any]) -> list[Any]:
        """The sums of the figure, of the programmes and functions that are chosen."""
        posts = own_posts(request.acting_body)
        if chosen.get("programm"):
            posts = posts.filter(position__in=paid_posts(request, chosen["programm"]))
        if chosen.get("funktion"):
            posts = posts.filter(position__function__slug__in=chosen["funktion"])
        lines = {one.name: one for one in plan_of(posts, request.acting_body, request.year).lines}
        for row in rows:
            row.line = lines[row.pay_group]
        return rows
