"""The place in a file on which something rests: its page as a picture in which the quoted words are marked.

Files come from outside: they are read in a process of its own with bounded memory and time, as uploads are checked.
"""

import io
import json
import re
import resource
import subprocess
import sys
import time
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from kim.values.places import Place

PDF = "application/pdf"
WIDE, HIGH = 1240, 2400  # dots of the picture at most
MOST_DOTS = 100_000_000  # of a picture that is read
SMALL = 1_000_000  # bytes: a larger PNG, which is a photograph, becomes a JPEG
MOST_PAGES, MOST_CHARS, MOST_MARKS, MOST_WORDS = 400, 50_000, 50, 200  # pages searched, letters read of each
SEARCH_SECONDS = 6
DRAW_MEMORY, DRAW_SECONDS = 1_500_000_000, 20
HEAVY = "Die Datei ist zu aufwendig gebaut, um sie hier zu zeigen. Bitte die Datei selbst öffnen."
UNREADABLE = "Die Datei lässt sich nicht lesen. Bitte die Datei selbst öffnen."


@dataclass(frozen=True)
class Passage:
    """A page of a file as it is shown.

    picture: a data: address, empty where ``problem`` says why there is none; size: its dots; page: the one shown, from
    1; text: what stands on it, in stretches that are marked or not; searched: pages in which the words were looked
    for; has_text: whether any of these has text.
    """

    picture: str = ""
    size: tuple[int, int] = (0, 0)
    page: int = 1
    pages: int = 1
    text: Sequence[tuple[str, bool]] = ()
    searched: int = 0
    has_text: bool = False
    problem: str = ""

    @property
    def found(self) -> bool:
        return any(marked for _, marked in self.text)


