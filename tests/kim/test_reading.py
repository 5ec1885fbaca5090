"""What is read once within a stretch of reading is not read again, and never stays when something has changed."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kim.figures import CATALOGUE
from kim.history.knowledge import known_at
from kim.history.preview import preview
from kim.store import reading as module
from kim.store.reading import reading
from staffing.models import PositionPeriod

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
