"""How many posts there are on a day, how many are filled, and what stands of the rest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Sum

from kim.figures import COUNT, DATE, FTE, TEXT, Deadlines, Headline, Later, Value, figure, stated, sum_of, total
from kim.figures.choices import choices
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import NBSP, format_fte
from kim.values.periods import last_day
from staffing.models import Occupancy, Position, PositionPeriod, Procedure, Stage

HALF_YEAR = timedelta(days=183)
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


@choices("position")
def post_choices(body: Body, day: date) -> dict[str, str]:
    """The posts of a day. One query."""
    rows = PositionPeriod.objects.filter(body=body).as_of(day).select_related("position", "carrier")
    return {
        row.position.number: f"{row.position.number} {row.carrier.short_name if row.carrier else 'noch nicht vergeben'}"
        for row in rows.order_by("position__number")
    }


@choices("kind")
def kind_choices(body: Body, day: date) -> dict[str, str]:
    """Whose posts."""
    return {"": "alle Stellen", "own": "eigene Stellen", "onward": "Stellen bei Dritten"}


def of_kind(rows: Iterable[PositionPeriod], kind: str) -> list[PositionPeriod]:
    """Own posts or posts with third parties, or all; ValidationError for any other word."""
    if kind and kind not in Position.Kind.values:
        raise ValidationError(f"„{kind}“ gibt es nicht: kind ist own oder onward.")
    return [row for row in rows if not kind or row.position.kind == kind]


@read_once
def posts_on(body: int, day: date) -> list[PositionPeriod]:
    """What holds of every post of a body on a day, by number, with its occupancy, Kommunen, Anstellungsträger and
    Beleg: all that figures of a day ask for. One query."""
    rows = PositionPeriod.objects.filter(body=body).as_of(day).with_occupancy(day).with_kommunen()
    return list(rows.select_related("position", "carrier", "basis").order_by("position__number"))


@read_once
def places_of(body: int) -> dict[int, list[Occupancy]]:
    """All places of a body with their dated facts, by the key of the post, each by number. One query."""
    found: dict[int, list[Occupancy]] = {}
    rows = Occupancy.objects.filter(body=body).select_related("position", "basis")
    for row in rows.order_by("position__number", "slot", "validity"):
        found.setdefault(row.position_id, []).append(row)
    return found


def places_on(body: int, day: date) -> dict[int, list[Occupancy]]:
    """The places of a body on a day, at work or resting; see places_of."""
    return {key: [one for one in some if day in one.validity] for key, some in places_of(body).items()}


def kinds(body: Body, day: date) -> list[str]:
    """Which kinds of posts a body has on a day: own ones first."""
    return sorted({row.position.kind for row in posts_on(body.pk, day)}, reverse=True)


@figure(
    "occupancy.status",
    "Besetzung",
    subject="kim.Body",
    arguments=lambda body, day: [{"body": body, "day": day, "kind": kind} for kind in kinds(body, day)],
)
def status(body: Body, day: date, kind: str = "") -> OccupancyStatus:
    """FTE of a body on a day by status. Two queries, together with all that asks for the posts of the day.

    kind: "own", "onward" or empty for all. Filled is Σ places on duty on the day: a place that rests is not filled, its
    substitute is. What is not filled counts by the stage of the post; what rests on a post whose stage is not stated
    is open (rulings: committed = verplant = filled + advertised + advertising_planned).

    Worked example, StädteRegion Aachen, posts with third parties, 01.03.2023: filled 3,000 (Baesweiler 0,5,
    SPRUNGBrett 1,5 by document; Caritas 0,5, Lydia 0,5 assumed) + advertising_planned 0,500 (Würselen) = committed
    3,500; open 2,500; together 6,000.
    """
    posts = of_kind(posts_on(body.pk, day), kind)
    taken = places_on(body.pk, day)  # an occupancy without a beginning reaches back before its post: not counted
    places = [place for post in posts for place in taken.get(post.position_id, []) if place.is_on_duty(day)]

    def part(name: str) -> Value:
        mine = [post for post in posts if getattr(post, name)]
        amounts = (getattr(post, name) for post in mine)
        return sum_of(PARTS[name], amounts, Later(lambda post: rest(post, getattr(post, name), name), mine), unit=FTE)

    filled = sum_of(PARTS["filled"], (place.fte for place in places), Later(occupied, places), unit=FTE)
    parts = {name: filled if name == "filled" else part(name) for name in PARTS}
    committed = total("verplant", parts["filled"], parts["advertised"], parts["advertising_planned"], unit=FTE)
    everything = total("Stellen", *parts.values(), unit=FTE)
    return OccupancyStatus(**parts, committed=committed, derivation=everything)


def occupied(occupancy: Occupancy) -> Value:
    """One place as an operand: what a document says, or the assumption; a substitute says for whom."""
    instead = f" (vertritt Platz {occupancy.stands_in_for})" if occupancy.stands_in_for else ""
    return stated(f"{occupancy.position.number}, Platz {occupancy.slot}{instead}", occupancy.fte, FTE, occupancy)


def rest(row: PositionPeriod, amount: Decimal, part: str) -> Value:
    """What of a post is not filled, as an operand."""
    carrier = row.carrier.short_name if row.carrier else "noch nicht vergeben"
    words = "ruhend" if part == "open" and row.stage == Stage.NOT_STATED else row.get_stage_display()
    return stated(f"{row.position.number} {carrier}: {words}", amount, FTE, row)


@figure("headline.occupancy", "VZÄ besetzt", headline=1)
def headline(body: Body, day: date) -> Headline:
    """FTE filled of all, for the start page. Two queries. Example: StädteRegion 01.03.2023: 3,0 von 12,0 VZÄ."""
    found = status(body, day)
    parts = [found.advertised, found.advertising_planned, found.open, found.not_stated]
    words = f"{format_fte(found.filled.amount)} von {format_fte(found.derivation.amount)}{NBSP}VZÄ"
    note = " · ".join(
        f"{format_fte(one.amount)} {one.label.removeprefix('Besetzung: ')}" for one in parts if one.amount
    )
    nothing = "alles besetzt" if found.derivation.amount else "keine Stellen erfasst"
    return Headline(words, note or nothing, found.derivation)


@figure("deadlines.posts", "Stellen, Besetzungen und Verfahren, die enden", deadlines=True)
def endings(body: Body, day: date) -> Deadlines:
    """The last days of posts and of places within half a year, and Fristen. Three queries. A place whose person only
    changes her size does not end.

    Example: CM-12 ends on 28.02.2023.
    """
    coming = {"validity__endswith__gt": day, "validity__endswith__lte": day + HALF_YEAR, "body": body}
    rows: list[tuple[str, Any]] = [
        ("Angaben zur Stelle enden", row)
        for row in PositionPeriod.objects.filter(**coming).select_related("position", "basis")
    ]
    ending = Occupancy.objects.filter(**coming).select_related("position", "basis")
    goes_on = Occupancy.objects.filter(
        position=OuterRef("position"), slot=OuterRef("slot"), validity__startswith=OuterRef("validity__endswith")
    )
    rows += [("Besetzung endet", row) for row in ending.filter(~Exists(goes_on))]
    looked = Procedure.objects.filter(**coming).select_related("position", "basis")
    rows += [(f"Frist der {row.get_kind_display()}", row) for row in looked]
    return Deadlines(
        tuple(
            stated(f"{what}: {row.position.number}", last_day(row.validity), DATE, row)
            for what, row in sorted(rows, key=lambda pair: (pair[1].validity.upper, pair[1].position.number))
        )
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
    rows = of_kind(posts_on(body.pk, day), kind)
    label = Position.Kind(kind).label + "n" if kind == "own" else "Stellen bei Dritten" if kind else "Stellen"
    return sum_of_sizes(label, rows)


def sum_of_sizes(label: str, rows: Iterable[PositionPeriod]) -> Value:
    """FTE of posts together, each with its document."""
    there = list(rows)
    return sum_of(label, (row.fte for row in there), Later(size, there), unit=FTE)


@figure("positions.first_year", "erstes Jahr der Stellen")
def first_year(body: Body, kind: str = "") -> Value:
    """The year in which the first of these posts begins. Example: posts with third parties: 2022."""
    of_kind((), kind)  # refuses another word
    rows = PositionPeriod.objects.filter(body=body, **{"position__kind": kind} if kind else {})
    first = rows.select_related("position", "basis").order_by("validity").first()
    if first is None:
        return Value("erstes Jahr der Stellen", None, TEXT, "annahme", source="keine Stelle erfasst")
    return Value(
        "erstes Jahr der Stellen",
        str(first.validity.lower.year),
        TEXT,
        "beleg" if first.basis else "annahme",
        formula="Jahr des frühesten Beginns",
        source=first.derivation_source(),
        document=first.derivation_document(),
        place=first.derivation_place(),
        link=first.get_absolute_url(),
    )


def choices_on(body: Body, day: date, *, sizes: bool = False) -> dict[str, Any]:
    """The posts of a day by number, as a select says them; sizes: their FTE instead. One query.

    Example: CM-12 · 0,5 VZÄ · Alsdorf · noch nicht vergeben.
    """
    rows = PositionPeriod.objects.filter(body=body).as_of(day).with_served().order_by("position__number")
    found: dict[str, Any] = {}
    for row in rows.select_related("position", "carrier"):
        parts = [row.position.number, f"{format_fte(row.fte)} VZÄ"]
        parts += [names] if (names := row.served_names()) else []
        parts.append(row.carrier.short_name if row.carrier else "noch nicht vergeben")
        found[row.position.number] = row.fte if sizes else " · ".join(parts)
    return found


def size(row: PositionPeriod) -> Value:
    """The FTE of a post as an operand, with its document."""
    return stated(row.position.number, row.fte, FTE, row)


def plain_filled(periods: Iterable[PositionPeriod], day: date) -> dict[int, Decimal | None]:
    """position.filled without derivations. One query."""
    rows = list(periods)
    taken = Occupancy.objects.filter(position__in=[row.position_id for row in rows]).on_duty(day).order_by()
    sums = dict(taken.values("position").annotate(sum=Sum("fte")).values_list("position", "sum"))
    return {row.pk: sums.get(row.position_id, Decimal(0)) for row in rows}


def plain_rest(periods: Iterable[PositionPeriod], day: date) -> dict[int, Decimal | None]:
    """position.rest without derivations. One query."""
    rows = list(periods)
    taken = plain_filled(rows, day)
    return {row.pk: row.fte - (taken[row.pk] or 0) for row in rows}


@figure("position.filled", "VZÄ besetzt", many=True, amounts=plain_filled)
def filled_by_post(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """FTE filled of each of these posts on a day, with its places on duty. One query. Example: CM-10: 3 × 0,5 = 1,500;
    while one rests and nobody stands in: 1,000."""
    rows = list(periods)
    places: dict[int, list[Occupancy]] = {}
    taken = Occupancy.objects.filter(position__in=[row.position_id for row in rows]).on_duty(day)
    for place in taken.select_related("position", "basis").order_by("slot"):
        places.setdefault(place.position_id, []).append(place)
    return {
        row.pk: total(row.position.number, *(occupied(p) for p in places.get(row.position_id, [])), unit=FTE)
        for row in rows
    }


@figure("position.rest", "VZÄ nicht besetzt", many=True, amounts=plain_rest)
def rest_by_post(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """FTE of each of these posts that are not filled on a day. One query. Example: CM-11: 0,500 − 0,000 = 0,500."""
    rows = list(periods)
    taken = filled_by_post(rows, day)
    found = {}
    for row in rows:
        whole, part = size(row), taken[row.pk]
        formula = f"{whole.printed()} − {part.printed()}"
        link = row.get_absolute_url()
        left = row.fte - part.amount
        found[row.pk] = Value(row.position.number, left, FTE, "rechnung", formula, operands=(whole, part), link=link)
    return found


@read_once
def periods_on(body: int, day: date) -> dict[int, PositionPeriod]:
    """What holds on a day of every post of a body, by the key of the post; see posts_on."""
    return {row.position_id: row for row in posts_on(body, day)}


@read_once
def periods_before(body: int, day: date) -> dict[int, PositionPeriod]:
    """What held last of every post of a body, if it ended by the day, by the key of the post. One query."""
    rows = PositionPeriod.objects.filter(body=body, validity__endswith__lte=day).order_by("position_id", "-validity")
    rows = rows.distinct("position_id").select_related("position", "carrier", "basis")
    return {row.position_id: row for row in rows.with_kommunen()}


def period_of(position: Position, day: date, when: str = "") -> PositionPeriod:
    """What holds of the post on the day; when="before": what held last, if it ended by then.

    ValidationError with a sentence if there is nothing: a paper must not print a post that is not there.
    """
    found: PositionPeriod | None
    if when == "before":
        found = periods_before(position.body_id, day).get(position.pk)
    elif when:
        raise ValidationError(f"„{when}“ gibt es nicht: when ist before oder leer.")
    else:
        found = periods_on(position.body_id, day).get(position.pk)
    if found is None:
        raise ValidationError(f"Die Stelle {position.number} gibt es am {day:%d.%m.%Y} nicht.")
    return found


@figure("position.fte", "VZÄ der Stelle")
def position_fte(position: Position, day: date, when: str = "") -> Value:
    """FTE of one post on a day. Example: CM-10 on 01.03.2023: 1,500."""
    return size(period_of(position, day, when))


@figure("position.persons", "Fachkräfte auf der Stelle")
def persons(position: Position, day: date) -> Value:
    """How many people have a place of the post on a day, at work or resting, substitutes too: a place is a person,
    whatever her size. Example: CM-10 on 01.03.2023: 3 (three times 0,5); 0,5 that is 0,8 for three months: 1."""
    period_of(position, day)  # refuses when the post is not there
    rows = places_on(position.body_id, day).get(position.pk, [])
    operands = tuple(occupied(row) for row in rows)
    people = len({row.slot for row in rows})
    return Value(f"Fachkräfte {position.number}", people, COUNT, formula="Anzahl der Plätze", operands=operands)


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
        document="" if row.validity_assumption else row.derivation_document(),
        place="" if row.validity_assumption else row.derivation_place(),
        link=row.get_absolute_url(),
    )
