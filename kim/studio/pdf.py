"""The one door to WeasyPrint: HTML of our own templates in, an archivable tagged PDF (PDF/A-3a, PDF/UA-1) out."""

import io
import re
from base64 import a85encode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import render_to_string
from pikepdf import Array, Dictionary, Name, Object, ObjectStreamMode, Pdf, Stream, StreamDecodeLevel, String

STYLES = Path(__file__).resolve().parents[1] / "static" / "kim" / "print"
NONE: Mapping[str, str] = {}
PDFIUM = Lock()  # the library knows no threads: two calls at once in one process may crash it
PICTURES = ("data:image/png;base64,", "data:image/jpeg;base64,")  # with their content: nothing is looked up
FACES = ("FiraSans-Regular", "FiraSans-SemiBold", "FiraSans-Italic")


def fonts() -> Path:
    """Where the fonts lie that set-up decoded once (decoding them at each render costs a third of the time)."""
    return Path(settings.VAR) / "fonts"


def decode_fonts() -> None:
    """Decode the faces we print with from the installed design system to TTF; once, at set-up."""
    from fontTools.ttLib import TTFont

    fonts().mkdir(parents=True, exist_ok=True)
    for face in FACES:
        target = fonts() / f"{face}.ttf"
        # not the time of set-up in the font: every installation prints the same bytes
        font = TTFont(Path(settings.ASSETS) / "fonts" / "fira-sans" / f"{face}.woff2", recalcTimestamp=False)
        font.flavor = None
        font.save(target)


def pango_version() -> str:
    """The version of the library that sets the lines."""
    from weasyprint.text.ffi import pango

    number = int(pango.pango_version())
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def harfbuzz_version() -> str:
    """The version of the library that places the glyphs and cuts the fonts to those that are used."""
    from weasyprint.text.ffi import ffi, harfbuzz

    ffi.cdef("const char *hb_version_string(void);", override=True)  # WeasyPrint itself does not ask
    return str(ffi.string(harfbuzz.hb_version_string()).decode())


def render(
    template: str,
    context: dict[str, Any],
    styles: tuple[str, ...],
    *,
    attached: Iterable[tuple[str, bytes, str, str]] = (),
    day: date | None = None,
) -> bytes:
    """The PDF of a template: PDF/A-3a and PDF/UA-1 with title, language, tags and bookmarks.

    attached: files that go with it (name, bytes, media type, what it is), dated by ``day``.
    No network and no files: only the styles and fonts named here are reachable. Same data, same bytes.
    """
    from weasyprint import CSS, HTML, Attachment
    from weasyprint.text.fonts import FontConfiguration

    fetcher = _fetcher()
    configuration = FontConfiguration()
    sheets = [
        CSS(
            string=(STYLES / name).read_text(),
            base_url="kim:/",
            url_fetcher=fetcher,
            font_config=configuration,
        )
        for name in styles
    ]
    html = HTML(string=render_to_string(template, context), base_url="kim:/", url_fetcher=fetcher)
    moment = datetime.combine(day, time(), UTC) if day else None
    files = [
        Attachment(string=data, name=name, description=words, created=moment, modified=moment, relationship="Data")
        for name, data, _, words in attached
    ]
    raw: bytes = html.write_pdf(
        stylesheets=sheets,
        font_config=configuration,
        pdf_variant="pdf/a-3a",
        pdf_identifier=b"kim",
        attachments=files or None,
    )
    return finished(raw, {name: media for name, _, media, _ in attached})


def _fetcher(svg: bytes = b"") -> Any:
    """A fetcher that knows the bundled fonts by name and pictures that stand in the document itself, and refuses
    everything else, without looking it up."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Bundled(URLFetcher):  # type: ignore[misc]  # a library without types
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith(PICTURES):
                return super().fetch(url, headers)
            if svg and url == "kim:/svg":
                return URLFetcherResponse(url, svg, {"Content-Type": "image/svg+xml"})
            name = url.removeprefix("kim:/fonts/").removesuffix(".ttf")
            if name not in FACES:
                raise ValueError("Ein Dokument darf nichts von außen laden.")
            path = fonts() / f"{name}.ttf"
            if not path.exists():
                raise ImproperlyConfigured(f"Die Schrift {name} fehlt; script/setup legt sie an.")
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": "font/ttf"})

    return Bundled()


def drawn(svg: bytes, width: int, height: int) -> bytes:
    """An SVG as a PDF of one page of that size in dots of CSS; nothing from outside is drawn, and no script runs."""
    from weasyprint import CSS, HTML

    fetcher = _fetcher(svg)
    sheet = (
        f"@page {{ size: {width}px {height}px; margin: 0 }} img {{ display: block; width: 100%; height: {height}px }}"
    )
    html = HTML(string="<body style='margin: 0'><img src='kim:/svg'>", base_url="kim:/", url_fetcher=fetcher)
    found: bytes = html.write_pdf(stylesheets=[CSS(string=sheet, url_fetcher=fetcher)])
    return found


# Second half: WeasyPrint builds the tag tree page by page. A table that runs over pages arrives as several Table
# elements, header cells have no Scope, Headers miss spanning heads, and running footers are tagged outside the tree.

GROUPING = (Name.Div, Name.Sect, Name.Art, Name.Part, Name.NonStruct, Name.BlockQuote)
MARKED = re.compile(rb"/\w+\s*<<\s*/MCID (\d+)\s*>>\s*BDC")
MARKED_TEXT = re.compile(MARKED.pattern + rb"(.*?)\sEMC", re.DOTALL)
GLYPHS = re.compile(rb"<([0-9a-fA-F]+)>")
ARTIFACT = b"/Artifact <</Type /Pagination>> BDC"
Texts = dict[tuple[int, int], dict[int, list[bytes]]]  # page -> number of the marked content -> its glyphs
# pdfuaid:part 1 with the extension schema PDF/A asks for
UA_XMP = """<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""


