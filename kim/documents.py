"""Papers: the registry of document classes, and the tokens that bind the figures of a text to the data."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model

from kim.figures import CATALOGUE, Value, uses
from kim.models import BoundFigure, Text, TextBlock
from kim.richtext import TOKEN, Span, parts

PARAMETER = re.compile(r'([a-z_]+)=(?:"([^"]*)"|(\S+))')
MERE_BRACKETS = re.compile(r"\\\{\\?\{[^{}]*\}\}")  # brackets that are only to be read
NOTHING: Mapping[str, str] = {}
STYLE = {"form", "one", "many", "capital"}  # how a value is put into the sentence, not which value it is


@dataclass(frozen=True)
class Chip:
    """A figure in a text: the token, its value with derivation, the words it prints, and what the data say now."""

    name: str
    title: str
    parameters: Mapping[str, str]
    value: Value
    text: str
    form: str = ""
    token: str = ""
    now: str = ""

    @property
    def changed(self) -> bool:
        """Whether the data say something else by now than the draft prints."""
        return self.text != self.now

    def source(self) -> str:
        """Where it comes from, in a few words."""
        return self.value.source or self.value.formula


@dataclass(frozen=True)
class Piece:
    """Some words of a paragraph in one look, or a figure."""

    text: str
    strong: bool = False
    href: str = ""
    chip: Chip | None = None
    token: str = ""  # as it is written in the text; also where it could not be resolved

    def as_json(self) -> dict[str, Any]:
        """Only what it has; a figure by its token."""
        found: dict[str, Any] = {"text": self.text}
        found |= {"strong": True} if self.strong else {}
        found |= {"href": self.href} if self.href else {}
        return found | ({"figure": self.chip.token} if self.chip else {})


@dataclass(frozen=True)
class Paragraph:
    """A paragraph or a list: lines or items of pieces."""

    kind: str
    lines: list[list[Piece]]

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "lines": [[piece.as_json() for piece in line] for line in self.lines]}


@dataclass(frozen=True)
class Block:
    """A heading and what stands below it."""

    key: str
    heading: str
    paragraphs: list[Paragraph]

    def pieces(self) -> Iterator[Piece]:
        for paragraph in self.paragraphs:
            for line in paragraph.lines:
                yield from line

    def chips(self) -> Iterator[Chip]:
        for piece in self.pieces():
            if piece.chip:
                yield piece.chip

    def words(self) -> str:
        """What stands in it, without marks."""
        return "\n".join("".join(piece.text for piece in line) for p in self.paragraphs for line in p.lines)

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, "heading": self.heading, "paragraphs": [p.as_json() for p in self.paragraphs]}


class Document:
    """A class of papers. Subclasses say how one is found, what it is made of and which template prints it."""

    kind: ClassVar[str]
    title: str
    template: str
    styles: tuple[str, ...] = ("print.css",)

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

    @property
    def name(self) -> str:
        """How people call it. Example: Mitteilungsvorlage 2023/0120."""
        raise NotImplementedError

    @property
    def text(self) -> Text:
        """Its words."""
        raise NotImplementedError

    def get_absolute_url(self) -> str:
        raise NotImplementedError

    def expander(self, bound: Mapping[str, str] = NOTHING) -> "Expander":
        """What the tokens of the text are read with."""
        raise NotImplementedError

    def content(self, blocks: "list[Block]", printed_on: date) -> dict[str, Any]:
        """All that the print says, as plain JSON: the template gets nothing else."""
        raise NotImplementedError

    def blocks(self, expander: "Expander") -> "list[Block]":
        """The text with its figures."""
        return [expander.block(b.key, b.heading, b.content) for b in self.text.blocks.all()]

    def fresh(self) -> "list[Block]":
        """The text with what the data say at this moment, whatever was taken over."""
        return self.blocks(self.expander())

    def printable(self, printed_on: date) -> tuple[dict[str, Any], "list[Block]"]:
        """The content and the blocks of a document that may be printed; ValidationError with every sentence that is
        missing."""
        expander = self.expander(bound_words(self.text))
        blocks = self.blocks(expander)
        if expander.problems:
            raise ValidationError(expander.problems)
        return self.content(blocks, printed_on), blocks

    def releasable(self, printed_on: date) -> tuple[dict[str, Any], "list[Block]"]:
        """As printable, of a document against whose release nothing stands; the same blocks are checked and printed."""
        raise NotImplementedError

    def bind(self) -> int:
        """Take over the figures that the draft does not have yet; see take_over. Released texts stay."""
        if self.text.releases.exists():
            return 0
        return take_over(self.text, (chip for block in self.fresh() for chip in block.chips()))


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


def printed(body: Any, since: date) -> dict[str, dict[str, Any]]:
    """What the papers of the body whose own day is not before ``since`` say at this moment: {address: {"name", "url",
    "chips": {token: (title, words)}}}.

    Asked before and after a change, it tells which papers change with it. A change from a day on cannot reach papers of
    the years before: they read their own day and year.
    """
    found = {}
    for one in (paper for cls in REGISTRY.values() for paper in cls.every(body, since)):
        try:
            blocks = one.fresh()
        except ValidationError:
            continue  # a paper that cannot be read says nothing
        chips = [chip for block in blocks for chip in block.chips()]
        words = {
            f"{n} {chip.name} {chip.parameters} {chip.form}": (chip.title, chip.text) for n, chip in enumerate(chips)
        }
        url = one.get_absolute_url()
        found[url] = {"name": one.name, "url": url, "chips": words}
    return found


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
        if relation.one_to_one:
            model: Any = relation.related_model
            rows = model.visible_to(scope).filter(**{f"{relation.field.name}__in": found})
            owners += list(rows.select_related("source"))
    return owners


def is_object(name: str, parameter: str) -> bool:
    """Whether a parameter of a figure names an object (a post, several posts, a notice) and no kind, year or form."""
    kind = CATALOGUE[name].parameters.get(parameter) if name in CATALOGUE else None
    return parameter == "positions" or (isinstance(kind, type) and issubclass(kind, Model))


def used(
    request: Any, value: Any, references: set[str], name: str = "", given: Mapping[str, str] = NOTHING
) -> dict[str, Any]:
    """The value for the page Herkunft, with the figures and papers that use it."""
    found = uses(request.acting_body, request.stand, value)
    return {
        "value": value,
        "uses": [(entry, link_arguments(a), said(a)) for entry, a in found if entry.name != name],
        "papers": citing(request, references, name, given),
    }


def said(arguments: dict[str, Any]) -> str:
    """The arguments in words, where a figure has several on one page."""
    kinds = {"own": "eigene Stellen", "onward": "Stellen bei Dritten"}
    words = [kinds.get(str(v), str(v)) for k, v in arguments.items() if k not in {"body", "day"}]
    return ", ".join(words)


def link_arguments(arguments: dict[str, Any]) -> dict[str, str]:
    """A figure's arguments as they stand in an address: numbers and references, never keys."""
    return {
        k: getattr(v, "number", None) or getattr(v, "slug", None) or str(v)
        for k, v in arguments.items()
        if k not in {"body", "day"}
    }


