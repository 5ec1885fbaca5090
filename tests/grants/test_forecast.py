"""What empty posts leave of a notice: the ruling's numbers, each operand with its source, by both rules."""

from datetime import date
from decimal import Decimal as D

import pytest

from grants.figures.forecast import unspent, unspent_by_post
from grants.models import FundingNotice, NoticeVersion
from kim.figures import column
from kim.values.periods import half_open_range, inclusive_range
from staffing.figures.vacancy import gaps, vacant_months, vacant_since
from staffing.models import Occupancy, Position, PositionPeriod

END_OF_FEBRUARY, MARCH, DECEMBER = date(2023, 2, 28), date(2023, 3, 1), date(2023, 12, 31)


def notice():
    return FundingNotice.objects.get()


def test_three_posts_empty_in_january_and_february(region):
    """3,0 VZÄ × 57.000 × 2/12 = 28.500,00: CM-11 0,5, CM-12 0,5, CM-13 1,0, CM-14 1,0; each operand is linked."""
    found = unspent(notice(), END_OF_FEBRUARY)
    assert found.so_far.plain() == "28500.00"
    assert [(v.label, v.plain()) for v in found.so_far.operands] == [
        ("CM-11", "4750.00"),
        ("CM-12", "4750.00"),
        ("CM-13", "9500.00"),
        ("CM-14", "9500.00"),
    ]
    for post in found.so_far.operands:
        (piece,) = post.operands
        size, rate, months = piece.operands
        assert piece.formula.endswith("× 57.000,00\u00a0€ × 2/12") and months.value == 2
        assert all(v.link for v in piece.operands)
        assert size.operands[0].source and rate.source
    assert "nach Monaten (Annahme" in found.rule and found.unknown.plain() == "6.000"


def test_afterwards_what_is_recorded_stays_as_it_is(region):
    found = unspent(notice(), END_OF_FEBRUARY)
    assert found.ahead.plain() == "142500.00", "CM-11 0,5, CM-15 0,5, CM-16 1,0, CM-17 1,0 for ten months"
    assert found.derivation.plain() == "171000.00"
    later = unspent(notice(), DECEMBER)
    assert later.so_far.plain() == "171000.00" and later.ahead.plain() == "0.00"
    before = unspent(notice(), date(2022, 12, 31))
    assert before.so_far.plain() == "0.00" and before.ahead.plain() == "171000.00"


@pytest.mark.parametrize(("rule", "amount"), [("months", "23750.00"), ("days", "23893.15"), ("none", "0.00"), ("", "23750.00")])  # fmt: skip
def test_the_rule_of_the_notice(rule, amount, region):
    """0,5 VZÄ from 01.03. to 31.12.2023: 23.750,00 by months, 23.893,15 by days (306/365)."""
    NoticeVersion.objects.update(proration=rule)
    only = Position.objects.get(number="CM-15")
    from grants.models import Funding

    Funding.objects.exclude(position=only).delete()
    assert unspent(notice(), DECEMBER).so_far.plain() == amount
    row = PositionPeriod.objects.get(position=only)
    assert unspent_by_post([row], MARCH)[row.pk].plain() == amount


def test_a_place_that_rests_costs_nothing_and_is_not_filled(region):
    place = Occupancy.objects.get(position__number="CM-09")
    place.suspended = inclusive_range(date(2023, 4, 1), date(2023, 5, 31))
    place.save()
    row = PositionPeriod.objects.get(position__number="CM-09")
    assert unspent_by_post([row], MARCH)[row.pk].plain() == "4750.00"  # 0,5 × 57.000 × 2/12
    assert vacant_since([row], date(2023, 4, 15))[row.pk].value is None
    assert PositionPeriod.objects.with_status(date(2023, 4, 15)).get(pk=row.pk).status == "vacant"


def test_since_when_and_how_long(region):
    rows = {r.position.number: r for r in PositionPeriod.objects.as_of(END_OF_FEBRUARY).select_related("position")}
    since = vacant_since(rows.values(), END_OF_FEBRUARY)
    months = vacant_months(rows.values(), END_OF_FEBRUARY)
    assert since[rows["CM-12"].pk].value == date(2022, 1, 1) and since[rows["CM-12"].pk].kind == "annahme"
    assert since[rows["CM-10"].pk].value is None and since[rows["CM-01"].pk].value is None
    assert (months[rows["CM-13"].pk].plain(), months[rows["CM-12"].pk].plain()) == ("2.000", "1.000")
    assert months[rows["CM-01"].pk].plain() is None, "what is not stated is neither empty nor filled"


def test_since_when_after_somebody_left(region):
    post = Position.objects.get(number="CM-16")
    Occupancy.objects.create(
        body=region, position=post, slot=1, fte=D(1), validity=inclusive_range(MARCH, date(2023, 4, 30)), assumption="x"
    )
    Occupancy.objects.create(
        body=region, position=post, slot=1, fte=D("0.5"), validity=half_open_range(date(2023, 5, 1)), assumption="x"
    )
    row = PositionPeriod.objects.get(position=post)
    assert vacant_since([row], date(2023, 6, 1))[row.pk].value == date(2023, 5, 1)
    assert vacant_since([row], date(2023, 4, 1))[row.pk].value is None
    taken = list(Occupancy.objects.filter(position=post))
    found = gaps([row], taken, half_open_range(date(2023, 1, 1), date(2024, 1, 1)))
    assert [(g.span, g.fte) for g in found] == [(half_open_range(date(2023, 5, 1), date(2024, 1, 1)), D("0.5"))]


def test_every_post_of_the_list_adds_up_to_the_notice(district):
    """What the column says of each post is what the notices say together."""
    rows = list(PositionPeriod.objects.filter(body=district).as_of(MARCH).select_related("position"))
    amounts = column("position.unspent", rows, MARCH)
    with_money = sum((v.amount for v in amounts.values() if v.value is not None), D(0))
    notices = FundingNotice.objects.filter(versions__in=NoticeVersion.objects.filter(body=district).holding_on(MARCH))
    together = sum((unspent(one, MARCH).derivation.amount for one in notices), D(0))
    gone = together - with_money
    assert with_money > 0 and gone >= 0, "posts that are not there on the day have left money too"


def test_the_list_the_notice_and_the_source_say_the_same(login, region):
    browser = login()
    rows = browser.get("/stellen/?stand=28.02.2023&ansicht=unbesetzt&spalten=unbesetzt_seit&spalten=nicht_verausgabt&spalten=vzae_monate&status=noch-nicht-vergeben&format=json").json()["rows"]  # fmt: skip
    assert [row["unbesetzt_seit"] for row in rows] == ["2022-01-01"] * 3
    address = notice().get_absolute_url()
    page = browser.get(f"{address}?stand=2023-02-28").content.decode().replace("\u00a0", " ")
    assert "28.500,00 €" in page and "171.000,00 €" in page and "6,0 VZÄ, zu denen die Angabe fehlt" in page
    assert "nach Monaten (Annahme" in page


def test_the_rule_is_set_with_a_reason(login, region):
    browser = login()
    url = notice().get_absolute_url() + "rechenregel/"
    data = {"proration": "days", "reason": "Nr. 5 des Bescheids", "version": notice().current.version}
    assert "Teilzeiträume rechnet der Bescheid" in browser.get(url).content.decode()
    assert browser.post(url, data).status_code == 302 and notice().current.proration == "days"
    assert browser.post(url, data | {"reason": ""}).status_code in {409, 422}
    assert login("kaemmerei").post(url, data).status_code == 403
