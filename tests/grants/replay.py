"""The rules of money written down a second time, by hand: day by day, exact, then rounded step by step as ruled.

Nothing here looks at grants.costing: a plan is a handful of plain values, each day of it counts its part of a year, and
whole cents are found by a largest remainder of its own. Tests compare both.
"""

import calendar
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property

DAY = timedelta(days=1)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Rate:
    """EUR a year for so many FTE, from a day until the next rate begins."""

    first: date
    amount: Decimal
    per: Decimal = Decimal(1)

    @property
    def price(self):
        return Fraction(self.amount) / Fraction(self.per)


@dataclass(frozen=True)
class Version:
    """What a Bescheid says of the position from ``start`` to the day before ``end``; fte None: it revokes."""

    start: date
    end: date
    fte: Decimal | None
    rates: tuple[Rate, ...]
    rule: str

    def rate(self, day):
        return [one for one in self.rates if one.first <= day][-1]


@dataclass(frozen=True)
class Stretch:
    """A time of a post in which neither its size nor the part that is paid of it changes; [first, end)."""

    first: date
    end: date
    whole: Decimal
    part: Decimal
    row: object = None  # what else is said of the post, for whoever compares by it


@dataclass(frozen=True)
class Post:
    number: str
    kind: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Gone:
    """FTE of a post that are empty, or of which nothing is stated (unknown), in [first, end)."""

    number: str
    first: date
    end: date
    fte: Decimal
    unknown: bool = False


@dataclass(frozen=True)
class Plan:
    """A position of a notice with its versions in the order of their numbers, the posts that it pays, their absences."""

    versions: tuple[Version, ...]
    posts: tuple[Post, ...] = ()
    gone: tuple[Gone, ...] = ()

    @property
    def first(self):
        return min(one.start for one in self.versions)

    @property
    def end(self):
        return max(one.end for one in self.versions)

    def until(self, count):
        """As it was when only so many versions were there."""
        return replace(self, versions=self.versions[:count])

    def held(self, day):
        """The version that holds on a day: the newest that has begun; nothing where that one is over or revokes."""
        begun = [one for one in self.versions if one.start <= day]
        return begun[-1] if begun and day < begun[-1].end and begun[-1].fte is not None else None


@cache
def weight(year, month, rule):
    """How much of a year one day is."""
    if rule == "days":
        return Fraction(1, 366 if calendar.isleap(year) else 365)
    return Fraction(1, 12 * calendar.monthrange(year, month)[1])


