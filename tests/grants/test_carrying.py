"""Jahr übernehmen: 12,0 VZÄ geplant, no amount where the rate is not known, one entry, and back again."""

import re
from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from grants.figures import neutrality
from grants.figures.neutrality import of_year
from grants.figures.stated import budget_amount
from grants.findings import open_lines, rates_known
from grants.models import BudgetLine, Funding, FundingNotice, Rate, carried, carry_over, load
from grants.models.planning import planned_amounts
from kim.figures import column
from kim.history.trail import take_back
from kim.models import ClosedYear
from kim.store.context import acting
from kim.values.periods import half_open_range, inclusive_range, year_of
from staffing.models import PlanNote, Position, PositionLocation, PositionPeriod, Reallocation, ReallocationLeg
from tests.helpers import said, sql

NEW_YEAR = date(2024, 1, 1)


def published(amount="58000"):
    """A Fördersatz for 2024."""
    old = Rate.objects.get(function__slug="case-management", validity__contains=date(2023, 3, 1), programme__slug="kim")
    return Rate.objects.create(
        programme=old.programme, function=old.function, amount=D(amount), validity=year_of(2024), source="RdErl. 2024"
    )


def test_twelve_posts_and_no_amount(region):
    (one,) = carried(region, 2024)
    assert (one.title, one.slug, one.fte(), one.amount()) == ("Zuwendungsbescheid KIM 2024", "kim-2024", D(12), None)
    (made,) = carry_over(region, 2024, reason="Planung")
    planned = made.current
    assert planned.state == "planned" and planned.amount is None and planned.validity == year_of(2024)
    (item,) = made.items.all()
    (terms,) = planned.terms.all()
    assert (terms.item, terms.fte, list(terms.rates.all())) == (item, D(12), [])
    assert Funding.objects.filter(item=item).count() == 14
    rows = list(PositionPeriod.objects.filter(body=region).as_of(NEW_YEAR).select_related("position"))
    assert sum(r.fte for r in rows) == D(12)
    for name in ("position.annual_amount", "position.unspent"):
        found = column(name, rows, NEW_YEAR)
        assert {v.value for v in found.values()} == {None}
        words = "Fördersatz noch nicht bekannt" if name.endswith("amount") else "keine bewilligte Zuwendung zugeordnet"
        assert {v.source for v in found.values()} == {words}


def test_a_hint_says_that_the_rate_is_missing(region):
    assert list(rates_known(region, NEW_YEAR)) == []
    carry_over(region, 2024, reason="Planung")
    (hint,) = rates_known(region, NEW_YEAR)
    assert (
        hint.sentence.startswith("Zu 12,0 VZÄ ist der Fördersatz noch nicht bekannt")
        and hint.severity.label == "Hinweis"
    )
    assert list(rates_known(region, date(2023, 3, 1))) == []


def test_the_rate_comes_from_the_table_when_it_is_published(region):
    published()
    carry_over(region, 2024, reason="Planung")
    assert entitled("kim-2024") == D("696000.00")
    rows = list(PositionPeriod.objects.filter(body=region).as_of(NEW_YEAR))
    assert sum(v for v in column("position.annual_amount", rows, NEW_YEAR, derived=False).values()) == D(696000)


def test_what_is_there_stays_and_nothing_comes_twice(region):
    carry_over(region, 2024, reason="Planung")
    assert carried(region, 2024)[0].there.slug == "kim-2024"
    with pytest.raises(ValidationError, match="nichts zu übernehmen"):
        carry_over(region, 2024, reason="noch einmal")
    with pytest.raises(ValidationError):
        carry_over(region, 2025, reason=" ")
    assert carry_over(region, 2025, reason="weiter")[0].slug == "kim-2025"


