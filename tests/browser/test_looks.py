"""Every page in Chromium: no axe finding in light and dark, no console error, nothing cut off, rows dense."""

import random

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.helpers import thorough

PAGES = [
    "/",
    "/stellen/",
    "/stellen/?art=dritte&sortierung=-vzae",
    "/stellen/?suche=gibtesnicht",
    "/stellen/?farbe=rot",
    "/stellen/?ansicht=unbesetzt&offen=vzae&spalten=nummer&spalten=vzae&dichte=bequem",
    "/stellen/?art=dritte&herkunft=vzae",
    "/stellen/?stand=2022-07-01&art=dritte&status=besetzt",
    "/traeger/",
    "/traeger/sprungbrett/",
    "/traeger/sprungbrett/kontakt/",
    "/traeger/neu/",
    "/traeger/sprungbrett/bearbeiten/",
    "/traeger/sprungbrett/loeschen/",
    "/kommunen/",
    "/kommunen/eschweiler/",
    "/kommunen/neu/",
    "/belege/",
    "/belege/vorlage-2023-0120/",
    "/belege/vorlage-2023-0120/stelle/?seite=2&worte=drei",
    "/belege/neu/",
    "/foerderjahre/",
    "/foerderjahre/2022/abschliessen/",
    "/ansichten/neu/?liste=/stellen/&abfrage=art%3Ddritte",
    "/herkunft/headline.occupancy/",
    "/stellen/CM-10/",
    "/stellen/CM-12/?stand=2023-03-01",
    "/stellen/CM-01/berichtigen/",
    "/stellen/CM-01/aendern/",
    "/stellen/CM-01/zeitraum/",
    "/stellen/CM-16/orte/",
    "/stellen/CM-01/nummer/",
    "/stellen/CM-10/beenden/",
    "/stellen/CM-10/besetzung/neu/",
    "/stellen/CM-10/besetzung/1/ohne-beginn/",
    "/stellen/CM-10/vermerk/neu/",
    "/stellen/CM-10/verfahren/neu/",
    "/stellenplan/?jahr=2023",
    "/stellen/vergleich/",
    "/stellen/vergleich/?vorher=28.02.2023&nachher=01.03.2023",
    "/zuwendungen/bescheid/kim-2023/weiterleitung/",
    "/zuwendungen/muster/notice/",
    "/zuwendungen/muster/notice/zeichnung/",
    "/dokumente/zeichnungsbefugnisse/",
    "/sitzungen/",
    "/sitzungen/neu/",
    "/sitzungen/staedteregionsausschuss-2022-03-24/",
    "/sitzungen/staedteregionsausschuss-2022-03-24/tagesordnung/",
    "/sitzungen/staedteregionsausschuss-2022-03-24/anwesenheit/",
    "/gremien/staedteregionsausschuss/",
    "/mitgliedschaften/",
    "/beschluesse/",
    "/auftraege/",
    "/auftraege/neu/",
    "/dringlichkeit/neu/",
    "/mitgliedschaften/neu/",
    "/dienststellen/",
    "/briefkopf/",
    "/briefkopf/bearbeiten/",
    "/briefkopf/wappen/",
    "/wahlperioden/neu/",
    "/personen/",
    "/dokumente/zeichnungsbefugnisse/neu/",
    "/dokumente/neu/",
    "/dokumente/pruefen/",
    "/dokumente/2023-0120/text/",
    "/dokumente/2023-0120/kopf/",
    "/dokumente/2023-0120/seiten/",
    "/dokumente/2023-0120/herkunft/?zahl=notice.amount",
    "/dokumente/2023-0120/versionen/",
    "/dokumente/2023-0120/gremium/neu/",
    "/umverteilungen/",
    "/umverteilungen/neu/?stelle=CM-12&stelle=CM-13&stand=2023-02-28",
    "/stellen/CM-01/beschreibung/",
    "/stellen/CM-01/loeschen/",
    "/stellen/neu/",
    "/zuwendungen/",
    "/zuwendungen/bescheid/kim-2023/",
    "/zuwendungen/bescheid/kim-2023/aktenzeichen/",
    "/zuwendungen/neu/",
    "/zuwendungen/bescheid/kim-2023/fassung/neu/",
    "/zuwendungen/bescheid/kim-2023/fassung/1/",
    "/zuwendungen/bescheid/kim-2023/bearbeiten/",
    "/zuwendungen/bescheid/kim-2023/stellen/",
    "/zuwendungen/bescheid/kim-2023/rechenregel/",
    "/zuwendungen/stellenverteilung/",
    "/haushalt/",
    "/haushalt/bearbeiten/?jahr=2023",
    "/haushalt/teilprodukte/",
    "/haushalt/teilprodukte/946100/",
    "/zuwendungen/foerdersaetze/",
    "/zuwendungen/foerdersaetze/kim-case-management-2023-01-01/",
    "/zuwendungen/foerdersaetze/neu/",
    "/haushalt/kontengruppen/neu/",
    "/funktionen/",
    "/funktionen/neu/",
    "/kommunen/neu/",
    "/haushalt/sachkonten/neu/",
    "/haushalt/sachkonten/414100/bearbeiten/",
    "/haushalt/sachkonten/414100/loeschen/",
    "/haushalt/kostenneutralitaet/",
    "/haushalt/kostenneutralitaet/?jahr=2024",
    "/dokumente/",
    "/dokumente/2023-0120/",
    "/herkunft/allocation.by_carrier/",
    "/herkunft/neutrality.nominal/?sub_product=1",
    "/notizen/neu/stelle/CM-01/",
    "/wiedervorlagen/neu/zuwendung/kim-2023/",
    "/dateien/neu/vorlage/2023-0120/",
    "/wiedervorlagen/",
    "/pruefung/hinweise/",
    "/pruefung/hinweise/notiz/?regel=S11&gegenstand=stelle:CM-10",
    "/pruefung/",
    "/pruefung/?gegenstand=CM-10&zahlen=on",
    "/pruefung/?startwert=7&anzahl=5",
    "/pruefung/?von=quatsch",
    "/technik/",
    "/technik/stellenangaben/",
    "/technik/zuwendungen/",
    "/technik/haushaltsansaetze/",
    "/technik/sitzungen/",
    "/technik/zuwendungen/stellenverteilung/",
    "/konto/passwort/",
    "/konto/passwort/MQ/abc-def/",
    "/nirgends/",
]
TECHNICAL = [
    "/",
    "/technik/",
    "/technik/benutzerkonten/",
    "/technik/benutzerkonten/neu/",
    "/technik/benutzerkonten/kaemmerei/",
    "/technik/benutzerkonten/kaemmerei/passwort/",
    "/technik/koerperschaften/",
    "/einrichten/",
    "/einrichten/koerperschaft/",
    "/einrichten/koerperschaft/?amtlich=05170",
    "/einrichten/koerperschaft/?amtlich=andere",
    "/einrichten/koerperschaft/?amtlich=99999",
    "/technik/koerperschaften/stadt-aachen/",
    "/technik/koerperschaften/stadt-aachen/loeschen/",
    "/technik/kommunen/",
    "/technik/kommunen/neu/",
    "/technik/foerdersaetze/",
    "/technik/foerdersaetze/kim-case-management-2023-01-01/",
    "/technik/kontengruppen/",
    "/stellen/",
    "/konto/passwort/",
]
ANYBODY = ["/anmelden/", "/stellen/", "/konto/passwort/MQ/abc-def/", "/nirgends/"]
DRAFTS = ["/umverteilungen/1/", "/umverteilungen/2/bearbeiten/", "/umverteilungen/1/loeschen/", "/stellen/vergleich/?vorher=01.12.2022&nachher=01.08.2023"]  # fmt: skip
PEOPLE = {
    "sachbearbeitung": PAGES,
    "sachbearbeitung-kreis": DRAFTS,
    "kaemmerei": PAGES,
    "sitzungsdienst": PAGES,
    "leitung": PAGES,
    "pruefung": PAGES,
    "technik": TECHNICAL,
    "": ANYBODY,
}
LOOKS = [(width, scheme) for width in (1280, 390, 320) for scheme in ("light", "dark", "forced")]
# Each page in one look per role, the looks in turn, so that the roles together see a page in most of them;
# KIM_TESTS=all shows every page to every role in all nine (fifteen minutes).
EACH = thorough(len(LOOKS), 1)


