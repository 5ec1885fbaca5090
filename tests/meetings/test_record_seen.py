"""The record of a sitting, tried by somebody who did not write it: what was lost, accepted or told wrongly."""

import re
from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from kim.models.refusals import db_errors_as_validation
from meetings import sentences
from meetings.documents import MinutesDocument
from meetings.models import (  # fmt: skip
    AgendaItem,
    Attendance,
    Exclusion,
    Meeting,
    Minutes,
    Organization,
    Person,
    Vote,
    voters,
)
from meetings.models.acts import keep_attendance, keep_item
from tests.helpers import said
from tests.meetings.record import DESK, item, meeting, person, sheet

__all__ = ["meeting"]


def lines_of(meeting):
    """The agenda as its form sends it."""
    rows = AgendaItem.objects.filter(meeting=meeting)
    names = ("number", "title", "short_title", "public_title", "remark", "ground")
    return [
        {name: getattr(one, name) for name in names}
        | {"public": "oe" if one.public else "n", "row": one.pk, "version": one.version}
        for one in rows
    ]


def test_words_stay_with_their_item_whatever_its_number(login, meeting):
    one = item(meeting, "2", title="Zuschuss")
    made = Minutes.begin(meeting, public=True)
    made.text.blocks.filter(key=f"{one.block}-beschluss").update(content="Der Ausschuss bewilligt es.")
    browser, page = login(DESK), meeting.get_absolute_url()
    moved = [line | {"number": "8"} for line in lines_of(meeting)]
    new = {"public": "oe", "number": "2", "title": "Mitteilungen"}
    assert browser.post(f"{page}tagesordnung/", sheet("item", *moved, new)).status_code == 302
    told = MinutesDocument(Minutes.objects.get(pk=made.pk))
    parts = told.content(told.fresh(), meeting.date)["parts"][0]["items"]
    assert [(one["heading"], bool(one["resolution"])) for one in parts] == [
        ("zu 2 Mitteilungen", False),
        ("zu 8 Zuschuss", True),
    ]
    assert "TOP 8, Beschluss: Zuschuss" in said(browser.get(f"/dokumente/{made.address}/text/"))
    other = [
        line | ({"public": "n", "number": "1"} if line["title"] == "Zuschuss" else {}) for line in lines_of(meeting)
    ]
    answer = browser.post(f"{page}tagesordnung/", sheet("item", *other))
    assert answer.status_code == 422 and "steht schon Text dazu" in said(answer)


def test_two_items_change_places_and_two_with_one_number_are_refused(login, meeting):
    for number, title in (("1", "Eins"), ("2", "Zwei")):
        item(meeting, number, title=title)
    page, other = f"{meeting.get_absolute_url()}tagesordnung/", {"1": "2", "2": "1"}
    swapped = [line | {"number": other[line["number"]]} for line in lines_of(meeting)]
    assert login(DESK).post(page, sheet("item", *swapped)).status_code == 302
    assert {one.title: one.number for one in AgendaItem.objects.filter(meeting=meeting)} == {"Eins": "2", "Zwei": "1"}
    same = [line | {"number": "3"} for line in lines_of(meeting)]
    answer = login(DESK).post(page, sheet("item", *same))
    assert answer.status_code == 422 and "gibt es in diesem Teil schon" in said(answer)


def test_an_agenda_is_kept_whole_or_not_at_all(login, meeting):
    kept = item(meeting, "1", title="Alt")
    lines = [line | {"title": "Neu"} for line in lines_of(meeting)]
    wrong = {"public": "oe", "number": "2", "title": "Zwei", "paper": "9999/9999"}
    answer = login(DESK).post(f"{meeting.get_absolute_url()}tagesordnung/", sheet("item", *lines, wrong))
    assert answer.status_code == 422 and "Die Vorlage „9999/9999“ gibt es nicht." in said(answer)
    kept.refresh_from_db()
    assert kept.title == "Alt" and AgendaItem.objects.filter(meeting=meeting).count() == 1


@pytest.mark.parametrize("number", ["5.1.2", "1a", "3,1", "0", "-2", "²", "5."])
def test_a_number_that_is_none_is_said_and_nothing_is_lost(login, meeting, number):
    line = {"public": "oe", "number": number, "title": "Behalten"}
    answer = login(DESK).post(f"{meeting.get_absolute_url()}tagesordnung/", sheet("item", line))
    assert answer.status_code == 422 and "Bitte als 5 oder 5.1 angeben." in said(answer) and "Behalten" in said(answer)


