"""Release of papers: the bundle that is drawn, the PDF, the chain, and the proof that both are still the same."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import takewhile
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max, TextChoices
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone

from kim import pdf
from kim.documents import Document, bound_words, of, take_over
from kim.figures import AGREEING, Value
from kim.history import known_at, refusable
from kim.models import Body, Release, Source, Text, TrailEvent, in_fours
from kim.permissions import note
from kim.tables.exports import inert
from kim.tokens import Block, Chip

FORMAT = 1
SEARCHED = 40  # acts that overtaken_since looks at
RENDERER = ("weasyprint", "pydyf", "pikepdf", "fonttools", "tinyhtml5", "tinycss2", "cssselect2", "django")
DRAWING = ("pdf.py", "releases.py", "formats.py", "templatetags/kim.py")  # our own part in it, below kim/


def canonical(data: Any) -> str:
    """JSON in its one spelling: sorted, no blanks, UTF-8."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sha256(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


MOVED = "Inzwischen ist die Vorlage oder eine ihrer Zahlen anders. Bitte noch einmal ansehen."


def checksum(blocks: Iterable[Block]) -> str:
    """Of a text as it is printed, words and figures: what a Mitzeichnung signs and a release was shown."""
    return sha256(canonical([block.as_json() for block in blocks]))


def data_checksum(chips: Iterable[Chip]) -> str:
    """Of what the data say for these figures, whatever the text prints."""
    return sha256(canonical(sorted({(chip.token, chip.now) for chip in chips})))


def agreed(shown: str, there: str) -> None:
    """Refuse to act on something else than what a page showed; ValidationError. Nothing shown: a command asks."""
    if shown and shown != there:
        raise ValidationError(MOVED)


def figures(blocks: Iterable[Block]) -> list[dict[str, Any]]:
    """Every figure that is printed, once, with its derivation down to the document."""
    found: dict[str, Chip] = {}
    for block in blocks:
        for chip in (one for one in block.chips() if one.is_figure):
            found.setdefault(chip.token, chip)
    return [
        {"token": token, "title": chip.title, "words": chip.text, "value": chip.value.as_json()}
        for token, chip in found.items()
    ]


def renderer(template: str, styles: Iterable[str]) -> dict[str, Any]:
    """With what the bytes are drawn: programs, fonts, template and styles, each by version or checksum."""
    included = (
        template,
        "documents/head.html",
        "documents/text.html",
        "documents/line.html",
        *(f"styles/{name}" for name in styles),
    )
    sources = {
        name: sha256((pdf.STYLES / name.removeprefix("styles/")).read_bytes())
        if name.startswith("styles/")
        else sha256(get_template(name).template.source)  # type: ignore[attr-defined]
        for name in included
    }
    sources |= {f"kim/{name}": sha256((Path(__file__).parent / name).read_bytes()) for name in DRAWING}
    fonts = {face: sha256((pdf.fonts() / f"{face}.ttf").read_bytes()) for face in pdf.FACES}
    programs = {name: version(name) for name in RENDERER}
    programs |= {"pango": pdf.pango_version(), "harfbuzz": pdf.harfbuzz_version()}
    return {"programs": programs, "fonts": fonts, "sources": sources}


def bundled(document: Document, moment: datetime, shown: str = "") -> str:
    """The bundle of a document as it stands now; ValidationError with what stands against its release. shown: see
    agreed."""
    content, blocks = document.releasable(timezone.localtime(moment).date())
    agreed(shown, checksum(blocks))
    styles = list(document.styles)
    return canonical(
        {
            "format": FORMAT,
            "kind": document.kind,
            "template": document.template,
            "styles": styles,
            "content": content,
            "figures": figures(blocks),
            "known_at": moment.isoformat(),
            "renderer": renderer(document.template, styles),
        }
    )


def drawn(bundle: str) -> bytes:
    """The PDF of a bundle, with its Prüfwert: same bundle, same bytes."""
    data = json.loads(bundle)
    content = data["content"] | {"fingerprint": f"Prüfwert: {in_fours(sha256(bundle))}"}
    return printed(data["template"], tuple(data["styles"]), content, data["figures"])


def printed(template: str, styles: tuple[str, ...], content: dict[str, Any], numbers: list[dict[str, Any]]) -> bytes:
    """The PDF of a paper's content, with its figures as JSON and its tables as CSV attached."""
    attached = [
        ("zahlen.json", canonical(numbers).encode(), "application/json", "Zahlen des Dokuments mit ihrer Herkunft"),
        ("zahlen.csv", as_csv(number_rows(numbers)), "text/csv", "Zahlen des Dokuments als Tabelle"),
    ]
    for name, title, rows in attached_tables(content):
        attached.append((name, as_csv(rows), "text/csv", title))
    day = date.fromisoformat(content["date"] or content["as_of"])
    return pdf.render(template, {"content": content}, styles, attached=attached, day=day)


def drafted(document: Document) -> tuple[dict[str, Any], list[Block]]:
    """What a document that may be printed says today; ValidationError otherwise."""
    return document.printable(timezone.localtime(now()).date())


