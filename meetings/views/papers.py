"""Pages of papers: list, the paper with every bound figure, its steps until release, PDF, and the check of a PDF."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.lists import ListPage
from kim.models import Source
from kim.pages.documents import Step, document_of
from kim.pages.forms import DescriptionPage, VersionedForm
from kim.studio import releases
from meetings.documents import PaperDocument
from meetings.models import BlockComment, Consultation, CoSignature, Paper
from meetings.tables import PaperTable


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


class PaperPage(RuleView):
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
            "story": entries_about(
                [paper, paper.source],
                below=beside,
                user=request.user,
            ),
        }
        if release:
            context |= releases.released_page(release, found)
        else:
            context |= releases.draft_page(found)
            context["copied"] = found.copied(context["blocks"])
            context["editable"] = found.is_open and may(request, found.edit_rule)
        shown = {b["key"] if isinstance(b, dict) else b.key for b in context["blocks"] if words_in(b)}
        context["loose"] = [one for one in comments if one.block not in shown]
        return render(request, "meetings/document.html", context, status=status)


def words_in(block: Any) -> bool:
    """Whether a block of a draft or of a release says anything."""
    return bool(block["paragraphs"] if isinstance(block, dict) else block.paragraphs)


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

    rule = "papers.proceed"
    form_class = DescriptionForm
    title = "Nummer und Aktenzeichen der Vorlage"

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Source:
        return paper_of(request, kwargs["reference"]).paper.source

    def target(self, instance: Source) -> str:
        return str(instance.paper.get_absolute_url())


class Proceed(Step):
    """The next Bearbeitungsstand: beraten, erledigt, zurückgezogen."""

    rule = "papers.proceed"

    def document(self, request: Request, reference: str) -> PaperDocument:
        return paper_of(request, reference)

    def act(self, request: Request, found: PaperDocument) -> str:
        state = request.POST.get("state", "")
        if state not in Paper.State.values:
            raise ValidationError("Diesen Bearbeitungsstand gibt es nicht.")
        found.paper.proceed(state, reason=request.POST.get("reason", "")[:300])
        return f"Bearbeitungsstand: {found.paper.get_state_display()}."
