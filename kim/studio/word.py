"""A paper as DOCX, for readers outside who only have Word; nothing is ever read back from one."""

import io
from datetime import date
from typing import Any

import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from kim.lists.exports import CONTROL
from kim.values.formats import format_day


def clean(words: Any) -> str:
    """Text without the signs that XML cannot carry."""
    return CONTROL.sub("", str(words or ""))


def as_docx(content: dict[str, Any]) -> bytes:
    """The paper of this content (see kim.studio.releases) with real headings, lists and a table, links written out."""
    document = docx.Document()
    document.core_properties.title = clean(f"{content['title']} {content['reference']}: {content['name']}")[:250]
    document.core_properties.author, document.core_properties.language = clean(content["body"]["name"]), "de-DE"
    document.add_paragraph(clean(content["body"]["name"]))
    document.add_heading(clean(content["title"] if "agenda" in content else content["heading"]), 1)
    for line in head(content):
        document.add_paragraph(clean(line))
    document.add_paragraph().add_run(clean(content["name"])).bold = True
    if "consultations" in content:
        document.add_heading(clean(content["body"]["heading"]), 2)
        heads = ["Datum", "Gremium", *(["Zuständigkeit"] if content["with_roles"] else [])]
        rows = [[day(one["date"]), one["organization"], one["role"]] for one in content["consultations"]]
        add_table(document, heads, rows)
    if "agenda" in content:
        add_sitting(document, content)
    for heading, blocks in (("Beschlussvorschlag:", content.get("proposals", ())), ("", content.get("blocks", ()))):
        if heading and blocks:
            document.add_heading(heading, 2)
        for block in blocks:
            if not heading:
                document.add_heading(clean(block["heading"]), 2)
            if block.get("table"):
                for table in content["tables"]:
                    add_table(document, table["heads"], table["rows"])
            else:
                add_paragraphs(document, block["paragraphs"])
    if (signer := content.get("signer")) and signer["name"]:
        name = signer["name"] if "recipient" in content else f"gez. {signer['name']}"
        names = [signer.get("phrase", ""), name, f"({signer['function']})" if signer["function"] else ""]
        document.add_paragraph(clean("\n".join(name for name in names if name)))
    document.add_paragraph(clean(f"{content['state']} · Zahlenstand {day(content['as_of'])}"))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def add_sitting(document: Any, content: dict[str, Any]) -> None:
    """An Einladung: its words and the agenda; a Niederschrift: who was there, both agendas, and each item with what was
    said of it and resolved."""
    add_paragraphs(document, content.get("opening", []))
    if content.get("urgency"):
        document.add_paragraph(clean(f"Die Ladungsfrist ist verkürzt: {content['urgency']}"))
    for group in content.get("attendance", ()):
        document.add_heading(clean(group["heading"]), 2)
        for one in group["rows"]:
            words = f"{one['name']} – {one['note']}" if one["note"] else one["name"]
            document.add_paragraph(clean(words), style="List Bullet")
    for agenda in content["agenda"]:
        document.add_heading(clean(f"Tagesordnung: {agenda['part']}"), 2)
        rows = [[one["number"], one["title"], one["papers"]] for one in agenda["rows"]]
        add_table(document, ["TOP", "Betreff", "Vorlage"], rows)
    add_paragraphs(document, content.get("notes", []))
    for part in content.get("parts", ()):
        document.add_heading(clean(f"Protokoll: {part['part']}"), 2)
        for item in part["items"]:
            add_item(document, item)
            if item["first"] and part["as_resolved"]:
                document.add_heading("Damit sieht die Tagesordnung wie folgt aus:", 4)
                rows = [[one["label"], one["title"], one["papers"]] for one in part["as_resolved"]]
                add_table(document, ["TOP", "Betreff", "Vorlage"], rows)
        document.add_paragraph(clean(part["closing"]))


def add_item(document: Any, item: dict[str, Any]) -> None:
    """An item of a Niederschrift."""
    document.add_heading(clean(item["heading"]), 3)
    for words in (item["papers"], *item["before"]):
        if words:
            document.add_paragraph(clean(words))
    add_paragraphs(document, item["course"])
    for words in item["after"]:
        document.add_paragraph(clean(words))
    if item["resolution"]:
        document.add_heading("Beschluss:", 4)
        add_paragraphs(document, item["resolution"])


def day(text: str | None) -> str:
    return format_day(date.fromisoformat(text) if text else None)


def head(content: dict[str, Any]) -> list[str]:
    """The lines of the head that are filled."""
    facts = {"Datum": day(content["date"])}
    if "recipient" in content:
        facts = {"An": ", ".join(line for line in content["recipient"] if line)} | facts
        facts["Aktenzeichen"] = content["reference"]
    elif "agenda" in content:
        facts = (
            {"Sitzung": content["reference"]} | facts | {label.rstrip(":"): value for label, value in content["facts"]}
        )
    else:
        facts = {"Vorlage-Nr.": content["reference"] or "Nr. folgt"} | facts
        facts |= {
            "Status": "öffentlich" if content["public"] else "nichtöffentlich",
            "Federführende Dienststelle": content["department"],
            "Beteiligte Dienststelle/n": ", ".join(content["participants"]),
            "Verfasser/in": content["author"],
            "Klimarelevanz": content["climate"],
        }
    return [f"{label}: {value}" for label, value in facts.items() if value]


def add_table(document: Any, heads: list[str], rows: list[list[str]]) -> None:
    """A table; its first row is marked as a head, so that it is read and repeated as one."""
    table = document.add_table(rows=1, cols=len(heads), style="Table Grid")
    for cell, words in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].add_run(words).bold = True
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    for values in rows:
        for cell, words in zip(table.add_row().cells, values, strict=False):
            cell.text = clean(words)


def add_paragraphs(document: Any, paragraphs: list[dict[str, Any]]) -> None:
    """Paragraphs with their line breaks, lists item by item."""
    for part in paragraphs:
        lines = [part["lines"]] if part["kind"] == "p" else [[line] for line in part["lines"]]
        for number, some in enumerate(lines, 1):
            paragraph = document.add_paragraph(style="List Bullet" if part["kind"] == "ul" else None)
            if part["kind"] == "ol":  # Word's own numbers would go on from list to list
                paragraph.add_run(f"{number}. ")
            for n, line in enumerate(some):
                if n:
                    paragraph.add_run().add_break()
                for piece in line:
                    words = piece["text"] + (f" ({piece['href']})" if piece.get("href") else "")
                    paragraph.add_run(clean(words)).bold = piece.get("strong") or None
