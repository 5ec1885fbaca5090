"""Every list of the program, found in the URLconf: each filter, order and column; its files; its address."""

import csv
import io
import random
import re
from collections import Counter
from datetime import date, datetime
from decimal import Decimal as D
from html import unescape
from urllib.parse import parse_qs, parse_qsl, urlencode

import openpyxl
import pytest

from kim.figures import COUNT, DATE, EUR, FTE
from kim.formats import NBSP
from kim.permissions import acting
from kim.tables import ListPage
from kim.tables.listing import VIEW_PARTS
from tests.helpers import new_position, table_of
from tests.security.addresses import PAGES

LISTS = {
    "/" + page.route: page.view.view_class
    for page in PAGES
    if hasattr(page.view, "view_class") and issubclass(page.view.view_class, ListPage)
}
PEOPLE = ["sachbearbeitung", "kaemmerei", "sitzungsdienst", "leitung", "pruefung", "öffentlich"]
STANDS = ["", "2023-03-01", "28.02.2023", "2022-07-01", "2024-01-01", "2021-02-25", "1995-01-01"]


def test_there_are_lists():
    assert set(LISTS) == {
        "/stellen/",
        "/traeger/",
        "/kommunen/",
        "/zuwendungen/",
        "/haushalt/",
        "/dokumente/",
        "/belege/",
    }


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


def form_of(browser, path):
    """Every filter of a list with the values it offers, read from its page."""
    html = browser.get(path).content.decode()
    found = {}
    for name, value in re.findall(r'<label><input type="checkbox" name="([a-z_]+)" value="([^"]*)"', html):
        found.setdefault(name, []).append(unescape(value))
    return found


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


@pytest.mark.parametrize("path", LISTS)
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
        assert shown.status_code == 200 and rows
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
    assert order == [*names[:-2], names[-1], names[-2]]


@pytest.mark.parametrize("path", LISTS)
def test_numbers_and_words_are_sorted_as_people_sort(path, login):
    browser, table = login(slug="weidenkreis"), LISTS[path].table_class
    for name, one in table.base_columns.items():
        rows = browser.get(f"{path}?sortierung={name}&spalten={name}&format=json").json()["rows"]
        if one.unit in {EUR, FTE, COUNT}:
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
    assert "ist hier noch nichts erfasst" in nothing or path in {"/dokumente/", "/belege/", "/traeger/", "/kommunen/"}


@pytest.mark.parametrize("path", LISTS)
def test_every_figure_of_a_list_has_its_source(path, login):
    browser, table = login(slug="weidenkreis"), LISTS[path].table_class
    columns = [n for n, c in table.base_columns.items() if c.unit in {EUR, FTE}]
    query = urlencode([("spalten", n) for n in columns])
    html = browser.get(f"{path}?{query}").content.decode()
    links = [unescape(link) for link in re.findall(r'<a class="q" href="([^"]+)"', html)]
    assert bool(links) == bool(columns)
    for link in links:
        page = browser.get(path + link)
        assert page.status_code == 200 and 'id="herkunft"' in page.content.decode(), link


def test_a_sum_is_the_sum_of_its_rows(login):
    browser = login()
    words = browser.get("/stellen/?art=dritte&herkunft=vzae").content.decode()
    assert "Summe (alle 8 gefilterten)" in words and "6,0" in words and "CM-10" in words and "CM-01" not in words
    assert browser.get("/stellen/?herkunft=vzae&zeile=CM-10").content.decode().count("1,5") >= 1
    for wrong in ("herkunft=nummer", "herkunft=quatsch", "herkunft=vzae&zeile=XX", "herkunft=vzae&farbe=rot"):
        assert browser.get(f"/stellen/?{wrong}").status_code == 404


# files are what the screen shows


def canonical(text, unit):
    """A cell of any output as the same thing: Decimal, date or words."""
    if isinstance(text, datetime):
        return text.date()
    if isinstance(text, date) or text is None:
        return text
    if isinstance(text, int | float | D):
        return D(str(text)).normalize()
    text = text.replace(NBSP, " ").replace("−", "-").strip()
    if text in {"", "–"}:
        return None
    if unit in {EUR, FTE, COUNT} and re.fullmatch(r"-?[\d.,]+( €)?", text):
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
    rows = [list(row.values()) for row in data["rows"]]
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
        sums = [D(v).normalize() for v in data["totals"].values()]
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
    """500 addresses in all: filters, order, columns, Stand, role, body; rows, columns and totals are compared."""
    chance, seen = random.Random(f"A3-{role}"), []
    for slug in ("weidenkreis", "staedteregion-aachen", "stadt-aachen"):
        browser = person(role, slug)
        for path in LISTS:
            offered = form_of(browser, path)
            for turn in range(4):
                output = ("csv", "json", "xlsx")[turn % 3]
                seen.append(compared(browser, path, chance_query(chance, path, offered), output))
    assert len(seen) == 84 and seen.count("same") > 80  # six roles: 504