def passage(content: bytes, media_type: str, place: Place, *, turning: bool = False) -> Passage:
    """The page that a place names, else the first on which its words stand, else the first.

    turning: somebody turns pages, so that the page named is shown whatever stands on it.
    """
    asked = {"media_type": media_type, "page": place.page, "words": place.words[:MOST_WORDS], "turning": turning}
    try:
        run = subprocess.run(
            [sys.executable, "-c", "from kim.studio.passages import answer; answer()"],
            input=json.dumps(asked).encode() + b"\n" + content,
            capture_output=True,
            timeout=DRAW_SECONDS,
            cwd=Path(__file__).resolve().parents[2],
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Passage(problem=HEAVY)
    head, _, picture = run.stdout.partition(b"\n")
    if run.returncode or not head:
        return Passage(problem=HEAVY)
    told = json.loads(head)
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    shown = f"data:image/{kind};base64,{b64encode(picture).decode()}" if picture else ""
    told |= {"size": tuple(told.get("size", (0, 0))), "text": [(words, marked) for words, marked in told["text"]]}
    return Passage(picture=shown, **told)


# What follows runs in the other process.


def answer() -> None:
    """Read from the input what is asked, on its first line, and the file; write what is to be told, and the picture."""
    resource.setrlimit(resource.RLIMIT_AS, (DRAW_MEMORY, DRAW_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (DRAW_SECONDS, DRAW_SECONDS))
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    if asked.pop("media_type") == PDF:
        told, picture = of_pdf(content, **asked)
    else:
        told, picture = of_picture(content)
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + picture)


def of_picture(content: bytes) -> tuple[dict[str, Any], bytes]:
    """A picture, whole, upright, no larger than it is looked at."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as found:
            if found.width * found.height > MOST_DOTS:
                return {"text": [], "problem": HEAVY}, b""
            found.thumbnail((2 * WIDE, 2 * HIGH))
            upright = ImageOps.exif_transpose(found).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return {"text": [], "problem": UNREADABLE}, b""
    upright.thumbnail((WIDE, HIGH))
    white = Image.new("RGBA", upright.size, "white")
    made = Image.alpha_composite(white, upright).convert("RGB")
    return {"size": made.size, "text": []}, packed(made)


def of_pdf(content: bytes, page: int | None, words: str, turning: bool) -> tuple[dict[str, Any], bytes]:
    """The page of a PDF that is to be shown, see passage."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
        count = len(document)
        named = page if page and page <= count else None
        told: dict[str, Any] = {"page": named or 1, "pages": count, "text": [], "searched": 0, "has_text": False}
        if count and words and not (turning and named):
            told |= searched(document, named, words)
        picture, more = drawn(document, told["page"], words) if count else (b"", {"problem": UNREADABLE})
    except pypdfium2.PdfiumError:
        return {"text": [], "problem": UNREADABLE}, b""
    return told | more, picture


def searched(document: Any, named: int | None, words: str) -> dict[str, Any]:
    """The page on which the words stand: the one named, else the first that has them, else the one named."""
    count, ends = len(document), time.monotonic() + SEARCH_SECONDS
    order = [*([named] if named else []), *(one for one in range(1, count + 1) if one != named)]
    looked, has_text = 0, False
    for number in order[:MOST_PAGES]:
        if looked and time.monotonic() > ends:
            break
        letters = letters_of(document[number - 1].get_textpage())
        looked, has_text = looked + 1, has_text or bool(letters.strip())
        if spans(letters, words):
            return {"page": number, "searched": looked, "has_text": True}
    return {"page": named or 1, "searched": looked, "has_text": has_text}


def drawn(document: Any, number: int, words: str) -> tuple[bytes, dict[str, Any]]:
    """The picture of a page with the words marked, its size, and its text in stretches."""
    from PIL import Image, ImageChops, ImageDraw

    page = document[number - 1]
    width, height = (max(1.0, side) for side in page.get_size())
    bitmap = page.render(scale=min(2.0, WIDE / width, HIGH / height))
    made = bitmap.to_pil().convert("RGB")
    textpage, place = page.get_textpage(), bitmap.get_posconv(page)
    letters = letters_of(textpage)
    marks = spans(letters, words)
    boxes = []
    for first, last in marks:
        for one in range(textpage.count_rects(first, last - first)):
            left, bottom, right, top = textpage.get_rect(one)
            corners = [place.to_bitmap(left, bottom), place.to_bitmap(right, top)]
            (x0, x1), (y0, y1) = (sorted(side) for side in zip(*corners, strict=True))
            boxes.append((x0 - 3, y0 - 3, x1 + 3, y1 + 3))
    paint = Image.new("RGB", made.size, "white")
    for box in boxes:
        ImageDraw.Draw(paint).rectangle(box, fill=(255, 226, 92))
    made = ImageChops.multiply(made, paint)
    for box in boxes:  # an edge too: on a dark scan the colour alone is not seen
        ImageDraw.Draw(made).rectangle(box, outline=(176, 74, 0), width=2)
    return packed(made), {"size": made.size, "text": stretches(letters, marks)}


def packed(made: Any) -> bytes:
    """The bytes of a picture."""
    stream = io.BytesIO()
    made.save(stream, "PNG", optimize=True)
    if stream.tell() <= SMALL:
        return stream.getvalue()
    stream = io.BytesIO()
    made.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def letters_of(textpage: Any) -> str:
    """The text of a page, each of its places one sign, so that a place in it leads back to the page."""
    from pypdfium2 import raw

    codes = (raw.FPDFText_GetUnicode(textpage, n) for n in range(min(textpage.count_chars(), MOST_CHARS)))
    return "".join(map(letter, codes))


def letter(code: int) -> str:
    """One sign; a hyphen at which the reader of the PDF saw a word break is a soft one."""
    if code in {0x02, 0xFFFE}:
        return "\xad"
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        return "\ufffd"
    return chr(code) if code >= 32 or code in {9, 10, 13} else " "


def stretches(letters: str, marks: list[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut where a mark begins and ends, hyphens at the end of a line as they are seen."""
    cuts = [0, *(end for mark in marks for end in mark), len(letters)]
    parts = [letters[a:b].replace("\xad", "-").replace("\r", "") for a, b in pairwise(cuts)]
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


# Words are compared as they are read: capitals, ligatures and the shape of dashes, quotes and blanks do not count; a
# line may end anywhere between two letters, with a hyphen or without; „…“ leaves something out.
ALIKE = str.maketrans(dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("„“”«»″", '"') | dict.fromkeys("‚‘’‹›′", "'"))
LINE_ENDS = r"(?:[-\xad]?[ \t]*[\r\n]+[ \t]*|\xad)?"
LEFT_OUT, FAR = re.compile(r"[\[(]?\.\.\.[\])]?"), 600  # signs that „…“ may leave out


def folded(text: str) -> Iterator[tuple[str, int]]:
    """The signs as they are compared, each with the place of the sign it was made of."""
    for place, sign in enumerate(text):
        for one in unicodedata.normalize("NFKC", sign).casefold().translate(ALIKE):
            yield one, place


def patterns(words: str) -> list[re.Pattern[str]]:
    """What is looked for, one after the other: the words between what is left out."""
    plain = "".join(sign for sign, _ in folded(words.replace("\xad", "")))
    return [re.compile(sought(part)) for one in LEFT_OUT.split(plain) if (part := " ".join(one.split()))]


def sought(words: str) -> str:
    """What matches the words. No two parts of it can take the same blanks: many blanks would cost their square."""
    found, between_letters = "", False
    for sign in re.findall(r" ?-[- ]*| |[^ -]", words):
        letter_ = sign not in {" ", ""} and "-" not in sign
        joint = LINE_ENDS if letter_ and between_letters else ""
        found += joint + (re.escape(sign) if letter_ else r"\s*" if sign == " " else r"\s*[-\xad]+\s*")
        between_letters = letter_
    return found


def spans(letters: str, words: str) -> list[tuple[int, int]]:
    """Where the words stand, as first and last place (exclusive); as whole words if anywhere, else within others."""
    parts = patterns(words)
    if not parts:
        return []
    pairs = list(folded(letters))
    plain, places = "".join(sign for sign, _ in pairs), [place for _, place in pairs]
    found: list[tuple[int, int]] = []
    for first in parts[0].finditer(plain):
        end: int | None = first.end()
        for part in parts[1:]:
            later = part.search(plain, end or 0, (end or 0) + FAR) if end is not None else None
            end = later.end() if later else None
        if end is not None and (not found or first.start() >= found[-1][1]):
            found.append((first.start(), end))
    whole = [one for one in found if is_whole(plain, *one)]
    return [(places[a], places[b - 1] + 1) for a, b in (whole or found)[:MOST_MARKS]]


def is_whole(text: str, first: int, last: int) -> bool:
    """Whether no word goes on over an edge."""
    before, after = text[first - 1 : first + 1] if first else "", text[last - 1 : last + 1]
    return not any(len(edge) == 2 and edge.isalnum() for edge in (before, after))