def cents(total, weights):
    """Whole cents by weight that add up to the total: all rounded down, what is left to the largest remainders."""
    whole = sum(weights, Fraction(0))
    if not whole:
        return [Decimal("0.00") for _ in weights]
    exact = [Fraction(total) * 100 * one / whole for one in weights]
    found = [one.numerator // one.denominator for one in exact]
    order = sorted(range(len(found)), key=lambda n: (-(exact[n] - found[n]), n))
    for n in order[: int(total * 100) - sum(found)]:
        found[n] += 1
    return [Decimal(one) * CENT for one in found]


def commercial(value):
    """Half a cent is rounded up."""
    steps = value * 100
    floor = steps.numerator // steps.denominator
    return Decimal(floor + (steps - floor >= Fraction(1, 2))) * CENT


class Replay:
    """A plan lived through day by day. What is alike on several days is only counted, by month."""

    def __init__(self, plan):
        self.plan = plan
        self.granted, self.used_, self.gone = {}, {}, {}  # year: {what holds: {month: days}}
        self.known = {}  # pieces of a year
        self.sizes = {}  # by the rule "none": {year: {(FTE that are paid on a day, version, rate): days}}
        day = plan.first
        while day < plan.end:
            if version := plan.held(day):
                self.live(day, plan.versions.index(version), version.rates.index(version.rate(day)))
            day += DAY

    def live(self, day, version, rate):
        count(self.granted, day, (version, rate))
        sizes = Decimal(0)
        for n, post in enumerate(self.plan.posts):
            for m, stretch in enumerate(post.stretches):
                if stretch.first <= day < stretch.end:
                    count(self.used_, day, (n, m, version, rate))
                    sizes += stretch.part
                    for k, one in enumerate(self.plan.gone):
                        if one.number == post.number and one.first <= day < one.end:
                            count(self.gone, day, (k, n, m, version, rate))
        if sizes:
            count(self.sizes, day, (sizes, version, rate))

    def facts(self, version, rate):
        found = self.plan.versions[version]
        return found.rule, found.rates[rate].price

    def of(self, year, fte, version, rate, days):
        """EUR, exact, of so many FTE on some days."""
        rule, price = self.facts(version, rate)
        return Fraction(fte) * price * sum(number * weight(year, month, rule) for month, number in days.items())

    @property
    def years(self):
        return sorted(self.granted)

    @cached_property
    def entitled(self):
        """EUR, exact, that each year grants; by the rule "none" the highest yearly amount of any day."""
        found = {}
        for year, here in self.granted.items():
            timed = [
                self.of(year, self.plan.versions[v].fte, v, r, days) for (v, r), days in here.items() if self.timed(v)
            ]
            peaks = [Fraction(self.plan.versions[v].fte) * self.facts(v, r)[1] for v, r in here if not self.timed(v)]
            found[year] = sum(timed, Fraction(0)) + max(peaks, default=Fraction(0))
        return found

    def timed(self, version):
        return self.plan.versions[version].rule != "none"

    def peak(self, year):
        """By the rule "none": EUR a year on the dearest day, and all FTE × days over which they are shared."""
        here = {key: sum(days.values()) for key, days in self.sizes.get(year, {}).items() if not self.timed(key[1])}
        dearest = max((Fraction(fte) * self.facts(v, r)[1] for fte, v, r in here), default=Fraction(0))
        return dearest, sum((Fraction(fte) * days for (fte, _, _), days in here.items()), Fraction(0))

    def pieces(self, year):
        """EUR, exact, of each post, piece by piece in the order of time: {number: [(stretch, EUR)]}."""
        if year in self.known:
            return self.known[year]
        dearest, fte_days = self.peak(year)
        found = self.known[year] = {}
        for (n, m, version, rate), days in self.used_.get(year, {}).items():  # met in the order of time
            post = self.plan.posts[n]
            stretch = post.stretches[m]
            if self.timed(version):
                amount = self.of(year, stretch.part, version, rate, days)
            else:
                amount = dearest * Fraction(stretch.part) * sum(days.values()) / fte_days
            found.setdefault(post.number, []).append((stretch, amount))
        return found

    def used(self, year):
        """EUR, exact, that each post takes."""
        return {number: sum((e for _, e in rows), Fraction(0)) for number, rows in self.pieces(year).items()}

    def missed(self, year, number, unknown):
        """EUR, exact, of a post that nobody earns, or of which it is not known: in proportion to what is paid of it."""
        found = Fraction(0)
        for (k, n, m, version, rate), days in self.gone.get(year, {}).items():
            one, post = self.plan.gone[k], self.plan.posts[n]
            if post.number == number and one.unknown == unknown and self.timed(version):
                part = Fraction(one.fte) * Fraction(post.stretches[m].part) / Fraction(post.stretches[m].whole)
                found += self.of(year, part, version, rate, days)
        return found


def count(found, day, key):
    """One more day of this."""
    by_month = found.setdefault(day.year, {}).setdefault(key, {})
    by_month[day.month] = by_month.get(day.month, 0) + 1


class Amounts:
    """The replay in whole cents: the whole once, then years, then bound beside free, kinds, posts, spans."""

    def __init__(self, plan):
        self.plan, self.replay = plan, Replay(plan)
        self.entitled, self.known, before = {}, {}, {}
        self.too_much = (
            False  # kept years have a cent that the whole has not: see test_no_year_grants_less_than_nothing
        )
        for count in range(1, len(plan.versions) + 1):
            exact = (Replay(plan.until(count)) if count < len(plan.versions) else self.replay).entitled
            kept = {year: self.entitled[year] for year in exact if before.get(year) == exact[year]}
            fresh = [year for year in sorted(exact) if year not in kept]
            rest = commercial(sum(exact.values(), Fraction(0))) - sum(kept.values(), Decimal(0))
            self.too_much = self.too_much or (rest < 0 and any(exact[year] for year in fresh))
            new = dict(zip(fresh, cents(rest, [exact[year] for year in fresh]), strict=True))
            self.entitled, before = kept | new, exact

    def granted(self, year):
        return self.entitled.get(year, Decimal("0.00"))

    def bound(self, year):
        used = sum(self.replay.used(year).values(), Fraction(0))
        whole = self.replay.entitled.get(year, Fraction(0))
        if used > whole:
            return self.granted(year) + commercial(used - whole)
        return cents(self.granted(year), [used, whole - used])[0]

    def kinds(self, year):
        """EUR of own posts and of those with third parties."""
        used = self.replay.used(year)
        kind = {post.number: post.kind for post in self.plan.posts}
        sums = [sum((e for n, e in used.items() if kind[n] == k), Fraction(0)) for k in ("own", "onward")]
        return dict(zip(("own", "onward"), cents(self.bound(year), sums), strict=True))

    def posts(self, year):
        """EUR of each post; ties by its number."""
        if year in self.known:
            return self.known[year]
        used, found = self.replay.used(year), {}
        kind = {post.number: post.kind for post in self.plan.posts}
        for one, amount in self.kinds(year).items():
            mine = [number for number in sorted(used) if kind[number] == one]
            found |= dict(zip(mine, cents(amount, [used[n] for n in mine]), strict=True))
        self.known[year] = found
        return found

    def spans(self, year):
        """EUR of each span of each post, in the order of time: {number: [(stretch, EUR)]}."""
        amounts = self.posts(year)
        return {
            number: [
                (stretch, share)
                for (stretch, _), share in zip(rows, cents(amounts[number], [e for _, e in rows]), strict=True)
            ]
            for number, rows in self.replay.pieces(year).items()
        }

    def states(self, year, number):
        """EUR of a post: filled, not spent, not stated."""
        empty, unknown = (self.replay.missed(year, number, one) for one in (False, True))
        whole = self.replay.used(year)[number]
        return tuple(cents(self.posts(year)[number], [whole - empty - unknown, empty, unknown]))
