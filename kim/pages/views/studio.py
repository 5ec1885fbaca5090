"""Pages of documents of every kind: as PDF and DOCX, released, figures taken over, and the check of a PDF."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from kim.access.request import Request
from kim.access.rules import demand
from kim.access.views import RuleView
from kim.figures import Value
from kim.figures.tokens import canonical
from kim.models import Release, User
from kim.pages.documents import Step, document_of, open_document, open_for_writing, page_of
from kim.pages.sections import way_to
from kim.studio import bundles, documents, releases
from kim.studio.documents import Document, bound_words
from kim.studio.word import as_docx
from kim.values.formats import format_day
from kim.values.richtext import TOKEN

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class DocumentPdf(RuleView):
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


class DocumentWord(RuleView):
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
        wanted = set(request.POST.getlist("figure"))
        count = releases.adopt_figures(found, wanted or None, shown=request.POST.get("fingerprint", ""))
        return f"{count} {'Zahl' if count == 1 else 'Zahlen'} übernommen."


class Since(RuleView):
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
        return render(request, "kim/document_since.html", context)


class FigureOf(RuleView):
    """Herkunft of one figure of a document (?zahl=token): of a released one as it was frozen."""

    rule = "documents.view"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found, token = document_of(request, reference), request.GET.get("zahl", "")
        release = releases.of_text(found.text)
        title, words, value = released_figure(release, token) if release else drafted_figure(found, token)
        when = f"freigegeben am {format_day(timezone.localtime(release.released_at).date())}" if release else "Entwurf"
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


class PdfForm(forms.Form):
    """A PDF whose origin is asked for."""

    datei = forms.FileField(label="PDF-Datei", help_text="Sie wird nur geprüft und nicht gespeichert.")


class CheckPdf(RuleView):
    """Says of a PDF whether and when this body has released it, by its checksum; nothing is stored."""

    rule = "documents.view"

    def get(self, request: Request) -> HttpResponseBase:
        return render(request, "kim/document_check.html", {"form": PdfForm()})

    def post(self, request: Request) -> HttpResponseBase:
        form = PdfForm(request.POST, request.FILES)
        if not form.is_valid():
            return render(request, "kim/document_check.html", {"form": form}, status=422)
        content = form.cleaned_data["datei"].read()
        release = releases.release_of(request.acting_body, content)
        paper = documents.of_text(release.text) if release else None
        found = releases.overtaken(paper, release) if paper and release else []
        row = paper.row if paper else None
        context = {"form": PdfForm(), "checked": True, "paper": row, "release": release, "overtaken": found}
        context |= {"name": form.cleaned_data["datei"].name, "sha256": bundles.sha256(content)}
        return render(request, "kim/document_check.html", context)
