"""A place in a file: found, marked, not found, hyphenated, elsewhere, without text; and files that mean harm."""

import base64
import io
import time

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from kim.studio import passages
from kim.studio.passages import HEAVY, UNREADABLE, passage, spans
from kim.values.places import Place
from tests.kim.drawn import pdf, picture, scan

YELLOW = (255, 226, 92)


def looked(content, page=None, words="", media_type="application/pdf", **how):
    return passage(content, media_type, Place(page, words), **how)


def image(found):
    kind, _, data = found.picture.partition(";base64,")
    assert kind in {"data:image/png", "data:image/jpeg"}
    with Image.open(io.BytesIO(base64.b64decode(data))) as one:
        return one.convert("RGB")


def marked(found):
    return "".join(part for part, mark in found.text if mark)


def has_marks(found):
    return YELLOW in {color for _, color in image(found).getcolors(1_000_000)}


@pytest.fixture(scope="module")
def notice():
    return pdf()


def test_words_are_marked_on_their_page(notice):
    found = looked(notice, 2, "drei Vollzeitstellen (3,0 VZÄ)")
    assert (found.page, found.pages, found.found, found.problem) == (2, 3, True, "")
    assert marked(found) == "drei Vollzeitstellen (3,0 VZÄ)" and has_marks(found)
    assert "für die Koordinierung" in "".join(part for part, _ in found.text)
    assert found.size == image(found).size and max(found.size) <= passages.HIGH


def test_the_mark_lies_on_the_words(notice):
    found = image(looked(notice, 2, "drei Vollzeitstellen"))
    spots = [(x, y) for x in range(found.width) for y in range(found.height) if found.getpixel((x, y)) == YELLOW]
    left, right = min(x for x, _ in spots), max(x for x, _ in spots)
    top, bottom = min(y for _, y in spots), max(y for _, y in spots)
    ink = [p for p in found.crop((left, top, right, bottom)).convert("L").tobytes() if p < 100]
    assert ink and bottom - top < 60 and found.width / 10 < left < right < found.width


@pytest.mark.counter
def test_without_words_nothing_is_marked(notice):
    found = looked(notice, 2)
    assert found.page == 2 and not found.found and not has_marks(found)


def test_words_on_another_page_than_named_are_shown_there(notice):
    found = looked(notice, 3, "drei Vollzeitstellen")
    assert found.page == 2 and found.found


def test_words_without_a_page_are_found(notice):
    assert looked(notice, None, "Aktenzeichen 34.02").page == 1
    assert looked(notice, None, "171.000,00 €").page == 3


def test_who_turns_pages_sees_the_page_she_asked_for(notice):
    found = looked(notice, 3, "drei Vollzeitstellen", turning=True)
    assert found.page == 3 and not found.found


@pytest.mark.parametrize("words", ["Kommunalintegrationsmanagementförderung", "im Rahmen der Kommunalintegrations"])
def test_words_that_are_hyphenated_over_a_line_are_found(notice, words):
    found = looked(notice, 3, words)
    assert found.found and "\n" in marked(found) and has_marks(found)


def test_blanks_capitals_dashes_and_ligatures_do_not_count():
    letters = "Der  Zu-\r\nschuss – höchstens\u00a057.000 €  – beträgt oﬃziell „viel“. KIM-\r\nVerwaltung, Land-kreis"
    for words in ("zuschuss - HÖCHSTENS 57.000 €", "offiziell »viel«", "KIM-Verwaltung", "Der Zuschuss", "Land-kreis"):
        assert spans(letters, words), words
    for words in ("Landkreis", "57000", "Zuschüsse", "höchstens57.001"):
        assert not spans(letters, words), words


def test_what_is_left_out_may_be_a_few_words_or_lines_but_not_pages():
    letters = "Die Stellen sind bis zum Ende des Jahres zu besetzen. " + "x" * 700 + " Schluss"
    (found,) = spans(letters, "Die Stellen … zu besetzen")
    assert letters[slice(*found)] == "Die Stellen sind bis zum Ende des Jahres zu besetzen"
    assert spans(letters, "Die Stellen [...] besetzen") and not spans(letters, "Die Stellen … Schluss")


def test_whole_words_go_before_parts_of_words():
    letters = "Baustelle, Stelle"
    assert spans(letters, "Stelle") == [(11, 17)] and spans(letters, "Baust") == [(0, 5)]


