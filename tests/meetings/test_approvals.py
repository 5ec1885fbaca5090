"""The Vorlage with which the next sitting approves a Niederschrift: as the seed has it, and in a new Wahlperiode."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from meetings.documents import PaperDocument
from meetings.models import LegislativeTerm, Meeting, Minutes, Paper
from meetings.models.approvals import approval_of, begin_approval
from tests.helpers import said
from tests.meetings.record import DESK, item, meeting

__all__ = ["meeting"]


def test_the_words_are_those_of_the_seed(city):
    """FB 56/0051/WP18, which was printed before the program was."""
    asked = approval_of(Minutes.objects.get(body=city))
    seed = Paper.find(city, "FB 56/0051/WP18")
    assert asked.title == seed.name
    assert asked.meeting.date.isoformat() == "2021-05-06"
    said_there = next(b.words() for b in PaperDocument(seed).fresh() if b.key == "beschlussvorschlag-1")
    assert asked.proposal == said_there.strip()


def test_it_is_not_begun_twice(login, city):
    minutes = Minutes.objects.get(body=city)
    with pytest.raises(ValidationError, match="gibt es schon"):
        begin_approval(minutes)
    page = said(login(slug="stadt-aachen").get(minutes.get_absolute_url()))
    assert "FB 56/0051/WP18" in page and "Vorlage zur Genehmigung anlegen" not in page


@pytest.fixture
def minutes(meeting):
    item(meeting, "1")
    item(meeting, "1", public=False, title="Personalsache")
    return Minutes.begin(meeting, public=True)


def later(meeting, **facts):
    facts = {"date": date(2023, 6, 1), **facts}
    return Meeting.objects.create(body=meeting.body, organization=meeting.organization, **facts)


def approvals(body):
    return Paper.objects.filter(body=body, source__title__contains="Ausschusses für Probe vom 04.05.2023")


def test_it_is_begun_by_whoever_writes_papers(login, minutes):
    page, clerk = minutes.get_absolute_url(), login()
    answer = clerk.post(f"{page}genehmigung/", follow=True)
    assert "ist noch nicht angelegt" in said(answer) and not approvals(minutes.body).exists()
    later(minutes.meeting, cancelled=True, date=date(2023, 5, 20))
    later(minutes.meeting)
    assert login(DESK).post(f"{page}genehmigung/").status_code == 403
    answer = clerk.post(f"{page}genehmigung/", follow=True)
    assert "Genehmigung der Niederschrift über die Sitzung des Ausschusses für Probe vom 04.05.2023" in said(answer)
    paper = approvals(minutes.body).get()
    row = paper.consultations.get()
    assert (paper.public, row.role, row.meeting.date.isoformat()) == (True, "decision", "2023-06-01")
    proposal = "Der Ausschuss für Probe genehmigt die Niederschrift über die Sitzung des Ausschusses für Probe vom 04.05.2023 – öffentlicher Teil."  # fmt: skip
    assert paper.text.blocks.get(key="beschlussvorschlag-1").content == proposal
    assert proposal in said(clerk.get(paper.get_absolute_url()))


def test_a_new_term_takes_notice(minutes):
    terms = [LegislativeTerm.objects.create(body=minutes.body, name=f"{n}. Wahlperiode") for n in (17, 18)]
    Meeting.objects.filter(pk=minutes.meeting_id).update(legislative_term=terms[0])
    later(minutes.meeting, legislative_term=terms[1])
    paper = begin_approval(Minutes.objects.get(pk=minutes.pk))
    assert paper.name.startswith("Kenntnisnahme der Niederschrift über die Sitzung des Ausschusses für Probe")
    assert paper.consultations.get().role == "information"
    assert paper.text.blocks.get(key="beschlussvorschlag-1").content.endswith("– öffentlicher Teil zur Kenntnis.")


def test_that_of_the_other_part_is_not_public(meeting, minutes):
    later(meeting)
    paper = begin_approval(Minutes.begin(meeting, public=False))
    assert not paper.public and paper.name.endswith("– nichtöffentlicher Teil")
