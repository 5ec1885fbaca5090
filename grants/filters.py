"""What the lists of notices and budget lines can be narrowed by."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from grants.models import BudgetLine, FundingNotice, SubProduct
from kim.tables import SearchFilter, StrictFilters


def sub_products(request: Any) -> Any:
    """The Teilprodukte of the body."""
    return SubProduct.visible_to(request)


class NoticeFilters(StrictFilters):
    """Search and state."""

    suche = SearchFilter(["source__title", "source__number", "funder", "note"])
    verfahrensstand = django_filters.ChoiceFilter(
        label="Verfahrensstand",
        empty_label="alle",
        method="by_state",
        choices=[(s.label, s.label) for s in FundingNotice.State],
    )

    def by_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state=next(s for s in FundingNotice.State if s.label == value))


class BudgetFilters(StrictFilters):
    """Search, Teilprodukt and purpose."""

    suche = SearchFilter(["label", "account__number", "account__name", "assignment"])
    teilprodukt = django_filters.ModelChoiceFilter(
        field_name="sub_product",
        label="Teilprodukt",
        empty_label="alle",
        to_field_name="number",
        queryset=sub_products,
    )
    zweck = django_filters.ChoiceFilter(
        label="Zweck",
        empty_label="alle",
        method="by_purpose",
        choices=[("ertrag", "Ertrag"), ("eigene", "eigene Stellen"), ("dritte", "Stellen bei Dritten")],
    )

    def by_purpose(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        purpose = BudgetLine.Purpose
        return rows.filter(purpose={"ertrag": purpose.INCOME, "eigene": purpose.OWN, "dritte": purpose.ONWARD}[value])