@pytest.fixture(scope="module", params=[(1280, "light"), (1280, "dark"), (390, "light"), (320, "dark")], ids=str)
def page(request, served, browser):
    width, scheme = request.param
    return served.open(browser, width=width, scheme=scheme)


# Styles are not fetched a second time: only a rule about the turning of screens, which is off, would look at them.
OPTIONS = {"resultTypes": ["violations"], "preload": False}


def findings(page):
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found]


def looked_at(page, url, look):
    """What is wrong with the page in this look."""
    width, scheme = look
    page.set_viewport_size({"width": width, "height": 900})
    forced = scheme == "forced"
    page.emulate_media(color_scheme=None if forced else scheme, forced_colors="active" if forced else "none")
    wrong = [(url, look, found) for found in findings(page)]
    if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1"):
        wrong.append((url, look, "cut off"))
    return wrong


# Of those who see every page the two that differ most: who edits and who only reads; KIM_TESTS=all asks everybody.
SEEN_BY = thorough(list(PEOPLE), ["sachbearbeitung", "pruefung", "sachbearbeitung-kreis", "technik", ""])


def shared_out(person, seed):
    """The pages this person looks at: of those that both see one half each, by chance; KIM_TESTS=all gives everybody
    every page."""
    pages = list(enumerate(PEOPLE[person]))
    if PEOPLE[person] is not PAGES:
        return pages
    mine = set(random.Random(seed).sample(range(len(PAGES)), len(PAGES) // 2))
    return thorough(pages, [one for one in pages if (one[0] in mine) == (person == "pruefung")])


@pytest.mark.parametrize("person", SEEN_BY)
def test_axe_finds_nothing_and_nothing_is_cut_off(person, served, browser, pytestconfig):
    page, wrong, refused = served.open(browser, person), [], set()
    for number, url in shared_out(person, pytestconfig.getoption("randomly_seed")):
        status = page.goto(served.url + url).status
        assert status < 500, url
        first = number + 2 * list(PEOPLE).index(person)
        for n in range(EACH):
            look = LOOKS[(first + n) % len(LOOKS)]
            if status < 400 or status == 400 or (status, look) not in refused:  # the same words each time
                wrong += looked_at(page, url, look)
            refused.add((status, look))
    assert wrong == []
    assert page.problems == []


@pytest.mark.counter
def test_axe_sees_a_planted_fault(page, served):
    page.goto(served.url + "/stellen/")
    page.evaluate("document.querySelector('[name=suche]').removeAttribute('id')")
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


def test_pages_print_without_their_controls(served, browser):
    page = served.open(browser)
    for url in ["/stellen/", "/haushalt/kostenneutralitaet/"]:
        page.goto(served.url + url)
        page.emulate_media(media="print")
        assert not page.locator(".nav").first.is_visible() and not page.locator(".top-tools").is_visible()
        assert not page.locator(".list-tools, .tabs").first.is_visible()
        assert page.locator("h1").is_visible()


def test_nothing_is_asked_of_other_places(served, browser):
    page = served.open(browser)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for url in PAGES[:6]:
        page.goto(served.url + url)
    assert asked and all(url.startswith((served.url, "data:")) for url in asked)
