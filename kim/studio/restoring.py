"""A backup becomes a database again, beside the one that is there; it takes its name only after everything in it has
been proved: every count and checksum of the manifest, and every release."""

import hashlib
import secrets
import struct
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
from django.core.management import call_command
from django.db import connection as django_connection
from django.db.migrations.loader import MigrationLoader
from psycopg.sql import SQL, Identifier, Literal

from kim.models import Body
from kim.store import backup
from kim.store.backup import CHUNK, DUMP, MANIFEST, Door, Manifest, Refused, Tally, first_line, single
from kim.store.context import acting
from kim.studio import releases

FOREIGN = "{} ist keine Sicherung von manage.py backup. Ein Abzug mit pg_dump allein genügt nicht: docs/backup.md."
DAMAGED = "{} ist beschädigt: Der Inhalt ist nicht mehr der gesicherte. Es wurde nichts verändert."
NOT_EMPTY = (
    "Die Datenbank {0} ist nicht leer. Soll die Sicherung an ihre Stelle treten: --replace {0} (sie bleibt unter"
    " anderem Namen erhalten)."
)
NO_CREATEDB = (
    "Die Rolle {0} darf keine Datenbank anlegen, die Sicherung kann nur in eine leere. Bitte einmal als Verwalter"
    " ausführen: ALTER ROLE {0} CREATEDB;"
)
UNSOUND = (
    "{} von {} Freigaben sind nicht in Ordnung: {}. Waren sie es schon vor der Sicherung nicht, stellt"
    " --despite-releases trotzdem wieder her."
)
# What zipfile and json make of bytes that are not what they were.
READ_ERRORS = (
    zipfile.BadZipFile,
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
)

PARTS = {(MANIFEST, zipfile.ZIP_STORED), (DUMP, zipfile.ZIP_STORED)}

# What pg_restore leaves out is derived again by migrate (rights), or belongs to the server and not to the data.
LEFT_OUT = ("--no-owner", "--no-privileges", "--no-tablespaces", "--no-publications", "--no-subscriptions")

RIGHTS = """SELECT privilege_type, CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END
    FROM pg_database, aclexplode(datacl) WHERE datname = %s"""

