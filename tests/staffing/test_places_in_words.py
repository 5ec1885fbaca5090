"""Sentences about one post or several: the verb fits each size, and no sentence prints a dash for a Kommune."""

from decimal import Decimal as D

import pytest

from kim.figures import CATALOGUE
from staffing.models import PositionPeriod, ServedMunicipality
from tests.helpers import said


def at(number):
    return PositionPeriod.objects.filter(position__number=number)


def words(region, name, **given):
    found = CATALOGUE[name].asked(region, given, day=region.reference_day)
    return found.sentence()


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        ("0.3", "werden 0,3 Stellen in Kürze ausgeschrieben"),
        ("0.5", "wird eine halbe Stelle in Kürze ausgeschrieben"),
        ("0.75", "werden 0,75 Stellen in Kürze ausgeschrieben"),
        ("1", "wird eine volle Stelle in Kürze ausgeschrieben"),
        ("1.5", "werden 1,5 Stellen in Kürze ausgeschrieben"),
        ("2", "werden zwei Stellen in Kürze ausgeschrieben"),
    ],
)
def test_how_far_the_filling_has_got_fits_each_size(size, sentence, region):
    at("CM-11").update(fte=D(size))
    assert words(region, "position.filling", position="CM-11") == sentence


def test_a_post_without_a_kommune_prints_no_dash(region):
    given = {"positions": "CM-13,CM-14", "when": "before"}
    assert words(region, "positions.distribution", **given) == "für Eschweiler und Stolberg je eine volle Stelle"
    at("CM-13").update(fte=D("1.5"))
    ServedMunicipality.objects.filter(period__position__number="CM-13").delete()
    expected = "für Stolberg eine volle Stelle und ohne Angabe der Kommune 1,5 Stellen"
    assert words(region, "positions.distribution", **given) == expected
    ServedMunicipality.objects.filter(period__position__number="CM-14").delete()
    assert words(region, "positions.distribution", **given) == "ohne Angabe der Kommune 2,5 Stellen"
    found = CATALOGUE["positions.municipality_count"].asked(region, given, day=region.reference_day)
    assert [one.value for one in found.operands] == ["ohne Angabe der Kommune"] * 2


def test_the_page_of_a_post_without_a_kommune_says_so_in_words(region, login):
    ServedMunicipality.objects.filter(period__position__number="CM-13").delete()
    page = said(login().get("/stellen/CM-13/"))
    assert "noch nicht vergeben, ohne Angabe der Kommune" in page