def finished(raw: bytes, media_types: Mapping[str, str] = NONE) -> bytes:
    """The same document with whole tables and related header cells, declared PDF/UA-1; same input, same bytes.

    media_types: of the attached files, by name.
    """
    with Pdf.open(io.BytesIO(raw)) as pdf:
        tree = pdf.Root.StructTreeRoot
        texts = {
            page.objgen: {int(n): GLYPHS.findall(t) for n, t in MARKED_TEXT.findall(page.Contents.read_bytes())}
            for page in pdf.pages
        }
        found: list[Object | None] = []
        _join_tables(tree, found, texts)
        tables = [(number, table) for number, table in enumerate(found) if table is not None]
        ids = sorted((e for number, table in tables for e in _describe(table, number)), key=lambda e: bytes(e[0]))
        if ids:  # a PDF with element IDs needs the tree that finds them
            tree.IDTree = Dictionary(Names=Array([part for entry in ids for part in entry]))
        _artifact_unreachable(pdf)
        for name, media in media_types.items():
            pdf.attachments[name].obj.EF.F.Subtype = Name("/" + media)
        xmp = pdf.Root.Metadata.read_bytes().decode()
        pdf.Root.Metadata.write(xmp.replace("</rdf:RDF>", UA_XMP + "</rdf:RDF>").encode())
        return saved(pdf)


def saved(pdf: Pdf) -> bytes:
    """The file; same document, same bytes. No stream ends with CR: followed by the line feed before "endstream" it
    would look one sign longer than it says, and a checker of PDF/A counts that as a fault.

    A packed stream ends with its checksum, however well it is packed: one that ends with CR is written in letters.
    """
    lettered = False
    for one in pdf.objects:
        if isinstance(one, Stream) and (packed := one.read_raw_bytes()).endswith(b"\r"):
            lettered = lettered or one.get(Name.Filter) == Name.FlateDecode
            if one.get(Name.Filter) == Name.FlateDecode:
                letters = a85encode(packed) + b"~>"
                one.write(letters, filter=Array([Name.ASCII85Decode, Name.FlateDecode]))
    found = b""
    for mode in (ObjectStreamMode.generate, ObjectStreamMode.disable):
        target = io.BytesIO()
        how: dict[str, Any] = {"deterministic_id": True, "object_stream_mode": mode}
        if lettered:  # what is packed stays as it is
            how |= {"compress_streams": False, "stream_decode_level": StreamDecodeLevel.none}
        pdf.save(target, **how)
        found = target.getvalue()
        if b"\r\nendstream" not in found:
            break
    return found


def kids(element: Object) -> list[Any]:
    k = element.get(Name.K)
    return [] if k is None else list(k) if isinstance(k, Array) else [k]


def _elements(element: Object) -> list[Object]:
    return [k for k in kids(element) if isinstance(k, Dictionary) and Name.S in k]


def descend(element: Object) -> Iterator[Object]:
    yield element
    for kid in _elements(element):
        yield from descend(kid)


def _join_tables(parent: Object, found: list[Object | None], texts: Texts) -> None:
    """Fold the fragments of each table into its first one. ``None`` in ``found``: other content came in between."""
    kept, before = [], kids(parent)
    for kid in before:
        if not isinstance(kid, Dictionary) or Name.S not in kid:
            found.append(None)
        elif Name.Table == kid.S:
            if found and found[-1] is not None and _continues(found[-1], kid, texts):
                _fold(found[-1], kid)
                continue
            found.append(kid)
        else:
            filled = bool(kids(kid))
            _join_tables(kid, found, texts)
            if filled and not kids(kid) and kid.S in GROUPING:
                continue  # it held nothing but the rest of a table
        kept.append(kid)
    if len(kept) != len(before):
        parent.K = Array(kept)


