"""Hints: each rule fires where it should and nowhere else; notes explain, they do not repair."""

import json
from datetime import date
from decimal import Decimal as D

import pytest
from django.core.management import call_command

from grants.models import Account, AccountGroup, BudgetLine, Funding, ItemRate, NoticeItem, NoticeVersion
from kim.figures import findings
from kim.figures.findings import RULES, Severity, collect
from kim.models import FindingNote
from staffing.models import Occupancy, Position, PositionPeriod
from tests.helpers import new_position, sql

DAY = date(2023, 3, 1)


def fired(body, *codes):
    """(code, severity, what it is about, sentence) of the findings under these codes."""
    found = collect(body, DAY, codes or None)
    return [(f.code, f.severity.label, f.name, f.sentence.replace("\u00a0", " ")) for f in found]


def codes(body):
    return {f.code for f in collect(body, DAY)}


def test_the_first_rules_are_there():
    assert set(RULES) == {
        *("M1", "M2", "M3", "M4"),
        "G1",
        "G2",
        "G2b",
        "G3",
        "G4",
        "G8",
        "S4",
        "S5",
        "S11",
        "S11b",
        "S14",
        "B1",
        "B3",
        "B4",
        "B5",
        "ANSATZ",
    }
    assert all(rule.title and rule.source for rule in RULES.values())
    with pytest.raises(ValueError):
        findings.rule("G1", "noch einmal", "x")(lambda body, day: [])


def test_the_real_data_give_warnings_and_no_error(region):
    found = collect(region, DAY)
    assert {f.severity for f in found} == {Severity.WARNING, Severity.HINT}
    assert codes(region) == {"G4", "B3", "S11", "S11b", "S5"}
    assert ("G4", "Warnung", "Zuwendung Zuwendungsbescheid KIM 2023", "Der Bescheid vom 15.02.2023 kam nach Beginn des Förderzeitraums (01.01.2023).") in fired(region)  # fmt: skip
    assert fired(region, "S5")[1][3] == "Von 6,0 VZÄ sind 3,5 verplant; 2,5 VZÄ unbesetzt oder noch nicht vergeben."
    assert {(n, s) for _, _, n, s in fired(region, "S11") if n in {"Stelle CM-10", "Stelle CM-17"}} == {
        ("Stelle CM-10", "Es fehlt die Kommune."),
        ("Stelle CM-17", "Es fehlt der Anstellungsträger."),
    }
    assert "543990" in fired(region, "B3")[0][3] and "Kontengruppe 53" in fired(region, "B3")[0][3]
    assert fired(region, "S11b")[0][3] == "Der Ansatz über 342.000,00 € nennt kein Sachkonto."


def notice(**changes):
    NoticeVersion.objects.filter(notice__slug="kim-2023").update(**changes)


def test_g1_items_and_amount(region):
    notice(amount=D(627000))
    assert fired(region, "G1") == [("G1", "Fehler", "Zuwendung Zuwendungsbescheid KIM 2023", "Die Positionen ergeben 684.000,00 €, 57.000,00 € mehr als der Bescheid (627.000,00 €).")]  # fmt: skip
    notice(amount=D(700000))
    assert fired(region, "G1")[0][1] == "Hinweis" and "16.000,00 €" in fired(region, "G1")[0][3]
    notice(state="planned")
    assert fired(region, "G1") == []


def test_g3_posts_and_notice(region):
    item = NoticeItem.objects.get(notice__slug="kim-2023")
    new_position(region, "CM-18", "1.0", item=item)
    words = (
        "Am 01.03.2023 sind 7,0 eigene und 6,0 VZÄ bei Dritten gefördert, zusammen 13,0; der Bescheid nennt 12,0 VZÄ."
    )
    assert fired(region, "G3") == [("G3", "Fehler", "Zuwendung Zuwendungsbescheid KIM 2023", words)]
    Funding.objects.filter(position__number__in=["CM-18"]).delete()
    assert fired(region, "G3") == []


def test_g4_a_notice_in_time_is_no_warning(region):
    from kim.models import Source

    Source.objects.filter(notice_version__notice__slug="kim-2023").update(date=date(2022, 12, 1))
    assert fired(region, "G4") == []


