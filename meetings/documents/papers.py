"""Papers (Vorlagen): what each kind is made of in each house's layout, how it is found, and what still keeps it from
being released."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from kim.figures.tokens import NOTHING, ExpandedBlock, Expander
from kim.models import Body, TextBlock
from kim.store.reading import read_once
from kim.studio import bundles, letterhead, seen
from kim.studio.documents import Check, Document, bound_words, document
from kim.studio.letterhead import Specimen
from kim.studio.releases import now, of_text
from kim.values.formats import format_day
from kim.values.periods import today
from meetings.models import Consultation, CoSignature, Paper
from meetings.models.drafts import blocks_of
from meetings.models.papers import PROPOSAL, RELATED

PaperType, Layout = Paper.PaperType, Body.PaperLayout
STYLES = {Layout.LETTER: ("print.css", "vorlage_brief.css"), Layout.BOX: ("print.css", "vorlage_kasten.css")}
TEMPLATES = {Layout.LETTER: "documents/vorlage_brief.html", Layout.BOX: "documents/vorlage_kasten.html"}
LABELS = {
    "title": "Vorlageart",
    "heading": "Vorlageart",
    "with_roles": "Vorlageart",
    "long": "Vorlageart",
    "reference": "Vorlage-Nr.",
    "name": "Betreff",
    "date": "Datum",
    "as_of": "Zahlenstand",
    "public": "öffentlich oder nichtöffentlich",
    "body": "Briefkopf",
    "agenda_items": "zu Tagesordnungspunkt",
    "amendments": "Änderungen gegenüber der ergänzten Vorlage",
    "supplements": "bezieht sich auf Vorlage",
    "department": "Federführende Dienststelle",
    "participants": "Beteiligte Dienststelle/n",
    "author": "Verfasser/in",
    "climate": "Klimarelevanz",
    "consultations": "Beratungsfolge",
    "signer": "Zeichnung",
}


@document
class PaperDocument(Document):
    """A Vorlage, field by field as its house prints it."""

    kind = "paper"
    edit_rule, release_rule = "papers.edit", "papers.release"

    def __init__(self, paper: Paper) -> None:
        self.row = self.paper = paper
        self.title = paper.get_paper_type_display()
        self.layout = Layout(paper.body.paper_layout)
        self.template, self.styles = TEMPLATES[self.layout], STYLES[self.layout]
        if paper.paper_type == PaperType.TABLED:  # the letterhead and what it is about: no table, no box
            self.template, self.styles = "documents/tischvorlage.html", STYLES[Layout.LETTER]
        self.labels = LABELS | {"consultations": paper.body.consultation_heading}

    @classmethod
    def find(cls, body: Any, reference: str) -> "PaperDocument | None":
        try:
            paper = Paper.find(body, reference)
        except Paper.DoesNotExist:
            return None
        return cls(paper) if paper.text else None

    @classmethod
    def of(cls, row: Any) -> "PaperDocument | None":
        return cls(row) if isinstance(row, Paper) and row.text_id else None

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        papers = Paper.objects.filter(body=body, text__isnull=False, as_of__gte=since)
        return [cls(paper) for paper in papers.select_related(*RELATED).prefetch_related("text__blocks")]

    @classmethod
    def specimen(cls, body: Any) -> Specimen:
        layout, day = Layout(body.paper_layout), today(body).isoformat()
        block = letterhead.sample_block("Sachlage:", "So steht der Text einer Vorlage unter ihrem Kopf.")
        content = {
            "title": "Mitteilungsvorlage",
            "reference": "Muster",
            "name": "Muster einer Vorlage",
            "date": day,
            "as_of": day,
            "public": True,
            "state": "Muster",
            "body": letterhead.printed(body) | {"heading": body.consultation_heading},
            "agenda_items": "",
            "amendments": [],
            "supplements": "",
            "department": "Name der Dienststelle",
            "participants": [],
            "author": "",
            "climate": "",
            "consultations": [{"date": day, "organization": "Name des Gremiums", "role": "Kenntnisnahme"}],
            "heading": "Vorlage" if layout == Layout.BOX else "Mitteilungsvorlage",
            "with_roles": False,
            "long": False,
            "proposals": [],
            "blocks": [block],
            "signer": {"phrase": "In Vertretung", "name": "Vorname Name", "function": ""},
            "printed_on": day,
        }
        return Specimen("Vorlage", TEMPLATES[layout], STYLES[layout], content)

    @property
    def file_name(self) -> str:
        return f"Vorlage-{self.paper.address}"

    def block_label(self, block: TextBlock) -> str:
        """Of a proposal, with the committee it is for."""
        order = block.key.rpartition("-")[2] if block.key.startswith(PROPOSAL) else ""
        names = [str(c.organization) for c in self.consultations() if str(c.order) == order]
        return super().block_label(block) + (f" ({names[0]})" if names else "")

    def expander(self, bound: Mapping[str, str] = NOTHING) -> Expander:
        """What the tokens of the text are read with: the paper's own day, its notice and Teilprodukt."""
        paper = self.paper
        assert paper.as_of
        known = {"body": paper.body, "day": paper.as_of, "year": paper.as_of.year, "paper": paper}
        if paper.notice:
            known |= {"notice": paper.notice, "sub_product": paper.notice.sub_product}
        return Expander(known, bound)

    def consultations(self) -> list[Consultation]:
        """The Beratungsfolge, by date as it is printed, undated rows last."""
        return consulted(self.paper)

    def signed(self) -> list[CoSignature]:
        rows = [one for one in asked_to_sign(self.paper) if one.signed_at]
        current = self.fingerprint() if rows else ""
        return [one for one in rows if one.fingerprint == current]

    def more_than_editorial(self, rows: list[TextBlock]) -> str:
        return "Der Beschlussvorschlag ist anders." if any(row.key.startswith(PROPOSAL) for row in rows) else ""

    def sign_again(self, signatures: list[CoSignature], user: Any) -> None:
        for one in signatures:
            one.fingerprint, one.edited_at, one.edited_by = self.fingerprint(), now(), user
            one.save()

    def content(self, blocks: list[ExpandedBlock], printed_on: date) -> dict[str, Any]:
        paper, body = self.paper, self.paper.body
        days = [(c, c.meeting.date.isoformat() if c.meeting else None) for c in self.consultations()]
        proposals = [b for b in blocks if b.key.startswith(PROPOSAL)]
        said = [b for b in proposals if b.paragraphs]  # no heading over nothing
        supplement = paper.paper_type == PaperType.SUPPLEMENT
        signer = {"phrase": paper.signer_phrase, "name": str(paper.signer), "function": paper.signer_function}
        return {
            "title": self.title,
            "reference": paper.reference,
            "name": paper.name,
            "date": paper.date.isoformat() if paper.date else None,
            "as_of": paper.as_of.isoformat() if paper.as_of else None,
            "public": paper.public,
            "state": "Entwurf" if paper.state in Paper.OPEN else paper.get_state_display(),
            "body": letterhead.printed(body) | {"heading": body.consultation_heading},
            "agenda_items": paper.agenda_items,
            "amendments": self.amendments(blocks) if supplement else [],
            "supplements": paper.superior.reference if paper.superior and supplement else "",
            "department": str(paper.department or ""),
            "participants": [str(one.organization) for one in asked_to_sign(paper)],
            "author": paper.author,
            "climate": paper.climate,
            "consultations": [
                {"date": d, "organization": str(c.organization), "role": c.get_role_display()} for c, d in days
            ],
            "heading": "Vorlage" if self.layout == Layout.BOX else self.title,
            "with_roles": paper.paper_type != PaperType.INFORMATION,
            "long": paper.paper_type != PaperType.APPROVAL,
            "proposals": [block.as_json() for block in said],
            "blocks": [block.as_json() for block in blocks if block not in proposals and block.paragraphs],
            "signer": signer if paper.signer else None,
            "printed_on": printed_on.isoformat(),
        }

    def beside(self) -> dict[str, Any]:
        """The Zuwendung that its figures are read for, and the paper in whose place it comes."""
        return {"Zuwendung": self.paper.notice_id, "ersetzt Vorlage": self.paper.replaces_id}

    def released(self, content: dict[str, Any]) -> dict[str, Any]:
        """Released, with the number it gets where the body numbers its papers itself."""
        return super().released(content) | {"reference": self.paper.next_number()}

    def checks(self, expander: Expander, blocks: list[ExpandedBlock]) -> list[Check]:
        """The Prüfliste: all that has to be right before the paper is released. expander, blocks: the draft as it would
        be printed."""
        return [
            *super().checks(expander, blocks),
            Check("Pflichtangaben sind ausgefüllt", tuple(self.missing(blocks))),
            Check("Beschlussvorschläge passen zur Beratungsfolge", tuple(self.proposals(blocks))),
            Check("Mitzeichnungen liegen vor", tuple(self.signatures(blocks))),
            Check("Bemerkungen sind erledigt", tuple(self.remarks())),
        ]

    def missing(self, blocks: list[ExpandedBlock]) -> Iterator[str]:
        """Mandatory labels without words, and what a template left behind."""
        paper, said = self.paper, {block.key: block.words() for block in blocks}
        facts = {"Betreff": paper.name, "Datum": paper.date, "Zahlenstand": paper.as_of, "Zeichnung": paper.signer}
        yield from (f"{label} fehlt." for label, value in facts.items() if not value)
        if self.layout == Layout.BOX and not paper.department:
            yield "Federführende Dienststelle fehlt."
        if paper.paper_type == PaperType.SUPPLEMENT and not paper.superior:
            yield "Welche Vorlage ergänzt wird, fehlt („bezieht sich auf Vorlage“)."
        if paper.paper_type == PaperType.TABLED and not paper.agenda_items:
            yield "Zu welchem Tagesordnungspunkt die Tischvorlage gehört, fehlt."
        if not (rows := self.consultations()):
            yield f"{paper.body.consultation_heading}: Es steht noch kein Gremium darin."
        yield from (f"{one.organization}: Der Sitzungstag fehlt." for one in rows if one.meeting is None)
        off = [one.meeting for one in rows if one.meeting and one.meeting.cancelled]
        yield from (f"{one.organization}: Die Sitzung am {format_day(one.date)} ist abgesagt." for one in off)
        for key, heading, required in blocks_of(paper.paper_type, self.layout):
            if required and not said.get(key, "").strip():
                yield f"„{heading.rstrip(':')}“ ist leer."

    def proposals(self, blocks: list[ExpandedBlock]) -> Iterator[str]:
        """Each committee that decides or advises has its own proposal, which names it; a Mitteilung has none."""
        said = {block.key: block.words() for block in blocks if block.key.startswith(PROPOSAL)}
        if self.paper.paper_type == PaperType.INFORMATION:
            if any(said.values()):
                yield "Eine Mitteilungsvorlage hat keinen Beschlussvorschlag."
            if not any("bittet um Kenntnisnahme" in block.words() for block in blocks):
                yield "Die Bitte um Kenntnisnahme fehlt („Die Verwaltung bittet um Kenntnisnahme.“)."
            return
        verbs = {"decision": (), "advice": ("empfiehlt",), "information": ("nimmt", "Kenntnis")}
        for one in self.consultations():
            words = said.get(f"{PROPOSAL}-{one.order}", "")
            if not words.strip():
                if one.role != Consultation.ConsultationRole.INFORMATION:
                    yield f"{one.organization}: Der Beschlussvorschlag fehlt."
            elif str(one.organization) not in words:
                yield f"Der Beschlussvorschlag nennt nicht „{one.organization}“."
            elif not all(verb in words for verb in verbs[one.role]):
                yield f"{one.organization}: Der Beschlussvorschlag passt nicht zu „{one.get_role_display()}“."

    def amendments(self, blocks: list[ExpandedBlock]) -> list[dict[str, str]]:
        """Of an Ergänzungsvorlage: the sentences that are different from the released paper it supplements, block by
        block; empty while that one may still change itself."""
        paper = self.paper.superior
        release = of_text(paper.text) if paper and paper.text else None
        if paper is None or release is None or (self.paper.public and not paper.public):
            return []  # what is nichtöffentlich is not told by a public paper
        content = bundles.read(release.bundle).content
        then = {one["key"]: words_of(one) for one in (*content["proposals"], *content["blocks"])}
        pairs = [
            (b.heading, *p)
            for b in blocks
            if b.key in then and b.words() and not b.key.startswith(PROPOSAL)
            for p in changed_sentences(then[b.key], b.words())
        ]
        return [{"heading": heading.rstrip(":"), "before": before, "after": after} for heading, before, after in pairs]

    def remarks(self) -> Iterator[str]:
        """Bemerkungen that nobody has done with."""
        for one in self.paper.comments.filter(done_at__isnull=True):
            yield f"{one} ist offen: „{one.text[:120]}“"

    def signatures(self, blocks: list[ExpandedBlock]) -> Iterator[str]:
        """Mitzeichnungen that are open, and those that a later change has voided."""
        rows = asked_to_sign(self.paper)
        now = self.fingerprint_of(blocks) if any(one.signed_at for one in rows) else ""
        for one in rows:
            if one.signed_at is None:
                yield f"{one.organization} hat noch nicht mitgezeichnet."
            elif one.fingerprint != now:
                yield f"{one.organization}: Nach der Mitzeichnung wurde die Vorlage geändert; sie gilt nicht mehr."

    def copied(self, blocks: list[ExpandedBlock]) -> list[tuple[str, str]]:
        """What differs from the paper this one was copied from: sentences then and now; empty where none was."""
        try:
            earlier = self.paper.copied_from
        except Paper.DoesNotExist:  # row-level security hides it
            return []
        if earlier is None or not earlier.text_id:
            return []
        old = PaperDocument(earlier)
        before = {b.key: b.words() for b in old.blocks(old.expander(bound_words(old.text)))}
        pairs = ((before[b.key], b.words()) for b in blocks if b.key in before)
        return [pair for then, now in pairs for pair in changed_sentences(then, now)]

    def fingerprint_of(self, blocks: list[ExpandedBlock]) -> str:
        """The checksum of all that is printed of the paper with these blocks: head, text, figures, proposals."""
        return seen.fields(self, self.content(blocks, date.min), blocks)[seen.WHOLE]

    def fingerprint(self) -> str:
        """What a Mitzeichnung signs, as the paper stands now."""
        return self.fingerprint_of(self.blocks(self.expander(bound_words(self.text))))


@read_once
def consulted(paper: Paper) -> list[Consultation]:
    """See PaperDocument.consultations. One query."""
    rows = paper.consultations.select_related("organization", "meeting")
    return sorted(rows, key=lambda c: (c.meeting is None, c.meeting.date if c.meeting else None, c.order))


@read_once
def asked_to_sign(paper: Paper) -> list[CoSignature]:
    """The Mitzeichnungen of a paper, given or not. One query."""
    return list(paper.cosignatures.select_related("organization"))


def words_of(block: dict[str, Any]) -> str:
    """What stands in a block of a bundle, without marks; see Block.words."""
    lines = [line for part in block["paragraphs"] for line in part["lines"]]
    return "\n".join("".join(piece["text"] for piece in line) for line in lines)


def changed_sentences(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Sentences that are not the same any more: ("Es sind 3,0.", "Es sind 3,5."); one side is empty where it came or
    went."""
    old, new = (re.split(r"(?<=[.!?:])\s+(?=[A-ZÄÖÜ])|\n", text) for text in (before, after))
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield " ".join(old[a:b]), " ".join(new[c:d])
