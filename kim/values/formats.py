"""German numbers and dates: one grammar for forms, filters and URLs, one way to print."""

import re
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
NBSP = "\u00a0"
MINUS = "\u2212"
MISSING = "–"
FIRST_YEAR, LAST_YEAR = 1990, 2100  # what a date of this field can be
MONTHS = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
WEEKDAYS = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"]
WORDS = [
    "null",
    "eine",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
]

FRACTIONS = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}

FTE_HINT = "Bitte VZÄ als Zahl eingeben, z. B. 0,5 oder 0,43."
EURO_HINT = "Bitte einen Betrag in Euro eingeben, z. B. 57.000 oder 28.500,50."
DATE_HINT = "Bitte ein Datum mit Jahr eingeben, z. B. 01.03.2023."


def invalid(message: str) -> ValidationError:
    return ValidationError(message, code="invalid")


def parse_euro(text: str) -> Decimal:
    """An amount in EUR as it is typed; a dot groups thousands, only after a single leading 0 it is a decimal sign.

    Raises ValidationError with a German sentence; nothing ambiguous is guessed.

    >>> parse_euro("684 T€")
    Decimal('684000.00')
    >>> parse_euro("1.500")
    Decimal('1500.00')
    """
    raw = text.strip()
    bare = re.sub(r"\s+", "", raw).replace(MINUS, "-")
    sign = -1 if bare.startswith("-") else 1
    bare = bare.removeprefix("-")
    factor = 1000 if re.search(r"T(€|EUR)$", bare) else 1
    bare = re.sub(r"T?(€|EUR|Euro)$", "", bare)
    if re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+(,\d{1,2})?|\d+(,\d{1,2})?", bare, re.ASCII):
        number = Decimal(bare.replace(".", "").replace(",", "."))
    elif re.fullmatch(r"0\.\d{1,2}", bare, re.ASCII):
        number = Decimal(bare)
    elif match := re.fullmatch(r"([1-9]\d*)\.(\d{1,2})", bare):
        short, long = f"{match[1]},{match[2]:0<2}", f"{match[1]}.{match[2]:0<3}"
        raise invalid(f"„{raw}“ ist nicht eindeutig. Meinten Sie {short}{NBSP}€ oder {long}{NBSP}€?")
    elif re.fullmatch(r"[\d.]*,\d{3,}", bare):
        raise invalid(f"„{raw}“: Ein Betrag hat höchstens zwei Nachkommastellen (ganze Cent).")
    else:
        raise invalid(f"„{raw}“ ist kein Betrag. {EURO_HINT}")
    number = sign * number * factor
    if abs(number) >= Decimal(10) ** 12:
        raise invalid(f"„{raw[:30]}“ ist zu groß. {EURO_HINT}")
    return number.quantize(Decimal("0.01"))


def parse_fte(text: str, weekly_hours: Decimal | None = None) -> Decimal:
    """Full-time equivalents as they are typed: comma, fractions and per cent exact in three places, or hours.

    ``weekly_hours`` are the carrier's hours of a full post; without them hours are refused.
    Raises ValidationError with a German sentence.

    >>> parse_fte("½")
    Decimal('0.500')
    >>> parse_fte("19,5 Std.", Decimal(39))
    Decimal('0.500')
    """
    raw = text.strip()
    bare = re.sub(r"\s+", "", raw).removesuffix("VZÄ")
    value: Fraction | None = None
    if match := re.fullmatch(r"(\d{0,4})([½¼¾])", bare, re.ASCII):
        value = Fraction(match[1] or 0) + FRACTIONS[match[2]]
    elif re.fullmatch(r"\d{1,6}(,\d+)?|0\.\d+", bare, re.ASCII):
        value = Fraction(bare.replace(",", "."))
    elif re.fullmatch(r"\d{1,4}/[1-9]\d{0,3}", bare, re.ASCII):
        value = Fraction(bare)
    elif match := re.fullmatch(r"(\d{1,3}(?:,\d{1,3})?)%", bare, re.ASCII):
        value = Fraction(match[1].replace(",", ".")) / 100
    elif match := re.fullmatch(r"(\d{1,3}(?:,\d{1,3})?)(Std\.?|h|Stunden)", bare, re.ASCII):
        if not weekly_hours:
            raise invalid("Stunden lassen sich nur umrechnen, wenn beim Anstellungsträger die Wochenstunden stehen.")
        value = Fraction(match[1].replace(",", ".")) / Fraction(weekly_hours)
    elif match := re.fullmatch(r"([1-9]\d{0,5})\.(\d{1,3})", bare, re.ASCII):
        meant = format_fte(Decimal(f"{match[1]}.{match[2]}"))
        raise invalid(f"„{raw}“ ist nicht eindeutig. Meinten Sie {meant}? VZÄ haben ein Komma.")
    if value is None:
        raise invalid(f"„{raw[:30]}“ ist keine Stellenangabe. {FTE_HINT}")
    if (value * 1000).denominator != 1:
        raise invalid(f"„{raw[:30]}“ hat mehr als drei Nachkommastellen. {FTE_HINT}")
    if value >= 10000:
        raise invalid(f"„{raw}“ ist zu groß. {FTE_HINT}")
    return (Decimal((value * 1000).numerator) / 1000).quantize(Decimal("0.001"))


