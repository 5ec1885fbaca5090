"""Papers: the registry of document classes, and the tokens that bind the figures of a text to the data."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model

from kim.figures import CATALOGUE, Value, uses
from kim.models import Text, TextBlock

TOKEN = re.compile(r'\{\{\s*([a-z_.]+)((?:\s+[a-z_]+=(?:"[^"{}]*"|[^\s"{}]+))*)\s*\}\}')
PARAMETER = re.compile(r'([a-z_]+)=(?:"([^"]*)"|(\S+))')
NOTHING: Mapping[str, str] = {}
STYLE = {"form", "one", "many", "capital"}  # how a value is put into the sentence, not which value it is


@dataclass(frozen=True)
class Chip:
    """A figure in a text: the token, its value with derivation, and the words it prints."""

    name: str
    title: str
    parameters: Mapping[str, str]
    value: Value
    text: str
    form: str = ""


@dataclass(frozen=True)
class Block:
    """A heading and its paragraphs; a paragraph is a sequence of plain words and chips."""

    key: str
    heading: str
    paragraphs: list[list["str | Chip"]]

    def chips(self) -> "Iterator[Chip]":
        for paragraph in self.paragraphs:
            for piece in paragraph:
                if isinstance(piece, Chip):
                    yield piece


class Document:
    """A class of papers. Subclasses say how one is found, what its blocks are and which template prints it."""

    kind: ClassVar[str]
    title: ClassVar[str]
    template: ClassVar[str]
    styles: ClassVar[tuple[str, ...]] = ("print.css",)

    @classmethod
    def find(cls, body: Any, reference: str) -> "Document | None":
        """The body's document with this reference, or None."""
        raise NotImplementedError

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        """The documents of this class that the body has a text for and whose own day is not before ``since``."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """How people call it. Example: Mitteilungsvorlage 2023/0120."""
        raise NotImplementedError

    def get_absolute_url(self) -> str:
        raise NotImplementedError

    def context(self) -> dict[str, Any]:
        """What the template needs, the expanded blocks included; "problems" says what is missing."""
        raise NotImplementedError

    def printable(self) -> dict[str, Any]:
        """The context of a document that may be printed; ValidationError with every sentence that is missing."""
        context = self.context()
        if context["problems"]:
            raise ValidationError(context["problems"])
        return context


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


def printed(body: Any, since: date) -> dict[str, dict[str, Any]]:
    """What the papers of the body whose own day is not before ``since`` say at this moment: {address: {"name", "url",
    "chips": {token: (title, words)}}}.

    Asked before and after a change, it tells which papers change with it. A change from a day on cannot reach papers of
    the years before: they read their own day and year.
    """
    found = {}
    for one in (paper for cls in REGISTRY.values() for paper in cls.every(body, since)):
        try:
            blocks = one.context()["blocks"]
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


def check_tokens(text: str) -> None:
    """ValidationError with a sentence for each token that the catalogue does not know."""
    problems = []
    for name, raw in TOKEN.findall(text):
        entry = CATALOGUE.get(name)
        if entry is None:
            problems.append(f"Die Zahl „{name}“ gibt es nicht.")
        elif unknown := parameters(raw).keys() - STYLE - entry.parameters.keys():
            problems.append(f"„{name}“ kennt {', '.join(sorted(unknown))} nicht.")
    rest = TOKEN.sub("", text)
    if "{{" in rest or "}}" in rest:
        problems.append("Eine Klammer {{ … }} ist nicht vollständig.")
    if problems:
        raise ValidationError(problems)


@dataclass
class Expander:
    """Puts values in the place of tokens; what a token does not name comes from the document's context."""

    context: Mapping[str, Any]
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
        return Chip(name, entry.title, own, value, text, given.get("form", ""))

    def piece(self, name: str, raw: str) -> "str | Chip":
        """The chip of a token; what cannot be resolved is noted as a problem and leaves a gap that is seen."""
        try:
            return self.chip(name, raw)
        except ValidationError as error:
            self.problems += [m for m in error.messages if m not in self.problems]
            return "[fehlt]"

    def block(self, key: str, heading: str, content: str) -> Block:
        """The block with every token expanded; look at ``problems`` afterwards."""
        check_tokens(content)
        paragraphs = []
        for paragraph in re.split(r"\n\s*\n", content.strip()):
            pieces: list[str | Chip] = []
            rest = 0
            for match in TOKEN.finditer(paragraph):
                pieces += [paragraph[rest : match.start()], self.piece(match[1], match[2])]
                rest = match.end()
            pieces.append(paragraph[rest:])
            paragraphs.append([p for p in pieces if p])
        return Block(key, heading, paragraphs)
