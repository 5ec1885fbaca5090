"""Erste Schritte of a young body, and the Kommunen it works with."""

import pytest

from kim.models import Body, RoleAssignment, User
from kim.store.context import acting
from staffing.models import BodyMunicipality, Municipality, found_body
from tests.helpers import said


@pytest.fixture
def young(db, login):
    """An invented Kreis on its first day, and somebody with a role for it."""

    def signed_in(*roles):
        with acting(None, []):
            body = Body.objects.filter(slug="kreis-neuland").first() or found_body(
                Body(name="Kreis Neuland", article="der"),
                Municipality.objects.filter(slug="arnsberg"),
                short_name="Kreis",
            )
        browser = login(roles[0], "kreis-neuland")
        with acting(None, []):
            for role in roles[1:]:
                user = User.objects.get(username=f"{roles[0]}@kreis-neuland")
                RoleAssignment.objects.get_or_create(user=user, body=body, role=role)
        return browser

    return signed_in


def test_a_young_body_sees_what_comes_next_and_who_does_it(young):
    words = said(young("sachbearbeitung").get("/"))
    assert "Erste Schritte" in words and 'Kommunen eintragen <span class="by">– erledigt' in words
    assert 'href="/traeger/neu/"' in words and 'href="/zuwendungen/neu/"' in words
    assert 'Teilprodukt anlegen <span class="by">– Kämmerei</span>' in words
    assert 'Sitzung anlegen <span class="by">– Sitzungsdienst</span>' in words


def test_what_is_done_is_ticked(young):
    browser = young("sachbearbeitung", "kaemmerei", "sitzungsdienst")
    assert browser.post("/haushalt/teilprodukte/neu/", {"number": "05.01", "name": "KIM"}).status_code == 302
    assert browser.post("/gremien/neu/", {"name": "Kreistag"}).status_code == 302
    words = said(browser.get("/"))
    assert 'Teilprodukt anlegen <span class="by">– erledigt' in words
    assert 'Gremium anlegen <span class="by">– erledigt' in words and 'href="/sitzungen/neu/"' in words


def test_with_the_first_paper_it_is_gone(login):
    for slug in ("staedteregion-aachen", "stadt-aachen", "weidenkreis"):
        assert "Erste Schritte" not in said(login(slug=slug).get("/"))


def test_a_kommune_is_added_and_goes_only_if_nothing_is_about_it(login, region):
    browser = login()
    other = Municipality.objects.get(slug="arnsberg")
    page = said(browser.get("/kommunen/neu/"))
    assert "Arnsberg (Hochsauerlandkreis)" in page and ">Alsdorf" not in page
    made = browser.post("/kommunen/neu/", {"municipality": other.pk})
    assert made.status_code == 302 and made["Location"] == "/kommunen/arnsberg/"
    row = BodyMunicipality.objects.get(body=region, municipality=other)
    again = browser.post("/kommunen/neu/", {"municipality": other.pk})
    assert again.status_code == 422
    assert browser.post("/kommunen/arnsberg/loeschen/", {"reason": "falsch", "version": row.version}).status_code == 302
    used = BodyMunicipality.find(region, "alsdorf")
    kept = browser.post("/kommunen/alsdorf/loeschen/", {"reason": "x", "version": used.version})
    assert kept.status_code == 422 and "Zuständigkeit" in said(kept), said(kept)