def parse_date(text: str, today: date | None = None) -> date:
    """A date as it is typed; "heute" is the working date of the body. Raises ValidationError.

    >>> parse_date("1.3.23")
    datetime.date(2023, 3, 1)
    """
    raw = text.strip()
    if raw.lower() == "heute" and today is not None:
        return today
    if match := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", raw, re.ASCII):
        year, month, day_number = match.groups()
    elif match := re.fullmatch(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4}|\d{2})", raw, re.ASCII) or re.fullmatch(
        r"(\d{2})(\d{2})(\d{4}|\d{2})", raw, re.ASCII
    ):
        day_number, month, year = match.groups()
    elif (match := re.fullmatch(r"(\d{1,2})\.\s*(\w+)\s+(\d{4})", raw)) and match[2] in MONTHS:
        day_number, month, year = match[1], str(MONTHS.index(match[2]) + 1), match[3]
    else:
        raise invalid(f"„{raw[:30]}“ ist kein Datum. {DATE_HINT}")
    try:
        found = date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day_number))
    except ValueError:
        raise invalid(f"Den {raw[:30]} gibt es im Kalender nicht. {DATE_HINT}") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise invalid(f"{raw[:30]} liegt nicht zwischen {FIRST_YEAR} und {LAST_YEAR}. {DATE_HINT}")
    return found


