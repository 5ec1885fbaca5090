"""What a document or a Berichtigung does to a Zuwendung, seen before it is saved: positions, recipients, Weiterleitungen."""

import re
from datetime import date
from decimal import Decimal as D
from fractions import Fraction
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grants import changes
from grants.changes import Passed, sections, standing
from grants.models import FundingNotice, NoticeItem, NoticeVersion, OnwardGrant
from kim.studio import consequences
from kim.values.periods import inclusive_range
from staffing.models import Carrier
from tests.grants.onward import new
from tests.grants.test_entering import sheet
from tests.helpers import new_notice, new_position, said

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)  # a leap year and a common one
STAFF = {"kind": "staff", "function": "case-management", "fte": "2,7", "rate": "57.123,45"}
OTHER = STAFF | {"label": "1", "fte": "1,3"}
ADD = "/zuwendungen/bescheid/probe/fassung/neu/"
EDIT = "/zuwendungen/bescheid/probe/fassung/1/"


@pytest.fixture
def probe(region):
    """Two years, by days: 2,7 VZÄ for SPRUNGBrett (from the start) and Monschau (from March), 1,3 VZÄ for the DRK."""
    notice = new_notice(
        region, "probe", ("2.7", "57123.45"), ("1.3", "57123.45"), first=FIRST, last=LAST, rule="days", amount="457000"
    )
    item, other = notice.items.order_by("label")
    assert (item.label, other.label) == ("", "1")
    for number, slug, fte, first, paid in (
        ("P-1", "sprungbrett", "1.5", FIRST, item),
        ("P-2", "stadt-monschau", "0.7", date(2024, 3, 1), item),
        ("P-3", "drk", "1.3", FIRST, other),
    ):
        new_position(region, number, fte, "onward", first, carrier=Carrier.find(region, slug), item=paid)
    return notice


def document(*lines, **facts):
    """An Änderungsbescheid as a browser sends it, by default with what holds already."""
    return {
        "state": "granted",
        "number": "36.2-24/1",
        "date": "01.06.2024",
        "validity_0": "01.01.2024",
        "validity_1": "31.12.2025",
        "amount": "457.000",
        "proration": "days",
    } | sheet("item", *(lines or (STAFF, OTHER))) | facts  # fmt: skip


AMENDED = document(STAFF | {"fte": "3,2", "rate": "60.001,17"}, OTHER, amount="520.000,01", holds_from="01.07.2024")


def correction(browser, *lines, **facts):
    """A Berichtigung of the first document as a browser sends it."""
    page = browser.get(EDIT).content.decode()
    shown = unescape(re.search(r'name="shown" value="([^"]*)"', page)[1])
    first = {"date": "01.01.2024", "number": "", "document_title": "Bescheid probe"}
    return document(*lines) | first | {"shown": shown, "reason": "Zahlendreher"} | facts


def tables(response):
    """The tables of the consequences: {caption: {label: (before, after, change)}}."""
    page, found = said(response), {}
    for caption, table in re.findall(r"<caption>([^<]*)</caption>(.*?)</table>", page):
        rows = re.findall(r'<th scope="row"[^>]*>([^<]*)</th>((?: ?<td[^>]*>[^<]*</td>)+)', table)
        found[unescape(caption)] = {
            unescape(label): tuple(unescape(one) for one in re.findall(r"<td[^>]*>([^<]*)</td>", cells))
            for label, cells in rows
        }
    return found


def seen(browser, data, where=ADD):
    response = browser.post(where, data | {"preview": "1"})
    assert response.status_code == 200 and "Noch ist nichts gespeichert." in said(response), said(response)[:4000]
    return response


def released(notice, *slugs, day=date(2024, 3, 15)):
    for slug in slugs:
        new(notice, slug, day=day, as_of=date(2024, 3, 1)).release(None)


