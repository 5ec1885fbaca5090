"""Tokens, their check, and the door to the PDF."""

import io
import re
from html import unescape
from unittest.mock import patch

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from grants.models import NoticeVersion
from kim.figures.tokens import Expander, check_tokens, parameters
from kim.models import Text, TextBlock
from kim.studio import pdf
from meetings.models import Paper
from tests.helpers import drawn_paper


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{gibt.es.nicht}}", "„gibt.es.nicht“ gibt es nicht"),
        ("{{notice.amount farbe=rot}}", "kennt farbe nicht"),
        ("{{notice.amount", "nicht vollständig"),
        ("notice.amount }}", "nicht vollständig"),
        ("{{Notice.Amount}}", "nicht vollständig"),
        ("{{notice.amount form=<b>}} {{", "nicht vollständig"),
    ],
)
def test_a_wrong_token_cannot_be_saved(text, words, region):
    block = TextBlock(
        body=region, text=Text.objects.get(paper__isnull=False), position=9, key="x", heading="x", content=text
    )
    with pytest.raises(ValidationError, match=words):
        block.full_clean()


def test_parameters_of_a_token():
    assert parameters(' position=CM-07 form=choice one="eine Stelle" many=Stellen') == {
        "position": "CM-07",
        "form": "choice",
        "one": "eine Stelle",
        "many": "Stellen",
    }


@given(st.text(max_size=60))
def test_no_text_breaks_the_check(text):
    try:
        check_tokens(text)
    except ValidationError as error:
        assert error.messages


def test_a_form_that_does_not_exist_is_said(region):
    expander = Expander({"body": region, "day": region.reference_day})
    block = expander.block("a", "b", "{{body.name form=genitiv}} und {{position.fte position=CM-99}} und {{body.name}}")
    assert len(expander.problems) == 2
    assert "Die Form „genitiv“ gibt es" in expander.problems[0] and "„CM-99“ gibt es" in expander.problems[1]
    assert [piece.text for piece in block.pieces()] == [
        "[fehlt]",
        " und ",
        "[fehlt]",
        " und ",
        region.name,
    ]


def rendered(body):
    return drawn_paper(body)


def test_the_pdf_is_archivable_tagged_and_named(region):
    content = rendered(region)
    with pikepdf.open(io.BytesIO(content)) as paper:
        root = paper.Root
        assert str(root.Lang) == "de" and bool(root.MarkInfo.Marked)
        assert str(paper.docinfo["/Title"]) == "Mitteilungsvorlage 2023/0120: Kommunales Integrationsmanagement; Sachstand zur Umsetzung"  # fmt: skip
        xmp = root.Metadata.read_bytes().decode()
        assert 'pdfaid:part="3"' in xmp or "<pdfaid:part>3" in xmp
        with paper.open_outline() as outline:
            titles = [item.title for item in outline.root] + [c.title for item in outline.root for c in item.children]
        assert titles[0] == "Mitteilungsvorlage" and "Sach- und Rechtslage:" in titles and len(titles) == 5
        fonts = {str(f.BaseFont).split("+")[-1] for p in paper.pages for f in p.Resources.Font.values()}
        assert fonts == {"Fira-Sans", "Fira-Sans-Semi-Bold"}
        tags = {str(o.S) for o in paper.objects if isinstance(o, pikepdf.Dictionary) and "/S" in o and "/P" in o}
        assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD"} <= tags


def test_the_same_data_give_the_same_bytes(region):
    assert rendered(region) == rendered(region)


VECTORS = [
    '<img src="http://127.0.0.1:9/x.png">',
    '<img src="file:///etc/passwd">',
    '<link rel="attachment" href="file:///etc/passwd">',
    '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
    '<style>@import url("http://127.0.0.1:9/x.css");</style>',
    '<style>@font-face { font-family: x; src: url("file:///etc/passwd") } p { font-family: x }</style>',
    '<object data="http://127.0.0.1:9/x.svg"></object>',
    '<p style="background: url(http://127.0.0.1:9/x.png)">x</p>',
    '<img src="kim:/fonts/../../settings.py.ttf">',
    '<embed src="ftp://127.0.0.1/x">',
    '<a rel="attachment" href="file:///etc/passwd">x</a>',
]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_document_loads_nothing_from_outside(vector, region):
    """Neither a file nor an address is opened, whatever stands in the HTML."""
    html = f"<html lang=de><title>x</title><body>{vector}<p>Text"
    opener = patch("urllib.request.OpenerDirector.open", side_effect=AssertionError("opened"))
    with patch("kim.studio.pdf.render_to_string", return_value=html), opener as opened:
        content = pdf.render("x", {}, ("print.css",))
    assert not opened.called
    assert b"root:" not in content
    with pikepdf.open(io.BytesIO(content)) as paper:
        assert not list(paper.attachments)


@pytest.mark.counter
def test_weasyprint_alone_reads_files(tmp_path):
    from weasyprint import HTML

    (tmp_path / "geheim.txt").write_text("geheim")
    content = HTML(string=f'<link rel=attachment href="file://{tmp_path}/geheim.txt"><p>x').write_pdf()
    with pikepdf.open(io.BytesIO(content)) as paper:
        assert list(paper.attachments)


def test_the_command_writes_the_paper(region, tmp_path):
    target = tmp_path / "v.pdf"
    call_command("document", " 2023 / 0120", "-o", str(target))
    assert target.read_bytes().startswith(b"%PDF-1.7")
    with pytest.raises(CommandError, match="gibt es nicht"):
        call_command("document", "2099/1", "-o", str(target))
    with pytest.raises(CommandError, match="Körperschaft „x“ gibt es nicht"):
        call_command("document", "2023/0120", "--body", "x", "-o", str(target))
    with pytest.raises(CommandError, match="lässt sich nicht schreiben"):
        call_command("document", "2023/0120", "-o", str(tmp_path / "fehlt" / "v.pdf"))
    with pytest.raises(CommandError, match="gibt es nicht"):  # another body's paper
        call_command("document", "2023/0120", "--body", "stadt-aachen", "-o", str(target))


# Herkunft of a figure in the text


def test_each_figure_of_a_text_leads_to_its_herkunft(login, region):
    browser, url = login("pruefung"), "/dokumente/2023-0120/"
    page = browser.get(url).content.decode()
    link = unescape(re.search(r'<a\s+class="bound[^"]*"\s+href="([^"]+notice\.amount[^"]*)"', page)[1])
    words = browser.get(link).content.decode().replace("\u00a0", " ")
    assert 'id="source"' in words and "684.000,00 €" in words and "(Entwurf): „684.000 €“" in words
    assert browser.get(f"{url}herkunft/?zahl=gibtesnicht").status_code == 404


def test_the_herkunft_of_a_released_figure_is_the_frozen_one(login, region):
    paper = Paper.find(region, "2023/0120")
    paper.document().bind()
    paper.release(None)
    NoticeVersion.objects.filter(notice__slug="kim-2023").update(amount=1)
    words = login("pruefung").get("/dokumente/2023-0120/herkunft/?zahl=notice.amount").content.decode()
    assert "684.000,00" in words and "freigegeben am" in words
