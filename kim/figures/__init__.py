"""The catalogue: every named figure an app offers, each value with its derivation."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib import import_module
from inspect import get_annotations, signature
from pkgutil import iter_modules
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

from kim.models import Kind
from kim.store.reading import read_once
from kim.values import formats

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
EUR, FTE, COUNT, DATE, TEXT, MONTHS = "EUR", "FTE", "Anzahl", "Datum", "Text", "Monate"
AGREEING = {"choice", "agrees"}  # forms that print no number but a word that agrees with it
Amount = Decimal | int | date | str | None
NO_FORMS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Value:
    """One value and how it came about: taken from a document, calculated over operands, or assumed.

    unit: EUR (two places), FTE (three places), Anzahl, Datum, Text, Monate.
    link: the page on which the value is seen; document: that of the Beleg it is taken from; forms: the value's
    grammatical forms in a sentence; missing: how many parts of a sum have no amount and are not in it.
    """

    label: str
    value: Amount
    unit: str = EUR
    kind: Kind = "rechnung"
    formula: str = ""
    source: str = ""
    operands: "tuple[Value, ...]" = ()
    link: str = ""
    document: str = ""
    forms: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0

    def walk(self) -> "Iterator[Value]":
        yield self
        for operand in self.operands:
            yield from operand.walk()

    @property
    def amount(self) -> Decimal:
        """The value as a number; TypeError where there is none."""
        if isinstance(self.value, Decimal):
            return self.value
        raise TypeError(f"{self.label} is no amount: {self.value!r}")

    def plain(self) -> str | int | None:
        """For JSON and the command line: a dot, no grouping, two places for EUR and three for FTE."""
        if isinstance(self.value, Decimal):
            return f"{self.value:.{ {EUR: 2, FTE: 3}.get(self.unit, 3) }f}"
        return self.value.isoformat() if isinstance(self.value, date) else self.value

    @property
    def unknown(self) -> int:
        """How many amounts a sum with this value in it is silent about: its own, or those of its parts."""
        return self.missing or int(self.value is None)

    def printed(self) -> str:
        """For pages: German, with its unit. A sum says how much is missing: 178.000,00 € (10 ohne Angabe)."""
        match self.value:
            case None:
                return "keine Angabe"
            case Decimal() if self.unit == EUR:
                return formats.with_missing(formats.format_euro(self.value), self.missing)
            case Decimal() if self.unit == FTE:
                return formats.with_missing(formats.format_fte(self.value) + formats.NBSP + "VZÄ", self.missing)
            case Decimal():
                return formats.with_missing(formats.format_fte(self.value), self.missing)
            case date():
                return formats.format_day(self.value)
        return str(self.value)

    def as_json(self) -> dict[str, Any]:
        """As plain data; "missing" stands only where something is, so that complete papers stay byte for byte."""
        found = {
            "label": self.label,
            "value": self.plain(),
            "unit": self.unit,
            "kind": self.kind,
            "formula": self.formula,
            "source": self.source,
            "operands": [operand.as_json() for operand in self.operands],
        }
        return found | ({"missing": self.missing} if self.missing else {})

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Value":
        """The value that as_json wrote, as a released paper keeps it; without links, for these lead to what is now."""
        value = data["value"]
        if value is not None and data["unit"] in (EUR, FTE, MONTHS):
            value = Decimal(str(value))
        elif value is not None and data["unit"] == DATE:
            value = date.fromisoformat(value)
        words = {name: data[name] for name in ("label", "unit", "kind", "formula", "source")}
        operands = tuple(cls.read(one) for one in data["operands"])
        return cls(value=value, operands=operands, missing=data.get("missing", 0), **words)

    def sentence(self, form: str = "", *, one: str = "", many: str = "", beside: str = "") -> str:
        """The value in a sentence, in the wanted form; ValidationError for a form it does not have.

        one, many: what form=choice and form=agrees print beside the value; beside: in which form it is printed there.
        """
        if self.value is None:
            return "keine Angabe"
        if form in self.forms:
            return self.forms[form]
        if form in AGREEING and isinstance(self.value, Decimal | int):
            return one if formats.singular(self.value, self.unit, beside) else many
        return formats.with_missing(self.in_form(form), self.missing if isinstance(self.value, Decimal) else 0)

    def in_form(self, form: str) -> str:
        """See sentence. FTE form=word is invariable, so that it fits each case: "der 1,0", "die zwölf Stellen"."""
        match self.unit, form:
            case "EUR", "" | "prose":
                return formats.format_euro(self.value, prose=True)  # type: ignore[arg-type]
            case "EUR", "table":
                return formats.format_euro(self.value)  # type: ignore[arg-type]
            case "FTE", "" | "posts":
                return formats.posts_in_words(self.value)  # type: ignore[arg-type]
            case "FTE", "dative" | "accusative":
                return formats.posts_in_words(self.value, form)  # type: ignore[arg-type]
            case "FTE", "definite":
                return formats.posts_in_words(self.value, definite=True)  # type: ignore[arg-type]
            case "FTE", "number":
                return formats.format_fte(self.value)  # type: ignore[arg-type]
            case "FTE", "word" if self.value == 1:
                return formats.format_fte(self.value)  # type: ignore[arg-type]
            case "FTE" | "Anzahl", "word":
                return formats.number_in_words(self.value)  # type: ignore[arg-type]
            case "Anzahl", "dative_word":
                return "einer" if self.value == 1 else formats.number_in_words(self.value)  # type: ignore[arg-type]
            case "Datum", "":
                return formats.format_day(self.value)  # type: ignore[arg-type]
            case "Datum", "long":
                return formats.format_long_day(self.value)  # type: ignore[arg-type]
            case "Text" | "Anzahl", "":
                return str(self.value)
        raise ValidationError(f"Die Form „{form}“ gibt es für die Angabe „{self.label}“ nicht.")


def stated(
    label: str, value: Amount, unit: str, row: Any, *, link: str = "", forms: Mapping[str, str] = NO_FORMS
) -> Value:
    """What a row says: a value with the document and place, or the assumption, that the row rests on."""
    return Value(
        label,
        value,
        unit,
        row.derivation_kind(),
        source=row.derivation_source(),
        document=row.derivation_document(),
        link=link or row.get_absolute_url(),
        forms=forms,
    )


def total(label: str, *operands: Value, unit: str = EUR, link: str = "") -> Value:
    """The sum of its operands; it says of how many amounts it is silent, those in sums of sums included.

    Example: 57.000,00 + (121.000,00, 9 of it without an amount) + none = 178.000,00, missing 10.
    """
    amount = sum((o.value for o in operands if isinstance(o.value, Decimal)), Decimal(0))
    missing = sum(one.unknown for one in operands)
    what = "Betrag" if unit == EUR else "Angabe"
    formula = f"Summe; {missing} ohne {what} nicht enthalten" if missing else "Summe"
    return Value(label, amount, unit, "rechnung", formula, operands=operands, link=link, missing=missing)


def known_total(label: str, *amounts: Value, unit: str = EUR) -> Value:
    """The sum of the amounts that are known, see total; none if none is."""
    if amounts and all(one.value is None for one in amounts):
        source, missing = amounts[0].source or "keine Zuwendung zugeordnet", sum(one.unknown for one in amounts)
        return Value(label, None, unit, "annahme", source=source, operands=amounts, missing=missing)
    return total(label, *amounts, unit=unit)


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
