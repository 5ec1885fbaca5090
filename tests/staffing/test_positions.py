"""Posts in time and their occupancy: what the database refuses, also when two act at once."""

import multiprocessing
from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kim.history.preview import rolled_back
from kim.models.refusals import db_errors_as_validation
from kim.values.periods import inclusive_range
from staffing.figures.occupancy import PARTS, period_of, status
from staffing.models import BodyMunicipality, Carrier, Municipality, Occupancy, Position, PositionPeriod, Stage, Status
from tests.helpers import name_of_database, new_position, psql, sql

DAY = date(2023, 3, 1)


def of_day(body, day=DAY):
    return PositionPeriod.objects.filter(body=body).as_of(day).with_occupancy(day)


def test_the_ruled_status_of_posts_with_third_parties(region, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = status(region, DAY, "onward").as_json()
    found.pop("derivation")
    assert found == {
        "filled": "3.000",
        "advertised": "0.000",
        "advertising_planned": "0.500",
        "open": "2.500",
        "not_stated": "0.000",
        "committed": "3.500",
    }
    own = status(region, DAY, "own").as_json()
    assert (own["not_stated"], own["committed"], own["open"]) == ("6.000", "0.000", "0.000")


def test_what_is_assumed_says_so(region):
    filled = status(region, DAY, "onward").filled
    assumed = [o for o in filled.operands if o.kind == "annahme"]
    said = [o for o in filled.operands if o.kind == "beleg"]
    assert {o.label.split(",")[0] for o in assumed} == {"CM-07", "CM-08"}
    assert sum(o.amount for o in assumed) == D("1.000")
    assert sum(o.amount for o in said) == D("2.000")
    assert all("richtete ein" in o.source for o in assumed)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("CM-01", Status.NOT_STATED),
        ("CM-10", Status.FILLED),
        ("CM-11", Status.ADVERTISING_PLANNED),
        ("CM-15", Status.VACANT),
        ("CM-17", Status.UNASSIGNED),
    ],
)
def test_status_is_derived(region, number, shown):
    assert of_day(region).get(position__number=number).status == shown


def test_a_partly_filled_post(region):
    row = new_position(region, "T-1", "1.0", stage=Stage.ADVERTISED)
    Occupancy.objects.create(body=region, position=row.position, slot=1, fte=D("0.25"))
    found = of_day(region).get(pk=row.pk)
    assert (found.status, found.filled, found.advertised, found.committed) == (
        Status.PARTLY,
        D("0.25"),
        D("0.75"),
        D("1.00"),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.integers(1, 2000),
            st.integers(0, 1000),
            st.sampled_from(Stage.values),
            st.sampled_from(["own", "onward"]),
        ),
        max_size=6,
    )
)
def test_the_parts_always_add_up_to_all_posts(region, posts):
    with rolled_back():
        for n, (size, share, stage, kind) in enumerate(posts):
            row = new_position(region, f"H-{n}", str(D(size) / 1000), kind, stage=stage)
            filled = (D(size) * share / 1000).quantize(D(1)) / 1000
            if filled:
                Occupancy.objects.create(body=region, position=row.position, slot=1, fte=filled)
        for kind in ("", "own", "onward"):
            found = status(region, DAY, kind)
            everything = sum((r.fte for r in of_day(region) if not kind or r.position.kind == kind), D(0))
            assert sum(getattr(found, part).amount for part in PARTS) == everything == found.derivation.amount
            assert found.committed.amount <= everything


def test_over_occupancy_is_refused(region):
    row = PositionPeriod.objects.get(position__number="CM-09")
    with pytest.raises(ValidationError, match="Besetzung wäre höher"), db_errors_as_validation():
        Occupancy.objects.create(body=region, position=row.position, slot=2, fte=D("0.5"))


def test_shrinking_a_post_below_its_occupancy_is_refused(region):
    row = PositionPeriod.objects.get(position__number="CM-10")
    row.fte = D("1.0")
    with pytest.raises(ValidationError, match="nicht unter ihre Besetzung verkleinern"):
        row.correct(reason="Probe")
    assert PositionPeriod.objects.get(pk=row.pk).fte == D("1.5")


def test_an_occupancy_outside_the_posts_time_is_refused(region):
    row = new_position(region, "T-2", "1.0", first=date(2023, 1, 1), last=date(2023, 6, 30))
    with pytest.raises(ValidationError, match="außerhalb ihrer Laufzeit"), db_errors_as_validation():
        Occupancy.objects.create(
            body=region, position=row.position, slot=1, fte=D("0.5"), validity=inclusive_range(date(2023, 6, 1), None)
        )


def test_an_occupancy_does_not_reach_back_before_its_post(region):
    """ "Beginn nicht angegeben" is no beginning before the post."""
    found = status(region, date(2021, 6, 1)).as_json()
    assert (found["filled"], found["committed"]) == ("0.000", "0.000")
    from staffing.figures.occupancy import persons

    with pytest.raises(ValidationError, match="CM-10 gibt es am"):
        persons(Position.objects.get(number="CM-10"), date(2021, 6, 1))


