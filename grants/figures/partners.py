"""What an Anstellungsträger or a Kommune gets in each year."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from grants.figures.neutrality import post_cost
from grants.models import Funding, FundingNotice
from kim.figures import EUR, Value, figure, total
from kim.periods import common, last_day, year_of
from staffing.models import BodyMunicipality, Carrier, PositionPeriod


@dataclass(frozen=True)
class YearAmounts:
    """EUR of each year, by notice; newest year first. shared: of posts that serve other Kommunen too."""

    years: tuple[tuple[int, Value, Value | None], ...]
    derivation: Value

    def lines(self) -> list[Value]:
        return [amount for _, amount, _ in self.years]

    def as_json(self) -> dict[str, Any]:
        return {
            "years": [
                {"year": year, "amount": amount.plain(), "shared": shared.plain() if shared else None}
                for year, amount, shared in self.years
            ],
            "derivation": self.derivation.as_json(),
        }


def pieces(
    fundings: Iterable[Funding], periods: Iterable[PositionPeriod], mine: Callable[[PositionPeriod], bool]
) -> dict[int, list[Value]]:
    """What of each post's cost in a year belongs to the periods that are ``mine``: {year: costs}.

    The cost of a post is divided over its periods as for cost neutrality (largest remainder), so that the parts of
    several Anstellungsträger add up to it. Example: 0,5 VZÄ until 30.06. with one, then with another: half each.
    """
    by_position: dict[int, list[PositionPeriod]] = {}
    for row in periods:
        by_position.setdefault(row.position_id, []).append(row)
    found: dict[int, list[Value]] = {}
    for funding in fundings:
        span = funding.item.notice.validity
        last = last_day(span)
        for year in range(span.lower.year, (last or span.lower).year + 1):
            rows = by_position.get(funding.position_id, [])
            cost = post_cost(funding, rows, year)
            within = common(span, year_of(year))
            there = [row for row in rows if within and common(row.validity, within)]
            parts = (cost.operands if len(there) > 1 else (cost,)) if cost else ()
            found.setdefault(year, []).extend(p for row, p in zip(there, parts, strict=True) if mine(row))
    return found


def funded(position_ids: Iterable[int]) -> list[Funding]:
    """The money of these posts, from notices that are granted. One query."""
    rows = Funding.objects.filter(position__in=list(position_ids), item__notice__state__in=FundingNotice.COUNTED)
    return list(rows.select_related("item__rate", "item__notice__source", "position").order_by("position__number"))


def all_periods(position_ids: Iterable[int]) -> list[PositionPeriod]:
    """Everything that ever held of these posts. Two queries."""
    rows = PositionPeriod.objects.filter(position__in=list(position_ids)).order_by("validity")
    return list(rows.select_related("position", "carrier", "basis").prefetch_related("served"))


@figure(
    "carrier.years",
    "Geld nach Jahren",
    subject="staffing.Carrier",
    arguments=lambda carrier, day: [{"carrier": carrier}],
)
def carrier_years(carrier: Carrier) -> YearAmounts:
    """EUR that the posts with an Anstellungsträger take of the notices of each year, by months. Four queries.

    Worked example, SPRUNGBrett 2023: 1,5 VZÄ × 57.000,00 × 12/12 = 85.500,00; Stadt Monschau 2023 (from 01.03.):
    0,5 × 57.000,00 × 10/12 = 23.750,00.
    """
    ids = set(PositionPeriod.objects.filter(carrier=carrier).values_list("position", flat=True))
    found = pieces(funded(ids), all_periods(ids), lambda row: row.carrier_id == carrier.pk)
    years = tuple(
        (year, total(str(year), *costs), None) for year, costs in sorted(found.items(), reverse=True) if costs
    )
    return YearAmounts(years, total(carrier.name, *(amount for _, amount, _ in years)))


@figure(
    "municipality.years",
    "Geld nach Jahren",
    subject="staffing.BodyMunicipality",
    arguments=lambda municipality, day: [{"municipality": municipality}],
)
def municipality_years(municipality: BodyMunicipality) -> YearAmounts:
    """EUR that the posts for a Kommune take of the notices of each year, by months: posts for it alone, and apart
    from them those it shares, which are not divided without an agreed share (rule S3). Four queries.

    Worked example, Monschau 2023: CM-15 alone 0,5 × 57.000,00 × 10/12 = 23.750,00; Eschweiler 2023: CM-13 alone
    until 28.02. 9.500,00, CM-17 together with Stolberg from 01.03. 47.500,00.
    """
    key = municipality.municipality_id
    rows = PositionPeriod.objects.filter(body=municipality.body_id, served__municipality=key)
    ids = set(rows.values_list("position", flat=True))
    money, periods = funded(ids), all_periods(ids)

    def served(row: PositionPeriod) -> set[int]:
        return {one.municipality_id for one in row.served.all()}

    alone = pieces(money, periods, lambda row: served(row) == {key})
    shared = pieces(money, periods, lambda row: key in served(row) and len(served(row)) > 1)
    years = tuple(
        (year, total(str(year), *alone.get(year, [])), total(f"{year}, gemeinsam", *shared.get(year, [])))
        for year in sorted(alone.keys() | shared.keys(), reverse=True)
        if alone.get(year) or shared.get(year)
    )
    whole = total("allein", *(amount for _, amount, _ in years), unit=EUR)
    return YearAmounts(years, whole)
