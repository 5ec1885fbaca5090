"""The one anatomy of lists: a table declares columns, filters, totals and views; everything else is the same."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import django_tables2 as tables
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render

from kim.access.request import Request
from kim.access.views import RuleView
from kim.figures import column, known_total
from kim.lists.columns import AmountColumn, TextColumn
from kim.lists.filters import StrictFilters
from kim.lists.listing import DENSITIES, PARTS, Listing
from kim.models import Cited
from kim.studio import documents

LETTERS = str.maketrans({"ä": "a", "ö": "o", "ü": "u"})
MAX_PDF = 500  # rows; a longer paper nobody reads, and it would take a minute


@dataclass(frozen=True)
class Preset:
    """A view that comes with the list: its word in addresses, its name, and what it filters, sorts and shows."""

    slug: str
    name: str
    query: str


@dataclass(frozen=True)
class Selection:
    """What can be done with ticked rows: who may (rule), the address they are sent to, under which name.

    The check boxes come by script: hundreds of them would weigh as much as the list.
    """

    rule: str
    url: str
    name: str
    label: str
    hint: str = ""


class DenseTable(tables.Table):  # type: ignore[misc]  # a library without types
    """A list is declared here: columns in their order, filters, totals (from the columns), and its views.

    title and noun (one, several) name it; help_text is its one line of help; default_order sorts it; presets are its
    views; add_url and add_rule lead to a new row; more: other pages
    the head leads to (rule, address, label); selection: what can be done with ticked rows; wraps lets long texts
    run over several lines; dated=False: the same at every Stand.
    """

    do_not_call_in_templates: ClassVar[bool] = True
    title: ClassVar[str]
    noun: ClassVar[tuple[str, str]] = ("Zeile", "Zeilen")
    help_text: ClassVar[str] = ""
    filters: ClassVar[type[StrictFilters]]
    default_order: ClassVar[str]
    presets: ClassVar[tuple[Preset, ...]] = ()
    add_url: ClassVar[str] = ""
    add_rule: ClassVar[str] = ""
    selection: ClassVar[Selection | None] = None
    more: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    wraps: ClassVar[bool] = False
    dated: ClassVar[bool] = True
    empty_text: ClassVar[str] = ""

    @classmethod
    def columns_(cls) -> dict[str, TextColumn]:
        """All columns by name, in the order in which they are declared."""
        return {name: one.named(name) for name, one in cls.base_columns.items()}

    @classmethod
    def key(cls, record: Any, url: str) -> str:
        """The word by which addresses name a row: the end of its page's address."""
        return url.partition("?")[0].rstrip("/").rpartition("/")[2]


