"""Two Stände side by side, and the days on which plans change: list, distribution, export and PDF show the same posts."""

import csv
import io
from datetime import date

import pytest

from staffing.figures.comparison import comparison
from tests.helpers import pdf_text, said, table_of

OWN = {f"CM-{n:02}" for n in range(1, 7)}
LASTING = {f"CM-{n:02}" for n in range(7, 12)}
OLD, NEW = {"CM-12", "CM-13", "CM-14"}, {"CM-15", "CM-16", "CM-17"}
PLANS = {
    "31.12.2022": LASTING | OLD,
    "01.01.2023": OWN | LASTING | OLD,
    "28.02.2023": OWN | LASTING | OLD,
    "01.03.2023": OWN | LASTING | NEW,
    "31.12.2023": OWN | LASTING | NEW,
    "01.01.2024": OWN | LASTING | NEW,
}


@pytest.mark.parametrize("stand", PLANS)
def test_every_view_of_a_day_shows_the_same_posts(stand, login):
    browser, expected = login(), PLANS[stand]
    rows = table_of(browser.get(f"/stellen/?stand={stand}"))[1]
    assert {row[0] for row in rows} == expected
    content = browser.get(f"/stellen/?stand={stand}&format=csv").content.decode("utf-8-sig")
    assert {row[0] for row in list(csv.reader(io.StringIO(content), delimiter=";"))[1:-1]} == expected
    words = pdf_text(browser.get(f"/stellen/?stand={stand}&format=pdf").content)
    assert {n for n in OWN | LASTING | OLD | NEW if n in words} == expected and f"Stand: {stand}" in words
    page = browser.get(f"/zuwendungen/stellenverteilung/?stand={stand}").content.decode()
    total = 12 if expected >= OWN else 6
    assert f"{total},0" in page
    assert ("Monschau" in page.partition("zuständig für")[2]) == ("CM-15" in expected)


def test_the_redistribution_as_a_difference(region):
    found = comparison(region, date(2023, 2, 28), date(2023, 3, 1))
    assert [(r.number, r.what, r.change.plain()) for r in found.lines] == [
        ("CM-12", "entfallen", "-0.500"),
        ("CM-13", "entfallen", "-1.000"),
        ("CM-14", "entfallen", "-1.000"),
        ("CM-15", "neu", "0.500"),
        ("CM-16", "neu", "1.000"),
        ("CM-17", "neu", "1.000"),
    ]
    assert (found.before.plain(), found.after.plain(), found.derivation.plain()) == ("12.000", "12.000", "0.000")
    assert comparison(region, date(2023, 3, 1), date(2023, 3, 1)).lines == ()


def test_the_resolution_of_2022_and_the_plan_of_march(login):
    """J13: what was decided on 24.03.2022 against the Stand of 01.03.2023."""
    page = said(login().get("/stellen/vergleich/?vorher=24.03.2022&nachher=01.03.2023"))
    assert "6,0 VZÄ am 24.03.2022" in page and "12,0 VZÄ am 01.03.2023" in page and "Änderung +6,0 VZÄ" in page
    assert "CM-01" in page and "CM-07" not in page.partition("Zahlen, die sich")[0]
    assert "684.000,00 €" in page


@pytest.mark.parametrize("query", ["vorher=quatsch&nachher=01.03.2023", "vorher=&nachher=31.02.2023"])
def test_a_day_that_cannot_be_read_is_said(query, login):
    answer = login().get(f"/stellen/vergleich/?{query}")
    assert answer.status_code == 400 and "konnten nicht gelesen werden" in answer.content.decode()


def test_one_day_is_enough_the_other_is_the_stand(login):
    page = login().get("/stellen/vergleich/?nachher=01.03.2023&stand=28.02.2023").content.decode()
    assert "CM-15" in page and 'value="28.02.2023"' in page
