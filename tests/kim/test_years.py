"""A closed Förderjahr is read-only: by page, by model and by SQL; until Leitung opens it again."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from kim.models import ClosedYear
from kim.values.periods import inclusive_range
from tests.helpers import new_notice, new_position, sql
from tests.kim.years import close, refused


@pytest.fixture
def old(region):
    """A post of 2022 alone, with its notice, occupancy, Kommune, Beratungsort and an Ansatz of 2022."""
    from grants.models import BudgetLine, Funding, SubProduct
    from staffing.models import Municipality, Occupancy, PositionLocation, ServedMunicipality

    row = new_position(region, "ALT-1", first=date(2022, 1, 1), last=date(2022, 12, 31))
    notice = new_notice(
        region, "kim-2022", ("1.0", "57000"), first=date(2022, 1, 1), last=date(2022, 12, 31), amount=57000
    )
    item = notice.items.get()
    version = notice.current
    terms = version.terms.get()
    return {
        "Stellenangabe": row,
        "Zuwendung": notice,
        "Fassung": version,
        "Position der Zuwendung": item,
        "Angabe zur Position": terms,
        "Satz": terms.rates.get(),
        "Förderung": Funding.objects.create(body=region, item=item, position=row.position),
        "Besetzung": Occupancy.objects.create(
            body=region, position=row.position, slot=1, fte=D(1), validity=row.validity
        ),
        "Zuständigkeit": ServedMunicipality.objects.create(
            body=region, period=row, municipality=Municipality.objects.first()
        ),
        "Beratungsort": PositionLocation.objects.create(body=region, period=row, name="Rathaus"),
        "Ansatz": BudgetLine.objects.create(
            body=region, year=2022, sub_product=SubProduct.objects.first(), purpose="own", label="alt", amount=D(1)
        ),
    }


CHANGES = {
    "Stellenangabe": {"pay_group": "EG 9b"},
    "Zuwendung": {"instrument": "lump_sum"},
    "Fassung": {"amount": D(1)},
    "Position der Zuwendung": {"kind": "material", "function": None},
    "Angabe zur Position": {"fte": D("0.5")},
    "Satz": {"amount": D(1)},
    "Besetzung": {"fte": D("0.5")},
    "Beratungsort": {"name": "Bücherei"},
    "Zuständigkeit": {"share": D("0.5")},
    "Ansatz": {"amount": D(2)},
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_holds_in_a_closed_year_cannot_be_changed(what, old, region):
    def change():
        row = type(old[what]).objects.get(pk=old[what].pk)
        for name, value in CHANGES[what].items():
            setattr(row, name, value)
        row.save()

    close(region)
    assert "ist abgeschlossen" in refused(change)
    ClosedYear.objects.get().delete()
    assert refused(change) == "", "counter-test: in an open year it can"


@pytest.mark.parametrize("what", ["Besetzung", "Zuständigkeit", "Beratungsort", "Ansatz", "Förderung"])
def test_what_holds_in_a_closed_year_cannot_be_deleted(what, old, region):
    close(region)
    assert "ist abgeschlossen" in refused(lambda: type(old[what]).objects.get(pk=old[what].pk).delete())
    ClosedYear.objects.get().delete()
    assert refused(lambda: type(old[what]).objects.get(pk=old[what].pk).delete()) == ""


def test_nothing_can_be_added_to_a_closed_year(region):
    from staffing.models import Occupancy

    row = new_position(region, "OFFEN-1", first=date(2022, 6, 1))
    close(region)
    assert "ist abgeschlossen" in refused(lambda: new_position(region, "NEU-1", first=date(2022, 12, 31)))
    assert refused(lambda: new_position(region, "NEU-2", first=date(2023, 1, 1))) == ""
    add = {"body": region, "position": row.position, "slot": 1, "fte": D("0.5")}
    assert "ist abgeschlossen" in refused(lambda: Occupancy.objects.create(**add, validity=inclusive_range(None, None)))
    assert refused(lambda: Occupancy.objects.create(**add, validity=inclusive_range(date(2023, 1, 1), None))) == ""


def test_a_post_may_end_later_and_the_closed_year_stays(region):
    """What changes only after the closed year may change: an end in 2023 leaves 2022 as it was."""
    from staffing.models import PositionPeriod

    row = new_position(region, "LANG-1", first=date(2022, 1, 1))
    close(region)
    row = PositionPeriod.objects.get(pk=row.pk)
    row.validity = inclusive_range(date(2022, 1, 1), date(2023, 6, 30))
    assert refused(row.save) == ""
    row = PositionPeriod.objects.get(pk=row.pk)
    row.validity = inclusive_range(date(2022, 2, 1), date(2023, 6, 30))
    assert "ist abgeschlossen" in refused(row.save)
    row = PositionPeriod.objects.get(pk=row.pk)
    row.fte = D("0.5")
    assert "ist abgeschlossen" in refused(row.save)


def test_raw_sql_is_refused_too(old, region):
    close(region)
    with pytest.raises(IntegrityError):
        sql("UPDATE staffing_positionperiod SET pay_group = 'x' WHERE id = %s", old["Stellenangabe"].pk)
    with pytest.raises(IntegrityError):
        sql("DELETE FROM grants_budgetline WHERE id = %s", old["Ansatz"].pk)


@pytest.mark.counter
def test_without_the_trigger_raw_sql_would_change_it(old, region, owner):
    close(region)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute(f"ALTER TABLE staffing_positionperiod DISABLE TRIGGER {trigger_name()}")
    sql("UPDATE staffing_positionperiod SET pay_group = 'x' WHERE id = %s", old["Stellenangabe"].pk)


def trigger_name():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_closed_year%%' AND tgrelid = 'staffing_positionperiod'::regclass"
        )
        return cursor.fetchone()[0]


def test_another_body_is_not_touched(bodies):
    from kim.store.context import acting

    city, region = bodies["stadt-aachen"], bodies["staedteregion-aachen"]
    with acting(None, [region.pk, city.pk], reason="Test"):
        close(region, 2021)
        new_position(city, "STADT-1", first=date(2021, 5, 1))


def test_leitung_closes_and_opens_with_a_reason(login):
    head, clerk = login("leitung"), login()
    assert clerk.get("/foerderjahre/2022/abschliessen/").status_code == 403
    page = head.get("/foerderjahre/").content.decode()
    assert "2022 abschließen" in page and "2023 abschließen" not in page
    assert head.post("/foerderjahre/2022/abschliessen/", {"reason": ""}).status_code == 422
    assert head.post("/foerderjahre/2022/abschliessen/", {"reason": "geprüft"}).status_code == 302
    assert head.get("/foerderjahre/2022/abschliessen/").status_code == 404
    words = head.get("/foerderjahre/").content.decode()
    assert "geprüft" in words and "Förderjahr abgeschlossen" in words
    bar = clerk.get("/stellen/CM-07/?jahr=2022").content.decode()
    assert "Das Förderjahr 2022 ist abgeschlossen" in bar and ">Berichtigen<" not in bar
    refused_page = clerk.get("/stellen/CM-07/berichtigen/?jahr=2022")
    assert refused_page.status_code == 403 and "ist abgeschlossen" in refused_page.content.decode()
    assert clerk.get("/stellen/CM-07/berichtigen/").status_code == 200
    assert head.post("/foerderjahre/2022/oeffnen/", {"reason": "Nachbewilligung"}).status_code == 302
    assert clerk.get("/stellen/CM-07/berichtigen/?jahr=2022").status_code == 200


def test_a_correction_of_nothing_but_closed_days_says_so(login, region):
    row = new_position(region, "ALT-2", first=date(2022, 1, 1), last=date(2022, 12, 31), stage="planned")
    browser, url = login(), "/stellen/ALT-2/berichtigen/?stand=31.12.2022"
    assert browser.get(url).status_code == 200
    close(region)
    row.pay_group = "EG 9b"
    with pytest.raises(ValidationError, match="Das Förderjahr ist abgeschlossen"):
        row.correct(reason="x")
    assert browser.get(url).status_code == 403


def test_a_year_that_is_not_over_stays_open(login, region):
    head = login("leitung")
    answer = head.post("/foerderjahre/2023/abschliessen/", {"reason": "zu früh"})
    assert answer.status_code == 422 and "erst, wenn es vorbei ist" in answer.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        ClosedYear.objects.create(body=region, year=1)


def test_an_occupancy_without_a_beginning_reaches_no_further_back_than_its_post(region):
    from staffing.models import Occupancy

    row = new_position(region, "NEU-9", first=date(2023, 1, 1))
    close(region)
    place = {"body": region, "position": row.position, "slot": 1, "fte": D("0.5")}
    assert refused(lambda: Occupancy.objects.create(**place, validity=inclusive_range(None, None))) == ""


def test_what_kind_of_post_it_was_stays_in_a_closed_year(region):
    row = new_position(region, "ART-1", first=date(2022, 1, 1))
    close(region)

    def change(**values):
        position = type(row.position).objects.get(pk=row.position_id)
        for name, value in values.items():
            setattr(position, name, value)
        position.save()

    assert "ist abgeschlossen" in refused(lambda: change(kind="onward"))
    assert refused(lambda: change(note="nur Worte")) == ""


def test_a_post_whose_facts_hold_only_in_a_closed_year_says_so(login, region):
    """Next year's facts are closed before this year's, which nobody does; but what then cannot be corrected says so."""
    row = new_position(region, "LANG-2", first=date(2022, 1, 1), last=date(2023, 12, 31))
    close(region)
    assert ">Berichtigen<" in login().get(f"/stellen/{row.position.number}/").content.decode()
    close(region, 2023)
    words = login().get(f"/stellen/{row.position.number}/").content.decode()
    assert ">Berichtigen<" not in words
