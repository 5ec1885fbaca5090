"""Kenntnisstand: the same queries, answered from the history; the same as a naive replay of everything that was done."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grants.figures.allocation import by_carrier
from grants.figures.neutrality import of_year
from kim.history.knowledge import known_at
from kim.history.preview import rolled_back
from kim.history.trail import tracked_models
from staffing.models import PositionPeriod
from tests.helpers import new_position, sql

MARCH = date(2023, 3, 1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def now():
    return sql("SELECT clock_timestamp()")[0][0]


def numbers(body):
    return {r.name: r.fte.plain() for r in by_carrier(body, MARCH).rows}


def test_every_table_with_a_history_can_be_seen_as_known(region):
    """Read now, the views hold what the tables hold, column by column: also what the history itself does not keep."""
    with known_at(now() + timedelta(days=1)):
        for model in tracked_models().values():
            table = model._meta.db_table
            columns = ", ".join(f'"{f.column}"' for f in model._meta.local_concrete_fields)
            real, known = (sql(f"SELECT {columns} FROM {schema}.{table} ORDER BY id") for schema in ("public", "kim_known"))  # fmt: skip
            # what a flush between tests took away left no event; it is no row of the table either
            there = {row[0] for row in sql(f"SELECT id FROM public.{table}")}
            key = [f.column for f in model._meta.local_concrete_fields].index("id")
            assert [row for row in known if row[key] in there] == real, table
    assert len(tracked_models()) > 30


def test_figures_of_then(region):
    before = numbers(region)
    moment = datetime(2021, 1, 1, tzinfo=UTC)
    shift(moment, everything=True)  # what is loaded was known then
    row = PositionPeriod.objects.get(position__number="CM-10")
    row.fte = D("2.0")
    row.correct(reason="Tippfehler")
    now_ = numbers(region)
    assert now_ != before
    with known_at(moment + timedelta(days=1)):
        assert numbers(region) == before
    with known_at(LONG_AGO):
        assert numbers(region) == {} and of_year(region, MARCH) == []
    assert numbers(region) == now_, "afterwards everything is as it was"


def test_nothing_can_be_written(region):
    row = PositionPeriod.objects.get(position__number="CM-10")
    with pytest.raises(DatabaseError), transaction.atomic(), known_at(now()):
        PositionPeriod.objects.filter(pk=row.pk).update(fte=9)


def test_the_pages(login, bodies):
    reader = login("pruefung")
    for url in ("/zuwendungen/stellenverteilung/", "/haushalt/kostenneutralitaet/", "/stellen/CM-10/"):
        assert "Was war bekannt am" in reader.get(url).content.decode()
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%d.%m.%Y")
        page = reader.get(f"{url}?kenntnisstand={tomorrow}")
        assert page.status_code == 200 and "bekannt war (Kenntnisstand)" in page.content.decode()
    assert "CM-10" not in reader.get("/zuwendungen/stellenverteilung/?kenntnisstand=01.01.2020").content.decode()
    assert reader.get("/stellen/CM-10/?kenntnisstand=01.01.2020").status_code == 404
    clerk = login()
    page = clerk.get("/stellen/CM-10/?kenntnisstand=31.12.2098").content.decode()
    assert "Berichtigen" not in page and "Was war bekannt am" not in page
    assert clerk.post("/stellen/CM-10/berichtigen/?kenntnisstand=31.12.2098", {}).status_code == 403
    for wrong in ("quatsch", "31.02.2023", "01.03.2023 25:00"):
        assert reader.get(f"/zuwendungen/stellenverteilung/?kenntnisstand={wrong}").status_code == 400
    other = reader.get("/kommunen/?kenntnisstand=31.12.2098")
    assert other.status_code == 400 and "ohne Kenntnisstand" in other.content.decode()


STEPS = st.lists(st.tuples(st.sampled_from(["change", "correct"]), st.integers(1, 11), st.sampled_from([1, 2, 3])), max_size=6)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_both_time_axes_equal_a_naive_replay(region, steps):
    """After each step the plan of every month is written down; later, each Kenntnisstand shows exactly that plan."""
    months = [date(2023, month, 1) for month in range(1, 13)]

    def plan(post):
        rows = list(PositionPeriod.objects.filter(position=post))
        return [next((r.fte for r in rows if day in r.validity), None) for day in months]

    with rolled_back():
        post = new_position(region, "RND-2", first=months[0], last=None).position
        moment = datetime(2021, 1, 1, tzinfo=UTC)
        shift(moment)
        remembered = [(moment, plan(post))]
        for act, month, fte in steps:
            day = months[month]
            row = PositionPeriod.objects.as_of(day).get(position=post)
            row.fte = D(fte)
            if act == "correct" or row.validity.lower == day:
                row.correct(reason="x")
            else:
                row.change_from(day, reason="x")
            moment += timedelta(days=1)
            shift(moment)
            remembered.append((moment, plan(post)))
        for when, expected in remembered:
            with known_at(when + timedelta(hours=1)):
                assert plan(post) == expected
            with known_at(when - timedelta(hours=1)):
                earlier = [p for w, p in remembered if w < when]
                assert plan(post) == (earlier[-1] if earlier else [None] * 12)


def shift(moment, *, everything=False):
    """What this transaction has just done, or all that was ever done, happened then (as the owner: nobody else can
    touch an event)."""
    tables = (
        ["staffing_position", "staffing_positionperiod"]
        if not everything
        else [m._meta.db_table for m in tracked_models().values()]
    )
    since = "'-infinity'" if everything else "now()"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL ROLE kim_owner")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table}event DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table}event SET pgh_created_at = %s WHERE pgh_created_at >= {since}", [moment])
            cursor.execute(f"ALTER TABLE {table}event ENABLE TRIGGER USER")
        cursor.execute("SET LOCAL ROLE kim_app")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
