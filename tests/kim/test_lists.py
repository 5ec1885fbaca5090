"""Every list of the program: each filter, order and column; its size; what its sums and sources say."""

import random
import re
from collections import Counter
from decimal import Decimal as D
from html import unescape
from urllib.parse import parse_qs, urlencode

import pytest

from grants.models import BudgetLine, carry_over
from kim.figures import COUNT, EUR, FTE, MONTHS
from kim.store.context import acting
from kim.values.formats import NBSP
from tests.helpers import table_of, thorough
from tests.kim.lists import ALL_COLUMNS, KEPT, LISTS, fill, form_of


def test_there_are_lists():
    assert set(LISTS) == {
        "/stellen/",
        "/traeger/",
        "/kommunen/",
        "/zuwendungen/",
        "/haushalt/",
        "/dokumente/",
        "/belege/",
        "/umverteilungen/",
        "/stellenplan/",
        *KEPT,
    }


# each list, each filter, each order, each column


@pytest.mark.parametrize("path", LISTS)
def test_every_filter_narrows_and_the_parts_add_up(path, login):
    browser = login(slug="weidenkreis")

    def heads(query):
        """The row headers; a filter by programme also changes what is summed in a row."""
        rows = browser.get(f"{path}?{query}&format=json").json()["rows"]
        return [next(iter(row.values())) for row in rows]

    everything, offered = heads(""), form_of(browser, path)
    assert set(offered) == set(LISTS[path].table_class.filters.base_filters) - {"suche"}
    for name, values in offered.items():
        for value in values:
            found, page = heads(urlencode({name: value})), browser.get(f"{path}?{urlencode({name: value})}")
            assert not Counter(found) - Counter(everything)
            assert page.status_code == 200 and [row[0] for row in table_of(page)[1]] == found
        several = set(heads(urlencode([(name, v) for v in values])))
        assert several == {one for v in values for one in heads(urlencode({name: v}))}


@pytest.mark.parametrize("path", sorted(set(LISTS) - KEPT))
def test_every_list_can_be_narrowed_by_programme(path, login):
    browser = login(slug="weidenkreis")
    kim, ki = (browser.get(f"{path}?programm={p}&format=json").json()["rows"] for p in ("kim", "ki"))
    assert kim and ki and kim != ki


@pytest.mark.parametrize("path", LISTS)
def test_every_column_can_be_shown_sorted_and_moved(path, login):
    browser, table = login(slug="weidenkreis"), LISTS[path].table_class
    names = list(table.base_columns)
    for name in names:
        shown = browser.get(f"{path}?spalten={name}")
        heads, rows, _ = table_of(shown)
        assert shown.status_code == 200 and (rows or path in KEPT)  # the invented Kreis has none of some
        assert [h.strip() for h in heads] == [
            str(table.base_columns[n].verbose_name) for n in dict.fromkeys((names[0], name))
        ]
        up, down = (
            browser.get(f"{path}?sortierung={s}{name}&spalten={name}&format=json").json()["rows"] for s in ("", "-")
        )
        assert len(up) == len(down) == len(rows) and {str(r) for r in up} == {str(r) for r in down}
    moved = browser.get(f"{path}?" + urlencode([("spalten", n) for n in names] + [("hoch", names[-1])]))
    assert moved.status_code == 302
    order = parse_qs(moved["Location"].partition("?")[2].partition("#")[0])["spalten"]
    assert order == (names if len(names) == 2 else [*names[:-2], names[-1], names[-2]])  # the first stays first


