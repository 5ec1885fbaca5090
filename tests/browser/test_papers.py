"""Papers in Chromium: written with live figures, printed (J2), released (J3), and nothing in a text that runs."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_keyboard import tab_to
from tests.helpers import pdf_text, psql
from tests.kim.test_richtext import TEXTS

TEXT = "/dokumente/2023-0120/text/"
WORD = """<html><head><style>p{color:red}</style></head><body lang=DE style='tab-interval:35.4pt'><!--StartFragment-->
<p class=MsoNormal style='margin:0' onclick="alert(1)">Der <b style='mso-bidi-font-weight:normal'>Ausschuss</b> tagt.<o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst><![if !supportLists]><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp; </span></span><![endif]>eins</p>
<p class=MsoListParagraphCxSpLast><span style='mso-list:Ignore'>·<span>&nbsp; </span></span>zwei <a href="javascript:x()">Link</a></p>
<img src="http://127.0.0.1:9/y.png" onerror="alert(1)"><script>alert(1)</script><!--EndFragment--></body></html>"""


@pytest.fixture
def clerk(served, browser):
    page = served.open(browser)
    page.dialogs = []
    page.on("dialog", lambda d: (page.dialogs.append(d.message), d.dismiss()))
    yield page
    assert page.problems == [] and page.dialogs == []
    page.context.close()


def field(page, key="soziales"):
    return page.locator(f"#id_{key}")


def box(page, name="Soziale Auswirkungen"):
    return page.get_by_role("textbox", name=name, exact=True)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(40)  # as a fast hand: the browser tells of a moved cursor only afterwards


def at_end(page):
    box(page).focus()
    page.wait_for_timeout(80)
    press(page, "Control+End")


def saved(page):
    expect(page.locator("[data-state]")).to_contain_text("Gespeichert um", timeout=8000)


def test_the_stored_text_passes_the_editor_unchanged(served, clerk):
    clerk.goto(served.url + TEXT)
    for key in ("sachlage", "finanzen", "soziales"):
        before = field(clerk, key).input_value()
        name = clerk.locator(f"#label_{key}").inner_text()
        box(clerk, name).focus()
        clerk.wait_for_timeout(80)
        press(clerk, "Control+End", "x", "Backspace")
        assert field(clerk, key).input_value() == before.strip()


def test_every_mark_passes_the_editor_unchanged(served, browser, clerk):
    plain = served.open(browser, script=False)
    plain.goto(served.url + TEXT)
    words = "\n\n".join(TEXTS)
    field(plain).fill(words)
    plain.get_by_role("button", name="Speichern").click()
    expect(plain.locator("body")).to_contain_text("Der Text ist gespeichert")
    clerk.goto(served.url + TEXT)
    assert field(clerk).input_value() == words
    at_end(clerk)
    press(clerk, "x", "Backspace")
    assert field(clerk).input_value() == words


def test_writing_by_keyboard_is_saved_by_itself_and_kept_in_versions(served, clerk):
    clerk.goto(served.url + TEXT)
    at_end(clerk)
    press(clerk, "Enter")
    clerk.keyboard.type("Es bleibt ")
    press(clerk, "Control+b")
    clerk.keyboard.type("dabei")
    press(clerk, "Control+b")
    clerk.keyboard.type(": ")
    press(clerk, "Control+.")
    expect(clerk.get_by_role("dialog")).to_be_visible()
    clerk.keyboard.type("Betrag der Zuwendung")
    expect(clerk.locator("#picker output")).to_contain_text("Treffer")
    expect(clerk.locator("#picker option").first).to_contain_text("684.000")
    press(clerk, "Enter")
    expect(field(clerk)).to_have_value(re.compile(r"Es bleibt \*\*dabei\*\*: \{\{notice\.amount\}\}$"))
    expect(clerk.locator("[data-live]")).to_contain_text("Es bleibt dabei: 684.000", timeout=8000)
    saved(clerk)
    clerk.reload()
    assert field(clerk).input_value().endswith("Es bleibt **dabei**: {{notice.amount}}")
    clerk.goto(served.url + "/dokumente/2023-0120/versionen/")
    assert clerk.locator("ins").first.inner_text().endswith("{{notice.amount}}")


def test_word_is_cleaned(served, clerk):
    clerk.goto(served.url + TEXT)
    at_end(clerk)
    press(clerk, "Control+a", "Delete")
    clerk.evaluate(
        """html => { const d = new DataTransfer(); d.setData('text/html', html); d.setData('text/plain', 'x');
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true})) }""",
        WORD,
    )
    expect(field(clerk)).to_have_value("Der **Ausschuss** tagt.\n\n- eins\n- zwei Link")


def test_two_who_write_lose_nothing(served, browser, clerk):
    other = served.open(browser, script=False)
    other.goto(served.url + TEXT)
    clerk.goto(served.url + TEXT)
    at_end(clerk)
    clerk.keyboard.type(" Zuerst.")
    saved(clerk)
    field(other).fill("Danach.")
    other.get_by_role("button", name="Speichern").click()
    expect(other.locator("body")).to_contain_text("Jemand war schneller")
    expect(other.locator("blockquote.stored")).to_contain_text("Zuerst.")
    assert field(other).input_value() == "Danach."
    other.get_by_role("button", name="Speichern").click()
    expect(other.locator("body")).to_contain_text("Der Text ist gespeichert")


# J2 and J3


def effective(page, url):
    """Setup: an Umverteilung that is in effect."""
    page.goto(f"{url}/umverteilungen/1/")
    page.get_by_role("button", name="Wirksam setzen").click()


@pytest.mark.parametrize("script", [True, False])
def test_j2_a_paper_from_an_umverteilung(script, served, browser):
    page = served.open(browser, "sachbearbeitung-kreis", script=script)
    if script:
        effective(page, served.url)
    page.goto(f"{served.url}/umverteilungen/1/")
    keys = 0
    for wanted in ("Vorlage erstellen", "", "PDF ansehen"):
        if not wanted:
            tab_to(page, "Betreff")
            page.keyboard.type(f"Bericht über die Umverteilung {script}")
            wanted = "Entwurf anlegen"
        tab_to(page, wanted)
        keys += 1
        if wanted == "PDF ansehen":
            url = page.evaluate("document.activeElement.href")
            break
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert keys == 3 and "Mitteilungsvorlage" in page.content() and "Entwurf" in page.content()
    words = pdf_text(page.request.get(url).body())
    assert "Bericht über die Umverteilung" in words and "Zahlenstand: 01.07.2023" in words and "Nr. folgt" in words
    assert page.problems == []
    page.context.close()


def copied(served, browser, name):
    """Setup: a draft with the text of the Mitteilungsvorlage, ready to be released; its address."""
    page = served.open(browser, script=False)
    page.goto(f"{served.url}/dokumente/neu/")
    page.get_by_label("Betreff").fill(name)
    page.get_by_role("button", name="Entwurf anlegen").click()
    reference = page.url.rstrip("/").split("/")[-1]
    page.get_by_role("link", name="Gremium aufnehmen").click()
    page.get_by_label("Gremium").select_option(index=1)
    page.get_by_label("Sitzungstag").fill("22.03.2023")
    page.get_by_role("button", name="Aufnehmen").click()
    page.context.close()
    return reference


@pytest.mark.parametrize("script", [True, False])
def test_j3_release_in_two_keys(script, served, browser):
    psql(RESTORED, database=served.database)
    reference = copied(served, browser, f"Bericht {script}")
    page = served.open(browser, "leitung", script=script)
    page.goto(f"{served.url}/dokumente/{reference}/")
    tab_to(page, "Freigeben")
    page.keyboard.press("Enter")
    tab_to(page, "Endgültig freigeben")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Prüfwert" in page.content() and "Das ging nicht" not in page.content(), page.locator(
        "[role=alert]"
    ).all_inner_texts()
    first = page.request.get(f"{served.url}/dokumente/{reference}/pdf/").body()
    assert first == page.request.get(f"{served.url}/dokumente/{reference}/pdf/").body() and "Prüfwert" in pdf_text(
        first
    )
    assert page.problems == []
    page.context.close()


RESTORED = """
    SELECT set_config('pghistory.context_id', gen_random_uuid()::text, false),
        set_config('pghistory.context_metadata', '{"user": null}', false),
        set_config('app.nonpublic', 'on', false),
        set_config('app.body_ids', (SELECT id::text FROM kim_body WHERE slug = 'staedteregion-aachen'), false);
    UPDATE kim_textblock SET content = 'Durch die Stellen werden die Kommunen gestärkt.' WHERE key = 'soziales'
        AND body_id = current_setting('app.body_ids')::bigint
        AND NOT EXISTS (SELECT FROM kim_release r WHERE r.text_id = kim_textblock.text_id);
"""
