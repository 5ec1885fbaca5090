"""Belege come into being, change and go by pages alone."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kim.models import File, Source

NEW = {"kind": "resolution", "number": "2022/0777", "title": "Beschluss über Ä & Ö", "date": "24.03.2022"}


def create(browser, **changed):
    return browser.post("/belege/neu/", NEW | changed, follow=True)


def test_a_new_one_is_offered_entered_and_can_be_named(login, district):
    browser = login(slug="weidenkreis")
    assert 'href="/belege/neu/"' in browser.get("/belege/").content.decode()
    page = create(browser)
    assert page.redirect_chain[-1][0] == "/belege/beschluss-2022-0777/" and "ist angelegt" in page.content.decode()
    row = Source.objects.get(number="2022/0777")
    assert row.body == district and not row.public and f"{row.date:%d.%m.%Y}" == "24.03.2022"
    post = re.search(r'href="(/stellen/[A-Z]+-\d+/)', browser.get("/stellen/").content.decode())[1]
    assert "Beschluss über Ä &amp; Ö" in browser.get(f"{post}berichtigen/").content.decode()


def test_its_file_comes_with_it(login, district):
    browser = login(slug="weidenkreis")
    page = create(browser, file=SimpleUploadedFile("beschluss.txt", b"Beschluss 2022/0777"))
    assert "beschluss.txt" in page.content.decode()
    row = Source.objects.get(number="2022/0777")
    (lies,) = File.objects.filter(subject_kind="beleg", subject_id=row.pk)
    assert bytes(lies.content) == b"Beschluss 2022/0777" and lies.author.username.startswith("sachbearbeitung")
    bad = create(browser, number="2022/0778", file=SimpleUploadedFile("x.exe", b"MZ"))
    assert bad.status_code == 422 and not Source.objects.filter(number="2022/0778").exists()
    assert "„x.exe“ noch einmal wählen" in bad.content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": ""}, "zwingend erforderlich"),
        ({"kind": ""}, "zwingend erforderlich"),
        ({"kind": "onward"}, "keine gültige Auswahl"),
        ({"date": "31.02.2022"}, "gibt es im Kalender nicht"),
        ({"title": "x" * 301}, "300"),
    ],
)
def test_bad_input_gets_its_sentence(changed, sentence, login, district):
    before = Source.objects.count()
    page = create(login(slug="weidenkreis"), **changed)
    assert page.status_code == 422 and sentence in page.content.decode() and Source.objects.count() == before


def test_the_same_twice_is_refused(login, district):
    browser = login(slug="weidenkreis")
    create(browser)
    page = create(browser, title="Etwas anderes")
    assert page.status_code == 422 and "mit dieser Nummer ist schon erfasst" in page.content.decode()


def test_it_changes_and_goes_and_what_belongs_to_a_paper_stays_there(login, region):
    browser = login()
    create(browser)
    row = Source.objects.get(number="2022/0777")
    data = {**NEW, "title": "Beschluss, neu gefasst", "public": "on", "version": row.version}
    page = browser.post("/belege/beschluss-2022-0777/bearbeiten/", data, follow=True)
    assert "ist gespeichert" in page.content.decode() and Source.objects.get(pk=row.pk).public
    stale = browser.post("/belege/beschluss-2022-0777/bearbeiten/", data | {"title": "Älter"})
    assert stale.status_code == 409 and "Jemand war schneller" in stale.content.decode()
    row.refresh_from_db()
    gone = {"reason": "doppelt", "version": row.version}
    page = browser.post("/belege/beschluss-2022-0777/loeschen/", gone, follow=True)
    assert page.redirect_chain[-1][0] == "/belege/" and not Source.objects.filter(pk=row.pk).exists()
    for end in ("bearbeiten", "loeschen"):
        assert browser.get(f"/belege/vorlage-2023-0120/{end}/").status_code == 404
    assert "/bearbeiten/" not in browser.get("/belege/vorlage-2023-0120/").content.decode()


def test_only_who_keeps_them_may(login, district):
    for role in ("kaemmerei", "sitzungsdienst", "leitung", "pruefung"):
        assert login(role, "weidenkreis").get("/belege/neu/").status_code == 403
