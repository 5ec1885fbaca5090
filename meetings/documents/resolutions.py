"""The words of a resolution: as the Niederschrift has them, against what was proposed, and as an extract."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from kim.models import TextBlock
from kim.studio import bundles, documents, pdf, releases
from kim.studio.documents import bound_words
from kim.values.differences import difference
from meetings.documents.minutes import MinutesDocument
from meetings.documents.papers import PaperDocument
from meetings.models import AgendaItem, Consultation, Minutes
from meetings.models.minutes import block_of
from meetings.models.papers import PROPOSAL


def resolution_of(minutes: Minutes, item: AgendaItem) -> list[dict[str, Any]]:
    """The paragraphs of a resolution as the Niederschrift prints them: the released ones once there are any. Two
    queries, and those of its figures."""
    document = MinutesDocument(minutes)
    if release := releases.of_text(document.text):
        parts = bundles.read(release.bundle).content["parts"]
        found = (one for part in parts for one in part["items"] if one["item"] == item.key)
        return next((list(one["resolution"]) for one in found), [])
    key = block_of(item, resolution=True)
    return block_as_json(document, TextBlock.objects.filter(text=minutes.text_id, key=key).first())


def block_as_json(document: documents.Document, block: TextBlock | None) -> list[dict[str, Any]]:
    """The paragraphs of one block of a draft, with its figures; none where there is no block."""
    if block is None:
        return []
    expanded = document.expander(bound_words(document.text)).block(block.key, block.heading, block.content)
    return list(expanded.as_json()["paragraphs"])


def words_of(paragraphs: list[dict[str, Any]]) -> str:
    """What paragraphs say, without marks, a line each."""
    return "\n".join("".join(piece["text"] for piece in line) for one in paragraphs for line in one["lines"]).strip()


@dataclass(frozen=True)
class Outcome:
    """What a Gremium has made of a proposal: the paper, and the words that stayed, came and went ("", "neu", "alt")."""

    consultation: Consultation
    pieces: list[tuple[str, str]]

    @property
    def changed(self) -> bool:
        """Whether it decided anything else than was proposed."""
        return any(tag for tag, _ in self.pieces)

    @property
    def result(self) -> str:
        """As the Ratsinformationssysteme of the region call it (field/meetings §2.4)."""
        return "geändert beschlossen" if self.changed else "ungeändert beschlossen"


def proposed(consultation: Consultation) -> str:
    """The words of a Beschlussvorschlag for its Gremium; empty where the paper has none or is only known by number."""
    paper, key = consultation.paper, f"{PROPOSAL}-{consultation.order}"
    if paper.text is None:
        return ""
    document = PaperDocument(paper)
    if release := releases.of_text(document.text):
        blocks = bundles.read(release.bundle).content.get("proposals", ())
        return words_of(next((list(one["paragraphs"]) for one in blocks if one["key"] == key), []))
    return words_of(block_as_json(document, TextBlock.objects.filter(text=paper.text_id, key=key).first()))


def outcomes(item: AgendaItem, papers: list[Any], resolution: list[dict[str, Any]]) -> list[Outcome]:
    """What became of the proposal of each paper under an item that is accepted; papers: those that the reader may see.
    Blanks and line breaks do not count."""
    said = words_of(resolution)
    if not said or not any(vote.accepted for vote in item.votes.all()):
        return []
    rows = Consultation.objects.filter(agenda_item=item, paper__in=papers).select_related("paper__text", "paper__body")
    found = [(row, proposed(row)) for row in rows]
    return [Outcome(row, difference(folded(words), folded(said))) for row, words in found if words]


def folded(words: str) -> str:
    """Words with single blanks."""
    return " ".join(words.split())


def extract(minutes: Minutes, item: AgendaItem) -> bytes:
    """The Beschlussauszug of an item: what the Niederschrift says of vote and resolution, as PDF. ValidationError with
    what keeps the Niederschrift from being printed."""
    content = releases.content_of(MinutesDocument(minutes))
    said = next(one for part in content["parts"] for one in part["items"] if one["item"] == item.key)
    shown = content | {
        "title": "Beschlussauszug",
        "heading": "Beschlussauszug",
        "said": said,
        "printed_on": timezone.localtime(releases.now()).date().isoformat(),
        "fingerprint": "",
    }
    day = date.fromisoformat(content["date"] or content["as_of"])
    styles = ("print.css", "niederschrift.css")
    return pdf.render("documents/beschlussauszug.html", {"content": shown}, styles, day=day)
