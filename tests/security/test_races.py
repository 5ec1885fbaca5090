"""Many at once, in processes of their own: no edit is lost, nothing is filled or funded twice. Each defence is also
seen to be needed: the same rush without it loses, overlaps, overbooks, funds twice."""

import multiprocessing
import random
import uuid
from contextlib import contextmanager

import psycopg
import pytest

from kim.store import postgres
from tests.helpers import name_of_database, psql, thorough

WORKERS = 8
ACT = """
    SELECT set_config('app.body_ids', '{body}', false), set_config('app.nonpublic', 'on', false),
           set_config('pghistory.context_id', gen_random_uuid()::text, false),
           set_config('pghistory.context_metadata', '{{"user": null}}', false);
"""
FORK = multiprocessing.get_context("fork")


def at_work(body):
    """A connection of the app role's, acting for the body."""
    one = psycopg.connect(
        host=str(postgres.socket_directory()), user="kim_app", dbname=name_of_database(), autocommit=True
    )
    one.execute(ACT.format(body=body))
    return one


def rush(work, body, *arguments):
    """The same work in eight processes that start together; what each returns."""
    from django.db import connections

    gate = FORK.Barrier(WORKERS)
    out = FORK.SimpleQueue()

    def run(number):
        # a connection of its own: what the parent had open must not be spoken to by nine
        given, connections["default"] = connections["default"], connections.create_connection("default")
        connections["default"].settings_dict.update(given.settings_dict)
        gate.wait(20)
        out.put(work(number, body, *arguments))

    people = [FORK.Process(target=run, args=(n,)) for n in range(WORKERS)]
    for one in people:
        one.start()
    for one in people:
        one.join(120)
    assert [one.exitcode for one in people] == [0] * WORKERS
    return [out.get() for _ in people]


@pytest.fixture
def body(django_db_setup, django_db_blocker):
    """A body of its own with ten full posts, committed, and cleared away afterwards."""
    name = uuid.uuid4().hex[:12]
    psql(
        ACT.format(body=0)
        + f"""INSERT INTO kim_body (version, slug, name, article, sender, consultation_heading, paper_numbers, is_trial)
        VALUES (1, '{name}', '{name}', 'die', '', 'x', 'council', true)""",
        database=name_of_database(),
    )
    key = psql(f"SELECT id FROM kim_body WHERE slug = '{name}'", database=name_of_database())[0][0]
    psql(
        ACT.format(body=key)
        + f"""INSERT INTO staffing_position (body_id, version, number, kind, note, file_reference, function_id)
            SELECT {key}, 1, 'R-' || n, 'own', '0', '', (SELECT min(id) FROM staffing_function) FROM generate_series(1, 10) n;
        INSERT INTO staffing_positionperiod (body_id, version, basis_place, assumption, position_id, validity, fte, stage,
            pay_group, fallback_plan, validity_assumption)
            SELECT {key}, 1, '', '', id, '[2023-01-01,)', 1, 'planned', '', '', '' FROM staffing_position WHERE body_id = {key}""",
        database=name_of_database(),
    )
    with django_db_blocker.unblock():
        yield key
    tables = [
        *("grants_funding", "grants_itemrate", "grants_itemterms", "grants_noticeitem", "grants_noticeversion"),
        *("grants_fundingnotice", "kim_source", "staffing_occupancy"),
    ]
    tables += ["staffing_positionperiod", "staffing_position"]
    clear = "".join(f"DELETE FROM {table} WHERE body_id = {key};" for table in tables)
    psql(f"{ACT.format(body=key)} {clear} DELETE FROM kim_body WHERE id = {key}", database=name_of_database())


def posts(body):
    return [key for (key,) in psql(f"SELECT id FROM staffing_position WHERE body_id = {body} ORDER BY id", database=name_of_database())]  # fmt: skip


@contextmanager
def switched_off(off, on):
    """A defence switched off for a while, by the superuser."""
    psql(off, database=name_of_database())  # with nothing pending: a table with pending triggers cannot be altered
    try:
        yield
    finally:
        psql(on, database=name_of_database())


# R4: lost updates


def count_up(number, body, post, edits, careful):
    """Add one to the note of a post, so many times; careful: through the model, again after each conflict."""
    import django

    django.setup()
    from django.core.exceptions import ValidationError

    from kim.models.refusals import db_errors_as_validation
    from kim.store.context import acting
    from staffing.models import Position

    done = tries = 0
    while done < edits:
        tries += 1
        with acting(None, [body]):
            row = Position.objects.get(pk=post)
            value = str(int(row.note) + 1)
            if not careful:
                Position.objects.filter(pk=post).update(note=value)
                done += 1
                continue
            row.note = value
            try:
                with db_errors_as_validation():
                    row.save()
            except ValidationError:
                continue
        done += 1
    return tries


