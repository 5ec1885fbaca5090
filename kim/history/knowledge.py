"""The data as they were known at a moment (Kenntnisstand)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from kim.store.reading import reading


@contextmanager
def known_at(moment: datetime) -> Iterator[None]:
    """Within the block every query sees the data as they were known at that moment (Kenntnisstand): the same queries,
    over the history instead of the tables. Nothing can be written."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        before = cursor.fetchone()[0]
        cursor.execute(
            "SELECT set_config('app.known_at', %s, true), set_config('search_path', 'kim_known, public', true)",
            [moment.isoformat()],
        )
        try:
            with reading(anew=True):
                yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT set_config('search_path', %s, true)", [before])
