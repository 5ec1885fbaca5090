"""What the Land publishes: programmes, their modules, and the rates."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from grants.costing import Price
from kim.models.versioned import Versioned, tracked
from kim.values.formats import format_euro, format_fte
from kim.values.money import EuroModelField, FteModelField, exact
from kim.values.periods import PeriodField, PeriodQuerySet, intersection
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
    amount = EuroModelField("Betrag")
    per_fte = FteModelField("je VZÄ", default=Decimal(1))
    validity = PeriodField("Gültigkeit")
    variant = models.CharField(
        "Variante",
        max_length=80,
        blank=True,
        help_text="Wenn der Satz von mehr als Funktion und Zeit abhängt, z. B. „Kommunen bis 25.000 Einwohner“.",
    )
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
                    ("variant", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Für diese Funktion und Variante gilt in dieser Zeit schon ein Satz.",
            ),
        ]

    def __str__(self) -> str:
        per = "" if self.per_fte == 1 else f" für {format_fte(self.per_fte)} VZÄ"
        variant = f" ({self.variant})" if self.variant else ""
        return f"{self.function}{variant}: {format_euro(self.amount)}{per}"

    def price(self, span: Any) -> Price:
        """For the arithmetic: this rate on the days of a span."""
        return Price(span, self.amount, self.per_fte, self.source)


class SeveralRates(ValidationError):
    """More than one published Fördersatz fits: somebody has to say which."""


def fitting(rates: Iterable[Rate], function: int | None, variant: str, span: Any) -> list[Rate]:
    """The published rates of a function and variant whose validity touches a span, by time; empty if there is none.

    Without a variant every published variant fits: SeveralRates if there are two of them. Example: a position without
    a variant, published for „Kommunen bis 25.000 Einwohner“ and for larger ones: a question, not a choice.
    """
    mine = [one for one in rates if one.function_id == function and intersection(one.validity, span)]
    found = [one for one in mine if one.variant == variant] or ([] if variant else mine)
    variants = {one.variant for one in found}
    if len(variants) > 1:
        names = "; ".join(sorted(str(one) for one in found))
        raise SeveralRates(f"Mehrere Fördersätze passen: {names}. Bitte die Variante wählen.")
    return sorted(found, key=lambda one: one.validity.lower)
