"""The test database: made from copies that are kept from run to run, one with all migrations, one with the trial data."""

import fcntl
import hashlib
import os
from pathlib import Path

from tests.helpers import close, psql

ROOT = Path(__file__).parents[1]
MIGRATED = ["*/migrations/*.py", "*/models/*.py", "kim/history/changes.py", "kim/store/migrating.py", "kim/values/money.py", "kim/values/periods.py", "kim/store/postgres.py", "kim/settings.py", "requirements.lock", "fixtures/allgemein/*", "*/management/commands/load_*.py"]  # fmt: skip
LOADED = ["fixtures/**/*.toml", "kim/management/commands/load_fixtures.py", "kim/**/*.py", "staffing/**/*.py", "grants/**/*.py", "meetings/**/*.py"]  # fmt: skip


def name_of(kept, sources, also=""):
    """The name of a kept copy: by all that it is made of."""
    found = hashlib.sha256(also.encode())
    for path in sorted({path for pattern in sources for path in ROOT.glob(pattern)}):
        found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return f"{kept}_{found.hexdigest()[:16]}"


def copies():
    """The names of both copies; what secures the database goes into both."""
    from kim.store import migrating

    secured = migrating.fingerprint(migrating.statements())
    migrated = name_of("kim_migrated", MIGRATED, secured)
    return migrated, name_of("kim_loaded", LOADED, migrated)


def exists(name):
    return bool(psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def copy(source, target):
    """A database of the owner's from another; nobody may be connected to that."""
    close()
    psql(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
    psql(f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER kim_owner')


def keep(name):
    """Keep the database as it is now for the next run, in the place of older copies of the same kind."""
    from django.db import connection

    close()
    for (old,) in psql(f"SELECT datname FROM pg_database WHERE datname LIKE '{name.rpartition('_')[0]}_%'"):
        psql(f'DROP DATABASE "{old}" WITH (FORCE)')
    copy(connection.settings_dict["NAME"], name)


def create(as_owner, load):
    """The database of this process, with all migrations and the trial data; each process of a run has its own.

    Of two that begin together the second takes the copy that the first has made. as_owner: what connects as the owner;
    load: what loads the trial data.
    """
    from django.db import connection

    settings = connection.settings_dict
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    name = settings["TEST"]["NAME"] + (f"_{worker}" if worker else "")
    with (ROOT / "var" / "test-database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        migrated, loaded = copies()
        if not exists(loaded):
            if not exists(migrated):
                migrate(name, migrated)
            copy(migrated, name)
            settings["NAME"] = name
            load()
            keep(loaded)
        else:
            copy(loaded, name)
        settings["NAME"] = name
    as_owner()
    return name


def migrate(name, kept):
    """A database with all migrations, made from nothing."""
    from django.core.management import call_command
    from django.db import connection

    psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    psql(f'CREATE DATABASE "{name}" OWNER kim_owner')
    connection.settings_dict["NAME"] = name
    call_command("migrate", verbosity=0)
    keep(kept)
