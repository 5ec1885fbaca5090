"""The one grammar of numbers and dates, for form and filter alike."""

from datetime import date, time
from decimal import Decimal as D

import pytest
from django import forms
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from kim.values import formats
from kim.values.formats import DateField, EuroField, FteField, format_any
from kim.values.periods import parse_time

EUROS = [
    ("684.000", "684000.00"),
    ("684000", "684000.00"),
    ("684.000 €", "684000.00"),
    ("684.000\u00a0€", "684000.00"),
    ("684 000", "684000.00"),
    ("684 T€", "684000.00"),
    ("684.000,50", "684000.50"),
    ("0,5", "0.50"),
    ("0.5", "0.50"),
    ("1.500", "1500.00"),
    ("57000,00", "57000.00"),
    ("-12,30", "-12.30"),
    ("\u22121.000", "-1000.00"),
]
BAD_EUROS = [
    ("57.00", "Meinten Sie 57,00\u00a0€ oder 57.000\u00a0€?"),
    ("57.0", "Meinten Sie 57,00\u00a0€ oder 57.000\u00a0€?"),
    ("0,005", "zwei Nachkommastellen"),
    ("½", "kein Betrag"),
    ("50 %", "kein Betrag"),
    ("1e400", "kein Betrag"),
    ("0,5,5", "kein Betrag"),
    ("1.50.000", "kein Betrag"),
    ("NaN", "kein Betrag"),
    ("", None),
    ("9" * 30, "zu groß"),
]
FTES = [
    ("0,5", "0.500"),
    ("0.5", "0.500"),
    ("½", "0.500"),
    ("1½", "1.500"),
    ("1 ¼", "1.250"),
    ("2¾", "2.750"),
    ("1/2", "0.500"),
    ("50 %", "0.500"),
    ("0,43", "0.430"),
    ("0,430 VZÄ", "0.430"),
    ("1", "1.000"),
    ("12,0", "12.000"),
]
BAD_FTES = [
    ("1.500", "Meinten Sie 1,5?"),
    ("1.5", "Meinten Sie 1,5?"),
    ("57.00", "Meinten Sie 57,0?"),
    ("\u0663", "Bitte VZÄ als Zahl eingeben"),
    ("99999", "zu groß"),
    ("0,5,5", "Bitte VZÄ als Zahl eingeben, z. B. 0,5 oder 0,43."),
    ("0,1234", "mehr als drei Nachkommastellen"),
    ("1/3", "mehr als drei Nachkommastellen"),
    ("1e400", "Bitte VZÄ als Zahl eingeben"),
    ("-0,5", "Bitte VZÄ als Zahl eingeben"),
    ("19,5 Std.", "Wochenstunden"),
    ("\0", "Bitte VZÄ"),
]
DATES = [
    ("1.3.23", date(2023, 3, 1)),
    ("010323", date(2023, 3, 1)),
    ("01032023", date(2023, 3, 1)),
    ("01.03.2023", date(2023, 3, 1)),
    ("2023-03-01", date(2023, 3, 1)),
    ("1. März 2023", date(2023, 3, 1)),
    ("heute", date(2021, 2, 25)),
]
BAD_DATES = [
    ("31.02.2023", "gibt es im Kalender nicht"),
    ("01.03.", "Bitte ein Datum mit Jahr"),
    ("gestern", "ist kein Datum"),
    ("01.01.0001", "liegt nicht zwischen 1990 und 2100"),
    ("31.12.9999", "liegt nicht zwischen 1990 und 2100"),
    ("2023-13-01", "gibt es im Kalender nicht"),
    ("0000-00-00", "gibt es im Kalender nicht"),
]


@pytest.mark.parametrize(("typed", "value"), EUROS)
def test_euro_is_read(typed, value):
    assert EuroField().clean(typed) == D(value)


@pytest.mark.parametrize(("typed", "sentence"), BAD_EUROS)
def test_euro_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(ValidationError) as error:
        EuroField().clean(typed)
    assert sentence is None or sentence in error.value.messages[0]


