"""Versions, and a trail that nobody passes and nobody changes."""

import uuid
from datetime import date
from decimal import Decimal as D

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from grants.models import FundingNotice, NewOnwardGrant, OnwardGrant
from kim.history.preview import preview
from kim.history.trail import entries_about
from kim.models import (
    Body,
    BodyRow,
    ClosedYear,
    File,
    FindingNote,
    Logo,
    Note,
    Release,
    Reminder,
    RoleAssignment,
    SavedView,
    SetupKey,
    Source,
    User,
)
from kim.models.refusals import CONFLICT, db_errors_as_validation
from kim.store.context import acting, describe_act
from kim.studio import releases
from kim.values.periods import inclusive_range
from meetings.models import BlockComment, CoSignature, Organization, Paper, Signatory
from staffing.models import Carrier, Position, PositionPeriod
from tests.helpers import name_of_database, psql, sql
from tests.security.canaries import plant_beside

# A release takes neither UPDATE nor DELETE: tests/meetings/test_releases.py
BUSINESS = sorted(
    (m for m in apps.get_models() if hasattr(m, "pgh_event_models") and m is not Release), key=lambda m: m._meta.label
)


def events_of(model):
    return model.events.rel.related_model


def test_every_business_table_is_tracked():
    ours = {"kim", "staffing", "grants", "meetings"}
    untracked = {
        m._meta.label
        for m in apps.get_models()
        if m._meta.app_label in ours and not hasattr(m, "pgh_event_models") and not hasattr(m, "pgh_tracked_model")
    }
    assert untracked == {"kim.Submission", "kim.Job", "kim.TrailEvent"}  # a form's key; progress; the events


def plant_row(model, region):
    """A row of a model of which the trial data hold none."""
    if model in {RoleAssignment, User}:
        RoleAssignment.objects.create(user=User.objects.create(username="x"), body=region, role="leitung")
    if model in {Note, Reminder, File, FindingNote}:
        plant_beside(region, "Probe", Position.objects.get(body=region, number="CM-01"), None)
    if model in {SavedView, ClosedYear}:
        author = User.objects.create(username="y")
        SavedView.objects.create(body=region, path="/stellen/", slug="a", name="A", author=author)
        ClosedYear.objects.create(body=region, year=2015)
    if model is CoSignature:
        paper = Paper.objects.filter(body=region).first()
        CoSignature.objects.create(
            body=region, paper=paper, organization=Organization.objects.filter(body=region).first()
        )
    if model is OnwardGrant:
        with acting(7, [region.pk]):  # its own act is not that of the statements below
            NewOnwardGrant(notice=FundingNotice.find(region, "kim-2023"), carrier=Carrier.find(region, "sprungbrett"), basis="notice", day=date(2023, 3, 1), as_of=date(2023, 3, 1)).create()  # fmt: skip
    if model in {BlockComment, Signatory}:
        office, paper = Organization.objects.filter(body=region).first(), Paper.objects.filter(body=region).first()
        BlockComment.objects.create(body=region, paper=paper, number=1, block="a", text="x", written_at=releases.now())  # fmt: skip
        Signatory.objects.create(body=region, organization=office, user=User.objects.create(username="z"), validity=inclusive_range(date(2023, 1, 1), None))  # fmt: skip
    if model is SetupKey:
        SetupKey.objects.create(digest="x")
    if model is Logo:
        Logo.objects.create(body=region, content=b"x", width=1, height=1, sha256="x")


@pytest.mark.parametrize("model", BUSINESS, ids=lambda m: m._meta.label)
def test_raw_sql_leaves_exactly_one_event(model, bodies):
    """UPDATE, DELETE and INSERT past the models, each seen with its actor, address, reason and request."""
    region = bodies["staedteregion-aachen"]
    context = {"url": "/x/", "request": "r1", "reason": "Probe"}
    with acting(7, [body.pk for body in bodies.values()], **context):
        plant_row(model, region)
        table, events = model._meta.db_table, events_of(model)
        row = model.objects.first()
        assert row, "no row in the trial data"
        names = [f.column for f in model._meta.local_concrete_fields if not f.generated]
        columns = ", ".join(f'"{name}"' for name in names)
        before = events.objects.count()
        sql(f'UPDATE "{table}" SET version = version + 1 WHERE id = %s', row.pk)
        stored = sql(f'SELECT {columns} FROM "{table}" WHERE id = %s', row.pk)[0]
        sql(f'DELETE FROM "{table}" WHERE id = %s', row.pk)  # references are checked at the end
        sql(f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join(["%s"] * len(names))})', *stored)
        found = list(events.objects.order_by("pgh_id"))[before:]
        assert [event.pgh_label for event in found] == ["update", "delete", "insert"]
        for event in found:
            assert event.pgh_context == context | {"user": 7}


