"""Gremien, Dienststellen, Wahlperioden, persons and Sitzungen: entered, corrected, ended, and the calendar."""

from datetime import date, time

import icalendar
import pytest
from django.core.exceptions import ValidationError

from kim.figures import CATALOGUE
from kim.values.periods import inclusive_range
from meetings.models import CoSignature, Meeting, Organization, Paper, Person, Signatory
from meetings.models.drafts import NewPaper, add_consultation, change_head
from tests.helpers import said, sql

DESK = "sitzungsdienst"


def committee(browser, **facts):
    response = browser.post("/gremien/neu/", {"name": "Ausschuss für Integration", "short_name": "AfI"} | facts)
    assert response.status_code == 302, said(response)
    return Organization.objects.get(name=facts.get("name", "Ausschuss für Integration"))


def sitting(browser, row, **facts):
    given = {
        "organization": row.pk,
        "date": "9.3.2023",
        "start": "17:00",
        "place": "Mediensaal",
        "public": "on",
    } | facts
    return browser.post("/sitzungen/neu/", given)


def test_a_gremium_and_its_sitting(login, region):
    browser = login(DESK)
    row = committee(browser)
    assert row.get_absolute_url() == "/gremien/ausschuss-fuer-integration/"
    assert sitting(browser, row).status_code == 302
    (made,) = row.meetings.all()
    assert (made.date, made.begins(), made.place, made.publicity()) == (date(2023, 3, 9), "17:00 Uhr", "Mediensaal", "öffentlich")  # fmt: skip
    assert made.get_absolute_url() == "/sitzungen/afi-2023-03-09/"
    words = said(browser.get(made.get_absolute_url()))
    assert "Mediensaal" in words and "17:00" in words and "Noch keine. Sie kommen über die Beratungsfolge" in words
    assert "/sitzungen/afi-2023-03-09/" in said(browser.get("/gremien/ausschuss-fuer-integration/"))


def test_the_address_stays_when_the_name_changes(login, region):
    browser = login(DESK)
    row = committee(browser)
    data = {"name": "Sozialausschuss", "short_name": "", "ends_on": "", "version": row.version}
    assert browser.post(f"{row.get_absolute_url()}bearbeiten/", data).status_code == 302
    assert "Sozialausschuss" in said(browser.get("/gremien/ausschuss-fuer-integration/"))
    other = committee(browser)
    assert other.slug == "ausschuss-fuer-integration-2", "the first one keeps its address"


def test_the_same_gremium_twice_leads_to_the_first(login, region):
    browser = login(DESK)
    committee(browser)
    again = browser.post("/gremien/neu/", {"name": "Ausschuss für Integration"})
    assert again.status_code == 422 and "Dieses Gremium gibt es schon." in said(again)
    assert 'href="/gremien/ausschuss-fuer-integration/"' in said(again)