def test_facts_that_end_with_the_year_get_new_ones(region):
    PositionPeriod.objects.filter(position__number="CM-16").update(validity=half_open_range(date(2023, 3, 1), NEW_YEAR))
    places = PositionLocation.objects.filter(period__position__number="CM-16").count()
    carry_over(region, 2024, reason="Planung")
    old, new = PositionPeriod.objects.filter(position__number="CM-16").order_by("validity")
    assert (new.validity, new.fte, new.stage, new.carrier) == (year_of(2024), old.fte, "planned", old.carrier)
    assert new.locations.count() == places == 2 and new.municipality_names() == ["Alsdorf"]
    assert "Aus dem Jahr 2023 übernommen" in new.assumption and new.basis is None


def test_a_granted_notice_needs_its_rates(region):
    carry_over(region, 2024, reason="Planung")
    notice = FundingNotice.objects.get(slug="kim-2024")
    version = notice.current
    version.state, version.amount = "granted", D(1)
    version.save()
    with pytest.raises(IntegrityError, match="no rate"):
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_money_of_the_old_year_does_not_move(region):
    before = [(n.number, f.gap.plain()) for n, f, _ in of_year(region, date(2023, 3, 1))]
    carry_over(region, 2024, reason="Planung")
    assert [(n.number, f.gap.plain()) for n, f, _ in of_year(region, date(2023, 3, 1))] == before
    assert of_year(region, NEW_YEAR) == [], "nothing is granted in 2024"


def test_two_screens_and_one_entry(login, bodies):
    browser = login()
    page = browser.get("/zuwendungen/jahr-uebernehmen/").content.decode().replace("\u00a0", " ")
    assert "Jahr 2023 nach 2024 übernehmen" in page and "12,0" in page and "Satz noch nicht bekannt" in page
    assert "684.000,00 €" in page and not FundingNotice.objects.filter(slug="kim-2024").exists()
    assert browser.post("/zuwendungen/jahr-uebernehmen/", {"reason": ""}).status_code == 422
    done = browser.post("/zuwendungen/jahr-uebernehmen/", {"reason": "Planung 2024"}, follow=True)
    words = done.content.decode().replace("\u00a0", " ")
    assert "2024: 12,0 VZÄ geplant in 1 Zuwendung." in words and done.redirect_chain[-1][0].endswith("jahr=2024")
    with acting(None, [bodies["staedteregion-aachen"].pk]):
        notice = FundingNotice.objects.get(slug="kim-2024")
        acts = {event.pgh_context_id for event in notice.events.all()}
        assert len(acts) == 1
    page = browser.get(notice.get_absolute_url() + "?jahr=2024").content.decode().replace("\u00a0", " ")
    assert "Satz noch nicht bekannt" in page and "0,00 €" not in page
    posts = browser.get("/stellen/CM-01/?jahr=2024").content.decode().replace("\u00a0", " ")
    assert "Fördersatz noch nicht bekannt" in posts
    again = said(browser.get("/zuwendungen/jahr-uebernehmen/"))
    assert "gibt es schon (geplant)" in again and "Als geplant übernehmen" not in again


def test_undo_takes_all_of_it_back(login, bodies):
    browser = login()
    browser.post("/zuwendungen/jahr-uebernehmen/", {"reason": "Planung 2024"})
    body = bodies["staedteregion-aachen"]
    with acting(None, [body.pk]):
        key = FundingNotice.objects.get(slug="kim-2024").events.first().pgh_context_id
    with acting(None, [body.pk]):
        take_back(key)
        assert not FundingNotice.objects.filter(slug="kim-2024").exists()


def entitled(slug):
    """EUR that the positions of a notice grant in 2024."""
    books = {one.notice.slug: one for one in load(FundingNotice.objects.get(slug=slug).body, year_of(2024), plans=True)}
    return sum(entry.by_year()[2024] for entry in books[slug].entries)


def planned_lines(year=2024):
    rows = BudgetLine.objects.filter(year=year)
    return {line.purpose: (line.account and line.account.number, line.amount) for line in rows}


URL = "/haushalt/bearbeiten/?jahr=2024&vorjahr=1"


