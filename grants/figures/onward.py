"""Weiterleitung: what a recipient gets of a notice, for which posts, and from when until when."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from grants.costing import ItemYear, Piece
from grants.figures.costs import piece_value
from grants.models import Book, Entry, FundingNotice, load
from kim.figures import DATE, FTE, TEXT, Value, figure, known_total, total
from kim.values.formats import format_euro, format_fte, listed, parse_date, parse_euro, parse_fte
from kim.values.periods import half_open_range, inclusive_range, last_day
from staffing.figures.occupancy import size
from staffing.models import Carrier, Position, PositionPeriod

HEADS = ["Stelle", "Funktion", "zuständig für", "VZÄ", "Zeitraum", "Betrag"]
OPEN = "Satz noch nicht bekannt"


@dataclass(frozen=True)
class Share:
    """A post with a recipient for some time of the notice, and what that costs (EUR; None while the rate is open)."""

    row: PositionPeriod
    function: str
    fte: Decimal  # that the notice pays of the post
    span: Any  # in which it does
    cost: Value
    pieces: tuple[Piece, ...]

    def within(self) -> tuple[date, date]:
        """The first and the last day, both included, of the post with the recipient in the notice's time."""
        last = last_day(self.span)
        assert last
        return self.span.lower, last

    def size(self) -> Value:
        """FTE that the notice pays, as a value."""
        return size(self.row) if self.fte == self.row.fte else replace(size(self.row), value=self.fte)


def shares(notice: FundingNotice) -> list[Share]:
    """Every onward post of the notice that has a carrier, by carrier and number. Three queries.

    What a post costs is divided over its facts as for cost neutrality, so that the recipients' parts add up to it.
    """
    return [share for book in load(notice.body, None, notices=Q(notice=notice), plans=True) for share in of_book(book)]


def of_book(book: Book) -> list[Share]:
    """The same of a notice that was read already. No query."""
    found = []
    for entry in book.staff:
        years = [entry.year(year) for year in book.years]
        found += [of_row(pieces, entry, book) for pieces in by_row(years)]
    return sorted(found, key=place)


def by_row(years: list[ItemYear]) -> list[list[Piece]]:
    """The pieces of posts with third parties, together as long as the facts of the post stay the same."""
    found: dict[tuple[int, Decimal], list[Piece]] = {}
    for year in years:
        for post in year.posts.values():
            for piece in post.pieces:
                row = piece.use.row
                if row.position.kind == Position.Kind.ONWARD and row.carrier and row.carrier.kind != Carrier.Kind.OWN:
                    found.setdefault((row.pk, piece.use.fte), []).append(piece)
    return list(found.values())


def of_row(pieces: list[Piece], entry: Entry, book: Book) -> Share:
    """What a post costs with one carrier."""
    use = pieces[0].use
    parts = tuple(piece_value(one, book.notice) for one in pieces)
    cost = parts[0] if len(parts) == 1 else known_total(use.number, *parts)
    ends = half_open_range(min(one.span.lower for one in pieces), max(one.span.upper for one in pieces))
    words = replace(cost, label=use.number, link=use.row.position.get_absolute_url())
    return Share(use.row, entry.label, use.fte, ends, words, tuple(pieces))


def place(share: Share) -> tuple[Any, ...]:
    """By carrier (two may be sorted by the same name), then by post and time."""
    carrier = share.row.carrier
    assert carrier
    return (carrier.sort_key, carrier.pk, share.row.position.number, share.row.validity.lower)


@dataclass(frozen=True)
class Recipient:
    """Somebody to whom a notice passes money on, with all that is for her."""

    carrier: Carrier
    shares: tuple[Share, ...]

    @property
    def amount(self) -> Value:
        """EUR in the notice's time."""
        return known_total(self.carrier.name, *(share.cost for share in self.shares))

    def fte(self, day: date) -> Value:
        """FTE on the day."""
        there = [share.size() for share in self.shares if day in share.span]
        return total(self.carrier.name, *there, unit=FTE)


def recipients(notice: FundingNotice) -> list[Recipient]:
    """Who gets something of the notice, by name. Four queries.

    Example, KIM 2023: Caritas 28.500,00; DRK (from 01.03.) 47.500,00; SPRUNGBrett 85.500,00; …
    """
    return by_carrier(shares(notice))


def by_carrier(found: list[Share]) -> list[Recipient]:
    """Who gets these shares, by name."""
    grouped = groupby(found, key=lambda share: share.row.carrier)
    return [Recipient(carrier, tuple(some)) for carrier, some in grouped if carrier]


