"""Posts from a Zuwendung: several new ones in one act, and those that are there ticked in a list."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError

from grants.models import Funding, FundingNotice, assign_posts
from grants.models.establishing import numbers
from grants.views.entering import tally
from kim.models import Source
from staffing.models import Position, PositionPeriod
from tests.helpers import new_notice, new_position, said

NEW = "/stellen/neu/"
WHERE = "/zuwendungen/bescheid/kim-2023/stellen/"


@pytest.mark.parametrize(
    ("first", "count", "found"),
    [
        ("CM-09", 3, ["CM-09", "CM-10", "CM-11"]),
        ("CM-9", 2, ["CM-9", "CM-10"]),
        ("KI2-099", 2, ["KI2-099", "KI2-100"]),
        ("A", 1, ["A"]),
        ("7", 2, ["7", "8"]),
    ],
)
def test_numbers_are_counted_on(first, count, found):
    assert numbers(first, count) == found


def test_what_cannot_be_counted_on_is_said():
    with pytest.raises(ValidationError, match="endet nicht auf eine Ziffer"):
        numbers("CM-A", 2)


def post(browser, **facts):
    from grants.models import NoticeItem
    from staffing.models import Function

    item = NoticeItem.objects.filter(notice__slug="bescheid-2").first()
    given = {"number": "ST-09", "count": "3", "kind": "own", "fte": "0,43", "stage": "not_stated", "start": "01.02.2023", "reason": "Liste", "item": item.pk if item else "", "function": Function.objects.get(slug="case-management").pk}  # fmt: skip
    return browser.post(NEW, given | facts)


def test_several_posts_in_one_act(login, region):
    new_notice(region, "bescheid-2", ("1.29", "57123.45"))
    document = Source.objects.filter(kind="paper").first()
    response = post(login(), end="30.11.2023", basis=document.pk, basis_place="Abs. 4")
    assert response.status_code == 302, said(response)
    rows = PositionPeriod.objects.filter(position__number__startswith="ST-").order_by("position__number")
    assert [row.position.number for row in rows] == ["ST-09", "ST-10", "ST-11"]
    for row in rows:
        assert (row.fte, row.validity.lower, row.validity.upper) == (D("0.43"), date(2023, 2, 1), date(2023, 12, 1))
        assert (row.basis, row.basis_place, row.assumption) == (document, "Abs. 4", "")
        assert row.carrier.kind == "own" and row.position.funding.count() == 1
    acts = {row.events.get().pgh_context_id for row in rows}
    assert len(acts) == 1, "one act, taken back as one"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"count": "0"}, "Mindestens eine Stelle."),
        ({"count": "51"}, "Höchstens 50 Stellen in einem Zug."),
        ({"count": "drei"}, "Bitte eine ganze Zahl eingeben"),
        ({"end": "31.01.2023"}, "Das Ende liegt vor dem Beginn."),
        ({"number": "CM-01"}, "CM-01"),
    ],
)
def test_all_or_none(facts, words, login, region):
    before = Position.objects.count()
    response = post(login(), **facts)
    assert response.status_code == 422 and words in said(response), said(response)
    assert Position.objects.count() == before


def test_a_number_that_is_taken_further_on_makes_none(login, region):
    before = Position.objects.count()
    assert post(login(), number="CM-00", count="2").status_code == 422
    assert Position.objects.count() == before


def ticked(browser, changes):
    """What the page would send, with changes: {number: (paid, part)}."""
    import re

    words = browser.get(WHERE).content.decode()
    count = int(re.search(r'name="post-TOTAL_FORMS" value="(\d+)"', words)[1])
    data = {"post-TOTAL_FORMS": str(count), "post-INITIAL_FORMS": str(count), "reason": "Liste"}
    data["item"] = re.search(r'<option value="(\d+)" selected', words)[1]
    for n in range(count):
        number = re.search(rf'name="post-{n}-number" value="([^"]+)"', words)[1]
        tag = re.search(rf'<input[^>]*name="post-{n}-paid"[^>]*>', words)[0]
        part = re.search(rf'name="post-{n}-part"(?: value="([^"]*)")?', words)[1] or ""
        paid, part = changes.get(number, (" checked" in tag, part))
        data |= {f"post-{n}-number": number, f"post-{n}-part": part} | ({f"post-{n}-paid": "on"} if paid else {})
    return data


def test_ticking_and_unticking(login, region):
    browser, notice = login(), FundingNotice.find(region, "kim-2023")
    new_position(region, "ZZ-1", "1.0", first=date(2023, 1, 1))
    assert notice.items.get().funding.count() == 17
    response = browser.post(WHERE, ticked(browser, {"CM-01": (False, ""), "ZZ-1": (True, "0,43")}))
    assert response.status_code == 302, said(response)
    assert not Funding.objects.filter(position__number="CM-01").exists()
    assert Funding.objects.get(position__number="ZZ-1").fte == D("0.43")
    assert notice.items.get().funding.count() == 17
    again = browser.post(WHERE, ticked(browser, {}), follow=True)
    assert "Es hat sich nichts geändert." in said(again)


def test_from_a_day_on_what_was_before_stays(login, region):
    browser = login()
    data = ticked(browser, {"CM-01": (False, ""), "CM-02": (True, "0,5")}) | {"since": "01.07.2023"}
    assert browser.post(WHERE, data).status_code == 302
    gone = Funding.objects.get(position__number="CM-01")
    assert gone.validity.upper == date(2023, 7, 1)
    first, second = Funding.objects.filter(position__number="CM-02").order_by("validity")
    assert (first.fte, first.validity.upper) == (None, date(2023, 7, 1))
    assert (second.fte, second.validity.lower) == (D("0.5"), date(2023, 7, 1))


def test_consequences_are_seen_before(login, region):
    browser = login()
    before = Funding.objects.count()
    seen = browser.post(WHERE, ticked(browser, {"CM-01": (False, "")}) | {"preview": "1"})
    assert seen.status_code == 200 and "57.000,00" in said(seen) and Funding.objects.count() == before


def test_more_than_the_post_is_refused(login, region):
    browser = login()
    other = new_notice(region, "zweite", ("1.0", "57000"))
    other.versions.update(state="granted", amount=D(57000))
    response = browser.post(WHERE, ticked(browser, {"CM-07": (True, "0,6")}))
    assert response.status_code == 422 and "größer als die Stelle" in said(response)
    response = browser.post(WHERE, ticked(browser, {"CM-01": (False, "0,5")}))
    assert response.status_code == 422 and "nicht angekreuzt" in said(response)


def test_the_verb_by_itself(region):
    item = FundingNotice.find(region, "kim-2023").items.get()
    one = Position.objects.get(number="CM-01")
    assert assign_posts(item, {one: None}, since=None, reason="x") == 16, "the others are paid no longer"
    assert [f.position for f in item.funding.all()] == [one]


def test_the_vzae_that_are_left_are_shown(login, region):
    """By hand: KIM 2023 has 12,0 VZÄ; of its Case Management every post is ticked that it pays."""
    page = said(login().get(WHERE))
    assert "Angekreuzt:" in page and "VZÄ dieser Position" in page


@pytest.mark.parametrize(
    ("ticked", "granted", "words"),
    [
        ("11.5", "12", "Angekreuzt: 11,5 von 12,0 VZÄ dieser Position; 0,5 VZÄ sind noch frei."),
        ("12", "12", "Angekreuzt: 12,0 von 12,0 VZÄ dieser Position."),
        ("1.291", "1.29", "Angekreuzt: 1,291 von 1,29 VZÄ dieser Position; 0,001 VZÄ mehr, als sie fördert."),
    ],
)
def test_what_is_ticked_and_what_is_left_in_words(ticked, granted, words):
    assert tally(D(ticked), D(granted)) == words
