"""Number, Art and Funktion corrected, a post ended, Kommunen with shares and Beratungsorte, posts of the future."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from grants.figures.allocation import by_municipality
from grants.models import Funding
from kim.models import ClosedYear
from kim.values.periods import half_open_range, inclusive_range
from staffing.figures.sentences import filling
from staffing.models import (
    Carrier,
    Function,
    Municipality,
    Occupancy,
    Place,
    PlanNote,
    Position,
    PositionPeriod,
    end_position,
    settle,
)
from tests.helpers import new_position, said, sql

FIRST, JULY = date(2022, 1, 1), date(2023, 7, 1)


@pytest.fixture
def post(region):
    """A post of 1,0 since 01.01.2022 with two places and a Vermerk, changed once."""
    made = new_position(region, "PS-1", "1.0", first=FIRST, stage="planned").position
    Occupancy.fill(made, 2, reason="x", fte=D("0.437"), validity=half_open_range(FIRST), assumption="x")
    PlanNote.objects.create(
        body=region, position=made, kind="abolish", validity=half_open_range(date(2023, 1, 1)), assumption="x"
    )
    period = made.periods.get()
    period.fte = D("0.9")
    period.change_from(date(2023, 9, 1), reason="kleiner")
    return made


def ends(post):
    return {
        (type(row).__name__, row.validity.upper)
        for model in (PositionPeriod, Occupancy, PlanNote)
        for row in model.objects.filter(position=post)
    }


def test_a_post_ends_with_all_that_hangs_on_it(post):
    end_position(post, date(2023, 6, 30), reason="Stellenplan")
    assert ends(post) == {("PositionPeriod", JULY), ("Occupancy", JULY), ("PlanNote", JULY)}
    with pytest.raises(ValidationError, match=r"endet schon am 30\.06\.2023"):
        end_position(post, date(2023, 12, 31), reason="x")


def test_an_end_leaves_what_ended_before(post):
    Occupancy.objects.get(position=post, slot=1).leave(date(2022, 7, 1), reason="x")
    end_position(post, date(2024, 2, 29), reason="Stellenplan")
    assert ("Occupancy", date(2022, 7, 1)) in ends(post) and ("Occupancy", date(2024, 3, 1)) in ends(post)
    assert [row.fte for row in post.periods.order_by("validity")] == [D("1.0"), D("0.9")]


@pytest.mark.parametrize(
    ("last", "reason", "words"),
    [
        (date(2021, 12, 31), "x", "beginnt am 01.01.2022"),
        (date(2023, 6, 30), " ", "Grund"),
    ],
)
def test_an_end_that_cannot_be(post, last, reason, words):
    before = ends(post)
    with pytest.raises(ValidationError, match=words):
        end_position(post, last, reason=reason)
    assert ends(post) == before


def test_the_page_that_ends_a_post_shows_what_follows(login, region):
    browser, url = login(), "/stellen/CM-10/beenden/"
    version = Position.find(region, "CM-10").version
    data = {"last": "31.08.2023", "reason": "", "version": version}
    seen = said(browser.post(url, data | {"preview": "1"}))
    assert "Noch ist nichts gespeichert" in seen and Position.find(region, "CM-10").periods.get().validity.upper is None
    done = said(browser.post(url, data | {"reason": "Träger hört auf"}, follow=True))
    assert "Stelle CM-10 endet am 31.08.2023." in done
    assert "CM-10" not in said(browser.get("/stellen/?stand=01.09.2023")).partition("<tbody")[2].partition("</tbody")[0]
    assert "Sie endete am 31.08.2023" in said(browser.get("/stellen/CM-10/?stand=15.10.2023"))


def test_a_number_is_corrected_unless_texts_name_it(login, region):
    browser = login()
    made = new_position(region, "FALSCH-1", "0.5", first=FIRST).position
    data = {"kind": "onward", "function": made.function_id, "reason": "Tippfehler", "version": made.version}
    answer = browser.post("/stellen/FALSCH-1/nummer/", data | {"number": "CM-99"})
    assert answer.status_code == 302 and "CM-99" in answer["Location"]
    taken = browser.post("/stellen/CM-99/nummer/", data | {"number": "CM-01", "version": made.version + 1})
    assert taken.status_code == 422 and "gibt es schon" in said(taken)
    named = Position.find(region, "CM-07")
    data |= {"function": named.function_id, "version": named.version, "number": "CM-77"}
    refused = browser.post("/stellen/CM-07/nummer/", data)
    assert refused.status_code == 422 and "Die Nummer CM-07 steht in 1 Textblock" in said(refused)
    assert "Notiz" in said(browser.get("/stellen/CM-99/"))


def test_who_was_slower_is_told_so(login, region):
    made = new_position(region, "PS-2", "0.5", first=FIRST).position
    made.note = "inzwischen"
    made.save_as("Beschreibung geändert")
    browser, old = login(), {"reason": "x", "version": 1}
    data = old | {"number": "PS-2", "kind": "onward", "function": made.function_id}
    assert browser.post("/stellen/PS-2/nummer/", data).status_code == 409
    assert browser.post("/stellen/PS-2/beenden/", old | {"last": "31.08.2023"}).status_code == 409
    made.refresh_from_db()
    assert made.kind != "onward" and made.periods.get().validity.upper is None


def test_what_is_paid_keeps_the_function_that_is_funded(region):
    paid = Funding.objects.filter(body=region).first().position
    paid.function = Function.objects.exclude(pk=paid.function_id).first()
    with pytest.raises(ValidationError, match="fördert eine andere Funktion"):
        paid.correct(reason="x")
    with pytest.raises(IntegrityError):
        sql("UPDATE staffing_position SET function_id = %s WHERE id = %s", paid.function_id, paid.pk)
    free = new_position(region, "FREI-1", "0.5", first=FIRST).position
    free.function = paid.function
    free.correct(reason="war falsch")
    assert Position.objects.get(pk=free.pk).function == paid.function


def names(*wanted):
    return [Municipality.objects.get(name=name) for name in wanted]


def test_kommunen_with_shares_and_places(region):
    period = Position.find(region, "CM-17").periods.get()
    one, other = names("Eschweiler", "Stolberg (Rhld.)")
    places = [Place("Rathaus", "", one), Place("Unterkunft", "DRK", other)]
    assert settle(period, {one: D("0.625"), other: D("0.375")}, places, reason="Vereinbarung")
    period.refresh_from_db()
    assert period.served_with_shares() == "Eschweiler (0,625) und Stolberg (Rhld.) (0,375)"
    assert [str(place) for place in period.locations.all()] == ["Rathaus", "Unterkunft (DRK)"]
    assert not settle(period, {one: D("0.625"), other: D("0.375")}, places, reason="noch einmal")
    later = date(2023, 10, 1)
    assert settle(period, {other: None}, places[1:], since=later, reason="zieht um")
    rows = list(Position.find(region, "CM-17").periods.order_by("validity"))
    assert [row.validity.lower for row in rows] == [date(2023, 3, 1), later]
    assert [[str(p) for p in row.locations.all()] for row in rows] == [
        ["Rathaus", "Unterkunft (DRK)"],
        ["Unterkunft (DRK)"],
    ]
    assert rows[0].served.count() == 2 and rows[1].served_with_shares() == "Stolberg (Rhld.)"


@pytest.mark.parametrize(
    ("shares", "words"),
    [((D("0.5"), D("0.4")), "zusammen 0,9, nicht 1"), ((D("0.5"), None), "für jede Kommune")],
)
def test_shares_that_do_not_add_up(region, shares, words):
    period = Position.find(region, "CM-17").periods.get()
    with pytest.raises(ValidationError, match=words):
        settle(period, dict(zip(names("Eschweiler", "Stolberg (Rhld.)"), shares, strict=True)), [], reason="x")


def sheet(period, served=(), places=(), **more):
    data = {"reason": "Ortstermin", "version": period.version, "since": ""}
    for prefix, rows in (("served", served), ("place", places)):
        data |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
        data |= {f"{prefix}-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}
    return data | more


def test_the_page_of_places(login, region):
    browser, url = login(), "/stellen/CM-16/orte/"
    period = Position.find(region, "CM-16").periods.get()
    page = said(browser.get(url))
    assert 'value="Flüchtlingsunterkunft"' in page and 'value="Abba e. V."' in page
    data = sheet(period, [{"municipality": "alsdorf"}], [{"name": "Bürgerhaus", "municipality": "alsdorf"}])
    done = said(browser.post(url, data, follow=True))
    assert "Kommunen und Beratungsorte sind gespeichert" in done and "Bürgerhaus" in done
    assert "Flüchtlingsunterkunft" not in done.partition("Verlauf")[0]
    assert browser.post(url, data).status_code == 409, "shown before it was saved"
    period.refresh_from_db()
    asked = said(browser.post(url, data | {"preview": "1", "reason": "", "version": period.version}))
    assert "Noch ist nichts gespeichert" in asked and "Vorschau" not in asked.partition("<main")[2]
    for more, words in (
        ({"since": "01.02.2023"}, "der Tag liegt nicht darin"),
        ({"served-0-share": "1,5"}, "höchstens 1"),
        ({"served-0-share": "1/3"}, "ist kein Anteil"),
        ({"served-0-municipality": "koeln"}, "Kommune"),
        ({"place-0-name": ""}, "Beratungsort"),
        ({"reason": ""}, "Grund"),
    ):
        wrong = browser.post(url, data | {"version": period.version} | more)
        assert wrong.status_code == 422 and words in said(wrong), words


def test_a_post_that_begins_later_can_be_worked_on(login, region):
    new_position(region, "NEU-1", "0.437", first=date(2023, 4, 1))
    browser = login()
    page = said(browser.get("/stellen/NEU-1/"))
    assert "Sie beginnt am 01.04.2023" in page and "0,437 VZÄ" in page
    for way in ("aendern", "besetzung/neu", "orte", "beenden", "berichtigen"):
        assert f"/stellen/NEU-1/{way}/?stand=2023-04-01" in page, way
        assert browser.get(f"/stellen/NEU-1/{way}/?stand=2023-04-01").status_code == 200
    listed = said(browser.get("/stellen/"))
    assert "Später beginnen" in listed and "NEU-1 ab 01.04.2023" in listed
    assert "NEU-1" not in listed.partition("<tbody")[2].partition("</tbody")[0]
    assert "Später beginnen" not in said(browser.get("/stellen/?stand=01.04.2023"))


def test_what_ended_this_year_is_named_below_the_list(login, region):
    made = new_position(region, "ALT-1", "0.5", first=FIRST).position
    end_position(made, date(2023, 2, 10), reason="x")
    words = said(login().get("/stellen/"))
    assert "In diesem Jahr beendet" in words and "ALT-1 bis 10.02.2023" in words
    assert "ALT-1 bis" not in said(login().get("/stellen/?stand=01.02.2023"))
    assert "ALT-1 bis" not in said(login().get("/stellen/?stand=01.02.2024"))


def test_nobody_says_of_a_post_without_a_report_that_it_is_empty(region):
    with pytest.raises(ValidationError, match="ist nichts angegeben"):
        filling(Position.find(region, "CM-01"), date(2023, 3, 1))
    assert filling(Position.find(region, "CM-15"), date(2023, 3, 1)).value.endswith("noch nicht besetzt")


def test_a_taken_number_is_said_once(login, region):
    made = new_position(region, "PS-3", "0.5", first=FIRST).position
    data = {"number": "CM-01", "kind": "own", "function": made.function_id, "reason": "x", "version": made.version}
    words = said(login().post("/stellen/PS-3/nummer/", data))
    assert words.count("Diese Stellennummer gibt es schon;") == 1


def test_an_ended_occupancy_without_beginning(region):
    made = new_position(region, "OB-1", "0.5", first=FIRST, stage="planned").position
    Occupancy.fill(made, 1, reason="x", fte=D("0.5"), validity=inclusive_range(None, None), assumption="x")
    end_position(made, date(2023, 6, 30), reason="x")
    assert Occupancy.objects.get(position=made).validity.upper == JULY


def test_a_closed_year_keeps_its_kommunen(region):
    """CM-07 since 2022, 2022 closed: shares from 01.01.2023 on, what was printed for 2022 stays."""
    ClosedYear.objects.create(body=region, year=2022)
    period = Position.find(region, "CM-07").periods.get()
    one, other = names("Roetgen", "Simmerath")
    assert settle(period, {one: D("0.3"), other: D("0.7")}, [Place("Rathaus")], reason="Vereinbarung")
    before, after = Position.find(region, "CM-07").periods.order_by("validity")
    assert after.validity.lower == date(2023, 1, 1)
    assert before.served_with_shares() == "Roetgen und Simmerath" and not before.locations.exists()
    assert after.served_with_shares() == "Roetgen (0,3) und Simmerath (0,7)" and after.locations.count() == 1


def test_kommunen_and_distribution_say_the_same_of_a_shared_post(login, region):
    """By hand: CM-17 1,0 at 57.000 €, 0,625 of it for Eschweiler: 0,625 VZÄ, 35.625 €; the list and its Herkunft."""
    period = Position.find(region, "CM-17").periods.get()
    one, other = names("Eschweiler", "Stolberg (Rhld.)")
    settle(period, {one: D("0.625"), other: D("0.375")}, [], reason="Vereinbarung")
    browser = login()
    found = {row["kommune"]: row for row in browser.get("/kommunen/?format=json").json()["rows"]}
    assert (found["Eschweiler"]["allein"], found["Eschweiler"]["betrag_allein"]) == ("0.625", "35625.00")
    assert found["Eschweiler"]["gemeinsam"] == "0.000" and found["Stolberg (Rhld.)"]["allein"] == "0.375"
    table = {row["name"]: row["fte"] for row in by_municipality(region, date(2023, 3, 1)).as_json()["rows"]}
    assert table["Eschweiler"] == "0.625"
    source = said(browser.get("/kommunen/?herkunft=betrag_allein&zeile=eschweiler"))
    assert "Anteil 0,625 an 57.000,00 €" in source and "35.625,00 €" in source
    assert "0,375 VZÄ" in said(browser.get(f"/kommunen/{other.slug}/"))


def test_a_carrier_that_has_ended_gets_no_post(login, region):
    row = Carrier.find(region, "drk")
    row.ends_on = date(2023, 2, 28)
    row.save_as("Anstellungsträger geändert")
    browser = login()
    assert row.name not in said(browser.get("/stellen/neu/")), "no longer offered"
    assert row.name in said(browser.get("/stellen/CM-16/berichtigen/")), "who has it stays"
    period = Position.find(region, "CM-15").periods.get()
    period.carrier = row
    with pytest.raises(ValidationError, match=r"ist zum 28\.02\.2023 aufgelöst"):
        period.correct(reason="x")
