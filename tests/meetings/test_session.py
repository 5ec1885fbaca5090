"""The page on which a sitting is written down while it goes on: each act is kept at once, and none is lost."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kim.models import Source
from meetings.documents import MinutesDocument
from meetings.models import (
    AgendaItem,
    Attendance,
    Consultation,
    Exclusion,
    Invitation,
    Minutes,
    Paper,
    Person,
    Vote,
    voters,
)
from tests.helpers import said
from tests.meetings.record import DESK, item, meeting, person
from tests.meetings.test_votes import record

__all__ = ["meeting"]


@pytest.fixture
def sitting(meeting):
    """Eight items and six members of two factions."""
    for number in range(1, 9):
        item(meeting, str(number))
    item(meeting, "5.1")
    for n, name in enumerate(("Brammertz", "Brantin", "Braun", "Dolan", "Krott", "Krottinger"), 1):
        row = person(meeting, n, on_behalf_of="CDU" if n < 3 else "SPD")
        Person.objects.filter(pk=row.person_id).update(family_name=name)
    return meeting


def act(login, meeting, top, word, **facts):
    """Press a button of the page; what it answers."""
    prefixed = word not in {"joint", "postpone", "withdraw", "see", "here", "silent"}
    data = {(f"{word}-{name}" if prefixed else name): value for name, value in facts.items()}
    return login(DESK).post(f"{meeting.get_absolute_url()}mitschreiben/", {"top": top, "act": word, **data})


def at(meeting, number):
    return AgendaItem.objects.get(meeting=meeting, number=number)


def test_several_items_at_once(login, sitting):
    assert act(login, sitting, "oe-1", "postpone", items=["oe-2", "oe-4"]).status_code == 302
    assert act(login, sitting, "oe-1", "joint", items=["oe-6", "oe-7"], target="8").status_code == 302
    assert (
        act(login, sitting, "oe-3", "joint", target="8", only_decision="on", joint_subject="Etat 2021").status_code
        == 302
    )
    assert act(login, sitting, "oe-5", "see", target="5.1").status_code == 302
    assert act(login, sitting, "oe-1", "withdraw", withdrawn_by="mover").status_code == 302
    found = {one.number: (one.advice, one.decision, str(one.target and one.target.number)) for one in AgendaItem.objects.filter(meeting=sitting)}  # fmt: skip
    assert found == {
        "1": ("withdrawn", "withdrawn", "None"),
        "2": ("postponed", "postponed", "None"),
        "3": ("here", "joint", "8"),
        "4": ("postponed", "postponed", "None"),
        "5": ("see", "see", "5.1"),
        "5.1": ("here", "here", "None"),
        "6": ("joint", "joint", "8"),
        "7": ("joint", "joint", "8"),
        "8": ("here", "here", "None"),
    }
    assert at(sitting, "3").joint_subject == "Etat 2021" and at(sitting, "1").withdrawn_by == "mover"
    act(login, sitting, "oe-3", "here")
    row = at(sitting, "3")
    assert (row.decision, row.target, row.joint_subject) == ("here", None, "")
    page = said(login(DESK).get(f"{sitting.get_absolute_url()}mitschreiben/"))
    assert "Beratung/Beschlussfassung im Rahmen von TOP 8" in page and "siehe TOP 5.1" in page


def test_votes_of_each_kind(login, sitting):
    answer = act(login, sitting, "oe-1", "unanimous")
    assert answer["Location"].endswith("mitschreiben/?top=oe-1")
    act(login, sitting, "oe-2", "unanimous", abstained="2", abstention_reason="wegen Nichtanwesenheit")
    act(login, sitting, "oe-3", "count", yes="3", no="3")
    act(login, sitting, "oe-4", "factions", against="CDU", abstaining="Braun")
    act(login, sitting, "oe-6", "factions", against="SPD", rejected="on", by_name="on")
    act(login, sitting, "oe-7", "count", yes="4", no="1", invalid="1", secret="on")
    page = said(login(DESK).get(f"{sitting.get_absolute_url()}mitschreiben/"))
    for words in (
        "einstimmig ohne Enthaltung",
        "einstimmig bei zwei Enthaltungen wegen Nichtanwesenheit",
        "bei Stimmengleichheit mit 3 Ja-Stimmen gegen 3 Nein-Stimmen",
        "mehrheitlich gegen die Stimmen der CDU-Fraktion bei Enthaltung von Frau Braun",
        "in namentlicher Abstimmung mit 2 Ja-Stimmen gegen 4 Nein-Stimmen",
        "in geheimer Abstimmung mehrheitlich mit 4 Ja-Stimmen gegen 1 Nein-Stimme bei 1 ungültiger Stimme",
    ):
        assert words in page, words
    assert Vote.objects.count() == 6


def test_what_is_refused_loses_nothing(login, sitting):
    answer = act(login, sitting, "oe-3", "count", yes="5", no="3")
    page = said(answer)
    assert answer.status_code == 422 and "gezählt sind 8" in page and 'value="5"' in page and 'value="3"' in page
    answer = act(login, sitting, "oe-3", "count", yes="viele", no="3")
    assert answer.status_code == 422 and 'value="viele"' in said(answer)
    answer = act(login, sitting, "oe-1", "joint", items=["oe-2"], target="99")
    page = said(answer)
    assert answer.status_code == 422 and "Einen TOP „99“ gibt es in diesem Teil nicht" in page and 'value="99"' in page
    assert 'value="oe-2" aria-label="Ö 2" checked' in page
    act(login, sitting, "oe-1", "unanimous")
    assert "ist schon abgestimmt" in said(act(login, sitting, "oe-1", "unanimous"))
    answer = act(login, sitting, "oe-1", "postpone", items=["oe-1", "oe-2"])
    assert answer.status_code == 422 and "Hierzu ist schon abgestimmt" in said(answer)
    assert at(sitting, "2").advice == "here"  # all of them or none
    assert Vote.objects.count() == 1


def test_who_is_out_comes_back_at_the_next_item(login, sitting):
    answer = act(login, sitting, "oe-5", "exclude", names="Bram, Brant")
    assert answer.status_code == 302
    found = {one.attendance.person.family_name: one.returns_at.number for one in Exclusion.objects.all()}
    assert found == {"Brammertz": "5.1", "Brantin": "5.1"}
    page = said(login(DESK).get(f"{sitting.get_absolute_url()}mitschreiben/?top=oe-5"))
    assert "6 anwesend, 2 ausgeschlossen; 4 stimmen ab" in page and "begeben sich in den Zuschauerraum" in page
    assert "kehren Frau Brammertz und Frau Brantin" in said(
        login(DESK).get(f"{sitting.get_absolute_url()}mitschreiben/?top=oe-5-1")
    )
    assert "können mehrere sein" in said(act(login, sitting, "oe-6", "exclude", names="Bra"))
    assert act(login, sitting, "oe-6", "exclude", names="Krott").status_code == 302  # a whole name goes first
    assert "ist niemand, der hier da ist" in said(act(login, sitting, "oe-6", "exclude", names="Meier"))


def test_who_comes_and_goes(login, sitting):
    assert act(login, sitting, "oe-3", "leave", name="Dolan", at="17:18").status_code == 302
    row = Attendance.objects.get(person__family_name="Dolan")
    assert (row.until_item.number, f"{row.leaves:%H:%M}") == ("2", "17:18")
    assert act(login, sitting, "oe-4", "arrive", name="Braun", at="17:28").status_code == 302
    row = Attendance.objects.get(person__family_name="Braun")
    assert (row.from_item.number, f"{row.arrives:%H:%M}") == ("4", "17:28")
    assert "war dann gar nicht da" in said(act(login, sitting, "oe-1", "leave", name="Krott"))


def test_that_nobody_spoke_changes_nothing_else(login, sitting):
    act(login, sitting, "oe-1", "postpone", items=["oe-2"])
    act(login, sitting, "oe-1", "withdraw", items=["oe-3"], withdrawn_by="mover")
    assert act(login, sitting, "oe-1", "silent", items=["oe-2", "oe-3"]).status_code == 302
    found = [(at(sitting, n).advice, at(sitting, n).silence, at(sitting, n).withdrawn_by) for n in ("2", "3")]
    assert found == [("postponed", "first", ""), ("withdrawn", "first", "mover")]


def test_an_item_that_was_changed_or_numbered_anew_is_not_hit(login, sitting):
    page = said(login(DESK).get(f"{sitting.get_absolute_url()}mitschreiben/?top=oe-2"))
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    for number, other in (("2", "70"), ("3", "2")):
        row = at(sitting, number)
        row.number = other
        row.save_checked()
    answer = act(login, sitting, "oe-2", "postpone", seen=seen)
    assert answer.status_code == 422 and "Ö 70 ist inzwischen geändert worden" in said(answer)
    assert act(login, sitting, "oe-2", "postpone").status_code == 302  # it stays itself, whatever its number is
    assert (at(sitting, "70").advice, at(sitting, "2").advice) == ("postponed", "here")


def test_an_item_that_is_not_there_is_not_found(login, sitting):
    assert login(DESK).get(f"{sitting.get_absolute_url()}mitschreiben/?top=oe-99").status_code == 404


def test_who_left_and_comes_back_has_a_second_line(login, sitting):
    act(login, sitting, "oe-3", "leave", name="Dolan", at="17:18")
    assert act(login, sitting, "oe-6", "arrive", name="Dolan", at="18:00").status_code == 302
    rows = Attendance.objects.filter(person__family_name="Dolan").order_by("pk")
    assert [(row.from_item and row.from_item.number, row.until_item and row.until_item.number) for row in rows] == [(None, "2"), ("6", None)]  # fmt: skip
    counts = {n: voters(at(sitting, n)).present for n in ("2", "4", "6")}
    assert counts == {"2": 6, "4": 5, "6": 6}


def test_after_the_last_item_nobody_comes_back(login, sitting):
    act(login, sitting, "oe-8", "exclude", names="Dolan")
    assert Exclusion.objects.get().returns_at is None
    minutes = Minutes.begin(sitting, public=True)
    assert not [words for words in MinutesDocument(minutes).problems() if "zurückgekehrt" in words]
    Exclusion.objects.all().delete()
    item(sitting, "1", public=False)
    act(login, sitting, "oe-8", "exclude", names="Dolan")
    assert Exclusion.objects.get().returns_at.key == "N 1"


def test_only_the_desk_writes(login, sitting):
    for role in ("sachbearbeitung", "leitung", "pruefung"):
        page = f"{sitting.get_absolute_url()}mitschreiben/"
        assert login(role).get(page).status_code == 403
        assert login(role).post(page, {"top": "oe-1", "act": "unanimous"}).status_code == 403
    assert not Vote.objects.exists()


@pytest.mark.parametrize("sent", [{"top": "oe-1", "act": "dance"}, {"top": "oe-99", "act": "unanimous"}, {}])
def test_what_no_button_sends_is_not_found(login, sitting, sent):
    assert login(DESK).post(f"{sitting.get_absolute_url()}mitschreiben/", sent).status_code == 404


def test_a_long_sitting_costs_no_more_than_its_budget(login, meeting):
    """60 items, 90 papers, 60 people, every tenth a deputy: each page stays within 40 queries."""
    items = [item(meeting, str(number)) for number in range(1, 61)]
    people = [person(meeting, n, on_behalf_of="CDU") for n in range(1, 61)]
    for row in people[::10]:
        away = Person.objects.create(body=meeting.body, name=f"Weg {row.pk}", family_name="Weg")
        Attendance.objects.filter(pk=row.pk).update(role="deputy", represents=away)
    for n in range(90):
        source = Source.objects.create(body=meeting.body, kind="paper", number=f"Z/{n:04}", title=f"Zuschuss {n}")
        paper = Paper.objects.create(body=meeting.body, source=source, paper_type="information", public=True)
        Consultation.objects.create(body=meeting.body, paper=paper, organization=meeting.organization, meeting=meeting, agenda_item=items[n % 60], role="decision")  # fmt: skip
    for n in (3, 4, 5):
        record(items[n], style="factions", outcome="rejected", against="CDU")
    minutes, invitation = Minutes.begin(meeting, public=True), Invitation.begin(meeting, public=False)
    browser, at_ = login(DESK), meeting.get_absolute_url()
    pages = [at_, *(f"{at_}{end}" for end in ("mitschreiben/", "tagesordnung/", "anwesenheit/", "top/oe-3/", "top/oe-3/mitschreiben/"))]  # fmt: skip
    pages += [minutes.get_absolute_url(), invitation.get_absolute_url(), "/beschluesse/", "/auftraege/"]
    pages += [f"/dokumente/{one.address}/{end}/" for one in (minutes, invitation) for end in ("pdf", "text")]
    costs = {}
    for page in pages:
        browser.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(page).status_code == 200
        costs[page] = len(queries)
    assert {page: cost for page, cost in costs.items() if cost > 40} == {}
    acts = [
        ("unanimous", {}),
        ("postpone", {}),
        ("exclude", {"exclude-names": "Name 5"}),
        ("leave", {"leave-name": "Name 9"}),
    ]
    for number, (word, facts) in enumerate(acts, 10):
        with CaptureQueriesContext(connection) as queries:
            assert browser.post(f"{at_}mitschreiben/", {"top": f"oe-{number}", "act": word, **facts}).status_code == 302
        assert len(queries) <= 72, (word, len(queries))  # the aim is 15; it does not grow with the sitting
