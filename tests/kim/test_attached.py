"""Notes, Wiedervorlagen, files on any object: who sees them, who takes them away, and the calendar file."""

import pytest

from kim.models import File, Note, Reminder, User, subjects
from kim.store.context import acting
from staffing.models import Position

SUBJECTS = {"stelle": "CM-01", "zuwendung": "kim-2023", "vorlage": "2023-0120", "traeger": "sprungbrett", "kommune": "alsdorf", "beleg": "vorlage-2022-0119"}  # fmt: skip
PAGES = {"stelle": "/stellen/CM-01/", "zuwendung": "/zuwendungen/bescheid/kim-2023/", "vorlage": "/dokumente/2023-0120/", "traeger": "/traeger/sprungbrett/", "kommune": "/kommunen/alsdorf/", "beleg": "/belege/vorlage-2022-0119/"}  # fmt: skip


def test_every_object_with_a_page_can_carry_them():
    assert set(subjects()) == {
        *SUBJECTS,
        "umverteilung",
        "weiterleitung",
        "auftrag",
        "dringlichkeit",
    }  # the StädteRegion has none; the matrix asks


@pytest.mark.parametrize("kind", SUBJECTS)
def test_they_stand_on_the_page_of_their_object(kind, login, region):
    browser = login("leitung")
    where = f"{kind}/{SUBJECTS[kind]}"
    assert browser.post(f"/notizen/neu/{where}/", {"text": "Zeile eins\nZeile <zwei>"}).status_code == 302
    data = {"date": "1.4.23", "text": "Bescheid anfordern", "whom": "rolle-sachbearbeitung"}
    assert browser.post(f"/wiedervorlagen/neu/{where}/", data).status_code == 302
    words = login("kaemmerei").get(PAGES[kind]).content.decode()
    assert "Zeile eins<br>Zeile &lt;zwei&gt;" in words
    assert "01.04.2023" in words and "Bescheid anfordern" in words and "für Sachbearbeitung" in words
    assert "Bescheid anfordern" not in login().get(PAGES["stelle" if kind != "stelle" else "vorlage"]).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"date": "31.02.2023"}, "gibt es im Kalender nicht"),
        ({"date": ""}, "zwingend"),
        ({"text": ""}, "zwingend"),
        ({"text": "x" * 301}, "300"),
        ({"whom": "rolle-technik"}, "rolle-technik"),
        ({"whom": "person-999"}, "person-999"),
        ({"whom": "quatsch"}, "quatsch"),
    ],
)
def test_bad_input_keeps_what_was_typed(changes, sentence, login, region):
    data = {"date": "01.04.2023", "text": "bleibt stehen", "whom": "rolle-leitung"} | changes
    response = login().post("/wiedervorlagen/neu/stelle/CM-01/", data)
    words = response.content.decode()
    assert response.status_code == 422 and sentence in words and data["text"] in words
    assert not Reminder.objects.exists()


def remind(browser, text, **changes):
    data = {"date": "01.03.2023", "text": text, "whom": "rolle-leitung"} | changes
    assert browser.post("/wiedervorlagen/neu/stelle/CM-01/", data).status_code == 302


def test_the_own_list_holds_what_is_for_oneself_or_ones_role(login, region):
    clerk, head = login(), login("leitung")
    me = User.objects.get(username="sachbearbeitung@staedteregion-aachen").pk
    remind(clerk, "für die Leitung")
    remind(clerk, "für mich", whom=f"person-{me}")
    assert "für die Leitung" in head.get("/wiedervorlagen/").content.decode()
    words = clerk.get("/wiedervorlagen/").content.decode()
    mine, others = words.split("Von Ihnen für andere")
    assert "für mich" in mine and "für die Leitung" not in mine and "fällig" in mine and "für die Leitung" in others


def test_people_of_other_bodies_are_not_offered(login, bodies):
    login("leitung", "stadt-aachen")
    with acting(None, []):
        User.objects.filter(username="leitung@stadt-aachen").update(last_name="Fremd")
    assert "Fremd" not in login().get("/wiedervorlagen/neu/stelle/CM-01/").content.decode()


def test_done_is_done_and_only_by_whom_it_concerns(login, region):
    remind(login(), "anrufen")
    key = Reminder.objects.get().pk
    assert login("kaemmerei").post("/wiedervorlagen/erledigt/", {"number": key}).status_code == 404
    assert login("sachbearbeitung", "stadt-aachen").post("/wiedervorlagen/erledigt/", {"number": key}).status_code == 404  # fmt: skip
    assert login("leitung").post("/wiedervorlagen/erledigt/", {"number": key}).status_code == 302
    assert "Nichts steht an." in login("leitung").get("/wiedervorlagen/").content.decode()
    assert "erledigt" in login().get("/stellen/CM-01/").content.decode()
    for wrong in ("", "x", "9" * 30):
        assert login("leitung").post("/wiedervorlagen/erledigt/", {"number": wrong}).status_code == 404


def test_the_calendar_file_can_be_read_by_calendars(login, region):
    clerk = login()
    text = "Träger anrufen; wegen „Räumen“, Kosten\\Miete " + "ü" * 60
    remind(clerk, text, whom="rolle-sachbearbeitung")
    response = clerk.get("/wiedervorlagen/?format=ics")
    assert response["Content-Type"].startswith("text/calendar")
    lines = response.content.decode().split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    whole = response.content.decode().replace("\r\n ", "")
    assert (
        "SUMMARY:Träger anrufen\\; wegen „Räumen“\\, Kosten\\\\Miete" in whole
        and "DTSTART;VALUE=DATE:20230301" in whole
    )
    assert whole.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0") and whole.endswith("END:VCALENDAR\r\n")
    assert "URL:http://testserver/stellen/CM-01/" in whole and "DESCRIPTION:Stelle CM-01" in whole