def proposed(browser):
    """What the table of the Kämmerei shows, as a browser would send it."""
    words = browser.get(URL).content.decode()
    data = {"reason": "Haushalt 2024", "form_key": ""}
    for tag in re.findall(r"<input[^>]*>", words):
        name, value = re.search(r'name="(line-[^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            data[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select name="(line-[^"]*)"[^>]*>(.*?)</select>', words, re.DOTALL):
        data[name] = (re.findall(r'value="([^"]*)" selected', options) or [""])[0]
    return data


def test_ansaetze_are_proposed_to_the_kaemmerei_and_written_by_nobody_else(login, region):
    clerk, treasurer = login(), login("kaemmerei")
    page = said(clerk.get("/zuwendungen/jahr-uebernehmen/"))
    assert "der Kämmerei vorgeschlagen" in page and "Sachkonto 414100: 2023 684.000,00 €" in page
    carry_over(region, 2024, reason="Planung")
    assert planned_lines() == {}
    assert treasurer.post(URL, proposed(treasurer)).status_code == 302
    before = planned_lines(2023)
    assert {p: a for p, (a, _) in planned_lines().items()} == {p: a for p, (a, _) in before.items()}
    assert {amount for _, amount in planned_lines().values()} == {None}, "no rate is published"
    assert all(
        line.basis is None and line.assumption == "Haushalt 2024" for line in BudgetLine.objects.filter(year=2024)
    )
    assert {f.sentence.partition(":")[0] for f in open_lines(region, NEW_YEAR)} == {"Der Ansatz ist noch offen"}
    words = clerk.get("/haushalt/?jahr=2024").content.decode()
    assert words.count("(Betrag noch offen)") == 3 and "0,00\u00a0€" not in words.partition("<tbody")[2].partition("</tbody")[0]  # fmt: skip
    product = BudgetLine.objects.filter(year=2024).first().sub_product
    with pytest.raises(ValidationError, match="Im Haushalt 2024 ist der Ansatz"):
        budget_amount(region, 2024, product, "own")
    published()
    clerk.post("/zuwendungen/bescheid/kim-2024/saetze/?jahr=2024")
    assert {amount for _, amount in planned_lines().values()} == {None}, "the rate alone writes no Ansatz"
    assert treasurer.post(URL, proposed(treasurer)).status_code == 302
    assert {p: a for p, (_, a) in planned_lines().items()} == {"income": D(696000), "own": D(348000), "onward": D(348000)}  # fmt: skip
    assert list(open_lines(region, NEW_YEAR)) == []


def test_amounts_are_proposed_only_where_one_line_stands_for_a_purpose(login, region):
    published()
    line = BudgetLine.objects.get(purpose="own")
    BudgetLine.objects.create(body=region, year=2023, sub_product=line.sub_product, purpose="own", label="zweite Zeile", amount=D(1), assumption="x")  # fmt: skip
    carry_over(region, 2024, reason="Planung")
    treasurer = login("kaemmerei")
    assert treasurer.post(URL, proposed(treasurer)).status_code == 302
    found = BudgetLine.objects.filter(year=2024)
    assert sorted((one.purpose, one.amount) for one in found if one.amount is not None) == [("income", D(696000)), ("onward", D(348000))]  # fmt: skip
    assert found.count() == 4 and planned_amounts(region, 2025, line.sub_product) == {}


def test_a_year_that_has_ansaetze_keeps_them(login, region):
    line = BudgetLine.objects.get(purpose="own")
    BudgetLine.objects.create(body=region, year=2024, sub_product=line.sub_product, purpose="own", label="eigene", amount=D(5), assumption="x")  # fmt: skip
    carry_over(region, 2024, reason="Planung")
    assert planned_lines() == {"own": (None, D(5))}
    treasurer = login("kaemmerei")
    data = proposed(treasurer)
    assert [value for name, value in data.items() if name.endswith("-amount") and value] == ["5,00"]


