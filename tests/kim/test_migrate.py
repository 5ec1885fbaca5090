"""migrate makes tables and everything that guards them, puts right what somebody changed by hand, and else does nothing."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pgtrigger.registry
import pytest
from django.db import migrations, models

from kim.store.migrating import FirstMigration
from tests.helpers import copy_database, name_of_database, psql

ROOT = Path(__file__).parents[2]
TRIGGERS = """SELECT tgrelid::regclass::text, tgname::text, obj_description(oid, 'pg_trigger') FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled = 'O' AND NOT tgname LIKE 'RI\\_%'"""
NO_DDL = """CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'somebody executes %', tg_tag; END $$;
    CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION no_ddl()"""
STALE = """CREATE FUNCTION pgtrigger_gone_12345() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER pgtrigger_gone_12345 BEFORE INSERT ON kim_body FOR EACH ROW EXECUTE FUNCTION pgtrigger_gone_12345()"""


# As a migration fails whose statements were put off: within a transaction that nobody ends.
FAILING = """
import django
django.setup()
from django.apps import apps
from django.db import transaction
from django.db.models.signals import pre_migrate
from kim.store import migrating, postgres
with postgres.as_owner() as cursor, migrating.unsecured(cursor):
    pre_migrate.send(sender=apps.get_app_config("kim"), plan=["something"])
    cursor.execute("SELECT count(*) FROM pg_class WHERE relforcerowsecurity")
    print("forced:", cursor.fetchone()[0])
    transaction.atomic().__enter__()
    cursor.execute("LOCK staffing_position; SELECT 1 / 0")
"""


def of_the_models():
    """Table, name and hash of every trigger that a model names."""
    return {
        (model._meta.db_table, trigger.get_pgid(model), trigger.compile(model).hash)
        for model, trigger in pgtrigger.registry.registered()
    }


@pytest.fixture
def copy(django_db_setup):
    """The name of a copy of the test database, which nobody else is connected to."""
    name = f"test_kim_{uuid.uuid4().hex[:8]}"
    copy_database(name)
    yield name
    psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def migrate(name, *words):
    """manage.py migrate in a process of its own; what it said if it failed."""
    return python(name, "manage.py", "migrate", *words)


def python(name, *words):
    """A process of its own, with this database; what it said if it failed."""
    environment = os.environ | {"KIM_DATABASE": name, "KIM_SECRET_KEY": "only-for-tests"}
    environment["DJANGO_SETTINGS_MODULE"] = "kim.settings"
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr if done.returncode else ""


def everything(name):
    """All that guards the tables, as PostgreSQL itself would write it down."""
    from kim.store import migrating

    return psql(migrating.MADE, database=name, user="kim_owner")


def test_the_triggers_are_those_of_the_models(django_db_setup):
    found = set(psql(TRIGGERS, database=name_of_database()))
    assert found == of_the_models() and len(found) > 100


def test_a_second_migrate_executes_no_ddl(copy):
    psql(NO_DDL, database=copy)
    assert migrate(copy) == ""
    psql("ALTER EVENT TRIGGER no_ddl DISABLE", database=copy)  # event triggers do not fire for this
    psql("ALTER TABLE staffing_position DISABLE ROW LEVEL SECURITY", database=copy)
    psql("ALTER EVENT TRIGGER no_ddl ENABLE", database=copy)
    assert "somebody executes" in migrate(copy)  # so it would have been seen


BY_HAND = {
    "trigger dropped": "DROP TRIGGER {version} ON staffing_position",
    "trigger disabled": "ALTER TABLE staffing_position DISABLE TRIGGER {body}",
    "function changed": "CREATE OR REPLACE FUNCTION {version}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "history without the owner": "ALTER FUNCTION {insert}() SECURITY INVOKER",
    "trigger of no model": STALE,
    "switch of the trail": "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "policy widened": "ALTER POLICY body ON staffing_position USING (true)",
    "owner sees all": "ALTER TABLE staffing_position NO FORCE ROW LEVEL SECURITY",
    "right given": "GRANT DELETE ON staffing_positionevent TO kim_app",
    "view dropped": "DROP VIEW kim_trail",
}


def test_what_was_changed_by_hand_is_put_right(copy):
    """Each change alone is seen; one migrate then puts all of them right."""
    names = {name.split("_")[1]: name for table, name, _ in of_the_models() if table == "staffing_position"}
    seen = [everything(copy)]
    for statement in BY_HAND.values():
        psql(statement.format(**names), database=copy, user="kim_owner")
        now = everything(copy)
        assert now not in seen, statement
        seen.append(now)
    assert migrate(copy) == ""
    assert everything(copy) == seen[0]
    assert set(psql(TRIGGERS, database=copy)) == of_the_models()


def test_a_migration_that_fails_leaves_the_owner_under_the_policies(copy):
    forced = "SELECT count(*) FROM pg_class WHERE relforcerowsecurity"
    before = psql(forced, database=copy)
    said = python(copy, "-c", FAILING)
    assert "forced: 0" in said and said.rstrip().endswith("division by zero")
    assert psql(forced, database=copy) == before != [(0,)]
    assert migrate(copy) == "" and psql("SELECT count(*) FROM kim_trail", database=copy)[0][0] > 0


def test_another_rule_of_the_models_is_seen_without_a_change_of_tables(monkeypatch, django_db_setup):
    from kim.store import migrating
    from staffing.models import Position

    before = migrating.fingerprint(migrating.statements())
    assert migrating.fingerprint(migrating.statements()) == before
    monkeypatch.setattr(Position, "scope_key", "function_id")
    assert migrating.fingerprint(migrating.statements()) != before


def test_a_first_migration_makes_tables_only():
    class Other(FirstMigration):
        operations = [migrations.AddField("Body", "x", models.TextField())]

    with pytest.raises(TypeError, match="AddField"):
        Other("0001_other", "kim").apply(None, None)
