"""The one door for uploaded files: few kinds, told by their content, nothing that runs; out only as a download."""

import hashlib
import io
import re
import resource
import subprocess
import sys
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.utils.http import content_disposition_header

LIMIT = 20_000_000  # bytes
UNPACKED = 200_000_000  # bytes that a packed document may unpack to
KNOWN = "PDF, PNG, JPEG, Word (docx), Excel (xlsx), OpenDocument (odt, ods), Text (txt) und CSV"
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "docx": OFFICE + "wordprocessingml.document",
    "xlsx": OFFICE + "spreadsheetml.sheet",
    "odt": OPEN + "text",
    "ods": OPEN + "spreadsheet",
    "txt": "text/plain",
    "csv": "text/csv",
}
PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "odt": "content.xml", "ods": "content.xml"}
# What a packed document may consist of; anything else (macros, programs, other documents that run) stays outside.
INSIDE = re.compile(
    r"\.(xml|rels|rdf|png|jpe?g|gif|emf|wmf|svg|svm|tiff?|bmp|vml|fntdata|odttf|ttf|otf|txt|xlsx|docx)$"
    r"|printersettings\d*\.bin$|^mimetype$|layout-cache$|/$",
    re.IGNORECASE,
)
LIVE = re.compile(r"vbaproject|oleobject|activex|^basic/|^scripts/|macros", re.IGNORECASE)
LIVE_PARTS = re.compile(rb"vbaProject|macroEnabled|oleObject|activeX", re.IGNORECASE)  # what [Content_Types].xml names
OUTSIDE = re.compile(
    rb'Type="[^"]*/(?!hyperlink")\w+"[^>]*TargetMode="External"|TargetMode="External"[^>]*Type="[^"]*/(?!hyperlink")\w+"'
)
RUNS = {"/JavaScript", "/JS", "/Launch", "/RichMedia", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/XFA", "/AA"}
ENCLOSED = ("pdf", "xml", "json", "csv", "txt", "png", "jpg")  # what a PDF may carry: e-invoices and our own papers do
SCAN_MEMORY, SCAN_SECONDS = 700_000_000, 20


@dataclass(frozen=True)
class Checked:
    """An accepted file: a name that is safe to print, its type, its bytes and their SHA-256."""

    name: str
    media_type: str
    content: bytes
    sha256: str


class UploadField(forms.FileField):
    """A file that has passed the door; its cleaned value is Checked."""

    def __init__(self, **kwargs: Any) -> None:
        words: Any = {"required": "Bitte eine Datei auswählen.", "empty": "Die Datei ist leer."}
        help_text = f"{KNOWN}; höchstens {LIMIT // 1_000_000} MB."
        given: dict[str, Any] = {"help_text": help_text, "error_messages": words, "max_length": 255}
        super().__init__(**given | kwargs)

    def to_python(self, data: Any) -> Any:
        found = super().to_python(data)
        return checked(found.name or "", found.read(LIMIT + 1)) if found else None


def checked(name: str, content: bytes) -> Checked:
    """The file if it is of a known kind, is what its name says, and holds nothing that runs.

    Raises ValidationError with a sentence that says what is right.
    """
    if len(content) > LIMIT:
        raise ValidationError(f"Die Datei ist größer als {LIMIT // 1_000_000} MB. Bitte verkleinern oder aufteilen.")
    name = plain_name(name)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in TYPES:
        raise ValidationError(f"Diese Art von Datei wird nicht angenommen. Möglich sind: {KNOWN}.")
    if ending == "pdf":
        check_pdf(content)
    elif ending in {"png", "jpg", "jpeg"}:
        check_picture(content, ending)
    elif ending in PARTS:
        check_packed(content, ending)
    else:
        check_text(content, ending)
    return Checked(name, TYPES[ending], content, hashlib.sha256(content).hexdigest())


def plain_name(name: str) -> str:
    """The last part of the name, without characters that hide, turn or control; at most 120."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*').strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[: 119 - len(ending)]}.{ending}" if dot and stem else kept[:120]


def expect(holds: bool, ending: str) -> None:
    if not holds:
        raise ValidationError(f"Der Inhalt ist nicht der einer {ending.upper()}-Datei. Bitte die Originaldatei wählen.")


def check_picture(content: bytes, ending: str) -> None:
    """A picture that is one: its head can be read and its parts are whole."""
    from PIL import Image

    kind = "PNG" if ending == "png" else "JPEG"
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as found:
            found.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        expect(False, ending)


def check_pdf(content: bytes) -> None:
    """A PDF that can be read whole and neither runs scripts nor starts or sends anything.

    It is read in a process of its own with bounded memory and time: a small file can unpack to gigabytes.
    """
    expect(content.startswith(b"%PDF-"), "pdf")
    command = [sys.executable, "-c", "from kim.values.uploads import scan; scan()"]
    place = Path(__file__).resolve().parents[2]
    try:
        run = subprocess.run(  # noqa: S603 - our own code, the file comes by its input
            command, input=content, capture_output=True, timeout=SCAN_SECONDS, cwd=place, check=False
        )
        words = run.stdout.decode()
    except subprocess.TimeoutExpired:
        words = ""
    if words != "ok":
        raise ValidationError(words or "Das PDF ist zu aufwendig gebaut, um es zu prüfen, und wird nicht angenommen.")


def scan() -> None:
    """In the other process: read a PDF from the input, print "ok" or the sentence that says what is wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (SCAN_MEMORY, SCAN_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SCAN_SECONDS, SCAN_SECONDS))
    sys.stdout.write(verdict(sys.stdin.buffer.read()))


