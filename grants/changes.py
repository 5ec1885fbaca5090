"""What a change of a Zuwendung does: positions and recipients by budget year, and which Weiterleitungen it outdates.

Read before and after by the arithmetic of all pages (grants.models.ledger, grants.costing) and compared.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q

from grants.costing import exact_of, full_time, overlap
from grants.figures.costs import per_words
from grants.figures.onward import OPEN, Recipient, by_carrier, of_book, read_cells
from grants.models import Book, Entry, FundingNotice, OnwardGrant, load
from grants.models.onward import RELATED
from kim.studio import bundles
from kim.studio.consequences import Section, compares
from kim.values.formats import MISSING, format_euro, format_fte, format_range, listed
from kim.values.periods import half_open_range, year_of
from staffing.models import Carrier

ZERO = Decimal(0)
Line = dict[str, Any]  # a line of a table as kim.studio.consequences.difference prints it
Stretch = tuple[Any, str, Decimal | None]  # days, what is said of them, and as a number (None: not known)


@dataclass(frozen=True)
class ItemInYear:
    """A position in one budget year: FTE and rate, each by stretches of days, and EUR (None while a rate is open)."""

    fte: tuple[Stretch, ...]
    rate: tuple[Stretch, ...]
    amount: Decimal | None


@dataclass(frozen=True)
class Passed:
    """What a recipient has of a notice, or was told in a released paper: posts (FTE, days) and EUR (None while a rate
    is open)."""

    posts: tuple[tuple[Decimal, Any], ...] = ()
    amount: Decimal | None = ZERO
    exact: Fraction | None = None  # EUR, not rounded; what only splits otherwise keeps it

    @property
    def span(self) -> Any:
        """From the first to the last day."""
        return half_open_range(min(one.lower for _, one in self.posts), max(one.upper for _, one in self.posts))

    def fte(self) -> str:
        """FTE in words, by stretches where they change. Example: 0,5; 0,5 (01.01.2024 bis 30.06.2024), 1,0 (…)."""
        days = sorted({day for _, span in self.posts for day in (span.lower, span.upper)})
        found = []
        for first, end in pairwise(days):
            size = sum((fte for fte, span in self.posts if first in span), ZERO)
            if size:
                found.append((half_open_range(first, end), format_fte(size), size))
        return in_words(joined(found), self.span)

    def told(self) -> dict[str, str]:
        """What a paper about it says, by label."""
        if not self.posts:
            return {"Betrag": "erhält nichts"}
        return {"Betrag": euro(self.amount), "VZÄ": self.fte(), "Zeitraum": format_range(self.span)}


@dataclass(frozen=True)
class Standing:
    """A notice at one moment: EUR granted by budget year, its positions by year, and what its recipients get."""

    notice: FundingNotice
    granted: Mapping[int, Decimal]
    items: Mapping[int, tuple[str, Mapping[int, ItemInYear]]]
    recipients: Mapping[Carrier, Recipient]

    def passed(self, carrier: Carrier) -> Passed:
        """What a recipient gets; nothing if she gets nothing."""
        found = self.recipients.get(carrier)
        if found is None:
            return Passed()
        costs = [share.cost.value for share in found.shares]
        amount = None if None in costs else sum((one for one in costs if isinstance(one, Decimal)), ZERO)
        exact = exact_of(piece for share in found.shares for piece in share.pieces)
        return Passed(tuple((share.fte, share.span) for share in found.shares), amount, exact)

    def by_year(self, carrier: Carrier) -> dict[int, Decimal | None]:
        """EUR that a recipient gets in each budget year; None while a rate is open."""
        found: dict[int, Decimal | None] = {}
        shares = self.recipients[carrier].shares if carrier in self.recipients else ()
        for piece in (piece for share in shares for piece in share.pieces):
            year = piece.span.lower.year
            so_far = found.get(year, ZERO)
            found[year] = None if so_far is None or piece.amount is None else so_far + piece.amount
        return found


def standing(notice: FundingNotice) -> Standing:
    """The notice as the data say it at this moment; one that is not there yet grants nothing. Three queries."""
    books = load(notice.body, None, notices=Q(notice=notice), plans=True) if notice.pk else []
    if not books:
        return Standing(notice, {}, {}, {})
    (book,) = books
    names = {one.pk: str(one) for one in notice.items.select_related("function")}
    items = {entry.pk: (names[entry.pk], years_of(book, entry)) for entry in book.entries}
    granted = book.granted if book.current.amount is not None else {}
    return Standing(notice, granted, items, {one.carrier: one for one in by_carrier(of_book(book))})


def years_of(book: Book, entry: Entry) -> dict[int, ItemInYear]:
    """A position in each budget year in which it grants something."""
    return {year: in_year(entry, year, amount) for year, amount in entry.by_year().items()}


def in_year(entry: Entry, year: int, amount: Decimal | None) -> ItemInYear:
    """What the versions that count say of a position in a year."""
    sizes, rates = [], []
    for terms in entry.item.chain:
        if span := overlap(terms.span, year_of(year)):
            sizes.append((span, format_fte(terms.fte), terms.fte))
        for price in terms.prices:
            if span := overlap(terms.span, price.span, year_of(year)):
                known = price.amount is not None
                words = f"{format_euro(price.amount)}{per_words(price)}" if known else OPEN
                rates.append((span, words, full_time(price) if known else None))
    return ItemInYear(joined(sizes), joined(rates), amount)


def joined(found: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """In the order of time, stretches that follow each other and say the same as one."""
    result: list[Stretch] = []
    for span, words, number in sorted(found, key=lambda one: one[0].lower):
        if result and result[-1][0].upper == span.lower and result[-1][1] == words:
            span = half_open_range(result.pop()[0].lower, span.upper)
        result.append((span, words, number))
    return tuple(result)


def in_words(found: tuple[Stretch, ...], whole: Any) -> str:
    """Stretches with their days, unless one lasts the whole time. Example: 2,7 (01.01.2024 bis 30.06.2024), 3,2 (…)."""
    if len(found) == 1 and found[0][0] == whole:
        return found[0][1]
    return ", ".join(f"{words} ({format_range(span)})" for span, words, _ in found) or MISSING


def euro(amount: Decimal | None) -> str:
    """EUR, or that a rate is open."""
    return OPEN if amount is None else format_euro(amount)


def signed(change: Decimal | None, printed: Callable[[Decimal], str]) -> str:
    """A difference with its sign; nothing where one of both is not a single number."""
    return "" if change is None else ("+" if change > 0 else "") + printed(change)


def line(label: str, before: str, after: str, change: str) -> Line:
    """A line of a table."""
    return {"label": label, "before": before, "after": after, "change": change, "key": False}


def amounts(label: str, before: Mapping[int, Decimal | None], after: Mapping[int, Decimal | None]) -> list[Line]:
    """A line for each budget year in which an amount is another."""
    found = []
    for year in sorted(before.keys() | after.keys()):
        was, now = before.get(year, ZERO), after.get(year, ZERO)
        if was != now:
            change = signed(None if was is None or now is None else now - was, format_euro)
            old, new = (euro(amount) if year in there else MISSING for there, amount in ((before, was), (after, now)))
            found.append(line(f"{label} {year}", old, new, change))
    return found


def stretches(
    label: str, year: int, before: tuple[Stretch, ...], after: tuple[Stretch, ...], printed: Callable[[Decimal], str]
) -> list[Line]:
    """A line for each stretch of the year on which a position has other FTE, or another rate."""
    found: list[tuple[Any, Stretch, Stretch]] = []
    for first, end in pairwise(sorted({day for one in (*before, *after) for day in (one[0].lower, one[0].upper)})):
        was, now = on_day(before, first), on_day(after, first)
        if was[1:] == now[1:]:
            continue
        if found and found[-1][0].upper == first and found[-1][1:] == (was, now):
            first = found.pop()[0].lower
        found.append((half_open_range(first, end), was, now))
    lines = []
    for span, was, now in found:
        change = None if was[2] is None or now[2] is None else now[2] - was[2]
        name = f"{label} {year if span == year_of(year) else format_range(span)}"
        lines.append(line(name, was[1], now[1], signed(change or None, printed)))
    return lines


def on_day(found: tuple[Stretch, ...], day: date) -> Stretch:
    """What is said of a day; that there is nothing where nothing is said."""
    return next((one for one in found if day in one[0]), (None, MISSING, ZERO))


NOTHING = ItemInYear((), (), ZERO)


def item_lines(before: Mapping[int, ItemInYear], after: Mapping[int, ItemInYear]) -> list[Line]:
    """Budget year by budget year what of a position is another: FTE, rate, amount."""
    found = []
    for year in sorted(before.keys() | after.keys()):
        was, now = before.get(year, NOTHING), after.get(year, NOTHING)
        found += stretches("VZÄ", year, was.fte, now.fte, format_fte)
        found += stretches("Satz", year, was.rate, now.rate, format_euro)
        found += amounts("Betrag", *({year: there[year].amount} if year in there else {} for there in (before, after)))
    return found


def item_tables(before: Standing, after: Standing) -> list[tuple[str, list[Line]]]:
    """The positions of which something is another, by name."""
    found = []
    for key in before.items.keys() | after.items.keys():
        (old, was), (name, now) = before.items.get(key, ("", {})), after.items.get(key, ("", {}))
        if lines := item_lines(was, now):
            found.append((name or old, lines))
    return sorted(found, key=lambda one: one[0])


def recipient_lines(before: Standing, after: Standing) -> list[Line]:
    """Who gets another amount in a budget year."""
    carriers = sorted(before.recipients.keys() | after.recipients.keys(), key=lambda one: (one.sort_key, one.pk))
    return [found for one in carriers for found in amounts(one.name, before.by_year(one), after.by_year(one))]


@dataclass(frozen=True)
class Outdated:
    """A released Weiterleitung that says something else than the data after a change: label, then, now."""

    grant: OnwardGrant
    moved: tuple[tuple[str, str, str], ...]


def newest_released(notice: FundingNotice) -> list[OnwardGrant]:
    """The released Weiterleitung that counts for each recipient, with its bundle. One query."""
    rows = OnwardGrant.objects.filter(notice=notice, text__releases__isnull=False).select_related(*RELATED)
    rows = rows.annotate(bundle=F("text__releases__bundle"))
    return sorted(rows.order_by("carrier_id", "-number").distinct("carrier_id"), key=lambda one: one.carrier.sort_key)


def as_released(grant: OnwardGrant) -> Passed | None:
    """What a released Weiterleitung says, from its table of posts; None if a later program has released it."""
    try:
        content = bundles.read(grant.__dict__["bundle"]).content
    except ValidationError:
        return None
    lines = [read_cells(row) for table in content["tables"] for row in table["rows"]]
    costs = [cost for _, _, cost in lines]
    amount = None if None in costs else sum((one for one in costs if one is not None), ZERO)
    return Passed(tuple((fte, span) for fte, span, _ in lines), amount)


def outdated(before: Standing, after: Standing) -> list[Outdated]:
    """The released Weiterleitungen that a change makes wrong: amount, FTE or time are others than released.

    What the change leaves as it was is none, and neither is a cent that only comes from splitting.
    """
    found = []
    for grant in newest_released(after.notice) if after.notice.pk else []:
        was, now = before.passed(grant.carrier), after.passed(grant.carrier)
        if (was.posts, was.exact) == (now.posts, now.exact):
            continue
        then, said = (as_released(grant) or was).told(), now.told()
        moved = [(label, then.get(label, MISSING), words) for label, words in said.items() if then.get(label) != words]
        if moved:
            found.append(Outdated(grant, tuple(moved)))
    return found


def to_issue_anew(found: list[Outdated]) -> str:
    """A sentence for the message after saving; empty if there is none."""
    names = listed([one.grant.carrier.name for one in found])
    if len(found) > 1:
        return f"Die Weiterleitungen an {names} müssen neu ausgestellt werden."
    return f"Die Weiterleitung an {names} muss neu ausgestellt werden." if found else ""


@compares(FundingNotice, now=standing)
def sections(before: Standing, after: Standing) -> list[Section]:
    """What a change of a notice does, for the page on which it is made."""
    found = []
    if granted := amounts("Betrag", before.granted, after.granted):
        found.append(Section("Zuwendung", [("Betrag der Zuwendung je Haushaltsjahr", granted)]))
    items = item_tables(before, after)
    found.append(Section("Positionen der Zuwendung", items, same="Beträge der Positionen bleiben gleich."))
    if before.recipients or after.recipients:
        lines = recipient_lines(before, after)
        tables = [("Betrag je Empfänger und Haushaltsjahr", lines)] if lines else []
        found.append(Section("Empfänger der Weiterleitung", tables, same="Beträge der Empfänger bleiben gleich."))
    papers = [
        {"name": one.grant.name, "url": one.grant.get_absolute_url(), "moved": one.moved}
        for one in outdated(before, after)
    ]
    if papers:
        found.append(Section("Weiterleitungen, die neu ausgestellt werden müssen", papers=papers))
    return found