def parameters(text: str) -> dict[str, str]:
    """key=value pairs of a token; a value with blanks stands in quotes."""
    return {key: quoted or bare for key, quoted, bare in PARAMETER.findall(text)}


def canonical(name: str, raw: str) -> str:
    """A token in its one spelling. Example: notice.fte form=word."""
    return " ".join([name, *(match[0] for match in PARAMETER.finditer(raw))])


def bound_words(text: Text) -> dict[str, str]:
    """The figures of a text that were taken over: {token: words}. One query."""
    return dict(BoundFigure.objects.filter(text=text).values_list("token", "words"))


def take_over(text: Text, chips: Iterable[Chip], tokens: set[str] | None = None) -> int:
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


def check_tokens(text: str) -> None:
    """ValidationError with a sentence for each token that the catalogue does not know."""
    problems = []
    for name, raw in TOKEN.findall(text):
        entry = CATALOGUE.get(name)
        if entry is None:
            problems.append(f"Die Zahl „{name}“ gibt es nicht.")
        elif not entry.single:
            problems.append(f"„{name}“ ist eine Tabelle und keine einzelne Angabe.")
        elif unknown := parameters(raw).keys() - STYLE - entry.parameters.keys():
            problems.append(f"„{name}“ kennt {', '.join(sorted(unknown))} nicht.")
    rest = MERE_BRACKETS.sub("", TOKEN.sub("", text))
    if "{{" in rest or "}}" in rest:
        problems.append("Eine Klammer {{ … }} ist nicht vollständig.")
    if problems:
        raise ValidationError(problems)


@dataclass
class Expander:
    """Puts values in the place of tokens; what a token does not name comes from the document's context."""

    context: Mapping[str, Any]
    bound: Mapping[str, str] = field(default_factory=dict)  # what the draft has taken over, by token
    problems: list[str] = field(default_factory=list)
    known: dict[tuple[str, tuple[tuple[str, str], ...]], Value] = field(default_factory=dict)

    def chip(self, name: str, raw: str) -> Chip:
        """The value of one token and the words it prints; ValidationError if it cannot be resolved."""
        entry, given = CATALOGUE[name], parameters(raw)
        own = {k: v for k, v in given.items() if k not in STYLE}
        key = (name, tuple(sorted(own.items())))
        if key not in self.known:
            implied = {k: v for k, v in self.context.items() if k != "body"}
            self.known[key] = entry.asked(self.context["body"], own, **implied)
        value = self.known[key]
        one, many = given.get("one", ""), given.get("many", "")
        text = value.sentence(given.get("form", ""), one=one, many=many)
        if given.get("capital"):
            text = text[:1].upper() + text[1:]
        token = canonical(name, raw)
        return Chip(name, entry.title, own, value, self.bound.get(token, text), given.get("form", ""), token, text)

    def piece(self, span: Span) -> Piece:
        """Words as they are, a figure with its value; what cannot be resolved is noted and leaves a visible gap."""
        match = TOKEN.fullmatch(span.token)
        if match is None:
            return Piece(span.text, span.strong, span.href)
        try:
            chip = self.chip(match[1], match[2])
        except ValidationError as error:
            self.problems += [m for m in error.messages if m not in self.problems]
            return Piece("[fehlt]", span.strong, token=span.token)
        return Piece(chip.text, span.strong, chip=chip, token=span.token)

    def block(self, key: str, heading: str, content: str) -> Block:
        """The block with every token expanded; look at ``problems`` afterwards."""
        check_tokens(content)
        found = [Paragraph(p.kind, [[self.piece(span) for span in line] for line in p.lines]) for p in parts(content)]
        return Block(key, heading, found)
