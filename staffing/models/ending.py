"""The end of a post: nothing of it holds any longer, and who has it leaves."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction

from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.values.formats import format_day
from kim.values.periods import DAY, half_open_range
from staffing.models.positions import Position


@transaction.atomic
def end_position(position: Position, last: date, *, reason: str) -> None:
    """The post ends: ``last`` is its last day. What was recorded of it for later days – facts, Besetzungen, Vermerke –
    ends with it or is gone; the history keeps it.

    ValidationError with a sentence when the reason is missing, the post begins later or ends earlier, or a closed year
    would change.
    Example: CM-10 from 01.01.2022 with three places, last day 30.06.2023: facts and places end on 30.06.2023.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
    day = last + DAY
    periods = list(position.periods.order_by("validity"))
    if not periods or periods[0].validity.lower > last:
        first = f"beginnt am {format_day(periods[0].validity.lower)}" if periods else "hat noch keine Angaben"
        raise ValidationError({"last": f"Die Stelle {first}; was nie war, wird gelöscht und nicht beendet."})
    end = periods[-1].validity.upper
    if end is not None and end <= day:
        words = f"Die Stelle endet schon am {format_day(end - DAY)}"
        raise ValidationError({"last": f"{words}. Soll sie länger bestehen, hilft „Zeitraum berichtigen“."})
    describe_act(reason=reason.strip(), act=f"Stelle beendet zum {format_day(last)}")
    with db_errors_as_validation():
        later = half_open_range(day)
        for place in position.occupancies.filter(validity__overlap=later):
            place.end(day)
        for note in position.plan_notes.filter(validity__overlap=later):
            note.end(day)
        for row in reversed(periods):
            if row.validity.upper is None or row.validity.upper > day:
                row.end(day)