def test_the_own_list_costs_the_same_for_many(login, region):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    clerk = login()

    def asked(url):
        with CaptureQueriesContext(connection) as found:
            clerk.get(url)
        return len(found)

    remind(clerk, "eins", whom="rolle-sachbearbeitung")
    clerk.get("/wiedervorlagen/")
    few = [asked("/wiedervorlagen/"), asked("/wiedervorlagen/?format=ics")]
    for n in range(15):
        remind(clerk, f"Nr. {n}", whom="rolle-sachbearbeitung")
    clerk.get("/wiedervorlagen/")
    assert [asked("/wiedervorlagen/"), asked("/wiedervorlagen/?format=ics")] == few


def test_one_takes_away_only_ones_own(login, region):
    clerk = login()
    clerk.post("/notizen/neu/stelle/CM-01/", {"text": "meine"})
    data = {"kind": "note", "number": Note.objects.get().pk}
    for other in (login("leitung"), login("sachbearbeitung", "stadt-aachen")):
        assert other.post("/entfernen/", data).status_code == 404
    assert "entfernen" not in login("leitung").get("/stellen/CM-01/").content.decode()
    assert clerk.post("/entfernen/", data)["Location"] == "/stellen/CM-01/"
    assert not Note.objects.exists()
    for wrong in ({"kind": "stelle", "number": "1"}, {"kind": "note", "number": "²"}, {}):
        assert clerk.post("/entfernen/", wrong).status_code == 404


def test_what_lies_on_a_post_keeps_it_from_being_deleted(login, region):
    from tests.helpers import new_position

    new_position(region, "CM-77")
    clerk = login()
    clerk.post("/notizen/neu/stelle/CM-77/", {"text": "x"})
    row = Position.objects.get(number="CM-77")
    response = clerk.post("/stellen/CM-77/loeschen/", {"reason": "weg", "version": row.version})
    assert response.status_code == 422 and "Hier gibt es: 1 Notiz." in response.content.decode()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("CM-07", "1 Besetzung, 1 Förderung einer Stelle, 1 Textblock"),
        ("CM-01", "1 Förderung einer Stelle"),
        ("CM-13", "1 Förderung einer Stelle, 1 Textblock"),
    ],
)
def test_a_used_post_is_not_deleted(number, words, login, region):
    row = Position.objects.get(number=number)
    browser = login()
    assert words in browser.get(f"/stellen/{number}/loeschen/").content.decode()
    response = browser.post(f"/stellen/{number}/loeschen/", {"reason": "weg", "version": row.version})
    assert response.status_code == 422 and words in response.content.decode()
    assert Position.objects.filter(number=number).exists()


def test_deleting_needs_a_reason_and_the_shown_version(login, region):
    from tests.helpers import new_position

    new_position(region, "CM-77")
    row, browser = Position.objects.get(number="CM-77"), login()
    assert browser.post("/stellen/CM-77/loeschen/", {"version": row.version}).status_code == 422
    assert browser.post("/stellen/CM-77/loeschen/", {"reason": "weg", "version": 9}).status_code == 409
    assert browser.post("/stellen/CM-77/loeschen/", {"reason": "doppelt", "version": row.version}).status_code == 302
    assert not Position.objects.filter(number="CM-77").exists()
    assert "doppelt" in login("pruefung").get("/pruefung/?vorgang=Löschung").content.decode()


def test_an_object_of_another_body_takes_no_note(bodies):
    one, two = bodies["staedteregion-aachen"], bodies["stadt-aachen"]
    from django.core.exceptions import ValidationError

    with acting(None, [two.pk]):
        foreign = Position.objects.filter(body=two).first().pk
    with acting(None, [one.pk]):
        for kind, key in (("stelle", foreign), ("quatsch", 1)):
            with pytest.raises(ValidationError, match="gibt es in dieser Körperschaft nicht"):
                Note(body=one, subject_kind=kind, subject_id=key, text="x").full_clean()


def test_a_deactivated_person_is_not_offered(login, region):
    login("leitung")
    with acting(None, []):
        User.objects.filter(username="leitung@staedteregion-aachen").update(is_active=False, last_name="Weg")
    assert "Weg" not in login().get("/wiedervorlagen/neu/stelle/CM-01/").content.decode()


def test_words_that_may_name_persons_stay_out_of_the_history(login, region):
    login().post("/notizen/neu/stelle/CM-01/", {"text": "Herr Geheim"})
    for model in (Note, Reminder):
        assert "text" not in {f.name for f in model.events.rel.related_model._meta.fields}
    assert File.events.rel.related_model.objects.count() == 0
    assert "Herr Geheim" not in login("pruefung").get("/pruefung/?daten=Notiz").content.decode()


def test_line_breaks_count_once_and_nothing_is_cut_off(login, region):
    browser = login()
    text = "\r\n".join(["x"] * 1990)  # as a browser sends them
    assert browser.post("/notizen/neu/stelle/CM-01/", {"text": text}).status_code == 302
    assert 'maxlength="4000"' not in browser.get("/notizen/neu/stelle/CM-01/").content.decode()
    response = browser.post("/notizen/neu/stelle/CM-01/", {"text": "y" * 4001})
    assert response.status_code == 422 and "y" * 4001 in response.content.decode()
