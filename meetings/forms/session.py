"""The small forms of the page on which a sitting is written down while it goes on."""

from typing import Any

from django import forms

from kim.values.formats import LineField
from kim.values.periods import TimeField
from meetings.models import AgendaItem, Vote


class DisposeForm(forms.Form):
    """Which items, and what becomes of them; the button says what."""

    items = forms.MultipleChoiceField(label="Tagesordnungspunkte", required=False)
    target = LineField(label="anderer TOP", max_length=8, required=False)
    only_decision = forms.BooleanField(label="nur der Beschluss", required=False)
    joint_subject = LineField(label="gemeinsame Beschlüsse zu", max_length=80, required=False)
    withdrawn_by = forms.ChoiceField(label="zurückgezogen", choices=AgendaItem.By.choices, required=False)

    def __init__(self, *args: Any, items: dict[str, AgendaItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["items"]
        choices.choices = [(word, one.key) for word, one in items.items()]


class UnanimousForm(forms.Form):
    """Einstimmig, with how many abstained and why."""

    abstained = forms.IntegerField(label="Enthaltungen", min_value=0, max_value=999, required=False)
    abstention_reason = LineField(label="Grund („wegen …“)", max_length=120, required=False)
    frame = forms.ChoiceField(label="Wortlaut", choices=Vote.Frame.choices, required=False)


class CountForm(forms.Form):
    """The votes in numbers."""

    yes = forms.IntegerField(label="Ja", min_value=0, max_value=999)
    no = forms.IntegerField(label="Nein", min_value=0, max_value=999)
    counted_abstained = forms.IntegerField(label="Enthaltungen", min_value=0, max_value=999, required=False)
    invalid = forms.IntegerField(label="ungültig", min_value=0, max_value=999, required=False)
    secret = forms.BooleanField(label="geheim", required=False)


class FactionsForm(forms.Form):
    """Who was against it and who abstained."""

    against = LineField(label="dagegen", max_length=600, required=False)
    abstaining = LineField(label="enthalten", max_length=600, required=False)
    rejected = forms.BooleanField(label="abgelehnt", required=False)
    by_name = forms.BooleanField(label="namentlich", required=False)


class ExcludeForm(forms.Form):
    """Whom a Mitwirkungsverbot keeps out."""

    names = LineField(label="Nachnamen", max_length=300, help_text="Anfang genügt; mehrere mit Komma.")


class PresenceForm(forms.Form):
    """Who comes or goes, and when."""

    name = LineField(label="Nachname", max_length=80)
    at = TimeField(label="um", required=False)
