"""What a leg of a reallocation does to posts: one gives or takes, or a new one comes into being."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from kim.values.formats import format_day, format_fte, format_range
from kim.values.periods import half_open_range
from staffing.models.masterdata import Carrier
from staffing.models.places import ServedMunicipality
from staffing.models.positions import Position, PositionPeriod
from staffing.models.status import Stage

if TYPE_CHECKING:
    from staffing.models.reallocations import Reallocation, ReallocationLeg


@dataclass(frozen=True)
class Moved:
    """What an Umverteilung has moved (FTE): what posts gave, what posts that were there took, and the new posts."""

    day: date
    given: dict[Position, Decimal]
    taken: dict[Position, Decimal]
    created: dict[Position, Decimal]

    @property
    def is_balanced(self) -> bool:
        """Whether as much was taken as was given."""
        return sum(self.given.values()) == sum(self.taken.values()) + sum(self.created.values())

    def left(self, position: Position) -> Decimal:
        """FTE that a post has on the day, now that it has given."""
        row = position.periods.filter(validity__contains=self.day).first()
        return row.fte if row else Decimal(0)


MOVE_HOOKS: list[Callable[[Moved], None]] = []


def on_move(hook: Callable[[Moved], None]) -> Callable[[Moved], None]:
    """Registers what an app above does when posts were moved, within the same transaction; it may refuse."""
    MOVE_HOOKS.append(hook)
    return hook


def signed(value: Decimal) -> str:
    """+0,5 or −0,5."""
    return ("+" if value > 0 else "") + format_fte(value)


def resize(position: Position, change: Decimal, cause: "Reallocation") -> None:
    """A post gives or takes FTE from the effective day on; at 0 it ends the day before. Later facts change as much.

    Example: −0,5 from 01.03.2023 on CM-12 with 0,5: its facts end on 28.02.2023. ValidationError with a sentence.
    """
    day = cause.effective
    rows = list(position.periods.filter(validity__overlap=half_open_range(day)).order_by("validity"))
    if not rows or day not in rows[0].validity:
        raise ValidationError(f"Die Stelle {position} gibt es am {format_day(day)} nicht.")
    if change < 0 and (
        blocked := position.plan_notes.filter(kind="block", validity__overlap=half_open_range(day)).first()
    ):
        words = f"Die Stelle {position} trägt einen Sperrvermerk ({format_range(blocked.validity)})"
        raise ValidationError(f"{words}; was gesperrt ist, lässt sich nicht umverteilen.")
    for row in rows:
        size = row.fte + change
        if size < 0:
            words = f"Die Stelle {position} hat ab {format_day(max(day, row.validity.lower))} {format_fte(row.fte)} VZÄ"
            raise ValidationError(f"{words}; abgeben lassen sich nicht {format_fte(-change)}.")
        if size == 0:
            row.end(day)
            continue
        later = row.from_day(day) if day in row.validity else row
        later.fte = size
        if later.validity.lower == day:
            later.rest_on(cause, planned=cause.is_planned)
        else:  # facts that begin later keep what they rest on, and say by what they changed
            words = f"{signed(change)} VZÄ durch Umverteilung {cause}."
            later.assumption = f"{later.assumption} {words}".strip()
        later.save_checked()


class NewPostTemplate:
    """What a new post takes from the posts that give: number, function, end."""

    def __init__(self, cause: "Reallocation", givers: list[Any]) -> None:
        self.cause, self.givers = cause, list(dict.fromkeys(givers))
        rows = PositionPeriod.objects.filter(
            position__in=self.givers, validity__overlap=half_open_range(cause.effective)
        )
        ends = list(rows.values_list("validity__endswith", flat=True)) if self.givers else []
        self.end = None if not ends or None in ends else max(ends)

    def establish(self, leg: "ReallocationLeg") -> Position:
        """The new post of a leg. ValidationError if the giving posts do not say what it is to be."""
        functions = {giver.function_id: giver.function for giver in self.givers}
        if len(functions) != 1:
            words = "haben verschiedene Funktionen" if functions else "fehlen"
            raise ValidationError(
                f"Eine neue Stelle richtet sich nach den Stellen, die abgeben; diese {words}. Bitte auf mehrere "
                "Umverteilungen aufteilen oder die Stelle unter „Stellen“ neu anlegen."
            )
        own = leg.carrier is not None and leg.carrier.kind == Carrier.Kind.OWN
        position = Position(
            body=self.cause.body,
            number=self.free_number(),
            function=next(iter(functions.values())),
            kind=Position.Kind.OWN if own else Position.Kind.ONWARD,
        )
        position.save_checked()
        row = PositionPeriod(
            body=self.cause.body,
            position=position,
            validity=half_open_range(self.cause.effective, self.end),
            fte=leg.fte,
            carrier=leg.carrier,
            stage=Stage.PLANNED,
            fallback_plan=leg.fallback_plan,
        )
        row.rest_on(self.cause, planned=self.cause.is_planned)
        row.save_checked()
        for one in leg.served.all():
            served = ServedMunicipality(body=self.cause.body, period=row, municipality=one.municipality)
            served.save_checked()
        return position

    def free_number(self) -> str:
        """The next number in the row of the first giving post. Example: CM-12 gives, CM-17 is the last: CM-18."""
        found = re.fullmatch(r"(.*?)([0-9]+)", self.givers[0].number)
        head, width = (found[1], len(found[2])) if found else (f"{self.givers[0].number}-", 1)
        taken = Position.objects.filter(body=self.cause.body, number__istartswith=head).values_list("number", flat=True)
        counts = [int(n[len(head) :]) for n in taken if re.fullmatch(r"[0-9]{1,9}", n[len(head) :])]
        return f"{head}{max(counts, default=0) + 1:0{width}}"
