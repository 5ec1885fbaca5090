"""Weiterleitungsbescheid and -vertrag, and the Muster they are written from."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from grants.figures.onward import HEADS
from grants.models import OnwardGrant, OnwardTemplate
from grants.models.onward import RELATED
from grants.models.templates import BLOCKS, POSTS, SIGNER, Basis
from kim.figures.tokens import NOTHING, ExpandedBlock, ExpandedToken, Expander
from kim.models import Source
from kim.studio import letterhead
from kim.studio.documents import Check, Document, document
from kim.studio.letterhead import Specimen
from kim.values.formats import format_day
from kim.values.periods import today

STYLES = ("print.css", "weiterleitung.css")
TEMPLATE = "documents/weiterleitung.html"
LABELS = {
    "title": "Form der Weiterleitung",
    "heading": "Form der Weiterleitung",
    "contract": "Form der Weiterleitung",
    "reference": "Aktenzeichen",
    "name": "Zuwendung",
    "date": "Datum",
    "as_of": "Zahlenstand",
    "amends": "tritt an die Stelle von",
    "body": "Briefkopf",
    "recipient": "Anschrift des Empfängers",
    "signer": "Zeichnung",
}


@document
class OnwardDocument(Document):
    """A Weiterleitungsbescheid or -vertrag: letterhead, recipient, the words of the Muster, the table of posts."""

    kind = "onward"
    template, styles, labels = TEMPLATE, STYLES, LABELS
    edit_rule, release_rule = "onward.edit", "onward.release"

    def __init__(self, grant: OnwardGrant) -> None:
        self.row = self.grant = grant
        self.title = grant.get_basis_display()

    @classmethod
    def find(cls, body: Any, reference: str) -> "OnwardDocument | None":
        try:
            return cls(OnwardGrant.find(body, reference))
        except OnwardGrant.DoesNotExist:
            return None

    @classmethod
    def of(cls, row: Any) -> "OnwardDocument | None":
        return cls(row) if isinstance(row, OnwardGrant) else None

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        rows = OnwardGrant.objects.filter(body=body, as_of__gte=since).select_related(*RELATED)
        return [cls(row) for row in rows.prefetch_related("text__blocks")]

    @classmethod
    def specimen(cls, body: Any) -> Specimen:
        day = today(body).isoformat()
        words = "Aus der Zuwendung des Landes leiten wir Ihnen die Personalkosten der genannten Stellen weiter."
        content = {
            "title": "Weiterleitungsbescheid",
            "heading": "Weiterleitungsbescheid",
            "reference": "50.1/Muster",
            "name": "Muster einer Zuwendung",
            "date": day,
            "as_of": day,
            "state": "Muster",
            "contract": False,
            "amends": "",
            "body": letterhead.printed(body),
            "recipient": ["Musterverband e. V.", "Musterstraße 1", "12345 Musterstadt"],
            "blocks": [letterhead.sample_block("Bewilligung", words) | {"table": False}],
            "tables": [],
            "signer": {"phrase": "Im Auftrag", "name": "Vorname Name", "function": ""},
            "printed_on": day,
        }
        return Specimen("Weiterleitungsbescheid", TEMPLATE, STYLES, content)

    @property
    def file_name(self) -> str:
        return f"{self.title}-{self.grant.notice.slug}-{self.grant.carrier.slug}-{self.grant.number}"

    def expander(self, bound: Mapping[str, str] = NOTHING) -> Expander:
        """The tokens are read for this recipient, this notice and the day of the figures."""
        grant = self.grant
        known = {"body": grant.body, "notice": grant.notice, "carrier": grant.carrier, "day": grant.as_of}
        known |= {"year": grant.notice.current.validity.lower.year, "sub_product": grant.notice.sub_product}
        return Expander({name: value for name, value in known.items() if value is not None}, bound)

    def content(self, blocks: list[ExpandedBlock], printed_on: date) -> dict[str, Any]:
        grant, carrier = self.grant, self.grant.carrier
        rows = table(blocks)
        signer = {"phrase": grant.signer_phrase, "name": grant.signer_name, "function": grant.signer_function}
        return {
            "title": self.title,
            "heading": self.title + (f", {grant.number - 1}. Änderung" if grant.number > 1 else ""),
            "reference": grant.source.file_reference,
            "name": grant.notice.title,
            "date": grant.source.date.isoformat() if grant.source.date else None,
            "as_of": grant.as_of.isoformat(),
            "state": grant.get_state_display(),
            "contract": grant.basis == Basis.CONTRACT,
            "amends": amended(grant),
            "body": letterhead.printed(grant.body),
            "recipient": [carrier.name, carrier.street, f"{carrier.postal_code} {carrier.locality}".strip()],
            "blocks": [block.as_json() | {"table": block.key == POSTS} for block in blocks if block.paragraphs],
            "tables": [{"file": "stellen.csv", "title": "Geförderte Stellen", "heads": HEADS, "rows": rows}],
            "signer": signer if grant.signer_name else None,
            "printed_on": printed_on.isoformat(),
        }

    def checks(self, expander: Expander, blocks: list[ExpandedBlock]) -> list[Check]:
        return [*super().checks(expander, blocks), Check("Pflichtangaben sind ausgefüllt", tuple(self.missing(blocks)))]

    def missing(self, blocks: list[ExpandedBlock]) -> Iterator[str]:
        """Mandatory words, the recipient's address, the table of posts."""
        grant, said = self.grant, {block.key: block.words() for block in blocks}
        carrier = grant.carrier
        if not (carrier.street and carrier.postal_code and carrier.locality):
            place = "Straße, PLZ, Ort; auf der Seite des Anstellungsträgers"
            yield f"Die Anschrift von {carrier} ist nicht vollständig ({place})."
        if not grant.signer_name:
            yield "Zeichnung fehlt (Kopf bearbeiten)."
        granted = grant.notice.current
        if grant.source.date and granted.source.date and grant.source.date < granted.source.date:
            since = format_day(granted.source.date)
            yield f"Das Schreiben ist älter als der Bescheid, aus dem es weiterleitet (vom {since})."
        if grant.as_of not in granted.validity:
            yield f"Der Zahlenstand {format_day(grant.as_of)} liegt nicht im Förderzeitraum."
        if not granted.is_granted:
            state = granted.get_state_display()
            yield f"Die Zuwendung ist nicht bewilligt, sondern {state}: Weitergeleitet wird erst, was bewilligt ist."
        if not table(blocks):
            yield "Die Tabelle der Stellen fehlt im Text."
        yield from misplaced(blocks)
        for key, heading in BLOCKS[Basis(grant.basis)]:
            if not said.get(key, "").strip():
                yield f"„{heading}“ ist leer."


