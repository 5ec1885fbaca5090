"""Money that empty posts leave of a notice: until a day, and foreseeably until its end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from grants import costing
from grants.costing import NOT_SPENT, Absence, Piece, PostYear, States
from grants.figures.costs import absence_value, years_of
from grants.models import Book, FundingNotice, NoticeVersion, books_of_year, load
from kim.figures import EUR, FTE, Later, Value, figure, sum_of, total
from kim.models import Body
from kim.values.formats import format_day
from kim.values.periods import DAY, half_open_range, intersection, last_day, year_of
from staffing.figures.occupancy import places_of
from staffing.figures.vacancy import UNKNOWN, Gap, gaps
from staffing.models import Occupancy, PositionPeriod

RULES = {
    "months": "nach Monaten: VZÄ × Satz × Monate/12, angefangene Monate nach Tagen",
    "days": "nach Tagen: VZÄ × Satz × Tage/Tage des Jahres",
    "none": "nach dem Jahresbetrag: der Bescheid rechnet keine Teilzeiträume, es bleibt nichts übrig",
    "": (
        "nach Monaten (Annahme; die Rechenregel des Bescheids ist nicht erfasst): VZÄ × Satz × Monate/12, angefangene "
        "Monate nach Tagen"
    ),
}
EMPTY = Decimal("0.00")
Empty = tuple[Absence, Piece, Decimal]  # some days on which nobody works, what is paid on them, and the share (EUR)


@dataclass(frozen=True)
class Unspent:
    """EUR of a notice that empty posts leave: until the day, after it if nobody comes, together; and the rule.

    filled + what is not spent (derivation) + unstated = bound, to the cent.
    """

    notice: FundingNotice
    so_far: Value
    ahead: Value
    derivation: Value
    unknown: Value  # FTE on the day
    filled: Decimal
    unstated: Decimal
    bound: Decimal

    @property
    def rule(self) -> str:
        """The rule that is printed beside every amount."""
        return RULES[self.notice.current.proration]

    def lines(self) -> list[Value]:
        """The whole only: how much of it lies before the day changes with every day."""
        return [replace(self.derivation, label="über den ganzen Förderzeitraum")]

    def as_json(self) -> dict[str, Any]:
        return {
            "so_far": self.so_far.plain(),
            "ahead": self.ahead.plain(),
            "total": self.derivation.plain(),
            "unknown_fte": self.unknown.plain(),
            "filled": f"{self.filled:.2f}",
            "unstated": f"{self.unstated:.2f}",
            "bound": f"{self.bound:.2f}",
            "rule": self.rule,
            "derivation": self.derivation.as_json(),
        }


def counted(body: Body, day: date) -> list[dict[str, Any]]:
    """The granted notices of the day's year, as arguments."""
    holding = NoticeVersion.objects.filter(body=body).holding(year_of(day.year))
    rows = FundingNotice.objects.filter(pk__in=holding.values("notice")).prefetch_related("versions__source")
    return [{"notice": one, "day": day} for one in rows.order_by("title")]


@figure("vacancy.unspent", "Voraussichtlich nicht verausgabt", subject="kim.Body", arguments=counted)
def unspent(notice: FundingNotice, day: date) -> Unspent:
    """EUR that empty and resting places leave of a notice, by its rule, over its whole time. Three queries.

    so_far: up to and including the day; ahead: from the next day to the end of the notice, if what is recorded stays
    as it is (Annahme). What is not stated is no part of it; unknown says how many FTE that is on the day.

    Worked examples: 3,0 VZÄ empty in January and February 2023, by months: 3,0 × 57.000 × 2/12 = 28.500,00;
    0,5 VZÄ from 01.03. to 31.12.2023: by months 23.750,00, by days 0,5 × 57.000 × 306/365 = 23.893,15.
    """
    books = [one for one in books_of_year(notice.body_id, day.year) if one.notice.pk == notice.pk]
    books = books or load(notice.body_id, None, notices=Q(notice=notice.pk), plans=True)
    found = [one for book in books for one in left_of(book, day)]
    reach = notice.current.validity
    labels = (f"bis {format_day(day)}", f"danach bis {format_day(last_day(reach))}, wenn es so bleibt")
    so_far, ahead = (left_until(label, found, n) for n, label in enumerate(labels))
    whole = total(f"voraussichtlich nicht verausgabt, {notice.title}", so_far, ahead)
    gaps_ = [gap for one in found for gap in one.unclear]
    unclear = sum_of("Besetzung: keine Angabe", (gap.fte for gap in gaps_), Later(Gap.size, gaps_), unit=FTE)
    bound = sum((one.amount for one in found), EMPTY)
    filled, unstated = (sum((getattr(one.states, n) for one in found), EMPTY) for n in ("filled", "unknown"))
    return Unspent(notice, so_far, ahead, whole, unclear, filled, unstated, bound)


@dataclass(frozen=True)
class Left:
    """What one post leaves of a notice in a year: the states of its amount, the shares before and after the day."""

    notice: FundingNotice
    post: PostYear
    amount: Decimal
    states: States
    parts: tuple[tuple[Empty, ...], tuple[Empty, ...]]
    unclear: tuple[Gap, ...]

    @property
    def number(self) -> str:
        return self.post.pieces[0].use.number

    def values(self, side: int) -> list[Value]:
        """The shares before (0) or after (1) the day, each with its derivation."""
        return [absence_value(absence, piece, share, self.notice) for absence, piece, share in self.parts[side]]


