"""Every view that edits a row refuses a stale form and shows both values; the views are found in the URLconf."""

import re
from html import unescape

import pytest

from kim.access.rules import RULES
from kim.admin import CodeAdmin
from kim.models import Role
from kim.pages.forms import AddPage, CorrectionPage, RemovePage, VersionedForm
from tests.security.addresses import CODES, PAGES, example

OWN = CODES["staedteregion-aachen"]
# Acts that change no field anybody typed: done or not, gone or not; of a sitting each is of its moment.
VERBS = {"choose-body", "view-remove", "reminder-done", "attached-remove", "undo", "reallocation-adopt", "reallocation-withdraw", "notice-rates", "document-adopt", "document-proceed", "document-release", "document-sign", "document-preview", "minutes-new", "minutes-approval", "invitation-new", "session", "onward-new", "onward-release", "onward-template-new", "job-continue", "document-comment", "comment-done"}  # fmt: skip
# A form of several rows: tests/staffing/test_reallocation_pages.py looks at its conflict.
SHEETS = {"reallocation-new", "reallocation-edit", "document-text", "document-check", "document-pages"}


def cls(page):
    return getattr(page.view, "view_class", None)


def admin(page):
    return getattr(page.view, "model_admin", None)


def edits(page):
    """Whether the page edits a row that is there."""
    if isinstance(admin(page), CodeAdmin):
        return page.name.endswith("_change")
    return bool(cls(page)) and issubclass(cls(page), CorrectionPage)


EDITS = [page for page in PAGES if edits(page)]


def unaccounted(pages):
    """Pages that take a form and are neither an edit page nor one that adds, removes or acts."""
    for page in pages:
        view = cls(page)
        if view is None or page.rule == "public" or not hasattr(view, "post") or page.name.startswith("account_"):
            continue
        if not issubclass(view, (CorrectionPage, AddPage, RemovePage)) and page.name not in VERBS | SHEETS:
            yield page.name


def test_every_page_that_takes_a_form_is_of_a_known_kind(monkeypatch):
    assert list(unaccounted(PAGES)) == []
    assert {page.name for page in EDITS} >= {
        "position-correct",
        "position-describe",
        "notice-describe",
        "document-describe",
        "admin:kim_user_change",
        "admin:kim_body_change",
        "admin:grants_rate_change",
    }
    assert len(EDITS) == 51
    monkeypatch.setattr("tests.security.test_conflicts.VERBS", set())
    assert "undo" in list(unaccounted(PAGES))


def fields(words):
    """What a browser would send for the edit form of a page."""
    form = re.search(r'<form method="post" class="edit".*?</form>', words, re.DOTALL)[0]
    data = {}
    for tag in re.findall(r"<input[^>]*>", form):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        ticked = found.get("type") not in {"checkbox", "radio"} or " checked" in tag
        if ticked and "name" in found and found["name"] != "csrfmiddlewaretoken":
            data.setdefault(found["name"], []).append(
                unescape(found.get("value", "on" if found["type"] == "checkbox" else ""))
            )
    for name, rest in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', form, re.DOTALL):
        data[name] = re.findall(r'value="([^"]*)" selected', rest) or [""]
    for name, rest in re.findall(r'<textarea name="(\w+)".*?>(.*?)</textarea>', form, re.DOTALL):
        data[name] = [unescape(rest).strip()]
    return {name: values if len(values) > 1 else values[0] for name, values in data.items()}


def text_field(data):
    """A field of free words."""
    known = ["file_reference", "last_name", "sender", "short_name", "basis_place", "locality", "title", "source", "legal_basis", "name", "validity_assumption", "note", "signer_name", "proration_place", "place", "on_behalf_of"]  # fmt: skip
    return next(name for name in known if name in data)


def target(page, login):
    """Whoever has the right, the Sachbearbeitung first; what nobody has there is Systemverwaltung's."""
    here = [r for r in Role if r in RULES[page.rule] and r != Role.TECHNICAL]
    role = str(here[0]) if here and not page.route.startswith("technik/") else "technik"
    return login(role, "" if role == "technik" else "staedteregion-aachen"), example(page)


# An Änderung from a day, an end and another number leave the row they were shown with: tests/staffing/test_changes.py,
# test_place_pages.py, test_posts_corrected.py, tests/meetings/test_memberships.py and test_sittings.py. A
# Zeichnungsbefugnis has no free words: tests/meetings/test_cosigning.py. The planted Beleg is a Vorlage's, which is
# edited there: tests/kim/test_source_pages.py.
ELSEWHERE = {"position-change", "position-identity", "position-end", "signatory-edit", "membership-end"}
ELSEWHERE |= {"known-paper-edit", "consultation-edit", "occupancy-from", "occupancy-end", "source-edit", "minutes-head"}
ELSEWHERE |= {"invitation-head"}


@pytest.mark.parametrize(
    "edit",
    [e for e in EDITS if e.name not in ELSEWHERE],
    ids=lambda edit: edit.name,
)
def test_a_stale_form_shows_both_values_and_loses_neither(edit, planted, login):
    browser, url = target(edit, login)
    first = fields(browser.get(url).content.decode())
    name = text_field(first)
    reason = {"reason": "Test"} if "reason" in first else {}
    zuerst, danach = "Zuerst", "Danach"
    response = browser.post(url, first | reason | {name: zuerst, "form_key": ""})
    assert response.status_code == 302, re.findall(
        "kern-error.*?</p>|<li>.*?</li>", response.content.decode(), re.DOTALL
    )
    response = browser.post(url, first | reason | {name: danach, "form_key": ""})
    words = unescape(response.content.decode())
    assert response.status_code == 409 and "Jemand war schneller" in words
    assert f">{danach}</td>" in words and f">{zuerst}</td>" in words
    decided = fields(words) | reason | {f"choice_{name}": "own", name: danach, "form_key": ""}
    assert browser.post(url, decided).status_code == 302
    assert danach in unescape(browser.get(url).content.decode())


def test_a_period_is_one_field_of_a_conflict(login):
    browser, url = login("technik", ""), "/technik/foerdersaetze/kim-case-management-2023-01-01/"
    first = fields(browser.get(url).content.decode())
    first["reason"] = "Test"
    assert browser.post(url, first | {"validity_1": "30.06.2023", "form_key": ""}).status_code == 302
    words = browser.post(url, first | {"validity_1": "30.09.2023", "form_key": ""}).content.decode()
    assert ">01.01.2023 bis 30.09.2023</td>" in words and ">01.01.2023 bis 30.06.2023</td>" in words
    kept = fields(words) | {"choice_validity": "stored", "source": "neue Quelle", "form_key": "", "reason": "neu"}
    assert browser.post(url, kept).status_code == 302
    last = fields(browser.get(url).content.decode())
    assert (last["validity_1"], last["source"]) == ("30.06.2023", "neue Quelle")


@pytest.mark.counter
def test_without_the_look_at_the_version_the_first_value_is_lost(planted, login, monkeypatch, owner):
    from django.db import connection

    page = next(p for p in EDITS if p.name == "position-describe")
    browser, url = target(page, login)
    first = fields(browser.get(url).content.decode())
    browser.post(url, first | {"file_reference": "zuerst", "form_key": ""})
    monkeypatch.setattr(VersionedForm, "is_stale", lambda self: False)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE staffing_position DISABLE TRIGGER USER")
    assert browser.post(url, first | {"file_reference": "danach", "form_key": ""}).status_code == 302
    words = browser.get(url).content.decode()
    assert "danach" in words and "zuerst" not in words
