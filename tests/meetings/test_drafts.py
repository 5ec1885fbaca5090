"""Drafts: their figures follow the data only when asked, the Prüfliste, Mitzeichnung, two who write, numbers."""

import io

import docx
import pytest
from django.core.exceptions import ValidationError

from kim.models import Release, Source, TextBlock
from kim.studio import releases
from kim.studio.writing import write
from meetings.models import CoSignature, Organization, Paper
from meetings.models.drafts import NewPaper
from tests.meetings.papers import halve, words

# the draft follows the data only when somebody says so


def test_a_draft_prints_what_was_taken_over_until_the_change_is_taken_over(login, paper):
    browser, url = login(), "/dokumente/2023-0120/"
    halve()
    assert "insofern kostenneutral" in words(paper)
    page = browser.get(url).content.decode().replace("\u00a0", " ")
    assert "Zahlen geändert" in page and "„sechs“ → „5,5“" in page and "→ „ohne Belastung des Haushalts" in page
    token = "neutrality.sentence"
    one = browser.post(url + "uebernehmen/", {"figure": token}, follow=True).content.decode()
    assert "1 Zahl übernommen" in one
    assert "28.500 € der Zuwendung sind nicht" in words(paper) and "für die sechs eigenen" in words(paper)
    assert "übernommen" in browser.post(url + "uebernehmen/", follow=True).content.decode()
    assert "für die 5,5 eigenen" in words(paper) and "Zahlen geändert" not in browser.get(url).content.decode()
    assert login("pruefung").post(url + "uebernehmen/").status_code == 403


def test_a_changed_figure_stands_against_the_release(paper):
    halve()
    with pytest.raises(ValidationError, match="im Text „sechs“, nach den Daten „5,5“"):
        paper.release(None)


# Mitzeichnung


def test_a_change_voids_the_mitzeichnung(region, paper):
    office = Organization.objects.create(body=region, name="Kämmerei", organization_type="department")
    row = CoSignature.objects.create(body=region, paper=paper, organization=office)
    with pytest.raises(ValidationError, match="Kämmerei hat noch nicht mitgezeichnet"):
        paper.release(None)
    row.sign(None, "einverstanden")
    assert paper.document().problems() == []
    block = TextBlock.objects.get(text=paper.text, key="soziales")
    write(paper.document(), [(block, block.content + " Neu.")])
    paper = Paper.objects.get(pk=paper.pk)
    with pytest.raises(ValidationError, match="sie gilt nicht mehr"):
        paper.release(None)
    CoSignature.objects.get().sign(None)
    halve()
    releases.adopt_figures(paper.document(), {"neutrality.sentence"})
    assert any("sie gilt nicht mehr" in problem for problem in paper.document().problems()), "a figure voids it too"
    assert CoSignature.objects.get().comment == ""


# The Prüfliste


