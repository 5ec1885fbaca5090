"""When a post is empty, by how much, and since when: from what is recorded, on any day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from kim.figures import DATE, FTE, MONTHS, Value, figure
from kim.store.reading import read_once
from kim.values.formats import format_fte, format_range
from kim.values.money import MILLI, rounded
from kim.values.periods import DAY, half_open_range, months, year_of
from staffing.figures.occupancy import occupied, size
from staffing.models import Occupancy, PositionPeriod, Stage

VACANT, RESTING, UNKNOWN = "unbesetzt", "ruhend", "keine Angabe"


@dataclass(frozen=True)
class Gap:
    """So many FTE of a post are not worked (or not known to be) in a span; row and places say from what."""

    kind: str
    span: Any
    fte: Decimal
    row: PositionPeriod
    places: tuple[Occupancy, ...]  # empty: those that leave it; resting: who is away, then who stands in
    instead: tuple[Occupancy, ...] = ()

    def size(self) -> Value:
        """The FTE as a value: size − places, or who is away − who stands in."""
        link = self.row.get_absolute_url()
        away = self.kind == RESTING
        first = [occupied(place) for place in self.places] if away else [size(self.row)]
        less = [occupied(place) for place in (self.instead if away else self.places)]
        formula = " − ".join([" + ".join(part.printed() for part in first), *(part.printed() for part in less)])
        if len(first) + len(less) == 1:
            formula = "Summe" if away else "niemand besetzt die Stelle"
        operands = (*first, *less)
        return Value(
            f"{self.kind}, {format_range(self.span)}", self.fte, FTE, formula=formula, operands=operands, link=link
        )


def gaps(periods: Iterable[PositionPeriod], places: Iterable[Occupancy], within: Any) -> list[Gap]:
    """What of one post is empty, resting or not known in a range (half-open, both ends given), in the order of time.

    On each day size = on duty + empty + resting, in FTE: empty is size − Σ places that are no substitutes, resting or
    not (where the stage is "keine Angabe", it is not known); resting is Σ of those that rest − Σ substitutes on duty.
    A substitute who works more than whoever is away fills what is empty. Examples: CM-11, 0,5 from 01.01.2022, nobody,
    Ausschreibung vorgesehen, within 2023: one gap of 0,5 over the whole year. 1,0 filled, resting in May, 0,4 stands
    in: resting 0,6 in May.
    """
    rows, taken = list(periods), list(places)
    spans = [*(r.validity for r in rows), *(p.validity for p in taken), *(p.suspended for p in taken if p.suspended)]
    dates = {d for one in spans for d in (one.lower, one.upper)}
    cuts = sorted({within.lower, within.upper, *(d for d in dates if d and within.lower < d < within.upper)})
    found: list[Gap] = []
    for first, end in pairwise(cuts):
        row = next((r for r in rows if first in r.validity), None)
        if row is not None:
            there = [p for p in taken if first in p.validity]
            for gap in gaps_of(row, there, half_open_range(first, end)):
                add(found, gap)
    return found


def gaps_of(row: PositionPeriod, there: list[Occupancy], days: Any) -> list[Gap]:
    """See gaps; for days on which neither the post nor its places change."""
    promised = tuple(p for p in there if p.stands_in_for is None)
    on_duty = tuple(p for p in there if not (p.suspended and days.lower in p.suspended))
    resting = tuple(p for p in promised if p not in on_duty)
    instead = tuple(p for p in on_duty if p not in promised)
    away = sum_of(resting) - sum_of(instead)
    leaving = promised if away >= 0 else on_duty
    kind = UNKNOWN if row.stage == Stage.NOT_STATED else VACANT
    both = [
        Gap(kind, days, row.fte - sum_of(leaving), row, leaving),
        Gap(RESTING, days, away, row, resting, instead),
    ]
    return [gap for gap in both if gap.fte > 0]


def sum_of(places: Iterable[Occupancy]) -> Decimal:
    """FTE together. Example: three places of 0,5: 1,5."""
    return sum((p.fte for p in places), Decimal(0))


def add(found: list[Gap], gap: Gap) -> None:
    """Add a gap; where it goes on from the last of its kind with the same facts, that one grows."""
    last = next((g for g in reversed(found) if g.kind == gap.kind), None)
    if (
        last
        and last.span.upper == gap.span.lower
        and (last.fte, last.row, last.places, last.instead) == (gap.fte, gap.row, gap.places, gap.instead)
    ):
        found[found.index(last)] = replace(last, span=half_open_range(last.span.lower, gap.span.upper))
        return
    found.append(gap)


def histories(position_ids: Iterable[int]) -> dict[int, tuple[list[PositionPeriod], list[Occupancy]]]:
    """All facts and all occupancies of posts, by post. Two queries."""
    return histories_of(frozenset(position_ids))


@read_once
def histories_of(keys: frozenset[int]) -> dict[int, tuple[list[PositionPeriod], list[Occupancy]]]:
    """See histories."""
    found: dict[int, tuple[list[PositionPeriod], list[Occupancy]]] = {key: ([], []) for key in keys}
    rows = PositionPeriod.objects.filter(position__in=keys).select_related("position", "basis", "carrier")
    for row in rows.order_by("validity"):
        found[row.position_id][0].append(row)
    for place in Occupancy.objects.filter(position__in=keys).select_related("position", "basis").order_by("slot"):
        found[place.position_id][1].append(place)
    return found


def since_when(rows: list[PositionPeriod], places: list[Occupancy], day: date) -> Gap | None:
    """The gap in which the day lies, grown back over every gap before it that touches it; None if the post is filled
    or its occupancy is not stated. What rests is somebody's, it is not empty."""
    first = min((r.validity.lower for r in rows), default=day)
    empty = [g for g in gaps(rows, places, half_open_range(min(first, day), day + DAY)) if g.kind == VACANT]
    if not empty or day not in empty[-1].span:
        return None
    found = empty[-1]
    for one in reversed(empty[:-1]):
        if one.span.upper != found.span.lower:
            break
        found = replace(found, span=half_open_range(one.span.lower, found.span.upper))
    return found


