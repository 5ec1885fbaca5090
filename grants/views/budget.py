"""Pages of what the budget is made of: Teilprodukte and Sachkonten."""

from grants.forms import AccountForm, SubProductForm
from grants.models import Account, SubProduct
from grants.tables import AccountTable, SubProductTable
from kim.pages.rows import RowPages


class SubProductPages(RowPages):
    """Teilprodukte, kept by the Kämmerei."""

    model, form_class, table_class = SubProduct, SubProductForm, SubProductTable
    view_rule, edit_rule = "budget.view", "budget.edit"
    new_title = "Neues Teilprodukt"
    lookup = natural = "number"


class AccountPages(RowPages):
    """Sachkonten, kept by the Kämmerei."""

    model, form_class, table_class = Account, AccountForm, AccountTable
    view_rule, edit_rule = "budget.view", "budget.edit"
    new_title = "Neues Sachkonto"
    lookup = natural = "number"
