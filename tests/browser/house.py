"""One's own house for the tests of the browser: started empty, and a person who walks through it by pages alone."""

import os
import re
import signal
import subprocess
import sys
import uuid

from tests.browser.conftest import ROOT, free_port, wait_for
from tests.browser.test_looks import looked_at

PASSWORD = "eine lange Wortfolge 7"
DROP = """
from kim.store import postgres
postgres.start()
import os, psycopg
with psycopg.connect(host=str(postgres.socket_directory()), user="postgres", dbname="postgres", autocommit=True) as one:
    one.execute(f'DROP DATABASE "{os.environ["KIM_DATABASE"]}" WITH (FORCE)')
"""


class House:
    """An empty house: the key it has printed, its address, and its commands."""

    def __init__(self, key, environment):
        self.key, self.environment = key, environment | {"KIM_FOLDER": "var/leer", "KIM_SECRET_KEY": "only-for-tests"}
        self.url = key.partition("/einrichten/")[0]

    def command(self, *words):
        """What a command of the house prints."""
        given = [sys.executable, "manage.py", *words]
        done = subprocess.run(given, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout


def started():
    """An empty house with a database of its own in the folder of one's own houses, ended when it is no longer used."""
    name, port = f"test_kim_{uuid.uuid4().hex[:8]}", free_port()
    left_out = {"KIM_TRIAL", "KIM_SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    environment = {key: value for key, value in os.environ.items() if key not in left_out} | {"KIM_DATABASE": name}
    process = subprocess.Popen(
        ["script/server", "--leer", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        words = ""
        while "Einrichten:" not in words:
            line = process.stdout.readline()
            assert line, words
            words += line
        wait_for(f"http://127.0.0.1:{port}/", process, process.stdout.read)
        yield House(re.search(r"Einrichten: (\S+)", words)[1], environment)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        house = House("", environment).environment
        subprocess.run([sys.executable, "-c", DROP], cwd=ROOT, env=house, check=True, timeout=60)


class Walk:
    """A person at her browser: what she sees and types is counted."""

    def __init__(self, browser, house):
        self.browser, self.house, self.wrong = browser, house, []
        self.screens = self.clicks = self.fields = 0
        self.enter()

    def enter(self):
        """A new window, of somebody who is not signed in."""
        self.page = self.browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE").new_page()
        self.page.set_default_timeout(15000)
        self.page.on("framenavigated", self.count)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def count(self, frame):
        self.screens += frame.parent_frame is None and frame.url.startswith("http")

    def open(self, address):
        self.page.goto(self.house + address)

    def type(self, **named):
        for name, words in named.items():
            self.page.locator(f"[name={name.replace('__', '-')}]").fill(words)
            self.fields += 1

    def choose(self, **named):
        for name, word in named.items():
            field = self.page.locator(f"[name={name.replace('__', '-')}]")
            values = field.locator("option").evaluate_all("all => all.map(one => [one.value, one.textContent.trim()])")
            found = [value for value, words in values if word in (value, words)]
            found = found or [value for value, words in values if words.startswith(word)]
            assert len(found) == 1, (name, word, values)
            field.select_option(found[0])
            self.fields += 1

    def press(self, words, role="button"):
        self.page.get_by_role(role, name=words).first.click()
        self.clicks += 1

    def tick(self, *words):
        for one in words:
            self.page.get_by_label(one, exact=True).check()
            self.clicks += 1

    def says(self, words):
        assert words in self.page.inner_text("main").replace("\u00a0", " "), self.page.inner_text("main")[:800]

    def look(self):
        for size in ((1280, "light"), (390, "dark"), (320, "forced")):
            self.wrong += looked_at(self.page, self.page.url, size)
        self.page.set_viewport_size({"width": 1280, "height": 900})
