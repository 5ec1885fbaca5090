"""Ansätze of a year as the Kämmerei is proposed them: what the posts require, and the lines of the year before."""

from decimal import Decimal

from grants.models.budget import BudgetLine, SubProduct
from grants.models.ledger import Book, load
from grants.models.notices import FundingNotice
from kim.models import Body
from kim.values.periods import year_of
from staffing.models import Position

Purpose = BudgetLine.Purpose


def planned_amounts(body: Body, year: int, sub_product: SubProduct) -> dict[str, Decimal]:
    """EUR by purpose that the year requires: what the funded posts cost, each in its time, what is no staff, and the
    income: what the notices grant, or while no amount is stated what their posts and positions cost. Three queries.

    The same arithmetic as neutrality.nominal, over planned notices too. Empty while one rate is not known or nothing is
    funded. Example: 2024 at 58.000: own 6 × 58.000 = 348.000,00, onward the same, income 696.000,00.
    """
    books = [one for one in load(body, year_of(year), plans=True) if one.notice.sub_product_id == sub_product.pk]
    found: dict[str, Decimal] = {}
    for book in books:
        costs = costs_of(book, year)
        if costs is None:
            return {}
        income = book.granted.get(year) if book.current.amount is not None else sum(costs.values(), Decimal(0))
        for purpose, amount in (*costs.items(), (str(Purpose.INCOME), income or Decimal(0))):
            found[purpose] = found.get(purpose, Decimal(0)) + amount
    return {purpose: amount for purpose, amount in found.items() if amount} if any(found.values()) else {}


def costs_of(book: Book, year: int) -> dict[str, Decimal] | None:
    """EUR by purpose that a notice pays in a year; None while a rate is not known."""
    found = {str(Purpose.OWN): Decimal(0), str(Purpose.ONWARD): Decimal(0)}
    kinds = {Position.Kind.OWN: Purpose.OWN, Position.Kind.ONWARD: Purpose.ONWARD}
    for entry in book.entries:
        if entry.kind in (Purpose.LUMP_SUM, Purpose.MATERIAL):
            found[entry.kind] = found.get(entry.kind, Decimal(0)) + (entry.by_year().get(year) or Decimal(0))
            continue
        result = entry.year(year)
        if result.bound is None:
            return None
        for kind, purpose in kinds.items():
            found[purpose] += result.of_kind(kind)
    return found


def carried_lines(body: Body, year: int, notices: "list[FundingNotice]") -> list[BudgetLine]:
    """The Ansätze of the year before in the Teilprodukte of these notices, unless the year has its own there."""
    wanted = {notice.sub_product_id for notice in notices if notice.sub_product_id}
    there = BudgetLine.objects.filter(body=body, year=year, sub_product__in=wanted)
    wanted -= set(there.values_list("sub_product_id", flat=True))
    rows = BudgetLine.objects.filter(body=body, year=year - 1, sub_product__in=wanted)
    return list(rows.select_related("sub_product", "account"))