def amended(grant: OnwardGrant) -> str:
    """In whose place an Änderung comes. Example: Dieser Weiterleitungsbescheid tritt an die Stelle des
    Weiterleitungsbescheids vom 01.03.2023. Empty for the first."""
    if grant.number < 2:
        return ""
    before = OnwardGrant.objects.select_related("source").get(
        notice=grant.notice, carrier=grant.carrier, number=grant.number - 1
    )
    genitive = {Basis.NOTICE: "des Weiterleitungsbescheids", Basis.CONTRACT: "des Weiterleitungsvertrags"}
    was = genitive[Basis(before.basis)] + (f", {before.number - 1}. Änderung," if before.number > 1 else "")
    return f"Dieser {grant.get_basis_display()} tritt an die Stelle {was} vom {format_day(before.source.date)}."


def table(blocks: list[ExpandedBlock]) -> list[list[str]]:
    """The rows of the table of posts, as the draft has taken them over."""
    chips = (c for block in blocks if block.key == POSTS for c in block.chips())
    found: ExpandedToken | None = next((c for c in chips if c.name == "onward.posts"), None)
    return [line.split("\t") for line in found.text.split("\n")] if found else []


def misplaced(blocks: list[ExpandedBlock]) -> Iterator[str]:
    """The table stands alone in its block, and only there: what is written beside it would not be printed."""
    for block in blocks:
        names = [piece.chip.name if piece.chip else "" for piece in block.pieces() if piece.chip or piece.text.strip()]
        if block.key == POSTS and names not in ([], ["onward.posts"]):
            yield f"„{block.heading}“: Hier steht nur die Tabelle; anderer Text gehört in einen anderen Abschnitt."
        if block.key != POSTS and "onward.posts" in names:
            yield f"„{block.heading}“: Die Tabelle der Stellen gehört in ihren eigenen Abschnitt."


@document
class OnwardTemplateDocument(Document):
    """A Muster, read with the newest notice and the first recipient as an example."""

    kind = "onward_template"
    template, styles, labels = TEMPLATE, STYLES, LABELS
    edit_rule, release_rule = "onward.edit", "onward.release"

    def __init__(self, row: OnwardTemplate) -> None:
        self.row = row
        self.title = str(row)

    @classmethod
    def find(cls, body: Any, reference: str) -> "OnwardTemplateDocument | None":
        kind, _, key = reference.partition(".")
        row = OnwardTemplate.find(body, key) if kind == "muster" else None
        return cls(row) if row else None

    @classmethod
    def of(cls, row: Any) -> "OnwardTemplateDocument | None":
        return cls(row) if isinstance(row, OnwardTemplate) else None

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        return []  # it prints nothing, so no figure of it changes

    @property
    def file_name(self) -> str:
        return self.title.replace(" ", "-")

    def expander(self, bound: Mapping[str, str] = NOTHING) -> Expander:
        """What was taken over is of no account here: a Muster has no figures of its own."""
        found = self.row.example()
        if found is None:
            return Expander({"body": self.row.body, "day": self.row.body.reference_day})
        notice, carrier = found
        known = {"body": self.row.body, "notice": notice, "carrier": carrier, "day": notice.current.validity.lower}
        return Expander(known | {"year": notice.current.validity.lower.year, "sub_product": notice.sub_product})

    def content(self, blocks: list[ExpandedBlock], printed_on: date) -> dict[str, Any]:
        """As the example would be printed; ValidationError while there is none."""
        found = self.row.example()
        if found is None:
            raise ValidationError("Noch ist keine Stelle an Dritte vergeben; ein Muster lässt sich erst dann drucken.")
        notice, carrier = found
        source = Source(body=self.row.body, kind=Source.Kind.ONWARD, title=str(self.row))
        example = OnwardGrant(body=self.row.body, notice=notice, carrier=carrier, source=source, text=self.row.text)
        example.basis, example.as_of = self.row.basis, notice.current.validity.lower
        for name in SIGNER:
            setattr(example, name, getattr(self.row, name))
        return OnwardDocument(example).content(blocks, printed_on) | {"state": "Muster"}

    def bind(self) -> int:
        """Nothing is taken over: a Muster has no figures of its own."""
        return 0
