"""Which posts a position of a notice pays."""

from typing import Any

from django import forms

from grants.models import NoticeItem
from kim.pages.forms import ReasonField
from kim.pages.sheets import LineForm
from kim.values.formats import DateField, FteField


class AssignForm(forms.Form):
    """From which position, since when, and why."""

    item = forms.ModelChoiceField(NoticeItem.objects.none(), label="Position der Zuwendung", empty_label=None)
    since = DateField(
        label="ab", required=False, help_text="Leer: so lange die Zuwendung fördert. Sonst gilt bis dahin, was war."
    )
    reason = ReasonField("Stellenliste zum Bescheid")

    def __init__(self, items: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["item"]
        field.queryset = items


class PostForm(LineForm):
    """A post that may be paid: ticked or not, and which part of it."""

    post = forms.CharField(label="Stelle", disabled=True, required=False)
    paid = forms.BooleanField(label="gefördert", required=False)
    part = FteField(label="davon VZÄ (leer: ganz)", required=False, above=0)
    number = forms.CharField(widget=forms.HiddenInput)

    def is_empty(self) -> bool:
        return False

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("part") is not None and not data.get("paid"):
            self.add_error("part", "Ein Teil ist angegeben, die Stelle aber nicht angekreuzt.")
        return data
