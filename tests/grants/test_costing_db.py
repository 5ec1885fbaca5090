"""Random notices and posts through the database: each figure of money equals the replay by hand, and all agree."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings

from grants.figures.forecast import unspent
from grants.figures.funding import bound, headline, in_year
from grants.figures.neutrality import nominal, year_cost
from grants.figures.onward import recipients
from grants.figures.partners import carrier_years
from grants.models.planning import planned_amounts
from kim.history import refusable, undone
from tests.grants.entered import enter, houses
from tests.grants.formulas import check
from tests.grants.replay import Amounts

FEW = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
ZERO = D(0)


@FEW
@given(houses())
def test_figures_equal_the_replay_and_each_other(region, house):
    with undone():
        with refusable():
            made = enter(region, house)
        hands = {name: Amounts(house.plan(name)) for name in house.versions}
        years = sorted({year for hand in hands.values() for year in hand.replay.years})
        for year in years:
            check_year(region, made, hands, house, year)
        for name, hand in hands.items():
            check_notice(made.notices[name], hand)
        check_carriers(made, hands, years)


def check_year(body, made, hands, house, year):
    granted = sum((hand.granted(year) for hand in hands.values()), ZERO)
    kinds = {kind: sum((hand.kinds(year)[kind] for hand in hands.values()), ZERO) for kind in ("own", "onward")}
    found = nominal(body, year, made.product)
    assert (found.income.amount, found.own.amount, found.onward.amount) == (granted, kinds["own"], kinds["onward"])
    assert found.gap.amount == granted - sum(kinds.values())
    check(found.gap)
    day = date(year, 7, 1)
    assert in_year(body, day).amount == granted
    assert bound(body, day).amount == sum((hand.bound(year) for hand in hands.values()), ZERO) == sum(kinds.values())
    assert headline(body, day).derivation.amount == granted - sum(kinds.values())
    planned = planned_amounts(body, year, made.product)
    assert {k: v for k, v in planned.items() if v} == {k: v for k, v in {"income": granted, **kinds}.items() if v}
    for number, position in made.posts.items():
        amounts = [hand.posts(year)[number] for hand in hands.values() if number in hand.posts(year)]
        cost = year_cost(position, year)
        assert cost.value == (sum(amounts, ZERO) if amounts else None)
        check(cost)


def check_notice(notice, hand):
    """Not spent and Weiterleitung, over all years of a notice."""
    years = hand.replay.years
    states = [hand.states(year, number) for year in years for number in hand.posts(year)]
    filled, empty, unknown = (sum((one[n] for one in states), ZERO) for n in range(3))
    for day in (hand.plan.first, hand.plan.first.replace(month=12, day=15), hand.plan.end):
        found = unspent(notice, day)
        assert (found.filled, found.derivation.amount, found.unstated) == (filled, empty, unknown)
        assert found.bound == filled + empty + unknown == sum((hand.bound(year) for year in years), ZERO)
        check(found.derivation)
    wanted = {}
    for number, stretch, amount in spans(hand, years):
        if hand_kind(hand, number) == "onward" and stretch.row.carrier:
            key = f"probe-{stretch.row.carrier}"
            wanted[key] = wanted.get(key, ZERO) + amount
    found = recipients(notice)
    assert {one.carrier.slug: one.amount.amount for one in found} == wanted
    for one in found:
        check(one.amount)


def hand_kind(hand, number):
    return next(post.kind for post in hand.plan.posts if post.number == number)


def spans(hand, years):
    return [(number, *one) for year in years for number, some in hand.spans(year).items() for one in some]


def check_carriers(made, hands, years):
    for name, carrier in made.carriers.items():
        wanted = {}
        for hand in hands.values():
            for year in years:
                mine = [amount for _, stretch, amount in spans(hand, [year]) if stretch.row.carrier == name]
                if mine:
                    wanted[year] = wanted.get(year, ZERO) + sum(mine)
        found = carrier_years(carrier)
        assert {year: amount.amount for year, amount, _ in found.years} == wanted
        check(found.derivation)


@pytest.mark.django_db
def test_a_year_without_a_notice_cannot_be_asked(region):
    from grants.models import SubProduct

    with pytest.raises(ValidationError, match="keine bewilligte"):
        nominal(region, 2027, SubProduct.find(region, "946100"))
