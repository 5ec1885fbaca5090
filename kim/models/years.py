"""Closed Förderjahre: what holds in such a year can no longer be changed, by no way."""

from typing import Any, ClassVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from kim.models.base import BodyRow
from kim.models.refusals import SENTENCES, db_errors_as_validation, deleted
from kim.models.versioned import tracked
from kim.values.formats import FIRST_YEAR, LAST_YEAR
from kim.values.periods import intersection, today, year_of

CLOSED_WORDS = (
    "Das Förderjahr ist abgeschlossen; was in ihm gilt, lässt sich nicht mehr ändern. "
    "Die Leitung kann es unter „Förderjahre“ wieder öffnen."
)
SENTENCES["closed_year"] = CLOSED_WORDS
LOCK = 77  # the first half of the advisory lock "changes of a year", the second is the body


def closed_year(time: str, *, free: tuple[str, ...] = (), dated: tuple[str, ...] = ()) -> pgtrigger.Trigger:
    """A trigger that keeps a row as it is within the closed years of its body.

    time: SQL for the dates a row is about, with {row} for OLD or NEW. A change is refused if it moves dates within a
    closed year, or changes anything else of a row that has dates there; ``free`` columns do not count, and ``dated``
    ones (ranges themselves) only with the days that lie in the closed year. So a row can be shortened at the year's
    edge and go on as another. Whoever closes a year waits for the changes that are under way, and they for her.
    """
    free_columns = ", ".join(f"'{name}'" for name in ("version", "validity", *free, *dated))
    moved = "".join(
        f"""
                    OR (TG_OP = 'UPDATE' AND coalesce(OLD.{name}, 'empty') * closed <>
                        coalesce(NEW.{name}, 'empty') * closed)"""
        for name in dated
    )
    return pgtrigger.Trigger(
        name="closed_year",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        declare=[("before", "daterange"), ("after", "daterange"), ("closed", "daterange"), ("body", "bigint")],
        func=f"""  -- every name in this SQL comes from a model, none from a user
            body := CASE WHEN TG_OP = 'DELETE' THEN OLD.body_id ELSE NEW.body_id END;
            PERFORM pg_advisory_xact_lock_shared({LOCK}, body::int);
            before := 'empty'; after := 'empty';
            IF TG_OP <> 'INSERT' THEN before := coalesce({time.format(row="OLD")}, 'empty'); END IF;
            IF TG_OP <> 'DELETE' THEN after := coalesce({time.format(row="NEW")}, 'empty'); END IF;
            FOR closed IN SELECT daterange(make_date(year, 1, 1), make_date(year + 1, 1, 1))
                          FROM kim_closedyear y WHERE y.body_id = body LOOP
                IF before * closed <> after * closed OR (TG_OP = 'UPDATE' AND NOT isempty(before * closed)
                    AND to_jsonb(OLD) - ARRAY[{free_columns}] <> to_jsonb(NEW) - ARRAY[{free_columns}]){moved} THEN
                    RAISE EXCEPTION 'closed year' USING ERRCODE = '23514', CONSTRAINT = 'closed_year';
                END IF;
            END LOOP;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,  # noqa: S608
    )


@tracked()
class ClosedYear(BodyRow):
    """A Förderjahr that is closed: its posts, notices and Ansätze are read-only."""

    year = models.PositiveSmallIntegerField("Förderjahr")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Abgeschlossenes Förderjahr", "Abgeschlossene Förderjahre"
        ordering: ClassVar = ["year"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "year"],
                name="closedyear_once",
                violation_error_message="Dieses Förderjahr ist schon abgeschlossen.",
            ),
            models.CheckConstraint(
                condition=Q(year__gte=FIRST_YEAR, year__lte=LAST_YEAR),
                name="closedyear_year",
                violation_error_message=f"Das Förderjahr liegt zwischen {FIRST_YEAR} und {LAST_YEAR}.",
            ),
        ]
        triggers = [
            *BodyRow.Meta.triggers,
            pgtrigger.Trigger(
                name="wait_for_changes",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"PERFORM pg_advisory_xact_lock({LOCK}, NEW.body_id::int); RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)

    @classmethod
    def of(cls, body: Any) -> set[int]:
        """The closed years of a body. One query."""
        return set(cls._default_manager.filter(body=body).values_list("year", flat=True)) if body else set()

    @classmethod
    def within(cls, body: Any, span: Any) -> list[Any]:
        """The closed years of a body that a range of days touches, as half-open ranges in the order of time. One query.

        Example: 01.03.2022 open, 2021 and 2022 closed: [01.01.2022, 01.01.2023).
        """
        return [year for one in sorted(cls.of(body)) if intersection(span, year := year_of(one))]

    @classmethod
    def close(cls, body: Any, year: int, *, reason: str) -> None:
        """Close a Förderjahr that is over. ValidationError if it is not, or is closed already."""
        from kim.store.context import describe_act

        if year >= today(body).year:
            raise ValidationError("Abschließen lässt sich ein Förderjahr erst, wenn es vorbei ist.")
        if year < today(body).year - 10:
            raise ValidationError("Abschließen lassen sich die letzten zehn Förderjahre.")
        describe_act(act="Förderjahr abgeschlossen", reason=reason.strip())
        with db_errors_as_validation():
            row = cls(body=body, year=year)
            row.save_checked()

    def reopen(self, *, reason: str) -> None:
        """Open the Förderjahr again; the reason stands in the history."""
        from kim.store.context import describe_act

        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben, z. B. „Nachbewilligung“."})
        describe_act(act="Förderjahr wieder geöffnet", reason=reason.strip())
        with db_errors_as_validation():
            deleted(self)
