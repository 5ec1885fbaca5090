"""How a Fundstelle is read: a page, quoted words, both or neither."""

import pytest

from kim.values.places import Place, read_place

READ = {
    "": Place(),
    "Abs. 4": Place(),
    "S. 3": Place(3),
    "S.3": Place(3),
    "Seite 12, Tabelle 2": Place(12),
    "Seiten 3 und 4": Place(3),
    "S. 3 f.": Place(3),
    "Nr. 5.2, S. 3": Place(3),
    "S. 2 „drei Stellen“": Place(2, "drei Stellen"),
    '"drei Stellen"': Place(None, "drei Stellen"),
    "„drei Stellen“ und „vier“": Place(None, "drei Stellen"),
    "„siehe S. 9“, S. 3": Place(3, "siehe S. 9"),
    "»drei Stellen«": Place(None, "drei Stellen"),
    "“three posts” S. 1": Place(1, "three posts"),
    "§ 48 Abs. 2 S. 3": Place(),
    "§ 8 S. 1, S. 4": Place(4),
    "S. 0": Place(),
    "S. 123456": Place(),
    "BS. 3": Place(),
    "„“": Place(),
    "„offen": Place(),
}


@pytest.mark.parametrize("text", READ)
def test_a_place_is_read(text):
    assert read_place(text) == READ[text]


def test_a_place_that_names_nothing_is_false_and_leads_nowhere_in_particular():
    assert not read_place("Tabelle 3") and read_place("Tabelle 3").query() == {}
    assert read_place("S. 3 „a“").query() == {"seite": "3", "worte": "a"}
