"""Accounts: made by Systemverwaltung, opened by a one-time link, closed at once."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client

from kim.models import RoleAssignment, User
from kim.store.context import acting
from kim.values.formats import format_day
from kim.values.periods import today
from tests.helpers import said

LIST = "/technik/benutzerkonten/"
PASSWORD = "eine lange Wortfolge 7"


@pytest.fixture(autouse=True)
def _no_guesses_yet():
    """Guesses are counted in a cache that outlives a test."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def technik(login):
    return login("technik", "")


def form(**changes):
    return {"username": "d.neu", "first_name": "Frau", "last_name": "D.", "is_active": "on", "version": 1} | changes


def link_for(browser, name):
    words = browser.post(f"{LIST}{name}/passwort/").content.decode()
    return re.search(r'value="http://testserver(/konto/passwort/[^"]+)"', words)[1]


def choose(link, password=PASSWORD):
    """Open the link as a stranger and set the password."""
    browser = Client(raise_request_exception=False)
    opened = browser.get(link, follow=True)
    if not opened.redirect_chain:
        return opened
    target = opened.redirect_chain[-1][0]
    return browser.post(target, {"new_password1": password, "new_password2": password}, follow=True)


def signed_in(name, password=PASSWORD):
    browser = Client(raise_request_exception=False)
    browser.post("/anmelden/", {"login": name, "password": password})
    return browser


def test_a_new_person_from_account_to_first_page(technik):
    data = form(**{"rollen_staedteregion-aachen": ["sachbearbeitung", "kaemmerei"]})
    response = technik.post(f"{LIST}neu/", data, follow=True)
    assert "Link zum Passwort" in response.content.decode()
    assert "Dieses Konto hat noch kein Passwort." in technik.get(f"{LIST}d.neu/").content.decode()
    user = User.objects.get(username="d.neu")
    assert not user.has_usable_password()
    assert {(a.body.slug, a.role) for a in user.role_assignments.all()} == {
        ("staedteregion-aachen", "sachbearbeitung"),
        ("staedteregion-aachen", "kaemmerei"),
    }
    assert "Das Passwort ist gesetzt" in choose(link_for(technik, "d.neu")).content.decode()
    assert signed_in("d.neu").get("/stellen/").status_code == 200


def test_the_link_works_once_and_a_week(technik, settings):
    technik.post(f"{LIST}neu/", form())
    link, other = link_for(technik, "d.neu"), link_for(technik, "d.neu")
    choose(link)
    for used in (link, other):
        assert "Dieser Link gilt nicht mehr" in choose(used).content.decode()
    late = link_for(technik, "d.neu")
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "Dieser Link gilt nicht mehr" in choose(late).content.decode()


def test_a_short_password_is_refused(technik):
    technik.post(f"{LIST}neu/", form())
    words = choose(link_for(technik, "d.neu"), "zu kurz").content.decode()
    assert "mindestens 15 Zeichen" in words or "15" in words
    assert not User.objects.get(username="d.neu").has_usable_password()


def test_the_link_dies_with_the_account(technik):
    technik.post(f"{LIST}neu/", form())
    link = link_for(technik, "d.neu")
    with acting(None, []):
        User.objects.filter(username="d.neu").update(is_active=False)
    assert "Dieser Link gilt nicht mehr" in choose(link).content.decode()
    assert technik.post(f"{LIST}d.neu/passwort/").status_code == 422


def change(technik, name, **changes):
    user = User.objects.get(username=name)
    data = form(username=name, version=user.version) | changes
    return technik.post(f"{LIST}{name}/", {k: v for k, v in data.items() if v is not None})


def test_a_closed_account_is_out_with_the_next_request(technik, login):
    clerk = login()
    assert clerk.get("/stellen/").status_code == 200
    name = "sachbearbeitung@staedteregion-aachen"
    assert (
        change(technik, name, is_active=None, **{"rollen_staedteregion-aachen": ["sachbearbeitung"]}).status_code == 302
    )
    response = clerk.get("/stellen/")
    assert response.status_code == 302 and response["Location"].startswith("/anmelden/")
    assert "_auth_user_id" not in signed_in(name).session


def test_a_role_taken_away_is_gone_with_the_next_request(technik, login):
    clerk = login()
    assert change(technik, "sachbearbeitung@staedteregion-aachen", **{"rollen_staedteregion-aachen": ["leitung"]}).status_code == 302  # fmt: skip
    assert clerk.get("/stellen/CM-01/berichtigen/").status_code == 403 and clerk.get("/stellen/").status_code == 200


