"""One arithmetic: what was wrong, each with its right value, wherever the number is shown."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError

from grants.figures import funding, neutrality, onward
from grants.figures.allocation import by_carrier
from grants.figures.forecast import unspent
from grants.figures.partners import carrier_years
from grants.models import (  # fmt: skip
    BudgetLine,
    Funding,
    FundingNotice,
    ItemRate,
    NoticeItem,
    NoticeVersion,
    Rate,
    SubProduct,
    carry_over,
)
from grants.models.planning import planned_amounts
from kim.values.periods import half_open_range, inclusive_range, year_of
from staffing.models import Carrier, Occupancy, Position, PositionPeriod, Reallocation, ReallocationLeg
from tests.helpers import keep, new_notice, new_position, state_terms

DAY = date(2023, 3, 1)
YEAR = inclusive_range(date(2023, 1, 1), date(2023, 12, 31))


def nominal(body, year=2023):
    return neutrality.nominal(body, year, SubProduct.find(body, "946100"))


def halve(number="CM-16", day=date(2023, 3, 16)):
    """A post gives all it has to two new posts of half its size."""
    post = Position.objects.get(number=number)
    half = post.periods.get(validity__contains=day).fte / 2
    act = Reallocation(body=post.body, effective=day, reason="Teilung")
    act.put(
        [
            (ReallocationLeg(fte=-half * 2, position=post), []),
            *((ReallocationLeg(fte=half, establishes=True), []) for _ in range(2)),
        ]
    )
    act.adopt()


def left_by(number, found):
    """EUR that a post leaves of a notice, before and after the day."""
    return sum((v.amount for side in found.derivation.operands for v in side.operands if v.label == number), D(0))


def by_days():
    NoticeVersion.objects.update(proration="days")


def rated(amount):
    """Another rate for KIM 2023, in the notice itself, with the amount that belongs to it."""
    ItemRate.objects.filter(terms__item__notice__slug="kim-2023").update(amount=D(amount))
    NoticeVersion.objects.filter(notice__slug="kim-2023").update(amount=D(amount) * 12)


def test_a_post_that_is_divided_leaves_no_cent(region):
    halve()
    found = nominal(region)
    assert (found.gap.plain(), found.verdict) == ("0.00", "neutral")
    assert neutrality.sentence(region, 2023, found.sub_product).value == "insofern kostenneutral"


def test_odd_rate_and_a_divided_post_plan_what_they_require(region):
    rated("45678.99")
    halve()
    old = Rate.objects.get(
        amount=57000, validity__contains=DAY, programme__slug="kim", function__slug="case-management"
    )
    Rate.objects.create(programme=old.programme, function=old.function, amount=D("45678.99"), validity=year_of(2024), source="x")  # fmt: skip
    carry_over(region, 2024, reason="Planung")
    required = planned_amounts(region, 2024, SubProduct.find(region, "946100"))
    assert required == {"own": D("274073.94"), "onward": D("274073.94"), "income": D("548147.88")}
    for line in BudgetLine.objects.filter(year=2023):
        line.pk, line.year, line.amount, line._state.adding = None, 2024, required[line.purpose], True
        line.save()
    grant("kim-2024", D("548147.88"))
    found = nominal(region, 2024)
    assert (found.onward.plain(), found.differences, found.verdict) == ("274073.94", (), "neutral")


def grant(slug, amount):
    """A planned notice is granted as it was planned."""
    version = FundingNotice.objects.get(slug=slug).current
    version.source.date = date(2024, 1, 15)
    version.source.save()
    version.state, version.amount = "granted", amount
    keep(version)


def test_ansaetze_count_a_post_in_its_time(region):
    """One post of a planned notice from 1 July, one until 30 June: half a year each, and what is granted then."""
    notice = new_notice(region, "kim-2024", ("2.0", "60000"), state="planned", first=date(2024, 1, 1), last=date(2024, 12, 31))  # fmt: skip
    item, product = notice.items.get(), SubProduct.find(region, "946100")
    new_position(region, "T-1", kind="own", item=item, first=date(2024, 7, 1))
    new_position(region, "T-2", kind="onward", item=item, first=date(2024, 1, 1), last=date(2024, 6, 30))
    found = planned_amounts(region, 2024, product)
    assert found == {"own": D(30000), "onward": D(30000), "income": D(60000)}
    grant("kim-2024", D(60000))
    assert {part: value.value for part, value in nominal(region, 2024).parts.items()} == found


@pytest.mark.parametrize(("rule", "amount"), [("days", "41695.89"), ("months", "41600.81"), ("", "41600.81")])
def test_a_notice_reckons_by_its_rule_everywhere(rule, amount, region):
    """CM-09: 0,5 until 15.07., 1,0 from 16.07.2023, at 57.000."""
    NoticeVersion.objects.update(proration=rule)
    Occupancy.objects.filter(position__number="CM-09").delete()
    row = PositionPeriod.objects.get(position__number="CM-09")
    row.fte = D("1.0")
    row.stage = "planned"
    row.change_from(date(2023, 7, 16), reason="mehr")
    PositionPeriod.objects.filter(position__number="CM-09").update(stage="planned")
    post, notice = Position.objects.get(number="CM-09"), FundingNotice.objects.get()
    carrier = row.carrier
    assert neutrality.year_cost(post, 2023).plain() == amount
    assert next(v for v in nominal(region).onward.operands if v.label == "CM-09").plain() == amount
    assert onward.amount(notice, carrier).plain() == amount
    assert {y: v.plain() for y, v, _ in carrier_years(carrier).years}[2023] == amount
    assert left_by("CM-09", unspent(notice, DAY)) == D(amount)


@pytest.mark.parametrize(("rule", "amount"), [("months", "4750.00"), ("days", "4841.10"), ("none", "0.00")])
def test_a_vacancy_in_july(rule, amount, region):
    NoticeVersion.objects.update(proration=rule)
    post = Position.objects.get(number="CM-01")
    PositionPeriod.objects.filter(position=post).update(stage="planned")
    for first, last in ((date(2023, 1, 1), date(2023, 6, 30)), (date(2023, 8, 1), date(2023, 12, 31))):
        Occupancy.objects.create(body=region, position=post, slot=1, fte=D(1), validity=inclusive_range(first, last), assumption="x")  # fmt: skip
    found = unspent(FundingNotice.objects.get(), DAY)
    assert left_by("CM-01", found) == D(amount)
    assert found.filled + found.derivation.amount + found.unstated == found.bound == D(684000)
    left = funding.headline(region, DAY).derivation
    assert left.amount + found.bound == funding.in_year(region, DAY).amount, "bound + frei = granted"


def test_a_revoked_notice_and_a_new_one(region):
    post = Position.objects.get(number="CM-07")
    old = FundingNotice.objects.get(slug="kim-2023")
    keep(NoticeVersion(body=region, notice=old, number=2, source=keep_source(region, "Aufhebung"), state="revoked", validity=YEAR))  # fmt: skip
    new = new_notice(region, "kim-2023-neu", ("12.0", "57000"), amount=684000)
    Funding.objects.create(body=region, item=new.items.get(), position=post)
    assert neutrality.year_cost(post, 2023).plain() == "28500.00"
    assert nominal(region).income.plain() == "684000.00"


def keep_source(body, title):
    from kim.models import Source

    return keep(Source(body=body, kind="notice", title=title, date=date(2023, 6, 1)))


def test_a_notice_that_is_revoked_from_a_day_counts_until_then(region):
    post = Position.objects.get(number="CM-07")
    old = FundingNotice.objects.get(slug="kim-2023")
    keep(NoticeVersion(body=region, notice=old, number=2, source=keep_source(region, "Aufhebung"), state="revoked", validity=YEAR, holds_from=date(2023, 7, 1)))  # fmt: skip
    assert neutrality.year_cost(post, 2023).plain() == "14250.00"
    found = nominal(region)
    assert (found.income.plain(), found.gap.plain()) == ("342000.00", "0.00")
    assert by_carrier(region, date(2023, 7, 1)).amount.value is None
    assert by_carrier(region, date(2023, 6, 30)).amount.plain() == "684000.00"


def test_weiterleitung_by_days(region):
    by_days()
    found = onward.amount(FundingNotice.objects.get(), Carrier.objects.get(slug="drk"))
    assert found.plain() == "47786.30"


def test_two_rates_in_one_year(region):
    """58.000 to 30.06. and 60.000 from 01.07.2024 for 5,5 VZÄ: 324.500,00."""
    kept = [f"CM-{n:02}" for n in range(1, 6)] + ["CM-07"]
    Funding.objects.exclude(position__number__in=kept).delete()
    old = Rate.objects.get(
        amount=57000, validity__contains=DAY, programme__slug="kim", function__slug="case-management"
    )
    for amount, first, last in ((58000, (2024, 1, 1), (2024, 6, 30)), (60000, (2024, 7, 1), (2024, 12, 31))):
        Rate.objects.create(programme=old.programme, function=old.function, amount=amount, validity=inclusive_range(date(*first), date(*last)), source="x")  # fmt: skip
    carry_over(region, 2024, reason="Planung")
    lines = planned_amounts(region, 2024, SubProduct.find(region, "946100"))
    assert lines["income"] == D(324500) and lines["own"] + lines["onward"] == D(324500)


def test_two_rates_that_fit_are_a_question(region, login):
    """Published for small and for large Kommunen: nothing is taken until somebody says which."""
    old = Rate.objects.get(
        amount=57000, validity__contains=DAY, programme__slug="kim", function__slug="case-management"
    )
    for variant, amount in (("bis 25.000 Einwohner", 50000), ("über 25.000 Einwohner", 60000)):
        Rate.objects.create(programme=old.programme, function=old.function, variant=variant, amount=amount, validity=year_of(2024), source="x")  # fmt: skip
    page = login().get("/zuwendungen/jahr-uebernehmen/").content.decode()
    assert "Mehrere Fördersätze passen" in page
    carry_over(region, 2024, reason="Planung")
    product = SubProduct.find(region, "946100")
    assert planned_amounts(region, 2024, product) == {}
    notice = FundingNotice.objects.get(slug="kim-2024")
    browser, url = login(), notice.get_absolute_url()
    (field,) = {part.partition('"')[0] for part in browser.get(url).content.decode().split('name="variante-')[1:]}
    none = browser.post(f"{url}saetze/").content.decode()
    assert "Bitte die Variante wählen" in none and not ItemRate.objects.filter(terms__item__notice=notice).exists()
    browser.post(f"{url}saetze/", {f"variante-{field}": "über 25.000 Einwohner"})
    assert set(planned_amounts(region, 2024, product).values()) == {D(720000), D(360000)}


def test_a_published_rate_that_is_corrected_changes_no_notice(region):
    before = nominal(region).as_json()
    Rate.objects.filter(amount=57000).update(amount=D(50000))
    assert nominal(region).as_json() == before


def test_a_post_has_several_payers(region):
    """0,5 of CM-01 by the notice, 0,5 by another one: each pays its part, both together no more than the post."""
    own, second = FundingNotice.objects.get(), new_notice(region, "stiftung", ("0.5", "60000"), amount=30000)
    post = Position.objects.get(number="CM-01")
    Funding.objects.filter(position=post).update(fte=D("0.5"))
    Funding.objects.create(body=region, item=second.items.get(), position=post, fte=D("0.5"))
    cost = neutrality.year_cost(post, 2023)
    assert [part.plain() for part in cost.operands] == ["28500.00", "30000.00"] and cost.plain() == "58500.00"
    found = nominal(region)
    assert found.income.plain() == "714000.00" and found.gap.plain() == "28500.00"
    assert by_carrier(region, DAY).rows[0].amount.plain() == "343500.00"
    item = own.items.get()
    with pytest.raises(
        ValidationError,
        match=r"Stelle CM-01, ab 01\.01\.2023: Bescheid stiftung \(0,5\) und Zuwendungsbescheid KIM 2023 \(0,6\)",
    ):
        Funding(body=region, item=item, position=post, fte=D("0.6"), pk=Funding.objects.get(item=item, position=post).pk).full_clean()  # fmt: skip


def test_positions_that_are_no_staff_stand_on_both_sides(region):
    notice, version = FundingNotice.objects.get(), NoticeVersion.objects.get()
    for kind, amount in (("material", "8000"), ("lump_sum", "5700.50"), ("own_share", "38700")):
        item = keep(NoticeItem(body=region, notice=notice, kind=kind, label=f"Probe {kind}"))
        state_amount(version, item, amount)
    version.amount = D("697700.50")
    keep(version)
    found = nominal(region)
    assert found.as_json()["material"] == "8000.00" and found.as_json()["lump_sum"] == "5700.50"
    assert found.income.plain() == "697700.50" and found.gap.plain() == "0.00", "an own share is no income of the Land"
    assert {d.item for d in found.differences} == {"income", "lump_sum", "material"}


def state_amount(version, item, amount):
    from grants.models import ItemTerms

    return keep(ItemTerms(body=version.body, item=item, notice_version=version, amount=D(amount)))


def test_own_share_of_a_real_case(region):
    """0,75 × 20.000 = 15.000 of a cost of 53.700: own share 38.700; three years: 39.000 are 13.000 a year."""
    notice = new_notice(region, "drei-jahre", ("0.75", "20000"), first=date(2023, 1, 1), last=date(2025, 12, 31), amount=45000)  # fmt: skip
    item = keep(NoticeItem(body=region, notice=notice, kind="own_share", label="Eigenanteil"))
    state_amount(notice.current, item, "39000")
    from django.db.models import Q

    from grants.models import load

    (book,) = load(region, None, notices=Q(notice=notice))
    assert book.granted == {2023: D(15000), 2024: D(15000), 2025: D(15000)}
    shares = {entry.kind: entry.by_year() for entry in book.entries}
    assert shares["staff"] == book.granted
    assert shares["own_share"] == {2023: D(13000), 2024: D(13000), 2025: D(13000)}


def test_the_amounts_of_the_years_as_the_bescheid_states_them(region):
    """18 months, 12,0 VZÄ: what the Bescheid states of the years counts, and has to add up."""
    from django.db import IntegrityError

    from grants.models import YearAmount
    from tests.helpers import sql

    Funding.objects.all().delete()
    new = new_notice(
        region, "achtzehn", ("1.0", "60000"), first=date(2023, 7, 1), last=date(2024, 12, 31), amount=90000
    )
    assert [one.plain() for one in income_parts(region, new)] == ["30000.00", "60000.00"]
    version = new.current
    for year, amount in ((2023, "25000.01"), (2024, "64999.99")):
        keep(YearAmount(body=region, notice_version=version, year=year, amount=D(amount)))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")
    assert [one.plain() for one in income_parts(region, new)] == ["25000.01", "64999.99"]
    YearAmount.objects.filter(year=2023).update(amount=D("25000.00"))
    with pytest.raises(IntegrityError, match="years"):
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def income_parts(body, notice):
    found = [funding.in_year(body, date(year, 1, 1)).operands for year in (2023, 2024)]
    return [next(v for v in some if v.link == notice.get_absolute_url()) for some in found]


def test_rates_that_change_within_the_period(region):
    """12 × (55.000 + 57.000) / 2 = 672.000 over one year with a change in the middle."""
    notice = new_notice(region, "zwei-saetze", amount=672000)
    item = keep(NoticeItem(body=region, notice=notice, function=Position.objects.first().function))
    state_terms(notice.current, item, "12.0", (inclusive_range(date(2023, 1, 1), date(2023, 6, 30)), "55000"), (half_open_range(date(2023, 7, 1), date(2024, 1, 1)), "57000"))  # fmt: skip
    from django.db.models import Q

    from grants.models import load

    (book,) = load(region, None, notices=Q(notice=notice))
    assert book.entries[0].by_year() == {2023: D(672000)}
