"""Where the money stands in the budget: Teilprodukte, Sachkonten, what kind an account is, and the Ansätze."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from kim.models import Body, BodyRow, Cited, ReferenceRow, SameBody, closed_year
from kim.models.versioned import keep_together, tracked
from kim.values.money import EuroModelField, exact, positive
from kim.values.periods import PeriodField, PeriodQuerySet

# The budget years in which an Ansatz names a Teilprodukt or a Sachkonto.
LINED = """(SELECT coalesce(range_merge(range_agg(daterange(make_date(l.year, 1, 1), make_date(l.year + 1, 1, 1)))),
    'empty') FROM grants_budgetline l WHERE l.%s = {row}.id)"""


WRITTEN = RegexValidator(
    r"\A[A-Za-z0-9.-]+\Z", "Bitte nur Buchstaben, Ziffern, Punkt und Bindestrich verwenden, z. B. 05.315.01."
)  # it stands in the address of its page


def fits(number: str, mask: str) -> bool:
    """Whether a number is written as the mask of the house says; an empty mask says nothing.

    9 is a digit, A a letter, all else itself. Example: 05.315.01 fits 99.999.99, 05315.01 does not.
    """
    signs = {"9": "[0-9]", "A": "[A-Za-z]"}
    return not mask or bool(re.fullmatch("".join(signs.get(sign, re.escape(sign)) for sign in mask), number))


class NumberedRow(BodyRow):
    """A row with a number that is written as the Kontenplan of the house does it; what is there already stays."""

    mask: ClassVar[str]  # the field of the body that says how
    number: Any

    class Meta(BodyRow.Meta):
        abstract = True

    def clean(self) -> None:
        super().clean()
        mask: str = getattr(self.body, self.mask)
        stored = type(self)._base_manager.filter(Q(pk=self.pk), Q(("number", self.number)))
        if fits(self.number, mask) or stored.exists():
            return
        words = f"„{self.number}“ ist nicht geschrieben wie im Kontenplan: {mask} (9 = Ziffer, A = Buchstabe)."
        raise ValidationError({"number": words})


@tracked()
class SubProduct(NumberedRow):
    """A Teilprodukt: where in the budget the money of a programme stands."""

    mask = "sub_product_mask"

    number = models.CharField("Teilprodukt", max_length=20, validators=[WRITTEN])
    name = models.CharField("Bezeichnung", max_length=160)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Teilprodukt", "Teilprodukte"
        triggers = [*BodyRow.Meta.triggers, closed_year(LINED % "sub_product_id", free=("name",))]
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

    def get_absolute_url(self) -> str:
        return reverse("sub-product", args=[self.number])

    @classmethod
    def find(cls, body: Body, number: str) -> "SubProduct":
        """The body's Teilprodukt with this number; SubProduct.DoesNotExist otherwise."""
        return cls._default_manager.get(body=body, number=number)


@tracked()
class Account(NumberedRow):
    """A Sachkonto."""

    mask = "account_mask"

    number = models.CharField("Sachkonto", max_length=20, validators=[WRITTEN])
    name = models.CharField("Bezeichnung", max_length=160)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Sachkonto", "Sachkonten"
        triggers = [*BodyRow.Meta.triggers, closed_year(LINED % "account_id", free=("name",))]
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

    def get_absolute_url(self) -> str:
        return reverse("account", args=[self.number])


@tracked()
class AccountGroup(ReferenceRow):
    """What accounts whose number begins so are for (NKF-Kontenrahmen); data with its source, because the Land may
    change it and we could not read every version. Every beginning that fits a number counts: 531800 is for
    Aufwendungen (5) and for Transferaufwendungen (53)."""

    class Meaning(models.TextChoices):
        INCOME = "income", "Erträge"
        EXPENSE = "expense", "Aufwendungen"
        TRANSFER = "transfer", "Transferaufwendungen (Zahlungen an Dritte ohne Gegenleistung)"
        CAPITAL = "capital", "Investitionstätigkeit"

    prefix = models.CharField("Kontonummer beginnt mit", max_length=10)
    meaning = models.CharField("Bedeutung", max_length=10, choices=Meaning)
    validity = PeriodField("Gültigkeit")
    source = models.CharField("Quelle", max_length=300)
    verified = models.BooleanField("im Original geprüft", default=False)

    objects = PeriodQuerySet.as_manager()

    class Meta(ReferenceRow.Meta):
        verbose_name, verbose_name_plural = "Kontengruppe", "Kontengruppen"
        ordering: ClassVar = ["prefix", "validity"]
        constraints: ClassVar = [
            ExclusionConstraint(
                name="accountgroup_once",
                expressions=[
                    (Coalesce("body", 0), RangeOperators.EQUAL),
                    ("prefix", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Für diesen Nummernanfang gilt in dieser Zeit schon eine Bedeutung.",
            ),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False),
                name="accountgroup_validity",
                violation_error_message="Die Gültigkeit braucht einen Anfang.",
            ),
            models.CheckConstraint(
                condition=Q(prefix__regex=r"^[0-9]+$"),
                name="accountgroup_prefix",
                violation_error_message="Eine Kontonummer beginnt mit Ziffern.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}: {self.get_meaning_display()}"

    @property
    def address(self) -> str:
        start = self.validity.lower if self.validity else ""
        return f"{self.prefix}-{start or 'offen'}"

    def get_absolute_url(self) -> str:
        return reverse("account-group", args=[self.address])


@tracked()
class BudgetLine(Cited, BodyRow):
    """An Ansatz in the budget of a year. The Sachkonto may be empty: not stated."""

    class Purpose(models.TextChoices):
        INCOME = "income", "Ertrag: Zuwendung"
        OWN = "own", "Aufwand: eigene Stellen"
        ONWARD = "onward", "Aufwand: Stellen bei Dritten"
        LUMP_SUM = "lump_sum", "Aufwand: Pauschalen"
        MATERIAL = "material", "Aufwand: Sachausgaben"

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
    amount = EuroModelField(
        "Ansatz", null=True, blank=True, validators=[positive], help_text="Leer heißt: noch offen, in Planung."
    )

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Haushaltsansatz", "Haushaltsansätze"
        triggers = [
            *BodyRow.Meta.triggers,
            closed_year("daterange(make_date({row}.year, 1, 1), make_date({row}.year + 1, 1, 1))"),
        ]
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

    @classmethod
    @transaction.atomic
    def keep(cls, rows: "Iterable[BudgetLine]", gone: "Iterable[BudgetLine]", *, reason: str) -> int:
        """Write the Ansätze of a table down as one act, and delete those that are gone; how many these are together.

        ValidationError with a sentence that names the Ansatz: a double one, one of a closed year, one that a text uses.
        """
        return keep_together(rows, gone, act="Ansätze geändert", reason=reason)

    def titled(self) -> str:
        """What it is for, and that its amount is still open."""
        return self.label if self.amount is not None else f"{self.label} (Betrag noch offen)"

    def get_absolute_url(self) -> str:
        """The list of its year: an Ansatz has no page of its own."""
        return f"{reverse('budget')}?jahr={self.year}"
