"""Earlier papers that are only known by name: entered, corrected, referred to, deleted."""

from datetime import date

import pytest

from kim.models import Source
from meetings.models import Meeting, Organization, Paper
from tests.helpers import said

NEW = "/dokumente/fundstellen/neu/"


def typed(committee=None, **more):
    data = {"number": "2021/0077", "name": "KIM: Beteiligung der Kommunen", "paper_type": "resolution"}
    data |= {"organization": committee.pk if committee else "", "meeting_day": "17.06.2021", "decided": "on"}
    return data | {"date": "02.06.2021", "public": "on"} | more


@pytest.fixture
def committee(region):
    return Organization.objects.get(body=region, name="Städteregionsausschuss")


def test_an_earlier_paper_is_entered_and_referred_to(login, region, committee):
    browser = login()
    page = said(browser.post(NEW, typed(committee), follow=True))
    assert "Beschlussvorlage 2021/0077 ist eingetragen." in page and "17.06.2021" in page
    paper = Paper.find(region, "2021/0077")
    assert (paper.state, paper.public, paper.source.public, paper.text) == ("known", True, True, None)
    row = paper.consultations.get()
    assert (row.organization, row.meeting.date, row.role, row.authoritative) == (
        committee,
        date(2021, 6, 17),
        "decision",
        True,
    )
    head = said(browser.get("/dokumente/2023-0120/kopf/"))
    assert "Beschlussvorlage 2021/0077" in head


def test_a_beleg_that_is_there_becomes_its_document(login, region):
    there = Source(body=region, kind=Source.Kind.PAPER, number="2021/0077", title="alt").save_checked()
    assert login().post(NEW, typed(meeting_day="")).status_code == 302
    assert Paper.find(region, "2021/0077").source_id == there.pk
    there.refresh_from_db()
    assert there.title == "KIM: Beteiligung der Kommunen"


def test_what_cannot_be_read_is_said_at_its_field(login, region, committee):
    off = Meeting(body=region, organization=committee, date=date(2022, 3, 25), cancelled=True)
    off.save_checked()
    browser, before = login(), Paper.objects.count()
    for more, words in (
        ({"number": "2023 0120"}, "schon eine andere Vorlage"),
        ({"number": "ohne"}, "Nummer mit Ziffern"),
        ({"number": ""}, "Vorlage-Nr."),
        ({"meeting_day": "31.02.2021"}, "31.02.2021"),
        ({"organization": ""}, "Zum Sitzungstag fehlt das Gremium"),
        ({"meeting_day": "25.03.2022"}, "Die Sitzung am 25.03.2022 ist abgesagt"),
    ):
        answer = browser.post(NEW, typed(committee, **more))
        assert answer.status_code == 422 and words in said(answer), words
    assert Paper.objects.count() == before
    twin = said(browser.post(NEW, typed(committee, number="2023/0120")))
    assert 'Schon vorhanden: <a href="/dokumente/2023-0120/"' in twin


def test_it_is_corrected_and_deleted(login, region, committee):
    browser = login()
    browser.post(NEW, typed(committee))
    paper, url = Paper.find(region, "2021/0077"), "/dokumente/fundstellen/2021-0077/"
    data = typed(committee, name="anders", meeting_day="18.06.2021", version=paper.version, reason="x")
    assert browser.post(url + "bearbeiten/", data).status_code == 302
    assert paper.consultations.get().meeting.date == date(2021, 6, 18)
    assert Meeting.objects.filter(body=region, date=date(2021, 6, 18)).count() == 1
    assert browser.post(url + "bearbeiten/", data | {"name": "noch anders"}).status_code == 409
    paper.refresh_from_db()
    gone = data | {"organization": "", "meeting_day": "", "version": paper.version}
    assert browser.post(url + "bearbeiten/", gone).status_code == 302 and not paper.consultations.exists()
    paper.refresh_from_db()
    assert browser.post(url + "loeschen/", {"reason": "doppelt", "version": paper.version}).status_code == 302
    assert not Paper.objects.filter(pk=paper.pk).exists()


def test_who_reads_sees_it_and_changes_nothing(login):
    page = said(login("pruefung").get("/dokumente/fundstellen/2022-0119/"))
    assert "24.03.2022" in page and "Bearbeiten" not in page
    assert login("pruefung").get(NEW).status_code == 403
