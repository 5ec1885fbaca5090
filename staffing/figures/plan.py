"""What the Stellenplan asks for: own posts by pay group, this year, the year before, and filled on 30 June."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from kim.figures import FTE, Value, figure, known_total, total
from kim.models import Body
from kim.values.formats import format_day
from staffing.figures.occupancy import filled_by_post, size
from staffing.models import PlanNote, Position, PositionPeriod

MISSING = "ohne Entgeltgruppe"


def days_of(year: int) -> tuple[date, date, date]:
    """The days the columns of a year mean: its last day, the last of the year before, and 30 June of that."""
    return date(year, 12, 31), date(year - 1, 12, 31), date(year - 1, 6, 30)


@dataclass(frozen=True)
class PayGroup:
    """A line of the Stellenplan (FTE)."""

    name: str
    planned: Value
    previous: Value
    filled: Value
    change: Value
    notes: str


@dataclass(frozen=True)
class Plan:
    """The lines by pay group; their sum of this year."""

    year: int
    lines: tuple[PayGroup, ...]
    derivation: Value

    def as_json(self) -> dict[str, Any]:
        names = ("planned", "previous", "filled", "change")
        rows = [
            {n: getattr(one, n).plain() for n in names} | {"name": one.name, "missing": one.filled.missing}
            for one in self.lines
        ]
        return {"rows": rows, "derivation": self.derivation.as_json()}


@figure("positions.plan", "Meldung zum Stellenplan")
def plan(body: Body, year: int) -> Plan:
    """Own posts (FTE) by pay group: on the last day of the year and of the year before, and filled on 30.06. of the
    year before (§ 8 (2) KomHVO NRW). Five queries. notes: kw, ku and Sperre on the last day.

    The last day of a year counts what was set up within it and leaves out what has gone. A post is counted under the
    pay group it has on the day of the column. Posts with third parties stand in no Stellenplan of the body.

    Worked example, StädteRegion 2024: six own posts without a stated pay group, 6,000 and 6,000.
    """
    return plan_of(own_posts(body), body, year)


def own_posts(body: Body) -> Any:
    """What holds of the body's own posts, at any time."""
    return PositionPeriod.objects.filter(body=body, position__kind=Position.Kind.OWN)


def plan_of(rows: Any, body: Body, year: int) -> Plan:
    """See plan; rows: all that holds of the posts that are to count."""
    this, before, midyear = days_of(year)
    rows = rows.select_related("position", "basis", "carrier").order_by("position__number")
    posts = {day: list(rows.as_of(day)) for day in (this, before)}
    posts[midyear] = list(rows.as_of(midyear).with_occupancy(midyear))
    taken = filled_by_post(posts[midyear], midyear)
    marked = marks(body, this)
    lines = []
    for name in sorted({row.pay_group for found in posts.values() for row in found}, key=lambda n: (not n, n)):
        mine = {day: [row for row in found if row.pay_group == name] for day, found in posts.items()}
        planned, previous = (
            total(f"{name or MISSING} am {format_day(day)}", *(size(row) for row in mine[day]), unit=FTE)
            for day in (this, before)
        )
        places = (stated_or_not(row, taken[row.pk]) for row in mine[midyear])
        filled = known_total(f"{name or MISSING}, besetzt am {format_day(midyear)}", *places, unit=FTE)
        change = Value(
            "Unterschied",
            planned.amount - previous.amount + 0,
            FTE,
            formula="Jahr − Vorjahr",
            operands=(planned, previous),
        )
        lines.append(PayGroup(name, planned, previous, filled, change, words(mine[this], marked)))
    everything = total(f"eigene Stellen am {format_day(this)}", *(one.planned for one in lines), unit=FTE)
    return Plan(year, tuple(lines), everything)


def stated_or_not(row: PositionPeriod, filled: Value) -> Value:
    """What of a post is filled; none where nobody has said whether it is. "keine Angabe" is not empty, but a post whose
    person rests is: that is known."""
    if row.not_stated < row.fte:  # something is filled, rests, or is stated
        return filled
    return Value(filled.label, None, FTE, "annahme", source="Besetzung: keine Angabe", link=row.get_absolute_url())


def marks(body: Body, day: date) -> dict[int, list[str]]:
    """The Vermerke of the posts on a day, in their short form. One query. Example: kw."""
    found: dict[int, list[str]] = {}
    for one in PlanNote.objects.filter(body=body).as_of(day):
        found.setdefault(one.position_id, []).append(one.get_kind_display().partition(" ")[0])
    return found


def words(rows: Iterable[PositionPeriod], marked: dict[int, list[str]]) -> str:
    """Example: KI-06 kw, KI-07 Sperrvermerk."""
    return ", ".join(f"{row.position} {mark}" for row in rows for mark in marked.get(row.position_id, []))
