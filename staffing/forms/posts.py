"""Forms of a post: Berichtigung, description, notes of the plan, Verfahren."""

import re
from typing import Any, ClassVar

from django import forms

from kim.models import Source
from kim.pages.forms import ReasonedForm, VersionedForm
from kim.values.formats import DateField
from staffing.models import (
    Carrier,
    Municipality,
    PlanNote,
    Position,
    PositionPeriod,
    Procedure,
    ProcedureCarrier,
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
            "fallback_plan",
            "basis",
            "basis_place",
            "assumption",
        ]

    field_order = [*Meta.fields, "reason", "version"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        body = self.instance.body
        carrier: Any = self.fields["carrier"]
        carrier.queryset = Carrier.offered(body, also=self.instance.carrier_id)
        carrier.empty_label = "noch nicht vergeben"
        offer_documents(self)
        chosen: Any = self.fields["municipalities"]
        chosen.queryset = Municipality.objects.filter(uses__body=body)
        chosen.initial = [s.municipality_id for s in self.instance.served.all()]
        self.fields["municipalities_shown"].initial = ",".join(map(str, sorted(chosen.initial)))
        fte: Any = self.fields["fte"]
        fte.weekly_hours = weekly_hours(carrier.queryset, self.data.get("carrier", self.instance.carrier_id))
        fte.help_text, fte.above = "z. B. 0,5 oder 1/2 oder 50 %", 0
        self.fields["fallback_plan"].help_text = "Was gilt, wenn die Stelle so nicht besetzt werden kann."
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


class IdentityForm(ReasonedForm):
    """Corrects what a post is called and what it is: number, Art, Funktion."""

    class Meta:
        model = Position
        fields: ClassVar = ["number", "kind", "function"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].help_text = "Bisherige Verweise und Links auf die alte Nummer gelten dann nicht mehr."


class EndForm(ReasonedForm):
    """Until when there is a post."""

    last = DateField(label="endet am", help_text="Letzter Tag der Stelle. Wer sie hat, scheidet mit diesem Tag aus.")

    class Meta:
        model = Position
        fields: ClassVar[list[str]] = []

    field_order = ["last"]


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
