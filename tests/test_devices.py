"""The devices of the tests themselves: each shows the fault that it is there for."""

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import InternalError, transaction
from django.template import Context, Template
from django.template.base import FilterExpression

from kim.models import Reminder
from kim.store.context import acting
from staffing.views.posts import DescribePosition
from tests import strict
from tests.helpers import sql
from tests.security.addresses import PAGES

ROOT = Path(__file__).parents[1]

# a name that a template does not find

UNKNOWN = [
    "{{ unknown }}",
    "{{ post.unknown }}",
    "{{ nobody.name }}",
    "{{ unknown|default:'keine Angabe' }}",
    "{{ unknown|euro }}",
    "{% for one in unknown %}{{ one }}{% endfor %}",
    "{% with one=unknown %}{{ one }}{% endwith %}",
    "{% if post %}{{ unknown }}{% endif %}",
]


def said(words):
    return Template(words).render(Context({"post": "CM-01", "nobody": None, "empty": "", "many": []}))


@pytest.mark.counter
@pytest.mark.parametrize("words", UNKNOWN)
def test_an_unknown_name_fails_a_test(words):
    with pytest.raises(pytest.fail.Exception, match="is unknown"):
        said(words)


@pytest.mark.counter
def test_without_the_device_it_would_pass_for_empty(monkeypatch):
    monkeypatch.setattr(FilterExpression, "resolve", strict.lenient)
    assert said("{{ unknown|default:'keine Angabe' }}") == "keine Angabe"


@pytest.mark.counter
def test_a_page_without_its_title_is_seen(login, monkeypatch):
    url = "/stellen/CM-01/beschreibung/"
    assert login().get(url).status_code == 200
    monkeypatch.setattr(DescribePosition, "context", lambda *_: {})
    with pytest.raises(pytest.fail.Exception, match="title"):
        login().get(url)


def test_what_is_known_and_empty_or_only_asked_for_passes():
    assert said("{% if unknown %}a{% elif nobody.name == 'b' %}b{% else %}c{% endif %}") == "c"
    assert said("{{ empty|default:'–' }}{{ nobody|default:'–' }}{% for one in many %}{{ one }}{% endfor %}") == "––"


@pytest.mark.parametrize("name", ["euro", "vzae", "datum"])
@pytest.mark.parametrize("value", [0, 57000.0, True, [], {}, object()])
def test_a_figure_of_the_wrong_type_is_no_missing_one(name, value):
    with pytest.raises(TypeError, match="neither missing nor"):
        Template("{{ value|%s }}" % name).render(Context({"value": value}))  # noqa: UP031


def test_figures_of_the_right_type_and_missing_ones_print():
    words = "{{ a|euro }} {{ a|vzae }} {{ day|datum }} {{ iso|datum }} {{ no|euro }}{{ no|vzae }}{{ no|datum }}"
    context = {"a": Decimal("1.5"), "day": date(2023, 3, 1), "iso": "2023-03-01", "no": None}
    assert Template(words).render(Context(context)) == "1,50\u00a0€ 1,5 01.03.2023 01.03.2023 –––"


# a page that is only read writes nothing


def note_in(monkeypatch, view):
    """The page of a view leaves a row behind when it is shown."""
    served = view.dispatch

    def dispatch(self, request, **kwargs):
        Reminder(body=request.acting_body, author=request.user, user=request.user, date=request.stand, text="!").save()
        return served(self, request, **kwargs)

    monkeypatch.setattr(view, "dispatch", dispatch)


@pytest.mark.counter
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_page_that_writes_when_it_is_read_fails(login, monkeypatch, method):
    note_in(monkeypatch, DescribePosition)
    browser = login()
    browser.raise_request_exception = True
    with pytest.raises(InternalError, match="read-only"):
        getattr(browser, method)("/stellen/CM-01/beschreibung/")


def test_only_pages_of_a_draft_that_show_its_consequences_may_write():
    """They make the change in a savepoint that is always undone."""
    names = {page.name for page in PAGES if getattr(getattr(page.view, "view_class", None), "foresees", False)}
    assert names == {"reallocation", "reallocation-new", "reallocation-edit"}


def test_after_it_the_transaction_of_the_test_writes_again(login, region):
    assert login().get("/stellen/").status_code == 200
    assert sql("SHOW transaction_read_only") == [("off",)]
    with acting(None, [region.pk], read_only=True):
        assert sql("SHOW transaction_read_only") == [("on",)]
        with transaction.atomic(), acting(None, [region.pk]):
            assert sql("SHOW transaction_read_only") == [("on",)]
    assert sql("SHOW transaction_read_only") == [("off",)]
    with pytest.raises(ZeroDivisionError), acting(None, [region.pk], read_only=True):
        raise ZeroDivisionError
    assert sql("SHOW transaction_read_only") == [("off",)]


# the order of tests


def run_in_order_of(seed, *words):
    """A run of pytest of its own: whether it passes, and what it says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", f"--randomly-seed={seed}", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.counter
def test_a_test_that_leans_on_another_fails_in_some_order(tmp_path):
    path = tmp_path / "test_pair.py"
    path.write_text("seen = []\n\ndef test_first():\n    seen.append(1)\n\ndef test_second():\n    assert seen\n")
    found = {run_in_order_of(seed, "-c", os.devnull, "-p", "no:django", str(path))[0] for seed in range(1, 5)}
    assert found == {0, 1}


def collected(seed, path):
    code, words = run_in_order_of(seed, "--collect-only", path)
    assert code == 0, words
    return [line for line in words.splitlines() if "::" in line]


def test_the_seed_gives_the_order_and_files_that_drive_a_browser_keep_theirs():
    one, other = collected(1, "tests/kim/test_formats.py"), collected(2, "tests/kim/test_formats.py")
    assert one != other and sorted(one) == sorted(other) and collected(1, "tests/kim/test_formats.py") == one
    assert collected(1, "tests/browser/test_journey.py") == collected(2, "tests/browser/test_journey.py")
