"""A post set up with its money: its facts from a day on, and the position of a notice that pays it."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from grants.models.funding import Funding
from kim.models import Body
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.values.periods import inclusive_range
from staffing.models import Position, PositionPeriod, ServedMunicipality


def numbers(first: str, count: int) -> list[str]:
    """So many post numbers, counted on from the first at its last digits. ValidationError if it has none to count on.

    >>> numbers("CM-09", 3)
    ['CM-09', 'CM-10', 'CM-11']
    """
    head, digits = re.fullmatch(r"(.*?)([0-9]*)", first, re.DOTALL).groups()  # type: ignore[union-attr]  # fits always
    if count > 1 and not digits:
        raise ValidationError({"number": f"„{first}“ endet nicht auf eine Ziffer; so lässt sich nicht weiterzählen."})
    return [first] if count == 1 else [f"{head}{int(digits) + n:0{len(digits)}}" for n in range(count)]


@transaction.atomic
def establish_posts(body: Body, data: dict[str, Any]) -> list[Position]:
    """Create as many posts as the count says, alike, with numbers counted on; all or none, as one act."""
    return [establish_post(body, data | {"number": one}) for one in numbers(data["number"], data["count"])]


def establish_post(body: Body, data: dict[str, Any]) -> Position:
    """Create a post with its facts and its funding; all or nothing. ValidationError with a sentence."""
    describe_act(reason=data["reason"].strip(), act="Stelle eingerichtet")
    item = data["item"]
    with db_errors_as_validation():
        position = Position(
            body=body,
            number=data["number"],
            kind=data["kind"],
            function=data["function"] or item.function,
        )
        facts = PositionPeriod(
            body=body,
            validity=inclusive_range(data["start"], data.get("end")),
            fte=data["fte"],
            carrier=data["carrier"],
            stage=data["stage"],
            fallback_plan=data.get("fallback_plan", ""),
            basis=data.get("basis"),
            basis_place=data.get("basis_place", ""),
            assumption="" if data.get("basis") else data["reason"].strip(),
            validity_assumption=data["reason"].strip(),
        )
        try:
            position.full_clean()
        except ValidationError as error:  # the form has a field for what a post's own rules speak of
            raise ValidationError({"number": error.messages}) from error
        position.save()
        facts.position = position
        rows: list[Any] = [facts]
        rows += [ServedMunicipality(body=body, period=facts, municipality=m) for m in data["municipalities"]]
        part = data["part"] if item else None
        rows += [Funding(body=body, item=item, position=position, fte=part)] if item else []
        for row in rows:
            if isinstance(row, ServedMunicipality):
                row.period = facts
            row.save_checked()
    return position
