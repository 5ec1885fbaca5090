"""What an Anstellungsträger or a Kommune gets in each year."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q

from grants.figures.costs import piece_value
from grants.models import FundingNotice, load
from kim.figures import EUR, Value, figure, total
from staffing.models import BodyMunicipality, Carrier, PositionPeriod, ServedMunicipality


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


def pieces(body: int, posts: Iterable[int], mine: Callable[[PositionPeriod], bool]) -> dict[int, list[Value]]:
    """What granted notices pay in each year of the posts' facts that are ``mine``: {year: costs}. At most four queries.

    The cost of a post is divided over its facts as for cost neutrality (largest remainder), so that the parts of
    several Anstellungsträger add up to it. Example: 0,5 VZÄ until 30.06. with one, then with another: half each.
    """
    keys = set(posts)
    found: dict[int, list[Value]] = {}
    if not keys:
        return found
    paying = FundingNotice.objects.filter(items__funding__position__in=keys)
    for book in load(body, None, notices=Q(notice__in=paying.values("pk"))):
        for year in book.years:
            for entry in book.staff:
                result = entry.year(year)
                wanted = [piece for key in sorted(keys & set(result.posts)) for piece in result.posts[key].pieces]
                costs = [
                    replace(piece_value(one, book.notice), label=one.use.number) for one in wanted if mine(one.use.row)
                ]
                found.setdefault(year, []).extend(costs)
    return {year: sorted(costs, key=lambda one: one.label) for year, costs in found.items()}


@figure(
    "carrier.years",
    "Geld nach Jahren",
    subject="staffing.Carrier",
    arguments=lambda carrier, day: [{"carrier": carrier}],
)
def carrier_years(carrier: Carrier) -> YearAmounts:
    """EUR that the posts with an Anstellungsträger take of the notices of each year, by their rules.

    Worked example, SPRUNGBrett 2023: 1,5 VZÄ × 57.000,00 × 12/12 = 85.500,00; Stadt Monschau 2023 (from 01.03.):
    0,5 × 57.000,00 × 10/12 = 23.750,00.
    """
    ids = set(PositionPeriod.objects.filter(carrier=carrier).values_list("position", flat=True))
    found = pieces(carrier.body_id, ids, lambda row: row.carrier_id == carrier.pk)
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
    """EUR that the posts for a Kommune take of the notices of each year, by their rules: posts for it alone, and apart
    from them those it shares, which are not divided without an agreed share (rule S3).

    Worked example, Monschau 2023: CM-15 alone 0,5 × 57.000,00 × 10/12 = 23.750,00; Eschweiler 2023: CM-13 alone
    until 28.02. 9.500,00, CM-17 together with Stolberg from 01.03. 47.500,00.
    """
    key = municipality.municipality_id
    rows = PositionPeriod.objects.filter(body=municipality.body_id, served__municipality=key)
    ids = set(rows.values_list("position", flat=True))
    facts = ServedMunicipality.objects.filter(period__position__in=ids).values_list("period", "municipality")
    served: dict[int, set[int]] = {}
    for period, one in facts:
        served.setdefault(period, set()).add(one)
    body = municipality.body_id
    alone = pieces(body, ids, lambda row: served.get(row.pk) == {key})
    shared = pieces(body, ids, lambda row: key in served.get(row.pk, ()) and len(served[row.pk]) > 1)
    years = tuple(
        (year, total(str(year), *alone.get(year, [])), total(f"{year}, gemeinsam", *shared.get(year, [])))
        for year in sorted(alone.keys() | shared.keys(), reverse=True)
        if alone.get(year) or shared.get(year)
    )
    whole = total("allein", *(amount for _, amount, _ in years), unit=EUR)
    return YearAmounts(years, whole)