def test_what_others_point_to_is_not_postponed(meeting):
    goal = item(meeting, "2")
    item(meeting, "1", decision="joint", target=goal)
    goal.advice = goal.decision = "postponed"
    with pytest.raises(ValidationError, match="Hierher verweisen noch: Ö 1"):
        goal.save_checked()


def test_what_was_voted_on_is_not_postponed(meeting):
    one = item(meeting, "1")
    person(meeting, 1)
    vote = Vote(body=meeting.body, item=one, outcome="unanimous").save_checked()
    one.advice = one.decision = "postponed"
    with pytest.raises(ValidationError, match="schon abgestimmt"):
        keep_item(one, [], [])
    one.refresh_from_db()
    one.advice = one.decision = "postponed"
    assert keep_item(one, [], [vote]) == 2


def test_the_list_cannot_shrink_below_the_votes_that_were_counted(meeting):
    """Also who is out afterwards counts: no act leaves more votes than there are voters."""
    one = item(meeting, "1")
    rows = [person(meeting, n) for n in range(4)]
    Vote(body=meeting.body, item=one, style="numbers", yes=3, no=1).save_checked()
    with pytest.raises(ValidationError, match="zu Ö 1 sind 4 Stimmen gezählt, dann könnten höchstens 3 stimmen"):
        keep_attendance(meeting, [], [rows[0]])
    rows[1].state = "excused"
    with pytest.raises(ValidationError, match="höchstens 3"):
        keep_attendance(meeting, [rows[1]], [])
    with pytest.raises(ValidationError, match="höchstens 3"):
        keep_item(one, [Exclusion(body=meeting.body, item=one, attendance=rows[2])], [])
    assert voters(AgendaItem.objects.get(pk=one.pk)).at_most == 4, "nothing of it was kept"


def test_nobody_stands_twice_in_the_list_but_one_after_the_other(meeting):
    one, two = item(meeting, "1"), item(meeting, "2")
    first = person(meeting, 1, until_item=one)
    again = Attendance(body=meeting.body, meeting=meeting, person=first.person, order=2, voting_right="yes")
    with pytest.raises(ValidationError, match="steht zweimal in der Liste"):
        keep_attendance(meeting, [again], [])
    again = Attendance(body=meeting.body, meeting=meeting, person=first.person, order=2, voting_right="yes")
    again.from_item = two
    assert keep_attendance(meeting, [again], []) == 1
    assert [voters(AgendaItem.objects.get(pk=at.pk)).present for at in (one, two)] == [1, 1]
    person(meeting, 5, role="chair")
    other = Person.objects.create(body=meeting.body, name="Z", family_name="Z")
    chair = Attendance(body=meeting.body, meeting=meeting, person=other, order=6, role="chair")
    with pytest.raises(ValidationError, match="nicht zugleich den Vorsitz"):
        keep_attendance(meeting, [chair], [])


def test_who_had_to_leave_was_there(meeting):
    one = item(meeting, "1")
    row = person(meeting, 1)
    keep_item(one, [Exclusion(body=meeting.body, item=one, attendance=row)], [])
    row.state = "excused"
    with pytest.raises(ValidationError, match="hat bei Ö 1 ein Mitwirkungsverbot"):
        keep_attendance(meeting, [row], [])


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"outcome": "majority", "no": 1, "abstained": 1},
            "Der Beschluss erfolgt mehrheitlich bei einer Gegenstimme und einer Enthaltung.",
        ),
        (
            {"outcome": "majority", "no": 3, "abstained": 0},
            "Der Beschluss erfolgt mehrheitlich bei drei Gegenstimmen ohne Enthaltung.",
        ),
        (
            {"style": "numbers", "yes": 5, "no": 1, "abstained": 1, "abstention_reason": "wegen Nichtanwesenheit"},
            "Der Beschluss erfolgt mehrheitlich mit 5 Ja-Stimmen gegen 1 Nein-Stimme bei 1 Enthaltung wegen "
            "Nichtanwesenheit.",
        ),
    ],
)
def test_nothing_that_was_typed_of_a_vote_is_lost(facts, words):
    assert sentences.of_vote(Vote(**facts)) == words