def test_an_update_that_changes_nothing_leaves_no_event_and_no_version(region):
    row = PositionPeriod.objects.first()
    before = (row.version, row.events.count())
    row.save()
    assert (row.version, row.events.count()) == before
    row.pay_group = "EG 9b"
    row.save()
    assert (row.version, row.events.count()) == (before[0] + 1, before[1] + 1)


def test_a_stale_save_is_refused(region):
    one = PositionPeriod.objects.first()
    other = PositionPeriod.objects.get(pk=one.pk)
    one.pay_group = "EG 9b"
    one.save()
    other.pay_group = "EG 10"
    with pytest.raises(ValidationError, match="Inzwischen"), db_errors_as_validation():
        other.save()
    assert PositionPeriod.objects.get(pk=one.pk).pay_group == "EG 9b"


@pytest.mark.counter
def test_without_the_version_trigger_the_stale_save_wins(region, owner):
    one = PositionPeriod.objects.first()
    other = PositionPeriod.objects.get(pk=one.pk)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE staffing_positionperiod DISABLE TRIGGER USER")
    one.pay_group = "EG 9b"
    one.save()
    other.pay_group = "EG 10"
    other.save()
    assert PositionPeriod.objects.get(pk=one.pk).pay_group == "EG 10"


def test_touch_marks_a_change_of_what_belongs_to_the_row(region):
    row = PositionPeriod.objects.first()
    stale = PositionPeriod.objects.get(pk=row.pk)
    row.touch()
    assert PositionPeriod.objects.get(pk=row.pk).version == row.version == stale.version + 1
    with pytest.raises(ValidationError, match="Inzwischen"):
        stale.touch()


def test_a_change_without_an_actor_is_refused(bodies):
    body = bodies["staedteregion-aachen"]
    with pytest.raises(DatabaseError), transaction.atomic():
        Source.objects.create(body=body, kind="other", title="ohne alles")
    sql("SELECT set_config('app.body_ids', %s, true)", str(body.pk))
    with pytest.raises(DatabaseError), transaction.atomic():
        Source.objects.create(body=body, kind="other", title="ohne Person")


def test_the_body_of_a_row_never_changes(bodies):
    one, two, *_ = bodies.values()
    with acting(None, [one.pk, two.pk]):
        source = Source.objects.create(body=one, kind="other", title="bleibt")
        with pytest.raises(ValidationError, match="Körperschaft eines Datensatzes"), db_errors_as_validation():
            Source.objects.filter(pk=source.pk).update(body=two)


