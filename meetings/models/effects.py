"""Which posts a resolution is about."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from kim.models import BodyRow, SameBody
from kim.models.versioned import tracked
from meetings.models.agenda import AgendaItem
from staffing.models import Position


@tracked()
class ResolvedPosition(BodyRow):
    """A post that is decided on under an item: from the post one comes to the sentence that decided it."""

    guard_parent = "item"

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="positions", verbose_name="TOP")
    position = models.ForeignKey(Position, models.PROTECT, related_name="resolutions", verbose_name="Stelle")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Stelle eines Beschlusses", "Stellen eines Beschlusses"
        ordering: ClassVar = ["position__number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "item", "position"],
                name="resolvedposition_once",
                violation_error_message="Diese Stelle steht schon bei dem Tagesordnungspunkt.",
            ),
            SameBody("item"),
            SameBody("position"),
        ]

    def __str__(self) -> str:
        return f"{self.position.number}: {self.item.key}"


def changed_positions(item: AgendaItem, numbers: str) -> tuple[list[ResolvedPosition], list[ResolvedPosition]]:
    """The rows to write and to delete so that an item is about the posts with these numbers (divided by commas) and no
    others. ValidationError if the body has no such post. Example: "CM-10, CM-16"."""
    words = list(dict.fromkeys(word.strip() for word in numbers.split(",") if word.strip()))
    wanted = Position.find_all(item.body, words)
    if missing := [word for word in words if word not in wanted]:
        raise ValidationError(f"Eine Stelle „{missing[0]}“ gibt es nicht.")
    there = {one.position.number: one for one in item.positions.select_related("position")}
    new = [ResolvedPosition(body_id=item.body_id, item=item, position=wanted[n]) for n in words if n not in there]
    return new, [one for number, one in there.items() if number not in wanted]
