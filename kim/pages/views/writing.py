"""Writing a document: its text with live figures, block by block, what it would look like, and its versions."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render

from kim.access.request import Request
from kim.access.views import RuleView
from kim.figures.tokens import ExpandedBlock, Expander
from kim.lists import kept_link
from kim.models import TextBlock, User
from kim.models.refusals import CONFLICT
from kim.pages.documents import document_of, open_for_writing, page_of, written_document
from kim.pages.forms import saved
from kim.pages.sections import way_to
from kim.studio import pdf, releases
from kim.studio.documents import Document, bound_words
from kim.studio.picker import picked
from kim.studio.writing import write
from kim.values.differences import difference


@dataclass(frozen=True)
class Typed:
    """One block as it was sent: the words, and those that its writer had before her when she began."""

    row: TextBlock
    words: str
    shown: str

    @property
    def changed(self) -> bool:
        """Whether she changed it: what another has written meanwhile in a block she left alone is none of hers."""
        return self.words != self.shown

    @property
    def stale(self) -> bool:
        """Whether somebody else has changed it too, and not to the same."""
        return self.changed and self.shown != tidy(self.row.content) != self.words


def typed_blocks(found: Document, data: Any) -> tuple[list[Typed], list[str]]:
    """The blocks of a form that was sent, and what cannot be saved of it. One query, and one for each block that was
    written by somebody else meanwhile."""
    rows, problems, blocks = {row.key: row for row in found.text.blocks.all()}, [], []
    for name in data:
        key = name.removeprefix("block_")
        if key == name:
            continue
        words, row = tidy(data[name]), rows.get(key)
        if row is None:
            problems += [f"Einen Block gibt es nicht mehr; darin stand: „{words}“"] if words else []
        elif len(words) > MOST or "\0" in words:
            problems.append(f"„{row.heading}“ ist zu lang oder enthält Zeichen, die kein Text sind.")
        else:
            blocks.append(Typed(row, words, shown(row, data.get(f"version_{key}", ""))))
    return blocks, problems


def shown(row: TextBlock, version: str) -> str:
    """The words of a block in the version that a form was shown with; nothing if there is no such version."""
    if version == str(row.version):
        return tidy(row.content)
    known = version.isascii() and version.isdigit() and len(version) < 9
    event = row.events.filter(version=int(version)).order_by("pgh_id").last() if known else None  # type: ignore[attr-defined]
    return tidy(event.content) if event else ""


def tidy(words: str) -> str:
    return words.replace("\r\n", "\n").strip()


MOST, VERSIONS = 100_000, 200  # characters of a block, versions that are compared


class EditText(RuleView):
    """The text of a draft, block by block: saved by button, or by script at each pause in typing."""

    rule = "documents.edit"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found = written_document(request, reference)
        if not found.is_open:
            return redirect(kept_link(request, found.get_absolute_url()))
        return self.page(request, found)

    def page(self, request: Request, found: Document, status: int = 200, **more: Any) -> HttpResponseBase:
        """The form; typed: what was sent and could not be saved."""
        typed: dict[str, str] = more.pop("typed", {})
        expander, blocks = found.expander(bound_words(found.text)), []
        for row in found.text.blocks.all():
            words = typed.get(row.key, row.content.strip())
            expanded, problem = self.expanded(expander, row, words)
            label = found.block_label(row)
            blocks.append({"row": row, "label": label, "words": words, "expanded": expanded, "problem": problem})
        context = {"document": found, "paper": found.row, "blocks": blocks, "holding": found.signed(), **more}
        context["crumbs"] = way_to(request, found.get_absolute_url())
        return render(request, "kim/write.html", context, status=status)

    def expanded(self, expander: Expander, row: TextBlock, words: str) -> tuple[Any, str]:
        """The block as it would be printed; a sentence if its tokens cannot be read."""
        try:
            return expander.block(row.key, row.heading, words), ""
        except ValidationError as error:
            return None, " ".join(error.messages)

    def post(self, request: Request, reference: str, again: bool = False) -> HttpResponseBase:
        found = written_document(request, reference)
        blocks, problems = typed_blocks(found, request.POST)
        if not found.is_open:
            return self.too_late(request, found, blocks)
        typed = {one.row.key: one.words for one in blocks if one.changed}
        if "preview" in request.POST:
            return self.page(request, found, typed=typed)
        if stale := [one for one in blocks if one.stale]:
            return self.stale(request, found, typed, stale)
        changed = [(one.row, one.words) for one in blocks if one.changed]
        try:
            if problems:
                raise ValidationError(problems)
            editorial = "editorial" in request.POST
            if editorial and not found.signed():
                raise ValidationError("Es gilt keine Mitzeichnung mehr. Bitte ohne „nur redaktionell“ speichern.")
            write(found, changed, editorial=editorial, user=request.user)
        except ValidationError as error:
            if CONFLICT in error.messages and not again:  # saved between our look and our save
                return self.post(request, reference, again=True)
            return self.refused(request, found, error.messages, typed)
        if by_script(request):
            return JsonResponse({"versions": {row.key: row.version for row, _ in changed}, "message": "Gespeichert"})
        saved(request, "Der Text ist gespeichert.")
        return redirect(kept_link(request, found.get_absolute_url()))

    def too_late(self, request: Request, found: Document, blocks: list[Typed]) -> HttpResponseBase:
        """The paper was released while somebody wrote: nothing typed is lost, it stands there to be copied."""
        state = found.row.get_state_display()
        words = f"Inzwischen: {state}. Was Sie geschrieben haben, ist nicht gespeichert"
        if by_script(request):
            return JsonResponse({"error": f"{words}. Bitte herauskopieren."}, status=409)
        typed = tuple(f"{one.row.heading} {one.words}" for one in blocks if one.changed)
        return page_of(request, found, (f"{words}:", *typed), 409)

    def refused(self, request: Request, found: Document, problems: list[str], typed: Any) -> HttpResponseBase:
        """What cannot be saved is said; nothing typed is lost."""
        if by_script(request):
            return JsonResponse({"error": " ".join(problems)}, status=422)
        return self.page(request, found, 422, refused=problems, typed=typed)

    def stale(self, request: Request, found: Any, typed: dict[str, str], stale: list[Typed]) -> HttpResponseBase:
        """Somebody was faster in the same block: both texts are shown, and the next save is over the one shown."""
        if by_script(request):
            return JsonResponse({"error": CONFLICT + " „Speichern“ zeigt beide Fassungen."}, status=409)
        conflicts = [{"row": one.row, "theirs": one.row.content} for one in stale]
        return self.page(request, found, 409, typed=typed, conflicts=conflicts)


def by_script(request: Request) -> bool:
    """Whether the script asks, which wants JSON."""
    return bool(request.headers.get("Accept") == "application/json")


def typed_text(found: Document, data: Any) -> tuple[Expander, list[ExpandedBlock], list[str]]:
    """The blocks as they are being typed, and what cannot be read of them."""
    expander, blocks, problems = found.expander(bound_words(found.text)), [], []
    for row in found.text.blocks.all():
        words = data.get(f"block_{row.key}", row.content)[:MOST]
        try:
            blocks.append(expander.block(row.key, row.heading, words))
        except ValidationError as error:
            problems += error.messages
    return expander, blocks, problems + expander.problems


class PreviewText(RuleView):
    """The text that is being typed, as it would be printed, and its figures: for the preview beside it."""

    rule = "documents.edit"

    def post(self, request: Request, reference: str) -> HttpResponseBase:
        _, blocks, problems = typed_text(open_for_writing(request, reference), request.POST)
        typed = {"blocks": [{"expanded": block} for block in blocks], "problems": problems}
        return render(request, "kim/preview.html", typed)


class Pages(RuleView):
    """The pages as they are printed, as pictures: of the draft, or of what is being typed (POST); nothing is saved."""

    rule = "documents.edit"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        return self.pages(request, reference, {})

    def post(self, request: Request, reference: str) -> HttpResponseBase:
        return self.pages(request, reference, request.POST)

    def pages(self, request: Request, reference: str, data: Any) -> HttpResponseBase:
        found = open_for_writing(request, reference)
        _, blocks, problems = typed_text(found, data)
        try:
            pictures = [] if problems else pdf.pictures(releases.preview_pdf(found, blocks))
        except ValidationError as error:
            pictures, problems = [], error.messages
        context = {"document": found, "paper": found.row, "problems": problems, "pictures": pictures}
        context["crumbs"] = way_to(request, found.get_absolute_url())
        return render(request, "kim/document_pages.html", context)


class Figures(RuleView):
    """The figures that can be put into a text, found by words; as JSON for the picker."""

    rule = "documents.edit"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found = open_for_writing(request, reference)
        return JsonResponse(picked(found.expander(bound_words(found.text)), request.GET.get("q", "")[:100]), safe=False)


class Versions(RuleView):
    """Every version of the text, each with what it changed."""

    rule = "documents.view"

    def get(self, request: Request, reference: str) -> HttpResponseBase:
        found = document_of(request, reference)
        context = {"document": found, "paper": found.row, "acts": acts(found)}
        context["crumbs"] = way_to(request, found.get_absolute_url())
        return render(request, "kim/document_versions.html", context)


def acts(found: Document) -> list[dict[str, Any]]:
    """The latest acts in which the text changed, newest first: when, by whom, and the words before and after. Two
    queries; at most so many versions, for comparing takes longer than reading."""
    of_text = TextBlock.events.rel.related_model.objects.filter(text_id=found.text.pk)  # type: ignore[attr-defined]
    events = list(of_text.order_by("-pgh_id")[: VERSIONS + 1])[::-1]
    whole = len(events) <= VERSIONS
    last: dict[int, str] = {}
    rows: list[tuple[Any, dict[str, Any]]] = []
    for event in events:
        before = last.get(event.pgh_obj_id, "" if whole else None)
        last[event.pgh_obj_id] = event.content
        if before is not None and event.content != before:
            rows.append((event, {"heading": event.heading, "pieces": difference(before, event.content)}))
    users = {u.pk: str(u) for u in User.objects.filter(pk__in={e.pgh_context.get("user") for e, _ in rows} - {None})}
    grouped = [(list(some)) for _, some in groupby(rows, key=lambda pair: pair[0].pgh_context_id)]
    return [
        {
            "when": some[0][0].pgh_created_at,
            "who": users.get(some[0][0].pgh_context.get("user"), "Übernahme der Daten"),
            "act": some[0][0].pgh_context.get("act", ""),
            "blocks": [block for _, block in some],
        }
        for some in reversed(grouped)
    ]
