"""What a select does not offer yet is recorded beside the form, which loses nothing and then has it chosen."""

import re

import pytest


@pytest.fixture
def form(served, browser):
    page = served.open(browser)
    page.goto(f"{served.url}/stellen/neu/")
    page.locator("[name=number]").fill("NEU-7")
    page.locator("[name=reason]").fill("Interessenbekundung")
    return page


def recorded_beside(page, link, **fields):
    """Another tab in which a row is recorded; closed again."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name=link).click()
    tab = opened.value
    for field, words in fields.items():
        box = tab.locator(f"[name={field}]")
        box.select_option(words) if field == "kind" else box.fill(words)
    tab.get_by_role("button", name="Anlegen", exact=True).click()
    tab.get_by_role("status").filter(has_text="ist angelegt").wait_for()
    tab.close()
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")  # a window manager does it, a headless browser not always


def test_a_carrier_is_recorded_beside_the_form(form):
    link = re.compile("neu anlegen.*Anstellungsträger")
    recorded_beside(form, link, name="Diakonie Eifel e. V.", short_name="Diakonie", kind="welfare")
    form.get_by_text("„Diakonie Eifel e. V.“ ist hier jetzt gewählt.").wait_for()
    assert form.locator("[name=carrier] option:checked").inner_text() == "Diakonie Eifel e. V."
    assert form.locator("[name=number]").input_value() == "NEU-7"
    assert form.locator("[name=reason]").input_value() == "Interessenbekundung"
    assert form.problems == []


def test_coming_back_without_a_new_row_changes_nothing(form):
    with form.expect_popup() as opened:
        form.get_by_role("link", name=re.compile("neu anlegen.*Anstellungsträger")).click()
    opened.value.close()
    with form.expect_response(lambda answer: answer.url.endswith("/stellen/neu/")):
        form.evaluate("dispatchEvent(new Event('focus'))")
    assert form.locator("[name=carrier]").input_value() == ""
    assert form.locator("[name=number]").input_value() == "NEU-7"


def test_one_link_serves_all_lines_of_a_table(served, browser):
    page = served.open(browser, "kaemmerei")
    page.goto(f"{served.url}/haushalt/bearbeiten/")
    page.get_by_role("button", name="Weitere Zeile").click()
    assert page.get_by_role("link", name=re.compile("neu anlegen.*Grundlage")).count() == 0, (
        "a Beleg is the Sachbearbeitung's"
    )
    before = page.locator("[name$=-account]").evaluate_all("all => all.map(one => one.value)")
    recorded_beside(page, "Sachkonto anlegen", number="544000", name="Steuern")
    page.get_by_text("steht jetzt zur Auswahl").wait_for()
    offered = page.locator("[name$=-account]").evaluate_all("all => all.map(one => one.innerText.includes('544000'))")
    assert len(offered) > 4 and all(offered)
    assert page.locator("[name$=-account]").evaluate_all("all => all.map(one => one.value)") == before
    assert page.problems == []
