"""Positions of a notice: an identity that posts point at, and what each version of the notice says of it."""

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from grants.costing import Price
from grants.models.guards import FUNDED_TWICE_BY_TERMS, RATED_RATE, RATED_TERMS
from grants.models.notices import HELD_BY_VERSION, WHOLE, FundingNotice, NoticeVersion
from grants.models.programmes import Rate
from kim.models import BodyRow, SameBody, closed_year
from kim.models.versioned import tracked
from kim.values.formats import format_euro, format_fte
from kim.values.money import EuroModelField, FteModelField, exact, positive
from kim.values.periods import PeriodField
from staffing.models import Function

HELD_BY_TERMS = f"(SELECT {HELD_BY_VERSION.format(row='t')} FROM grants_itemterms t WHERE t.id = {{row}}.terms_id)"  # noqa: S608


@tracked()
class NoticeItem(BodyRow):
    """A Position der Zuwendung: Funding and Weiterleitung point at it, whatever later Bescheide say of it."""

    part_of = "notice"

    class Kind(models.TextChoices):
        STAFF = "staff", "Personal"
        LUMP_SUM = "lump_sum", "Pauschale"
        MATERIAL = "material", "Sachausgaben"
        OWN_SHARE = "own_share", "Eigenanteil"

    notice = models.ForeignKey(FundingNotice, models.PROTECT, related_name="items", verbose_name="Zuwendung")
    kind = models.CharField("Art", max_length=10, choices=Kind, default=Kind.STAFF, db_default="staff")
    function = models.ForeignKey(
        Function, models.PROTECT, null=True, blank=True, related_name="items", verbose_name="Funktion"
    )
    variant = models.CharField(
        "Variante des Satzes",
        max_length=80,
        blank=True,
        help_text="Wenn der Satz von mehr als Funktion und Zeit abhängt, z. B. „Kommunen bis 25.000 Einwohner“.",
    )
    label = models.CharField("Bezeichnung", max_length=120, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Position der Zuwendung", "Positionen der Zuwendung"
        ordering: ClassVar = ["kind", "function__name", "variant", "label"]
        triggers = [*BodyRow.Meta.triggers, closed_year(WHOLE % "notice_id", free=("label", "variant"))]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "notice", "kind", "function", "variant", "label"],
                name="noticeitem_once",
                nulls_distinct=False,
                violation_error_message="Diese Position steht schon in der Zuwendung.",
            ),
            models.CheckConstraint(
                condition=Q(kind="staff", function__isnull=False) | (~Q(kind="staff") & Q(function__isnull=True)),
                name="noticeitem_function",
                violation_error_message="Eine Personalposition nennt eine Funktion, jede andere keine.",
            ),
            SameBody("notice"),
        ]

    def __str__(self) -> str:
        if not self.function:
            return self.label or str(self.get_kind_display())
        return ", ".join(word for word in (str(self.function), self.variant, self.label) if word)

    @property
    def is_staff(self) -> bool:
        return self.kind == self.Kind.STAFF


@tracked()
class ItemTerms(BodyRow):
    """What one version says of a position: FTE and rates of staff, or an amount."""

    part_of = ("item", "notice_version")

    item = models.ForeignKey(NoticeItem, models.PROTECT, related_name="terms", verbose_name="Position der Zuwendung")
    notice_version = models.ForeignKey(
        NoticeVersion, models.PROTECT, related_name="terms", verbose_name="Fassung der Zuwendung"
    )
    fte = FteModelField("VZÄ", null=True, blank=True)
    amount = EuroModelField("Betrag", null=True, blank=True, validators=[positive])

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Angabe zur Position", "Angaben zur Position"
        ordering: ClassVar = ["notice_version__number"]
        triggers = [*BodyRow.Meta.triggers, FUNDED_TWICE_BY_TERMS, RATED_TERMS, closed_year(HELD_BY_VERSION)]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("fte", "itemterms_fte", places=3, above=0),
            exact("amount", "itemterms_amount"),
            models.UniqueConstraint(
                fields=["body", "item", "notice_version"],
                name="itemterms_once",
                violation_error_message="Diese Position steht schon in der Fassung.",
            ),
            models.CheckConstraint(
                condition=Q(fte__isnull=False, amount__isnull=True) | Q(fte__isnull=True, amount__gte=0),
                name="itemterms_either",
                violation_error_message="Personal hat VZÄ, jede andere Position einen Betrag.",
            ),
            SameBody("item"),
            SameBody("notice_version"),
        ]

    def __str__(self) -> str:
        return (
            f"{format_fte(self.fte)} VZÄ {self.item}"
            if self.fte is not None
            else f"{self.item}: {format_euro(self.amount)}"
        )

    def clean(self) -> None:
        if self.item_id and self.item.is_staff != (self.fte is not None):
            raise ValidationError("Personal hat VZÄ, jede andere Position einen Betrag.")
        if self.item_id and self.notice_version_id and self.item.notice_id != self.notice_version.notice_id:
            raise ValidationError({"notice_version": "Die Fassung gehört zu einer anderen Zuwendung."})


@tracked()
class ItemRate(BodyRow):
    """The Fördersatz that a version states for a position and a span: so many EUR a year for so many FTE.

    It is the notice's own: a published Fördersatz that is corrected later changes nothing here.
    """

    part_of = "terms"

    terms = models.ForeignKey(ItemTerms, models.PROTECT, related_name="rates", verbose_name="Angabe zur Position")
    validity = PeriodField("Gültigkeit")
    amount = EuroModelField("Betrag")
    per_fte = FteModelField("je VZÄ", default=Decimal(1))
    source = models.CharField("Quelle", max_length=200, blank=True, help_text="Leer: der Bescheid selbst.")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Satz der Position", "Sätze der Position"
        ordering: ClassVar = ["validity"]
        triggers = [*BodyRow.Meta.triggers, RATED_RATE, closed_year(f"{{row}}.validity * {HELD_BY_TERMS}")]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("amount", "itemrate_amount", above=0),
            exact("per_fte", "itemrate_per_fte", places=3, above=0),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False, validity__upper_inf=False),
                name="itemrate_validity",
                violation_error_message="Die Gültigkeit braucht Anfang und Ende.",
            ),
            ExclusionConstraint(
                name="itemrate_once",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("terms", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Für diese Zeit steht zu der Position schon ein Satz.",
            ),
            SameBody("terms"),
        ]

    def __str__(self) -> str:
        per = "" if self.per_fte == 1 else f" für {format_fte(self.per_fte)} VZÄ"
        return f"{format_euro(self.amount)}{per}"

    def price(self) -> Price:
        """For the arithmetic."""
        return Price(self.validity, self.amount, self.per_fte, self)


def taken_from(rate: Rate, terms: ItemTerms, span: Any) -> ItemRate:
    """The published Fördersatz as the position's own, for a span; not saved."""
    facts = {"amount": rate.amount, "per_fte": rate.per_fte, "source": rate.source}
    return ItemRate(body=terms.body, terms=terms, validity=span, **facts)
