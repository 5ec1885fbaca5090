"""Random plans of a position of a notice, as values of tests.grants.replay, and the same as values of grants.costing."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D
from itertools import pairwise

from hypothesis import strategies as st

from grants.costing import NOT_SPENT, UNKNOWN, Absence, Item, Price, Terms, Use
from kim.values.periods import half_open_range
from tests.grants.replay import Gone, Plan, Post, Rate, Stretch, Version

FIRSTS = [
    date(2023, 1, 1),
    date(2024, 1, 1),
    date(2023, 7, 1),
    date(2023, 3, 16),
    date(2024, 2, 29),
    date(2023, 12, 31),
]
LENGTHS = [365, 366, 184, 549, 547, 731, 1096, 1, 2, 28, 31, 60]
AMOUNTS = ["57000", "45678.99", "0.01", "58000.01", "22500", "33333.33", "60000"]
SIZES = ["0.5", "1", "0.001", "0.43", "1.5", "2.333", "6", "11.999", "12"]
RULES = ["months", "days", "none", ""]
PERS = ["1", "1", "1", "0.5", "0.43"]

firsts = st.sampled_from(FIRSTS) | st.integers(0, 900).map(lambda n: date(2023, 1, 1) + timedelta(days=n))
lengths = st.sampled_from(LENGTHS) | st.integers(1, 1096)
amounts = st.sampled_from(AMOUNTS).map(D) | st.integers(1, 9_999_999).map(lambda n: D(n) / 100)
sizes = st.sampled_from(SIZES).map(D) | st.integers(1, 12_000).map(lambda n: D(n) / 1000)


def cut(draw, first, end, most):
    """The stretches of a time that is cut up to so often, at the beginning of a month or anywhere."""
    days = set()
    for _ in range(draw(st.integers(0, most))):
        day = first + timedelta(days=draw(st.integers(0, max((end - first).days - 1, 0))))
        days.add(day.replace(day=1) if draw(st.booleans()) else day)
    edges = sorted({first, end, *(day for day in days if first < day < end)})
    return list(pairwise(edges))


def rates(draw, first, end):
    return tuple(Rate(a, draw(amounts), D(draw(st.sampled_from(PERS)))) for a, _ in cut(draw, first, end, 2))


@st.composite
def versions(draw, most=3, rules=RULES, revocation=True):
    """One to three versions: later ones may begin and end on other days, change FTE, rates and rule, or revoke."""
    first, rule = draw(firsts), draw(st.sampled_from(rules))
    end = first + timedelta(days=draw(lengths))
    found = [Version(first, end, draw(sizes), rates(draw, first, end), rule)]
    for _ in range(draw(st.integers(0, most - 1))):
        start = first + timedelta(days=draw(st.integers(0, max((end - first).days - 1, 0))))
        if draw(st.booleans()):
            start = max(start.replace(day=1), first)
        last = found[-1]
        what = draw(st.sampled_from(["fte", "rates", "both", "longer", "shorter", "nothing", "rule"]))
        new = replace(last, start=start)
        if what in ("fte", "both"):
            new = replace(new, fte=draw(sizes))
        if what in ("rates", "both"):
            new = replace(new, rates=rates(draw, start, new.end))
        if what == "longer":
            new = replace(new, end=new.end + timedelta(days=draw(st.integers(1, 90))))
        if what == "shorter" and (new.end - start).days > 1:
            new = replace(new, end=start + timedelta(days=draw(st.integers(1, (new.end - start).days))))
        if what == "rule" and rule != "none":
            new = replace(new, rule={"days": "months"}.get(new.rule, "days"))
        if new.start < new.end:
            found.append(replace(new, rates=covering(new.rates, new.start)))
    if revocation and draw(st.integers(0, 5)) == 0:
        start = first + timedelta(days=draw(st.integers(0, (end - first).days)))
        found.append(Version(start, max(start + timedelta(days=1), end), None, (), rule))
    return tuple(found)


def covering(given, start):
    """The first rate holds from the beginning of its version at the latest."""
    return (replace(given[0], first=min(given[0].first, start)), *given[1:])


@st.composite
def posts(draw, first, end, most=4, partial=True, largest=12_000):
    """Posts that begin, end and change within a time and around it; some are paid in part only."""
    found = []
    for number in range(draw(st.integers(0, most))):
        a, b = sorted(draw(st.integers(-40, (end - first).days + 40)) for _ in range(2))
        if draw(st.booleans()):
            a, b = 0, (end - first).days
        stretches = []
        for lower, upper in cut(draw, first + timedelta(days=a), first + timedelta(days=max(b, a + 1)), 2):
            whole = min(draw(sizes), D(largest) / 1000)
            part = draw(st.integers(1, int(whole * 1000))) if partial and draw(st.integers(0, 3)) == 0 else whole * 1000
            stretches.append(Stretch(lower, upper, whole, D(part) / 1000))
        kind = draw(st.sampled_from(["own", "onward"]))
        found.append(Post(f"CM-{number:02}", kind, tuple(stretches)))
    return tuple(found)


@st.composite
def absences(draw, of):
    """For some stretches of posts a time in which some of it is empty, or not stated."""
    found = []
    for post in of:
        for one in post.stretches:
            if draw(st.booleans()):
                spans = cut(draw, one.first, one.end, 2)
                for first, end in spans[:: draw(st.integers(1, 2))]:
                    fte = D(draw(st.integers(1, int(one.whole * 1000)))) / 1000
                    full = one.whole if draw(st.booleans()) else fte
                    found.append(Gone(post.number, first, end, full, draw(st.booleans())))
    return tuple(found)


@st.composite
def plans(draw, rules=RULES, gone=True, most=3, posts_=4):
    """Everything together."""
    held = draw(versions(most, rules))
    first, end = min(one.start for one in held), max(one.end for one in held)
    paid = draw(posts(first, end, posts_))
    return Plan(held, paid, draw(absences(paid)) if gone else ())


@st.composite
def used_up(draw, rules=RULES):
    """Posts that take exactly what the position grants on each day."""
    held = draw(versions(3, rules))
    plan = Plan(held)
    edges = sorted({day for one in held for day in (one.start, one.end)})
    names = [f"CM-{n}" for n in range(draw(st.integers(1, 5)))]
    stretches = {name: [] for name in names}
    for first, end in pairwise(edges):
        there = plan.held(first)
        left = int(there.fte * 1000) if there else 0
        for name in names:
            part = left if name == names[-1] else draw(st.integers(0, left))
            left -= part
            if part:
                stretches[name].append(Stretch(first, end, D(part) / 1000, D(part) / 1000))
    kinds = {name: draw(st.sampled_from(["own", "onward"])) for name in names}
    return Plan(held, tuple(Post(n, kinds[n], tuple(some)) for n, some in stretches.items() if some))


# the same for grants.costing


def item_of(plan):
    """The position as the arithmetic takes it."""
    return Item(tuple(chain_of(plan.until(n)) for n in range(1, len(plan.versions) + 1)), uses_of(plan.posts))


def chain_of(plan):
    """What held of the versions: the newest that has begun, as long as it does."""
    edges = sorted({day for one in plan.versions for day in (one.start, one.end)})
    found = []
    for first, end in pairwise(edges):
        version = plan.held(first)
        if version is None:
            continue
        if found and found[-1].row == version and found[-1].span.upper == first:
            found[-1] = replace(found[-1], span=half_open_range(found[-1].span.lower, end))
        else:
            found.append(Terms(half_open_range(first, end), version.fte, version.rule, prices_of(version), version))
    return tuple(found)


def prices_of(version):
    ends = [*(one.first for one in version.rates[1:]), max(version.end, version.rates[-1].first + timedelta(days=1))]
    return tuple(
        Price(half_open_range(rate.first, end), rate.amount, rate.per, rate)
        for rate, end in zip(version.rates, ends, strict=True)
    )


def uses_of(given):
    return tuple(
        Use(one.number, one.number, one.kind, half_open_range(s.first, s.end), s.part, s.whole, s)
        for one in given
        for s in one.stretches
    )


def absences_of(plan, number):
    return [
        Absence(UNKNOWN if one.unknown else NOT_SPENT, half_open_range(one.first, one.end), one.fte, one)
        for one in plan.gone
        if one.number == number
    ]
