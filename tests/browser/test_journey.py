"""The thread from end to end, as a clerk walks it: change a post, see what follows, print the Vorlage."""

import urllib.request

import pytest

from tests.helpers import pdf_text, psql


def plain(locator):
    return locator.inner_text().replace("\u00a0", " ")


@pytest.fixture(scope="module")
def clerk(served, browser):
    return served.open(browser)


def paper(served, page):
    """The bytes of the Vorlage, fetched with the page's session."""
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
    request = urllib.request.Request(f"{served.url}/dokumente/2023-0120/pdf/", headers={"Cookie": cookies})
    return pdf_text(urllib.request.urlopen(request).read())


def taken_over(served, page):
    """The draft takes over what the data say by now: one click."""
    page.goto(f"{served.url}/dokumente/2023-0120/")
    assert "Zahlen geändert" in page.content()
    page.get_by_role("button", name="Alle übernehmen").click()
    assert "übernommen" in page.locator(".kern-alert--success").inner_text()


def test_1_the_real_posts_are_there(served, clerk):
    clerk.goto(f"{served.url}/stellen/")
    assert plain(clerk.locator(".count")) == "14 Stellen · 12,0 VZÄ · 684.000,00 €"
    clerk.goto(f"{served.url}/haushalt/kostenneutralitaet/")
    assert "684.000,00 − 342.000,00 − 342.000,00 = 0,00 €" in plain(clerk.locator(".calculation"))
    assert "kostenneutral" in plain(clerk.locator(".calculation"))
    assert "insofern kostenneutral" in paper(served, clerk)


def test_2_a_post_is_changed_in_the_browser(served, clerk):
    """Two pages, three clicks, two entries."""
    clerk.goto(f"{served.url}/stellen/")
    clerk.get_by_role("link", name="CM-01").click()
    clerk.get_by_role("link", name="Berichtigen", exact=True).click()
    clerk.get_by_label("VZÄ").fill("0,5")
    clerk.get_by_label("Grund", exact=True).fill("Teilzeit laut Personalamt")
    clerk.get_by_role("button", name="Folgen ansehen").click()
    assert "Noch ist nichts gespeichert" in clerk.content()
    clerk.get_by_role("button", name="Berichtigung speichern").click()
    assert "0,00 € → 28.500,00 €" in plain(clerk.locator(".kern-alert--success"))
    story = plain(clerk.locator(".story li").first)
    assert "Berichtigung durch Sachbearbeitung" in story and "Teilzeit laut Personalamt" in story
    assert "VZÄ: 1,0 → 0,5" in story and "Uhr" in story


def test_3_it_moves_distribution_neutrality_and_paper(served, clerk):
    clerk.goto(f"{served.url}/haushalt/kostenneutralitaet/")
    words = plain(clerk.locator(".calculation"))
    assert "684.000,00 − 313.500,00 − 342.000,00 = 28.500,00 €" in words
    assert "28.500,00 € der Zuwendung sind nicht durch Stellen gebunden" in words
    clerk.goto(f"{served.url}/zuwendungen/stellenverteilung/")
    assert "StädteRegion Aachen 5,5 313.500,00 €" in plain(clerk.locator("tbody tr").first).replace("\t", " ")
    assert "insofern kostenneutral" in paper(served, clerk), "the draft changes only when somebody says so"
    taken_over(served, clerk)
    words = paper(served, clerk)
    assert "28.500 € der Zuwendung sind nicht durch Stellen gebunden" in words and "insofern kostenneutral" not in words