ATTACKS = [
    "UPDATE staffing_positionperiodevent SET fte = 9",
    "DELETE FROM staffing_positionperiodevent",
    "TRUNCATE staffing_positionperiodevent",
    "INSERT INTO kim_sourceevent (pgh_created_at, pgh_label, pgh_context, pgh_context_id, pgh_obj_id, id, body_id,"
    " version, kind, number, title) VALUES (now(), 'insert', '{}', gen_random_uuid(), 1, 1, 1, 1, 'other', '', 'x')",
    "DROP TABLE staffing_positionperiodevent",
    "ALTER TABLE staffing_positionperiod DISABLE TRIGGER ALL",
    "ALTER TABLE staffing_positionperiod DISABLE ROW LEVEL SECURITY",
    "SET session_replication_role = replica",
    "DROP POLICY body ON staffing_position",
    "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE TABLE mine (i int)",
    "TRUNCATE staffing_position CASCADE",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_app_role_cannot_tamper(attack, region):
    with pytest.raises(DatabaseError) as error:
        sql(attack)
    assert "permission denied" in str(error.value) or "must be owner" in str(error.value)


def test_the_ignore_setting_does_not_switch_the_trail_off(region):
    row = PositionPeriod.objects.first()
    before = row.events.count()
    trigger = sql(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'staffing_positionperiod'::regclass AND tgname LIKE %s",
        "pgtrigger_update%",
    )[0][0]
    sql("SELECT set_config('pgtrigger.ignore', %s, true)", f"{{{trigger}}}")
    sql("UPDATE staffing_positionperiod SET pay_group = 'x' WHERE id = %s", row.pk)
    assert row.events.count() == before + 1


@pytest.mark.counter
def test_the_owner_could_tamper(region, owner):
    """What keeps the trail is the role, not the program's good will."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE staffing_positionperiod DISABLE TRIGGER USER")
    row = PositionPeriod.objects.first()
    before = row.events.count()
    sql("UPDATE staffing_positionperiod SET pay_group = 'x' WHERE id = %s", row.pk)
    assert row.events.count() == before


def test_the_served_login_is_not_the_owner(django_db_setup):
    """With two logins, RESET ROLE gives nothing back."""
    rights = psql("SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = 'kim_app'")
    assert rights == [(False, False, False)]
    owned = psql("SELECT count(*) FROM pg_tables WHERE tableowner = 'kim_app'", database=name_of_database())
    assert owned == [(0,)]
    import psycopg

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        psql(
            "RESET ROLE; ALTER TABLE staffing_position DISABLE ROW LEVEL SECURITY",
            database=name_of_database(),
            user="kim_app",
        )
    assert psql("SELECT count(*) FROM staffing_position", database=name_of_database(), user="kim_app") == [(0,)]


def test_names_of_persons_stay_out_of_the_history(region):
    from meetings.models import Person

    names = {f.name for f in events_of(Person)._meta.fields}
    assert not names & {"name", "family_name", "title"}
    assert "Ziemons" not in str(list(events_of(Person).objects.values()))


def test_the_history_speaks_in_sentences(region):
    row = PositionPeriod.objects.get(position__number="CM-01")
    user = User.objects.create(username="d", first_name="Frau", last_name="D.")
    with acting(user.pk, [region.pk], url="/stellen/CM-01/berichtigen/", request="abc"):
        row.fte = D("0.5")
        row.carrier = Carrier.objects.get(slug="drk")
        row.correct(reason="nur halbe Stelle")
    entry = entries_about([row])[0]
    assert (entry.who, entry.act, entry.reason) == ("Frau D.", "Berichtigung", "nur halbe Stelle")
    assert "VZÄ: 1,0 → 0,5" in entry.lines
    assert any(
        line.startswith("Anstellungsträger: StädteRegion Aachen → Deutsches Rotes Kreuz") for line in entry.lines
    )
    first = entries_about([row])[-1]
    assert first.reason == "Bestandsübernahme aus der Mitteilungsvorlage vom 09.03.2023"


def test_a_correction_needs_its_reason(region):
    row = PositionPeriod.objects.get(position__number="CM-01")
    row.fte = D("0.5")
    with pytest.raises(ValidationError, match="Bitte einen Grund angeben"):
        row.correct(reason="  ")


def test_a_preview_shows_the_difference_and_keeps_nothing(region):
    row = PositionPeriod.objects.get(position__number="CM-01")

    def change():
        draft = PositionPeriod.objects.get(pk=row.pk)
        draft.fte = D("0.5")
        draft.correct(reason="Probe")

    size = lambda: PositionPeriod.objects.get(pk=row.pk).fte  # noqa: E731
    assert preview(change, size) == (D("1.0"), D("0.5"))
    assert (size(), row.events.count()) == (D("1.0"), 1)


def test_what_the_database_refuses_is_said_in_german(region):
    taken = Position.objects.get(number="CM-02")
    with pytest.raises(ValidationError, match="Diese Stellennummer gibt es schon"), db_errors_as_validation():
        Position.objects.filter(number="CM-01").update(number=taken.number)
    with pytest.raises(ValidationError, match="Zeitraum"), db_errors_as_validation():
        PositionPeriod.objects.filter(position=taken).update(validity="[2023-01-01,2023-01-01)")
    with pytest.raises(ValidationError, match="noch gebraucht"), db_errors_as_validation():
        sql("DELETE FROM staffing_position WHERE number = 'CM-01'")


def test_every_constraint_has_a_german_sentence():
    for model in apps.get_models():
        if not issubclass(model, BodyRow) and model not in BUSINESS:
            continue
        for constraint in model._meta.constraints:
            technical = constraint.name.endswith("_body") and list(getattr(constraint, "fields", ())) == [
                "body",
                "id",
            ]
            if not technical:
                assert "Constraint" not in str(constraint.violation_error_message), constraint.name


def test_the_reason_holds_for_the_rest_of_the_transaction(region):
    describe_act(reason="Beschluss")
    source = Source.objects.create(body=region, kind="other", title="mit Grund", date=date(2023, 1, 1))
    assert source.events.get().pgh_context["reason"] == "Beschluss"
    assert uuid.UUID(str(source.events.get().pgh_context_id))


def test_conflict_words_are_the_versions_sentence():
    assert "jemand anderes" in CONFLICT
    assert Body._meta.get_field("version").default == 1
    assert connection.vendor == "postgresql"