def test_positions_by_budget_year_from_the_middle_of_a_leap_year_on(login, probe):
    """182 and 184 of 366 days of 2024 at the old and the new terms, 2025 at the new ones."""
    found = tables(seen(login(), AMENDED))
    was = Fraction("2.7") * Fraction("57123.45")  # 154.233,315 in each year: together 308.466,63
    now = Fraction("3.2") * Fraction("60001.17")
    first, second = was * Fraction(182, 366) + now * Fraction(184, 366), now
    assert abs(first - Fraction("173221.73")) < Fraction("0.01") > abs(second - Fraction("192003.74"))
    assert found["Case Management"] == {
        "VZÄ 01.07.2024 bis 31.12.2024": ("2,7", "3,2", "+0,5"),
        "Satz 01.07.2024 bis 31.12.2024": ("57.123,45 €", "60.001,17 €", "+2.877,72 €"),
        "Betrag 2024": ("154.233,32 €", "173.221,73 €", "+18.988,41 €"),
        "VZÄ 2025": ("2,7", "3,2", "+0,5"),
        "Satz 2025": ("57.123,45 €", "60.001,17 €", "+2.877,72 €"),
        "Betrag 2025": ("154.233,31 €", "192.003,74 €", "+37.770,43 €"),
    }
    assert "Case Management, 1" not in found, "what stays as it is has no table"


def test_recipients_by_budget_year(login, probe):
    """SPRUNGBrett 1,5 all the time, Monschau 0,7 for 306 days of 2024; the DRK is paid from the other position."""
    found = tables(seen(login(), AMENDED))["Betrag je Empfänger und Haushaltsjahr"]
    old, new_ = Fraction("57123.45"), Fraction("60001.17")
    by_hand = {
        "sprungbrett": (
            Fraction("1.5") * old,
            Fraction("1.5") * (old * 182 + new_ * 184) / 366,
            Fraction("1.5") * old,
            Fraction("1.5") * new_,
        ),
        "stadt-monschau": (
            Fraction("0.7") * old * 306 / 366,
            Fraction("0.7") * (old * 122 + new_ * 184) / 366,
            Fraction("0.7") * old,
            Fraction("0.7") * new_,
        ),
    }
    for slug, exact in by_hand.items():
        name = Carrier.find(probe.body, slug).name
        printed = [*found[f"{name} 2024"][:2], *found[f"{name} 2025"][:2]]
        amounts = [D(one.removesuffix(" €").replace(".", "").replace(",", ".")) for one in printed]
        assert all(abs(Fraction(amount) - one) < D("0.01") for amount, one in zip(amounts, exact, strict=True)), printed
    assert len(found) == 4, found


def test_what_is_shown_is_what_is_saved_and_not_what_is_stored(login, probe):
    """Counter-test: the table is neither the stored state, nor does looking at it store anything."""
    browser, before, versions = login(), standing(probe), NoticeVersion.objects.count()
    shown = tables(seen(browser, AMENDED))
    assert NoticeVersion.objects.count() == versions and standing(probe) == before
    assert browser.post(ADD, AMENDED).status_code == 302
    item = probe.items.get(label="")
    after = {year: one.amount for year, one in standing(probe).items[item.pk][1].items()}
    assert after == {2024: D("173221.73"), 2025: D("192003.74")}
    assert after != {year: one.amount for year, one in before.items[item.pk][1].items()}
    assert [shown["Case Management"][f"Betrag {year}"][1] for year in after] == ["173.221,73 €", "192.003,74 €"]
    again = said(seen(browser, AMENDED | {"number": "36.2-24/2", "date": "02.06.2024"}))
    assert "Beträge der Positionen bleiben gleich." in again, "the same once more changes nothing"


def test_nothing_is_said_where_nothing_changes(login, probe):
    response = seen(login(), document())
    words = said(response)
    assert "Beträge der Positionen bleiben gleich." in words and "Beträge der Empfänger bleiben gleich." in words
    assert tables(response) == {}


def test_only_the_amount_of_the_bescheid_changes(login, probe):
    response = seen(login(), document(amount="460.000,50"))
    assert "Beträge der Positionen bleiben gleich." in said(response)
    found = tables(response)["Betrag der Zuwendung je Haushaltsjahr"]
    changed = [D(one[2].removesuffix(" €").replace(".", "").replace(",", ".")) for one in found.values()]
    assert sum(changed) == D("3000.50"), found


