"""A notice and its Bescheide: what holds when, what a closed year keeps, what PostgreSQL refuses."""

import re
from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Q

from grants.figures import neutrality
from grants.figures.allocation import by_carrier
from grants.findings import planned_twice, rates_as_published
from grants.models import (  # fmt: skip
    Funding,
    FundingNotice,
    ItemRate,
    ItemTerms,
    NewVersion,
    NoticeItem,
    NoticeVersion,
    Rate,
    SubProduct,
    load,
)
from grants.models.amending import Stated
from grants.models.guards import COUNTED
from grants.models.readings import holding
from kim.models import ClosedYear, Source
from kim.models.refusals import db_errors_as_validation
from kim.values.periods import half_open_range, inclusive_range
from staffing.models import Position, PositionPeriod
from tests.helpers import keep, new_notice, new_position, sql

YEAR = inclusive_range(date(2023, 1, 1), date(2023, 12, 31))
DAY = date(2023, 3, 1)


def source(body, day=date(2023, 6, 15)):
    """A document that is not there yet; each has a title of its own."""
    return Source(body=body, kind="notice", title=f"Änderungsbescheid {Source.objects.count()}", date=day)


def amended(notice, fte, rate, *, validity=YEAR, since=None, amount=None, **facts):
    """An Änderungsbescheid about the only position of a notice."""
    stated = Stated(notice.items.get(), D(fte), ((validity, D(rate), D(1)),))
    made = NewVersion(
        notice=notice,
        source=source(notice.body),
        state="granted",
        validity=validity,
        amount=D(amount) if amount is not None else D(fte) * D(rate),
        holds_from=since,
        positions=(stated,),
        **facts,
    )
    return made.record(reason="Test")


def nominal(body, year=2023):
    return neutrality.nominal(body, year, SubProduct.find(body, "946100"))


def test_content_holds_from_the_day_it_names_and_the_amount_is_the_whole(region):
    """12,0 at 57.000 until June, 12,0 at 60.000 from July: 702.000 for the year, and so do the posts."""
    notice = FundingNotice.objects.get()
    amended(notice, "12.0", "60000", since=date(2023, 7, 1), amount=702000)
    found = nominal(region)
    assert (found.income.plain(), found.gap.plain()) == ("702000.00", "0.00")
    assert by_carrier(region, date(2023, 6, 30)).amount.plain() == "684000.00"
    assert by_carrier(region, date(2023, 7, 1)).amount.plain() == "720000.00"
    assert neutrality.year_cost(Position.objects.get(number="CM-01"), 2023).plain() == "58500.00"


def test_the_state_holds_from_the_date_of_its_document(region, login):
    notice = new_notice(region, "neu", ("1.0", "57000"), state="applied", given=date(2023, 1, 10))
    made = amended(notice, "1.0", "57000")
    notice = FundingNotice.objects.get(pk=notice.pk)
    assert notice.on(date(2023, 1, 9)) is None
    assert notice.on(date(2023, 6, 14)).state == "applied" and notice.on(date(2023, 6, 15)) == made
    assert (made.state_label, amended(notice, "1.0", "58000").state_label) == ("bewilligt", "geändert")
    for stand, word in (("2023-06-14", "beantragt"), ("2023-06-15", "geändert")):
        page = login().get(f"/zuwendungen/?stand={stand}&format=json").json()["rows"]
        assert {row["verfahrensstand"] for row in page if row["zuwendung"] == notice.title} == {word}
    page = login().get(notice.get_absolute_url()).content.decode()
    assert "Fassungen" in page and page.count("(zählt)") == 1


def test_what_is_refused_or_only_planned_counts_nowhere(region):
    for state in ("refused", "planned", "applied", "announced"):
        notice = new_notice(region, state, ("1.0", "57000"), state=state)
        new_position(region, f"T-{state}", item=notice.items.get(), first=date(2023, 1, 1))
    assert nominal(region).income.plain() == "684000.00"
    amounts = {one.label: one for row in by_carrier(region, DAY).rows for one in row.amount.operands}
    assert amounts["T-refused"].value is None
    for state, word in (("planned", "geplant"), ("applied", "beantragt"), ("announced", "angekündigt")):
        assert amounts[f"T-{state}"].source == f"nicht bewilligt, nur {word}", state


def test_funding_survives_an_aenderungsbescheid(region):
    before = set(Funding.objects.values_list("pk", flat=True))
    amended(FundingNotice.objects.get(), "11.0", "57000", amount=627000)
    assert set(Funding.objects.values_list("pk", flat=True)) == before
    assert nominal(region).gap.plain() == "-57000.00"


# a closed year


