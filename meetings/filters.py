"""What the list of papers can be narrowed by."""

from typing import Any

from kim.access.request import Request
from kim.lists import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, programmes
from kim.values.formats import slug
from meetings.models import Membership, Organization, Paper


class PaperFilters(StrictFilters):
    """Search, Programm, kind of paper and how far it has got."""

    suche = SearchFilter(["source__number", "source__title", "consultations__organization__name"])
    programm = ObjectsFilter(
        "notice__programme", programmes(Paper, "notice__programme"), none="ohne Zuwendung", label="Programm"
    )
    vorlageart = ChoicesFilter("paper_type", {slug(t.label): (t.label, t) for t in Paper.PaperType}, label="Vorlageart")
    bearbeitungsstand = ChoicesFilter(
        "state", {slug(s.label): (s.label, s) for s in Paper.State}, label="Bearbeitungsstand"
    )


class NamedFilters(StrictFilters):
    """Search in names: Gremien, Dienststellen."""

    suche = SearchFilter(["name", "short_name"])


class TermFilters(StrictFilters):
    """Search in names of Wahlperioden."""

    suche = SearchFilter(["name"])


class PersonFilters(StrictFilters):
    """Search in names of persons."""

    suche = SearchFilter(["name", "family_name"])


def committees(request: Request) -> Any:
    """The Gremien of the body."""
    return Organization.visible_to(request).filter(organization_type=Organization.Type.COMMITTEE)


class MeetingFilters(StrictFilters):
    """Search and Gremium."""

    suche = SearchFilter(["organization__name", "place"])
    gremium = ObjectsFilter("organization", committees, label="Gremium")


class MembershipFilters(StrictFilters):
    """Search, Gremium, role and kind."""

    suche = SearchFilter(["person__name", "organization__name", "on_behalf_of"])
    gremium = ObjectsFilter("organization", committees, label="Gremium")
    funktion = ChoicesFilter("role", {slug(one.label): (one.label, one) for one in Membership.Role}, label="Funktion")
    art = ChoicesFilter("kind", {slug(one.label): (one.label, one) for one in Membership.Kind}, label="Art")