def test_4_a_seventh_post_is_not_neutral(served, clerk):
    clerk.goto(f"{served.url}/stellen/CM-01/berichtigen/")
    clerk.get_by_label("VZÄ").fill("1")
    clerk.get_by_label("Grund", exact=True).fill("doch Vollzeit")
    clerk.get_by_role("button", name="Berichtigung speichern").click()
    clerk.goto(f"{served.url}/stellen/")
    clerk.get_by_role("link", name="Neu anlegen").click()
    clerk.get_by_label("Stellennummer").fill("CM-18")
    clerk.get_by_label("gefördert aus").select_option(index=1)
    clerk.get_by_label("VZÄ").fill("1,0")
    clerk.get_by_label("Anstellungsträger").select_option(label="StädteRegion Aachen")
    clerk.get_by_label("wirksam ab").fill("1.1.2023")
    clerk.get_by_label("Grund", exact=True).fill("siebte eigene Stelle")
    clerk.get_by_role("button", name="Stelle anlegen").click()
    assert "−57.000,00 €, nicht kostenneutral" in plain(clerk.locator(".kern-alert--success"))
    clerk.goto(f"{served.url}/haushalt/kostenneutralitaet/")
    words = plain(clerk.locator(".calculation"))
    assert "684.000,00 − 399.000,00 − 342.000,00 = −57.000,00 €" in words and "nicht kostenneutral" in words
    taken_over(served, clerk)
    assert "nicht kostenneutral; 57.000 € sind aus Eigenmitteln zu decken" in paper(served, clerk)


def test_5_a_stale_form_keeps_what_was_typed(served, browser):
    one, two = served.open(browser), served.open(browser)
    for page in (one, two):
        page.goto(f"{served.url}/stellen/CM-02/berichtigen/")
    for page, typed in ((one, "0,75"), (two, "0,5")):
        page.get_by_label("VZÄ").fill(typed)
        page.get_by_label("Grund", exact=True).fill(f"auf {typed}")
        page.get_by_role("button", name="Berichtigung speichern").click()
    assert "Jemand war schneller" in two.locator("h1").inner_text()
    row = plain(two.locator("tbody tr", has_text="VZÄ")).replace("\t", " ")
    assert "0,5" in row and "0,75" in row
    two.get_by_role("radio", name="mein Wert").check()
    two.get_by_role("button", name="Prüfen und speichern").click()
    assert "ist berichtigt" in plain(two.locator(".kern-alert--success"))
    assert "0,5 VZÄ" in plain(two.locator(".facts"))


def test_6_the_list_is_filtered_without_script(served, browser):
    page = served.open(browser, "pruefung", script=False)
    page.goto(f"{served.url}/stellen/")
    page.locator("summary[aria-label^=Status]").click()
    page.get_by_role("checkbox", name="besetzt", exact=True).check()
    page.get_by_role("button", name="Filtern").click()
    assert plain(page.locator(".count")).startswith("4 Stellen · 3,0 VZÄ")
    page.get_by_role("link", name="Status: besetzt").click()
    assert plain(page.locator(".count")).startswith("15 Stellen")
    assert page.get_by_role("link", name="Neu anlegen").count() == 0


def test_7_the_whole_walk_is_in_the_history(served, clerk):
    rows = psql(
        "SELECT pgh_context ->> 'reason', (pgh_context ->> 'user') IS NOT NULL, pgh_context ->> 'url'"
        " FROM staffing_positionperiodevent WHERE pgh_context ->> 'url' <> '' ORDER BY pgh_id",
        database=served.database,
    )
    assert [r[0] for r in rows] == [
        "Teilzeit laut Personalamt",
        "doch Vollzeit",
        "siebte eigene Stelle",
        "auf 0,75",
        "auf 0,5",
    ]
    assert all(r[1] for r in rows) and rows[0][2] == "/stellen/CM-01/berichtigen/"


def test_8_by_keyboard_alone(served, browser):
    page = served.open(browser)
    page.goto(f"{served.url}/stellen/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Zum Inhalt springen"
    page.keyboard.press("Enter")
    seen = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "(document.activeElement.textContent || document.activeElement.name || '').trim().slice(0, 20)"
            )
        )
        box = page.evaluate(
            "(() => { const r = document.activeElement.getBoundingClientRect(); return [r.width, r.height]; })()"
        )
        assert box[0] > 0 and box[1] > 0
    assert {"CM-01", "Filtern", "Exportieren", "VZÄ"} <= seen
    page.get_by_role("link", name="CM-03").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/stellen/CM-03/**")
