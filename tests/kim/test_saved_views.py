"""Saved views of lists: filters, order and columns under a name; for oneself or for everybody of the body."""

import pytest

from kim.models import SavedView
from kim.store.context import acting
from tests.helpers import table_of

QUERY = "art=dritte&sortierung=-vzae&spalten=nummer&spalten=vzae"
SAVE = "/ansichten/neu/?liste=/stellen/&abfrage=" + QUERY.replace("&", "%26").replace("=", "%3D")


def save(browser, name="Große zuerst", **more):
    return browser.post(SAVE, {"name": name, **more})


def save_at(browser, name, stand):
    return browser.post(f"{SAVE}&stand={stand}", {"name": name})


def test_a_view_keeps_filters_order_and_columns_but_not_the_stand(login):
    browser = login()
    answer = save(browser)
    assert answer.status_code == 302 and "ansicht=grosse-zuerst" in answer["Location"]
    heads, rows, _ = table_of(browser.get(answer["Location"]))
    assert len(heads) == 2 and rows[0][0] == "CM-10" and len(rows) == 8
    answer = save_at(browser, "Im Februar", "28.02.2023")
    assert "stand=28.02.2023" in answer["Location"], "one stays at one's Stand"
    page = browser.get("/stellen/?stand=28.02.2023").content.decode()
    assert f"{QUERY.replace('&', '&amp;')}&amp;ansicht=grosse-zuerst&amp;stand=28.02.2023" in page


def test_a_personal_view_is_seen_by_nobody_else_a_shared_one_by_all_of_the_body(login):
    clerk, head, city = login(), login("leitung"), login(slug="stadt-aachen")
    save(clerk, "Nur meine")
    save(clerk, "Unsere", shared="on")
    assert "Nur meine" in clerk.get("/stellen/").content.decode()
    words = head.get("/stellen/").content.decode()
    assert "Nur meine" not in words and "Unsere" in words
    assert "Unsere" not in city.get("/stellen/").content.decode()
    assert head.get("/stellen/?ansicht=nur-meine").status_code == 400


@pytest.mark.counter
def test_a_personal_view_that_leaks_is_seen(login, monkeypatch):
    monkeypatch.setattr(SavedView, "of", classmethod(lambda cls, scope, path: cls.visible_to(scope).filter(path=path)))
    with pytest.raises(AssertionError):
        test_a_personal_view_is_seen_by_nobody_else_a_shared_one_by_all_of_the_body(login)


def test_only_who_saved_a_view_can_delete_it(login):
    clerk, head = login(), login("leitung")
    save(clerk, "Unsere", shared="on")
    gone = {"list": "/stellen/", "view": "gemeinsam-unsere"}
    assert head.post("/ansichten/loeschen/", gone).status_code == 404
    assert "löschen</button>" in clerk.get("/stellen/?ansicht=gemeinsam-unsere").content.decode()
    assert clerk.post("/ansichten/loeschen/", gone).status_code == 302
    answer = clerk.get("/stellen/?ansicht=gemeinsam-unsere")
    assert answer.status_code == 400 and "gibt es nicht oder nicht mehr" in answer.content.decode()


@pytest.mark.parametrize(
    ("url", "data", "status", "words"),
    [
        (SAVE, {"name": ""}, 422, "Dieses Feld"),
        (SAVE, {"name": "!!!"}, 422, "mindestens einen Buchstaben"),
        (SAVE, {"name": "Unbesetzt"}, 422, "gehört"),
        ("/ansichten/neu/?liste=/nirgends/", {"name": "x"}, 404, ""),
        ("/ansichten/neu/?liste=/stellen/CM-01/", {"name": "x"}, 404, ""),
        ("/ansichten/neu/?liste=/stellen/&abfrage=stand%3D2023", {"name": "x"}, 404, ""),
        ("/ansichten/neu/?liste=/stellen/&abfrage=geheim%3D1", {"name": "x"}, 404, ""),
    ],
)
def test_what_is_no_view_is_refused(url, data, status, words, login):
    answer = login().post(url, data)
    assert answer.status_code == status and words in answer.content.decode()


def test_the_same_name_twice_is_refused(login):
    browser, other = login(), login("leitung")
    save(browser)
    assert "haben Sie in dieser Liste schon" in save(browser).content.decode()
    assert save(other).status_code == 302
    save(browser, "Alle da", shared="on")
    assert "schon für alle" in save(other, "Alle da", shared="on").content.decode()


def test_names_and_filters_stay_out_of_the_history(login, region):
    save(login(), "Frau Muster prüfen")
    with acting(None, [region.pk]):
        event = SavedView.objects.get().events.get()
        assert not hasattr(event, "name") and not hasattr(event, "query")


def test_who_only_reads_public_matters_saves_nothing(login):
    from kim.models import RoleAssignment

    browser = login("pruefung", name="öffentlich")
    with acting(None, []):
        RoleAssignment.objects.filter(user__username="öffentlich").update(public_only=True)
    assert save(browser).status_code == 403
    assert "Ansicht speichern" not in browser.get("/stellen/").content.decode()
