"""Start and serve as people do: the embedded server, another database, and what stands in the way."""

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from kim.store import postgres
from tests.browser.conftest import free_port, wait_for
from tests.helpers import copy_database, psql

ROOT = Path(__file__).parents[2]


def run(*words, **environment):
    """manage.py in a process of its own: exit code and everything it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=os.environ | {"KIM_SECRET_KEY": "only-for-tests"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def other(django_db_setup):
    """A copy of the trial database, reached by address as another server would be."""
    name = f"test_kim_{uuid.uuid4().hex[:8]}"
    copy_database(name)
    yield f"postgresql://{{}}@/{name}?host={postgres.socket_directory()}"
    psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.mark.parametrize("two_logins", [False, True])
def test_another_database_is_served(other, two_logins):
    environment = {"DATABASE_URL": other.format("kim_owner"), "KIM_SERVING": "1", "KIM_SECRET_KEY": "only-for-tests"}
    if two_logins:
        environment["DATABASE_APP_URL"] = other.format("kim_app")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", str(port)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        answer = wait_for(f"http://127.0.0.1:{port}/anmelden/", process, process.stdout.read)
        assert answer.status == 403 and answer.url.endswith("/einrichten/"), "an empty house waits for its key"
    finally:
        process.terminate()
        words = process.communicate(timeout=20)[0]
    assert "/einrichten/?schluessel=" in words and "Passwort" not in words


def test_the_first_user_is_made_by_command(other):
    environment = {"DATABASE_URL": other.format("kim_owner")}
    short = subprocess.run(
        [sys.executable, "manage.py", "create_user", "frau.p", "--role", "pruefung", "--body", "stadt-aachen"],
        cwd=ROOT, env=os.environ | environment, input="kurz\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert short.returncode == 1 and "15 Zeichen" in short.stderr
    code, words = run("create_user", "x", "--role", "pruefung", "--body", "nirgends", **environment)
    assert code == 1 and "Die Körperschaft „nirgends“ gibt es nicht." in words
    code, words = run(
        "figure", "neutrality.nominal", "body=staedteregion-aachen", "year=2023", "sub_product=946100", **environment
    )
    assert code == 0 and "verdict: neutral" in words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://x@127.0.0.1:1/x", "Die Datenbank 127.0.0.1/x aus DATABASE_URL ist nicht erreichbar"),
        ("quatsch", "DATABASE_URL ist keine PostgreSQL-Adresse"),
    ],
)
def test_a_database_that_does_not_answer_is_said_in_one_line(url, words):
    code, said = run("serve", "8000", DATABASE_URL=url)
    assert code == 1 and words in said and len(said.strip().splitlines()) == 1, said


@pytest.mark.parametrize(
    ("port", "words"), [("abc", "ist kein Port"), ("70000", "ist kein Port"), ("taken", "ist belegt")]
)
def test_a_port_that_cannot_be_had_is_said_in_one_line(port, words):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = run("serve", str(taken.getsockname()[1]) if port == "taken" else port)
    assert code == 1 and words in said and len(said.strip().splitlines()) == 1, said


BAD_FIGURES = [
    (["quatsch"], "gibt es nicht. Alle Namen"),
    (["neutrality.nominal"], "Bitte body= mit einem Kurznamen angeben: "),
    (["neutrality.nominal", "body=x"], "Bitte body= mit einem Kurznamen"),
    (["neutrality.nominal", "body=staedteregion-aachen"], "Förderjahr (year) fehlt"),
    (
        ["neutrality.nominal", "body=staedteregion-aachen", "year=2024", "sub_product=946100"],
        "keine bewilligte Zuwendung",
    ),
    (
        ["neutrality.nominal", "body=staedteregion-aachen", "year=zwanzig", "sub_product=946100"],
        "„zwanzig“ gibt es als Förderjahr (year) nicht",
    ),
    (
        ["allocation.by_carrier", "body=staedteregion-aachen", "day=31.02.2023"],
        "„31.02.2023“ gibt es als Stand (day) nicht",
    ),
    (["allocation.by_carrier", "body=staedteregion-aachen", "tag=1"], "tag nicht bekannt"),
    (["occupancy.status", "body=staedteregion-aachen", "day=2023-03-01", "kind=x"], "kind ist own oder onward"),
    (["occupancy.status", "body"], "haben die Form key=value"),
]


@pytest.mark.parametrize(("words", "sentence"), BAD_FIGURES)
def test_bad_figures_are_refused_in_words(words, sentence, db):
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("figure", *words)


def test_loading_the_fixtures_twice_changes_nothing(region):
    from django.apps import apps
    from django.core.management import call_command

    from staffing.models import PositionPeriod

    row = PositionPeriod.objects.get(position__number="CM-01")
    row.fte = "0.500"
    row.correct(reason="Probe")
    counts = {m: m._base_manager.count() for m in apps.get_models() if hasattr(m, "pgh_event_models")}
    call_command("load_fixtures", verbosity=0, stdout=open(os.devnull, "w"))
    assert {m: m._base_manager.count() for m in apps.get_models() if hasattr(m, "pgh_event_models")} == counts
    row.refresh_from_db()
    assert str(row.fte) == "0.500"


def test_no_migration_is_missing(db):
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
