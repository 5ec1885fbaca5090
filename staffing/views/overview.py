"""The Besetzungsübersicht: who has which post in which month of a year."""

from django.http import HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.views import RuleView
from kim.values import charts
from staffing.figures.charts import overview


class OverviewPage(RuleView):
    """All posts of the Förderjahr over its months, as a chart and as a table."""

    rule = "staffing.view"

    def get(self, request: Request) -> HttpResponseBase:
        found = overview(request.acting_body, request.stand)
        chart = charts.months("jahr", found.sentence(), found.rows, found.year, found.stand)
        return render(request, "staffing/overview.html", {"found": found, "chart": chart})
