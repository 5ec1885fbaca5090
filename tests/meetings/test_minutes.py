"""The sitting of 25.02.2021: what the program derives from the record, compared with the printed minutes word for word.

The expected words are copied by hand from the public minutes (ASID/07/WP18), never from the program.
"""

import re

import pytest
from django.core.management import call_command

from meetings import sentences
from meetings.documents import MinutesDocument
from meetings.models import AgendaItem, Attendance, Meeting, Minutes, Vote
from meetings.models.agenda import postponed
from tests.helpers import pdf_text

VOTES = {
    "2": "Der Beschluss erfolgt einstimmig.",
    "3": "Der Beschluss erfolgt einstimmig bei neun Enthaltungen wegen Nichtanwesenheit.",
    "5.1": "Der Beschluss erfolgt einstimmig ohne Enthaltung.",
    "6": "Der Beschluss erfolgt ohne Aussprache einstimmig und ohne Enthaltung.",
    "7.1": "Der Beschluss erfolgt einstimmig ohne Enthaltung.",
    "8": "Ohne Aussprache beschließt der Ausschuss einstimmig und ohne Enthaltung.",
    "10": "Ohne Aussprache beschließt der Ausschuss einstimmig ohne Enthaltung.",
    "11": "Der Ausschuss beschließt einstimmig ohne Enthaltung.",
    "12": "Im Anschluss an die Aussprache beschließt der Ausschuss einstimmig ohne Enthaltung.",
    "15": "Im Anschluss beschließt der Ausschuss einstimmig ohne Enthaltung.",
    "20": "Die Beschlussfassung erfolgt einstimmig ohne Enthaltung.",
}
POSTPONED = "Dieser Tagesordnungspunkt war zu Beginn der Sitzung vertagt worden, s. Erläuterungen zu TOP 1."
JOINED = "den Punkt im Rahmen von TOP 20 „Haushaltsplanberatungen 2021“ mit zu beraten/zu beschließen, s. Erläuterungen zu TOP 1."
DISPOSITIONS = {
    "4": "Dieser TOP wurde zu Beginn der Sitzung vertagt, s. Erläuterungen unter TOP 1.",
    "5": "s. TOP 5.1",
    "7": "s. TOP 7.1",
    "9": "Am Beginn der Sitzung wurde vereinbart, diesen Punkt im Rahmen von TOP 20 „Haushaltsplanberatungen 2021“ mit zu beraten/zu beschließen, s. Erläuterungen zu TOP 1.",
    "13": POSTPONED,
    "14": POSTPONED,
    "16": POSTPONED,
    "17": "Wie zu Beginn der Sitzung vereinbart, wird der Beschluss gemeinsam mit den weiteren Beschlüssen zum Etat 2021 bei Tagesordnungspunkt 20 gefasst, s. Erläuterungen zu TOP 1.",
    "18": f"Zu Beginn der Sitzung war vereinbart worden, {JOINED}",
    "19": f"Zu Beginn der Sitzung war vereinbart worden, {JOINED}",
    "21": "Verwaltungsseitig zurückgezogen, s. Erläuterungen zu TOP 1.",
    "22": "Verwaltungsseitig zurückgezogen, s. Erläuterungen zu TOP 1.",
}
LABELS = {
    "4": "TOP 4 vertagt",
    "9": "TOP 9 Beratung/Beschlussfassung im Rahmen von TOP 20",
    "13": "TOP 13 vertagt",
    "14": "TOP 14 vertagt",
    "16": "TOP 16 vertagt",
    "17": "TOP 17 Beschlussfassung im Rahmen von TOP 20",
    "18": "TOP 18 Beratung/Beschlussfassung im Rahmen von TOP 20",
    "19": "TOP 19 Beratung/Beschlussfassung im Rahmen von TOP 20",
    "21": "TOP 21 verwaltungsseitig zurückgezogen",
    "22": "TOP 22 verwaltungsseitig zurückgezogen",
}
OUT = (
    "Frau Brammertz und Herr Bürgermeister Brantin erklären, dass für Sie bei diesem Tagesordnungspunkt ein "
    "Mitwirkungsverbot gem. § 31 Gemeindeordnung Nordrhein-Westfalen (GO NW), § 10 Geschäftsordnung des Rates, der "
    "Bezirksvertretungen und der Ratsausschüsse (GeschO Rat) besteht. Sie begeben sich in den Zuschauerraum und nehmen "
    "nicht an der Beratung und anschließenden Beschlussfassung teil."
)
BACK = (
    "Zu Beginn des Tagesordnungspunkts kehren Frau Brammertz und Herr Bürgermeister Brantin wieder an ihre Plätze zurück "
    "und nehmen weiter an der Sitzung teil."
)


