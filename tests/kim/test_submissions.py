"""A form acts once: sent again it leads to where it led; sent twice at once there is one row."""

import re
import uuid
from pathlib import Path

import pytest
from django.conf import settings

from kim.access.middleware import ScopeMiddleware
from kim.models import Note, Submission

KEY = str(uuid.UUID(int=5))
URL = "/notizen/neu/stelle/CM-01/"


def forms_without_key():
    """Templates with a form that is sent and has no key."""
    free = {
        "login.html",
        "logout.html",
        "password_change.html",
        "choose_password.html",
        "setup_account.html",
        "base.html",
    }
    return {
        path.name
        for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")
        for form in re.findall(r'<form method="post".*?</form>', path.read_text(), re.DOTALL)
        if "{% form_token %}" not in form and path.name not in free
    }


def test_every_form_has_a_key(tmp_path, settings):
    assert forms_without_key() == set()
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "x.html").write_text('<form method="post">{% csrf_token %}</form>')
    settings.BASE_DIR = tmp_path
    assert forms_without_key() == {"x.html"}


def test_the_same_form_again_leads_to_where_it_led(login, region):
    browser = login()
    first = browser.post(URL, {"text": "einmal", "form_key": KEY})
    again = browser.post(URL, {"text": "einmal", "form_key": KEY})
    assert first["Location"] == again["Location"] == "/stellen/CM-01/"
    assert "ein zweites Mal entsteht nichts" in browser.get("/stellen/CM-01/").content.decode()
    assert Note.objects.count() == 1


def test_a_form_one_goes_back_to_and_changes_is_another_one(login, region):
    browser = login()
    for text in ("eins", "zwei"):
        browser.post(URL, {"text": text, "form_key": KEY})
    assert Note.objects.count() == 2


def test_a_refused_form_can_be_sent_again(login, region):
    browser = login()
    for _ in range(2):
        assert browser.post(URL, {"text": "", "form_key": KEY}).status_code == 422
    assert Submission.objects.count() == 0


def test_a_preview_does_not_use_the_key_up(login, region):
    from tests.staffing.test_correction import posted

    browser = login()
    data = posted(fte="0,5", form_key=KEY)
    assert browser.post("/stellen/CM-01/berichtigen/", data | {"preview": "1"}).status_code == 200
    assert browser.post("/stellen/CM-01/berichtigen/", data).status_code == 302


def test_the_same_key_of_another_person_is_another_form(login, region):
    for role in ("sachbearbeitung", "leitung"):
        login(role).post(URL, {"text": "jede für sich", "form_key": KEY})
    assert Note.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x", "1" * 5000, "\0"])
def test_a_key_that_is_none_does_no_harm(key, login, region):
    assert login().post(URL, {"text": "ohne", "form_key": key}).status_code == 302


@pytest.mark.counter
def test_without_the_middleware_there_are_two(login, region, monkeypatch):
    monkeypatch.setattr(ScopeMiddleware, "once", lambda self, request: self.get_response(request))
    browser = login()
    for _ in range(2):
        browser.post(URL, {"text": "zweimal", "form_key": KEY})
    assert Note.objects.count() == 2
