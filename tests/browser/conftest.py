"""The program as it is served: gunicorn in a process of its own, the app role's login, a copy of the trial data."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

from tests.helpers import copy_database, psql

ROOT = Path(__file__).parents[2]


class Served:
    """A running server: its address, the password of its trial users, and its database."""

    def __init__(self, url, password, database):
        self.url, self.password, self.database = url, password, database
        self.signed_in = {}  # the cookies of who has signed in: the form is filled in once a person

    def open(self, browser, user="sachbearbeitung", width=1280, scheme="light", script=True):
        """A page that is signed in."""
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            locale="de-DE",
            java_script_enabled=script,
            storage_state=self.signed_in.get(user),
        )
        page = context.new_page()
        page.set_default_timeout(15000)  # only what fails waits so long
        page.problems = []
        page.on(
            "console",
            lambda m: page.problems.append(m.text) if m.type == "error" and "status of 4" not in m.text else None,
        )
        page.on("pageerror", lambda e: page.problems.append(str(e)))
        if user in self.signed_in:
            page.goto(f"{self.url}/")
        elif user:
            page.goto(f"{self.url}/anmelden/")
            page.get_by_label("Anmeldename").fill(user)
            page.get_by_label("Passwort").fill(self.password)
            page.get_by_role("button", name="Anmelden").click()
            page.wait_for_url(f"{self.url}/")
            self.signed_in[user] = context.storage_state()
        return page


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(url, process, written):
    """Until the program answers; written() is what it has said so far."""
    import time

    for _ in range(150):
        if process.poll() is not None:
            raise AssertionError(written())
        try:
            return urllib.request.urlopen(url, timeout=2)
        except urllib.error.HTTPError as error:
            return error
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def served(django_db_setup):
    """A server of its own for each module, on a fresh copy of the trial data."""
    name = f"test_kim_{uuid.uuid4().hex[:8]}"
    copy_database(name)
    port = free_port()
    log = tempfile.NamedTemporaryFile("w")  # a pipe that nobody reads would stop the program once it is full
    written = Path(log.name).read_text
    environment = os.environ | {
        "KIM_DATABASE": name,
        "KIM_TRIAL": "1",
        "KIM_SERVING": "1",
        "KIM_SECRET_KEY": "only-for-tests",
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/anmelden/", process, written)
        yield Served(f"http://127.0.0.1:{port}", re.search(r"Passwort: (\S+)", written())[1], name)
    finally:
        if "Traceback" in (words := written()):
            with (ROOT / "var" / "served-errors.log").open("a") as kept:  # what stands behind a server error
                kept.write(f"{name}\n{words}\n")
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        (ROOT / "var" / f"trial-password{name.replace('_', '-')}").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def empty():
    """An empty house of its own for each module."""
    from tests.browser.house import started

    yield from started()


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """Debian's Chromium, without connections of its own."""
    return {
        "executable_path": shutil.which("chromium") or "chromium",
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
