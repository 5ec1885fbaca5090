"""Einrichten: a new Körperschaft with its Kommunen, by Systemverwaltung."""

from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponseBase
from django.urls import reverse

from kim.access.request import Request
from kim.models import Body
from kim.pages.forms import AddPage
from kim.pages.rows import RowForm
from kim.values.formats import LineField
from staffing.models import Municipality, Official, found_body, official, officials

OTHER = "andere"  # in the address, of a body that is in no list
GROUPS = {
    Body.Kind.DISTRICT: "Kreise",
    Body.Kind.REGION: "Kreise",
    Body.Kind.CITY: "kreisfreie Städte",
    Body.Kind.MUNICIPALITY: "kreisangehörige Kommunen",
}


class MunicipalitiesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    """Kommunen to be ticked, each with its Kreis where those of several are offered."""

    with_district = True

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.district})" if self.with_district and obj.district else str(obj)


class BodyForm(RowForm):
    """A Körperschaft: as it stands in the official list, with its Kommunen ticked; of one that is in no list all
    Kommunen are offered."""

    short_name = LineField(
        label="Kurzname", max_length=80, help_text="Wie sie in Tabellen steht, z. B. „StädteRegion“ oder „Kreis“."
    )
    municipalities = MunicipalitiesField(
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
            *("sub_product_mask", "account_mask"),
        ]

    field_order = ["name", "article", "short_name", "kind", "ags", "municipalities"]

    def __init__(self, found: Official | None, *args: Any, **kwargs: Any) -> None:
        given = {} if found is None else {"name": found.name, "short_name": found.name, "ags": found.ags}
        given |= {} if found is None else {"article": found.article, "kind": found.kind}
        super().__init__(*args, initial=given, **kwargs)
        fields: dict[str, Any] = self.fields
        rows = Municipality.objects.all()
        if found:
            rows = rows.filter(pk__in=[one.pk for one in found.municipalities])
            fields["municipalities"].initial = [one.pk for one in found.municipalities]
            fields["municipalities"].with_district = False
        fields["municipalities"].queryset = rows
        fields["sender"].help_text = "Steht im Kopf der Vorlagen, z. B. „Der Landrat“."
        fields["name"].help_text = "Wie sie sich nennt, z. B. „Kreis Düren“ oder „Stadt Alsdorf“."


class NewBody(AddPage):
    """A new Körperschaft, chosen from the official list (?amtlich= and its AGS), or another one (?amtlich=andere)."""

    rule = "technical.edit"
    template_name = "staffing/setup_body.html"
    title, button = "Neue Körperschaft", "Körperschaft einrichten"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> BodyForm:
        self.chosen = request.GET.get("amtlich", "")
        found = official(self.chosen) if self.chosen not in {"", OTHER} else None
        self.unknown = found is None and self.chosen not in {"", OTHER}
        return BodyForm(found, *data[:1])

    def get(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        form = self.form(request)
        return self.page(request, form, 422 if self.unknown else 200)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        listed = groupby(officials(), key=lambda one: GROUPS[one.kind])
        return super().context(request, form) | {
            "lead": "Kreis, Stadt oder Verband, für die gearbeitet wird; sie selbst ist damit auch Anstellungsträger.",
            "groups": [(label, list(some)) for label, some in listed],
            "chosen": self.chosen,
            "other": OTHER,
            "unknown": self.unknown,
            "asks": not form.is_bound and (self.unknown or not self.chosen),
            "back": reverse("setup"),
        }

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        data = form.cleaned_data
        made = found_body(form.instance, data.get("municipalities", ()), short_name=data["short_name"])
        words = f"{made} ist eingerichtet. Als Nächstes: wer für sie arbeitet."
        return words, reverse("admin:kim_user_add")