@pytest.fixture
def two_years(region):
    """A notice of 18 months, of which the first year is closed."""
    Funding.objects.all().delete()
    NoticeVersion.objects.all()
    span = inclusive_range(date(2022, 7, 1), date(2023, 12, 31))
    notice = new_notice(
        region, "lang", ("1.0", "57000.37"), first=span.lower, last=date(2023, 12, 31), amount="85500.56"
    )
    new_position(region, "L-1", item=notice.items.get(), first=date(2022, 7, 1))
    ClosedYear.objects.create(body=region, year=2022)
    return notice


def years(notice):
    (book,) = load(notice.body, None, notices=Q(notice=notice))
    return book.granted


def test_a_change_of_open_years_is_taken_and_the_closed_one_keeps_its_cents(two_years):
    before = years(two_years)
    span = inclusive_range(date(2022, 7, 1), date(2023, 12, 31))
    stated = Stated(two_years.items.get(), D("1.0"), ((inclusive_range(date(2022, 7, 1), date(2022, 12, 31)), D("57000.37"), D(1)), (YEAR, D("61234.56"), D(1))))  # fmt: skip
    made = NewVersion(two_years, source(two_years.body), "granted", span, D("89734.75"), positions=(stated,)).record(reason="x")  # fmt: skip
    assert made.holds_from == date(2023, 1, 1), "what it says of 2022 was said before: it holds from the first open day"
    after = years(two_years)
    assert after[2022] == before[2022] and sum(after.values()) == D("89734.75")


@pytest.mark.parametrize(("fte", "rate", "since"), [("0.9", "57000.37", None), ("1.0", "57000.38", None), ("1.0", "57000.37", date(2022, 9, 1))])  # fmt: skip
def test_a_change_of_a_closed_year_is_refused(fte, rate, since, two_years):
    span = inclusive_range(date(2022, 7, 1), date(2023, 12, 31))
    with pytest.raises(ValidationError, match=r"wieder öffnen"):
        amended(two_years, fte, rate, validity=span, since=since, amount="85500.56")
    ClosedYear.objects.get().delete()
    assert amended(two_years, fte, rate, validity=span, since=since, amount="85500.56").number == 2


def test_the_number_of_a_teilprodukt_stays_in_a_closed_year(region):
    from grants.models import BudgetLine

    product = SubProduct.find(region, "946100")
    BudgetLine.objects.create(body=region, year=2022, sub_product=product, purpose="own", label="alt", amount=D(1))
    ClosedYear.objects.create(body=region, year=2022)
    product.number = "999999"
    with pytest.raises(ValidationError, match="abgeschlossen"), db_errors_as_validation():
        product.save()
    product.refresh_from_db()
    product.name = "anderer Name"
    with db_errors_as_validation():
        product.save()


# double funding


def pay(body, notice, number, fte=None, validity=None):
    facts = {"validity": validity} if validity else {}
    return Funding(body=body, item=notice.items.first(), position=Position.objects.get(number=number), fte=fte, **facts)


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        (None, D("0.001"), False),
        (D("0.5"), D("0.5"), True),
        (D("0.5"), D("0.501"), False),
        (D("0.333"), None, False),
    ],
)
def test_parts_of_a_post_go_up_to_its_size(first, second, right, region):
    """By the model and, past it, by SQL."""
    Funding.objects.filter(position__number="CM-01").update(fte=first)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")
    other = pay(region, new_notice(region, "zwei", ("1.0", "57000")), "CM-01", second)
    if right:
        keep(other)
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        return
    with pytest.raises(ValidationError, match=r"Stelle CM-01, ab 01\.01\.2023"):
        other.full_clean()
    with pytest.raises(ValidationError, match=r"Stelle CM-01, ab 01\.01\.2023"), db_errors_as_validation():
        other.save()


def test_one_after_the_other_is_no_double_funding(region):
    Funding.objects.filter(position__number="CM-01").update(validity=half_open_range(None, date(2023, 7, 1)))
    keep(pay(region, new_notice(region, "zwei", ("1.0", "57000")), "CM-01", validity=half_open_range(date(2023, 7, 1))))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")
    Funding.objects.filter(position__number="CM-01", validity__startswith=None).update(
        validity=half_open_range(None, date(2023, 7, 2))
    )
    with pytest.raises(IntegrityError, match="funded twice"):
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_post_does_not_become_smaller_than_its_parts(region, login):
    Funding.objects.filter(position__number="CM-01").update(fte=D("0.75"))
    row = PositionPeriod.objects.get(position__number="CM-01")
    row.fte = D("0.5")
    with pytest.raises(ValidationError, match=r"Zuwendungsbescheid KIM 2023 \(0,75"):
        row.correct(reason="kleiner")
    row = PositionPeriod.objects.get(position__number="CM-01")
    data = {"fte": "0,5", "carrier": row.carrier_id, "stage": row.stage, "reason": "kleiner", "version": row.version}
    answer = login().post("/stellen/CM-01/berichtigen/", data | {"save": "1"})
    assert answer.status_code == 422 and "Zuwendungsbescheid KIM 2023 (0,75" in answer.content.decode()


