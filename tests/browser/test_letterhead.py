"""Briefkopf in Chromium: the page beside the form follows what is typed."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_looks import looked_at
from tests.kim.test_letterhead import SVG


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_page_beside_the_form_is_drawn_anew(script, served, browser, tmp_path):
    page = served.open(browser, "leitung", script=script)
    page.goto(f"{served.url}/briefkopf/bearbeiten/")
    first = page.get_by_alt_text("Vorlage mit diesem Briefkopf")
    before = first.get_attribute("src")
    page.get_by_label("Telefon, E-Mail, Internet").fill("Telefon 0241 0000" if script else "Telefon 0241 1111")
    if not script:
        page.get_by_role("button", name="Seite ansehen").click()
    expect(first).not_to_have_attribute("src", before)
    page.get_by_role("button", name="Speichern").click()
    page.wait_for_url("**/briefkopf/")
    assert page.get_by_text("Entwürfe drucken ihn ab jetzt").is_visible() and page.problems == []


def test_a_wappen_is_chosen_and_stands_on_the_page(served, browser, tmp_path):
    (tmp_path / "wappen.svg").write_bytes(SVG)
    page = served.open(browser, "leitung")
    page.goto(f"{served.url}/briefkopf/")
    before = page.get_by_alt_text("Vorlage mit diesem Briefkopf").get_attribute("src")
    page.get_by_role("link", name="Wappen oder Logo wählen").click()
    page.get_by_label("Wappen oder Logo").set_input_files(tmp_path / "wappen.svg")
    page.get_by_role("button", name="Speichern").click()
    page.wait_for_url("**/briefkopf/")
    assert page.get_by_alt_text("Vorlage mit diesem Briefkopf").get_attribute("src") != before
    assert page.get_by_role("link", name="Wappen oder Logo entfernen").is_visible() and page.problems == []


@pytest.mark.parametrize("size", [(1280, "light"), (1280, "dark"), (390, "light"), (320, "forced")])
def test_the_pages_of_the_leitung_look_right(size, served, browser):
    for url in ("/briefkopf/", "/briefkopf/bearbeiten/", "/briefkopf/wappen/", "/briefkopf/wappen/entfernen/"):
        page = served.open(browser, "leitung")
        page.goto(served.url + url)
        assert looked_at(page, url, size) == []
        page.context.close()
