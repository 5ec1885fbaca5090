"""Every formula that is printed beside an amount of the trial bodies gives this amount, and the reader reads them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grants.figures.allocation import annual_amounts, by_carrier, by_municipality
from grants.figures.forecast import unspent, unspent_by_post
from grants.figures.funding import bound, headline
from grants.figures.neutrality import of_year, year_cost
from grants.figures.onward import recipients
from grants.figures.partners import carrier_years
from grants.models import FundingNotice, NoticeVersion
from kim.figures import FTE, Later, Value
from kim.store.reading import reading
from staffing.figures.occupancy import all_posts, status
from staffing.models import Carrier, Position, PositionPeriod
from tests.grants.formulas import check, reckoned

DAYS = [date(2021, 2, 25), date(2022, 7, 1), date(2023, 2, 28), date(2023, 3, 1), date(2023, 12, 31), date(2024, 3, 1)]


@pytest.mark.parametrize(
    ("formula", "exact", "closing"),
    [
        ("0,5 VZÄ × 57.000,00 € × (6 15/31)/12 + 0,01 € Rundungsausgleich", Fraction(57000 * 201, 24 * 31), "0.01"),
        ("0,5 VZÄ × 57.000,00 € × 306/365 − 0,01 € Rundungsausgleich", Fraction(28500 * 306, 365), "-0.01"),
        ("684.000,00 € × 365/4.380 VZÄ-Tage", Fraction(57000), "0"),
        ("1,0 VZÄ × 22.500,00 € je 0,5 VZÄ × 10/12", Fraction(37500), "0"),
        ("1,0 VZÄ × 57.000,00 € × (1/31)/12", Fraction(57000, 372), "0"),
        ("0,001 VZÄ × 1.234,56 €", Fraction("1.23456"), "0"),
        ("684.000,00 € − 342.000,00 € − −5,50 €", Fraction("342005.5"), "0"),
    ],
)
def test_the_reader(formula, exact, closing):
    assert reckoned(formula.replace(" ", "\u00a0")) == (exact, Fraction(closing))


@pytest.mark.parametrize("words", ["Summe", "0,5 × 57.000,00 €", "57.000,00 € × 306/365", "0,5 VZÄ × 57.000,00 € x 2"])
def test_the_reader_takes_nothing_else(words):
    try:
        assert reckoned(words) is None
    except AssertionError as error:
        assert "no size" in str(error)


def all_values(body):
    """Every amount of a body that comes with a derivation."""
    for day in DAYS:
        rows = list(PositionPeriod.objects.filter(body=body).as_of(day).select_related("position"))
        yield from annual_amounts(rows, day).values()
        yield from unspent_by_post(rows, day).values()
        yield from (one.derivation for one in (by_carrier(body, day), by_municipality(body, day)))
        yield from (found.gap for _, found, _ in of_year(body, day) if found)
        yield from (bound(body, day), headline(body, day).derivation)
        yield from (year_cost(post, day.year) for post in Position.objects.filter(body=body))
        yield from (unspent(one, day).derivation for one in FundingNotice.objects.filter(body=body))
    for one in FundingNotice.objects.filter(body=body):
        yield from (recipient.amount for recipient in recipients(one))
    yield from (carrier_years(one).derivation for one in Carrier.objects.filter(body=body))


@pytest.mark.parametrize("name", ["region", "city", "district"])
@pytest.mark.parametrize("rule", ["", "days", "none"])
def test_formulas_of_the_trial_bodies(name, rule, request):
    """As they are, and with each other rule."""
    body = request.getfixturevalue(name)
    if rule:
        NoticeVersion.objects.filter(body=body).update(proration=rule)
    with reading():
        assert sum(check(value) for value in all_values(body)) > 15


@pytest.mark.parametrize("name", ["region", "city", "district"])
def test_derivations_ask_the_database_nothing(name, request):
    """They are built from what the sum was calculated from, and so of the same moment, whenever they are opened."""
    body = request.getfixturevalue(name)
    with reading():
        found = [
            value
            for day in DAYS
            for value in [
                *(told.derivation for told in (by_carrier(body, day), by_municipality(body, day), status(body, day))),
                *(one.gap for _, one, _ in of_year(body, day) if one),
                *(bound(body, day), headline(body, day).derivation, all_posts(body, day)),
                *(unspent(one, day).derivation for one in FundingNotice.objects.filter(body=body)),
            ]
        ]
    with CaptureQueriesContext(connection) as queries:
        assert sum(isinstance(one.operands, Later) for value in found for one in value.walk()) > 20
        assert all(value.as_json() for value in found)
    assert [one["sql"] for one in queries] == []


def test_a_sum_that_is_not_its_operands_is_seen(region):
    value = by_carrier(region, date(2023, 3, 1)).fte.operands[0]
    check(value)
    wrong = Later(lambda row: Value(str(row), D("0.5"), FTE), value.operands)
    with pytest.raises(AssertionError):
        check(replace(value, operands=wrong))


def test_operands_are_built_one_by_one(region):
    built = []

    def build(number):
        built.append(number)
        return Value(str(number), D(number), FTE)

    found = Later(build, range(100))
    assert (len(found), built) == (100, [])
    assert [one.label for one in found[:2]] == ["0", "1"] and found[-1].label == "99" and built == [0, 1, 99]
    assert found[0] is found[0] and found == tuple(found) and tuple(found) == found and found != ()


def test_a_wrong_formula_is_seen(region):
    (row,) = PositionPeriod.objects.filter(position__number="CM-10").as_of(date(2023, 3, 1))
    value = annual_amounts([row], date(2023, 3, 1))[row.pk]
    assert check(value)
    with pytest.raises(AssertionError, match="is not"):
        check(replace(value, value=value.amount + D("0.01")))
