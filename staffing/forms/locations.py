"""The form of which Kommunen a post serves, by which share, and where people are advised."""

from decimal import Decimal
from typing import Any

from django import forms

from kim.pages.forms import ReasonField
from kim.pages.sheets import LineForm
from kim.values.formats import DateField, FteField, LineField
from staffing.models import Municipality


class SettleForm(forms.Form):
    """From when on the Kommunen and Beratungsorte are these, and why."""

    since = DateField(
        label="gilt ab",
        required=False,
        help_text="Erster Tag, an dem es so ist. Leer: von Anfang an (Berichtigung).",
    )
    reason = ReasonField("Beratung jetzt im Rathaus")
    version = forms.IntegerField(widget=forms.HiddenInput)


class OfMunicipality(LineForm):
    """A line that names a Kommune of the body."""

    municipality = forms.ChoiceField(label="Kommune")

    def __init__(self, *args: Any, municipalities: dict[str, Municipality], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.municipalities = municipalities
        field: Any = self.fields["municipality"]
        field.new_page = "municipality-new"
        field.choices = [("", "keine Angabe"), *((slug, one.name) for slug, one in municipalities.items())]

    def clean_municipality(self) -> Municipality | None:
        return self.municipalities.get(self.cleaned_data["municipality"])


class ShareField(FteField):
    """A share of a whole, typed as VZÄ are."""

    def parse(self, text: str) -> Decimal:
        try:
            return super().parse(text)
        except forms.ValidationError as error:
            words = f"„{text[:20]}“ ist kein Anteil. Bitte eine Zahl mit höchstens drei Nachkommastellen, z. B. 0,333."
            raise forms.ValidationError(words) from error


class ServedLine(OfMunicipality):
    """A Kommune that the post serves."""

    share = ShareField(label="Anteil", required=False, above=0)

    def clean_share(self) -> Decimal | None:
        share: Decimal | None = self.cleaned_data["share"]
        if share is not None and share > 1:
            raise forms.ValidationError("Der Anteil ist höchstens 1, z. B. 0,5.")
        return share


class PlaceLine(OfMunicipality):
    """A Beratungsort."""

    name = LineField(label="Beratungsort", max_length=120)
    host = LineField(label="Betreiber", max_length=120, required=False)
    municipality = forms.ChoiceField(label="in (Kommune)", required=False)

    field_order = ("name", "host", "municipality")
