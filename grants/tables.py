"""The lists of notices and of budget lines."""

from typing import Any

import django_tables2 as tables

from grants.models import FundingNotice
from kim.figures import EUR
from kim.formats import MISSING, day, span
from kim.tables import AmountColumn, BadgeColumn, DenseTable, LinkColumn

STYLES = {"granted": "success", "amended": "success", "revoked": "danger"}


class NoticeTable(DenseTable):
    """Notices with state, period and amount."""

    zuwendung = LinkColumn(accessor="source__title", verbose_name="Zuwendung")
    bescheid = tables.Column(accessor="source__date", verbose_name="Bescheid vom")
    stelle = tables.Column(accessor="funder", verbose_name="Bewilligende Stelle")
    zeitraum = tables.Column(accessor="validity", verbose_name="Förderzeitraum")
    verfahrensstand = BadgeColumn(
        STYLES, dict(FundingNotice.State.choices), accessor="state", verbose_name="Verfahrensstand"
    )
    betrag = AmountColumn(accessor="amount", verbose_name="Betrag")

    sums = {"betrag": EUR}

    def render_bescheid(self, value: Any) -> str:
        return day(value)

    def value_bescheid(self, value: Any) -> Any:
        return value

    def render_zeitraum(self, value: Any) -> str:
        return span(value)

    def value_zeitraum(self, value: Any) -> str:
        return span(value)


class BudgetTable(DenseTable):
    """Ansätze with account, purpose and what the posts require."""

    bezeichnung = tables.Column(accessor="label", verbose_name="Ansatz")
    teilprodukt = tables.Column(accessor="sub_product__number", verbose_name="Teilprodukt")
    sachkonto = tables.Column(accessor="account__number", verbose_name="Sachkonto", default="nicht angegeben")
    kontoname = tables.Column(accessor="account__name", verbose_name="Name des Sachkontos", default=MISSING)
    zweck = tables.Column(accessor="get_purpose_display", verbose_name="Zweck", order_by="purpose")
    ertrag = AmountColumn(accessor="income_amount", verbose_name="Ertrag", orderable=False)
    aufwand = AmountColumn(accessor="expense_amount", verbose_name="Aufwand", orderable=False)

    sums = {"ertrag": EUR, "aufwand": EUR}