@pytest.mark.parametrize(("typed", "value"), FTES)
def test_fte_is_read(typed, value):
    assert FteField().clean(typed) == D(value)


@pytest.mark.parametrize(("typed", "sentence"), BAD_FTES)
def test_fte_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(ValidationError) as error:
        FteField().clean(typed)
    assert sentence in error.value.messages[0]


def test_hours_are_read_at_the_carriers_weekly_hours():
    assert FteField(weekly_hours=D(39)).clean("19,5 Std.") == D("0.500")
    with pytest.raises(ValidationError, match="drei Nachkommastellen"):
        FteField(weekly_hours=D(39)).clean("20 Std.")


@pytest.mark.parametrize(("typed", "value"), DATES)
def test_date_is_read(typed, value):
    assert DateField(today=date(2021, 2, 25)).clean(typed) == value


@pytest.mark.parametrize(("typed", "sentence"), BAD_DATES)
def test_date_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(ValidationError) as error:
        DateField().clean(typed)
    assert sentence in error.value.messages[0]


@pytest.mark.counter
def test_stock_django_reads_57_000_as_57():
    assert forms.DecimalField().clean("57.000") == 57
    with pytest.raises(ValidationError):
        forms.DecimalField().clean("0,5")


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_euro_printed_is_read_again(value):
    assert formats.parse_euro(formats.format_euro(value)) == value


@given(st.decimals(min_value=0, max_value=9999, places=3))
def test_fte_printed_is_read_again_or_asked_about(value):
    printed = formats.format_fte(value)
    assert "." not in printed or value >= 1000
    if value < 1000:
        assert formats.parse_fte(printed) == value


@given(st.text(max_size=40))
def test_no_text_breaks_the_grammar(text):
    for field in (EuroField(), FteField(), DateField()):
        try:
            field.clean(text)
        except ValidationError as error:
            assert error.messages[0]


@pytest.mark.parametrize(
    ("value", "case", "definite", "words"),
    [
        ("0.5", "accusative", False, "eine halbe Stelle"),
        ("0.5", "dative", False, "einer halben Stelle"),
        ("0.5", "accusative", True, "die halbe Stelle"),
        ("1", "accusative", False, "eine volle Stelle"),
        ("1", "dative", True, "der vollen Stelle"),
        ("12", "dative", False, "zwölf Stellen"),
        ("6", "accusative", True, "die sechs Stellen"),
        ("3.5", "accusative", False, "3,5 Stellen"),
        ("13", "accusative", False, "13 Stellen"),
        ("0.430", "accusative", False, "0,43 Stellen"),
    ],
)
def test_posts_in_words(value, case, definite, words):
    assert formats.posts_in_words(D(value), case, definite) == words


def test_money_in_table_and_prose():
    assert formats.format_euro(D(684000)) == "684.000,00\u00a0€"
    assert formats.format_euro(D(684000), prose=True) == "684.000\u00a0€"
    assert formats.format_euro(D("-0.50"), prose=True) == "\u22120,50\u00a0€"
    assert formats.format_euro(D("0.00")) == "0,00\u00a0€"
    assert formats.format_euro(None) == "–"


TIMES = {
    "17 Uhr": time(17),
    "17:00": time(17),
    "17.00": time(17),
    " 9.30 Uhr ": time(9, 30),
    "9": time(9),
    "0:05": time(0, 5),
    "23:59uhr": time(23, 59),
}
NO_TIMES = ["24:00", "17:60", "17:5", "17,00", "1700", "17:00:00", "fünf", "-1", "17 bis 18 Uhr", "\u0661\u0667:00"]


@pytest.mark.parametrize("words", TIMES)
def test_a_time_of_day_is_read_as_people_write_it(words):
    assert parse_time(words) == TIMES[words]
    assert format_any(TIMES[words]) == f"{TIMES[words]:%H:%M} Uhr", "and told so in the history"


@pytest.mark.parametrize("words", NO_TIMES)
def test_what_is_no_time_of_day_is_refused(words):
    with pytest.raises(ValidationError, match="ist keine Uhrzeit"):
        parse_time(words)
