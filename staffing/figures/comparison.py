"""Two Stände side by side: which posts came, went or changed, and what that is in VZÄ (journey J13, rule S3)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from kim.figures import FTE, Value, figure, total
from kim.models import Body
from kim.values.formats import format_day, format_fte
from staffing.figures.occupancy import size
from staffing.models import PositionPeriod

CAME, GONE, CHANGED = "neu", "entfallen", "geändert"


@dataclass(frozen=True)
class Line:
    """One post that is not the same on both days: its facts then and now, as words; None where it is not there."""

    number: str
    link: str
    what: str
    before: dict[str, str] | None
    after: dict[str, str] | None
    change: Value

    def moved(self) -> list[tuple[str, str, str]]:
        """What differs: label, before, after."""
        old, new = self.before or {}, self.after or {}
        return [(k, old.get(k, "–"), new.get(k, "–")) for k in dict.fromkeys([*old, *new]) if old.get(k) != new.get(k)]


@dataclass(frozen=True)
class Comparison:
    """All posts that differ between two days, and the sums of both (FTE)."""

    lines: tuple[Line, ...]
    before: Value
    after: Value
    derivation: Value

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [
                {"number": r.number, "what": r.what, "before": r.before, "after": r.after, "change": r.change.plain()}
                for r in self.lines
            ],
            "before": self.before.plain(),
            "after": self.after.plain(),
            "change": self.derivation.plain(),
        }


def words_of(row: PositionPeriod) -> dict[str, str]:
    """What is compared, as words."""
    return {
        "VZÄ": format_fte(row.fte),
        "Anstellungsträger": row.carrier.short_name if row.carrier else "noch nicht vergeben",
        "zuständig für": row.served_names() or "keine Angabe",
        "Status": row.status_label(),
    }


@figure("positions.comparison", "Vergleich zweier Stände")
def comparison(body: Body, day: date, other: date) -> Comparison:
    """The posts of two days and their difference in FTE. Two queries.

    Worked example, StädteRegion, 28.02. and 01.03.2023: CM-12 (0,5), CM-13 (1,0), CM-14 (1,0) entfallen, CM-15 (0,5),
    CM-16 (1,0), CM-17 (1,0) neu; 12,000 and 12,000, difference 0,000.
    """

    def on(one: date) -> dict[str, PositionPeriod]:
        rows = PositionPeriod.objects.filter(body=body).as_of(one).with_status(one).with_served()
        related = rows.select_related("position", "carrier", "basis").order_by("position__number")
        return {row.position.number: row for row in related}

    old, new = on(day), on(other)
    lines = []
    for number in sorted(old | new):
        was, is_ = old.get(number), new.get(number)
        then, now = (words_of(row) if row else None for row in (was, is_))
        if then == now:
            continue
        what = CAME if was is None else GONE if is_ is None else CHANGED
        row = is_ or was
        assert row
        lines.append(Line(number, row.get_absolute_url(), what, then, now, change_of(number, was, is_)))
    before, after = (
        total(f"Stellen am {format_day(one)}", *(size(row) for row in rows.values()), unit=FTE)
        for one, rows in ((day, old), (other, new))
    )
    formula = f"{after.printed()} − {before.printed()}"
    difference = Value("Änderung", after.amount - before.amount, FTE, formula=formula, operands=(after, before))
    return Comparison(tuple(lines), before, after, difference)


def change_of(number: str, was: PositionPeriod | None, is_: PositionPeriod | None) -> Value:
    """FTE after − before of one post. Example: CM-12 0,5 → gone: −0,500."""
    parts = [row for row in (is_, was) if row]
    amount = (is_.fte if is_ else 0) - (was.fte if was else 0)
    link = parts[0].get_absolute_url()
    return Value(number, amount + 0, FTE, formula="nachher − vorher", operands=tuple(size(r) for r in parts), link=link)
