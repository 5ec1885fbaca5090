"""Pages of what the Land publishes and of what account numbers mean: looked at by all, added to by Leitung."""

from typing import Any

from django.db.models import QuerySet

from grants.forms.reference import AccountGroupForm, ModuleForm, ProgrammeForm, RateForm
from grants.models import AccountGroup, FundingProgramme, ProgrammeModule, Rate
from grants.tables import AccountGroupTable, ModuleTable, ProgrammeTable, RateTable
from kim.access.request import Request
from kim.pages.reference import ReferencePages


class ProgrammePages(ReferencePages):
    """Förderprogramme."""

    model, form_class, table_class = FundingProgramme, ProgrammeForm, ProgrammeTable
    view_rule = "grants.view"
    new_title = "Neues Förderprogramm"


class ModulePages(ReferencePages):
    """Bausteine of programmes."""

    model, form_class, table_class = ProgrammeModule, ModuleForm, ModuleTable
    view_rule = "grants.view"
    new_title = "Neuer Baustein"

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        return ProgrammeModule.visible_to(request).select_related("programme")


class RatePages(ReferencePages):
    """Published Fördersätze."""

    model, form_class, table_class = Rate, RateForm, RateTable
    view_rule = "grants.view"
    new_title, natural = "Neuer Fördersatz", ""

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        return Rate.visible_to(request).select_related("programme", "function")


class AccountGroupPages(ReferencePages):
    """What accounts are for, by the beginning of their number."""

    model, form_class, table_class = AccountGroup, AccountGroupForm, AccountGroupTable
    view_rule = "budget.view"
    new_title, natural = "Neue Kontengruppe", "prefix"
