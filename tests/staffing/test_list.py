"""The list of posts: filters, totals, order, exports, and as many queries for 30 rows as for one."""

import csv
import io
import json
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kim.store.context import acting
from staffing.models import ServedMunicipality
from tests.helpers import new_notice, new_position


def cells(html):
    import re

    body = html.split("<tbody", 1)[1].split("</tbody>")[0]
    return [re.findall(r"CM-\d+|T-\d+", row)[0] for row in body.split("<tr")[1:] if "CM-" in row or "T-" in row]


FILTERS = [
    ("art=eigen", 6, "6,0", "342.000,00"),
    ("art=dritte", 8, "6,0", "342.000,00"),
    ("traeger=sprungbrett", 1, "1,5", "85.500,00"),
    ("traeger=noch-nicht-vergeben", 1, "1,0", "57.000,00"),
    ("kommune=alsdorf", 1, "1,0", "57.000,00"),
    ("kommune=eschweiler", 1, "1,0", "57.000,00"),
    ("status=besetzt", 4, "3,0", "171.000,00"),
    ("status=noch-nicht-vergeben", 1, "1,0", "57.000,00"),
    ("status=keine-Angabe", 6, "6,0", "342.000,00"),
    ("baustein=baustein-2", 14, "12,0", "684.000,00"),
    ("suche=lydia", 1, "0,5", "28.500,00"),
    ("suche=stadt monschau", 1, "0,5", "28.500,00"),
    ("suche=roetgen", 1, "0,5", "28.500,00"),
    ("art=dritte&status=unbesetzt", 2, "1,5", "85.500,00"),
    ("stand=28.02.2023&art=dritte", 8, "6,0", "342.000,00"),
    ("stand=2023-02-28&kommune=stolberg", 1, "1,0", "57.000,00"),
]


@pytest.mark.parametrize(("query", "count", "fte", "amount"), FILTERS)
def test_filters_and_their_totals(query, count, fte, amount, login):
    browser = login()
    html = browser.get(f"/stellen/?{query}").content.decode().replace("\u00a0", " ")
    assert f"{count} Stelle{'n' if count != 1 else ''} · {fte} VZÄ · {amount} €" in html
    data = browser.get(f"/stellen/?{query}&format=json").json()
    assert len(data["rows"]) == count
    assert D(data["totals"]["vzae"]) == sum(D(r["vzae"]) for r in data["rows"])
    assert D(data["totals"]["jahresbetrag"]) == sum(D(r["jahresbetrag"]) for r in data["rows"])


def test_a_filter_that_excludes_all_says_so(login):
    html = login().get("/stellen/?suche=gibtesnicht").content.decode()
    assert "Zu diesen Filtern gibt es nichts" in html and "Suche: gibtesnicht entfernen" in html


@pytest.mark.parametrize("column", ["nummer", "traeger", "art", "funktion", "vzae", "jahresbetrag", "status"])
def test_every_column_sorts_both_ways_and_keeps_the_filter(column, login):
    browser = login()
    up = browser.get(f"/stellen/?art=dritte&sortierung={column}&format=json").json()["rows"]
    down = browser.get(f"/stellen/?art=dritte&sortierung=-{column}&format=json").json()["rows"]
    assert len(up) == len(down) == 8 and {r["nummer"] for r in up} == {r["nummer"] for r in down}
    key = D if column in {"vzae", "jahresbetrag"} else str
    if column not in {"status", "traeger"}:  # by their own order, not by their words
        assert [key(r[column]) for r in up] == sorted(key(r[column]) for r in up)
        assert [key(r[column]) for r in down] == sorted((key(r[column]) for r in up), reverse=True)
    html = browser.get(f"/stellen/?art=dritte&sortierung={column}").content.decode()
    assert 'aria-sort="ascending"' in html and "art=dritte&amp;sortierung=-" in html


def test_csv_and_json_are_what_the_screen_shows(login):
    browser = login()
    html = browser.get("/stellen/?art=dritte&sortierung=-vzae").content.decode()
    response = browser.get("/stellen/?art=dritte&sortierung=-vzae&format=csv")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    data = browser.get("/stellen/?art=dritte&sortierung=-vzae&format=json").json()
    assert cells(html) == [r[0] for r in rows[1:-1]] == [r["nummer"] for r in data["rows"]]
    assert rows[-1][0] == "Summe (alle 8 gefilterten)" and "6,000" in rows[-1] and "342000,00" in rows[-1]
    assert rows[1][5:7] == ["1,500", "85500,00"]
    assert data["filter"] == {"art": ["dritte"]} and data["stand"] == "2023-03-01"


PAGES = ["/stellen/", "/stellen/?format=csv", "/zuwendungen/", "/zuwendungen/stellenverteilung/", "/haushalt/", "/haushalt/kostenneutralitaet/", "/dokumente/", "/"]  # fmt: skip


@pytest.mark.parametrize("url", PAGES)
def test_a_page_asks_as_often_for_30_rows_as_for_one(url, login, bodies):
    body = bodies["staedteregion-aachen"]
    browser = login()

    def queries():
        browser.get(url)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert browser.get(url).status_code == 200
        return len(found)

    few = queries()
    with acting(None, [body.pk]):
        more(body)
    many = queries()
    # The start page asks every rule and every key figure, and once for each kind of thing in the newest acts: with thirty
    # rows more of one kind these can be fewer kinds.
    assert (many <= few <= 75) if url == "/" else (many == few <= 30)


def more(body):
    """Thirty more of everything a list shows."""
    from grants.models import BudgetLine, NoticeItem, SubProduct
    from kim.models import Source
    from meetings.models import Consultation, Organization, Paper
    from staffing.models import Carrier, Municipality

    item, product = NoticeItem.objects.get(), SubProduct.objects.get()
    organization = Organization.objects.first()
    for n in range(30):
        carrier = Carrier.objects.create(
            body=body, slug=f"t-{n}", name=f"Träger {n}", short_name=f"T {n}", kind="company"
        )
        row = new_position(body, f"T-{n}", item=item, carrier=carrier)
        ServedMunicipality.objects.create(body=body, period=row, municipality=Municipality.objects.all()[n % 10])
        BudgetLine.objects.create(
            body=body, year=2023, sub_product=product, purpose="own", label=f"Zeile {n}", amount=n
        )
        source = Source.objects.create(body=body, kind="paper", number=f"T/{n}", title=f"Vorlage {n}")
        paper = Paper.objects.create(body=body, source=source, paper_type="information")
        Consultation.objects.create(body=body, paper=paper, organization=organization, role="information")
        new_notice(body, f"t-{n}", state="planned")


def test_json_is_json(login):
    assert json.loads(login().get("/stellen/?format=json").content)["totals"] == {
        "vzae": "12.000",
        "jahresbetrag": "684000.00",
    }
