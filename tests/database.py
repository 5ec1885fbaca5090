"""The test database: made from a copy with all migrations applied, which is kept from run to run."""

import fcntl
import hashlib
import os
from pathlib import Path

from tests.helpers import close, psql

ROOT = Path(__file__).parents[1]
SOURCES = ["*/migrations/*.py", "*/models/*.py", "kim/history/changes.py", "kim/store/migrating.py", "kim/values/money.py", "kim/values/periods.py", "kim/store/postgres.py", "kim/settings.py", "requirements.lock"]  # fmt: skip


def migrated():
    """The name of the kept copy: by whatever migrations consist of, and by all statements that secure the database."""
    from kim.store import migrating

    found = hashlib.sha256(migrating.fingerprint(migrating.statements()).encode())
    for path in sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)}):
        found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return f"kim_migrated_{found.hexdigest()[:16]}"


def exists(name):
    return bool(psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def create():
    """The owner's empty database, migrated; what Django needs to drop it. Each process of a run has its own."""
    from django.db import connection

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    connection.settings_dict["TEST"]["NAME"] += f"_{worker}" if worker else ""
    with (ROOT / "var" / "test-database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two at work the second takes the copy that the first has made
        return created(migrated())


def created(kept):
    """From the kept copy, or from nothing, and then the copy is kept for the next.

    migrate runs over the copy as well: nothing is left to apply, and it sees that everything is as the models say.
    """
    from django.db import connection
    from django.test.utils import setup_databases

    there = exists(kept)
    connection.settings_dict["TEST"]["TEMPLATE"] = kept if there else None
    found = setup_databases(verbosity=0, interactive=False, aliases={"default"}, serialized_aliases=set())
    if not there:
        close()
        for (old,) in psql("SELECT datname FROM pg_database WHERE datname LIKE 'kim_migrated_%'"):
            psql(f'DROP DATABASE "{old}" WITH (FORCE)')
        psql(f'CREATE DATABASE "{kept}" TEMPLATE "{connection.settings_dict["NAME"]}" OWNER kim_owner')
    return found
