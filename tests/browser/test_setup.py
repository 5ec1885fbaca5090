"""One's own house as a new user meets it: script/server --leer, the printed key, and by browser alone to a first Vorlage
as a PDF. The screens and fields are counted and kept as a budget."""

import re

from tests.browser.house import PASSWORD, Walk
from tests.helpers import pdf_text

SCREENS, FIELDS = 40, 67  # what the way takes at most


def set_up(walk, key):
    """Systemverwaltung, Körperschaft, and the link of the one who works for it."""
    walk.open("/stellen/")
    assert walk.page.url.endswith("/einrichten/")
    walk.look()
    walk.page.goto(key)
    walk.type(username="eva.erste", last_name="Erste", password=PASSWORD, again=PASSWORD)
    walk.look()
    walk.press("Konto anlegen")
    walk.look()
    walk.press("Körperschaft einrichten", "link")
    walk.look()
    walk.choose(amtlich="Kreis Düren")
    walk.press("Weiter")
    assert walk.page.get_by_label("Jülich").is_checked()
    assert walk.page.get_by_label("Name", exact=True).input_value() == "Kreis Düren"
    walk.look()
    walk.type(name="Kreis Neuland", short_name="Kreis Neuland", sender="Der Landrat")
    walk.choose(article="der", kind="district", paper_numbers="own")
    walk.press("Körperschaft einrichten")
    walk.says("Kreis Neuland ist eingerichtet.")
    walk.type(username="sven.sach")
    walk.tick("Sachbearbeitung", "Kämmerei", "Sitzungsdienst", "Leitung")
    walk.press("Speichern")
    walk.press("Link erstellen")
    return walk.page.get_by_label("Link für sven.sach").input_value()


def sign_in(walk, link):
    walk.enter()
    walk.page.goto(link)
    for field in walk.page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    walk.press("Passwort setzen")
    walk.type(login="sven.sach", password=PASSWORD)
    walk.press("Anmelden")
    walk.says("Erste Schritte")
    walk.look()


def enter_money(walk):
    """An Anstellungsträger, a Teilprodukt, the Bescheid, its posts, the Ansätze – each from the list of first steps."""
    walk.press("Anstellungsträger eintragen", "link")
    walk.type(name="Caritas Neuland e. V.", short_name="Caritas")
    walk.choose(kind="welfare")
    walk.press("Anlegen")
    walk.open("/")
    walk.press("Teilprodukt anlegen", "link")
    walk.type(number="05.315.01", name="Integration")
    walk.press("Anlegen")
    walk.open("/")
    walk.press("Zuwendung erfassen", "link")
    walk.type(
        title="Bescheid KIM", funder="Bezirksregierung Köln", number="36.2", date="15.02.2026", amount="154.233,32"
    )
    walk.type(validity_0="01.01.2026", validity_1="31.12.2026", item__0__fte="2,7", item__0__rate="57.123,45")
    walk.choose(
        programme="Kommunales Integrationsmanagement", instrument="lump_sum", item__0__function="case-management"
    )
    walk.choose(sub_product="05.315.01 „Integration“")
    walk.press("Zuwendung anlegen")
    walk.says("Die Positionen ergeben genau den Betrag: 154.233,32 €")
    walk.press("Stellen aus dieser Zuwendung anlegen", "link")
    walk.type(number="CM-01", count="2", fte="0,9", start="01.01.2026", reason="Stellenplan")
    walk.press("Stelle anlegen")
    walk.open("/stellen/neu/?zuwendung=bescheid-kim")
    walk.type(number="CM-03", fte="0,9", start="01.01.2026", reason="Interessenbekundung")
    walk.choose(kind="onward", carrier="Caritas Neuland e. V.")
    walk.press("Stelle anlegen")
    walk.says("kostenneutral")
    walk.open("/")
    walk.press("Ansätze schreiben", "link")
    walk.choose(line__0__purpose="income", line__1__purpose="own")
    walk.type(
        line__0__label="Land", line__0__amount="154.233,32", line__1__label="Personal", line__1__amount="102.822,21"
    )
    walk.press("Weitere Zeile")
    walk.choose(line__2__purpose="onward")
    walk.type(line__2__label="Zuschüsse", line__2__amount="51.411,11", reason="Haushalt 2026")
    walk.press("Ansätze speichern")
    walk.says("3 Ansätze sind gespeichert.")


def write_paper(walk):
    """Gremium, Sitzung, and a Vorlage that is decided there."""
    walk.open("/")
    walk.press("Gremium anlegen", "link")
    walk.type(name="Sozialausschuss")
    walk.press("Anlegen")
    walk.open("/")
    walk.press("Sitzung anlegen", "link")
    walk.choose(organization="Sozialausschuss")
    walk.type(date="10.12.2026", start="17:00", place="Kreishaus")
    walk.press("Anlegen")
    walk.open("/")
    walk.press("Vorlage schreiben", "link")
    walk.choose(paper_type="information", notice="Bescheid KIM")
    walk.type(name="KIM: Sachstand")
    walk.press("Entwurf anlegen")
    return re.search(r"/dokumente/([^/?]+)/", walk.page.url)[1]


def test_from_the_printed_key_to_a_first_vorlage(empty, browser):
    house = empty.url
    walk = Walk(browser, house)
    sign_in(walk, set_up(walk, empty.key))
    enter_money(walk)
    reference = write_paper(walk)
    walk.open(f"/dokumente/{reference}/gremium/neu/")
    walk.choose(organization="Sozialausschuss")
    walk.type(date="10.12.2026")
    walk.press("Aufnehmen")
    answer = walk.page.request.get(f"{house}/dokumente/{reference}/pdf/")
    words = pdf_text(answer.body())
    assert answer.status == 200 and "Kreis Neuland" in words and "KIM: Sachstand" in words
    assert "10.12.2026" in words and "Sozialausschuss" in words
    walk.open("/")
    assert "Erste Schritte" not in walk.page.inner_text("main")
    walk.open("/haushalt/kostenneutralitaet/")
    walk.says("kostenneutral")
    print(f"screens: {walk.screens}, fields: {walk.fields}")
    assert walk.wrong == []
    assert walk.screens <= SCREENS and walk.fields <= FIELDS, (walk.screens, walk.fields)


def test_the_key_is_spent_and_a_browser_keeps_both_houses_apart(empty, browser):
    page = browser.new_context().new_page()
    page.goto(empty.key)
    assert page.url.partition("?")[0].endswith("/anmelden/")
    assert {cookie["name"] for cookie in page.context.cookies()} == {"csrf-leer"}, "the trial's cookies are others"
