"""The Einladung and its Bekanntmachung: the agenda as each may read it, the Ladungsfrist, and what their release does."""

import re
from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from kim.models import Source
from meetings.documents import InvitationDocument
from meetings.models import Invitation, Meeting, Membership, Organization, Person
from tests.helpers import pdf_text, said
from tests.meetings.record import DESK, item, meeting, of_the_public

__all__ = ["meeting"]


@pytest.fixture
def called(meeting):
    """A sitting with a public item and one that is not, its chair, and a Ladungsfrist of ten full days."""
    Organization.objects.filter(pk=meeting.organization_id).update(notice_days=10)
    Meeting.objects.filter(pk=meeting.pk).update(start=time(17), place="Ratssaal")
    chair = Person.objects.create(body=meeting.body, name="Ilse Probe", family_name="Probe")
    Membership.objects.create(body=meeting.body, organization=meeting.organization, person=chair, role="chair")
    item(meeting, "1", title="Zuschuss")
    item(meeting, "1", title="Geheimrezept Kornblume", public=False, ground="Personal", public_title="Personalsache")
    return Meeting.objects.get(pk=meeting.pk)


def begun(meeting, *, public=False, days=14):
    made = Invitation.begin(meeting, public=public)
    Source.objects.filter(pk=made.source_id).update(date=meeting.date - timedelta(days=days))
    return Invitation.objects.get(pk=made.pk)


def test_it_is_begun_written_and_printed_by_pages(login, called):
    browser, page = login(DESK), called.get_absolute_url()
    assert browser.post(f"{page}einladung/n/neu/").status_code == 302
    made = Invitation.objects.get()
    shown = said(browser.get(made.get_absolute_url()))
    for words in ("Einladung AP 2023-05-04", "Hiermit lade ich zu der Sitzung ein.", "Geheimrezept Kornblume", "gez. Ilse Probe (Vorsitz)"):  # fmt: skip
        assert words in shown, words
    url = f"{made.get_absolute_url()}kopf/"
    version = re.search(r'name="version" value="([0-9]+)"', said(browser.get(url)))[1]
    late = browser.post(url, {"version": version, "date": "05.05.2023"})
    assert late.status_code == 422 and "liegt nicht nach der Sitzung" in said(late)
    assert browser.post(url, {"version": version, "date": "20.04.2023"}).status_code == 302
    words = pdf_text(browser.get(f"/dokumente/{made.address}/pdf/").content)
    for sentence in (
        "Sitzung des Ausschusses für Probe",
        "20. April 2023",
        "Sitzungstermin: Donnerstag, 04.05.2023",
        "Sitzungsbeginn: 17:00 Uhr",
        "Ort, Raum: Ratssaal",
        "Hiermit lade ich zu der Sitzung ein.",
        "Öffentlicher Teil 1 Zuschuss",
        "Nichtöffentlicher Teil 1 Geheimrezept Kornblume",
        "gez. Ilse Probe (Vorsitz)",
    ):
        assert sentence in words, (sentence, words)
    assert browser.get(f"/dokumente/{made.address}/docx/").status_code == 200
    gone = f"{made.get_absolute_url()}loeschen/"
    version = re.search(r'name="version" value="([0-9]+)"', said(browser.get(gone)))[1]
    assert browser.post(gone, {"reason": "Test", "version": version}).status_code == 302
    assert not Invitation.objects.exists()


def test_the_public_reads_neutral_titles(login, called):
    made, inner = begun(called, public=True), begun(called)
    reader = of_the_public(login)
    words = pdf_text(login(DESK).get(f"/dokumente/{made.address}/pdf/").content)
    assert "Personalsache" in words and "Kornblume" not in words and "öffentlich bekannt gemacht" in words
    assert "Kornblume" not in pdf_text(reader.get(f"/dokumente/{made.address}/pdf/").content)
    assert reader.get(inner.get_absolute_url()).status_code == 404
    assert reader.get(f"/dokumente/{inner.address}/pdf/").status_code == 404


@pytest.mark.parametrize(("days", "problem"), [(14, ""), (11, ""), (10, "9 volle Tage; die Ladungsfrist sind 10.")])
def test_the_deadline_is_looked_at(called, days, problem):
    problems = InvitationDocument(begun(called, days=days)).problems()
    assert bool(problem) == bool(problems) and problem in " ".join(problems)


