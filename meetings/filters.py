"""What the list of papers can be narrowed by."""

from kim.lists import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, programmes
from kim.values.formats import slug
from meetings.models import Paper


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
