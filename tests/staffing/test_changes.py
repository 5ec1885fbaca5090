"""Posts in time: changes from a day, places that are filled and end, Vermerke; equal to a naive day-by-day replay."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kim.history.preview import rolled_back
from kim.values.periods import half_open_range, inclusive_range
from staffing.models import Municipality, Occupancy, PlanNote, Position, PositionPeriod
from tests.helpers import new_position, sql, thorough

NEW_YEAR, MARCH, JULY = date(2023, 1, 1), date(2023, 3, 1), date(2023, 7, 1)


def facts(number, day=MARCH):
    return PositionPeriod.objects.as_of(day).get(position__number=number)


# Änderung zum Stichtag


def test_a_change_from_a_day_leaves_what_was_before(region):
    row = facts("CM-07")
    row.fte = D("1.0")
    later = row.change_from(JULY, reason="laut Änderungsbescheid", municipalities=[Municipality.objects.get(slug="roetgen")])  # fmt: skip
    before, after = PositionPeriod.objects.filter(position__number="CM-07").order_by("validity")
    assert (before.fte, before.validity.upper, after.fte, after.validity) == (
        D("0.5"),
        JULY,
        D(1),
        half_open_range(JULY),
    )
    assert later == after and after.municipality_names() == ["Roetgen"]
    assert before.municipality_names() == ["Roetgen", "Simmerath"] and before.basis
    assert after.basis is None and after.assumption == "Änderung ab 01.07.2023: laut Änderungsbescheid"
    assert after.events.first().pgh_context["act"] == "Änderung ab 01.07.2023"


def test_beratungsorte_come_along(region):
    row = facts("CM-16")
    row.stage = "advertised"
    later = row.change_from(JULY, reason="ausgeschrieben")
    assert [str(p) for p in later.locations.all()] == [str(p) for p in facts("CM-16").locations.all()] != []


@pytest.mark.parametrize("day", [date(2022, 1, 1), date(2021, 12, 31)])
def test_a_change_from_the_first_day_is_a_correction(day, region):
    with pytest.raises(ValidationError, match="ist eine Berichtigung"):
        facts("CM-07").change_from(day, reason="x")


def test_somebody_else_was_faster(region):
    row, other = facts("CM-07"), facts("CM-07")
    other.pay_group = "EG 9b"
    other.correct(reason="fehlte")
    row.fte = D("1.0")
    with pytest.raises(ValidationError, match="Inzwischen"):
        row.change_from(JULY, reason="zu spät")


def test_the_page_shows_what_follows_and_says_which_of_both_it_is(login, region):
    browser = login()
    page = browser.get("/stellen/CM-01/aendern/").content.decode()
    assert "Eine <strong>Änderung</strong> gilt ab einem Tag" in page and 'value="01.03.2023"' in page
    assert "Eine <strong>Berichtigung</strong>" in browser.get("/stellen/CM-01/berichtigen/").content.decode()
    row = facts("CM-01")
    data = {
        "day": "01.07.2023", "fte": "0,5", "carrier": row.carrier_id, "stage": row.stage, "basis": row.basis_id,
        "basis_place": row.basis_place, "assumption": row.assumption, "reason": "Teilzeit", "version": row.version,
    }  # fmt: skip
    seen = browser.post("/stellen/CM-01/aendern/", data | {"preview": "1"}).content.decode().replace("\u00a0", " ")
    assert "14.250,00 €" in seen and facts("CM-01", JULY).fte == 1
    done = browser.post("/stellen/CM-01/aendern/", data, follow=True).content.decode().replace("\u00a0", " ")
    assert "geändert ab 01.07.2023" in done and "0,00 € → 14.250,00 €" in done
    assert (facts("CM-01").fte, facts("CM-01", JULY).fte) == (D(1), D("0.5"))
    early = browser.post("/stellen/CM-01/aendern/", data | {"day": "01.01.2023", "version": facts("CM-01").version})
    assert early.status_code == 422 and "ist eine Berichtigung" in early.content.decode()


def test_the_range_can_be_corrected(login, region):
    browser, row = login(), facts("CM-15")
    page = browser.get("/stellen/CM-15/zeitraum/").content.decode()
    assert 'value="01.03.2023"' in page
    data = {"validity_0": "01.04.2023", "validity_1": "", "validity_assumption": "", "reason": "später", "version": row.version}  # fmt: skip
    assert browser.post("/stellen/CM-15/zeitraum/", data).status_code == 302
    assert not PositionPeriod.objects.as_of(MARCH).filter(position__number="CM-15").exists()
    data |= {"validity_0": "01.05.2023", "validity_1": "30.04.2023"}
    assert browser.post("/stellen/CM-15/zeitraum/?stand=01.05.2023", data).status_code in {409, 422}


# Besetzung


def fill(post, places, fte, first, last=None, **more):
    facts_ = {"fte": D(fte), "validity": inclusive_range(first, last), "assumption": "x"} | more
    return Occupancy.fill(post, places, reason="Zusage", **facts_)


def test_three_places_at_once(login, region):
    browser = login()
    post = Position.objects.get(number="CM-10")
    Occupancy.objects.filter(position=post).delete()
    data = {"validity_0": "01.03.2023", "validity_1": "", "places": "3", "fte": "0,5", "reason": "drei Fachkräfte", "version": "1", "previous_programme": "on"}  # fmt: skip
    done = browser.post("/stellen/CM-10/besetzung/neu/", data, follow=True).content.decode()
    assert "Plätze 1, 2 und 3 besetzt" in done and "zuvor anderes Landesprogramm" in done
    found = Occupancy.objects.filter(position=post)
    assert [(o.slot, o.fte, o.validity.lower) for o in found] == [(n, D("0.5"), MARCH) for n in (1, 2, 3)]
    more = browser.post("/stellen/CM-10/besetzung/neu/", data | {"places": "1"})
    assert more.status_code == 422 and "höher als der Umfang" in more.content.decode()
    for wrong in ("x", "0", "1,5", "99"):
        assert browser.post("/stellen/CM-10/besetzung/neu/", data | {"places": wrong}).status_code == 422


def test_a_place_ends_and_the_next_one_begins(login, region):
    browser = login()
    url = "/stellen/CM-09/besetzung/1/ohne-beginn/"
    row = Occupancy.objects.get(position__number="CM-09")
    data = {"validity_0": "", "validity_1": "30.06.2023", "fte": "0,5", "suspended_0": "01.04.2023", "suspended_1": "30.04.2023", "basis": row.basis_id, "basis_place": row.basis_place, "reason": "Kündigung", "version": row.version}  # fmt: skip
    assert browser.post(url, data).status_code == 302
    page = " ".join(browser.get("/stellen/CM-09/?stand=15.04.2023").content.decode().split())
    assert "<td> ruhend </td>" in page and "ruhend 01.04.2023 bis 30.04.2023" in page
    assert "beendet" in browser.get("/stellen/CM-09/?stand=01.07.2023").content.decode()
    fill(row.position, 1, "0.5", JULY)
    assert [o.slot for o in Occupancy.objects.filter(position=row.position)] == [1, 2], "somebody else"
    row.refresh_from_db()
    late = data | {"suspended_0": "01.08.2023", "suspended_1": "", "version": row.version}
    refused = browser.post(url, late)
    assert refused.status_code == 422 and "nur, solange er besetzt ist" in refused.content.decode()


# Vermerke


def test_nobody_begins_on_a_blocked_post(login, region):
    browser, post = login(), Position.objects.get(number="CM-15")
    data = {"kind": "block", "validity_0": "01.03.2023", "validity_1": "30.06.2023", "text": "Haushaltssperre", "assumption": "Verfügung", "reason": "Sperre", "version": "1"}  # fmt: skip
    page = browser.post("/stellen/CM-15/vermerk/neu/", data, follow=True).content.decode()
    assert "Sperrvermerk" in page and "Haushaltssperre" in page
    for first in (MARCH, date(2023, 6, 30), None):
        with pytest.raises(ValidationError, match="Sperrvermerk"):
            fill(post, 1, "0.5", first)
    fill(post, 1, "0.5", JULY)
    with pytest.raises(IntegrityError, match="blocked"):
        sql("UPDATE staffing_occupancy SET validity = '[2023-05-01,)' WHERE position_id = %s", post.pk)
    with pytest.raises(IntegrityError, match="blocked"), transaction.atomic():
        PlanNote.objects.create(
            body=region, position=post, kind="block", validity=half_open_range(JULY), assumption="x"
        )
    url = "/stellen/CM-15/vermerk/sperrvermerk/2023-03-01/"
    version = PlanNote.objects.get().version
    assert browser.post(url, data | {"validity_1": "31.03.2023", "version": version}).status_code == 302
    removed = browser.post(url + "loeschen/", {"reason": "Irrtum", "version": version + 1}, follow=True)
    assert "ist gelöscht" in removed.content.decode() and not PlanNote.objects.exists()


def test_who_was_there_before_stays_when_a_post_is_blocked(region):
    post = Position.objects.get(number="CM-09")
    PlanNote.objects.create(body=region, position=post, kind="block", validity=half_open_range(MARCH), assumption="x")
    assert Occupancy.objects.filter(position=post).as_of(JULY).exists()


def test_nobody_grows_or_stays_on_while_a_post_is_blocked(region):
    post = Position.objects.get(number="CM-16")
    (place,) = fill(post, 1, "0.5", MARCH, date(2023, 3, 31))
    PlanNote.objects.create(
        body=region,
        position=post,
        kind="block",
        validity=inclusive_range(date(2023, 4, 1), date(2023, 6, 30)),
        assumption="x",
    )
    for values in ({"validity": half_open_range(MARCH)}, {"validity": inclusive_range(MARCH, date(2023, 5, 1))}):
        with pytest.raises(IntegrityError, match="blocked"), transaction.atomic():
            Occupancy.objects.filter(pk=place.pk).update(**values)
    (other,) = fill(Position.objects.get(number="CM-17"), 1, "0.5", MARCH)
    PlanNote.objects.create(
        body=region, position=other.position, kind="block", validity=half_open_range(JULY), assumption="x"
    )
    with pytest.raises(IntegrityError, match="blocked"), transaction.atomic():
        Occupancy.objects.filter(pk=other.pk).update(fte=D(1))
    Occupancy.objects.filter(pk=other.pk).update(validity=inclusive_range(MARCH, date(2023, 7, 31)))


def test_an_unchanged_form_splits_nothing(region):
    row = facts("CM-07")
    same = row.change_from(JULY, reason="nichts", municipalities=[s.municipality for s in row.served.all()])
    assert same.validity == row.validity and PositionPeriod.objects.filter(position__number="CM-07").count() == 1
    row.stage = "advertised"
    assert row.change_from(JULY, reason="ausgeschrieben").basis == row.basis, "the document still says its VZÄ"


@pytest.mark.counter
def test_without_the_trigger_a_blocked_post_is_filled(region, owner):
    post = Position.objects.get(number="CM-15")
    PlanNote.objects.create(body=region, position=post, kind="block", validity=half_open_range(MARCH), assumption="x")
    names = sql("SELECT tgname FROM pg_trigger WHERE tgrelid = 'staffing_occupancy'::regclass")
    name = next(n for (n,) in names if n.startswith("pgtrigger_may_begin"))
    with owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE staffing_occupancy DISABLE TRIGGER {name}")
    assert fill(post, 1, "0.5", MARCH)


# a naive replay

DAYS = [NEW_YEAR + timedelta(days=n) for n in range(0, 360, 30)]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["change", "correct", "end"]),
        st.sampled_from(DAYS[1:]),
        st.sampled_from([D("0.5"), D(1), D("1.5")]),
    ),
    max_size=8,
)


def replayed(acts):
    """{day: FTE or None} by writing every day anew; what a range is, is told by a number that changes with it."""
    ranges, plan = 0, dict.fromkeys(DAYS, (D(1), 0))
    for act, day, fte in acts:
        here = plan[day]
        if here is None:
            continue
        same = [d for d in DAYS if plan[d] and plan[d][1] == here[1]]
        if act == "correct":
            plan |= dict.fromkeys(same, (fte, here[1]))
        elif act == "end" and day > same[0]:
            plan |= {d: None for d in same if d >= day}
        elif act == "change" and day > same[0] and fte != here[0]:
            ranges += 1
            plan |= {d: (fte, ranges) for d in same if d >= day}
    return {day: value and value[0] for day, value in plan.items()}


@settings(max_examples=thorough(60, 25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_random_changes_equal_a_replay_day_by_day(region, acts):
    with rolled_back():
        first = new_position(region, "RND-1", first=NEW_YEAR)
        for act, day, fte in acts:
            row = PositionPeriod.objects.as_of(day).filter(position=first.position).first()
            if row is None:
                continue
            if act == "end":
                if day > row.validity.lower:
                    row.end(day)
            elif act == "correct":
                row.fte = fte
                row.correct(reason="x")
            elif day > row.validity.lower:
                row.fte = fte
                row.change_from(day, reason="x")
        found = {}
        for day in DAYS:
            rows = list(PositionPeriod.objects.as_of(day).filter(position=first.position))
            assert len(rows) <= 1
            found[day] = rows[0].fte if rows else None
        assert found == replayed(acts)
