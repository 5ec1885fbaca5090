"""Mitzeichnung: signing for an office, Bemerkungen to blocks, and who may sign for which office."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import RULES
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.models import Role, RoleAssignment, User
from kim.pages.documents import Step
from kim.pages.forms import AddPage, CorrectionPage, VersionedForm
from meetings.documents import PaperDocument
from meetings.models import BlockComment, Organization, Signatory
from meetings.views.papers import open_paper

MOST = 2000  # characters of a Bemerkung


class Sign(Step):
    """Mitzeichnen for an office."""

    rule = "papers.sign"

    def document(self, request: Request, reference: str) -> PaperDocument:
        return open_paper(request, reference)

    def act(self, request: Request, found: PaperDocument) -> str:
        key = request.POST.get("office", "")
        row = next((one for one in found.paper.cosignatures.all() if str(one.pk) == key), None)
        if row is None:
            raise ValidationError("Diese Dienststelle ist nicht beteiligt.")
        shown = request.POST.get("fingerprint", "")  # a page that sends nothing has shown nothing: refused
        row.sign(request.user, request.POST.get("comment", "")[:1000], shown=shown)
        return f"{row.organization}: mitgezeichnet."


class Comment(Step):
    """A Bemerkung to a block."""

    rule = "papers.sign"

    def document(self, request: Request, reference: str) -> PaperDocument:
        return open_paper(request, reference)

    def act(self, request: Request, found: PaperDocument) -> str:
        text = request.POST.get("comment", "")
        if len(text) > MOST:
            raise ValidationError(f"Die Bemerkung ist zu lang ({len(text)} Zeichen, höchstens {MOST}).")
        row = BlockComment.write(found.paper, request.POST.get("block", ""), text, request.user)
        return f"{row} ist geschrieben."


class FinishComment(Step):
    """A Bemerkung is done with."""

    rule = "papers.edit"

    def document(self, request: Request, reference: str) -> PaperDocument:
        return open_paper(request, reference)

    def act(self, request: Request, found: PaperDocument) -> str:
        number = request.POST.get("number", "")
        row = next((one for one in found.paper.comments.all() if str(one.number) == number), None)
        if row is None:
            raise ValidationError("Diese Bemerkung gibt es nicht.")
        row.finish()
        return f"{row} ist erledigt."


class Signatories(RuleView):
    """Who signs for which office, and when."""

    rule = "documents.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return "Zeichnungsbefugnisse"

    def get(self, request: Request) -> HttpResponseBase:
        rows = list(Signatory.visible_to(request).select_related("organization", "user"))
        offices = offices_of(request)
        context = {
            "rows": [(row, request.stand in row.validity) for row in rows],
            "without": offices.exclude(signatories__in=[row for row in rows if request.stand in row.validity]),
            "story": entries_about(rows, below=[(Signatory, {"body": request.acting_body})], user=request.user),
        }
        return render(request, "meetings/signatories.html", context)


def offices_of(request: Request) -> Any:
    """The Dienststellen that are there at the Stand."""
    rows = Organization.visible_to(request).filter(organization_type=Organization.Type.DEPARTMENT)
    return Organization.there_on(rows, request.stand)


def signers(request: Request) -> Any:
    """The accounts that may sign at all in this body."""
    roles = [role for role in Role if role in RULES["papers.sign"]]
    held = RoleAssignment.objects.filter(body=request.acting_body, role__in=roles)
    return User.objects.filter(pk__in=held.values("user"), is_active=True)


class NewSignatoryForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Who signs for an office from now on."""

    class Meta:
        model = Signatory
        fields: ClassVar = ["organization", "user", "validity", "substitute"]

    def __init__(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["organization"].queryset, fields["organization"].new_page = offices_of(request), "office-new"
        fields["user"].queryset = signers(request)
        fields["validity"].initial = None

    def _post_clean(self) -> None:
        """The row is made, and checked, by the page."""


class AddSignatory(AddPage):
    """One more who signs for an office."""

    rule = "house.edit"
    title, button = "Zeichnungsbefugnis eintragen", "Eintragen"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> NewSignatoryForm:
        return NewSignatoryForm(request, *data[:1])

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        row = Signatory(body=request.acting_body, **form.cleaned_data).save_as("Zeichnungsbefugnis eingetragen")
        return f"{row} ist eingetragen.", reverse("signatories")


class SignatoryForm(VersionedForm):
    """From when until when somebody signs for an office."""

    class Meta:
        model = Signatory
        fields: ClassVar = ["validity", "substitute"]


class EditSignatory(CorrectionPage):
    """A Zeichnungsbefugnis ends, or was recorded wrongly."""

    rule = "house.edit"
    form_class = SignatoryForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Signatory:
        rows = Signatory.visible_to(request).select_related("organization", "user")
        found: Signatory | None = rows.filter(key=kwargs["key"]).first()
        if found is None:
            raise Http404
        return found

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        lead = f"{form.instance.user} für {form.instance.organization}"
        return {"title": "Zeichnungsbefugnis", "lead": lead}

    def save(self, request: Request, form: Any) -> str:
        form.instance.save_as("Zeichnungsbefugnis geändert")
        return "Die Zeichnungsbefugnis ist gespeichert."
