"""Papers: the registry of document classes, and which of their figures were taken over from the data."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model

from kim.access.request import Request
from kim.figures import CATALOGUE, uses
from kim.figures.choices import CHOICES
from kim.figures.tokens import (
    NOTHING,
    STYLE,
    ExpandedBlock,
    ExpandedToken,
    Expander,
    canonical,
    find_objects,
    parameters,
)
from kim.models import BoundFigure, Text, TextBlock
from kim.store.reading import reading
from kim.studio.letterhead import Specimen
from kim.values.richtext import TOKEN

LEFTOVER = re.compile(r"«[^»]*»|\{\{|\}\}|\b20xx\b|\bXX+\b|\[fehlt\]")


@dataclass(frozen=True)
class Check:
    """A line of the Prüfliste: what is looked at, and what is wrong with it (nothing: it is right). excused: why it is
    released all the same; the problems go on standing there."""

    label: str
    problems: tuple[str, ...] = ()
    excused: str = ""

    @property
    def right(self) -> bool:
        return not self.problems


class Document:
    """A class of papers. Subclasses say how one is found, what it is made of and which template prints it."""

    kind: ClassVar[str]
    title: str
    template: str
    styles: tuple[str, ...] = ("print.css",)
    edit_rule: ClassVar[str] = "documents.edit"  # who may write it, and release it: each kind's own rules
    release_rule: ClassVar[str] = "documents.release"
    labels: Mapping[str, str] = NOTHING  # what people call each key of the content: named when it has changed
    # What owns the text: with name, address, as_of (the day of its figures), is_open, body, source, text, release() and
    # freeze() (what becomes of the row with its release).
    row: Any

    @classmethod
    def find(cls, body: Any, reference: str) -> "Document | None":
        """The body's document with this reference, or None."""
        raise NotImplementedError

    @classmethod
    def of(cls, row: Any) -> "Document | None":
        """The document of a row that owns a text; None if the row is of another class."""
        raise NotImplementedError

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        """The documents of this class that the body has a text for and whose own day is not before ``since``."""
        raise NotImplementedError

    @classmethod
    def specimen(cls, body: Any) -> Specimen | None:
        """A page with invented words that shows the body's letterhead; None where nobody needs to see one."""
        return None

    @property
    def name(self) -> str:
        """How people call it. Example: Mitteilungsvorlage 2023/0120."""
        return str(self.row)

    @property
    def text(self) -> Text:
        """Its words."""
        found: Text = self.row.text
        return found

    @property
    def is_open(self) -> bool:
        """Whether it is still written on."""
        return bool(self.row.is_open)

    @property
    def file_name(self) -> str:
        """Of its PDF, without the ending. Example: Vorlage-2023-0120."""
        raise NotImplementedError

    def get_absolute_url(self) -> str:
        return str(self.row.get_absolute_url())

    def block_label(self, block: TextBlock) -> str:
        """What a block is called where it is written."""
        return block.heading.rstrip(":")

    def checks(self, expander: Expander, blocks: list[ExpandedBlock]) -> list[Check]:
        """The Prüfliste: all that has to be right before the release. expander, blocks: the draft as it would be
        printed."""
        return [
            Check("Zahlen lassen sich alle berechnen", tuple(expander.problems)),
            Check("Zahlen sind auf dem Stand der Daten", tuple(moved_figures(blocks, expander.bound))),
            Check("Angaben im Text sind bekannt", tuple(unknown(blocks))),
            Check("Summen im Text sind vollständig", tuple(incomplete(blocks))),
            Check("Nichts aus einem Muster ist stehen geblieben", tuple(leftovers(blocks))),
        ]

    def looked_through(self) -> tuple[list[ExpandedBlock], list[str]]:
        """The draft as it would be printed, and what stands against its release."""
        with reading():
            expander = self.expander(bound_words(self.text))
            blocks = self.blocks(expander)
            checks = self.checks(expander, blocks)
        return blocks, [problem for check in checks if not check.excused for problem in check.problems]

    def problems(self) -> list[str]:
        """What keeps it from being released."""
        return self.looked_through()[1]

    def expander(self, bound: Mapping[str, str] = NOTHING) -> Expander:
        """What the tokens of the text are read with."""
        raise NotImplementedError

    def content(self, blocks: list[ExpandedBlock], printed_on: date) -> dict[str, Any]:
        """All that the print says, as plain JSON: the template gets nothing else."""
        raise NotImplementedError

    def signed(self) -> list[Any]:
        """The Mitzeichnungen that hold now; a kind that nobody has to agree to has none."""
        return []

    def more_than_editorial(self, rows: list[TextBlock]) -> str:
        """Why a change of the words of these blocks cannot be only editorial; empty: it can."""
        return ""

    def sign_again(self, signatures: list[Any], user: Any) -> None:
        """Let Mitzeichnungen hold for the text as it is now, after an editorial change by the user."""

    def beside(self) -> dict[str, Any]:
        """What the release rests on or acts on, and does not print: {name of the field: value as plain JSON}."""
        return {}

    def released(self, content: dict[str, Any]) -> dict[str, Any]:
        """The content of a draft as it is printed once it is released."""
        return content | {"state": "freigegeben"}

    def whole(self) -> "Document":
        """The same with what only those see who may; a kind without such a part is the same."""
        return self

    def again(self) -> "Document":
        """The same document, read anew; ValidationError if it is gone."""
        row = type(self.row)._default_manager.filter(pk=self.row.pk).first()
        found = self.of(row) if row else None
        if found is None:
            raise ValidationError(f"{self.name} gibt es nicht mehr.")
        return found

    def blocks(self, expander: Expander) -> list[ExpandedBlock]:
        """The text with its figures."""
        with reading():
            rows = list(self.text.blocks.all())
            find_objects(self.row.body, (row.content for row in rows))
            return [expander.block(b.key, b.heading, b.content) for b in rows]

    def fresh(self) -> list[ExpandedBlock]:
        """The text with what the data say at this moment, whatever was taken over."""
        return self.blocks(self.expander())

    def printable(self, printed_on: date) -> tuple[dict[str, Any], list[ExpandedBlock]]:
        """The content and the blocks of a document that may be printed; ValidationError with every sentence that is
        missing."""
        expander = self.expander(bound_words(self.text))
        blocks = self.blocks(expander)
        if expander.problems:
            raise ValidationError(expander.problems)
        return self.content(blocks, printed_on), blocks

    def bind(self) -> int:
        """Take over the figures that the draft does not have yet; see take_over. Released texts stay."""
        if self.text.releases.exists():
            return 0
        return take_over(self.text, (chip for block in self.fresh() for chip in block.chips()))


