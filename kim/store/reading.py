"""Reading: a stretch of work within which nothing changes, so that what was read once is not read again."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import connection

F = TypeVar("F", bound=Callable[..., Any])


class Memo(dict[Any, Any]):
    """What was read, by function and arguments."""


MEMO: ContextVar[Memo | None] = ContextVar("memo", default=None)
LOCKING = re.compile(r"\bFOR (NO KEY )?(UPDATE|SHARE|KEY)|set_config|advisory", re.I)


@contextmanager
def reading(*, anew: bool = False) -> Iterator[None]:
    """Within the block ``read_once`` remembers: a page that is only read, a text with all its figures, a list of hints.

    A block within a block remembers with it; anew: it does not, because it sees other data (a Kenntnisstand). Any
    statement that writes, locks or sets something lets everything be forgotten, so that after it the new data are
    read.
    """
    if MEMO.get() is not None and not anew:
        yield
        return
    memo = Memo()

    def forgetting(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        words = sql if isinstance(sql, str) else ""
        if words.lstrip("( ")[:6].upper() != "SELECT" or LOCKING.search(words):
            memo.clear()
        return execute(sql, params, many, context)

    token = MEMO.set(memo)
    try:
        with connection.execute_wrapper(forgetting):
            yield
    finally:
        MEMO.reset(token)


def remember(function: Callable[..., Any], result: Any, *args: Any) -> None:
    """Within ``reading``, know the result of a function marked ``read_once`` before it is asked: it was read together
    with others."""
    memo = MEMO.get()
    if memo is not None:
        memo[function.__wrapped__, args, ()] = result  # type: ignore[attr-defined]


def is_known(function: Callable[..., Any], *args: Any) -> bool:
    """Whether the result of a function marked ``read_once`` is remembered."""
    memo = MEMO.get()
    return memo is not None and (function.__wrapped__, args, ()) in memo  # type: ignore[attr-defined]


def read_once(function: F) -> F:
    """A function of the data whose result is remembered within ``reading``, by its arguments; outside it is called each
    time. What it returns is nobody's to change. Arguments that cannot be told apart (lists) are not remembered.
    """

    @wraps(function)
    def remembered(*args: Any, **kwargs: Any) -> Any:
        memo = MEMO.get()
        if memo is None:
            return function(*args, **kwargs)
        try:
            key = (function, args, tuple(sorted(kwargs.items())))
            if key in memo:
                return memo[key]
        except TypeError:  # a list, or a row that is not saved
            return function(*args, **kwargs)
        result = function(*args, **kwargs)
        memo[key] = result
        return result

    return cast(F, remembered)