def test_a_closed_year_is_not_planned(region):
    ClosedYear.objects.create(body=region, year=2024)
    with pytest.raises(ValidationError, match="abgeschlossen"):
        carry_over(region, 2024, reason="zu spät")


def test_posts_that_are_gone_are_not_carried(region):
    PositionPeriod.objects.filter(position__number="CM-15").update(
        validity=inclusive_range(date(2023, 3, 1), date(2023, 6, 30))
    )
    assert carried(region, 2024)[0].fte() == D("11.5")


def test_what_an_umverteilung_of_new_year_ended_does_not_come_back_and_what_it_made_goes_on(region):
    post = Position.objects.get(number="CM-15")
    row = Reallocation(body=region, effective=NEW_YEAR, reason="Bedarf")
    row.put(
        [
            (ReallocationLeg(fte=D("-0.5"), position=post), []),
            (ReallocationLeg(fte=D("0.5"), establishes=True), []),
        ]
    )
    row.adopt()
    (one,) = carried(region, 2024)
    numbers = {str(p) for line in one.lines for p in line.posts}
    assert "CM-15" not in numbers and "CM-18" in numbers and one.fte() == D(12)
    carry_over(region, 2024, reason="Planung")
    on_new_year = PositionPeriod.objects.as_of(NEW_YEAR)
    assert not on_new_year.filter(position=post).exists()
    assert sum(r.fte for r in on_new_year) == D(12)


def test_a_post_with_kw_is_not_carried(region):
    post = Position.objects.get(number="CM-15")
    PlanNote.objects.create(
        body=region, position=post, kind="abolish", validity=half_open_range(NEW_YEAR), assumption="x"
    )
    assert carried(region, 2024)[0].fte() == D("11.5")


def test_a_notice_by_hand_for_the_same_posts_is_respected(region):
    template = FundingNotice.objects.get(slug="kim-2023")
    carry_over(region, 2024, reason="Planung")
    FundingNotice.objects.filter(slug="kim-2024").update(slug="von-hand")
    assert carried(region, 2024)[0].lines == () and template.current.validity == year_of(2023)


def test_a_rate_that_is_published_later_is_taken_by_a_button(login, region):
    browser = login()
    carry_over(region, 2024, reason="Planung")
    notice = FundingNotice.objects.get(slug="kim-2024")
    url = notice.get_absolute_url() + "?jahr=2024"
    assert "Sätze übernehmen" not in browser.get(url).content.decode()
    none = browser.post(notice.get_absolute_url() + "saetze/", follow=True).content.decode()
    assert "kein Fördersatz veröffentlicht" in none
    published()
    assert "Sätze übernehmen" in browser.get(url).content.decode()
    assert "Sätze übernehmen" not in login("pruefung").get(url).content.decode()
    done = browser.post(notice.get_absolute_url() + "saetze/?jahr=2024", follow=True).content.decode()
    assert "Übernommen: Case Management: 58.000,00" in done.replace("\u00a0", " ")
    assert entitled("kim-2024") == D("696000.00")
    assert login("pruefung").post(notice.get_absolute_url() + "saetze/").status_code == 403


def test_open_ansaetze_are_called_open_not_missing(login, region):
    """Bewilligt before the Ansätze are known: neither 0 nor "nicht erfasst"."""
    (line, *_) = BudgetLine.objects.filter(year=2023)
    BudgetLine.objects.filter(pk=line.pk).update(amount=None)
    found = neutrality.nominal(region, 2023, line.sub_product)
    assert found.budget is None and found.budget_open and found.differences == ()
    words = neutrality.sentence(region, 2023, line.sub_product).value
    assert words.endswith("Ansätze sind noch offen")
    page = login().get("/haushalt/kostenneutralitaet/").content.decode()
    assert "Ansätze sind für 2023 noch offen." in page and "nicht erfasst" not in page
    BudgetLine.objects.filter(year=2023).delete()
    assert not neutrality.nominal(region, 2023, line.sub_product).budget_open