def left_until(label: str, found: list[Left], side: int) -> Value:
    """What posts leave before (0) or after (1) the day, by number; those that leave nothing there are left out."""
    by_post: dict[str, list[Left]] = {}
    for one in found:
        if one.parts[side]:
            by_post.setdefault(one.number, []).append(one)

    def left(number: str) -> Value:
        some = by_post[number]
        return total(number, *(value for one in some for value in one.values(side)), link=link_of(some[0]))

    shares = (share for some in by_post.values() for one in some for _, _, share in one.parts[side])
    return sum_of(label, shares, Later(left, sorted(by_post)))


def link_of(one: Left) -> str:
    """The page of the post."""
    return str(one.post.pieces[0].use.row.position.get_absolute_url())


def left_of(
    book: Book, day: date, wanted: set[int] | None = None, places: dict[int, list[Occupancy]] | None = None
) -> list[Left]:
    """What each post leaves of a notice in each of its years; wanted: only these posts. One query, unless the places
    were read already."""
    posts = [
        (year, post)
        for year in years_of(book)
        for entry in book.staff
        for key, post in entry.year(year).posts.items()
        if post.amount is not None and (wanted is None or key in wanted)
    ]
    if places is None:
        places = places_of(book.notice.body_id)
    found = []
    for year, post in posts:
        rows = {piece.use.row.pk: piece.use.row for piece in post.pieces}
        known = (list(rows.values()), places.get(int(str(post.post)), []))
        found.append(left_of_post(post, known, year, day, book))
    return found


def places_of_posts(posts: Iterable[int]) -> dict[int, list[Occupancy]]:
    """The places of posts with their dated facts. One query."""
    found: dict[int, list[Occupancy]] = {}
    rows = Occupancy.objects.filter(position__in=set(posts)).select_related("position", "basis").order_by("slot")
    for one in rows:
        found.setdefault(one.position_id, []).append(one)
    return found


def left_of_post(post: PostYear, known: tuple[Any, Any], year: int, day: date, book: Book) -> Left:
    """What one post leaves in a year, see unspent; so far and ahead are parts of one rounded sum."""
    within = year_of(year)
    past, future = (
        intersection(within, half_open_range(None, day + DAY)),
        intersection(within, half_open_range(day + DAY)),
    )
    absences = [
        Absence(costing.UNKNOWN if gap.kind == UNKNOWN else NOT_SPENT, gap.span, gap.fte, gap)
        for span in (past, future)
        if span
        for gap in gaps(*known, span)
    ]
    found = costing.states(post, absences)
    empty = [(a, piece, share) for a, piece, share in found.shares if a.kind == NOT_SPENT]
    parts = (tuple(e for e in empty if e[0].span.lower <= day), tuple(e for e in empty if e[0].span.lower > day))
    unclear = tuple(a.row for a, _, _ in found.shares if a.kind == costing.UNKNOWN and day in a.span)
    return Left(book.notice, post, post.amount or EMPTY, found, parts, unclear)


@figure("position.unspent", "voraussichtlich nicht verausgabt", many=True)
def unspent_by_post(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """EUR that each post foreseeably leaves of the granted notices that pay it on the day, over all their time.
    Three queries. No amount for a post without such a notice, and where only "keine Angabe" is
    known of it.

    Example: CM-11 (0,5, empty all 2023): 28.500,00.
    """
    rows = list(periods)
    if not rows:
        return {}
    span = half_open_range(day, day + DAY)
    books = (one for one in books_of_year(rows[0].body_id, day.year) if one.holds_in(span))
    wanted = {row.position_id for row in rows}
    places = places_of_posts(wanted)
    found: dict[int, list[Left]] = {}
    for book in books:
        paid = {key for entry in book.staff for key in costing.on_day(entry.item, day)}
        for one in left_of(book, day, {key for key in wanted if key in paid}, places):
            found.setdefault(int(str(one.post.post)), []).append(one)
    return {row.pk: left_by(row, found.get(row.position_id, [])) for row in rows}


def left_by(row: PositionPeriod, found: list[Left]) -> Value:
    """What one post leaves; see unspent_by_post."""
    label, link = row.position.number, row.get_absolute_url()
    if not found:
        return Value(label, None, EUR, "annahme", source="keine bewilligte Zuwendung zugeordnet", link=link)
    parts = [value for one in found for side in (0, 1) for value in one.values(side)]
    if parts:
        return total(label, *parts, link=link)
    rules = {piece.terms.rule for one in found for piece in one.post.pieces}
    if rules == {costing.NONE}:
        return Value(label, EMPTY, EUR, "rechnung", RULES["none"], link=link)
    if any(one.states.unknown for one in found):  # nothing but what is not stated
        return Value(label, None, EUR, "annahme", source="Besetzung: keine Angabe", link=link)
    return Value(label, EMPTY, EUR, "rechnung", "die ganze Zeit besetzt", link=link)
