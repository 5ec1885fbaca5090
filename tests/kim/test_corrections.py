"""A Berichtigung of what begins in a closed year goes through for the open days."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from kim.models import ClosedYear
from kim.values.periods import inclusive_range
from tests.helpers import new_position, sql
from tests.kim.years import close, refused

EDGE = date(2023, 1, 1)
KEPT = "Das Förderjahr 2022 ist abgeschlossen; die Berichtigung gilt ab 01.01.2023."


def long_post(region, **more):
    """A post from 2022 on, and somebody on it."""
    from staffing.models import Occupancy

    row = new_position(region, "RAND-1", first=date(2022, 3, 1), **more)
    place = Occupancy.objects.create(
        body=region, position=row.position, slot=1, fte=D("0.333"), validity=inclusive_range(date(2022, 3, 1), None)
    )
    return row, place


def spans(model, position):
    return [
        (one.fte, one.validity.lower, one.validity.upper)
        for one in model.objects.filter(position=position).order_by("validity")
    ]


def test_a_correction_goes_through_for_the_open_days(region):
    from staffing.models import Municipality, PositionPeriod

    row, _ = long_post(region)
    close(region)
    row = PositionPeriod.objects.get(pk=row.pk)
    row.fte = D("0.75")
    assert row.correct(reason="falsch abgeschrieben") and row.divided == EDGE
    assert spans(PositionPeriod, row.position) == [(D(1), date(2022, 3, 1), EDGE), (D("0.75"), EDGE, None)]
    later = PositionPeriod.objects.get(position=row.position, validity__startswith=EDGE)
    assert later.assumption == "Berichtigung: falsch abgeschrieben"
    later.fte = D("0.8")
    assert later.correct(reason="noch einmal") and later.divided is None, "what is open is corrected as it stands"
    earlier = PositionPeriod.objects.get(pk=row.pk)
    earlier.fte = D("0.5")
    with pytest.raises(ValidationError, match="ist abgeschlossen"):
        earlier.correct(reason="nichts Offenes übrig")
    alsdorf = [Municipality.objects.get(slug="alsdorf")]
    with pytest.raises(ValidationError, match="ist abgeschlossen"):
        PositionPeriod.objects.get(pk=row.pk).correct(reason="x", municipalities=alsdorf)


def test_other_kommunen_count_from_the_open_days_on(region):
    from staffing.models import Municipality, PositionPeriod, ServedMunicipality

    row, _ = long_post(region)
    ServedMunicipality.objects.create(body=region, period=row, municipality=Municipality.objects.get(slug="alsdorf"))
    close(region)
    row = PositionPeriod.objects.get(pk=row.pk)
    assert row.correct(reason="x", municipalities=[Municipality.objects.get(slug="roetgen")])
    served = [p.municipality_names() for p in row.position.periods.order_by("validity")]
    assert served == [["Alsdorf"], ["Roetgen"]]
    assert PositionPeriod.objects.filter(position=row.position).count() == 2


def test_only_the_end_moves_without_dividing(region):
    from staffing.models import PositionPeriod

    row, place = long_post(region)
    close(region)
    place.leave(date(2023, 5, 1), reason="geht")
    row = PositionPeriod.objects.get(pk=row.pk)
    row.validity = inclusive_range(date(2022, 3, 1), date(2023, 6, 30))
    assert row.correct(reason="befristet") and row.divided is None
    row.validity = inclusive_range(date(2022, 4, 1), date(2023, 6, 30))
    with pytest.raises(ValidationError, match="ist abgeschlossen"):
        row.correct(reason="begann später")


def test_a_place_is_corrected_for_the_open_days(region):
    from staffing.models import Occupancy

    _, place = long_post(region)
    close(region)
    place = Occupancy.objects.get(pk=place.pk)
    place.fte = D("0.334")
    assert place.correct(reason="x") and place.divided == EDGE
    assert spans(Occupancy, place.position) == [(D("0.333"), date(2022, 3, 1), EDGE), (D("0.334"), EDGE, None)]
    assert set(Occupancy.objects.filter(position=place.position).values_list("slot", flat=True)) == {1}
    before = Occupancy.objects.get(pk=place.pk)
    before.fte = D("0.5")
    with pytest.raises(ValidationError, match="ist abgeschlossen"):
        before.correct(reason="nichts Offenes übrig")


def test_a_place_that_changes_in_a_closed_year_is_refused(region):
    from staffing.models import Occupancy

    _, place = long_post(region)
    close(region)
    place = Occupancy.objects.get(pk=place.pk)
    place.fte = D("0.5")
    with pytest.raises(ValidationError, match="ist abgeschlossen"):
        place.change_from(date(2022, 12, 31), reason="x")
    with pytest.raises(ValidationError, match="ist abgeschlossen"):
        place.leave(date(2022, 12, 31), reason="x")
    place.change_from(EDGE, reason="geht")
    assert [one[0] for one in spans(Occupancy, place.position)] == [D("0.333"), D("0.5")]


def test_a_rest_in_open_days_needs_no_division_and_one_across_the_edge_is_cut(region):
    from staffing.models import Occupancy

    _, place = long_post(region)
    close(region)
    place = Occupancy.objects.get(pk=place.pk)
    place.suspended = inclusive_range(date(2023, 4, 1), None)
    assert place.correct(reason="ruht") and place.divided is None
    place.suspended = inclusive_range(date(2022, 11, 1), date(2023, 6, 30))
    assert place.correct(reason="ruht doch früher") and place.divided == EDGE
    rows = Occupancy.objects.filter(position=place.position).order_by("validity")
    assert [one.suspended for one in rows] == [None, inclusive_range(EDGE, date(2023, 6, 30))]


def test_a_rest_that_began_in_the_closed_year_is_cut_at_its_edge(region):
    from staffing.models import Occupancy

    _, place = long_post(region)
    place.suspended = inclusive_range(date(2022, 11, 1), date(2023, 6, 30))
    place.save()
    close(region)
    place = Occupancy.objects.get(pk=place.pk)
    place.suspended = inclusive_range(date(2022, 11, 1), date(2023, 3, 31))
    assert place.correct(reason="kommt eher") and place.divided is None
    place.fte = D("0.25")
    assert place.correct(reason="x") and place.divided == EDGE
    rows = Occupancy.objects.filter(position=place.position).order_by("validity")
    assert [one.suspended for one in rows] == [
        inclusive_range(date(2022, 11, 1), date(2022, 12, 31)),
        inclusive_range(EDGE, date(2023, 3, 31)),
    ]
    with pytest.raises(IntegrityError, match="closed year"), transaction.atomic():
        rows.filter(pk=place.pk).update(suspended=inclusive_range(date(2022, 11, 2), date(2022, 12, 31)))


def test_a_place_without_a_beginning_is_divided_where_its_post_was_there(region):
    from staffing.models import Occupancy

    late = new_position(region, "RAND-2", first=EDGE)
    row, _ = long_post(region)
    places = [
        Occupancy.objects.create(
            body=region, position=one.position, slot=2, fte=D("0.001"), validity=inclusive_range(None, None)
        )
        for one in (late, row)
    ]
    close(region)
    for place, divided in zip(places, (None, EDGE), strict=True):
        place.fte = D("0.002")
        assert place.correct(reason="x") and place.divided == divided


def test_the_last_closed_year_is_the_edge(region):
    from staffing.models import PositionPeriod

    row = new_position(region, "RAND-3", first=date(2019, 5, 1))
    for year in (2019, 2020):
        close(region, year)
    row.fte = D("0.5")
    assert row.correct(reason="x") and row.divided == date(2021, 1, 1), "2020 is a leap year and ends all the same"
    assert spans(PositionPeriod, row.position)[0][2] == date(2021, 1, 1)
    close(region, 2022)
    later = PositionPeriod.objects.get(position=row.position, validity__startswith=date(2021, 1, 1))
    later.fte = D("0.6")
    assert later.correct(reason="x") and later.divided == EDGE, "2021 is open, but a row has one edge"


def test_vermerke_and_procedures_too(region):
    from staffing.models import Carrier, PlanNote, Procedure

    row, _ = long_post(region)
    shared = {
        "body": region,
        "position": row.position,
        "validity": inclusive_range(date(2022, 10, 1), date(2023, 3, 31)),
    }
    mark = PlanNote(**shared, kind="abolish", text="kw 2024")
    mark.record(reason="Stellenplan")
    look = Procedure(**shared, kind="advertisement")
    first, second = Carrier.objects.filter(body=region)[:2]
    look.record(reason="x", carriers={first: "interested"})
    close(region)
    mark.text = "kw 2025"
    assert mark.record(reason="verschoben") and mark.divided == EDGE
    assert [n.text for n in row.position.plan_notes.all()] == ["kw 2024", "kw 2025"]
    look = Procedure.objects.get(pk=look.pk)
    assert look.record(reason="x", carriers={first: "chosen", second: "withdrawn"}) and look.divided == EDGE
    outcome = [{c.carrier: c.state for c in p.carriers.all()} for p in row.position.procedures.all()]
    assert outcome == [{first: "interested"}, {first: "chosen", second: "withdrawn"}]
    mark.refresh_from_db()
    mark.text = "nur 2022"
    with pytest.raises(ValidationError, match="ist abgeschlossen"):
        mark.record(reason="x")


def test_the_row_of_the_closed_year_stays_as_it_was(region):
    """Shortened at the edge it may be, and something new may begin there; nothing else."""
    row, place = long_post(region)
    close(region)
    for statement in (
        "UPDATE staffing_occupancy SET validity = '[2022-03-01,2022-12-31)' WHERE id = %s",
        "UPDATE staffing_occupancy SET validity = '[2022-03-01,2023-01-01)', fte = 0.5 WHERE id = %s",
        "UPDATE staffing_occupancy SET suspended = '[2022-12-31,2023-02-01)' WHERE id = %s",
        "UPDATE staffing_occupancy SET stands_in_for = 2 WHERE id = %s",
        "DELETE FROM staffing_occupancy WHERE id = %s",
    ):
        with pytest.raises(IntegrityError, match="closed year"):
            sql(statement, place.pk)
    sql("UPDATE staffing_occupancy SET validity = '[2022-03-01,2023-01-01)' WHERE id = %s", place.pk)
    sql("UPDATE staffing_positionperiod SET validity = '[2022-03-01,2023-06-01)' WHERE id = %s", row.pk)


@pytest.mark.parametrize("values", [{"number": "RAND-9"}, {"kind": "onward"}])
def test_number_and_kind_of_a_post_are_frozen(values, region):
    row, _ = long_post(region)
    close(region)
    for name, value in values.items():
        setattr(row.position, name, value)
    assert "ist abgeschlossen" in refused(row.position.save)


def test_the_function_of_a_post_is_frozen(region):
    from staffing.models import Function

    row, _ = long_post(region)
    close(region)
    row.position.function = Function.objects.exclude(pk=row.position.function_id).first()
    assert "ist abgeschlossen" in refused(row.position.save)


def test_weekly_hours_are_frozen_and_addresses_are_free(region):
    from staffing.models import Carrier

    carrier = Carrier.objects.filter(body=region).first()
    new_position(region, "STD-1", first=date(2022, 3, 1), carrier=carrier)
    new_position(region, "STD-2", first=date(2024, 3, 1), carrier=Carrier.objects.create(
        body=region, name="Neu", short_name="Neu", slug="neu", kind="welfare"))  # fmt: skip
    close(region)

    def change(one, **values):
        found = Carrier.objects.get(pk=one.pk)
        for name, value in values.items():
            setattr(found, name, value)
        found.save()

    assert "ist abgeschlossen" in refused(lambda: change(carrier, weekly_hours=D("39.5")))
    assert refused(lambda: change(carrier, street="Neue Straße 1", name="Neuer Name")) == ""
    assert refused(lambda: change(Carrier.objects.get(slug="neu"), weekly_hours=D("39.5"))) == ""
    ClosedYear.objects.get().delete()
    assert refused(lambda: change(carrier, weekly_hours=D("39.5"))) == ""


def test_the_pages_say_from_when_a_correction_counts(login, region):
    row, place = long_post(region, stage="planned")
    close(region)
    browser, url = login(), f"/stellen/{row.position.number}/"
    assert ">Berichtigen<" in browser.get(url).content.decode()
    for page in (url + "berichtigen/", url + "zeitraum/", f"{url}besetzung/1/2022-03-01/"):
        assert KEPT in browser.get(page).content.decode()
    for page in (url + "aendern/", f"{url}besetzung/1/2022-03-01/aendern/", f"{url}besetzung/1/2022-03-01/beenden/"):
        assert KEPT not in browser.get(page).content.decode()
    data = {"fte": "0,75", "carrier": "", "stage": "planned", "assumption": row.assumption, "reason": "x", "version": row.version}  # fmt: skip
    seen = browser.post(url + "berichtigen/", data | {"preview": "1"}).content.decode()
    assert "Noch ist nichts gespeichert" in seen and KEPT in seen
    done = browser.post(url + "berichtigen/", data, follow=True).content.decode()
    assert f"ist berichtigt. {KEPT}" in done and "01.03.2022 bis 31.12.2022" in done
    data = {"validity_0": "01.03.2022", "validity_1": "", "fte": "0,3", "assumption": "x", "reason": "x", "version": place.version}  # fmt: skip
    done = browser.post(f"{url}besetzung/1/2022-03-01/", data, follow=True).content.decode()
    assert f"gespeichert. {KEPT}" in done
