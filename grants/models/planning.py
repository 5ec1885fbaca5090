"""Ansätze of the next year: carried over from this one, with an amount only where posts and rates give one."""

from copy import copy
from decimal import Decimal
from fractions import Fraction

from django.db.models.base import ModelState

from grants.models.budget import BudgetLine, SubProduct
from grants.models.notices import Funding, FundingNotice
from kim.models import Body
from kim.money import rounded
from kim.periods import common, months, year_of
from staffing.models import Position, PositionPeriod


def planned_amounts(body: Body, year: int, sub_product: SubProduct) -> dict[str, Decimal]:
    """EUR by purpose that the year's posts cost at their rates: Σ FTE on the first day × rate × months/12 of the
    notice, and the income that pays them. Empty while one rate is not known or nothing is funded. Two queries.

    Example: 2024 at 58.000: own 6 × 58.000 = 348.000,00, onward the same, income 696.000,00.
    """
    rows = Funding.objects.filter(
        body=body, item__notice__sub_product=sub_product, item__notice__validity__overlap=year_of(year)
    )
    rows = rows.exclude(item__notice__state=FundingNotice.State.REVOKED).select_related(
        "item__rate", "item__notice", "position"
    )
    present = PositionPeriod.objects.filter(body=body).as_of(year_of(year).lower)
    sizes = dict(present.values_list("position_id", "fte"))
    sums = {kind: Fraction(0) for kind in Position.Kind.values}
    for one in rows:
        if one.item.rate is None:
            return {}
        price = Fraction(one.item.rate.amount) / Fraction(one.item.rate.per_fte)
        within = common(one.item.notice.validity, year_of(year))
        price *= months(within) / 12 if within else 0  # a post may be paid by two notices, one after the other
        sums[one.position.kind] += Fraction(sizes.get(one.position_id, Decimal(0))) * price
    if not any(sums.values()):
        return {}
    purposes = {BudgetLine.Purpose.OWN: Position.Kind.OWN, BudgetLine.Purpose.ONWARD: Position.Kind.ONWARD}
    found = {str(purpose): rounded(sums[kind]) for purpose, kind in purposes.items()}
    return found | {str(BudgetLine.Purpose.INCOME): rounded(sum(sums.values(), Fraction(0)))}


def fill_lines(body: Body, year: int, sub_product: SubProduct) -> list[BudgetLine]:
    """Give the Ansätze that are still open their amount; only where one line stands for its purpose, for nobody has
    decided how several share it. Returns those that were filled."""
    amounts = planned_amounts(body, year, sub_product)
    by_purpose: dict[str, list[BudgetLine]] = {}
    for line in BudgetLine.objects.filter(body=body, year=year, sub_product=sub_product):
        by_purpose.setdefault(line.purpose, []).append(line)
    found = [
        (lines[0], amounts[purpose])
        for purpose, lines in by_purpose.items()
        if purpose in amounts and len(lines) == 1 and lines[0].amount is None
    ]
    for line, amount in found:
        line.amount = amount
        line.full_clean()
        line.save()
    return [line for line, _ in found]


def carried_lines(body: Body, year: int, notices: "list[FundingNotice]") -> list[BudgetLine]:
    """The Ansätze of the year before in the Teilprodukte of these notices, unless the year has its own there."""
    wanted = {notice.sub_product_id for notice in notices if notice.sub_product_id}
    there = BudgetLine.objects.filter(body=body, year=year, sub_product__in=wanted)
    wanted -= set(there.values_list("sub_product_id", flat=True))
    rows = BudgetLine.objects.filter(body=body, year=year - 1, sub_product__in=wanted)
    return list(rows.select_related("sub_product", "account"))


def carry_lines(body: Body, year: int, notices: "list[FundingNotice]") -> list[BudgetLine]:
    """Plan the year's Ansätze as the year before had them: same Teilprodukt, Sachkonto and purpose, as an Annahme.

    The amount of the year before is not taken: it follows from posts and rates, or it is still open.
    """
    made = []
    for old in carried_lines(body, year, notices):
        line = copy(old)
        line.pk, line._state, line.version = None, ModelState(), 1
        line.year, line.amount, line.basis, line.basis_place = year, None, None, ""
        line.assumption = f"Aus dem Jahr {year - 1} übernommen; ein Haushalt {year} liegt noch nicht vor."
        line.full_clean()
        line.save()
        made.append(line)
    for product in {line.sub_product_id: line.sub_product for line in made}.values():
        fill_lines(body, year, product)
    return made
