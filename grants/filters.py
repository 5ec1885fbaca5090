"""What the lists of notices and budget lines can be narrowed by."""

from typing import Any

from django.db.models import QuerySet

from grants.models import BudgetLine, FundingNotice, FundingProgramme, NoticeVersion, SubProduct
from kim.access.request import Request
from kim.lists import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, programmes
from kim.values.formats import slug
from kim.values.periods import year_of


def sub_products(request: Request) -> Any:
    """The Teilprodukte of the body."""
    return SubProduct.visible_to(request)


STATES = {**dict(NoticeVersion.State.choices), "amended": NoticeVersion.AMENDED}


class NoticeFilters(StrictFilters):
    """Search, Programm and state."""

    suche = SearchFilter(["notice__title", "source__title", "source__number", "notice__funder", "notice__note"])
    programm = ObjectsFilter("notice__programme", programmes(FundingNotice, "programme"), label="Programm")
    verfahrensstand = ChoicesFilter(
        "state_then", {slug(label): (label, state) for state, label in STATES.items()}, label="Verfahrensstand"
    )


class BudgetProgrammeFilter(ObjectsFilter):
    """Ansätze of Teilprodukte in which a notice of the programme stands in the year."""

    def filter(self, rows: QuerySet[Any], chosen: Any) -> QuerySet[Any]:
        if not chosen:
            return rows
        request = self.parent.request
        holding = NoticeVersion.visible_to(request).holding(year_of(request.year), plans=True)
        held = holding.filter(notice__programme__in=list(chosen))
        return rows.filter(sub_product__in=held.values("notice__sub_product"))


class NumberedFilters(StrictFilters):
    """Search in numbers and names: Teilprodukte, Sachkonten."""

    suche = SearchFilter(["number", "name"])


class ProgrammeFilters(StrictFilters):
    """Search in Förderprogramme."""

    suche = SearchFilter(["name", "short_name", "legal_basis"])


class ModuleFilters(StrictFilters):
    """Search in Bausteine."""

    suche = SearchFilter(["name", "title", "programme__name", "programme__short_name"])


class RateFilters(StrictFilters):
    """Search in Fördersätze, and their programme."""

    suche = SearchFilter(["function__name", "variant", "source"])
    programm = ObjectsFilter("programme", FundingProgramme.visible_to, label="Programm")


class AccountGroupFilters(StrictFilters):
    """Search in Kontengruppen."""

    suche = SearchFilter(["prefix", "source"])


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
            "pauschalen": ("Pauschalen", BudgetLine.Purpose.LUMP_SUM),
            "sachausgaben": ("Sachausgaben", BudgetLine.Purpose.MATERIAL),
        },
        label="Zweck",
    )
