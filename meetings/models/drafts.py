"""The beginning of a paper: created from an earlier one or empty, its text written, its Beratungsfolge added to."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from grants.models import FundingNotice
from kim.models import Body, Source, Text, TextBlock
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.studio import documents
from kim.values.formats import format_day
from kim.values.periods import today
from meetings.models.committees import Meeting, Organization
from meetings.models.consultations import Consultation
from meetings.models.papers import PROPOSAL, Paper

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
        day. Signature, department and public follow the earlier paper, but for whoever is there no more.
        ValidationError with a sentence."""
        earlier = self.copied_from
        papers = Source.objects.filter(body=self.body, kind=Source.Kind.PAPER, date=self.day)
        if papers.filter(title=self.name.strip()).exists():
            words = f"Eine Vorlage mit diesem Betreff vom {format_day(self.day)} gibt es schon."
            raise ValidationError({"name": f"{words} Bitte den Betreff ergänzen."})
        describe_act(act="Vorlage angelegt", reason=f"aus {earlier}" if earlier else "")
        with db_errors_as_validation():
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
            paper.leave_out_ended()
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
def change_head(paper: Paper, name: str, number: str, day: date | None) -> None:
    """Save the head of a draft – what is set on the row, its Betreff, its Vorlage-Nr. and its date –, with the blocks
    that its kind has now and what its figures say for it. ValidationError with a sentence."""
    describe_act(act="Kopf der Vorlage geändert")
    paper.source.title, paper.source.number, paper.source.date = name, number, day
    with db_errors_as_validation():
        before = paper.version
        paper.source.save_checked()
        paper.save_checked()
        if paper.version == before:
            paper.touch()
        complete_blocks(paper)
        documents.of(Paper.objects.get(pk=paper.pk)).bind()  # type: ignore[union-attr]


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


def require_once(rows: Any, organization: Organization, date: date | None) -> None:
    """ValidationError if one of the rows has this day, or like it none."""
    same = rows.filter(meeting__date=date) if date else rows.filter(meeting=None)
    if same.exists():
        when = f"am {format_day(date)}" if date else "ohne Sitzungstag"
        raise ValidationError(f"{organization} steht {when} schon in der Beratungsfolge.")


@transaction.atomic
def add_consultation(paper: Paper, organization: Organization, date: date | None, role: str) -> Consultation:
    """One more row of the Beratungsfolge, with its sitting (created if it is not there) and, unless the paper only
    informs, an empty Beschlussvorschlag for it. ValidationError with a sentence, also if the sitting is cancelled, or
    the Gremium is dissolved by then (without a day: today)."""
    require_once(paper.consultations.filter(organization=organization), organization, date)
    describe_act(act="Gremium in die Beratungsfolge aufgenommen")
    with db_errors_as_validation():
        if date is None:
            organization.require(today(paper.body), "organization")
        meeting = Meeting.on(organization, date) if date else None
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


@transaction.atomic
def change_consultation(row: Consultation, date: date | None) -> None:
    """A row of the Beratungsfolge goes on another sitting of its Gremium, perhaps because its own is cancelled, with
    the Zuständigkeit that is set on it; its Beschlussvorschlag stays. ValidationError with a sentence."""
    describe_act(act="Beratung geändert")
    with db_errors_as_validation():
        if date != (row.meeting.date if row.meeting else None):
            require_once(row.paper.consultations.filter(organization=row.organization), row.organization, date)
            row.meeting = Meeting.on(row.organization, date) if date else None
        row.save_checked()
