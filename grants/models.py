"""Money in and out: programmes, notices and their items, rates, the funding of posts, budget lines."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from kim.formats import euro, fte
from kim.history import Versioned, tracked
from kim.models import Body, BodyRow, Cited, SameBody, Source
from kim.money import EuroColumn, FteColumn, exact, positive, rounded
from kim.periods import PeriodField, PeriodQuerySet, last_day
from staffing.models import Function, Position


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


@tracked()
class SubProduct(BodyRow):
    """A Teilprodukt: where in the budget the money of a programme stands."""

    number = models.CharField("Teilprodukt", max_length=20)
    name = models.CharField("Bezeichnung", max_length=160)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Teilprodukt", "Teilprodukte"
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "number"],
                name="subproduct_number",
                violation_error_message="Dieses Teilprodukt gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} „{self.name}“"

    @classmethod
    def find(cls, body: Body, number: str) -> "SubProduct":
        """The body's Teilprodukt with this number; SubProduct.DoesNotExist otherwise."""
        return cls._default_manager.get(body=body, number=number)


@tracked()
class Account(BodyRow):
    """A Sachkonto."""

    number = models.CharField("Sachkonto", max_length=20)
    name = models.CharField("Bezeichnung", max_length=160)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Sachkonto", "Sachkonten"
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "number"],
                name="account_number",
                violation_error_message="Dieses Sachkonto gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} „{self.name}“"


@tracked()
class FundingNotice(BodyRow):
    """A Zuwendungsbescheid, from its planning to its end; its number, title and date stand in its Source."""

    class State(models.TextChoices):
        PLANNED = "planned", "geplant"
        APPLIED = "applied", "beantragt"
        ANNOUNCED = "announced", "angekündigt"
        GRANTED = "granted", "bewilligt"
        AMENDED = "amended", "geändert"
        REVOKED = "revoked", "aufgehoben"

    class Instrument(models.TextChoices):
        GRANT = "grant", "Zuwendung"
        LUMP_SUM = "lump_sum", "fachbezogene Pauschale"
        STATUTORY = "statutory", "gesetzliche Zuweisung"

    COUNTED = (State.GRANTED, State.AMENDED)

    source = models.OneToOneField(Source, models.PROTECT, related_name="notice", verbose_name="Beleg")
    slug = models.SlugField("Kurzname in Adressen", max_length=60)
    programme = models.ForeignKey(
        FundingProgramme, models.PROTECT, related_name="notices", verbose_name="Förderprogramm"
    )
    module = models.ForeignKey(
        ProgrammeModule,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name="Baustein",
    )
    state = models.CharField("Stand", max_length=10, choices=State)
    instrument = models.CharField("Förderart", max_length=10, choices=Instrument)
    funder = models.CharField("Bewilligende Stelle", max_length=160)
    validity = PeriodField("Förderzeitraum")
    amount = EuroColumn("Betrag", null=True, blank=True, validators=[positive])
    approximate = models.BooleanField("Betrag nur ungefähr („rund“)", default=False)
    sub_product = models.ForeignKey(
        SubProduct,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name="Teilprodukt",
    )
    note = models.TextField("Bemerkung", blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Zuwendung", "Zuwendungen"
        ordering: ClassVar = ["-validity", "slug"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "slug"],
                name="fundingnotice_slug",
                violation_error_message="Diesen Kurznamen hat schon eine andere Zuwendung.",
            ),
            exact("amount", "fundingnotice_amount"),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(amount__isnull=True),
                name="fundingnotice_positive",
                violation_error_message="Der Betrag darf nicht negativ sein.",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("granted", "amended", "revoked")) | Q(amount__isnull=False),
                name="fundingnotice_granted",
                violation_error_message="Eine bewilligte Zuwendung braucht einen Betrag.",
            ),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False, validity__upper_inf=False),
                name="fundingnotice_validity",
                violation_error_message="Der Förderzeitraum braucht Anfang und Ende.",
            ),
            SameBody("source"),
            SameBody("sub_product"),
        ]

    def __str__(self) -> str:
        return self.source.title

    def get_absolute_url(self) -> str:
        return reverse("notice", args=[self.slug])

    @classmethod
    def find(cls, body: Body, slug: str) -> "FundingNotice":
        """The body's notice with this short name; FundingNotice.DoesNotExist otherwise."""
        return cls._default_manager.select_related("source", "programme", "sub_product").get(body=body, slug=slug)

    def clean(self) -> None:
        if self.state in self.COUNTED and self.source.date is None:
            raise ValidationError({"state": "Ein bewilligter Bescheid braucht ein Datum."})
        last = last_day(self.validity) if self.validity else None
        if last and self.validity.lower and last.year != self.validity.lower.year:
            words = "Der Förderzeitraum muss in einem Haushaltsjahr liegen; sonst je Jahr eine Zuwendung erfassen."
            raise ValidationError({"validity": words})


