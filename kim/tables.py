"""The one anatomy of lists: filter, search, sort, exact totals, and exports equal to the screen."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import django_filters
import django_tables2 as tables
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.html import format_html

from kim import formats
from kim.figures import EUR, FTE
from kim.money import CENT, MILLI
from kim.permissions import Ruled

PAGE_SIZE = 500
OWN_PARAMETERS = {"stand", "jahr", "sortierung", "seite", "format"}
NUMERIC = {"th": {"class": "kern-table__header kern-table__header--numeric"},
           "td": {"class": "kern-table__cell kern-table__cell--numeric"},
           "tf": {"class": "kern-table__cell kern-table__cell--numeric"}}  # fmt: skip


def kept_link(request: Any, url: str) -> str:
    """An address of ours that keeps the page's Stand and Förderjahr, unless it names its own."""
    if not url.startswith("/"):
        return url
    path, _, query = url.partition("?")
    own = parse_qsl(query)
    named = {name for name, _ in own}
    kept = [(n, request.GET[n]) for n in ("stand", "jahr") if request.GET.get(n) and not named & {"stand", "jahr"}]
    return path + ("?" + urlencode([*own, *kept]) if own or kept else "")


class AmountColumn(tables.Column):
    """EUR, right-aligned; the cell is a Decimal."""

    unit = EUR
    attrs: ClassVar = NUMERIC

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"attrs": NUMERIC} | kwargs)

    def render(self, value: Any) -> str:
        return formats.euro(value) if self.unit == EUR else formats.fte(value)

    def value(self, value: Any) -> Any:
        return value


class FteTableColumn(AmountColumn):
    """Full-time equivalents, right-aligned."""

    unit = FTE


class LinkColumn(tables.Column):
    """The row header: a link to the object's page."""

    def render(self, value: Any, record: Any, table: Any) -> str:
        url = kept_link(table.request, record.get_absolute_url())
        return format_html('<a class="kern-link" href="{}">{}</a>', url, value)

    def value(self, value: Any) -> Any:
        return value


