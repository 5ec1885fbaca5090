"""Every page: rights, bad input, and what the server says about itself."""

import html
import random
import re

import pytest
from django.test import Client
from django.urls import resolve

from staffing.models import Position, PositionPeriod
from tests.helpers import thorough
from tests.security.addresses import PAGES as URLCONF

ARGUMENTS = {
    "number": "CM-01",
    "slug": "kim-2023",
    "reference": "2023-0120",
    "name": "allocation.by_carrier",
    "year": "2018",
    "address": "vorlage-2023-0120",
    "order": "1",
    "basis": "notice",
    "item": "oe-1",
    "part": "oe",
}
SLUGS = {
    "carrier": "sprungbrett",
    "carrier-contact": "sprungbrett",
    "carrier-edit": "sprungbrett",
    "carrier-remove": "sprungbrett",
    "municipality": "alsdorf",
    "municipality-remove": "alsdorf",
}
KEYS = {
    "sub-product": "946100",
    "account": "414100",
    "committee": "staedteregionsausschuss",
    "committee-calendar": "staedteregionsausschuss",
    "meeting": "staedteregionsausschuss-2022-03-24",
    "session": "staedteregionsausschuss-2022-03-24",
    "agenda": "staedteregionsausschuss-2022-03-24",
    "attendance": "staedteregionsausschuss-2022-03-24",
    "office": "amt-20-kaemmerei-annahme",
    "known-paper": "2022-0119",
    "function": "case-management",
    "programme": "kim",
    "module": "kim-baustein-1",
    "rate": "kim-case-management-2023-01-01",
    "account-group": "53-2005-01-01",
}  # by the first word of the page's name
PLACE = {"number": "CM-10", "slot": "1", "start": "ohne-beginn"}
# nothing is closed; a view names its list in the query; the StädteRegion has no draft and no Weiterleitung
NOT_THERE = {
    "year-reopen",
    "view-new",
    *(f"onward-{end}" for end in ("grant", "head", "zip", "remove")),
    *(f"job{end}" for end in ("", "-continue")),
    "signatory-edit",
    *(f"membership{end}" for end in ("", "-edit", "-end", "-remove")),
    *(f"{noun}{end}" for noun in ("person", "legislative-term") for end in ("", "-edit", "-remove")),
    *("source-edit", "source-remove"),
    *(
        "agenda-item",
        "agenda-item-record",
        "resolution-extract",
        *(f"{noun}{end}" for noun in ("follow-up", "urgent-decision") for end in ("", "-edit", "-remove")),
        *(f"invitation{end}" for end in ("", "-new", "-head", "-remove")),
        "minutes",
        "minutes-new",
        "minutes-head",
        "minutes-approval",
        "minutes-remove",
    ),  # no sitting has an agenda yet
    # what holds for all is changed under /technik/; the StädteRegion has added nothing
    *(f"{n}{e}" for n in ("function", "programme", "module", "rate", "account-group") for e in ("-edit", "-remove")),
    *(f"reallocation{end}" for end in ("", "-edit", "-adopt", "-withdraw", "-remove")),
}


def address(page):
    """The page with an object of the StädteRegion in it."""
    known = ARGUMENTS | ({"slug": SLUGS[page.name]} if page.name in SLUGS else {})
    noun = page.name.removesuffix("-edit").removesuffix("-remove")
    known |= {"key": KEYS[noun]} if noun in KEYS else {}
    known |= {"number": "1"} if page.name == "notice-version-edit" else {}
    known |= PLACE if page.name.startswith("occupancy-") else {}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: known[m[1]], page.route)


PAGES = [
    (address(p), p.rule)
    for p in URLCONF
    if not p.route.startswith(("technik", "konto/passwort/<"))
    and "kind" not in p.route
    and p.name not in {"file", *NOT_THERE}
]


def test_a_missing_right_is_named(login):
    response = login("pruefung").get("/stellen/CM-01/berichtigen/")
    words = response.content.decode()
    assert response.status_code == 403 and "Stellen bearbeiten" in words and "Sachbearbeitung" in words