def moved_figures(blocks: Iterable[ExpandedBlock], bound: Mapping[str, str]) -> Iterator[str]:
    """Figures of which the data say something else by now, and those that nobody has taken over yet."""
    seen = set()
    for chip in (chip for block in blocks for chip in block.chips()):
        if chip.token in seen:
            continue
        seen.add(chip.token)
        if chip.token not in bound:
            yield f"{chip.title}: „{chip.now}“ ist noch nicht übernommen."
        elif chip.changed:
            yield f"{chip.title}: im Text „{chip.text}“, nach den Daten „{chip.now}“."


def unknown(blocks: Iterable[ExpandedBlock]) -> Iterator[str]:
    """Figures that nobody knows: a paper must not say "keine Angabe" in the middle of a sentence. Cells of a generated
    table may, for they are words of a figure that is known.

    Example: „Stellen der Zuwendung“ (notice.fte) ist nicht bekannt: Abschnitt „Sachlage“.
    """
    for chip, name, where in each_once(blocks, lambda chip: chip.value.value in (None, "")):
        yield f"„{chip.title}“ ({name}) ist nicht bekannt: {where}."


def incomplete(blocks: Iterable[ExpandedBlock]) -> Iterator[str]:
    """Sums that are silent about some of their parts: what they print contradicts what there is.

    Example: „Betrag der Weiterleitung“ (onward.amount) ist unvollständig, 10 ohne Angabe: Abschnitt „Sachlage“.
    """
    for chip, name, where in each_once(blocks, lambda chip: bool(chip.value.missing) and chip.value.value is not None):
        yield f"„{chip.title}“ ({name}) ist unvollständig, {chip.value.missing} ohne Angabe: {where}."


def each_once(
    blocks: Iterable[ExpandedBlock], wanted: Callable[[ExpandedToken], bool]
) -> Iterator[tuple[ExpandedToken, str, str]]:
    """Each wanted figure once in a block: one of its tokens, its name with its arguments, and the block in words."""
    for block in blocks:
        where = f"Abschnitt „{block.heading.rstrip(':') or block.key}“"
        found = {(chip.name, *chip.parameters.items()): chip for chip in block.chips() if wanted(chip)}
        for chip in found.values():
            yield chip, " ".join([chip.name, *(f"{k}={v}" for k, v in chip.parameters.items())]), where


def leftovers(blocks: Iterable[ExpandedBlock]) -> Iterator[str]:
    """What a template left behind."""
    for block in blocks:
        for found in LEFTOVER.findall(block.words()):
            yield f"„{block.heading.rstrip(':')}“: „{found}“ ist stehen geblieben."


REGISTRY: dict[str, type[Document]] = {}


def document(cls: type[Document]) -> type[Document]:
    """Register a class of papers."""
    if cls.kind in REGISTRY:
        raise ValueError(f"document kind {cls.kind} is registered twice")
    REGISTRY[cls.kind] = cls
    return cls


def load() -> None:
    """Import <app>/documents.py of every app: called once, from AppConfig.ready."""
    for config in apps.get_app_configs():
        name = f"{config.name}.documents"
        if config.name != "kim" and find_spec(name):
            import_module(name)


