"""Förderjahre: which are closed, closing one, and opening it again."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim.access.request import Request
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.models import ClosedYear
from kim.pages.forms import AddPage
from kim.values.formats import LineField
from kim.values.periods import today


class Years(RuleView):
    """The Förderjahre round the present one, and every closed one."""

    rule = "years.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return "Förderjahre"

    def get(self, request: Request) -> HttpResponseBase:
        now = today(request.acting_body).year
        rows = {row.year: row for row in ClosedYear.visible_to(request)}
        years = sorted({*range(now - 3, now + 2), *rows, request.year}, reverse=True)
        context = {
            "title": "Förderjahre",
            "years": [(year, rows.get(year), year < now) for year in years],
            "story": entries_about(
                rows.values(), below=[(ClosedYear, {"body": request.acting_body})], user=request.user
            ),
        }
        return render(request, "kim/years.html", context)


class ReasonForm(forms.Form):
    """Why."""

    reason = LineField(label="Grund", max_length=300, help_text="Steht im Verlauf.")


class CloseYear(AddPage):
    """Close a Förderjahr: what holds in it becomes read-only."""

    rule = "years.edit"
    form_class = ReasonForm
    button = "Abschließen"
    verb = "abschließen"
    lead = "Stellen, Zuwendungen und Ansätze dieses Jahres lassen sich danach nicht mehr ändern; ansehen schon."

    def form(self, request: Request, *data: Any, **kwargs: Any) -> ReasonForm:
        self.year = kwargs["year"]
        if (self.year in request.closed_years) == (self.verb == "abschließen"):
            raise Http404
        return ReasonForm(*data)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        title = f"Förderjahr {self.year} {self.verb}"
        return super().context(request, form) | {"title": title, "lead": self.lead}

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        ClosedYear.close(request.acting_body, self.year, reason=form.cleaned_data["reason"])
        return f"Das Förderjahr {self.year} ist abgeschlossen.", reverse("years")


class ReopenYear(CloseYear):
    """Open a closed Förderjahr again."""

    button, verb = "Wieder öffnen", "wieder öffnen"
    lead = "Danach lassen sich Stellen, Zuwendungen und Ansätze dieses Jahres wieder ändern."

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        row = ClosedYear.visible_to(request).filter(year=self.year).first()
        if row is None:  # somebody else has just opened it
            raise Http404
        row.reopen(reason=form.cleaned_data["reason"])
        return f"Das Förderjahr {self.year} ist wieder offen.", reverse("years")
