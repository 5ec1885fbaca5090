"""A sitting from nothing, by pages alone: entered, written down with keys while it goes on, and printed to the word."""

import re

import pytest

from tests.browser.house import Walk
from tests.helpers import pdf_text

MEMBERS = (  # name, Anrede, Fraktion, als, Anwesenheit, für
    ("Anna Ahorn", "Frau", "Grün", "Vorsitz", "anwesend", ""),
    ("Bodo Birke", "Herr", "Grün", "Mitglied", "anwesend", ""),
    ("Cora Eibe", "Frau", "Grün", "Mitglied", "anwesend", ""),
    ("Dora Erle", "Frau", "Rot", "Mitglied", "anwesend", ""),
    ("Emma Esche", "Frau", "Rot", "Mitglied", "anwesend", ""),
    ("Falk Fichte", "Herr", "Rot", "Mitglied", "entschuldigt", ""),
    ("Gerd Kiefer", "Herr", "Blau", "Mitglied", "anwesend", ""),
    ("Hans Linde", "Herr", "Blau", "Mitglied", "anwesend", ""),
    ("Ida Tanne", "Frau", "Rot", "Vertretung", "anwesend", "Falk Fichte"),
    ("Jana Ulme", "Frau", "", "Schriftführung", "anwesend", ""),
)
AGENDA = (
    ("Ö", "1", "Eröffnung der Sitzung", "", ""),
    ("Ö", "2", "Zuschuss an das Jugendhaus", "Jugendhaus", ""),
    ("Ö", "3", "Neubau der Sporthalle", "", ""),
    ("Ö", "4", "Preise der Mensa", "", ""),
    ("Ö", "5", "Stellen im Etat", "", ""),
    ("Ö", "6", "Haushalt 2024", "Haushalt", ""),
    ("N", "1", "Kauf eines Grundstücks", "", "Grundstücksangelegenheit"),
)
TEXTS = {
    "oe-2": "Frau Erle fragt nach der Dauer.",
    "oe-2-beschluss": "Der Ausschuss bewilligt dem Jugendhaus 12.345,67 €.",
    "oe-4-beschluss": "Die Mensa wird teurer.",
    "oe-6-beschluss": "Der Ausschuss empfiehlt den Haushalt 2024.",
}
PAGE = "/sitzungen/ab-2023-05-04/"
PRINTED = """
öffentliche/nichtöffentliche Sitzung des Ausschusses für Bildung 4. Mai 2023
Sitzungstermin: Donnerstag, 04.05.2023 Sitzungsbeginn: 17:00 Uhr Sitzungsende: 18:30 Uhr Ort, Raum: Ratssaal
Einladung: vom 20.04.2023
Anwesende: Frau Anna Ahorn Als Ausschussvorsitzende Herr Bodo Birke Frau Cora Eibe Frau Dora Erle Frau Emma Esche
Herr Gerd Kiefer Herr Hans Linde ab 17:20 Uhr Frau Ida Tanne Als Vertreterin für Herrn Falk Fichte
Abwesende: Herr Falk Fichte (entschuldigt)
als Schriftführerin: Frau Jana Ulme
Tagesordnung: Öffentlicher Teil 1 Eröffnung der Sitzung 2 Zuschuss an das Jugendhaus 3 Neubau der Sporthalle
4 Preise der Mensa 5 Stellen im Etat 6 Haushalt 2024
Nichtöffentlicher Teil 1 nichtöffentliche Angelegenheit
Protokoll: Öffentlicher Teil
zu 1 Eröffnung der Sitzung Keine Wortmeldungen. Damit sieht die Tagesordnung wie folgt aus:
TOP 1 Eröffnung der Sitzung TOP 2 Zuschuss an das Jugendhaus TOP 3 vertagt Neubau der Sporthalle
TOP 4 Preise der Mensa TOP 5 Beratung/ Stellen im Etat Beschlussfassung im Rahmen von TOP 6 TOP 6 Haushalt 2024
zu 2 Zuschuss an das Jugendhaus
Herr Birke erklärt, dass für ihn bei diesem Tagesordnungspunkt ein Mitwirkungsverbot gem. § 28 Kreisordnung
Nordrhein-Westfalen (KrO NRW) besteht. Er begibt sich in den Zuschauerraum und nimmt nicht an der Beratung und
anschließenden Beschlussfassung teil. Frau Erle fragt nach der Dauer.
Der Beschluss erfolgt mehrheitlich mit 5 Ja-Stimmen gegen 1 Nein-Stimme.
Beschluss: Der Ausschuss bewilligt dem Jugendhaus 12.345,67 €.
zu 3 Neubau der Sporthalle
Zu Beginn des Tagesordnungspunkts kehrt Herr Birke wieder an den Platz zurück und nimmt weiter an der Sitzung teil.
Dieser Tagesordnungspunkt wird vertagt.
zu 4 Preise der Mensa
Der Beschlussvorschlag wird bei Stimmengleichheit mit 4 Ja-Stimmen gegen 4 Nein-Stimmen abgelehnt.
Beschluss: Die Mensa wird teurer.
zu 5 Stellen im Etat
Dieser Punkt wird im Rahmen von TOP 6 „Haushalt“ mit beraten und beschlossen.
zu 6 Haushalt 2024
Der Beschluss erfolgt mehrheitlich gegen die Stimmen der Blau-Fraktion bei Enthaltung von Frau Erle.
Beschluss: Der Ausschuss empfiehlt den Haushalt 2024.
"""


