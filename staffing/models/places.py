"""Which Kommunen a post serves, and where people are advised: two different things."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from kim.models import BodyRow, SameBody, closed_year
from kim.models.versioned import tracked
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
