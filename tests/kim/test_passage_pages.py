"""The page of a Fundstelle: what leads to it, what it says, and who may see it."""

import html
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from grants.models import NoticeVersion
from kim.models import File, RoleAssignment, Source
from kim.models.attached import shown_documents
from kim.pages.views.passages import told
from kim.store.context import acting
from kim.studio.passages import Passage
from kim.values.places import PLACE_HELP, Place
from staffing.models import PositionPeriod
from tests.helpers import said
from tests.kim.drawn import pdf, picture, scan

PAGE = "/belege/vorlage-2023-0120/"
NEW = "/dateien/neu/beleg/vorlage-2023-0120/"


def laid(login, content, name="vorlage.pdf"):
    """The file, laid beside the Vorlage of the StädteRegion."""
    assert login().post(NEW, {"file": SimpleUploadedFile(name, content)}).status_code == 302
    return File.objects.get(name=name)


def seen(login, query=""):
    page = login().get(f"{PAGE}stelle/{query}")
    assert page.status_code == 200
    return said(page)


@pytest.fixture
def placed(login, region):
    """The three pages of a Bescheid beside the Vorlage, and a post that rests on words in it."""
    laid(login, pdf())
    PositionPeriod.objects.filter(position__number="CM-01").update(
        basis=Source.objects.get(address="vorlage-2023-0120"),
        basis_place="S. 2 „drei Vollzeitstellen“",
        assumption="",
    )


TARGET = f"{PAGE}stelle/?seite=2&worte=drei+Vollzeitstellen"


def test_the_beleg_and_the_herkunft_lead_to_the_place(login, placed):
    beleg, source = login().get(PAGE), login().get("/herkunft/position.fte/?position=CM-01")
    link = f'href="{html.escape(TARGET)}"'
    assert f"{link}>S. 2 „drei Vollzeitstellen“</a>" in said(beleg)
    assert f'href="{PAGE}stelle/">Dokument ansehen' in said(beleg)
    assert re.search(re.escape(link) + ">im Dokument ansehen", said(source))
    page = seen(login, "?seite=2&worte=drei+Vollzeitstellen")
    assert "<mark>drei Vollzeitstellen</mark>" in page and "Die Worte sind auf Seite 2 markiert." in page
    assert "data:image/png;base64," in page and "Seite 2 von 3, die Worte sind markiert" in page
    assert "seite=1&amp;" in page and "seite=3&amp;" in page and "vorlage.pdf" in page


def test_a_stand_is_kept_on_the_way(login, placed):
    page = said(login().get("/herkunft/position.fte/?position=CM-01&stand=2023-03-01"))
    assert html.escape(f"{TARGET}&stand=2023-03-01") in page
    assert "stand=2023-03-01" in seen(login, "?seite=2&stand=2023-03-01").split("Nächste Seite")[0].split("turning")[1]


@pytest.mark.counter
def test_without_a_file_nothing_leads_there(login, region):
    assert shown_documents(region) == frozenset()
    for url in (PAGE, "/herkunft/position.fte/?position=CM-10"):
        assert "/stelle/" not in said(login().get(url))
    words = seen(login)
    assert "liegt keine Datei, die sich zeigen lässt" in words and f'href="{NEW}"' in words
    laid(login, b"nur Text", "notiz.txt")
    assert shown_documents(region) == frozenset() and "liegt keine Datei" in seen(login)


SAID = {
    "?seite=3&worte=drei+Vollzeitstellen": "Die Worte stehen nicht auf Seite 3, sondern auf Seite 2.",
    "?worte=drei+Vollzeitstellen": "Die Worte sind auf Seite 2 markiert.",
    "?seite=2&worte=vier": "Die Worte stehen auf keiner der 3 Seiten.",
    "?seite=3&worte=drei+Vollzeitstellen&blaettern=1": "Auf dieser Seite stehen die Worte nicht.",
    "?seite=0": "Die Datei hat 3 Seiten; Seite 0 gibt es darin nicht.",
    "?seite=99999": "Die Datei hat 3 Seiten; Seite 99999 gibt es darin nicht.",
    "?seite=99999&worte=drei+Vollzeitstellen": "Seite 99999 gibt es darin nicht. Die Worte sind auf Seite 2 markiert.",
    "?seite=99999&worte=vier&blaettern=1": "Die Worte stehen auf keiner der 3 Seiten.",
    "?seite=999999": "„999999“ ist keine Seitenzahl.",
    "?seite=-1": "„-1“ ist keine Seitenzahl.",
    "?seite=²": "„²“ ist keine Seitenzahl.",
    "?seite=<script>": "„&lt;script&gt;“ ist keine Seitenzahl.",
    "?worte=.*": "Die Worte stehen auf keiner der 3 Seiten.",
    "?worte=(((": "Die Worte stehen auf keiner der 3 Seiten.",
    "?seite=3&worte=(a%2Bb)*+[x]?": "Die Worte sind auf Seite 3 markiert.",
    "?worte=" + "x" * 5000: "Die Worte stehen auf keiner der 3 Seiten.",
    "?worte=<script>alert(1)</script>": "„&lt;script&gt;alert(1)&lt;/script&gt;“",
}


