"""What the list of posts can be narrowed by."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from kim.tables import SearchFilter, StrictFilters
from staffing.models import Carrier, Function, Municipality, Position, Status

UNASSIGNED = "noch-nicht-vergeben"


def carriers(request: Any) -> Any:
    """The Anstellungsträger of the body."""
    return Carrier.visible_to(request)


def municipalities(request: Any) -> Any:
    """The Kommunen the body works with."""
    return Municipality.objects.filter(uses__body=request.acting_body)


def modules() -> list[tuple[str, str]]:
    """The Bausteine that functions carry."""
    names = Function.objects.order_by("module").values_list("module", flat=True).distinct()
    return [(name.lower().replace(" ", "-"), name) for name in names]


class PositionFilters(StrictFilters):
    """Search, Art, Anstellungsträger, Kommune, Status, Baustein."""

    suche = SearchFilter(
        [
            "position__number",
            "carrier__name",
            "served__municipality__name",
            "position__note",
            "position__function__name",
        ]
    )
    art = django_filters.ChoiceFilter(
        field_name="position__kind",
        label="Art",
        empty_label="alle",
        choices=[("eigen", "eigene Stelle"), ("dritte", "Stelle bei Dritten")],
        method="by_kind",
    )
    traeger = django_filters.ModelChoiceFilter(
        field_name="carrier",
        label="Anstellungsträger",
        empty_label="alle",
        null_label="noch nicht vergeben",
        null_value=UNASSIGNED,
        to_field_name="slug",
        queryset=carriers,
    )
    kommune = django_filters.ModelChoiceFilter(
        field_name="served__municipality",
        label="Kommune",
        empty_label="alle",
        to_field_name="slug",
        queryset=municipalities,
    )
    status = django_filters.ChoiceFilter(
        label="Status",
        empty_label="alle",
        method="by_status",
        choices=[(s.label.replace(" ", "-"), s.label) for s in Status],
    )
    baustein = django_filters.ChoiceFilter(label="Baustein", empty_label="alle", method="by_module", choices=modules)

    def by_kind(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(position__kind={"eigen": Position.Kind.OWN, "dritte": Position.Kind.ONWARD}[value])

    def by_status(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(status=next(s for s in Status if s.label.replace(" ", "-") == value))

    def by_module(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(position__function__module=dict(modules())[value])