def test_s4_what_came_past_the_database(region, owner):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE staffing_occupancy DISABLE TRIGGER USER")
    position = Position.objects.get(number="CM-07")
    Occupancy.objects.create(body=region, position=position, slot=9, fte=D("0.5"))
    assert fired(region, "S4") == [("S4", "Fehler", "Stelle CM-07", "Am 01.01.2022 sind 1,0 VZÄ besetzt, die Stelle hat 0,5 VZÄ.")]  # fmt: skip


def test_s11_says_all_that_is_missing_at_once(region):
    new_position(region, "DR-01", "1.0", "onward")
    assert fired(region, "S11")[-1][2:] == ("Stelle DR-01", "Es fehlen der Anstellungsträger und die Kommune.")
    PositionPeriod.objects.filter(position__kind="own").update(pay_group="EG 9b")
    assert not [name for _, _, name, _ in fired(region, "S11") if name < "Stelle CM-07"]


def test_b1_a_gap(region):
    PositionPeriod.objects.filter(position__number="CM-01").update(fte=D("0.5"))
    words = "Ohne Belastung des Haushalts; 28.500,00 € der Zuwendung sind nicht durch Stellen gebunden: "
    sums = "684.000,00 € − 313.500,00 € − 342.000,00 € = 28.500,00 €."
    assert fired(region, "B1") == [("B1", "Warnung", "Teilprodukt 946100, 2023", words + sums)]
    new_position(region, "CM-18", "1.5", item=NoticeItem.objects.get(notice__slug="kim-2023"), first=date(2023, 1, 1))
    words = "Nicht kostenneutral; 57.000,00 € sind aus Eigenmitteln zu decken: "
    sums = "684.000,00 € − 399.000,00 € − 342.000,00 € = −57.000,00 €."
    assert fired(region, "B1") == [("B1", "Fehler", "Teilprodukt 946100, 2023", words + sums)]


def test_ansatz_and_what_is_required(region):
    BudgetLine.objects.filter(purpose="own").update(amount=D(399000))
    assert fired(region, "ANSATZ") == [("ANSATZ", "Warnung", "Teilprodukt 946100, 2023", "Aufwand eigene Stellen: 399.000,00 € veranschlagt, 342.000,00 € errechnet (Unterschied 57.000,00 €).")]  # fmt: skip


def book(purpose, number, region):
    account, _ = Account.objects.get_or_create(body=region, number=number, defaults={"name": "Probe"})
    BudgetLine.objects.filter(purpose=purpose).update(account=account)


def test_b3_and_b4_follow_the_table_of_account_groups(region):
    book("onward", "531800", region)
    assert fired(region, "B3") == [] and fired(region, "B4") == []
    book("income", "531800", region)
    assert fired(region, "B4")[0][3] == "Sachkonto 531800 „Probe“ ist kein Konto für Erträge."
    book("income", "414100", region)
    book("own", "783100", region)
    assert fired(region, "B4")[0][3] == "Sachkonto 783100 „Probe“ ist kein Konto für Aufwendungen."
    AccountGroup.objects.all().delete()
    assert fired(region, "B3") == [] and fired(region, "B4") == []


def test_a_notice_over_two_years_counts_in_each_with_its_part(region):
    """01.07.2022 to 30.06.2023: half of the amount, half a year of each post; the posts of 2022 are not all there."""
    from kim.values.periods import inclusive_range

    notice(validity=inclusive_range(date(2022, 7, 1), date(2023, 6, 30)))
    ItemRate.objects.filter(terms__item__notice__slug="kim-2023").update(
        validity=inclusive_range(date(2022, 7, 1), date(2023, 6, 30))
    )
    assert fired(region, "B1") == [] and {line[0] for line in fired(region, "ANSATZ")} == {"ANSATZ"}