# Ended are the program's own; others, and those of the server itself, have the five seconds that a renaming waits.
SESSIONS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = %s AND backend_type = 'client backend' AND pg_has_role(usesysid, 'MEMBER')"""

Say = Callable[[str], object]


def restore(path: Path, say: Say, *, replace: str = "", despite_releases: bool = False) -> bool:
    """Make a database of a backup; False if all tables are right but releases are not, and that was to be accepted.

    Refused with what is wrong; as long as nothing else is said there, the database is as it was.
    """
    with reading(path) as (manifest, content):
        login = backup.door()
        moment = (
            f"{manifest.made_at[8:10]}.{manifest.made_at[5:7]}.{manifest.made_at[:4]}, {manifest.made_at[11:16]} UTC"
        )
        say(f"Sicherung der Datenbank {manifest.database} vom {moment}, Programm {manifest.program}")
        version, full, creates = state(login)
        fits(manifest, version)
        if replace and replace != login.name:
            raise Refused(f"--replace nennt {replace}, die Datenbank heißt aber {login.name}.")
        if full and replace != login.name:
            raise Refused(NOT_EMPTY.format(login.name))
        if full and not creates:
            raise Refused(NO_CREATEDB.format(login.parameters.get("user", "")))
        with beside(login, apart=creates, full=full, say=say) as name:
            load(login, name, version, content)
            return prove(login, name, manifest, say, despite_releases)


@contextmanager
def reading(path: Path) -> Iterator[tuple[Manifest, IO[bytes]]]:
    """The manifest of a backup and its dump, whose SHA-256 was compared before anything else happens."""
    if not path.is_file():
        raise Refused(f"Die Datei {path} gibt es nicht.")
    if not zipfile.is_zipfile(path):
        raise Refused(FOREIGN.format(path))
    try:
        archive = zipfile.ZipFile(path)
        if {(one.filename, one.compress_type) for one in archive.infolist()} != PARTS:
            raise Refused(FOREIGN.format(path))
        manifest = Manifest.read(archive.read(MANIFEST))
        digest = hashlib.sha256()
        with archive.open(DUMP) as content:
            while chunk := content.read(CHUNK):
                digest.update(chunk)
    except READ_ERRORS as error:
        raise Refused(DAMAGED.format(path)) from error
    if digest.hexdigest() != manifest.dump_sha256:
        raise Refused(DAMAGED.format(path))
    with archive, archive.open(DUMP) as content:
        yield manifest, content


def state(login: Door) -> tuple[int, bool, bool]:
    """Of the database: the version of its server, whether it holds tables, whether the role may create another one."""
    with login.connect() as connection:
        version, creates = single(
            connection,
            "SELECT current_setting('server_version_num')::int, rolsuper OR rolcreatedb FROM pg_roles"
            " WHERE rolname = current_user",
        )
        return version, bool(connection.execute(backup.TABLES).fetchone()), creates


def fits(manifest: Manifest, version: int) -> None:
    """Refuse a backup from a newer server, or from a program with migrations that this one does not know."""
    theirs, ours = manifest.postgresql // 10000, version // 10000
    if theirs > ours:
        raise Refused(f"Die Sicherung stammt von PostgreSQL {theirs}, dieser Server ist älter ({ours}).")
    if unknown := sorted(set(manifest.migrations) - known()):
        raise Refused(
            f"Die Sicherung stammt von einem neueren Programm ({manifest.program}): Die Migration {unknown[0]} ist hier"
            " nicht bekannt. Bitte erst das Programm aktualisieren."
        )


def known() -> set[str]:
    """The migrations of this program, as a manifest names them."""
    return {".".join(key) for key in MigrationLoader(None).disk_migrations}


@contextmanager
def beside(login: Door, *, apart: bool, full: bool, say: Say) -> Iterator[str]:
    """The name of a database to fill. Apart: a new one, which at the end takes the name of the one that is there, or
    goes again if anything fails. Otherwise the one that is there, which is empty."""
    if not apart:
        try:
            yield login.name
        except BaseException:
            say(f"Die Datenbank {login.name} ist nicht zu gebrauchen: Bitte löschen und leer neu anlegen.")
            raise
        say(f"Wiederhergestellt in der Datenbank {login.name}.")
        return
    name = create(login)
    try:
        yield name
        kept = swap(login, name)
    except BaseException:
        with login.connect("postgres", autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        say(f"Die Datenbank {login.name} ist, wie sie war.")
        raise
    say(f"Wiederhergestellt in der Datenbank {login.name}.")
    if full:
        say(f"Die bisherige heißt jetzt {kept}; wird sie nicht mehr gebraucht: DROP DATABASE {kept};")
    else:
        with login.connect("postgres", autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {}").format(Identifier(kept)))


def create(login: Door) -> str:
    """A new database with the owner, the encoding, the order of letters and the rights of the one that is there."""
    name = f"{login.name[:40]}_neu_{secrets.token_hex(4)}"
    with login.connect("postgres", autocommit=True) as connection:
        (old,) = single(connection, "SELECT to_jsonb(d) FROM pg_database d WHERE datname = %s", login.name)
        words = (
            "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {} LOCALE_PROVIDER {} LC_COLLATE {} LC_CTYPE {}"
        )
        (encoding,) = single(connection, "SELECT pg_encoding_to_char(%s)", old["encoding"])
        provider = {"c": "libc", "i": "icu", "b": "builtin"}[old["datlocprovider"]]
        values = [Identifier(name), Identifier(login.owner), Literal(encoding), Identifier(provider)]
        values += [Literal(old["datcollate"]), Literal(old["datctype"])]
        if locale := old.get("datlocale") or old.get("daticulocale"):  # PostgreSQL 17 gave it another name
            words += " ICU_LOCALE {}" if provider == "icu" else " BUILTIN_LOCALE {}"
            values.append(Literal(locale))
        connection.execute(SQL(words).format(*values))
        if old["datacl"]:  # else what is closed to others would be open again
            connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(name)))
        for right, role in connection.execute(RIGHTS, [login.name]).fetchall():
            given = SQL(right), Identifier(name), Identifier(role) if role else SQL("PUBLIC")
            connection.execute(SQL("GRANT {} ON DATABASE {} TO {}").format(*given))
    return name


def swap(login: Door, name: str) -> str:
    """The new database takes the name of the old one, at once or not at all; what the old one is called now."""
    old = Identifier(login.name)
    with login.connect("postgres", autocommit=True) as connection:
        (stamp,) = single(connection, "SELECT to_char(now(), 'YYYYMMDD_HH24MISS')")
        kept = f"{login.name[:40]}_bis_{stamp}"
        connection.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(old))
        current = old
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [login.name]
            )
            with connection.transaction():
                connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(old, Identifier(kept)))
                connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(name), old))
            current = Identifier(kept)
        except psycopg.Error as error:
            raise Refused(
                f"Die Sicherung ist geprüft, kann aber den Namen {login.name} nicht annehmen: {first_line(error)}"
            ) from error
        finally:
            connection.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(current))
    return kept


def load(login: Door, name: str, version: int, content: IO[bytes]) -> None:
    """Fill a database from a dump, as its owner, all or nothing; Refused with pg_restore's reason if it fails."""
    words, environment = login.arguments(name)
    command = [login.program("pg_restore", version), *LEFT_OUT, "--exit-on-error", "--single-transaction"]
    command += [f"--role={login.owner}", *words]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said, env=environment) as process,  # noqa: S603
    ):
        assert process.stdin
        with suppress(BrokenPipeError):  # it has ended, and says why
            while chunk := content.read(CHUNK):
                process.stdin.write(chunk)
            process.stdin.close()
        if process.wait():
            said.seek(0)
            raise Refused(f"pg_restore ist gescheitert: {first_line(said.read().decode(errors='replace'))}")


