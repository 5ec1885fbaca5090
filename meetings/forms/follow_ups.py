"""The form of an Auftrag or a Zusage."""

from typing import Any, ClassVar

from kim.pages.rows import RowForm
from kim.values.periods import today
from meetings.forms.committees import as_day
from meetings.models import AgendaItem, FollowUp, Organization, Person


class FollowUpForm(RowForm):
    """An Auftrag or a Zusage; under which item it arose is said once, a wrong one is deleted."""

    class Meta:
        model = FollowUp
        fields: ClassVar = [
            *("item", "kind", "words", "said_by", "on_behalf_of", "office", "due_on", "public"),
            *("state", "done_on", "report"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        row = self.instance
        day = today(row.body)
        as_day(self, "due_on")
        as_day(self, "done_on")
        fields["said_by"].queryset = Person.there_on(
            Person.objects.filter(body=row.body).order_by("family_name", "name"), day, row.said_by_id
        )
        offices = Organization.objects.filter(body=row.body, organization_type=Organization.Type.DEPARTMENT)
        fields["office"].queryset = Organization.there_on(offices, day, row.office_id)
        for name in ("said_by", "office"):
            fields[name].empty_label = "keine Angabe"
        if not row._state.adding:
            del fields["item"]
            return
        for name in ("state", "done_on", "report"):
            del fields[name]
        if row.item_id:
            del fields["item"]
            return
        rows = AgendaItem.objects.filter(body=row.body).select_related("meeting__organization")
        fields["item"].queryset = rows.order_by("-meeting__date", "-public", "order")
        fields["item"].empty_label = "bitte wählen"
        fields["item"].label_from_instance = in_full


def in_full(item: AgendaItem) -> str:
    """An item with its sitting. Example: ASID 25.02.2021, Ö 10 Integrative Jugendcamps."""
    committee = item.meeting.organization
    return f"{committee.short_name or committee.name} {item.meeting.date:%d.%m.%Y}, {item}"
