"""What pages with figures cost: CPU of this process and queries; by hand: .venv/bin/python benchmarks/pages.py [POSTS]

The trial data, and beside them a body with so many posts (1,000 if nothing is said) and thirty papers of eighty figures.
Each page is asked once to warm up and then three times; what counts is the least. ``profile WORD`` says where the pages
whose name begins so spend it. The database is thrown away afterwards, unless KIM_KEEP=1.
"""

import cProfile
import os
import pstats
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kim.settings")
os.environ.setdefault("KIM_SECRET_KEY", "only-for-benchmarks")
NAME = "bench_pages"
PAPERS = 30


def database(posts: int) -> None:
    """The database, filled if it is not there."""
    import psycopg

    from kim.store import postgres

    os.environ["KIM_DATABASE"] = NAME
    postgres.start()
    with psycopg.connect(host=str(postgres.socket_directory()), user="postgres", dbname="postgres") as one:
        there = one.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [NAME]
        ).fetchone()
    if there and there[0] == str(posts):
        return
    drop()
    postgres.start()
    for command in (["migrate", "-v0"], ["load_fixtures", "-v0"]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, check=True, env=os.environ, stdout=subprocess.DEVNULL
        )
    setup()
    from benchmarks.large import large

    large("musterkreis", posts, PAPERS)
    from django.db import connection

    connection.close()
    admin(f"COMMENT ON DATABASE {NAME} IS '{posts}'")
    admin("ANALYZE", NAME)


def drop() -> None:
    admin(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')


def admin(statement: str, name: str = "postgres") -> None:
    import psycopg

    from kim.store import postgres

    with psycopg.connect(host=str(postgres.socket_directory()), user="postgres", dbname=name, autocommit=True) as one:
        one.execute(statement)


def setup() -> None:
    import django

    os.environ["KIM_DATABASE"] = NAME
    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]


def client_of(slug: str) -> Any:
    """A browser of Sachbearbeitung of a body."""
    from django.test import Client

    from kim.models import Body, RoleAssignment, User
    from kim.store.context import acting

    with acting(None, []):
        user, _ = User.objects.get_or_create(username=f"bench-{slug}")
        body = Body.objects.get(slug=slug)
        RoleAssignment.objects.get_or_create(user=user, body=body, role="sachbearbeitung")
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    return browser


def form_of(browser: Any, url: str) -> dict[str, str]:
    """What the form of a page sends if nothing is typed."""

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}
            self.select = ""

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            given = dict(attrs)
            if tag == "input" and given.get("name") and given.get("type") not in {"checkbox", "submit", "radio"}:
                self.found[given["name"]] = given.get("value") or ""
            elif tag == "select":
                self.select = given.get("name") or ""
            elif tag == "option" and "selected" in given and self.select:
                self.found[self.select] = given.get("value") or ""
            elif tag == "textarea" and given.get("name"):
                self.found[given["name"]] = ""

    reader = Reader()
    reader.feed(browser.get(url).content.decode())
    return reader.found


def pages(slug: str, post: str, other: str, paper: str) -> dict[str, Any]:
    """Name of each page, and what asks for it."""
    browser = client_of(slug)
    turn = iter(range(10**6))

    def read(url: str) -> Any:
        return lambda: browser.get(url)

    def correct(**extra: str) -> Any:
        url = f"/stellen/{post}/berichtigen/"

        def ask() -> Any:
            given = form_of(browser, url)
            size = ("0,9", "0,8")[next(turn) % 2]
            return lambda: browser.post(url, given | {"fte": size, "reason": "Benchmark"} | extra)

        return ask

    def reallocate() -> Any:
        url = "/umverteilungen/neu/"
        given = form_of(browser, url)
        given |= {"effective": "01.04.2023", "reason": "Benchmark", "assumption": "Benchmark", "preview": "1"}
        given |= {"von-0-stelle": post, "von-0-vzae": "0,5", "nach-0-ziel": f"stelle:{other}", "nach-0-vzae": "0,5"}
        return lambda: browser.post(url, given)

    writes = {
        "Umverteilung, Folgen": reallocate,
        "Berichtigung, Folgen": correct(preview="1"),
        "Berichtigung, Speichern": correct(),
    }
    named = {"paper": paper.replace("/", "-"), "post": post}
    return {name: lambda url=url: read(url.format(**named)) for name, url in READ.items()} | writes


READ = {  # what is only read
    "Übersicht": "/",
    "Vorlage": "/dokumente/{paper}/",
    "Editor": "/dokumente/{paper}/text/",
    "PDF": "/dokumente/{paper}/pdf/",
    "Kostenneutralität": "/haushalt/kostenneutralitaet/",
    "Stellenverteilung": "/zuwendungen/stellenverteilung/",
    "Umverteilung": "/umverteilungen/neu/",
    "Stelle": "/stellen/{post}/",
    "Stellen": "/stellen/",
    "Hinweise": "/pruefung/hinweise/",
    "Nichts als der Rahmen": "/dokumente/pruefen/",
}


def measured(ask: Any, rounds: int = 3) -> tuple[float, int, int, int, int]:
    """CPU of this process in ms (the least), queries, those that repeat an earlier one, status, bytes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    spent = []
    for _ in range(rounds + 1):
        send = ask()
        start = time.process_time()
        response = send()
        size = len(response.content)
        spent.append((time.process_time() - start) * 1000)
    send = ask()
    with CaptureQueriesContext(connection) as queries:
        send()
    said = [one["sql"] for one in queries]
    return min(spent[1:]), len(said), len(said) - len(set(said)), response.status_code, size


BODIES = {
    "trial": ("staedteregion-aachen", "CM-01", "CM-02", "2023/0120"),
    "large": ("musterkreis", "CM-00001", "CM-00002", "2023/0003"),
}


def main(words: list[str]) -> None:
    posts = next((int(w) for w in words if w.isdigit()), 1000)
    database(posts)
    setup()
    names = [w for w in words if w in BODIES] or list(BODIES)
    wanted = words[words.index("profile") + 1] if "profile" in words else ""
    for name in names:
        for page, ask in pages(*BODIES[name]).items():
            if wanted and not page.startswith(wanted):
                continue
            if wanted:
                send = ask()
                send()
                send = ask()
                profile = cProfile.Profile()
                profile.runcall(send)
                pstats.Stats(profile).sort_stats(os.environ.get("SORT", "cumulative")).print_stats(70)
                continue
            cpu, queries, again, status, size = measured(ask)
            print(
                f"{name:6} {page:26} {cpu:8.0f} ms {queries:5} queries ({again} again) {status} {size // 1000:6} kB",
                flush=True,
            )
    if os.environ.get("KIM_KEEP") != "1":
        from django.db import connection

        connection.close()
        drop()


if __name__ == "__main__":
    main(sys.argv[1:])
