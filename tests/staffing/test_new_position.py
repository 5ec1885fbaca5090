"""A new post: funded from the start, refused in words, made once."""

import pytest

from staffing.models import PositionPeriod
from tests.staffing.test_correction import stored


def new(**changes):
    from grants.models import NoticeItem
    from staffing.models import Carrier

    return {
        "number": "CM-18",
        "kind": "own",
        "item": NoticeItem.objects.get().pk,
        "function": "",
        "fte": "1",
        "carrier": Carrier.objects.get(slug="staedteregion-aachen").pk,
        "stage": "planned",
        "start": "01.01.2023",
        "reason": "siebte Stelle",
    } | changes


def test_a_seventh_own_post_is_not_neutral(login, region):
    browser = login()
    words = browser.post("/stellen/neu/", new(), follow=True).content.decode().replace("\u00a0", " ")
    assert "Stelle CM-18 ist eingerichtet" in words and "−57.000,00 €, nicht kostenneutral" in words
    page = browser.get("/haushalt/kostenneutralitaet/").content.decode().replace("\u00a0", " ")
    assert "−57.000,00 €" in page and "nicht kostenneutral; 57.000,00 € sind aus Eigenmitteln zu decken" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": "CM-01"}, "Diese Stellennummer gibt es schon;"),
        ({"number": "CM 1/x"}, "Bitte nur Buchstaben, Ziffern und Bindestrich"),
        ({"fte": "0,5,5"}, "Bitte VZÄ als Zahl eingeben"),
        ({"start": "31.02.2023"}, "gibt es im Kalender nicht"),
        ({"item": "", "function": ""}, "Bitte eine Funktion wählen"),
        ({"reason": ""}, "Bitte einen Grund angeben"),
        ({"item": "99999"}, "gefördert aus"),
    ],
)
def test_a_new_post_that_cannot_be(change, sentence, login, region):
    before = PositionPeriod.objects.count()
    response = login().post("/stellen/neu/", new(**change))
    assert response.status_code == 422 and sentence in response.content.decode()
    assert PositionPeriod.objects.count() == before


def test_a_new_post_submitted_twice_exists_once(login, region):
    browser = login()
    once = new(form_key="0b6d2c8e-6d1c-4a39-9f0e-0d2d3c1f7a11")
    assert browser.post("/stellen/neu/", once).status_code == 302
    response = browser.post("/stellen/neu/", once, follow=True)
    assert (
        "Das war schon gespeichert" in response.content.decode() and response.request["PATH_INFO"] == "/stellen/CM-18/"
    )
    assert PositionPeriod.objects.filter(position__number="CM-18").count() == 1
    response = browser.post("/stellen/neu/", new(reason="eine andere"))
    assert response.status_code == 422 and "Diese Stellennummer gibt es schon;" in response.content.decode()


def test_an_own_post_is_the_bodys_own_unless_said_otherwise(login, region):
    login().post("/stellen/neu/", new(carrier=""))
    assert stored("CM-18").carrier.slug == "staedteregion-aachen"


@pytest.mark.parametrize("number", ["neu", "Neu"])
def test_the_word_of_the_address_is_no_number(number, login, region):
    response = login().post("/stellen/neu/", new(number=number))
    assert response.status_code == 422 and "ist keine Stellennummer" in response.content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": "cm-01"}, "Groß- und Kleinschreibung zählen nicht"),
        ({"start": "01.01.2030"}, "Die gewählte Zuwendung endet am 31.12.2023."),
    ],
)
def test_a_new_post_beside_what_there_is(change, sentence, login, region):
    response = login().post("/stellen/neu/", new(**change))
    assert response.status_code == 422 and sentence in response.content.decode()


def test_the_next_one_begins_where_the_last_one_did(login, region):
    browser = login()
    answer = browser.post("/stellen/neu/?stand=2023-03-01", new(again="1", start="15.01.2023", reason="Plan & Rest"))
    assert answer.status_code == 302 and answer["Location"].startswith("/stellen/neu/?stand=2023-03-01")
    page = browser.get(answer["Location"]).content.decode()
    assert 'value="15.01.2023"' in page and 'value="Plan &amp; Rest"' in page and 'value="CM-18"' not in page
    assert f'<option value="{new()["item"]}" selected>' in page
    hostile = browser.get("/stellen/neu/?ab=gestern&grund=%3Cb%3E&position=nichts&zuwendung=nichts")
    assert hostile.status_code == 200 and "&lt;b&gt;" in hostile.content.decode()