@pytest.mark.parametrize(
    ("spoken", "words"),
    [("Frau", "für sie bei"), ("Herr Bürgermeister", "für ihn bei"), ("Vorsitzende Frau Dr.", "für sie bei"), ("", "für die Person bei")],
)  # fmt: skip
def test_one_who_leaves_is_told_in_good_german(meeting, spoken, words):
    one = item(meeting, "1")
    row = person(meeting, 1, spoken=spoken)
    out = Exclusion(body=meeting.body, item=one, attendance=row)
    assert words in sentences.of_exclusions([out])
    assert "§ 31 Gemeindeordnung" in sentences.of_exclusions([out])
    assert "§ 28 Kreisordnung" in sentences.of_exclusions([out], district=True)


@pytest.mark.parametrize(
    ("times", "wrong"),
    [
        ({"start": time(17), "end": time(16, 10)}, True),
        ({"start": time(17), "public_end": time(18, 55), "end": time(18)}, True),
        ({"start": time(17), "public_end": time(18), "end": time(18)}, False),
        ({"start": time(17), "public_end": time(17, 57), "end": time(18)}, False),
        ({"end": time(18)}, False),
    ],
)
def test_a_sitting_ends_after_it_has_begun(meeting, times, wrong):
    meeting.date = date(2023, 5, 4)
    for name, value in times.items():
        setattr(meeting, name, value)
    if wrong:
        with pytest.raises(ValidationError, match="Das liegt nicht nach"):
            meeting.full_clean()
    else:
        meeting.full_clean()


def test_an_address_that_means_nothing_is_none(login, meeting):
    item(meeting, "1")
    made = Minutes.begin(meeting, public=True)
    assert login(DESK).get(f"/dokumente/{made.address}/pdf/").status_code == 200
    assert login(DESK).get(f"/dokumente/{made.address}.n/pdf/").status_code == 404


# released


@pytest.fixture
def complete(meeting):
    """A Niederschrift of which nothing is missing."""
    day = meeting.date - timedelta(days=12)
    Meeting.objects.filter(pk=meeting.pk).update(start=time(17), end=time(18), place="Ratssaal", invited_on=day)
    Organization.objects.filter(pk=meeting.organization_id).update(notice_days=10, voting_member_count=1)
    one = item(meeting, "1")
    voting = person(meeting, 1, role="chair")
    person(meeting, 2, role="secretary")
    Vote(body=meeting.body, item=one, outcome="unanimous", abstained=0).save_checked()
    made = Minutes.begin(Meeting.objects.get(pk=meeting.pk), public=True)
    made.text.blocks.filter(key="oe-1-beschluss").update(content="Der Ausschuss beschließt es.")
    assert MinutesDocument(made).problems() == []
    return made, one, voting


def shown(page):
    """What the page of a draft says it has shown."""
    return re.search(r'name="fingerprint" value="([^"]+)"', page)[1]


def test_the_leitung_releases_what_she_saw_and_nothing_of_it_changes_any_more(login, complete, owner):
    made, one, voting = complete
    head, release = login("leitung"), f"/dokumente/{made.address}/freigeben/"
    seen = shown(said(head.get(made.get_absolute_url())))
    assert login(DESK).post(release, {"fingerprint": seen}).status_code == 403
    voting.salutation = "Frau Dr."
    voting.save()
    answer = head.post(release, {"fingerprint": seen})
    assert answer.status_code == 422 and "Anwesenheit" in said(answer) and made.is_open
    assert head.post(release, {"fingerprint": shown(said(head.get(made.get_absolute_url())))}).status_code == 302
    assert not Minutes.objects.get(pk=made.pk).is_open and "Freigegeben am" in said(head.get(made.get_absolute_url()))
    vote = one.votes.get()
    vote.abstained, one.title, voting.state = 1, "Anders", "excused"
    sitting = Meeting.objects.get(pk=one.meeting_id)
    sitting.place = "Anderswo"
    changes = [
        sitting,
        vote,
        one,
        voting,
        AgendaItem(body=one.body, meeting=one.meeting, public=True, number="2", title="Neu"),
    ]
    for row in changes:
        with pytest.raises(ValidationError), db_errors_as_validation():
            row.save()
    with pytest.raises(ValidationError), db_errors_as_validation():
        vote.delete()
    item(one.meeting, "1", public=False)  # the other part goes on
    assert head.get(f"/dokumente/{made.address}/pdf/").content == bytes(made.text.releases.get().pdf)


