"""The Berichtigung of a post."""

from typing import Any, ClassVar

from django import forms

from kim.forms import ReasonedForm
from kim.models import Source
from staffing.models import Carrier, Municipality, PositionPeriod


class CorrectionForm(ReasonedForm):
    """Corrects what holds of a post, for the whole range; only entries of the post's own body are offered."""

    municipalities = forms.ModelMultipleChoiceField(
        Municipality.objects.none(),
        label="zuständig für (Kommunen)",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = PositionPeriod
        fields: ClassVar = ["fte", "carrier", "stage", "municipalities", "basis", "basis_place", "assumption"]

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
        fte: Any = self.fields["fte"]
        fte.weekly_hours = self.instance.carrier.weekly_hours if self.instance.carrier else None
        fte.help_text, fte.above = "z. B. 0,5 oder 1/2 oder 50 %", 0
        self.fields["assumption"].help_text = (
            "Begründung, wenn die Angabe in keinem Dokument steht. Ändern sich VZÄ oder Anstellungsträger und die "
            "Grundlage nicht, gilt der Grund als Annahme."
        )