@pytest.mark.parametrize("path", LISTS)
def test_numbers_and_words_are_sorted_as_people_sort(path, login):
    browser, table = login(slug="weidenkreis"), LISTS[path].table_class
    for name, one in table.base_columns.items():
        rows = browser.get(f"{path}?sortierung={name}&spalten={name}&format=json").json()["rows"]
        if one.unit in {EUR, FTE, COUNT, MONTHS}:
            values = [D(str(row[name])) for row in rows if row[name] is not None]
            assert values == sorted(values), name
            empty = [row[name] is None for row in rows]
            assert empty == sorted(empty), "what is missing stands last"


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_says_why(path, login):
    browser = login(slug="weidenkreis")
    words = browser.get(f"{path}?suche=gibtesnicht").content.decode()
    assert "Zu diesen Filtern gibt es nichts" in words and "Suche: gibtesnicht entfernen" in words
    nothing = login("pruefung", "stadt-aachen").get(f"{path}?stand=1995-01-01").content.decode()
    assert "ist hier noch nichts erfasst" in nothing or path in {
        "/dokumente/",
        "/belege/",
        "/traeger/",
        "/kommunen/",
        "/umverteilungen/",
        *KEPT,
    }


@pytest.mark.parametrize("path", LISTS)
def test_every_figure_of_a_list_has_its_source(path, login):
    browser, table = login(slug="weidenkreis"), LISTS[path].table_class
    columns = [n for n, c in table.base_columns.items() if c.unit in {EUR, FTE}]
    query = urlencode([("spalten", n) for n in columns])
    html = browser.get(f"{path}?{query}").content.decode()
    links = [unescape(link) for link in re.findall(r'<a class="q" href="([^"]+)"', html)]
    assert bool(links) == bool(columns)
    for link in random.sample(links, min(len(links), thorough(len(links), 15))):
        page = browser.get(path + link)
        assert page.status_code == 200 and 'id="source"' in page.content.decode(), link


def test_a_sum_is_the_sum_of_its_rows(login):
    browser = login()
    words = browser.get("/stellen/?art=dritte&herkunft=vzae").content.decode()
    assert "Summe (alle 8 gefilterten)" in words and "6,0" in words and "CM-10" in words and "CM-01" not in words
    assert browser.get("/stellen/?herkunft=vzae&zeile=CM-10").content.decode().count("1,5") >= 1
    for wrong in ("herkunft=nummer", "herkunft=quatsch", "herkunft=vzae&zeile=XX", "herkunft=vzae&farbe=rot"):
        assert browser.get(f"/stellen/?{wrong}").status_code == 404


# size


