"""A long list to choose from is narrowed by typing, with or without umlauts, and never sends the form."""

import pytest


@pytest.fixture
def form(served, browser):
    page = served.open(browser)
    page.goto(f"{served.url}/kommunen/neu/")
    return page


def offered(page):
    """The Kommunen that the select shows."""
    all_of_them = page.locator("[name=municipality] option:not([hidden])").all_inner_texts()
    return [words for words in all_of_them if words != "bitte wählen"]


def test_typing_narrows_and_the_last_one_left_is_chosen(form):
    everything = len(offered(form))
    assert everything > 300
    box = form.get_by_label("Kommune eingrenzen")
    box.fill("kreis duren")
    some = offered(form)
    assert 5 < len(some) < 30 and all("Kreis Düren" in words for words in some)
    assert form.get_by_text(f"{len(some)} von {everything}").is_visible()
    box.fill("entenhausen")
    assert offered(form) == [] and form.locator("[name=municipality]").input_value() == ""
    for words in ("julich", "JÜLICH", "Juelich"):
        box.fill(words)
        assert offered(form) == ["Jülich (Kreis Düren)"], words
    assert form.locator("[name=municipality] option:checked").inner_text() == "Jülich (Kreis Düren)"
    box.fill("")
    assert len(offered(form)) == everything
    assert form.problems == []


def test_enter_takes_the_first_and_stays_on_the_page(form):
    box = form.get_by_label("Kommune eingrenzen")
    box.fill("kreis duren")
    first = offered(form)[0]
    box.press("Enter")
    assert form.locator("[name=municipality] option:checked").inner_text() == first
    assert form.url.endswith("/kommunen/neu/") and box.input_value() == ""


def test_a_short_list_has_no_such_field(served, browser):
    page = served.open(browser)
    page.goto(f"{served.url}/stellen/neu/")
    assert page.locator("[name=carrier]").count() == 1
    assert page.get_by_label("Anstellungsträger eingrenzen").count() == 0


def test_boxes_to_tick_are_narrowed_too_and_what_is_ticked_stays(served, browser):
    page = served.open(browser, "technik")
    page.goto(f"{served.url}/einrichten/koerperschaft/?amtlich=andere")
    box = page.get_by_label("Kommunen, für die sie arbeitet eingrenzen")
    page.get_by_label("Alsdorf").check()
    box.fill("hurtgen")
    shown = page.locator(".choices label.choice:visible").all_inner_texts()
    assert len(shown) == 2 and any("Hürtgenwald" in words for words in shown) and any("Alsdorf" in w for w in shown)
