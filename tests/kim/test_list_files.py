"""What a list gives as a file is what it shows on the screen, for whoever asks."""

import csv
import io
import random
import re
from datetime import date, datetime
from decimal import Decimal as D
from urllib.parse import urlencode

import openpyxl
import pytest

from kim.figures import COUNT, DATE, EUR, FTE, MONTHS
from kim.store.context import acting
from kim.values.formats import NBSP
from tests.helpers import table_of, thorough
from tests.kim.lists import KEPT, LISTS, form_of

PEOPLE = ["sachbearbeitung", "kaemmerei", "sitzungsdienst", "leitung", "pruefung", "öffentlich"]
STANDS = ["", "2023-03-01", "28.02.2023", "2022-07-01", "2024-01-01", "2021-02-25", "1995-01-01"]


@pytest.fixture
def person(login):
    """A signed-in client; "öffentlich" is an auditor for public matters only."""
    from kim.models import RoleAssignment

    def signed_in(role, slug):
        if role != "öffentlich":
            return login(role, slug)
        browser = login("pruefung", slug, name=f"öffentlich@{slug}")
        with acting(None, []):
            RoleAssignment.objects.filter(user__username=f"öffentlich@{slug}").update(public_only=True)
        return browser

    return signed_in


def canonical(text, unit):
    """A cell of any output as the same thing: Decimal, date or words."""
    if isinstance(text, datetime):
        return text.date()
    if isinstance(text, date) or text is None:
        return text
    if isinstance(text, int | float | D):
        return D(str(text)).normalize()
    text = text.replace(NBSP, " ").replace("−", "-").strip()
    if unit in {EUR, FTE, MONTHS}:  # the screen says it beside the number, files beside the name of the line
        text = re.sub(r" \(\d+ ohne Angabe\)$", "", text)
    text = re.sub(r"(, [^,]+ \(\d+ ohne Angabe\))+$", "", text)
    if text in {"", "–"} or (text == "keine Angabe" and unit in {EUR, FTE, COUNT, MONTHS}):
        return None
    if unit in {EUR, FTE, COUNT, MONTHS} and re.fullmatch(r"-?[\d.,]+( €)?", text):
        bare = text.removesuffix(" €")
        return D(bare.replace(".", "").replace(",", ".") if "," in bare or "€" in text else bare).normalize()
    if unit == DATE and (found := re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})", text)):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if unit == DATE and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    return text.removeprefix("'")


def as_csv(browser, url):
    response = browser.get(url + "&format=csv")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))


def as_xlsx(browser, url):
    book = openpyxl.load_workbook(io.BytesIO(browser.get(url + "&format=xlsx").content))
    assert book.sheetnames[1] == "Filter und Stand"
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def as_json(browser, url):
    data = browser.get(url + "&format=json").json()
    rows = [[cell for name, cell in row.items() if name != "missing"] for row in data["rows"]]
    return data, rows


def compared(browser, path, query, output):
    """Nothing, or the first difference between the screen and a file."""
    url, table = f"{path}?{query}", LISTS[path].table_class
    page = browser.get(url)
    if page.status_code != 200:
        assert browser.get(url + "&format=json").status_code == 400
        return "refused"
    heads, rows, foot = table_of(page)
    labels = {str(c.verbose_name): c.unit for c in table.base_columns.values()}
    units = [labels[re.sub(r"\s*[▲▼]$", "", h)] for h in heads]

    def line(cells):
        return [canonical(cell, unit) for cell, unit in zip(cells, units, strict=True)]

    screen = [line(row) for row in rows]
    if output == "json":
        data, found = as_json(browser, url)
        assert [line(row) for row in found] == screen, url
        shown = [cell for cell in line(foot)[1:] if cell is not None] if foot else []
        sums = [D(v).normalize() for v in data["totals"].values() if v is not None]
        assert shown == sums or not foot, (url, shown, sums)
        return "same"
    found = (as_csv if output == "csv" else as_xlsx)(browser, url)
    body = (
        found[1:-1]
        if any(isinstance(found[-1][0], str) and found[-1][0].startswith("Summe (") for _ in [0])
        else found[1:]
    )
    assert [str(h) for h in found[0]] == [re.sub(r"\s*[▲▼]$", "", h) for h in heads]
    assert [line(row) for row in body] == screen, url
    if foot:
        assert line(found[-1]) == line(foot), url
    return "same"


def chance_query(chance, path, offered):
    """A random but valid address of a list."""
    table, parts = LISTS[path].table_class, []
    for name, values in offered.items():
        if chance.random() < 0.35:
            parts += [(name, v) for v in chance.sample(values, chance.randint(1, min(3, len(values))))]
    if chance.random() < 0.2:
        parts.append(("suche", chance.choice(["stadt", "cm", "0", "kreis", "ß", "öhl", "k i"])))
    if chance.random() < 0.6:
        parts.append(("sortierung", chance.choice(["", "-"]) + chance.choice(list(table.base_columns))))
    if chance.random() < 0.5:
        names = list(table.base_columns)
        parts += [("spalten", n) for n in chance.sample(names, chance.randint(1, len(names)))]
    if stand := chance.choice(STANDS):
        parts.append(("stand", stand))
    if chance.random() < 0.1:
        parts.append(("dichte", "bequem"))
    chance.shuffle(parts)
    return urlencode(parts)


@pytest.mark.parametrize("role", PEOPLE)
def test_files_equal_the_screen_in_random_combinations(role, person):
    """Filters, order, columns, Stand, role, body at random; rows, columns and totals are compared."""
    chance, seen = random.Random(f"A3-{role}"), []
    for slug in ("weidenkreis", "staedteregion-aachen", "stadt-aachen"):
        browser = person(role, slug)
        for path in sorted(set(LISTS) - KEPT) + chance.sample(sorted(KEPT), thorough(len(KEPT), 1)):
            offered = form_of(browser, path)
            for turn in range(thorough(4, 1)):
                output = ("csv", "json", "xlsx")[(turn + len(seen)) % 3]
                seen.append(compared(browser, path, chance_query(chance, path, offered), output))
    assert (
        len(seen) == thorough(3 * 4 * len(LISTS), 3 * (len(LISTS) - len(KEPT) + 1))
        and seen.count("same") > len(seen) * 0.9
    )  # six roles: 162, or 648


@pytest.mark.counter
def test_a_file_that_shows_more_is_seen(login, monkeypatch):
    from kim.lists import exports

    browser = login()
    whole = exports.german
    monkeypatch.setattr(exports, "german", lambda value: whole(value) if not isinstance(value, D) else "1,00")
    with pytest.raises(AssertionError):
        compared(browser, "/stellen/", "art=dritte", "csv")


def test_a_pdf_shows_the_rows_the_totals_and_the_filter(login):
    from tests.helpers import pdf_text

    words = pdf_text(login().get("/stellen/?art=dritte&sortierung=-vzae&format=pdf").content)
    assert "Art: Stelle bei Dritten" in words and "VZÄ, absteigend" in words and "Stand: 01.03.2023" in words
    assert words.index("CM-10") < words.index("CM-07") and "CM-01" not in words
    assert "Summe (alle 8 gefilterten) 6,0 342.000,00 €" in words and "Probedaten" in words
