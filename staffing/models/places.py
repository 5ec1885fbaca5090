"""Which Kommunen a post serves, and where people are advised: two different things."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from kim.models import BodyRow, SameBody, closed_year
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.values.formats import format_day, format_fte, format_range
from staffing.models.masterdata import BodyMunicipality, Municipality
from staffing.models.positions import PositionPeriod

OF_PERIOD = closed_year("(SELECT p.validity FROM staffing_positionperiod p WHERE p.id = {row}.period_id)")


@tracked()
class ServedMunicipality(BodyRow):
    """A Kommune that a post is zuständig für; a share only where one is agreed."""

    part_of = "period"

    period = models.ForeignKey(PositionPeriod, models.PROTECT, related_name="served", verbose_name="Stellenangabe")
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="served", verbose_name="Kommune")
    share = models.DecimalField("Anteil", max_digits=4, decimal_places=3, null=True, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Zuständigkeit", "Zuständigkeiten"
        ordering: ClassVar = ["municipality__sort_key"]
        triggers = [*BodyRow.Meta.triggers, OF_PERIOD]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "period", "municipality"],
                name="servedmunicipality_once",
                violation_error_message="Diese Kommune ist schon eingetragen.",
            ),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gt=0, share__lte=1),
                name="servedmunicipality_share",
                violation_error_message="Der Anteil liegt zwischen 0 und 1.",
            ),
            SameBody("period"),
        ]

    def __str__(self) -> str:
        return str(self.municipality)

    def clean(self) -> None:
        if not BodyMunicipality.objects.filter(body=self.body, municipality=self.municipality).exists():
            raise ValidationError({"municipality": "Diese Kommune gehört nicht zu dieser Körperschaft."})


@tracked()
class PositionLocation(BodyRow):
    """A Beratungsort: where people are advised; not who employs and not who is served."""

    part_of = "period"

    period = models.ForeignKey(PositionPeriod, models.PROTECT, related_name="locations", verbose_name="Stellenangabe")
    order = models.PositiveSmallIntegerField("Reihenfolge", default=1)
    name = models.CharField("Name", max_length=120)
    host = models.CharField("Betreiber", max_length=120, blank=True)
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="locations",
        verbose_name="Kommune",
    )

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Beratungsort", "Beratungsorte"
        ordering: ClassVar = ["order"]
        triggers = [*BodyRow.Meta.triggers, OF_PERIOD]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "period", "order"],
                name="positionlocation_order",
                violation_error_message="Diese Nummer ist schon vergeben.",
            ),
            SameBody("period"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.host})" if self.host else self.name


@dataclass(frozen=True)
class Place:
    """A Beratungsort as it is to be: its name, who runs it, and where it is."""

    name: str
    host: str = ""
    municipality: Municipality | None = None


@transaction.atomic
def settle(
    period: PositionPeriod,
    served: dict[Municipality, Decimal | None],
    places: Sequence[Place],
    *,
    since: date | None = None,
    reason: str,
) -> bool:
    """A post serves these Kommunen, each with its share if shares are agreed, and people are advised at these places in
    this order: for the whole range of the facts (a Berichtigung), or from a day in it on. True if anything changed.

    ValidationError with a sentence when the reason is missing, shares do not add up to 1, the day is not within the
    range, a closed year would change, or somebody changed the post meanwhile.
    Example: {Eschweiler: 0,6, Stolberg: 0,4}, [Place("Rathaus")] on CM-17.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
    refuse_shares(served)
    if since is not None and since not in period.validity:
        words = f"Die Angaben gelten {format_range(period.validity)}; der Tag liegt nicht darin."
        raise ValidationError({"since": words})
    from_then_on = since is not None and since != period.validity.lower
    words = f"ab {format_day(since)}" if from_then_on else "berichtigt"
    describe_act(reason=reason.strip(), act=f"Kommunen und Beratungsorte {words}")
    if not differs(period, served, places):
        return False
    with db_errors_as_validation():
        row = period.from_day(since) if since is not None and from_then_on else period.in_open_days(parts=True)
        row.save_checked()
        _serve(row, served)
        _locate(row, places)
        row.touch()
    return True


def refuse_shares(served: dict[Municipality, Decimal | None]) -> None:
    """Shares are stated for all Kommunen, and together are 1, or for none."""
    stated = [share for share in served.values() if share is not None]
    if not stated:
        return
    if len(stated) < len(served):
        raise ValidationError("Ein Anteil ist für jede Kommune anzugeben oder für keine.")
    if (together := sum(stated, Decimal(0))) != 1:
        raise ValidationError(f"Die Anteile ergeben zusammen {format_fte(together)}, nicht 1.")


def differs(period: PositionPeriod, served: dict[Municipality, Decimal | None], places: Sequence[Place]) -> bool:
    """Whether these are not the Kommunen, shares and Beratungsorte that are stored."""
    now = {one.municipality_id: one.share for one in period.served.all()}
    here = [Place(one.name, one.host, one.municipality) for one in period.locations.select_related("municipality")]
    return now != {one.pk: share for one, share in served.items()} or here != list(places)


def _serve(row: PositionPeriod, served: dict[Municipality, Decimal | None]) -> None:
    for gone in row.served.exclude(municipality__in=served):
        gone.delete()
    there = {one.municipality_id: one for one in row.served.all()}
    for municipality, share in served.items():
        new = ServedMunicipality(body=row.body, period=row, municipality=municipality)
        found = there.get(municipality.pk, new)
        found.share = share
        found.save_checked()


def _locate(row: PositionPeriod, places: Sequence[Place]) -> None:
    row.locations.filter(order__gt=len(places)).delete()
    there = {one.order: one for one in row.locations.all()}
    for order, place in enumerate(places, 1):
        found = there.get(order) or PositionLocation(body=row.body, period=row, order=order)
        found.name, found.host, found.municipality = place.name, place.host, place.municipality
        found.save_checked()
