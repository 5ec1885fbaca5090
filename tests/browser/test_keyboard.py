"""Without a mouse: edit, conflict, note, Wiedervorlage, upload, history – each step by Tab, Enter and typing alone."""

import pytest


@pytest.fixture(scope="module")
def clerk(served, browser):
    return served.open(browser)


def name_of_focus(page):
    """What a screen reader would call the element in focus."""
    return page.evaluate(
        """(() => { const e = document.activeElement;
        const label = e.labels && e.labels[0] ? e.labels[0].textContent : '';
        return (label || e.textContent || e.getAttribute('aria-label') || e.name || '').replace(/\\s+/g, ' ').trim(); })()"""
    )


def seen(page):
    """Whether the element in focus is in the window and nothing lies over it, once scrolling has come to rest."""
    for _ in range(20):
        if page.evaluate(
            """(() => { const r = document.activeElement.getBoundingClientRect();
            const at = document.elementFromPoint(r.x + r.width / 2, r.y + Math.min(r.height / 2, 12));
            return !!at && (document.activeElement.contains(at) || at.contains(document.activeElement)); })()"""
        ):
            return True
        page.wait_for_timeout(50)
    return False


def tab_to(page, wanted, limit=120):
    """Press Tab until the element with this name has the focus; it must be seen and not be covered."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if (name_of_focus(page) + " ").startswith(wanted + " "):
            assert seen(page), f"{wanted} is covered or out of sight"
            return
    raise AssertionError(f"{wanted} cannot be reached by Tab")


def enter(page, wanted):
    tab_to(page, wanted)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fill(page, wanted, text):
    tab_to(page, wanted)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_1_edit(served, clerk):
    clerk.goto(f"{served.url}/stellen/")
    enter(clerk, "CM-02")
    enter(clerk, "Berichtigen")
    fill(clerk, "VZÄ", "0,5")
    fill(clerk, "Grund", "Teilzeit")
    enter(clerk, "Berichtigung speichern")
    assert "ist berichtigt" in clerk.content() and "0,5 VZÄ" in clerk.locator(".facts").inner_text()


def test_2_undo(served, clerk):
    enter(clerk, "Zurücknehmen")
    assert "Zurückgenommen: Berichtigung" in clerk.content()
    assert "1,0 VZÄ" in clerk.locator(".facts").inner_text()


def test_3_conflict(served, clerk, browser):
    other = served.open(browser)
    for page in (clerk, other):
        page.goto(f"{served.url}/stellen/CM-02/berichtigen/")
    for page, typed in ((other, "0,75"), (clerk, "0,25")):
        fill(page, "VZÄ", typed)
        fill(page, "Grund", f"auf {typed}")
        enter(page, "Berichtigung speichern")
    assert "Jemand war schneller" in clerk.locator("h1").inner_text()
    tab_to(clerk, "gespeicherter Wert")
    clerk.keyboard.press("ArrowLeft")
    assert name_of_focus(clerk) == "mein Wert"
    enter(clerk, "Prüfen und speichern")
    assert "0,25 VZÄ" in clerk.locator(".facts").inner_text()


def test_4_note(served, clerk):
    clerk.goto(f"{served.url}/stellen/CM-02/")
    enter(clerk, "Notiz schreiben")
    fill(clerk, "Notiz", "Mit dem Träger besprechen")
    enter(clerk, "Notiz speichern")
    assert "Mit dem Träger besprechen" in clerk.locator("#notizen + ul").inner_text()


def test_5_reminder(served, clerk):
    clerk.goto(f"{served.url}/stellen/CM-02/")
    enter(clerk, "Wiedervorlage anlegen")
    fill(clerk, "Datum", "1.4.23")
    fill(clerk, "Was ist zu tun?", "Bescheid anfordern")
    enter(clerk, "Wiedervorlage speichern")
    clerk.goto(f"{served.url}/wiedervorlagen/")
    enter(clerk, "erledigt: Bescheid anfordern")
    assert "Nichts steht an." in clerk.content()


def test_6_upload(served, clerk, tmp_path):
    path = tmp_path / "vermerk.txt"
    path.write_text("Vermerk über ein Gespräch")
    clerk.goto(f"{served.url}/stellen/CM-02/")
    enter(clerk, "Datei hochladen")
    clerk.locator("input[type=file]").wait_for()
    tab_to(clerk, "Datei")
    assert clerk.evaluate("document.activeElement.type") == "file"
    with clerk.expect_file_chooser(timeout=60000) as chooser:
        clerk.keyboard.press("Space")
    chooser.value.set_files(path)
    enter(clerk, "Datei hochladen")
    tab_to(clerk, "vermerk.txt")
    with clerk.expect_download() as download:
        clerk.keyboard.press("Enter")
    assert download.value.suggested_filename == "vermerk.txt"
    assert "Gespräch" in open(download.value.path()).read()


def test_7_history_and_sample(served, browser, clerk):
    auditor = served.open(browser, "pruefung")
    enter(auditor, "Prüfung")
    fill(auditor, "Gegenstand", "CM-02")
    enter(auditor, "Filtern")
    words = auditor.locator(".story").inner_text()
    assert "VZÄ: 0,75 → 0,25" in words and "Rücknahme" in words and "Notiz erfasst" in words
    fill(auditor, "Startwert", "42")
    enter(auditor, "Ziehen")
    assert "Startwert „42“" in auditor.locator(".count").inner_text()


def test_8_hint_and_its_note(served, clerk):
    clerk.goto(f"{served.url}/pruefung/hinweise/")
    enter(clerk, "Notiz zu Stelle CM-10, Regel S11")
    fill(clerk, "Notiz", "gilt überall")
    enter(clerk, "Notiz speichern")
    assert "gilt überall" in clerk.content() and "erläutert" in clerk.content()


def test_9_an_account(served, browser):
    technik = served.open(browser, "technik")
    enter(technik, "Technik")
    enter(technik, "Benutzerkonten")
    enter(technik, "Neu anlegen")
    fill(technik, "Anmeldename", "neu.hier")
    tab_to(technik, "Sachbearbeitung")
    technik.keyboard.press("Space")
    enter(technik, "Speichern")
    enter(technik, "Link erstellen")
    assert "/konto/passwort/" in technik.get_by_label("Link für neu.hier").input_value()


@pytest.mark.counter
def test_what_cannot_be_reached_is_seen(served, clerk):
    clerk.goto(f"{served.url}/stellen/CM-02/")
    clerk.evaluate("document.querySelector('a[href*=berichtigen]').setAttribute('tabindex', '-1')")
    with pytest.raises(AssertionError, match="cannot be reached"):
        tab_to(clerk, "Berichtigen", 60)