WRONG = {
    "no day": ({"date": ""}, "Sitzungstag"),
    "a day that is none": ({"date": "30.02.2023"}, "gibt es im Kalender nicht"),
    "a time": ({"start": "fünf"}, "„fünf“ ist keine Uhrzeit. Bitte so eingeben: 17:00."),
    "no gremium": ({"organization": ""}, "Gremium"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_is_named(case, login, region):
    browser, before = login(DESK), Meeting.objects.count()
    row = committee(browser)
    facts, words = WRONG[case]
    response = sitting(browser, row, **facts)
    assert response.status_code == 422 and words in said(response) and "Mediensaal" in said(response)
    assert Meeting.objects.count() == before


def test_a_gremium_sits_once_a_day_and_not_after_its_end(login, region):
    browser = login(DESK)
    row = committee(browser, ends_on="31.03.2023")
    assert sitting(browser, row).status_code == 302
    assert "Diese Sitzung ist schon erfasst." in said(sitting(browser, row))
    late = sitting(browser, row, date="01.04.2023")
    assert late.status_code == 422 and "ist zum 31.03.2023 aufgelöst" in said(late)
    assert sitting(browser, row, date="31.03.2023").status_code == 302, "the last day is one of its days"


def test_a_wahlperiode_covers_its_sittings(login, region):
    from meetings.models import LegislativeTerm

    browser = login(DESK)
    data = {"name": "2014–2020", "validity_0": "01.06.2014", "validity_1": "31.10.2020"}
    assert browser.post("/wahlperioden/neu/", data).status_code == 302
    term = LegislativeTerm.objects.get(name="2014–2020")
    refused = sitting(browser, committee(browser), legislative_term=term.pk)
    assert refused.status_code == 422 and "liegt nicht in der Wahlperiode 2014–2020" in said(refused)


def test_what_is_dissolved_is_not_offered_for_new_papers(login, region):
    row = committee(login(DESK), name="Alter Ausschuss", ends_on="28.02.2023")
    page = "/dokumente/2023-0120/gremium/neu/"
    browser = login(DESK)
    assert row.name not in said(browser.get(page)) and row.name in said(browser.get(f"{page}?stand=2023-02-28"))


def test_a_mistyped_sitting_is_corrected_or_goes(login, region):
    browser = login(DESK)
    sitting(browser, committee(browser))
    row = Meeting.objects.get(place="Mediensaal")
    data = {"organization": row.organization_id, "date": "10.03.2023", "start": "", "place": "Saal 1", "cancelled": "on", "version": row.version}  # fmt: skip
    assert browser.post(f"{row.get_absolute_url()}bearbeiten/", data).status_code == 302
    changed = Meeting.objects.get(pk=row.pk)
    assert (changed.date, changed.publicity()) == (date(2023, 3, 10), "nichtöffentlich, abgesagt")
    gone = {"reason": "Tippfehler", "version": changed.version}
    assert browser.post(f"{changed.get_absolute_url()}loeschen/", gone).status_code == 302
    used = Meeting.objects.filter(consultations__isnull=False).first()
    kept = browser.post(f"{used.get_absolute_url()}loeschen/", {"reason": "x", "version": used.version})
    assert kept.status_code == 422 and "Beratung" in said(kept)


def test_the_page_of_a_sitting_shows_its_papers(login, region):
    used = Meeting.objects.filter(consultations__paper__source__number="2023/0120").first()
    assert "2023/0120" in said(login("pruefung").get(used.get_absolute_url()))


def test_the_calendar_of_a_gremium(login, region):
    browser = login(DESK)
    row = committee(browser)
    sitting(browser, row)
    sitting(browser, row, date="10.03.2023", start="", cancelled="on")
    answer = login("pruefung").get(f"{row.get_absolute_url()}sitzungen.ics")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/calendar")
    timed, whole = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert timed.decoded("dtstart").isoformat() == "2023-03-09T17:00:00+01:00" and timed["status"] == "CONFIRMED"
    assert whole.decoded("dtstart") == date(2023, 3, 10) and whole["status"] == "CANCELLED"
    assert timed["uid"] != whole["uid"] and timed["location"] == "Mediensaal"
    assert login("pruefung").get("/gremien/gibt-es-nicht/sitzungen.ics").status_code == 404


def test_a_person_is_named_nowhere_but_in_her_row(login, region):
    browser = login(DESK)
    assert browser.post("/personen/neu/", {"name": "Frau Xanthippe", "family_name": "Xanthippe"}).status_code == 302
    row = Person.objects.get(family_name="Xanthippe")
    assert str(row.key) in row.get_absolute_url() and "anthippe" not in row.get_absolute_url()
    assert "Xanthippe" not in str(sql("SELECT * FROM meetings_personevent"))
    assert "Xanthippe" in said(browser.get(row.get_absolute_url()))


def test_each_keeps_what_is_hers(login, region):
    assert (
        login().get("/gremien/neu/").status_code == 403 and login("leitung").get("/sitzungen/neu/").status_code == 403
    )
    assert login(DESK).get("/dienststellen/neu/").status_code == 403
    made = login("leitung").post("/dienststellen/neu/", {"name": "Amt 50", "street": "Weg 1", "postal_code": "52062", "locality": "Aachen"})  # fmt: skip
    assert made.status_code == 302 and made["Location"] == "/dienststellen/amt-50/"
    assert login(DESK).get("/dienststellen/amt-50/").status_code == 200
    assert login(DESK).get("/gremien/amt-50/").status_code == 404, "an office is no Gremium"


def test_a_time_is_typed_in_any_of_its_ways_and_shown_in_one(login, region):
    browser = login(DESK)
    assert sitting(browser, committee(browser), start="17.30 Uhr").status_code == 302
    row = Meeting.objects.get(place="Mediensaal")
    assert row.start == time(17, 30) and 'value="17:30"' in said(browser.get(f"{row.get_absolute_url()}bearbeiten/"))


@pytest.fixture
def paper(region):
    return Paper.find(region, "2023/0120")


def deadlines(body, name):
    return {value.label: value for value in CATALOGUE[f"deadlines.{name}"](body=body, day=DAY).rows}


DAY = date(2023, 3, 1)


def test_deadlines_lead_to_the_sitting(login, region, paper):
    meeting = paper.consultations.get().meeting
    found = deadlines(region, "meetings")[f"Sitzung: {meeting.organization}"]
    assert (found.value, found.link) == (date(2023, 3, 22), meeting.get_absolute_url())
    start = said(login(DESK).get("/"))
    assert f'href="{meeting.get_absolute_url()}"' in start and "Nächste Sitzung" in start
    assert "Mittwoch, 22. März 2023" in start


def test_a_cancelled_sitting_is_no_deadline(region, paper):
    meeting = paper.consultations.get().meeting
    assert deadlines(region, "papers") and deadlines(region, "meetings")
    meeting.cancelled = True
    meeting.save_as("Sitzung geändert")
    assert not deadlines(region, "papers") and not deadlines(region, "meetings")
    assert CATALOGUE["headline.meeting"](body=region, day=DAY).words == "keine erfasst"


def test_nothing_new_goes_on_a_cancelled_sitting(login, region, paper):
    meeting = paper.consultations.get().meeting
    meeting.cancelled = True
    meeting.save_as("Sitzung geändert")
    other = NewPaper(body=region, paper_type="information", name="Sachstand", day=DAY, as_of=DAY).create()
    with pytest.raises(ValidationError, match=r"Die Sitzung am 22\.03\.2023 ist abgesagt"):
        add_consultation(other, meeting.organization, meeting.date, "information")
    url = f"{other.get_absolute_url()}gremium/neu/"
    data = {"organization": meeting.organization_id, "date": "22.03.2023", "role": "information"}
    refused = login(DESK).post(url, data)
    assert refused.status_code == 422 and "ist abgesagt" in said(refused) and not other.consultations.exists()


def test_a_paper_of_a_cancelled_sitting_is_not_ready(login, region, paper):
    words = "Die Sitzung am 22.03.2023 ist abgesagt."
    url = paper.get_absolute_url()
    assert words not in said(login().get(url))
    meeting = paper.consultations.get().meeting
    meeting.cancelled = True
    meeting.save_as("Sitzung geändert")
    assert words in said(login().get(url))
    with pytest.raises(ValidationError, match=words):
        paper.release(None)


def test_a_beratung_goes_on_another_sitting_and_keeps_its_proposal(login, region, paper):
    row = paper.consultations.get()
    row.meeting.cancelled = True
    row.meeting.save_as("Sitzung geändert")
    browser, url = login(DESK), f"{paper.get_absolute_url()}gremium/{row.order}/aendern/"
    assert url in said(browser.get(paper.get_absolute_url())) and 'value="22.03.2023"' in said(browser.get(url))
    data = {"role": "decision", "date": "29.03.2023", "version": row.version}
    assert browser.post(url, data | {"date": "22.03.2023"}).status_code == 302, "on the day it had nothing is asked"
    row.refresh_from_db()
    assert browser.post(url, data).status_code == 409, "somebody was faster"
    assert browser.post(url, data | {"version": row.version}).status_code == 302
    row.refresh_from_db()
    assert (row.meeting.date, row.role, row.meeting.cancelled) == (date(2023, 3, 29), "decision", False)
    back = browser.post(url, data | {"version": row.version, "date": "22.03.2023"})
    assert back.status_code == 422 and "Die Sitzung am 22.03.2023 ist abgesagt." in said(back)
    add_consultation(paper, row.organization, None, "advice")
    twice = browser.post(url, data | {"version": row.version, "date": ""})
    assert twice.status_code == 422 and "steht ohne Sitzungstag schon in der Beratungsfolge" in said(twice)
    assert browser.get(url.replace(f"/{row.order}/", "/99/")).status_code == 404
    assert login("leitung").get(url).status_code == 403 and login().get(url).status_code == 200


def test_a_gremium_does_not_end_before_its_sittings(login, region):
    browser = login(DESK)
    row = committee(browser)
    sitting(browser, row)
    data = {"name": row.name, "short_name": "AfI", "ends_on": "08.03.2023", "version": row.version}
    refused = browser.post(f"{row.get_absolute_url()}bearbeiten/", data)
    assert refused.status_code == 422 and "Danach sind noch Sitzungen erfasst: 09.03.2023." in said(refused)
    row.meetings.update(cancelled=True)
    assert browser.post(f"{row.get_absolute_url()}bearbeiten/", data).status_code == 302


def over(row, last=date(2023, 2, 28)):
    row.ends_on = last
    row.save()
    return row


def test_a_dissolved_gremium_gets_no_new_beratung(login, region, paper):
    row = over(Organization.objects.create(body=region, name="Alter Ausschuss", organization_type="committee"))
    for day in (None, DAY):
        with pytest.raises(ValidationError, match=r"ist zum 28\.02\.2023 aufgelöst"):
            add_consultation(paper, row, day, "information")
    add_consultation(paper, row, date(2023, 2, 28), "information")
    page = said(login(DESK).get("/sitzungen/neu/"))
    assert "Alter Ausschuss" not in page and "Städteregionsausschuss" in page
    made = row.meetings.get()
    assert "Alter Ausschuss" in said(login(DESK).get(f"{made.get_absolute_url()}bearbeiten/")), "what is chosen stays"


def test_a_dissolved_dienststelle_is_not_asked_and_not_named(login, region, paper):
    row = over(Organization.objects.create(body=region, name="Altes Amt", organization_type="department"))
    user = login("leitung") and Signatory._meta.get_field("user").related_model.objects.first()
    refused = {
        "a Mitzeichnung": lambda: CoSignature(body=region, paper=paper, organization=row).save_as("x"),
        "a signatory": lambda: signatory(region, row, user, DAY).save_as("x"),
        "a head": lambda: named(paper, department=row),
    }
    for act in refused.values():
        with pytest.raises(ValidationError, match=r"ist zum 28\.02\.2023 aufgelöst"):
            act()
    signatory(region, row, user, date(2023, 2, 28)).save_as("it was there then")
    for page, who in (("mitzeichnung/neu/", "sachbearbeitung"), ("kopf/", "sachbearbeitung")):
        assert "Altes Amt" not in said(login(who).get(paper.get_absolute_url() + page)), page
    assert "Altes Amt" not in said(login("leitung").get("/dokumente/zeichnungsbefugnisse/neu/"))


def signatory(body, office, user, first):
    return Signatory(body=body, organization=office, user=user, validity=inclusive_range(first, None))


def named(paper, **facts):
    row = Paper.objects.get(pk=paper.pk)
    for name, value in facts.items():
        setattr(row, name, value)
    change_head(row, row.name, row.reference, row.date)
    return row


def test_a_person_who_has_left_signs_nothing_new(login, region, paper):
    left = over(Person.objects.create(body=region, name="Herr Weggang", family_name="Weggang"))
    with pytest.raises(ValidationError, match=r"Herr Weggang ist zum 28\.02\.2023 ausgeschieden"):
        named(paper, signer=left)
    page = f"{paper.get_absolute_url()}kopf/"
    assert "Herr Weggang" not in said(login().get(page))
    signer = over(paper.signer)
    assert named(paper, signer_phrase="In Vertretung:").signer == signer, "who stands there already stays"
    assert str(signer) in said(login().get(page))
    given = {"paper_type": "information", "day": DAY, "as_of": DAY, "copied_from": paper}
    assert NewPaper(body=region, name="Folge", **given).create().signer is None, "and is not taken over"
    signer.ends_on = None
    signer.save()
    again = given | {"copied_from": Paper.objects.get(pk=paper.pk)}
    assert NewPaper(body=region, name="Noch eine Folge", **again).create().signer == signer
