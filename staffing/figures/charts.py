"""Posts by who employs and by Kommune, in squares of half a post; and who has which post in which month."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from kim.figures import figure
from kim.models import Body
from kim.values.charts import COMING, EMPTY, FILLED, PARTLY, RESTING, UNKNOWN, Bar
from kim.values.formats import format_fte, format_range
from kim.values.periods import half_open_range, intersection, year_of
from staffing.figures import groups
from staffing.figures.groups import Grouping
from staffing.figures.occupancy import posts_on
from staffing.figures.vacancy import RESTING as AT_REST
from staffing.figures.vacancy import UNKNOWN as NOT_STATED
from staffing.figures.vacancy import Gap, gaps, histories
from staffing.models import Position, PositionPeriod

PARTS = {
    FILLED: ("filled",),
    COMING: ("advertised", "advertising_planned"),
    EMPTY: ("open",),
    UNKNOWN: ("not_stated",),
}


@dataclass(frozen=True)
class Squares:
    """Rows of a Kästchengrafik: name and FTE of each kind; and what it says in one sentence."""

    title: str
    rows: tuple[tuple[str, dict[str, Decimal]], ...]

    def sentence(self) -> str:
        """Example: 12,0 VZÄ: 3,0 besetzt, 0,5 Ausschreibung, 2,5 unbesetzt, 6,0 keine Angabe."""
        sums = {kind: sum((parts[kind] for _, parts in self.rows), Decimal(0)) for kind in PARTS}
        names = {FILLED: "besetzt", COMING: "in Ausschreibung", EMPTY: "unbesetzt", UNKNOWN: "keine Angabe"}
        told = ", ".join(f"{format_fte(amount)} {names[kind]}" for kind, amount in sums.items() if amount)
        return f"{self.title}: {format_fte(sum(sums.values(), Decimal(0)))} VZÄ" + (f", davon {told}." if told else ".")

    def as_json(self) -> dict[str, Any]:
        return {"rows": [{"name": name} | {k: f"{v:.3f}" for k, v in parts.items()} for name, parts in self.rows]}


def grouped(body: Body, day: date, title: str, groups_of: Callable[[PositionPeriod], Grouping]) -> Squares:
    """The posts of the day by name, each with its FTE by status, or its share of them. One query."""
    found: dict[tuple[int, str, str], dict[str, Decimal]] = {}
    for row in posts_on(body.pk, day):
        for key, part in groups_of(row):
            parts = found.setdefault(key, dict.fromkeys(PARTS, Decimal(0)))
            for kind, attributes in PARTS.items():
                parts[kind] += part.thousandths(sum((getattr(row, name) for name in attributes), Decimal(0)))
    return Squares(title, tuple((key[2], parts) for key, parts in sorted(found.items(), key=lambda pair: pair[0])))


@figure("squares.by_carrier", "Kästchengrafik nach Anstellungsträgern")
def by_carrier(body: Body, day: date) -> Squares:
    """FTE by who employs and status; the own body first, what is not assigned last. One query.

    Example, StädteRegion 01.03.2023: SPRUNGBrett 1,500 besetzt (three squares), Stadt Würselen 0,500 in Ausschreibung.
    """
    return grouped(body, day, "Stellen nach Anstellungsträgern", groups.by_carrier)


@figure("squares.by_municipality", "Kästchengrafik nach Kommunen")
def by_municipality(body: Body, day: date) -> Squares:
    """FTE by Kommune and status; shared posts by their shares, else once; own posts and those without a Kommune last.
    One query.

    Example, StädteRegion 01.03.2023: Alsdorf 1,000 unbesetzt; gemeinsam: Eschweiler, Stolberg (Rhld.) 1,000.
    """
    return grouped(body, day, "Stellen nach Kommunen", groups.by_municipality)


@dataclass(frozen=True)
class Overview:
    """The Besetzungsübersicht of a year: each post with its spans."""

    year: int
    stand: date
    rows: tuple[tuple[str, tuple[Bar, ...]], ...]

    def sentence(self) -> str:
        """Example: Besetzungsübersicht 2023: 17 Stellen, 8 davon zeitweise oder ganz unbesetzt."""
        empty = sum(any(bar.kind in {EMPTY, COMING, PARTLY} for bar in bars) for _, bars in self.rows)
        count = len(self.rows)
        return f"Besetzungsübersicht {self.year}: {count} Stellen, {empty} davon zeitweise oder ganz unbesetzt."

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [
                {"number": n, "spans": [{"kind": b.kind, "from": b.first.isoformat(), "words": b.words} for b in bars]}
                for n, bars in self.rows
            ]
        }


@figure("occupancy.overview", "Besetzungsübersicht")
def overview(body: Body, day: date) -> Overview:
    """Who has which post when, over the day's year: filled, in part, empty, not stated. Three queries.

    Example, StädteRegion 2023: CM-12 empty until 28.02.2023, then not there; CM-10 filled all year.
    """
    year = year_of(day.year)
    posts = Position.objects.filter(body=body, periods__validity__overlap=year).distinct().order_by("number")
    numbers = dict(posts.values_list("pk", "number"))
    known = histories(numbers)
    found = []
    for key, number in numbers.items():
        rows, places = known[key]
        missing = gaps(rows, places, year)
        bars = []
        for row in rows:
            there = intersection(row.validity, year)
            if there is None:
                continue
            ends = (d for gap in missing for d in (gap.span.lower, gap.span.upper))
            cuts = sorted({there.lower, there.upper, *(d for d in ends if d in there)})
            for first, end in pairwise(cuts):
                bars.append(bar_of(row, [g for g in missing if first in g.span], first, end))
        found.append((number, tuple(bars)))
    return Overview(day.year, day, tuple(found))


def bar_of(row: PositionPeriod, missing: list[Gap], first: date, end: date) -> Bar:
    """One span of a post, in words: what is empty, else what rests; if both, both are said."""
    when = format_range(half_open_range(first, end))
    if not missing:
        return Bar(FILLED, first, end, f"{when} besetzt, {format_fte(row.fte)} VZÄ")
    gap = missing[0]
    if len(missing) > 1:
        first_of = bar_of(row, [gap], first, end)
        return Bar(first_of.kind, first, end, f"{first_of.words}, {format_fte(missing[1].fte)} VZÄ ruhend")
    if gap.kind == AT_REST:
        return Bar(RESTING, first, end, f"{when} ruhend: {format_fte(gap.fte)} von {format_fte(row.fte)} VZÄ")
    if gap.kind == NOT_STATED:
        return Bar(UNKNOWN, first, end, f"{when} keine Angabe zu {format_fte(gap.fte)} von {format_fte(row.fte)} VZÄ")
    coming = row.stage in {row.Stage.ADVERTISED, row.Stage.ADVERTISING_PLANNED}
    label = row.get_stage_display() if coming else "unbesetzt"
    kind = PARTLY if gap.fte < row.fte else COMING if coming else EMPTY
    return Bar(kind, first, end, f"{when} {label}: {format_fte(gap.fte)} von {format_fte(row.fte)} VZÄ nicht besetzt")
