"""Pages of papers: list, the paper with every bound figure, its steps until release, PDF, and the check of a PDF."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import resolve
from django.utils import timezone

from kim.access.request import Request
from kim.access.rules import demand, may
from kim.access.views import Ruled
from kim.figures import Value
from kim.figures.tokens import canonical
from kim.history.trail import story
from kim.lists import ListPage, kept_link
from kim.models import Release, Source, User
from kim.pages.forms import DescriptionPage, VersionedForm, saved
from kim.pages.sections import way_to
from kim.studio import bundles, documents, releases
from kim.studio.documents import Document, bound_words
from kim.studio.word import as_docx
from kim.values.formats import day as printed
from kim.values.richtext import TOKEN
from meetings.documents import PaperDocument
from meetings.models import BlockComment, Consultation, CoSignature, Paper
from meetings.tables import PaperTable

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Papers(ListPage):
    """The body's papers."""

    rule = "documents.view"
    table_class = PaperTable

    def rows(self, request: Request) -> QuerySet[Any]:
        consultations = Consultation.objects.select_related("organization")
        return Paper.visible_to(request).prefetch_related(Prefetch("consultations", consultations))

    def complete(self, request: Request, rows: list[Any], chosen: dict[str, Any]) -> list[Any]:
        for row in rows:
            row.committees = ", ".join(dict.fromkeys(c.organization.name for c in row.consultations.all())) or None
        return rows


def document_of(request: Request, reference: str) -> Document:
    """The body's document with this reference, of whatever kind; foreign and missing are the same 404."""
    found = documents.find(request.acting_body, reference)
    if found is None or not type(found.row).visible_to(request).filter(pk=found.row.pk).exists():
        raise Http404
    return found


def open_document(request: Request, reference: str) -> Document:
    """The same, as long as it is written on; Http404 once it is released."""
    found = document_of(request, reference)
    if not found.is_open:
        raise Http404
    return found


def written_document(request: Request, reference: str) -> Document:
    """The document for who may write this kind of document; PermissionDenied names the right."""
    found = document_of(request, reference)
    demand(request, found.edit_rule)
    return found


def open_for_writing(request: Request, reference: str) -> Document:
    """The same, as long as it is written on."""
    found = open_document(request, reference)
    demand(request, found.edit_rule)
    return found


def paper_of(request: Request, reference: str) -> PaperDocument:
    """The same, if it is a Vorlage."""
    found = document_of(request, reference)
    if not isinstance(found, PaperDocument):
        raise Http404
    return found


def open_paper(request: Request, reference: str) -> PaperDocument:
    """The same, if it is a Vorlage that is written on."""
    found = paper_of(request, reference)
    if not found.is_open:
        raise Http404
    return found


def page_of(request: Request, found: Document, problems: Iterable[str], status: int) -> HttpResponseBase:
    """The document's own page, with what stands against what was asked."""
    match = resolve(found.get_absolute_url())
    page = match.func.view_class()  # type: ignore[attr-defined]
    response: HttpResponseBase = page.get(request, *match.args, **match.kwargs, problems=tuple(problems), status=status)
    return response


class DocumentPage(Ruled):
    """The paper on screen: its text with every figure as a link to its source, its Prüfliste and its steps."""

    rule = "documents.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        found = document_of(request, kwargs["reference"])
        return str(found.row) if isinstance(found, PaperDocument) else ""

    def get(
        self, request: Request, reference: str, problems: tuple[str, ...] = (), status: int = 200
    ) -> HttpResponseBase:
        found = paper_of(request, reference)
        paper, release = found.paper, releases.of_text(found.text)
        beside = [(one, {"paper": paper}) for one in (CoSignature, BlockComment)]
        context: dict[str, Any] = {
            "document": found,
            "paper": paper,
            "body": paper.body,
            "release": release,
            "refused": problems,
            "next": paper.next_states(),
            "signatures": list(paper.cosignatures.select_related("organization", "signed_by", "edited_by")),
            "comments": (comments := list(paper.comments.select_related("written_by"))),
            "story": story(
                [paper, paper.source],
                below=beside,
                user=request.user,
            ),
        }
        if release:
            context |= releases.issued(release, found)
        else:
            context |= releases.written(found)
            context["copied"] = found.copied(context["blocks"])
            context["editable"] = found.is_open and may(request, found.edit_rule)
        shown = {b["key"] if isinstance(b, dict) else b.key for b in context["blocks"] if words_in(b)}
        context["loose"] = [one for one in comments if one.block not in shown]
        return render(request, "meetings/document.html", context, status=status)