@pytest.mark.counter
def test_without_the_trigger_a_released_vote_would_change(complete, owner):
    made, one, _ = complete
    made.release(None)
    vote = one.votes.get()
    with owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE meetings_vote DISABLE TRIGGER USER")
    Vote.objects.filter(pk=vote.pk).update(abstained=1)
    assert one.votes.get().abstained == 1


def test_the_day_of_the_minutes_is_entered(login, complete):
    made, _, _ = complete
    browser, url = login(DESK), f"{made.get_absolute_url()}kopf/"
    version = re.search(r'name="version" value="([0-9]+)"', said(browser.get(url)))[1]
    early = browser.post(url, {"version": version, "date": "03.05.2023"})
    assert early.status_code == 422 and "nicht älter als die Sitzung" in said(early)
    assert browser.post(url, {"version": version, "date": "30.05.2023"}).status_code == 302
    assert "30.05.2023" in said(browser.get(made.get_absolute_url()))
    assert browser.post(url, {"version": version, "date": "31.05.2023"}).status_code == 409


def test_what_supplements_an_item_needs_it(login, meeting):
    lines = [{"public": "oe", "number": number, "title": f"Punkt {number}"} for number in ("1", "7.1")]
    page = f"{meeting.get_absolute_url()}tagesordnung/"
    answer = login(DESK).post(page, sheet("item", *lines))
    assert answer.status_code == 422 and "Ö 7.1: Einen TOP 7, den er ergänzt, gibt es in diesem Teil nicht." in said(
        answer
    )
    lines.append({"public": "oe", "number": "7", "title": "Punkt 7"})
    assert login(DESK).post(page, sheet("item", *lines)).status_code == 302


def test_who_is_told_of_has_a_form_of_address_and_who_is_represented_is_listed(meeting):
    one = item(meeting, "1")
    row = person(meeting, 1, spoken="")
    away = Person.objects.create(body=meeting.body, name="Falk Fichte", family_name="Fichte")
    deputy = person(meeting, 2, role="deputy", represents=away)
    Exclusion(body=meeting.body, item=one, attendance=row).save_checked()
    made = Minutes.begin(meeting, public=True)
    problems = MinutesDocument(made).problems()
    assert "Ohne Anrede im Satz: Mitglied 1." in problems
    assert f"{deputy} vertritt Falk Fichte; dass Falk Fichte fehlt, ist nicht erfasst." in problems
    Attendance(body=meeting.body, meeting=meeting, person=away, order=3, state="excused").save_checked()
    Attendance.objects.filter(pk=row.pk).update(spoken="Frau")
    problems = " ".join(MinutesDocument(Minutes.objects.get(pk=made.pk)).problems())
    assert "Anrede" not in problems and "Fichte" not in problems


def test_who_is_released_is_not_offered_to_be_taken_back(login, complete):
    made, _, _ = complete
    head = login("leitung")
    seen = shown(said(head.get(made.get_absolute_url())))
    assert head.post(f"/dokumente/{made.address}/freigeben/", {"fingerprint": seen}).status_code == 302
    page = said(head.get(made.get_absolute_url()))
    assert "Freigabe" in page and "Zurücknehmen" not in page
    desk = said(login(DESK).get(made.meeting.get_absolute_url()))
    assert "Was mitgeschrieben ist, bleibt." in desk and "Sitzung mitschreiben" not in desk


def test_the_head_names_the_parts_that_the_sitting_has(meeting):
    item(meeting, "1")
    made = Minutes.begin(meeting, public=True)
    document = MinutesDocument(made)
    assert document.content([], meeting.date)["sitting"] == "öffentliche Sitzung"
    item(meeting, "1", public=False)
    document = MinutesDocument(made)
    assert document.content([], meeting.date)["sitting"] == "öffentliche/nichtöffentliche Sitzung"
    document = MinutesDocument(Minutes.begin(meeting, public=False))
    assert document.content([], meeting.date)["sitting"] == "nichtöffentliche Sitzung"
