"""Closed years, and the sentences with which they refuse."""

from django.core.exceptions import ValidationError

from kim.models import ClosedYear
from kim.models.refusals import db_errors_as_validation


def close(body, year=2022):
    ClosedYear.objects.create(body=body, year=year)


def refused(change):
    """The sentence with which the database refuses; none if it does not."""
    try:
        with db_errors_as_validation():
            change()
    except ValidationError as error:
        return error.messages[0]
    return ""
