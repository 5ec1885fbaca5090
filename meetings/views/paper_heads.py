"""Everything of a paper but its words: a new one, its head, its Beratungsfolge, who has to agree."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import Http404

from grants.models import FundingNotice, NoticeVersion
from kim.access.request import Request
from kim.pages.forms import AddPage, CorrectionPage, RemovePage, VersionedForm
from kim.values.formats import DateField
from kim.values.periods import today
from meetings.models import Consultation, CoSignature, Organization, Paper, Person
from meetings.models.drafts import NewPaper, add_consultation, change_consultation, change_head
from meetings.views.cosigning import offices_of
from meetings.views.papers import open_paper


class NewPaperForm(forms.Form):
    """What a new paper begins with; everything but the Betreff is there already."""

    paper_type = forms.ChoiceField(label="Vorlageart", choices=Paper.PaperType)
    name = forms.CharField(label="Betreff", max_length=300)
    copied_from = forms.ModelChoiceField(
        Paper.objects.none(),
        label="Text aus früherer Vorlage",
        required=False,
        empty_label="keine, mit leerem Text beginnen",
        help_text="Der Text wird übernommen, die Zahlen werden für den neuen Zahlenstand neu berechnet.",
    )
    as_of = DateField(label="Zahlenstand", help_text="Der Tag, für den die Zahlen der Vorlage gelten.")
    notice = forms.ModelChoiceField(
        FundingNotice.objects.none(), label="Zuwendung", required=False, empty_label="keine"
    )

    def __init__(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        holding = NoticeVersion.visible_to(request).holding_on(request.stand).select_related("notice")
        largest = holding.order_by(F("amount").desc(nulls_last=True)).first()
        fields["notice"].queryset = FundingNotice.visible_to(request)
        fields["notice"].initial = largest.notice if largest else None
        papers = Paper.visible_to(request).filter(text__isnull=False).select_related("source")
        fields["copied_from"].queryset, fields["copied_from"].new_page = papers, ""  # it needs a text
        kind = request.GET.get("art", "")
        fields["paper_type"].initial = kind if kind in Paper.PaperType.values else Paper.PaperType.INFORMATION
        fields["copied_from"].initial = papers.filter(paper_type=fields["paper_type"].initial).first()
        fields["as_of"].initial = request.stand


class AddPaper(AddPage):
    """A new paper, from an earlier one or empty."""

    rule = "papers.edit"
    title, button = "Vorlage erstellen", "Entwurf anlegen"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> NewPaperForm:
        self.body = request.acting_body
        return NewPaperForm(request, *data[:1])

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        made = NewPaper(body=self.body, day=request.stand, **form.cleaned_data).create()
        return f"Entwurf {made.serial} ist angelegt.", made.get_absolute_url()


class HeadForm(VersionedForm):
    """The head of a paper: what stands above and below the text."""

    name = forms.CharField(label="Betreff", max_length=300)
    number = forms.CharField(
        label="Vorlage-Nr.",
        max_length=60,
        required=False,
        help_text="aus dem Ratsinformationssystem; leer: Nr. folgt",
    )
    date = DateField(label="Datum", required=False)

    class Meta:
        model = Paper
        fields: ClassVar = [
            "paper_type",
            "as_of",
            "notice",
            "superior",
            "public",
            "department",
            "author",
            "climate",
            "agenda_items",
            "signer",
            "signer_phrase",
            "signer_function",
            "replaces",
        ]

    field_order = ["name", "number", "date", "paper_type"]

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        if problem := self.instance.number_problem(number):
            raise ValidationError(problem)
        return number

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        body, source = self.instance.body, self.instance.source
        others = Paper.objects.filter(body=body).exclude(pk=self.instance.pk).select_related("source")
        fields["notice"].queryset = FundingNotice.objects.filter(body=body)
        fields["superior"].queryset, fields["replaces"].queryset = others, others.exclude(text=None)
        fields["replaces"].new_page = ""  # it needs a text
        offices = Organization.objects.filter(body=body, organization_type=Organization.Type.DEPARTMENT)
        now, paper = today(body), self.instance
        fields["department"].queryset = Organization.there_on(offices, now, paper.department_id)
        fields["department"].new_page = "office-new"
        fields["signer"].queryset = Person.there_on(Person.objects.filter(body=body), now, paper.signer_id)
        fields["signer"].help_text = "Personen legt der Sitzungsdienst unter „Sitzungen“ an."
        for name in ("notice", "superior", "department", "signer", "replaces"):
            fields[name].empty_label = "keine Angabe"
        fields["name"].initial, fields["number"].initial = source.title, source.number
        fields["date"].initial = source.date
        if not source.number and (suggested := self.instance.supplement_number()):
            fields["number"].help_text = f"{fields['number'].help_text}; als Ergänzung wohl {suggested}"


class EditHead(CorrectionPage):
    """The head of a draft."""

    rule = "papers.edit"
    form_class = HeadForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Paper:
        return open_paper(request, kwargs["reference"]).paper

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        paper = form.instance
        return {
            "title": f"Kopf der Vorlage {paper.reference or 'ohne Nummer'}",
            "button": "Speichern",
        }

    def save(self, request: Request, form: Any) -> str:
        data = form.cleaned_data
        change_head(form.instance, data["name"], data["number"], data["date"])
        return "Der Kopf der Vorlage ist gespeichert."


class ConsultationForm(forms.Form):
    """A row of the Beratungsfolge."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label="Gremium")
    date = DateField(label="Sitzungstag", required=False, help_text="leer: steht noch nicht fest")
    role = forms.ChoiceField(label="Zuständigkeit", choices=Consultation.ConsultationRole)

    def __init__(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        rows = Organization.there_on(
            Organization.visible_to(request).filter(organization_type="committee"), request.stand
        )
        fields["organization"].queryset = rows


class OfPaper(AddPage):
    """A page that adds something to a draft."""

    rule = "papers.edit"
    part: Callable[..., forms.Form]  # takes the request, then what was sent

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Any:
        self.paper = open_paper(request, kwargs["reference"]).paper
        return self.part(request, *data[:1])

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        return super().context(request, form) | {"lead": str(self.paper)}


class AddConsultation(OfPaper):
    """One more committee in the Beratungsfolge."""

    rule = "papers.proceed"
    part = ConsultationForm
    title, button = "Gremium in die Beratungsfolge aufnehmen", "Aufnehmen"

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        made = add_consultation(self.paper, **form.cleaned_data)
        return f"{made.organization} steht in der Beratungsfolge.", self.paper.get_absolute_url()


def consultation_of(request: Request, reference: str, order: int) -> Consultation:
    """The row of the Beratungsfolge of a draft; foreign and missing are the same 404."""
    found = next((c for c in open_paper(request, reference).consultations() if c.order == order), None)
    if found is None:
        raise Http404
    return found


class ChangeConsultationForm(VersionedForm):
    """When a committee deals with the paper, and what for."""

    date = DateField(label="Sitzungstag", required=False, help_text="leer: steht noch nicht fest")

    class Meta:
        model = Consultation
        fields: ClassVar = ["role"]

    field_order = ["date", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        meeting = self.instance.meeting
        self.fields["date"].initial = meeting.date if meeting else None


class ChangeConsultation(CorrectionPage):
    """A committee deals with the paper on another day, perhaps because its sitting is cancelled."""

    rule = "papers.proceed"
    form_class = ChangeConsultationForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Consultation:
        return consultation_of(request, kwargs["reference"], kwargs["order"])

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": "Beratung ändern", "lead": f"{form.instance.organization}, {form.instance.paper}"}

    def save(self, request: Request, form: Any) -> str:
        change_consultation(form.instance, form.cleaned_data["date"])
        return f"Die Beratung ist gespeichert: {form.instance.organization}."


class RemoveConsultation(RemovePage):
    """A committee that does not deal with the paper."""

    rule = "papers.proceed"

    def instance(self, request: Request, **kwargs: Any) -> Consultation:
        row = consultation_of(request, kwargs["reference"], kwargs["order"])
        self.paper = row.paper
        return row

    def done(self) -> str:
        return str(self.paper.get_absolute_url())


class CoSignatureForm(forms.Form):
    """An office that has to agree."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label="Dienststelle")

    def __init__(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["organization"].queryset = rows = offices_of(request)
        fields["organization"].new_page = "office-new"
        if not rows:
            fields["organization"].help_text = "Noch ist keine Dienststelle erfasst."


class AddCoSignature(OfPaper):
    """One more office that has to agree."""

    part = CoSignatureForm
    title, button = "Dienststelle beteiligen", "Beteiligen"

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        office = form.cleaned_data["organization"]
        row = CoSignature(body=self.paper.body, paper=self.paper, organization=office).save_as("Dienststelle beteiligt")
        return f"{row.organization} zeichnet mit.", self.paper.get_absolute_url()
