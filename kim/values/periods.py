"""The one clock, and time as half-open ranges inside, "von / bis einschließlich" in forms and print."""

import calendar
import re
from datetime import date, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from django import forms
from django.contrib.postgres.fields import DateRangeField
from django.contrib.postgres.forms import DateRangeField as RangeFormField
from django.contrib.postgres.forms import RangeWidget
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from kim.values.formats import FIRST_YEAR, LAST_YEAR, DateField, GermanField, format_day, invalid

if TYPE_CHECKING:
    from kim.models import Body

DAY = timedelta(days=1)


def today(body: "Body | None") -> date:
    """The body's reference day if it has one (trial bodies are pinned), else the local date."""
    if body is not None and body.reference_day is not None:
        return body.reference_day
    return timezone.localdate()


def inclusive_range(first: date | None, last: date | None) -> DateRange:
    """From the first to the last day, both included, as a half-open range; None leaves that side open.

    >>> period(date(2023, 1, 1), date(2023, 12, 31)).upper
    datetime.date(2024, 1, 1)
    """
    return DateRange(first, last + DAY if last else None, "[)")


def half_open_range(first: date | None, end: date | None = None) -> DateRange:
    """From the first day to the day before ``end``; None leaves that side open.

    >>> between(date(2023, 3, 1), date(2024, 1, 1)) == period(date(2023, 3, 1), date(2023, 12, 31))
    True
    """
    return DateRange(first, end, "[)")


def last_day(span: DateRange) -> date | None:
    """The last day that belongs to the range ("bis einschließlich"); None when its end is open."""
    return span.upper - DAY if span.upper else None


def year_of(year: int) -> DateRange:
    """The calendar year as a range; ValidationError outside the years the program deals with."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValidationError(f"Das Jahr {year} liegt nicht zwischen {FIRST_YEAR} und {LAST_YEAR}.")
    return inclusive_range(date(year, 1, 1), date(year, 12, 31))


def intersection(one: DateRange, other: DateRange) -> DateRange | None:
    """The days two ranges share; None when there is none."""
    lower = max((d for d in (one.lower, other.lower) if d), default=None)
    upper = min((d for d in (one.upper, other.upper) if d), default=None)
    if lower and upper and lower >= upper:
        return None
    return DateRange(lower, upper, "[)")


def months(span: DateRange) -> Fraction:
    """Length in months: whole calendar months count 1, of a begun month its days over the month's days.

    Both ends must be given. Raises ValueError for an open range.

    >>> months(period(date(2023, 3, 1), date(2023, 12, 31)))
    Fraction(10, 1)
    >>> months(period(date(2023, 4, 16), date(2023, 4, 30)))
    Fraction(1, 2)
    """
    if span.lower is None or span.upper is None:
        raise ValueError("an open range has no length in months")

    return months_between(span.lower, span.upper)


@lru_cache(4096)
def months_between(first: date, end: date) -> Fraction:
    """See months; posts share their days."""
    return place_in_months(end) - place_in_months(first)


def place_in_months(day: date) -> Fraction:
    """Where a day lies, counted in months. Example: 16.04.2023 is 2023 × 12 + 4 + 15/30."""
    return day.year * 12 + day.month + Fraction(day.day - 1, calendar.monthrange(day.year, day.month)[1])


def parse_time(text: str) -> time:
    """A time of day as it is typed. Raises ValidationError.

    >>> parse_time("17 Uhr"), parse_time("9.30 Uhr")
    (datetime.time(17, 0), datetime.time(9, 30))
    """
    raw = text.strip()
    match = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:Uhr)?", raw, re.ASCII | re.IGNORECASE)
    if not match or int(match[1]) > 23 or int(match[2] or 0) > 59:
        raise invalid(f"„{raw[:30]}“ ist keine Uhrzeit. Bitte so eingeben: 17:00.")
    return time(int(match[1]), int(match[2] or 0))


class TimeField(GermanField):
    """A time of day."""

    def parse(self, text: str) -> time:
        return parse_time(text)

    def print(self, value: Any) -> str:
        return f"{value:%H:%M}"


class InclusiveWidget(RangeWidget):
    """Two date inputs, "von" and "bis einschließlich"."""

    template_name = "components/period.html"

    def __init__(self) -> None:
        attrs = {"class": "kern-form-input__input", "autocomplete": "off"}
        forms.MultiWidget.__init__(self, [forms.TextInput(attrs=attrs), forms.TextInput(attrs=attrs)])

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        found = super().get_context(name, value, attrs)
        found["pairs"] = list(zip(("von", "bis einschließlich"), found["widget"]["subwidgets"], strict=True))
        return found

    def decompress(self, value: Any) -> Any:
        return [format_day(d) if d else None for d in (value.lower, last_day(value))] if value else [None, None]


class PeriodFormField(RangeFormField):
    widget = InclusiveWidget
    base_field = DateField
    default_error_messages = {
        "bound_ordering": "Das Ende („bis einschließlich“) liegt vor dem Anfang („von“).",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": InclusiveWidget()} | kwargs)

    def prepare_value(self, value: Any) -> Any:
        return InclusiveWidget().decompress(value) if isinstance(value, DateRange) else value

    def compress(self, values: Any) -> DateRange | None:
        first, last = values or (None, None)
        if first and last and first > last:
            raise forms.ValidationError(self.error_messages["bound_ordering"], code="bound_ordering")
        return None if first is None and last is None else inclusive_range(first, last)


class PeriodField(DateRangeField):
    """A half-open date range in the database."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PeriodFormField} | kwargs)


class PeriodQuerySet(models.QuerySet[Any]):
    """Rows with a ``validity``."""

    def as_of(self, day: date) -> Self:
        """The rows that are valid on that day (valid time)."""
        return self.filter(validity__contains=day)
