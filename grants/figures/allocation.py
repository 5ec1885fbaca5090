"""Stellenverteilung: posts and their annual amounts by Anstellungsträger and by Kommune."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grants.figures.keys import NO_RATE
from grants.models import Funding, FundingNotice
from kim.figures import EUR, FTE, Value, column, figure, known_total, stated, total
from kim.formats import euro, fte
from kim.models import Body
from kim.money import rounded
from staffing.figures.occupancy import size
from staffing.models import Position, PositionPeriod

UNASSIGNED = "noch nicht vergeben"
OWN = "eigene Stellen"
NOT_STATED = "keine Angabe"


@dataclass(frozen=True)
class Row:
    """One line of a distribution."""

    name: str
    fte: Value
    amount: Value

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "fte": self.fte.plain(),
            "amount": self.amount.plain(),
            "derivation": self.amount.as_json(),
        }


@dataclass(frozen=True)
class Allocation:
    """A distribution of all posts of a day, with totals."""

    title: str
    rows: tuple[Row, ...]
    fte: Value
    amount: Value

    @property
    def derivation(self) -> Value:
        return self.amount

    def lines(self) -> list[Value]:
        return [Value(row.name, row.fte.value, FTE, operands=row.fte.operands) for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [row.as_json() for row in self.rows],
            "totals": {"fte": self.fte.plain(), "amount": self.amount.plain()},
            "derivation": self.derivation.as_json(),
        }


def funding_on(rows: list[PositionPeriod], day: date) -> Any:
    """The money that pays these posts on the day."""
    found = Funding.objects.filter(position__in={row.position_id for row in rows}, item__notice__validity__contains=day)
    return found.exclude(item__notice__state=FundingNotice.State.REVOKED)


def yearly(size_: Decimal, amount: Decimal, per_fte: Decimal) -> Decimal:
    """EUR a year: FTE × rate, in cents. Example: 1,5 × 57.000,00 / 1 = 85.500,00."""
    return rounded(Fraction(size_) * Fraction(amount) / Fraction(per_fte) if per_fte != 1 else size_ * amount)


def plain_annual_amounts(periods: Iterable[PositionPeriod], day: date) -> dict[int, Decimal | None]:
    """position.annual_amount without derivations. One query."""
    rows = list(periods)
    rates = (
        funding_on(rows, day)
        .filter(item__rate__isnull=False)
        .values_list("position", "item__rate__amount", "item__rate__per_fte")
    )
    by_position = {position: (amount, per_fte) for position, amount, per_fte in rates}
    return {
        row.pk: yearly(row.fte, *by_position[row.position_id]) if row.position_id in by_position else None
        for row in rows
    }


@figure("position.annual_amount", "Jahresbetrag", many=True, amounts=plain_annual_amounts)
def annual_amounts(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """EUR a year of each of these periods: FTE × rate of the notice that funds the post on the day. One query.

    A post without such a notice has no amount (None), not 0. Example: CM-10, 1,5 VZÄ × 57.000 € = 85.500,00 €.
    """
    rows = list(periods)
    funding = funding_on(rows, day).select_related("item__rate", "item__notice__source")
    by_position = {f.position_id: f for f in funding}
    return {row.pk: annual_amount(row, by_position.get(row.position_id)) for row in rows}


def annual_amount(row: PositionPeriod, funding: Funding | None) -> Value:
    """FTE × rate as a derivation: what the post has by document, the rate by its publication."""
    label, link = row.position.number, row.position.get_absolute_url()
    if funding is None:
        return Value(label, None, EUR, "annahme", source="keine Zuwendung zugeordnet", link=link)
    rate = funding.item.rate
    if rate is None:
        return Value(label, None, EUR, "annahme", source=NO_RATE, link=link)
    amount = yearly(row.fte, rate.amount, rate.per_fte)
    per = "" if rate.per_fte == 1 else f" je {fte(rate.per_fte)} VZÄ"
    operands = (
        stated("VZÄ", row.fte, FTE, row),
        Value(
            f"Fördersatz{per}",
            rate.amount,
            EUR,
            "beleg",
            source=rate.source,
            link=funding.item.notice.get_absolute_url(),
        ),
    )
    formula = f"{fte(row.fte)} VZÄ × {euro(rate.amount)}{per}"
    return Value(label, amount, EUR, "rechnung", formula, operands=operands, link=link)


def allocation(body: Body, day: date, title: str, name: Callable[[PositionPeriod], tuple[int, str, str]]) -> Allocation:
    """All posts of the day, grouped by name; a post stands in exactly one group. Four queries."""
    periods = list(
        PositionPeriod.objects.filter(body=body)
        .as_of(day)
        .select_related("position", "carrier", "basis")
        .prefetch_related("served__municipality")
        .order_by("position__number")
    )
    amounts = column("position.annual_amount", periods, day)
    groups: dict[tuple[int, str, str], list[PositionPeriod]] = {}
    for row in periods:
        groups.setdefault(name(row), []).append(row)
    rows = tuple(
        Row(
            key[2],
            total(key[2], *(size(r) for r in members), unit=FTE),
            known_total(key[2], *(amounts[r.pk] for r in members)),
        )
        for key, members in sorted(groups.items())
    )
    return Allocation(
        title,
        rows,
        total("Summe", *(row.fte for row in rows), unit=FTE),
        known_total("Summe", *(row.amount for row in rows)),
    )


@figure(
    "allocation.by_carrier",
    "Stellenverteilung nach Anstellungsträgern",
    subject="kim.Body",
    arguments=lambda body, day: [{"body": body, "day": day}],
)
def by_carrier(body: Body, day: date) -> Allocation:
    """Posts and annual amounts (EUR, FTE × rate) by Anstellungsträger on a day; the own body first.

    Worked example, StädteRegion Aachen 01.03.2023: StädteRegion 6,000 / 342.000,00; SPRUNGBrett 1,500 / 85.500,00;
    DRK 1,000 / 57.000,00; Caritas, Lydia, Baesweiler, Würselen, Monschau 0,500 / 28.500,00 each; noch nicht
    vergeben 1,000 / 57.000,00; together 12,000 / 684.000,00.
    """

    def name(row: PositionPeriod) -> tuple[int, str, str]:
        if row.carrier is None:
            return (2, "", UNASSIGNED)
        return (0 if row.carrier.kind == row.carrier.Kind.OWN else 1, row.carrier.sort_key, row.carrier.name)

    return allocation(body, day, "nach Anstellungsträgern", name)


@figure(
    "allocation.by_municipality",
    "Stellenverteilung nach Kommunen",
    subject="kim.Body",
    arguments=lambda body, day: [{"body": body, "day": day}],
)
def by_municipality(body: Body, day: date) -> Allocation:
    """Posts and annual amounts (EUR) by Kommune on a day. A post that serves several stands once, as "gemeinsam:
    A, B"; it is not split unless a share is stored (rule S3). Own posts and posts without a Kommune stand last.

    Worked example, StädteRegion Aachen 01.03.2023: Alsdorf 1,000 / 57.000,00; gemeinsam: Eschweiler, Stolberg
    (Rhld.) 1,000 / 57.000,00; eigene Stellen 6,000 / 342.000,00; keine Angabe 1,500 / 85.500,00.
    """

    def name(row: PositionPeriod) -> tuple[int, str, str]:
        if row.position.kind == Position.Kind.OWN:
            return (3, "", OWN)
        served = sorted(s.municipality.sort_key for s in row.served.all())
        rank = 4 if not served else 1 if len(served) == 1 else 2
        return (rank, " ".join(served), row.served_label())

    return allocation(body, day, "nach Kommunen", name)


def both(body: Body, day: date) -> list[tuple[str, str, Allocation]]:
    """Both distributions of a day with their name in the catalogue and the heading of their first column.

    Example: ("allocation.by_carrier", "Anstellungsträger", …) with StädteRegion Aachen 6,000 in its first row.
    """
    return [
        ("allocation.by_carrier", "Anstellungsträger", by_carrier(body, day)),
        ("allocation.by_municipality", "zuständig für", by_municipality(body, day)),
    ]
