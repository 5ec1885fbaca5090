"""Votes by Fraktion and by name: against a count by hand, told in sentences, and kept in step with who was there."""

from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from kim.models.refusals import db_errors_as_validation
from meetings import sentences
from meetings.documents import MinutesDocument
from meetings.models import AgendaItem, Attendance, Ballot, Exclusion, Minutes, Person, Vote
from meetings.models.acts import keep_attendance, keep_item
from meetings.models.record import listed
from meetings.models.votes import ballots_called, stances
from tests.helpers import said
from tests.meetings.record import DESK, item, meeting, person, sheet

__all__ = ["meeting"]
PARTIES = ["CDU", "Die Linke", "Fraktion im Aufbruch"]


@pytest.fixture
def council(meeting):
    """Eight members: four of CDU, two of Die Linke, two of a third."""
    one = item(meeting, "1")
    for n in range(1, 9):
        person(meeting, n, on_behalf_of=PARTIES[0] if n < 5 else PARTIES[1] if n < 7 else PARTIES[2])
    return one


def record(one, **facts):
    """Keep a vote as the page does: its facts, and who was against it or abstained in words."""
    against, abstaining = facts.pop("against", ""), facts.pop("abstaining", "")
    vote = Vote(body=one.body, item=one, **facts)
    row = AgendaItem.objects.get(pk=one.pk)
    with db_errors_as_validation():
        keep_item(row, [vote, *ballots_called(vote, against, abstaining, listed(one.meeting))], [])
    return Vote.objects.get(pk=vote.pk)


def test_a_vote_by_faction_is_told_and_counted(council):
    vote = record(council, style="factions", outcome="majority", against="Die Linke", abstaining="Frau Name 8")
    assert sentences.of_vote(vote) == (
        "Der Beschluss erfolgt mehrheitlich gegen die Stimmen der Fraktion Die Linke bei Enthaltung von Frau Name 8."
    )
    found = stances(vote)
    assert (len(found.yes), len(found.no), len(found.abstained), found.known) == (5, 2, 1, True)


def test_a_person_may_differ_from_the_faction(council):
    vote = record(
        council, style="factions", outcome="rejected", against="CDU, Frau Name 7, Frau Name 8", abstaining="Name 1"
    )
    found = stances(vote)
    assert (len(found.yes), len(found.no), len(found.abstained)) == (2, 5, 1)
    assert sentences.of_vote(vote) == (
        "Der Beschlussvorschlag wird mit den Stimmen der CDU-Fraktion, von Frau Name 7 und von Frau Name 8 bei Enthaltung "
        "von Frau Name 1 abgelehnt."
    )


def test_a_vote_by_name_names_everybody(council):
    vote = record(
        council, style="roll_call", outcome="majority", against="Name 5, Name 6", abstaining="Fraktion im Aufbruch"
    )
    assert sentences.of_vote(vote) == (
        "Der Beschluss erfolgt in namentlicher Abstimmung mehrheitlich mit 4 Ja-Stimmen gegen 2 Nein-Stimmen bei 2 "
        "Enthaltungen. Mit Ja stimmten: Frau Name 1, Frau Name 2, Frau Name 3, Frau Name 4. Mit Nein stimmten: Frau Name 5, "
        "Frau Name 6. Enthalten haben sich: Frau Name 7, Frau Name 8."
    )