def test_a_list_asks_as_often_for_500_rows_as_for_one_and_stays_small(login, bodies):
    """With 200 rows it may have 200/500 of the size (and its head); KIM_TESTS=all makes all 500."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    body, browser, most = bodies["staedteregion-aachen"], login(), thorough(500, 200)
    urls = [*LISTS, *(f"{path}?{query}" for path, query in ALL_COLUMNS.items())]

    def queries(url):
        with CaptureQueriesContext(connection) as found:
            pages[url] = browser.get(url)
        assert pages[url].status_code == 200
        return len(found)

    pages = {}
    for url in urls:
        browser.get(url)  # what is asked once for a process

    with acting(None, [body.pk]):
        fill(body, 0, 1)
    one = {url: queries(url) for url in urls}
    with acting(None, [body.pk]):
        fill(body, 1, 30)
    assert {url: queries(url) for url in urls} == one and max(one.values()) <= 30
    with acting(None, [body.pk]):
        fill(body, 30, most)
    assert {path: queries(path) for path in LISTS} == {path: one[path] for path in LISTS}
    for path in LISTS:
        page = pages[path]
        rows = len(table_of(page)[1])
        assert most <= rows <= 500, path
        assert len(page.content) <= 400_000 - 740 * (500 - rows), (path, rows, len(page.content))


# what fresh eyes found


@pytest.mark.parametrize("path", ["/traeger/", "/kommunen/", "/stellen/"])
def test_the_source_of_a_cell_says_what_the_cell_says_also_under_a_filter(path, login):
    """A filter by programme changes what is summed in a row; its Herkunft has to follow."""
    browser, table, checked = login(slug="weidenkreis"), LISTS[path].table_class, 0
    names = [n for n, c in table.base_columns.items() if c.unit in {EUR, FTE}]
    html = browser.get(f"{path}?programm=ki&{urlencode([('spalten', n) for n in names])}").content.decode()
    for link, shown in re.findall(r'<a class="q" href="([^"]+zeile=[^"]+)">([^<]+)</a>', html):
        page = browser.get(path + unescape(link)).content.decode()
        value = re.search(r'class="origin-value">([^<]+)<', page)[1].replace(f"{NBSP}VZÄ", "")
        assert value == unescape(shown), link
        checked += 1
    assert checked > 5


def test_forty_words_make_a_query_of_bounded_length(login):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser = login()
    browser.get("/stellen/")
    with CaptureQueriesContext(connection) as found:
        assert browser.get("/stellen/?suche=" + "+".join("abcdefghij" * 4)).status_code == 200
    assert max(len(query["sql"]) for query in found) < 200_000


def test_a_sum_says_of_how_many_rows_it_is_silent(login):
    browser = login(slug="weidenkreis")
    data = browser.get("/stellen/?jahr=2024&format=json").json()
    missing = sum(row["jahresbetrag"] is None for row in data["rows"])
    assert missing and data["ohne_angabe"] == {"jahresbetrag": missing}
    assert f"({missing} ohne Angabe)" in browser.get("/stellen/?jahr=2024").content.decode()
    assert "ohne Angabe" not in browser.get("/haushalt/").content.decode(), (
        "an Ertrag has no Aufwand, nothing is missing"
    )


def test_a_view_that_is_changed_says_so_and_leads_back(login):
    browser = login()
    assert "(geändert)" not in browser.get("/stellen/?art=dritte&ansicht=bei-dritten").content.decode()
    words = browser.get("/stellen/?art=dritte&status=besetzt&ansicht=bei-dritten").content.decode()
    assert "(geändert)" in words and "Zurück auf „Bei Dritten“" in words


def test_a_sum_of_nothing_known_is_no_zero(login, region):
    carry_over(region, 2024, reason="Planung")
    browser = login()
    data = browser.get("/zuwendungen/?jahr=2024&format=json").json()
    assert data["totals"] == {"betrag": None} and data["ohne_angabe"] == {"betrag": 1}
    words = browser.get("/zuwendungen/?jahr=2024").content.decode().replace("\u00a0", " ")
    assert "1 Zuwendung · keine Angabe" in words and "0,00 €" not in words
    source = browser.get("/zuwendungen/?jahr=2024&herkunft=betrag").content.decode().replace("\u00a0", " ")
    assert "keine Angabe" in source and "0,00 €" not in source


def test_a_sum_of_ansaetze_that_are_all_open_is_no_zero(login, region):
    """An Ertrag has no Aufwand and that is no gap; an Ansatz whose amount is open is one, in its own column."""
    carry_over(region, 2024, reason="Planung")
    for line in BudgetLine.objects.filter(year=2023):
        line.pk, line.year, line.amount, line._state.adding = None, 2024, None, True
        line.save()
    browser = login()
    data = browser.get("/haushalt/?jahr=2024&format=json").json()
    assert data["totals"] == {"ertrag": None, "aufwand": None} and data["ohne_angabe"] == {"ertrag": 1, "aufwand": 2}
    words = browser.get("/haushalt/?jahr=2024").content.decode().replace("\u00a0", " ")
    assert "3 Ansätze · Ertrag keine Angabe · Aufwand keine Angabe" in words and "0,00 €" not in words
    assert table_of(browser.get("/haushalt/?jahr=2024"))[2].count("keine Angabe") == 2
    for column in ("ertrag", "aufwand"):
        source = browser.get(f"/haushalt/?jahr=2024&herkunft={column}").content.decode().replace("\u00a0", " ")
        assert "keine Angabe" in source and "0,00 €" not in source
    BudgetLine.objects.filter(year=2024, purpose="own").update(amount=D("348000"))
    words = browser.get("/haushalt/?jahr=2024").content.decode().replace("\u00a0", " ")
    assert "Ertrag keine Angabe · Aufwand 348.000,00 € (1 ohne Angabe)" in words
    assert browser.get("/haushalt/?jahr=2024&zweck=eigene&format=json").json()["totals"] == {
        "ertrag": "0.00",
        "aufwand": "348000.00",
    }
