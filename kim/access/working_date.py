"""Stand, Förderjahr and Kenntnisstand of a page, read from its address."""

import re
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from kim.models import Body
from kim.values.formats import FIRST_YEAR, LAST_YEAR, format_day, parse_date
from kim.values.periods import today


def working_date(query: Any, body: Body | None) -> tuple[date, int]:
    """Stand (?stand=) and Förderjahr (?jahr=) of a page; they never disagree. ValidationError with a sentence.

    A year alone means the working date if that lies in the year, else its first day if it is still to come
    and its last day if it is over.
    """
    now = today(body)
    given, year_text = query.get("stand"), query.get("jahr")
    stand = parse_date(given, now) if given else now
    if not year_text:
        return stand, stand.year
    if not (re.fullmatch(r"[0-9]{4}", year_text) and FIRST_YEAR <= int(year_text) <= LAST_YEAR):
        raise ValidationError(f"„{year_text[:20]}“ ist kein Förderjahr. Bitte ein Jahr wie 2023 angeben.")
    year = int(year_text)
    if given and stand.year != year:
        raise ValidationError(
            f"Der Stand {format_day(stand)} liegt nicht im Förderjahr {year}. Bitte eines davon ändern."
        )
    if stand.year != year:
        stand = date(year, 1, 1) if year > now.year else date(year, 12, 31)
    return stand, year


def moment_known(text: str) -> datetime | None:
    """The end of the day of a Kenntnisstand (?kenntnisstand=), or the very moment if a time is given; None without.

    ValidationError with a sentence. Example: 28.02.2023 is everything that was recorded until 28.02.2023, 24 Uhr.
    """
    if not text:
        return None
    day, _, clock = text.strip().partition(" ")
    if clock and not re.fullmatch(r"([01]?[0-9]|2[0-3])[:.][0-5][0-9]", clock):
        raise ValidationError(f"„{clock[:20]}“ ist keine Uhrzeit. Bitte wie 10:41 angeben.")
    hour, minute = map(int, re.split(r"[:.]", clock)) if clock else (23, 59)
    found = datetime.combine(parse_date(day), clock_time(hour, minute, 59, 999999))
    return timezone.make_aware(found)
