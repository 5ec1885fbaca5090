"""Release of papers: the bundle that is drawn, the PDF, the chain, and the proof that both are still the same."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError
from itertools import takewhile
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max, TextChoices
from django.template import TemplateDoesNotExist
from django.utils import timezone

from kim.figures import AGREEING, Value
from kim.figures.tokens import ExpandedBlock, ExpandedToken
from kim.history.knowledge import known_at
from kim.models import Body, Release, Text, TrailEvent, UnknownFormat
from kim.models.refusals import SENTENCES, db_errors_as_validation
from kim.store.context import describe_act
from kim.studio import bundles, seen
from kim.studio.bundles import canonical_json, figures, render_again, render_pdf, sha256
from kim.studio.documents import Document, bound_words, of, take_over

SEARCHED = 40  # acts that overtaken_since looks at
TRIES = 3  # times a document is drawn anew because another release took its number meanwhile

MOVED = "Inzwischen ist die Vorlage oder eine ihrer Zahlen anders. Bitte noch einmal ansehen."


def data_checksum(chips: Iterable[ExpandedToken]) -> str:
    """Of what the data say for these figures, whatever the text prints."""
    return sha256(canonical_json(sorted({(chip.token, chip.now) for chip in chips})))


def require_same_figures(shown: str, there: str) -> None:
    """Refuse to act on something else than what a page showed; ValidationError. Nothing shown: a command asks."""
    if shown and shown != there:
        raise ValidationError(MOVED)


def printable_draft(document: Document) -> tuple[dict[str, Any], list[ExpandedBlock]]:
    """What a document that may be printed says today; ValidationError otherwise."""
    return document.printable(timezone.localtime(now()).date())


def draft_pdf(document: Document) -> bytes:
    """The PDF of a document that may be printed, not released; ValidationError otherwise."""
    content, blocks = printable_draft(document)
    return render_pdf(document.template, document.styles, content, figures(blocks))


def preview_pdf(document: Document, blocks: list[ExpandedBlock]) -> bytes:
    """The PDF that a document would be with these blocks, whatever is missing in it; only to be looked at."""
    content = document.content(blocks, timezone.localtime(now()).date())
    return render_pdf(document.template, document.styles, content, figures(blocks))


def of_text(text: Text) -> Release | None:
    """The release of a text; None as long as it is a draft."""
    return Release.objects.filter(text=text).first()


def pdf_of(document: Document) -> bytes:
    """The PDF of a document: the released bytes, or the draft as it stands. ValidationError if it cannot be printed."""
    release = of_text(document.text)
    return bytes(release.pdf) if release else draft_pdf(document)


def content_of(document: Document) -> dict[str, Any]:
    """The same as plain data; also ValidationError if the bundle has a format that this program does not know."""
    release = of_text(document.text)
    return bundles.read(release.bundle).content if release else printable_draft(document)[0]


def now() -> datetime:
    """The clock of the database, which the events of the history carry too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def lock_text(text: Text) -> None:
    """Nobody writes on the text until this transaction ends: what hangs on it asks for its row first (frozen)."""
    list(Text.objects.filter(pk=text.pk).select_for_update())


@transaction.atomic
def adopt_figures(document: Document, tokens: set[str] | None = None, *, shown: str = "") -> int:
    """Take over what the data say by now for these figures of a draft, or for all ([übernehmen]); how many.

    shown: data_checksum of what the page offered. ValidationError when there is nothing to take over, or something else
    than was shown.
    """
    describe_act(act="Zahlen übernommen")
    with db_errors_as_validation():
        lock_text(document.text)
        chips = [chip for block in document.fresh() for chip in block.chips()]
        require_same_figures(shown, data_checksum(chips))
        every = {chip.token for chip in chips}
        count = take_over(document.text, chips, every if tokens is None else tokens)
        if not count:
            raise ValidationError("Es gibt nichts zu übernehmen: Der Text druckt schon, was die Daten sagen.")
    return count


def released_page(release: Release, document: Document) -> dict[str, Any]:
    """What the page of a released document shows: the bundle, and what the data say by now. ValidationError if the
    bundle has a format that this program does not know."""
    bundle = bundles.read(release.bundle)
    content = bundle.content
    return {
        "content": content,
        "blocks": [*content.get("proposals", ()), *content.get("blocks", ())],
        "figures": [
            {"title": one["title"], "text": one["words"], "token": one["token"], "value": Value.read(one["value"])}
            for one in bundle.figures
        ],
        "overtaken": overtaken(document, release),
    }


def draft_page(document: Document) -> dict[str, Any]:
    """What the page of a draft shows: the text as it would be printed, what has changed in the data, the Prüfliste."""
    expander = document.expander(bound_words(document.text))
    blocks = document.blocks(expander)
    chips: dict[str, ExpandedToken] = {}
    for block in blocks:
        for chip in block.chips():
            chips.setdefault(chip.token, chip)
    shown: dict[Any, ExpandedToken] = {}
    for chip in chips.values():
        if chip.form not in AGREEING:  # only a word beside a figure
            shown.setdefault((chip.name, tuple(sorted(chip.parameters.items())), chip.text), chip)
    is_open, content = document.is_open, document.content(blocks, timezone.localtime(now()).date())
    return {
        "content": content,
        "blocks": blocks,
        "problems": expander.problems,
        "figures": list(shown.values()),
        "changed": [c for c in chips.values() if c.changed or c.token not in expander.bound] if is_open else [],
        "checks": document.checks(expander, blocks) if is_open else [],
        "fingerprint": seen.token(seen.fields(document, content, blocks)),
        "said": data_checksum(chips.values()),
    }


