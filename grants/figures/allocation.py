"""Stellenverteilung: posts and their annual amounts by Anstellungsträger and by Kommune."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

from grants import costing
from grants.costing import Piece, PostYear, Price
from grants.figures.costs import NO_RATE, closing, per_words, price_of, size_of, waiting
from grants.models import Book, Funding, books_of_year
from kim.figures import EUR, FTE, Later, Value, figure, known_sum_of, known_total, sum_of, total
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import format_euro, format_fte
from kim.values.periods import DAY, half_open_range
from staffing.figures import groups
from staffing.figures.groups import Grouping, Part
from staffing.figures.occupancy import posts_on
from staffing.models import PositionPeriod


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


def on_day(rows: list[PositionPeriod], day: date) -> dict[int, list[tuple[Book, PostYear]]]:
    """What each of these posts takes a year of the notices that pay it on the day: {position: amounts with notice}.
    Two queries."""
    if not rows:
        return {}
    span = half_open_range(day, day + DAY)
    books = (one for one in books_of_year(rows[0].body_id, day.year) if one.holds_in(span, plans=True))
    found: dict[int, list[tuple[Book, PostYear]]] = {}
    for book in books:
        for entry in book.staff:
            for position, amount in costing.on_day(entry.item, day).items():
                found.setdefault(int(str(position)), []).append((book, amount))
    return found


def plain_annual_amounts(periods: Iterable[PositionPeriod], day: date) -> dict[int, Decimal | None]:
    """position.annual_amount without derivations. One query, unless a rate leaves cents to be divided."""
    rows = list(periods)
    amounts = undivided(rows, day)
    if amounts is None:
        found = on_day(rows, day)
        amounts = {key: [one.amount for _, one in some] for key, some in found.items()}

    def amount(row: PositionPeriod) -> Decimal | None:
        known = [one for one in amounts.get(row.position_id, []) if one is not None]
        return sum(known, Decimal(0)) if known else None

    return {row.pk: amount(row) for row in rows}


def undivided(rows: list[PositionPeriod], day: date) -> dict[int, list[Decimal | None]] | None:
    """The amounts of posts at rates that leave nothing to be divided, straight from the tables; None if one does. One
    query. An amount is None while its rate is not known."""
    sizes = {row.position_id: row.fte for row in rows}
    facts = (
        "position",
        "fte",
        "item__terms__rates__validity",
        "item__terms__rates__amount",
        "item__terms__rates__per_fte",
    )
    by_funding: dict[tuple[int, int], list[Price]] = {}
    parts: dict[tuple[int, int], Decimal] = {}
    paying = Funding.objects.filter(position__in=list(sizes)).paying_on(day)
    for key, position, fte_, span, amount, per_fte in paying.values_list("pk", *facts):
        parts[position, key] = sizes[position] if fte_ is None else fte_
        prices = by_funding.setdefault((position, key), [])
        if amount is not None and day in span:
            prices.append(Price(span, amount, per_fte))
    found: dict[int, list[Decimal | None]] = {}
    for (position, key), prices in by_funding.items():
        whole = costing.in_whole_cents(parts[position, key], prices[0]) if prices else None
        if prices and whole is None:
            return None
        found.setdefault(position, []).append(whole)
    return found


@figure("position.annual_amount", "Jahresbetrag", many=True, amounts=plain_annual_amounts)
def annual_amounts(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """EUR a year of each of these periods: funded FTE × rate of the notices that pay the post on the day.

    A post without such a notice has no amount (None), not 0. Where only a planned notice pays, the value says so.
    Example: CM-10, 1,5 VZÄ × 57.000 € = 85.500,00 €.
    """
    rows = list(periods)
    found = on_day(rows, day)
    return {row.pk: annual_amount(row, found.get(row.position_id, [])) for row in rows}


def annual_amount(row: PositionPeriod, found: list[tuple[Book, PostYear]]) -> Value:
    """FTE × rate as a derivation: what the post has by document, the rate by the Bescheid; a part for each notice."""
    label, link = row.position.number, row.position.get_absolute_url()
    if not found:
        return Value(label, None, EUR, "annahme", source="keine Zuwendung zugeordnet", link=link)
    parts = [part_of(label, link, book, one) for book, some in found for one in some.pieces]
    return parts[0] if len(parts) == 1 else replace(known_total(label, *parts), link=link)


def known_amount(piece: Piece) -> Decimal | None:
    """EUR of a piece; None while its rate is not known."""
    return None if piece.price.amount is None or piece.exact is None else piece.amount


def part_of(label: str, link: str, book: Book, piece: Piece) -> Value:
    """What one notice pays of a post in a year."""
    if known_amount(piece) is None or piece.exact is None or piece.amount is None or piece.price.amount is None:
        return Value(label, None, EUR, "annahme", source=NO_RATE, link=link)
    formula = f"{format_fte(piece.use.fte)} VZÄ × {format_euro(piece.price.amount)}{per_words(piece.price)}"
    formula += closing(piece.exact, piece.amount)
    operands = (size_of(piece), price_of(piece, book.notice))
    words = waiting(book)
    return Value(label, piece.amount, EUR, "rechnung", formula, source=words, operands=operands, link=link)


def allocation(body: Body, day: date, title: str, groups_of: Callable[[PositionPeriod], Grouping]) -> Allocation:
    """All posts of the day in groups; a post stands in exactly one, or by its shares in several. Three queries for all
    groupings. groups_of: the groups of a post with its part in each."""
    periods, found = of_day(body, day)
    members_of: dict[tuple[int, str, str], list[Part]] = {}
    for row in periods:
        for key, part in groups_of(row):
            members_of.setdefault(key, []).append(part)

    def pieces(part: Part) -> list[Decimal | None]:
        """What is paid of it, piece by piece; a post that nobody pays has no amount. What is shared is the whole."""
        some = found.get(part.row.position_id, [])
        amounts = [known_amount(piece) for _, post in some for piece in post.pieces] or [None]
        if not part.shares:
            return amounts
        known = [one for one in amounts if one is not None]
        return [part.of(sum(known, Decimal(0)))] * bool(known) + [None] * (len(amounts) - len(known))

    def paid(part: Part) -> Value:
        whole = annual_amount(part.row, found.get(part.row.position_id, []))
        known = [one for one in pieces(part) if one is not None]
        return part.shared(whole, sum(known, Decimal(0)) if known else None)

    def row_of(name: str, members: list[Part]) -> Row:
        sizes = sum_of(name, (one.fte() for one in members), Later(Part.size, members), unit=FTE)
        amounts = [one for member in members for one in pieces(member)]
        return Row(name, sizes, known_sum_of(name, amounts, Later(paid, members)))

    rows = tuple(row_of(key[2], members) for key, members in sorted(members_of.items(), key=itemgetter(0)))
    return Allocation(
        title,
        rows,
        total("Summe", *(row.fte for row in rows), unit=FTE),
        known_total("Summe", *(row.amount for row in rows)),
    )


@read_once
def of_day(body: Body, day: date) -> tuple[list[PositionPeriod], dict[int, list[tuple[Book, PostYear]]]]:
    """The posts of a day by number, and what each takes of the notices that pay it, see on_day. Three queries."""
    periods = posts_on(body.pk, day)
    return periods, on_day(periods, day)


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

    return allocation(body, day, "nach Anstellungsträgern", groups.by_carrier)


@figure(
    "allocation.by_municipality",
    "Stellenverteilung nach Kommunen",
    subject="kim.Body",
    arguments=lambda body, day: [{"body": body, "day": day}],
)
def by_municipality(body: Body, day: date) -> Allocation:
    """Posts and annual amounts (EUR) by Kommune on a day. A post that serves several stands once, as "gemeinsam:
    A, B", unless shares are agreed: then each Kommune has its share of FTE and amount (rule S3). Own posts and posts
    without a Kommune stand last.

    Worked example, StädteRegion Aachen 01.03.2023: Alsdorf 1,000 / 57.000,00; gemeinsam: Eschweiler, Stolberg
    (Rhld.) 1,000 / 57.000,00; eigene Stellen 6,000 / 342.000,00; keine Angabe 1,500 / 85.500,00.
    """

    return allocation(body, day, "nach Kommunen", groups.by_municipality)


def both(body: Body, day: date) -> list[tuple[str, str, Allocation]]:
    """Both distributions of a day with their name in the catalogue and the heading of their first column.

    Example: ("allocation.by_carrier", "Anstellungsträger", …) with StädteRegion Aachen 6,000 in its first row.
    """
    return [
        ("allocation.by_carrier", "Anstellungsträger", by_carrier(body, day)),
        ("allocation.by_municipality", "zuständig für", by_municipality(body, day)),
    ]