@figure("position.vacant_since", "unbesetzt seit", many=True)
def vacant_since(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """The first day since when each of these posts has been empty, wholly or in part, without a break. Two queries.

    Example: CM-12 on 28.02.2023: 01.01.2022, the first day of the post; filled or not stated: no day.
    """
    rows = list(periods)
    known = histories(row.position_id for row in rows)
    found = {}
    for row in rows:
        gap = since_when(*known[row.position_id], day)
        assumption = gap.row.validity_assumption if gap and gap.span.lower == gap.row.validity.lower else ""
        found[row.pk] = Value(
            row.position.number,
            gap.span.lower if gap else None,
            DATE,
            "annahme" if assumption else "rechnung",
            formula="erster Tag, seit dem die Stelle ohne Unterbrechung nicht ganz besetzt ist" if gap else "",
            source=assumption,
            operands=(gap.size(),) if gap else (),
            link=row.get_absolute_url(),
        )
    return found


@figure("position.vacant_months", "VZÄ-Monate unbesetzt im Jahr", many=True)
def vacant_months(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """FTE × months that each post has been empty in the day's year, up to and including the day. Two queries.

    Example: CM-13, 1,0, empty from 01.01. to 28.02.2023: 1,0 × 2 = 2,000.
    """
    rows = list(periods)
    known = histories(row.position_id for row in rows)
    within = half_open_range(year_of(day.year).lower, day + DAY)
    found = {}
    for row in rows:
        there = gaps(*known[row.position_id], within)
        parts = tuple(in_months(gap) for gap in there if gap.kind == VACANT)
        number, link = row.position.number, row.get_absolute_url()
        if not parts and any(gap.kind == UNKNOWN for gap in there):
            found[row.pk] = Value(number, None, MONTHS, "annahme", source="Besetzung: keine Angabe", link=link)
            continue
        amount = sum((part.amount for part in parts), Decimal(0))
        found[row.pk] = Value(number, amount, MONTHS, formula="Summe", operands=parts, link=link)
    return found


def in_months(gap: Gap) -> Value:
    """FTE × months of one gap. Example: 1,0 × 2 = 2,000."""
    length = months(gap.span)
    amount = rounded(Fraction(gap.fte) * length, MILLI)
    formula = f"{format_fte(gap.fte)} VZÄ × {format_fte(rounded(length, MILLI))} Monate"
    return Value(
        format_range(gap.span), amount, MONTHS, formula=formula, operands=(gap.size(),), link=gap.row.get_absolute_url()
    )
