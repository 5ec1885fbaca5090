"""Figures in a text: tokens, the values they stand for, and a text with its figures expanded."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist, ValidationError

from kim.figures import AGREEING, CATALOGUE, Value, read
from kim.models import TextBlock
from kim.models.sources import checks_text
from kim.models.versioned import counted, says_use
from kim.store.reading import is_known, remember
from kim.values.richtext import TOKEN, Inline, Part, parts

PARAMETER = re.compile(r'([a-z_]+)=(?:"([^"]*)"|(\S+))')
MERE_BRACKETS = re.compile(r"\\\{\\?\{[^{}]*\}\}")  # brackets that are only to be read
NOTHING: Mapping[str, str] = {}
STYLE = {"form", "one", "many", "capital"}  # how a value is put into the sentence, not which value it is
Key = tuple[str, tuple[tuple[str, str], ...]]  # which value: a figure with its arguments


@dataclass(frozen=True)
class ExpandedToken:
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
    def is_figure(self) -> bool:
        """Whether it is one for lists of the paper's figures; form=agrees is only a word that agrees with one."""
        return self.form != "agrees"

    @property
    def changed(self) -> bool:
        """Whether the data say something else by now than the draft prints."""
        return self.text != self.now

    def source(self) -> str:
        """Where it comes from, in a few words."""
        return self.value.source or self.value.formula


@dataclass(frozen=True)
class InlinePiece:
    """Some words of a paragraph in one look, or a figure."""

    text: str
    strong: bool = False
    href: str = ""
    chip: ExpandedToken | None = None
    token: str = ""  # as it is written in the text; also where it could not be resolved

    def as_json(self) -> dict[str, Any]:
        """Only what it has; a figure by its token."""
        found: dict[str, Any] = {"text": self.text}
        found |= {"strong": True} if self.strong else {}
        found |= {"href": self.href} if self.href else {}
        return found | ({"figure": self.chip.token} if self.chip and self.chip.is_figure else {})


@dataclass(frozen=True)
class Paragraph:
    """A paragraph or a list: lines or items of pieces."""

    kind: str
    lines: list[list[InlinePiece]]

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "lines": [[piece.as_json() for piece in line] for line in self.lines]}


@dataclass(frozen=True)
class ExpandedBlock:
    """A heading and what stands below it."""

    key: str
    heading: str
    paragraphs: list[Paragraph]

    def pieces(self) -> Iterator[InlinePiece]:
        for paragraph in self.paragraphs:
            for line in paragraph.lines:
                yield from line

    def chips(self) -> Iterator[ExpandedToken]:
        for piece in self.pieces():
            if piece.chip:
                yield piece.chip

    def words(self) -> str:
        """What stands in it, without marks."""
        return "\n".join("".join(piece.text for piece in line) for p in self.paragraphs for line in p.lines)

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, "heading": self.heading, "paragraphs": [p.as_json() for p in self.paragraphs]}


def parameters(text: str) -> dict[str, str]:
    """key=value pairs of a token; a value with blanks stands in quotes."""
    return {key: quoted or bare for key, quoted, bare in PARAMETER.findall(text)}


