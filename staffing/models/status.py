"""The Verfahrensstand that is stored of a post, and the status that is shown: derived in one query for any number."""

from datetime import date
from decimal import Decimal
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, JSONObject

from kim.values.money import FteModelField
from kim.values.periods import PeriodQuerySet

ZERO = Value(Decimal(0), output_field=FteModelField())


class Status(models.TextChoices):
    """The status that is shown; always derived from occupancy, carrier and stage on a day."""

    FILLED = "filled", "besetzt"
    PARTLY = "partly", "teilweise besetzt"
    ADVERTISED = "advertised", "ausgeschrieben"
    ADVERTISING_PLANNED = "advertising_planned", "Ausschreibung vorgesehen"
    VACANT = "vacant", "unbesetzt"
    UNASSIGNED = "unassigned", "noch nicht vergeben"
    NOT_STATED = "not_stated", "keine Angabe"


class Stage(models.TextChoices):
    """The Verfahrensstand of a post, as it is stored."""

    NOT_STATED = "not_stated", "keine Angabe"
    PLANNED = "planned", "geplant"
    EXPRESSION_OF_INTEREST = "expression_of_interest", "Interessenbekundung"
    ADVERTISING_PLANNED = "advertising_planned", "Ausschreibung vorgesehen"
    ADVERTISED = "advertised", "ausgeschrieben"


def rest_if(*stages: str) -> Case:
    """What of a post is not filled, if it is in one of these stages; else 0."""
    return Case(When(stage__in=stages, then=F("rest")), default=ZERO, output_field=FteModelField())


KEYS = {"keys": "municipality", "shares": "share"}  # of the Kommunen of a post


class PositionPeriodQuerySet(PeriodQuerySet):
    """Dated facts of posts, with their occupancy of a day."""

    def with_served(self, *, keys: bool = False) -> Self:
        """Adds served_list, the names of the Kommunen in German order; keys: also served_keys, their keys, and
        served_shares, their shares (None where none is agreed). No further query."""
        served: Any = self.model._meta.get_field("served").related_model
        rows = served.objects.filter(period=OuterRef("pk")).order_by("municipality__sort_key")
        more = {f"served_{name}": ArraySubquery(rows.values(column)) for name, column in KEYS.items()} if keys else {}
        return self.annotate(served_list=ArraySubquery(rows.values("municipality__name")), **more)

    def with_kommunen(self) -> Self:
        """Reads the Kommunen of every row with it, see PositionPeriod.kommunen. No further query."""
        served: Any = self.model._meta.get_field("served").related_model
        words: dict[str, Any] = {name: f"municipality__{name}" for name in ("sort_key", "name", "short_name")}
        words["share"] = Cast("share", models.CharField())  # a number of JSON would be read as a float
        rows = served.objects.filter(period=OuterRef("pk")).order_by().values(json=JSONObject(**words))
        return self.annotate(served_words=ArraySubquery(rows))

    def with_status(self, day: date) -> Self:
        """Adds filled, rest (together: fte) and status. One query for any number. A place that rests is not filled; if
        nobody else is there, the post shows its stage as an empty one does – but somebody is known to have it."""
        taken: Any = self._occupancies()
        there = taken.objects.filter(position=OuterRef("position"), validity__contains=day)
        per_post = there.on_duty(day).order_by().values("position").annotate(total=Sum("fte"))
        filled = Subquery(per_post.values("total"), output_field=FteModelField())
        # One subquery says how far the post is filled: each further copy of it would cost as much as the whole row.
        whole = When(total=OuterRef("fte"), then=Value(Status.FILLED))
        state = per_post.annotate(state=Case(whole, default=Value(Status.PARTLY))).values("state")
        empty = Case(
            When(carrier__isnull=True, then=Value(Status.UNASSIGNED)),
            When(stage=Stage.ADVERTISED, then=Value(Status.ADVERTISED)),
            When(stage=Stage.ADVERTISING_PLANNED, then=Value(Status.ADVERTISING_PLANNED)),
            When(Q(stage=Stage.NOT_STATED) & ~Exists(there), then=Value(Status.NOT_STATED)),
            default=Value(Status.VACANT),
        )
        status = Coalesce(Subquery(state), empty, output_field=models.CharField())
        return self.annotate(filled=Coalesce(filled, ZERO), status=status).annotate(rest=F("fte") - F("filled"))

    def with_occupancy(self, day: date) -> Self:
        """with_status, and resting (the part of the rest whose person is away, without a substitute), advertised,
        advertising_planned, open, not_stated (with filled together: fte), committed (verplant).

        What is not filled counts by the stage of the post; if nothing is reported, not_stated – except what rests:
        that somebody is away is known, so it is open. Example: 1,0, not stated, 0,3 rest: open 0,3, not_stated 0,7.
        """
        taken: Any = self._occupancies()
        there = taken.objects.filter(position=OuterRef("position"), validity__contains=day)
        away = Subquery(there.away(day).values("away"), output_field=FteModelField())
        rows = self.with_status(day).annotate(resting=Coalesce(away, ZERO))
        rows = rows.annotate(
            advertised=rest_if(Stage.ADVERTISED),
            advertising_planned=rest_if(Stage.ADVERTISING_PLANNED),
            not_stated=Case(
                When(stage=Stage.NOT_STATED, then=F("rest") - F("resting")), default=ZERO, output_field=FteModelField()
            ),
            open=Case(
                When(stage__in=(Stage.PLANNED, Stage.EXPRESSION_OF_INTEREST), then=F("rest")),
                When(stage=Stage.NOT_STATED, then=F("resting")),
                default=ZERO,
                output_field=FteModelField(),
            ),
        )
        return rows.annotate(committed=F("filled") + F("advertised") + F("advertising_planned"))

    def _occupancies(self) -> Any:
        """The model of who has a post: it is written above this file."""
        post: Any = self.model._meta.get_field("position").related_model
        return post._meta.get_field("occupancies").related_model
