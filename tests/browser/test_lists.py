"""Lists in Chromium: export in two clicks, by keyboard alone, heads that never cover the focus, Herkunft at the side."""

import csv
import io

import openpyxl
import pikepdf
import pytest

from tests.browser.test_keyboard import enter, fill, name_of_focus, seen, tab_to


@pytest.fixture(scope="module")
def clerk(served, browser):
    return served.open(browser)


@pytest.fixture(scope="module")
def district(served, browser):
    """Somebody of the Weidenkreis, with two programmes."""
    return served.open(browser, "sachbearbeitung-kreis")


def count(page):
    return page.locator(".count").inner_text().replace("\u00a0", " ")


class Budget:
    """Counts the clicks and the pages of a journey."""

    def __init__(self, page):
        self.page, self.clicks, self.screens = page, 0, 1
        page.on("framenavigated", lambda frame: self.screen(frame))

    def screen(self, frame):
        self.screens += frame == self.page.main_frame

    def click(self, locator):
        self.clicks += 1
        locator.click()


def test_j11_export_what_one_sees_in_two_clicks(served, clerk):
    """One screen, two clicks: Exportieren → Excel; the file has the rows of the screen and their totals."""
    clerk.goto(f"{served.url}/stellen/?art=dritte&sortierung=-vzae")
    budget = Budget(clerk)
    budget.click(clerk.get_by_text("Exportieren", exact=True))
    with clerk.expect_download() as download:
        budget.click(clerk.get_by_role("link", name="Excel"))
    assert (budget.clicks, budget.screens) == (2, 1)
    assert download.value.suggested_filename == "stellen-2023-03-01.xlsx"
    rows = list(openpyxl.load_workbook(io.BytesIO(open(download.value.path(), "rb").read())).worksheets[0].values)
    shown = clerk.locator(".rows tbody th").all_inner_texts()
    assert [row[0] for row in rows[1:-1]] == shown and rows[-1][0] == "Summe (alle 8 gefilterten)"


def test_keyboard_only_through_filter_columns_and_sort(served, clerk):
    clerk.goto(f"{served.url}/stellen/")
    tab_to(clerk, "alle")  # Programm
    tab_to(clerk, "alle")  # Art
    clerk.keyboard.press("Enter")
    tab_to(clerk, "Stelle bei Dritten")
    with clerk.expect_response(lambda r: "art=dritte" in r.url):
        clerk.keyboard.press("Space")
    clerk.locator(".count", has_text="8 Stellen").wait_for()
    assert name_of_focus(clerk) == "Stelle bei Dritten", "the focus stays where it was"
    assert "art=dritte" in clerk.url
    clerk.keyboard.press("Escape")
    assert clerk.evaluate("document.activeElement.tagName") == "SUMMARY"
    enter(clerk, "Filtern")
    tab_to(clerk, "Spalten")
    clerk.keyboard.press("Enter")
    tab_to(clerk, "Entgeltgruppe")
    clerk.keyboard.press("Space")
    with clerk.expect_navigation():
        clerk.keyboard.press("Enter")  # in a form, Enter is its first button: Übernehmen
    assert "Entgeltgruppe" in clerk.locator(".rows thead").inner_text() and "art=dritte" in clerk.url
    tab_to(clerk, "Spalten")
    clerk.keyboard.press("Enter")
    enter(clerk, "↑VZÄ nach vorn")
    heads = clerk.locator(".rows thead th").all_inner_texts()
    assert heads.index("VZÄ") == 4 and clerk.locator("#columns").get_attribute("open") is not None
    assert name_of_focus(clerk) == "↑VZÄ nach vorn", "the button that was pressed can be pressed again"
    clerk.keyboard.press("Escape")
    enter(clerk, "VZÄ")
    assert clerk.locator("th[aria-sort=ascending]").inner_text().startswith("VZÄ")


def test_keyboard_only_through_view_export_and_open(served, clerk):
    clerk.goto(f"{served.url}/stellen/?art=dritte&sortierung=vzae&spalten=nummer&spalten=vzae&spalten=entgeltgruppe")
    enter(clerk, "Ansicht speichern")
    fill(clerk, "Name der Ansicht", "Dritte mit Entgelt")
    enter(clerk, "Ansicht speichern")
    assert "Ansicht Dritte mit Entgelt" in clerk.locator(".lead").inner_text().replace("\u00a0", " ")
    assert count(clerk).startswith("8 Stellen") and "Entgeltgruppe" in clerk.locator(".rows thead").inner_text()
    tab_to(clerk, "Exportieren")
    clerk.keyboard.press("Enter")
    tab_to(clerk, "CSV")
    with clerk.expect_download() as download:
        clerk.keyboard.press("Enter")
    rows = list(csv.reader(io.StringIO(open(download.value.path(), encoding="utf-8-sig").read()), delimiter=";"))
    assert "Entgeltgruppe" in rows[0] and len(rows) == 10
    enter(clerk, "CM-08")
    assert clerk.locator("h1").inner_text() == "Stelle CM-08"


