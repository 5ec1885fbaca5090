"""The beginning of a paper: created from an earlier one or empty, its text written, its Beratungsfolge added to."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from grants.models import FundingNotice
from kim.models import Body, Source, Text, TextBlock
from kim.models.refusals import refusable
from kim.store.context import note
from kim.studio import documents, releases
from kim.studio.documents import Document
from kim.values.formats import day as printed
from kim.values.richtext import TOKEN, Span
from meetings.models.committees import Meeting, Organization
from meetings.models.papers import PROPOSAL, Consultation, Paper
from meetings.models.signatures import CoSignature

LETTER_BLOCKS = [
    ("sachlage", "Sach- und Rechtslage:", True),
    ("finanzen", "Finanzielle/bilanzielle Auswirkungen:", True),
    ("soziales", "Soziale Auswirkungen:", True),
]
BOX_BLOCKS = [
    ("finanzen", "Finanzielle Auswirkungen", True),
    ("klima", "Klimarelevanz", True),
    ("erlaeuterungen", "Erläuterungen:", True),
    ("anlagen", "Anlage/n:", False),
]
APPROVAL_BLOCKS = [("erlaeuterungen", "Erläuterungen:", True)]
TABLED_BLOCKS = [("erlaeuterungen", "Erläuterungen:", True), ("quelle", "Quelle:", False)]
REASON = ("grund", "Grund der Ergänzung:", True)


def blocks_of(paper_type: str, layout: str) -> list[tuple[str, str, bool]]:
    """Key, heading and whether it has to say something, in the order of the print; proposals come before."""
    if paper_type == Paper.PaperType.APPROVAL:
        return APPROVAL_BLOCKS
    if paper_type == Paper.PaperType.TABLED:
        return TABLED_BLOCKS
    if paper_type == Paper.PaperType.SUPPLEMENT:  # only what changes has to be said again
        rest = LETTER_BLOCKS if layout == Body.PaperLayout.LETTER else BOX_BLOCKS
        return [REASON, *((key, heading, False) for key, heading, _ in rest)]
    return LETTER_BLOCKS if layout == Body.PaperLayout.LETTER else BOX_BLOCKS


@dataclass(frozen=True)
class NewPaper:
    """A paper that is about to be created."""

    body: Body
    paper_type: str
    name: str
    day: date
    as_of: date
    notice: FundingNotice | None = None
    copied_from: Paper | None = None

    @transaction.atomic
    def create(self) -> Paper:
        """The draft, with the text of the earlier paper or empty blocks; its figures as the data say them for its own
        day. Signature, department and public follow the earlier paper. ValidationError with a sentence."""
        earlier = self.copied_from
        papers = Source.objects.filter(body=self.body, kind=Source.Kind.PAPER, date=self.day)
        if papers.filter(title=self.name.strip()).exists():
            words = f"Eine Vorlage mit diesem Betreff vom {printed(self.day)} gibt es schon."
            raise ValidationError({"name": f"{words} Bitte den Betreff ergänzen."})
        note(act="Vorlage angelegt", reason=f"aus {earlier}" if earlier else "")
        with refusable():
            source = Source(body=self.body, kind=Source.Kind.PAPER, title=self.name.strip(), date=self.day)
            source.save_checked()
            count = Text.objects.filter(body=self.body, name__startswith=self.name[:90]).count()
            text = Text(body=self.body, name=self.name[:100] + (f" ({count + 1})" if count else ""))
            text.save_checked()
            paper = Paper(
                body=self.body,
                source=source,
                text=text,
                paper_type=self.paper_type,
                as_of=self.as_of,
                notice=self.notice,
                copied_from=earlier,
                public=earlier.public if earlier else False,
            )
            for name in ("signer", "signer_phrase", "signer_function", "department", "climate", "superior"):
                setattr(paper, name, getattr(earlier, name) if earlier else getattr(paper, name))
            paper.save_checked()
            paper.refresh_from_db()
            for row in self.blocks(text):
                row.save_checked()
            documents.of(paper).bind()  # type: ignore[union-attr]
        return paper

    def blocks(self, text: Text) -> list[TextBlock]:
        """The blocks of the kind of paper, with the earlier paper's words; what the kind does not have is left out."""
        words = {}
        if self.copied_from and self.copied_from.text:
            words = {row.key: row.content for row in self.copied_from.text.blocks.all()}
        found = blocks_of(self.paper_type, self.body.paper_layout)
        return [
            TextBlock(body=self.body, text=text, position=100 + n, key=key, heading=heading, content=words.get(key, ""))
            for n, (key, heading, _) in enumerate(found)
        ]


