"""A Wappen or logo as it is uploaded (SVG, PNG) becomes one plain picture: nothing of the file itself is kept."""

import io
import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django.core.exceptions import ValidationError

LIMIT = 2_000_000  # bytes of the file
WIDE, HIGH = 1500, 500  # dots of the picture that is kept: 60 × 20 mm of paper at 635 dots an inch
LEAST, MOST_DOTS = 100, 25_000_000  # dots in height, so that it can be printed; dots in all of a PNG
DRAW_MEMORY, DRAW_SECONDS = 1_500_000_000, 20
STARTS = b"\x89PNG\r\n\x1a\n"
INSIDE = re.compile(r"#|data:image/(png|jpe?g);base64,", re.IGNORECASE)
ADDRESS = re.compile(r"url\(\s*['\"]?([^'\")]*)", re.IGNORECASE)
KINDS = "Ein Wappen oder Logo wird als SVG oder PNG angenommen."
UNREADABLE = "Die SVG-Datei lässt sich nicht lesen; sie ist beschädigt oder etwas anderes."


@dataclass(frozen=True)
class Picture:
    """A picture ready to be printed: PNG without transparency, its width and height in dots."""

    content: bytes
    size: tuple[int, int]


def picture(name: str, content: bytes) -> Picture:
    """The picture that an uploaded file shows. ValidationError with a sentence that says what is wrong with the file.

    It is drawn in a process of its own with bounded memory and time: a small file can draw for hours.
    """
    if len(content) > LIMIT:
        raise ValidationError(f"Die Datei ist größer als {LIMIT // 1_000_000} MB. Bitte verkleinern.")
    ending = name.rpartition(".")[2].lower()
    if ending not in {"svg", "png"}:
        raise ValidationError(f"{KINDS} Bitte die Datei in einem davon speichern.")
    code = f"from kim.studio.logos import draw; draw({ending!r})"
    place = Path(__file__).resolve().parents[2]
    try:
        run = subprocess.run(  # noqa: S603 - our own code, the file comes by its input
            [sys.executable, "-c", code],
            input=content,
            capture_output=True,
            timeout=DRAW_SECONDS,
            cwd=place,
            check=False,
        )
        answer = run.stdout
    except subprocess.TimeoutExpired:
        answer = b""
    if not answer.startswith(STARTS):
        raise ValidationError(answer.decode() or "Das Bild ist zu aufwendig gebaut und wird nicht angenommen.")
    from PIL import Image

    with Image.open(io.BytesIO(answer), formats=["PNG"]) as found:
        return Picture(answer, found.size)


