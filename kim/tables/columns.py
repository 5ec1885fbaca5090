"""Columns of lists: what a cell shows, what it exports, and what the list is sorted by."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import django_tables2 as tables
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from kim import formats
from kim.figures import COUNT, DATE, EUR, FTE, TEXT, Value
from kim.money import CENT, MILLI

MISSING = SafeString(f'{formats.MISSING}<span class="unseen"> keine Angabe</span>')


class TextColumn(tables.Column):
    """Words. Every other column is one with another unit.

    hidden: shown only when the address asks for it. url: the page a cell leads to. order_by: what the list is sorted
    by instead of the cell. figure: the figure of the catalogue (many=True) whose value the cell is.
    """

    unit: ClassVar[str] = TEXT
    numeric: ClassVar[bool] = False

    def __init__(
        self, *, hidden: bool = False, figure: str = "", url: Callable[[Any], str] | None = None, **kwargs: Any
    ) -> None:
        self.sorted_by = kwargs.pop("order_by", "") or kwargs.get("accessor") or ""
        super().__init__(**kwargs)
        self.hidden, self.figure, self.url = hidden, figure, url
        self.path = str(kwargs.get("accessor") or "").split("__")

    def value(self, record: Any) -> Any:
        """What stands behind the cell: text, a number, a date, or None."""
        found = record.figures[self.figure] if self.figure else follow(record, self.path)
        return found.value if isinstance(found, Value) else found

    def text(self, value: Any) -> str:
        """The value as people read it."""
        return str(value)

    def html(self, record: Any, links: "Links") -> SafeString:
        """The cell; a number leads to its Herkunft, everything else where ``url`` says."""
        value = self.value(record)
        if value is None or value == "":
            return MISSING if self.default is None else conditional_escape(self.default)
        words = conditional_escape(self.text(value))
        if self.numeric and self.unit != COUNT:
            return SafeString(f'<a class="q" href="{links.source(self.name, record)}">{words}</a>')
        if self.url is None or not (url := self.url(record)):
            return words
        return SafeString(f'<a href="{links.to(url)}">{words}</a>')

    def export(self, record: Any) -> Any:
        """The value for a file: numbers, dates and text as themselves; what is missing is the word the page shows."""
        value = self.value(record)
        return self.default if value is None or value == "" else value

    def key(self, record: Any) -> Any:
        """What the list is sorted by; None stands last, up and down."""
        found = record.figures[self.figure] if self.figure else follow(record, self.sorted_by.split("__"))
        return found.value if isinstance(found, Value) else found

    def named(self, name: str) -> "TextColumn":
        """The column under the name the table gives it."""
        self.name = name
        return self

    def heading(self) -> str:
        return str(self.verbose_name)


class Links:
    """Addresses in the cells of one list: with the Stand and Förderjahr of the page."""

    def __init__(self, kept: str, key: Callable[[Any], str]) -> None:
        self.kept, self.key = kept, key

    def to(self, url: str) -> str:
        separator = "&amp;" if "?" in url else "?"
        return str(conditional_escape(url)) + (separator + self.kept if self.kept else "")

    def source(self, column: str, record: Any) -> str:
        """The Herkunft of one cell."""
        kept = "&amp;" + self.kept if self.kept else ""
        return f"?herkunft={column}&amp;zeile={conditional_escape(self.key(record))}{kept}"


def follow(record: Any, path: list[str]) -> Any:
    """The value at the end of a path of attributes and methods; None where it breaks off."""
    for name in path:
        if record is None:
            return None
        record = getattr(record, name)
        if callable(record):
            record = record()
    return record


class LinkColumn(TextColumn):
    """The row header: leads to the object's page."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"url": lambda record: str(record.get_absolute_url())} | kwargs)


class AmountColumn(TextColumn):
    """EUR, right-aligned, summed below; the value is a Decimal. summed=False: an amount that is no part of a sum."""

    unit, numeric, place = EUR, True, CENT

    def __init__(self, *, summed: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.summed = summed

    def value(self, record: Any) -> Any:
        found = super().value(record)
        return found.quantize(self.place) if isinstance(found, Decimal) else found

    def text(self, value: Any) -> str:
        return formats.euro(value) if self.unit == EUR else formats.fte(value)

    def derivation(self, record: Any, label: str) -> Value:
        """The cell with where it comes from: a figure of the catalogue, or what the row itself rests on."""
        found = record.figures[self.figure] if self.figure else follow(record, self.path)
        if isinstance(found, Value):
            return found
        link = str(record.get_absolute_url()) if hasattr(record, "get_absolute_url") else ""
        if document := getattr(record, "source", None):
            where = document.get_absolute_url()
            return Value(label, found, self.unit, "beleg", source=str(document), document=where, link=link)
        return Value(
            label,
            found,
            self.unit,
            record.derivation_kind(),
            source=record.derivation_source(),
            document=record.derivation_document(),
            link=link,
        )


class FteTableColumn(AmountColumn):
    """Full-time equivalents, right-aligned, summed below."""

    unit, place = FTE, MILLI


class CountColumn(TextColumn):
    """A number of things; not summed, because things may be counted in several rows."""

    unit, numeric = COUNT, True


class DateColumn(TextColumn):
    """A date."""

    unit = DATE

    def text(self, value: date) -> str:
        return formats.day(value)


class PeriodColumn(TextColumn):
    """A period, as a clerk says it; sorted by its beginning."""

    def value(self, record: Any) -> Any:
        found = super().value(record)
        return formats.span(found) if found else None

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
                '<span class="kern-badge kern-badge--small kern-badge--{}"><span class="kern-label">{}</span></span>',
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
