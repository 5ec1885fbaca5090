"""Facts of posts that hold for a range of days: ended, divided at a day, corrected only for the days that are open."""

from copy import copy
from datetime import date
from typing import Any, ClassVar, Self

from django.db.models.base import ModelState

from kim.models import BodyRow, ClosedYear
from kim.models.versioned import is_part
from kim.values.periods import half_open_range, intersection

SAME = {"id", "version", "validity"}  # what a copy for other days does not take from the row beside it


class Dated(BodyRow):
    """A row that holds for its ``validity``, a half-open range of days, with what hangs on it."""

    ranges: ClassVar[tuple[str, ...]] = ()  # columns that are ranges within the validity, and are divided with it
    validity: Any
    divided: date | None = None  # the first day of what was corrected, if a closed year kept the days before

    class Meta(BodyRow.Meta):
        abstract = True

    def reach(self) -> Any:
        """The days this row is about; None if there is none."""
        return self.validity

    def end(self, day: date) -> None:
        """What holds from here on ends: the last day is the one before ``day``; facts that begin then are gone."""
        if self.validity.lower is not None and self.validity.lower >= day:
            self._remove()
            return
        self._hold(half_open_range(self.validity.lower, day))
        self.save_checked()

    def from_day(self, day: date) -> Self:
        """The facts that hold from a day of this range on, with what hangs on them: this row if it begins that day,
        else a copy, and this row ends the day before. Not saved as to its figures; set them and save.

        Example: 01.01.2022 open, from 01.03.2023: this row until 28.02.2023, the copy from 01.03.2023 on.
        """
        if self.validity.lower == day:
            return self
        whole = copy(self)
        self.end(day)
        return whole.continued(half_open_range(day, whole.validity.upper))

    def continued(self, validity: Any) -> Self:
        """A copy of these facts for another range, with everything that is part of them; saved."""
        later = copy(self)
        later.pk, later._state = None, ModelState()
        later.version = 1
        later._hold(validity)
        later.save()
        for relation in self._meta.related_objects:
            model: Any = relation.related_model
            if is_part(relation) and not hasattr(model, "pgh_tracked_model"):
                for part in model._base_manager.filter(**{relation.field.name: self.pk}):
                    part.pk, part._state, part.version = None, ModelState(), 1
                    setattr(part, relation.field.name, later)
                    part.save()
        return later

    def open_from(self) -> date | None:
        """The first day of this row that a closed year does not keep, if one keeps the days before; None if no closed
        year touches the row or nothing open is left of it. One or two queries.

        Example: 01.03.2022 open, 2022 closed: 01.01.2023.
        """
        there = self.reach()
        closed = ClosedYear.within(self.body, there) if there is not None else []
        return closed[-1].upper if closed and closed[-1].upper in there else None

    def in_open_days(self, *, parts: bool = False) -> Self:
        """The row on which a Berichtigung of this one is to be saved, with the values set on this instance.

        This row, as long as nothing changes in a closed year. Otherwise its open days: it ends with the closed year
        and goes on as another row that takes the new values; ``divided`` says from when. Where nothing open is left, or
        only closed days would change, it is this row again, and the database refuses. parts: something that hangs on
        the row changes too.

        Example: 1,0 VZÄ from 01.01.2022, 2022 closed, corrected to 0,5: 1,0 until 31.12.2022, 0,5 from 01.01.2023 on.
        """
        stored = type(self)._base_manager.get(pk=self.pk)
        edge = stored.open_from()
        left = intersection(self.validity, half_open_range(edge)) if edge else None
        if edge is None or left is None:
            return self
        closed = ClosedYear.within(self.body, stored.reach())
        if not (parts or self._facts_differ(stored) or any(self._days_differ(stored, year) for year in closed)):
            return self
        if not (parts or self._facts_differ(stored) or self._days_differ(stored, half_open_range(edge))):
            return self
        stored.version = self.version  # who was slower is told so
        later = stored.from_day(edge)
        for field in self._meta.concrete_fields:
            if field.name not in SAME and field.name not in self.ranges:
                setattr(later, field.attname, getattr(self, field.attname))
        for name in self.ranges:
            setattr(later, name, getattr(self, name))
        if (why := getattr(stored, "validity_assumption", "")) and why == getattr(later, "validity_assumption", ""):
            words = f"Erster offener Tag; das Förderjahr {edge.year - 1} ist abgeschlossen."
            later.__dict__["validity_assumption"] = words  # the old reason was one for the old beginning
        later._hold(left)
        self.divided = later.divided = edge
        return later

    def _hold(self, validity: Any) -> None:
        """Set the days, and keep of the ranges within them what still lies there."""
        self.validity = validity
        for name in self.ranges:
            value = getattr(self, name)
            setattr(self, name, intersection(value, validity) if value is not None else None)

    def _facts_differ(self, other: Self) -> bool:
        names = [f.attname for f in self._meta.concrete_fields if f.name not in SAME and f.name not in self.ranges]
        return any(getattr(self, name) != getattr(other, name) for name in names)

    def _days_differ(self, other: Self, within: Any) -> bool:
        def days(row: Self, name: str) -> Any:
            value = getattr(row, name)
            return intersection(value, within) if value is not None else None

        return any(days(self, name) != days(other, name) for name in ("validity", *self.ranges))
