"""Rounding, shares, and columns that refuse what they cannot hold."""

from datetime import date
from decimal import Decimal as D
from fractions import Fraction

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models
from hypothesis import given
from hypothesis import strategies as st

from kim.store.context import acting
from kim.values.money import ExactField, rounded, split
from kim.values.periods import inclusive_range, intersection, months, year_of
from tests.helpers import sql


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any))
def test_shares_add_up_and_are_within_a_cent(cents, weights):
    total = D(cents) / 100
    parts = split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total) * weight / sum(weights)) < Fraction(1, 100)


@pytest.mark.counter
def test_rounding_each_share_would_lose_a_cent():
    assert sum(rounded(Fraction(100, 3)) for _ in range(3)) == D("99.99")
    assert sum(split(D("100.00"), [1, 1, 1])) == D("100.00")


@pytest.mark.parametrize("weights", [[], [0], [-1, 2]])
def test_split_refuses_weights_that_mean_nothing(weights):
    with pytest.raises(ValueError):
        split(D("1.00"), weights)


@given(st.integers(-(10**6), 10**6), st.integers(1, 999))
def test_rounding_is_commercial(numerator, denominator):
    value = Fraction(numerator, denominator)
    assert abs(Fraction(rounded(value)) - value) <= Fraction(1, 200)
    assert rounded(-value) == -rounded(value)


def exact_columns():
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, ExactField) and not hasattr(model, "pgh_tracked_model"):
                yield pytest.param(model, field, id=f"{model._meta.label}.{field.name}")


@pytest.mark.parametrize(("model", "field"), list(exact_columns()))
def test_a_fraction_of_a_cent_is_refused_by_raw_sql(model, field, bodies):
    """The column has no scale, so PostgreSQL does not round before the CHECK looks."""
    with acting(None, [body.pk for body in bodies.values()]):
        refused_by_raw_sql(model, field)


def refused_by_raw_sql(model, field):
    table = model._meta.db_table
    assert field.db_type(connection) == "numeric"
    row = model.objects.filter(**{f"{field.name}__isnull": False}).first()
    assert row, f"no row of {model} in the trial data"
    value = D("0.005") if field.places == 2 else D("0.0005")
    with pytest.raises(IntegrityError):
        sql(f'UPDATE "{table}" SET "{field.column}" = %s WHERE id = %s', value, row.pk)


@pytest.mark.counter
def test_a_column_with_scale_would_round_silently(db):
    assert sql("SELECT 0.005::numeric(12, 2)") == [(D("0.01"),)]


def test_a_float_is_no_amount(region):
    from grants.models import BudgetLine

    with pytest.raises(TypeError):
        BudgetLine.objects.update(amount=0.1)


def test_every_exact_column_has_its_check():
    for model in apps.get_models():
        if hasattr(model, "pgh_tracked_model"):
            continue
        checked = " ".join(str(c.condition) for c in model._meta.constraints if isinstance(c, models.CheckConstraint))
        for field in model._meta.local_fields:
            if isinstance(field, ExactField):
                assert f"Round(F({field.name})" in checked, f"{model._meta.label}.{field.name}"


@pytest.mark.parametrize(
    ("first", "last", "length"),
    [
        (date(2023, 1, 1), date(2023, 12, 31), Fraction(12)),
        (date(2023, 1, 1), date(2023, 2, 28), Fraction(2)),
        (date(2023, 3, 1), date(2023, 12, 31), Fraction(10)),
        (date(2023, 4, 16), date(2023, 4, 30), Fraction(1, 2)),
        (date(2024, 2, 29), date(2024, 2, 29), Fraction(1, 29)),
    ],
)
def test_months(first, last, length):
    assert months(inclusive_range(first, last)) == length


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 4000), st.integers(1, 4000))
def test_months_of_parts_add_up(first, one, two):
    from datetime import timedelta

    middle, end = first + timedelta(one - 1), first + timedelta(one + two - 1)
    whole = months(inclusive_range(first, end))
    assert months(inclusive_range(first, middle)) + months(inclusive_range(middle + timedelta(1), end)) == whole


def test_common_days():
    assert intersection(inclusive_range(date(2022, 1, 1), date(2023, 2, 28)), year_of(2023)) == inclusive_range(
        date(2023, 1, 1), date(2023, 2, 28)
    )
    assert intersection(inclusive_range(date(2022, 1, 1), date(2022, 12, 31)), year_of(2023)) is None
    assert intersection(inclusive_range(date(2023, 3, 1), None), year_of(2023)).upper == date(2024, 1, 1)
