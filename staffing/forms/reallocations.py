"""Forms of a reallocation: its head, and the lines that give and take."""

import re
from typing import Any, ClassVar

from django import forms

from kim.pages.forms import VersionedForm
from kim.values.formats import FteField, LineField
from staffing.forms.posts import offer_documents
from staffing.models import Municipality, Position, Reallocation, ReallocationLeg


class ReallocationForm(VersionedForm):
    """When, why and on what a reallocation rests."""

    class Meta:
        model = Reallocation
        fields: ClassVar = [
            "effective",
            "reason",
            "basis",
            "basis_state",
            "basis_place",
            "assumption",
            "difference_reason",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        offer_documents(self)
        fields["basis_state"].label = "Die Grundlage"
        fields["reason"].error_messages["required"] = "Bitte einen Grund angeben. Er steht im Verlauf."
        fields["assumption"].label = "Annahme zum Tag"
        fields["assumption"].help_text = "Begründung, wenn der Tag in keinem Dokument steht."
        fields[
            "difference_reason"
        ].help_text = "Nur wenn die Zeilen nicht 0 ergeben: was der Bescheid oder Beschluss dazu sagt."


class SignedField(FteField):
    """FTE that are given or taken: the column says the sign, and who types it is understood."""

    def __init__(self, sign: str, **kwargs: Any) -> None:
        super().__init__(above=0, **kwargs)
        self.sign = sign

    def parse(self, text: str) -> Any:
        return super().parse(text.strip().removeprefix(self.sign).removeprefix("-" if self.sign == "−" else "+"))


class GiveForm(forms.Form):
    """A post that gives VZÄ."""

    stelle = forms.ModelChoiceField(
        Position.objects.none(), to_field_name="number", label="Stelle, die abgibt", required=False, empty_label="–"
    )
    vzae = SignedField("−", label="gibt ab, VZÄ", required=False)

    def is_empty(self) -> bool:
        data: dict[str, Any] = self.cleaned_data
        return not data.get("stelle") and data.get("vzae") is None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and data.get("stelle") and data.get("vzae") is None:
            self.add_error("vzae", f"Bitte angeben, wie viele VZÄ {data['stelle']} abgibt, z. B. 0,5.")
        if not self.errors and data.get("vzae") is not None and not data.get("stelle"):
            self.add_error("stelle", "Bitte die Stelle wählen, die abgibt.")
        return data

    def leg(self) -> tuple[ReallocationLeg, list[Municipality]]:
        return ReallocationLeg(fte=-self.cleaned_data["vzae"], position=self.cleaned_data["stelle"]), []


class TakeForm(forms.Form):
    """Where VZÄ go: a new post with an Anstellungsträger and Kommunen, or a post that is there."""

    ziel = forms.ChoiceField(label="Anstellungsträger oder Stelle", required=False)
    kommunen = LineField(label="für (Kommunen)", required=False, max_length=400)
    vzae = SignedField("+", label="nimmt auf, VZÄ", required=False)
    ersatzplan = LineField(label="Ersatzplan", required=False, max_length=1000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.municipalities: list[Municipality] = kwargs.pop("municipalities")
        super().__init__(*args, **kwargs)
        self.fields["kommunen"].widget.attrs |= {"list": "municipalities"}

    def is_empty(self) -> bool:
        return not any(self.cleaned_data.get(name) for name in self.fields)

    def clean_kommunen(self) -> list[Municipality]:
        """The Kommunen that are named, between commas, plus signs or "und"."""
        parts = re.split(r"\s*[,;+]\s*|\s+und\s+", self.cleaned_data["kommunen"].strip())
        return list(dict.fromkeys(named(part, self.municipalities) for part in parts if part))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if (
            not self.errors
            and any(data.get(n) for n in ("ziel", "kommunen", "ersatzplan"))
            and data.get("vzae") is None
        ):
            self.add_error("vzae", "Bitte angeben, wie viele VZÄ hier aufgenommen werden, z. B. 0,5.")
        if str(data.get("ziel", "")).startswith("stelle:") and (data.get("kommunen") or data.get("ersatzplan")):
            self.add_error("kommunen", "Eine vorhandene Stelle behält ihre Kommunen und ihren Ersatzplan.")
        return data

    def leg(self, targets: dict[str, Any]) -> tuple[ReallocationLeg, list[Municipality]]:
        data, target = self.cleaned_data, targets.get(self.cleaned_data["ziel"])
        if isinstance(target, Position):
            return ReallocationLeg(fte=data["vzae"], position=target), []
        leg = ReallocationLeg(fte=data["vzae"], establishes=True, carrier=target, fallback_plan=data["ersatzplan"])
        return leg, data["kommunen"]


def named(words: str, known: list[Municipality]) -> Municipality:
    """The Kommune of this name, or whose name begins so if only one does. ValidationError with a sentence.

    Example: Stolberg is Stolberg (Rhld.), Stadt Monschau is Monschau.
    """
    wanted = words.casefold().removeprefix("stadt ").removeprefix("gemeinde ")
    exact = [one for one in known if wanted in {one.name.casefold(), one.short_name.casefold()}]
    found = exact or [one for one in known if one.name.casefold().startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(one.name for one in found)
        raise forms.ValidationError(f"„{words}“ ist nicht eindeutig: {names}. Bitte ausschreiben.")
    raise forms.ValidationError(f"„{words}“ ist keine Kommune dieser Körperschaft. Bitte den Namen prüfen.")
