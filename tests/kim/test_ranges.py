"""Ranges are read quickly and mean what the library makes of them."""

from datetime import date

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.datetime import DateLoader
from psycopg.types.range import load_range_text

from kim.store.ranges import QuickDateRangeLoader, parsed

DAYS = st.none() | st.dates(min_value=date(1900, 1, 1))


def by_the_library(words):
    return load_range_text(words, DateLoader(1082).load)[0]


@given(DAYS, DAYS, st.sampled_from("[("), st.sampled_from(")]"))
def test_every_range_is_what_the_library_says(lower, upper, opening, closing):
    words = f"{opening}{lower or ''},{upper or ''}{closing}".encode()
    assert parsed(words) == by_the_library(words)


@pytest.mark.parametrize("words", [b"empty", b"[2023-01-01,infinity)", b"[-infinity,2023-01-01)", b"[0044-01-01 BC,)"])
def test_what_is_not_written_as_days_is_left_to_the_library(words):
    assert parsed(words) is None


@pytest.mark.parametrize("words", ["[2023-01-01,2024-01-01)", "(,2024-01-01)", "[2023-01-01,)", "empty", "(,)"])
def test_the_database_gives_them(db, words):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::daterange", [words])
        (found,) = cursor.fetchone()
        loader = cursor.cursor.adapters.get_loader(connection.connection.adapters.types["daterange"].oid, 0)
    assert found == by_the_library(words.encode()) and loader is QuickDateRangeLoader
