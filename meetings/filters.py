"""What the list of papers can be narrowed by."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from kim.tables import SearchFilter, StrictFilters
from meetings.models import Paper


class PaperFilters(StrictFilters):
    """Search and kind of paper."""

    suche = SearchFilter(["source__number", "source__title", "consultations__organization__name"])
    vorlageart = django_filters.ChoiceFilter(
        label="Vorlageart",
        empty_label="alle",
        method="by_type",
        choices=[(t.label.lower(), t.label) for t in Paper.PaperType],
    )

    def by_type(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(paper_type=next(t for t in Paper.PaperType if t.label.lower() == value))