BAD = [
    ("/stellen/?stand=31.02.2023", "gibt es im Kalender nicht"),
    ("/stellen/?stand=quatsch", "ist kein Datum"),
    ("/stellen/?jahr=20x3", "ist kein Förderjahr"),
    ("/stellen/?jahr=0000020230", "ist kein Förderjahr"),
    ("/stellen/?stand=01.03.2023&jahr=2022", "liegt nicht im Förderjahr 2022"),
    ("/stellen/?farbe=rot", "Den Filter „farbe“ gibt es in dieser Liste nicht."),
    ("/stellen/?status=quatsch", "Status"),
    ("/stellen/?traeger=stadt-aachen", "Anstellungsträger"),
    ("/stellen/?kommune=aachen%00", "unzulässiges Zeichen"),
    ("/stellen/?sortierung=-geheim", "Nach „-geheim“ lässt sich nicht sortieren."),
    ("/stellen/?seite=1e400", "ist keine Seitenzahl"),
    ("/stellen/?seite=²", "ist keine Seitenzahl"),
    ("/stellen/?format=exe", "Das Format heißt xlsx, csv, pdf oder json."),
    ("/stellen/?suche=%00", "unzulässiges Zeichen"),
    ("/stellen/%00/", "unzulässiges Zeichen"),
    ("/herkunft/position.fte/?position=%00", "unzulässiges Zeichen"),
    ("/herkunft/positions.municipality_count/?positions=XX", "Die Stelle „XX“ gibt es nicht."),
    ("/haushalt/?zweck=nix", "Zweck"),
    ("/herkunft/neutrality.nominal/", "Teilprodukt (sub_product) fehlt"),
    ("/herkunft/neutrality.nominal/?sub_product=1", "„1“ gibt es als Teilprodukt (sub_product) nicht"),
    ("/herkunft/position.fte/?position=KO-01", "„KO-01“ gibt es als Stelle (position) nicht"),
    ("/herkunft/occupancy.status/?kind=quatsch", "kind ist own oder onward"),
    ("/herkunft/occupancy.status/?body=stadt-aachen&kind=x", "kind ist own oder onward"),
]


@pytest.mark.parametrize(("url", "sentence"), BAD)
def test_bad_input_gets_a_sentence_and_no_figure(url, sentence, login):
    response = login().get(url)
    words = response.content.decode()
    assert response.status_code == 400, response.status_code
    assert sentence in words
    if url.startswith("/stellen/?") and "stand" not in url and "jahr" not in url:
        assert "CM-01" not in words and "684.000" not in words


@pytest.mark.parametrize(
    "url", ["/stellen/KO-01/", "/stellen/gibt-es-nicht/", "/dokumente/1/", "/herkunft/quatsch/", "/nirgends/"]
)
def test_what_is_not_there_is_a_404_in_words(url, login):
    response = login().get(url)
    assert response.status_code == 404 and "Unter dieser Adresse gibt es nichts" in response.content.decode()


def shape(link):
    """What kind of link it is: the page without what it is about, and which parameters it gives."""
    path, _, query = link.partition("?")
    return resolve(path).view_name, tuple(sorted({pair.partition("=")[0] for pair in query.split("&")}))


def dead_links(browser, pages):
    """Links of these pages that lead nowhere: of each kind a few at random, with KIM_TESTS=all every one."""
    found = set()
    for url in pages:
        for link in re.findall(r'href="(/[^"#]*|\?[^"]*)"', browser.get(url).content.decode("utf-8", "replace")):
            if not link.startswith("/static/"):
                found.add(html.unescape(url.split("?")[0] + link if link.startswith("?") else link))
    kinds = {}
    for link in random.sample(sorted(found), len(found)):
        kinds.setdefault(shape(link), []).append(link)
    asked = [link for links in kinds.values() for link in links[: thorough(None, 2)]]
    return {link for link in asked if browser.get(link).status_code >= 400}