def test_herkunft_opens_at_the_side_and_gives_the_focus_back(served, clerk):
    clerk.goto(f"{served.url}/stellen/")
    tab_to(clerk, "85.500,00 €", 130)
    clerk.keyboard.press("Enter")
    sheet = clerk.locator("dialog.sheet")
    sheet.get_by_text("1,5 VZÄ × 57.000,00 €").wait_for()
    words = sheet.inner_text().replace("\u00a0", " ")
    assert "Jahresbetrag: Stelle CM-10" in words and "2023/0120" in words and "Kostenneutralität" in words
    assert clerk.url.endswith("/stellen/"), "the list stays where it is"
    assert name_of_focus(clerk) == "Schließen"
    clerk.keyboard.press("Escape")
    assert not sheet.is_visible() and name_of_focus(clerk).startswith("85.500")


def test_without_script_everything_is_a_page(served, browser):
    page = served.open(browser, "pruefung", script=False)
    page.goto(f"{served.url}/stellen/")
    page.get_by_text("alle", exact=True).nth(1).click()
    page.get_by_label("Stelle bei Dritten").check()
    page.get_by_role("button", name="Filtern").click()
    assert count(page).startswith("8 Stellen")
    page.locator("tfoot a").first.click()
    assert "Herkunft: VZÄ" in page.locator("h1").inner_text() and "6,0" in page.content()
    page.get_by_role("link", name="CM-10").click()
    assert page.locator("h1").inner_text() == "Stelle CM-10"


@pytest.fixture
def many(served):
    """Sixty more posts in the served database."""
    from tests.helpers import psql

    psql(
        """SELECT set_config('app.body_ids', (SELECT string_agg(id::text, ',') FROM kim_body), false);
        SELECT set_config('pghistory.context_id', gen_random_uuid()::text, false),
               set_config('pghistory.context_metadata', '{"user": null}', false);
        INSERT INTO staffing_position (version, body_id, number, function_id, kind, note, file_reference)
            SELECT 1, b.id, 'ZZ-' || lpad(n::text, 2, '0'), (SELECT function_id FROM staffing_position LIMIT 1), 'own', '', ''
            FROM kim_body b, generate_series(1, 60) n WHERE b.slug = 'staedteregion-aachen' ON CONFLICT DO NOTHING;
        INSERT INTO staffing_positionperiod (version, body_id, position_id, validity, fte, stage, pay_group, fallback_plan,
                validity_assumption, basis_place, assumption)
            SELECT 1, p.body_id, p.id, '[2023-01-01,)', 1, 'not_stated', '', '', '', '', 'x' FROM staffing_position p
            WHERE p.number LIKE 'ZZ-%' AND NOT EXISTS (SELECT FROM staffing_positionperiod q WHERE q.position_id = p.id)""",
        database=served.database,
    )


def covered(page):
    """Tab through the list: the first row whose link in focus is not wholly in sight."""
    for _ in range(110):
        page.keyboard.press("Tab")
        if page.evaluate("!document.activeElement.closest('.rows tbody')"):
            continue
        if not seen(page):
            return name_of_focus(page)
    return ""


@pytest.mark.parametrize("width", [1280, 390])
def test_sticky_head_and_foot_never_cover_the_focus(width, served, browser, many):
    page = served.open(browser, width=width)
    page.goto(f"{served.url}/stellen/?suche=ZZ&spalten=nummer&spalten=vzae")
    assert covered(page) == ""
    head = page.locator(".rows thead th").first
    page.locator(".scroll.list").evaluate("one => one.scrollTo(0, 700)")
    top = page.evaluate("document.elementFromPoint(60, document.querySelector('.scroll.list').getBoundingClientRect().y + 8)?.closest('thead') !== null")  # fmt: skip
    assert top and head.is_visible(), "the head stays in sight"


@pytest.mark.counter
def test_a_head_that_covers_the_focus_is_seen(served, browser, many):
    page = served.open(browser)
    page.goto(f"{served.url}/stellen/?suche=ZZ&spalten=vzae")
    page.evaluate(
        """() => { const s = [...document.styleSheets].find(s => s.href.includes('kim/kim'));
        s.insertRule('.scroll.list { scroll-padding: 0 !important; }', s.cssRules.length);
        s.insertRule('.list .rows tfoot > tr > * { height: 300px; }', s.cssRules.length); }"""
    )
    assert covered(page) != ""


