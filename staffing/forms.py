"""Forms of a post (Berichtigung, description) and of an Anstellungsträger (contact)."""

import re
from typing import Any, ClassVar

from django import forms

from kim.formats import DateField, FteField, LineField
from kim.forms import ReasonedForm, VersionedForm
from kim.models import Source
from staffing.models import (
    Carrier,
    Municipality,
    Occupancy,
    PlanNote,
    Position,
    PositionPeriod,
    Procedure,
    ProcedureCarrier,
    Reallocation,
    ReallocationLeg,
    always,
)


def offer_documents(form: Any) -> None:
    """What a row may rest on: the documents of its body."""
    basis = form.fields["basis"]
    basis.queryset, basis.empty_label = Source.objects.filter(body=form.instance.body), "keine Angabe"


class CorrectionForm(ReasonedForm):
    """Corrects what holds of a post, for the whole range; only entries of the post's own body are offered."""

    municipalities = forms.ModelMultipleChoiceField(
        Municipality.objects.none(),
        label="zuständig für (Kommunen)",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    municipalities_shown = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = PositionPeriod
        fields: ClassVar = [
            "fte",
            "carrier",
            "stage",
            "pay_group",
            "municipalities",
            "basis",
            "basis_place",
            "assumption",
        ]

    field_order = [*Meta.fields, "reason", "version"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        body = self.instance.body
        carrier: Any = self.fields["carrier"]
        carrier.queryset, carrier.empty_label = Carrier.objects.filter(body=body), "noch nicht vergeben"
        offer_documents(self)
        chosen: Any = self.fields["municipalities"]
        chosen.queryset = Municipality.objects.filter(uses__body=body)
        chosen.initial = [s.municipality_id for s in self.instance.served.all()]
        self.fields["municipalities_shown"].initial = ",".join(map(str, sorted(chosen.initial)))
        fte: Any = self.fields["fte"]
        fte.weekly_hours = weekly_hours(carrier.queryset, self.data.get("carrier", self.instance.carrier_id))
        fte.help_text, fte.above = "z. B. 0,5 oder 1/2 oder 50 %", 0
        self.fields["assumption"].help_text = (
            "Begründung, wenn die Angabe in keinem Dokument steht. Ändern sich VZÄ oder Anstellungsträger und die "
            "Grundlage nicht, gilt der Grund als Annahme."
        )

    def restore(self, data: Any) -> set[str]:
        shown = str(data.get("municipalities_shown", ""))
        if not re.fullmatch(r"[0-9,]*", shown):
            return set()
        self.fields["municipalities"].initial = [int(key[:18]) for key in shown.split(",") if key]
        return {"municipalities"}


class ChangeForm(CorrectionForm):
    """Changes what holds of a post from a day on; what held before stays."""

    day = DateField(label="wirksam ab", help_text="Erster Tag, an dem die neuen Angaben gelten.")
    field_order = ["day", *CorrectionForm.field_order]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "assumption"
        ].help_text = (
            "Begründung, wenn die Angabe in keinem Dokument steht. Bleibt die Grundlage, gilt der Grund als Annahme."
        )


class RangeForm(ReasonedForm):
    """Corrects from when to when the facts of a post hold."""

    class Meta:
        model = PositionPeriod
        fields: ClassVar = ["validity", "validity_assumption"]


class OccupancyForm(ReasonedForm):
    """One place of a post: since when, until when, how much, ruhend."""

    class Meta:
        model = Occupancy
        fields: ClassVar = [
            "validity",
            "fte",
            "suspended",
            "previous_programme",
            "basis",
            "basis_place",
            "assumption",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        offer_documents(self)
        fields["validity"].required = False
        fields["validity"].help_text = "„von“ bleibt leer, wenn der Beginn nicht bekannt ist; „bis“, solange sie läuft."
        fields["fte"].above, fields["fte"].help_text = 0, "je Platz, z. B. 0,5 oder 1/2"

    def clean_validity(self) -> Any:
        return self.cleaned_data["validity"] or always()


class FillForm(OccupancyForm):
    """Fills free places of a post, several alike at once."""

    places = forms.IntegerField(
        label="Anzahl der Plätze",
        min_value=1,
        max_value=50,
        initial=1,
        help_text="z. B. 3 Plätze mit je 0,5 VZÄ",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    field_order = ["validity", "places", "fte"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["places"].error_messages |= {"invalid": "Bitte eine ganze Zahl eingeben, z. B. 3."}
        self.fields["suspended"].required = False


class PlanNoteForm(ReasonedForm):
    """A Vermerk of the Stellenplan with its dates."""

    class Meta:
        model = PlanNote
        fields: ClassVar = ["kind", "validity", "text", "basis", "basis_place", "assumption"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        offer_documents(self)
        fields["validity"].help_text = "„bis“ bleibt leer, wenn kein Ende feststeht."


class ProcedureForm(ReasonedForm):
    """An Ausschreibung or Interessenbekundung: dates, who takes part, and whether the Verfahrensstand follows."""

    interested = forms.ModelMultipleChoiceField(
        Carrier.objects.none(), label="beteiligte Träger", required=False, widget=forms.CheckboxSelectMultiple
    )
    withdrawn = forms.ModelMultipleChoiceField(
        Carrier.objects.none(), label="zurückgezogen", required=False, widget=forms.CheckboxSelectMultiple
    )
    chosen = forms.ModelChoiceField(
        Carrier.objects.none(),
        label="ausgewählt",
        required=False,
        empty_label="noch niemand",
        help_text="Wer die Stelle dann bekommt, wird mit „Ändern ab …“ als Anstellungsträger eingetragen.",
    )
    with_stage = forms.BooleanField(
        label="Verfahrensstand der Stelle ab dem ersten Tag mitführen", required=False, initial=True
    )

    class Meta:
        model = Procedure
        fields: ClassVar = ["kind", "validity", "text", "basis", "basis_place", "assumption"]

    field_order = ["kind", "validity", "interested", "withdrawn", "chosen", "with_stage"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        offer_documents(self)
        fields["validity"].help_text = "von der Veröffentlichung bis zur Frist, einschließlich"
        there = self.instance.carriers.all() if self.instance.pk else ()
        fields["with_stage"].initial = not self.instance.pk  # later the stage may have gone on
        for name in ProcedureCarrier.State.values:
            fields[name].queryset = Carrier.objects.filter(body=self.instance.body)
            found = [row.carrier_id for row in there if row.state == name]
            fields[name].initial = found[0] if name == "chosen" and found else found

    def carriers(self) -> dict[Carrier, str]:
        """Who takes part, with the outcome that is furthest on: who is chosen has shown interest before."""
        data = self.cleaned_data
        found: dict[Carrier, str] = {}
        for name in ("interested", "withdrawn"):
            found |= dict.fromkeys(data[name], name)
        return found | ({data["chosen"]: "chosen"} if data["chosen"] else {})

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("chosen") and data["chosen"] in data.get("withdrawn", ()):
            self.add_error("chosen", f"{data['chosen']} hat sich zurückgezogen und kann nicht ausgewählt sein.")
        return data


class DescriptionForm(VersionedForm):
    """What is said about a post beside its figures."""

    class Meta:
        model = Position
        fields: ClassVar = ["file_reference", "note"]


def weekly_hours(carriers: Any, chosen: Any) -> Any:
    """The hours of a full post at the carrier that is chosen in the same form; None if it names none."""
    key = str(chosen or "")
    known = key.isascii() and key.isdigit() and len(key) < 19
    return carriers.filter(pk=int(key)).values_list("weekly_hours", flat=True).first() if known else None


class ContactForm(VersionedForm):
    """How to reach the office; no private data."""

    class Meta:
        model = Carrier
        fields: ClassVar = ["street", "postal_code", "locality", "phone", "email"]


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
        self.fields["kommunen"].widget.attrs |= {"list": "kommunen-der-koerperschaft"}

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