@pytest.fixture
def minutes(city):
    return Minutes.find(city, "ASID/07/WP18")


@pytest.fixture
def content(minutes):
    found = MinutesDocument(minutes)
    return found.content(found.fresh(), minutes.meeting.date)


def item(minutes, key):
    return AgendaItem.find(minutes.meeting, key)


def told(content, number):
    return next(one for one in content["parts"][0]["items"] if one["heading"].startswith(f"zu {number} "))


def test_eleven_votes_are_told_as_they_were_printed(minutes):
    votes = Vote.objects.filter(item__meeting=minutes.meeting).select_related("item")
    assert {one.item.number: sentences.of_vote(one) for one in votes} == VOTES
    assert len({one.frame for one in votes}) == 7 and len({sentences.result(one) for one in votes}) == 4


def test_twelve_dispositions_are_told_as_they_were_printed(minutes):
    rows = minutes.meeting.agenda_items.filter(public=True).select_related("target")
    assert {one.number: words for one in rows if (words := sentences.of_disposition(one))} == DISPOSITIONS


def test_the_agenda_as_resolved_has_24_rows_and_ten_are_bold(content):
    rows = content["parts"][0]["as_resolved"]
    assert len(rows) == 24
    assert {row["label"].split()[1]: row["label"] for row in rows if row["changed"]} == LABELS
    assert [row["label"] for row in rows if not row["changed"]][:3] == ["TOP 1", "TOP 2", "TOP 3"]


PAPERS = {
    "2": "0008", "3": "0009", "4": "0031", "5": "0010", "6": "0011", "7": "0013", "8": "0028", "9": "0027", "10": "0026",
    "11": "0024", "12": "0014", "13": "0022", "14": "0020", "15": "0033", "16": "0032", "17": "0034", "18": "0039",
    "19": "0025", "20": "0023",
}  # fmt: skip


def test_every_item_names_its_paper(content):
    """As the agenda of the minutes prints them; 21 has none yet, 1 and 22 have none."""
    expected = {number: f"Vorlage: FB 56/{paper}/WP18" for number, paper in PAPERS.items()}
    expected |= {"5.1": "Vorlage: FB 56/0010/WP18-1", "7.1": "Vorlage: FB 56/0013/WP18-1"}
    expected |= {"1": "", "21": "- Unterlagen werden nachgereicht -", "22": ""}
    public, closed = content["agenda"]
    assert {row["number"]: row["papers"] for row in public["rows"]} == expected
    assert {row["number"]: row["papers"] for row in closed["rows"]} == {"1": "Vorlage: FB 56/0016/WP18", "2": ""}
    assert [row["number"] for row in public["rows"]] == [*"1234", "5", "5.1", "6", "7", "7.1", *map(str, range(8, 23))]


def test_who_leaves_and_comes_back(content):
    assert told(content, "10")["before"] == [OUT]
    assert told(content, "11")["before"] == [BACK]


def test_attendance(content):
    groups = {one["heading"]: one["rows"] for one in content["attendance"]}
    assert list(groups) == ["Anwesende:", "Abwesende:", "von der Verwaltung:", "als Schriftführer:"]
    present = groups["Anwesende:"]
    assert len(present) == 20 and len(groups["Abwesende:"]) == 2 and len(groups["von der Verwaltung:"]) == 6
    assert present[0] == {"name": "Ratsherr Hans Leo Deumens", "note": "Als Ausschussvorsitzender"}
    assert {"name": "Herr Michael Mauer", "note": "Als Vertreter für Ratsherr Tjark Zimmer"} in present
    assert present[-1]["name"] == "Frau Dr. Catharina Jacobskötter"
    assert groups["Abwesende:"] == [
        {"name": "Herr Norbert Klüppel", "note": "(entschuldigt)"},
        {"name": "Ratsherr Tjark Zimmer", "note": "(entschuldigt)"},
    ]
    assert groups["von der Verwaltung:"][0] == {"name": "Prof. Dr. Sicking", "note": "Dezernat VI – Beigeordneter"}
    assert groups["als Schriftführer:"] == [{"name": "Herr Rahn-Bergner", "note": ""}]


