"""Pages of papers: list, preview with every bound figure, PDF."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render

from kim import documents, pdf
from kim.forms import DescriptionPage, VersionedForm
from kim.models import Source
from kim.permissions import Ruled
from kim.tables import ListPage
from kim.trail import story
from meetings.models import Consultation, Paper
from meetings.tables import PaperTable


class Papers(ListPage):
    """The body's papers."""

    rule = "documents.view"
    table_class = PaperTable

    def rows(self, request: Any) -> QuerySet[Any]:
        consultations = Consultation.objects.select_related("organization")
        return Paper.visible_to(request).prefetch_related(Prefetch("consultations", consultations))

    def complete(self, request: Any, rows: list[Any], chosen: dict[str, Any]) -> list[Any]:
        for row in rows:
            row.committees = ", ".join(dict.fromkeys(c.organization.name for c in row.consultations.all())) or None
        return rows


def document_of(request: Any, reference: str) -> documents.Document:
    """The body's document with this reference; foreign and missing are the same 404."""
    found = documents.find(request.acting_body, reference)
    if found is None:
        raise Http404
    return found


class DocumentPage(Ruled):
    """The paper on screen: its text with every figure as a link to its source, and the list of its figures."""

    rule = "documents.view"

    def get(self, request: Any, reference: str) -> HttpResponseBase:
        found = document_of(request, reference)
        context = found.context()
        chips: dict[Any, documents.Chip] = {}
        for block in context["blocks"]:
            for chip in block.chips():
                if chip.form == "choice":  # only the form of a word
                    continue
                chips.setdefault((chip.name, tuple(sorted(chip.parameters.items())), chip.text), chip)
        paper = context["paper"]
        story_of = story([paper, paper.source], user=request.user)
        more = {"figures": list(chips.values()), "story": story_of}
        return render(request, "meetings/document.html", context | more)


class DescriptionForm(VersionedForm):
    """The own Aktenzeichen of a paper."""

    class Meta:
        model = Source
        fields: ClassVar = ["file_reference"]


class DescribeDocument(DescriptionPage):
    """The Aktenzeichen of a paper."""

    rule = "documents.edit"
    form_class = DescriptionForm
    title = "Aktenzeichen der Vorlage"

    def instance(self, request: Any, *args: Any, **kwargs: Any) -> Source:
        found: Any = document_of(request, kwargs["reference"])
        return found.paper.source

    def target(self, instance: Source) -> str:
        return str(instance.paper.get_absolute_url())


class DocumentPdf(Ruled):
    """The paper as PDF."""

    rule = "documents.view"

    def get(self, request: Any, reference: str) -> HttpResponseBase:
        found = document_of(request, reference)
        try:
            content = pdf.render(found.template, found.printable(), found.styles)
        except ValidationError:
            return DocumentPage.as_view()(request, reference=reference)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="Vorlage-{reference}.pdf"'
        return response
