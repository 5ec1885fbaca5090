"""Gremien, Dienststellen, Wahlperioden, persons and Sitzungen: entered, corrected, ended, and the calendar."""

from datetime import date

import icalendar
import pytest

from meetings.models import Meeting, Organization, Person
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
    "a time": ({"start": "fünf"}, "Bitte die Uhrzeit so eingeben: 17:00."),
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
    assert row.name not in said(login().get(page)) and row.name in said(login().get(f"{page}?stand=2023-02-28"))


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
