"""What the list of papers can be narrowed by."""

from typing import Any

from kim.access.request import Request
from kim.lists import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, programmes
from kim.values.formats import slug
from meetings.models import FollowUp, Meeting, Membership, Organization, Paper, UrgentDecision


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


def years(request: Request) -> dict[str, tuple[str, int]]:
    """The years in which the body's Gremien have voted."""
    found = Meeting.visible_to(request).filter(agenda_items__votes__isnull=False).values_list("date__year", flat=True)
    return {str(year): (str(year), year) for year in sorted(set(found), reverse=True)}


RESULTS = {"angenommen": "accepted", "abgelehnt": "rejected"}


class ResolutionFilters(StrictFilters):
    """Search, Gremium, year and result."""

    suche = SearchFilter(["item__title", "item__consultations__paper__source__number", "subject"])
    gremium = ObjectsFilter("item__meeting__organization", committees, label="Gremium")
    sitzungsjahr = ChoicesFilter("item__meeting__date__year", years, label="Jahr")
    ergebnis = ChoicesFilter("carried", {word: (word, value) for word, value in RESULTS.items()}, label="Ergebnis")


OVERDUE = "overdue"
STANDINGS = {OVERDUE: "überfällig", **dict(FollowUp.State.choices)}


class FollowUpFilters(StrictFilters):
    """Search, Gremium, kind and how far it has got."""

    suche = SearchFilter(["words", "item__title", "on_behalf_of", "office__name", "said_by__name"])
    gremium = ObjectsFilter("item__meeting__organization", committees, label="Gremium")
    art = ChoicesFilter("kind", {slug(one.label): (one.label, one) for one in FollowUp.Kind}, label="Art")
    erledigung = ChoicesFilter(
        "standing", {slug(label): (label, word) for word, label in STANDINGS.items()}, label="Erledigung"
    )


UNASKED = "unasked"
STATES_OF_URGENT = {UNASKED: "überfällig", **dict(UrgentDecision.Outcome.choices)}


class UrgentDecisionFilters(StrictFilters):
    """Search, Gremium, and what became of it."""

    suche = SearchFilter(["title", "resolution"])
    gremium = ObjectsFilter("organization", committees, label="Gremium")
    ergebnis = ChoicesFilter(
        "standing", {slug(label): (label, word) for word, label in STATES_OF_URGENT.items()}, label="Ergebnis"
    )
