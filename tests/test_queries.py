"""How many queries each page costs, kept in one file: more is seen in review, as fewer is."""

import os
import tomllib
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kim.history import trail
from kim.models import ClosedYear
from tests.security.test_pages import PAGES

KEPT = Path(__file__).parent / "queries.toml"
HEAD = (
    "# Queries that each page costs for Sachbearbeitung of the StädteRegion, savepoints included, the second time that it\n"
    "# is asked for. KIM_QUERIES=write .venv/bin/python -m pytest tests/test_queries.py writes this file.\n\n"
)


def counted(browser, urls):
    """The queries of each page that is there."""
    found = {}
    for url in urls:
        if browser.get(url).status_code != 200:
            continue
        with CaptureQueriesContext(connection) as queries:
            browser.get(url)
        found[url] = len(queries)
    return found


def differences(was, now):
    """A line for each page that costs more or less than the file says, is new, or is gone."""
    lines = []
    for url in sorted(was | now):
        before, after = was.get(url), now.get(url)
        if before is None:
            lines.append(f"{url}: {after}, not in the file")
        elif after is None:
            lines.append(f"{url}: {before} in the file, but there is no such page")
        elif before != after:
            lines.append(f"{url}: {before} -> {after} ({after - before:+d})")
    return lines


def kept():
    return tomllib.loads(KEPT.read_text())


def test_each_page_costs_what_the_file_says(login, monkeypatch):
    monkeypatch.setattr(trail.latest, "__defaults__", (7, 1000))  # not only what the tests before have done
    browser = login()
    browser.get("/")  # what a process asks once, it asks here
    now = counted(browser, sorted({url for url, _rule in PAGES}))
    assert len(now) > 50
    if os.environ.get("KIM_QUERIES") == "write":
        KEPT.write_text(HEAD + "".join(f'"{url}" = {number}\n' for url, number in sorted(now.items())))
    lines = differences(kept(), now)
    assert not lines, "\n".join(["", *lines, "If it is meant: KIM_QUERIES=write, and the file goes into the commit."])


@pytest.mark.counter
def test_one_query_more_is_seen(login, monkeypatch):
    served, was = ClosedYear.of, kept()["/stellen/"]
    monkeypatch.setattr(ClosedYear, "of", lambda body: served(body) | served(body))
    assert differences({"/stellen/": was}, counted(login(), ["/stellen/"])) == [f"/stellen/: {was} -> {was + 1} (+1)"]


def test_pages_that_come_and_go_are_named():
    assert differences({"/a/": 1, "/b/": 2}, {"/b/": 2, "/c/": 3}) == [
        "/a/: 1 in the file, but there is no such page",
        "/c/: 3, not in the file",
    ]