def draw(ending: str) -> None:
    """In the other process: read a file from the input, write the picture or the sentence that says what is wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (DRAW_MEMORY, DRAW_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (DRAW_SECONDS, DRAW_SECONDS))
    content = sys.stdin.buffer.read()
    try:
        answer = of_svg(content) if ending == "svg" else of_png(content)
    except ValidationError as error:
        answer = " ".join(error.messages).encode()
    sys.stdout.buffer.write(answer)


def of_png(content: bytes) -> bytes:
    """A PNG on white, no larger than is printed, without anything but its dots."""
    from PIL import Image

    if not content.startswith(STARTS):
        raise ValidationError("Der Inhalt ist nicht der einer PNG-Datei. Bitte die Originaldatei wählen.")
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as found:
            if found.width * found.height > MOST_DOTS:
                raise Image.DecompressionBombError
            if found.height < LEAST:
                raise ValidationError(
                    f"Das Bild ist nur {found.height} Bildpunkte hoch; zum Drucken sollten es mindestens {LEAST} sein."
                )
            return plain(found.convert("RGBA"))
    except Image.DecompressionBombError as error:
        raise ValidationError("Das Bild hat mehr Bildpunkte, als sich drucken lassen. Bitte verkleinern.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ValidationError("Die PNG-Datei lässt sich nicht lesen; sie ist beschädigt.") from error


def of_svg(content: bytes) -> bytes:
    """The picture that an SVG draws, if it draws it by itself."""
    import pypdfium2

    from kim.studio import pdf

    width, height = fitted(*size_of(safe(content)))
    with pypdfium2.PdfDocument(pdf.drawn(content, width, height)) as document:
        return plain(document[0].render(scale=96 / 72).to_pil().convert("RGBA"))


def safe(content: bytes) -> ElementTree.Element:
    """The parsed SVG; ValidationError if it runs something, fetches something, or defines words of its own."""
    if re.search(rb"<!ENTITY", content, re.IGNORECASE):
        raise ValidationError(
            "Die SVG-Datei definiert eigene Ersetzungen (ENTITY). Bitte als „einfaches SVG“ speichern."
        )
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - no entities, in a process of its own with bounded memory
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ValidationError(UNREADABLE) from error
    if local(root.tag) != "svg":
        raise ValidationError(UNREADABLE)
    for one in root.iter():
        names = {local(name).lower() for name in one.attrib}
        if local(one.tag).lower() == "script" or any(name.startswith("on") for name in names):
            raise ValidationError("Die SVG-Datei enthält Skripte. Bitte ohne sie speichern.")
        if local(one.tag).lower() == "foreignobject":
            raise ValidationError(
                "Die SVG-Datei enthält Teile, die kein SVG sind (foreignObject). Bitte ohne sie speichern."
            )
        words = [*one.attrib.values(), one.text or ""]
        linked = [value for name, value in one.attrib.items() if local(name) in {"href", "src"}]
        linked += [found for text in words for found in ADDRESS.findall(text)]
        drawn = local(one.tag).lower() != "a"  # where a link leads is not drawn
        if "@import" in (one.text or "") or (drawn and any(not INSIDE.match(link.strip()) for link in linked)):
            raise ValidationError("Die SVG-Datei lädt Inhalte von anderswo nach. Bitte sie in die Datei einbetten.")
    return root


def local(tag: object) -> str:
    """The name of an element or attribute without its namespace; of a comment nothing."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def size_of(root: ElementTree.Element) -> tuple[float, float]:
    """Width and height of an SVG, in its own unit; ValidationError if it does not say."""
    found = re.findall(r"-?[0-9.]+(?:e-?[0-9]+)?", root.get("viewBox", ""))[2:4]
    if len(found) != 2:
        sizes = [re.match(r"\s*([0-9.]+)\s*(px|pt|mm|cm|in)?\s*$", root.get(name, "")) for name in ("width", "height")]
        found = [one[1] for one in sizes if one]
    try:
        width, height = map(float, found)
    except ValueError as error:
        raise ValidationError("Die SVG-Datei nennt keine Größe (viewBox). Bitte mit ihr speichern.") from error
    if not (width > 0 and height > 0 and 0.1 <= width / height <= 10):
        raise ValidationError("Das Bild ist mehr als zehnmal so breit wie hoch oder umgekehrt. Bitte zuschneiden.")
    return width, height


def fitted(width: float, height: float) -> tuple[int, int]:
    """The largest size of that shape that is kept."""
    scale = min(WIDE / width, HIGH / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def plain(found: Any) -> bytes:
    """The PNG of a picture, on white; ValidationError if nothing can be seen on it."""
    from PIL import Image

    white = Image.new("RGBA", found.size, "white")
    made = Image.alpha_composite(white, found).convert("RGB")
    if made.width > WIDE or made.height > HIGH:
        made = made.resize(fitted(*made.size), Image.Resampling.LANCZOS)
    extrema: Any = made.getextrema()  # of each colour the darkest and the lightest
    if all(low == 255 for low, _ in extrema):
        raise ValidationError("Auf dem Bild ist nichts zu sehen: Es ist weiß oder durchsichtig.")
    stream = io.BytesIO()
    made.save(stream, "PNG", optimize=True)
    return stream.getvalue()
