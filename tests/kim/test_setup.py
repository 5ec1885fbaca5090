"""An empty house: the printed key opens it once, Systemverwaltung sets up a Körperschaft, people get their links."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db.models.functions import Now
from django.test import Client

from kim.models import Body, Role, RoleAssignment, SetupKey, User, setup
from kim.models.setup import HOLDS
from kim.store.context import acting
from staffing.management.commands.load_reference import is_there, official
from staffing.models import BodyMunicipality, Carrier, Municipality, found_body
from tests.helpers import name_of_database, psql, said, sql
from tests.security.test_races import ACT, FORK, WORKERS, rush

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


# of many at once


def open_at_once(number, body, key):
    """What became of one of many who use the same key."""
    with acting(None, []):
        try:
            SetupKey.use(key, User(username=f"wer-{number}"), ACCOUNT["password"])
        except ValidationError as error:
            return error.messages[0]
    return "opened"


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """A key that others see too; what came of it is cleared away."""
    database = name_of_database()
    assert psql("SELECT count(*) FROM kim_user", database=database) == [(0,)]
    row = f"INSERT INTO kim_setupkey (version, digest) VALUES (1, '{setup.digest_of('k')}')"
    psql(ACT.format(body=0) + row, database=database)
    with django_db_blocker.unblock():
        yield "k"
    psql(
        f"""{ACT.format(body=0)} SET session_replication_role = replica; DELETE FROM kim_roleassignment;
        DELETE FROM kim_user; DELETE FROM kim_setupkey""",
        database=database,
    )


def test_of_many_at_once_one_opens_the_house(committed):
    fates = rush(open_at_once, 0, committed)
    assert sorted(fates) == sorted(["opened", *[setup.DEAD] * (WORKERS - 1)])
    assert psql("SELECT count(*) FROM kim_user", database=name_of_database()) == [(1,)]


@pytest.mark.counter
def test_without_waiting_several_would(committed, monkeypatch):
    hurried, looked = User.set_password, FORK.Barrier(WORKERS)

    def together(self, password):
        looked.wait(20)  # between the look at the key and its use: all have looked
        hurried(self, password)

    monkeypatch.setattr(setup, "one_at_a_time", lambda: None)
    monkeypatch.setattr(User, "set_password", together)
    assert rush(open_at_once, 0, committed).count("opened") > 1


# the Körperschaft


FOUND = "/einrichten/koerperschaft/"
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
    page = said(browser.get(f"{FOUND}?amtlich=05958"))
    ticked = re.findall(r'name="municipalities" value="(\d+)"[^>]*checked', page)
    assert len(ticked) == 12 and "Arnsberg" in page, "all of the Kreis are ticked"
    response = browser.post(f"{FOUND}?amtlich=05958", BODY | {"municipalities": ticked})
    assert response.status_code == 302 and response["Location"] == "/technik/benutzerkonten/neu/", said(response)
    body = Body.objects.get(slug="kreis-neuland")
    assert (body.kind, body.ags, body.is_trial, body.reference_day) == ("district", "05958", False, None)
    with acting(None, [body.pk]):
        own = Carrier.objects.get(body=body)
        assert (own.kind, own.name, own.article) == ("own", "Kreis Neuland", "der")
        assert BodyMunicipality.objects.filter(body=body).count() == 12
    assert not Carrier.objects.filter(body=body).exists(), "Systemverwaltung sees no body's data"


def suggested(browser, key):
    """What the page fills in: the words, the choices, and how many Kommunen are ticked."""
    page = said(browser.get(f"{FOUND}?amtlich={key}"))
    words = dict(re.findall(r'<input type="text" name="(\w+)" value="([^"]*)"', page))
    chosen = {
        name: (re.findall(r'<option value="([^"]*)" selected', options) or [""])[0]
        for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page)
    }
    return words | chosen | {"count": len(re.findall(r'name="municipalities" value="\d+"[^>]*checked', page))}


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("05358", {"name": "Kreis Düren", "kind": "district", "article": "der", "count": 15}),
        ("05334", {"name": "StädteRegion Aachen", "kind": "region", "article": "die", "count": 10}),
        ("05315000", {"name": "Stadt Köln", "kind": "city", "article": "die", "count": 1}),
        ("05334016", {"name": "Herzogenrath", "kind": "municipality", "article": "die", "count": 1}),
    ],
)
def test_the_official_list_fills_the_page_in(key, facts, login):
    found = suggested(login("technik", ""), key)
    assert facts | {"ags": key, "short_name": facts["name"]} == {
        name: found[name] for name in [*facts, "ags", "short_name"]
    }


def test_the_list_offers_every_kreis_and_every_kommune_once(login):
    page = said(login("technik", "").get(FOUND))
    offered = re.findall(r'<option value="(\d+)">', page)
    assert len(offered) == len(set(offered)) and {row["kreis_ags"] for row in official()} <= {
        key[:5] for key in offered
    }
    assert {row["ags"] for row in official()} <= set(offered)
    assert 'name="municipalities"' not in page and page.index("Kreis Düren") < page.index("Rhein-Sieg-Kreis")


def test_a_body_of_another_kind_chooses_from_all_kommunen(login):
    browser = login("technik", "")
    page = said(browser.get(f"{FOUND}?amtlich=andere"))
    offered = re.findall(r'name="municipalities" value="(\d+)"([^>]*)>', page)
    assert len(offered) == Municipality.objects.count() >= 396 and not any("checked" in rest for _, rest in offered)
    assert "Jülich (Kreis Düren)" in page
    two = [str(Municipality.objects.get(ags=ags).pk) for ags in ("05358004", "05334020")]
    given = BODY | {"name": "Zweckverband Eifel", "kind": "other", "ags": "", "municipalities": two}
    assert browser.post(f"{FOUND}?amtlich=andere", given).status_code == 302
    body = Body.objects.get(slug="zweckverband-eifel")
    with acting(None, [body.pk]):
        held = {row.municipality.ags for row in BodyMunicipality.objects.filter(body=body)}
    assert held == {"05358004", "05334020"}


def test_a_kommune_of_another_kreis_is_not_taken(login):
    browser, other = login("technik", ""), Municipality.objects.get(ags="05334016")
    response = browser.post(f"{FOUND}?amtlich=05358", BODY | {"municipalities": [str(other.pk)]})
    assert response.status_code == 422 and not Body.objects.filter(name=BODY["name"]).exists()


@pytest.mark.parametrize("key", ["99999", "0", "%E2%80%A8", "05358%20"])
def test_what_stands_in_no_list_is_asked_again(key, login):
    response = login("technik", "").get(f"{FOUND}?amtlich={key}")
    assert response.status_code == 422 and "steht nicht im amtlichen Verzeichnis" in said(response)


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
