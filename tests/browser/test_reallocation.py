"""Journey J1 in Chromium: the six legs of the seed, typed by keyboard on the former plan, and taken back."""

import pytest

from tests.browser.test_keyboard import name_of_focus, tab_to
from tests.helpers import psql
from tests.staffing.plans import FORMER, RULING

FORMER_SQL = """
    SELECT set_config('pghistory.context_id', gen_random_uuid()::text, false),
        set_config('pghistory.context_metadata', '{"user": null}', false),
        set_config('app.body_ids', (SELECT id::text FROM kim_body WHERE slug = 'staedteregion-aachen'), false);
    DELETE FROM grants_funding WHERE position_id IN (SELECT id FROM staffing_position WHERE number IN ('CM-15', 'CM-16', 'CM-17') AND body_id = current_setting('app.body_ids')::bigint);
    DELETE FROM staffing_servedmunicipality WHERE period_id IN (SELECT p.id FROM staffing_positionperiod p JOIN staffing_position s ON s.id = position_id WHERE number IN ('CM-15', 'CM-16', 'CM-17') AND s.body_id = current_setting('app.body_ids')::bigint);
    DELETE FROM staffing_positionlocation WHERE period_id IN (SELECT p.id FROM staffing_positionperiod p JOIN staffing_position s ON s.id = position_id WHERE number IN ('CM-15', 'CM-16', 'CM-17') AND s.body_id = current_setting('app.body_ids')::bigint);
    DELETE FROM staffing_positionperiod WHERE position_id IN (SELECT id FROM staffing_position WHERE number IN ('CM-15', 'CM-16', 'CM-17') AND body_id = current_setting('app.body_ids')::bigint);
    DELETE FROM staffing_position WHERE number IN ('CM-15', 'CM-16', 'CM-17') AND body_id = current_setting('app.body_ids')::bigint;
    UPDATE staffing_positionperiod SET validity = '[2022-01-01,)' WHERE position_id IN (SELECT id FROM staffing_position WHERE number IN ('CM-12', 'CM-13', 'CM-14') AND body_id = current_setting('app.body_ids')::bigint);
"""


@pytest.fixture(scope="module")
def former(served):
    """The served program with the former plan only."""
    psql(FORMER_SQL, database=served.database)
    return served


@pytest.fixture(scope="module")
def clerk(former, browser):
    return former.open(browser)


class Budget:
    """Counts what J1 counts: keys or clicks that do something, fields typed, screens worked on. Tab only moves."""

    def __init__(self, page):
        self.page, self.keys, self.fields = page, 0, 0

    def press(self, key, wanted=""):
        if wanted:
            tab_to(self.page, wanted)
        self.keys += 1
        self.page.keyboard.press(key)

    def field(self, wanted, text):
        tab_to(self.page, wanted)
        self.fields += 1
        if self.page.evaluate("document.activeElement.tagName") == "SELECT":
            self.page.keyboard.type(text)
            return
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)


def plan(page, url, day):
    """The Stellenverteilung by Anstellungsträger as the page shows it: {name: VZÄ}."""
    page.goto(f"{url}/zuwendungen/stellenverteilung/?stand={day}")
    rows = page.locator("table").first.locator("tbody tr")
    return {r.locator("th").inner_text(): r.locator("td").first.inner_text() for r in rows.all()}


def in_words(expected):
    return {name: f"{float(fte):.1f}".replace(".", ",") for name, fte in expected.items()}


def type_the_legs(budget):
    """Date, Grund and basis, then who takes the VZÄ."""
    budget.field("Wirksam ab", "01.03.2023")
    budget.field("Grund", "Für die freien Stellen hat sich niemand gefunden")
    budget.field("Grundlage", "Vorlage")
    lines = [("DRK", "Alsdorf", "1"), ("Stadt Monschau", "Monschau", "0,5"), ("", "Eschweiler + Stolberg", "1")]
    for number, (carrier, places, fte) in enumerate(lines, 1):
        if carrier:
            budget.field(f"Zeile {number}: Anstellungsträger", carrier)
        budget.field(f"Zeile {number}: für (Kommunen)", places)
        budget.field(f"Zeile {number}: nimmt auf, VZÄ", fte)