def test_every_link_leads_somewhere(login):
    pages = [url for url, _rule in PAGES if "/pdf/" not in url and "/konto/" not in url] + ["/konto/passwort/"]
    browser = login()
    assert dead_links(browser, [*pages, "/stellen/?stand=2023-02-28&art=dritte"]) == set()
    assert dead_links(Client(), ["/anmelden/"]) == set()


@pytest.mark.counter
def test_a_dead_link_is_seen(login, monkeypatch):
    from kim.pages import sections as pages

    monkeypatch.setattr(
        pages, "SECTIONS", {"Tot": pages.Section("Tot", 1, (pages.Tab("account_reset_password", "Tot"),))}
    )
    monkeypatch.setattr(pages, "rule_of", lambda name: "kim.home")
    assert dead_links(login(), ["/"]) == {"/konto/vergessen/"}


KEYS = [
    "stand",
    "jahr",
    "seite",
    "sortierung",
    "format",
    "art",
    "traeger",
    "kommune",
    "status",
    "baustein",
    "suche",
    "zweck",
    "x",
]
VALUES = [
    "",
    "1",
    "-1",
    "9" * 30,
    "NaN",
    "1e400",
    "%00",
    "'--",
    "<b>",
    "eigen",
    "besetzt",
    "2023",
    "01.03.2023",
    "ü",
    "²",
    "vzae",
    "json",
]


def test_random_addresses_never_break_a_page(login):
    """Random query strings: a page, a sentence, never an error of the server."""
    source = random.Random(20230301)
    browser = login()
    for _ in range(thorough(300, 100)):
        page = source.choice(["/stellen/", "/zuwendungen/", "/haushalt/", "/dokumente/", "/zuwendungen/stellenverteilung/", "/haushalt/kostenneutralitaet/"])  # fmt: skip
        query = "&".join(f"{source.choice(KEYS)}={source.choice(VALUES)}" for _ in range(source.randint(1, 4)))
        assert browser.get(f"{page}?{query}").status_code in {200, 400}, query


def test_security_headers_are_everywhere(login):
    browser = login()
    for url in ["/", "/stellen/", "/nirgends/", "/stellen/?format=json"]:
        headers = browser.get(url).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"


def test_sign_up_is_closed(client, login):
    login()  # somebody has an account: the house is set up
    assert client.get("/konto/registrieren/").status_code == 404


def test_a_switch_of_body_needs_a_role_there(login):
    browser = login()
    assert browser.post("/koerperschaft/", {"body": "stadt-aachen"}).status_code == 404
    login("pruefung", "stadt-aachen", name="sachbearbeitung@staedteregion-aachen")
    assert browser.post("/koerperschaft/", {"body": "stadt-aachen", "next": "//evil.example"})["Location"] == "/"
    words = browser.get("/stellen/").content.decode()
    assert "KO-01" in words and "CM-17" not in words


def test_a_right_taken_away_is_gone_with_the_next_request(login):
    from kim.models import RoleAssignment
    from kim.store.context import acting

    browser = login()
    assert browser.get("/stellen/").status_code == 200
    with acting(None, []):
        RoleAssignment.objects.filter(user__username__startswith="sachbearbeitung@").delete()
    assert browser.get("/stellen/").status_code == 403


def test_an_error_of_the_server_saves_nothing_and_names_its_number(login, region, monkeypatch):
    def boom(self, **kwargs):
        Position.objects.filter(number="CM-01").update(note="halb gespeichert")
        raise RuntimeError

    monkeypatch.setattr(PositionPeriod, "correct", boom)
    row = PositionPeriod.objects.get(position__number="CM-01")
    data = {"fte": "0,5", "stage": "not_stated", "reason": "x", "version": row.version}
    response = login().post("/stellen/CM-01/berichtigen/", data)
    assert response.status_code == 500 and "Vorgangsnummer" in response.content.decode()
    assert Position.objects.get(number="CM-01").note == ""
