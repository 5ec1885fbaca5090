"""The page on which Kommunen, shares and Beratungsorte of a post are entered."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404

from kim.access.request import Request
from kim.pages.sheets import Sheet, SheetPage, table
from kim.values.formats import format_range
from staffing.forms.locations import PlaceLine, ServedLine, SettleForm
from staffing.models import Municipality, Place, settle
from staffing.views.posts import period_on, position_of


class SettlePosition(SheetPage):
    """Which Kommunen a post serves and where people are advised, both as tables; saved by one act."""

    rule = "staffing.edit"
    template_name = "staffing/locations.html"
    foreseeable = True

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        found = period_on(request, position_of(request, kwargs["number"]))
        if found is None:
            raise Http404
        self.period = found
        known = Municipality.objects.filter(uses__body=request.acting_body)
        given = {"municipalities": {one.slug: one for one in known}}
        served = [{"municipality": one.municipality.slug, "share": one.share} for one in found.served.all()]
        places = [
            {"name": one.name, "host": one.host, "municipality": one.municipality.slug if one.municipality else ""}
            for one in found.locations.all()
        ]
        head = SettleForm(data, initial={"version": found.version})
        head.fields["since"].today = request.stand  # type: ignore[attr-defined]  # of our DateField
        tables = {
            "served": table(ServedLine, "served", data, initial=served, more=1, **given),
            "places": table(PlaceLine, "place", data, initial=places, more=1, **given),
        }
        return Sheet({"head": head}, tables)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        words = f"Angaben, die {format_range(self.period.validity)} gelten. Eine leere Zeile zählt nicht."
        title = f"Kommunen und Beratungsorte der Stelle {self.period.position}"
        return {"title": title, "lead": words, "back": self.period.get_absolute_url()}

    def is_stale(self, form: Sheet) -> bool:
        return bool(form.forms["head"]["version"].data != str(self.period.version))

    def change(self, request: Request, form: Sheet) -> Callable[[], bool]:
        head = form.forms["head"].cleaned_data
        chosen = [line.cleaned_data for line in form.lines("served")]
        served = {one["municipality"]: one["share"] for one in chosen}
        if len(served) < len(chosen):
            raise ValidationError("Eine Kommune steht in zwei Zeilen.")
        places = [
            Place(line.cleaned_data["name"], line.cleaned_data["host"], line.cleaned_data["municipality"])
            for line in form.lines("places")
        ]
        return lambda: settle(self.period, served, places, since=head["since"], reason=head["reason"])

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = f"Stelle {self.period.position}: Kommunen und Beratungsorte sind gespeichert."
        since = form.forms["head"].cleaned_data["since"]
        target = self.period.get_absolute_url() + (f"?stand={since.isoformat()}" if since else "")
        return (words if result else "Es hat sich nichts geändert."), target
