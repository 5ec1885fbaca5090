"""Forms and pages of code tables: what holds for all bodies is looked at, what the body has added is changed."""

from typing import Any

from django import forms
from django.http import Http404

from kim.access.request import Request
from kim.pages.forms import ReasonField, VersionedForm
from kim.pages.rows import RowPages
from kim.values.formats import LineField


class CodeForm(VersionedForm):
    """A row of a code table, with the version it was shown with."""

    reason = LineField(label="Grund", max_length=300, required=False, help_text="Steht im Verlauf.")

    def _post_clean(self) -> None:
        version = self.cleaned_data.get("version") or self.instance.version
        forms.ModelForm._post_clean(self)  # type: ignore[attr-defined]
        self.instance.version = version


class TakeOverForm(forms.Form):
    """Why a row that a body has added to a code table is to hold for all."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = ReasonField("braucht jede Körperschaft")


class ReferencePages(RowPages):
    """All pages of a code table, for whoever works for a body. Rows that hold for all are kept under /technik/."""

    edit_rule = "reference.edit"
    template_name = "kim/reference.html"

    @classmethod
    def row(cls, request: Request, key: str) -> Any:
        """The row with this word in its address; of two that share it the one that holds for all."""
        found = next((one for one in cls.rows(request) if one.address == key), None)
        if found is None:
            raise Http404
        return found

    @classmethod
    def changeable(cls, row: Any) -> bool:
        return row.body_id is not None
