"""Columns of lists: what a cell shows, what it exports, and what the list is sorted by."""

import html
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kim.figures import COUNT, DATE, EUR, FTE, MONTHS, TEXT, Value, stated
from kim.values import formats
from kim.values.money import CENT, MILLI

NOT_STATED = "keine Angabe"
MISSING = SafeString(f'{formats.MISSING}<span class="unseen"> {NOT_STATED}</span>')


class TextColumn(tables.Column):  # type: ignore[misc]  # a library without types
    """Words. Every other column is one with another unit.

    hidden: shown only when the address asks for it. url: the page a cell leads to. order_by: what the list is sorted
    by instead of the cell. figure: the figure of the catalogue (many=True) whose value the cell is. needs: relations
    the cell reads besides those on its path.
    """

    unit: ClassVar[str] = TEXT
    numeric: ClassVar[bool] = False
    leads: ClassVar[bool] = False  # to the page of the row

    def __init__(
        self,
        *,
        hidden: bool = False,
        figure: str = "",
        url: Callable[[Any], str] | None = None,
        needs: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        self.sorted_by = kwargs.pop("order_by", "") or kwargs.get("accessor") or ""
        super().__init__(**kwargs)
        self.hidden, self.figure, self.url, self.needs = hidden, figure, url, needs
        self.path = str(kwargs.get("accessor") or "").split("__")

    def value(self, record: Any) -> Any:
        """What stands behind the cell: text, a number, a date, or None."""
        found = self.found(record)
        return found.value if type(found) is Value else found

    def found(self, record: Any) -> Any:
        """What the row has for the cell: a value, or a Value that says more than itself."""
        return record.figures[self.figure] if self.figure else follow(record, self.path)

    def relations(self, model: Any) -> list[str]:
        """The foreign keys the cell and the order read: what a list has to fetch with its rows."""
        paths = (follow_relations(model, path) for path in (self.path, self.sorted_by.split("__")))
        return [*self.needs, *(path for path in paths if path)]

    def text(self, value: Any) -> str:
        """The value as people read it."""
        return str(value)

    def cell_text(self, record: Any, value: Any) -> str:
        """The value of a row as people read it in its cell."""
        return self.text(value)

    def html(self, record: Any, links: "Links") -> SafeString:
        """The cell; a number leads to its Herkunft, everything else where ``url`` says."""
        value = self.value(record)
        if value is None or value == "":
            return MISSING if self.default is None else escaped(self.default)
        words = escaped(self.cell_text(record, value))
        if self.numeric and self.unit != COUNT:
            return SafeString(f'<a class="q" href="{links.source(self.name, record)}">{words}</a>')
        url = links.page(record) if self.leads else self.url(record) if self.url else ""
        if not url:
            return words
        return SafeString(f'<a href="{links.to(url)}">{words}</a>')

    def export(self, record: Any) -> Any:
        """The value for a file: numbers, dates and text as themselves; what is missing is the word the page shows."""
        value = self.value(record)
        return (None if self.numeric else self.default) if value is None or value == "" else value

    def key(self, record: Any) -> Any:
        """What the list is sorted by; None stands last, up and down."""
        found = record.figures[self.figure] if self.figure else follow(record, self.sorted_by.split("__"))
        found = None if found == "" else found  # what is missing stands last
        return found.value if type(found) is Value else found

    def named(self, name: str) -> "TextColumn":
        """The column under the name the table gives it."""
        self.name = name
        return self

    def heading(self) -> str:
        return str(self.verbose_name)


class Links:
    """Addresses in the cells of one list: with the Stand and Förderjahr of the page."""

    def __init__(self, kept: str, filters: str, key: Callable[[Any, str], str]) -> None:
        self.kept, self.key = kept, key
        self.source_parts = "".join(f"&amp;{part}" for part in (kept, filters) if part)  # a filter can change a cell
        self.record: Any = None  # the row at hand, its page and its key: several cells of it ask
        self.url = self.row = ""

    def take(self, record: Any) -> None:
        if self.record is not record:
            self.record = record
            self.url = str(record.get_absolute_url()) if hasattr(record, "get_absolute_url") else ""
            self.row = f"&amp;zeile={html.escape(self.key(record, self.url))}{self.source_parts}"

    def page(self, record: Any) -> str:
        """The page of the row."""
        self.take(record)
        return self.url

    def to(self, url: str) -> str:
        words = html.escape(url)
        return words + (("&amp;" if "?" in url else "?") + self.kept) if self.kept else words

    def source(self, column: str, record: Any) -> str:
        """The Herkunft of one cell."""
        self.take(record)
        return f"?herkunft={column}{self.row}"


def escaped(words: Any) -> SafeString:
    """As Django's escape, without its detour over lazy translations: a list has thousands of cells."""
    return SafeString(html.escape(str(words)))


def follow(record: Any, path: list[str]) -> Any:
    """The value at the end of a path of attributes and methods; None where it breaks off."""
    for name in path:
        if record is None:
            return None
        record = getattr(record, name)
        if callable(record):
            record = record()
    return record


def follow_relations(model: Any, path: list[str]) -> str:
    """The beginning of a path that consists of foreign keys: position__function of position__function__name."""
    found: list[str] = []
    for name in path:
        field = next((f for f in model._meta.fields if f.name == name), None)
        if field is None or not field.is_relation:
            break
        found.append(name)
        model = field.related_model
    return "__".join(found)


class LinkColumn(TextColumn):
    """The row header: leads to the object's page."""

    leads = True


class AmountColumn(TextColumn):
    """EUR, right-aligned, summed below; the value is a Decimal or a Value. summed=False: an amount that is no part of
    a sum. due: of which rows an empty cell is a missing amount; elsewhere there is none. None: of all."""

    unit, numeric, place = EUR, True, CENT

    def __init__(self, *, summed: bool = True, due: Callable[[Any], bool] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs | ({"default": formats.MISSING} if due else {}))
        self.summed, self.due = summed, due

    def counts(self, record: Any) -> bool:
        """Whether the sum speaks of this row: it has an amount, or should have one."""
        return self.due is None or self.due(record) or self.value(record) is not None

    def value(self, record: Any) -> Any:
        found = super().value(record)
        return found.quantize(self.place) if isinstance(found, Decimal) else found

    def missing(self, record: Any) -> int:
        """Of how many amounts the sum in the cell is silent; 0 where the cell is no sum or nothing of it is known."""
        found = self.found(record)
        return found.missing if type(found) is Value and found.value is not None else 0

    def unknown(self, record: Any) -> int:
        """How many amounts the list's sum misses in this row: parts of the cell's sum, or the cell itself."""
        found = self.found(record)
        if type(found) is Value and found.unknown:
            return found.unknown
        return int(self.value(record) is None and self.counts(record))

    def text(self, value: Any) -> str:
        return formats.format_euro(value) if self.unit == EUR else formats.format_fte(value)

    def cell_text(self, record: Any, value: Any) -> str:
        return formats.with_missing(self.text(value), self.missing(record))

    def total_text(self, value: Decimal | None, missing: int = 0) -> str:
        """The sum as people read it: nothing known is no 0, and missing is of how many amounts it is silent."""
        return NOT_STATED if value is None else formats.with_missing(self.text(value), missing)

    def derivation(self, record: Any, label: str) -> Value:
        """The cell with where it comes from: a figure of the catalogue, or what the row itself rests on."""
        found = self.found(record)
        if isinstance(found, Value):
            return found
        link = str(record.get_absolute_url()) if hasattr(record, "get_absolute_url") else ""
        document = getattr(record, "source", None)
        if isinstance(document, str):  # of a code table: a law or a decree, in words
            return Value(label, found, self.unit, "beleg", source=document, link=link)
        if document:
            where = document.get_absolute_url()
            return Value(label, found, self.unit, "beleg", source=str(document), document=where, link=link)
        return stated(label, found, self.unit, record, link=link)


class FteTableColumn(AmountColumn):
    """Full-time equivalents, right-aligned, summed below."""

    unit, place = FTE, MILLI


class MonthsColumn(AmountColumn):
    """FTE × months, right-aligned, summed below."""

    unit, place = MONTHS, MILLI


class CountColumn(TextColumn):
    """A number of things; not summed, because things may be counted in several rows."""

    unit, numeric = COUNT, True


class DateColumn(TextColumn):
    """A date."""

    unit = DATE

    def text(self, value: date) -> str:
        return formats.format_day(value)


class PeriodColumn(TextColumn):
    """A period, as a clerk says it; sorted by its beginning."""

    def value(self, record: Any) -> Any:
        found = super().value(record)
        return formats.format_range(found) if found else None

    def key(self, record: Any) -> Any:
        found = follow(record, self.path)
        return (found.lower or date.min, found.upper or date.max) if found else None


class BadgeColumn(TextColumn):
    """A status with its text; colour only repeats what the text says."""

    def __init__(self, styles: dict[str, str], labels: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.labels = labels
        self.badges = {
            key: format_html(
                '<span class="kern-badge kern-badge--{}"><span class="kern-label">{}</span></span>',
                styles.get(key, "neutral"),
                label,
            )
            for key, label in labels.items()
        }

    def html(self, record: Any, links: Links) -> SafeString:
        value = super().value(record)
        return self.badges.get(value) or MISSING

    def value(self, record: Any) -> Any:
        """The label, by which the list is sorted too."""
        found = super().value(record)
        return self.labels.get(found, found)

    def key(self, record: Any) -> Any:
        return self.value(record)
