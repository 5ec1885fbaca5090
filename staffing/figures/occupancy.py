"""How many posts there are on a day, how many are filled, and what stands of the rest."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from kim.figures import COUNT, DATE, FTE, TEXT, Value, figure, total
from kim.models import Body
from staffing.models import Occupancy, Position, PositionPeriod

PARTS = {
    "filled": "besetzt",
    "advertised": "ausgeschrieben",
    "advertising_planned": "Ausschreibung vorgesehen",
    "open": "unbesetzt oder noch nicht vergeben",
    "not_stated": "Besetzung: keine Angabe",
}


@dataclass(frozen=True)
class OccupancyStatus:
    """FTE on a day by status; filled + advertised + advertising_planned + open + not_stated = all FTE."""

    filled: Value
    advertised: Value
    advertising_planned: Value
    open: Value
    not_stated: Value
    committed: Value
    derivation: Value

    def lines(self) -> list[Value]:
        return [*(getattr(self, part) for part in PARTS), self.committed]

    def as_json(self) -> dict[str, Any]:
        parts = {part: getattr(self, part).plain() for part in (*PARTS, "committed")}
        return parts | {"derivation": self.derivation.as_json()}


def of_kind(kind: str) -> dict[str, str]:
    """The filter for own posts or posts with third parties; ValidationError for any other word."""
    if kind and kind not in Position.Kind.values:
        raise ValidationError(f"„{kind}“ gibt es nicht: kind ist own oder onward.")
    return {"position__kind": kind} if kind else {}


def kinds(body: Body, day: date) -> list[str]:
    """Which kinds of posts a body has on a day."""
    rows = PositionPeriod.objects.filter(body=body).as_of(day).order_by("-position__kind")
    return list(rows.values_list("position__kind", flat=True).distinct())


@figure(
    "occupancy.status",
    "Besetzung",
    subject="kim.Body",
    arguments=lambda body, day: [{"body": body, "day": day, "kind": kind} for kind in kinds(body, day)],
)
def status(body: Body, day: date, kind: str = "") -> OccupancyStatus:
    """FTE of a body on a day by status. Two queries.

    kind: "own", "onward" or empty for all. Filled is Σ occupancies valid on the day; what is not filled counts by
    the stage of the post (rulings: committed = verplant = filled + advertised + advertising_planned).

    Worked example, StädteRegion Aachen, posts with third parties, 01.03.2023: filled 3,000 (Baesweiler 0,5,
    SPRUNGBrett 1,5 by document; Caritas 0,5, Lydia 0,5 assumed) + advertising_planned 0,500 (Würselen) = committed
    3,500; open 2,500; together 6,000.
    """
    filters = of_kind(kind)
    rows = PositionPeriod.objects.filter(body=body, **filters).as_of(day).with_occupancy(day)
    posts = list(rows.select_related("position", "basis", "carrier").order_by("position__number"))
    there = [post.position_id for post in posts]  # an occupancy without a beginning reaches back before its post
    taken = Occupancy.objects.filter(body=body, position__in=there).as_of(day).select_related("position", "basis")
    filled = tuple(occupied(place) for place in taken.order_by("position__number", "slot"))

    def part(name: str) -> Value:
        open_posts = (rest(post, getattr(post, name)) for post in posts if getattr(post, name))
        return total(PARTS[name], *(filled if name == "filled" else open_posts), unit=FTE)

    parts = {name: part(name) for name in PARTS}
    committed = total("verplant", parts["filled"], parts["advertised"], parts["advertising_planned"], unit=FTE)
    everything = total("Stellen", *parts.values(), unit=FTE)
    return OccupancyStatus(**parts, committed=committed, derivation=everything)


def occupied(occupancy: Occupancy) -> Value:
    """One filled place as an operand: what a document says, or the assumption."""
    return Value(
        f"{occupancy.position.number}, Platz {occupancy.slot}",
        occupancy.fte,
        FTE,
        occupancy.derivation_kind(),
        source=occupancy.derivation_source(),
        link=occupancy.position.get_absolute_url(),
    )


def rest(row: PositionPeriod, amount: Decimal) -> Value:
    """What of a post is not filled, as an operand."""
    carrier = row.carrier.short_name if row.carrier else "noch nicht vergeben"
    return Value(
        f"{row.position.number} {carrier}: {row.get_stage_display()}",
        amount,
        FTE,
        row.derivation_kind(),
        source=row.derivation_source(),
        link=row.position.get_absolute_url(),
    )


@figure("occupancy.filled", "VZÄ besetzt")
def filled(body: Body, day: date, kind: str = "") -> Value:
    """FTE filled on a day; see occupancy.status. Example: third parties 01.03.2023: 3,000."""
    return status(body, day, kind).filled


@figure("occupancy.committed", "VZÄ verplant")
def committed(body: Body, day: date, kind: str = "") -> Value:
    """FTE filled, advertised or about to be advertised; see occupancy.status. Example: 3,500."""
    return status(body, day, kind).committed


@figure("occupancy.open", "VZÄ unbesetzt oder noch nicht vergeben")
def open_posts(body: Body, day: date, kind: str = "") -> Value:
    """FTE that exist and that nobody is about to fill; see occupancy.status. Example: 2,500."""
    return status(body, day, kind).open


@figure("positions.total", "VZÄ insgesamt")
def all_posts(body: Body, day: date, kind: str = "") -> Value:
    """FTE of the posts valid on a day. Example: StädteRegion Aachen 01.03.2023, own: 6,000; onward: 6,000."""
    rows = PositionPeriod.objects.filter(body=body, **of_kind(kind)).as_of(day)
    rows = rows.select_related("position", "basis").order_by("position__number")
    label = Position.Kind(kind).label + "n" if kind == "own" else "Stellen bei Dritten" if kind else "Stellen"
    return total(label, *(size(row) for row in rows), unit=FTE)


@figure("positions.first_year", "erstes Jahr der Stellen")
def first_year(body: Body, kind: str = "") -> Value:
    """The year in which the first of these posts begins. Example: posts with third parties: 2022."""
    first = (
        PositionPeriod.objects.filter(body=body, **of_kind(kind))
        .select_related("position", "basis")
        .order_by("validity")
        .first()
    )
    if first is None:
        return Value("erstes Jahr der Stellen", None, TEXT, "annahme", source="keine Stelle erfasst")
    return Value(
        "erstes Jahr der Stellen",
        str(first.validity.lower.year),
        TEXT,
        "beleg" if first.basis else "annahme",
        formula="Jahr des frühesten Beginns",
        source=first.derivation_source(),
        link=first.get_absolute_url(),
    )


def size(row: PositionPeriod) -> Value:
    """The FTE of a post as an operand, with its document."""
    return Value(
        row.position.number,
        row.fte,
        FTE,
        row.derivation_kind(),
        source=row.derivation_source(),
        link=row.position.get_absolute_url(),
    )


def period_of(position: Position, day: date, when: str = "") -> PositionPeriod:
    """What holds of the post on the day; when="before": what held last, if it ended by then.

    ValidationError with a sentence if there is nothing: a paper must not print a post that is not there.
    """
    rows = position.periods.select_related("position", "carrier", "basis").prefetch_related("served__municipality")
    if when == "before":
        found = rows.filter(validity__endswith__lte=day).order_by("-validity").first()
    elif when:
        raise ValidationError(f"„{when}“ gibt es nicht: when ist before oder leer.")
    else:
        found = rows.filter(validity__contains=day).first()
    if found is None:
        raise ValidationError(f"Die Stelle {position.number} gibt es am {day:%d.%m.%Y} nicht.")
    return found


@figure("position.fte", "VZÄ der Stelle")
def position_fte(position: Position, day: date, when: str = "") -> Value:
    """FTE of one post on a day. Example: CM-10 on 01.03.2023: 1,500."""
    return size(period_of(position, day, when))


@figure("position.persons", "Fachkräfte auf der Stelle")
def persons(position: Position, day: date) -> Value:
    """How many places of the post are filled on a day. Example: CM-10 on 01.03.2023: 3 (three times 0,5)."""
    period_of(position, day)  # refuses when the post is not there
    rows = list(Occupancy.objects.filter(position=position).as_of(day).select_related("position", "basis"))
    operands = tuple(occupied(row) for row in sorted(rows, key=lambda r: r.slot))
    return Value(f"Fachkräfte {position.number}", len(rows), COUNT, formula="Anzahl der Plätze", operands=operands)


@figure("position.since", "Stelle gilt seit")
def since(position: Position, day: date) -> Value:
    """The first day of what holds of the post. Example: CM-15 on 01.03.2023: 01.03.2023."""
    row = period_of(position, day)
    return Value(
        f"{position.number} seit",
        row.validity.lower,
        DATE,
        "annahme" if row.validity_assumption else "beleg",
        source=row.validity_assumption or row.derivation_source(),
        link=row.get_absolute_url(),
    )
