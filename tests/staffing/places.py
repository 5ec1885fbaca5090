"""People on a post, by the verbs of the product."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError

from kim.models.refusals import db_errors_as_validation
from kim.values.periods import half_open_range, inclusive_range
from staffing.models import Occupancy

APRIL, MAY, JUNE, JULY, AUGUST = (date(2023, month, 1) for month in (4, 5, 6, 7, 8))
YEAR_2022 = date(2022, 1, 1)


def fill(post, fte, first=YEAR_2022, last=None, **more):
    """One place on a post."""
    (made,) = Occupancy.fill(
        post, 1, reason="x", fte=D(fte), validity=inclusive_range(first, last), assumption="x", **more
    )
    return made


def at_rest(post, fte="0.5", first=APRIL, end=AUGUST):
    """A place that rests in [first, end)."""
    place = fill(post, fte)
    place.suspended = half_open_range(first, end)
    place.correct(reason="ruht")
    return place


def substitute(post, slot, fte, first=APRIL, end=AUGUST):
    return fill(post, fte, first, end and end - timedelta(days=1), stands_in_for=slot)


def rows_of(post):
    found = Occupancy.objects.filter(position=post).order_by("slot", "validity")
    return [(o.slot, o.fte, o.validity.lower, o.validity.upper) for o in found]


def refused(change):
    with pytest.raises(ValidationError) as error, db_errors_as_validation():
        change()
    return " ".join(error.value.messages)
