"""The letterhead of a body: kept by the Leitung, printed by every draft, never by what is released; pictures are drawn
anew before they are kept."""

import io
import re
import struct
import zlib
from datetime import date
from xml.etree import ElementTree

import page as checker
import pypdfium2
import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from kim.models import Body, Logo
from kim.studio import documents, logos, pdf, releases
from kim.studio.bundles import render_pdf
from kim.studio.logos import picture
from meetings.documents import PaperDocument
from tests.helpers import drawn_paper, fresh_draft, pdf_text, said
from tests.kim.test_pdf import heard, proved, tags

SHIELD = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 100">%s<path d="M5 5h70v60l-35 30-35-30z" fill="#0a5"/></svg>'
SVG = SHIELD % b""
BOMB = b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG
USES = b"".join(b'<g id="g%d">%s</g>' % (n, b'<use href="#g%d"/>' % (n - 1) * 10) for n in range(1, 12))


def png(width=200, height=200, colour=(0, 90, 40, 255), mode="RGBA"):
    stream = io.BytesIO()
    Image.new(mode, (width, height), colour).save(stream, "PNG")
    return stream.getvalue()


def huge(side):
    """A PNG that says it has so many dots, in few bytes."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    return logos.STARTS + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def test_an_svg_and_a_png_become_plain_pictures():
    found = picture("Wappen.SVG", SVG)
    assert found.size == (400, 500)
    with Image.open(io.BytesIO(found.content)) as drawn:
        assert (drawn.mode, drawn.size) == ("RGB", (400, 500))
        assert drawn.getpixel((200, 250)) == (0, 170, 85) and drawn.getpixel((0, 0)) == (255, 255, 255)
    small, large = picture("logo.png", png()), picture("logo.png", png(4000, 1000))
    assert small.size == (200, 200) and large.size == (1500, 375)
    assert picture("w.svg", SVG) == found  # the same file, the same bytes


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("wappen.pdf", b"%PDF-", "als SVG oder PNG angenommen"),
        ("wappen", SVG, "als SVG oder PNG angenommen"),
        ("gross.png", b"x" * (logos.LIMIT + 1), "größer als 2 MB"),
        ("falsch.png", SVG, "nicht der einer PNG-Datei"),
        ("kaputt.png", png()[:60], "lässt sich nicht lesen"),
        ("klein.png", png(50, 50), "nur 50 Bildpunkte hoch"),
        ("riesig.png", huge(20_000), "mehr Bildpunkte"),
        ("breit.png", png(6000, 5000, 0, "L"), "mehr Bildpunkte"),
        ("weiss.png", png(colour=(255, 255, 255, 255)), "nichts zu sehen"),
        ("leer.png", png(colour=(0, 0, 0, 0)), "nichts zu sehen"),
        ("kein.svg", png(), "lässt sich nicht lesen"),
        ("seite.svg", b"<html/>", "lässt sich nicht lesen"),
        ("skript.svg", SHIELD % b"<script>alert(1)</script>", "enthält Skripte"),
        ("klick.svg", SHIELD % b'<g onclick="alert(1)"/>', "enthält Skripte"),
        ("fremd.svg", SHIELD % b"<foreignObject><p>Text</p></foreignObject>", "foreignObject"),
        ("netz.svg", SHIELD % b'<image href="http://127.0.0.1/a.png"/>', "von anderswo"),
        ("datei.svg", SHIELD % b'<image href="file:///etc/passwd"/>', "von anderswo"),
        ("stil.svg", SHIELD % b"<style>@import 'http://127.0.0.1/a.css';</style>", "von anderswo"),
        ("farbe.svg", SHIELD % b'<g style="fill: url(http://127.0.0.1/a)"/>', "von anderswo"),
        ("worte.svg", BOMB, "eigene Ersetzungen"),
        ("ohne.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>', "keine Größe"),
        ("lang.svg", SVG.replace(b"80 100", b"1 100"), "zehnmal"),
        ("durchsichtig.svg", b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>', "nichts zu sehen"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)  # fmt: skip
def test_what_is_wrong_with_a_picture_is_said(name, content, words):
    with pytest.raises(ValidationError) as error:
        picture(name, content)
    assert words in error.value.messages[0]


def test_a_picture_that_draws_for_hours_is_given_up(monkeypatch):
    monkeypatch.setattr(logos, "DRAW_SECONDS", 4)
    with pytest.raises(ValidationError) as error:
        picture("nutzt.svg", SHIELD % (b'<path id="g0" d="M0 0h9"/>' + USES))
    assert "zu aufwendig" in error.value.messages[0]


WORDS = {
    "head_name": "Kanzlei der Region",
    "street": "Hausweg 7",
    "postal_code": "52070",
    "locality": "Aachen",
    "contact": "Telefon 0241 0000",
    "footer": "Bank der Region, IBAN DE00\r\nSprechzeiten Mo bis Do",
}


def version(page):
    return re.search(r'name="version" value="(\d+)"', said(page))[1]


def typed(browser, **words):
    """The edit form as it is sent, with these words in it."""
    page = browser.get("/briefkopf/bearbeiten/")
    given = {"sender": "Der Städteregionsrat", "paper_layout": "letter", "consultation_heading": "Beratungsreihenfolge"}
    return WORDS | given | {"version": version(page)} | words


def test_the_leitung_keeps_it_and_every_draft_prints_it(login, region):
    browser = login("leitung")
    assert browser.post("/briefkopf/bearbeiten/", typed(browser)).status_code == 302
    words = pdf_text(drawn_paper(region))
    for said_there in (
        "Kanzlei der Region",
        "Hausweg 7, 52070 Aachen",
        "Telefon 0241 0000",
        "IBAN DE00",
        "Sprechzeiten",
    ):
        assert said_there in words, said_there
    page = said(browser.get("/briefkopf/"))
    assert "Hausweg 7" in page and "Briefkopf geändert" in page and page.count("data:image/png") == 2


def test_who_only_reads_sees_it_and_may_not_change_it(login):
    browser = login("sachbearbeitung")
    assert "Bearbeiten" not in said(browser.get("/briefkopf/"))
    for url in ("/briefkopf/bearbeiten/", "/briefkopf/wappen/", "/briefkopf/wappen/entfernen/"):
        assert browser.get(url).status_code == 403, url
    assert 'href="/briefkopf/"' in said(login("leitung").get("/dokumente/"))


@pytest.mark.parametrize(
    ("footer", "words"), [("a\nb\nc", "hat 3 Zeilen"), ("m" * 101, "hat 101 Zeichen")], ids=["lines", "width"]
)
def test_a_footer_that_would_run_off_the_page_is_refused(footer, words, login, region):
    browser = login("leitung")
    answer = browser.post("/briefkopf/bearbeiten/", typed(browser, footer=footer))
    assert answer.status_code == 422 and words in said(answer)


def test_the_widest_footer_stays_on_the_page(region):
    Body.objects.filter(pk=region.pk).update(footer="\n".join(["Musterkreis " * 8 + "MUST"] * 2))
    with pypdfium2.PdfDocument(drawn_paper(region)) as found:
        picture_of_page = found[0].render(scale=2).to_pil().convert("L")
    width, height = picture_of_page.size
    edge = picture_of_page.crop((round(width * 200 / 210), 0, width, height))
    below = picture_of_page.crop((0, round(height * 292 / 297), width, height))
    assert edge.getextrema() == below.getextrema() == (255, 255)


def test_the_page_beside_the_form_shows_what_is_typed_and_keeps_nothing(login, region):
    browser = login("leitung")
    before = said(browser.get("/briefkopf/bearbeiten/"))
    answer = browser.post("/briefkopf/bearbeiten/", typed(browser, street="Neuer Weg 1", preview="1"))
    pictures = [re.findall(r'src="(data:image/png[^"]+)"', words) for words in (before, said(answer))]
    assert answer.status_code == 200 and len(pictures[1]) == 2 and pictures[0] != pictures[1]
    assert Body.objects.get(pk=region.pk).street == ""


def test_a_specimen_says_what_a_document_of_its_kind_says(region):
    paper = documents.find(region, "2023/0120")
    real = paper.content([], date(2023, 3, 1))
    assert PaperDocument.specimen(region).content.keys() == real.keys()
    assert [one.title for one in documents.specimens(region)] == ["Vorlage", "Weiterleitungsbescheid"]


def upload(browser, name="wappen.svg", content=SVG, **more):
    file = io.BytesIO(content)
    file.name = name
    found = re.search(r'name="shown"(?: value="(\w*)")?', said(browser.get("/briefkopf/wappen/")))
    return browser.post("/briefkopf/wappen/", {"file": file, "shown": found[1] or "", **more})


def test_a_wappen_is_printed_and_goes_again(login, region):
    browser = login("leitung")
    plain = drawn_paper(region)
    assert upload(browser).status_code == 302
    logo = Logo.objects.get()
    assert (logo.body, logo.width, logo.height) == (region, 400, 500)
    drawn = drawn_paper(region)
    assert b"/Image" in drawn and b"/Image" not in plain
    assert "Wappen oder Logo gewählt" in said(browser.get("/briefkopf/"))
    gone = browser.post("/briefkopf/wappen/entfernen/", {"reason": "neu gestaltet", "version": str(logo.version)})
    assert gone.status_code == 302 and not Logo.objects.exists() and drawn_paper(region) == plain
    assert browser.get("/briefkopf/wappen/entfernen/").status_code == 404


def test_of_two_who_choose_a_wappen_the_second_is_told(login, region):
    browser = login("leitung")
    assert upload(browser).status_code == 302
    answer = upload(browser, "logo.png", png(), shown="")
    assert answer.status_code == 422 and "inzwischen" in said(answer).lower()
    assert Logo.objects.get().width == 400
    assert upload(browser, "logo.png", png()).status_code == 302 and Logo.objects.get().width == 200


def test_a_choice_is_told_and_can_be_taken_back(login, region):
    browser = login("leitung")
    for content in (png(), png(colour=(200, 0, 0, 255))):
        assert upload(browser, "logo.png", content).status_code == 302
    first, second = (picture("a.png", content).content for content in (png(), png(colour=(200, 0, 0, 255))))
    assert bytes(Logo.objects.get().content) == second
    words = said(browser.get("/briefkopf/"))
    assert f"Bild: {len(first)} Bytes → {len(second)} Bytes" in words
    acts = re.findall(r'name="act" value="([0-9a-f-]+)"', words)
    assert browser.post("/ruecknahme/", {"act": acts[0]}).status_code == 302
    assert bytes(Logo.objects.get().content) == first


def test_a_bad_file_is_refused_on_the_page(login):
    answer = upload(login("leitung"), content=SHIELD % b"<script/>")
    assert answer.status_code == 422 and "enthält Skripte" in said(answer)


def test_what_is_released_keeps_its_bytes_and_proves_itself(login, region):
    browser = login("leitung")
    assert upload(browser).status_code == 302
    paper = fresh_draft(region).row
    before = bytes(paper.release(None).pdf)
    assert b"/Image" in before
    assert browser.post("/briefkopf/bearbeiten/", typed(browser)).status_code == 302
    gone = {"reason": "neu", "version": str(Logo.objects.get().version)}
    assert browser.post("/briefkopf/wappen/entfernen/", gone).status_code == 302
    assert browser.get("/dokumente/2023-0120/pdf/").content == before
    assert [one.verdict for one in releases.proofs(region)] == [releases.Verdict.IDENTICAL]


def test_a_letter_comes_with_the_address_in_the_window(region):
    body = Body.objects.get(pk=region.pk)
    body.street, body.postal_code, body.locality = "Hausweg 7", "52070", "Aachen"
    one = next(s for s in documents.specimens(body) if s.title == "Weiterleitungsbescheid")
    content = render_pdf(one.template, one.styles, one.content, [])
    with pypdfium2.PdfDocument(content) as found:
        text = found[0].get_textpage()
        height = found[0].get_height()
        places = {}
        for words in ("StädteRegion Aachen, Hausweg 7", "Musterverband", "12345 Musterstadt"):
            index, _ = text.search(words).get_next()
            left, bottom, _, top = text.get_charbox(index)
            places[words] = [round(x * 25.4 / 72) for x in (left, height - top, height - bottom)]
    assert all(25 <= left <= 26 and top >= 45 and bottom <= 90 for left, top, bottom in places.values()), places


@pytest.mark.parametrize("title", ["Weiterleitungsbescheid", "Vorlage"])
def test_pages_with_a_letterhead_pass_the_checkers(title, region, tmp_path):
    made = picture("w.svg", SVG)
    Logo.keep(region, made.content, made.size, shown="")
    body = Body.objects.get(pk=region.pk)
    for name, value in WORDS.items():
        setattr(body, name, value)
    one = next(s for s in documents.specimens(body) if s.title == title)
    content = render_pdf(one.template, one.styles, one.content, [])
    assert tags(content)["Figure"] == 1
    proved(content)
    for profile in (checker.ValidationProfile.PDF_A_3A, checker.ValidationProfile.PDF_UA_1):
        assert list(checker.validate_pdf_bytes(content, profile=profile).failures) == [], profile
    assert heard(content, tmp_path) == []


@pytest.mark.counter
def test_the_door_to_the_engine_fetches_nothing_from_outside(monkeypatch):
    """Whatever a picture names: without the look at the file it would still not be fetched."""
    for address in ("http://127.0.0.1/a.png", "file:///etc/passwd", "data:text/html;base64,aGk=", "kim:/svg"):
        with pytest.raises(ValueError, match="nichts von außen"):
            pdf._fetcher().fetch(address)
    assert pdf._fetcher().fetch("data:image/png;base64,aGk=").read() == b"hi"
    monkeypatch.setattr(logos, "safe", ElementTree.fromstring)
    drawn = logos.of_svg(SHIELD % b'<image href="file:///etc/passwd" width="9" height="9"/>')
    assert drawn == logos.of_svg(SVG)
