"""What posts cost of a position of a notice: exact over time, rounded once per position and budget year, then divided.

Pure functions on values, below models and figures, so that what is written and what is shown is the same number. The
paragraphs (A1 … A9) are those of docs/algorithms.md. Amounts are EUR, sizes FTE, ranges half-open. This is the only
module that does arithmetic with the amounts of rates (tests/test_architecture.py).
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from kim.values.money import exactly, rounded, split
from kim.values.periods import half_open_range, intersection, months, year_of

MONTHS, DAYS, NONE, NOT_STATED = "months", "days", "none", ""  # rules for parts of a year; not stated: by months
NOT_SPENT, UNKNOWN = "not_spent", "unknown"
ZERO = Decimal("0.00")
Span = Any  # a half-open DateRange; psycopg's has no type of its own for dates


@dataclass(frozen=True)
class Price:
    """The rate of a span: EUR a year for so many FTE; no amount while it is not known."""

    span: Span
    amount: Decimal | None
    per_fte: Decimal = Decimal(1)
    row: Any = None

    @cached_property
    def full_time(self) -> Fraction:
        """EUR a year for 1,0 FTE. Example: 22.500 for 0,5 is 45.000."""
        assert self.amount is not None
        return Fraction(self.amount) / Fraction(self.per_fte)


def full_time(price: Price) -> Decimal:
    """EUR a year for one full-time equivalent, in cents.

    >>> full_time(Price(None, Decimal(22500), Decimal("0.5")))
    Decimal('45000.00')
    """
    return rounded(price.full_time)


@dataclass(frozen=True)
class Terms:
    """What one version says of a position on the days on which that version holds."""

    span: Span
    fte: Decimal
    rule: str = MONTHS
    prices: tuple[Price, ...] = ()
    row: Any = None


@dataclass(frozen=True)
class Use:
    """A part of a post that a position pays while the facts of the post stay as they are."""

    post: Hashable
    number: str  # of the post: breaks ties
    kind: str  # own posts and those with third parties are divided first, so that their sums do not move
    span: Span
    fte: Decimal
    whole: Decimal  # FTE of the post; fte is what is paid of it
    row: Any = None


@dataclass(frozen=True)
class Absence:
    """So many FTE of a post that nobody works in (NOT_SPENT), or of which nothing is stated (UNKNOWN)."""

    kind: str
    span: Span
    fte: Decimal
    row: Any = None


@dataclass(frozen=True)
class Piece:
    """Days of one year on which neither the part of the post nor its rate changes, with their share of the amount."""

    use: Use
    terms: Terms
    price: Price
    span: Span
    exact: Fraction | None = None  # EUR, not rounded; None while the rate is not known
    amount: Decimal | None = None  # EUR, the share
    peak: Fraction | None = None  # by the rule "none": EUR a year that is shared, and over how many FTE-days
    fte_days_of_all: Fraction | None = None

    @property
    def length(self) -> Fraction:
        """The part of the year that it lasts, by the rule."""
        return part_of_year(self.span, self.terms.rule)

    @property
    def fte_days(self) -> Fraction:
        """FTE × days, by which the rule "none" shares."""
        days: int = (self.span.upper - self.span.lower).days
        return Fraction(self.use.fte) * days


@dataclass(frozen=True)
class PostYear:
    """EUR that one post takes of the position in a year (None while a rate is not known), and its pieces."""

    post: Hashable
    amount: Decimal | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class ItemYear:
    """A position in one budget year: what it grants, what posts bind of it, post by post (EUR)."""

    year: int
    entitled: Decimal | None
    bound: Decimal | None
    posts: Mapping[Hashable, PostYear]

    @property
    def free(self) -> Decimal | None:
        """EUR that no post binds; below 0 if posts bind more than the position grants."""
        return None if self.entitled is None or self.bound is None else self.entitled - self.bound

    def of_kind(self, kind: str) -> Decimal:
        """EUR that the posts of a kind bind; what is not known is left out."""
        return sum((p.amount for p in self.posts.values() if p.amount and p.pieces[0].use.kind == kind), ZERO)


@dataclass(frozen=True)
class States:
    """What becomes of the amount of a post (EUR): filled + not spent + unknown = amount; and the absences' shares."""

    filled: Decimal
    not_spent: Decimal
    unknown: Decimal
    shares: tuple[tuple[Absence, Piece, Decimal], ...] = ()