def test_a_tie_by_name_is_a_rejection(council):
    vote = record(council, style="roll_call", outcome="rejected", against="CDU")
    assert sentences.of_vote(vote).startswith(
        "Der Beschlussvorschlag wird in namentlicher Abstimmung bei Stimmengleichheit mit 4 Ja-Stimmen gegen 4 "
        "Nein-Stimmen abgelehnt."
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"style": "factions", "outcome": "majority", "against": "CDU"}, "Nach den Stimmen (4 Ja, 4 Nein, 0 Enthaltungen) ist es abgelehnt."),
        ({"style": "factions", "outcome": "unanimous", "against": "Die Linke"}, "Einstimmig heißt: keine Nein-Stimme; hier sind es 2."),
        ({"style": "factions", "outcome": "majority", "abstaining": "CDU"}, "das ist einstimmig"),
        ({"style": "factions", "outcome": "rejected", "against": "Die Linke"}, "ist es angenommen"),
        ({"style": "factions", "outcome": "majority", "against": "SPD"}, "„SPD“ ist keine Fraktion und niemand, der hier abstimmt."),
        ({"style": "factions", "outcome": "majority", "against": "Die Linke, Die Linke"}, "Die Linke steht zweimal da."),
        ({"style": "factions", "against": "Die Linke"}, "Bitte das Ergebnis wählen."),
        ({"style": "factions", "outcome": "majority", "no": 2, "against": "Die Linke"}, "steht hier mit Namen, nicht als Zahl"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(council, facts, words):
    with pytest.raises(ValidationError) as refused:
        record(council, **facts)
    assert words in " ".join(refused.value.messages)


def test_two_of_one_name_are_told_apart(council):
    Person.objects.filter(attendances__meeting=council.meeting, name="Mitglied 2").update(family_name="Name 1")
    with pytest.raises(ValidationError, match="„Name 1“ heißen mehrere"):
        record(council, style="factions", outcome="majority", against="Name 1")


def test_by_name_needs_the_rights_of_all(council):
    Attendance.objects.filter(person__name="Mitglied 3").update(voting_right="not_stated")
    with pytest.raises(ValidationError, match="Namentlich wird erst festgehalten"):
        record(council, style="roll_call", outcome="majority", against="Die Linke")
    assert record(
        council, style="factions", outcome="majority", against="Die Linke"
    ).accepted  # nobody knows the numbers


def test_who_voted_cannot_leave_afterwards(council):
    record(council, style="factions", outcome="majority", against="Name 5")
    gone = Attendance.objects.get(person__name="Mitglied 5")
    gone.state = "excused"
    with pytest.raises(ValidationError, match="Mitglied 5 stimmt zu Ö 1 nicht ab"):
        keep_attendance(council.meeting, [gone], [])


def test_who_is_out_has_no_ballot(council):
    row = Attendance.objects.get(person__name="Mitglied 5")
    Exclusion(body=council.body, item=council, attendance=row).save_checked()
    with pytest.raises(ValidationError, match="niemand, der hier abstimmt"):
        record(council, style="factions", outcome="majority", against="Name 5")


def test_the_page_keeps_and_shows_who_voted_how(login, council):
    page = f"{council.get_absolute_url()}mitschreiben/"
    head = {"advice": "here", "decision": "here", "frame": "first", "version": council.version}
    line = {
        "style": "factions",
        "outcome": "majority",
        "frame": "resolution",
        "against": "Die Linke",
        "abstaining": "Name 8",
    }
    browser = login(DESK)
    answer = browser.post(page, head | sheet("out") | sheet("vote", line))
    assert answer.status_code == 302, said(answer)
    vote = Vote.objects.get()
    assert sorted((one.faction, one.stance) for one in vote.ballots.all()) == [("", "abstained"), ("Die Linke", "no")]
    shown = said(browser.get(page))
    assert 'value="Die Linke"' in shown and 'value="Frau Name 8"' in shown
    assert "gegen die Stimmen der Fraktion Die Linke bei Enthaltung von Frau Name 8" in said(
        browser.get(council.get_absolute_url())
    )
    # the same again changes nothing, another Fraktion replaces the first
    row = AgendaItem.objects.get(pk=council.pk)
    line |= {"row": vote.pk, "version": vote.version, "abstaining": "Frau Name 8"}
    browser.post(page, head | {"version": row.version} | sheet("out") | sheet("vote", line))
    assert Vote.objects.get().version == vote.version
    row.refresh_from_db()
    line |= {"against": "Fraktion im Aufbruch", "abstaining": ""}
    answer = browser.post(page, head | {"version": row.version} | sheet("out") | sheet("vote", line))
    assert answer.status_code == 302, said(answer)
    assert [(one.faction, one.stance) for one in vote.ballots.all()] == [("Fraktion im Aufbruch", "no")]


STANCE = st.sampled_from(["", "no", "abstained"])


@given(
    people=st.lists(st.tuples(st.sampled_from("ABC"), STANCE), max_size=9),
    factions=st.fixed_dictionaries(dict.fromkeys("ABC", STANCE)),
)
def test_stances_are_what_one_counts_by_hand(people, factions):
    """What is said of a person goes before what is said of the Fraktion; who is not named was for it."""
    rows = [
        Attendance(pk=n, state="present", voting_right="yes", on_behalf_of=name)
        for n, (name, _) in enumerate(people, 1)
    ]
    for row in rows:
        row.person_id = row.pk
        row._prefetched_objects_cache = {"exclusions": Exclusion.objects.none()}
    ballots = [Ballot(attendance_id=n, stance=said_) for n, (_, said_) in enumerate(people, 1) if said_]
    ballots += [Ballot(faction=name, stance=stance) for name, stance in factions.items() if stance]
    vote = SimpleNamespace(item=None, ballots=SimpleNamespace(all=lambda: ballots))
    found = stances(vote, rows)
    count = {"": 0, "no": 0, "abstained": 0}
    for name, own in people:
        count[own or factions[name]] += 1
    assert (len(found.yes), len(found.no), len(found.abstained)) == (count[""], count["no"], count["abstained"])


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"outcome": "unanimous", "abstained": 8}, "Von 8 Stimmen bleiben 0 Ja gegen 0 Nein: Das ist nicht angenommen."),
        ({"outcome": "rejected", "no": 1, "abstained": 2}, "Von 8 Stimmen bleiben 5 Ja gegen 1 Nein: Das ist nicht abgelehnt."),
        ({"outcome": "majority", "no": 4, "abstained": 1}, "Von 8 Stimmen bleiben 3 Ja gegen 4 Nein: Das ist nicht angenommen."),
        ({"style": "numbers", "yes": 0, "no": 0}, "Ohne eine Ja- oder Nein-Stimme ist nichts entschieden."),
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_are_refused(council, facts, words):
    with pytest.raises(ValidationError) as refused:
        record(council, **facts)
    assert words in " ".join(refused.value.messages)


