"""Mitgliedschaften: begun from either side, changed, ended, deleted; what is over is not used anew."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from kim.models import TrailEvent
from kim.values.periods import inclusive_range
from meetings.models import Membership, Organization, Person
from tests.helpers import said, sql

DESK = "sitzungsdienst"
DAY = date(2023, 3, 1)


@pytest.fixture
def asi(region):
    """A Gremium without members."""
    return Organization.objects.create(body=region, name="Ausschuss für Integration", organization_type="committee")


@pytest.fixture
def muster(region):
    return Person.objects.create(body=region, name="Dr. Musterfrau", family_name="Musterfrau")


def enter(browser, side, **facts):
    """The form of a new Mitgliedschaft, begun on a page: its address is side, what that page knows is chosen."""
    given = {"role": "member", "kind": "not_stated", "voting_right": "not_stated", "validity_0": "01.11.2020"}
    return browser.post(f"/mitgliedschaften/neu/?{side}", given | facts)


def member(asi, person, first=None, last=None, **facts):
    given = {"body": asi.body, "organization": asi, "person": person, "validity": inclusive_range(first, last)}
    return Membership(**given | facts)


def test_begun_at_the_gremium_it_leads_back_there(login, asi, muster):
    browser, side = login(DESK), f"gremium={asi.slug}"
    page = said(browser.get(asi.get_absolute_url()))
    assert f'href="/mitgliedschaften/neu/?{side}"' in page and "Noch keine eingetragen." in page
    form = said(browser.get(f"/mitgliedschaften/neu/?{side}"))
    assert f'<option value="{asi.pk}" selected>' in form and f'href="{asi.get_absolute_url()}"' in form
    facts = {"organization": asi.pk, "person": muster.pk, "role": "chair", "kind": "council", "voting_right": "yes", "on_behalf_of": "Fraktion Apfel"}  # fmt: skip
    made = enter(browser, side, **facts)
    assert made.status_code == 302 and made["Location"] == asi.get_absolute_url()
    words = said(browser.get(asi.get_absolute_url()))
    for one in ("Dr. Musterfrau", "Vorsitz", "Ratsmitglied/Kreistagsmitglied", "Fraktion Apfel", "ab 01.11.2020"):
        assert one in words, one
    row = Membership.objects.get(person=muster)
    assert (row.role, row.kind, row.voting_right) == ("chair", "council", "yes")


def test_begun_at_the_person_it_leads_back_there(login, asi, muster):
    browser, side = login(DESK), f"person={muster.key}"
    assert f'href="/mitgliedschaften/neu/?{side}"' in said(browser.get(muster.get_absolute_url()))
    assert f'<option value="{muster.pk}" selected>' in said(browser.get(f"/mitgliedschaften/neu/?{side}"))
    made = enter(browser, side, organization=asi.pk, person=muster.pk, validity_0="")
    assert made.status_code == 302 and made["Location"] == muster.get_absolute_url()
    words = said(browser.get(muster.get_absolute_url()))
    assert "Ausschuss für Integration" in words and "keine Angabe" in words, "nothing is known of its time"
    page = said(browser.get(Membership.objects.get(person=muster).get_absolute_url()))
    assert "Besteht am 01.03.2023" in page and "offen bis offen" not in page


@pytest.mark.parametrize("side", ["", "gremium=gibt-es-nicht", "person=quatsch", "person=00000000-0000-0000-0000-000000000001"])  # fmt: skip
def test_begun_nowhere_it_leads_to_its_own_page(side, login, asi, muster):
    made = enter(login(DESK), side, organization=asi.pk, person=muster.pk)
    assert made.status_code == 302 and made["Location"] == Membership.objects.get(person=muster).get_absolute_url()


def test_it_is_changed_and_a_stale_form_shows_both(login, asi, muster):
    browser = login(DESK)
    row = member(asi, muster, on_behalf_of="Fraktion Apfel").save_as("Mitgliedschaft angelegt")
    url, data = f"{row.get_absolute_url()}bearbeiten/", {"role": "deputy", "kind": "citizen", "voting_right": "no"}
    form = said(browser.get(url))
    assert 'name="role"' in form and 'name="person"' not in form and 'name="organization"' not in form
    first = data | {"on_behalf_of": "Fraktion Birne", "version": row.version}
    assert browser.post(url, first).status_code == 302
    again = browser.post(url, first | {"on_behalf_of": "Fraktion Quitte"})
    assert again.status_code == 409 and "Fraktion Birne" in said(again) and "Fraktion Quitte" in said(again)
    row.refresh_from_db()
    assert (row.role, row.kind, row.voting_right, row.on_behalf_of) == ("deputy", "citizen", "no", "Fraktion Birne")


def test_it_ends_with_a_day_and_not_twice(login, asi, muster):
    browser = login(DESK)
    row = member(asi, muster, date(2020, 11, 1)).save_as("Mitgliedschaft angelegt")
    url = f"{row.get_absolute_url()}beenden/"
    version = row.version
    early = browser.post(url, {"last": "31.10.2020", "version": version})
    assert early.status_code == 422 and "beginnt erst am 01.11.2020" in said(early)
    assert browser.post(url, {"last": "28.02.2023", "version": version}).status_code == 302
    row.refresh_from_db()
    assert row.validity == inclusive_range(date(2020, 11, 1), date(2023, 2, 28)) and not row.holds_on(DAY)
    stale = browser.post(url, {"last": "31.01.2023", "version": version})
    assert stale.status_code == 409, "somebody was faster"
    later = browser.post(url, {"last": "31.03.2023", "version": row.version})
    assert later.status_code == 422 and "endet schon am 28.02.2023" in said(later)
    page = said(browser.get(asi.get_absolute_url()))
    assert "01.11.2020 bis 28.02.2023" in page and "<td>nein</td>" in page
    assert "<td>ja</td>" in said(browser.get(f"{asi.get_absolute_url()}?stand=2023-02-28")), "its last day"
    assert "Mitgliedschaft beendet zum 28.02.2023" in said(browser.get(row.get_absolute_url()))


def test_it_is_deleted_and_what_has_members_is_not(login, asi, muster):
    browser = login(DESK)
    row = member(asi, muster).save_as("Mitgliedschaft angelegt")
    for used in (asi, muster):
        kept = browser.post(f"{used.get_absolute_url()}loeschen/", {"reason": "x", "version": used.version})
        assert kept.status_code == 422 and "1 Mitgliedschaft" in said(kept)
    gone = browser.post(f"{row.get_absolute_url()}loeschen/", {"reason": "Tippfehler", "version": row.version})
    assert gone.status_code == 302 and not Membership.objects.filter(pk=row.pk).exists()
    gone = browser.post(f"{muster.get_absolute_url()}loeschen/", {"reason": "Tippfehler", "version": muster.version})
    assert gone.status_code == 302


def test_nobody_has_the_same_function_twice_at_a_time(asi, muster):
    member(asi, muster, date(2020, 11, 1), date(2022, 12, 31)).save_as("x")
    with pytest.raises(ValidationError, match="schon mit dieser Funktion"):
        member(asi, muster, date(2022, 12, 31)).save_as("x")
    member(asi, muster, date(2023, 1, 1)).save_as("x")
    member(asi, muster, date(2022, 12, 31), role="chair").save_as("x")
    with pytest.raises(IntegrityError, match="membership_once"):
        sql("UPDATE meetings_membership SET validity = '[2020-11-01,)' WHERE role = 'member'")


def test_the_chair_comes_first_and_who_is_no_member_any_more_last(login, region, asi):
    facts = {"Zander": {"role": "chair"}, "Aal": {}, "Barsch": {}, "Dorsch": {"role": "deputy"}}
    for name, more in facts.items():
        person = Person.objects.create(body=region, name=f"Frau {name}", family_name=name)
        member(asi, person, date(2020, 11, 1), date(2021, 1, 1) if name == "Aal" else None, **more).save_as("x")
    words = said(login("pruefung").get(asi.get_absolute_url()))
    places = [words.index(f"Frau {name}") for name in ("Zander", "Barsch", "Dorsch", "Aal")]
    assert places == sorted(places)


def test_only_a_gremium_has_members_and_only_of_the_same_body(bodies, region, asi, muster):
    office = Organization.objects.create(body=region, name="Amt 50", organization_type="department")
    with pytest.raises(ValidationError, match="keine Dienststelle"):
        member(office, muster).save_as("x")
    with pytest.raises(ValidationError, match="gehört zu einer anderen Körperschaft"):
        member(asi, muster, body=bodies["stadt-aachen"]).full_clean()


ENDS = date(2023, 2, 28)
OVER = {
    "begins later": (DAY, None),
    "goes on": (None, None),
    "ends later": (None, DAY),
}


@pytest.mark.parametrize("case", OVER)
@pytest.mark.parametrize("what", ["gremium", "person"])
def test_what_has_ended_gets_no_new_mitgliedschaft(what, case, login, asi, muster):
    over = asi if what == "gremium" else muster
    over.ends_on = ENDS
    over.save()
    words = "aufgelöst" if what == "gremium" else "ausgeschieden"
    with pytest.raises(ValidationError, match=f"ist zum 28.02.2023 {words}"):
        member(asi, muster, *OVER[case]).save_as("x")
    member(asi, muster, None, ENDS).save_as("what was before is entered still")
    form = said(login(DESK).get("/mitgliedschaften/neu/"))
    assert str(over) not in form and str(muster if over is asi else asi) in form


def test_a_mitgliedschaft_ends_with_its_gremium_and_its_person(asi, muster):
    row = member(asi, muster).save_as("x")
    assert row.holds_on(DAY)
    for over in (row.organization, row.person):
        over.ends_on = ENDS
        assert not row.holds_on(DAY) and row.holds_on(ENDS)
        over.ends_on = None
    assert row.holds_on(DAY)


def test_who_changes_it_and_who_reads_it(login, asi, muster):
    row = member(asi, muster).save_as("x")
    for role in ("sachbearbeitung", "leitung", "kaemmerei", "pruefung"):
        browser = login(role)
        assert browser.get(row.get_absolute_url()).status_code == 200
        assert "Mitglied eintragen" not in said(browser.get(asi.get_absolute_url()))
        for end in ("bearbeiten/", "beenden/", "loeschen/"):
            assert browser.post(row.get_absolute_url() + end).status_code == 403, (role, end)
        assert browser.get("/mitgliedschaften/neu/").status_code == 403


def test_neither_name_nor_fraktion_is_in_the_history(login, asi, muster):
    browser = login(DESK)
    facts = {"organization": asi.pk, "person": muster.pk, "on_behalf_of": "Fraktion Unverwechselbar"}
    assert enter(browser, "", **facts).status_code == 302
    row = Membership.objects.get(person=muster)
    data = {"role": "member", "kind": "council", "voting_right": "yes", "on_behalf_of": "Fraktion Unvergleichlich"}
    assert browser.post(f"{row.get_absolute_url()}bearbeiten/", data | {"version": row.version}).status_code == 302
    told = str(sql("SELECT e::text FROM meetings_membershipevent e"))
    told += str(list(TrailEvent.objects.filter(model="meetings.Membership").values()))
    for word in ("Unverwechselbar", "Unvergleichlich", "Musterfrau"):
        assert word not in told
    words = said(browser.get(row.get_absolute_url()))
    assert "Fraktion: geändert (Namen und Bemerkungen stehen nicht im Verlauf)" in words and "Ratsmitglied" in words


def test_the_list_is_narrowed(login, region, asi, muster):
    member(asi, muster, role="chair", kind="council", on_behalf_of="Apfel").save_as("x")
    other = Person.objects.create(body=region, name="Herr Anders", family_name="Anders")
    member(asi, other).save_as("x")
    browser = login("pruefung")
    assert "Herr Anders" in said(browser.get(f"/mitgliedschaften/?gremium={asi.slug}"))
    for query in ("funktion=vorsitz", "art=ratsmitgliedkreistagsmitglied", "suche=apfel"):
        words = said(browser.get(f"/mitgliedschaften/?{query}"))
        assert "Dr. Musterfrau" in words and "Herr Anders" not in words, query
