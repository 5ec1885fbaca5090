"""Forms of the Haushalt: Teilprodukte, Sachkonten, and the table of Ansätze."""

from typing import Any, ClassVar

from django import forms

from grants.models import Account, BudgetLine, SubProduct
from kim.access.request import Request
from kim.models import Source
from kim.pages.forms import ReasonField
from kim.pages.rows import RowForm
from kim.pages.sheets import LineForm
from kim.values.formats import EuroField, LineField, LongTextField
from kim.values.places import PLACE_HELP


class SubProductForm(RowForm):
    """A Teilprodukt: its number in the budget and what it is called."""

    class Meta:
        model = SubProduct
        fields: ClassVar = ["number", "name"]


class AccountForm(RowForm):
    """A Sachkonto: its number and what it is called."""

    class Meta:
        model = Account
        fields: ClassVar = ["number", "name"]


class BudgetReasonForm(forms.Form):
    """Why Ansätze are written down, and on what those rest that are new or have changed."""

    basis = forms.ModelChoiceField(
        Source.objects.none(),
        label="Grundlage",
        required=False,
        empty_label="wie bisher",
        help_text="Gilt für Zeilen, die neu sind oder sich ändern.",
    )
    basis_place = LineField(label="Fundstelle", max_length=120, required=False, help_text=PLACE_HELP)
    assumption = LongTextField(
        label="Annahme", required=False, help_text="Begründung, wenn die Ansätze noch in keinem Haushalt stehen."
    )
    reason = ReasonField("Haushalt 2027, Entwurf")

    def __init__(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        basis: Any = self.fields["basis"]
        basis.queryset = Source.visible_to(request)


class BudgetLineForm(LineForm):
    """One Ansatz."""

    preset = ("sub_product",)

    sub_product = forms.ChoiceField(label="Teilprodukt")
    purpose = forms.ChoiceField(label="Zweck", choices=[("", "bitte wählen"), *BudgetLine.Purpose.choices])
    label = LineField(label="Bezeichnung", max_length=160)
    account = forms.ChoiceField(label="Sachkonto", required=False)
    assignment = LineField(label="Kontierung", max_length=60, required=False)
    amount = EuroField(label="Ansatz", required=False)
    remove = forms.BooleanField(label="löschen", required=False)
    row = forms.IntegerField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, products: dict[str, SubProduct], accounts: dict[str, Account], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.products, self.accounts = products, accounts
        fields: dict[str, Any] = self.fields
        fields["sub_product"].choices = [("", "bitte wählen"), *((one, one) for one in products)]
        fields["account"].choices = [("", "nicht angegeben"), *((one, one) for one in accounts)]
        fields["sub_product"].new_page, fields["account"].new_page = "sub-product-new", "account-new"
        fields["sub_product"].initial = next(iter(products)) if len(products) == 1 else ""

    def clean_sub_product(self) -> SubProduct:
        return self.products[self.cleaned_data["sub_product"]]

    def clean_account(self) -> Account | None:
        return self.accounts.get(self.cleaned_data["account"])

    def put_on(self, line: BudgetLine) -> BudgetLine:
        """The Ansatz with what is typed in the line."""
        for name in ("sub_product", "purpose", "label", "account", "assignment", "amount"):
            setattr(line, name, self.cleaned_data[name])
        return line