def verdict(content: bytes) -> str:
    """What is wrong with a PDF, as a sentence; "ok" if nothing is."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as found:
            opens = found.Root.get("/OpenAction")
            starts = isinstance(opens, pikepdf.Dictionary) and opens.get("/S") != "/GoTo"
            if starts or any(runs(one) for one in found.objects):
                return "Das PDF enthält Skripte oder startet Aktionen. Bitte ohne sie speichern, z. B. als PDF/A."
            if any(name.rpartition(".")[2].lower() not in ENCLOSED for name in found.attachments):
                return "Das PDF trägt eine Datei in sich, die nicht angenommen wird. Bitte ohne sie speichern."
    except pikepdf.PasswordError:
        return "Das PDF ist mit einem Passwort geschützt. Bitte ohne Schutz speichern."
    except (pikepdf.PdfError, RecursionError, ValueError):
        return "Das PDF lässt sich nicht lesen; es ist beschädigt."
    return "ok"


def runs(one: Any) -> bool:
    """Whether a PDF object, or one written inside it, is a script or starts or sends something."""
    import pikepdf

    if isinstance(one, pikepdf.Array):
        return any(runs(inner) for inner in one if not getattr(inner, "is_indirect", False))
    if not isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
        return False
    if {str(one.get("/S", "")), *one.keys()} & RUNS:
        return True
    return any(runs(inner) for _, inner in one.items() if not getattr(inner, "is_indirect", False))


def check_packed(content: bytes, ending: str) -> None:
    """A Word, Excel or OpenDocument file without macros or anything fetched, that unpacks to a bearable size."""
    expect(content.startswith(b"PK"), ending)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > 5000 or sum(part.file_size for part in parts) > UNPACKED:
                raise ValidationError("Die Datei entpackt sich zu unerwarteter Größe und wird nicht angenommen.")
            names = [part.filename for part in parts]
            kind = beginning(packed, "mimetype", 100).decode("ascii", "replace") if ending in {"odt", "ods"} else ""
            types = beginning(packed, "[Content_Types].xml", 1_000_000)
            links = b"".join(beginning(packed, name, 1_000_000) for name in names if name.endswith(".rels"))
    except (zipfile.BadZipFile, RuntimeError, ValueError, NotImplementedError, zlib.error, EOFError) as error:
        raise ValidationError(f"Die {ending}-Datei lässt sich nicht lesen; sie ist beschädigt.") from error
    expect(PARTS[ending] in names and (not kind or kind == TYPES[ending]), ending)
    if LIVE_PARTS.search(types) or any(LIVE.search(name) or not INSIDE.search(name) for name in names):
        raise ValidationError("Die Datei enthält Makros oder eingebettete Programme. Bitte ohne sie speichern.")
    if OUTSIDE.search(links):
        raise ValidationError("Die Datei lädt beim Öffnen Inhalte von anderswo nach. Bitte ohne sie speichern.")


def beginning(packed: zipfile.ZipFile, name: str, size: int) -> bytes:
    """The first bytes of a part, if there is one: never more is unpacked than asked for."""
    if name not in packed.namelist():
        return b""
    with packed.open(name) as part:
        return part.read(size)


def check_text(content: bytes, ending: str) -> None:
    """Readable text: UTF-8, UTF-16 with its mark or, as Excel writes it, Windows-1252; no control characters."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # "Unicode-Text", as Excel calls it
    try:
        words = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        words = content.decode("cp1252", "replace")
    expect(not re.search(r"[\x00-\x08\x0b\x0e-\x1f\ufffd]", words), ending)


def download(file: Any) -> HttpResponse:
    """A stored file as an inert download: never shown, never run, never guessed at, never kept by a cache."""
    response = HttpResponse(bytes(file.content), content_type=file.media_type)
    response["Content-Disposition"] = content_disposition_header(True, file.name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "no-store"
    return response