def test_facts_stay_with_their_post(region):
    other = Position.objects.get(number="CM-01")
    with pytest.raises(ValidationError, match="nicht auf eine andere Stelle"), db_errors_as_validation():
        Occupancy.objects.filter(position__number="CM-10", slot=1).update(position=other)
    post = Position.objects.get(number="CM-09").pk
    sql(
        "DELETE FROM staffing_servedmunicipality WHERE period_id IN"
        " (SELECT id FROM staffing_positionperiod WHERE position_id = %s)",
        post,
    )
    with pytest.raises(ValidationError, match="Besetzung wäre höher"), db_errors_as_validation():
        sql("DELETE FROM staffing_positionperiod WHERE position_id = %s", post)


def test_two_periods_of_a_post_do_not_overlap(region):
    row = PositionPeriod.objects.get(position__number="CM-12")
    again = PositionPeriod(
        body=region, position=row.position, fte=D(1), validity=inclusive_range(date(2023, 2, 28), None), stage="planned"
    )
    with pytest.raises(ValidationError, match="steht zu der Stelle schon eine Angabe"):
        again.full_clean()
    with pytest.raises(ValidationError, match="steht zu der Stelle schon eine Angabe"), db_errors_as_validation():
        again.save()
    again.validity = inclusive_range(date(2023, 3, 1), None)
    again.full_clean()


def test_one_place_is_filled_once_at_a_time(region):
    position = Position.objects.get(number="CM-10")
    with (
        pytest.raises(ValidationError, match="Dieser Platz ist in dieser Zeit schon besetzt"),
        db_errors_as_validation(),
    ):
        Occupancy.objects.create(body=region, position=position, slot=1, fte=D("0.001"))


def test_only_municipalities_of_the_body_are_served(city):
    row = PositionPeriod.objects.get(position__number="KO-01")
    alsdorf = Municipality.objects.get(slug="alsdorf")
    with pytest.raises(ValidationError, match="gehört nicht zu dieser Körperschaft"):
        row.correct(reason="Probe", municipalities=[alsdorf])


def test_serving_other_municipalities_is_a_new_version(region):
    row = PositionPeriod.objects.get(position__number="CM-08")
    before = row.version
    row.correct(reason="Probe", municipalities=[Municipality.objects.get(slug="roetgen")])
    row.refresh_from_db()
    assert (row.version, row.municipality_names()) == (before + 1, ["Roetgen"])


def test_a_carrier_of_another_body_is_refused(bodies):
    from kim.store.context import acting

    one, two = bodies["staedteregion-aachen"], bodies["stadt-aachen"]
    with acting(None, [one.pk, two.pk]):
        row = PositionPeriod.objects.get(position__number="CM-08", body=one)
        row.carrier = Carrier.objects.get(body=two)
        with pytest.raises(ValidationError, match="gehört zu einer anderen Körperschaft"):
            row.full_clean()
        with pytest.raises(ValidationError, match="gehört zu einer anderen Körperschaft"), db_errors_as_validation():
            row.save()


def test_names_sort_as_in_a_german_telephone_book(region):
    for name in ("Öhringen", "Zülpachtal", "Ahlental", "Übach", "Straßfurt"):
        Municipality.objects.create(ags=f"9{abs(hash(name)) % 10**7:07}", name=name, short_name=name, slug=name.lower())
    wanted = ("Öhringen", "Zülpachtal", "Ahlental", "Übach", "Aachen", "Alsdorf")
    names = list(Municipality.objects.filter(name__in=wanted).values_list("name", flat=True))
    assert names == [
        "Aachen",
        "Ahlental",
        "Alsdorf",
        "Öhringen",
        "Übach",
        "Zülpachtal",
    ]


def test_what_held_last_before_a_day(region):
    position = Position.objects.get(number="CM-12")
    assert period_of(position, DAY, "before").fte == D("0.5")
    with pytest.raises(ValidationError, match=r"CM-12 gibt es am 01\.03\.2023 nicht"):
        period_of(position, DAY)
    assert period_of(position, date(2023, 2, 28)).served_label() == "Alsdorf"


def test_names_in_sentences(region):
    forms = Carrier.objects.get(slug="caritas-eifel").forms()
    assert forms["nominative"] == "der Caritasverband für die Region Eifel e. V."
    assert forms["accusative"] == "den Caritasverband für die Region Eifel e. V."
    assert forms["dative"] == "dem Caritasverband für die Region Eifel e. V."
    drk = Carrier.objects.get(slug="drk").forms()
    assert drk["nominative"].startswith("das Deutsche Rote Kreuz") and "dative" not in drk
    assert BodyMunicipality.objects.filter(body=region).count() == 10