def find(body: Any, reference: str) -> Document | None:
    """The body's document with this reference, whatever its class."""
    return next((found for cls in REGISTRY.values() if (found := cls.find(body, reference))), None)


def of(row: Any) -> Document | None:
    """The document of a row that owns a text, whatever its class."""
    return next((found for cls in REGISTRY.values() if (found := cls.of(row))), None)


def specimens(body: Any) -> list[Specimen]:
    """One page of each kind of document that shows the body's letterhead, as the body is at this moment."""
    found = [one for cls in REGISTRY.values() if (one := cls.specimen(body))]
    return sorted(found, key=lambda one: one.title)


def of_text(text: Text) -> Document | None:
    """The document that owns a text; None if there is none, or none that is seen. One query a class."""
    for relation in Text._meta.related_objects:
        if relation.one_to_one:
            model: Any = relation.related_model
            row = model.objects.filter(**{relation.field.name: text}).first()
            if row:
                return of(row)
    return None


def citing(scope: Any, references: set[str], name: str = "", given: Mapping[str, str] = NOTHING) -> list[Any]:
    """The papers whose texts speak of one of these objects (by number, as tokens name them: position=CM-07); or, where
    a figure is about no object, whose texts print that figure with these arguments. Two queries a kind of paper."""
    found = set()
    for text, content in TextBlock.visible_to(scope).values_list("text", "content"):
        for token, raw in TOKEN.findall(content):
            own = {k: v for k, v in parameters(raw).items() if k not in STYLE}
            named = {part for k, v in own.items() if is_object(token, k) for part in v.split(",")}
            printed = token == name and all(own.get(k, v) == v for k, v in given.items())
            if named & references if references else printed:
                found.add(text)
    owners = []
    for relation in Text._meta.related_objects:
        model: Any = relation.related_model
        if relation.one_to_one and hasattr(model, "source"):  # a Muster is no paper
            rows = model.visible_to(scope).filter(**{f"{relation.field.name}__in": found})
            owners += list(rows.select_related("source"))
    return owners


def is_object(name: str, parameter: str) -> bool:
    """Whether a parameter of a figure names an object (a post, several posts, a notice) and no kind, year or form."""
    kind = CATALOGUE[name].parameters.get(parameter) if name in CATALOGUE else None
    return parameter == "positions" or (isinstance(kind, type) and issubclass(kind, Model))


def used(
    request: Request, value: Any, references: set[str], name: str = "", given: Mapping[str, str] = NOTHING
) -> dict[str, Any]:
    """The value for the page Herkunft, with the figures and papers that use it."""
    found = uses(request.acting_body, request.stand, value)
    return {
        "value": value,
        "uses": [(entry, link_arguments(a), arguments_in_words(a)) for entry, a in found if entry.name != name],
        "papers": citing(request, references, name, given),
    }


def arguments_in_words(arguments: dict[str, Any]) -> str:
    """The arguments in words, where a figure has several on one page."""
    kinds = CHOICES["kind"](arguments["body"], arguments["day"]) if "kind" in arguments else {}
    words = [kinds.get(str(v), str(v)) for k, v in arguments.items() if k not in {"body", "day"}]
    return ", ".join(words)


def link_arguments(arguments: dict[str, Any]) -> dict[str, str]:
    """A figure's arguments as they stand in an address: numbers and references, never keys."""
    return {
        k: getattr(v, "number", None) or getattr(v, "slug", None) or str(v)
        for k, v in arguments.items()
        if k not in {"body", "day"}
    }


def bound_words(text: Text) -> dict[str, str]:
    """The figures of a text that were taken over: {token: words}. One query."""
    return dict(BoundFigure.objects.filter(text=text).values_list("token", "words"))


def take_over(text: Text, chips: Iterable[ExpandedToken], tokens: set[str] | None = None) -> int:
    """Let the text print what the data say now: the figures named, or those it has not taken over yet (None). Figures
    that no longer stand in it are forgotten. How many changed."""
    there = {row.token: row for row in BoundFigure.objects.filter(text=text)}
    wanted = {chip.token: chip for chip in chips}
    contents = text.blocks.values_list("content", flat=True)
    standing = {canonical(*found) for content in contents for found in TOKEN.findall(content)}
    for token in there.keys() - standing:  # what only cannot be calculated at the moment is not forgotten
        there.pop(token).delete()
    new = [
        BoundFigure(body=text.body, text=text, token=token, words=chip.now)
        for token, chip in wanted.items()
        if token not in there
    ]
    BoundFigure.objects.bulk_create(new)
    changed = [
        row
        for token, row in there.items()
        if token in (tokens or ()) and token in wanted and row.words != wanted[token].now
    ]
    for row in changed:
        row.words = wanted[row.token].now
        row.save()
    return len(new) + len(changed)
