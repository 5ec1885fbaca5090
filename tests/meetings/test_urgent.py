"""Dringlichkeitsentscheidungen: two decide, the next sitting is asked, and nobody forgets it (§ 60 GO NRW)."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from kim.figures import CATALOGUE
from meetings.models import Meeting, Person, UrgentDecision
from tests.helpers import said
from tests.meetings.record import DESK, item, meeting, of_the_public

__all__ = ["meeting"]
DECIDED = date(2023, 4, 1)


@pytest.fixture
def people(meeting):
    return [Person.objects.create(body=meeting.body, name=f"Frau {n}", family_name=n) for n in ("Rat", "Vorsitz")]


def decision(meeting, people, **facts):
    facts = {"organization": meeting.organization, "decided_on": DECIDED, "title": "Miete", "resolution": "Wird verlängert.", "reason": "Frist", "first_decider": people[0], "second_decider": people[1], "public": True} | facts  # fmt: skip
    return UrgentDecision(body=meeting.body, **facts).save_checked()


def test_it_is_entered_laid_before_the_gremium_and_approved(login, meeting, people):
    browser = login(DESK)
    facts = {"organization": meeting.organization_id, "decided_on": "01.04.2023", "title": "Miete", "resolution": "Wird verlängert.", "reason": "Frist", "first_decider": people[0].pk, "second_decider": people[1].pk, "public": "on"}  # fmt: skip
    answer = browser.post("/dringlichkeit/neu/", facts)
    assert answer.status_code == 302, said(answer)
    row = UrgentDecision.objects.get(title="Miete")
    page = said(browser.get(row.get_absolute_url()))
    assert "Vorzulegen in der Sitzung vom" in page and "04.05.2023" in page
    agenda = said(browser.get(f"{meeting.get_absolute_url()}tagesordnung/"))
    assert "Genehmigung der Dringlichkeitsentscheidung: Miete" in agenda
    late = said(browser.get(f"{row.get_absolute_url()}?stand=2023-05-05"))
    assert "Überfällig:" in late and "stand sie auf keiner Tagesordnung" in late
    assert "Miete" in said(browser.get("/dringlichkeit/?stand=2023-05-05&ergebnis=ueberfaellig"))
    assert "Miete" not in said(browser.get("/dringlichkeit/?stand=2023-05-04&ergebnis=ueberfaellig"))
    one = item(meeting, "1", title="Genehmigung")
    edit = facts | {"version": row.version, "item": one.pk, "outcome": "approved"}
    answer = browser.post(f"{row.get_absolute_url()}bearbeiten/", edit)
    assert answer.status_code == 302, said(answer)
    page = said(browser.get(f"{row.get_absolute_url()}?stand=2023-05-05"))
    assert "Vorgelegt unter" in page and "genehmigt" in page and "Überfällig" not in page


def test_the_start_page_says_by_when(region, meeting, people):
    decision(meeting, people)

    def labels(day):
        return [(v.label, v.value) for v in CATALOGUE["deadlines.urgent_decisions"](body=region, day=day).rows]

    words = "Dringlichkeitsentscheidung vorlegen: Miete"
    assert labels(date(2023, 5, 4)) == [(words, date(2023, 5, 4))]
    assert labels(date(2023, 5, 5)) == [(f"Überfällig: {words}", date(2023, 5, 4))]
    Meeting.objects.filter(pk=meeting.pk).update(cancelled=True)
    assert labels(date(2023, 5, 5)) == []  # no sitting yet
    Meeting.objects.create(body=region, organization=meeting.organization, date=date(2023, 6, 1))
    assert labels(date(2023, 5, 5)) == [(words, date(2023, 6, 1))]
    UrgentDecision.objects.update(item=item(meeting, "1"))
    assert labels(date(2023, 6, 2)) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"second": 0}, "Zwei verschiedene Personen"),
        ({"outcome": "approved"}, "Bitte den TOP angeben"),
        ({"rights": "Mietvertrag"}, "nur bei einer Aufhebung"),
        ({"decided_on": date(2023, 5, 4), "item": True}, "in einer späteren Sitzung"),
    ],
)
def test_what_cannot_be_is_refused(meeting, people, facts, words):
    facts = dict(facts)
    if facts.pop("second", None) == 0:
        facts["second_decider"] = people[0]
    if facts.get("item"):
        facts["item"] = item(meeting, "1")
    with pytest.raises(ValidationError, match=words):
        decision(meeting, people, **facts)


def test_it_is_laid_before_its_own_gremium(meeting, people, region):
    other = Meeting.objects.filter(body=region).exclude(organization=meeting.organization).first()
    with pytest.raises(ValidationError, match="Vorgelegt wird sie Ausschuss für Probe"):
        decision(meeting, people, item=item(other, "1"))


def test_the_public_sees_what_is_public(login, meeting, people):
    decision(meeting, people)
    decision(meeting, people, title="Kornblume", public=False)
    page = said(of_the_public(login).get("/dringlichkeit/"))
    assert "Miete" in page and "Kornblume" not in page
