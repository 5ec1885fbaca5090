"""Nothing in a file is run by the program that opens it, and numbers and dates stay what they are."""

import csv
import io
import unicodedata
from datetime import date, datetime
from decimal import Decimal as D

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kim.lists import exports
from kim.lists.exports import german, inert
from kim.store.context import acting
from tests.helpers import thorough

VECTORS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|'/C calc'!A0", '=HYPERLINK("http://x","y")', "=IMPORTXML(A1)",
    "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "=1+1;=1+1", "=DDE(a;b;c)",
    " =1+1", "  +1", "\t=1+1", "\r=1+1", "\n=1+1", "\t1", "\r1", "\n1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1",
    "\u2060=1+1", "\u202e=1+1", "\x0b=1+1", "\x1f=1+1", "\x7f=1+1", "＝1+1", "＋1", "－1", "＠x", " ＝1+1", "﹢1", "⁼1+1",
    "=", "+49 241 5198", "-100.000,00", "@amt", "= 1",
]  # fmt: skip
LIVE = set("=+-@＝＋－＠﹢﹣⁼₌")


def live(cell):
    """Whether a spreadsheet could take a CSV cell for a formula or swallow its beginning; numbers cannot be."""
    if cell[:1] in {"\t", "\r", "\n", "\0"}:
        return True
    shown = "".join(c for c in cell if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf", "Mn"})
    if shown[:1] == "-" and shown[1:].replace(",", "").isdigit():
        return False
    return shown[:1] in LIVE and bool(shown)


@pytest.fixture
def poisoned(bodies):
    """Every vector as the name of an Ansatz, of a Sachkonto, of a Träger and as a note in many columns."""
    from grants.models import Account, BudgetLine, SubProduct
    from staffing.models import Carrier
    from tests.helpers import new_position

    body = bodies["staedteregion-aachen"]
    with acting(None, [body.pk]):
        product = SubProduct.objects.first()
        for n, text in enumerate(VECTORS):
            account = Account.objects.create(body=body, number=f"{n:03}", name=text)
            BudgetLine.objects.create(body=body, year=2023, sub_product=product, account=account, purpose="own", label=text, assignment=text, amount=D("-0") + n, assumption=text)  # fmt: skip
            carrier = Carrier.objects.create(body=body, slug=f"x-{n}", name=f"{text} {n}", short_name=text, kind="company", locality=text, phone=text[:40])  # fmt: skip
            row = new_position(body, f"X-{n:02}", carrier=carrier)
            type(row).objects.filter(pk=row.pk).update(pay_group=text[:20])  # the model would refuse some of them
            row.position.file_reference = text
            row.position.save()
    return body


LISTS = ["/haushalt/", "/traeger/", "/stellen/"]


def query_for(path):
    from tests.kim.lists import ALL_COLUMNS

    return f"{path}?{ALL_COLUMNS[path]}"


@pytest.mark.parametrize("path", LISTS)
def test_no_cell_of_a_csv_is_live(path, poisoned, login):
    content = login().get(query_for(path) + "&format=csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=";"))
    assert len(rows) > 40
    assert [cell for row in rows for cell in row if live(cell)] == []
    words = {cell for row in rows for cell in row}
    assert "'+49 241 5198" in words and "'-100.000,00" in words, "they can still be read"


@pytest.mark.parametrize("path", LISTS)
def test_no_cell_of_an_excel_file_is_live(path, poisoned, login):
    book = openpyxl.load_workbook(io.BytesIO(login().get(query_for(path) + "&format=xlsx").content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [c.value for c in cells if c.data_type == "f"] == []
    assert {c.value for c in cells} >= {"=1+1", "@SUM(A1)", "+49 241 5198"}, "text comes back as it was"


@pytest.mark.counter
def test_live_cells_are_seen(poisoned, login, monkeypatch):
    monkeypatch.setattr(exports, "inert", lambda text: text)
    with pytest.raises(AssertionError):
        test_no_cell_of_a_csv_is_live("/haushalt/", poisoned, login)
    real = exports.cell

    def naive(sheet, value, unit="", *, bold=False):
        made = real(sheet, value, unit, bold=bold)
        if isinstance(value, str) and value.startswith("="):
            made.data_type = "f"
        return made

    monkeypatch.setattr(exports, "cell", naive)
    with pytest.raises(AssertionError):
        test_no_cell_of_an_excel_file_is_live("/haushalt/", poisoned, login)


@given(st.text(max_size=40))
@settings(max_examples=thorough(2000, 500), deadline=None)
def test_no_text_is_live_and_none_is_lost(text):
    found = inert(text)
    assert not live(found) or found.startswith("'")
    assert found.removeprefix("'") == text.removeprefix("'") or found == text


def test_numbers_and_dates_survive_openpyxl(login, bodies):
    book = openpyxl.load_workbook(io.BytesIO(login().get("/zuwendungen/?format=xlsx").content))
    sheet, about = book.worksheets
    head, first, total = (list(row) for row in sheet.iter_rows())
    amount = first[[c.value for c in head].index("Betrag")]
    day = first[[c.value for c in head].index("Bescheid vom")]
    assert D(str(amount.value)) == D("684000") and amount.data_type == "n" and "€" in amount.number_format
    assert isinstance(day.value, datetime) and day.value.date() == date(2023, 2, 15)
    assert day.number_format == "dd.mm.yyyy"
    assert total[0].value == "Summe (1)" and sheet.freeze_panes == "B2"
    facts = {row[0].value: row[1].value for row in about.iter_rows()}
    assert facts["Stand"] == "01.03.2023" and facts["Filter"] == "ohne Filter" and "Probedaten" in facts["Körperschaft"]


def test_every_cent_survives(login, bodies):
    """Amounts that a binary fraction cannot hold come back to the cent."""
    from grants.models import BudgetLine, SubProduct

    body = bodies["staedteregion-aachen"]
    amounts = [D("0.01"), D("0.10"), D("1234567.89"), D("28500.55"), D("999999999.99")]
    with acting(None, [body.pk]):
        for n, amount in enumerate(amounts):
            BudgetLine.objects.create(body=body, year=2023, sub_product=SubProduct.objects.first(), purpose="own", label=f"Cent {n}", amount=amount)  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(login().get("/haushalt/?suche=Cent&format=xlsx").content))
    rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    column = rows[0].index("Aufwand")
    assert [D(str(row[column])).quantize(D("0.01")) for row in rows[1:-1]] == amounts
    assert D(str(rows[-1][column])).quantize(D("0.01")) == sum(amounts)
    text = login().get("/haushalt/?suche=Cent&format=csv").content.decode("utf-8-sig")
    assert "999999999,99" in text and german(D("-100000.00")) == "-100000,00"


def test_a_control_character_in_the_search_breaks_no_file(login):
    assert login().get("/stellen/?suche=%01&format=xlsx").status_code == 200
