"""How the database comes to be as the models say. Migrations make tables; triggers, rights, row-level security and the
views of the history are derived from the models after every migrate, if they are not so already."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pghistory.trigger
import pgtrigger.registry
from django.apps import apps
from django.contrib.postgres.operations import CreateExtension
from django.db import connection, migrations, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import pre_migrate

from kim.store.postgres import APP
from kim.store.trail_view import branch, in_trail

KNOWN = "kim_known"  # the schema of the tables as they were known at some moment
GONE = "nicht mehr vorhanden"  # words that the history never kept, of a row that was deleted since

# In a scalar sub-select, so that it is computed once a query, not once a row.
BODIES = "(SELECT string_to_array(nullif(current_setting('app.body_ids', true), ''), ',')::bigint[])::bigint[]"

# Set for whoever may see what is not public; without it, or outside of any request, only what is public is seen.
NONPUBLIC = "(SELECT coalesce(current_setting('app.nonpublic', true), '') = 'on')"

# Set where Systemverwaltung keeps the code tables: what bodies have added is seen, too.
REFERENCE = "(SELECT coalesce(current_setting('app.reference', true), '') = 'on')"
USER = "(SELECT (nullif(current_setting('pghistory.context_metadata', true), '')::jsonb ->> 'user')::bigint)"

# pgtrigger's own version lets whoever can SET a variable switch the audit trail off. The role is the one the
# session took on, also inside a function that runs with the rights of the owner.
NO_IGNORE = f"""
CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT
    CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END <> '{APP}'
    AND trigger_name = ANY (coalesce(nullif(current_setting('pgtrigger.ignore', true), ''), '{{}}')::text[]) $$"""

FORCE = """
DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relrowsecurity AND n.nspname = 'public' LOOP
        EXECUTE format('ALTER TABLE %s {} ROW LEVEL SECURITY', t);
    END LOOP; END $$"""

# pgtrigger gives a trigger and its function one name; with the function goes the trigger.
PRUNE = """
DO $$ DECLARE f regprocedure; BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'pgtrigger\\_%'
             AND proname <> ALL ('{{{}}}') LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', f);
    END LOOP; END $$"""

# A dump taken by the owner with --enable-row-security would hold no row of any body and still end well. This row has no
# value that its policy can read: whoever is held by the policies fails on it, aloud, with the sentence in it.
DUMP_GUARD = "kim_dump_guard"
GUARD = f"""
DROP TABLE IF EXISTS {DUMP_GUARD};
CREATE TABLE {DUMP_GUARD} (sentence text NOT NULL);
INSERT INTO {DUMP_GUARD} VALUES ('Diese Rolle sieht nicht alle Zeilen: Gesichert wird mit manage.py backup');
ALTER TABLE {DUMP_GUARD} ENABLE ROW LEVEL SECURITY;
CREATE POLICY body ON {DUMP_GUARD} USING (sentence::boolean)"""  # noqa: S608

# All that the statements below could have made, as the catalogue tells it, and the columns that they speak of.
MADE = f"""
WITH here AS (SELECT oid, nspname, nspacl FROM pg_namespace WHERE nspname IN ('public', '{KNOWN}')),
place AS (SELECT c.* FROM pg_class c JOIN here ON here.oid = c.relnamespace WHERE relkind IN ('r', 'v', 'S'))
SELECT md5(string_agg(line, E'\\n' ORDER BY line COLLATE "C")) FROM (
    SELECT concat_ws(' ', nspname, nspacl) FROM here
    UNION ALL SELECT concat_ws(' ', oid::regclass, relkind, relowner::regrole,
        -- rights that were never touched are the owner's
        coalesce(relacl, acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner)), reloptions,
        relrowsecurity, relforcerowsecurity, CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END) FROM place
    UNION ALL SELECT concat_ws(' ', attrelid::regclass, attname, atttypid::regtype, attacl) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM place WHERE relkind = 'r') AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT concat_ws(' ', polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[],
        pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) FROM pg_policy
    UNION ALL SELECT concat_ws(' ', pg_get_triggerdef(oid), tgenabled, obj_description(oid, 'pg_trigger'))
        FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', pg_get_functiondef(oid), proowner::regrole, proacl) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname LIKE '%pgtrigger\\_%'
) all_of_it (line)"""  # noqa: S608


class FirstMigration(migrations.Migration):
    """The tables of an app, made all at once.

    Django renders the models of all apps anew after each table, which took most of the time of a first migrate. Here
    all tables are told first and rendered once. That holds for nothing but new tables, complete with their
    constraints and indexes.
    """

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        known = (migrations.CreateModel, CreateExtension)
        if others := [operation for operation in self.operations if not isinstance(operation, known)]:
            raise TypeError(f"A first migration makes tables only, {self} holds {others[0]}")
        project_state.__dict__.pop("apps", None)  # what was rendered; without it, telling costs nothing
        for operation in self.operations:
            operation.state_forwards(self.app_label, project_state)
        for operation in self.operations:
            operation.database_forwards(self.app_label, schema_editor, project_state, project_state)
        return project_state


@contextmanager
def unsecured(cursor: Any) -> Iterator[None]:
    """Around migrate: before the first migration is applied, what would stand in its way is taken off; afterwards
    everything is secured from the models.

    Under FORCE the owner sees no row, so a data migration would do nothing and ADD FOREIGN KEY would pass without
    looking. The views would hold on to columns. Triggers stay: what a data migration changes is told in the history.
    """
    lifted = False

    def lift(plan: Any, **kwargs: Any) -> None:
        nonlocal lifted
        if plan:
            lifted = True
            cursor.execute(FORCE.format("NO FORCE"))
            cursor.execute("DROP VIEW IF EXISTS kim_trail")
            cursor.execute(f"DROP SCHEMA IF EXISTS {KNOWN} CASCADE")

    pre_migrate.connect(lift, sender=apps.get_app_config("kim"))
    try:
        yield
        if applied():
            secure(cursor)
    finally:
        pre_migrate.disconnect(lift, sender=apps.get_app_config("kim"))
        if lifted:
            connection.close()  # a migration that failed may have left its transaction open, and Django's hands tied
            anew = connection.copy()
            with anew.cursor() as other:
                other.execute(FORCE.format("FORCE"))
            anew.close()


def applied() -> bool:
    """Every migration is applied: models and tables agree."""
    loader = MigrationLoader(connection)
    return bool(loader.graph.nodes.keys() <= loader.applied_migrations.keys())


def secure(cursor: Any) -> None:
    """Make triggers, rights, row-level security and views as the models say, all at once or not at all."""
    wanted = statements()
    if secured(cursor, wanted):
        return
    with transaction.atomic():  # at no moment is a trigger or a policy missing
        for statement in wanted:
            cursor.execute(statement)
        cursor.execute(f"COMMENT ON SCHEMA {KNOWN} IS '{fingerprint(wanted)} {made(cursor)}'")


def secured(cursor: Any, wanted: list[str]) -> bool:
    """The database is as these statements would make it.

    A comment in the database knows what was last executed and what the catalogue said then. It holds no more once the
    models say something else, and neither once somebody else has been at it.
    """
    cursor.execute("SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", [KNOWN])
    (found,) = cursor.fetchone()
    return bool(found) and found == f"{fingerprint(wanted)} {made(cursor)}"


def made(cursor: Any) -> str:
    """A hash of the catalogue: of triggers, rights, policies, views and columns."""
    cursor.execute(MADE)
    return str(cursor.fetchone()[0])


def fingerprint(wanted: list[str]) -> str:
    """A hash of the statements that secure the database."""
    return hashlib.sha256("\0".join(wanted).encode()).hexdigest()


def statements() -> list[str]:
    """All that secures a database whose tables are there, in the order in which it is executed."""
    ours = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]
    known = [as_known(m) for m in ours if hasattr(m, "pgh_event_models")]
    branches = " UNION ALL ".join(branch(m, BODIES) for m in ours if in_trail(m))
    return [
        f"DROP SCHEMA IF EXISTS {KNOWN} CASCADE; DROP VIEW IF EXISTS kim_trail",
        *triggers(),
        NO_IGNORE,
        GUARD,
        f"GRANT USAGE ON SCHEMA public TO {APP}; REVOKE CREATE ON SCHEMA public FROM PUBLIC, {APP}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP}, PUBLIC",
        *(statement for model in ours for statement in rules(model)),
        FORCE.format("FORCE"),
        f"GRANT SELECT ON django_migrations TO {APP}",
        f"CREATE VIEW kim_trail WITH (security_invoker = true) AS {branches}",
        f"GRANT SELECT ON kim_trail TO {APP}",
        f"CREATE SCHEMA {KNOWN}",
        *known,
        f"GRANT USAGE ON SCHEMA {KNOWN} TO {APP}; GRANT SELECT ON ALL TABLES IN SCHEMA {KNOWN} TO {APP}",
    ]


def triggers() -> Iterator[str]:
    """The statements that install the triggers of all models and drop those that no model names any more.

    The triggers that write the history run with the owner's rights: the app role itself may not insert an event.
    """
    registered = pgtrigger.registry.registered()
    names = [trigger.get_pgid(model) for model, trigger in registered]
    yield PRUNE.format(",".join(names))
    for name, (model, trigger) in zip(names, registered, strict=True):
        yield trigger.compile(model).install_sql
        if isinstance(trigger, pghistory.trigger.Event):
            yield f"ALTER FUNCTION {name}() SECURITY DEFINER SET search_path = public, pg_temp"


def as_known(model: Any) -> str:
    """A view with the name of the model's table that holds its rows as they were known at app.known_at: of each row the
    last event until then. kim.history.knowledge puts its schema before the tables. Row-level security stays that of
    the events and of the tables.

    Nothing in it is empty that was not so then: a derived key is derived again, and what the history does not keep
    (names of persons, contents) is as it stands in the table now. Of a row that is gone, GONE stands in its place.
    """
    events = model._meta.get_field("events").related_model
    kept = {field.column for field in events._meta.local_concrete_fields}
    fields = model._meta.local_concrete_fields
    stored = ", ".join(known_column(f, kept) for f in fields if not f.generated)
    every = ", ".join(derived(f) if f.generated else f'"{f.column}"' for f in fields)
    beside = any(f.column not in kept for f in fields if not f.generated)
    table = f'LEFT JOIN public."{model._meta.db_table}" now ON now.id = last.pgh_obj_id' if beside else ""
    return f"""CREATE VIEW {KNOWN}."{model._meta.db_table}" WITH (security_invoker = true) AS SELECT {every} FROM (
        SELECT {stored} FROM (
            SELECT DISTINCT ON (pgh_obj_id) * FROM public."{events._meta.db_table}"
            WHERE pgh_created_at <= current_setting('app.known_at')::timestamptz ORDER BY pgh_obj_id, pgh_id DESC
        ) last {table} WHERE pgh_label <> 'delete'
    ) stored"""  # noqa: S608


def known_column(field: Any, kept: set[str]) -> str:
    """A column of a row as it was known, from its last event, or from the table if the history does not keep it."""
    column = f'"{field.column}"'
    if field.column in kept:
        return f"last.{column}"
    if isinstance(field, models.CharField | models.TextField) and not field.null:
        return f"coalesce(now.{column}, '{'' if field.blank else GONE}') AS {column}"
    return f"now.{column}"


def derived(field: Any) -> str:
    """A column that PostgreSQL computes from the others (a sort key), with its type and its order of signs."""
    expression, parameters = field.generated_sql(connection)
    if parameters:
        quoted = tuple("'" + str(one).replace("'", "''") + "'" for one in parameters)
        expression = expression % quoted
    collation = getattr(field.output_field, "db_collation", "")
    order = f' COLLATE "{collation}"' if collation else ""
    return f'({expression})::{field.cast_db_type(connection)}{order} AS "{field.column}"'


def rules(model: Any) -> Iterator[str]:
    """The statements that give the app role its rights on one table and row-level security where it has a body."""
    table = f'"{model._meta.db_table}"'
    tracked = getattr(model, "pgh_tracked_model", None)
    read_only = tracked or model._meta.label == "admin.LogEntry"  # the library's own log, which we do not keep
    rights = "SELECT" if read_only else "SELECT, INSERT, UPDATE, DELETE"
    yield f"GRANT {rights} ON {table} TO {APP}"
    policy = visible(model, tracked)
    yield f"ALTER TABLE {table} {'ENABLE' if policy else 'DISABLE'} ROW LEVEL SECURITY"
    if policy:
        yield f"DROP POLICY IF EXISTS body ON {table}"
        yield f"CREATE POLICY body ON {table} USING ({policy})"


def public_above(model: Any, row: str, depth: int = 0) -> str:
    """The condition under which what a row belongs to is public, however far above that is said. row: how the statement
    calls the row."""
    field = model._meta.get_field(model.guard_parent)
    above, name = field.related_model, f"above{depth}"
    guard = above.guard_sql if hasattr(above, "guard_sql") else public_above(above, name, depth + 1)
    return f"EXISTS (SELECT FROM {above._meta.db_table} {name} WHERE {name}.id = {row}.{field.column} AND ({guard}))"


def visible(model: Any, tracked: Any) -> str:
    """The condition under which a row is seen: its body, its person, and whether it is public; empty for all.
    Of a code table what holds for all is seen, and what the body has added.

    An event is public if the row was so then and is so now: what was said before it became public stays inside, and
    so does what came before of rows that belong to another, and of rows that are gone.
    """
    source = tracked or model
    if owner := getattr(source, "owner_key", ""):
        return f"{owner} = {USER}"
    if getattr(source, "code_table", False):
        return f"body_id IS NULL OR body_id = ANY ({BODIES}) OR {REFERENCE}"
    if not (key := getattr(source, "scope_key", "")):
        return ""
    scope = f"{key} = ANY ({BODIES})"
    table = f'"{model._meta.db_table}"'
    if getattr(source, "guard_parent", ""):
        return f"{scope} AND ({NONPUBLIC}" + (")" if tracked else f" OR {public_above(source, table)})")
    if not (guard := getattr(source, "guard_sql", "")):
        return scope
    if tracked:
        now = f"SELECT FROM {source._meta.db_table} told WHERE told.id = {table}.pgh_obj_id AND ({guard})"
        guard = f"({guard}) AND EXISTS ({now})"
    return f"{scope} AND ({NONPUBLIC} OR {guard})"