def words_in(block: Any) -> bool:
    """Whether a block of a draft or of a release says anything."""
    return bool(block["paragraphs"] if isinstance(block, dict) else block.paragraphs)


class Since(Ruled):
    """Since when a released document is overtaken, and by which act; calculated when it is asked for."""

    rule = "documents.view"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found = document_of(request, reference)
        release = releases.of_text(found.text)
        if release is None:
            raise Http404
        event, sure = releases.overtaken_since(found, release) or (None, True)
        user = User.objects.filter(pk=event.user_id).first() if event and event.user_id else None
        context: dict[str, Any] = {"document": found, "release": release, "event": event, "sure": sure, "by": user}
        context["crumbs"] = way_to(request, found.get_absolute_url())
        context["overtaken"] = releases.overtaken(found, release)
        return render(request, "meetings/since.html", context)


class FigureOf(Ruled):
    """Herkunft of one figure of a document (?zahl=token): of a released one as it was frozen."""

    rule = "documents.view"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found, token = document_of(request, reference), request.GET.get("zahl", "")
        release = releases.of_text(found.text)
        title, words, value = released_figure(release, token) if release else drafted_figure(found, token)
        when = f"freigegeben am {printed(timezone.localtime(release.released_at).date())}" if release else "Entwurf"
        context = {"title": title, "value": value, "of_list": True}
        context["sentence"] = f"Im Text von {found.name} ({when}): „{words}“"
        return render(request, "kim/source.html", context)


def released_figure(release: Release, token: str) -> tuple[str, str, Value]:
    """Title, words and derivation of a figure as they were frozen; Http404 if the paper has none such."""
    found = next((one for one in bundles.read(release.bundle).figures if one["token"] == token), None)
    if found is None:
        raise Http404
    return found["title"], found["words"], Value.read(found["value"])


def drafted_figure(found: Document, token: str) -> tuple[str, str, Value]:
    """The same of a draft, as the data say it now; Http404 if it does not stand in the text or cannot be calculated."""
    standing = {canonical(*pair): pair for b in found.text.blocks.all() for pair in TOKEN.findall(b.content)}
    try:
        chip = found.expander(bound_words(found.text)).chip(*standing[token])
    except (KeyError, ValidationError) as error:
        raise Http404 from error
    return chip.title, chip.text, chip.value