# Two at once, in processes of their own, on a body of their own that is left behind.

SETUP = """
    SELECT set_config('app.body_ids', '{body}', false), set_config('pghistory.context_id', gen_random_uuid()::text, false),
           set_config('pghistory.context_metadata', '{{"user": null}}', false)"""


def fill(arguments):
    """Fill half of a half post; True if the database took it."""
    import psycopg

    from kim.store import postgres

    body, position, slot, barrier_time = arguments
    import time

    with psycopg.connect(host=str(postgres.socket_directory()), user="kim_app", dbname=name_of_database()) as one:
        one.execute(SETUP.format(body=body))
        one.execute(
            "INSERT INTO staffing_occupancy (body_id, version, basis_place, assumption, position_id, slot, validity, fte)"
            " VALUES (%s, 1, '', '', %s, %s, '(,)', 0.5)",
            [body, position, slot],
        )
        time.sleep(max(0, barrier_time - time.time()))
        try:
            one.commit()
        except psycopg.errors.CheckViolation:
            return False
    return True


def race(body, pairs):
    import time

    taken = []
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        for position in pairs:
            at = time.time() + 0.05
            taken.append(pool.map(fill, [(body, position, 1, at), (body, position, 2, at)], chunksize=1))
    return taken


@pytest.fixture
def half_posts(django_db_setup, django_db_blocker):
    """Ten posts of 0,5 in a body of their own, committed."""
    import uuid

    name = uuid.uuid4().hex[:12]
    psql(
        SETUP.format(body=0)
        + f""";INSERT INTO kim_body (version, slug, name, article, sender, consultation_heading, paper_numbers, is_trial)
        VALUES (1, '{name}', '{name}', 'die', '', 'x', 'council', true)""",
        database=name_of_database(),
    )
    body = psql(f"SELECT id FROM kim_body WHERE slug = '{name}'", database=name_of_database())[0][0]
    psql(
        SETUP.format(body=body)
        + f"""; INSERT INTO staffing_position (body_id, version, number, kind, note, file_reference, function_id)
            SELECT {body}, 1, 'R-' || n, 'own', '', '', (SELECT min(id) FROM staffing_function) FROM generate_series(1, 10) n;
        INSERT INTO staffing_positionperiod (body_id, version, basis_place, assumption, position_id, validity, fte, stage,
            pay_group, fallback_plan, validity_assumption)
            SELECT {body}, 1, '', '', id, '[2023-01-01,)', 0.5, 'planned', '', '', '' FROM staffing_position
            WHERE body_id = {body}""",
        database=name_of_database(),
    )
    positions = [
        p for (p,) in psql(f"SELECT id FROM staffing_position WHERE body_id = {body}", database=name_of_database())
    ]
    assert len(positions) == 10
    yield body, positions
    psql(
        SETUP.format(body=body)
        + f"; DELETE FROM staffing_occupancy WHERE body_id = {body}; DELETE FROM staffing_positionperiod WHERE body_id = {body};"
        f" DELETE FROM staffing_position WHERE body_id = {body}; DELETE FROM kim_body WHERE id = {body}",
        database=name_of_database(),
    )


def test_two_at_once_never_overbook_a_post(half_posts):
    body, positions = half_posts
    outcomes = race(body, positions)
    assert [sorted(pair) for pair in outcomes] == [[False, True]] * 10
    filled = psql(f"SELECT max(s) FROM (SELECT sum(fte) s FROM staffing_occupancy WHERE body_id = {body} GROUP BY position_id) x", database=name_of_database())  # fmt: skip
    assert filled == [(D("0.5"),)]


@pytest.mark.counter
def test_without_the_lock_two_at_once_do_overbook(half_posts):
    """Without the lock each sees only its own half."""
    body, positions = half_posts
    source = psql(
        "SELECT pg_get_functiondef(tgfoid) FROM pg_trigger WHERE tgrelid = 'staffing_occupancy'::regclass"
        " AND tgname LIKE 'pgtrigger_lock_position%'",
        database=name_of_database(),
    )[0][0]
    assert "FOR NO KEY UPDATE" in source
    psql(source.replace("FOR NO KEY UPDATE", ""), database=name_of_database())
    try:
        overbooked = sum(all(pair) for pair in race(body, positions))
    finally:
        psql(source, database=name_of_database())
    assert overbooked > 0


def test_raw_sql_is_refused_too(region):
    position = Position.objects.get(number="CM-09")
    with pytest.raises(IntegrityError):  # noqa: PT012 - the constraint is checked at the end of the transaction
        sql("INSERT INTO staffing_occupancy (body_id, version, basis_place, assumption, position_id, slot, validity, fte) VALUES (%s, 1, '', '', %s, 9, '(,)', 0.5)", region.pk, position.pk)  # fmt: skip
        sql("SET CONSTRAINTS ALL IMMEDIATE")
