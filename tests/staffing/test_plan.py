"""The delivery for the Stellenplan: by pay group, this year, the year before, filled on 30 June."""

import csv
import io
from datetime import date
from decimal import Decimal as D

from kim.values.periods import half_open_range, inclusive_range
from staffing.figures.plan import plan
from staffing.models import Occupancy, PlanNote, Position, PositionPeriod
from tests.helpers import new_position, table_of


def grouped(body):
    """CM-01 in EG 9c, from 01.07.2023 only half; CM-02 in EG 9c, filled from 01.06.2023, kw; the rest without."""
    PositionPeriod.objects.filter(position__number__in=["CM-01", "CM-02"]).update(pay_group="EG 9c")
    row = PositionPeriod.objects.get(position__number="CM-01")
    row.fte = D("0.5")
    row.change_from(date(2023, 7, 1), reason="Teilzeit")
    post = Position.objects.get(number="CM-02")
    Occupancy.fill(post, 1, reason="x", fte=D(1), validity=half_open_range(date(2023, 6, 1)), assumption="x")
    late = inclusive_range(date(2024, 5, 1), None)
    PlanNote.objects.create(body=body, position=post, kind="abolish", validity=late, assumption="x")


def lines(found):
    return {
        one.name: tuple(v.value for v in (one.planned, one.previous, one.filled, one.change)) for one in found.lines
    }


def test_three_columns_by_pay_group(region):
    grouped(region)
    found = plan(region, 2024)
    assert lines(found) == {"EG 9c": (D("1.5"), D("1.5"), D(1), D(0)), "": (D(4), D(4), None, D(0))}
    assert found.as_json()["rows"][0]["missing"] == found.lines[0].filled.missing == 1
    assert found.lines[0].notes == "CM-02 kw" and found.derivation.amount == D("5.5")
    assert lines(plan(region, 2023))["EG 9c"] == (D("1.5"), D(0), D(0), D("1.5"))
    assert {operand.label for operand in found.lines[0].filled.walk()} >= {"CM-02, Platz 1"}


def test_posts_with_third_parties_and_of_other_years_are_not_in_it(region):
    new_position(region, "CM-30", kind="onward", pay_group="EG 10")
    assert "EG 10" not in lines(plan(region, 2024))


def test_the_list_and_its_file_show_the_figure(login, region):
    grouped(region)
    browser = login()
    rows = table_of(browser.get("/stellenplan/?jahr=2024"))[1]
    assert [[cell.replace("\u00a0", " ") for cell in row] for row in rows] == [
        ["EG 9c", "1,5", "1,5", "0,0", "1,0 (1 ohne Angabe)", "CM-02 kw"],  # of CM-01 nobody has said
        ["ohne Entgeltgruppe", "4,0", "4,0", "0,0", "–", "–"],
    ]
    content = browser.get("/stellenplan/?jahr=2024&format=csv").content.decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(content.splitlines()[1]), delimiter=";"))[:2] == [
        "EG 9c, besetzt am 30.06. des Vorjahres (1 ohne Angabe)",
        "1,500",
    ]
    source = browser.get("/stellenplan/?jahr=2024&herkunft=besetzt&zeile=eg-9c").content.decode()
    assert "CM-02, Platz 1" in source
    sums = browser.get("/stellenplan/?jahr=2024&herkunft=stellen").content.decode().replace("\u00a0", " ")
    assert "5,5" in sums
    assert "EG 9c" not in browser.get("/stellenplan/?jahr=2024&suche=EG+10").content.decode().partition("<tbody")[2]
