"""The form of a Dringlichkeitsentscheidung."""

from typing import Any, ClassVar

from kim.pages.rows import RowForm
from kim.values.periods import today
from meetings.forms.committees import as_day, offer_committees
from meetings.forms.follow_ups import in_full
from meetings.models import AgendaItem, Person, UrgentDecision


class UrgentDecisionForm(RowForm):
    """A Dringlichkeitsentscheidung; where it was laid before the Gremium is said once it has been."""

    class Meta:
        model = UrgentDecision
        fields: ClassVar = [
            *("organization", "decided_on", "title", "resolution", "reason", "first_decider", "second_decider"),
            *("public", "item", "outcome", "rights"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        row = self.instance
        offer_committees(self)
        as_day(self, "decided_on")
        people = Person.objects.filter(body=row.body).order_by("family_name", "name")
        for name, empty in (("first_decider", "bitte wählen"), ("second_decider", "keine Angabe")):
            fields[name].queryset = Person.there_on(people, today(row.body), getattr(row, f"{name}_id"))
            fields[name].empty_label = empty
        if row._state.adding:
            for name in ("item", "outcome", "rights"):
                del fields[name]
            return
        items = AgendaItem.objects.filter(body=row.body, meeting__organization=row.organization_id)
        later = items.filter(meeting__date__gt=row.decided_on).select_related("meeting__organization")
        fields["item"].queryset = later.order_by("meeting__date", "-public", "order")
        fields["item"].empty_label = "noch nicht vorgelegt"
        fields["item"].label_from_instance = in_full