def test_a_berichtigung_is_foreseen_too(login, probe):
    browser = login()
    found = tables(seen(browser, correction(browser, STAFF | {"rate": "57.123,54"}, OTHER), EDIT))
    assert found["Case Management"]["Satz 2024"] == ("57.123,45 €", "57.123,54 €", "+0,09 €")
    assert found["Case Management"]["Betrag 2025"][2] in {"+0,24 €", "+0,25 €"}  # 2,7 × 0,09 = 0,243


def test_a_position_that_comes_and_one_that_goes(login, probe):
    browser = login()
    NoticeItem.objects.get(notice=probe, label="1").funding.all().delete()
    material = {"kind": "material", "label": "Sachausgaben", "amount": "1.234,57"}
    found = tables(seen(browser, correction(browser, STAFF, material), EDIT))
    assert found["Sachausgaben"].keys() == {"Betrag 2024", "Betrag 2025"}
    assert found["Sachausgaben"]["Betrag 2024"][0] == "–" and found["Case Management, 1"]["Betrag 2024"][1] == "–"
    assert found["Case Management, 1"]["VZÄ 2024"] == ("1,3", "–", "−1,3")


def test_a_rate_that_is_not_known_any_more_has_no_difference(probe):
    before = standing(probe)
    item = probe.items.get(label="")
    known = before.items[item.pk][1]
    open_ = {year: changes.ItemInYear(one.fte, one.rate, None) for year, one in known.items()}
    (line, _) = changes.item_lines(known, open_)
    assert (line["label"], line["after"], line["change"]) == ("Betrag 2024", "Satz noch nicht bekannt", "")


def test_the_weiterleitungen_to_issue_anew_are_named_before_and_after(login, probe, signed):
    released(probe, "sprungbrett", "stadt-monschau", "drk")
    browser, grant = login(), OnwardGrant.objects.get(notice=probe, carrier__slug="stadt-monschau")
    words = said(seen(browser, AMENDED))
    assert "Weiterleitungen, die neu ausgestellt werden müssen" in words
    anew = words[words.index("Weiterleitungen, die neu") :]
    anew = anew[: anew.index("Noch ist nichts gespeichert")]
    assert grant.get_absolute_url() in anew and "SPRUNGBrett" in anew and "DRK" not in anew
    assert "VZÄ" not in anew and "Zeitraum" not in anew, "only the amounts are others"
    response = browser.post(ADD, AMENDED, follow=True)
    names = [Carrier.find(probe.body, slug).name for slug in ("sprungbrett", "stadt-monschau")]
    assert f"Die Weiterleitungen an {names[0]} und {names[1]} müssen neu ausgestellt werden." in said(response)
    assert "DRK" not in changes.to_issue_anew(changes.outdated(standing(probe), standing(probe)))


def test_a_weiterleitung_that_is_not_released_yet_is_none(login, probe, signed):
    new(probe, "drk", day=date(2024, 3, 15), as_of=date(2024, 3, 1))
    browser, less = login(), document(STAFF, OTHER | {"rate": "50.000"})
    assert "neu ausgestellt" not in said(seen(browser, less))
    released(probe, "sprungbrett")
    assert "neu ausgestellt" not in said(browser.post(ADD, less, follow=True)), "the other one stays as it is"


def test_the_newest_released_counts(login, probe, signed):
    """After a rate was raised and the Änderung released, going back makes the Änderung wrong and not the first."""
    released(probe, "drk")
    browser = login()
    assert browser.post(ADD, document(STAFF, OTHER | {"rate": "60.000"})).status_code == 302
    released(probe, "drk", day=date(2024, 6, 15))
    back = document(number="36.2-24/3", date="02.06.2024")
    words = said(seen(browser, back))
    assert "/drk/2/" in words and "/drk/1/" not in words
    assert "Die Weiterleitung an" in said(browser.post(ADD, back, follow=True))