class GermanField(forms.CharField):
    """A text input that is read by one of the grammars above; the typed text stays when it is refused."""

    def __init__(self, **kwargs: Any) -> None:
        for name in ("max_digits", "decimal_places", "min_value", "max_value", "weekly_hours", "today", "above"):
            setattr(self, name, kwargs.pop(name, None))
        kwargs.setdefault("max_length", 40)
        super().__init__(**kwargs)

    def parse(self, text: str) -> Any:
        raise NotImplementedError

    def print(self, value: Any) -> str:
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        if value is None or value == "":
            return None
        return self.parse(str(value)) if isinstance(value, str) else value

    def clean(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > 40:
            raise invalid("Die Eingabe ist zu lang.")
        found = self.to_python(value)
        self.validate(found)
        if found is not None and self.above is not None and found <= self.above:  # type: ignore[attr-defined]
            raise invalid(f"{self.label} müssen größer als {self.above} sein.")  # type: ignore[attr-defined]
        return found

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else self.print(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class EuroField(GermanField):
    """An amount in EUR."""

    def parse(self, text: str) -> Decimal:
        return parse_euro(text)

    def print(self, value: Any) -> str:
        return format_number(value, 2)


class FteField(GermanField):
    """Full-time equivalents."""

    def parse(self, text: str) -> Decimal:
        return parse_fte(text, self.weekly_hours)  # type: ignore[attr-defined]

    def print(self, value: Any) -> str:
        return format_fte(value)


class DateField(GermanField):
    """A date."""

    def parse(self, text: str) -> date:
        return parse_date(text, self.today)  # type: ignore[attr-defined]

    def print(self, value: Any) -> str:
        return format_day(value)


def format_number(value: Decimal, places: int) -> str:
    """With dots between thousands and a decimal comma, a real minus."""
    text = f"{abs(value):,.{places}f}".translate(str.maketrans(",.", ".,"))
    return (MINUS if value < 0 and text.strip("0,.") else "") + text


def format_euro(value: Decimal | None, *, prose: bool = False) -> str:
    """684.000,00 € in tables; 684.000 € in prose, where whole euros drop the cents."""
    if value is None:
        return MISSING
    whole = prose and value == value.to_integral_value()
    return format_number(value, 0 if whole else 2) + NBSP + "€"


def format_fte(value: Decimal | None) -> str:
    """Full-time equivalents with one to three places: 6,0 · 0,43."""
    if value is None:
        return MISSING
    short = value.quantize(Decimal("0.001")).normalize()
    exponent = short.as_tuple().exponent
    return format_number(value, max(1, -exponent if isinstance(exponent, int) else 1))


def format_day(value: date | None) -> str:
    """22.03.2023."""
    return MISSING if value is None else f"{value:%d.%m.%Y}"


def format_long_day(value: date) -> str:
    """Mittwoch, 22. März 2023."""
    return f"{WEEKDAYS[value.weekday()]}, {value.day}. {MONTHS[value.month - 1]} {value.year}"


def number_in_words(value: Decimal | int) -> str:
    """Whole numbers up to twelve as words (house style), else digits.

    >>> word(12)
    'zwölf'
    """
    value = Decimal(value)
    if value == value.to_integral_value() and 0 <= value <= 12:
        return WORDS[int(value)]
    return format_fte(value) if value != value.to_integral_value() else format_number(value, 0)


ONE_POST = {Decimal(0): "", Decimal("0.5"): "halbe", Decimal(1): "volle"}  # sizes that are said of one Stelle


def posts_in_words(value: Decimal, case: str = "accusative", definite: bool = False) -> str:
    """A number of posts (VZÄ) in a sentence, with the words a clerk would choose.

    case: "accusative" (also the first case) or "dative". The verb beside it: see singular.

        VZÄ            accusative          dative               definite           verb
        0              keine Stelle        keiner Stelle        keine Stelle       ging
        0,5            eine halbe Stelle   einer halben Stelle  die halbe Stelle   ging
        1              eine volle Stelle   einer vollen Stelle  die volle Stelle   ging
        2 … 12, whole  zwei Stellen        zwei Stellen         die zwei Stellen   gingen
        any other      0,75 Stellen        0,75 Stellen         die 0,75 Stellen   gingen

    >>> posts(Decimal("0.5"))
    'eine halbe Stelle'
    >>> posts(Decimal(12), "dative")
    'zwölf Stellen'
    >>> posts(Decimal("3.5"))
    '3,5 Stellen'
    """
    dative = case == "dative"
    if value == 0:
        return "keiner Stelle" if dative else "keine Stelle"
    if adjective := ONE_POST.get(value):
        if definite:
            return f"der {adjective}n Stelle" if dative else f"die {adjective} Stelle"
        return f"einer {adjective}n Stelle" if dative else f"eine {adjective} Stelle"
    article = ("den " if dative else "die ") if definite else ""
    return f"{article}{number_in_words(value)} Stellen"


def singular(value: Decimal | int, unit: str, beside: str = "") -> bool:
    """Whether a word that belongs to a number stands in the singular: "ging", not "gingen".

    Of posts (unit FTE) that follows from how the number is printed beside the word (a form of Value.sentence): words of
    one Stelle are singular; a figure as form=number or form=word is plural, "die 1,0 Stellen". Of things: exactly 1.

    >>> singular(Decimal("0.75"), "FTE"), singular(Decimal("0.5"), "FTE"), singular(Decimal("0.5"), "FTE", "number")
    (False, True, False)
    """
    if unit == "FTE":
        return value in ONE_POST and beside not in {"number", "word"}
    return value == 1


def with_missing(words: str, missing: int) -> str:
    """A sum in words that says how many of its parts have no amount. Example: 178.000,00 € (10 ohne Angabe)."""
    return f"{words} ({missing} ohne Angabe)" if missing else words


def listed(names: list[str]) -> str:
    """Roetgen und Simmerath; A, B und C."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " und " + names[-1] if names else MISSING


def format_any(value: Any, *, places: int = 0, choices: dict[Any, Any] | None = None) -> str:
    """Any stored value in words, for the history: choices by label, ranges as "von bis einschließlich"."""
    if choices and value in choices:
        return str(choices[value])
    if value is None or value == "":
        return "keine Angabe"
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, Decimal):
        return format_euro(value) if places == 2 else format_fte(value)
    if isinstance(value, date):
        return format_day(value)
    if isinstance(value, time):
        return f"{value:%H:%M} Uhr"
    if hasattr(value, "lower") and hasattr(value, "upper") and hasattr(value, "isempty"):
        return format_range(value)
    return str(value)


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """A name as it stands in an address: stadt-wuerselen for Stadt Würselen."""
    return slugify(text.translate(UMLAUTS))


def format_range(value: Any) -> str:
    """A half-open range as a clerk says it: 01.01.2022 bis 28.02.2023 · ab 01.03.2023 · bis 28.02.2023."""
    last = format_day(date.fromordinal(value.upper.toordinal() - 1)) if value.upper else ""
    if value.lower is None:
        return f"bis {last} (Beginn nicht angegeben)" if last else "Beginn nicht angegeben"
    return f"{format_day(value.lower)} bis {last}" if last else f"ab {format_day(value.lower)}"


DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # turn what follows round, unseen
CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")


def visible_words(text: str) -> None:
    """Refuse signs that change the direction of writing: what is read would not be what is stored."""
    if found := DIRECTION.search(text):
        sign = f"U+{ord(found[0]):04X}"
        raise invalid(f"Hier steht ein unsichtbares Zeichen für die Schreibrichtung ({sign}). Bitte neu eintippen.")


def visible_line(text: str) -> None:
    """In one line besides these no control signs, which nobody types and nobody sees."""
    visible_words(text)
    if found := CONTROL.search(text):
        raise invalid(f"Hier steht ein unsichtbares Steuerzeichen (U+{ord(found[0]):04X}). Bitte neu eintippen.")


class LineField(forms.CharField):
    """Words in one line that go where no model looks at them, as the reason of a change."""

    default_validators = [visible_line]


class LongTextField(forms.CharField):
    """Words in several lines: a line break counts as one letter, and nothing is cut off while it is typed."""

    widget = forms.Textarea
    default_validators = [visible_words]

    def to_python(self, value: Any) -> str:
        return super().to_python(value.replace("\r\n", "\n") if isinstance(value, str) else value) or ""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: v for name, v in super().widget_attrs(widget).items() if name != "maxlength"}
