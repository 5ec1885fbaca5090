"""Journeys about time, with and without script: what was the plan, what is empty, what differs, who said so."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_lists import Budget


@pytest.fixture(scope="module", params=[True, False], ids=["script", "no-script"])
def clerk(request, served, browser):
    return served.open(browser, script=request.param)


def test_j8_who_said_so(served, clerk):
    """2 screens, 2 clicks: SPRUNGBrett's 1,5 VZÄ, where they come from, and who entered them."""
    clerk.goto(f"{served.url}/stellen/")
    budget = Budget(clerk)
    budget.click(clerk.get_by_role("link", name="CM-10"))
    words = clerk.locator("main").inner_text()
    assert "SPRUNGBrett" in words and "Sach- und Rechtslage, Abs. 4" in words and "Bestandsübernahme" in words
    assert budget.clicks <= 2 and budget.screens <= 2


def test_j10_what_is_empty_since_when_and_what_it_leaves(served, clerk):
    """1 click from the list: the view "Unbesetzt"."""
    clerk.goto(f"{served.url}/stellen/?stand=28.02.2023")
    budget = Budget(clerk)
    budget.click(clerk.get_by_role("link", name="Unbesetzt", exact=True))
    expect(clerk.locator(".rows tbody tr")).to_have_count(4)  # CM-11 in Ausschreibung too
    rows = [row.inner_text() for row in clerk.locator(".rows tbody tr").all()]
    found = next(row for row in rows if "CM-13" in row).replace("\u00a0", " ")
    assert "01.01.2022" in found and "9.500,00 €" in found
    assert budget.clicks == 1


def test_j13_two_days_side_by_side(served, clerk):
    """1 screen, 1 click, 2 fields."""
    clerk.goto(f"{served.url}/stellen/vergleich/")
    budget = Budget(clerk)
    clerk.get_by_label("Stand vorher").fill("24.03.2022")
    clerk.get_by_label("Stand nachher").fill("01.03.2023")
    budget.click(clerk.get_by_role("button", name="Vergleichen"))
    assert "Änderung +6,0" in clerk.locator(".balance").inner_text() and budget.clicks == 1


def test_j9_what_was_the_plan_on_a_day(served, clerk):
    """1 click opens the control, 1 field."""
    clerk.goto(f"{served.url}/stellen/")
    budget = Budget(clerk)
    budget.click(clerk.locator("#time > summary"))
    clerk.locator("#as-of").fill("28.02.2023")
    clerk.locator("#as-of").press("Enter")
    clerk.locator(".rows tbody", has_text="CM-12").wait_for()
    assert "CM-15" not in clerk.locator(".rows tbody").inner_text() and budget.clicks == 1