def part_of_year(span: Span, rule: str) -> Fraction:
    """A2. How much of a year a span lasts that lies within one calendar year.

    By days: days/365, or /366 in a leap year. Otherwise months/12, whole months counting 1, of a begun month its days
    over the month's days. Example: 01.03. to 31.12.2023 is 306/365 by days and 10/12 by months.
    """
    if rule == DAYS:
        whole = year_of(span.lower.year)
        return Fraction((span.upper - span.lower).days, (whole.upper - whole.lower).days)
    return months(span) / 12


def years(*spans: Span) -> list[int]:
    """The calendar years that ranges touch, in order. Example: 01.07.2023 to 31.12.2024: 2023, 2024."""
    return sorted(
        {year for one in spans for year in range(one.lower.year, (one.upper - one.upper.resolution).year + 1)}
    )


def pieces_of(chain: Sequence[Terms], uses: Iterable[Use], year: int) -> list[Piece]:
    """A3. What the uses take in a year, cut wherever the terms, the rate or the facts of the post change.

    Each piece has its exact amount: FTE × rate × part of the year; by the rule "none" its share, by FTE × days, of the
    highest yearly amount of any day. Order: as the uses come, then by time.
    """
    within, found = year_of(year), []
    priced = [(terms, price) for terms in chain for price in terms.prices or (Price(terms.span, None),)]
    held = [(*one, span) for one in priced if (span := overlap(one[0].span, one[1].span, within))]
    for use in uses:
        for terms, price, days in held:
            span = intersection(use.span, days)
            if span:
                found.append(Piece(use, terms, price, span))
    return with_exact(sorted(found, key=lambda one: (one.use.number, str(one.use.post), one.span.lower)))


def overlap(*spans: Span) -> Span | None:
    """The days that all ranges share; None when there is none."""
    found = spans[0]
    for one in spans[1:]:
        found = intersection(found, one) if found else None
    return found


def with_exact(found: list[Piece]) -> list[Piece]:
    """The pieces with their exact amounts, see pieces_of."""
    shared = [one for one in found if one.terms.rule == NONE]
    peak, weight = peak_of(shared), sum((one.fte_days for one in shared), Fraction(0))

    def priced(one: Piece) -> Piece:
        if one.price.amount is None:
            return one
        if one.terms.rule != NONE:
            return replace(one, exact=exactly(one.use.fte) * one.price.full_time * one.length)
        exact = None if peak is None else peak * one.fte_days / weight
        return replace(one, exact=exact, peak=peak, fte_days_of_all=weight)

    return [priced(one) for one in found]


def peak_of(found: Sequence[Piece]) -> Fraction | None:
    """A4. EUR a year that these pieces cost on the day on which they cost most; None if a rate is not known."""
    if any(one.price.amount is None for one in found):
        return None
    edges = {one.span.lower for one in found}
    sums = (
        sum((Fraction(p.use.fte) * p.price.full_time for p in found if day in p.span), Fraction(0)) for day in edges
    )
    return max(sums, default=Fraction(0))


def exact_of(found: Iterable[Piece]) -> Fraction | None:
    """The exact sum (EUR); None if one is not known."""
    amounts = [one.exact for one in found]
    return None if None in amounts else sum((a for a in amounts if a is not None), Fraction(0))


def shares(total: Decimal, weights: Sequence[Fraction]) -> list[Decimal]:
    """A1. Whole cents of a total by weight, by largest remainder; nothing for anybody where all weights are 0."""
    return split(total, weights) if any(weights) else [ZERO] * len(weights)


