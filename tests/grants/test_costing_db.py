"""Random notices and posts through the database: each figure of money equals the replay by hand, and all agree."""

from datetime import date
from decimal import Decimal as D
from fractions import Fraction

from hypothesis import HealthCheck, assume, given, settings

from grants.figures.allocation import annual_amounts, by_carrier, by_municipality, plain_annual_amounts
from grants.figures.forecast import unspent
from grants.figures.funding import bound, headline, in_year
from grants.figures.neutrality import nominal, year_cost
from grants.figures.onward import recipients
from grants.figures.partners import carrier_years
from grants.models import ItemTerms, NoticeItem, NoticeVersion, books_of_year
from grants.models.planning import planned_amounts
from kim.history.preview import rolled_back
from kim.models import Source
from kim.models.refusals import db_errors_as_validation
from kim.values.periods import DAY, half_open_range, year_of
from staffing.figures.occupancy import status
from staffing.models import PositionPeriod
from tests.grants.entered import Entered, House, Paid, Placed, Row, enter, houses, state
from tests.grants.formulas import check, reckoned
from tests.grants.replay import Amounts, Rate, Version
from tests.helpers import keep, thorough

FEW = settings(max_examples=thorough(30, 12), deadline=None, suppress_health_check=list(HealthCheck))
ZERO = D(0)


@FEW
@given(houses())
def test_figures_equal_the_replay_and_each_other(region, house):
    hands = {name: Amounts(house.plan(name)) for name in house.versions}
    assume(not any(hand.too_much for hand in hands.values()))
    with rolled_back():
        with db_errors_as_validation():
            made = enter(region, house)
        years = sorted({year for hand in hands.values() for year in hand.replay.years})
        for year in years:
            check_year(region, made, hands, house, year)
        for name, hand in hands.items():
            check_notice(made.notices[name], hand)
        check_carriers(made, hands, years)
        for day in {post.rows[0].first for post in house.posts} | {hand.plan.first for hand in hands.values()}:
            check_day(region, hands, day)


def check_day(body, hands, day):
    """Jahresbeträge: FTE × rate of each notice that pays on the day, with derivation and without."""
    rows = list(PositionPeriod.objects.filter(body=body, position__number__startswith="T-").as_of(day))
    found, plain = annual_amounts(rows, day), plain_annual_amounts(rows, day)
    assert {key: value.value for key, value in found.items()} == plain
    for row in rows:
        exact = [one for hand in hands.values() for one in yearly(hand.plan, row.position.number, day)]
        assert (found[row.pk].value is None) == (not exact)
        if exact:
            assert abs(Fraction(found[row.pk].amount) - sum(exact)) < Fraction(3, 100) * len(exact)
        check(found[row.pk])
    for told in (by_carrier(body, day), by_municipality(body, day), status(body, day)):
        check(told.derivation)
    check_holding(body, half_open_range(day, day + DAY), day.year)


def check_holding(body, span, year):
    """What was read of the year's notices says which of them hold, as the database does."""
    for plans in (False, True):
        read = {one.notice.pk for one in books_of_year(body.pk, year) if one.holds_in(span, plans=plans)}
        rows = NoticeVersion.objects.filter(body=body).holding(span, plans=plans)
        assert read == set(rows.values_list("notice", flat=True))


def yearly(plan, number, day):
    """EUR a year, exact, that a notice pays of a post at the size and rate of a day."""
    version = plan.held(day)
    parts = [s.part for p in plan.posts if p.number == number for s in p.stretches if s.first <= day < s.end]
    return [Fraction(part) * version.rate(day).price for part in parts if version]


def check_year(body, made, hands, house, year):
    granted = sum((hand.granted(year) for hand in hands.values()), ZERO)
    kinds = {kind: sum((hand.kinds(year)[kind] for hand in hands.values()), ZERO) for kind in ("own", "onward")}
    found = nominal(body, year, made.product)
    assert (found.income.amount, found.own.amount, found.onward.amount) == (granted, kinds["own"], kinds["onward"])
    assert found.gap.amount == granted - sum(kinds.values())
    check(found.gap)
    check_holding(body, year_of(year), year)
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


