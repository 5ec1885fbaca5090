"""Money under /technik/: code tables, lists to look at, and the two derived views."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from grants.figures import allocation, neutrality
from grants.models import (
    AccountGroup,
    BudgetLine,
    FundingNotice,
    FundingProgramme,
    NoticeVersion,
    ProgrammeModule,
    Rate,
    load,
)
from kim.access.request import Request, scoped
from kim.admin import ReadOnlyAdmin
from kim.admin.reference import ReferenceAdmin
from kim.values.formats import format_day, format_euro, format_fte, format_range
from kim.values.periods import year_of


@admin.register(FundingProgramme)
class ProgrammeAdmin(ReferenceAdmin):
    """Förderprogramme, the same for all bodies."""

    list_display = ("name", "short_name", "legal_basis")
    fields = ("name", "short_name", "slug", "legal_basis")


@admin.register(ProgrammeModule)
class ModuleAdmin(ReferenceAdmin):
    """Bausteine of the programmes."""

    list_display = ("name", "title", "programme")
    fields = ("programme", "name", "title")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("programme")


@admin.register(Rate)
class RateAdmin(ReferenceAdmin):
    """Published Fördersätze; amounts rest on them, so that a change needs its reason."""

    reasoned = True
    list_display = ("function", "programme", "amount_text", "per", "time", "source")
    fields = ("programme", "function", "variant", "amount", "per_fte", "validity", "source")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("programme", "function")
        return rows.order_by("-validity", "function__name")

    @admin.display(description="Betrag", ordering="amount")
    def amount_text(self, row: Rate) -> str:
        return format_euro(row.amount)

    @admin.display(description="je VZÄ", ordering="per_fte")
    def per(self, row: Rate) -> str:
        return format_fte(row.per_fte)

    @admin.display(description="Gültigkeit", ordering="validity")
    def time(self, row: Rate) -> str:
        return format_range(row.validity)


@admin.register(AccountGroup)
class AccountGroupAdmin(ReferenceAdmin):
    """What account numbers mean; a meaning ends, it is not deleted: rules rest on it."""

    removable, reasoned = False, True
    list_display = ("prefix", "meaning", "time", "source", "verified")
    fields = ("prefix", "meaning", "validity", "source", "verified")

    @admin.display(description="Gültigkeit", ordering="validity")
    def time(self, row: AccountGroup) -> str:
        return format_range(row.validity)


@admin.register(FundingNotice)
class NoticeAdmin(ReadOnlyAdmin):
    """The year's notices with what their items cost and what is left, and the two derived views."""

    list_display = ("named", "state", "time", "amount_text", "items_text", "left")

    def get_urls(self) -> list[Any]:
        return [
            *super().get_urls(),
            path("stellenverteilung/", self.wrap(self.allocation_view), name="technik-allocation"),
            path("kostenneutralitaet/", self.wrap(self.neutrality_view), name="technik-neutrality"),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        holding = NoticeVersion.objects.filter(validity__overlap=year_of(scoped(request).year)).values("notice")
        rows = super().get_queryset(request).filter(pk__in=holding)
        return rows.prefetch_related("versions__source")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        books = {
            one.notice.pk: one for one in load(scoped(request).acting_body, year_of(scoped(request).year), plans=True)
        }
        rows = list(found.result_list)
        for row in rows:
            row.book = books.get(row.pk)
        found.result_list = rows
        return found

    def needed(self, row: Any) -> Any:
        """EUR of all positions; None while a rate is not known, and without positions."""
        entries = [one for one in row.book.entries if one.kind != "own_share"] if row.book else []
        amounts = [amount for one in entries for amount in one.by_year().values()]
        return None if None in amounts or not amounts else sum(amounts)

    @admin.display(description="Zuwendung", ordering="title")
    def named(self, row: FundingNotice) -> str:
        given = row.current.source.date
        return f"{row.title}, Bescheid vom {format_day(given)}" if given else row.title

    @admin.display(description="Stand")
    def state(self, row: FundingNotice) -> str:
        return row.current.state_label

    @admin.display(description="Förderzeitraum")
    def time(self, row: FundingNotice) -> str:
        return format_range(row.current.validity)

    @admin.display(description="Betrag")
    def amount_text(self, row: FundingNotice) -> str:
        return format_euro(row.current.amount)

    @admin.display(description="Σ Positionen")
    def items_text(self, row: FundingNotice) -> str:
        return format_euro(self.needed(row))

    @admin.display(description="Differenz")
    def left(self, row: FundingNotice) -> str:
        need, amount = self.needed(row), row.current.amount
        return format_euro(None if amount is None or need is None else amount - need)

    def allocation_view(self, request: Request) -> HttpResponseBase:
        """The Stellenverteilung: the same figure as allocation.by_carrier and allocation.by_municipality."""
        tables = allocation.both(request.acting_body, request.stand)
        return render(request, "grants/allocation.html", {"tables": tables, "charts": {}})

    def neutrality_view(self, request: Request) -> HttpResponseBase:
        """Cost neutrality: the same figure as neutrality.nominal."""
        found = neutrality.of_year(request.acting_body, request.stand)
        return render(request, "grants/neutrality.html", {"results": found})


@admin.register(BudgetLine)
class BudgetAdmin(ReadOnlyAdmin):
    """The Ansätze of the year, each beside what the posts require."""

    list_display = ("label", "sub_product", "account", "purpose", "amount_text", "required")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(year=scoped(request).year).select_related("sub_product", "account")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        sums = {
            one.pk: result for one, result, _ in neutrality.of_year(scoped(request).acting_body, scoped(request).stand)
        }
        rows = list(found.result_list)
        for row in rows:
            result = sums.get(row.sub_product_id)
            row.required = result.parts[row.purpose].amount if result and row.purpose in result.parts else None
        found.result_list = rows
        return found

    def url_of(self, row: BudgetLine) -> str:
        return f"{reverse('budget')}?jahr={row.year}"

    @admin.display(description="Ansatz", ordering="amount")
    def amount_text(self, row: BudgetLine) -> str:
        return format_euro(row.amount)

    @admin.display(description="errechnet im Teilprodukt")
    def required(self, row: Any) -> str:
        return format_euro(row.required)
