"""Anstellungsträger come into being, change and go by pages alone."""

import re

import pytest

from staffing.models import Carrier
from tests.helpers import new_position

NEW = {
    "name": "Verein für Öffentlichkeit „Ä & Ö“ e. V.",
    "short_name": "Öffentlichkeit",
    "kind": "welfare",
    "article": "der",
    "weekly_hours": "39,5",
    "locality": "Weiden",
}


def create(browser, **changed):
    return browser.post("/traeger/neu/", NEW | changed, follow=True)


def test_a_new_one_is_offered_entered_seen_and_said_in_sentences(login, district):
    browser = login(slug="weidenkreis")
    assert 'href="/traeger/neu/"' in browser.get("/traeger/").content.decode()
    assert 'name="short_name"' in browser.get("/traeger/neu/").content.decode()
    page = create(browser)
    row = Carrier.objects.get(slug="oeffentlichkeit")
    assert page.redirect_chain[-1][0] == "/traeger/oeffentlichkeit/" and "ist angelegt" in page.content.decode()
    assert str(row.weekly_hours) == "39.50" and row.body == district
    assert row.forms()["accusative"] == "den Verein für Öffentlichkeit „Ä & Ö“ e. V."
    assert "Öffentlichkeit" in browser.get("/traeger/").content.decode()
    assert "Anstellungsträger angelegt" in page.content.decode()  # the history says who did it


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "zwingend erforderlich"),
        ({"short_name": ""}, "zwingend erforderlich"),
        ({"kind": ""}, "zwingend erforderlich"),
        ({"kind": "own"}, "keine gültige Auswahl"),
        ({"short_name": "neu"}, "keine Adresse bilden"),
        ({"short_name": "…"}, "keine Adresse bilden"),
        ({"weekly_hours": "viele"}, "Bitte Wochenstunden als Zahl eingeben"),
        ({"weekly_hours": "1000"}, "Ziffern"),
        ({"email": "keine"}, "E-Mail"),
    ],
)
def test_bad_input_gets_its_sentence_and_loses_nothing(changed, sentence, login, district):
    before = Carrier.objects.count()
    page = create(login(slug="weidenkreis"), **changed)
    words = page.content.decode()
    assert page.status_code == 422 and sentence in words, re.findall(r"kern-error[^<]*<[^>]*>([^<]*)", words)
    assert "Weiden" in words and Carrier.objects.count() == before


def test_the_same_name_twice_is_refused(login, district):
    browser = login(slug="weidenkreis")
    create(browser)
    page = create(browser, short_name="Anders")
    assert (
        page.status_code == 422 and "Einen Anstellungsträger mit diesem Namen gibt es schon." in page.content.decode()
    )
    page = create(browser, name="Ein anderer Verein")
    assert page.status_code == 422 and "Kurznamen hat schon ein anderer" in page.content.decode()
    assert Carrier.objects.filter(slug="oeffentlichkeit").count() == 1


def edited(row, **changed):
    fields = ("name", "short_name", "kind", "article", "sentence_name", "street", "postal_code", "locality")
    data = {name: getattr(row, name) for name in (*fields, "phone", "email")}
    return data | {"weekly_hours": "39", "version": row.version} | changed


def test_it_changes_and_nobody_overwrites_another(login, district):
    browser = login(slug="weidenkreis")
    create(browser)
    row = Carrier.objects.get(slug="oeffentlichkeit")
    page = browser.post("/traeger/oeffentlichkeit/bearbeiten/", edited(row, name="Verein Neu e. V."), follow=True)
    assert "ist gespeichert" in page.content.decode()
    stale = browser.post("/traeger/oeffentlichkeit/bearbeiten/", edited(row, name="Verein Alt e. V."))
    assert stale.status_code == 409 and "Jemand war schneller" in stale.content.decode()
    row.refresh_from_db()
    assert row.name == "Verein Neu e. V." and row.slug == "oeffentlichkeit"


def test_the_body_itself_stays_the_body_itself(login, region):
    own = Carrier.objects.filter(kind="own").first()
    page = login().get(f"/traeger/{own.slug}/bearbeiten/").content.decode()
    assert re.findall(r'<option value="([a-z]+)"[^>]*>eigene Körperschaft', page) == ["own"]
    assert 'value="company"' not in page


def test_it_goes_only_if_it_was_never_used(login, district):
    browser = login(slug="weidenkreis")
    create(browser)
    row = Carrier.objects.get(slug="oeffentlichkeit")
    new_position(district, "XX-9", kind="onward", carrier=row)
    page = browser.get("/traeger/oeffentlichkeit/loeschen/")
    assert "Hier gibt es" in page.content.decode()
    data = {"reason": "vertippt", "version": row.version}
    assert browser.post("/traeger/oeffentlichkeit/loeschen/", data).status_code == 422
    create(browser, name="Ein anderer Verein", short_name="Anders")
    other = Carrier.objects.get(slug="anders")
    page = browser.post("/traeger/anders/loeschen/", {"reason": "vertippt", "version": other.version}, follow=True)
    assert page.redirect_chain[-1][0] == "/traeger/" and not Carrier.objects.filter(slug="anders").exists()


def test_only_who_keeps_them_may(login, district):
    for role in ("kaemmerei", "sitzungsdienst", "leitung", "pruefung"):
        assert login(role, "weidenkreis").get("/traeger/neu/").status_code == 403
    assert 'href="/traeger/neu/"' not in login("pruefung", "weidenkreis").get("/traeger/").content.decode()
