"""What becomes of a resolution: the Beschlussbuch, the extract, what was asked for and promised, and the posts."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from kim.figures import CATALOGUE
from kim.models import TextBlock
from meetings.documents import MinutesDocument
from meetings.models import AgendaItem, Consultation, FollowUp, Meeting, Minutes, Organization, Vote
from meetings.models.drafts import NewPaper, add_consultation
from meetings.models.papers import PROPOSAL
from tests.helpers import new_position, pdf_text, said
from tests.meetings.record import DESK, item, meeting, of_the_public, person, sheet

__all__ = ["meeting"]


@pytest.fixture
def decided(meeting):
    """An item on which was voted, with its Niederschrift."""
    one = item(meeting, "1", title="Zuschuss an die Caritas")
    person(meeting, 1)
    person(meeting, 2, voting_right="yes")
    Vote(body=meeting.body, item=one, style="numbers", yes=1, no=1).save_checked()
    made = Minutes.begin(meeting, public=True)
    made.text.blocks.filter(key=f"{one.block}-beschluss").update(content="Der Zuschuss wird bewilligt.")
    return one


def promise(one, **facts):
    facts = {"kind": "promise", "words": "Bericht über die Stellen", "public": one.public} | facts
    return FollowUp(body=one.body, item=one, **facts).save_checked()


def test_the_book_tells_every_vote(login, decided):
    page = said(login().get("/beschluesse/"))
    assert "Zuschuss an die Caritas" in page and "abgelehnt" in page
    assert "bei Stimmengleichheit mit 1 Ja-Stimme gegen 1 Nein-Stimme" in page
    assert "Zuschuss an die Caritas" not in said(login().get("/beschluesse/?ergebnis=angenommen"))
    assert "Zuschuss an die Caritas" in said(login().get("/beschluesse/?ergebnis=abgelehnt&sitzungsjahr=2023"))


def test_result_of_the_book_is_that_of_the_vote(city, login):
    """Of all votes of the fixtures, in SQL and in the model."""
    rows = login(slug="stadt-aachen").get("/beschluesse/?format=json").json()["rows"]
    votes = Vote.objects.filter(body=city)
    assert len(rows) == len(votes) > 10
    assert sum(row["ergebnis"] == "angenommen" for row in rows) == sum(vote.accepted for vote in votes)


def test_a_closed_item_is_in_no_book_of_the_public(login, meeting):
    one = item(meeting, "1", public=False, title="Geheimnis Kornblume")
    person(meeting, 1)
    Vote(body=meeting.body, item=one, outcome="unanimous", abstained=0).save_checked()
    assert "Kornblume" in said(login().get("/beschluesse/"))
    page = said(of_the_public(login).get("/beschluesse/"))
    assert "Beschlussbuch" in page and "Kornblume" not in page


def test_the_extract_says_the_vote_and_the_words(login, decided):
    answer = login().get(f"{decided.get_absolute_url()}auszug/")
    words = pdf_text(answer.content)
    assert answer.status_code == 200 and "Beschlussauszug" in words
    assert "zu 1 Zuschuss an die Caritas" in words and "Der Zuschuss wird bewilligt." in words
    assert "bei Stimmengleichheit mit 1 Ja-Stimme gegen 1 Nein-Stimme" in words
    assert "Auszug aus dem Entwurf der Niederschrift" in words


def test_there_is_no_extract_of_what_nobody_voted_on(login, meeting):
    one = item(meeting, "1")
    Minutes.begin(meeting, public=True)
    assert login().get(f"{one.get_absolute_url()}auszug/").status_code == 404


def test_it_begins_at_the_item_and_ends_with_a_report(login, decided):
    browser, day = login(DESK), decided.meeting.date
    page = f"/auftraege/neu/?sitzung={decided.meeting.slug}&top={decided.word}"
    assert "Auftrag oder Zusage eintragen" in said(browser.get(decided.get_absolute_url()))
    facts = {"kind": "request", "words": "Zahlen nachreichen", "due_on": "01.06.2023", "public": "on"}
    answer = browser.post(page, facts)
    assert answer.status_code == 302 and answer["Location"].startswith(decided.get_absolute_url()), said(answer)
    row = FollowUp.objects.get()
    assert (row.item, row.state, row.due_on) == (decided, "open", date(2023, 6, 1))
    late = "/auftraege/?stand=2023-06-02&erledigung=ueberfaellig"
    assert "Zahlen nachreichen" in said(browser.get(late))
    assert "Zahlen nachreichen" not in said(browser.get("/auftraege/?stand=2023-06-01&erledigung=ueberfaellig"))
    edit = {**facts, "version": row.version, "state": "done", "report": "Liegt bei."}
    assert "Bitte den Tag angeben." in said(browser.post(f"{row.get_absolute_url()}bearbeiten/", edit))
    answer = browser.post(f"{row.get_absolute_url()}bearbeiten/", edit | {"done_on": "20.05.2023"})
    assert answer.status_code == 302, said(answer)
    assert "Zahlen nachreichen" not in said(browser.get(late)) and day < date(2023, 5, 20)


def test_the_start_page_says_what_is_overdue(region, decided):
    promise(decided, due_on=decided.meeting.date + timedelta(days=10))

    def labels(days):
        day = decided.meeting.date + timedelta(days=days)
        return [value.label for value in CATALOGUE["deadlines.follow_ups"](body=region, day=day).rows]

    assert labels(10) == ["Zusage zu Ö 1 vom 04.05.2023"]
    assert labels(11) == ["Überfällig: Zusage zu Ö 1 vom 04.05.2023"]
    FollowUp.objects.update(state="done", done_on=decided.meeting.date)
    assert labels(11) == []


def test_it_is_offered_to_the_sitting_at_which_it_is_due(login, decided):
    promise(decided, due_on=date(2023, 6, 1))
    later = [Meeting.objects.create(body=decided.body, organization=decided.meeting.organization, date=d) for d in (date(2023, 5, 31), date(2023, 6, 1))]  # fmt: skip
    pages = [said(login(DESK).get(f"{one.get_absolute_url()}tagesordnung/")) for one in later]
    assert ["Bericht: Bericht über die Stellen" in page for page in pages] == [False, True]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"due_on": date(2023, 5, 3)}, "vor der Sitzung"),
        ({"state": "done"}, "Bitte den Tag angeben."),
        ({"done_on": date(2023, 6, 1)}, "noch offen"),
    ],
)
def test_what_cannot_be_is_refused(decided, facts, words):
    with pytest.raises(ValidationError, match=words):
        promise(decided, **facts)


def test_what_follows_from_a_closed_item_is_closed(meeting):
    with pytest.raises(ValidationError, match="nichtöffentlich"):
        promise(item(meeting, "1", public=False), public=True)


def test_a_committee_is_not_an_office(decided):
    with pytest.raises(ValidationError, match="Zuständig ist eine Dienststelle"):
        promise(decided, office=Organization.objects.get(pk=decided.meeting.organization_id))


def test_from_a_post_to_the_sentence_that_decided_it(login, decided, region):
    row = new_position(region, "CM-77").position
    browser = login(DESK)
    page = f"{decided.get_absolute_url()}mitschreiben/"
    vote = Vote.objects.get(item=decided)
    kept = {"row": vote.pk, "version": vote.version, "style": "numbers", "yes": "1", "no": "1", "frame": "resolution"}
    head = {"advice": "here", "decision": "here", "frame": "first", "version": decided.version}
    wrong = browser.post(page, head | {"positions": "CM-77, CM-0815"} | sheet("out") | sheet("vote", kept))
    assert wrong.status_code == 422 and "Eine Stelle „CM-0815“ gibt es nicht." in said(wrong)
    assert browser.post(page, head | {"positions": "CM-77"} | sheet("out") | sheet("vote", kept)).status_code == 302
    shown = said(browser.get(row.get_absolute_url()))
    assert "Ö 1 Zuschuss an die Caritas" in shown and "wird bei Stimmengleichheit" in shown
    assert "CM-77" in said(browser.get(decided.get_absolute_url()))
    version = AgendaItem.objects.get(pk=decided.pk).version
    browser.post(page, head | {"positions": "", "version": version} | sheet("out") | sheet("vote", kept))
    assert "Zuschuss an die Caritas" not in said(browser.get(row.get_absolute_url()))


def test_what_was_decided_is_compared_with_what_was_proposed(login, meeting):
    """The words as proposed, and with one word more; a token stands for what it prints."""
    day = meeting.date
    paper = NewPaper(body=meeting.body, paper_type="approval", name="Zuschuss", day=day, as_of=day).create()
    add_consultation(paper, meeting.organization, day, "decision")
    words = "Der Ausschuss bewilligt {{position.fte position=CM-10}} Stellen."
    TextBlock.objects.filter(text=paper.text, key__startswith=PROPOSAL).update(content=words)
    one = item(meeting, "1")
    person(meeting, 1)
    Vote(body=meeting.body, item=one, outcome="unanimous", abstained=0).save_checked()
    Consultation.objects.filter(paper=paper).update(agenda_item=one)
    made = Minutes.begin(meeting, public=True)
    blocks = made.text.blocks.filter(key=f"{one.block}-beschluss")
    blocks.update(content=words)
    page = said(login().get(one.get_absolute_url()))
    assert "Ungeändert beschlossen" in page
    blocks.update(content=f"{words} Kornblume")
    page = said(login().get(one.get_absolute_url()))
    assert "Geändert beschlossen" in page and "<ins>Kornblume</ins>" in page


# the invitation


def test_days_of_notice_are_counted_as_the_committee_counts_them(meeting):
    meeting.invited_on = meeting.date - timedelta(days=10)
    assert (meeting.days_of_notice(), meeting.invited_in_time()) == (9, None)
    meeting.organization.notice_days = 10
    assert meeting.invited_in_time() is False
    meeting.organization.notice_clear = False
    assert (meeting.days_of_notice(), meeting.invited_in_time()) == (10, True)


def test_who_is_invited_late_hears_why(login, meeting):
    Organization.objects.filter(pk=meeting.organization_id).update(notice_days=10)
    browser, page = login(DESK), f"{meeting.get_absolute_url()}bearbeiten/"
    facts = {"organization": meeting.organization_id, "date": "04.05.2023", "public": "on", "version": meeting.version, "invited_on": "01.05.2023"}  # fmt: skip
    answer = browser.post(page, facts)
    assert "trennen 2 volle Tage, die Ladungsfrist sind 10. Bitte den Grund der Eile angeben." in said(answer)
    assert browser.post(page, facts | {"urgency": "Frist des Landes"}).status_code == 302
    again = facts | {"invited_on": "20.04.2023", "urgency": "Frist des Landes", "version": meeting.version + 1}
    assert "Ein Grund der Eile steht nur da" in said(browser.post(page, again))


def test_what_comes_in_the_sitting_is_urgent_and_said_to_be(meeting):
    with pytest.raises(ValidationError, match="braucht den Grund der Dringlichkeit"):
        item(meeting, "2", added_on=meeting.date)
    with pytest.raises(ValidationError, match="kommt nicht nach der Sitzung"):
        item(meeting, "2", added_on=meeting.date + timedelta(days=1))
    Meeting.objects.filter(pk=meeting.pk).update(invited_on=date(2023, 4, 20))
    meeting.refresh_from_db()
    with pytest.raises(ValidationError, match="ein Nachtrag kommt danach"):
        item(meeting, "2", added_on=date(2023, 4, 20))
    item(meeting, "1", added_on=date(2023, 4, 28))
    item(meeting, "2", added_on=meeting.date, urgency="Das Land zahlt nur bis morgen.")
    person(meeting, 1)
    made = Minutes.begin(meeting, public=True)
    document = MinutesDocument(made)
    content = document.content(document.fresh(), meeting.date)
    assert [row["papers"] for row in content["agenda"][0]["rows"]] == ["Nachtrag vom 28.04.2023"]
    told = content["parts"][0]["items"][1]["before"]
    assert told == [
        "Die Tagesordnung wird wegen Dringlichkeit um diesen Punkt erweitert: Das Land zahlt nur bis morgen."
    ]
    assert ["Einladung:", "vom 20.04.2023"] in content["facts"]


def test_what_was_urgent_then_is_no_reason_for_the_next_sitting(login, meeting):
    item(meeting, "1", title="Eilig", added_on=meeting.date, urgency="Das Land zahlt nur bis Mai.", advice="postponed", decision="postponed")  # fmt: skip
    following = Meeting.objects.create(body=meeting.body, organization=meeting.organization, date=date(2023, 6, 1))
    page = said(login(DESK).get(f"{following.get_absolute_url()}tagesordnung/"))
    assert 'value="Eilig"' in page and "Das Land zahlt" not in page


def test_what_is_excused_goes_on_standing_there(login, decided):
    """A reason lets a Niederschrift be released; it does not make what is missing right."""
    minutes = Minutes.objects.get(meeting=decided.meeting)
    before = MinutesDocument(minutes).problems()
    Minutes.objects.filter(pk=minutes.pk).update(gaps="Ende wurde nicht notiert.")
    page = said(login(DESK).get(minutes.get_absolute_url()))
    assert "Grund angegeben: Ende wurde nicht notiert." in page
    assert all(words in page for words in before) and len(before) > 3
    assert MinutesDocument(Minutes.objects.get(pk=minutes.pk)).problems() == []


def test_what_came_in_the_sitting_is_new_on_the_agenda(meeting):
    item(meeting, "1", title="Eröffnung")
    item(meeting, "2", title="Eilig", added_on=meeting.date, urgency="Das Land zahlt nur bis Mai.")
    document = MinutesDocument(Minutes.begin(meeting, public=True))
    content = document.content([], meeting.date)
    assert [row["title"] for row in content["agenda"][0]["rows"]] == ["Eröffnung"]
    rows = content["parts"][0]["as_resolved"]
    assert [(row["label"], row["changed"]) for row in rows] == [
        ("TOP 1", False),
        ("TOP 2 auf die Tagesordnung genommen", True),
    ]
