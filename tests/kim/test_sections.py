"""Pages stand in the navigation as their apps declare them; the ground knows none of them by name."""

import re
from pathlib import Path

import pytest
from django.shortcuts import render
from django.urls import clear_url_caches, include, path

from kim.access import rules
from kim.access.views import RuleView
from kim.models import Role
from kim.pages import sections as pages

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def declared(monkeypatch):
    """Sections that a test may add to."""
    monkeypatch.setattr(pages, "SECTIONS", dict(pages.SECTIONS))


def where(path):
    section, tab = pages.place(path)
    return section and section.label, tab and tab.name


def test_a_page_belongs_to_the_tab_whose_address_begins_its_own(db):
    import kim.urls  # noqa: F401 - declares them

    assert where("/stellen/CM-10/besetzung/1/ohne-beginn/aendern/") == ("Stellen", "positions")
    assert where("/stellen/vergleich/") == ("Stellen", "comparison")
    assert where("/zuwendungen/bescheid/kim-2023/weiterleitung/") == ("Zuwendungen", "notices")
    assert where("/haushalt/kostenneutralitaet/") == ("Haushalt", "neutrality")
    assert where("/belege/vorlage-2023-0120/") == ("Dokumente", "sources")
    assert where("/") == ("Übersicht", "home") and where("/wiedervorlagen/") == (None, None)


def test_two_sections_do_not_have_the_same_place(declared):
    import kim.urls  # noqa: F401

    with pytest.raises(ValueError, match="the same place"):
        pages.section("Noch eine", 30, home="x")


def way(page):
    """The path above a page: addresses and words; the last has none."""
    found = re.search(r'<nav class="crumbs".*?</nav>', page, re.S)
    pieces = re.findall(r'<li(?: aria-current="page")?>\s*(?:<a href="([^"]*)">)?([^<]*)', found[0]) if found else []
    return [(address, words.strip()) for address, words in pieces]


class NewPage(RuleView):
    """A page that a test adds to staffing."""

    rule = "staffing.count"
    title = "Zählung"

    def get(self, request, number):
        return render(request, "components/edit.html", {"title": self.title, "form": "", "button": "Zählen"})


class NewTab(NewPage):
    """One that the navigation offers."""

    @classmethod
    def station(cls, request, **kwargs):
        return "Zählungen"

    def get(self, request):
        return render(request, "components/edit.html", {"title": "Zählungen", "form": "", "button": "Zählen"})


urlpatterns = [
    path("stellen/<str:number>/zaehlung/", NewPage.as_view(), name="position-count"),
    path("zaehlungen/", NewTab.as_view(), name="counts"),
    path("", include("kim.urls")),
]
handler403 = "kim.pages.views.forbidden"


def test_a_new_page_of_staffing_needs_no_line_in_kim(declared, login, settings, region, monkeypatch):
    """Its right, its tab, its place in the navigation, the path above it and the way back: all declared by the app."""
    monkeypatch.setattr(rules, "YEARLY", set(rules.YEARLY))
    rules.right("staffing.count", "Stellen zählen", {Role.CLERK}, yearly=True)
    settings.ROOT_URLCONF = __name__
    clear_url_caches()
    pages.section("Stellen", 30, counts="Zählungen")
    try:
        page = login().get("/stellen/CM-01/zaehlung/").content.decode()
        assert way(page) == [("/stellen/", "Stellen"), ("/stellen/CM-01/", "CM-01"), ("", "Zählung")]
        assert re.findall(r'<a [^>]*aria-current="true">\s*([^<]*?)\s*<', page) == [
            "Stellen",
            "Stellen",
        ]  # its section and its tab
        assert re.search(r'<a href="/zaehlungen/">\s*Zählungen\s*</a>', page)
        assert re.search(r'href="/stellen/CM-01/">\s*<span class="kern-label">Verwerfen', page)
        tab = login().get("/zaehlungen/").content.decode()
        assert way(tab) == [] and re.search(r'href="/zaehlungen/"\s+aria-current="page">\s*Zählungen', tab)
        refused = login("leitung").get("/zaehlungen/")
        assert refused.status_code == 403 and "Stellen zählen" in refused.content.decode()
        assert "Zählungen" not in login("leitung").get("/stellen/").content.decode()
    finally:
        for known in (rules.RULES, rules.RULE_NAMES):
            known.pop("staffing.count")
        clear_url_caches()


@pytest.mark.counter
def test_a_right_is_declared_once():
    with pytest.raises(ValueError, match="declared twice"):
        rules.right("staffing.edit", "Stellen bearbeiten", {Role.AUDIT})


def test_the_path_of_a_page_follows_from_its_address(login, region):
    found = way(login().get("/zuwendungen/bescheid/kim-2023/weiterleitung/").content.decode())
    assert [words for _, words in found] == ["Zuwendungen", "Zuwendungsbescheid KIM 2023", "Weiterleitung"]
    assert way(login("pruefung").get("/foerderjahre/").content.decode()) == []
    found = way(login().get("/dokumente/2023-0120/text/").content.decode())
    assert [words for _, words in found] == ["Dokumente", "Mitteilungsvorlage 2023/0120", "Text"]


def test_no_page_of_an_app_is_named_in_the_ground():
    names = {
        name
        for app in ("staffing", "grants", "meetings")
        for name in re.findall(r'name="([a-z-]+)"', (ROOT / app / "urls.py").read_text())
    }
    assert len(names) > 60
    told = [p for p in (ROOT / "kim").rglob("*.py") if "migrations" not in p.parts]
    allowed = {
        "document",
        "document-pdf",
        "document-figure",
        "position",
        "notice",
        "carrier",
        "plan",
    }  # words of other things too
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in told
        for name in names - allowed
        if re.search(rf"""reverse\(["']{name}["']|redirect\(["']{name}["']""", path.read_text())
    }
    assert found == set()
