"""Pages of a place: change from a day, leave, rest, stand in; with preview, conflict, and what is refused."""

from datetime import date
from decimal import Decimal as D

import pytest

from kim.values.periods import half_open_range, inclusive_range
from staffing.models import Occupancy, PlanNote
from tests.helpers import new_position

APRIL, JULY, AUGUST = (date(2023, month, 1) for month in (4, 7, 8))
FIRST = date(2022, 1, 1)


@pytest.fixture
def place(region):
    """Platz 1, 0,5 of a post of 1,0 since 01.01.2022."""
    post = new_position(region, "PS-1", "1.0", first=FIRST, stage="planned").position
    (made,) = Occupancy.fill(post, 1, reason="x", fte=D("0.5"), validity=half_open_range(FIRST), assumption="x")
    return made


URL = "/stellen/PS-1/besetzung/1/2022-01-01/"


def read(response):
    return " ".join(response.content.decode().split())


def rows():
    found = Occupancy.objects.filter(position__number="PS-1").order_by("slot", "validity")
    return [(o.slot, o.fte, o.validity.lower, o.validity.upper) for o in found]


def test_the_page_of_the_post_offers_each_way(login, place):
    page = read(login().get("/stellen/PS-1/"))
    for words in ("Ändern ab …", "Berichtigen", "Beenden", "Löschen"):
        assert words in page.partition('id="besetzung"')[2]
    assert "Vertretung eintragen" not in page, "nobody is away"
    assert "Vertretung" not in read(login("pruefung").get("/stellen/PS-1/"))


def test_an_increase_for_a_time(login, place):
    browser = login()
    page = read(browser.get(URL + "aendern/"))
    assert 'value="01.03.2023"' in page and "Der Platz bleibt derselben Person" in page and "Vertritt Platz" not in page
    data = {"day": "01.04.2023", "until": "30.06.2023", "fte": "0,8", "assumption": "x", "reason": "Aufstockung", "version": place.version}  # fmt: skip
    seen = read(browser.post(URL + "aendern/", data | {"preview": "1"}))
    assert "Noch ist nichts gespeichert" in seen and len(rows()) == 1
    done = read(browser.post(URL + "aendern/", data, follow=True))
    assert "PS-1 Platz 1: 01.04.2023 bis 30.06.2023 0,8 VZÄ." in done
    assert rows() == [(1, D("0.5"), FIRST, APRIL), (1, D("0.8"), APRIL, JULY), (1, D("0.5"), JULY, None)]
    assert browser.post(URL + "aendern/", data).status_code == 409, "the row has gone on"
    again = "/stellen/PS-1/besetzung/1/2023-07-01/aendern/"
    data |= {"version": Occupancy.objects.get(validity__startswith=JULY).version}
    for more, words in (
        ({"day": "01.07.2023", "until": ""}, "ist eine Berichtigung"),
        ({"day": "01.08.2023", "until": "31.07.2023"}, "„Nur bis“ liegt nicht"),
        ({"day": "", "until": ""}, "error"),
        ({"day": "01.08.2023", "until": "", "fte": "1,001"}, "höher als der Umfang"),
    ):
        response = browser.post(again, data | more)
        assert response.status_code == 422 and words in read(response)
    same = read(browser.post(again, data | {"day": "01.08.2023", "until": "", "fte": "0,5"}, follow=True))
    assert "Es hat sich nichts geändert" in same and len(rows()) == 3


def test_a_division_is_taken_back_as_one(login, place):
    """Also on a blocked post: the days one row gives up go back to the other."""
    PlanNote.objects.create(
        body=place.body, position=place.position, kind="block", validity=half_open_range(APRIL), assumption="x"
    )
    browser = login()
    data = {"day": "01.04.2023", "until": "30.06.2023", "fte": "0,3", "assumption": "x", "reason": "Teilzeit", "version": place.version}  # fmt: skip
    assert browser.post(URL + "aendern/", data).status_code == 302 and len(rows()) == 3
    act = Occupancy.objects.get(position=place.position, fte=D("0.3")).events.first().pgh_context_id
    assert "Zurückgenommen" in read(browser.post("/ruecknahme/", {"act": str(act)}, follow=True))
    assert rows() == [(1, D("0.5"), FIRST, None)]


