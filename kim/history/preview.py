"""What a change would do, without doing it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import transaction

from kim.models.refusals import db_errors_as_validation

T = TypeVar("T")


@contextmanager
def rolled_back() -> Iterator[None]:
    """A savepoint that is always rolled back: rows, settings, constraint modes, on_commit calls."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def preview(change: Callable[[], object], figures: Callable[[], T]) -> tuple[T, T]:
    """The figures before and after a draft change that is then undone; ValidationError if it is refused."""
    before = figures()
    with rolled_back():
        with db_errors_as_validation():
            change()
        return before, figures()
