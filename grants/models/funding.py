"""Funding: which part of a post a position of a notice pays, and for how long."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q, QuerySet

from grants.models.guards import FUNCTION_FUNDED, FUNDED_TWICE, FUNDED_TWICE_BY_POST, FUNDED_TWICE_WORDS
from grants.models.items import NoticeItem
from grants.models.notices import NoticeVersion
from grants.models.readings import counted_spans
from kim.models import BodyRow, SameBody, closed_year
from kim.models.refusals import db_errors_as_validation, deleted
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.values.formats import format_day, format_fte
from kim.values.money import FteModelField, exact
from kim.values.periods import PeriodField, half_open_range, inclusive_range, intersection
from staffing.models import Position, PositionPeriod

pgtrigger.register(FUNCTION_FUNDED)(Position)
pgtrigger.register(FUNDED_TWICE_BY_POST)(PositionPeriod)  # a post may not become smaller than its funded parts

# The days of the notice on which it can pay, from all its versions.
PAID = """{row}.validity * (SELECT coalesce(range_merge(range_agg(v.validity)), 'empty')
    FROM grants_noticeversion v JOIN grants_noticeitem i ON i.notice_id = v.notice_id WHERE i.id = {row}.item_id)"""


def always() -> Any:
    """A range without beginning and end: as long as the notice pays."""
    return inclusive_range(None, None)


class FundingQuerySet(QuerySet[Any]):
    """What counts of the fundings."""

    def paying_on(self, day: date, *, plans: bool = True) -> Self:
        """What pays on a day by the versions that hold then, see NoticeVersionQuerySet.holding_on."""
        holding = NoticeVersion.objects.holding_on(day, plans=plans).values("pk")
        return self.filter(validity__contains=day, item__terms__notice_version__in=holding)


@tracked()
class Funding(BodyRow):
    """A post is paid from a position of a notice: wholly, or so many FTE of it; as long as the notice, or in a span."""

    item = models.ForeignKey(NoticeItem, models.PROTECT, related_name="funding", verbose_name="aus Zuwendung")
    position = models.ForeignKey(Position, models.PROTECT, related_name="funding", verbose_name="Stelle")
    fte = FteModelField(
        "geförderte VZÄ", null=True, blank=True, help_text="Leer: die ganze Stelle, wie groß sie auch ist."
    )
    validity = PeriodField("Zeitraum", default=always, help_text="Leer: so lange die Zuwendung fördert.")

    objects = FundingQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Förderung einer Stelle", "Förderungen"
        triggers = [*BodyRow.Meta.triggers, FUNDED_TWICE, closed_year(PAID)]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("fte", "funding_fte", places=3, above=0),
            models.CheckConstraint(
                condition=Q(validity__isempty=False),
                name="funding_validity",
                violation_error_message="Der Zeitraum braucht mindestens einen Tag.",
            ),
            ExclusionConstraint(
                name="funding_once",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("item", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Die Stelle wird aus dieser Zuwendung in dieser Zeit schon gefördert.",
            ),
            SameBody("item"),
            SameBody("position"),
        ]

    def __str__(self) -> str:
        part = f", {format_fte(self.fte)} VZÄ" if self.fte is not None else ""
        return f"{self.position} aus {self.item}{part}"

    def holds_on_or_after(self, day: date | None) -> bool:
        """Whether it pays on the day or later; without a day: at all."""
        return day is None or self.validity.upper is None or self.validity.upper > day

    def end_before(self, day: date | None) -> None:
        """It pays no longer from the day on; one that had not begun, or without a day, is deleted."""
        if day is None or (self.validity.lower is not None and self.validity.lower >= day):
            deleted(self)
            return
        self.validity = half_open_range(self.validity.lower, day)
        self.save_checked()

    def clean(self) -> None:
        """The function fits, and the post is not paid twice on any day (double funding, § 9 (4) TIntG)."""
        if not (self.item_id and self.position_id and self.validity):
            return
        if self.item.function_id != self.position.function_id:
            raise ValidationError({"item": "Die Zuwendung fördert eine andere Funktion als die der Stelle."})
        others = Funding.objects.filter(body=self.body, position=self.position).exclude(pk=self.pk)
        found = twice(self.position, [*others.select_related("item__notice"), self])
        if found:
            raise ValidationError({"item": f"{FUNDED_TWICE_WORDS} ({found})"})


@transaction.atomic
def assign_posts(item: NoticeItem, wanted: dict[Position, Decimal | None], *, since: date | None, reason: str) -> int:
    """Pay these posts from a position of a notice, from a day on or as long as it pays, and no longer those that are
    not named; how many have changed. wanted: which part of a post is paid (FTE; None: the whole post).

    A funding that has begun before ``since`` ends the day before. ValidationError with a sentence: another function,
    double funding, a part larger than the post, a closed year.
    """
    describe_act(act="Stellen zugeordnet", reason=reason.strip())
    there: dict[Position, list[Funding]] = {}
    for one in item.funding.select_related("position"):
        if one.holds_on_or_after(since):
            there.setdefault(one.position, []).append(one)
    changed = 0
    with db_errors_as_validation():
        for position, rows in there.items():
            if position not in wanted:
                for one in rows:
                    one.end_before(since)
                changed += 1
        for position, part in wanted.items():
            rows = there.get(position, [])
            if len(rows) == 1 and rows[0].fte == part:
                continue
            for one in rows:
                one.end_before(since)
            span = always() if since is None else inclusive_range(since, None)
            Funding(body=item.body, item=item, position=position, fte=part, validity=span).save_checked()
            changed += 1
    return changed


def twice(position: Position, fundings: Iterable[Funding]) -> str:
    """The first day on which granted notices together pay more of a post than there is, in words; empty if on none.

    Three queries. The same rule as grants.models.guards.TWICE, for a sentence before the database refuses.
    """
    rows = list(position.periods.all())
    paid = []
    given = list(fundings)
    spans = counted_spans(one.item for one in given)
    for one in given:
        for there in spans.get(one.item_id, []):
            if span := intersection(one.validity, there):
                paid.append((one, span))
    days = {span.lower for _, span in paid} | {row.validity.lower for row in rows}
    for day in sorted(days):
        row = next((r for r in rows if day in r.validity), None)
        parts = [(one, one.fte if one.fte is not None else row.fte) for one, span in paid if row and day in span]
        if row and sum((part for _, part in parts), Decimal(0)) > row.fte:
            named = " und ".join(sorted(f"{one.item.notice.title} ({format_fte(part)})" for one, part in parts))
            return f"Stelle {position.number}, ab {format_day(day)}: {named}"
    return ""