def test_the_command_prints_it(db, tmp_path, capsys):
    call_command("document", "ASID/07/WP18", "-o", tmp_path / "m.pdf")
    words = re.sub(r"\s+", " ", pdf_text((tmp_path / "m.pdf").read_bytes()))
    for sentence in (
        *VOTES.values(),
        *DISPOSITIONS.values(),
        OUT,
        BACK,
        *(one for one in LABELS.values() if one.endswith("vertagt")),
    ):
        assert sentence in words, sentence
    assert "Donnerstag, 25.02.2021" in words and "17:00 Uhr" in words and "30. März 2021" in words
    assert "Herr Deumens schließt den öffentlichen Teil der Sitzung um 17.57 Uhr." in words
    assert "des Ausschusses für Soziales, Integration und Demographie" in words
    for amount in ("6.695,00 Euro", "36.792,89 Euro auf 43.722,00 Euro", "20.000 €", "17.000 Euro", "10.000 €"):
        assert amount in words, amount


def test_one_vote_changes_its_own_place_only(minutes, content):
    vote = item(minutes, "Ö 3").votes.get()
    vote.abstained = 8
    vote.save_checked()
    found = MinutesDocument(minutes)
    again = found.content(found.fresh(), minutes.meeting.date)
    changed = [
        a["heading"] for a, b in zip(content["parts"][0]["items"], again["parts"][0]["items"], strict=True) if a != b
    ]
    assert [one[:4] for one in changed] == ["zu 3"]
    assert {key for key in content if content[key] != again[key]} == {"parts"}
    assert (
        told(again, "3")["after"][1] == "Der Beschluss erfolgt einstimmig bei acht Enthaltungen wegen Nichtanwesenheit."
    )


def test_one_disposition_changes_its_two_places_only(minutes, content):
    row = item(minutes, "Ö 4")
    row.advice = row.decision = "here"
    row.save_checked()
    found = MinutesDocument(minutes)
    again = found.content(found.fresh(), minutes.meeting.date)
    assert {key for key in content if content[key] != again[key]} == {"parts"}
    assert [
        a["heading"][:4]
        for a, b in zip(content["parts"][0]["items"], again["parts"][0]["items"], strict=True)
        if a != b
    ] == ["zu 4"]
    assert (
        sum(a != b for a, b in zip(content["parts"][0]["as_resolved"], again["parts"][0]["as_resolved"], strict=True))
        == 1
    )


def test_what_the_source_does_not_say_is_open_and_nothing_else(minutes):
    """The seed says nothing of the invitation, of seats and of rights; of the record itself nothing is missing."""
    voted = ["Ö 2", "Ö 3", "Ö 5.1", "Ö 6", "Ö 7.1", "Ö 8", "Ö 10", "Ö 11", "Ö 12", "Ö 15", "Ö 20"]
    assert MinutesDocument(minutes).problems() == [
        "Wann eingeladen wurde, ist nicht erfasst.",
        f"Die Beschlussfähigkeit ist nicht prüfbar: {', '.join(voted)}.",
    ]
    assert Attendance.objects.filter(meeting=minutes.meeting, voting_right="not_stated").count() == 29


def test_what_was_postponed_is_proposed_to_the_next_sitting(minutes, login):
    """TOP 4, 13, 14 and 16 with their papers, behind the paper whose Beratungsfolge names the sitting; once it has been
    dealt with, no more."""
    page = login("sitzungsdienst", "stadt-aachen").get("/sitzungen/asid-2021-05-06/tagesordnung/").content.decode()
    assert re.findall(r'name="item-[0-9]+-paper" value="([^"]*)"', page) == [
        "FB 56/0051/WP18",
        "FB 56/0031/WP18",
        "FB 56/0022/WP18",
        "FB 56/0020/WP18",
        "FB 56/0032/WP18",
    ]
    assert re.findall(r'name="item-[0-9]+-number" value="([^"]*)"', page) == ["1", "2", "3", "4", "5", "6"]
    later = Meeting.objects.get(slug="asid-2021-05-06")
    again = item(minutes, "Ö 4")
    AgendaItem(body=later.body, meeting=later, public=True, number="1", title=again.title).save_checked()
    third = Meeting(body=later.body, organization=later.organization, date=later.date.replace(month=6)).save_checked()
    assert [one.number for one in postponed(third)] == ["13", "14", "16"]
