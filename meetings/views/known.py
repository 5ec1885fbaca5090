"""Pages of papers that are only known by name: entered so that others can refer to them."""

from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.pages.forms import RemovePage, shown
from kim.pages.rows import EditRowPage, NewRowPage, RowForm
from kim.values.formats import DateField, LineField
from meetings.models import KnownPaper, Organization, Paper


class KnownForm(RowForm):
    """What is known of an earlier paper."""

    number = LineField(label="Vorlage-Nr.", max_length=60, help_text="z. B. 2022/0119")
    name = LineField(label="Betreff", max_length=300)
    date = DateField(label="Datum", required=False)
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label="beraten in (Gremium)", required=False, empty_label="keine Angabe"
    )
    meeting_day = DateField(label="Sitzungstag", required=False)
    decided = forms.BooleanField(label="Beschluss gefasst", required=False)

    class Meta:
        model = Paper
        fields: ClassVar = ["paper_type", "public"]

    field_order = ["number", "name", "paper_type", "date", "organization", "meeting_day", "decided", "public"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        committees = Organization.objects.filter(body=self.instance.body, organization_type="committee")
        fields["organization"].queryset = committees
        row = self.instance
        if row.pk:
            fields["number"].initial, fields["name"].initial = row.source.number, row.source.title
            fields["date"].initial = row.source.date
            first = row.consultations.select_related("meeting").first()
            fields["organization"].initial = first.organization_id if first else None
            fields["meeting_day"].initial = first.meeting.date if first and first.meeting else None
            fields["decided"].initial = bool(first and first.authoritative)

    def known(self) -> KnownPaper:
        """What was typed."""
        data = self.cleaned_data
        names = ("paper_type", "number", "name", "public", "organization", "meeting_day", "decided")
        return KnownPaper(body=self.instance.body, day=data["date"], **{name: data[name] for name in names})


class AddKnownPaper(NewRowPage):
    """An earlier paper, so that a new one can refer to it."""

    rule = "papers.edit"
    form_class = KnownForm
    title, natural = "Frühere Vorlage als Fundstelle eintragen", "number"

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        row = form.known().record()
        return f"{row} ist eingetragen.", row.get_absolute_url()

    def there_already(self, request: Request, form: Any) -> Any:
        """The paper of that number."""
        try:
            return Paper.find(request.acting_body, form.data.get("number", ""))
        except Paper.DoesNotExist:
            return None


def known_paper(request: Request, key: str) -> Paper:
    """The paper without a text that has this address; Http404 otherwise."""
    try:
        found = Paper.find(request.acting_body, key)
    except Paper.DoesNotExist as error:
        raise Http404 from error
    if found.text_id is not None or found.address != key or not Paper.visible_to(request).filter(pk=found.pk).exists():
        raise Http404
    return found


class KnownPaperPage(RuleView):
    """What is known of an earlier paper, and its history."""

    rule = "documents.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(known_paper(request, kwargs["key"]))

    def get(self, request: Request, key: str) -> HttpResponseBase:
        row = known_paper(request, key)
        form = KnownForm(instance=row)
        context = {
            "title": str(row),
            "row": row,
            "noun": "Frühere Vorlage, nur als Fundstelle bekannt",
            "facts": [(form[name].label, shown(form[name])) for name in form.fields if not form[name].is_hidden],
            "editable": may(request, "papers.edit"),
            "edit_url": "known-paper-edit",
            "remove_url": "known-paper-remove",
            "key": key,
            "used": row.used_by(),
            "story": entries_about([row, row.source], user=request.user),
        }
        return render(request, "kim/row.html", context)


class EditKnownPaper(EditRowPage):
    """What is known of an earlier paper was entered wrongly, or more is known now."""

    rule = "papers.edit"
    form_class = KnownForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Paper:
        return known_paper(request, kwargs["key"])

    def save(self, request: Request, form: Any) -> str:
        row = form.known().record(form.instance)
        return f"{row} ist gespeichert."


class RemoveKnownPaper(RemovePage):
    """An earlier paper to which nothing refers."""

    rule = "papers.edit"

    def instance(self, request: Request, **kwargs: Any) -> Paper:
        return known_paper(request, kwargs["key"])

    def done(self) -> str:
        return reverse("documents")
