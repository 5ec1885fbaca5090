"""Writing a paper: its text with live figures, block by block, what it would look like, and its versions."""

import difflib
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render

from kim.documents import bound_words
from kim.forms import saved
from kim.history import CONFLICT
from kim.models import TextBlock, User
from kim.permissions import Ruled
from kim.tables import kept_link
from meetings.documents import PaperDocument
from meetings.figures.picker import picked
from meetings.models.drafts import PROPOSAL, write
from meetings.views.papers import document_of, open_document


class TextForm(forms.Form):
    """The blocks of a text, each with the version it was shown with."""

    def __init__(self, found: PaperDocument, *args: Any) -> None:
        super().__init__(*args)
        self.rows = list(found.text.blocks.all())
        for row in self.rows:
            self.fields[f"block_{row.key}"] = forms.CharField(
                label=row.heading.rstrip(":") + who(row, found), required=False, max_length=100_000
            )
            self.fields[f"version_{row.key}"] = forms.IntegerField()

    def changed_rows(self) -> list[tuple[TextBlock, str, int]]:
        """The blocks whose words differ from what is stored: row, new words, version that was shown. A block that was
        not sent stays."""
        data, sent = self.cleaned_data, [row for row in self.rows if f"block_{row.key}" in self.data]
        found = [(row, tidy(data[f"block_{row.key}"]), data[f"version_{row.key}"]) for row in sent]
        return [(row, words, shown) for row, words, shown in found if words != tidy(row.content)]


def tidy(words: str) -> str:
    return words.replace("\r\n", "\n").strip()


def who(row: TextBlock, found: PaperDocument) -> str:
    """For a proposal, the committee it is for."""
    if not row.key.startswith(PROPOSAL):
        return ""
    order = row.key.rpartition("-")[2]
    names = [str(c.organization) for c in found.consultations() if str(c.order) == order]
    return f" ({names[0]})" if names else ""


class EditText(Ruled):
    """The text of a draft, block by block: saved by button, or by script at each pause in typing."""

    rule = "documents.edit"

    def get(self, request: Any, reference: str) -> HttpResponseBase:
        return self.page(request, open_document(request, reference))

    def page(self, request: Any, found: PaperDocument, status: int = 200, **more: Any) -> HttpResponseBase:
        """The form; typed: what was sent and could not be saved."""
        typed: dict[str, str] = more.pop("typed", {})
        form = TextForm(found)
        blocks = []
        for row in form.rows:
            words = typed.get(row.key, row.content.strip())
            label = form.fields[f"block_{row.key}"].label
            expanded, problem = self.expanded(found, row, words)
            blocks.append({"row": row, "label": label, "words": words, "expanded": expanded, "problem": problem})
        context = {"document": found, "paper": found.paper, "blocks": blocks, **more}
        return render(request, "meetings/write.html", context, status=status)

    def expanded(self, found: PaperDocument, row: TextBlock, words: str) -> tuple[Any, str]:
        """The block as it would be printed; a sentence if its tokens cannot be read."""
        try:
            return found.expander(bound_words(found.text)).block(row.key, row.heading, words), ""
        except ValidationError as error:
            return None, " ".join(error.messages)

    def post(self, request: Any, reference: str) -> HttpResponseBase:
        found = open_document(request, reference)
        form = TextForm(found, request.POST)
        by_script = request.headers.get("Accept") == "application/json"
        if not form.is_valid():
            return self.refused(request, found, ["Das Formular ist nicht vollständig angekommen."], by_script)
        if "vorschau" in request.POST:
            typed = {row.key: words for row, words, _ in form.changed_rows()}
            return self.page(request, found, typed=typed)
        changed = form.changed_rows()
        stale = [row for row, _, shown in changed if row.version != shown]
        if stale:
            return self.stale(request, found, changed, stale, by_script)
        try:
            write(found.paper, [(row, words) for row, words, _ in changed])
        except ValidationError as error:
            return self.refused(request, found, error.messages, by_script, changed)
        if by_script:
            versions = {row.key: row.version for row in found.text.blocks.all()}
            return JsonResponse({"versions": versions, "message": "Gespeichert"})
        saved(request, "Der Text ist gespeichert.")
        return redirect(kept_link(request, found.get_absolute_url()))

    def refused(
        self, request: Any, found: PaperDocument, problems: list[str], by_script: bool, changed: Any = ()
    ) -> HttpResponseBase:
        if by_script:
            return JsonResponse({"error": " ".join(problems)}, status=422)
        typed = {row.key: words for row, words, _ in changed}
        return self.page(request, found, 422, refused=problems, typed=typed)

    def stale(self, request: Any, found: Any, changed: Any, stale: Any, by_script: bool) -> HttpResponseBase:
        """Somebody was faster: nothing typed is lost, both texts are shown, the newer version is what is saved over."""
        if by_script:
            return JsonResponse({"error": CONFLICT}, status=409)
        typed = {row.key: words for row, words, _ in changed}
        conflicts = [{"row": row, "mine": typed[row.key], "theirs": row.content} for row in stale]
        return self.page(request, found, 409, typed=typed, conflicts=conflicts)


class PreviewText(Ruled):
    """The text that is being typed, as it would be printed, and its figures: for the preview beside it."""

    rule = "documents.edit"

    def post(self, request: Any, reference: str) -> HttpResponseBase:
        found = open_document(request, reference)
        bound, blocks, problems = bound_words(found.text), [], []
        for row in found.text.blocks.all():
            words = request.POST.get(f"block_{row.key}", row.content)[:100_000]
            try:
                expander = found.expander(bound)
                blocks.append(expander.block(row.key, row.heading, words))
                problems += expander.problems
            except ValidationError as error:
                problems += error.messages
        return render(request, "meetings/preview.html", {"blocks": blocks, "problems": problems})


class Figures(Ruled):
    """The figures that can be put into a text, found by words; as JSON for the picker."""

    rule = "documents.edit"

    def get(self, request: Any, reference: str) -> HttpResponseBase:
        found = open_document(request, reference)
        return JsonResponse(picked(found.expander(), request.GET.get("q", "")[:100]), safe=False)


class Versions(Ruled):
    """Every version of the text, each with what it changed."""

    rule = "documents.view"

    def get(self, request: Any, reference: str) -> HttpResponseBase:
        found = document_of(request, reference)
        return render(
            request, "meetings/versions.html", {"document": found, "paper": found.paper, "acts": acts(found)[:100]}
        )


def acts(found: PaperDocument) -> list[dict[str, Any]]:
    """The acts in which the text changed, newest first: when, by whom, and the words before and after. Two queries."""
    events = list(TextBlock.events.rel.related_model.objects.filter(text_id=found.text.pk).order_by("pgh_id"))  # type: ignore[attr-defined]
    last: dict[int, str] = {}
    rows: list[tuple[Any, dict[str, Any]]] = []
    for event in events:
        before, last[event.pgh_obj_id] = last.get(event.pgh_obj_id, ""), event.content
        if event.content != before:
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


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Words that stayed, came or went: ("", …), ("neu", …), ("alt", …)."""
    old, new = (text.replace("\n", " \n ").split(" ") for text in (before, after))
    found: list[tuple[str, str]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            kept = old[a:b]
            words = kept if len(kept) <= 24 else [*kept[:12], "…", *kept[-12:]]
            found.append(("", " ".join(words)))
            continue
        found += [("alt", " ".join(old[a:b]))] if b > a else []
        found += [("neu", " ".join(new[c:d]))] if d > c else []
    return found
