"""/technik/: code tables with versions, lists to look at, and two views on the same figures as the command line."""

import json
import re

import pytest
from django.core.management import call_command

from kim.models import Body, Source
from staffing.models import Function, Municipality

BODY, DAY = "body=staedteregion-aachen", "day=2023-03-01"


def printed(browser, url):
    response = browser.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")


def figure(capsys, *arguments):
    call_command("figure", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def german(number, places=2):
    whole, _, rest = f"{float(number):,.{places}f}".partition(".")
    return whole.replace(",", ".") + "," + (rest if places == 2 else rest.rstrip("0") or "0")


def test_the_derived_views_show_the_figures_of_the_command(login, capsys):
    browser = login("pruefung")
    words = printed(browser, "/technik/zuwendungen/stellenverteilung/")
    for name in ("allocation.by_carrier", "allocation.by_municipality"):
        data = figure(capsys, name, BODY, DAY)
        assert len(data["rows"]) > 6
        for row in data["rows"]:
            assert f"{row['name']} {german(row['fte'], 3)} {german(row['amount'])} €" in words, row["name"]
        assert f"{german(data['totals']['fte'], 3)} {german(data['totals']['amount'])} €" in words
    data = figure(capsys, "neutrality.nominal", BODY, "year=2023", "sub_product=946100")
    words = printed(browser, "/technik/zuwendungen/kostenneutralitaet/")
    for part in ("income", "own", "onward", "gap"):
        assert german(data[part]) in words, part
    assert "kostenneutral" in words


def test_the_lists_show_what_is_derived(login):
    browser = login("leitung")
    words = printed(browser, "/technik/stellenangaben/")
    assert "CM-10 bei Dritten SPRUNGBrett" in words and "1,5 85.500,00 € besetzt" in words and "14 Einträge" in words
    assert "684.000,00 € 684.000,00 € 0,00 €" in printed(browser, "/technik/zuwendungen/")
    assert "342.000,00 € 342.000,00 €" in printed(browser, "/technik/haushaltsansaetze/")
    assert "22.03.2023" in printed(browser, "/technik/sitzungen/")


def test_the_lists_keep_the_working_date(login):
    browser = login("leitung")
    assert "CM-12" in printed(browser, "/technik/stellenangaben/?stand=2023-02-28")
    assert "CM-12" not in printed(browser, "/technik/stellenangaben/")
    assert "0 Einträge" in printed(browser, "/technik/zuwendungen/?jahr=2024")


def test_the_lists_lead_to_the_pages_and_nothing_is_edited_there(login):
    browser = login("sachbearbeitung")
    words = browser.get("/technik/stellenangaben/").content.decode()
    assert 'href="/stellen/CM-10/"' in words and "Neu anlegen" not in words
    assert browser.get("/technik/stellenangaben/CM-10/").status_code == 404


def test_lists_cost_the_same_for_many_rows(login, region):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.helpers import new_position

    browser = login("leitung")
    browser.get("/technik/stellenangaben/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/technik/stellenangaben/")
    for n in range(30):
        new_position(region, f"N-{n}", basis=Source.objects.first())
    with CaptureQueriesContext(connection) as many:
        browser.get("/technik/stellenangaben/")
    assert len(many) == len(few)


@pytest.fixture
def technik(login):
    return login("technik", "")


def data(**changes):
    return {"name": "Sprachmittlung", "module": "Baustein 2", "slug": "sprachmittlung", "version": 1} | changes


def test_a_code_is_made_changed_and_deleted(technik):
    assert technik.post("/technik/funktionen/neu/", data(reason="neu im Programm")).status_code == 302
    words = technik.get("/technik/funktionen/sprachmittlung/").content.decode()
    assert "neu im Programm" in words
    technik.post("/technik/funktionen/sprachmittlung/", data(name="Sprachmittler"))
    row = Function.objects.get(slug="sprachmittlung")
    assert (row.name, row.version) == ("Sprachmittler", 2)
    assert technik.post("/technik/funktionen/sprachmittlung/loeschen/", {"version": 1}).status_code == 422
    assert technik.post("/technik/funktionen/sprachmittlung/loeschen/", {"version": 2}).status_code == 302
    assert not Function.objects.filter(slug="sprachmittlung").exists()


@pytest.mark.parametrize("url", ["/technik/funktionen/case-management/", "/technik/koerperschaften/stadt-aachen/", "/technik/kommunen/monschau/"])  # fmt: skip
def test_what_is_used_is_not_deleted_and_nobody_hears_by_whom(url, technik):
    version = (Function.objects.filter(slug=url.split("/")[3]) or Municipality.objects.filter(slug=url.split("/")[3]) or Body.objects.filter(slug=url.split("/")[3])).get().version  # fmt: skip
    response = technik.post(f"{url}loeschen/", {"version": version})
    words = response.content.decode()
    assert response.status_code == 422 and "Löschen lässt sich nur, was nie gebraucht wurde." in words
    assert "CM-" not in words and "Stelle " not in words


def test_a_stale_code_shows_both_values(technik):
    technik.post("/technik/funktionen/neu/", data())
    technik.post("/technik/funktionen/sprachmittlung/", data(name="Zuerst"))
    response = technik.post("/technik/funktionen/sprachmittlung/", data(name="Danach"))
    words = response.content.decode()
    assert response.status_code == 409 and "Zuerst" in words and "Danach" in words
    kept = {"choice_name": "own", "version": Function.objects.get(slug="sprachmittlung").version}
    assert technik.post("/technik/funktionen/sprachmittlung/", data(name="Danach") | kept).status_code == 302
    assert Function.objects.get(slug="sprachmittlung").name == "Danach"


@pytest.mark.parametrize(
    ("url", "changes", "sentence"),
    [
        ("kommunen", {"ags": "123", "name": "X", "short_name": "X", "slug": "x"}, "Der AGS hat acht Ziffern."),
        ("funktionen", data(slug="case-management"), "Diesen Kurznamen hat schon eine andere Funktion."),
        ("funktionen", data(name=""), "zwingend"),
        (
            "kontengruppen",
            {"prefix": "4", "meaning": "income", "validity_0": "01.01.2010", "validity_1": "", "source": "x"},
            "gilt in dieser Zeit schon",
        ),
        (
            "kontengruppen",
            {"prefix": "4a", "meaning": "income", "validity_0": "1.1.10", "source": "x"},
            "beginnt mit Ziffern",
        ),
        ("kontengruppen", {"prefix": "7", "meaning": "income", "validity_0": "31.02.2010", "source": "x"}, "Kalender"),
        (
            "kontengruppen",
            {"prefix": "7", "meaning": "income", "validity_0": "01.01.2010", "validity_1": "01.01.2009", "source": "x"},
            "vor dem Anfang",
        ),
    ],
)
def test_what_cannot_be_is_said_and_kept(url, changes, sentence, technik):
    response = technik.post(f"/technik/{url}/neu/", {"version": 1} | changes)
    words = response.content.decode()
    assert response.status_code == 422 and sentence in words
    for name in ("prefix", "ags"):
        assert name not in changes or f'value="{changes[name]}"' in words


def test_two_rows_under_one_address_are_refused(technik):
    programme = {"programme": "1", "title": "x", "version": 1}
    assert technik.post("/technik/bausteine/neu/", programme | {"name": "CM 1"}).status_code == 302
    response = technik.post("/technik/bausteine/neu/", programme | {"name": "CM-1"})
    assert response.status_code == 422 and "nicht eindeutig" in response.content.decode()


def test_a_renamed_row_is_still_the_one_of_the_form(technik):
    technik.post("/technik/funktionen/neu/", data())
    number = Function.objects.get(slug="sprachmittlung").pk
    technik.post("/technik/funktionen/sprachmittlung/", data(slug="umbenannt"))
    response = technik.post("/technik/funktionen/sprachmittlung/", data(name="Danach", row=number))
    assert response.status_code == 409 and "Danach" in response.content.decode()


def test_a_validity_needs_its_beginning(technik):
    values = {"prefix": "9", "meaning": "income", "validity_0": "", "validity_1": "", "source": "x", "version": 1}
    for dates in ({}, {"validity_1": "31.12.2023"}):
        response = technik.post("/technik/kontengruppen/neu/", values | dates)
        assert response.status_code == 422
    assert technik.get("/technik/kontengruppen/").status_code == 200


def test_a_notice_over_two_years_stands_on_every_page(login, region):
    """Also where its rates do not reach that far: nothing breaks, and what is granted in the year is said."""
    from datetime import date

    from grants.models import NoticeVersion
    from kim.values.periods import inclusive_range

    NoticeVersion.objects.filter(notice__slug="kim-2023").update(
        validity=inclusive_range(date(2022, 7, 1), date(2023, 6, 30))
    )
    browser = login()
    for url in ("/", "/haushalt/kostenneutralitaet/", "/technik/haushaltsansaetze/", "/technik/zuwendungen/kostenneutralitaet/"):  # fmt: skip
        response = browser.get(url)
        assert response.status_code == 200, url
    page = browser.get("/haushalt/kostenneutralitaet/").content.decode()
    assert "Der Bescheid nennt keinen Betrag für das Haushaltsjahr." in page


def test_only_declared_fields_are_taken(technik):
    technik.post("/technik/funktionen/neu/", data(id="999", pk="999"))
    assert Function.objects.get(slug="sprachmittlung").pk != 999


def test_nothing_of_the_librarys_own_is_offered(technik):
    for url in (
        "login/",
        "logout/",
        "password_change/",
        "jsi18n/",
        "autocomplete/",
        "r/1/1/",
        "auth/group/",
        "gruppen/",
    ):
        assert technik.get(f"/technik/{url}").status_code == 404, url


def house(technik, **changes):
    """What the form of a body shows, as it would be sent, with changes."""
    row = Body.objects.get(slug="stadt-aachen")
    given = {name: getattr(row, name) for name in ("name", "article", "kind", "ags", "slug", "sender", "consultation_heading", "paper_numbers", "paper_layout", "version")}  # fmt: skip
    day = {"is_trial": "on", "reference_day": f"{row.reference_day:%d.%m.%Y}"}
    return technik.post("/technik/koerperschaften/stadt-aachen/", given | day | changes)


def test_the_look_of_papers_is_set_where_the_house_is_kept(technik, login):
    """The same draft as a box and as a letter; what a body's papers look like is no longer for programmers alone."""
    words = technik.get("/technik/koerperschaften/stadt-aachen/").content.decode()
    assert "Gestalt der Vorlagen" in words and "Kasten mit zwei Spalten" in words
    assert house(technik, paper_layout="letter", reason="neue Hausregel").status_code == 302
    assert Body.objects.get(slug="stadt-aachen").paper_layout == "letter"
    assert "neue Hausregel" in technik.get("/technik/koerperschaften/stadt-aachen/").content.decode()
    assert login("leitung", "stadt-aachen").get("/dokumente/FB-56-0051-WP18/").status_code == 200
    assert house(technik, paper_layout="quatsch").status_code == 422


def test_every_setting_of_a_body_can_be_set_by_somebody(technik, login):
    """No column of the house is left that only the database can change."""
    words = technik.get("/technik/koerperschaften/stadt-aachen/").content.decode()
    words += login("leitung", "stadt-aachen").get("/briefkopf/bearbeiten/").content.decode()
    for field in Body._meta.concrete_fields:
        if field.editable and not field.primary_key:
            assert f'name="{field.name}"' in words, field.name
