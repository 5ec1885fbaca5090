"""What an app shows on the page of an object of an app below it: the app above declares it, the one below asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kim.access.request import Request
from kim.access.rules import may


@dataclass(frozen=True)
class Line:
    """A line that leads somewhere else: its words, its address, and what is said behind it."""

    words: str
    url: str
    note: str = ""


Lines = Callable[[Request, Any], "list[Line]"]


@dataclass(frozen=True)
class Beside:
    """A section below the facts of an object: heading, anchor, the right it takes, and what finds its lines."""

    heading: str
    anchor: str
    rule: str
    lines: Lines


BESIDES: dict[str, list[Beside]] = {}


def beside(label: str, heading: str, anchor: str, rule: str) -> Callable[[Lines], Lines]:
    """Register a section for the pages of a model ("app.Model"). The function must ask a fixed number of queries."""

    def register(lines: Lines) -> Lines:
        BESIDES.setdefault(label, []).append(Beside(heading, anchor, rule, lines))
        return lines

    return register


def sections_beside(request: Request, row: Any) -> list[tuple[Beside, list[Line]]]:
    """The sections of an object that this person may see, each with its lines."""
    there = BESIDES.get(row._meta.label, [])
    return [(one, one.lines(request, row)) for one in there if may(request, one.rule)]