@pytest.mark.parametrize(
    "facts",
    [
        {"outcome": "unanimous", "abstained": 7},
        {"outcome": "rejected"},
        {"outcome": "rejected", "no": 4, "abstained": 0},
        {"outcome": "majority", "no": 3, "abstained": 1},
    ],
)
def test_numbers_that_can_be_are_kept(council, facts):
    assert record(council, **facts).pk


def test_the_gremium_is_called_what_it_is(council):
    organization = council.meeting.organization
    for name, who in (
        ("Kreistag", "Der Kreistag"),
        ("Kommission Soziales", "Das Gremium"),
        ("Hauptausschuss", "Der Ausschuss"),
    ):
        organization.name = name
        organization.save()
        vote = Vote(item=AgendaItem.objects.get(pk=council.pk), outcome="unanimous", abstained=0, frame="decides")
        assert sentences.of_vote(vote) == f"{who} beschließt einstimmig ohne Enthaltung."


def test_a_motion_is_rejected_as_what_it_is(council):
    vote = record(council, style="numbers", yes=2, no=6, subject="Änderungsantrag der FDP")
    assert sentences.of_vote(vote) == (
        "Änderungsantrag der FDP: Der Antrag wird mit 2 Ja-Stimmen gegen 6 Nein-Stimmen abgelehnt."
    )


def test_nobody_sits_among_the_audience_where_there_is_none(meeting):
    one = item(meeting, "1", public=False)
    row = person(meeting, 1, spoken="Ratsherr")
    out = Exclusion(body=meeting.body, item=one, attendance=row).save_checked()
    assert "Er verlässt den Sitzungsraum und nimmt nicht an der Beratung" in sentences.of_exclusions([out])
    assert sentences.inflected("Ratsherr Weidner") == "Ratsherrn Weidner"


def test_whoever_did_not_vote_is_missed(council):
    record(council, style="numbers", yes=4, no=2)
    made = Minutes.begin(council.meeting, public=True)
    problems = MinutesDocument(made).problems()
    assert "Ö 1: Gezählt sind 6 Stimmen, stimmberechtigt waren 8." in problems