def test_hints_cost_the_same_for_many_posts(region, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        collect(region, DAY)
    item = NoticeItem.objects.get(notice__slug="kim-2023")
    for n in range(20):
        new_position(region, f"N-{n}", item=item)
    with CaptureQueriesContext(connection) as many:
        collect(region, DAY)
    assert len(many) == len(few) < 40


def url(code, name):
    from urllib.parse import urlencode

    return "/pruefung/hinweise/notiz/?" + urlencode({"regel": code, "gegenstand": name})


def test_a_note_explains_and_a_repair_corrects(login, region):
    browser = login()
    page = url("S11", "stelle:CM-10")
    assert "Es fehlt die Kommune." in browser.get(page).content.decode()
    assert browser.post(page, {"text": "Träger ist überall tätig"}).status_code == 302
    found = next(f for f in collect(region, DAY) if f.name == "Stelle CM-10")
    assert found.explained and found.notes[0].text == "Träger ist überall tätig"
    words = browser.get("/pruefung/hinweise/").content.decode()
    assert "Warnung, erläutert" in words and "Träger ist überall tätig" in words and "Behoben" not in words
    assert "Träger ist überall tätig" in browser.get("/stellen/CM-10/").content.decode()
    row = PositionPeriod.objects.get(position__number="CM-10")
    from staffing.models import BodyMunicipality

    row.correct(reason="nachgetragen", municipalities=[BodyMunicipality.objects.first().municipality])
    assert "Behoben" in browser.get("/pruefung/hinweise/").content.decode()
    assert FindingNote.objects.get().sentence == "Es fehlt die Kommune."


def test_a_note_lies_on_the_very_hint_it_was_written_for(login, region):
    BudgetLine.objects.filter(purpose="own").update(amount=D(1))
    BudgetLine.objects.filter(purpose="onward").update(amount=D(2))
    login().post(url("ANSATZ", "teilprodukt:946100:2023:onward"), {"text": "nur dieser"})
    noted = {f.key: f.explained for f in collect(region, DAY, ["ANSATZ"])}
    assert noted == {"teilprodukt:946100:2023:own": False, "teilprodukt:946100:2023:onward": True}


def test_what_got_worse_since_is_open_again(login, region, capsys):
    notice(amount=D(627000))
    for key in {(f.code, f.key) for f in collect(region, DAY) if f.severity == Severity.ERROR}:
        login().post(url(*key), {"text": "bekannt"})
    call_command("findings", "--body", "staedteregion-aachen")
    notice(amount=D(1000))
    with pytest.raises(SystemExit):
        call_command("findings", "--body", "staedteregion-aachen")
    assert "bekannt" in login().get("/pruefung/hinweise/").content.decode()


def test_no_key_of_the_database_stands_in_a_hint(region):
    import re

    for found in collect(region, DAY):
        assert not re.search(r"[a-z]+\.[a-z]+:\d+", found.key + found.link), found.key


def test_a_hint_that_does_not_fire_takes_no_note(login, region):
    assert login().get(url("S11", "stelle:CM-09")).status_code == 404
    assert login().get(url("XX", "stelle:CM-10")).status_code == 404
    assert login().post(url("S11", "stelle:CM-10"), {"text": ""}).status_code == 422


def test_the_command_fails_on_an_open_error_only(region, capsys, login):
    call_command("findings", "--body", "staedteregion-aachen", "--json")
    data = json.loads(capsys.readouterr().out)
    assert {f["severity"] for f in data["staedteregion-aachen"]} == {"warning", "hint"}
    notice(amount=D(627000))
    with pytest.raises(SystemExit):
        call_command("findings", "--body", "staedteregion-aachen")
    assert "Fehler G1" in capsys.readouterr().out
    for code, name in {(f.code, f.key) for f in collect(region, DAY) if f.severity == Severity.ERROR}:
        login().post(url(code, name), {"text": "Änderungsbescheid kommt"})
    call_command("findings", "--body", "staedteregion-aachen")
    assert "[erläutert]" in capsys.readouterr().out


def test_the_command_is_refused_in_words(db):
    from django.core.management.base import CommandError

    for arguments, words in ((["--body", "x"], "gibt es nicht"), (["--stand", "31.02.2023"], "Kalender")):
        with pytest.raises(CommandError, match=words):
            call_command("findings", *arguments)


def test_each_page_shows_its_own_hints(login, region):
    browser = login()
    assert "Es fehlt die Kommune." in browser.get("/stellen/CM-10/").content.decode()
    assert "Es fehlt die Kommune." not in browser.get("/stellen/CM-09/").content.decode()
    assert "kam nach Beginn" in browser.get("/zuwendungen/bescheid/kim-2023/").content.decode()