def test_who_leaves(login, place):
    browser = login()
    data = {"last": "30.06.2023", "reason": "Kündigung", "version": place.version}
    assert "Danach ist der Platz frei" in read(browser.get(URL + "beenden/"))
    assert "Noch ist nichts gespeichert" in read(browser.post(URL + "beenden/", data | {"preview": "1"}))
    early = browser.post(URL + "beenden/", data | {"last": "31.12.2021"})
    assert early.status_code == 422 and "das Ende liegt nicht darin" in read(early)
    assert "PS-1 Platz 1 ist besetzt bis 30.06.2023" in read(browser.post(URL + "beenden/", data, follow=True))
    assert rows() == [(1, D("0.5"), FIRST, JULY)]
    more = {"validity_0": "01.07.2023", "validity_1": "", "places": "1", "fte": "0,5", "assumption": "x", "reason": "x", "version": "1"}  # fmt: skip
    assert "Platz 2 besetzt" in read(browser.post("/stellen/PS-1/besetzung/neu/", more, follow=True))


def test_somebody_stands_in(login, place):
    browser = login()
    url = URL + "vertretung/"
    assert "Platz 1 ruht noch nicht" in read(browser.get(url))
    rest = {"validity_0": "01.01.2022", "validity_1": "", "fte": "0,5", "suspended_0": "01.04.2023", "suspended_1": "31.07.2023", "assumption": "x", "reason": "ruht", "version": place.version}  # fmt: skip
    assert browser.post(URL, rest).status_code == 302
    assert "Vertretung eintragen" in read(browser.get("/stellen/PS-1/"))
    page = read(browser.get(url))
    assert "Platz 1 ruht 01.04.2023 bis 31.07.2023" in page
    for value in ("01.04.2023", "31.07.2023", "0,5"):
        assert f'value="{value}"' in page
    data = {"validity_0": "01.04.2023", "validity_1": "31.08.2023", "fte": "0,333", "assumption": "x", "reason": "Zusage", "version": "1"}  # fmt: skip
    late = browser.post(url, data)
    assert late.status_code == 422 and "auf Platz 1 am 01.08.2023" in read(late)
    done = read(browser.post(url, data | {"validity_1": "31.07.2023"}, follow=True))
    assert "Platz 2 vertritt Platz 1, 01.04.2023 bis 31.07.2023" in done and ", vertritt Platz 1" in done
    page = read(browser.get("/stellen/PS-1/?stand=15.05.2023"))
    assert "0,333 von 1,0 VZÄ besetzt, 0,667 VZÄ: teilweise besetzt (davon ruhend 0,167)" in page
    place.refresh_from_db()
    back = rest | {"suspended_1": "30.06.2023", "version": place.version}
    refused = browser.post(URL, back)
    assert refused.status_code == 422
    assert "Die Vertretung auf Platz 2 endet nicht vor der Rückkehr auf Platz 1 am 01.07.2023" in read(refused)
    gone = browser.post(URL + "loeschen/", {"reason": "x", "version": place.version})
    assert gone.status_code == 422 and "eine Vertretung auf Platz 2" in read(gone)
    change = "/stellen/PS-1/besetzung/2/2023-04-01/aendern/"
    assert "Vertritt Platz" in read(browser.get(change))
    assert login("pruefung").post(url, data).status_code == 403


def test_only_what_is_there(login, place):
    browser = login()
    for end in ("aendern/", "beenden/", "vertretung/"):
        assert browser.get(f"/stellen/PS-1/besetzung/7/2022-01-01/{end}").status_code == 404
        assert login(slug="stadt-aachen").get(URL + end).status_code == 404
    Occupancy.objects.filter(pk=place.pk).update(validity=inclusive_range(None, None))
    assert browser.get("/stellen/PS-1/besetzung/1/ohne-beginn/aendern/").status_code == 200
