"""A post set up with its money: its facts from a day on, and the position of a notice that pays it."""

from typing import Any

from django.core.exceptions import ValidationError

from grants.models.funding import Funding
from kim.models import Body
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.values.periods import inclusive_range
from staffing.models import Position, PositionPeriod, ServedMunicipality


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
            validity=inclusive_range(data["start"], None),
            fte=data["fte"],
            carrier=data["carrier"],
            stage=data["stage"],
            assumption=data["reason"].strip(),
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