def draft(document: Document) -> bytes:
    """The PDF of a document that may be printed, not released; ValidationError otherwise."""
    content, blocks = drafted(document)
    return printed(document.template, document.styles, content, figures(blocks))


def sketched(document: Document, blocks: list[Block]) -> bytes:
    """The PDF that a document would be with these blocks, whatever is missing in it; only to be looked at."""
    content = document.content(blocks, timezone.localtime(now()).date())
    return printed(document.template, document.styles, content, figures(blocks))


def of_text(text: Text) -> Release | None:
    """The release of a text; None as long as it is a draft."""
    return Release.objects.filter(text=text).first()


def pdf_of(document: Document) -> bytes:
    """The PDF of a document: the released bytes, or the draft as it stands. ValidationError if it cannot be printed."""
    release = of_text(document.text)
    return bytes(release.pdf) if release else draft(document)


def content_of(document: Document) -> dict[str, Any]:
    """The same as plain data."""
    release = of_text(document.text)
    found: dict[str, Any] = json.loads(release.bundle)["content"] if release else drafted(document)[0]
    return found


def number_rows(numbers: list[dict[str, Any]]) -> Iterator[list[str]]:
    yield ["Angabe", "im Text", "Wert", "Einheit", "Art", "Quelle", "Rechnung"]
    for one in numbers:
        value = one["value"]
        plain = "" if value["value"] is None else str(value["value"])
        yield [one["title"], one["words"], plain, value["unit"], value["kind"], value["source"], value["formula"]]


def attached_tables(content: dict[str, Any]) -> Iterator[tuple[str, str, Iterable[list[str]]]]:
    """The tables of the print: file name, title, rows with their heads first."""
    if "consultations" in content:
        rows = [[one["date"] or "", one["organization"], one["role"]] for one in content["consultations"]]
        yield "beratungsfolge.csv", "Beratungsfolge als Tabelle", [["Datum", "Gremium", "Zuständigkeit"], *rows]
    for one in content.get("tables", ()):
        yield one["file"], one["title"], [one["heads"], *one["rows"]]