def test_a_reason_for_the_hurry_is_printed(called):
    day = called.date - timedelta(days=3)
    Meeting.objects.filter(pk=called.pk).update(invited_on=day, urgency="Das Land zahlt nur bis Mai.")
    document = InvitationDocument(begun(Meeting.objects.get(pk=called.pk), days=3))
    assert document.problems() == []
    content = document.content(document.fresh(), day)
    assert content["urgency"] == "Das Land zahlt nur bis Mai."


def test_what_is_missing_is_said(called):
    Meeting.objects.filter(pk=called.pk).update(start=None, place="")
    Membership.objects.all().delete()
    Organization.objects.filter(pk=called.organization_id).update(notice_days=None)
    called.agenda_items.filter(public=False).update(ground="")
    assert InvitationDocument(begun(Meeting.objects.get(pk=called.pk))).problems() == [
        "Der Beginn der Sitzung fehlt.",
        "Der Ort der Sitzung fehlt.",
        "Der Vorsitz (Ausschuss für Probe) ist nicht als Mitgliedschaft eingetragen.",
        "N 1: Der Grund der Nichtöffentlichkeit fehlt.",
        "Die Ladungsfrist von Ausschuss für Probe ist nicht erfasst.",
    ]


def test_with_its_release_it_is_known_when_was_invited(login, called):
    made = begun(called)
    head = login("leitung")
    seen = re.search(r'name="fingerprint" value="([^"]+)"', said(head.get(made.get_absolute_url())))[1]
    answer = head.post(f"/dokumente/{made.address}/freigeben/", {"fingerprint": seen})
    assert answer.status_code == 302, said(answer)
    called.refresh_from_db()
    assert called.invited_on == date(2023, 4, 20)
    page = said(head.get(called.get_absolute_url()))
    assert "Zwischen Einladung und Sitzung: 13 Tage." in page and "Die Ladungsfrist ist eingehalten." in page
    assert login(DESK).get(f"{made.get_absolute_url()}kopf/").status_code == 404  # nothing of it changes any more
    item(called, "2", title="Nachgereicht", added_on=date(2023, 4, 25))
    assert "Nachgereicht" not in pdf_text(head.get(f"/dokumente/{made.address}/pdf/").content)


def test_what_came_later_is_not_in_it(called):
    made = begun(called)  # of 20.04.2023
    item(called, "2", title="Von Anfang an")
    item(called, "3", title="Nachgereicht", added_on=date(2023, 4, 25))
    item(called, "4", title="Eilig", added_on=called.date, urgency="Das Land zahlt nur bis Mai.")
    document = InvitationDocument(made)
    titles = [row["title"] for part in document.content([], called.date)["agenda"] for row in part["rows"]]
    assert titles == ["Zuschuss", "Von Anfang an", "Geheimrezept Kornblume"]


def test_its_day_is_the_day_of_the_invitation(called):
    Meeting.objects.filter(pk=called.pk).update(invited_on=date(2023, 4, 10))
    problems = InvitationDocument(begun(Meeting.objects.get(pk=called.pk))).problems()
    assert problems == ["Eingeladen ist am 10.04.2023 eingetragen, sie trägt den 20.04.2023."]


def test_what_is_changed_after_its_release_is_told(login, called):
    made = begun(called)
    made.release(None)
    browser = login(DESK)
    assert "Seit der Freigabe ist anderes eingetragen" not in said(browser.get(made.get_absolute_url()))
    with pytest.raises(ValidationError, match="Was dazukommt, ist ein Nachtrag"):
        item(called, "2", title="Ungesagt")
    called.agenda_items.filter(public=True, number="1").update(title="Zuschuss 2024")
    Meeting.objects.filter(pk=called.pk).update(place="Mensa")
    page = said(browser.get(made.get_absolute_url()))
    assert "Ort, Raum: „Ratssaal“, jetzt „Mensa“" in page
    assert "Öffentlicher Teil, TOP 1: „Zuschuss“, jetzt „Zuschuss 2024“" in page


def test_the_reason_may_come_before_the_day(login, called):
    """The day of the invitation is known with its release only."""
    page = f"{called.get_absolute_url()}bearbeiten/"
    facts = {"organization": called.organization_id, "date": "04.05.2023", "public": "on", "version": called.version, "start": "17:00", "place": "Ratssaal", "urgency": "Frist des Landes"}  # fmt: skip
    answer = login(DESK).post(page, facts)
    assert answer.status_code == 302, said(answer)
    assert InvitationDocument(begun(Meeting.objects.get(pk=called.pk), days=2)).problems() == []
