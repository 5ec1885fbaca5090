"""The list of papers."""

from typing import Any

from kim.lists import BadgeColumn, DateColumn, DenseTable, TextColumn
from kim.values.formats import slug
from meetings.filters import PaperFilters
from meetings.models import Paper


def page_of(row: Any) -> str:
    """The page of a paper; one that is only known by name has none."""
    return str(row.get_absolute_url()) if row.text_id else ""


class PaperTable(DenseTable):
    """Papers with number, subject and consultations."""

    title, noun = "Dokumente", ("Vorlage", "Vorlagen")
    help_text = "Vorlagen mit Text lassen sich ansehen und drucken; andere sind nur als Fundstelle bekannt."
    filters = PaperFilters
    default_order, wraps, dated = "-datum", True, False
    add_url, add_rule = "paper-new", "papers.edit"

    nummer = TextColumn(accessor="source__number", verbose_name="Vorlage", default="Nr. folgt", url=page_of)
    betreff = TextColumn(accessor="source__title", verbose_name="Betreff", url=page_of)
    vorlageart = TextColumn(accessor="get_paper_type_display", verbose_name="Art")
    datum = DateColumn(accessor="source__date", verbose_name="Datum")
    gremium = TextColumn(accessor="committees", verbose_name="Gremium")
    bearbeitungsstand = BadgeColumn(
        {"draft": "info", "cosigning": "info", "released": "success"},
        dict(Paper.State.choices),
        accessor="state",
        verbose_name="Bearbeitungsstand",
    )
    programm = TextColumn(accessor="notice__programme__short_name", verbose_name="Programm", hidden=True)
    zahlenstand = DateColumn(accessor="as_of", verbose_name="Zahlenstand", hidden=True)
    aktenzeichen = TextColumn(accessor="source__file_reference", verbose_name="Aktenzeichen", hidden=True)

    @classmethod
    def key(cls, record: Any, url: str) -> str:
        return slug(record.address or record.name)
