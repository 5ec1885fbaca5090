"""Real cases of money, the years of a notice, and what the arithmetic does at its edges; all values by hand."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.costing import (
    NOT_SPENT,
    UNKNOWN,
    Absence,
    Item,
    Price,
    Terms,
    Use,
    on_day,
    part_of_year,
    states,
)
from grants.granting import Grant, granted_by_year, until
from kim.values.money import split
from kim.values.periods import half_open_range, inclusive_range, intersection, year_of
from tests.grants.plans import firsts, item_of, lengths, plans
from tests.grants.replay import Amounts, Plan, Post, Rate, Stretch, Version, cents, commercial, weight
from tests.helpers import thorough

Y2023 = year_of(2023)


def item(fte, *prices, rule="months", span=Y2023, uses=()):
    """A position with one version; prices: EUR a year, or (range, EUR)."""
    given_ = tuple(Price(*p) if isinstance(p, tuple) else Price(span, D(p)) for p in prices)
    return Item(((Terms(span, D(fte), rule, given_),),), tuple(uses))


def use(number, fte, span=Y2023, kind="own", whole=None):
    return Use(number, number, kind, span, D(fte), D(whole or fte))


def test_three_quarters_of_20_000():
    assert item("0.75", "20000").entitled == {2023: D("15000.00")}


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        ("1000000", [63, 37], ["630000", "370000"]),
        ("263000", [1, 1], ["131500", "131500"]),
        ("104500", [1] * 12, ["8708.34"] * 4 + ["8708.33"] * 8),
    ],
)
def test_sums_that_other_bodies_divided(total, weights, parts):
    assert split(D(total), weights) == [D(one) for one in parts] == cents(D(total), [Fraction(w) for w in weights])


def test_1_9_at_55_000():
    assert item("1.9", "55000").entitled == {2023: D("104500.00")}


@pytest.mark.parametrize(
    ("rule", "amount"), [("days", "41695.89"), ("months", "41600.81"), ("", "41600.81"), ("none", "57000")]
)
def test_half_a_post_becomes_whole_on_16_july(rule, amount):
    day = date(2023, 7, 16)
    uses = [
        use("CM-01", "0.5", half_open_range(Y2023.lower, day)),
        use("CM-01", "1", half_open_range(day, Y2023.upper)),
    ]
    found = item("6", "57000", rule=rule, uses=uses).year(2023)
    assert found.bound == found.posts["CM-01"].amount == D(amount)


@pytest.mark.parametrize(("rule", "left"), [("months", "4750.00"), ("", "4750.00"), ("days", "4841.10"), ("none", "0")])
def test_a_post_is_empty_in_july(rule, left):
    found = item("1", "57000", rule=rule, uses=[use("CM-01", "1")]).year(2023).posts["CM-01"]
    july = Absence(NOT_SPENT, inclusive_range(date(2023, 7, 1), date(2023, 7, 31)), D(1))
    left_of = states(found, [july])
    assert (left_of.not_spent, left_of.filled, left_of.unknown) == (D(left), D(57000) - D(left), 0)


def test_drk_from_march_by_days():
    found = item(
        "12", "57000", rule="days", uses=[use("CM-16", "1", half_open_range(date(2023, 3, 1)), "onward")]
    ).year(2023)
    assert found.of_kind("onward") == D("47786.30")


def test_a_rate_that_changes_in_july():
    july, year = date(2024, 7, 1), year_of(2024)
    found = item(
        "5.5", (half_open_range(year.lower, july), D(58000)), (half_open_range(july, year.upper), D(60000)), span=year
    )
    assert found.entitled == {2024: D("324500.00")}
    twelve = item(
        "12", (half_open_range(year.lower, july), D(55000)), (half_open_range(july, year.upper), D(57000)), span=year
    )
    assert twelve.entitled == {2024: D("672000.00")}


def test_three_years_of_39_000():
    grant = Grant(D(39000), inclusive_range(date(2023, 1, 1), date(2025, 12, 31)), date(2023, 1, 1))
    assert granted_by_year([grant], [{}]) == dict.fromkeys((2023, 2024, 2025), D("13000.00"))
    by_days = granted_by_year([replace(grant, rule="days")], [{}])
    assert by_days == dict.fromkeys((2023, 2024, 2025), D("13000.00")), "a leap year is a year, too"


def test_a_post_in_two_halves_needs_no_money_of_ones_own():
    """CM-16 (1,0) at an odd rate becomes 2 × 0,5 on 16.03.2023: the sum of the position stays."""
    day = date(2023, 3, 16)
    before = [use("CM-16", "1"), use("CM-02", "5", kind="own")]
    after = [
        use("CM-16", "1", half_open_range(None, day)),
        use("CM-02", "5"),
        *(use(n, "0.5", half_open_range(day)) for n in ("CM-18", "CM-19")),
    ]
    for rule in ("months", "days", "", "none"):
        one, two = (item("6", "45678.99", rule=rule, uses=some).year(2023) for some in (before, after))
        assert one.bound == two.bound == one.entitled == D("274073.94") and two.free == 0


def test_what_is_not_known_is_no_amount():
    """Without a rate a post has none, the others keep theirs; absences leave nothing of it."""
    july = date(2023, 7, 1)
    gap = item("2", (half_open_range(Y2023.lower, july), D(57000)), (half_open_range(july, Y2023.upper), None), uses=[
        use("CM-01", "1"), use("CM-02", "1", half_open_range(Y2023.lower, july)),
    ]).year(2023)  # fmt: skip
    assert (gap.entitled, gap.bound, gap.free) == (None, None, None)
    assert {n: p.amount for n, p in gap.posts.items()} == {"CM-01": None, "CM-02": D("28500.00")}
    left = states(gap.posts["CM-01"], [Absence(UNKNOWN, Y2023, D(1))])
    assert (left.filled, left.not_spent, left.unknown) == (0, 0, 0)


def test_no_year_grants_less_than_nothing():
    """Two years: the first keeps its cent, the second becomes 0,00001 €: that is 0,00 €, not −0,01 €."""
    span = half_open_range(date(2023, 1, 1), date(2024, 1, 2))
    price = (Price(span, D("0.01")),)
    first = (Terms(span, D("0.43"), "none", price),)
    later = (Terms(half_open_range(date(2023, 1, 1), date(2023, 1, 2)), D("0.43"), "none", price), Terms(half_open_range(date(2023, 1, 2), span.upper), D("0.001"), "none", price))  # fmt: skip
    assert min(Item((first, later)).entitled.values()) >= 0


@settings(max_examples=thorough(400, 150), deadline=None)
@given(plans(gone=False), st.integers(0, 1096))
def test_yearly_amounts_of_a_day(plan, offset):
    """FTE × rate of the day, whatever the rule: the parts add up to it, no post is a cent and a half away."""
    day = plan.first + timedelta(days=offset % (plan.end - plan.first).days)
    found, version = on_day(item_of(plan), day), plan.held(day)
    sizes = {p.number: s.part for p in plan.posts for s in p.stretches if s.first <= day < s.end}
    if version is None:
        assert found == {}
        return
    price = version.rate(day).price
    assert {n: sum(one.exact for one in p.pieces) for n, p in found.items()} == {
        n: Fraction(fte) * price for n, fte in sizes.items()
    }
    for number, fte in sizes.items():
        assert abs(Fraction(found[number].amount) - Fraction(fte) * price) < Fraction(3, 100)
    whole, used = Fraction(version.fte) * price, sum(map(Fraction, sizes.values()), Fraction(0)) * price
    if used == whole:
        assert sum(p.amount for p in found.values()) == commercial(whole)


# the years of a notice


@st.composite
def bescheide(draw):
    """One to three grants of a notice, each from a day on, with what its positions grant by year."""
    first = draw(firsts)
    end = first + timedelta(days=draw(lengths))
    span, found, sums = half_open_range(first, end), [], []
    years = list(range(first.year, (end - timedelta(days=1)).year + 1))
    for number in range(draw(st.integers(1, 3))):
        start = first + (end - first) * draw(st.integers(0, 9)) // 10 if number else first
        amount = D(draw(st.integers(0, 99_999_999))) / 100
        by_year = {year: D(draw(st.integers(0, 5_000_000))) / 100 for year in years if draw(st.booleans())}
        stated = None
        if draw(st.integers(0, 3)) == 0:
            stated = dict(zip(years, cents(amount, [Fraction(draw(st.integers(1, 9))) for _ in years]), strict=True))
        found.append(Grant(amount, span, start, draw(st.sampled_from(["months", "days", ""])), stated))
        sums.append(by_year)
    return found, sums


@settings(max_examples=thorough(400, 150), deadline=None)
@given(bescheide())
def test_the_years_of_a_notice_are_its_amount(both):
    """Σ years = amount of the newest version; stated years as stated; years before its day as they were."""
    grants, sums = both
    for count in range(1, len(grants) + 1):
        found, last = granted_by_year(grants[:count], sums[:count]), grants[count - 1]
        assert sum(found.values(), D(0)) == last.amount
        if last.stated:
            assert found == last.stated
            continue
        before = granted_by_year(grants[: count - 1], sums[: count - 1])
        assert all(found[year] == amount for year, amount in before.items() if year < last.start.year)
        fresh = [y for y in found if not (before and y < last.start.year)]
        positions = {y: sums[count - 1].get(y, D(0)) for y in fresh}
        kept = sum((amount for y, amount in found.items() if y not in fresh), D(0))
        rest = last.amount - kept - sum(positions.values(), D(0))
        times = [days_of(intersection(last.span, year_of(y)), last.rule) for y in fresh]
        for year, time in zip(fresh, times, strict=True):
            assert abs(Fraction(found[year] - positions[year]) - Fraction(rest) * time / sum(times)) < Fraction(1, 100)


def days_of(span, rule):
    """The part of the year, day by day."""
    days = [span.lower + timedelta(days=n) for n in range((span.upper - span.lower).days)]
    return sum((weight(day.year, day.month, rule) for day in days), Fraction(0))


@settings(max_examples=thorough(400, 150), deadline=None)
@given(
    st.integers(2023, 2025), st.integers(0, 365), st.integers(1, 366), st.sampled_from(["months", "days", "", "none"])
)
def test_a_part_of_a_year_is_the_sum_of_its_days(year, first, length, rule):
    span = intersection(half_open_range(date(year, 1, 1) + timedelta(days=first), None), year_of(year))
    if span:
        span = half_open_range(span.lower, min(span.upper, span.lower + timedelta(days=length)))
        assert part_of_year(span, rule) == days_of(span, rule)


def test_a_notice_that_is_revoked_keeps_what_was_until_then():
    """684.000 for 2023 and 2024 by months, revoked from 01.07.2023: half of the first year, nothing of the second."""
    span = half_open_range(date(2023, 1, 1), date(2025, 1, 1))
    grant = Grant(D(1368000), span, span.lower)
    had = granted_by_year([grant], [{2023: D(684000), 2024: D(684000)}])
    left = until(date(2023, 7, 1), grant, had, {2023: D(684000), 2024: D(684000)}, {2023: D(342000)})
    assert left == {2023: D("342000.00"), 2024: D("0.00")}


def test_the_replay_itself_sees_a_wrong_rule():
    """Counter-test: the same plan by another rule, or a day longer, is not equal."""
    version = Version(date(2023, 1, 1), date(2024, 1, 1), D(1), (Rate(date(2023, 1, 1), D(57000)),), "months")
    post = Post("CM-01", "own", (Stretch(date(2023, 7, 16), date(2024, 1, 1), D(1), D(1)),))
    plan = Plan((version,), (post,))
    assert item_of(plan).year(2023).posts["CM-01"].amount == Amounts(plan).posts(2023)["CM-01"]
    for wrong in (
        Plan((replace(version, rule="days"),), (post,)),
        Plan((version,), (replace(post, stretches=(replace(post.stretches[0], first=date(2023, 7, 15)),)),)),
    ):
        assert Amounts(wrong).posts(2023) != Amounts(plan).posts(2023)