class ListPage(RuleView):
    """A page that shows a table: it adds the right and the rows, nothing else."""

    table_class: type[DenseTable]

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(cls.table_class.title)

    def rows(self, request: Request) -> QuerySet[Any]:
        """All rows of the request's body for its working date."""
        raise NotImplementedError

    def complete(self, request: Request, rows: list[Any], chosen: dict[str, Any]) -> list[Any]:
        """Add to the rows what no query gives, in a fixed number of queries; chosen: what is filtered."""
        return rows

    def elsewhere(self, request: Request) -> list[tuple[str, list[tuple[str, str]]]]:
        """What the working date does not show: headings, each with words and the address that shows them."""
        return []

    def get(self, request: Request) -> HttpResponseBase:
        if moved := self.moved(request):
            return redirect(moved)
        listing = self.listing(request)
        output = listing.format if not listing.problems or listing.format == "json" else "html"
        if source := request.GET.get("herkunft"):
            return self.source(request, listing, source)
        if output != "html":
            found: HttpResponseBase = getattr(listing, f"as_{output}")()
            return found
        response = render(request, "components/list.html", listing.context(), status=400 if listing.problems else 200)
        if request.GET.get("dichte") in DENSITIES:  # remembered in this browser, not about this person
            response.set_cookie("dichte", request.GET["dichte"], max_age=31536000, httponly=True, samesite="Lax")
        return response

    def listing(self, request: Request) -> Listing:
        """Read the address; what cannot be read is a problem, and then nothing is shown."""
        table, problems = self.table_class, []
        filters = table.filters(request.GET, queryset=self.rows(request), request=request)
        known = PARTS | set(filters.form.fields)
        problems += [f"Den Filter „{n[:40]}“ gibt es in dieser Liste nicht." for n in sorted(set(request.GET) - known)]
        if not filters.form.is_valid():
            problems += [
                f"{filters.form.fields[name].label}: {' '.join(errors)}" if name in filters.form.fields else errors[0]
                for name, errors in filters.form.errors.items()
            ]
        listing = Listing(self, request, filters.form, problems)
        if not listing.problems:
            rows = self.complete(request, list(self.fetched(listing, filters.qs)), filters.form.cleaned_data)
            listing.found = self.sorted(listing, self.figures(listing, rows))
            if listing.format == "pdf" and len(listing.found) > MAX_PDF:
                words = f"Ein PDF hat höchstens {MAX_PDF} Zeilen, hier sind es {len(listing.found)}."
                listing.problems.append(f"{words} Bitte enger filtern oder als Excel-Datei ausgeben.")
                listing.found = []
        return listing

    def needed(self, listing: Listing) -> list[TextColumn]:
        """The columns that are shown, sorted by, or asked for their Herkunft."""
        asked = [self.table_class.default_order, listing.order, listing.request.GET.get("herkunft", "")]
        return [*listing.columns, *(one for n in asked if (one := listing.all_columns.get(n.removeprefix("-"))))]

    def fetched(self, listing: Listing, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with what their cells read, and nothing else."""
        related = {path for one in self.needed(listing) for path in one.relations(rows.model)}
        if listing.request.GET.get("herkunft") and issubclass(rows.model, Cited):
            related.add("basis")
        return rows.select_related(*related) if related else rows

    def figures(self, listing: Listing, rows: list[Any]) -> list[Any]:
        """Add the catalogue's figures that the columns need, one query each; derivations only for the Herkunft."""
        names = {one.figure for one in self.needed(listing) if one.figure}
        derived = "herkunft" in listing.request.GET
        values = {name: column(name, rows, listing.request.stand, derived=derived) for name in names}
        for row in rows:
            row.figures = {name: found[row.pk] for name, found in values.items()}
        return rows

    def sorted(self, listing: Listing, rows: list[Any]) -> list[Any]:
        """By the column that is asked for, and within the same value as the list is sorted without it."""
        for order in dict.fromkeys((self.table_class.default_order, listing.order)):
            one, down = listing.all_columns[order.removeprefix("-")], order.startswith("-")
            keys = {id(row): one.key(row) for row in rows}
            there = [row for row in rows if keys[id(row)] is not None]
            there.sort(key=sort_key(keys), reverse=down)
            rows = there + [row for row in rows if keys[id(row)] is None]
        return rows

    def moved(self, request: Request) -> str:
        """The address with a column one place further on, if a button of the column chooser asks for that."""
        steps = [(name, step) for name, step in (("hoch", -1), ("runter", 1)) if request.GET.get(name)]
        if not steps:
            return ""
        query, (name, step) = request.GET.copy(), steps[0]
        shown = [n for n in query.getlist("spalten") if n in self.table_class.base_columns]
        for part in ("hoch", "runter"):
            query.pop(part, None)
        wanted = request.GET[name]
        first = next(iter(self.table_class.base_columns))
        shown = [first, *(n for n in dict.fromkeys(shown) if n != first)]
        if wanted in shown[1:]:
            there = shown.index(wanted)
            target = min(max(there + step, 1), len(shown) - 1)
            shown.insert(target, shown.pop(there))
        query.setlist("spalten", shown)
        query["offen"] = wanted[:40]
        return f"{request.path}?{query.urlencode()}"

    def key(self, row: Any) -> str:
        url = str(row.get_absolute_url()) if hasattr(row, "get_absolute_url") else ""
        return self.table_class.key(row, url)

    def source(self, request: Request, listing: Listing, name: str) -> HttpResponseBase:
        """Herkunft of one cell, or of the sum over everything that is filtered."""
        column_ = listing.all_columns.get(name)
        if listing.problems or not isinstance(column_, AmountColumn):
            raise Http404
        label = f"{column_.heading()}: {self.table_class.title}"
        one = self.table_class.noun[0]
        first = listing.first
        if "zeile" not in request.GET:
            rows = [row for row in listing.found if column_.counts(row)]
            operands = [column_.derivation(row, str(first.export(row))) for row in rows]
            value = known_total(listing.foot(), *operands, unit=column_.unit)
            return render(
                request,
                "kim/source.html",
                {"title": label, "value": value, "sentence": listing.sentence(), "of_list": True},
            )
        row = next((r for r in listing.found if self.key(r) == request.GET["zeile"]), None)
        if row is None:
            raise Http404
        value, title = (
            column_.derivation(row, str(first.export(row))),
            f"{column_.heading()}: {one} {first.export(row)}",
        )
        return render(request, "kim/source.html", {"title": title} | documents.used(request, value, {self.key(row)}))


def sort_key(keys: dict[int, Any]) -> Callable[[Any], Any]:
    """Numbers in words by their size: CM-2 before CM-10."""

    def key(row: Any) -> Any:
        found = keys[id(row)]
        return natural(found) if isinstance(found, str) else found

    return key


def natural(text: str) -> list[tuple[int, Any]]:
    """Digits as numbers, letters as in a German telephone book (DIN 5007-1), capital and small alike.

    >>> sorted(["CM-10", "cm-2"], key=natural)
    ['cm-2', 'CM-10']
    """
    parts = re.split(r"([0-9]+)", text.casefold().translate(LETTERS))
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]
