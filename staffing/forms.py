"""Forms of a post (Berichtigung, description) and of an Anstellungsträger (contact)."""

import re
from typing import Any, ClassVar

from django import forms

from kim.forms import ReasonedForm, VersionedForm
from kim.models import Source
from staffing.models import Carrier, Municipality, Position, PositionPeriod


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
        basis: Any = self.fields["basis"]
        basis.queryset, basis.empty_label = Source.objects.filter(body=body), "keine Angabe"
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