def lines_until(walk, prefix, count):
    """So many lines in the table of a sheet."""
    while walk.page.locator(f"[name={prefix}-{count - 1}-version]").count() == 0:
        walk.press("Weitere Zeile")


def enter_the_house(walk):
    walk.open("/gremien/neu/")
    walk.type(name="Ausschuss für Bildung", short_name="AB", voting_member_count="8", notice_days="10")
    walk.choose(quorum_rule="half")
    walk.press("Anlegen")
    walk.open("/wahlperioden/neu/")
    walk.type(name="18. Wahlperiode")
    walk.press("Anlegen")
    walk.open("/personen/neu/")
    for name, *_ in MEMBERS:
        walk.type(name=name, family_name=name.split()[1])
        walk.press("Anlegen und weiter eintragen" if name != MEMBERS[-1][0] else "Anlegen")
    walk.open("/sitzungen/neu/")
    walk.choose(organization="Ausschuss für Bildung", legislative_term="18. Wahlperiode")
    walk.type(date="04.05.2023", start="17:00", place="Ratssaal", invited_on="20.04.2023", serial="3")
    walk.tick("Öffentlich")
    walk.press("Anlegen")


def enter_the_agenda(walk):
    walk.open(f"{PAGE}tagesordnung/")
    lines_until(walk, "item", len(AGENDA))
    for n, (part, number, title, short, ground) in enumerate(AGENDA):
        walk.choose(**{f"item-{n}-public": part})
        walk.type(**{f"item-{n}-number": number, f"item-{n}-title": title})
        walk.type(
            **{f"item-{n}-{name}": words for name, words in (("short_title", short), ("ground", ground)) if words}
        )
    walk.press("Tagesordnung speichern")


def enter_who_was_there(walk):
    walk.open(f"{PAGE}anwesenheit/")
    lines_until(walk, "person", len(MEMBERS))
    for n, (name, spoken, faction, role, state, represents) in enumerate(MEMBERS):
        at = f"person-{n}"
        walk.choose(**{f"{at}-person": name, f"{at}-role": role, f"{at}-state": state})
        walk.type(**{f"{at}-salutation": spoken, f"{at}-spoken": spoken, f"{at}-on_behalf_of": faction})
        if faction:
            walk.choose(**{f"{at}-kind": "Ratsmitglied", f"{at}-voting_right": "ja"})
        if represents:
            walk.choose(**{f"{at}-represents": represents})
    walk.press("Anwesenheit speichern")