@pytest.mark.parametrize(
    "words", [".*", "(a+b)* [x]?", "$5^2", "\\", "[", "(?P<x>", "a|b", "…", "...", "\x00", "\ud800"]
)
def test_signs_of_search_patterns_are_signs(notice, words):
    found = looked(notice, 3, words)
    assert not found.problem and found.found == (words in {"(a+b)* [x]?", "$5^2", "["})


def test_words_that_stand_nowhere(notice):
    found = looked(notice, 2, "vier Stellen")
    assert (found.page, found.found, found.searched, found.has_text) == (2, False, 3, True) and found.picture


def test_a_scan_has_no_text():
    found = looked(scan(), 1, "drei")
    assert (found.found, found.has_text, found.searched) == (False, False, 1) and found.picture


@pytest.mark.parametrize("page", [0, 4, 99999])
def test_a_page_that_is_not_there(notice, page):
    found = looked(notice, page)
    assert found.page == 1 and found.picture


def test_a_turned_page_is_marked_where_the_words_are(notice):
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(notice)) as one:
        one.pages[1].rotate(90, relative=False)
        one.save(made)
    found = looked(made.getvalue(), 2, "drei Vollzeitstellen")
    assert found.found and found.size[0] > found.size[1] and has_marks(found)


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_a_picture_is_shown_whole(kind, media_type):
    found = looked(picture(kind), 7, "x", media_type)
    assert (found.size, found.pages, found.text, found.problem) == ((60, 40), 1, [], "")
    assert image(found).getpixel((5, 20))[0] > 200


def test_a_large_picture_is_made_smaller_and_a_turned_one_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = looked(picture("JPEG", (3000, 2000), exif=exif), media_type="image/jpeg")
    assert found.size[0] < found.size[1] <= passages.HIGH and found.size[0] <= passages.WIDE


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"no file", b"%PDF-1.4\n" + b"x" * 5000], ids=["empty", "head", "words", "rest"]
)
def test_what_is_no_pdf_says_so(content):
    assert looked(content, 1, "x").problem == UNREADABLE
    assert looked(content, media_type="image/png").problem == UNREADABLE


def endless():
    """A PDF whose page draws a hundred million lines."""
    made = io.BytesIO()
    with pikepdf.new() as one:
        one.add_blank_page(page_size=(600, 800))
        inner = one.make_stream(b"0 0 m 600 800 l S " * 1000, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        inner.BBox = [0, 0, 600, 800]
        for _ in range(3):
            box = pikepdf.Dictionary(XObject=pikepdf.Dictionary(x=inner))
            inner = one.make_stream(b"/x Do " * 100, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
            inner.BBox, inner.Resources = [0, 0, 600, 800], box
        one.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(x=inner))
        one.pages[0].Contents = one.make_stream(b"/x Do")
        one.save(made)
    return made.getvalue()


def test_a_page_that_draws_for_hours_is_given_up(monkeypatch):
    monkeypatch.setattr(passages, "DRAW_SECONDS", 3)
    assert looked(endless()).problem == HEAVY


def test_a_page_of_kilometres_is_drawn_small():
    made = io.BytesIO()
    with pikepdf.new() as one:
        one.add_blank_page(page_size=(14400, 3))
        one.add_blank_page(page_size=(3, 14400))
        one.save(made)
    for page in (1, 2):
        found = looked(made.getvalue(), page)
        assert not found.problem and max(found.size) <= passages.HIGH, found.size


def test_many_blanks_do_not_cost_their_square():
    letters, began = "a" + " \r\n" * 17_000 + "b", time.monotonic()
    for words in ("a c", "a - c", "a -- - c", "ac", "a … c", "a" * 200):
        assert not spans(letters, words) and not spans("a" * 50_000, words + "c")
    assert time.monotonic() - began < 30  # a moment; their square would take hours


def test_a_search_ends_with_its_time(notice, monkeypatch):
    with pypdfium2.PdfDocument(notice) as document:
        assert passages.searched(document, 1, "vier")["searched"] == 3
        monkeypatch.setattr(passages, "SEARCH_SECONDS", -1)
        assert passages.searched(document, 1, "vier") == {"page": 1, "searched": 1, "has_text": True}


def test_only_so_many_pages_are_searched():
    made = io.BytesIO()
    with pikepdf.new() as one:
        for _ in range(passages.MOST_PAGES + 5):
            one.add_blank_page()
        one.save(made)
    found = looked(made.getvalue(), 2, "x")
    assert found.pages == passages.MOST_PAGES + 5 and found.searched <= passages.MOST_PAGES and found.page == 2
