"""Lists: a table declares columns, filters, totals and views; page, files and paper follow from it."""

from urllib.parse import parse_qsl, urlencode

from kim.access.request import Request
from kim.lists.columns import (
    AmountColumn,
    BadgeColumn,
    CountColumn,
    DateColumn,
    FteTableColumn,
    LinkColumn,
    MonthsColumn,
    PeriodColumn,
    TextColumn,
)
from kim.lists.filters import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, model_at, narrowed, programmes
from kim.lists.page import DenseTable, ListPage, Preset, Selection

__all__ = [
    "AmountColumn",
    "BadgeColumn",
    "ChoicesFilter",
    "CountColumn",
    "DateColumn",
    "DenseTable",
    "FteTableColumn",
    "LinkColumn",
    "ListPage",
    "MonthsColumn",
    "ObjectsFilter",
    "PeriodColumn",
    "Preset",
    "SearchFilter",
    "Selection",
    "StrictFilters",
    "TextColumn",
    "kept_link",
    "model_at",
    "narrowed",
    "programmes",
]


def kept_link(request: Request, url: str) -> str:
    """An address of ours that keeps the page's Stand and Förderjahr, unless it names its own."""
    if not url.startswith("/"):
        return url
    url, hash_, fragment = url.partition("#")
    path, _, query = url.partition("?")
    own = parse_qsl(query)
    named = {name for name, _ in own}
    kept = [(n, request.GET[n]) for n in ("stand", "jahr") if request.GET.get(n) and not named & {"stand", "jahr"}]
    return path + ("?" + urlencode([*own, *kept]) if own or kept else "") + hash_ + fragment
