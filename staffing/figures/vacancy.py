"""When a post is empty, by how much, and since when: from what is recorded, on any day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from kim.figures import DATE, FTE, MONTHS, Value, figure
from kim.formats import fte, span
from kim.money import MILLI, rounded
from kim.periods import DAY, between, months, year_of
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
    places: tuple[Occupancy, ...]

    def size(self) -> Value:
        """The FTE as a value: size − filled, or what rests."""
        link = self.row.get_absolute_url()
        if self.kind == RESTING:
            parts = tuple(occupied(place) for place in self.places if place.suspended)
            return Value(f"ruhend, {span(self.span)}", self.fte, FTE, formula="Summe", operands=parts, link=link)
        parts = (size(self.row), *(occupied(place) for place in self.places))
        formula = " − ".join(part.printed() for part in parts) if len(parts) > 1 else "niemand besetzt die Stelle"
        return Value(f"{self.kind}, {span(self.span)}", self.fte, FTE, formula=formula, operands=parts, link=link)


def gaps(periods: Iterable[PositionPeriod], places: Iterable[Occupancy], within: Any) -> list[Gap]:
    """What of one post is empty, resting or not known in a range (half-open, both ends given), in the order of time.

    Empty is size − Σ occupancies of the day; where the stage is "keine Angabe", the rest is not known. Example: CM-11,
    0,5 from 01.01.2022, nobody, Ausschreibung vorgesehen, within 2023: one gap of 0,5 over the whole year.
    """
    rows, taken = list(periods), list(places)
    spans = [*(r.validity for r in rows), *(p.validity for p in taken)]
    dates = {d for one in spans for d in (one.lower, one.upper)}
    dates |= {d for p in taken if p.suspended for d in (p.suspended.lower, p.suspended.upper)}
    cuts = sorted({within.lower, within.upper, *(d for d in dates if d and within.lower < d < within.upper)})
    found: list[Gap] = []
    for first, end in pairwise(cuts):
        row = next((r for r in rows if first in r.validity), None)
        if row is None:
            continue
        there = tuple(p for p in taken if first in p.validity)
        empty = row.fte - sum((p.fte for p in there), Decimal(0))
        resting = sum((p.fte for p in there if p.suspended and first in p.suspended), Decimal(0))
        kind = UNKNOWN if row.stage == Stage.NOT_STATED else VACANT
        for one, amount in ((kind, empty), (RESTING, resting)):
            if amount > 0:
                add(found, Gap(one, between(first, end), amount, row, there))
    return found


def add(found: list[Gap], gap: Gap) -> None:
    """Add a gap; where it goes on from the last of its kind with the same facts, that one grows."""
    last = next((g for g in reversed(found) if g.kind == gap.kind), None)
    if (
        last
        and last.span.upper == gap.span.lower
        and (last.fte, last.row, last.places) == (gap.fte, gap.row, gap.places)
    ):
        found[found.index(last)] = replace(last, span=between(last.span.lower, gap.span.upper))
        return
    found.append(gap)


def histories(position_ids: Iterable[int]) -> dict[int, tuple[list[PositionPeriod], list[Occupancy]]]:
    """All facts and all occupancies of posts, by post. Two queries."""
    keys = set(position_ids)
    found: dict[int, tuple[list[PositionPeriod], list[Occupancy]]] = {key: ([], []) for key in keys}
    rows = PositionPeriod.objects.filter(position__in=keys).select_related("position", "basis", "carrier")
    for row in rows.order_by("validity"):
        found[row.position_id][0].append(row)
    for place in Occupancy.objects.filter(position__in=keys).select_related("position", "basis").order_by("slot"):
        found[place.position_id][1].append(place)
    return found


def since_when(rows: list[PositionPeriod], places: list[Occupancy], day: date) -> Gap | None:
    """The gap in which the day lies, grown back over every gap before it that touches it; None if the post is filled
    or its occupancy is not stated."""
    first = min((r.validity.lower for r in rows), default=day)
    empty = [g for g in gaps(rows, places, between(min(first, day), day + DAY)) if g.kind == VACANT]
    if not empty or day not in empty[-1].span:
        return None
    found = empty[-1]
    for one in reversed(empty[:-1]):
        if one.span.upper != found.span.lower:
            break
        found = replace(found, span=between(one.span.lower, found.span.upper))
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
    within = between(year_of(day.year).lower, day + DAY)
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
    formula = f"{fte(gap.fte)} VZÄ × {fte(rounded(length, MILLI))} Monate"
    return Value(
        span(gap.span), amount, MONTHS, formula=formula, operands=(gap.size(),), link=gap.row.get_absolute_url()
    )