def arguments(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a token that say which value it is."""
    return {k: v for k, v in given.items() if k not in STYLE}


def key_of(name: str, given: Mapping[str, str]) -> Key:
    """Which value a token stands for, however it is put into the sentence."""
    return name, tuple(sorted(arguments(given).items()))


@says_use
def named_in_texts(row: Any) -> list[str]:
    """Text blocks that name a row in a token. Example: 1 Textblock."""
    count = blocks_naming(row)
    return [counted(count, TextBlock)] if count else []


def blocks_naming(row: Any) -> int:
    """How many text blocks of a row's body name it in a token, however that is written; 0 for a model that no token
    names. One query, and one for each object that a token names.

    Example: {{position.fte position="CM-10"}} and {{positions.distribution positions=CM-01,CM-10}} name CM-10.
    """
    model, known = type(row), dict[str, bool]()

    def is_it(value: str) -> bool:
        if value not in known:
            try:
                known[value] = model.find(row.body, value).pk == row.pk
            except (ObjectDoesNotExist, ValidationError, ValueError):
                known[value] = False
        return known[value]

    def names_it(name: str, given: Mapping[str, str]) -> bool:
        kinds = CATALOGUE[name].parameters if name in CATALOGUE else {}
        several = given.get(model.listed_as, "").split(",") if model.listed_as else []
        one = [v for k, v in given.items() if isinstance(kinds.get(k), type) and issubclass(model, kinds[k])]
        return any(is_it(value.strip()) for value in (*several, *one) if value.strip())

    if not hasattr(model, "find") or not hasattr(row, "body_id"):
        return 0
    contents = TextBlock.objects.filter(body=row.body_id, content__contains="{{").values_list("content", flat=True)
    return sum(any(names_it(name, parameters(raw)) for name, raw in TOKEN.findall(content)) for content in contents)


def canonical(name: str, raw: str) -> str:
    """A token in its one spelling. Example: notice.fte form=word."""
    return " ".join([name, *(match[0] for match in PARAMETER.finditer(raw))])


@checks_text
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


def find_objects(body: Any, contents: Iterable[str]) -> None:
    """Find the objects that texts name (position=CM-07, positions=CM-07,CM-08) before their figures are asked for, in
    one query a kind; those that are not there are looked for again, one by one, and refused then."""
    named: dict[Any, dict[tuple[str, str], None]] = {}
    for name, raw in (found for content in contents for found in TOKEN.findall(content)):
        kinds = CATALOGUE[name].parameters if name in CATALOGUE else {}
        for key, given in arguments(parameters(raw)).items():
            several: Any = listed_kinds().get(key)
            kind: Any = several or kinds.get(key)
            if hasattr(kind, "find_all"):
                one = several._meta.model_name if several else key
                values = given.split(",") if several else [given]
                named.setdefault(kind, {}).update(dict.fromkeys((one, value) for value in values))
    for kind, some in named.items():
        wanted = [one for one in some if not is_known(read, one[0], kind, one[1], body)]
        there = kind.find_all(body, (value for _, value in wanted)) if wanted else {}
        for key, value in wanted:
            if value in there:
                remember(read, there[value], key, kind, value, body)


@cache
def listed_kinds() -> dict[str, Any]:
    """The parameters that name several objects, divided by commas. Example: positions: Position."""
    models: list[Any] = [model for model in apps.get_models() if hasattr(model, "find_all")]
    return {model.listed_as: model for model in models if model.listed_as}


@dataclass
class Expander:
    """Puts values in the place of tokens; what a token does not name comes from the document's context."""

    context: Mapping[str, Any]
    bound: Mapping[str, str] = field(default_factory=dict)  # what the draft has taken over, by token
    problems: list[str] = field(default_factory=list)
    known: dict[Key, Value] = field(default_factory=dict)
    refused: dict[Key, ValidationError] = field(default_factory=dict)
    beside: Mapping[Key, str] = field(default_factory=dict)  # in which form a paragraph prints its figures

    def value(self, name: str, given: Mapping[str, str]) -> Value:
        """The value of a figure with the parameters of a token, asked for once; ValidationError if there is none."""
        key = key_of(name, given)
        if key in self.refused:
            raise self.refused[key]
        if key not in self.known:
            implied = {k: v for k, v in self.context.items() if k != "body"}
            try:
                self.known[key] = CATALOGUE[name].asked(self.context["body"], arguments(given), **implied)
            except ValidationError as error:
                self.refused[key] = error
                raise
        return self.known[key]

    def amounts(self, contents: Iterable[str]) -> dict[Key, Any]:
        """All that the figures of texts are, without putting words together: their values, or why there is none."""
        for name, raw in (found for content in contents for found in TOKEN.findall(content)):
            if name in CATALOGUE and CATALOGUE[name].single:
                with suppress(ValidationError):
                    self.value(name, parameters(raw))
        found: dict[Key, Any] = {k: (v.value, v.unit, v.missing, dict(v.forms)) for k, v in self.known.items()}
        return found | {key: error.messages for key, error in self.refused.items()}

    def chip(self, name: str, raw: str) -> ExpandedToken:
        """The value of one token and the words it prints; ValidationError if it cannot be resolved."""
        entry, given = CATALOGUE[name], parameters(raw)
        own, key, value = arguments(given), key_of(name, given), self.value(name, given)
        one, many = given.get("one", ""), given.get("many", "")
        text = value.sentence(given.get("form", ""), one=one, many=many, beside=self.beside.get(key, ""))
        if given.get("capital"):
            text = text[:1].upper() + text[1:]
        token = canonical(name, raw)
        return ExpandedToken(
            name, entry.title, own, value, self.bound.get(token, text), given.get("form", ""), token, text
        )

    def piece(self, span: Inline) -> InlinePiece:
        """Words as they are, a figure with its value; what cannot be resolved is noted and leaves a visible gap."""
        match = TOKEN.fullmatch(span.token)
        if match is None:
            return InlinePiece(span.text, span.strong, span.href)
        try:
            chip = self.chip(match[1], match[2])
        except ValidationError as error:
            self.problems += [m for m in error.messages if m not in self.problems]
            return InlinePiece("[fehlt]", span.strong, token=span.token)
        return InlinePiece(chip.text, span.strong, chip=chip, token=span.token)

    def block(self, key: str, heading: str, content: str) -> ExpandedBlock:
        """The block with every token expanded; look at ``problems`` afterwards."""
        check_tokens(content)
        return ExpandedBlock(key, heading, [self.paragraph(part) for part in parts(content)])

    def paragraph(self, part: Part) -> Paragraph:
        """One paragraph; words that agree with a figure follow the form in which it stands in the same paragraph."""
        self.beside = printed_forms(part)
        found = Paragraph(part.kind, [[self.piece(span) for span in line] for line in part.lines])
        self.beside = {}
        return found


def printed_forms(part: Part) -> dict[Key, str]:
    """The forms in which a paragraph prints its figures, the first of each. Example: occupancy.open: number."""
    found: dict[Key, str] = {}
    for name, raw in (match.groups() for line in part.lines for span in line if (match := TOKEN.fullmatch(span.token))):
        given = parameters(raw)
        if (form := given.get("form", "")) not in AGREEING:
            found.setdefault(key_of(name, given), form)
    return found
