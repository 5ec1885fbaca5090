"""Einrichten: a new Körperschaft with its Kommunen, by Systemverwaltung."""

from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from kim.access.request import Request
from kim.models import Body
from kim.pages.forms import AddPage
from kim.pages.rows import RowForm
from kim.values.formats import LineField
from staffing.models import Municipality, found_body


class BodyForm(RowForm):
    """A Körperschaft; the Kommunen of the Kreis that was chosen are ticked."""

    short_name = LineField(
        label="Kurzname", max_length=80, help_text="Wie sie in Tabellen steht, z. B. „StädteRegion“ oder „Kreis“."
    )
    municipalities = forms.ModelMultipleChoiceField(
        Municipality.objects.none(),
        label="Kommunen, für die sie arbeitet",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Aus dem amtlichen Verzeichnis. Weitere lassen sich später eintragen.",
    )

    class Meta:
        model = Body
        fields: ClassVar = [
            *("name", "article", "kind", "ags", "sender", "consultation_heading", "paper_numbers", "paper_layout"),
        ]

    field_order = ["name", "article", "short_name", "kind", "ags", "municipalities"]

    def __init__(self, district: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        rows = Municipality.objects.filter(district=district) if district else Municipality.objects.none()
        fields["municipalities"].queryset = rows
        fields["municipalities"].initial = [one.pk for one in rows]
        fields["sender"].help_text = "Steht im Kopf der Vorlagen, z. B. „Der Landrat“."
        if not district:
            del fields["municipalities"]


class NewBody(AddPage):
    """A new Körperschaft; the Kreis is chosen first, so that its Kommunen can be ticked."""

    rule = "technical.edit"
    template_name = "staffing/setup_body.html"
    title, button = "Neue Körperschaft", "Körperschaft einrichten"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> BodyForm:
        self.district = request.GET.get("kreis", "")
        return BodyForm(self.district, *data[:1])

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        rows = Municipality.objects.exclude(district="").order_by("district").values_list("district", flat=True)
        return super().context(request, form) | {
            "lead": "Kreis, Stadt oder Verband, für die gearbeitet wird; sie selbst ist damit auch Anstellungsträger.",
            "districts": list(dict.fromkeys(rows)),
            "district": self.district,
            "back": reverse("setup"),
        }

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        data = form.cleaned_data
        made = found_body(form.instance, data.get("municipalities", ()), short_name=data["short_name"])
        words = f"{made} ist eingerichtet. Als Nächstes: wer für sie arbeitet."
        return words, reverse("admin:kim_user_add")
