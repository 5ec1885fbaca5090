"""Forms of Gremien, Dienststellen, Wahlperioden, Sitzungen, persons and Mitgliedschaften."""

from typing import Any, ClassVar

from kim.pages.forms import VersionedForm
from kim.pages.rows import RowForm
from kim.values.formats import DateField
from kim.values.periods import TimeField, today
from meetings.models import LegislativeTerm, Meeting, Membership, Organization, Person


def offer_committees(form: Any) -> None:
    """The select of Gremien: those that are there today, and the one that is chosen already."""
    body, chosen = form.instance.body, form.instance.organization_id
    rows = Organization.objects.filter(body=body, organization_type=Organization.Type.COMMITTEE)
    form.fields["organization"].queryset = Organization.there_on(rows, today(body), chosen)
    form.fields["organization"].empty_label = "bitte wählen"


class CommitteeForm(RowForm):
    """A Gremium."""

    class Meta:
        model = Organization
        fields: ClassVar = ["name", "short_name", "voting_member_count", "quorum_rule"]
        fields += ["notice_days", "notice_clear", "rules_source", "ends_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["short_name"].help_text = "z. B. ASID; leer, wenn keiner gebräuchlich ist."
        self.fields["quorum_rule"].required = False
        as_day(self, "ends_on")

    def clean_quorum_rule(self) -> str:
        """Nothing chosen: nobody said so."""
        return str(self.cleaned_data["quorum_rule"] or Organization.Quorum.NOT_STATED)


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
        fields: ClassVar = ["name", "family_name", "title", "ends_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        as_day(self, "ends_on")
        self.fields["name"].help_text = "Wie er in Vorlagen und Niederschriften steht; keine privaten Angaben."


class MeetingForm(RowForm):
    """A Sitzung."""

    class Meta:
        model = Meeting
        fields: ClassVar = [
            *("organization", "date", "start", "place", "invited_on", "urgency", "end", "public_end", "public"),
            *("legislative_term", "serial", "cancelled"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        offer_committees(self)
        fields["legislative_term"].queryset = LegislativeTerm.objects.filter(body=self.instance.body)
        fields["legislative_term"].empty_label = "keine Angabe"
        for name in ("start", "end", "public_end"):
            field = fields[name]
            fields[name] = TimeField(label=field.label, required=False, help_text=field.help_text)
        as_day(self, "date")
        as_day(self, "invited_on")


class MembershipForm(RowForm):
    """A Mitgliedschaft; who it is and in which Gremium is said once, a wrong one is deleted."""

    class Meta:
        model = Membership
        fields: ClassVar = ["organization", "person", "role", "kind", "voting_right", "on_behalf_of", "validity"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        if not self.instance._state.adding:
            del fields["organization"], fields["person"]
            return
        offer_committees(self)
        body, chosen = self.instance.body, self.instance.person_id
        persons = Person.objects.filter(body=body).order_by("family_name", "name")
        fields["person"].queryset = Person.there_on(persons, today(body), chosen)
        fields["person"].empty_label = "bitte wählen"


class EndMembershipForm(VersionedForm):
    """Until when a Mitgliedschaft holds."""

    last = DateField(label="bis einschließlich", help_text="Letzter Tag der Mitgliedschaft.")

    class Meta:
        model = Membership
        fields: ClassVar[list[str]] = []


def as_day(form: Any, name: str) -> None:
    """A day as people write it here, read by the one grammar."""
    old = form.fields[name]
    form.fields[name] = DateField(label=old.label, required=old.required, help_text=old.help_text)
