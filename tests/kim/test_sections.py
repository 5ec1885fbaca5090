"""Pages stand in the navigation as their apps declare them; the ground knows none of them by name."""

import re
from pathlib import Path

import pytest

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


def test_a_new_page_of_staffing_needs_no_line_in_kim(declared):
    """An address below /stellen/ is all; a tab of its own is a word in its own urls."""
    import kim.urls  # noqa: F401

    assert where("/stellen/neue-seite/") == ("Stellen", "positions")
    pages.section("Stellen", 30, reminders="Neue Seite")
    assert where("/wiedervorlagen/neu/stelle/CM-10/") == ("Stellen", "reminders")
    with pytest.raises(ValueError, match="the same place"):
        pages.section("Noch eine", 30, home="x")


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