def link(previous: str, bundle_sha256: str, pdf_sha256: str) -> str:
    """The next link of the chain."""
    return sha256(f"{previous}\n{bundle_sha256}\n{pdf_sha256}")


@dataclass(frozen=True)
class RenderedRelease:
    """A document as it was drawn before anything was locked: what it shows, its content once released, bundle, PDF."""

    fields: seen.Fields
    content: dict[str, Any]
    bundle: str
    pdf: bytes


class Outrun(Exception):
    """Another release has taken meanwhile what this one was drawn with: its number."""


def release(
    document: Document, user: Any, shown: str | None = None, *, still: Callable[[Any], None] = lambda row: None
) -> Release:
    """Freeze a document: bundle, bytes, checksums, next link of the body's chain. ValidationError if refused.

    It is drawn first, while others go on; then body, text and head are locked for a moment, what is there now is
    compared with what was drawn, and only then it counts. So nobody waits for the drawing of another.

    shown: what the page sent of what it showed (see kim.studio.seen); None: a command asks, which was shown nothing.
    still: refuses (ValidationError) when the row is not what was asked for any more; asked before and after drawing.
    """
    with db_errors_as_validation():
        for _ in range(TRIES):
            done = render_release(document.again(), shown, still)
            try:
                with transaction.atomic():  # its locks are gone when it fails
                    return store_release(document, done, user, still)
            except Outrun:
                continue
    raise ValidationError(SENTENCES["release_chain"])


def render_release(document: Document, shown: str | None, still: Callable[[Any], None]) -> RenderedRelease:
    """The document as it will be, without a lock; ValidationError with what stands against its release."""
    day = timezone.localtime(now()).date()
    content, blocks, fields = require_releasable(document, day, None if shown is None else seen.read(shown), still)
    content = document.released(content)
    # The moment comes after the reading: what is written in between is found by the comparison under the locks.
    bundle = bundles.build_bundle(document.kind, document.template, document.styles, content, figures(blocks), now())
    return RenderedRelease(fields, content, bundle, render_again(bundle))


def store_release(document: Document, done: RenderedRelease, user: Any, still: Callable[[Any], None]) -> Release:
    """The drawn document as the next release of its body, if it is what it was; Outrun if its number is gone."""
    lock_whole(document)
    fresh = document.again()
    content, _, _ = require_releasable(fresh, date.fromisoformat(done.content["printed_on"]), done.fields, still)
    if fresh.released(content) != done.content:
        raise Outrun
    fresh.row.freeze()
    body = fresh.row.body
    last = Release.objects.filter(body=body).only("number", "chain").order_by("number").last()
    previous = last.chain if last else ""
    made = Release(body=body, number=(last.number if last else 0) + 1, kind=fresh.kind)
    made.text, made.source = fresh.text, fresh.row.source
    made.released_by, made.released_at = user, now()
    made.bundle, made.bundle_sha256 = done.bundle, sha256(done.bundle)
    made.pdf, made.pdf_sha256 = done.pdf, sha256(done.pdf)
    made.previous_chain, made.chain = previous, link(previous, made.bundle_sha256, made.pdf_sha256)
    made.save_checked()
    return made


def require_releasable(
    document: Document, day: date, shown: seen.Fields | None, still: Callable[[Any], None]
) -> tuple[dict[str, Any], list[ExpandedBlock], seen.Fields]:
    """Content, blocks and fields of a draft that may be released; ValidationError if it is none any more, if it is not
    what was shown, or with what stands against it, in this order."""
    if not document.is_open:
        raise ValidationError(f"{document.name} ist schon {document.row.get_state_display()}.")
    still(document.row)
    blocks, problems = document.looked_through()
    content = document.content(blocks, day)
    fields = seen.fields(document, content, blocks)
    if shown is not None:
        seen.require_same(shown, fields)
    if problems:
        raise ValidationError(problems)
    return content, blocks, fields


def lock_whole(document: Document) -> None:
    """Body, Beleg, head and text of a document stay as they are until this transaction ends; in the order in which the
    pages write them, so that nobody waits for the other in a circle."""
    row = document.row
    for one in (row.body, row.source, row):
        list(type(one)._base_manager.filter(pk=one.pk).select_for_update(no_key=True))
    lock_text(document.text)


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
    try:
        data = bundles.read(release.bundle)
        same = bundles.renderer(data.template, data.styles) == data.renderer
        identical = render_again(release.bundle) == content
    except UnknownFormat as error:
        return Proof(release, Verdict.INTACT, " ".join(error.messages))
    except (OSError, KeyError, TemplateDoesNotExist, PackageNotFoundError) as error:
        return Proof(release, Verdict.INTACT, f"sie lässt sich heute nicht mehr zeichnen: {error}")
    return Proof(release, Verdict.IDENTICAL if identical else Verdict.DIFFERS if same else Verdict.INTACT)


def release_of(body: Body, content: bytes) -> Release | None:
    """The release whose PDF these bytes are; None if they are none of the body's. One query."""
    return Release.objects.filter(body=body, pdf_sha256=sha256(content)).select_related("source").first()


def overtaken(document: Document, release: Release) -> list[tuple[str, str, str]]:
    """What the data say by now in place of what was released: title, then, now. Empty while it is up to date."""
    found: dict[str, tuple[str, str, str]] = {}
    try:
        figures_then = bundles.read(release.bundle).figures
        blocks = document.fresh()
    except ValidationError:
        return []
    then = {one["token"]: one["words"] for one in figures_then}
    titles = {one["token"]: one["title"] for one in figures_then}
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
