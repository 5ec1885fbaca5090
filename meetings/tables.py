"""The list of papers."""

from typing import Any

import django_tables2 as tables

from kim.formats import day
from kim.tables import BadgeColumn, DenseTable
from meetings.models import Paper


class PaperTable(DenseTable):
    """Papers with number, subject and first consultation."""

    nummer = tables.Column(accessor="source__number", verbose_name="Vorlage", default="Nr. folgt")
    betreff = tables.Column(accessor="source__title", verbose_name="Betreff")
    vorlageart = tables.Column(accessor="get_paper_type_display", verbose_name="Art", order_by="paper_type")
    datum = tables.Column(accessor="source__date", verbose_name="Datum")
    gremium = tables.Column(accessor="committees", verbose_name="Gremium", orderable=False)
    bearbeitungsstand = BadgeColumn(
        {"draft": "info"}, dict(Paper.State.choices), accessor="state", verbose_name="Bearbeitungsstand"
    )

    sums: dict[str, str] = {}

    def render_nummer(self, value: Any, record: Any) -> Any:
        from django.utils.html import format_html

        if record.text_id is None:
            return value
        return format_html('<a class="kern-link" href="{}">{}</a>', record.get_absolute_url(), value)

    def value_nummer(self, value: Any) -> Any:
        return value

    def render_datum(self, value: Any) -> str:
        return day(value)

    def value_datum(self, value: Any) -> Any:
        return value