class Keys:
    """Somebody who writes a sitting down without a mouse; keys are counted, and what they lead to is waited for."""

    def __init__(self, page):
        self.page, self.pressed, self.screens = page, 0, 0
        page.on("request", lambda request: self.count(request))

    def count(self, request):
        self.screens += request.is_navigation_request()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, words):
        self.page.keyboard.insert_text(words)

    def open(self, row):
        """Go up or down to a row and open it; from elsewhere the first key goes to the row at hand."""
        rows = [one.strip() for one in self.page.locator("[data-row]").all_inner_texts()]
        here = self.page.locator("[data-row][aria-current]").inner_text().strip()
        steps = rows.index(row) - rows.index(here)
        outside = self.page.locator("[data-row]:focus").count() == 0
        self.press(*(["ArrowDown" if steps > 0 else "ArrowUp"] * (abs(steps) + outside)), "Enter")
        self.page.locator(f".session-item h2:has-text('{row} ·')").wait_for()

    def tells(self, words):
        self.page.locator("main", has_text=words).wait_for()


def write_it_down(walk):
    """The sitting as it goes on; late: Herr Linde, at item 3."""
    walk.open(f"{PAGE}mitschreiben/")
    keys = Keys(walk.page)
    keys.press("w")
    keys.tells("Ö 1: keine Wortmeldungen.")
    keys.open("Ö 3")
    keys.press("+")
    keys.type("Lin")
    keys.press("Tab")
    keys.type("17:20")
    keys.press("Enter")
    keys.tells("Hans Linde ist ab Ö 3 da.")
    keys.press("v")
    keys.tells("Ö 3: vertagt.")
    write_the_votes_down(keys)
    return keys.pressed, keys.screens


def write_the_votes_down(keys):
    """Who had to leave, and the votes: in numbers, a tie, joint, by Fraktion, in the non-public part."""
    keys.open("Ö 2")
    keys.press("m")
    keys.type("Birke")
    keys.press("Enter")
    keys.tells("Mitwirkungsverbot bei Ö 2: Herr Birke. Zurück bei Ö 3.")
    keys.press("a")
    keys.type("5")
    keys.press("Tab")
    keys.type("1")
    keys.press("Enter")
    keys.tells("mehrheitlich mit 5 Ja-Stimmen gegen 1 Nein-Stimme. Gespeichert um")
    keys.open("Ö 4")
    keys.press("a")
    keys.type("4")
    keys.press("Tab")
    keys.type("4")
    keys.press("Enter")
    keys.tells("bei Stimmengleichheit mit 4 Ja-Stimmen gegen 4 Nein-Stimmen abgelehnt. Gespeichert um")
    keys.open("Ö 5")
    keys.press("g")
    keys.type("6")
    keys.press("Enter")
    keys.tells("Ö 5: Beratung und Beschluss bei Ö 6.")
    keys.open("Ö 6")
    keys.press("f")
    keys.type("Blau")
    keys.press("Tab")
    keys.type("Erle")
    keys.press("Enter")
    keys.tells("bei Enthaltung von Frau Erle. Gespeichert um")
    keys.open("N 1")
    keys.press("e", "Enter")
    keys.tells("Der Beschluss erfolgt einstimmig ohne Enthaltung. Gespeichert um")


