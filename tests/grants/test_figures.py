"""Distribution and cost neutrality: exactly what is ruled, and what changes move."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from grants.costing import full_time
from grants.figures.allocation import by_carrier, by_municipality
from grants.figures.neutrality import nominal, occasions, rate_words, sentence, year_cost
from grants.findings import items_fit
from grants.models import BudgetLine, Funding, FundingNotice, NoticeItem, NoticeVersion, Rate, SubProduct, load
from kim.figures import column
from kim.models.refusals import db_errors_as_validation
from kim.values.periods import year_of
from staffing.figures.charts import by_municipality as squares_by_municipality
from staffing.figures.groups import Part
from staffing.models import Municipality, Position, PositionPeriod, settle
from tests.helpers import new_notice, new_position

DAY = date(2023, 3, 1)


def rows(allocation):
    data = allocation.as_json()
    return {row["name"]: (row["fte"], row["amount"]) for row in data["rows"]}, tuple(data["totals"].values())


def neutrality(body, year=2023, number="946100"):
    return nominal(body, year, SubProduct.find(body, number))


def test_by_carrier_as_ruled(region, django_assert_num_queries):
    with django_assert_num_queries(3):
        found, totals = rows(by_carrier(region, DAY))
    half = ("0.500", "28500.00")
    assert found == {
        "StädteRegion Aachen": ("6.000", "342000.00"),
        "Caritasverband für die Region Eifel e. V.": half,
        "Evangelische Lydia-Gemeinde": half,
        "Stadt Baesweiler": half,
        "Stadt Würselen": half,
        "Stadt Monschau": half,
        "Beschäftigungsinitiative SPRUNGBrett gemeinnützige GmbH": ("1.500", "85500.00"),
        "Deutsches Rotes Kreuz Kreisverband Städteregion Aachen e. V. (DRK)": ("1.000", "57000.00"),
        "noch nicht vergeben": ("1.000", "57000.00"),
    }
    assert totals == ("12.000", "684000.00")


def test_by_municipality_as_ruled(region):
    found, totals = rows(by_municipality(region, DAY))
    half = ("0.500", "28500.00")
    assert found == {
        "Alsdorf": ("1.000", "57000.00"),
        "Baesweiler": half,
        "Herzogenrath": half,
        "Monschau": half,
        "Würselen": half,
        "gemeinsam: Eschweiler, Stolberg (Rhld.)": ("1.000", "57000.00"),
        "gemeinsam: Roetgen, Simmerath": half,
        "eigene Stellen": ("6.000", "342000.00"),
        "keine Angabe": ("1.500", "85500.00"),
    }
    assert totals == ("12.000", "684000.00")


def agree(region, number, **shares):
    """Shares of the Kommunen of a post."""
    period = Position.find(region, number).periods.get()
    served = {Municipality.objects.get(slug=slug.replace("_", "-")): D(share) for slug, share in shares.items()}
    settle(period, served, [], reason="Vereinbarung")


def test_agreed_shares_split_a_post(region):
    """By hand: 1,000 × 0,6 and 0,4; 57.000 € × 0,6 = 34.200 € and 22.800 €; CM-07: 0,500 × 0,333 and 0,667 = 0,1665 and
    0,3335, in thousandths that add up 0,167 and 0,333; 28.500 € × 0,333 = 9.490,50 € and 19.009,50 €."""
    agree(region, "CM-17", eschweiler="0.6", stolberg="0.4")
    agree(region, "CM-07", roetgen="0.333", simmerath="0.667")
    found, totals = rows(by_municipality(region, DAY))
    assert not [name for name in found if name.startswith("gemeinsam")]
    assert found["Eschweiler"] == ("0.600", "34200.00") and found["Stolberg (Rhld.)"] == ("0.400", "22800.00")
    assert found["Roetgen"] == ("0.167", "9490.50") and found["Simmerath"] == ("0.333", "19009.50")
    assert totals == ("12.000", "684000.00")
    squares = {name: sum(parts.values()) for name, parts in squares_by_municipality(region, DAY).rows}
    assert squares["Eschweiler"] == D("0.6") and sum(squares.values()) == 12
    operand = next(row for row in by_municipality(region, DAY).rows if row.name == "Eschweiler").amount.operands[0]
    assert operand.formula.replace("\u00a0", " ") == "Anteil 0,6 an 57.000,00 €" and operand.operands[0].value == D(
        "57000"
    )


@given(
    fte=st.integers(1, 3000).map(lambda n: D(n) / 1000),
    cents=st.integers(0, 10**9).map(lambda n: D(n) / 100),
    weights=st.lists(st.integers(1, 1000), min_size=1, max_size=9),
)
def test_shares_of_a_post_add_up(fte, cents, weights):
    shares = tuple(D(one) / 1000 for one in weights)
    parts = [Part(PositionPeriod(fte=fte), shares, at) for at in range(len(shares))]
    assert sum(part.fte() for part in parts) == fte and sum(part.of(cents) for part in parts) == cents
    for part, share in zip(parts, shares, strict=True):
        assert abs(part.fte() - fte * share / sum(shares)) < D("0.001")
        assert abs(part.of(cents) - cents * share / sum(shares)) < D("0.01")


def test_the_day_before_shows_the_former_plan(region):
    found, totals = rows(by_municipality(region, date(2023, 2, 28)))
    assert (found["Alsdorf"], found["Eschweiler"], found["Stolberg (Rhld.)"]) == (
        ("0.500", "28500.00"),
        ("1.000", "57000.00"),
        ("1.000", "57000.00"),
    )
    assert "Monschau" not in found and totals == ("12.000", "684000.00")


def test_neutrality_as_ruled(region, django_assert_num_queries):
    product = SubProduct.find(region, "946100")
    with django_assert_num_queries(3):
        found = nominal(region, 2023, product)
    data = found.as_json()
    derivation = data.pop("derivation")
    assert data == {
        "income": "684000.00",
        "own": "342000.00",
        "onward": "342000.00",
        "gap": "0.00",
        "verdict": "neutral",
        "is_neutral": True,
        "budget": {"income": "684000.00", "own": "342000.00", "onward": "342000.00", "gap": "0.00"},
        "differences": [],
    }
    assert set(derivation) == {"label", "value", "unit", "kind", "formula", "source", "operands"}
    assert found.in_words() == "kostenneutral"


def test_every_sum_is_the_sum_of_what_it_shows(region):
    for value in neutrality(region).derivation.walk():
        if value.formula == "Summe":
            assert value.amount == sum(o.amount for o in value.operands), value.label
        if value.kind == "beleg":
            assert value.source
        if value.kind == "annahme":
            assert value.source, value.label


def test_one_own_post_at_half(region):
    row = PositionPeriod.objects.get(position__number="CM-01")
    row.fte = D("0.5")
    row.correct(reason="nur halb")
    found = neutrality(region)
    assert (found.gap.plain(), found.verdict, found.is_neutral) == ("28500.00", "surplus", False)
    assert found.in_words() == (
        "ohne Belastung des Haushalts; 28.500,00\u00a0€ der Zuwendung sind nicht durch Stellen gebunden"
    )
    assert [d.as_json() for d in found.differences] == [
        {"item": "own", "required": "313500.00", "budget": "342000.00", "difference": "28500.00"}
    ]
    assert rows(by_carrier(region, DAY))[1] == ("11.500", "655500.00")


def test_a_seventh_own_post(region):
    new_position(region, "CM-18", item=NoticeItem.objects.get(), first=date(2023, 1, 1))
    found = neutrality(region)
    assert (found.gap.plain(), found.verdict) == ("-57000.00", "deficit")
    assert found.in_words() == "nicht kostenneutral; 57.000,00\u00a0€ sind aus Eigenmitteln zu decken"


def test_a_post_counts_by_its_months(region):
    new_position(region, "CM-18", "0.5", item=NoticeItem.objects.get(), first=date(2023, 3, 1))
    assert neutrality(region).gap.plain() == "-23750.00"
    new_position(
        region, "CM-19", "1.0", item=NoticeItem.objects.get(), first=date(2023, 12, 16), last=date(2023, 12, 31)
    )
    assert neutrality(region).gap.plain() == f"{D('-23750') - D('57000') / 12 * 16 / 31:.2f}"


def test_pieces_of_a_post_add_up_to_the_cent(region):
    """0,431 VZÄ in three spans: each share rounded alone would be a cent off."""
    item = NoticeItem.objects.get()
    row = new_position(region, "CM-18", "0.431", item=item, first=date(2023, 1, 1), last=date(2023, 4, 30))
    for first, last in ((date(2023, 5, 1), date(2023, 8, 31)), (date(2023, 9, 1), None)):
        from kim.values.periods import inclusive_range

        PositionPeriod.objects.create(
            body=region, position=row.position, fte=row.fte, validity=inclusive_range(first, last)
        )
    cost = year_cost(row.position, 2023)
    assert cost.plain() == "24567.00"
    pieces = cost.operands[0].operands
    assert len(pieces) == 3 and sum(p.amount for p in pieces) == D("24567.00")


def test_a_post_without_funding_costs_the_notice_nothing(region):
    row = new_position(region, "CM-18")
    assert neutrality(region).is_neutral
    amounts = column("position.annual_amount", [row], DAY)
    assert amounts[row.pk].value is None and amounts[row.pk].source == "keine Zuwendung zugeordnet"


def test_no_notice_is_not_neutral(region):
    with pytest.raises(ValidationError, match="2024 keine bewilligte Zuwendung"):
        neutrality(region, 2024)
    NoticeVersion.objects.update(state="applied")
    with pytest.raises(ValidationError, match="keine bewilligte Zuwendung"):
        neutrality(region)
    assert occasions(region, DAY) == []


def test_a_paper_says_neutral_only_if_nothing_differs(region):
    product = SubProduct.find(region, "946100")
    assert sentence(region, 2023, product).value == "insofern kostenneutral"
    BudgetLine.objects.filter(purpose="own").update(amount=D("340000.00"))
    words = sentence(region, 2023, product).value
    assert "kostenneutral" not in words and "340.000\u00a0€ veranschlagt, 342.000\u00a0€ errechnet" in words
    BudgetLine.objects.all().delete()
    found = neutrality(region)
    assert found.budget is None and found.as_json()["budget"] is None
    assert "Ansätze sind nicht erfasst" in sentence(region, 2023, product).value


def test_the_city_of_2021(city):
    found, totals = rows(by_carrier(city, date(2021, 2, 25)))
    assert found == {"Stadt Aachen": ("6.500", "352500.00")}
    assert totals == ("6.500", "352500.00")
    rates = {r.function.slug: full_time(r.price(None)) for r in Rate.objects.as_of(date(2021, 2, 25))}
    assert rates == {"koordinierung": D(55000), "assistenz": D(45000), "case-management": D(55000)}
    assert {n.state for n in NoticeVersion.objects.all()} == {"applied", "announced"}
    assert all(n.amount is None and n.source.date is None for n in NoticeVersion.objects.all())
    parts = [one for row in by_carrier(city, date(2021, 2, 25)).rows for one in row.amount.operands]
    assert {one.source for one in parts} == {"nicht bewilligt, nur beantragt", "nicht bewilligt, nur angekündigt"}
    assert rows(by_carrier(city, date(2022, 1, 1)))[1][0] == "8.000"
    assert occasions(city, date(2021, 2, 25)) == []


def test_items_add_up_to_the_notice(region):
    (book,) = load(region, year_of(2023))
    assert sum(entry.by_year()[2023] for entry in book.entries) == book.current.amount == D("684000.00")


def test_a_second_funder_for_the_same_time_is_refused(region):
    second = new_notice(region, "zweiter", ("1.0", "57000")).items.get()
    with pytest.raises(ValidationError, match="schon aus einer anderen Zuwendung gefördert"):
        Funding(body=region, item=second, position=Position.objects.get(number="CM-01")).full_clean()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": None}, "braucht einen Betrag"),
        ({"amount": D("-1.00")}, "nicht negativ"),
        ({"amount": D("0.005")}, "ganze Cent"),
        ({"validity": "[2023-01-01,)"}, "braucht Anfang und Ende"),
    ],
)
def test_notices_that_cannot_be(region, change, words):
    with pytest.raises(ValidationError, match=words), db_errors_as_validation():
        NoticeVersion.objects.update(**change)


def test_a_revoked_notice_pays_nothing(region):
    NoticeVersion.objects.update(state="revoked")
    assert rows(by_carrier(region, DAY))[1] == ("12.000", None)


def test_a_group_without_funding_has_no_amount(region):
    """Never 0: nothing is known. A group with some of it says how much is missing."""
    new_position(region, "T-1", kind="onward")
    table = by_municipality(region, DAY)
    row = next(r for r in table.rows if r.name == "keine Angabe")
    assert (row.fte.plain(), row.amount.plain()) == ("2.500", "85500.00")
    assert row.amount.formula == "Summe; 1 ohne Betrag nicht enthalten"
    Funding.objects.filter(position__number="CM-10").delete()
    row = next(r for r in by_municipality(region, DAY).rows if r.name == "keine Angabe")
    assert row.amount.plain() is None and row.as_json()["amount"] is None


def test_the_bracket_of_the_paper_is_the_neutrality_of_the_page(region):
    """A post for half a year counts half in both: one figure, not two."""
    from grants.figures.neutrality import rate_words

    row = PositionPeriod.objects.get(position__number="CM-02")
    row.fte = D("0.5")
    row.correct(reason="x")
    new_position(region, "T-1", item=NoticeItem.objects.get(), first=date(2023, 7, 1))
    product = SubProduct.find(region, "946100")
    assert nominal(region, 2023, product).is_neutral
    assert rate_words(region, 2023, product, FundingNotice.objects.get(), "own").value == "57.000\u00a0€ je Stelle"


@pytest.mark.parametrize("url", ["/haushalt/kostenneutralitaet/", "/", "/dokumente/2023-0120/"])
def test_pages_stand_without_ansaetze_and_without_a_sitting(url, region, login):
    from meetings.models import Consultation

    BudgetLine.objects.all().delete()
    Consultation.objects.update(meeting=None)
    response = login().get(url)
    assert response.status_code == 200
    if "kosten" in url:
        assert "Ansätze sind für 2023 nicht erfasst" in response.content.decode()


def test_no_amount_beside_an_ansatz_that_is_not_for_posts(region):
    product = SubProduct.find(region, "946100")
    notice = FundingNotice.objects.get(slug="kim-2023")
    for purpose in ("income", "lump_sum", "material"):
        with pytest.raises(ValidationError, match="nur neben Ansätzen für eigene Stellen"):
            rate_words(region, 2023, product, notice, purpose)
    assert "57.000" in rate_words(region, 2023, product, notice, "own").value


@pytest.mark.parametrize(
    ("amount", "severity", "words"),
    [
        (D("684000.01"), "Hinweis", "Runden je Position"),
        (D("683999.99"), "Hinweis", "Runden je Position"),
        (D("683999.98"), "Fehler", "0,02 € mehr als der Bescheid"),
        (D("684000.02"), "Hinweis", "stehen in keiner Position"),
    ],
)
def test_a_cent_a_position_is_no_error(region, amount, severity, words):
    version = FundingNotice.objects.get(slug="kim-2023").current
    version.amount = amount
    version.save()
    (found,) = items_fit(region, DAY)
    assert (found.severity.label, words in found.sentence.replace("\u00a0", " ")) == (severity, True)
