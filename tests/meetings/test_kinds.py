"""Ergänzungsvorlage and Tischvorlage: what is printed of them and nothing else, and what they are called."""

from datetime import date

import pytest

from kim.models import Body, TextBlock
from kim.studio import releases
from meetings.models import Organization, Paper
from meetings.models.drafts import NewPaper, add_consultation
from tests.helpers import pdf_text

DAY = date(2023, 3, 10)


def begun(body, kind, superior=None, **words):
    paper = NewPaper(body=body, paper_type=kind, name=f"Probe {kind}", day=DAY, as_of=DAY).create()
    Paper.objects.filter(pk=paper.pk).update(superior=superior, signer=body_signer(body))
    committee = Organization.objects.filter(body=body, organization_type="committee").first()
    add_consultation(Paper.objects.get(pk=paper.pk), committee, date(2023, 3, 22), "information")
    for key, content in words.items():
        TextBlock.objects.filter(text=paper.text, key=key).update(content=content)
    return Paper.objects.get(pk=paper.pk)


def body_signer(body):
    return Paper.find(body, "2023/0120").signer


def printed(paper):
    return pdf_text(releases.pdf_of(Paper.objects.get(pk=paper.pk).document()))


def in_order(text, words):
    places = [text.find(one) for one in words]
    assert -1 not in places and places == sorted(places), list(zip(words, places, strict=True))


def test_an_ergaenzung_prints_what_it_changes_of_the_released_paper(region, paper):
    paper.release(None)
    content = TextBlock.objects.get(text=paper.text, key="soziales").content
    first, _, rest = content.partition(". ")
    more = begun(region, "supplement", paper, grund="Ein Satz ist anders.", soziales=f"Neu gefasst. {rest}")
    text = printed(more)
    in_order(
        text,
        [
            "Ergänzungsvorlage",
            "(ergänzt 2023/0120)",
            "Grund der Ergänzung:",
            "Ein Satz ist anders.",
            "Soziale Auswirkungen:",
            "Neu gefasst.",
            "Änderungen gegenüber 2023/0120",
            "bisher",
        ],
    )
    assert text.count("Neu gefasst.") == 2 and first[:20] in text  # once as text, once against what was
    assert "Sach- und Rechtslage:" not in text


def test_while_the_paper_is_a_draft_no_changes_against_it_are_printed(region, paper):
    more = begun(region, "supplement", paper, grund="Ein Satz ist anders.", soziales="Neu.")
    assert "Änderungen gegenüber" not in printed(more)


def test_an_ergaenzung_is_called_by_the_next_suffix(region, paper):
    more = begun(region, "supplement", paper, grund="x")
    assert more.supplement_number() == "2023/0120-1"
    Body.objects.filter(pk=region.pk).update(paper_numbers=Body.PaperNumbers.OWN)
    more = Paper.objects.get(pk=more.pk)
    more.assign_number()
    assert Paper.objects.get(pk=more.pk).reference == "2023/0120-1"
    assert begun_again(region, paper).supplement_number() == "2023/0120-2"


def begun_again(region, paper):
    made = NewPaper(body=region, paper_type="supplement", name="Noch eine", day=DAY, as_of=DAY).create()
    Paper.objects.filter(pk=made.pk).update(superior=paper)
    return Paper.objects.get(pk=made.pk)


def test_a_tischvorlage_says_to_which_items_it_belongs(region):
    more = begun(region, "tabled", erlaeuterungen="Nachgereicht.", quelle="Träger, Schreiben vom 09.03.2023")
    assert any("Tagesordnungspunkt" in problem for problem in more.document().problems())
    Paper.objects.filter(pk=more.pk).update(agenda_items="17 und 19")
    more = Paper.objects.get(pk=more.pk)
    assert not any("Tagesordnungspunkt" in problem for problem in more.document().problems())
    text = printed(more)
    in_order(
        text, ["StädteRegion Aachen", "Tischvorlage", "zu TOP 17 und 19", "Probe tabled", "Nachgereicht.", "Quelle:"]
    )
    assert "Beratungsreihenfolge" not in text


@pytest.mark.parametrize("kind", ["supplement", "tabled"])
def test_both_print_in_the_box_of_the_city_too(city, kind):
    made = NewPaper(body=city, paper_type=kind, name="Probe", day=DAY, as_of=DAY).create()
    base = Paper.objects.filter(body=city, text__isnull=False).exclude(pk=made.pk).first()
    Paper.objects.filter(pk=made.pk).update(superior=base, agenda_items="4")
    text = pdf_text(releases.pdf_of(Paper.objects.get(pk=made.pk).document()))
    assert ("zu TOP 4" in text) == (kind == "tabled") and (f"ergänzt: {base.reference}" in text) == (kind != "tabled")


def test_a_public_ergaenzung_tells_nothing_of_a_paper_that_is_not_public(region, paper):
    Paper.objects.filter(pk=paper.pk).update(public=False)
    paper = Paper.objects.get(pk=paper.pk)
    paper.release(None)
    more = begun(region, "supplement", paper, grund="x", soziales="Neu gefasst.")
    Paper.objects.filter(pk=more.pk).update(public=True)
    assert "Änderungen gegenüber" not in printed(more)
    Paper.objects.filter(pk=more.pk).update(public=False)
    assert "Änderungen gegenüber" in printed(more)
