"""Every formula that is printed beside an amount of the trial bodies gives this amount, and the reader reads them."""

from datetime import date
from decimal import Decimal as D
from fractions import Fraction

import pytest

from grants.figures.allocation import annual_amounts, by_carrier, by_municipality
from grants.figures.forecast import unspent, unspent_by_post
from grants.figures.funding import bound, headline
from grants.figures.neutrality import of_year, year_cost
from grants.figures.onward import recipients
from grants.figures.partners import carrier_years
from grants.models import FundingNotice, NoticeVersion
from kim.store.reading import reading
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


def test_a_wrong_formula_is_seen(region):
    from dataclasses import replace

    (row,) = PositionPeriod.objects.filter(position__number="CM-10").as_of(date(2023, 3, 1))
    value = annual_amounts([row], date(2023, 3, 1))[row.pk]
    assert check(value)
    with pytest.raises(AssertionError, match="is not"):
        check(replace(value, value=value.amount + D("0.01")))
