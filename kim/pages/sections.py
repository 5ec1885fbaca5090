"""Sections of the program as their apps declare them: the navigation, and where in it a page stands.

A page is declared once, by its address in the urls of its app; its rule and its title stand on its view. It belongs to
the tab whose address begins its own, and its path leads over the pages whose addresses begin its own:
/stellen/CM-10/berichtigen/ over /stellen/CM-10/ to /stellen/. No app's page is named here.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import Http404
from django.urls import Resolver404, resolve, reverse

from kim.access.request import Request
from kim.access.rules import RULES, may
from kim.access.views import RuleView
from kim.lists import kept_link
from kim.models import Body, Role


@dataclass(frozen=True)
class Tab:
    """A page that the navigation offers: its name in the urls and its label."""

    name: str
    label: str

    @property
    def rule(self) -> str:
        """The right it takes, as its view says."""
        return rule_of(self.name)


@dataclass(frozen=True)
class Section:
    """A part of the program; with more than one tab they stand below it. order: its place in the navigation."""

    label: str
    order: int
    tabs: tuple[Tab, ...]

    @property
    def home(self) -> Tab:
        """The page that the section leads to."""
        return self.tabs[0]


SECTIONS: dict[str, Section] = {}
STEPS: list[tuple[str, str, str]] = []  # of setting up a house: page, what it is for, in which case


def setup_step(name: str, label: str, words: str) -> None:
    """Declares a step of setting up a house, for Systemverwaltung, in the order in which they are told."""
    if (name, label, words) not in STEPS:
        STEPS.append((name, label, words))


@functools.cache
def rule_of(name: str) -> str:
    """The rule on the view of a page."""
    view: Any = resolve(reverse(name)).func
    rule: str = getattr(view, "view_class", view).rule
    return rule


@dataclass(frozen=True)
class FirstStep:
    """What a body needs before its first Vorlage: a page, and whether it is done. order: in which it is done."""

    order: int
    label: str
    page: str
    done: Callable[[Body], bool]

    @property
    def url(self) -> str:
        """Where it is done."""
        return reverse(self.page)

    def holders(self) -> str:
        """Who has the right. Example: Kämmerei."""
        return ", ".join(role.label for role in Role if role in RULES[rule_of(self.page)])


FIRST_STEPS: dict[str, FirstStep] = {}


def first_step(order: int, label: str, page: str, done: Callable[[Body], bool]) -> None:
    """Declares a first step of a young body, where the page is that it leads to."""
    FIRST_STEPS[page] = FirstStep(order, label, page, done)


def first_steps(request: Request) -> list[tuple[FirstStep, bool, bool]]:
    """The first steps of the request's body, each with whether it is done and whether this person may do it; none once
    the last of them is done. One query for a body that is no longer young."""
    steps = sorted(FIRST_STEPS.values(), key=lambda one: one.order)
    body = request.acting_body
    if not steps or steps[-1].done(body):
        return []
    return [(one, one.done(body), may(request, rule_of(one.page))) for one in steps]


NEW_PAGES: dict[type[Model], list[str]] = {}


def new_page(model: type[Model], page: str) -> None:
    """Declares the page that records a new row of a model: it is offered beside every field that chooses one. Where a
    model has several (Gremien and Dienststellen are both OParl's Organization), a field says which by ``new_page``."""
    if page not in NEW_PAGES.setdefault(model, []):
        NEW_PAGES[model].append(page)


def new_addresses(request: Request) -> dict[str, str]:
    """Where this person may record what fields choose from: address by page. No query."""
    pages = sorted({page for pages in NEW_PAGES.values() for page in pages})
    return {page: kept_link(request, reverse(page)) for page in pages if may(request, rule_of(page))}


def section(label: str, order: int, **tabs: str) -> Section:
    """Declares a section, or further tabs of one; tabs: label by name of the page, "-" written as "_".

    ValueError if another section has the same place. Example: section("Haushalt", 40, budget="Ansätze").
    """
    if taken := next((one for one in SECTIONS.values() if one.order == order and one.label != label), None):
        raise ValueError(f"{label} and {taken.label} have the same place")
    before = SECTIONS[label].tabs if label in SECTIONS else ()
    mine = tuple(Tab(name.replace("_", "-"), words) for name, words in tabs.items())
    SECTIONS[label] = Section(label, order, (*before, *(one for one in mine if one not in before)))
    return SECTIONS[label]


def in_order() -> list[Section]:
    """All sections as the navigation shows them."""
    return sorted(SECTIONS.values(), key=lambda one: one.order)


@functools.cache
def of_addresses(sections: tuple[Section, ...]) -> list[tuple[str, Section, Tab]]:
    """The address of each tab, the longest first."""
    found = [(reverse(tab.name), one, tab) for one in sections for tab in one.tabs]
    return sorted(found, key=lambda row: -len(row[0]))


def place(path: str) -> tuple[Section | None, Tab | None]:
    """The section and the tab to which a page belongs by its address; the start page only itself."""
    for address, one, tab in of_addresses(tuple(SECTIONS.values())):
        if path == address or (address != "/" and path.startswith(address)):
            return one, tab
    return None, None


def way_to(request: Request, path: str) -> list[tuple[str, str]]:
    """The stations from the tab of an address to the address itself, as the path above a page shows them: what each
    is called, and where it is; only what the person may see."""
    _, tab = place(path)
    first, parts = reverse(tab.name) if tab else "/", path.split("/")[1:-1]
    found: list[tuple[str, str]] = []
    for count in range(1, len(parts) + 1):
        address = f"/{'/'.join(parts[:count])}/"
        try:
            match = resolve(address)
        except Resolver404:
            continue
        view: Any = getattr(match.func, "view_class", None)
        ours = isinstance(view, type) and issubclass(view, RuleView)  # pages of a library are no stations
        if len(address) < len(first) or not ours or not may(request, view.rule):
            continue
        try:
            words = view.station(request, **match.kwargs)
        except Http404:  # a part of an address that only looks like a row
            continue
        if words:
            found.append((words, address))
    return found


def way_above(request: Request) -> list[tuple[str, str]]:
    """The stations above the page that is asked for; none for a tab, because the navigation shows where it is."""
    _, tab = place(request.path)
    if not request.acting_body or (tab and request.path == reverse(tab.name)):
        return []
    return way_to(request, request.path.rstrip("/").rpartition("/")[0] + "/")