def total(post):
    return int(psql(f"SELECT note FROM staffing_position WHERE id = {post}", database=name_of_database())[0][0])


def test_hundreds_of_edits_of_one_post_lose_none(body):
    """Two thousand with KIM_TESTS=all."""
    post, each = posts(body)[0], thorough(250, 50)
    tries = sum(rush(count_up, body, post, each, True))
    assert total(post) == WORKERS * each < tries


@pytest.mark.counter
def test_without_the_version_edits_are_lost(body):
    post = posts(body)[0]
    rush(count_up, body, post, 60, False)
    assert total(post) < WORKERS * 60


# R6: overlap, over-occupancy


def fill_at_random(number, body, keys, tries, look_first):
    """Occupancies of random posts, places and times; deadlocks and anything unexpected are returned."""
    chance, surprises = random.Random(number), []
    with at_work(body) as one:
        for _ in range(tries):
            start = chance.randint(0, 600)
            values = [
                chance.choice(keys),
                chance.randint(1, 3),
                f"[{start},{start + chance.randint(1, 90)})",
                chance.choice(["0.25", "0.5", "1"]),
            ]
            try:
                occupy(one, body, values, look_first)
            except (psycopg.errors.ExclusionViolation, psycopg.errors.CheckViolation):
                continue
            except psycopg.Error as error:
                surprises.append(type(error).__name__)
    return surprises


SPAN = "daterange('2023-01-01'::date + lower({0}::int4range), '2023-01-01'::date + upper({0}::int4range))"


def occupy(one, body, values, look_first):
    post, slot, span, fte = values
    if look_first:  # what a program does that has no constraint
        taken = one.execute(
            f"SELECT count(*) FROM staffing_occupancy WHERE position_id = %s AND slot = %s AND validity && {SPAN.format('%s')}",
            [post, slot, span, span],
        ).fetchone()[0]
        if taken:
            return
    one.execute(
        "INSERT INTO staffing_occupancy (body_id, version, basis_place, assumption, position_id, slot, validity, fte)"
        f" VALUES (%s, 1, '', '', %s, %s, {SPAN.format('%s')}, %s)",
        [body, post, slot, span, span, fte],
    )


def overlaps(body):
    return psql(
        f"""SELECT count(*) FROM staffing_occupancy a JOIN staffing_occupancy b ON a.position_id = b.position_id
        AND a.slot = b.slot AND a.id < b.id AND a.validity && b.validity WHERE a.body_id = {body}""",
        database=name_of_database(),
    )[0][0]


def overfull_days(body):
    return psql(
        f"""SELECT count(*) FROM (SELECT o.position_id, d, sum(x.fte) FROM staffing_occupancy o
            CROSS JOIN LATERAL (SELECT lower(o.validity) AS d) days
            JOIN staffing_occupancy x ON x.position_id = o.position_id AND x.validity @> d
            WHERE o.body_id = {body} GROUP BY o.id, o.position_id, d HAVING sum(x.fte) > 1) full_days""",
        database=name_of_database(),
    )[0][0]


def occupancies(body):
    return psql(f"SELECT count(*) FROM staffing_occupancy WHERE body_id = {body}", database=name_of_database())[0][0]


def test_four_thousand_occupancies_never_overlap_and_never_overbook(body):
    surprises = rush(fill_at_random, body, posts(body), 500, False)
    assert surprises == [[]] * WORKERS
    assert occupancies(body) > 50 and overlaps(body) == 0 and overfull_days(body) == 0


OVER = "ALTER TABLE staffing_occupancy {} TRIGGER {}"


@pytest.mark.counter
def test_without_constraint_and_trigger_they_overlap_and_overbook(body):
    definition = psql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'occupancy_slot_once'", database=name_of_database())[0][0]  # fmt: skip
    trigger = psql("SELECT tgname FROM pg_trigger WHERE tgrelid = 'staffing_occupancy'::regclass AND tgname LIKE 'pgtrigger_over%'", database=name_of_database())[0][0]  # fmt: skip
    off = f"ALTER TABLE staffing_occupancy DROP CONSTRAINT occupancy_slot_once; {OVER.format('DISABLE', trigger)}"
    on = f"{ACT.format(body=body)} DELETE FROM staffing_occupancy WHERE body_id = {body}; SET CONSTRAINTS ALL IMMEDIATE; {OVER.format('ENABLE', trigger)}; ALTER TABLE staffing_occupancy ADD CONSTRAINT occupancy_slot_once {definition}"
    with switched_off(off, on):
        rush(fill_at_random, body, posts(body), 150, True)
        assert overlaps(body) > 0 and overfull_days(body) > 0