def house_of(*held, part="1", place=None, kind="onward", rule="months"):
    """One notice for 2027 and 2028, one post of 1,0 with the DRK. held: (from, until, FTE)."""
    first, end = date(2027, 1, 1), date(2029, 1, 1)
    rate = (Rate(first, D(57000)),)
    versions = tuple(Version(a, b, None if fte is None else D(fte), rate, rule) for a, b, fte in held)
    paid = Paid("a", None if part == "1" else D(part))
    return House({"a": versions}, (Entered("T-1", kind, (Row(first, end, D(1), "drk", True),), (paid,), place),))


def test_an_absence_of_a_part(region):
    """0,333 of 1,0 is paid, 0,5 is empty: 0,1665 VZÄ × 57.000 € is 9.490,50 €, not "0,167 VZÄ … − 28,50 €"."""
    first, end = date(2027, 1, 1), date(2029, 1, 1)
    house = house_of((first, end, "1"), part="0.333", place=Placed(first, end, D("0.5"), None))
    made = enter(region, house)
    found = unspent(made.notices["a"], date(2026, 12, 31))
    assert found.derivation.amount == D("18981.00")
    formulas = [one.formula for one in found.derivation.walk() if " VZÄ × " in one.formula]
    assert [reckoned(one) for one in formulas] == [(Fraction("9490.5"), 0)] * 2


def begins_later(body):
    """1,0 with the DRK in 2027 and 2028; then a second Bescheid whose Förderzeitraum is 2028 only, with its amount."""
    made = enter(body, house_of((date(2027, 1, 1), date(2029, 1, 1), "1")))
    first, notice = date(2028, 1, 1), made.notices["a"]
    source = keep(Source(body=body, kind="notice", title="Änderung", date=date(2027, 12, 1)))
    second = NoticeVersion(body=body, notice=notice, number=2, source=source, amount=D(57000), state="granted")
    second.validity, second.proration = half_open_range(first, date(2029, 1, 1)), "months"
    keep(second)
    version = Version(first, date(2029, 1, 1), D(1), (Rate(first, D(57000)),), "months")
    state(body, second, made.items["a"], version, first)
    return made


def test_years_before_a_foerderzeitraum_that_begins_later(region):
    """What the first Bescheid said still holds in 2027, for neutrality and for whoever gets the money alike."""
    made = begins_later(region)
    needed = {year: nominal(region, year, made.product).onward.amount for year in (2027, 2028)}
    assert needed == {2027: D(57000), 2028: D(57000)}
    (drk,) = recipients(made.notices["a"])
    assert {year: one.amount for year, one, _ in carrier_years(made.carriers["drk"]).years} == needed
    assert drk.amount.amount == unspent(made.notices["a"], date(2027, 7, 1)).bound == D(114000)


def test_income_of_a_foerderzeitraum_that_begins_later(region):
    """57.000 for 2028 are granted in 2028."""
    made = begins_later(region)
    assert [nominal(region, year, made.product).gap.amount for year in (2027, 2028)] == [0, 0]


def test_what_is_no_staff_stands_on_both_sides(region):
    """10.001,01 € of Sachausgaben over two years beside a post that is used up: 5.000,51 and 5.000,50, gap 0."""
    made = enter(region, house_of((date(2027, 1, 1), date(2029, 1, 1), "1")))
    version = made.notices["a"].versions.get()
    item = keep(NoticeItem(body=region, notice=version.notice, kind="material"))
    keep(ItemTerms(body=region, item=item, notice_version=version, amount=D("10001.01")))
    version.amount += D("10001.01")
    keep(version)
    for year, amount in ((2027, D("5000.51")), (2028, D("5000.50"))):
        found = nominal(region, year, made.product)
        assert (found.gap.amount, found.parts["material"].amount) == (0, amount)
        assert found.income.amount == 57000 + amount
        planned = planned_amounts(region, year, made.product)
        assert planned == {"onward": D(57000), "material": amount, "income": 57000 + amount}
