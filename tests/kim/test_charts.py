"""Charts: as many squares as half posts, told apart without colour, one sentence, the same in a PDF."""

import re
import subprocess
from datetime import date
from decimal import Decimal as D

import pytest

from kim.studio import pdf
from kim.values import charts
from kim.values.charts import COMING, EMPTY, FILLED, PARTLY, RESTING, UNKNOWN
from kim.values.periods import half_open_range, inclusive_range
from staffing.figures.charts import by_carrier, by_municipality, overview
from staffing.models import Occupancy, Position

MARCH = date(2023, 3, 1)


def boxes(svg):
    """The squares of a chart without those of its legend: x, width, style."""
    found = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="16" ([^/]*stroke[^/]*)/>', svg)
    return found[: -svg.count('font-size="14">besetzt') * 4]


def test_one_square_is_half_a_post(region):
    found = by_carrier(region, MARCH)
    rows = dict(found.rows)
    sprungbrett = rows["Beschäftigungsinitiative SPRUNGBrett gemeinnützige GmbH"]
    assert sprungbrett == {FILLED: D("1.5"), COMING: 0, EMPTY: 0, UNKNOWN: 0}
    assert rows["Stadt Würselen"][COMING] == D("0.5") and rows["StädteRegion Aachen"][UNKNOWN] == 6
    assert sum(sum(parts.values()) for parts in rows.values()) == 12
    assert len(boxes(charts.squares("t", found.sentence(), found.rows))) == 24, "24 squares are 12 posts"
    assert found.sentence() == (
        "Stellen nach Anstellungsträgern: 12,0 VZÄ, davon 3,0 besetzt, 0,5 in Ausschreibung, 2,5 unbesetzt, 6,0 keine Angabe."
    )
    assert [name for name, _ in by_municipality(region, MARCH).rows][-2:] == ["eigene Stellen", "keine Angabe"]


@pytest.mark.parametrize(("fte", "squares", "last"), [("0.3", 1, 9.6), ("4.25", 9, 8), ("1", 2, 16), ("0.05", 1, 1.6)])
def test_less_than_half_is_a_narrower_square_within_the_drawing(fte, squares, last):
    svg = charts.squares("x", "Titel", [("A", dict.fromkeys((FILLED, COMING, EMPTY, UNKNOWN), D(fte)))])
    found = boxes(svg)
    assert len(found) == 4 * squares and float(found[squares - 1][2]) == pytest.approx(last)
    width = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    assert max(float(x) + float(w) for x, _, w, _ in found) < width


def test_kinds_differ_in_more_than_colour():
    assert len(set(charts.STYLES.values())) == len(charts.STYLES) == len(charts.LEGEND)
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb", "".join(charts.STYLES.values()))


def test_names_cannot_break_out_of_the_drawing():
    svg = charts.squares("x", '"><script>', [('<b>&"', {FILLED: D(1)})])
    assert "<script>" not in svg and "<b>" not in svg and "&lt;b&gt;&amp;&quot;" in svg


def test_the_overview_shows_gaps_rest_and_what_is_not_stated(region):
    place = Occupancy.objects.get(position__number="CM-09")
    place.suspended = inclusive_range(date(2023, 4, 1), date(2023, 5, 31))
    place.save()
    Occupancy.objects.filter(position__number="CM-10", slot=3).update(validity=half_open_range(None, date(2023, 7, 1)))
    rows = dict(overview(region, MARCH).rows)
    assert [(b.kind, b.first, b.end) for b in rows["CM-12"]] == [(EMPTY, date(2023, 1, 1), MARCH)]
    assert [b.kind for b in rows["CM-09"]] == [FILLED, RESTING, FILLED]
    assert [b.kind for b in rows["CM-01"]] == [UNKNOWN] and [b.kind for b in rows["CM-11"]] == [COMING]
    assert [b.kind for b in rows["CM-10"]] == [FILLED, UNKNOWN], "its stage is keine Angabe: the rest is not known"
    assert "CM-18" not in rows and len(rows) == 17
    svg = charts.months("m", "Titel", list(rows.items()), 2023, MARCH)
    assert svg.count("<g><title>") == sum(map(len, rows.values())) and 'stroke-width="2"' in svg


def test_a_part_is_not_drawn_as_empty(region):
    post = Position.objects.get(body=region, number="CM-16")
    Occupancy.objects.create(
        body=region, position=post, slot=1, fte=D("0.5"), validity=half_open_range(MARCH), assumption="x"
    )
    rows = dict(overview(region, MARCH).rows)
    assert [b.kind for b in rows["CM-16"]] == [PARTLY] and "0,5 von 1,0 VZÄ nicht besetzt" in rows["CM-16"][0].words


def test_the_same_drawing_in_a_pdf(region, monkeypatch):
    """WeasyPrint draws it: the marks of the squares are in the page."""
    found = by_carrier(region, MARCH)
    svg = charts.squares("t", found.sentence(), found.rows)
    monkeypatch.setattr(pdf, "render_to_string", lambda *_: f'<html lang="de"><head><title>x</title></head><body><h1>x</h1><p>{svg}</p></body></html>')  # fmt: skip
    content = pdf.render("x", {}, ("print.css",))
    words = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True).stdout.decode()
    assert "Stadt Monschau" in words and "besetzt" in words
