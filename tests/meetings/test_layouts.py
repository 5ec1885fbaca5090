"""What the houses print, field by field, at its place on the page; and nothing that a text asks for from outside."""

import re
import subprocess
from unittest.mock import patch

import pytest

from kim.models import Body, Source, TextBlock
from meetings.models import Paper
from meetings.models.drafts import NewPaper, add_consultation
from tests.helpers import drawn_paper, pdf_text


def placed(content):
    """Every line of the PDF with its place: (page, y, x, words), in reading order."""
    run = subprocess.run(["pdftotext", "-bbox-layout", "-", "-"], input=content, capture_output=True, check=True)
    found = []
    for number, page in enumerate(run.stdout.decode().split("<page ")[1:], 1):
        for line in re.findall(r"<line (.*?)</line>", page, re.S):
            x, y = (float(re.search(rf'{name}="([\d.]+)"', line)[1]) for name in ("xMin", "yMin"))
            found.append((number, y, x, " ".join(re.findall(r">([^<]+)</word>", line))))
    return sorted(found)


def place(lines, words, after=(0, 0)):
    """Where the first line below ``after`` begins that begins so."""
    return next(((page, y, x) for page, y, x, found in lines if (page, y) > after and found.startswith(words)), None)


def in_order(lines, expected):
    """Each of these begins a line, and each below the one before."""
    places, after = {}, (0, 0)
    for words in expected:
        found = place(lines, words, after)
        assert found, f"{words} does not stand below {list(places)[-1:]}"
        places[words], after = found, found[:2]
    return places


def test_the_box_of_the_stadt_aachen(city):
    """field by field: FB 56/0051/WP18, as the public council information system prints it."""
    content = drawn_paper(city, "FB 56/0051/WP18")
    lines = placed(content)
    left = in_order(lines, [
        "Stadt Aachen", "Die Oberbürgermeisterin", "Vorlage", "Federführende Dienststelle:", "Fachbereich Wohnen, Soziales und Integration",
        "Beteiligte Dienststelle/n:", "Genehmigung der Niederschrift über die Sitzung", "Ziele:", "Klimarelevanz keine", "Beratungsfolge:", "Datum",
        "06.05.2021", "Beschlussvorschlag:", "Der Ausschuss für Soziales, Integration und Demographie genehmigt", "Prof. Dr. Sicking",
        "(Beigeordneter)", "Erläuterungen:", "Keine.", "Genehmigungsvorlage FB 56/0051/WP18 der Stadt Aachen",
    ])  # fmt: skip
    right = in_order(lines, ["Vorlage-Nr:", "Status:", "Datum:", "Verfasser/in:"])
    assert min(p[2] for p in right.values()) > max(left[w][2] for w in ("Vorlage", "Federführende Dienststelle:"))
    words = pdf_text(content)
    for fact in (
        "Vorlage-Nr: FB 56/0051/WP18",
        "Status: öffentlich",
        "Datum: 08.04.2021",
        "Entscheidung",
        "Seite: 1/1",
        "Ausdruck vom:",
    ):
        assert fact in words
    (author,) = [found for _, _, _, found in lines if found.startswith("Verfasser/in:")]
    assert author == "Verfasser/in:", "the label stays, the value is empty"


def test_a_resolution_of_the_stadt_has_a_second_page(city):
    lines = placed(drawn_paper(city, "FB 56/0014/WP18"))
    found = in_order(lines, [
        "Vorlage", "Landesförderprogramm Kommunales", "Beratungsfolge:", "25.02.2021", "Beschlussvorschlag:", "Prof. Dr. Sicking",
        "Finanzielle Auswirkungen", "Klimarelevanz", "Erläuterungen:", "Annahme: Diese Vorlage", "Anlage/n:", "1. Powerpoint-Präsentation",
    ])  # fmt: skip
    assert found["Prof. Dr. Sicking"][0] == 1 and found["Finanzielle Auswirkungen"][0] == 2


def test_the_letter_of_the_staedteregion(region):
    in_order(placed(drawn_paper(region)), [
        "StädteRegion Aachen", "Mitteilungsvorlage", "vom 09.03.2023", "Vorlage-Nr.:", "öffentliche Sitzung",
        "Kommunales Integrationsmanagement; Sachstand zur Umsetzung", "Beratungsreihenfolge", "Datum", "22.03.2023", "Sach- und Rechtslage:",
        "Die Verwaltung bittet um Kenntnisnahme.", "Finanzielle/bilanzielle Auswirkungen:", "Soziale Auswirkungen:", "Im Auftrag:",
        "gez. Dr. Ziemons",
    ])  # fmt: skip


