"""The page that compares two Stände."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.views import RuleView
from kim.studio.consequences import consequences, effects
from kim.values.formats import format_day, parse_date
from staffing.figures.comparison import comparison


class ComparisonPage(RuleView):
    """Posts, distributions and money on two days, and what differs. Without a second day: the form only."""

    rule = "staffing.view"

    def get(self, request: Request) -> HttpResponseBase:
        first, second = (request.GET.get(name, "").strip() for name in ("vorher", "nachher"))
        context: dict[str, Any] = {"first": first or format_day(request.stand), "second": second, "problems": []}
        if second:
            try:
                day, other = (parse_date(text, request.stand) for text in (first or format_day(request.stand), second))
            except ValidationError as error:
                context["problems"] = error.messages
                return render(request, "staffing/comparison.html", context, status=400)
            body = request.acting_body
            found = comparison(body, day, other)
            moved = effects(consequences(body, day), consequences(body, other))
            context |= {"found": found, "effects": moved, "day": day, "other": other}
            context |= {"first": format_day(day), "second": format_day(other)}
        return render(request, "staffing/comparison.html", context)