@transaction.atomic
def write(
    document: Document, changed: list[tuple[TextBlock, str]], *, editorial: bool = False, user: Any = None
) -> None:
    """Save the words of some blocks of a draft; figures that are new in them are taken over as the data say them.

    editorial: only words have changed ("redaktionell"), so that each Mitzeichnung goes on to hold; that stays to be
    seen beside it. ValidationError with a sentence: a figure that the catalogue does not know, a text that is released,
    a change that is not editorial.
    """
    note(act="Text redaktionell geändert" if editorial else "Text geschrieben")
    with refusable():
        releases.hold(document.text)  # nobody writes beside it: what was signed and what is written are compared
        editorial = editorial and bool(changed)
        holding = kept(document, changed) if editorial else []
        before_chips = printed_figures(document) if editorial else []
        for row, words in changed:
            before, row.content = row.content, words
            row.full_clean()
            check_new_figures(document, before, words)
            row.save()
        if changed:
            document.bind()
        if editorial and before_chips != printed_figures(document):
            raise ValidationError(f"{NOT_EDITORIAL} Eine Zahl ist anders.")
        for one in holding:
            one.fingerprint, one.edited_at, one.edited_by = document.row.document().fingerprint(), releases.now(), user
            one.save()


NOT_EDITORIAL = (
    "Das ist nicht nur redaktionell, die Mitzeichnungen gelten dann nicht mehr; bitte ohne den Haken speichern."
)


def kept(document: Document, changed: list[tuple[TextBlock, str]]) -> list[CoSignature]:
    """The Mitzeichnungen that hold now; ValidationError if a Beschlussvorschlag is to change."""
    if any(re.findall(r"\d[\d.,]*", row.content) != re.findall(r"\d[\d.,]*", words) for row, words in changed):
        raise ValidationError(f"{NOT_EDITORIAL} Eine Zahl ist anders.")
    if any(row.key.startswith(PROPOSAL) for row, _ in changed):
        raise ValidationError(f"{NOT_EDITORIAL} Der Beschlussvorschlag ist anders.")
    now = document.row.document().fingerprint()
    return [one for one in document.row.cosignatures.all() if one.fingerprint == now]


def printed_figures(document: Document) -> list[tuple[str, str]]:
    """The figures that the draft prints, with their words, in the order of the text."""
    expander = document.expander(documents.bound_words(document.text))
    return [(chip.token, chip.text) for block in document.blocks(expander) for chip in block.chips()]


def check_new_figures(document: Document, before: str, after: str) -> None:
    """ValidationError if a figure that is new in a text cannot be calculated: another post, a form that does not exist.
    One that was there before and cannot any more does not keep anybody from writing."""
    expander = document.expander()
    for name, raw in set(TOKEN.findall(after)) - set(TOKEN.findall(before)):
        expander.piece(Span(token="{{" + name + raw + "}}"))
    if expander.problems:
        raise ValidationError(expander.problems)


def complete_blocks(paper: Paper) -> None:
    """Add the blocks that the paper's kind has and its text lacks, a Beschlussvorschlag for each committee included."""
    assert paper.text
    there = set(paper.text.blocks.values_list("key", flat=True))
    wanted = [
        (100 + n, key, head) for n, (key, head, _) in enumerate(blocks_of(paper.paper_type, paper.body.paper_layout))
    ]
    if paper.paper_type != Paper.PaperType.INFORMATION:
        wanted += [(c.order, f"{PROPOSAL}-{c.order}", "Beschlussvorschlag:") for c in paper.consultations.all()]
    for position, key, heading in wanted:
        if key not in there:
            TextBlock(body=paper.body, text=paper.text, position=position, key=key, heading=heading).save()


@transaction.atomic
def add_consultation(paper: Paper, organization: Organization, date: date | None, role: str) -> Consultation:
    """One more row of the Beratungsfolge, with its sitting (created if it is not there) and, unless the paper only
    informs, an empty Beschlussvorschlag for it."""
    same = paper.consultations.filter(organization=organization)
    same = same.filter(meeting__date=date) if date else same.filter(meeting=None)
    if same.exists():
        when = f"am {printed(date)}" if date else "ohne Sitzungstag"
        raise ValidationError({"organization": f"{organization} steht {when} schon in der Beratungsfolge."})
    note(act="Gremium in die Beratungsfolge aufgenommen")
    with refusable():
        meeting = None
        if date:
            meeting, _ = Meeting.objects.get_or_create(body=paper.body, organization=organization, date=date)
        last = paper.consultations.aggregate(last=Max("order"))["last"] or 0
        row = Consultation(
            body=paper.body, paper=paper, organization=organization, meeting=meeting, role=role, order=last + 1
        )
        row.save_checked()
        if paper.text and paper.paper_type != Paper.PaperType.INFORMATION:
            key = f"{PROPOSAL}-{row.order}"
            from_ = paper.copied_from_id
            earlier = TextBlock.objects.filter(text__paper=from_, key=key).first() if from_ else None
            facts: dict[str, Any] = {"position": row.order, "key": key, "content": earlier.content if earlier else ""}
            block = TextBlock(body=paper.body, text=paper.text, heading="Beschlussvorschlag:", **facts)
            block.save_checked()
            documents.of(paper).bind()  # type: ignore[union-attr]
    return row
