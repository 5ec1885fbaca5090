"""The record of an invented sitting: who can vote, whether the committee could decide, and the pages on which it is entered."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kim.models import Body
from kim.models.refusals import db_errors_as_validation
from meetings import sentences
from meetings.figures.record import verdict_of
from meetings.models import AgendaItem, Attendance, Exclusion, Minutes, Person, Vote, voters
from tests.helpers import pdf_text, said, thorough
from tests.meetings.record import DESK, item, meeting, person, sheet

__all__ = ["meeting"]


def figure(capsys, *arguments):
    call_command("figure", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


# who can vote: against a count by hand

ROLE = st.sampled_from(["member", "member", "chair", "administration", "guest", "secretary"])
STATE = st.sampled_from(["present", "present", "present", "excused", "absent"])
RIGHT = st.sampled_from(["yes", "yes", "no", "not_stated"])
KIND = st.sampled_from(["council", "citizen", "resident", "adviser", "not_stated"])
SPAN = st.tuples(st.integers(1, 4), st.integers(1, 4)).map(sorted)
PEOPLE = st.lists(st.tuples(ROLE, STATE, RIGHT, KIND, SPAN, st.none() | st.tuples(st.integers(1, 4), st.integers(0, 4))), max_size=7)  # fmt: skip


def by_hand(people, at):
    """Naively: person by person, with nothing of the program."""
    present = excluded = 0
    known = True
    for role, state, right, kind, (first, last), out in people:
        if role not in ("member", "chair") or state != "present" or not first <= at <= last:
            continue
        if kind in ("resident", "adviser") or right == "no":
            continue
        present += 1
        known = known and right == "yes"
        if out is not None and first <= out[0] <= last:
            since, back = out
            excluded += (since <= at < back) if back > since else at == since
    return present, excluded, present - excluded if known else None


@settings(max_examples=thorough(60, 15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE)
def test_who_can_vote_is_what_one_counts_by_hand(meeting, people):
    with transaction.atomic():
        items = {n: item(meeting, str(n)) for n in range(1, 5)}
        for n, (role, state, right, kind, (first, last), out) in enumerate(people):
            times = {"from_item": items[first], "until_item": items[last]} if state == "present" else {}
            row = person(meeting, n, role=role, state=state, voting_right=right, kind=kind, **times)
            if out is not None and state == "present" and first <= out[0] <= last:
                back = items[out[1]] if out[1] > out[0] else None
                Exclusion(body=meeting.body, item=items[out[0]], attendance=row, returns_at=back).save_checked()
        for n in range(1, 5):
            found = voters(AgendaItem.objects.get(pk=items[n].pk))
            assert (found.present, found.excluded, found.voting) == by_hand(people, n)
            assert found.at_most == found.present - found.excluded
        transaction.set_rollback(True)


def test_a_deputy_counts_while_the_member_is_away(meeting):
    one, two = item(meeting, "1"), item(meeting, "2")
    away = person(meeting, 1, from_item=two)
    deputy = Person.objects.create(body=meeting.body, name="Vertretung", family_name="V")
    Attendance(body=meeting.body, meeting=meeting, person=deputy, order=2, role="deputy", represents=away.person, voting_right="yes", kind="council").save_checked()  # fmt: skip
    assert (voters(one).present, voters(two).present) == (1, 1)


# votes


@pytest.mark.parametrize(
    ("facts", "words", "accepted"),
    [
        ({"style": "numbers", "yes": 5, "no": 3, "abstained": 0}, "Der Beschluss erfolgt mehrheitlich mit 5 Ja-Stimmen gegen 3 Nein-Stimmen.", True),
        ({"style": "numbers", "yes": 4, "no": 4}, "Der Beschlussvorschlag wird bei Stimmengleichheit mit 4 Ja-Stimmen gegen 4 Nein-Stimmen abgelehnt.", False),
        ({"style": "numbers", "yes": 1, "no": 0, "abstained": 1}, "Der Beschluss erfolgt einstimmig mit 1 Ja-Stimme gegen 0 Nein-Stimmen bei 1 Enthaltung.", True),
        ({"style": "numbers", "yes": 0, "no": 0, "abstained": 8}, "Der Beschlussvorschlag wird bei Stimmengleichheit mit 0 Ja-Stimmen gegen 0 Nein-Stimmen bei 8 Enthaltungen abgelehnt.", False),
        ({"style": "secret", "yes": 3, "no": 2, "invalid": 1}, "Der Beschluss erfolgt in geheimer Abstimmung mehrheitlich mit 3 Ja-Stimmen gegen 2 Nein-Stimmen bei 1 ungültiger Stimme.", True),
        ({"outcome": "rejected", "abstained": 2}, "Der Beschlussvorschlag wird bei zwei Enthaltungen abgelehnt.", False),
        ({"outcome": "rejected"}, "Der Beschlussvorschlag wird abgelehnt.", False),
        ({"outcome": "majority", "abstained": 1}, "Der Beschluss erfolgt mehrheitlich bei einer Enthaltung.", True),
    ],
)  # fmt: skip
def test_votes_in_words(facts, words, accepted):
    vote = Vote(**facts)
    assert sentences.of_vote(vote) == words and vote.accepted is accepted


@given(yes=st.integers(0, 99), no=st.integers(0, 99), abstained=st.integers(0, 99))
def test_abstentions_never_decide_and_a_tie_is_a_rejection(yes, no, abstained):
    vote = Vote(style="numbers", yes=yes, no=no, abstained=abstained)
    assert vote.accepted is (yes > no) and ("abgelehnt" in sentences.of_vote(vote)) is (yes <= no)


def test_nobody_votes_who_is_not_there_or_may_not(meeting):
    one = item(meeting, "1")
    rows = [person(meeting, n) for n in range(5)]
    Vote(body=meeting.body, item=one, style="numbers", yes=3, no=2).save_checked()
    Exclusion(body=meeting.body, item=one, attendance=rows[0]).save_checked()
    with pytest.raises(ValidationError, match="Höchstens 4 können stimmen"):
        Vote(body=meeting.body, item=one, number=2, style="numbers", yes=3, no=2).save_checked()


@pytest.mark.parametrize(
    "facts",
    [
        {"style": "phrase", "outcome": "unanimous", "yes": 3},
        {"style": "numbers", "yes": 1},
        {"style": "numbers", "yes": 1, "no": 0, "invalid": 1},
        {"style": "phrase"},
        {"style": "numbers", "yes": 1, "no": 0, "outcome": "majority"},
        {"style": "phrase", "outcome": "unanimous", "no": 1},
        {"style": "phrase", "outcome": "unanimous", "abstention_reason": "wegen Nichtanwesenheit"},
    ],
)
def test_a_vote_that_contradicts_itself_is_refused(meeting, facts):
    one = item(meeting, "1")
    for n in range(5):
        person(meeting, n)
    with pytest.raises(ValidationError), db_errors_as_validation():
        Vote(body=meeting.body, item=one, **facts).save_checked()


def test_an_item_that_is_decided_elsewhere_has_no_resolution_of_its_own(meeting):
    other = item(meeting, "2")
    joint = item(meeting, "1", decision="joint", target=other)
    with pytest.raises(ValidationError, match="keinen eigenen Beschluss"):
        Vote(body=meeting.body, item=joint, outcome="unanimous").save_checked()


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"advice": "joint", "decision": "joint"}, "Bitte den anderen Tagesordnungspunkt wählen."),
        ({"advice": "withdrawn", "decision": "withdrawn"}, "wer zurückgezogen hat"),
        ({"public": True, "ground": "Personal"}, "braucht keinen Grund"),
        ({"number": "5.1.2"}, "Bitte als 5 oder 5.1 angeben."),
        ({"number": "0"}, "Bitte als 5 oder 5.1 angeben."),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(meeting, facts, sentence):
    with pytest.raises(ValidationError, match=sentence):
        item(meeting, **({"number": "1"} | facts))


# whether the committee could decide


def counted(meeting, council, citizens, unknown=0):
    rows = [Attendance(kind="council", voting_right="yes") for _ in range(council)]
    rows += [Attendance(kind="citizen", voting_right="yes") for _ in range(citizens)]
    return rows + [Attendance(kind="not_stated", voting_right="not_stated") for _ in range(unknown)]


@pytest.mark.parametrize(
    ("rule", "seats", "council", "citizens", "unknown", "verdict"),
    [
        ("half", 8, 5, 0, 0, "ja"),
        ("half", 8, 4, 0, 0, "nein"),
        ("half", 9, 5, 0, 0, "ja"),
        ("half", 8, 3, 0, 2, "nicht prüfbar"),
        ("half", 8, 2, 0, 2, "nein"),
        ("citizens", 8, 3, 2, 0, "ja"),
        ("citizens", 8, 3, 3, 0, "nein"),
        ("citizens", 8, 5, 0, 1, "nicht prüfbar"),
        ("not_stated", 8, 8, 0, 0, "nicht prüfbar"),
        ("half", None, 8, 0, 0, "nicht prüfbar"),
    ],
)
def test_quorum_by_hand(meeting, rule, seats, council, citizens, unknown, verdict):
    """§ 49 (1), § 58 (3) GO NRW: more than half of the legal number; more Ratsmitglieder than sachkundige Bürger."""
    required = None if seats is None else seats // 2 + 1
    assert verdict_of(rule, required, counted(meeting, council, citizens, unknown)) == verdict


def test_the_figures_of_the_seed(capsys, city):
    given_ = ["body=stadt-aachen", "meeting=ASID/07/WP18"]
    found = figure(capsys, "tally.item", *given_, "item=Ö 10")
    found.pop("derivation")
    assert found == {"present": 20, "excluded": 2, "voting": None, "at_most": 18, "yes": None, "no": 0, "abstained": 0, "result": "einstimmig ohne Enthaltung", "sentence": "Ohne Aussprache beschließt der Ausschuss einstimmig ohne Enthaltung."}  # fmt: skip
    found = figure(capsys, "tally.item", *given_, "item=Ö 3", "vote=1")
    assert (found["present"], found["excluded"], found["abstained"], found["yes"]) == (20, 0, 9, None)
    found = figure(capsys, "quorum.item", *given_, "item=Ö 3")
    assert (found["present"], found["seats"], found["verdict"]) == (20, None, "nicht prüfbar")
    with pytest.raises(Exception, match="keine Abstimmung"):
        call_command("figure", "tally.item", *given_, "item=N 1")
    with pytest.raises(Exception, match="Einen Tagesordnungspunkt"):
        call_command("figure", "tally.item", *given_, "item=Ö 99")


# entered by pages alone


def enter(browser, meeting, people):
    """The agenda and the list of who was there, by their pages; the addresses of both."""
    page = meeting.get_absolute_url()
    agenda = sheet(
        "item",
        {"public": "oe", "number": "1", "title": "Eröffnung"},
        {"public": "oe", "number": "2", "title": "Zuschuss", "short_title": "Zuschuss 2023"},
        {"public": "oe", "number": "3", "title": "Bericht"},
        {"public": "n", "number": "1", "title": "Personalsache Geheim", "ground": "Personal"},
    )
    assert browser.post(f"{page}tagesordnung/", agenda).status_code == 302
    each = {"state": "present", "salutation": "Frau", "spoken": "Frau", "kind": "council", "voting_right": "yes"}
    lines = [each | {"person": str(one.pk), "role": "chair" if n == 0 else "member"} for n, one in enumerate(people)]
    assert browser.post(f"{page}anwesenheit/", sheet("person", *lines)).status_code == 302


def test_a_sitting_is_entered_by_pages_and_its_minutes_are_right(login, meeting, region):
    Body.objects.filter(pk=region.pk).update(kind="region")  # the Kreisordnung holds there
    browser, page = login(DESK), meeting.get_absolute_url()
    people = [Person.objects.create(body=region, name=f"Vorname{n} Nach{n}", family_name=f"Nach{n}") for n in range(5)]
    enter(browser, meeting, people)
    two, three = AgendaItem.find(meeting, "Ö 2"), AgendaItem.find(meeting, "Ö 3")
    out = Attendance.objects.get(meeting=meeting, person=people[1])
    head = {"advice": "here", "decision": "here", "frame": "first", "version": two.version}
    votes = {"style": "numbers", "yes": "3", "no": "1", "frame": "resolution"}
    record = head | sheet("out", {"attendance": str(out.pk), "returns_at": str(three.pk)})
    answer = browser.post(f"{page}top/oe-2/mitschreiben/", record | sheet("vote", votes | {"yes": "4"}))
    assert answer.status_code == 422 and "Höchstens 4 können stimmen" in said(answer)
    assert "gezählt sind 5" in said(answer) and not Exclusion.objects.filter(item=two).exists(), "all or nothing"
    assert browser.post(f"{page}top/oe-2/mitschreiben/", record | sheet("vote", votes)).status_code == 302
    later = {"advice": "postponed", "decision": "postponed", "frame": "first", "version": three.version}
    done = browser.post(f"{page}top/oe-3/mitschreiben/", later | sheet("out") | sheet("vote"))
    assert done.status_code == 302 and browser.post(f"{page}niederschrift/oe/neu/").status_code == 302
    words = said(browser.get(f"{page}niederschrift/oe/"))
    for sentence in (
        "Der Beschluss erfolgt mehrheitlich mit 3 Ja-Stimmen gegen 1 Nein-Stimme.",
        "Frau Nach1 erklärt, dass für sie bei diesem",
        "gem. § 28 Kreisordnung",
        "kehrt Frau Nach1 wieder an den Platz zurück",
        "Dieser TOP wurde zu Beginn der Sitzung vertagt",
        "Ö 2: Abgestimmt wurde, aber der Beschluss ist leer.",
    ):
        assert sentence in words, sentence
    assert "Personalsache Geheim" not in words
    assert Minutes.objects.get(meeting=meeting).reference == "AP 2023-05-04"


def test_two_who_write_the_same_item_at_once_lose_nothing(login, meeting):
    one = item(meeting, "1")
    browser, url = login(DESK), f"{meeting.get_absolute_url()}top/oe-1/mitschreiben/"
    seen = (
        {"advice": "here", "decision": "here", "frame": "first", "version": one.version} | sheet("out") | sheet("vote")
    )
    assert browser.post(url, seen | {"silence": "first"}).status_code == 302
    answer = browser.post(url, seen | {"silence": "second"})
    assert answer.status_code == 409 and AgendaItem.objects.get(pk=one.pk).silence == "first"


def test_the_other_part_is_not_seen_by_who_is_there_for_public_matters(meeting, login, region):
    from kim.models import RoleAssignment, User
    from kim.store.context import acting

    item(meeting, "1", title="Offen")
    item(meeting, "1", public=False, title="Personalsache Geheim")
    auditor = login("pruefung")
    with acting(None, []):
        user = User.objects.get(username="pruefung@staedteregion-aachen")
        RoleAssignment.objects.filter(user=user).update(public_only=True)
    page = said(auditor.get(meeting.get_absolute_url()))
    assert "Offen" in page and "Geheim" not in page
    assert auditor.get(f"{meeting.get_absolute_url()}top/n-1/").status_code == 404


def test_both_parts_are_printed_where_somebody_asks_for_both(meeting, tmp_path):
    """By default the public part, in which the other is named in neutral words only; --full prints both, marked."""
    for public, title in ((True, "Offen"), (False, "Personalsache Geheim")):
        item(meeting, "1", public=public, title=title)
        made = Minutes.begin(meeting, public=public)
        made.text.blocks.filter(key=f"{'oe' if public else 'n'}-1").update(content=f"Über {title} wird beraten.")
    item(meeting, "2", public=False, title="Grundstück Geheim", public_title="Grundstücksangelegenheit")
    texts = []
    for options in ([], ["--full"]):
        call_command("document", "AP 2023-05-04", *options, "-o", tmp_path / "m.pdf")
        texts.append(pdf_text((tmp_path / "m.pdf").read_bytes()))
    short, full = texts
    assert "Geheim" not in short and "nichtöffentliche Angelegenheit" in short and "Grundstücksangelegenheit" in short
    assert "Über Offen wird beraten." in short and "Über Offen wird beraten." in full
    assert "Über Personalsache Geheim wird beraten." in full and full.count("nichtöffentlich") >= 2
    call_command("document", "AP 2023-05-04 nö", "-o", tmp_path / "n.pdf")
    closed = pdf_text((tmp_path / "n.pdf").read_bytes())
    assert "Über Personalsache Geheim wird beraten." in closed and "Über Offen" not in closed


def test_minutes_grow_with_the_agenda_and_are_released_whole(meeting):
    """A later item gets its blocks; what is missing stands in the Prüfliste and refuses the release."""
    item(meeting, "1")
    made = Minutes.begin(meeting, public=True)
    item(meeting, "2")
    assert made.complete() == 2 and made.complete() == 0
    with pytest.raises(ValidationError, match="gibt es schon"):
        Minutes.begin(meeting, public=True)
    with pytest.raises(ValidationError, match="Wer anwesend war"):
        made.release(None)


def test_the_word_file_says_what_the_pdf_says(login, meeting):
    import io

    import docx

    one = item(meeting, "1", silence="first")
    person(meeting, 1, role="chair")
    Vote(body=meeting.body, item=one, outcome="unanimous").save_checked()
    made = Minutes.begin(meeting, public=True)
    made.text.blocks.filter(key="oe-1-beschluss").update(content="Der Ausschuss beschließt es.")
    answer = login(DESK).get(f"/dokumente/{made.address}/docx/")
    words = "\n".join(p.text for p in docx.Document(io.BytesIO(answer.content)).paragraphs)
    for sentence in (
        "Keine Wortmeldungen.",
        "Der Beschluss erfolgt einstimmig.",
        "Der Ausschuss beschließt es.",
        "Mitglied 1",
    ):
        assert sentence in words, sentence


def test_the_history_tells_what_people_typed(login, meeting):
    item(meeting, "12")
    page = said(login(DESK).get(f"{meeting.get_absolute_url()}top/oe-12/"))
    assert "TOP 12" in page and "12000" not in page and "oe-12," not in page
