"""What is read once within a stretch of reading is not read again, and never stays when something has changed."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kim.figures import CATALOGUE, read
from kim.figures.tokens import find_objects
from kim.history.knowledge import known_at
from kim.history.preview import preview
from kim.store import reading as module
from kim.store.context import acting
from kim.store.reading import reading
from kim.studio.consequences import consequences, effects
from staffing.models import Position, PositionPeriod

DAY = date(2023, 3, 1)


def size(body):
    return CATALOGUE["position.fte"].asked(body, {"position": "CM-01"}, day=DAY).amount


def queries(body):
    with CaptureQueriesContext(connection) as found:
        size(body)
    return len(found)


def enlarge():
    PositionPeriod.objects.filter(position__number="CM-01").update(fte="0.625")


def test_within_it_is_read_once_and_outside_each_time(region):
    assert queries(region) == queries(region) > 0
    with reading():
        assert queries(region) > 0
        assert queries(region) == 0
        with reading():  # one within another remembers with it
            assert queries(region) == 0
    assert queries(region) > 0


def test_a_write_a_lock_and_a_setting_let_everything_be_forgotten(region):
    with reading():
        before = size(region)
        enlarge()
        assert str(size(region)) == "0.625" != str(before)
        list(PositionPeriod.objects.filter(position__number="CM-01").select_for_update(of=("self",)))
        assert queries(region) > 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.nothing', 'x', true)")
        assert queries(region) > 0
        assert queries(region) == 0


def test_before_and_after_differ_also_within_one_stretch(region):
    with reading():
        before, after = preview(enlarge, lambda: size(region))
        assert str(before) == "1.000" and str(after) == "0.625"
        assert str(size(region)) == "1.000"


def totals(body, day=DAY):
    """Figures of a body on a day that read the same rows."""
    return [
        str(CATALOGUE[name](body=body, day=day).derivation.value)
        for name in ("allocation.by_carrier", "occupancy.status")
    ] + [str(CATALOGUE["positions.total"](body=body, day=day, kind=kind).value) for kind in ("", "own")]


def alone(*asked):
    """The same figures, each asked by itself: nothing is remembered."""
    return [totals(*one) for one in asked]


def test_two_staende_and_two_bodies_in_one_stretch(bodies):
    region, district = bodies["staedteregion-aachen"], bodies["weidenkreis"]
    asked = [(region, DAY), (region, date(2022, 3, 1)), (district, DAY), (district, date(2022, 3, 1))]
    with acting(None, [region.pk, district.pk]):
        wanted = alone(*asked)
        with reading():
            assert [totals(*one) for one in (*asked, *asked)] == wanted * 2
    assert len({tuple(one) for one in wanted}) >= 3


@pytest.mark.counter
def test_if_the_memo_took_one_day_for_another_it_would_be_seen(region, monkeypatch):
    class Confused(dict):
        def __contains__(self, key):
            return dict.__contains__(self, key[0])

        def __getitem__(self, key):
            return dict.__getitem__(self, key[0])

        def __setitem__(self, key, value):
            dict.__setitem__(self, key[0], value)

    wanted = alone((region, DAY), (region, date(2022, 3, 1)))
    monkeypatch.setattr(module, "Memo", Confused)
    with reading():
        assert [totals(region, DAY), totals(region, date(2022, 3, 1))] != wanted


def test_a_write_between_two_figures_of_a_request_is_in_the_second(region):
    """The saving of a Berichtigung asks for its consequences before and after, within one request."""
    before = consequences(region, DAY)
    with reading():
        row = PositionPeriod.objects.get(position__number="CM-01")
        row.fte = Decimal("0.625")
        row.correct(reason="Test")
        moved = effects(before, consequences(region, DAY))
        assert moved and totals(region)[0] == totals(region)[0] != "684000.00"
        assert effects(before, consequences(region, DAY)) == moved
    assert any("0,375" in line["change"] for _, lines in moved for line in lines)


def test_what_is_found_together_is_known_one_by_one(region):
    with reading():
        find_objects(region, ["{{position.fte position=CM-01}} {{positions.distribution positions=CM-02,CM-99}}"])
        with CaptureQueriesContext(connection) as found:
            posts = [read("position", Position, number, region) for number in ("CM-01", "CM-02")]
        assert [str(one) for one in posts] == ["CM-01", "CM-02"] and len(found) == 0
        with pytest.raises(ValidationError, match="CM-99"):
            read("position", Position, "CM-99", region)
        Position.objects.filter(number="CM-02").update(file_reference="neu")
        assert read("position", Position, "CM-02", region).file_reference == "neu"


def test_another_moment_of_knowledge_is_other_data(region):
    with CaptureQueriesContext(connection) as found, reading():
        size(region)
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (now,) = cursor.fetchone()
        enlarge()
        with known_at(now):
            assert str(size(region)) == "1.000"
        assert str(size(region)) == "0.625"
    assert len(found) > 3


def test_a_page_that_is_read_shows_what_was_saved_before_it(login, region):
    browser = login()
    assert "0,625" not in browser.get("/stellen/CM-01/").content.decode()
    enlarge()
    assert "0,625" in browser.get("/stellen/CM-01/").content.decode()


@pytest.mark.counter
def test_without_forgetting_an_old_figure_would_stay(region, monkeypatch):
    class Faithful(dict):
        def clear(self):
            """Nothing is forgotten."""

    monkeypatch.setattr(module, "Memo", Faithful)
    with reading():
        before = size(region)
        enlarge()
        assert size(region) == before