@pytest.mark.counter
def test_a_file_that_shows_more_is_seen(login, monkeypatch):
    from kim.tables import exports

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


# parts of the address are independent

ALL_PARTS = {
    "/stellen/": "art=dritte&status=besetzt&status=unbesetzt&sortierung=-vzae&spalten=nummer&spalten=vzae&spalten=status&stand=28.02.2023&dichte=bequem&ansicht=bei-dritten",
    "/zuwendungen/": "verfahrensstand=bewilligt&sortierung=-betrag&spalten=zuwendung&spalten=betrag&jahr=2023&dichte=bequem&ansicht=bewilligt",
}
TIME = {"stand", "jahr"}


def addresses_on(html):
    """Where links and GET forms of a page lead on the page itself: (what it is, query)."""
    for link in re.findall(r'href="(\?[^"#]*)', html):
        if "zeile=" in link:
            continue  # the source of a cell: another page
        yield link, parse_qs(unescape(link)[1:])
    for form in re.findall(r'<form method="get".*?</form>', html, re.DOTALL):
        fields = [
            (n, unescape(v)) for n, v in re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', form)
        ]
        fields += [
            (n, unescape(v))
            for n, v in re.findall(r'<input type="checkbox" name="([a-z_]+)" value="([^"]*)"[^>]* checked', form)
        ]
        fields += [
            (n, unescape(v))
            for n, v in re.findall(r'<input (?:type="text" )?[^>]*name="(suche)" value="([^"]*)"', form)
        ]
        yield form[:60], parse_qs(urlencode(fields))


@pytest.mark.parametrize("path", ALL_PARTS)
def test_changing_one_part_of_the_address_keeps_every_other(path, login):
    """For every pair of parts: whatever on the page changes one of them leaves the other as it is."""
    browser, query = login(), ALL_PARTS[path]
    now = parse_qs(query)
    filters = set(LISTS[path].table_class.filters.base_filters)
    html = browser.get(f"{path}?{query}").content.decode()
    changed = {}
    for what, then in addresses_on(html):
        then = {k: v for k, v in then.items() if k not in {"format", "herkunft", "zeile", "seite"}}
        parts = {k for k in now.keys() | then.keys() if now.get(k) != then.get(k)}
        kinds = {"time" if k in TIME else "filter" if k in filters else k for k in parts}
        if then.get("ansicht") == now["ansicht"] and kinds > {"filter"} and kinds <= {"filter", *VIEW_PARTS}:
            kinds.add("ansicht")  # back to the view as it was saved
        if "ansicht" in kinds and kinds <= {"filter", "ansicht", *VIEW_PARTS}:  # another view, or none
            assert then.get("stand") == now.get("stand") and then.get("dichte") == now.get("dichte"), what
            kinds = {"ansicht"}
        assert len(kinds) <= 1, (what, kinds)
        changed |= dict.fromkeys(kinds)
    assert set(changed) == {"filter", "sortierung", "spalten", "dichte", "time", "ansicht"}


@pytest.mark.counter
def test_a_link_that_drops_a_part_is_seen(login, monkeypatch):
    from kim.tables.listing import Listing

    kept = Listing.url
    monkeypatch.setattr(Listing, "url", lambda self, **c: kept(self, **{"spalten": None} | c))
    with pytest.raises(AssertionError):
        test_changing_one_part_of_the_address_keeps_every_other("/stellen/", login)


# nothing breaks a list

WORDS = ["", "x", "CM-01", "besetzt", "dritte", "-1", "9" * 20, "NaN", "1e400", "%00", "\x7f", "ä", "'", '"', "<b>", "{{", "\\", "../", "2023-02-30", "seite", "nummer", "-vzae", "on", "😀", "a" * 300]  # fmt: skip


def noise(chance, path):
    names = [*LISTS[path].table_class.filters.base_filters, "sortierung", "spalten", "stand", "jahr", "seite", "format", "dichte", "ansicht", "hoch", "runter", "offen", "herkunft", "zeile", "quatsch"]  # fmt: skip
    return urlencode([(chance.choice(names), chance.choice(WORDS)) for _ in range(chance.randint(1, 5))])


