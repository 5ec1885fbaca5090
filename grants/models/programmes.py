"""What the Land publishes: programmes, their modules, and the rates."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from grants.costing import Price
from kim.models import NamedReference, ReferenceRow
from kim.models.versioned import tracked
from kim.values.formats import format_euro, format_fte, slug
from kim.values.money import EuroModelField, FteModelField, exact
from kim.values.periods import PeriodField, PeriodQuerySet, intersection
from staffing.models import Function


@tracked()
class FundingProgramme(NamedReference):
    """A Förderprogramm."""

    slug = models.SlugField("Kurzname in Adressen", max_length=60, blank=True)
    name = models.CharField("Name", max_length=160)
    short_name = models.CharField("Abkürzung", max_length=20)
    legal_basis = models.CharField("Rechtsgrundlage", max_length=160, blank=True)

    class Meta(NamedReference.Meta):
        verbose_name, verbose_name_plural = "Förderprogramm", "Förderprogramme"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["body", "name"],
                nulls_distinct=False,
                name="fundingprogramme_name",
                violation_error_message="Dieses Förderprogramm gibt es schon.",
            ),
            models.UniqueConstraint(
                fields=["body", "slug"],
                nulls_distinct=False,
                name="fundingprogramme_slug",
                violation_error_message="Diesen Kurznamen hat schon ein anderes Förderprogramm.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def words_of_address(self) -> str:
        return self.short_name

    def get_absolute_url(self) -> str:
        return reverse("programme", args=[self.address])


@tracked()
class ProgrammeModule(ReferenceRow):
    """A Baustein of a programme; functions name it."""

    programme = models.ForeignKey(
        FundingProgramme, models.PROTECT, related_name="modules", verbose_name="Förderprogramm"
    )
    name = models.CharField("Baustein", max_length=40)
    title = models.CharField("Bezeichnung", max_length=120)

    class Meta(ReferenceRow.Meta):
        verbose_name, verbose_name_plural = "Baustein", "Bausteine"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["body", "programme", "name"],
                nulls_distinct=False,
                name="programmemodule_name",
                violation_error_message="Diesen Baustein gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.title}"

    @property
    def address(self) -> str:
        return slug(f"{self.programme.short_name} {self.name}")

    def get_absolute_url(self) -> str:
        return reverse("module", args=[self.address])


@tracked()
class Rate(ReferenceRow):
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

    class Meta(ReferenceRow.Meta):
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
                    (Coalesce("body", 0), RangeOperators.EQUAL),
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

    @property
    def address(self) -> str:
        start = self.validity.lower if self.validity else ""
        words = f"{self.programme.short_name} {self.function.slug} {self.variant} {start or 'offen'}"
        return slug(words)

    def get_absolute_url(self) -> str:
        return reverse("rate", args=[self.address])

    def price(self, span: Any) -> Price:
        """For the arithmetic: this rate on the days of a span."""
        return Price(span, self.amount, self.per_fte, self.source)


class SeveralRates(ValidationError):
    """More than one published Fördersatz fits: somebody has to say which."""


def meets(one: Rate, other: Rate) -> bool:
    """Whether two rates hold on a common day."""
    return intersection(one.validity, other.validity) is not None


def fitting(rates: Iterable[Rate], function: int | None, variant: str, span: Any) -> list[Rate]:
    """The published rates of a function and variant whose validity touches a span, by time; empty if there is none.

    Without a variant every published variant fits: SeveralRates if there are two of them. Example: a position without
    a variant, published for „Kommunen bis 25.000 Einwohner“ and for larger ones: a question, not a choice.
    """
    there = [one for one in rates if one.function_id == function and intersection(one.validity, span)]
    published = [one for one in there if one.body_id is None]  # what a body has added gives way to it
    own = [o for o in there if o.body_id and not any(p.variant == o.variant and meets(p, o) for p in published)]
    mine = published + own
    found = [one for one in mine if one.variant == variant] or ([] if variant else mine)
    variants = {one.variant for one in found}
    if len(variants) > 1:
        names = "; ".join(sorted(str(one) for one in found))
        raise SeveralRates(f"Mehrere Fördersätze passen: {names}. Bitte die Variante wählen.")
    return sorted(found, key=lambda one: one.validity.lower)