HOSTILE = [
    "<img src='http://127.0.0.1:9/a.png'>", "<img src='file:///etc/passwd'>", "<link rel=stylesheet href='http://127.0.0.1:9/a.css'>",
    "<link rel=attachment href='file:///etc/passwd'>", "<style>@import url(http://127.0.0.1:9/a.css)</style>", "<style>@font-face{src:url(file:///etc/passwd)}</style>",
    "<style>body{background:url(http://127.0.0.1:9/a)}</style>", "<object data='http://127.0.0.1:9/a.svg'></object>", "<embed src='ftp://127.0.0.1/a'>",
    "<iframe src='http://127.0.0.1:9/'></iframe>", "<svg><image href='http://127.0.0.1:9/a.png'/></svg>", "<svg><use href='file:///etc/passwd#a'/></svg>",
    "<p style='background:url(http://127.0.0.1:9/a)'>x</p>", "<p style='content:url(file:///etc/passwd)'>x</p>", "<a rel=attachment href='file:///etc/passwd'>x</a>",
    "<base href='http://127.0.0.1:9/'>", "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>", "<video src='http://127.0.0.1:9/a'></video>",
    "<picture><source srcset='http://127.0.0.1:9/a.png'></picture>", "<img srcset='http://127.0.0.1:9/a.png 2x'>", "<input type=image src='http://127.0.0.1:9/a'>",
    "<body background='http://127.0.0.1:9/a'>", "<table background='http://127.0.0.1:9/a'>", "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "<xml><include href='file:///etc/passwd'/></xml>",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_html_in_a_text_is_printed_as_words(hostile, city):
    """0 requests, 0 files: whatever stands in text, subject and office is printed letter by letter."""
    TextBlock.objects.filter(text__paper__source__number="FB 56/0051/WP18", key="erlaeuterungen").update(
        content=hostile
    )
    Source.objects.filter(number="FB 56/0051/WP18").update(title=hostile[:300])
    Paper.objects.filter(source__number="FB 56/0051/WP18").update(author=hostile[:80])
    with patch("urllib.request.OpenerDirector.open", side_effect=AssertionError("opened")) as opened:
        content = drawn_paper(city, "FB 56/0051/WP18")
    assert not opened.called and b"root:" not in content
    assert pdf_text(content).replace(" ", "").count(hostile[:30].replace(" ", "")) >= 2


# new papers


def test_a_new_paper_takes_the_text_and_new_figures_and_says_what_changed(login, region):
    from datetime import date

    first = Paper.find(region, "2023/0120")
    made = NewPaper(body=region, paper_type="information", name="Sachstand 2024", day=date(2024, 1, 8), as_of=date(2022, 7, 1), notice=first.notice, copied_from=first).create()  # fmt: skip
    assert made.address.startswith("entwurf-") and made.signer == first.signer
    page = login().get(made.get_absolute_url()).content.decode().replace("\u00a0", " ")
    assert (
        "Gegenüber Mitteilungsvorlage 2023/0120 geändert" in page and "<del>" in page and "(Stand 01.07.2022)" in page
    )
    assert "(Stand 01.03.2023)" in page, "the sentence as it was stands beside it"


def test_numbers_of_the_body_count_without_gaps(region):
    Body.objects.filter(pk=region.pk).update(paper_numbers="own")
    region.refresh_from_db()
    first = Paper.find(region, "2023/0120")
    numbers = []
    for n in range(3):
        made = NewPaper(body=region, paper_type="information", name=f"Bericht {n}", day=first.date, as_of=first.as_of, notice=first.notice, copied_from=first).create()  # fmt: skip
        add_consultation(made, first.consultations.get().organization, first.date, "information")
        made.release(None)
        numbers.append(Paper.objects.get(pk=made.pk).reference)
    assert numbers == ["2023/0121", "2023/0122", "2023/0123"]


def test_the_pages_of_writing(login, region):
    browser = login()
    page = browser.get("/dokumente/neu/?art=information").content.decode()
    assert "selected" in page and "2023/0120" in page
    wrong = browser.post("/dokumente/neu/", {"name": "", "paper_type": "information", "as_of": "01.03.2023"})
    assert wrong.status_code == 422
    done = browser.post(
        "/dokumente/neu/", {"name": "Neu", "paper_type": "resolution", "as_of": "01.03.2023"}, follow=True
    )
    url = done.redirect_chain[-1][0]
    assert "Entwurf" in done.content.decode() and url.startswith("/dokumente/entwurf-")
    committee = Paper.find(region, "2023/0120").consultations.get().organization
    data = {"organization": committee.pk, "date": "22.03.2023", "role": "decision"}
    added = login("sitzungsdienst").post(url + "gremium/neu/", data, follow=True).content.decode()
    assert "steht in der Beratungsfolge" in added and "Der Beschlussvorschlag fehlt" in added
    text = browser.get(url + "text/").content.decode()
    assert f"Beschlussvorschlag ({committee.name}" in text
    fields = dict(re.findall(r'name="(version_[\w-]+)" value="(\d+)"', text))
    bad = browser.post(url + "text/", fields | {"block_beschlussvorschlag-1": "{{gibt.es.nicht}}"})
    assert bad.status_code == 422 and "„gibt.es.nicht“ gibt es nicht" in bad.content.decode() and "{{gibt.es.nicht}}" in bad.content.decode()  # fmt: skip
    good = browser.post(url + "text/", fields | {"block_beschlussvorschlag-1": f"Der {committee.name} beschließt {{{{body.name}}}}."}, follow=True)  # fmt: skip
    assert (
        "Der Text ist gespeichert" in good.content.decode() and f"{committee.name} beschließt" in good.content.decode()
    )
    stale = browser.post(url + "text/", fields | {"block_beschlussvorschlag-1": "anders"})
    assert stale.status_code == 409 and "Jemand war schneller" in stale.content.decode()
    table = browser.post(url + "text/", fields | {"block_sachlage": "{{occupancy.status}}"})
    assert table.status_code == 422 and "keine einzelne Angabe" in table.content.decode()
    assert browser.get(url + "zahlen/?q=zuwendung").json()
    assert browser.get(url + "versionen/").status_code == 200
