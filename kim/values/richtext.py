"""The one door for formatted text: a few marks in plain words, read into parts that pages, papers and files print.

There is no HTML in a text and none comes out of it but what a template writes: whatever looks like HTML is words.

A text is paragraphs between blank lines. A line break stays one. A paragraph whose lines all begin with "- " is a list,
with "1. ", "2. " a numbered one. ``**fett**`` is bold, ``[Wort](https://…)`` a link, ``{{name key=value}}`` a figure; a
backslash makes the sign behind it a mere sign.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

TOKEN = re.compile(r'\{\{[ \t]*([a-z_.]+)((?:[ \t]+[a-z_]+=(?:"[^"{}\n]*"|[^\s"{}]+))*)[ \t]*\}\}')
LINK = re.compile(r"\[((?:\\.|[^\[\]\\*{])+)\]\(((?:https?://|mailto:)[^\s<>{}\")\\]+)\)")
SIGN = re.compile(r"\\([\\*\[\]{.-])")
SCAN = re.compile(
    rf"(?P<sign>{SIGN.pattern})|(?P<token>{TOKEN.pattern})|(?P<link>{LINK.pattern})|(?P<bold>\*\*)|(?P<words>[^\\\[*{{]+|.)"
)
BULLET, NUMBER = re.compile(r"- "), re.compile(r"[0-9]{1,9}\. ")


@dataclass(frozen=True)
class Inline:
    """Some words in one look, or a figure (then ``token`` is its name and parameters, as written)."""

    text: str = ""
    strong: bool = False
    href: str = ""
    token: str = ""


@dataclass(frozen=True)
class Part:
    """A paragraph (its lines) or a list (its items)."""

    kind: Literal["p", "ul", "ol"]
    lines: tuple[tuple[Inline, ...], ...]


def parts(text: str) -> list[Part]:
    """The parts of a text.

    >>> [(p.kind, [[s.text for s in line] for line in p.lines]) for p in parts("Hallo\\n\\n- eins\\n- zwei")]
    [('p', [['Hallo']]), ('ul', [['eins'], ['zwei']])]
    """
    found = []
    for paragraph in re.split(r"\n[ \t]*\n\s*", text.replace("\r\n", "\n").replace("\r", "\n").strip()):
        lines = [line.strip(" \t") for line in paragraph.split("\n") if line.strip(" \t")]
        if not lines:
            continue
        kind: Literal["p", "ul", "ol"] = "p"
        if all(BULLET.match(line) for line in lines):
            kind, lines = "ul", [BULLET.sub("", line, count=1) for line in lines]
        elif all(line.startswith(f"{n}. ") for n, line in enumerate(lines, 1)):  # "24. März" is no list
            kind, lines = "ol", [NUMBER.sub("", line, count=1) for line in lines]
        said = tuple(tuple(words) for line in lines if (words := merged(spans(line))))  # marks alone say nothing
        found += [Part(kind, said)] if said else []
    return found


def spans(line: str) -> Iterator[Inline]:
    """The spans of a line. A bold run never leaves its line; an asterisk without its partner is a sign."""
    found = list(SCAN.finditer(line))
    marks, strong = sum(match.lastgroup == "bold" for match in found), False
    for match in found:
        match match.lastgroup:
            case "bold" if strong or marks > 1:
                strong, marks = not strong, marks - 1
            case "token":
                yield Inline(strong=strong, token=match[0])
            case "link":
                words, href = LINK.fullmatch(match[0]).groups()  # type: ignore[union-attr]
                yield Inline(blanks(SIGN.sub(r"\1", words)), strong, href)
            case "sign":
                yield Inline(match[0][1], strong)
            case _:
                yield Inline(blanks(match[0]), strong)


def blanks(words: str) -> str:
    """Several blanks are one."""
    return re.sub(r"[ \t]+", " ", words)


def merged(found: Iterator[Inline]) -> list[Inline]:
    """Neighbours of the same look in one; nothing empty."""
    result: list[Inline] = []
    for span in found:
        before = result[-1] if result else None
        if not span.text and not span.token:
            continue
        if before and not span.token and not before.token and (before.strong, before.href) == (span.strong, span.href):
            result[-1] = Inline(before.text + span.text, span.strong, span.href)
        else:
            result.append(span)
    return result


def written(found: list[Part]) -> str:
    """The text of parts: what ``parts`` reads back unchanged."""
    blocks = []
    for part in found:
        lines = [words for line in part.lines if (words := joined(line)).strip(" \t")]  # an empty item is none
        if not lines:
            continue
        match part.kind:
            case "ul":
                lines = [f"- {line}" for line in lines]
            case "ol":
                lines = [f"{n}. {line}" for n, line in enumerate(lines, 1)]
            case _:
                lines = [re.sub(r"^(-|[0-9]{1,9}(?=\.))(?=\.? )", beginning, line) for line in lines]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def beginning(match: re.Match[str]) -> str:
    """A line that only looks like an item of a list."""
    return "\\-" if match[1] == "-" else match[1] + "\\"


def joined(line: tuple[Inline, ...]) -> str:
    """The spans of a line with their marks; neighbours that are bold share theirs."""
    runs = [(strong, "".join(mark(span) for span in run)) for strong, run in groupby(line, key=lambda s: s.strong)]
    return "".join(f"**{words}**" if strong else words for strong, words in runs)


def mark(span: Inline) -> str:
    """One span, all its signs made mere signs."""
    words = re.sub(r"([\\*\[\]{])", r"\\\1", span.text)
    return span.token or (f"[{words}]({span.href})" if span.href else words)