def small_targets(page):
    return page.evaluate(
        """() => [...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main select, main summary, header a, header button, header summary')]
        .filter(e => e.checkVisibility() && !e.closest('p:not(.tool):not(.menu-acts), li p') && !e.matches('input[type=checkbox], input[type=radio]'))
        .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 80)])
        .filter(([r]) => r.height < 24 || r.width < 24).map(([r, html]) => [Math.round(r.width), Math.round(r.height), html])"""
    )


LISTS = ["/stellen/", "/traeger/", "/kommunen/", "/zuwendungen/", "/haushalt/", "/belege/"]


@pytest.mark.parametrize("url", LISTS)
def test_rows_are_dense_and_targets_large_enough(url, served, district):
    district.goto(served.url + url)
    heights = district.eval_on_selector_all(".rows tbody tr", "rows => rows.map(r => r.getBoundingClientRect().height)")
    assert heights and (max(heights) <= 34 or url == "/belege/"), heights
    for summary in district.locator("details.menu > summary, details.pick > summary").all():
        summary.click()
        assert small_targets(district) == []
        summary.click()
    district.goto(f"{served.url}{url}?dichte=bequem")
    assert min(district.eval_on_selector_all(".rows tbody tr", "rows => rows.map(r => r.getBoundingClientRect().height)")) >= 40  # fmt: skip
    district.goto(served.url + url)
    assert district.locator(".rows.comfortable").count() == 1, "remembered"
    district.goto(f"{served.url}{url}?dichte=dicht")


@pytest.mark.parametrize("url", ["/traeger/sprungbrett/", "/kommunen/eschweiler/", "/kommunen/alsdorf/"])
def test_a_partner_prints_on_one_page(url, served, clerk):
    clerk.goto(served.url + url)
    with pikepdf.open(io.BytesIO(clerk.pdf(format="A4"))) as found:
        assert len(found.pages) == 1


def test_the_partner_with_most_posts_prints_on_one_page_too(served, district):
    district.goto(served.url + "/traeger/weidenkreis/")
    with pikepdf.open(io.BytesIO(district.pdf(format="A4"))) as found:
        assert len(found.pages) == 1


def test_back_takes_a_live_filter_back_and_the_stand_keeps_it(served, clerk):
    clerk.goto(f"{served.url}/stellen/")
    clerk.locator("summary[aria-label^=Art]").click()
    clerk.get_by_role("checkbox", name="eigene Stelle").check()
    clerk.wait_for_url("**art=eigen**")
    assert clerk.locator("summary[aria-label='Art: 1 gewählt']").count() == 1
    clerk.locator("#time > summary").click()
    with clerk.expect_navigation():
        clerk.get_by_role("button", name="2022").click()
    assert "art=eigen" in clerk.url and "jahr=2022" in clerk.url
    clerk.go_back()
    clerk.wait_for_url("**art=eigen")
    clerk.go_back()
    clerk.wait_for_url("**/stellen/")
    clerk.locator(".chips").wait_for(state="detached")


def test_the_stand_is_changed_with_one_click_and_one_entry(served, clerk):
    """J9: one screen, one click, one field; filters and columns stay."""
    clerk.goto(f"{served.url}/stellen/?art=dritte&spalten=nummer&spalten=kommunen")
    budget = Budget(clerk)
    budget.click(clerk.locator("#time > summary"))
    clerk.locator("#as-of").fill("28.02.2023")
    with clerk.expect_navigation():
        clerk.keyboard.press("Enter")
    assert budget.clicks == 1
    assert (
        "CM-12" in clerk.locator(".rows").inner_text() and "art=dritte" in clerk.url and "spalten=kommunen" in clerk.url
    )
    assert "Sie sehen den Stand 28.02.2023" in clerk.locator(".stand-bar").inner_text()
    clerk.get_by_role("link", name="Zurück zum Bezugstag").click()
    assert "CM-12" not in clerk.locator(".rows").inner_text() and "art=dritte" in clerk.url
    clerk.locator("#time > summary").click()
    clerk.get_by_role("button", name="2022").click()
    assert "Stand 31.12.2022" in clerk.locator("#time > summary").inner_text()


def test_the_start_page_says_what_is_to_be_done(served, browser):
    head = served.open(browser, "leitung-kreis")
    headings = head.locator("h2").all_inner_texts()
    assert headings[0] == "Kennzahlen" and "Was braucht Ihre Aufmerksamkeit?" in headings
    words = head.locator(".headlines").inner_text().replace("\u00a0", " ")
    for part in ("6,25 von 10,5 VZÄ", "601.250,00 € bewilligt", "1 von 2 Teilprodukten", "14. März 2023"):
        assert part in words
    head.locator(".headlines .q-link").nth(2).click()
    head.locator("dialog.sheet").get_by_text("371.500,00 € − 172.000,00 € − 199.500,00 €").wait_for()
    clerk = served.open(browser, "sachbearbeitung-kreis")
    assert clerk.locator("h2").first.inner_text() == "Was braucht Ihre Aufmerksamkeit?"