def test_300_random_addresses_give_a_list_or_a_sentence(login):
    browser, chance, refused = login(), random.Random(300), 0
    for number in range(300):
        path = list(LISTS)[number % len(LISTS)]
        query = noise(chance, path)
        response = browser.get(f"{path}?{query}")
        assert response.status_code in {200, 302, 400, 404}, query
        if response.status_code == 400:
            refused += 1
            words = response.content.decode()
            asked_json = dict(parse_qsl(query)).get("format") == "json" and words.startswith("{")
            assert asked_json or ('role="alert"' in words and table_of(response)[1] == []) or "kern-heading" in words
    assert refused > 100


def test_an_invalid_value_gives_a_message_and_nothing_else(login):
    for query in ("status=quatsch", "art=dritte&art=x", "spalten=geheim", "ansicht=weg", "dichte=eng", "programm=zzz"):
        response = login().get(f"/stellen/?{query}")
        assert response.status_code == 400 and table_of(response)[1] == []
        assert "nichts angezeigt" in response.content.decode()


# size


def fill(body, start, stop):
    """More of everything a list shows, numbered from start to stop."""
    from grants.models import BudgetLine, FundingNotice, NoticeItem, SubProduct
    from kim.models import Source
    from meetings.models import Consultation, Organization, Paper
    from staffing.models import BodyMunicipality, Carrier, Municipality, ServedMunicipality

    item, product = NoticeItem.objects.filter(function__slug="case-management").first(), SubProduct.objects.first()
    organization, template = Organization.objects.first(), FundingNotice.objects.first()
    places = []
    for n in range(start, stop):
        short = f"Caritas Region Nummer {n:03}"
        carrier = Carrier.objects.create(body=body, slug=f"traeger-{n:03}", name=short + " gemeinnützige GmbH", short_name=short, kind="company")  # fmt: skip
        name = f"Ort an der Rur Nummer {n:03}"
        place, _ = Municipality.objects.get_or_create(slug=f"ort-{n:03}", defaults={"ags": f"0588{n:04}", "name": name, "short_name": name})  # fmt: skip
        BodyMunicipality.objects.create(body=body, municipality=place)
        places.append(place)
        row = new_position(body, f"CMX-{n:03}", item=item, carrier=carrier, kind="onward", stage="advertising_planned")
        for one in {places[-1], places[len(places) // 2]}:
            ServedMunicipality.objects.create(body=body, period=row, municipality=one)
        BudgetLine.objects.create(body=body, year=2023, sub_product=product, purpose="own", label=f"Personalaufwand für Stelle CMX-{n:03}", amount=n)  # fmt: skip
        source = Source.objects.create(body=body, kind="paper", number=f"W/{n:04}", title=f"Sachstand zur Umsetzung, Nummer {n:03}", date=date(2023, 1, 5))  # fmt: skip
        paper = Paper.objects.create(body=body, source=source, paper_type="information", notice=template, public=True)
        Consultation.objects.create(body=body, paper=paper, organization=organization, role="information")
        notice = Source.objects.create(body=body, kind="notice", number=f"T/{n}", title=f"Zuwendungsbescheid Nummer {n:03}", date=date(2023, 1, 5))  # fmt: skip
        FundingNotice.objects.create(body=body, source=notice, slug=f"t-{n:03}", programme=template.programme, state="planned", instrument="grant", funder="Bezirksregierung Arnsberg", validity=template.validity)  # fmt: skip


ALL_COLUMNS = {path: urlencode([("spalten", n) for n in view.table_class.base_columns]) for path, view in LISTS.items()}


def test_a_list_asks_as_often_for_500_rows_as_for_one_and_stays_small(login, bodies):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    body, browser = bodies["staedteregion-aachen"], login()
    urls = [*LISTS, *(f"{path}?{query}" for path, query in ALL_COLUMNS.items())]

    def queries(url):
        browser.get(url)
        with CaptureQueriesContext(connection) as found:
            assert browser.get(url).status_code == 200
        return len(found)

    one = {url: queries(url) for url in urls}
    with acting(None, [body.pk]):
        fill(body, 0, 30)
    assert {url: queries(url) for url in urls} == one
    with acting(None, [body.pk]):
        fill(body, 30, 500)
    assert {url: queries(url) for url in urls} == one and max(one.values()) <= 30
    for path in LISTS:
        page = browser.get(path)
        assert len(table_of(page)[1]) == 500, path
        assert len(page.content) <= 400_000, (path, len(page.content))


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
