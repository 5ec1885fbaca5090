"""What the lists of notices and budget lines can be narrowed by."""

from typing import Any

from django.db.models import QuerySet

from grants.models import BudgetLine, FundingNotice, SubProduct
from kim.formats import slug
from kim.periods import year_of
from kim.tables import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, programmes


def sub_products(request: Any) -> Any:
    """The Teilprodukte of the body."""
    return SubProduct.visible_to(request)


class NoticeFilters(StrictFilters):
    """Search, Programm and state."""

    suche = SearchFilter(["source__title", "source__number", "funder", "note"])
    programm = ObjectsFilter("programme", programmes(FundingNotice, "programme"), label="Programm")
    verfahrensstand = ChoicesFilter(
        "state", {slug(s.label): (s.label, s) for s in FundingNotice.State}, label="Verfahrensstand"
    )


class BudgetProgrammeFilter(ObjectsFilter):
    """Ansätze of Teilprodukte in which a notice of the programme stands in the year."""

    def filter(self, rows: QuerySet[Any], chosen: Any) -> QuerySet[Any]:
        if not chosen:
            return rows
        request = self.parent.request
        notices = FundingNotice.visible_to(request).filter(
            programme__in=list(chosen), validity__overlap=year_of(request.year)
        )
        held = notices.exclude(state=FundingNotice.State.REVOKED)
        return rows.filter(sub_product__in=held.values("sub_product"))


class BudgetFilters(StrictFilters):
    """Search, Programm, Teilprodukt and purpose."""

    suche = SearchFilter(["label", "account__number", "account__name", "assignment"])
    programm = BudgetProgrammeFilter(
        "sub_product__notices__programme", programmes(FundingNotice, "programme"), label="Programm"
    )
    teilprodukt = ObjectsFilter("sub_product", sub_products, to_field_name="number", label="Teilprodukt")
    zweck = ChoicesFilter(
        "purpose",
        {
            "ertrag": ("Ertrag", BudgetLine.Purpose.INCOME),
            "eigene": ("eigene Stellen", BudgetLine.Purpose.OWN),
            "dritte": ("Stellen bei Dritten", BudgetLine.Purpose.ONWARD),
        },
        label="Zweck",
    )
