"""Ausschreibung and Interessenbekundung of a post: enter, change, delete."""

from typing import Any

from kim.access.request import Request
from kim.pages.forms import CorrectionPage, RemovePage
from staffing.forms import ProcedureForm
from staffing.models import Procedure
from staffing.views.occupancies import AddToPost, OfPost
from staffing.views.posts import kept_by


def record(form: Any) -> bool:
    """Save by the row's verb; True if that was a change."""
    data = form.cleaned_data
    changed: bool = form.instance.record(reason=data["reason"], carriers=form.carriers(), with_stage=data["with_stage"])
    return changed


class AddProcedure(AddToPost):
    """A new Ausschreibung or Interessenbekundung."""

    model, form_class, anchor = Procedure, ProcedureForm, "#verfahren"
    title, button = "Ausschreibung oder Interessenbekundung eintragen", "Verfahren eintragen"

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        record(form)
        return f"Stelle {self.position}: {form.instance.get_kind_display()} ist eingetragen.", self.back()


class ChangeProcedure(OfPost, CorrectionPage):
    """A procedure: other dates, who takes part, what came of it."""

    rule, model = "staffing.edit", Procedure
    form_class = ProcedureForm

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        row = form.instance
        return {"title": f"Verfahren ändern: {row}", "lead": kept_by(row)}

    def save(self, request: Request, form: Any) -> str:
        words, changed = kept_by(form.instance), record(form)
        told = f" {words}" if form.instance.divided else ""
        return f"{form.instance}: {'gespeichert' if changed else 'Es hat sich nichts geändert'}.{told}"


class RemoveProcedure(OfPost, RemovePage):
    """A procedure that never was."""

    rule, model = "staffing.edit", Procedure
