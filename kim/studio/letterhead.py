"""The letterhead of a body: what documents print of it, and how it looks on a page before it is saved."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from kim.models import Body, Logo
from kim.studio import pdf
from kim.studio.bundles import render_pdf


@dataclass(frozen=True)
class Specimen:
    """A page with invented words that shows how a kind of document looks. content: as of a real one."""

    title: str
    template: str
    styles: tuple[str, ...]
    content: dict[str, Any]


def printed(body: Body) -> dict[str, Any]:
    """What a document prints of its house. What a house does not say has no key: a Mitzeichnung or release of before
    the house could say it stays what it was. One query."""
    found: dict[str, Any] = {"name": body.name, "of": body.genitive, "sender": body.sender}
    logo = Logo.of(body)
    more = {
        "head": body.head_name,
        "address": body.address,
        "contact": body.contact,
        "footer": body.footer.splitlines(),
        "logo": f"data:image/png;base64,{b64encode(logo.content).decode()}" if logo else "",
    }
    return found | {key: value for key, value in more.items() if value}


def sample_block(heading: str, words: str) -> dict[str, Any]:
    """A block of invented words, as plain JSON."""
    return {"key": "muster", "heading": heading, "paragraphs": [{"kind": "p", "lines": [[{"text": words}]]}]}


def pages(specimens: "list[Specimen]") -> list[tuple[str, str]]:
    """The first page of each specimen, drawn as a document is: what it is, and the picture as a data: address."""
    return [
        (one.title, pdf.pictures(render_pdf(one.template, one.styles, one.content, []), most=1)[0]) for one in specimens
    ]