def test_j1_six_legs_on_two_screens(former, clerk):
    """2 screens, at most 8 keys, at most 12 fields; then the plan of the ruling, one entry, and back again."""
    assert plan(clerk, former.url, "2023-03-01") == in_words(FORMER)
    clerk.goto(f"{former.url}/stellen/?status=noch-nicht-vergeben&stand=28.02.2023")
    budget = Budget(clerk)
    for number in ("CM-12", "CM-13", "CM-14"):
        budget.press("Space", f"auswählen: {number}")
    assert clerk.locator(".selected").inner_text() == "3 gewählt"
    with clerk.expect_navigation():
        budget.press("Enter", "Umverteilen")
    type_the_legs(budget)
    clerk.locator(".balance", has_text="Differenz 0,0").wait_for()
    words = clerk.locator("#effects-of-reallocation").inner_text().replace("\u00a0", " ")
    assert (
        "Stadt Monschau" in words and "0,5 VZÄ" in words and "Kostenneutralität" in words and "Noch ist nichts" in words
    )
    assert "2023/0120" in words, "papers whose figures change"
    assert name_of_focus(clerk).startswith("Zeile 3: nimmt auf"), "the preview leaves the focus where it is"
    with clerk.expect_navigation():
        budget.press("Control+Enter")
    assert "ist wirksam ab 01.03.2023" in clerk.locator("[role=status]").first.inner_text()
    assert budget.keys <= 8 and budget.fields <= 12, (budget.keys, budget.fields)
    story = clerk.locator("main").inner_text().partition("Verlauf")[2]
    assert story.count("Umverteilung Nr. 1 wirksam gesetzt") == 1 and "entworfen" not in story, "one entry"
    page = clerk.url
    assert plan(clerk, former.url, "2023-03-01") == in_words(RULING)
    assert plan(clerk, former.url, "2023-02-28") == in_words(FORMER)
    clerk.goto(page)
    tab_to(clerk, "Grund")
    clerk.keyboard.type("Beschluss vertagt")
    with clerk.expect_navigation():
        clerk.keyboard.press("Enter")
    assert "zurückgenommen" in clerk.locator("[role=status]").first.inner_text()
    assert plan(clerk, former.url, "2023-03-01") == in_words(FORMER)
    assert clerk.problems == []


def test_what_cannot_be_read_is_said_and_stays(former, clerk):
    clerk.goto(f"{former.url}/umverteilungen/neu/?stelle=CM-12&stand=2023-02-28")
    clerk.get_by_label("Zeile 1: für (Kommunen)").fill("Aachen, Entenhausen")
    clerk.get_by_label("Zeile 1: nimmt auf, VZÄ").fill("0.5.5")
    clerk.get_by_role("button", name="Als Entwurf speichern").click()
    words = clerk.locator("[role=alert]").inner_text()
    assert "Entenhausen" in words and "Bitte VZÄ als Zahl eingeben" in words and "Grund" in words
    assert clerk.get_by_label("Zeile 1: für (Kommunen)").input_value() == "Aachen, Entenhausen"
    assert clerk.get_by_label("Zeile 1: nimmt auf, VZÄ").input_value() == "0.5.5"
    assert clerk.get_by_label("Zeile 1: Stelle, die abgibt").input_value() == "CM-12"


def test_without_script_a_button_shows_the_consequences(former, browser):
    page = former.open(browser, script=False)
    page.goto(f"{former.url}/umverteilungen/neu/?stelle=CM-12&stand=2023-02-28")
    page.get_by_label("Zeile 1: für (Kommunen)").fill("Monschau")
    page.get_by_label("Zeile 1: nimmt auf, VZÄ").fill("0,4")
    page.get_by_role("button", name="Folgen ansehen").click()
    assert "nicht ausgeglichen" in page.locator(".balance").inner_text()
    page.get_by_role("button", name="Weitere Zeile „Nach“").click()
    page.get_by_label("Zeile 4: nimmt auf, VZÄ").fill("0,1")
    page.get_by_label("Grund").first.fill("Probe")
    page.get_by_role("button", name="Als Entwurf speichern").click()
    assert "als Entwurf gespeichert" in page.locator("[role=status]").first.inner_text()
    assert page.get_by_role("button", name="Wirksam setzen").is_visible()
