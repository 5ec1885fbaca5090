"""Signs that nobody sees: refused with a sentence wherever words are typed, shown in the place where they stand."""

import pytest
from django.core.exceptions import ValidationError

from kim.models import Note, Source
from kim.values.formats import visible_line, visible_words
from staffing.models import Position, PositionPeriod

DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("sign", DIRECTIONS, ids=lambda sign: f"{ord(sign):04X}")
def test_a_sign_of_direction_is_refused_in_lines_and_texts(sign):
    for check in (visible_line, visible_words):
        with pytest.raises(ValidationError, match=f"Schreibrichtung .U.{ord(sign):04X}"):
            check(f"Bericht {sign}2023")


def test_a_control_sign_is_refused_in_a_line_and_a_line_break_is_no_fault_of_a_text():
    for sign in "\0\t\n\r\v\x1b\x7f\x9f":
        with pytest.raises(ValidationError, match="Steuerzeichen"):
            visible_line(f"Bericht{sign}2023")
    visible_words("eins\r\nzwei\tdrei")
    visible_line("Müßiggang – „à la carte“ \u00a0\u00ad\u2011 δ 漢字 👩\u200d👧")


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/dokumente/neu/", {"name": "Bericht \u202e3202", "paper_type": "information", "as_of": "01.03.2023"}),
        ("/notizen/neu/stelle/CM-01/", {"text": "eins\nzwei\u2066"}),
        ("/wiedervorlagen/neu/stelle/CM-01/", {"text": "an\u200frufen", "date": "1.4.2023", "whom": "rolle-leitung"}),
        ("/stellen/CM-01/berichtigen/", {"fte": "0,5", "stage": "not_stated", "reason": "so\u202e"}),
        ("/stellen/CM-01/beschreibung/", {"note": "", "file_reference": "50\u202e/1"}),
        ("/traeger/sprungbrett/kontakt/", {"street": "Am\u2067 Markt"}),
    ],
)
def test_pages_refuse_it_and_keep_what_was_typed(url, data, login, region):
    browser = login()
    data |= {"version": PositionPeriod.objects.get(position__number="CM-01").version} if "stellen" in url else {}
    page = browser.post(url, {"version": 1} | data)
    words = page.content.decode()
    assert page.status_code == 422 and "unsichtbares Zeichen für die Schreibrichtung" in words
    assert next(v for v in data.values() if isinstance(v, str) and visible(v)) in words
    assert not Note.objects.exists() and not Source.objects.filter(title__contains="\u202e").exists()


def visible(text):
    try:
        visible_words(text)
    except ValidationError:
        return True
    return False


def test_every_row_is_looked_at_whoever_saves_it(region):
    row = Position.objects.get(number="CM-01")
    row.file_reference = "50/\u202e1"
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert set(refused.value.message_dict) == {"file_reference"}
