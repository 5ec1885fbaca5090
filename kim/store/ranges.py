"""Date ranges as PostgreSQL writes them, read quickly: every row of money and posts has one, and few are different."""

from datetime import date
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.types.range import DateRangeLoader, Range


@lru_cache(10_000)
def parsed(words: bytes) -> Range[date] | None:
    """A range of days; None for what is not written as days: empty, infinity, other eras.

    Example: [2023-01-01,2024-01-01): the year 2023.
    """
    lower, _, upper = words[1:-1].partition(b",")
    if not all(not edge or (len(edge) == 10 and edge[:4].isdigit()) for edge in (lower, upper)) or b"," not in words:
        return None
    first, end = (date.fromisoformat(edge.decode()) if edge else None for edge in (lower, upper))
    return Range(first, end, chr(words[0]) + chr(words[-1]))


class QuickDateRangeLoader(DateRangeLoader):
    """The library's loader, and before it what was read already. Ranges are never changed in place."""

    def load(self, data: Any) -> Range[Any]:
        return parsed(bytes(data)) or super().load(data)


def register() -> None:
    """From now on every connection reads ranges so."""
    psycopg.adapters.register_loader("daterange", QuickDateRangeLoader)
