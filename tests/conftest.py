"""A real PostgreSQL with the trial data in it; tests act as the app role, races and browsers in real processes."""

import os
from contextlib import contextmanager

import pytest

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser driver runs an event loop of its own

from kim.store import postgres

postgres.start()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    """Files and the tests in them run in random order (pytest-randomly prints the seed; --randomly-seed sets it). What
    drives a browser shares one served program per file and keeps its order within the file."""
    written = {item: number for number, item in enumerate(items)}
    result = yield
    for path in {item.path for item in items if item.path.parent.name == "browser"}:
        places = [place for place, item in enumerate(items) if item.path == path]
        for place, item in zip(places, sorted((items[place] for place in places), key=written.get), strict=True):
            items[place] = item
    return result


def as_(role_options):
    from django.db import connection

    connection.close()
    owner = postgres.logins()[postgres.OWNER]
    connection.settings_dict.update(
        USER=owner["USER"], PASSWORD=owner["PASSWORD"], OPTIONS=owner["OPTIONS"] | role_options
    )


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """The owner creates the database; then every test acts as the app role, on trial data that is loaded once."""
    from django.core.management import call_command

    from tests import database
    from tests.helpers import close, psql

    def load():
        as_({"assume_role": postgres.APP})
        call_command("load_fixtures", verbosity=0, stdout=open(os.devnull, "w"))
        as_({})

    with django_db_blocker.unblock():
        as_({})
        name = database.create(lambda: as_({"assume_role": postgres.APP}), load)
    yield
    with django_db_blocker.unblock():
        close()
        psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session", autouse=True)
def strict_templates():
    """A name that a template does not find fails the test; {% if %} may ask for it."""
    from tests import strict

    with pytest.MonkeyPatch.context() as patch:
        strict.switch_on(patch)
        yield


@pytest.fixture
def bodies(db):
    """The trial bodies by slug."""
    from kim.models import Body

    return {body.slug: body for body in Body.objects.all()}


@pytest.fixture
def region(bodies):
    """Act for the StädteRegion Aachen."""
    from kim.store.context import acting

    body = bodies["staedteregion-aachen"]
    with acting(None, [body.pk], reason="Test"):
        yield body


@pytest.fixture
def city(bodies):
    """Act for the Stadt Aachen."""
    from kim.store.context import acting

    body = bodies["stadt-aachen"]
    with acting(None, [body.pk], reason="Test"):
        yield body


@pytest.fixture
def district(bodies):
    """Act for the invented Weidenkreis."""
    from kim.store.context import acting

    body = bodies["weidenkreis"]
    with acting(None, [body.pk], reason="Test"):
        yield body


@pytest.fixture
def login(db, client):
    """A client that is signed in with a role for a body."""
    from django.test import Client

    from kim.models import Body, RoleAssignment, User
    from kim.store.context import acting

    def signed_in(role="sachbearbeitung", slug="staedteregion-aachen", name=""):
        name = name or f"{role}@{slug}"
        body = Body.objects.get(slug=slug) if slug else None
        with acting(None, []):
            user, _ = User.objects.get_or_create(username=name, defaults={"first_name": "Frau", "last_name": "D."})
            RoleAssignment.objects.get_or_create(user=user, body=body, role=role)
        browser = Client(raise_request_exception=False)
        browser.force_login(user)
        return browser

    return signed_in


@pytest.fixture
def owner(db):
    """Within the block, the test's transaction has the owner's rights: to switch a defence off."""
    from django.db import connection

    @contextmanager
    def switched():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {postgres.OWNER}")
            yield cursor
            cursor.execute(f"SET LOCAL ROLE {postgres.APP}")

    return switched