class BadgeColumn(tables.Column):
    """A status with its text; colour only repeats what the text says."""

    def __init__(self, styles: dict[str, str], labels: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.styles, self.labels = styles, labels

    def render(self, value: Any) -> str:
        label = self.value(value)
        style = next((self.styles.get(key, "neutral") for key, text in self.labels.items() if text == label), "neutral")
        badge = '<span class="kern-badge kern-badge--small kern-badge--{}"><span class="kern-label">{}</span></span>'
        return format_html(badge, style, label)

    def value(self, value: Any) -> Any:
        """The label; of a model field with choices the table already passes it."""
        return self.labels.get(value, value)


class DenseTable(tables.Table):
    """A table of 32 px rows; its first column is the row header."""

    class Meta:
        order_by_field = "sortierung"
        default = formats.MISSING
        attrs: ClassVar = {"class": "kern-table kern-table--small dicht"}


class StrictFilters(django_filters.FilterSet):
    """A filter set that knows the request's body and day, for choices and for status."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.form.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")


class ListPage(Ruled):
    """A list is declared by its table, its filters and its queryset; everything else is the same everywhere."""

    table_class: type[DenseTable]
    filter_class: type[StrictFilters]
    title: str
    help_text = ""
    noun = ("Zeile", "Zeilen")
    default_order: str
    sums: ClassVar[dict[str, str]] = {}
    add_url = ""
    wraps = False  # long texts in more than one line
    add_rule = ""

    def rows(self, request: Any) -> QuerySet[Any]:
        """All rows of the request's body for its working date."""
        raise NotImplementedError

    def complete(self, request: Any, rows: list[Any]) -> list[Any]:
        """Add the catalogue's figures to the rows of all filtered objects."""
        return rows

    def get(self, request: Any) -> HttpResponseBase:
        problems = [f"Den Filter „{name[:40]}“ gibt es in dieser Liste nicht." for name in self.unknown(request)]
        filters = self.filter_class(request.GET, queryset=self.rows(request), request=request)
        if not filters.form.is_valid():
            problems += [
                f"{filters.form.fields[name].label}: {' '.join(errors)}" if name in filters.form.fields else errors[0]
                for name, errors in filters.form.errors.items()
            ]
        order, wrong = self.order(request)
        page, wrong_page = self.page_number(request)
        problems += wrong + wrong_page
        output = request.GET.get("format", "html")
        if output not in {"html", "csv", "json"}:
            problems.append("Das Format heißt csv oder json.")
        found = [] if problems else self.complete(request, list(filters.qs))
        table = self.table_class(found, order_by=order or self.default_order, request=request, default=formats.MISSING)
        listing = Listing(self, request, filters, table, found, problems, page)
        if output == "csv" and not problems:
            return listing.as_csv()
        if output == "json":
            return listing.as_json()
        return render(request, "components/list.html", listing.context(), status=400 if problems else 200)

    def unknown(self, request: Any) -> list[str]:
        return sorted(set(request.GET) - OWN_PARAMETERS - set(self.filter_class.base_filters))

    def order(self, request: Any) -> tuple[str, list[str]]:
        wanted = request.GET.get("sortierung", "")
        columns = {n for n, c in self.table_class.base_columns.items() if c.orderable is not False}
        if wanted and wanted.removeprefix("-") not in columns:
            return "", [f"Nach „{wanted[:40]}“ lässt sich nicht sortieren."]
        return wanted, []

    def page_number(self, request: Any) -> tuple[int, list[str]]:
        text = request.GET.get("seite", "1")
        if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 10**6:
            return int(text), []
        return 1, [f"„{text[:20]}“ ist keine Seitenzahl."]


class Listing:
    """One answer of a list: the same rows and totals for page, CSV and JSON."""

    def __init__(
        self,
        view: ListPage,
        request: Any,
        filters: Any,
        table: Any,
        found: list[Any],
        problems: list[str],
        page: int,
    ) -> None:
        self.view, self.request, self.filters = view, request, filters
        self.table, self.found, self.problems = table, found, problems
        self.columns = [c.name for c in table.columns]
        self.page = Paginator(list(table.rows), PAGE_SIZE).get_page(page)

    def totals(self) -> dict[str, Decimal]:
        """Exact sums over everything that is filtered, not over the page."""
        sums = {name: Decimal(0) for name in self.view.sums}
        for row in self.table.rows:
            for name in sums:
                sums[name] += self.cell(row, name) or Decimal(0)
        return sums

    def cell(self, row: Any, name: str) -> Any:
        """The value behind a cell; amounts with two places, FTE with three."""
        value = row.get_cell_value(name)
        if isinstance(value, Decimal) and name in self.view.sums:
            return value.quantize(CENT if self.view.sums[name] == EUR else MILLI)
        return value

    def active(self) -> list[dict[str, str]]:
        """The filters that are set, in words, each with the address without it."""
        chips = []
        for name, field in self.filters.form.fields.items():
            values = [v for v in self.request.GET.getlist(name) if v]
            if values:
                labels = [str(label) for key, label in getattr(field, "choices", []) if str(key) in values]
                text = f"{field.label}: {', '.join(labels or values)}"
                chips.append({"text": text, "url": self.url(**{name: None})})
        return chips

    def url(self, **changes: Any) -> str:
        """This page's address with some parts changed; None removes one. Every other part stays."""
        parts = [(k, v) for k, values in self.request.GET.lists() if k not in changes for v in values if v]
        parts += [(k, v) for k, v in changes.items() if v is not None]
        return "?" + urlencode(parts)

    def foot(self) -> str:
        """What the totals row is called."""
        return f"Summe (alle {len(self.found)} gefilterten)" if self.active() else f"Summe (alle {len(self.found)})"

    def context(self) -> dict[str, Any]:
        sums = self.totals()
        printed = {n: (formats.euro if u == EUR else formats.fte)(sums[n]) for n, u in self.view.sums.items()}
        heads = [self.head(c) for c in self.table.columns]
        lines = [
            [
                {"html": cell, "numeric": c.name in self.view.sums, "name": c.name, "label": c.header}
                for c, cell in row.items()
            ]
            for row in self.page.object_list
        ]
        words = self.view.noun[len(self.found) != 1]
        several = list(self.view.sums.values()).count(EUR) > 1
        names = {c.name: f"{c.header} " if several else "" for c in self.table.columns}
        summary = [f"{len(self.found)} {words}"] + [
            names[n] + printed[n] + (formats.NBSP + "VZÄ" if u == FTE else "") for n, u in self.view.sums.items()
        ]
        return {
            "view": self.view,
            "title": self.view.title,
            "filters": self.filters.form,
            "chips": self.active(),
            "problems": self.problems,
            "heads": heads,
            "lines": lines,
            "foot": [printed.get(name) for name in self.columns[1:]],
            "foot_label": self.foot(),
            "summary": " · ".join(summary),
            "page": self.page,
            "next_url": self.url(seite=self.page.number + 1) if self.page.has_next() else "",
            "previous_url": self.url(seite=self.page.number - 1) if self.page.has_previous() else "",
            "csv_url": self.url(format="csv", seite=None),
            "json_url": self.url(format="json", seite=None),
            "kept": [(k, v) for k in ("stand", "jahr", "sortierung") for v in self.request.GET.getlist(k) if v],
            "reset_url": self.url(**dict.fromkeys(self.filters.form.fields)),
        }

    def head(self, column: Any) -> dict[str, Any]:
        name, current = column.name, str(self.table.order_by or "")
        down = current == name
        state = "ascending" if down else "descending" if current == f"-{name}" else "none"
        return {
            "label": column.header,
            "numeric": name in self.view.sums,
            "orderable": column.orderable,
            "state": state,
            "url": self.url(sortierung=f"-{name}" if down else name, seite=None),
        }

    def as_csv(self) -> HttpResponse:
        """Rows and one line with the totals, as German Excel reads it; text cells are never formulas."""
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=";", quoting=csv.QUOTE_MINIMAL)
        writer.writerow([c.header for c in self.table.columns])
        for row in self.table.rows:
            writer.writerow([german(self.cell(row, name)) for name in self.columns])
        sums = self.totals()
        writer.writerow([self.foot(), *(german(sums[n]) if n in sums else "" for n in self.columns[1:])])
        response = HttpResponse("\ufeff" + stream.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.view.title.lower()}.csv"'
        return response

    def as_json(self) -> JsonResponse:
        if self.problems:
            return JsonResponse({"error": self.problems}, status=400)
        data = {
            "rows": [{n: plain(self.cell(row, n)) for n in self.columns} for row in self.table.rows],
            "totals": {n: plain(v) for n, v in self.totals().items()},
            "filter": {n: self.request.GET.getlist(n) for n in self.filters.form.fields if self.request.GET.get(n)},
            "stand": self.request.stand.isoformat(),
        }
        return JsonResponse(data, json_dumps_params={"ensure_ascii": False})


def german(value: Any) -> str:
    """A CSV cell: numbers with a comma and without grouping, dates in German, text that no program runs."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, date):
        return formats.day(value)
    text = str(value)
    start = text.lstrip(" \u00a0\u200b\ufeff")
    return "'" + text if start[:1] in set("=+-@\t\r\n\0＝＋－＠") and start else text


def plain(value: Any) -> Any:
    """A JSON value: decimals as text, dates in ISO, anything else by its name."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)


class SearchFilter(django_filters.CharFilter):
    """One search field over several columns; every word must occur in one of them."""

    def __init__(self, fields: Iterable[str], **kwargs: Any) -> None:
        super().__init__(label="Suche", max_length=80, **kwargs)
        self.fields = list(fields)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        from django.db.models import Q

        if "\0" in value:
            raise ValidationError("Die Suche enthält ein unzulässiges Zeichen.")
        for part in value.split():
            condition = Q()
            for name in self.fields:
                condition |= Q(**{f"{name}__icontains": part})
            qs = qs.filter(condition)
        return qs.distinct() if value.strip() else qs
