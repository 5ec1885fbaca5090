"""Anstellungsträger and Kommunen: lists, and one page with posts, money by year, contact, papers and open points."""

import re
from datetime import date
from decimal import Decimal as D

import pytest

from grants.figures.partners import carrier_years, municipality_years
from kim.figures import CATALOGUE
from kim.values.periods import inclusive_range
from staffing.models import BodyMunicipality, Carrier, PositionPeriod
from tests.helpers import new_position, said, table_of


def years(found):
    return [(year, amount.value, shared.value if shared else None) for year, amount, shared in found.years]


@pytest.mark.parametrize(
    ("slug", "amount"),
    [
        ("sprungbrett", "85500.00"),  # 1,5 × 57.000 × 12/12
        ("stadt-monschau", "23750.00"),  # 0,5 × 57.000 × 10/12, from 01.03.
        ("staedteregion-aachen", "342000.00"),  # six own posts
    ],
)
def test_money_by_year_of_a_carrier(slug, amount, region):
    assert years(carrier_years(Carrier.find(region, slug))) == [(2023, D(amount), None)]


@pytest.mark.parametrize(
    ("slug", "alone", "shared"),
    [
        ("monschau", "23750.00", "0.00"),
        ("eschweiler", "9500.00", "47500.00"),  # CM-13: 1,0 × 57.000 × 2/12; CM-17 with Stolberg: 10/12
        ("roetgen", "0.00", "28500.00"),  # CM-07 with Simmerath
    ],
)
def test_money_by_year_of_a_municipality_keeps_shared_posts_apart(slug, alone, shared, region):
    found = municipality_years(BodyMunicipality.find(region, slug))
    assert years(found) == [(2023, D(alone), D(shared))]


def test_carriers_of_one_post_add_up_to_its_cost(region):
    """A post that goes from one carrier to another in the year: the parts are those of the whole, to the cent."""
    from grants.figures.neutrality import year_cost
    from grants.models import NoticeItem

    one, other = Carrier.find(region, "sprungbrett"), Carrier.find(region, "drk")
    item = NoticeItem.objects.get()
    row = new_position(region, "TEIL-1", "0.333", kind="onward", first=date(2023, 1, 1), last=date(2023, 4, 17), item=item, carrier=one)  # fmt: skip
    PositionPeriod.objects.create(
        body=region,
        position=row.position,
        fte=D("0.333"),
        validity=inclusive_range(date(2023, 4, 18), None),
        carrier=other,
    )
    before = {"sprungbrett": D(85500), "drk": D("47500")}  # CM-16 from 01.03.: 57.000 × 10/12
    parts = [carrier_years(Carrier.find(region, slug)).derivation.amount - amount for slug, amount in before.items()]
    assert sum(parts) == year_cost(row.position, 2023).amount and all(parts)


def test_a_figure_of_a_partner_can_be_asked_by_name(region):
    found = CATALOGUE["carrier.years"].asked(region, {"carrier": "sprungbrett"})
    assert found.as_json()["years"][0]["amount"] == "85500.00"
    assert CATALOGUE["municipality.years"].asked(region, {"municipality": "monschau"}).lines()[0].value == D("23750.00")


def test_the_list_of_carriers_shows_the_sums_of_the_distribution(login, region):
    from grants.figures.allocation import by_carrier

    rows = {row[0]: row for row in table_of(login().get("/traeger/"))[1]}
    for one in by_carrier(region, date(2023, 3, 1)).rows:
        if one.name != "noch nicht vergeben":
            assert rows[one.name][3] == one.fte.printed().removesuffix("\u00a0VZÄ")
            assert rows[one.name][5] == one.amount.printed()


def test_a_shared_post_is_summed_with_no_municipality(login):
    rows = {row[0]: row[1:] for row in table_of(login().get("/kommunen/"))[1]}
    assert rows["Eschweiler"] == ["1", "0,0", "1,0", "0,00\u00a0€"]
    assert rows["Alsdorf"] == ["1", "1,0", "0,0", "57.000,00\u00a0€"]
    foot = table_of(login().get("/kommunen/"))[2]
    assert foot == ["Summe (alle 10)", "", "3,0", "", "171.000,00\u00a0€"]


def test_the_programme_narrows_what_is_summed(login):
    browser = login(slug="weidenkreis")
    both, kim, ki = (
        D(browser.get(f"/traeger/?format=json{p}").json()["totals"]["vzae"])
        for p in ("", "&programm=kim", "&programm=ki")
    )
    assert kim and ki and kim + ki <= both


def test_the_page_of_a_carrier_has_everything_about_it(login, region):
    page = said(login().get("/traeger/sprungbrett/"))
    words = re.sub(r"<[^>]+>", "", page)
    for part in ("CM-10", "1,5 VZÄ, davon 1,5 VZÄ besetzt", "85.500,00 €", "Kontakt der Dienststelle", "Mitteilungsvorlage 2023/0120", "Es fehlt die Kommune."):  # fmt: skip
        assert part in words, part
    early = login().get("/traeger/stadt-monschau/?stand=28.02.2023").content.decode()
    assert "Am 28.02.2023 keine." in early


def test_the_page_of_a_municipality_names_those_it_shares_with(login):
    page = login().get("/kommunen/eschweiler/").content.decode().replace("\u00a0", " ")
    words = re.sub(r"<[^>]+>", "", page)
    assert "gemeinsam: Eschweiler und Stolberg (Rhld.)" in words and "47.500,00 €" in words and "9.500,00 €" in words


def test_contact_is_words_and_changes_at_once(login):
    browser = login()
    page = browser.get("/traeger/sprungbrett/kontakt/").content.decode()
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    data = {"street": "Markt 1", "postal_code": "52062", "locality": "Aachen", "phone": "", "email": "amt@example.org", "version": version}  # fmt: skip
    assert browser.post("/traeger/sprungbrett/kontakt/", data).status_code == 302
    words = said(browser.get("/traeger/sprungbrett/"))
    assert "Markt 1, 52062 Aachen" in words and "amt@example.org" in words
    assert login("pruefung").get("/traeger/sprungbrett/kontakt/").status_code == 403


def test_money_that_is_only_applied_for_is_not_counted(city):
    """The Stadt has no Bescheid yet (rulings: beantragt, angekündigt): no amount in any year."""
    assert years(carrier_years(Carrier.find(city, "stadt-aachen"))) == []
