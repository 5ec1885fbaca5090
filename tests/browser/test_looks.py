"""Every page in Chromium: no axe finding in light and dark, no console error, nothing cut off, rows dense."""

import pytest
from axe_playwright_python.sync_playwright import Axe

PAGES = [
    "/",
    "/stellen/",
    "/stellen/?art=dritte&sortierung=-vzae",
    "/stellen/?suche=gibtesnicht",
    "/stellen/?farbe=rot",
    "/stellen/CM-10/",
    "/stellen/CM-12/?stand=2023-03-01",
    "/stellen/CM-01/berichtigen/",
    "/stellen/neu/",
    "/zuwendungen/",
    "/zuwendungen/bescheid/kim-2023/",
    "/zuwendungen/stellenverteilung/",
    "/haushalt/",
    "/haushalt/kostenneutralitaet/",
    "/haushalt/kostenneutralitaet/?jahr=2024",
    "/dokumente/",
    "/dokumente/2023-0120/",
    "/herkunft/allocation.by_carrier/",
    "/herkunft/neutrality.nominal/?sub_product=1",
    "/konto/passwort/",
    "/nirgends/",
]


@pytest.fixture(scope="module", params=[(1280, "light"), (1280, "dark"), (390, "light"), (320, "dark")], ids=str)
def page(request, served, browser):
    width, scheme = request.param
    return served.open(browser, width=width, scheme=scheme)


def findings(page):
    return [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("url", PAGES)
def test_axe_finds_nothing(url, page, served):
    page.problems.clear()
    page.goto(served.url + url)
    assert findings(page) == []
    assert page.problems == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"), "cut off"


@pytest.mark.counter
def test_axe_sees_a_planted_fault(page, served):
    page.goto(served.url + "/stellen/")
    page.evaluate("document.querySelector('#stand').removeAttribute('id')")
    assert findings(page)


def test_error_and_conflict_pages_too(page, served):
    page.problems.clear()
    page.goto(served.url + "/stellen/CM-01/berichtigen/")
    page.get_by_label("VZÄ").fill("0,5,5")
    page.get_by_role("button", name="Berichtigung speichern").click()
    assert page.get_by_label("VZÄ").input_value() == "0,5,5"
    assert "Bitte VZÄ als Zahl eingeben" in page.content()
    assert findings(page) == []
    page.get_by_label("VZÄ").fill("0,5")
    page.get_by_label("Grund", exact=True).fill("x")
    page.get_by_role("button", name="Folgen ansehen").click()
    assert findings(page) == []
    page.evaluate("document.querySelector('[name=version]').value = '99'")
    page.get_by_role("button", name="Berichtigung speichern").click()
    assert "Jemand war schneller" in page.content()
    assert findings(page) == []


@pytest.mark.parametrize("user", ["pruefung", "kaemmerei-stadt", "technik", ""])
def test_other_roles_and_no_role(user, served, browser):
    page = served.open(browser, user)
    for url in ["/", "/stellen/", "/stellen/neu/", "/haushalt/kostenneutralitaet/", "/anmelden/"]:
        page.goto(served.url + url)
        assert findings(page) == [], url


def test_rows_are_dense_and_targets_large_enough(served, browser):
    page = served.open(browser)
    page.goto(served.url + "/stellen/")
    heights = page.eval_on_selector_all("tbody tr", "rows => rows.map(r => r.getBoundingClientRect().height)")
    assert len(heights) == 14 and max(heights) <= 34
    small = page.eval_on_selector_all(
        "a, button, input:not([type=hidden]), select",
        "all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 20).map(e => e.outerHTML.slice(0, 90))",
    )
    assert small == []


def test_pages_print_without_their_controls(served, browser):
    page = served.open(browser)
    for url in ["/stellen/", "/haushalt/kostenneutralitaet/"]:
        page.goto(served.url + url)
        page.emulate_media(media="print")
        assert not page.locator(".nav").first.is_visible() and not page.locator(".top-tools").is_visible()
        assert page.locator("h1").is_visible()


def test_nothing_is_asked_of_other_places(served, browser):
    page = served.open(browser)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for url in PAGES[:6]:
        page.goto(served.url + url)
    assert asked and all(url.startswith((served.url, "data:")) for url in asked)
