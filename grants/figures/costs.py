"""What posts take of a notice as values with their derivation; the arithmetic is that of grants.costing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grants import costing
from grants.costing import Absence, ItemYear, Piece, PostYear
from grants.models import Book, Entry, FundingNotice
from grants.models.readings import json_of
from kim.figures import COUNT, EUR, FTE, MONTHS, Later, Value, known_sum_of, stated, sum_of
from kim.values.formats import format_euro, format_fte, format_number, format_range
from kim.values.money import MILLI, rounded
from kim.values.periods import months, year_of

NO_RATE = "Fördersatz noch nicht bekannt"
NOT_GRANTED = "nicht bewilligt, nur {}"
BY_MONTHS = "angefangene Monate nach Tagen"


def mixed(value: Fraction) -> str:
    """A length as people write it. Example: 2; (6 15/31)."""
    whole, part = divmod(value.numerator, value.denominator)
    if not part:
        return str(whole)
    return f"({whole} {part}/{value.denominator})" if whole else f"({part}/{value.denominator})"


def time_of(piece: Any, when: Any, rule: str) -> str:
    """The part of a year in a formula. Example: 10/12; (6 15/31)/12; by days 306/365."""
    if rule == costing.DAYS:
        whole = year_of(when.lower.year)
        return f"{(when.upper - when.lower).days}/{(whole.upper - whole.lower).days}"
    return f"{mixed(months(when))}/12"


def per_words(price: costing.Price) -> str:
    """Example: " je 0,5 VZÄ"; nothing for a full post."""
    return "" if price.per_fte == 1 else f" je {format_fte(price.per_fte)} VZÄ"


def closing(exact: Fraction, amount: Decimal) -> str:
    """What a share of a rounded sum has more or less than its own formula, so that every formula gives its amount.
    Example: " + 0,01 € Rundungsausgleich"; nothing where the formula gives it."""
    difference = amount - rounded(exact)
    if not difference:
        return ""
    return f" {'+' if difference > 0 else '−'} {format_euro(abs(difference))} Rundungsausgleich"


def formula_of(piece: Piece, size: Decimal, when: Any, exact: Fraction, amount: Decimal, part: str = "") -> str:
    """The printed formula of a share. Example: 0,5 VZÄ × 57.000,00 € × (6 15/31)/12; by the rule "none"
    684.000,00 € × 365/4.380 VZÄ-Tage."""
    if piece.peak is not None and piece.fte_days_of_all is not None:
        days = "/".join(
            format_number(rounded(one, MILLI), 3).rstrip("0").rstrip(",")
            for one in (piece.fte_days, piece.fte_days_of_all)
        )
        exact = Fraction(rounded(piece.peak)) * piece.fte_days / piece.fte_days_of_all
        return f"{format_euro(rounded(piece.peak))} × {days} VZÄ-Tage{closing(exact, amount)}"
    per, time = per_words(piece.price), time_of(piece, when, piece.terms.rule)
    return f"{format_fte(size)} VZÄ{part} × {format_euro(piece.price.amount)}{per} × {time}{closing(exact, amount)}"


def size_of(piece: Piece) -> Value:
    """FTE that are paid of the post: what its facts say, or the stated part."""
    row, use = piece.use.row, piece.use
    if use.fte == use.whole:
        return stated("VZÄ", use.fte, FTE, row)
    words = f"als geförderter Teil von {format_fte(use.whole)} VZÄ erfasst"
    return Value("geförderte VZÄ", use.fte, FTE, "annahme", source=words, link=row.get_absolute_url())


def price_of(piece: Piece, notice: FundingNotice) -> Value:
    """The rate that the notice states."""
    label, source = f"Fördersatz{per_words(piece.price)}", str(piece.price.row or "")
    return Value(label, piece.price.amount, EUR, "beleg", source=source, link=notice.get_absolute_url())


def duration_of(piece: Piece, when: Any, notice: FundingNotice) -> Value:
    """How long it is, by the notice's rule; the rule itself where it is not stated is an Annahme of the notice."""
    row, link = piece.use.row, notice.get_absolute_url()
    kind: Any = "annahme" if row.validity_assumption else "rechnung"
    words = f"{format_range(row.validity)} im Förderzeitraum"
    if piece.terms.rule in (costing.DAYS, costing.NONE):
        length = (when.upper - when.lower).days
        return Value("Tage", length, COUNT, kind, words, source=row.validity_assumption, link=link)
    length_in_months = rounded(months(when), MILLI)
    words += f"; {BY_MONTHS}" if months(when).denominator == 1 else f": {mixed(months(when)).strip('()')}; {BY_MONTHS}"
    return Value("Monate", length_in_months, MONTHS, kind, words, source=row.validity_assumption, link=link)


def piece_value(piece: Piece, notice: FundingNotice) -> Value:
    """Some days of a post with their share (EUR)."""
    label, link = f"ab {piece.span.lower:%d.%m.%Y}", piece.use.row.get_absolute_url()
    if piece.exact is None or piece.amount is None:
        return Value(label, None, EUR, "annahme", source=NO_RATE, link=link)
    formula = formula_of(piece, piece.use.fte, piece.span, piece.exact, piece.amount)
    operands = (size_of(piece), price_of(piece, notice), duration_of(piece, piece.span, notice))
    return Value(label, piece.amount, EUR, "rechnung", formula, operands=operands, link=link)


