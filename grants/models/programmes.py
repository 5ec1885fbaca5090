"""What the Land publishes: programmes, their modules, and the rates."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q

from kim.formats import euro, fte
from kim.history import Versioned, tracked
from kim.money import EuroColumn, FteColumn, exact, rounded
from kim.periods import PeriodField, PeriodQuerySet
from staffing.models import Function


@tracked()
class FundingProgramme(Versioned):
    """A Förderprogramm; the same for all bodies."""

    slug = models.SlugField("Kurzname in Adressen", max_length=40, unique=True)
    name = models.CharField("Name", max_length=160, unique=True)
    short_name = models.CharField("Abkürzung", max_length=20)
    legal_basis = models.CharField("Rechtsgrundlage", max_length=160, blank=True)

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Förderprogramm", "Förderprogramme"

    def __str__(self) -> str:
        return self.name


@tracked()
class ProgrammeModule(Versioned):
    """A Baustein of a programme; functions name it."""

    programme = models.ForeignKey(
        FundingProgramme, models.PROTECT, related_name="modules", verbose_name="Förderprogramm"
    )
    name = models.CharField("Baustein", max_length=40)
    title = models.CharField("Bezeichnung", max_length=120)

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Baustein", "Bausteine"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "name"],
                name="programmemodule_name",
                violation_error_message="Diesen Baustein gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.title}"


@tracked()
class Rate(Versioned):
    """A published Fördersatz: an amount for a stated number of FTE (22.500 € for 0,5), with validity and source."""

    programme = models.ForeignKey(FundingProgramme, models.PROTECT, related_name="rates", verbose_name="Förderprogramm")
    function = models.ForeignKey(Function, models.PROTECT, related_name="rates", verbose_name="Funktion")
    amount = EuroColumn("Betrag")
    per_fte = FteColumn("je VZÄ", default=Decimal(1))
    validity = PeriodField("Gültigkeit")
    source = models.CharField("Quelle", max_length=200)

    objects = PeriodQuerySet.as_manager()

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Fördersatz", "Fördersätze"
        constraints: ClassVar = [
            exact("amount", "rate_amount", above=0),
            exact("per_fte", "rate_per_fte", places=3, above=0),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False),
                name="rate_validity",
                violation_error_message="Die Gültigkeit braucht einen Anfang.",
            ),
            ExclusionConstraint(
                name="rate_once",
                expressions=[
                    ("programme", RangeOperators.EQUAL),
                    ("function", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Für diese Funktion gilt in dieser Zeit schon ein Satz.",
            ),
        ]

    def __str__(self) -> str:
        per = "" if self.per_fte == 1 else f" für {fte(self.per_fte)} VZÄ"
        return f"{self.function}: {euro(self.amount)}{per}"

    def full_time(self) -> Decimal:
        """EUR for one full-time equivalent, in cents.

        >>> Rate(amount=Decimal(22500), per_fte=Decimal("0.5")).full_time()
        Decimal('45000.00')
        """
        return rounded(self.amount / self.per_fte)
