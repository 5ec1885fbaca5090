"""One answer of a list: what its address asks for, and the same rows and totals for page, file and paper."""

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from kim.access.request import Request
from kim.access.rules import may
from kim.figures import EUR, FTE, MONTHS
from kim.lists import exports
from kim.lists.columns import AmountColumn, Links, TextColumn, escaped
from kim.lists.filters import Choices
from kim.models import SavedView
from kim.values import formats

if TYPE_CHECKING:
    from kim.lists.page import ListPage

PAGE_SIZE = 500
DENSITIES = {"dicht": "dicht", "bequem": "bequem"}
FORMATS = ("html", "xlsx", "csv", "pdf", "json")
# The parts of an address that are no filter; each changes alone.
PARTS = {"stand", "jahr", "sortierung", "spalten", "seite", "format", "dichte", "ansicht", "offen", "herkunft", "zeile"}
VIEW_PARTS = ("sortierung", "spalten")  # with the filters: what a saved view keeps
PASSING = ("format", "offen", "herkunft", "zeile", "seite", "hoch", "runter")  # never carried along in links


def safe(cell: str) -> str:
    """A cell as it stands in the page: a column that forgot to escape is escaped here."""
    return cell if type(cell) is SafeString else escaped(cell)


class Listing:
    """Reads the parts of the address, then holds the rows that were found."""

    def __init__(self, view: "ListPage", request: Request, form: Any, problems: list[str]) -> None:
        self.view, self.request, self.form, self.problems = view, request, form, problems
        self.declared = view.table_class
        self.found: list[Any] = []
        self.all_columns: dict[str, TextColumn] = self.declared.columns_()
        self.format = request.GET.get("format", "html")
        if self.format not in FORMATS:
            self.problems.append("Das Format heißt xlsx, csv, pdf oder json.")
            self.format = "html"
        self.order = self._order()
        self.columns = self._columns()
        self.density = self._density()
        self.page_number = self._page_number()
        self.active_view = self._active_view()

    @property
    def first(self) -> TextColumn:
        """The row header: always shown, always first."""
        return next(iter(self.all_columns.values()))

    def _order(self) -> str:
        wanted = str(self.request.GET.get("sortierung", ""))
        known = self.all_columns.get(wanted.removeprefix("-"))
        if wanted and (known is None or known.orderable is False):
            self.problems.append(f"Nach „{wanted[:40]}“ lässt sich nicht sortieren.")
            wanted = ""
        return wanted or self.declared.default_order

    def _columns(self) -> list[TextColumn]:
        wanted = [name for name in self.request.GET.getlist("spalten") if name]
        for name in wanted:
            if name not in self.all_columns:
                self.problems.append(f"Die Spalte „{name[:40]}“ gibt es in dieser Liste nicht.")
        names = [n for n in dict.fromkeys(wanted) if n in self.all_columns]
        if not wanted:
            names = [name for name, one in self.all_columns.items() if not one.hidden]
        return [self.first, *(self.all_columns[n] for n in names if n != self.first.name)]

    def _density(self) -> str:
        wanted = self.request.GET.get("dichte") or self.request.COOKIES.get("dichte", "")
        if self.request.GET.get("dichte") and wanted not in DENSITIES:
            self.problems.append("Die Dichte heißt dicht oder bequem.")
        return wanted if wanted in DENSITIES else "dicht"

    def _page_number(self) -> int:
        text = self.request.GET.get("seite", "1")
        if text.isascii() and text.isdigit() and len(text) <= 7 and int(text) >= 1:
            return int(text)
        self.problems.append(f"„{text[:20]}“ ist keine Seitenzahl.")
        return 1

    def _active_view(self) -> Any:
        wanted = self.request.GET.get("ansicht", "")
        found = next((one for one in self.views if one.slug == wanted), None)
        if wanted and found is None:
            self.problems.append(f"Die Ansicht „{wanted[:40]}“ gibt es nicht oder nicht mehr.")
        return found

    @cached_property
    def views(self) -> list[Any]:
        """The views of this list: those that come with it, and the saved ones this person sees. One query."""
        return [*self.declared.presets, *SavedView.of(self.request, self.request.path)]

    # addresses

    def url(self, **changes: Any) -> str:
        """This page's address with some parts changed; None removes one. Every other part stays."""
        dropped = {*changes, *PASSING}
        parts = [(k, v) for k, values in self.request.GET.lists() if k not in dropped for v in values if v]
        for name, value in changes.items():
            parts += [(name, v) for v in (value if isinstance(value, list) else [value]) if v is not None]
        return "?" + urlencode(parts)

    def kept(self, *names: str) -> list[tuple[str, str]]:
        """Parts of the address that a form carries along unchanged."""
        return [(k, v) for k in names for v in self.request.GET.getlist(k) if v]

    def view_url(self, view: Any) -> str:
        """The page in a view, at the same Stand and in the same density."""
        kept = urlencode(self.kept("stand", "jahr", "dichte"))
        return "?" + "&".join(part for part in (view.query, f"ansicht={view.slug}", kept) if part)

    def view_query(self) -> str:
        """What a view of the present page would keep: filters, order and columns."""
        return urlencode(self.kept(*self.form.fields, *VIEW_PARTS))

    @property
    def view_changed(self) -> bool:
        """Whether the page filters, sorts or shows anything else than the view it is in."""
        view = self.active_view
        return bool(view) and sorted(parse_qsl(view.query)) != sorted(parse_qsl(self.view_query()))

    # what is shown

    @cached_property
    def filtered(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """The filters that are set: name, label, and each value with its words. No query for a filter that is not."""
        found = []
        for name, field in self.form.fields.items():
            values = [v for v in self.request.GET.getlist(name) if v]
            labels = {str(key): str(label) for key, label in getattr(field, "choices", [])} if values else {}
            if values:
                found.append((name, str(field.label), [(v, labels.get(v, v)) for v in values]))
        return found

    def chips(self) -> list[dict[str, str]]:
        """The filters that are set, in words, each with the address without it."""
        return [
            {"text": f"{label}: {words}", "url": self.url(**{name: [v for v, _ in pairs if v != value] or None})}
            for name, label, pairs in self.filtered
            for value, words in pairs
        ]

    def sentence(self) -> str:
        """The filters in words, for files and papers. Example: Art: bei Dritten · Status: unbesetzt oder besetzt."""
        found = (f"{label}: {' oder '.join(words for _, words in pairs)}" for _, label, pairs in self.filtered)
        return " · ".join(found) or "ohne Filter"

    def order_words(self) -> str:
        name = self.all_columns[self.order.removeprefix("-")].heading()
        return f"{name}, absteigend" if self.order.startswith("-") else name

    def foot(self) -> str:
        """What the totals row is called."""
        count = len(self.found)
        if count == 1:
            return "Summe (1 gefilterte)" if self.filtered else "Summe (1)"
        return f"Summe (alle {count} gefilterten)" if self.filtered else f"Summe (alle {count})"

    @property
    def summed(self) -> list[AmountColumn]:
        return [one for one in self.columns if isinstance(one, AmountColumn) and one.summed]

    @cached_property
    def totals(self) -> dict[str, Decimal | None]:
        """Exact sums over everything that is filtered, not over the page; None where no row has an amount."""
        return {one.name: self.total(one) for one in self.summed}

    def total(self, one: AmountColumn) -> Decimal | None:
        values = [one.value(row) for row in self.found if one.counts(row)]
        known = [value for value in values if value is not None]
        return None if values and not known else sum(known, Decimal(0)).quantize(one.place)

    def summary(self) -> str:
        """8 Stellen · 6,0 VZÄ · 342.000,00 €; of several sums of a kind each says which it is."""
        words = [f"{len(self.found)} {self.declared.noun[len(self.found) != 1]}"]
        units = [one.unit for one in self.summed]
        for one in self.summed:
            total, heading = self.totals[one.name], one.heading()
            value, missing = one.total_text(total), self.missing.get(one.name, 0)
            if one.unit == FTE and total is not None:
                value += f"{formats.NBSP}VZÄ" + (f" {heading.removeprefix('VZÄ ')}" if heading != "VZÄ" else "")
            value = formats.with_missing(value, missing if total is not None else 0)
            named = (
                one.unit == MONTHS or (one.unit == EUR and units.count(EUR) > 1) or (one.unit == FTE and total is None)
            )
            words.append(f"{heading} {value}" if named else value)
        return " · ".join(words)

    @cached_property
    def missing(self) -> dict[str, int]:
        """Of how many amounts each sum is silent: rows without one, and parts of rows that are sums themselves."""
        counts = {one.name: sum(one.unknown(row) for row in self.found) for one in self.summed}
        return {name: count for name, count in counts.items() if count}

    def total_text(self, one: AmountColumn) -> str:
        """A sum as people read it. Example: 178.000,00 € (10 ohne Angabe)."""
        return one.total_text(self.totals[one.name], self.missing.get(one.name, 0))

    def noted(self, label: Any, missing: dict[str, int]) -> Any:
        """The first cell of a line in a file that says what its numbers, which stay numbers, are silent about.

        Example: Summe (alle 13), Jahresbetrag (10 ohne Angabe).
        """
        notes = (formats.with_missing(self.all_columns[name].heading(), count) for name, count in missing.items())
        return ", ".join([str(label), *notes]) if missing else label

    def foot_note(self) -> dict[str, int]:
        """See noted, of the line of sums; a sum of which nothing is known stands there as nothing."""
        return {name: count for name, count in self.missing.items() if self.totals[name] is not None}

    def row_note(self, row: Any) -> dict[str, int]:
        """See noted, of a row: what the sums in its cells are silent about."""
        shown = (one for one in self.columns if isinstance(one, AmountColumn))
        return {one.name: count for one in shown if (count := one.missing(row))}

    def line(self, row: Any) -> list[Any]:
        """A row for a file whose numbers are numbers."""
        head, *rest = (one.export(row) for one in self.columns)
        return [self.noted(head, self.row_note(row)), *rest]

    @cached_property
    def selection(self) -> Any:
        """What this person may do with ticked rows; None if nothing."""
        found = self.declared.selection
        return found if found and may(self.request, found.rule) else None

    def lines(self, rows: list[Any]) -> SafeString:
        """The rows of the table. Assembled here, not cell by cell in a template: a list has thousands of cells."""
        kept, filters = (urlencode(self.kept(*n)).replace("&", "&amp;") for n in (("stand", "jahr"), self.form.fields))
        links = Links(kept, filters, self.declared.key)
        head, *rest = self.columns
        opened = [(one, '<td class="n">' if one.numeric else "<td>") for one in rest]
        parts: list[str] = []
        for row in rows:
            parts.append(f'<tr><th scope="row">{safe(head.html(row, links))}</th>')
            parts += [f"{tag}{safe(one.html(row, links))}</td>" for one, tag in opened]
            parts.append("</tr>\n")
        return SafeString("".join(parts))

    def context(self) -> dict[str, Any]:
        page = Paginator(self.found, PAGE_SIZE).get_page(self.page_number)
        chips = self.chips()
        saving = [("liste", self.request.path), ("abfrage", self.view_query()), *self.kept("stand", "jahr")]
        plain = dict.fromkeys((*self.form.fields, "ansicht"))
        for field in self.form.fields.values():
            if isinstance(field.widget, Choices):
                field.widget.attrs["label"] = str(field.label)
        return {
            "listing": self,
            "table": self.declared,
            "title": self.declared.title,
            "filters": self.form,
            "problems": self.problems,
            "chips": chips,
            "heads": [self.head(one) for one in self.columns],
            "body": self.lines(list(page.object_list)),
            "feet": [self.foot_cell(one) for one in self.columns[1:]],
            "page": page,
            "next_url": self.url(seite=page.number + 1) if page.has_next() else "",
            "previous_url": self.url(seite=page.number - 1) if page.has_previous() else "",
            "exports": [(label, self.url(format=name)) for name, label in exports.NAMES.items()],
            "kept": self.kept("stand", "jahr", "sortierung", "spalten", "dichte", "ansicht"),
            "kept_time": self.kept("stand", "jahr"),
            "all_url": self.url(**plain),
            "view_back": self.view_url(self.active_view) if self.view_changed else "",
            "tabs": [(one, self.view_url(one), one == self.active_view) for one in self.views],
            "plain_url": self.url(**plain | dict.fromkeys(VIEW_PARTS)),
            "chooser": self.chooser(),
            "open_chooser": self.request.GET.get("offen", ""),
            "kept_by_chooser": self.kept("stand", "jahr", "sortierung", "dichte", "ansicht", *self.form.fields),
            "standard_columns": self.url(spalten=None),
            "densities": [(one, self.url(dichte=one), one == self.density) for one in DENSITIES],
            "save_url": f"{reverse('view-new')}?{urlencode(saving)}",
            "elsewhere": self.view.elsewhere(self.request),
            "may_save": may(self.request, "views.edit"),
        }

    def chooser(self) -> list[dict[str, Any]]:
        """Every column, the shown ones first and in their order."""
        shown = [one.name for one in self.columns]
        rest = [name for name in self.all_columns if name not in shown]
        return [{"name": n, "label": self.all_columns[n].heading(), "shown": n in shown} for n in (*shown, *rest)]

    def foot_cell(self, one: TextColumn) -> dict[str, Any]:
        if one.name not in self.totals or not isinstance(one, AmountColumn):
            return {"text": ""}
        return {"text": self.total_text(one), "url": self.url(herkunft=one.name)}

    def head(self, one: TextColumn) -> dict[str, Any]:
        down = self.order == one.name
        state = "ascending" if down else "descending" if self.order == f"-{one.name}" else "none"
        return {
            "label": one.heading(),
            "numeric": one.numeric,
            "orderable": one.orderable is not False,
            "state": state,
            "url": self.url(sortierung=f"-{one.name}" if down else one.name),
        }

    # files

    def as_csv(self) -> HttpResponse:
        return exports.as_csv(self)

    def as_xlsx(self) -> HttpResponse:
        return exports.as_xlsx(self)

    def as_json(self) -> HttpResponse:
        return exports.as_json(self)

    def as_pdf(self) -> HttpResponse:
        return exports.as_pdf(self)
