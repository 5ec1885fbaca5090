"""Pages of the Funktionen that posts have."""

from kim.pages.reference import ReferencePages
from staffing.forms import FunctionForm
from staffing.models import Function
from staffing.tables import FunctionTable


class FunctionPages(ReferencePages):
    """Funktionen, with the Baustein that each carries."""

    model, form_class, table_class = Function, FunctionForm, FunctionTable
    view_rule = "staffing.view"
    new_title = "Neue Funktion"
