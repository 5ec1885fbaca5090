"""Who acts for which bodies, and why: the settings that PostgreSQL's policies and triggers read."""

import json
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from django.db import connection, transaction

from kim.store.reading import reading

if TYPE_CHECKING:
    from kim.models import Body, User

SETTINGS = ("app.body_ids", "app.nonpublic", "app.reference", "pghistory.context_id", "pghistory.context_metadata")


SET = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in SETTINGS)


READ_ONLY = ", set_config('transaction_read_only', 'on', true)"  # of a savepoint it holds until that ends


GET = "SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in SETTINGS)


class Scope(Protocol):
    """Who asks for rows, and for which body: a request, a job, a command. ``visible_to`` takes nothing more."""

    @property
    def acting_body(self) -> "Body": ...

    @property
    def user(self) -> "User": ...

    @property
    def public_only(self) -> bool: ...


@contextmanager
def acting(
    user_id: int | None,
    body_ids: Iterable[int],
    *,
    snapshot: bool = False,
    read_only: bool = False,
    public_only: bool = False,
    reference: bool = False,
    **context: str,
) -> Iterator[None]:
    """One transaction, one actor, these bodies; without it no row is seen and none can be saved.

    snapshot: every query sees the same moment, so that a list and its total, before and after, agree.
    read_only: nothing can be written, also where this lies within a transaction that can; what is read once is not
    read again (kim.store.reading).
    public_only: rows that are not public are not seen either.
    reference: what bodies have added to the code tables is seen, too: Systemverwaltung may take it over.
    """
    nested = connection.in_atomic_block
    metadata = json.dumps({"user": user_id} | context)
    may_see = "" if public_only else "on", "on" if reference else ""
    values = (",".join(map(str, body_ids)), *may_see, str(uuid.uuid4()), metadata)
    with transaction.atomic(), connection.cursor() as cursor:
        before: Any = None
        if nested:
            cursor.execute(GET)
            before = cursor.fetchone()
        elif snapshot:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(SET + READ_ONLY if read_only else SET, values)
        with reading(anew=True) if read_only else nullcontext():
            yield
        if nested and not connection.needs_rollback:
            cursor.execute(SET, before)


@contextmanager
def for_body_too(body_id: int) -> Iterator[None]:
    """Within the block rows of this body, too, can be seen and written: for the act that creates it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.body_ids', true), '')")
        before = str(cursor.fetchone()[0])
        cursor.execute("SELECT set_config('app.body_ids', %s, true)", [f"{before},{body_id}".strip(",")])
        yield
        cursor.execute("SELECT set_config('app.body_ids', %s, true)", [before])


def describe_act(**context: str) -> None:
    """Add to the context of what follows in this transaction: the reason of a change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_metadata', (coalesce(nullif("
            "current_setting('pghistory.context_metadata', true), ''), '{}')::jsonb || %s)::text, true)",
            [json.dumps(context)],
        )


def described_in_act(name: str) -> str:
    """What was added to the context in this transaction under a name; empty if nothing was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(current_setting('pghistory.context_metadata', true), '')::jsonb ->> %s, '')", [name]
        )
        return str(cursor.fetchone()[0])


def act_key() -> str:
    """The key of the act that this transaction is: all its events carry it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pghistory.context_id')")
        return str(cursor.fetchone()[0])
