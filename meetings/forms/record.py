"""Forms of the agenda of a sitting, of who was there, and of what happened to an item."""

from typing import Any

from django import forms

from kim.pages.forms import say_empty
from kim.pages.sheets import LineForm
from kim.values.formats import DateField, LineField
from kim.values.periods import TimeField
from meetings.models import AgendaItem, Attendance, Membership, Vote

Disposition = AgendaItem.Disposition
KEPT = ("row", "version")


def options(rows: dict[str, Any], empty: str = "–") -> list[tuple[str, str]]:
    """The choices of a select from rows by their key."""
    return [("", empty), *((key, str(row)) for key, row in rows.items())]


class RowLine(LineForm):
    """A line that stands for a row: its number and version, and a box to take it off."""

    row = forms.IntegerField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def is_empty(self) -> bool:
        names = [name for name in self.fields if name not in (*self.preset, *KEPT)]
        return not self["row"].data and not any(self[name].data for name in names)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            say_empty(field)


class AgendaLine(RowLine):
    """A line of the agenda."""

    preset = ("public",)

    public = forms.ChoiceField(label="Teil", choices=[("oe", "Ö"), ("n", "N")], initial="oe")
    number = LineField(label="TOP", max_length=8)
    title = LineField(label="Betreff", max_length=400)
    short_title = LineField(label="Kurztitel", max_length=160, required=False)
    paper = LineField(label="Vorlage", max_length=60, required=False)
    public_title = LineField(label="öffentlich genannt (nur N)", max_length=400, required=False)
    remark = LineField(label="Vermerk", max_length=120, required=False)
    added_on = DateField(label="Nachtrag vom", required=False)
    urgency = LineField(label="Dringlichkeit", max_length=300, required=False)
    ground = LineField(label="Grund (nur N)", max_length=160, required=False)
    remove = forms.BooleanField(label="löschen", required=False)


class AttendanceLine(RowLine):
    """A line of the list of who was there."""

    preset = ("role", "state", "kind", "voting_right")

    order = forms.IntegerField(label="Nr.", min_value=1, max_value=999, required=False)
    person = forms.ChoiceField(label="Person")
    role = forms.ChoiceField(label="als", choices=Attendance.Role.choices, initial=Attendance.Role.MEMBER)
    state = forms.ChoiceField(label="Anwesenheit", choices=Attendance.State.choices, initial=Attendance.State.PRESENT)
    represents = forms.ChoiceField(label="für", required=False)
    salutation = LineField(label="Anrede (Liste)", max_length=40, required=False)
    spoken = LineField(label="Anrede (Satz)", max_length=40, required=False)
    office = LineField(label="Stelle", max_length=160, required=False)
    kind = forms.ChoiceField(label="Art", choices=Membership.Kind.choices, initial=Membership.Kind.NOT_STATED)
    voting_right = forms.ChoiceField(
        label="Stimmrecht", choices=Membership.VotingRight.choices, initial=Membership.VotingRight.NOT_STATED
    )
    on_behalf_of = LineField(label="Fraktion", max_length=80, required=False)
    from_item = forms.ChoiceField(label="ab TOP", required=False)
    arrives = TimeField(label="ab Uhr", required=False)
    until_item = forms.ChoiceField(label="bis TOP", required=False)
    leaves = TimeField(label="bis Uhr", required=False)
    remove = forms.BooleanField(label="löschen", required=False)

    def __init__(self, *args: Any, people: dict[str, Any], items: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["person"].choices, fields["represents"].choices = options(people, "bitte wählen"), options(people)
        numbers = {key: item.key for key, item in items.items()}
        fields["from_item"].choices = fields["until_item"].choices = options(numbers)


class ItemForm(forms.Form):
    """What became of an item."""

    advice = forms.ChoiceField(label="Beratung", choices=Disposition.choices)
    decision = forms.ChoiceField(label="Beschluss", choices=Disposition.choices)
    target = forms.ChoiceField(label="anderer TOP", required=False)
    joint_subject = LineField(
        label="gemeinsame Beschlüsse zu", max_length=80, required=False, help_text="Wenn nur der Beschluss dort fällt."
    )
    withdrawn_by = forms.ChoiceField(label="zurückgezogen", choices=[("", "–"), *AgendaItem.By.choices], required=False)
    silence = forms.ChoiceField(
        label="Wortmeldungen", choices=[("", "stehen im Verlauf"), *AgendaItem.Silence.choices], required=False
    )
    frame = forms.ChoiceField(label="Wortlaut", choices=AgendaItem.Frame.choices)
    positions = LineField(
        label="betrifft Stellen", max_length=400, required=False, help_text="Nummern, mit Komma: CM-10, CM-16."
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, items: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target: Any = self.fields["target"]
        target.choices = options(items)


class ExclusionLine(RowLine):
    """Somebody who may neither advise nor vote."""

    attendance = forms.ChoiceField(label="Person")
    returns_at = forms.ChoiceField(label="kehrt zurück bei", required=False)
    remove = forms.BooleanField(label="löschen", required=False)

    def __init__(self, *args: Any, people: dict[str, Any], items: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["attendance"].choices = options(people, "bitte wählen")
        fields["returns_at"].choices = options(items, "noch nicht")


class VoteLine(RowLine):
    """A vote on an item."""

    preset = ("style", "frame")

    subject = LineField(label="worüber", max_length=200, required=False)
    style = forms.ChoiceField(label="Weise", choices=Vote.Style.choices, initial=Vote.Style.PHRASE)
    outcome = forms.ChoiceField(
        label="Ergebnis", choices=[("", "aus den Stimmen"), *Vote.Outcome.choices], required=False
    )
    yes = forms.IntegerField(label="Ja", min_value=0, max_value=999, required=False)
    no = forms.IntegerField(label="Nein", min_value=0, max_value=999, required=False)
    abstained = forms.IntegerField(label="Enthaltungen", min_value=0, max_value=999, required=False)
    against = LineField(label="dagegen (Fraktion, Person)", max_length=600, required=False)
    abstaining = LineField(label="enthalten (Fraktion, Person)", max_length=600, required=False)
    invalid = forms.IntegerField(label="ungültig", min_value=0, max_value=999, required=False)
    abstention_reason = LineField(label="Grund („wegen …“)", max_length=120, required=False)
    joined = forms.BooleanField(label="„und ohne Enthaltung“", required=False)
    frame = forms.ChoiceField(label="Wortlaut", choices=Vote.Frame.choices, initial=Vote.Frame.RESOLUTION)
    remove = forms.BooleanField(label="löschen", required=False)