def _continues(table: Object, rest: Object, texts: Texts) -> bool:
    """Nothing between the two (the caller knows), a new page, no own caption, and the same head, glyph by glyph."""

    def head(t: Object) -> list[bytes]:
        cells = [e for s in _elements(t) if Name.THead == s.S for e in descend(s)]
        return [g for e in cells for k in kids(e) if isinstance(k, int) for g in texts[e.Pg.objgen][k]]

    *_, last = descend(_elements(table)[-1])
    captioned = any(Name.Caption == s.S for s in _elements(rest))
    return last.Pg.objgen != rest.Pg.objgen and not captioned and head(table) == head(rest) != []


def _fold(table: Object, rest: Object) -> None:
    """The repeated head goes (its text becomes an artifact), the rows move, of several feet the last stays."""
    more = [s for s in _elements(rest) if Name.THead != s.S]
    for section in more:
        section.P = table
    every = _elements(table) + more
    table.K = Array([s for s in every if Name.TFoot != s.S] + [s for s in every if Name.TFoot == s.S][-1:])


def _describe(table: Object, number: int) -> Iterator[tuple[String, Object]]:
    """Scope and ID for each header cell and Headers for every cell, from the real grid; yields the IDs."""
    below: dict[tuple[int, int], list[str]] = {}  # places taken by row spans -> row headers among them
    columns: dict[int, list[str]] = {}
    group: dict[int, list[str]] = {}  # the latest row of nothing but headers inside the body
    sections = [s for s in _elements(table) if Name.Caption != s.S]
    rows = [(s.S, row) for s in sections for row in ([s] if s.S == Name.TR else _elements(s))]
    for r, (section, row) in enumerate(rows):
        cells, column, in_head = _elements(row), 0, section == Name.THead
        heading = not in_head and len(rows) > 1 and all(c.S == Name.TH for c in cells)
        beside = [h for place, headers in below.items() if place[0] == r for h in headers]
        for cell in cells:
            while (r, column) in below:
                column += 1
            a = cell.get(Name.A, Dictionary(O=Name.Table))
            span = range(column, column + int(a.get(Name.ColSpan, 1)))
            above = [] if in_head else [h for j in span for h in columns.get(j, ())]
            above += [h for j in span for h in group.get(j, ())[-1:] if not heading and not in_head]
            own: list[str] = []
            if cell.S == Name.TH:
                name = f"t{number}.{r}.{column}"
                cell.ID, a.Scope = String(name), Name.Column if in_head or heading else Name.Row
                yield cell.ID, cell
                own = _register(name, span, columns if in_head else group if heading else None)
            if Name.Headers in a:
                del a.Headers
            if headers := list(dict.fromkeys(above + beside)):
                a.Headers = Array(map(String, headers))
            cell.A = a
            below.update(
                {(r + i, j): own if j == column else [] for i in range(1, int(a.get(Name.RowSpan, 1))) for j in span}
            )
            beside += own
            column = span.stop


def _register(name: str, span: range, places: dict[int, list[str]] | None) -> list[str]:
    """A header cell counts for its columns, or, with no columns, for its own row."""
    if places is None:
        return [name]
    for column in span:
        places.setdefault(column, []).append(name)
    return []


def _artifact_unreachable(pdf: Pdf) -> None:
    """Marked content that no tag leads to (running footers, repeated table heads) becomes a pagination artifact."""
    reached = {
        (e.Pg.objgen, int(k)) for e in descend(pdf.Root.StructTreeRoot.K[0]) for k in kids(e) if isinstance(k, int)
    }
    nums = pdf.Root.StructTreeRoot.ParentTree.Nums
    parents = {int(nums[i]): nums[i + 1] for i in range(0, len(nums), 2)}
    for page in pdf.pages:
        content, owners = page.Contents.read_bytes(), parents[int(page.StructParents)]
        for mcid in range(len(owners)):
            if (page.objgen, mcid) not in reached:
                owners[mcid] = None

        def kept(mark: re.Match[bytes], place: Any = page.objgen) -> bytes:
            return mark[0] if (place, int(mark[1])) in reached else ARTIFACT

        page.Contents.write(MARKED.sub(kept, content))


def pictures(content: bytes, most: int = 20) -> list[str]:
    """The first pages of a PDF as pictures (data: addresses of PNG), 96 dots an inch; one PDF at a time."""
    import pypdfium2

    found = []
    with PDFIUM, pypdfium2.PdfDocument(content) as document:
        for number in range(min(len(document), most)):
            stream = io.BytesIO()
            page = document[number]
            drawing = page.render(scale=96 / 72)
            drawing.to_pil().save(stream, "PNG", optimize=True)
            drawing.close()  # here, and not when somebody collects garbage in another thread
            page.close()
            found.append(f"data:image/png;base64,{b64encode(stream.getvalue()).decode()}")
    return found
