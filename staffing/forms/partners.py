"""Forms of an Anstellungsträger: all of it, new or again, and how to reach it."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from kim.pages.forms import VersionedForm
from kim.pages.rows import RowForm
from kim.values.formats import DateField, slug
from staffing.models import BodyMunicipality, Carrier, Function, Municipality

FIELDS = [
    *("name", "short_name", "kind", "article", "sentence_name"),
    *("street", "postal_code", "locality", "phone", "email", "weekly_hours", "ends_on"),
]
HELP = {
    "name": "Der volle Name, wie er in Bescheiden steht.",
    "short_name": "Wie er in Tabellen steht; aus ihm wird die Adresse der Seite.",
    "article": "Für Sätze: „der Caritasverband“, „die Stadt“, „das Deutsche Rote Kreuz“.",
    "weekly_hours": "Womit „19,5 Std.“ in VZÄ umgerechnet werden; leer: nicht bekannt.",
}


class CarrierForm(RowForm):
    """What is known of an Anstellungsträger; the address of its page stays."""

    class Meta:
        model = Carrier
        fields: ClassVar = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        own, new = self.instance.kind == Carrier.Kind.OWN, self.instance._state.adding  # own: made with its body
        offered = [one for one in Carrier.Kind.choices if (one[0] == Carrier.Kind.OWN) == own]
        fields["kind"].choices = [("", "bitte wählen"), *offered] if new else offered
        for name, words in HELP.items():
            fields[name].help_text = words
        ends: Any = Carrier._meta.get_field("ends_on")
        fields["ends_on"] = DateField(label=ends.verbose_name, required=False, help_text=ends.help_text)
        fields["weekly_hours"].localize = True
        fields["weekly_hours"].widget = forms.TextInput(attrs={"inputmode": "decimal"})
        wrong = "Bitte Wochenstunden als Zahl eingeben, z. B. 39 oder 39,5."
        fields["weekly_hours"].error_messages["invalid"] = wrong

    def clean_short_name(self) -> str:
        words = str(self.cleaned_data["short_name"])
        if self.instance._state.adding:
            self.instance.slug = slug(words)[:60]
            if self.instance.slug in {"", "neu"}:
                wrong = "Aus diesem Kurznamen lässt sich keine Adresse bilden. Bitte einen anderen angeben."
                raise ValidationError(wrong)
        return words


class MunicipalityForm(RowForm):
    """A Kommune of the official list that the body works with from now on."""

    class Meta:
        model = BodyMunicipality
        fields: ClassVar = ["municipality"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["municipality"]
        field.queryset = Municipality.objects.exclude(uses__body=self.instance.body)
        field.empty_label = "bitte wählen"
        field.label_from_instance = lambda one: f"{one.name} ({one.district})" if one.district else one.name


class ContactForm(VersionedForm):
    """How to reach the office; no private data."""

    class Meta:
        model = Carrier
        fields: ClassVar = ["street", "postal_code", "locality", "phone", "email"]


class FunctionForm(RowForm):
    """What posts are for."""

    class Meta:
        model = Function
        fields: ClassVar = ["name", "module"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["module"].help_text = "Wie er im Förderprogramm heißt, z. B. „Baustein 2“"
