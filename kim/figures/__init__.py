"""The catalogue: every named figure an app offers, each value with its derivation."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib import import_module
from inspect import get_annotations, signature
from pkgutil import iter_modules
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

from kim.figures.values import (
    AGREEING,
    COUNT,
    DATE,
    EUR,
    FTE,
    MONTHS,
    NO_FORMS,
    TEXT,
    Amount,
    Later,
    Value,
    known_sum_of,
    known_total,
    stated,
    sum_of,
    total,
)
from kim.store.reading import read_once
from kim.values import formats

__all__ = [
    "AGREEING",
    "COUNT",
    "DATE",
    "EUR",
    "FTE",
    "MONTHS",
    "NO_FORMS",
    "TEXT",
    "Amount",
    "Later",
    "Value",
    "known_sum_of",
    "known_total",
    "stated",
    "sum_of",
    "total",
]

WORDS = {
    "body": "Körperschaft",
    "day": "Stand",
    "year": "Förderjahr",
    "kind": "Art",
    "sub_product": "Teilprodukt",
    "position": "Stelle",
    "carrier": "Anstellungsträger",
    "municipality": "Kommune",
    "positions": "Stellen",
    "notice": "Zuwendung",
    "purpose": "Zweck",
    "paper": "Vorlage",
    "number": "Nummer",
    "when": "Zeitpunkt",
    "other": "zweiter Stand",
}
F = TypeVar("F", bound="Callable[..., Any]")


@dataclass(frozen=True)
class Headline:
    """A key figure in words: what is said large and small, and the value behind it."""

    words: str
    note: str
    derivation: Value
    good: bool | None = None  # None: neither

    def as_json(self) -> dict[str, Any]:
        return {"words": self.words, "note": self.note, "derivation": self.derivation.as_json()}


@dataclass(frozen=True)
class Deadlines:
    """Days that are coming, each with what happens then and where that stands; the next first."""

    rows: tuple[Value, ...]

    @property
    def derivation(self) -> Value:
        return Value("Fristen", len(self.rows), COUNT, formula="Anzahl", operands=self.rows)

    def as_json(self) -> dict[str, Any]:
        return {"rows": [row.as_json() for row in self.rows]}


@dataclass(frozen=True)
class Figure:
    """One registration: its name, German title, typed parameters and the model it is about."""

    do_not_call_in_templates = True  # a template that names a figure wants its title, not its value

    name: str
    title: str
    function: Callable[..., Any]
    subject: str  # "app.Model" whose page shows the figure; empty: none
    parameters: dict[str, Any]
    required: frozenset[str]
    arguments: Callable[[Any, date], list[dict[str, Any]]] | None
    many: bool
    headline: int = 0  # its place among the key figures of the start page; takes (body, day), returns a Headline
    amounts: Callable[[Any, date], dict[int, Decimal | None]] | None = None  # many: the same without derivations
    deadlines: bool = False  # it takes (body, day) and returns Deadlines
    verdict: bool = False  # its last line is what people look for when something changes (Kostenneutralität)

    def __call__(self, **given: Any) -> Any:
        """The figure for these arguments; a ValidationError names what is missing."""
        if missing := self.required - set(given):
            raise ValidationError(f"{self.title}: {worded(sorted(missing))} fehlt. Angaben: {self.known()}.")
        return self.function(**given)

    def asked(self, body: Any, texts: Mapping[str, str], **implied: Any) -> Any:
        """The figure for arguments given as text (command line, address, token of a paper).

        Texts are read by the parameter's type, models by their number within the body; what is not given comes
        from ``implied``. Raises ValidationError for a name or a value that is not known.
        """
        if unknown := set(texts) - set(self.parameters) | {k for k in texts if k == "body"}:
            raise ValidationError(f"{self.title}: {worded(sorted(unknown))} nicht bekannt. Angaben: {self.known()}.")
        values = {k: read(k, self.parameters[k], v, body) for k, v in texts.items()}
        context = {k: v for k, v in (implied | {"body": body}).items() if k in self.parameters}
        return self(**context | values)

    def known(self) -> str:
        return worded(self.parameters) or "keine"

    @property
    def single(self) -> bool:
        """Whether it gives one value that a sentence can print; else a table, a column, or for the start page."""
        return not self.many and get_annotations(self.function, eval_str=True).get("return") is Value


def worded(names: Iterable[str]) -> str:
    """Parameters for people: the German word and the name that is typed."""
    return ", ".join(f"{WORDS[n]} ({n})" if n in WORDS else n for n in names)


CATALOGUE: dict[str, Figure] = {}


@read_once
def read(name: str, kind: Any, value: Any, body: Any) -> Any:
    """The value a text stands for; models are found by their number or reference within the body."""
    if not isinstance(value, str) or kind is str:
        return value
    try:
        if kind is int:
            return int(value)
        if kind is date:
            return formats.parse_date(value)
        if kind is Decimal:
            return Decimal(value)
        if isinstance(kind, type) and issubclass(kind, models.Model):
            found: Any = kind
            return found.find(body, value)
    except (ValidationError, ValueError, ArithmeticError, models.ObjectDoesNotExist) as error:
        raise ValidationError(f"„{value}“ gibt es als {worded([name])} nicht.") from error
    return value


def figure(
    name: str,
    title: str,
    *,
    subject: str = "",
    arguments: Callable[[Any, date], list[dict[str, Any]]] | None = None,
    many: bool = False,
    headline: int = 0,
    deadlines: bool = False,
    verdict: bool = False,
    amounts: Callable[[Any, date], dict[int, Decimal | None]] | None = None,
) -> Callable[[F], F]:
    """Register a figure under its public name.

    arguments: how its arguments follow from a subject and a day, for pages that show it without knowing it.
    headline, deadlines: the start page shows it; verdict: consequences name its result; see Figure.
    many: it takes (objects, day) and returns {pk: Value}, so that a list column costs one query; amounts: the same
    numbers without their derivations, by the same arithmetic, for lists that show many (a test compares both).
    """

    def register(function: F) -> F:
        if name in CATALOGUE:
            raise ValueError(f"figure {name} is registered twice")
        parameters = {k: v for k, v in get_annotations(function, eval_str=True).items() if k != "return"}
        required = frozenset(
            k for k, p in signature(function).parameters.items() if p.default is p.empty and k in parameters
        )
        parameters = {k: _bare(v) for k, v in parameters.items()}
        known = read_once(function)
        CATALOGUE[name] = Figure(
            name, title, known, subject, parameters, required, arguments, many, headline, amounts, deadlines, verdict
        )
        return known

    return register


def _bare(annotation: Any) -> Any:
    """X for X | None."""
    members = [a for a in getattr(annotation, "__args__", ()) if a is not type(None)]
    return members[0] if len(members) == 1 and not isinstance(annotation, type) else annotation


def load() -> None:
    """Import the modules in <app>/figures/ and <app>/documents.py of every app: called once, from AppConfig.ready."""
    for config in apps.get_app_configs():
        for module in iter_modules([f"{config.path}/figures"], f"{config.name}.figures."):
            import_module(module.name)


def about(model: type[models.Model]) -> list[Figure]:
    """What a page of this model shows without importing it."""
    return [entry for entry in CATALOGUE.values() if entry.subject == model._meta.label and not entry.many]


def uses(body: Any, day: date, value: Value) -> list[tuple[Figure, dict[str, Any]]]:
    """The figures about the body into which a value goes, each with its arguments.

    A value of an object (a post, a notice) is found again by its object, unit and amount, a calculated one as itself.
    """
    found = []
    for entry in (e for e in CATALOGUE.values() if e.subject == "kim.Body" and not e.many and e.arguments):
        for arguments in entry.arguments(body, day) if entry.arguments else []:
            try:
                result = entry(**arguments)
            except ValidationError:
                continue  # what cannot be calculated uses nothing
            tree = getattr(result, "derivation", result)
            if tree != value and any(same(value, one) for one in tree.walk()):
                found.append((entry, arguments))
    return found


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same statement."""
    if one == other:
        return True
    return bool(one.link) and (one.link, one.unit, one.value) == (other.link, other.unit, other.value)


def column(name: str, objects: Any, day: date, *, derived: bool = True) -> dict[int, Any]:
    """A figure for every object of a list, in a fixed number of queries: {pk: Value}, or {pk: amount} if the
    derivations are not wanted."""
    entry = CATALOGUE[name]
    assert entry.many
    found: dict[int, Any] = (
        entry.amounts(objects, day) if entry.amounts and not derived else entry.function(objects, day)
    )
    return found