BREAKS = {
    "Betreff": (lambda p: Source.objects.filter(pk=p.source_id).update(title=""), "Betreff fehlt"),
    "Datum": (lambda p: Source.objects.filter(pk=p.source_id).update(date=None), "Datum fehlt"),
    "Zeichnung": (lambda p: Paper.objects.filter(pk=p.pk).update(signer=None), "Zeichnung fehlt"),
    "Block": (lambda p: TextBlock.objects.filter(text=p.text, key="soziales").update(content=" "), "„Soziale Auswirkungen“ ist leer"),
    "Rest": (lambda p: TextBlock.objects.filter(text=p.text, key="soziales").update(content="Im Jahr 20xx"), "„20xx“ ist stehen geblieben"),
    "SINAME": (lambda p: TextBlock.objects.filter(text=p.text, key="soziales").update(content="Sitzung «SINAME»"), "«SINAME»“ ist stehen"),
    "Kenntnisnahme": (lambda p: TextBlock.objects.filter(text=p.text, key="sachlage").update(content="Nichts."), "Die Bitte um Kenntnisnahme fehlt"),
    "Gremium": (lambda p: [c.delete() for c in p.consultations.all()], "Es steht noch kein Gremium darin"),
    "Sitzungstag": (lambda p: p.consultations.update(meeting=None), "Der Sitzungstag fehlt"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_missing_keeps_the_paper_from_being_released(name, paper):
    change, sentence = BREAKS[name]
    change(paper)
    with pytest.raises(ValidationError, match=sentence):
        Paper.objects.get(pk=paper.pk).release(None)
    assert not Release.objects.exists()


def test_each_committee_that_decides_has_a_proposal_that_names_it(bodies, city):
    paper = Paper.find(city, "FB 56/0051/WP18")
    assert paper.document().problems() == []
    block = TextBlock.objects.get(text=paper.text, key="beschlussvorschlag-1")
    TextBlock.objects.filter(pk=block.pk).update(
        content="Der Ausschuss für Wohnen, Soziales und Integration genehmigt."
    )
    assert any("nennt nicht „Ausschuss für Soziales, Integration" in p for p in paper.document().problems())
    TextBlock.objects.filter(pk=block.pk).update(content="")
    assert any("Der Beschlussvorschlag fehlt" in p for p in Paper.objects.get(pk=paper.pk).document().problems())


def test_a_paper_as_docx_says_what_the_pdf_says(login, city):
    answer = login("sachbearbeitung", "stadt-aachen").get("/dokumente/FB-56-0014-WP18/docx/")
    found = docx.Document(io.BytesIO(answer.content))
    words = [p.text for p in found.paragraphs]
    assert "Landesförderprogramm Kommunales Integrationsmanagement (KIM)" in words
    assert (
        "1. Powerpoint-Präsentation" in words
        and "2. Umsetzungskonzept" in words
        and any(w.startswith("2,5 Stellen Koordinierung") for w in words)
    )
    assert [c.text for c in found.tables[0].rows[1].cells] == ["25.02.2021", "Ausschuss für Soziales, Integration und Demographie", "Entscheidung"]  # fmt: skip
    assert {p.style.name for p in found.paragraphs} >= {"Heading 1", "Heading 2", "List Bullet"}


# what fresh eyes found


def test_the_copy_of_a_paper_is_as_public_as_it(region, paper):
    Paper.objects.filter(pk=paper.pk).update(public=False)
    facts = {"body": region, "paper_type": "information", "day": region.reference_day, "as_of": region.reference_day}
    made = NewPaper(name="Kopie", copied_from=Paper.objects.get(pk=paper.pk), **facts).create()
    assert not made.public and not Paper.objects.get(pk=made.pk).source.public
    assert not NewPaper(name="Leer", **facts).create().public


def test_who_is_there_for_public_matters_neither_signs_nor_releases():
    from types import SimpleNamespace

    from kim.access.rules import may
    from kim.models import Role

    def asked(public_only, rule):
        request = SimpleNamespace(public_only=public_only, roles={Role.HEAD}, closed_years=set(), known=None, year=2023)
        return may(request, rule)

    for rule in ("papers.sign", "papers.release", "onward.release"):
        assert asked(False, rule) and not asked(True, rule)


def test_a_page_that_was_shown_before_a_change_acts_on_nothing(login, paper):
    browser, url = login("leitung"), "/dokumente/2023-0120/"
    old = {"fingerprint": "was da stand"}
    page = browser.post(url + "freigeben/", old)
    assert page.status_code == 422 and "Bitte noch einmal ansehen" in page.content.decode()
    halve()
    assert login().post(url + "uebernehmen/", old).status_code == 422
    assert not Release.objects.exists()


def test_a_figure_that_cannot_be_calculated_for_a_while_is_not_forgotten(paper):
    halve()
    Paper.objects.filter(pk=paper.pk).update(notice=None)
    Paper.objects.get(pk=paper.pk).document().bind()
    Paper.objects.filter(pk=paper.pk).update(notice=paper.notice)
    assert "insofern kostenneutral" in words(paper), "still what was taken over"


def test_a_paper_that_was_never_released_does_not_say_so(paper):
    paper.proceed("withdrawn", reason="entfällt")
    assert "zurückgezogen" in words(paper) and "freigegeben" not in words(paper)


def test_two_who_write_in_different_blocks_both_stay(login, paper):
    url = "/dokumente/2023-0120/text/"
    rows = {row.key: row for row in paper.text.blocks.all()}
    shown = {f"block_{k}": r.content for k, r in rows.items()} | {f"version_{k}": r.version for k, r in rows.items()}
    first, second = login(), login(name="zweite@staedteregion-aachen")
    assert first.post(url, shown | {"block_soziales": "Vom Fachamt."}).status_code == 302
    more = rows["sachlage"].content + " Von nebenan."
    assert second.post(url, shown | {"block_sachlage": more}).status_code == 302
    stored = {row.key: row.content for row in TextBlock.objects.filter(text=paper.text)}
    assert stored["soziales"] == "Vom Fachamt." and stored["sachlage"].endswith("Von nebenan.")
    gone = second.post(url, {"block_gibtesnicht": "Mein Satz."})
    assert gone.status_code == 422 and "Mein Satz." in gone.content.decode()
    long = second.post(url, {"block_soziales": "x" * 100_001, "version_soziales": TextBlock.objects.get(text=paper.text, key="soziales").version})  # fmt: skip
    assert long.status_code == 422 and "ist zu lang" in long.content.decode()


@pytest.mark.parametrize("number", ["-", "neu", "entwurf-3", "a/b", "2022 / 0119", "1.2"])
def test_a_number_has_to_lead_to_the_paper(number, paper):
    assert paper.number_problem(number)
    assert (
        not paper.number_problem("2023/0120")
        and not paper.number_problem("")
        and not paper.number_problem("FB 56/0014/WP18-1")
    )