def write_the_words(walk):
    walk.open(PAGE)
    walk.press(re.compile("Niederschrift, öffentlicher Teil"))
    walk.page.get_by_role("link", name="Text bearbeiten").wait_for()
    context = walk.browser.new_context(storage_state=walk.page.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{walk.house}/dokumente/niederschrift.ab-2023-05-04/text/")
    for key, words in TEXTS.items():
        page.locator(f"[name=block_{key}]").fill(words)
    page.get_by_role("button", name="Speichern").click()
    assert page.locator("[role=alert]").count() == 0, page.inner_text("main")[:1500]
    walk.open(f"{PAGE}bearbeiten/")
    walk.type(end="18:30")
    walk.press("Speichern")


@pytest.fixture(scope="module")
def written(served, browser):
    walk = Walk(browser, served.url)
    walk.page = served.open(browser, "sitzungsdienst")
    enter_the_house(walk)
    enter_the_agenda(walk)
    enter_who_was_there(walk)
    walk.keys = write_it_down(walk)
    write_the_words(walk)
    return walk


def test_the_printed_minutes_are_right_to_the_word(written):
    answer = written.page.request.get(f"{written.house}/dokumente/niederschrift.ab-2023-05-04/pdf/")
    words = pdf_text(answer.body())
    words = re.sub(r"AB/03/WP18 Ausdruck vom: [0-9.]+ Seite: [0-9]+/[0-9]+ Entwurf ", "", words + " ")
    expected = " ".join(PRINTED.split())
    assert expected in words, words


def test_nothing_is_missing_then(written):
    written.open(f"{PAGE}niederschrift/oe/")
    page = written.page.inner_text("main")
    assert "Die Sitzung war ordnungsgemäß einberufen und das Gremium beschlussfähig" in page
    assert written.page.locator(".checks .wrong, li.wrong").count() == 0, page
    assert written.page.problems == []


def test_the_sitting_is_one_screen(written):
    """What was pressed, arrows, Tab and Enter among it, and the page that was never left."""
    pressed, screens = written.keys
    assert pressed <= 40 and screens == 0


def test_what_is_typed_stays_when_nothing_answers(written, served, browser):
    page = served.open(browser, "sitzungsdienst")
    page.goto(f"{served.url}{PAGE}mitschreiben/?top=n-1")
    page.route("**/mitschreiben/**", lambda route: route.abort())
    page.keyboard.press("m")
    page.keyboard.insert_text("Kiefer")
    page.keyboard.press("Enter")
    page.get_by_text("Nicht gespeichert: Der Server antwortet nicht.").wait_for()
    assert page.locator("[name=exclude-names]").input_value() == "Kiefer"


def test_keys_rest_while_one_types_and_when_they_are_off(written, served, browser):
    page = served.open(browser, "sitzungsdienst")
    page.goto(f"{served.url}{PAGE}mitschreiben/?top=oe-3")
    page.locator("[name=exclude-names]").focus()
    page.keyboard.type("vw")
    assert page.locator("[name=exclude-names]").input_value() == "vw"
    page.keyboard.press("Escape")
    page.get_by_label("Einzeltasten").uncheck()
    page.locator("h1").click()
    page.keyboard.press("m")
    assert page.evaluate("document.activeElement.name || ''") != "exclude-names"


def test_it_works_without_script(written, served, browser):
    page = served.open(browser, "sitzungsdienst", script=False)
    page.goto(f"{served.url}{PAGE}mitschreiben/?top=oe-3")
    page.get_by_role("button", name="doch hier behandeln").click()
    assert "Ö 3: hier behandelt." in page.inner_text("main")
    page.get_by_role("button", name="vertagen").click()
    assert "Ö 3: vertagt." in page.inner_text("main")


def test_a_key_acts_on_the_row_that_has_the_focus_and_ticks_stay(written, served, browser):
    page = served.open(browser, "sitzungsdienst")
    page.goto(f"{served.url}{PAGE}mitschreiben/?top=oe-1")
    keys = Keys(page)
    keys.press("ArrowDown", "ArrowDown", "ArrowDown", "x", "ArrowDown", "ArrowDown", "Enter")
    page.locator(".session-item h2:has-text('Ö 5 ·')").wait_for()
    assert page.get_by_label("Ö 3", exact=True).is_checked()
    keys.press("v")  # what is ticked, not the row
    keys.tells("Ö 3: vertagt.")
    assert not page.get_by_label("Ö 3", exact=True).is_checked()
    keys.press("ArrowUp", "ArrowUp", "w")  # the row with the focus, not the item at hand
    keys.tells("Ö 3: keine Wortmeldungen.")
