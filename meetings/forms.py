"""Forms of Gremien, Dienststellen, Wahlperioden, Sitzungen and persons."""

from typing import Any, ClassVar

from django import forms

from kim.pages.rows import RowForm
from kim.values.formats import DateField
from meetings.models import LegislativeTerm, Meeting, Organization, Person


class CommitteeForm(RowForm):
    """A Gremium."""

    class Meta:
        model = Organization
        fields: ClassVar = ["name", "short_name", "ends_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["short_name"].help_text = "z. B. ASID; leer, wenn keiner gebräuchlich ist."
        as_day(self, "ends_on")


class OfficeForm(RowForm):
    """A Dienststelle, with its address for the window of an envelope."""

    class Meta:
        model = Organization
        fields: ClassVar = ["name", "short_name", "street", "postal_code", "locality", "ends_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["short_name"].help_text = "z. B. A 50; leer, wenn keiner gebräuchlich ist."
        as_day(self, "ends_on")


class TermForm(RowForm):
    """A Wahlperiode."""

    class Meta:
        model = LegislativeTerm
        fields: ClassVar = ["name", "validity"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "z. B. 2025–2030"


class PersonForm(RowForm):
    """Somebody whom a public document names."""

    class Meta:
        model = Person
        fields: ClassVar = ["name", "family_name", "title"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "Wie er in Vorlagen und Niederschriften steht; keine privaten Angaben."


class MeetingForm(RowForm):
    """A Sitzung."""

    class Meta:
        model = Meeting
        fields: ClassVar = ["organization", "date", "start", "place", "public", "legislative_term", "cancelled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        body = self.instance.body
        rows = Organization.objects.filter(body=body, organization_type=Organization.Type.COMMITTEE)
        fields["organization"].queryset, fields["organization"].empty_label = rows, "bitte wählen"
        fields["legislative_term"].queryset = LegislativeTerm.objects.filter(body=body)
        fields["legislative_term"].empty_label = "keine Angabe"
        fields["start"].widget = forms.TimeInput(format="%H:%M", attrs={"inputmode": "numeric"})
        fields["start"].error_messages["invalid"] = "Bitte die Uhrzeit so eingeben: 17:00."
        as_day(self, "date")


def as_day(form: Any, name: str) -> None:
    """A day as people write it here, read by the one grammar."""
    old = form.fields[name]
    form.fields[name] = DateField(label=old.label, required=old.required, help_text=old.help_text)