@tracked()
class NoticeItem(BodyRow):
    """What a notice funds: so many FTE of a function at a rate; the amount is derived and compared (rule G1)."""

    notice = models.ForeignKey(FundingNotice, models.PROTECT, related_name="items", verbose_name="Zuwendung")
    function = models.ForeignKey(Function, models.PROTECT, related_name="items", verbose_name="Funktion")
    fte = FteColumn("VZÄ")
    rate = models.ForeignKey(Rate, models.PROTECT, related_name="items", verbose_name="Fördersatz")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Position der Zuwendung", "Positionen der Zuwendung"
        ordering: ClassVar = ["function__name"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("fte", "noticeitem_fte", places=3, above=0),
            models.UniqueConstraint(
                fields=["body", "notice", "function"],
                name="noticeitem_function",
                violation_error_message="Diese Funktion steht schon in der Zuwendung.",
            ),
            SameBody("notice"),
        ]

    def __str__(self) -> str:
        return f"{fte(self.fte)} VZÄ {self.function}"

    def amount(self) -> Decimal:
        """EUR a year: FTE × rate.

        >>> NoticeItem(fte=Decimal(12), rate=Rate(amount=Decimal(57000), per_fte=Decimal(1))).amount()
        Decimal('684000.00')
        """
        return rounded(self.fte * self.rate.amount / self.rate.per_fte)

    def clean(self) -> None:
        if self.rate_id and self.function_id and self.rate.function_id != self.function_id:
            raise ValidationError({"rate": "Der Fördersatz gilt für eine andere Funktion."})


@tracked()
class Funding(BodyRow):
    """A post is paid from an item of a notice, in the notice's period."""

    item = models.ForeignKey(NoticeItem, models.PROTECT, related_name="funding", verbose_name="aus Zuwendung")
    position = models.ForeignKey(Position, models.PROTECT, related_name="funding", verbose_name="Stelle")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Förderung einer Stelle", "Förderungen von Stellen"
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "item", "position"],
                name="funding_once",
                violation_error_message="Die Stelle wird aus dieser Zuwendung schon gefördert.",
            ),
            SameBody("item"),
            SameBody("position"),
        ]

    def __str__(self) -> str:
        return f"{self.position} aus {self.item}"

    def clean(self) -> None:
        """One third-party funder per post and time (double funding, § 9 (4) TIntG)."""
        if not (self.item_id and self.position_id):
            return
        if self.item.function_id != self.position.function_id:
            raise ValidationError({"item": "Die Zuwendung fördert eine andere Funktion als die der Stelle."})
        other = Funding.objects.filter(
            body=self.body,
            position=self.position,
            item__notice__validity__overlap=self.item.notice.validity,
        ).exclude(pk=self.pk)
        other = other.exclude(item__notice__state=FundingNotice.State.REVOKED)
        if other.exists():
            raise ValidationError(
                {"item": "Die Stelle wird in diesem Zeitraum schon aus einer anderen Zuwendung gefördert."}
            )


@tracked()
class BudgetLine(Cited, BodyRow):
    """An Ansatz in the budget of a year. The Sachkonto may be empty: not stated."""

    class Purpose(models.TextChoices):
        INCOME = "income", "Ertrag: Zuwendung"
        OWN = "own", "Aufwand: eigene Stellen"
        ONWARD = "onward", "Aufwand: Stellen bei Dritten"

    year = models.PositiveSmallIntegerField("Haushaltsjahr")
    sub_product = models.ForeignKey(SubProduct, models.PROTECT, related_name="budget_lines", verbose_name="Teilprodukt")
    account = models.ForeignKey(
        Account,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="budget_lines",
        verbose_name="Sachkonto",
        help_text="Leer heißt: nicht angegeben.",
    )
    purpose = models.CharField("Zweck", max_length=8, choices=Purpose)
    label = models.CharField("Bezeichnung", max_length=160)
    assignment = models.CharField("Kontierung", max_length=60, blank=True)
    amount = EuroColumn("Ansatz", validators=[positive])

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Haushaltsansatz", "Haushaltsansätze"
        ordering: ClassVar = [
            "year",
            "sub_product__number",
            "purpose",
            F("account__number").asc(nulls_last=True),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("amount", "budgetline_amount"),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="budgetline_positive",
                violation_error_message="Der Ansatz darf nicht negativ sein.",
            ),
            models.UniqueConstraint(
                fields=["body", "year", "sub_product", "account", "label"],
                name="budgetline_once",
                nulls_distinct=False,
                violation_error_message="Diesen Ansatz gibt es schon.",
            ),
            SameBody("sub_product"),
            SameBody("account"),
            SameBody("basis"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.year}"