# R6: the same money twice


@pytest.fixture
def items(body):
    """Eight notices of one year, each with an item that can pay for any of the posts."""
    psql(
        ACT.format(body=body)
        + f"""INSERT INTO kim_source (body_id, version, kind, number, title, file_reference, public)
            SELECT {body}, 1, 'notice', 'B' || n, 'Bescheid ' || n, '', false FROM generate_series(1, {WORKERS}) n;
        UPDATE kim_source SET date = '2023-01-01' WHERE body_id = {body};
        INSERT INTO grants_fundingnotice (body_id, version, slug, title, programme_id, instrument, funder, note)
            SELECT {body}, 1, lower(number), title, (SELECT min(id) FROM grants_fundingprogramme), 'grant', 'x', ''
            FROM kim_source WHERE body_id = {body};
        INSERT INTO grants_noticeversion (body_id, version, notice_id, number, source_id, state, validity, amount,
            approximate) SELECT {body}, 1, n.id, 1, s.id, 'granted', '[2023-01-01,2024-01-01)', 1000, false
            FROM grants_fundingnotice n JOIN kim_source s ON s.body_id = n.body_id AND lower(s.number) = n.slug
            WHERE n.body_id = {body};
        INSERT INTO grants_noticeitem (body_id, version, notice_id, kind, function_id, variant, label)
            SELECT {body}, 1, id, 'staff', (SELECT min(id) FROM staffing_function), '', ''
            FROM grants_fundingnotice WHERE body_id = {body};
        INSERT INTO grants_itemterms (body_id, version, item_id, notice_version_id, fte)
            SELECT {body}, 1, i.id, v.id, 1 FROM grants_noticeitem i JOIN grants_noticeversion v USING (notice_id)
            WHERE i.body_id = {body};
        INSERT INTO grants_itemrate (body_id, version, terms_id, validity, amount, per_fte, source)
            SELECT {body}, 1, id, '[2023-01-01,2024-01-01)', 1000, 1, '' FROM grants_itemterms
            WHERE body_id = {body}""",
        database=name_of_database(),
    )
    return [key for (key,) in psql(f"SELECT id FROM grants_noticeitem WHERE body_id = {body} ORDER BY id", database=name_of_database())]  # fmt: skip


def fund(number, body, keys, sources):
    """Pay each post from this worker's own notice."""
    won = 0
    with at_work(body) as one:
        for post in keys * 2:
            try:
                one.execute(
                    "INSERT INTO grants_funding (body_id, version, item_id, position_id, validity) VALUES (%s, 1, %s, %s, '(,)')",
                    [body, sources[number], post],
                )
                won += 1
            except (psycopg.errors.CheckViolation, psycopg.errors.ExclusionViolation):
                continue
    return won


def funded_twice(body):
    return psql(f"SELECT count(*) FROM (SELECT position_id FROM grants_funding WHERE body_id = {body} GROUP BY 1 HAVING count(*) > 1) x", database=name_of_database())[0][0]  # fmt: skip


def test_eight_notices_never_pay_for_the_same_post(body, items):
    won = rush(fund, body, posts(body), items)
    assert sum(won) == len(posts(body)) and funded_twice(body) == 0


@pytest.mark.counter
def test_without_the_lock_a_post_is_paid_twice(body, items):
    source = psql(
        "SELECT pg_get_functiondef(tgfoid) FROM pg_trigger WHERE tgrelid = 'grants_funding'::regclass"
        " AND tgname LIKE 'pgtrigger_funded_twice%'",
        database=name_of_database(),
    )[0][0]
    assert "FOR NO KEY UPDATE" in source
    found = 0
    with switched_off(source.replace("FOR NO KEY UPDATE", ""), source):
        for _ in range(20):
            rush(fund, body, posts(body), items)
            found += funded_twice(body)
            psql(
                f"{ACT.format(body=body)} DELETE FROM grants_funding WHERE body_id = {body}",
                database=name_of_database(),
            )
            if found:
                break
    assert found > 0
