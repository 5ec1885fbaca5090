"""Lists as files: CSV, Excel, JSON and PDF with the rows, columns and totals of the screen."""

import csv
import io
import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from kim.figures import COUNT, DATE, EUR, FTE, MONTHS
from kim.studio import pdf
from kim.values import formats
from kim.values.formats import slug

if TYPE_CHECKING:
    from kim.lists.listing import Listing

NAMES = {"xlsx": "Excel", "csv": "CSV", "pdf": "PDF", "json": "JSON"}
CELLS = {
    EUR: '#,##0.00\\ "€"',
    FTE: "#,##0.0##",
    MONTHS: "#,##0.0##",
    COUNT: "0",
    DATE: "dd.mm.yyyy",
}  # Excel shows them in its language
LIVE = set("=+-@＝＋－＠﹢﹣⁼₌")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot carry
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def named(listing: "Listing", response: HttpResponse, ending: str) -> HttpResponse:
    """The answer as a download, named after list and Stand."""
    name = slug(listing.declared.title)
    stand = f"{listing.request.stand:%Y-%m-%d}"
    response["Content-Disposition"] = f'attachment; filename="{name}-{stand}.{ending}"'
    return response


def inert(text: str) -> str:
    """Text that no program runs: what could begin a formula, seen or behind invisible signs, gets an apostrophe.

    >>> inert("=1+1")
    "'=1+1"
    """
    if text[:1] in {"\t", "\r", "\n", "\0"}:
        return "'" + text
    start = next((c for c in text if not (c.isspace() or unicodedata.category(c) in {"Cc", "Cf", "Mn"})), "")
    return "'" + text if start in LIVE and start else text


def german(value: Any) -> str:
    """A CSV cell: numbers with a comma and without grouping, dates in German, text that no program runs."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, date):
        return formats.format_day(value)
    return inert(str(value))


def plain(value: Any) -> Any:
    """A JSON value: decimals as text, dates in ISO, anything else by its name."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)


def as_csv(listing: "Listing") -> HttpResponse:
    """Rows and one line with the totals, as German Excel reads it."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([one.heading() for one in listing.columns])
    for row in listing.found:
        writer.writerow([german(value) for value in listing.line(row)])
    if listing.totals:
        label = listing.noted(listing.foot(), listing.foot_note())
        writer.writerow([label, *(german(listing.totals.get(one.name)) for one in listing.columns[1:])])
    response = HttpResponse("\ufeff" + stream.getvalue(), content_type="text/csv; charset=utf-8")
    return named(listing, response, "csv")


def as_json(listing: "Listing") -> JsonResponse:
    if listing.problems:
        return JsonResponse({"error": listing.problems}, status=400)
    asked = listing.request.GET
    data = {
        "rows": [
            {one.name: plain(one.export(row)) for one in listing.columns}
            | ({"missing": note} if (note := listing.row_note(row)) else {})
            for row in listing.found
        ],
        "totals": {name: plain(value) for name, value in listing.totals.items()},
        "filter": {n: asked.getlist(n) for n in listing.form.fields if asked.get(n)},
        "stand": listing.request.stand.isoformat(),
        "jahr": listing.request.year,
        "koerperschaft": listing.request.acting_body.slug,
        "ohne_angabe": listing.missing,  # the former name of "missing"
        "missing": listing.missing,
    }
    return JsonResponse(data, json_dumps_params={"ensure_ascii": False})


def facts(listing: "Listing") -> list[tuple[str, str]]:
    """What a file says of itself."""
    request = listing.request
    return [
        ("Liste", listing.declared.title),
        ("Körperschaft", request.acting_body.name + (" (Probedaten)" if request.acting_body.is_trial else "")),
        ("Stand", formats.format_day(request.stand)),
        ("Förderjahr", str(request.year)),
        ("Ansicht", listing.active_view.name if listing.active_view else "–"),
        ("Filter", listing.sentence()),
        ("Sortiert nach", listing.order_words()),
        ("Spalten", ", ".join(one.heading() for one in listing.columns)),
        ("Zeilen", str(len(listing.found))),
        (
            "Summen ohne",
            ", ".join(f"{listing.all_columns[n].heading()}: {c} ohne Angabe" for n, c in listing.missing.items())
            or "–",
        ),
        ("Adresse", request.build_absolute_uri(request.path + listing.url())),
    ]


def as_xlsx(listing: "Listing") -> HttpResponse:
    """Rows and totals as numbers and dates with German formats; a second sheet says what was filtered."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", listing.declared.title)[:31])
    sheet.freeze_panes = "B2"
    widths = [len(one.heading()) + 2 for one in listing.columns]
    lines = [listing.line(row) for row in listing.found]
    for line in lines[:200]:
        widths = [max(w, min(len(str(v)) + 3, 60)) for w, v in zip(widths, line, strict=True)]
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([cell(sheet, one.heading(), bold=True) for one in listing.columns])
    for line in lines:
        sheet.append([cell(sheet, v, one.unit) for v, one in zip(line, listing.columns, strict=True)])
    if listing.totals:
        feet = [cell(sheet, listing.totals.get(one.name), one.unit, bold=True) for one in listing.columns[1:]]
        label = listing.noted(listing.foot(), listing.foot_note())
        sheet.append([cell(sheet, label, bold=True), *feet])
    about = book.create_sheet("Filter und Stand")
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 18, 90
    for name, words in facts(listing):
        about.append([cell(about, name, bold=True), cell(about, words)])
    stream = io.BytesIO()
    book.save(stream)
    return named(listing, HttpResponse(stream.getvalue(), content_type=EXCEL), "xlsx")


def cell(sheet: Any, value: Any, unit: str = "", *, bold: bool = False) -> Any:
    """One cell: a number or a date with its format, text as text and never as a formula."""
    made = WriteOnlyCell(sheet, value=CONTROL.sub("\ufffd", value) if isinstance(value, str) else value)
    if isinstance(value, str):
        made.data_type = "s"
    elif value is not None and unit in CELLS:
        made.number_format = CELLS[unit]
    if bold:
        made.font = Font(bold=True)
    return made


def as_pdf(listing: "Listing") -> HttpResponse:
    """The list on paper, with its filter in words."""
    lines = [[{"text": shown(one, row), "numeric": one.numeric} for one in listing.columns] for row in listing.found]
    context = {
        "listing": listing,
        "title": listing.declared.title,
        "facts": facts(listing)[1:7],
        "body": listing.request.acting_body,
        "heads": listing.columns,
        "printed_on": timezone.localdate(),
        "lines": lines,
        "feet": [
            {
                "text": listing.total_text(one) if one.name in listing.totals else "",
                "numeric": one.numeric,
            }
            for one in listing.columns[1:]
        ],
    }
    content = pdf.render("documents/liste.html", context, ("print.css", "liste.css"))
    return named(listing, HttpResponse(content, content_type="application/pdf"), "pdf")


def shown(one: Any, row: Any) -> str:
    """A cell as words."""
    value = one.value(row)
    if value is None or value == "":
        return str(one.default or formats.MISSING)
    return str(one.cell_text(row, value))