def as_csv(rows: Iterable[list[str]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", lineterminator="\n").writerows([inert(cell) for cell in row] for row in rows)
    return ("\ufeff" + stream.getvalue()).encode()


def now() -> datetime:
    """The clock of the database, which the events of the history carry too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def hold(text: Text) -> None:
    """Nobody writes on the text until this transaction ends: what hangs on it asks for its row first (frozen)."""
    list(Text.objects.filter(pk=text.pk).select_for_update())


@transaction.atomic
def adopt(document: Document, tokens: set[str] | None = None, *, shown: str = "") -> int:
    """Take over what the data say by now for these figures of a draft, or for all ([übernehmen]); how many.

    shown: data_checksum of what the page offered. ValidationError when there is nothing to take over, or something else
    than was shown.
    """
    note(act="Zahlen übernommen")
    with refusable():
        hold(document.text)
        chips = [chip for block in document.fresh() for chip in block.chips()]
        agreed(shown, data_checksum(chips))
        every = {chip.token for chip in chips}
        count = take_over(document.text, chips, every if tokens is None else tokens)
        if not count:
            raise ValidationError("Es gibt nichts zu übernehmen: Der Text druckt schon, was die Daten sagen.")
    return count


def issued(release: Release, document: Document) -> dict[str, Any]:
    """What the page of a released document shows: the bundle, and what the data say by now."""
    bundle = json.loads(release.bundle)
    content = bundle["content"]
    return {
        "content": content,
        "blocks": [*content.get("proposals", ()), *content["blocks"]],
        "figures": [
            {"title": one["title"], "text": one["words"], "value": Value.read(one["value"])}
            for one in bundle["figures"]
        ],
        "overtaken": overtaken(document, release),
    }


def written(document: Document) -> dict[str, Any]:
    """What the page of a draft shows: the text as it would be printed, what has changed in the data, the Prüfliste."""
    expander = document.expander(bound_words(document.text))
    blocks = document.blocks(expander)
    chips: dict[str, Chip] = {}
    for block in blocks:
        for chip in block.chips():
            chips.setdefault(chip.token, chip)
    shown: dict[Any, Chip] = {}
    for chip in chips.values():
        if chip.form not in AGREEING:  # only a word beside a figure
            shown.setdefault((chip.name, tuple(sorted(chip.parameters.items())), chip.text), chip)
    is_open = document.is_open
    return {
        "content": document.content(blocks, timezone.localtime(now()).date()),
        "blocks": blocks,
        "problems": expander.problems,
        "figures": list(shown.values()),
        "changed": [c for c in chips.values() if c.changed or c.token not in expander.bound] if is_open else [],
        "checks": document.checks(expander, blocks) if is_open else [],
        "fingerprint": checksum(blocks),
        "said": data_checksum(chips.values()),
    }


def link(previous: str, bundle_sha256: str, pdf_sha256: str) -> str:
    """The next link of the chain."""
    return sha256(f"{previous}\n{bundle_sha256}\n{pdf_sha256}")


def issue(document: Document, body: Body, source: Source, user: Any, shown: str = "") -> Release:
    """Freeze the document: bundle, bytes, checksums, next link of the body's chain. ValidationError if refused. shown:
    see agreed."""
    with refusable():
        # One after the other, and nobody writes on the text meanwhile: no branch in the chain, no gap in the bundle.
        list(Body.objects.filter(pk=body.pk).select_for_update(no_key=True))
        hold(document.text)
        moment = now()
        bundle = bundled(document, moment, shown)
        content = drawn(bundle)
        last = Release.objects.filter(body=body).order_by("number").last()
        previous = last.chain if last else ""
        made = Release(
            body=body,
            number=(last.number if last else 0) + 1,
            kind=document.kind,
            text=document.text,
            source=source,
            released_by=user,
            released_at=moment,
            bundle=bundle,
            pdf=content,
            bundle_sha256=sha256(bundle),
            pdf_sha256=sha256(content),
            previous_chain=previous,
            chain=link(previous, sha256(bundle), sha256(content)),
        )
        made.full_clean()
        made.save()
    return made


class Verdict(TextChoices):
    """What the proof of a release says."""

    IDENTICAL = "identical", "identisch: neu gezeichnet, Byte für Byte gleich"
    INTACT = "intact", "Archivfassung unversehrt; heute zeichnet eine andere Programmfassung"
    DIFFERS = "differs", "Archivfassung unversehrt; dieselbe Programmfassung zeichnet sie heute anders"
    BROKEN = "broken", "beschädigt: Die gespeicherten Bytes sind nicht mehr die freigegebenen"


@dataclass(frozen=True)
class Proof:
    """A release and what its proof says."""

    release: Release
    verdict: Verdict
    reason: str = ""


def proofs(body: Body) -> Iterator[Proof]:
    """Every release of the body, in the order of the chain: checksums, link, and drawn anew from its bundle."""
    previous, number = "", 0
    for release in Release.objects.filter(body=body).select_related("source").order_by("number").iterator(1):
        yield proof(release, previous, number + 1)
        previous, number = release.chain, release.number


def proof(release: Release, previous: str, number: int) -> Proof:
    """See proofs; previous: the chain so far, number: which release comes next in it."""
    content = bytes(release.pdf)
    checks = {
        "eine Freigabe davor fehlt": release.number == number,
        "der Inhalt": sha256(release.bundle) == release.bundle_sha256,
        "das PDF": sha256(content) == release.pdf_sha256,
        "die Kette": release.previous_chain == previous
        and release.chain == link(previous, release.bundle_sha256, release.pdf_sha256),
    }
    if wrong := [name for name, right in checks.items() if not right]:
        return Proof(release, Verdict.BROKEN, ", ".join(wrong))
    data = json.loads(release.bundle)
    try:
        same = renderer(data["template"], data["styles"]) == data["renderer"]
        identical = drawn(release.bundle) == content
    except (OSError, KeyError, TemplateDoesNotExist, PackageNotFoundError) as error:
        return Proof(release, Verdict.INTACT, f"sie lässt sich heute nicht mehr zeichnen: {error}")
    return Proof(release, Verdict.IDENTICAL if identical else Verdict.DIFFERS if same else Verdict.INTACT)


def release_of(body: Body, content: bytes) -> Release | None:
    """The release whose PDF these bytes are; None if they are none of the body's. One query."""
    return Release.objects.filter(body=body, pdf_sha256=sha256(content)).select_related("source").first()


def overtaken(document: Document, release: Release) -> list[tuple[str, str, str]]:
    """What the data say by now in place of what was released: title, then, now. Empty while it is up to date."""
    figures_then = json.loads(release.bundle)["figures"]
    then = {one["token"]: one["words"] for one in figures_then}
    titles = {one["token"]: one["title"] for one in figures_then}
    found: dict[str, tuple[str, str, str]] = {}
    try:
        blocks = document.fresh()
    except ValidationError:
        return []
    chips = {chip.token: chip for block in blocks for chip in block.chips()}
    for token, words in then.items():
        chip = chips.get(token)
        if chip is None or chip.now != words:
            found[token] = (titles[token], words, chip.now if chip else "lässt sich nicht mehr berechnen")
    return list(found.values())


def overtaken_since(document: Document, release: Release) -> tuple[TrailEvent, bool] | None:
    """The act with which the present difference to the release began, and whether the search went back far enough to
    be sure of that; None while the data say the same.

    The acts since the release, the newest first, each with the data as they were known after it: at most forty.
    """
    later = TrailEvent.objects.filter(created_at__gt=release.released_at).exclude(model="kim.Release")
    ends = list(later.values("act").annotate(end=Max("created_at")).order_by("-end")[:SEARCHED])

    def moved(end: datetime) -> bool:
        with known_at(end):
            found = of(type(document.row).objects.get(pk=document.row.pk))
            return bool(found and overtaken(found, release))

    stretch = list(takewhile(lambda one: moved(one["end"]), ends))
    if not stretch:
        return None
    event = later.filter(act=stretch[-1]["act"]).order_by("-created_at").first()
    return (event, len(stretch) < SEARCHED) if event else None