@dataclass(frozen=True)
class Item:
    """A position that pays posts: its terms as each counting version left them (the last ones count), and its uses.

    Each chain is what held with that version as the newest: earlier versions on the days before it.
    """

    chains: tuple[tuple[Terms, ...], ...]
    uses: tuple[Use, ...] = ()

    @property
    def chain(self) -> tuple[Terms, ...]:
        return self.chains[-1] if self.chains else ()

    @cached_property
    def entitled_by_version(self) -> list[dict[int, Decimal | None]]:
        """A5. EUR of each year as each version left them: the whole rounded once, cut over its years by largest
        remainder. A year in which a version changes nothing keeps its cents."""
        found: list[dict[int, Decimal | None]] = []
        before: dict[int, Fraction | None] = {}
        for chain in self.chains:
            exact = entitlement(chain)
            found.append(cut(exact, before, found[-1] if found else {}))
            before = exact
        return found

    @property
    def entitled(self) -> dict[int, Decimal | None]:
        """EUR that the position grants in each year."""
        return self.entitled_by_version[-1] if self.chains else {}

    def year(self, year: int) -> ItemYear:
        """A6. What posts bind in a year, divided: own posts and those with third parties, posts, pieces.

        What is bound is its share of what the position grants, beside what is free, so that a position that is fully
        used is bound to the cent. Posts above it are added. Example: 12,0 FTE at 57.000, used by 12 posts: 684.000,00.
        """
        found = pieces_of(self.chain, self.uses, year)
        known = [one for one in found if one.exact is not None]
        granted, whole = self.entitled.get(year, ZERO), entitlement(self.chain).get(year, Fraction(0))
        used = exact_of(known) or Fraction(0)
        bound = rounded(used) if granted is None or whole is None else bound_of(used, whole, granted)
        return ItemYear(year, granted, bound if len(known) == len(found) else None, divided(bound, found))


def entitlement(chain: Sequence[Terms]) -> dict[int, Fraction | None]:
    """EUR, exact, that terms grant in each of their years; None for a year in which a rate is not known."""
    full = [Use(None, "", "", one.span, one.fte, one.fte) for one in chain]
    found: dict[int, Fraction | None] = {}
    for year in years(*(one.span for one in chain)):
        parts = [pieces_of([one], [use], year) for one, use in zip(chain, full, strict=True)]
        shared = [piece for some in parts for piece in some if piece.terms.rule == NONE]
        rest = exact_of(piece for some in parts for piece in some if piece.terms.rule != NONE)
        peak = peak_of(shared)
        found[year] = None if rest is None or peak is None else rest + peak
    return found


def cut(
    exact: Mapping[int, Fraction | None], before: Mapping[int, Fraction | None], had: Mapping[int, Decimal | None]
) -> dict[int, Decimal | None]:
    """Whole cents of each year, see Item.entitled_by_version."""
    if any(one is None for one in exact.values()):
        return {year: None if one is None else rounded(one) for year, one in exact.items()}
    amounts = {year: one for year, one in exact.items() if one is not None}
    kept = {y: c for y, one in amounts.items() if before.get(y) == one and (c := had.get(y)) is not None}
    fresh = [year for year in amounts if year not in kept]
    rest = max(rounded(sum(amounts.values(), Fraction(0))) - sum(kept.values(), ZERO), ZERO)
    cents = dict(zip(fresh, shares(rest, [amounts[year] for year in fresh]), strict=True))
    return {year: kept.get(year, cents.get(year)) for year in amounts}


def bound_of(used: Fraction, whole: Fraction, granted: Decimal) -> Decimal:
    """EUR that is bound of what is granted in a year, see Item.year."""
    if whole and used <= whole:
        return split(granted, [used, whole - used])[0]
    return granted + rounded(used - whole)


def divided(bound: Decimal, found: Sequence[Piece]) -> dict[Hashable, PostYear]:
    """The bound amount over kinds, posts and pieces; a post with a rate that is not known has no amount."""
    by_post: dict[Hashable, list[Piece]] = {}
    for one in found:
        by_post.setdefault(one.use.post, []).append(one)
    sums = {post: exact_of(some) for post, some in by_post.items()}
    loose = [
        exact_of(p for p in some if p.exact is not None) or Fraction(0)
        for post, some in by_post.items()
        if sums[post] is None
    ]
    bound -= rounded(sum(loose, Fraction(0)))
    kinds: dict[str, dict[Hashable, Fraction]] = {}
    for post, total in sums.items():
        if total is not None:
            kinds.setdefault(by_post[post][0].use.kind, {})[post] = total
    names = sorted(kinds, reverse=True)  # own, then onward
    amounts: dict[Hashable, Decimal] = {}
    for name, part in zip(names, shares(bound, [sum(kinds[n].values(), Fraction(0)) for n in names]), strict=True):
        amounts |= dict(zip(kinds[name], shares(part, list(kinds[name].values())), strict=True))
    return {post: post_year(post, amounts.get(post), some) for post, some in by_post.items()}


