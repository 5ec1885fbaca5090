"""Values and how they came about: an amount, and below it, built when somebody opens it, what it was made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, overload

from django.core.exceptions import ValidationError

from kim.models import Kind
from kim.values import formats

EUR, FTE, COUNT, DATE, TEXT, MONTHS = "EUR", "FTE", "Anzahl", "Datum", "Text", "Monate"
AGREEING = {"choice", "agrees"}  # forms that print no number but a word that agrees with it
Amount = Decimal | int | date | str | None
NO_FORMS: Mapping[str, str] = {}


class Later(Sequence["Value"]):
    """Operands of which each is built when somebody opens it, by ``build`` from what was read already.

    How many there are is known without building one. build: makes the value of an item; it asks the database nothing
    (a test looks), so that it says what was true when the sum was calculated.
    """

    def __init__(self, build: "Callable[[Any], Value]", items: Iterable[Any]) -> None:
        self.build, self.items = build, list(items)
        self.built: dict[int, Value] = {}

    def one(self, place: int) -> "Value":
        if place not in self.built:
            self.built[place] = self.build(self.items[place])
        return self.built[place]

    @overload
    def __getitem__(self, place: int) -> "Value": ...

    @overload
    def __getitem__(self, place: slice) -> "tuple[Value, ...]": ...

    def __getitem__(self, place: int | slice) -> "Value | tuple[Value, ...]":
        if isinstance(place, slice):
            return tuple(self.one(n) for n in range(*place.indices(len(self.items))))
        return self.one(range(len(self.items))[place])

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # like the values in it

    def __repr__(self) -> str:
        return repr(tuple(self))


@dataclass(frozen=True)
class Value:
    """One value and how it came about: taken from a document, calculated over operands, or assumed.

    unit: EUR (two places), FTE (three places), Anzahl, Datum, Text, Monate.
    link: the page on which the value is seen; document: that of the Beleg it is taken from; place: the Fundstelle in
    it; forms: the value's grammatical forms in a sentence; missing: how many parts of a sum have no amount and are not
    in it. operands: what it was made of; of many parts Later.
    """

    label: str
    value: Amount
    unit: str = EUR
    kind: Kind = "rechnung"
    formula: str = ""
    source: str = ""
    operands: "Sequence[Value]" = ()
    link: str = ""
    document: str = ""
    place: str = ""
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
        place=row.derivation_place(),
        link=link or row.get_absolute_url(),
        forms=forms,
    )


def total(label: str, *operands: Value, unit: str = EUR, link: str = "") -> Value:
    """The sum of its operands; it says of how many amounts it is silent, those in sums of sums included.

    Example: 57.000,00 + (121.000,00, 9 of it without an amount) + none = 178.000,00, missing 10.
    """
    amount = sum((o.value for o in operands if isinstance(o.value, Decimal)), Decimal(0))
    missing = sum(one.unknown for one in operands)
    formula = sum_formula(unit, missing)
    return Value(label, amount, unit, "rechnung", formula, operands=operands, link=link, missing=missing)


def known_total(label: str, *amounts: Value, unit: str = EUR) -> Value:
    """The sum of the amounts that are known, see total; none if none is."""
    if amounts and all(one.value is None for one in amounts):
        source, missing = amounts[0].source or "keine Zuwendung zugeordnet", sum(one.unknown for one in amounts)
        return Value(label, None, unit, "annahme", source=source, operands=amounts, missing=missing)
    return total(label, *amounts, unit=unit)


def sum_of(
    label: str, amounts: Iterable[Decimal | None], operands: Sequence[Value], *, unit: str = EUR, link: str = ""
) -> Value:
    """total of amounts that are known before their operands are built; None is an amount that is not known.

    operands: Later, with the same amounts and as many that are not known (a test compares both).
    """
    known = list(amounts)
    missing = sum(one is None for one in known)
    amount = sum((one for one in known if one is not None), Decimal(0))
    return Value(
        label, amount, unit, "rechnung", sum_formula(unit, missing), operands=operands, link=link, missing=missing
    )


def known_sum_of(label: str, amounts: Iterable[Decimal | None], operands: Sequence[Value], *, unit: str = EUR) -> Value:
    """known_total of amounts that are known before their operands are built, see sum_of."""
    known = list(amounts)
    if known and all(one is None for one in known):
        return known_total(label, *operands, unit=unit)
    return sum_of(label, known, operands, unit=unit)


def sum_formula(unit: str, missing: int) -> str:
    """What a sum says of itself. Example: Summe; 10 ohne Betrag nicht enthalten."""
    what = "Betrag" if unit == EUR else "Angabe"
    return f"Summe; {missing} ohne {what} nicht enthalten" if missing else "Summe"
