"""Posts under /technik/: the code tables they need, and a list to look at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from kim.access.request import scoped
from kim.admin import CodeAdmin, ReadOnlyAdmin
from kim.admin.reference import ReferenceAdmin
from kim.figures import column
from kim.values.formats import format_euro, format_fte, format_range
from staffing.models import Function, Municipality, PositionPeriod, Status


@admin.register(Municipality)
class MunicipalityAdmin(CodeAdmin):
    """Kommunen, the same for all bodies."""

    list_display = ("name", "ags", "slug")
    fields = ("ags", "name", "short_name", "slug")


@admin.register(Function)
class FunctionAdmin(ReferenceAdmin):
    """Functions of posts, with their Baustein."""

    list_display = ("name", "module", "slug")
    fields = ("name", "module", "slug")


@admin.register(PositionPeriod)
class PositionAdmin(ReadOnlyAdmin):
    """The posts of the working date with their derived status and annual amount."""

    list_display = ("number", "kind", "carrier_name", "served", "size", "amount", "status_label", "time")
    ordering = ("position__number",)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).as_of(scoped(request).stand).with_occupancy(scoped(request).stand)
        return rows.select_related("position", "carrier", "basis").prefetch_related("served__municipality")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        rows = list(found.result_list)
        amounts = column("position.annual_amount", rows, scoped(request).stand)
        for row in rows:
            row.annual_amount = amounts[row.pk].value
        found.result_list = rows
        return found

    @admin.display(description="Stelle", ordering="position__number")
    def number(self, row: Any) -> str:
        return str(row.position.number)

    @admin.display(description="Art", ordering="position__kind")
    def kind(self, row: Any) -> str:
        return str(row.kind_label())

    @admin.display(description="Anstellungsträger", ordering="carrier__sort_key")
    def carrier_name(self, row: Any) -> str:
        return row.carrier.short_name if row.carrier else "noch nicht vergeben"

    @admin.display(description="zuständig für")
    def served(self, row: Any) -> str:
        return str(row.served_text())

    @admin.display(description="VZÄ", ordering="fte")
    def size(self, row: Any) -> str:
        return format_fte(row.fte)

    @admin.display(description="Jahresbetrag")
    def amount(self, row: Any) -> str:
        return format_euro(row.annual_amount)

    @admin.display(description="Status", ordering="status")
    def status_label(self, row: Any) -> str:
        return str(Status(row.status).label)

    @admin.display(description="Zeitraum", ordering="validity")
    def time(self, row: Any) -> str:
        return format_range(row.validity)
