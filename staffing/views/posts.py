"""Pages of posts: list, page of one post, Berichtigung."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim import formats
from kim.figures import CATALOGUE, EUR, Value, about
from kim.forms import CorrectionPage, DescriptionPage, RemovePage
from kim.history import preview
from kim.models import Body
from kim.periods import common, year_of
from kim.permissions import Ruled
from kim.tables import ListPage
from kim.trail import story
from staffing.forms import CorrectionForm, DescriptionForm
from staffing.models import Occupancy, Position, PositionLocation, PositionPeriod, ServedMunicipality
from staffing.tables import PositionTable


class Positions(ListPage):
    """All posts of the body on the working date."""

    rule = "staffing.view"
    table_class = PositionTable

    def rows(self, request: Any) -> QuerySet[Any]:
        rows = PositionPeriod.visible_to(request).as_of(request.stand).with_status(request.stand).with_served()
        return rows.annotate(  # words instead of objects: the same few carriers on hundreds of rows
            function_name=F("position__function__name"),
            carrier_name=F("carrier__short_name"),
            carrier_slug=F("carrier__slug"),
        )


def position_of(request: Any, number: str) -> Position:
    """The body's post with this number; foreign and missing are the same 404."""
    found = Position.visible_to(request).select_related("function").filter(number=number).first()
    if found is None:
        raise Http404
    return found


def period_on(request: Any, position: Position) -> PositionPeriod | None:
    """What holds of the post on the working date."""
    rows = PositionPeriod.visible_to(request).filter(position=position).as_of(request.stand)
    return (
        rows.with_occupancy(request.stand)
        .select_related("position__function", "carrier", "basis", "body")
        .prefetch_related("served__municipality", "locations__municipality")
        .first()
    )


class PositionPage(Ruled):
    """Facts, occupancy, money, basis and history of one post."""

    rule = "staffing.view"

    def get(self, request: Any, number: str) -> HttpResponseBase:
        position = position_of(request, number)
        periods = list(
            PositionPeriod.visible_to(request)
            .filter(position=position)
            .select_related("carrier", "basis", "position")
            .prefetch_related("served__municipality")
            .order_by("validity")
        )
        figures = [
            (entry, arguments, entry(**arguments))
            for entry in about(Position)
            if entry.arguments
            for arguments in entry.arguments(position, request.stand)
        ]
        context = {
            "position": position,
            "period": (period := period_on(request, position)),
            "locked": sorted(y for y in request.closed_years if period and common(period.validity, year_of(y))),
            "periods": periods,
            "occupancies": list(
                Occupancy.visible_to(request).filter(position=position).as_of(request.stand).select_related("basis")
            ),
            "figures": figures,
            "story": story(
                [position],
                below=[
                    (PositionPeriod, {"position": position}),
                    (Occupancy, {"position": position}),
                    (ServedMunicipality, {"period__in": periods}),
                    (PositionLocation, {"period__in": periods}),
                ],
                user=request.user,
            ),
        }
        return render(request, "staffing/position.html", context)


class CorrectPosition(CorrectionPage):
    """A Berichtigung of what holds of a post on the working date, with its consequences beside it."""

    rule = "staffing.edit"
    template_name = "staffing/correct.html"
    form_class = CorrectionForm

    def instance(self, request: Any, *args: Any, **kwargs: Any) -> PositionPeriod:
        found = period_on(request, position_of(request, kwargs["number"]))
        if found is None:
            raise Http404
        return found

    def context(self, request: Any, form: Any) -> dict[str, Any]:
        return {"position": form.instance.position, "period": form.instance}

    def change(self, form: Any) -> Callable[[], bool]:
        data = form.cleaned_data
        return lambda: form.instance.correct(reason=data["reason"], municipalities=list(data["municipalities"]))

    def preview(self, request: Any, form: Any) -> dict[str, Any]:
        before, after = preview(self.change(form), lambda: consequences(request.acting_body, request.stand))
        return {"effects": effects(before, after)}

    def save(self, request: Any, form: Any) -> str:
        number, before = form.instance.position.number, consequences(request.acting_body, request.stand)
        if not self.change(form)():
            return f"Stelle {number}: Es hat sich nichts geändert; die gespeicherten Werte bleiben."
        changed = effects(before, consequences(request.acting_body, request.stand))
        return f"Stelle {number} ist berichtigt. {in_words(changed)}"


class DescribePosition(DescriptionPage):
    """Aktenzeichen and note of a post."""

    rule = "staffing.edit"
    form_class = DescriptionForm
    title = "Beschreibung der Stelle"

    def instance(self, request: Any, *args: Any, **kwargs: Any) -> Position:
        return position_of(request, kwargs["number"])


class RemovePosition(RemovePage):
    """A post that was never used can be deleted."""

    rule = "staffing.edit"

    def instance(self, request: Any, **kwargs: Any) -> Position:
        return position_of(request, kwargs["number"])

    def done(self) -> str:
        return reverse("positions")


def in_words(changed: list[tuple[str, list[dict[str, Any]]]]) -> str:
    """The consequences of a change in a sentence: the results of calculations, and which tables moved."""
    if not changed:
        return "Keine Summe ändert sich."
    results = [f"{title}: {r['before']} → {r['after']}" for title, rows in changed for r in rows if r["key"]]
    moved = [title for title, rows in changed if not any(r["key"] for r in rows)]
    return ". ".join(results + ([f"Es ändern sich: {', '.join(moved)}"] if moved else [])) + "."


Figures = dict[str, tuple[str, list[Any]]]


def consequences(body: Body, day: Any) -> Figures:
    """Every figure about the body on the day, by name and arguments: what a change of a post can move."""
    found: Figures = {}
    for entry in about(Body):
        for arguments in entry.arguments(body, day) if entry.arguments else []:
            key = f"{entry.name} {sorted(str(v) for v in arguments.values())}"
            with suppress(ValidationError):  # what cannot be calculated cannot move; the hints say so
                found[key] = (CATALOGUE[entry.name].title, entry(**arguments).lines())
    return found


def effects(before: Figures, after: Figures) -> list[tuple[str, list[dict[str, Any]]]]:
    """The lines that differ, per figure: label, before, after, change; "key" marks the last line of a calculation."""
    result = []
    for name, (title, lines) in after.items():
        old = {value.label: value for value in before.get(name, ("", []))[1]}
        new = {value.label: value for value in lines}
        rows = [
            difference(label, old.get(label), new.get(label)) | {"key": label == lines[-1].label and "neutr" in name}
            for label in old | new
            if amount(old.get(label)) != amount(new.get(label))
        ]
        if rows:
            result.append((title, rows))
    return result


def amount(value: Value | None) -> Decimal:
    """A line that is not there counts 0."""
    return value.amount if value else Decimal(0)


def difference(label: str, old: Value | None, new: Value | None) -> dict[str, Any]:
    """One line of a figure before and after, printed."""
    change = amount(new) - amount(old)
    unit = (new or old or Value(label, change)).unit
    return {
        "label": label,
        "before": old.printed() if old else formats.MISSING,
        "after": new.printed() if new else formats.MISSING,
        "change": ("+" if change > 0 else "") + (formats.euro(change) if unit == EUR else formats.fte(change)),
    }