@pytest.mark.parametrize("query", SAID, ids=lambda query: query[:50])
def test_it_says_what_the_search_came_to(query, login, placed):
    assert SAID[query] in seen(login, query)


def test_a_scan_and_a_picture_say_that_there_is_no_text(login, region):
    laid(login, scan(), "scan.pdf")
    assert "Das PDF enthält keinen Text, etwa weil es gescannt ist" in seen(login, "?worte=drei")
    File.objects.all().delete()
    laid(login, picture(), "foto.png")
    words = seen(login, "?seite=1&worte=drei")
    assert "In einem Bild lassen sich Worte nicht suchen." in words and "ohne lesbaren Text" in words


def test_of_several_files_one_is_chosen(login, placed):
    other = laid(login, picture("JPEG"), "anlage.jpg")
    words = seen(login, "?seite=1")
    assert "Seite 1 von 3" in words and f"seite=1&amp;datei={other.key}" in words
    assert "Seite 1 von 1" in seen(login, f"?datei={other.key}")
    for key in (uuid.uuid4(), "quatsch", "1"):
        assert login().get(f"{PAGE}stelle/?datei={key}").status_code == 404


def test_a_file_of_another_beleg_is_not_shown_here(login, placed):
    there = "/dateien/neu/beleg/vorlage-2022-0119/"
    login().post(there, {"file": SimpleUploadedFile("fremd.pdf", pdf("<p>fremd</p>"))})
    key = File.objects.get(name="fremd.pdf").key
    assert login().get(f"{PAGE}stelle/?datei={key}").status_code == 404
    assert login("sachbearbeitung", "stadt-aachen").get(f"{PAGE}stelle/").status_code == 404


def test_who_is_there_for_public_matters_only_gets_no_file(login, placed, region):
    Source.objects.filter(number="2023/0120").update(public=True)
    browser = login("pruefung", name="öffentlich@x")
    with acting(None, []):
        RoleAssignment.objects.filter(user__username="öffentlich@x").update(public_only=True)
    assert browser.get(f"{PAGE}stelle/").status_code == 403
    for url in (PAGE, "/herkunft/position.fte/?position=CM-01"):
        page = browser.get(url)
        assert page.status_code == 200 and "/stelle/" not in said(page), url


def test_no_cache_keeps_it(login, placed):
    assert login().get(f"{PAGE}stelle/")["Cache-Control"] == "no-store"


def test_where_the_search_ended_early_it_says_so():
    found = Passage(page=2, pages=900, searched=400, has_text=True)
    sentence = "Auf 400 von 900 Seiten stehen die Worte nicht; weiter wurde nicht gesucht."
    assert told(found, Place(2, "x"), File(media_type="application/pdf"), turning=False) == sentence


def test_the_place_of_the_rule_of_a_notice_leads_there_too(login, region):
    version = NoticeVersion.objects.get(notice__slug="kim-2023")
    NoticeVersion.objects.filter(pk=version.pk).update(proration_place="Nr. 5, S. 3 „je Stelle“")
    page = "/zuwendungen/bescheid/kim-2023/"
    assert "(Nr. 5, S. 3 „je Stelle“)" in said(login().get(page)) and "/stelle/" not in said(login().get(page))
    address = version.source.address
    file = SimpleUploadedFile("bescheid.pdf", pdf())
    assert login().post(f"/dateien/neu/beleg/{address}/", {"file": file}).status_code == 302
    link = f"/belege/{address}/stelle/?seite=3&amp;worte=je+Stelle"
    assert f'(<a href="{link}">Nr. 5, S. 3 „je Stelle“</a>)' in said(login().get(page))


def test_fields_say_how_a_place_is_written(login):
    for url in ("/stellen/CM-01/berichtigen/", "/umverteilungen/neu/", "/haushalt/bearbeiten/?jahr=2023"):
        assert PLACE_HELP in said(login("kaemmerei" if "haushalt" in url else "sachbearbeitung").get(url)), url


def test_one_query_tells_which_documents_have_files(login, placed, django_assert_num_queries, region):
    laid(login, picture(), "foto.png")
    with django_assert_num_queries(1):
        assert shown_documents(region) == {PAGE}
