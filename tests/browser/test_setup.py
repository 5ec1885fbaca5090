"""One's own house as a new user meets it: script/server --leer, the printed key, and by browser alone to a first Vorlage
as a PDF. The screens and fields are counted and kept as a budget."""

import os
import re
import signal
import subprocess
import sys
import uuid

import pytest

from tests.browser.conftest import ROOT, free_port, wait_for
from tests.browser.test_looks import looked_at
from tests.helpers import pdf_text

PASSWORD = "eine lange Wortfolge 7"
SCREENS, FIELDS = 40, 67  # what the way takes at most
DROP = """
from kim.store import postgres
postgres.start()
import os, psycopg
with psycopg.connect(host=str(postgres.socket_directory()), user="postgres", dbname="postgres", autocommit=True) as one:
    one.execute(f'DROP DATABASE "{os.environ["KIM_DATABASE"]}" WITH (FORCE)')
"""


@pytest.fixture(scope="module")
def empty():
    """The address that an empty house prints; a database of its own in the folder of one's own houses."""
    name, port = f"test_kim_{uuid.uuid4().hex[:8]}", free_port()
    left_out = {"KIM_TRIAL", "KIM_SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    environment = {key: value for key, value in os.environ.items() if key not in left_out} | {"KIM_DATABASE": name}
    process = subprocess.Popen(
        ["script/server", "--leer", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        words = ""
        while "Einrichten:" not in words:
            line = process.stdout.readline()
            assert line, words
            words += line
        wait_for(f"http://127.0.0.1:{port}/", process)
        yield re.search(r"Einrichten: (\S+)", words)[1]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        house = environment | {"KIM_FOLDER": "var/leer", "KIM_SECRET_KEY": "only-for-tests"}
        subprocess.run([sys.executable, "-c", DROP], cwd=ROOT, env=house, check=True, timeout=60)


class Walk:
    """A person at her browser: what she sees and types is counted."""

    def __init__(self, browser, house):
        self.browser, self.house, self.screens, self.fields, self.wrong = browser, house, 0, 0, []
        self.enter()

    def enter(self):
        """A new window, of somebody who is not signed in."""
        self.page = self.browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE").new_page()
        self.page.set_default_timeout(15000)
        self.page.on("framenavigated", self.count)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def count(self, frame):
        self.screens += frame.parent_frame is None and frame.url.startswith("http")

    def open(self, address):
        self.page.goto(self.house + address)

    def type(self, **named):
        for name, words in named.items():
            self.page.locator(f"[name={name.replace('__', '-')}]").fill(words)
            self.fields += 1

    def choose(self, **named):
        for name, word in named.items():
            field = self.page.locator(f"[name={name.replace('__', '-')}]")
            wanted = word if field.locator(f"option[value='{word}']").count() else None
            field.select_option(wanted, label=None if wanted else word)
            self.fields += 1

    def press(self, words, role="button"):
        self.page.get_by_role(role, name=words).first.click()

    def says(self, words):
        assert words in self.page.inner_text("main").replace("\u00a0", " "), self.page.inner_text("main")[:800]

    def look(self):
        for size in ((1280, "light"), (390, "dark"), (320, "forced")):
            self.wrong += looked_at(self.page, self.page.url, size)
        self.page.set_viewport_size({"width": 1280, "height": 900})


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
    walk.choose(kreis="Kreis Düren")
    walk.press("Kommunen zeigen")
    assert walk.page.get_by_label("Jülich").is_checked()
    walk.look()
    walk.type(name="Kreis Neuland", short_name="Kreis Neuland", sender="Der Landrat")
    walk.choose(article="der", kind="district", paper_numbers="own")
    walk.press("Körperschaft einrichten")
    walk.says("Kreis Neuland ist eingerichtet.")
    walk.type(username="sven.sach")
    for role in ("Sachbearbeitung", "Kämmerei", "Sitzungsdienst", "Leitung"):
        walk.page.get_by_label(role, exact=True).check()
        walk.fields += 1
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
    house = empty.partition("/einrichten/")[0]
    walk = Walk(browser, house)
    sign_in(walk, set_up(walk, empty))
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
    page.goto(empty)
    assert page.url.partition("?")[0].endswith("/anmelden/")
    assert {cookie["name"] for cookie in page.context.cookies()} == {"csrf-leer"}, "the trial's cookies are others"