def test_a_version_that_grants_again_what_another_pays_is_refused(region):
    """Planned beside it is a Hinweis; granted it is double funding."""
    notice = new_notice(region, "zwei", ("1.0", "57000"), state="applied")
    keep(pay(region, notice, "CM-01"))
    (hint,) = planned_twice(region, DAY)
    assert hint.severity.label == "Hinweis" and "CM-01" in hint.sentence and "zwei" in hint.name
    with pytest.raises(ValidationError, match="schon aus einer anderen Zuwendung"):
        amended(notice, "1.0", "57000")
    assert NoticeVersion.objects.filter(notice=notice).count() == 1


def test_without_the_trigger_sql_would_pay_twice(region, owner):
    """Counter-test: the trigger on the facts of posts is what keeps a post from shrinking below its parts."""
    Funding.objects.filter(position__number="CM-01").update(fte=D("0.75"))
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE staffing_positionperiod DISABLE TRIGGER USER")
    sql("UPDATE staffing_positionperiod SET fte = 0.5 WHERE position_id = (SELECT id FROM staffing_position WHERE number = 'CM-01')")  # fmt: skip
    assert PositionPeriod.objects.get(position__number="CM-01").fte == D("0.5")


# rates


def test_a_granted_position_has_a_rate_for_each_day(region):
    ItemRate.objects.update(validity=inclusive_range(date(2023, 1, 1), date(2023, 6, 30)))
    with pytest.raises(IntegrityError, match="no rate"):
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_rate_that_differs_from_the_published_one_is_a_hint(region):
    assert list(rates_as_published(region, DAY)) == []
    Rate.objects.filter(amount=57000, programme__slug="kim").update(amount=D(58000))
    (hint,) = rates_as_published(region, DAY)
    assert "57.000,00" in hint.sentence and "58.000,00" in hint.sentence and hint.severity.label == "Hinweis"


def test_a_rate_as_the_bescheid_states_it(region):
    """22.500 for 0,5."""
    notice = new_notice(region, "halb")
    function = Position.objects.first().function
    item = keep(NoticeItem(body=region, notice=notice, function=function))
    terms = keep(ItemTerms(body=region, item=item, notice_version=notice.current, fte=D("1.5")))
    keep(ItemRate(body=region, terms=terms, validity=YEAR, amount=D(22500), per_fte=D("0.5")))
    (book,) = load(region, None, notices=Q(notice=notice))
    assert book.entries[0].by_year() == {2023: D(67500)}


# one answer to what counts


def test_sql_triggers_and_rows_agree_on_what_counts(region):
    notice = FundingNotice.objects.get()
    amended(notice, "12.0", "60000", since=date(2023, 4, 1), amount=711000)
    amended(notice, "12.0", "61000", since=date(2023, 9, 1), amount=715000)
    keep(NoticeVersion(body=region, notice=notice, number=4, source=keep(source(region)), state="revoked", validity=YEAR, holds_from=date(2023, 11, 1)))  # fmt: skip
    rows = list(NoticeVersion.objects.filter(notice=notice).order_by("number"))
    by_rows = {(one.number, span.lower, span.upper) for one, span in holding(rows)}
    counted = sql(f"SELECT v.number, lower(c.span), upper(c.span) FROM ({COUNTED}) c JOIN grants_noticeversion v ON v.id = c.id WHERE NOT isempty(c.span)")  # fmt: skip
    assert by_rows == set(counted) and len(by_rows) == 3
    for number, first, end in by_rows:
        for day in (first, end - (end - first) / 2):
            assert {one.number for one in NoticeVersion.objects.holding_on(day)} == {number}
    assert not NoticeVersion.objects.holding_on(date(2023, 11, 1)).exists()


def test_the_page_of_a_notice_over_two_years_has_the_header_of_every_page(login, region):
    """Its budget years are not the Förderjahre that the header offers, nor are those of /foerderjahre/."""
    notice = new_notice(
        region, "zwei", ("2.7", "57123.45"), first=date(2024, 1, 1), last=date(2025, 12, 31), amount="1"
    )
    browser, header = login(), re.compile(r'<button type="submit" name="jahr" value="(\d+)"( aria-current="true")?>')
    offered = header.findall(browser.get("/stellen/").content.decode())
    assert offered == [("2022", ""), ("2023", ' aria-current="true"'), ("2024", "")]
    for address in (notice.get_absolute_url(), "/foerderjahre/"):
        response = browser.get(address)
        assert response.status_code == 200 and header.findall(response.content.decode()) == offered, address
