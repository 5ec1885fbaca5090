"""Pages of what the budget is made of: Teilprodukte, Sachkonten, and the table in which Ansätze are written."""

from collections import Counter
from collections.abc import Callable
from copy import copy
from decimal import Decimal
from typing import Any

from django.urls import reverse

from grants.forms.budget import AccountForm, BudgetLineForm, BudgetReasonForm, SubProductForm
from grants.models import Account, BudgetLine, SubProduct
from grants.models.planning import planned_amounts
from grants.tables import AccountTable, SubProductTable
from kim.access.request import Request
from kim.pages.rows import RowPages
from kim.pages.sheets import Sheet, SheetPage, table
from kim.values.formats import format_euro


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


class EditBudget(SheetPage):
    """The Ansätze of a year in a table: new lines, changed ones, those of the year before as a beginning; beside each
    what the funded posts require."""

    rule = "budget.edit"
    template_name = "grants/budget_edit.html"
    button = "Ansätze speichern"
    foreseeable = True

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        body, year = request.acting_body, request.year
        products = {one.number: one for one in SubProduct.visible_to(request)}
        accounts = {one.number: one for one in Account.visible_to(request)}
        lines_of = BudgetLine.visible_to(request).select_related("sub_product", "account").filter
        self.there = {line.pk: line for line in lines_of(year=year)}
        rows = [shown(line) for line in self.there.values()]
        if "vorjahr" in request.GET:
            before = lines_of(year=year - 1)
            known = {(line.sub_product_id, line.account_id, line.label) for line in self.there.values()}
            rows += [
                shown(line) | {"row": None, "version": None, "amount": None}
                for line in before
                if (line.sub_product_id, line.account_id, line.label) not in known
            ]
        required = {number: planned_amounts(body, year, product) for number, product in products.items()}
        if "vorjahr" in request.GET:
            propose(rows, required)
        lines = table(BudgetLineForm, "line", data, initial=rows, more=2, products=products, accounts=accounts)
        for form in lines:
            number, purpose = form["sub_product"].value(), form["purpose"].value()
            form.beside = format_euro(required.get(number, {}).get(purpose)) if purpose else ""
            form.differs = difference(form.initial.get("amount"), required.get(number, {}).get(purpose))
        return Sheet({"reason": BudgetReasonForm(request, data)}, {"lines": lines})

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        lead = "Ansätze des Haushaltsjahres; leer heißt: noch offen. Daneben, was die geförderten Stellen erfordern."
        return {"title": f"Ansätze {request.year} bearbeiten", "lead": lead, "before": request.year - 1}

    def is_stale(self, form: Sheet) -> bool:
        """Whether a line that is changed here was changed or deleted meanwhile."""
        sent = [(line["row"].data, line["version"].data) for line in form.tables["lines"] if line["row"].data]
        now = {str(line.pk): str(line.version) for line in self.there.values()}
        return any(now.get(row) != version for row, version in sent)

    def change(self, request: Request, form: Sheet) -> Callable[[], int]:
        head = form.forms["reason"].cleaned_data
        kept, gone = [], []
        for one in form.lines("lines"):
            stored = self.there.get(one.cleaned_data["row"])
            if one.cleaned_data["remove"]:
                gone += [stored] if stored else []
                continue
            line = one.put_on(copy(stored) if stored else BudgetLine(body=request.acting_body, year=request.year))
            if stored is None or shown(line) != shown(stored):
                rest_on(line, head)
                kept.append(line)
        return lambda: BudgetLine.keep(kept, gone, reason=head["reason"])

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = "Ein Ansatz ist" if result == 1 else f"{result} Ansätze sind"
        told = f"{words} gespeichert." if result else "Es hat sich nichts geändert."
        return told, f"{reverse('budget')}?jahr={request.year}"


def propose(rows: list[dict[str, Any]], required: dict[str, dict[str, Decimal]]) -> None:
    """Put what the posts require into lines without an amount; only where one line stands for its purpose, for nobody
    has decided how several share it. Nothing is saved by that.

    Example: 6 own posts at 58.000 €, one open line: 348.000,00 €.
    """
    alike = Counter((row["sub_product"], row["purpose"]) for row in rows)
    for row in rows:
        key = row["sub_product"], row["purpose"]
        if row["amount"] is None and alike[key] == 1:
            row["amount"] = required.get(key[0], {}).get(key[1])


def difference(amount: Decimal | None, required: Decimal | None) -> str:
    """By how much an Ansatz lies above (+) or below what posts require; empty where one is not known or both agree."""
    if amount is None or required is None or amount == required:
        return ""
    return f"Differenz {'+' if amount > required else ''}{format_euro(amount - required)}"


def shown(line: BudgetLine) -> dict[str, Any]:
    """An Ansatz as its line in the table shows it."""
    return {
        "sub_product": line.sub_product.number,
        "account": line.account.number if line.account else "",
        "purpose": line.purpose,
        "label": line.label,
        "assignment": line.assignment,
        "amount": line.amount,
        "row": line.pk,
        "version": line.version,
    }


def rest_on(line: BudgetLine, head: dict[str, Any]) -> None:
    """What the line rests on: as is said below the table, else as before; of a new one the reason is its Annahme."""
    if head["basis"] or head["assumption"]:
        line.basis, line.basis_place, line.assumption = head["basis"], head["basis_place"], head["assumption"]
    elif line.pk is None or line.basis_id is None:
        line.assumption = head["reason"]
