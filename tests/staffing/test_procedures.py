"""Ausschreibung and Interessenbekundung: dates, who takes part, the Verfahrensstand that follows, and what is said."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from kim.models import ClosedYear
from kim.values.periods import half_open_range, inclusive_range
from staffing.figures.occupancy import endings
from staffing.findings import stage_fits
from staffing.models import Carrier, Position, PositionPeriod, Procedure, ProcedureCarrier
from tests.helpers import said

APRIL = inclusive_range(date(2023, 4, 1), date(2023, 4, 30))


def stage(number, day):
    return PositionPeriod.objects.as_of(day).get(position__number=number).stage


def recorded(body, number="CM-17", kind="expression_of_interest", validity=APRIL, *, with_stage=True, **states):
    one = Procedure(body=body, position=Position.objects.get(number=number), kind=kind, validity=validity)
    one.assumption = "laut Aktenvermerk"
    carriers = {Carrier.objects.get(slug=slug): state for state, slugs in states.items() for slug in slugs}
    one.record(reason="Aufruf", carriers=carriers, with_stage=with_stage)
    return one


def slugs(body, count):
    return list(Carrier.objects.filter(body=body).values_list("slug", flat=True)[:count])


def test_the_stage_follows_from_the_first_day_in_one_act(region):
    first, second = slugs(region, 2)
    one = recorded(region, interested=[first], chosen=[second])
    assert stage("CM-17", date(2023, 3, 31)) != "expression_of_interest" == stage("CM-17", date(2023, 4, 1))
    events = [*one.events.all(), *PositionPeriod.objects.get(validity=half_open_range(APRIL.lower)).events.all()]
    assert {event.pgh_context["act"] for event in events} == {"Interessenbekundung eingetragen"}
    assert {event.pgh_context["reason"] for event in events} == {"Aufruf"}
    assert len({event.pgh_context_id for event in events}) == 1
    assert [state for state, _ in one.carriers_by_state()] == ["hat Interesse", "ausgewählt"]


def test_the_stage_stays_where_it_is_not_wanted_and_the_post_must_be_there(region):
    before = stage("CM-17", APRIL.lower)
    recorded(region, with_stage=False)
    assert stage("CM-17", APRIL.lower) == before
    early = inclusive_range(date(2021, 4, 1), date(2021, 4, 30))
    recorded(region, validity=early)  # before the post begins: there is no stage to set yet
    assert stage("CM-17", APRIL.lower) == before
    with pytest.raises(ValidationError, match="läuft für die Stelle in dieser Zeit schon"):
        recorded(region)


def test_only_one_is_chosen_and_the_choice_can_move(region):
    first, second = slugs(region, 2)
    one = recorded(region, interested=[second], chosen=[first])
    ways = {Carrier.objects.get(slug=first): "withdrawn", Carrier.objects.get(slug=second): "chosen"}
    assert one.record(reason="Rückzug", carriers=ways) is True
    assert one.record(reason="noch einmal", carriers=ways) is False
    assert {r.carrier.slug: r.state for r in one.carriers.all()} == {first: "withdrawn", second: "chosen"}
    with pytest.raises(IntegrityError, match="procedurecarrier_chosen"), transaction.atomic():
        ProcedureCarrier.objects.filter(procedure=one).update(state="chosen")


def test_a_closed_year_keeps_its_procedures(region):
    one = recorded(region, interested=slugs(region, 1), with_stage=False)
    ClosedYear.objects.create(body=region, year=2023)
    one.text = "später"
    with pytest.raises(ValidationError, match="abgeschlossen"):
        one.record(reason="zu spät", carriers={})


def test_the_pages(login, region):
    browser = login()
    first, second = Carrier.objects.filter(body=region)[:2]
    data = {"kind": "advertisement", "validity_0": "01.04.2023", "validity_1": "30.04.2023", "text": "Amtsblatt", "interested": [first.pk], "withdrawn": [second.pk], "with_stage": "on", "assumption": "x", "reason": "Nachbesetzung", "version": "1"}  # fmt: skip
    both = browser.post("/stellen/CM-15/verfahren/neu/", data | {"chosen": second.pk})
    assert both.status_code == 422 and "hat sich zurückgezogen" in both.content.decode()
    done = said(browser.post("/stellen/CM-15/verfahren/neu/", data, follow=True))
    assert "Ausschreibung ist eingetragen" in done and "01.04.2023 bis 30.04.2023" in done
    assert f"hat Interesse: {first.short_name} · zurückgezogen: {second.short_name} · Amtsblatt" in done
    assert "ausgeschrieben" in browser.get("/stellen/CM-15/?stand=01.04.2023").content.decode()
    url = "/stellen/CM-15/verfahren/ausschreibung/2023-04-01/"
    page = browser.get(url).content.decode()
    assert page.count("checked") == 2  # one interested, one withdrawn; the stage may have gone on since
    version = Procedure.objects.get().version
    data |= {"withdrawn": [], "chosen": first.pk, "version": version}
    assert browser.post(url, data).status_code == 302
    assert "ausgewählt" in browser.get("/stellen/CM-15/").content.decode()
    assert browser.post(url, data).status_code == 409, "the version has gone on"
    removed = browser.post(url + "loeschen/", {"reason": "Irrtum", "version": version + 1}, follow=True)
    assert "ist gelöscht" in removed.content.decode() and not Procedure.objects.exists()
    assert login("pruefung").post("/stellen/CM-15/verfahren/neu/", data).status_code == 403


def test_what_does_not_fit_is_a_hint(region):
    recorded(region, with_stage=False)
    (running,) = stage_fits(region, date(2023, 4, 10))
    assert running.sentence.startswith("Interessenbekundung läuft, der Verfahrensstand ist")
    recorded(region, "CM-15")
    (_, over) = [*stage_fits(region, date(2023, 4, 10)), *stage_fits(region, date(2023, 5, 1))]
    assert over.sentence == "Die Frist war am 30.04.2023, der Verfahrensstand ist noch „Interessenbekundung“."
    assert "Frist der Interessenbekundung: CM-15" in {v.label for v in endings(region, date(2023, 3, 1)).rows}