class DescriptionForm(VersionedForm):
    """The own Aktenzeichen of a paper, and its number where that is still to come (also after the release)."""

    class Meta:
        model = Source
        fields: ClassVar = ["number", "file_reference"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["number"].label, fields["number"].required = "Vorlage-Nr.", False
        fields["number"].disabled = bool(self.instance.number) and self.instance.releases.exists()

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip()
        if problem := self.instance.paper.number_problem(number):
            raise ValidationError(problem)
        return number


class DescribeDocument(DescriptionPage):
    """The Aktenzeichen of a paper, and its number."""

    rule = "papers.agenda"
    form_class = DescriptionForm
    title = "Nummer und Aktenzeichen der Vorlage"

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Source:
        return paper_of(request, kwargs["reference"]).paper.source

    def target(self, instance: Source) -> str:
        return str(instance.paper.get_absolute_url())


class DocumentPdf(Ruled):
    """The paper as PDF: the released bytes, or the draft."""

    rule = "documents.view"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found = document_of(request, reference)
        try:
            content = releases.pdf_of(found)
        except ValidationError as error:
            return page_of(request, found, error.messages, 422)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{found.file_name}.pdf"'
        return response


class DocumentWord(Ruled):
    """The paper as DOCX: the released words, or the draft."""

    rule = "documents.view"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found = document_of(request, reference)
        try:
            content = releases.content_of(found)
        except ValidationError as error:
            return page_of(request, found, error.messages, 422)
        response = HttpResponse(as_docx(content), content_type=WORD)
        response["Content-Disposition"] = f'attachment; filename="{found.file_name}.docx"'
        return response


class Step(Ruled):
    """A button on the page of a document: POST does it, or says on the same page why not."""

    undoable = True

    def act(self, request: Request, found: Any) -> str:
        """Do it; the message for the user. ValidationError if refused."""
        raise NotImplementedError

    def document(self, request: Request, reference: str) -> Document:
        return open_document(request, reference)

    def post(self, request: Request, reference: str) -> HttpResponseBase:
        found = self.document(request, reference)
        try:
            message = self.act(request, found)
        except ValidationError as error:
            return page_of(request, found, error.messages, 422)
        if self.undoable:
            saved(request, message)
        else:
            messages.success(request, message)
        return redirect(kept_link(request, found.get_absolute_url()))


class ReleaseDocument(Step):
    """Freigeben."""

    rule, undoable = "documents.release", False

    def document(self, request: Request, reference: str) -> Document:
        found = open_document(request, reference)
        demand(request, found.release_rule)
        return found

    def act(self, request: Request, found: Document) -> str:
        shown = request.POST.get("fingerprint", "")  # a page that sends nothing has shown nothing: refused
        release = found.row.release(request.user, shown=shown)
        return f"Freigegeben. Prüfwert {release.fingerprint}. Ab jetzt bleibt jedes Zeichen, wie es ist."


class AdoptFigures(Step):
    """Übernehmen: the draft prints what the data say by now; one figure, or all."""

    rule = "documents.edit"

    def document(self, request: Request, reference: str) -> Document:
        return open_for_writing(request, reference)

    def act(self, request: Request, found: Document) -> str:
        wanted = set(request.POST.getlist("zahl"))
        count = releases.adopt(found, wanted or None, shown=request.POST.get("fingerprint", ""))
        return f"{count} {'Zahl' if count == 1 else 'Zahlen'} übernommen."


class Proceed(Step):
    """The next Bearbeitungsstand: beraten, erledigt, zurückgezogen."""

    rule = "papers.agenda"

    def document(self, request: Request, reference: str) -> PaperDocument:
        return paper_of(request, reference)

    def act(self, request: Request, found: PaperDocument) -> str:
        state = request.POST.get("stand", "")
        if state not in Paper.State.values:
            raise ValidationError("Diesen Bearbeitungsstand gibt es nicht.")
        found.paper.proceed(state, reason=request.POST.get("reason", "")[:300])
        return f"Bearbeitungsstand: {found.paper.get_state_display()}."


class PdfForm(forms.Form):
    """A PDF whose origin is asked for."""

    datei = forms.FileField(label="PDF-Datei", help_text="Sie wird nur geprüft und nicht gespeichert.")


class CheckPdf(Ruled):
    """Says of a PDF whether and when this body has released it, by its checksum; nothing is stored."""

    rule = "documents.view"

    def get(self, request: Request) -> HttpResponseBase:
        return render(request, "meetings/check.html", {"form": PdfForm()})

    def post(self, request: Request) -> HttpResponseBase:
        form = PdfForm(request.POST, request.FILES)
        if not form.is_valid():
            return render(request, "meetings/check.html", {"form": form}, status=422)
        content = form.cleaned_data["datei"].read()
        release = releases.release_of(request.acting_body, content)
        paper = documents.of_text(release.text) if release else None
        found = releases.overtaken(paper, release) if paper and release else []
        row = paper.row if paper else None
        context = {"form": PdfForm(), "checked": True, "paper": row, "release": release, "overtaken": found}
        context |= {"name": form.cleaned_data["datei"].name, "sha256": bundles.sha256(content)}
        return render(request, "meetings/check.html", context)