def recipient(notice: FundingNotice, carrier: Carrier) -> Recipient:
    """One of them; ValidationError if the notice passes nothing on to her."""
    found = next((one for one in recipients(notice) if one.carrier == carrier), None)
    if found is None:
        raise ValidationError(f"Aus der Zuwendung „{notice}“ erhält {carrier} nichts.")
    return found


@figure("onward.amount", "Betrag der Weiterleitung")
def amount(notice: FundingNotice, carrier: Carrier) -> Value:
    """EUR that a recipient gets at most of a notice: what her posts in its time take of it, by its rule (rule G2).

    ValidationError while a rate is not known. Example: Stadt Monschau 2023, from 01.03.: 0,5 × 57.000,00 × 10/12 =
    23.750,00; DRK 1,0 × 57.000,00 × 10/12 = 47.500,00.
    """
    found = recipient(notice, carrier)
    if any(share.cost.value is None for share in found.shares):
        raise ValidationError(f"Zu den Stellen von {carrier} fehlt der Fördersatz.")
    return replace(found.amount, label=f"Weiterleitung an {carrier.name}")


@figure("onward.fte", "Stellen der Weiterleitung")
def onward_fte(notice: FundingNotice, carrier: Carrier, day: date) -> Value:
    """FTE that a recipient has of a notice on a day. Example: SPRUNGBrett 01.03.2023: 1,500."""
    return recipient(notice, carrier).fte(day)


@figure("onward.start", "Beginn der Weiterleitung")
def start(notice: FundingNotice, carrier: Carrier) -> Value:
    """The first day on which a recipient has a post of the notice. Example: Stadt Monschau: 01.03.2023."""
    found = recipient(notice, carrier).shares
    first = min(found, key=lambda share: share.within()[0])
    return dated("Weiterleitung ab", first.within()[0], first)


@figure("onward.end", "Ende der Weiterleitung")
def end(notice: FundingNotice, carrier: Carrier) -> Value:
    """The last day, included, on which a recipient has a post of the notice. Example: Stadt Monschau: 31.12.2023."""
    found = recipient(notice, carrier).shares
    last = max(found, key=lambda share: share.within()[1])
    return dated("Weiterleitung bis", last.within()[1], last)


def dated(label: str, day: date, share: Share) -> Value:
    """A first or last day, with the post that gives it."""
    words = f"Zeitraum der Stelle {share.row.position.number} und Förderzeitraum"
    return Value(label, day, DATE, "rechnung", words, link=share.row.position.get_absolute_url())


@figure("onward.recipient", "Empfänger der Weiterleitung")
def name(carrier: Carrier) -> Value:
    """Who gets it; in a sentence with its article. Example: die Stadt Monschau."""
    source, link = "Stammdaten des Anstellungsträgers", carrier.get_absolute_url()
    return Value("Empfänger", carrier.name, TEXT, "beleg", source=source, link=link, forms=carrier.forms())


@figure("onward.posts", "Tabelle der weitergeleiteten Stellen")
def posts(notice: FundingNotice, carrier: Carrier) -> Value:
    """The posts of a recipient, a line each: number, function, Kommunen, FTE, time in the notice, EUR; cells by tabs.

    Example: CM-15 · Case Management · Monschau · 0,5 · 01.03.2023 bis 31.12.2023 · 23.750,00 €.
    """
    found = recipient(notice, carrier)
    lines = "\n".join("\t".join(cells(share)) for share in found.shares)
    costs = tuple(share.cost for share in found.shares)
    return Value("Stellen", lines, TEXT, "rechnung", "Stellen der Zuwendung beim Empfänger", operands=costs)


def cells(share: Share) -> list[str]:
    """A line of the table, see HEADS; read_cells reads it again."""
    first, last = share.within()
    cost, names = share.cost.value, share.row.municipality_names(short=True)
    return [
        share.row.position.number,
        share.function,
        listed(names) if names else "keine Angabe",
        format_fte(share.fte),
        f"{first:%d.%m.%Y} bis {last:%d.%m.%Y}",
        format_euro(cost) if isinstance(cost, Decimal) else OPEN,
    ]


def read_cells(line: list[str]) -> tuple[Decimal, Any, Decimal | None]:
    """FTE, time in the notice and EUR (None while the rate was open) of a line as it was printed."""
    first, last = (parse_date(words) for words in line[4].split(" bis "))
    return parse_fte(line[3]), inclusive_range(first, last), None if line[5] == OPEN else parse_euro(line[5])