def prove(login: Door, name: str, manifest: Manifest, say: Say, despite_releases: bool) -> bool:
    """Compare with the manifest, migrate, compare again where no migration was left, verify the releases; False if
    these are not all right, but accepted. Refused with all that is wrong."""
    compare(login, name, manifest)
    with serving(name):
        call_command("migrate", verbosity=0, reference=False)  # what was deleted stays deleted
        if known() <= set(manifest.migrations):
            compare(login, name, manifest)
        say(f"{len(manifest.tables)} Tabellen, {manifest.rows} Zeilen: Anzahl und Prüfsumme stimmen überein.")
        count, wrong = unsound()
    expected = manifest.tables["kim_release"].rows
    if count != expected:
        raise Refused(f"{expected} Freigaben sind gesichert, das Programm sieht aber {count}.")
    if wrong and not despite_releases:
        raise Refused(UNSOUND.format(len(wrong), count, "; ".join(wrong)))
    say(f"{count} Freigaben geprüft, {len(wrong)} nicht in Ordnung" + "".join(f"\n  {one}" for one in wrong))
    return not wrong


def compare(login: Door, name: str, manifest: Manifest) -> None:
    """Refuse what does not hold exactly the rows of the manifest; all tables that differ are named."""
    with login.connect(name) as connection:
        found = backup.tallies(connection)
    if wrong := list(differences(manifest.tables, found)):
        raise Refused(f"{len(wrong)} Tabellen sind nicht, wie sie gesichert wurden: {'; '.join(wrong)}.")


def differences(wanted: dict[str, Tally], found: dict[str, Tally]) -> Iterator[str]:
    """One phrase for each table that is not as it should be."""
    for name in sorted(wanted.keys() | found.keys()):
        told, there = wanted.get(name), found.get(name)
        if told is None:
            yield f"{name} steht nicht in der Sicherung"
        elif there is None:
            yield f"{name} fehlt"
        elif told.rows != there.rows:
            yield f"{name} hat {there.rows} statt {told.rows} Zeilen"
        elif told.checksum != there.checksum:
            yield f"{name} hat {told.rows} Zeilen mit anderem Inhalt"


@contextmanager
def serving(name: str) -> Iterator[None]:
    """Within the block, the program works with another database of the same server."""
    before = dict(django_connection.settings_dict)
    django_connection.close()
    options = {key: value for key, value in before["OPTIONS"].items() if key != "pool"}  # a pool keeps its database
    django_connection.settings_dict.update(NAME=name, OPTIONS=options)
    try:
        yield
    finally:
        django_connection.close()
        django_connection.settings_dict.update(NAME=before["NAME"], OPTIONS=before["OPTIONS"])


def unsound() -> tuple[int, list[str]]:
    """How many releases were verified, and which of them are not what was released."""
    count, wrong = 0, []
    for body in Body.objects.all():
        with acting(None, [body.pk], command="restore", snapshot=True):
            for one in releases.proofs(body):
                count += 1
                if one.verdict in {releases.Verdict.BROKEN, releases.Verdict.DIFFERS}:
                    wrong.append(f"{body.slug} · {one.release}: {one.verdict.label}")
    return count, wrong
