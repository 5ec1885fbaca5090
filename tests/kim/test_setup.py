"""An empty house: the printed key opens it once, Systemverwaltung sets up a Körperschaft, people get their links."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db.models.functions import Now
from django.test import Client

from kim.models import Body, Role, RoleAssignment, SetupKey, User
from kim.models.setup import HOLDS
from kim.store.context import acting
from staffing.management.commands.load_reference import is_there, official
from staffing.models import BodyMunicipality, Carrier, Municipality, found_body
from tests.helpers import said, sql

ACCOUNT = {"username": "system", "first_name": "Frau", "last_name": "Probe", "password": "lange-genug-fuer-alle", "again": "lange-genug-fuer-alle"}  # fmt: skip


@pytest.fixture
def empty(db):
    """Nobody has an account, as in a house that was never used."""
    with acting(None, []):
        sql("DELETE FROM kim_roleassignment")
        sql("DELETE FROM kim_user")
    assert not User.objects.exists()


@pytest.fixture
def key(empty):
    with acting(None, [], command="test"):
        return SetupKey.issue()


def test_an_empty_house_leads_to_its_setup(empty):
    for url in ("/", "/anmelden/", "/stellen/", "/gibt-es-nicht/"):
        response = Client().get(url)
        assert response.status_code == 302 and response["Location"] == "/einrichten/", url
    shut = Client().get("/einrichten/")
    assert shut.status_code == 403 and "setup_key" in said(shut) and "Passwort" not in said(shut)


def test_a_house_with_people_does_not(login):
    login()
    assert Client().get("/")["Location"].startswith("/anmelden/")
    assert Client().get("/einrichten/")["Location"] == "/anmelden/"
    assert login("leitung").get("/einrichten/").status_code == 403
    assert "Körperschaft einrichten" in said(login("technik", "").get("/einrichten/"))


def test_the_key_opens_the_house_once(key):
    browser = Client()
    page = browser.get(f"/einrichten/?schluessel={key}")
    assert page.status_code == 200 and f'value="{key}"' in said(page)
    made = browser.post("/einrichten/", ACCOUNT | {"setup_key": key})
    assert made.status_code == 302 and made["Location"] == "/einrichten/"
    user = User.objects.get(username="system")
    assert user.check_password(ACCOUNT["password"])
    assert [(r.role, r.body) for r in user.role_assignments.all()] == [(Role.TECHNICAL, None)]
    assert "Noch keine Körperschaft" not in said(browser.get("/einrichten/")) and browser.get("/").status_code == 200
    again = Client().post("/einrichten/", ACCOUNT | {"setup_key": key, "username": "zwei"})
    assert again.status_code == 302 and User.objects.count() == 1 and not SetupKey.objects.exists()


def test_a_wrong_an_old_and_a_replaced_key_open_nothing(key):
    assert Client().get("/einrichten/?schluessel=falsch").status_code == 403
    with acting(None, [], command="test"):
        newer = SetupKey.issue()
    assert Client().get(f"/einrichten/?schluessel={key}").status_code == 403
    assert Client().get(f"/einrichten/?schluessel={newer}").status_code == 200
    with acting(None, []):
        SetupKey.objects.update(issued_at=Now() - HOLDS - timedelta(minutes=1))
    assert Client().get(f"/einrichten/?schluessel={newer}").status_code == 403
    assert Client().post("/einrichten/", ACCOUNT | {"setup_key": newer}).status_code == 403
    assert not User.objects.exists()


WRONG = {
    "short": ({"password": "kurz", "again": "kurz"}, "Dieses Passwort ist zu kurz."),
    "another": ({"again": "etwas-anderes-als-oben"}, "Beide Passwörter müssen gleich sein."),
    "alike": ({"username": "lange-genug-fuer-alle"}, "zu ähnlich"),
    "no name": ({"username": ""}, "Anmeldename"),
    "sign": ({"username": "a b"}, "Anmeldename"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_the_account_is_said_and_the_key_stays(case, key):
    facts, words = WRONG[case]
    response = Client().post("/einrichten/", ACCOUNT | {"setup_key": key} | facts)
    assert response.status_code == 422 and words in said(response)
    assert not User.objects.exists() and SetupKey.holding(key)


def test_only_the_checksum_is_kept_and_not_in_the_history(key):
    assert key not in str(sql("SELECT * FROM kim_setupkey"))
    assert "digest" not in {f.name for f in SetupKey._meta.get_field("events").related_model._meta.local_fields}


def test_no_key_once_somebody_has_an_account(login):
    login()
    with pytest.raises(ValidationError, match="Es gibt schon ein Benutzerkonto"), acting(None, []):
        SetupKey.issue()


# the Körperschaft


BODY = {"name": "Kreis Neuland", "article": "der", "short_name": "Kreis Neuland", "kind": "district", "ags": "05958", "sender": "Der Landrat", "consultation_heading": "Beratungsfolge", "paper_numbers": "own", "paper_layout": "letter"}  # fmt: skip


def test_all_kommunen_of_nrw_ship_with_the_program(db):
    assert is_there() and Municipality.objects.exclude(district="").count() >= 396 == len(official())
    stolberg = Municipality.objects.get(ags="05334032")
    assert (stolberg.short_name, stolberg.slug, stolberg.district) == ("Stolberg", "stolberg", "StädteRegion Aachen")
    before = Municipality.objects.count()
    call_command("load_reference")
    assert Municipality.objects.count() == before


def test_a_koerperschaft_comes_with_itself_and_its_kommunen(login):
    browser = login("technik", "")
    page = said(browser.get("/einrichten/koerperschaft/?kreis=Hochsauerlandkreis"))
    ticked = re.findall(r'name="municipalities" value="(\d+)"[^>]*checked', page)
    assert len(ticked) == 12 and "Arnsberg" in page, "all of the Kreis are ticked"
    response = browser.post("/einrichten/koerperschaft/?kreis=Hochsauerlandkreis", BODY | {"municipalities": ticked})
    assert response.status_code == 302 and response["Location"] == "/technik/benutzerkonten/neu/", said(response)
    body = Body.objects.get(slug="kreis-neuland")
    assert (body.kind, body.ags, body.is_trial, body.reference_day) == ("district", "05958", False, None)
    with acting(None, [body.pk]):
        own = Carrier.objects.get(body=body)
        assert (own.kind, own.name, own.article) == ("own", "Kreis Neuland", "der")
        assert BodyMunicipality.objects.filter(body=body).count() == 12
    assert not Carrier.objects.filter(body=body).exists(), "Systemverwaltung sees no body's data"


def test_bad_input_makes_nothing(login):
    browser, before = login("technik", ""), Body.objects.count()
    for facts, words in (({"ags": "12"}, "Ein Kreis hat fünf"), ({"name": ""}, "Name"), ({"name": "StädteRegion Aachen"}, "gibt es schon"), ({"name": "???"}, "keine Adresse")):  # fmt: skip
        response = browser.post("/einrichten/koerperschaft/", BODY | facts)
        assert response.status_code == 422 and words in said(response), said(response)
    assert Body.objects.count() == before


def test_the_act_has_one_name_in_the_history(db):
    with acting(None, [], command="test"):
        body = found_body(Body(name="Stadt Zwei", article="die"), [], short_name="Zwei")
        acts = sql("SELECT DISTINCT pgh_context ->> 'act' FROM kim_bodyevent WHERE pgh_obj_id = %s", body.pk)
    assert acts == [("Körperschaft eingerichtet",)]


def test_whoever_is_new_gets_her_link_next(login):
    browser = login("technik", "")
    made = browser.post("/technik/benutzerkonten/neu/", {"username": "neuling", "is_active": "on", "version": "1"})
    assert made.status_code == 302 and made["Location"] == "/technik/benutzerkonten/neuling/passwort/"
    link = re.search(r"http://testserver(/konto/passwort/\S+?/)[\"<\s]", said(browser.post(made["Location"])))[1]
    assert Client().get(link).status_code == 302, "it leads to the choice of a password"
    assert not RoleAssignment.objects.filter(user__username="neuling").exists()