def test_what_says_again_what_was_released_is_right_again(login, probe, signed):
    released(probe, "drk")
    browser = login()
    assert "neu ausgestellt" in said(browser.post(ADD, document(STAFF, OTHER | {"rate": "60.000"}), follow=True))
    back = seen(browser, document(number="36.2-24/3", date="02.06.2024"))
    assert "neu ausgestellt" not in said(back)
    assert "Case Management, 1" in tables(back), "although amounts change"


def test_a_shorter_zeitraum_and_a_revocation(login, probe, signed):
    released(probe, "drk")
    browser = login()
    words = said(seen(browser, document(validity_1="30.11.2025")))
    assert "Zeitraum 01.01.2024 bis 31.12.2025 → 01.01.2024 bis 30.11.2025" in words
    assert "VZÄ 1,3" not in words, "as many as before, only shorter"
    revoked = document(state="revoked", number="x", amount="", holds_from="01.01.2024")
    words = said(seen(browser, revoked))
    assert "Betrag 148.520,97 € → erhält nichts" in words, words[words.index("Folgen der Änderung") :][:6000]


def test_a_larger_position_makes_no_weiterleitung_wrong(login, probe, signed):
    """What is divided otherwise by a cent is no reason: the exact amounts of the recipients stay."""
    released(probe, "sprungbrett", "stadt-monschau", "drk")
    response = seen(login(), document(STAFF | {"fte": "2,713"}, OTHER))
    assert "Case Management" in tables(response) and "neu ausgestellt" not in said(response)


def test_sizes_in_words():
    """Two posts that overlap, and one that follows: each stretch once."""
    year, half = inclusive_range(FIRST, date(2024, 12, 31)), inclusive_range(date(2024, 7, 1), date(2024, 12, 31))
    assert Passed(((D("0.5"), year),)).fte() == "0,5"
    words = Passed(((D("0.5"), year), (D("0.43"), half))).fte()
    assert words == "0,5 (01.01.2024 bis 30.06.2024), 0,93 (01.07.2024 bis 31.12.2024)"
    first = inclusive_range(FIRST, date(2024, 6, 30))
    assert Passed(((D("0.5"), first), (D("0.5"), half))).fte() == "0,5", "another post of the same size"


def test_cost_neutrality_of_the_years_that_are_touched(login, probe):
    """The Stand is in 2023; the document touches 2024 and 2025."""
    assert "?stand=" not in ADD
    found = tables(seen(login(), AMENDED))
    assert {key.split(",")[0] for key in found if key.startswith("Kostenneutralität")} == {
        "Kostenneutralität (2024",
        "Kostenneutralität (2025",
    }


def test_one_post_costs_as_many_queries_as_twenty(region, probe):
    def counted():
        with CaptureQueriesContext(connection) as queries:
            sections(standing(probe), standing(probe))
        return len(queries)

    few, item = counted(), probe.items.get(label="")
    for number in range(20):
        new_position(region, f"Q-{number}", "0.1", "onward", FIRST, carrier=Carrier.find(region, "drk"), item=item)
    assert len(standing(probe).recipients[Carrier.find(region, "drk")].shares) == 21
    assert counted() == few < 9


def test_the_page_costs_no_more_for_twenty_posts(login, region, probe):
    browser = login()
    seen(browser, AMENDED)

    def counted():
        with CaptureQueriesContext(connection) as queries:
            seen(browser, AMENDED)
        return len(queries)

    few, item = counted(), probe.items.get(label="")
    for number in range(20):
        new_position(region, f"Q-{number}", "0.1", "onward", FIRST, carrier=Carrier.find(region, "drk"), item=item)
    assert counted() == few


def test_a_new_zuwendung_grants_nothing_before(region):
    empty = standing(FundingNotice(body=region))
    assert (empty.items, empty.granted, empty.recipients) == ({}, {}, {})


def test_a_model_is_compared_once():
    with pytest.raises(ValueError, match="twice"):
        consequences.compares(FundingNotice, now=standing)(sections)
