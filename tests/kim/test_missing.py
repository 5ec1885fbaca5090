"""A sum of known and unknown amounts says so wherever it stands: pages, lists, files, command line."""

import csv
import io
import json
import re

import openpyxl
import pytest
from django.core.management import call_command

from grants.models import Funding
from staffing.models import PositionPeriod
from tests.helpers import pdf_text, table_of

SUM, MARK = "171.000,00 €", "(10 ohne Angabe)"


@pytest.fixture
def sparse(region):
    """Of fourteen posts four are funded: two own, CM-07 with Caritas and CM-08 with Lydia; CM-09 is with Caritas too."""
    Funding.objects.exclude(position__number__in=["CM-01", "CM-02", "CM-07", "CM-08"]).delete()
    caritas = PositionPeriod.objects.get(position__number="CM-07").carrier
    PositionPeriod.objects.filter(position__number="CM-09").update(carrier=caritas)
    return region


def said(page):
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()).replace("\u00a0", " "))


def plain(cells):
    return [cell.replace("\u00a0", " ") for cell in cells]


def test_the_distribution_says_it_in_lines_and_total(login, sparse):
    words = said(login().get("/zuwendungen/stellenverteilung/"))
    assert words.count(f"{SUM} {MARK}") == 2 and "114.000,00 € (4 ohne Angabe)" in words
    assert "28.500,00 € (1 ohne Angabe)" in words and f"{SUM} <" not in words
    complete = said(login(slug="weidenkreis").get("/zuwendungen/stellenverteilung/"))
    assert "ohne Angabe" not in complete


def test_the_list_of_posts_says_it_on_the_page_and_in_every_file(login, sparse):
    browser, url = login(), "/stellen/?spalten=vzae&spalten=jahresbetrag"
    assert plain(table_of(browser.get(url))[2]) == ["Summe (alle 14)", "12,0", f"{SUM} {MARK}"]
    lines = list(csv.reader(io.StringIO(browser.get(url + "&format=csv").content.decode("utf-8-sig")), delimiter=";"))
    assert lines[-1] == [f"Summe (alle 14), Jahresbetrag {MARK}", "12,000", "171000,00"]
    book = openpyxl.load_workbook(io.BytesIO(browser.get(url + "&format=xlsx").content))
    foot = list(book.worksheets[0].iter_rows(values_only=True))[-1]
    assert foot[0] == lines[-1][0] and foot[2] == 171000 and not isinstance(foot[2], str)
    data = browser.get(url + "&format=json").json()
    assert data["totals"]["jahresbetrag"] == "171000.00" and data["missing"] == {"jahresbetrag": 10}
    assert f"{SUM} {MARK}" in pdf_text(browser.get(url + "&format=pdf").content).replace("\u00a0", " ")
    assert f"{SUM} {MARK}" in said(browser.get("/stellen/?herkunft=jahresbetrag"))


def test_a_row_that_is_a_sum_says_it_too(login, sparse):
    browser, url = login(), "/traeger/?spalten=jahresbetrag"
    _, rows, foot = table_of(browser.get(url))
    cells = {row[0]: plain(row)[1] for row in rows}
    name = next(n for n in cells if n.startswith("Caritas"))
    assert cells[name] == "28.500,00 € (1 ohne Angabe)" and cells["Stadt Monschau"] == "–"
    assert plain(foot)[1] == f"{SUM} (9 ohne Angabe)", "CM-17 is with nobody yet, it stands not in this list"
    lines = list(csv.reader(io.StringIO(browser.get(url + "&format=csv").content.decode("utf-8-sig")), delimiter=";"))
    assert [f"{name}, Jahresbetrag (1 ohne Angabe)", "28500,00"] in lines
    data = browser.get(url + "&format=json").json()
    assert data["missing"] == {"jahresbetrag": 9}
    assert [row["missing"] for row in data["rows"] if row["traeger"] == name] == [{"jahresbetrag": 1}]
    book = openpyxl.load_workbook(io.BytesIO(browser.get(url + "&format=xlsx").content))
    assert (f"{name}, Jahresbetrag (1 ohne Angabe)", 28500) in list(book.worksheets[0].iter_rows(values_only=True))
    slug = PositionPeriod.objects.get(position__number="CM-07").carrier.slug
    page = said(browser.get(f"/traeger/{slug}/"))
    assert "28.500,00 € (1 ohne Angabe)" in page and "ohne Betrag" not in page.partition("Verlauf")[0]


def test_the_notice_says_of_its_items_what_they_lack(login, district):
    from grants.models import FundingNotice

    notice = FundingNotice.objects.get(slug="ki-2024")
    terms = notice.current.terms.filter(fte__gt=0).order_by("fte").first()
    before = said(login(slug=district.slug).get(notice.get_absolute_url()))
    assert "ohne Angabe" not in before
    terms.rates.all().delete()
    words = said(login(slug=district.slug).get(notice.get_absolute_url()))
    assert re.search(r"Summe [\d,]+ [\d.,]+ € \(1 ohne Angabe\)", words)


def test_the_command_line_says_it(sparse, capsys):
    arguments = ["allocation.by_carrier", f"body={sparse.slug}", "day=2023-03-01"]
    call_command("figure", *arguments)
    words = capsys.readouterr().out
    assert f"amount: 171000.00 {MARK}" in words and f"Summe: 171000.00 EUR {MARK}" in words
    assert "28500.00 (1 ohne Angabe)" in words
    call_command("figure", *arguments, "--json")
    data = json.loads(capsys.readouterr().out)
    assert data["missing"] == 10 and data["derivation"]["missing"] == 10
    assert {row["name"]: row.get("missing", 0) for row in data["rows"]}["StädteRegion Aachen"] == 4
