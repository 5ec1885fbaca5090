"""What the list of papers can be narrowed by."""

from typing import Any

from kim.formats import slug
from kim.tables import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, model_at
from meetings.models import Paper


def programmes(request: Any) -> Any:
    """The Förderprogramme that papers of the body are about."""
    found: Any = model_at(Paper, "notice__programme")
    return found.objects.filter(notices__body=request.acting_body).distinct()


class PaperFilters(StrictFilters):
    """Search, Programm, kind of paper and how far it has got."""

    suche = SearchFilter(["source__number", "source__title", "consultations__organization__name"])
    programm = ObjectsFilter("notice__programme", programmes, none="ohne Zuwendung", label="Programm")
    vorlageart = ChoicesFilter("paper_type", {slug(t.label): (t.label, t) for t in Paper.PaperType}, label="Vorlageart")
    bearbeitungsstand = ChoicesFilter(
        "state", {slug(s.label): (s.label, s) for s in Paper.State}, label="Bearbeitungsstand"
    )
