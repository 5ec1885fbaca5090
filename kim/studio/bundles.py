"""Bundles: the canonical JSON that a released document is drawn from, how it is written, read again and drawn."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.template.loader import get_template

from kim.figures.tokens import ExpandedBlock, ExpandedToken
from kim.lists.exports import inert
from kim.models import UnknownFormat, in_fours
from kim.studio import pdf

FORMAT = 1  # what is written from now on; every number that was ever written keeps its reader
RENDERER = ("weasyprint", "pydyf", "pikepdf", "fonttools", "tinyhtml5", "tinycss2", "cssselect2", "django", "pillow")
DRAWING = (
    "studio/pdf.py",
    "studio/bundles.py",
    "values/formats.py",
    "templatetags/kim.py",
)  # our own part, below kim/


def canonical_json(data: Any) -> str:
    """JSON in its one spelling: sorted, no blanks, UTF-8."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sha256(data: str | bytes) -> str:
    """The checksum of a text or of bytes, in hexadecimal digits."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


@dataclass(frozen=True)
class Bundle:
    """What a bundle says, whatever its format: the content as it is printed, its figures with their derivation, and
    with what it is drawn."""

    kind: str
    template: str
    styles: tuple[str, ...]
    content: dict[str, Any]
    figures: list[dict[str, Any]]
    renderer: dict[str, Any]


def of_1(data: Mapping[str, Any]) -> Bundle:
    """A bundle of format 1."""
    return Bundle(
        kind=data["kind"],
        template=data["template"],
        styles=tuple(data["styles"]),
        content=data["content"],
        figures=data["figures"],
        renderer=data["renderer"],
    )


READERS: dict[int, Callable[[Mapping[str, Any]], Bundle]] = {1: of_1}


def read(text: str) -> Bundle:
    """The bundle of a release, by the reader of its own format; UnknownFormat with a sentence if there is none."""
    data = json.loads(text)
    reader = READERS.get(data.get("format"))
    if reader is None:
        known = ", ".join(map(str, sorted(READERS)))
        raise UnknownFormat(
            f"Diese Freigabe hat das Format {data.get('format', 'ohne Nummer')}, dieses Programm liest das Format "
            f"{known}. Das PDF ist davon nicht betroffen; für alles andere bitte das Programm aktualisieren."
        )
    return reader(data)


def build_bundle(
    kind: str,
    template: str,
    styles: Iterable[str],
    content: dict[str, Any],
    numbers: list[dict[str, Any]],
    moment: datetime,
) -> str:
    """The bundle of a document in the present format. numbers: see figures; moment: until when the data are known."""
    return canonical_json(
        {
            "format": FORMAT,
            "kind": kind,
            "template": template,
            "styles": list(styles),
            "content": content,
            "figures": numbers,
            "known_at": moment.isoformat(),
            "renderer": renderer(template, styles),
        }
    )


def figures(blocks: Iterable[ExpandedBlock]) -> list[dict[str, Any]]:
    """Every figure that is printed, once, with its derivation down to the document."""
    found: dict[str, ExpandedToken] = {}
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
        "documents/sender.html",
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
    sources |= {f"kim/{name}": sha256((Path(__file__).resolve().parents[1] / name).read_bytes()) for name in DRAWING}
    fonts = {face: sha256((pdf.fonts() / f"{face}.ttf").read_bytes()) for face in pdf.FACES}
    programs = {name: version(name) for name in RENDERER}
    programs |= {"pango": pdf.pango_version(), "harfbuzz": pdf.harfbuzz_version()}
    return {"programs": programs, "fonts": fonts, "sources": sources}


def render_again(text: str) -> bytes:
    """The PDF of a bundle, with its Prüfwert: same bundle, same bytes. UnknownFormat: see read."""
    bundle = read(text)
    content = bundle.content | {"fingerprint": f"Prüfwert: {in_fours(sha256(text))}"}
    return render_pdf(bundle.template, bundle.styles, content, bundle.figures)


def render_pdf(template: str, styles: tuple[str, ...], content: dict[str, Any], numbers: list[dict[str, Any]]) -> bytes:
    """The PDF of a paper's content, with its figures as JSON and its tables as CSV attached."""
    attached = [
        (
            "zahlen.json",
            canonical_json(numbers).encode(),
            "application/json",
            "Zahlen des Dokuments mit ihrer Herkunft",
        ),
        ("zahlen.csv", as_csv(number_rows(numbers)), "text/csv", "Zahlen des Dokuments als Tabelle"),
    ]
    for name, title, rows in attached_tables(content):
        attached.append((name, as_csv(rows), "text/csv", title))
    day = date.fromisoformat(content["date"] or content["as_of"])
    content = {"fingerprint": ""} | content  # a draft has none yet
    return pdf.render(template, {"content": content}, styles, attached=attached, day=day)


def number_rows(numbers: list[dict[str, Any]]) -> Iterator[list[str]]:
    """The figures as rows of a table, with their heads first."""
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
    """The rows as CSV for a spreadsheet: semicolons, a byte order mark, nothing that a program would run."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", lineterminator="\n").writerows([inert(cell) for cell in row] for row in rows)
    return ("\ufeff" + stream.getvalue()).encode()