def test_a_new_password_ends_the_other_sessions(technik, login):
    clerk = login()
    choose(link_for(technik, "sachbearbeitung@staedteregion-aachen"))
    assert clerk.get("/stellen/").status_code == 302


def test_after_signing_out_the_cookie_is_worth_nothing(technik):
    technik.post(f"{LIST}neu/", form(**{"rollen_stadt-aachen": ["leitung"]}))
    choose(link_for(technik, "d.neu"))
    browser = signed_in("d.neu")
    stolen = Client()
    stolen.cookies = browser.cookies.copy()
    assert stolen.get("/stellen/").status_code == 200
    browser.post("/abmelden/")
    assert stolen.get("/stellen/").status_code == 302


def test_a_session_ends_without_pages_and_after_a_day(login, monkeypatch):
    import time

    now = time.time()
    for later in (61 * 60, 11 * 3600):
        clerk = login()
        assert clerk.get("/").status_code == 200
        monkeypatch.setattr(time, "time", lambda later=later: now + later)
        assert clerk.get("/").status_code == 302
        monkeypatch.setattr(time, "time", lambda: now)


def test_whoever_works_stays_signed_in(login, monkeypatch):
    import time

    now, clerk = time.time(), login()
    for minutes in range(0, 9 * 60, 45):
        monkeypatch.setattr(time, "time", lambda minutes=minutes: now + minutes * 60)
        assert clerk.get("/").status_code == 200


def test_guessing_is_stopped_and_others_sign_in(technik, login):
    login()
    guesser = Client()
    for _ in range(6):
        guesser.post("/anmelden/", {"login": "sachbearbeitung@staedteregion-aachen", "password": "falsch"})
    response = guesser.post("/anmelden/", {"login": "sachbearbeitung@staedteregion-aachen", "password": PASSWORD})
    assert response.status_code in {200, 429} and "_auth_user_id" not in guesser.session
    words = response.content.decode()
    assert "Anmeldeversuche" in words or response.status_code == 429


def test_a_wrong_name_and_a_wrong_password_sound_alike(login):
    login()

    def said(name):
        words = Client().post("/anmelden/", {"login": name, "password": "falsch falsch falsch"}).content.decode()
        return re.findall(r"<li>\s*(.*?)\s*</li>", words)

    assert said("sachbearbeitung@staedteregion-aachen") == said("gibt es nicht") != []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "technik@"}, "Dieser Benutzername"),
        ({"username": "mit leerzeichen"}, "gültigen Benutzernamen"),
        ({"username": ""}, "zwingend"),
        ({"rollen_stadt-aachen": ["public"]}, "Bitte eine Rolle für Stadt Aachen wählen"),
        ({"rollen_stadt-aachen": ["koenig"]}, "koenig"),
    ],
)
def test_what_cannot_be_is_said(changes, sentence, technik):
    response = technik.post(f"{LIST}neu/", form(**changes))
    words = response.content.decode()
    assert response.status_code == 422 and sentence in words, re.findall("kern-error.*?</p>", words)
    assert not User.objects.filter(username=changes.get("username", "d.neu")).exclude(username="technik@").exists()


def test_public_only_counts_for_every_role_in_the_body(technik):
    technik.post(f"{LIST}neu/", form(**{"rollen_stadt-aachen": ["pruefung", "public"]}))
    assert RoleAssignment.objects.get(user__username="d.neu").public_only


def test_two_who_edit_an_account_lose_nothing(technik):
    technik.post(f"{LIST}neu/", form(**{"rollen_stadt-aachen": ["leitung"]}))
    stale = User.objects.get(username="d.neu").version
    assert change(technik, "d.neu", last_name="Zuerst", **{"rollen_stadt-aachen": ["leitung"]}).status_code == 302
    response = change(technik, "d.neu", last_name="Danach", version=stale, **{"rollen_stadt-aachen": ["pruefung"]})
    words = response.content.decode()
    assert response.status_code == 409 and "Jemand war schneller" in words
    assert "Zuerst" in words and "Danach" in words and "Leitung" in words and "Rechnungsprüfung" in words
    assert User.objects.get(username="d.neu").last_name == "Zuerst"


def test_names_stay_out_of_the_history(technik):
    technik.post(f"{LIST}neu/", form(last_name="Geheimrat", reason="neue Kollegin"))
    event = User.events.rel.related_model.objects.filter(pgh_context__reason="neue Kollegin").get()
    assert "Geheimrat" not in str(event.__dict__) and event.is_active
    words = technik.get(f"{LIST}d.neu/").content.decode()
    assert "neue Kollegin" in words and "Benutzerkonto gepflegt" in words


