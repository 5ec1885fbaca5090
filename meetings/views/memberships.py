"""Pages of Mitgliedschaften: begun on the page of the Gremium or of the person, ended with a day."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from kim.access.request import Request
from kim.pages.forms import CorrectionPage
from kim.pages.rows import RowPages
from kim.values.formats import format_day
from meetings.forms import EndMembershipForm, MembershipForm
from meetings.models import Membership, Organization, Person
from meetings.tables import MembershipTable

ROLES = list(Membership.Role)


def by_role(row: Membership) -> tuple[int, str, str]:
    """The order in which a Gremium names its members: the chair first, each role by name."""
    return ROLES.index(Membership.Role(row.role)), row.person.family_name, row.person.name


def listed(request: Request, rows: list[Membership], begun: str) -> dict[str, Any]:
    """Mitgliedschaften on the page of a Gremium or a person, each with whether it holds at the Stand, those that do
    first; begun: what says in the address of a new one where it is begun. Example: gremium=asid."""
    found = [(row, row.holds_on(request.stand)) for row in rows]
    return {
        "memberships": sorted(found, key=lambda pair: not pair[1]),
        "begin_membership": f"{reverse('membership-new')}?{begun}",
    }


class MembershipPages(RowPages):
    """Mitgliedschaften, kept by the Sitzungsdienst; no name stands in an address."""

    model, form_class, table_class = Membership, MembershipForm, MembershipTable
    view_rule, edit_rule = "meetings.view", "meetings.edit"
    new_title = "Neue Mitgliedschaft"
    natural = ""  # of a Gremium and a person; the sentence says it
    lookup, converter = "key", "uuid"
    template_name = "meetings/membership.html"

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        return super().rows(request).select_related("organization", "person")

    @classmethod
    def begun_at(cls, request: Request) -> Organization | Person | None:
        """The Gremium or the person on whose page the new one is begun."""
        committees = Organization.visible_to(request).filter(organization_type=Organization.Type.COMMITTEE)
        if word := request.GET.get("gremium", ""):
            return committees.filter(slug=word).first()
        try:
            key = uuid.UUID(request.GET.get("person", ""))
        except ValueError:
            return None
        return Person.visible_to(request).filter(key=key).first()

    @classmethod
    def new(cls, request: Request) -> Membership:
        row, begun = Membership(body=request.acting_body), cls.begun_at(request)
        if isinstance(begun, Organization):
            row.organization = begun
        if isinstance(begun, Person):
            row.person = begun
        return row

    @classmethod
    def origin(cls, request: Request) -> str:
        begun = cls.begun_at(request)
        return begun.get_absolute_url() if begun else ""

    @classmethod
    def more(cls, request: Request, row: Any) -> dict[str, Any]:
        return {"holds": row.holds_on(request.stand)}


class EndMembership(CorrectionPage):
    """A Mitgliedschaft ends with a day."""

    rule = "meetings.edit"
    form_class = EndMembershipForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return MembershipPages.row(request, kwargs["key"])

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": "Mitgliedschaft beenden", "lead": str(form.instance), "button": "Beenden"}

    def save(self, request: Request, form: Any) -> str:
        form.instance.end(form.cleaned_data["last"])
        return f"Die Mitgliedschaft endet am {format_day(form.cleaned_data['last'])}."
