"""Somebody can always open the house: the last Systemverwaltung that may sign in cannot go, not by two at once either."""

import threading
import uuid
from datetime import date

import psycopg
import pytest
from django.core.exceptions import ValidationError

from kim.models import RoleAssignment, User
from kim.models.bodies import LAST_TECHNICAL
from kim.models.refusals import db_errors_as_validation
from kim.store.context import acting
from tests.helpers import name_of_database, psql
from tests.security.test_races import ACT, at_work, switched_off

WAYS = {
    "deactivated": "UPDATE kim_user SET is_active = false WHERE id = {user}",
    "given a last day": "UPDATE kim_user SET ends_on = '2099-12-31' WHERE id = {user}",
    "role gone": "DELETE FROM kim_roleassignment WHERE user_id = {user} AND role = 'technik'",
    "another role": "UPDATE kim_roleassignment SET role = 'leitung', body_id = (SELECT min(id) FROM kim_body) WHERE user_id = {user} AND role = 'technik'",
    "handed on": "UPDATE kim_roleassignment SET user_id = {other} WHERE user_id = {user} AND role = 'technik'",
}
COUNT = "SELECT count(*) FROM kim_roleassignment r JOIN kim_user u ON u.id = r.user_id WHERE role = 'technik' AND is_active AND ends_on IS NULL"


@pytest.fixture
def two(django_db_setup, django_db_blocker):
    """Two accounts of Systemverwaltung, the only ones, and one that is closed; committed, and cleared away again."""
    word, database = uuid.uuid4().hex[:10], name_of_database()
    assert psql(COUNT, database=database) == [(0,)]
    psql(
        ACT.format(body=0)
        + f"""INSERT INTO kim_user (version, password, is_superuser, username, first_name, last_name, email, is_staff,
            is_active, date_joined) SELECT 1, '', false, '{word}-' || n, '', '', '', false, n < 3, now()
            FROM generate_series(1, 3) n;
        INSERT INTO kim_roleassignment (version, user_id, role, public_only)
            SELECT 1, id, 'technik', false FROM kim_user WHERE username LIKE '{word}-_' AND is_active""",
        database=database,
    )
    keys = [key for (key,) in psql(f"SELECT id FROM kim_user WHERE username LIKE '{word}-_' ORDER BY username", database=database)]  # fmt: skip
    with django_db_blocker.unblock():
        yield keys
    listed = ",".join(map(str, keys))
    psql(
        f"""{ACT.format(body=0)} SET session_replication_role = replica;
        DELETE FROM kim_roleassignment WHERE user_id IN ({listed}); DELETE FROM kim_user WHERE id IN ({listed})""",
        database=database,
    )


def go_at_once(one, other, closed, way, second_way):
    """Both go: the first has done so and not yet finished when the second begins. What became of the second."""
    fate, begun = [], threading.Event()
    with at_work(0) as first, at_work(0) as second:
        first.execute("BEGIN")
        first.execute(WAYS[way].format(user=one, other=closed))
        first.execute("SET CONSTRAINTS ALL IMMEDIATE")

        def go():
            begun.set()
            try:
                second.execute("BEGIN")
                second.execute(WAYS[second_way].format(user=other, other=closed))
                second.execute("COMMIT")
                fate.append("gone")
            except psycopg.IntegrityError as error:
                fate.append(error.diag.constraint_name)

        thread = threading.Thread(target=go)
        thread.start()
        begun.wait(10)
        thread.join(0.5)  # the second is there, and waits
        first.execute("COMMIT")
        thread.join(20)
    return fate[0]


@pytest.mark.parametrize("second_way", WAYS)
@pytest.mark.parametrize("way", ["deactivated", "given a last day", "role gone"])
def test_of_two_who_go_at_once_one_stays(way, second_way, two):
    assert go_at_once(*two, way, second_way) == "last_technical"
    assert psql(COUNT, database=name_of_database()) == [(1,)]


@pytest.mark.counter
def test_without_the_lock_both_go(two):
    source = psql(
        "SELECT pg_get_functiondef(tgfoid) FROM pg_trigger WHERE tgrelid = 'kim_user'::regclass"
        " AND tgname LIKE 'pgtrigger_last_technical%'",
        database=name_of_database(),
    )[0][0]
    assert "PERFORM pg_advisory_xact_lock(78, 0);" in source
    with switched_off(source.replace("PERFORM pg_advisory_xact_lock(78, 0);", ""), source):
        assert go_at_once(*two, "deactivated", "deactivated") == "gone"
    assert psql(COUNT, database=name_of_database()) == [(0,)]


def test_the_last_one_stays_by_every_way(login, bodies):
    login("technik", "")
    user = User.objects.get(username="technik@")
    with acting(None, []):
        closed = User.objects.create(username="zu", is_active=False)
        held = RoleAssignment.objects.get(user=user)
        mine = RoleAssignment.objects.filter(pk=held.pk)
        for change in (
            lambda: User.objects.filter(pk=user.pk).update(is_active=False),
            lambda: User.objects.filter(pk=user.pk).update(ends_on=date(2099, 12, 31)),
            lambda: mine.get().delete(),
            lambda: mine.update(user=closed),
            lambda: mine.update(role="leitung", body=bodies["weidenkreis"]),
        ):
            with pytest.raises(ValidationError, match=LAST_TECHNICAL), db_errors_as_validation():
                change()
        other = User.objects.create(username="noch-eine")
        RoleAssignment.objects.create(user=other, role="technik")
        with db_errors_as_validation():
            User.objects.filter(pk=user.pk).update(is_active=False)
        with db_errors_as_validation():
            User.objects.filter(pk=closed.pk).update(is_active=False)  # was no Systemverwaltung: nothing to keep


def test_the_page_says_it_when_another_goes_meanwhile(login, monkeypatch):
    """The form has looked and found another one; when it saves, that one is gone."""
    from kim.pages import accounts

    browser = login("technik", "")
    monkeypatch.setattr(accounts.UserForm, "clean", lambda self: self.cleaned_data)
    version = User.objects.get(username="technik@").version
    data = {"username": "technik@", "first_name": "Frau", "last_name": "D.", "version": version}
    response = browser.post("/technik/benutzerkonten/technik@/", data)
    assert response.status_code == 422 and LAST_TECHNICAL in response.content.decode()
    assert User.objects.get(username="technik@").is_active