def test_signing_in_is_no_new_version(technik):
    technik.post(f"{LIST}neu/", form(**{"rollen_stadt-aachen": ["leitung"]}))
    choose(link_for(technik, "d.neu"))
    before = User.objects.get(username="d.neu").version
    signed_in("d.neu")
    after = User.objects.get(username="d.neu")
    assert after.last_login and after.version == before


def test_the_last_systemverwaltung_cannot_lock_itself_out(technik):
    for changes in (
        {"technical": None},
        {"technical": "on", "is_active": None},
        {"technical": "on", "ends_on": "31.12.2099"},
    ):
        response = change(technik, "technik@", **changes)
        assert response.status_code == 422 and "Ohne dieses Konto gäbe es keine Systemverwaltung" in response.content.decode()  # fmt: skip
    technik.post(f"{LIST}neu/", form(technical="on"))
    assert change(technik, "technik@", is_active=None, technical="on").status_code == 302


@pytest.fixture
def ended(technik):
    """An account whose last day was yesterday; signed in since before, and the link that it was given."""
    technik.post(f"{LIST}neu/", form(ends_on=format_day(today(None)), **{"rollen_stadt-aachen": ["sachbearbeitung"]}))
    choose(link_for(technik, "d.neu"))
    browser = signed_in("d.neu")
    assert browser.get("/stellen/").status_code == 200, "the last day belongs to it"
    link = link_for(technik, "d.neu")
    end("d.neu")
    return browser, link


def end(name):
    """Yesterday was the last day."""
    with acting(None, []):
        User.objects.filter(username=name).update(ends_on=today(None) - timedelta(days=1))


def farewell():
    return (
        f"Ihr Zugang endete am {format_day(today(None) - timedelta(days=1))}. Verlängern kann ihn die Systemverwaltung."
    )


def test_whose_access_has_ended_is_out_with_the_next_request(ended):
    response = ended[0].get("/stellen/", follow=True)
    assert response.redirect_chain[0][0].startswith("/anmelden/") and farewell() in said(response)
    assert "_auth_user_id" not in ended[0].session


def test_whose_access_has_ended_does_not_sign_in_and_only_she_is_told(ended):
    again, wrong = Client(), Client()
    assert farewell() in said(again.post("/anmelden/", {"login": "d.neu", "password": PASSWORD}))
    assert "Ihr Zugang" not in said(wrong.post("/anmelden/", {"login": "d.neu", "password": "falsch falsch falsch"}))
    assert "_auth_user_id" not in again.session


def test_the_link_dies_with_the_last_day(ended, technik):
    assert "Dieser Link gilt nicht mehr" in choose(ended[1]).content.decode()
    refused = technik.post(f"{LIST}d.neu/passwort/")
    assert refused.status_code == 422 and "Der Zugang dieses Kontos hat geendet" in said(refused)


def test_work_that_was_begun_is_not_done_after_the_last_day(login, region):
    from kim.access.jobs import check
    from kim.models import Job

    login("leitung")
    user = User.objects.get(username="leitung@staedteregion-aachen")
    job = Job(body=region, user=user, rule="onward.release")
    check(job)
    end(user.username)
    with pytest.raises(ValidationError, match="das Recht dazu nicht mehr"):
        check(job)


def test_the_list_shows_when_an_access_ends_and_it_can_be_prolonged(ended, technik):
    assert format_day(today(None) - timedelta(days=1)) in said(technik.get(LIST))
    assert change(technik, "d.neu", ends_on="", **{"rollen_stadt-aachen": ["sachbearbeitung"]}).status_code == 302
    assert signed_in("d.neu").get("/stellen/").status_code == 200


@pytest.mark.counter
def test_without_the_look_at_the_day_whoever_is_in_stays_in(ended, monkeypatch):
    monkeypatch.setattr(User, "has_ended", lambda self: False)
    assert ended[0].get("/stellen/").status_code == 200 and signed_in("d.neu").get("/stellen/").status_code == 200


def test_no_column_can_be_asked_for_by_address(technik):
    for query in ("password__startswith=pbkdf2", "is_active=1", "username=technik@"):
        assert technik.get(f"{LIST}?{query}").status_code in {302, 400}, query


def test_a_name_that_cannot_be_addressed_is_refused(technik):
    response = technik.post(f"{LIST}neu/", form(username="neu"))
    assert response.status_code == 422 and "nicht eindeutig" in response.content.decode()


def test_the_first_person_is_made_by_command(db, monkeypatch, capsys):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    call_command("create_user", "erste", "--role", "technik")
    assert signed_in("erste").get("/technik/").status_code == 200
    assert User.events.rel.related_model.objects.filter(pgh_context__command="create_user").exists()