def post_year(post: Hashable, amount: Decimal | None, some: Sequence[Piece]) -> PostYear:
    """A post with its amount divided over its pieces."""
    if amount is None:
        return PostYear(post, None, tuple(some))
    cents = shares(amount, [one.exact or Fraction(0) for one in some])
    return PostYear(post, amount, tuple(replace(one, amount=c) for one, c in zip(some, cents, strict=True)))


def states(found: PostYear, absences: Iterable[Absence]) -> States:
    """A7. What of a post's amount is filled, not spent, and not stated, and the share of each absence.

    An absence of a post that is paid in part is shared in proportion. By the rule "none" nothing is left.
    Example: 1,0 at 57.000, empty in July: by months 4.750,00 not spent, by days 4.841,10.
    """
    amount = found.amount if found.amount is not None else ZERO
    if not (absences := list(absences)):  # most posts: what they take is filled
        return States(amount if any(one.exact for one in found.pieces) else ZERO, ZERO, ZERO, ())
    parts = [
        (absence, piece, cost_of(share_of(absence, piece), piece, span))
        for piece in found.pieces
        if piece.terms.rule != NONE and piece.price.amount is not None
        for absence in absences
        if (span := intersection(absence.span, piece.span))
    ]
    sums = {kind: sum((e for a, _, e in parts if a.kind == kind), Fraction(0)) for kind in (NOT_SPENT, UNKNOWN)}
    whole = exact_of(p for p in found.pieces if p.exact is not None) or Fraction(0)
    filled, empty, unknown = shares(amount, [whole - sum(sums.values()), sums[NOT_SPENT], sums[UNKNOWN]])
    cents = {
        kind: iter(shares(total, [e for a, _, e in parts if a.kind == kind]))
        for kind, total in ((NOT_SPENT, empty), (UNKNOWN, unknown))
    }
    each = tuple((replace(a, span=intersection(a.span, p.span)), p, next(cents[a.kind])) for a, p, _ in parts)
    return States(filled, empty, unknown, each)


def share_of(absence: Absence, piece: Piece) -> Fraction:
    """FTE, exact, of an absence that the position pays: in proportion to what it pays of the post."""
    return exactly(absence.fte) * exactly(piece.use.fte) / exactly(piece.use.whole)


def cost_of(fte: Fraction | Decimal, piece: Piece, span: Span) -> Fraction:
    """EUR, exact, of so many FTE on some days of a piece, at its rate and by its rule."""
    return Fraction(fte) * piece.price.full_time * part_of_year(span, piece.terms.rule)


def on_day(item: Item, day: Any) -> dict[Hashable, PostYear]:
    """A8. EUR a year that each post takes at the size and rate of a day (Jahresbetrag), divided as a year is.

    Example: CM-10, 1,5 FTE × 57.000 = 85.500,00.
    """
    span = half_open_range(day, day + day.resolution)
    chain = [replace(one, span=span, rule=MONTHS, prices=at(one.prices, day)) for one in item.chain if day in one.span]
    uses = [replace(one, span=span) for one in item.uses if day in one.span]
    if not chain or not uses:
        return {}
    length = part_of_year(span, MONTHS)
    found = [replace(p, exact=None if p.exact is None else p.exact / length) for p in pieces_of(chain, uses, day.year)]
    used, terms = exact_of(p for p in found if p.exact is not None) or Fraction(0), chain[0]
    price = terms.prices[0] if terms.prices else Price(span, None)
    whole = Fraction(0) if price.amount is None else Fraction(terms.fte) * price.full_time
    return divided(bound_of(used, whole, rounded(whole)), found)


def in_whole_cents(fte: Decimal, price: Price) -> Decimal | None:
    """A8 where nothing is to be divided: at a rate in whole tens of EUR every thousandth of a post is whole cents."""
    return None if price.full_time % 10 else rounded(Fraction(fte) * price.full_time)


def at(prices: Iterable[Price], day: Any) -> tuple[Price, ...]:
    """The price of a day, as if it held on that day only."""
    return tuple(replace(one, span=half_open_range(day, day + day.resolution)) for one in prices if day in one.span)
