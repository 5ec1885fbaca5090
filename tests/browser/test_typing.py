"""A Bescheid beside the fields into which it is typed, and a Fundstelle in its file."""

import pytest

from tests.browser.test_looks import findings
from tests.kim.drawn import pdf, picture

NEW = "/zuwendungen/neu/"
FRAME = ".typing-file iframe"


def chosen(page, served, name="bescheid.pdf", media_type="application/pdf", content=None):
    """The page of a new Zuwendung with a file chosen in it."""
    page.problems.clear()
    page.goto(served.url + NEW)
    page.get_by_label("Bescheid als Datei").set_input_files(
        {"name": name, "mimeType": media_type, "buffer": pdf() if content is None else content}
    )


@pytest.fixture(scope="module")
def page(served, browser):
    return served.open(browser)


def test_the_chosen_pdf_stands_beside_the_form(page, served):
    chosen(page, served)
    frame = page.locator(FRAME)
    frame.wait_for()
    assert frame.get_attribute("src").startswith("blob:") and frame.get_attribute("title") == "Datei: bescheid.pdf"
    box, field = frame.bounding_box(), page.get_by_label("Betrag", exact=False).first.bounding_box()
    assert box["x"] >= field["x"] + field["width"] and box["height"] > 400 and box["width"] > 400
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    assert page.problems == [] and findings(page) == []


def test_the_browser_loads_what_is_in_the_frame(page, served):
    chosen(page, served)
    page.locator(FRAME).wait_for()
    page.wait_for_function("document.querySelector('.typing-file iframe').contentDocument?.readyState !== 'loading'")
    assert [one.url for one in page.frames if one.url.startswith("blob:")]
    assert page.problems == []


def test_another_file_takes_its_place_and_none_takes_it_away(page, served):
    chosen(page, served)
    field = page.get_by_label("Bescheid als Datei")
    page.locator(FRAME).wait_for()
    field.set_input_files({"name": "foto.png", "mimeType": "image/png", "buffer": picture(size=(600, 800))})
    page.locator(".typing-file img[src^='data:image/png']").wait_for()
    assert page.locator(FRAME).count() == 0
    field.set_input_files([])
    page.locator(".typing-file").wait_for(state="hidden")
    assert page.problems == []


@pytest.mark.parametrize(
    ("name", "media_type"), [("seite.html", "text/html"), ("bild.svg", "image/svg+xml"), ("a.txt", "text/plain")]
)
def test_what_could_run_is_not_shown(page, served, name, media_type):
    chosen(page, served, name, media_type, b"<script>document.title = 'gelaufen'</script>")
    assert page.locator(".typing-file").is_hidden() and page.locator(FRAME).count() == 0


def test_on_a_narrow_screen_it_stands_below_the_field(served, browser):
    page = served.open(browser, width=390)
    chosen(page, served)
    page.locator(FRAME).wait_for()
    field, frame = page.get_by_label("Bescheid als Datei").bounding_box(), page.locator(FRAME).bounding_box()
    table = page.get_by_role("heading", name="Was gefördert wird").bounding_box()
    assert field["y"] + field["height"] <= frame["y"] and frame["y"] + frame["height"] <= table["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    assert findings(page) == []


def test_without_script_nothing_changes(served, browser):
    page = served.open(browser, script=False)
    page.goto(served.url + NEW)
    assert page.locator(".typing-file").is_hidden() and page.get_by_label("Bescheid als Datei").is_visible()


def test_only_this_page_lets_a_frame_in_and_only_from_the_browser(page, served):
    said = {
        url: page.request.get(served.url + url).headers["content-security-policy"]
        for url in (NEW, "/zuwendungen/bescheid/kim-2023/fassung/1/", "/zuwendungen/", "/belege/")
    }
    found = [[part for part in one.split("; ") if "blob:" in part] for one in said.values()]
    assert found == [["frame-src blob:"], ["frame-src blob:"], [], []]


def test_a_version_that_is_corrected_shows_its_file(page, served):
    version = "/zuwendungen/bescheid/kim-2023/fassung/1/"
    page.goto(served.url + version)
    assert page.locator(".typing-file").is_hidden()
    page.goto(served.url + "/zuwendungen/bescheid/kim-2023/")
    beleg = page.locator("a[href^='/belege/']").first.get_attribute("href").partition("?")[0].strip("/").split("/")[1]
    page.goto(f"{served.url}/dateien/neu/beleg/{beleg}/")
    page.get_by_label("Datei").set_input_files({"name": "bescheid.pdf", "mimeType": "application/pdf", "buffer": pdf()})
    page.get_by_role("button", name="Datei hochladen").click()
    page.problems.clear()
    page.goto(served.url + version)
    page.locator(FRAME).wait_for()
    assert page.locator(FRAME).get_attribute("title") == "Datei: bescheid.pdf" and page.problems == []
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert findings(page) == []
    page.goto(f"{served.url}/belege/{beleg}/stelle/?seite=1&worte=drei+Vollzeitstellen")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    assert page.locator("mark").inner_text() == "drei Vollzeitstellen"
    page.get_by_role("link", name="Nächste Seite").click()
    page.get_by_text("Seite 3 von 3").first.wait_for()
    assert page.get_by_text("Auf dieser Seite stehen die Worte nicht.").is_visible() and page.problems == []