def post_value(found: PostYear, notice: FundingNotice) -> Value:
    """EUR that a post takes of a position of a notice in a year, over its pieces."""
    first = found.pieces[0].use
    label, link = first.number, first.row.position.get_absolute_url()
    if found.amount is None:
        return Value(label, None, EUR, "annahme", source=NO_RATE, link=link)
    parts = tuple(piece_value(one, notice) for one in found.pieces)
    if len(parts) == 1:
        return replace(parts[0], label=label)
    return Value(label, found.amount, EUR, "rechnung", "Summe", operands=parts, link=link)


def absence_value(absence: Absence, piece: Piece, share: Decimal, notice: FundingNotice) -> Value:
    """Some days on which a part of a post is empty or rests, with its share (EUR).

    Of a post that is paid in part the formula says which: 0,5 VZÄ × 0,333/1,0 × 57.000,00 € × 12/12.
    """
    gap, use = absence.row, piece.use
    exact = costing.cost_of(costing.share_of(absence, piece), piece, absence.span)
    part = "" if use.fte == use.whole else f" × {format_fte(use.fte)}/{format_fte(use.whole)}"
    formula = formula_of(replace(piece, peak=None), absence.fte, absence.span, exact, share, part)
    size = replace(gap.size(), label=f"{gap.kind}, {format_range(absence.span)}")
    operands = (size, price_of(piece, notice), duration_of(piece, absence.span, notice))
    return Value(
        format_range(absence.span), share, EUR, "rechnung", formula, operands=operands, link=gap.row.get_absolute_url()
    )


def years_of(book: Book, year: int | None = None) -> list[int]:
    """The budget years of a notice, or the one that is asked for."""
    mine = book.years
    return mine if year is None else [year] if year in mine or year in book.granted else []


def in_year(book: Book, year: int) -> list[tuple[Entry, ItemYear]]:
    """The staff positions of a notice in a year."""
    return [(entry, entry.year(year)) for entry in book.staff]


def posts_paid(books: Iterable[Book], year: int, kind: str = "") -> list[tuple[Book, PostYear]]:
    """What each post takes of each of these notices in a year, by the number of the post. kind: only such posts."""
    found = [
        (book, post)
        for book in books
        for _, result in in_year(book, year)
        for post in result.posts.values()
        if not kind or post.pieces[0].use.kind == kind
    ]
    return sorted(found, key=lambda pair: pair[1].pieces[0].use.number)


def sum_of_posts(label: str, found: Sequence[tuple[Book, PostYear]], *, known: bool = False) -> Value:
    """EUR that posts take together, each with its pieces. known: none if no amount of them is, see known_total."""
    operands = Later(lambda pair: post_value(pair[1], pair[0].notice), found)
    add = known_sum_of if known else sum_of
    return add(label, (post.amount for _, post in found), operands)


def granted_value(book: Book, year: int) -> Value:
    """EUR that a notice grants in a budget year: what the Bescheid states, else its part of the whole as an Annahme."""
    version, notice = book.current, book.notice
    source, link = version.source.cited(), notice.get_absolute_url()
    where = version.source.get_absolute_url()
    amount = book.granted.get(year, Decimal("0.00"))
    if len(version.years()) == 1 and amount == version.amount:
        return Value(notice.title, amount, EUR, "beleg", source=source, document=where, link=link)
    stated_ = {one["year"] for one in json_of(version, "years_json")}
    if year in stated_:
        words = f"{source}, Betrag des Haushaltsjahres {year}"
        return Value(f"{notice.title}, {year}", amount, EUR, "beleg", source=words, document=where, link=link)
    whole = Value("ganzer Förderzeitraum", version.amount, EUR, "beleg", source=source, document=where, link=link)
    words = f"Anteil {year}: Positionen nach der Rechenregel, der Rest nach der Zeit"
    assumption = "Der Bescheid nennt keinen Betrag für das Haushaltsjahr."
    if not book.is_whole:
        assumption = "Aufgehoben; was bis dahin galt, zählt weiter."
    label = f"{notice.title}, {year}"
    return Value(label, amount, EUR, "annahme", words, source=assumption, operands=(whole,), link=link, document=where)


def lump_values(book: Book, year: int, kind: str) -> list[Value]:
    """EUR of the positions of a kind that are no staff in a budget year."""
    version = book.current
    found = []
    for entry in book.entries:
        amount = entry.by_year().get(year)
        if entry.kind != kind or not amount:
            continue
        source, where = version.source.cited(), version.source.get_absolute_url()
        link, words = book.notice.get_absolute_url(), ""
        if len(version.years()) > 1:
            words = f"Anteil {year} des Betrags nach der Zeit"
        found.append(Value(entry.label, amount, EUR, "beleg", words, source=source, document=where, link=link))
    return found


def waiting(book: Book) -> str:
    """A word for what is not granted; nothing if it is. Example: nicht bewilligt, nur beantragt."""
    return "" if book.is_granted else NOT_GRANTED.format(book.current.get_state_display())


def of_position(books: Iterable[Book], position: int, year: int) -> list[tuple[Book, PostYear]]:
    """What one post takes of notices in a year."""
    found = []
    for book in books:
        for _, result in in_year(book, year):
            if position in result.posts:
                found.append((book, result.posts[position]))
    return found
