"""What is released and mitgezeichnet was seen: a paper of which one printed field has changed meanwhile is refused, and
the field is named."""

import json
from datetime import date

import pytest
from django.core.exceptions import ValidationError

from kim.history.preview import rolled_back
from kim.models import Body, Release, Source, TextBlock
from kim.studio import releases, seen
from meetings.models import CoSignature, Organization, Paper
from meetings.models.drafts import NewPaper, add_consultation
from tests.helpers import shown, sql
from tests.meetings.papers import halve

DAY = date(2023, 3, 10)


def of_paper(**facts):
    return lambda paper: Paper.objects.filter(pk=paper.pk).update(**facts)


def of_source(**facts):
    return lambda paper: Source.objects.filter(pk=paper.source_id).update(**facts)


def of_block(key, content):
    return lambda paper: TextBlock.objects.filter(text=paper.text_id, key=key).update(content=content)


def propose(paper):
    """A Beschlussvorschlag more, or another."""
    rows = TextBlock.objects.filter(text=paper.text_id, key="beschlussvorschlag-1")
    if not rows.update(content="Anders."):
        facts = {"position": 1, "key": "beschlussvorschlag-1", "heading": "Beschlussvorschlag:", "content": "Neu."}
        TextBlock.objects.create(body=paper.body, text=paper.text, **facts)


def involve(paper):
    office = Organization.objects.create(body=paper.body, name="A 99", organization_type="department")
    CoSignature.objects.create(body=paper.body, paper=paper, organization=office)


def lead(paper):
    office = Organization.objects.create(body=paper.body, name="A 98", organization_type="department")
    Paper.objects.filter(pk=paper.pk).update(department=office)


def another_kind(paper):
    kinds = {"approval": "resolution"}
    Paper.objects.filter(pk=paper.pk).update(paper_type=kinds.get(paper.paper_type, "approval"))


def another_superior(paper):
    other = Paper.objects.filter(text__isnull=False).exclude(pk__in=[paper.pk, paper.superior_id]).first()
    other = other or NewPaper(body=paper.body, paper_type="approval", name="Andere", day=DAY, as_of=DAY).create()
    Source.objects.filter(pk=other.source_id).update(number="2023/0999")
    Paper.objects.filter(pk=paper.pk).update(superior=other)


# The change that shows in each key of the content, and what people call it. A key that is missing here fails a test.
CHANGES = {
    "title": (another_kind, "Vorlageart"),
    "heading": (another_kind, "Vorlageart"),
    "with_roles": (another_kind, "Vorlageart"),
    "long": (another_kind, "Vorlageart"),
    "reference": (of_source(number="2023/0777"), "Vorlage-Nr."),
    "name": (of_source(title="Anderer Betreff"), "Betreff"),
    "date": (of_source(date=date(2023, 3, 11)), "Datum"),
    "as_of": (of_paper(as_of=date(2023, 3, 2)), "Zahlenstand"),
    "public": (lambda p: of_paper(public=not p.public)(p), "öffentlich oder nichtöffentlich"),
    "body": (lambda p: Body.objects.filter(pk=p.body_id).update(sender="Andere Stelle"), "Briefkopf"),
    "agenda_items": (of_paper(agenda_items="99"), "zu Tagesordnungspunkt"),
    "amendments": (of_block("soziales", "Ganz anders."), "Änderungen gegenüber der ergänzten Vorlage"),
    "supplements": (another_superior, "bezieht sich auf Vorlage"),
    "department": (lead, "Federführende Dienststelle"),
    "participants": (involve, "Beteiligte Dienststelle/n"),
    "author": (of_paper(author="Frau Anders"), "Verfasser/in"),
    "climate": (of_paper(climate="positiv"), "Klimarelevanz"),
    "consultations": (lambda p: p.consultations.update(meeting=None), "Beratungs"),
    "proposals": (propose, "Abschnitt „Beschlussvorschlag“"),
    "blocks": (lambda p: TextBlock.objects.filter(text=p.text_id).update(content="Anders."), "Abschnitt „"),
    "signer": (of_paper(signer_phrase="In Vertretung:"), "Zeichnung"),
}
# What is no key of the content, and still is to be seen.
MORE = {
    "layout": (
        lambda p: Body.objects.filter(pk=p.body_id).update(
            paper_layout="box" if p.body.paper_layout == "letter" else "letter"
        ),
        "Layout",
    ),
    "replaces": (lambda p: of_paper(replaces=Paper.objects.exclude(pk=p.pk).first())(p), "ersetzt Vorlage"),
}
ONLY_SUPPLEMENT = {"amendments", "supplements"}


@pytest.fixture
def drafts(region, paper):
    """A paper of each kind that the StädteRegion writes; the Ergänzung supplements one that is released."""
    made = {"information": paper}
    for kind in ("approval", "tabled", "supplement"):
        one = NewPaper(body=region, paper_type=kind, name=f"Probe {kind}", day=DAY, as_of=DAY).create()
        add_consultation(one, paper.consultations.get().organization, DAY, "information")
        TextBlock.objects.filter(text=one.text, key="erlaeuterungen").update(content="Nachgereicht.")
        of_paper(signer=paper.signer)(one)
        made[kind] = Paper.objects.get(pk=one.pk)
    base = NewPaper(body=region, paper_type="information", name="Grund", day=DAY, as_of=DAY, notice=paper.notice, copied_from=paper).create()  # fmt: skip
    add_consultation(base, paper.consultations.get().organization, DAY, "information")
    Source.objects.filter(pk=base.source_id).update(number="2023/0500")
    base.release(None)
    of_paper(superior=base)(made["supplement"])
    of_block("soziales", "Neu gefasst.")(made["supplement"])
    return {kind: Paper.objects.get(pk=one.pk) for kind, one in made.items()}


def refused(act):
    """The sentence with which something is refused; nothing if it is done."""
    try:
        act()
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def unnamed(paper, sent):
    """The changes after which the paper, released with what a page showed before, does not name what has changed."""
    found = {}
    for key, (change, name) in (CHANGES | MORE).items():
        if key in ONLY_SUPPLEMENT and paper.paper_type != "supplement":
            continue
        with rolled_back():
            change(Paper.objects.get(pk=paper.pk))
            words = refused(lambda: Paper.objects.get(pk=paper.pk).release(None, shown=sent))
        if key == "layout" and paper.paper_type == "tabled":
            name = "Vorlageart"  # it looks the same in both houses but for what stands above it
        if not (words.startswith("Inzwischen geändert: ") and name in words):
            found[key] = words
    return found


@pytest.mark.parametrize("kind", ["information", "approval", "tabled", "supplement"])
def test_a_field_that_changed_since_the_page_was_shown_is_named_and_nothing_is_released(drafts, kind, login):
    paper, before = drafts[kind], Release.objects.count()
    assert unnamed(paper, shown(login("leitung"), paper.get_absolute_url())["fingerprint"]) == {}
    assert Release.objects.count() == before and Paper.objects.get(pk=paper.pk).is_open


def test_the_same_in_the_box_of_the_city(city, login):
    paper = Paper.find(city, "FB 56/0051/WP18")
    assert unnamed(paper, shown(login("leitung", "stadt-aachen"), paper.get_absolute_url())["fingerprint"]) == {}


def test_no_key_of_the_content_is_forgotten(drafts):
    """A new field of the print has a name and a change of its own above, or a reason among the exceptions."""
    for paper in drafts.values():
        document = paper.document()
        keys = set(document.content([], DAY))
        assert keys == set(CHANGES) | set(seen.EXCEPT)
        assert keys - set(seen.EXCEPT) - {"blocks", "proposals"} == set(document.labels)


@pytest.mark.counter
def test_what_is_an_exception_would_not_be_seen(paper, monkeypatch):
    sent = seen.token(seen.of(paper.document()))
    monkeypatch.setitem(seen.EXCEPT, "signer", "for this test")
    sent = seen.token(seen.of(paper.document()))
    of_paper(signer_phrase="In Vertretung:")(paper)
    assert refused(lambda: Paper.objects.get(pk=paper.pk).release(None, shown=sent)) == ""


def test_the_derivation_of_a_figure_is_seen_too(paper, login):
    sent = shown(login("leitung"), "/dokumente/2023-0120/")["fingerprint"]
    Source.objects.filter(kind="notice").update(title="Anderer Bescheid")
    words = refused(lambda: Paper.objects.get(pk=paper.pk).release(None, shown=sent))
    assert words == "Inzwischen geändert: Herkunft der Zahlen. Bitte noch einmal ansehen."


def test_another_order_of_the_blocks_is_another_paper(paper):
    sent = seen.token(seen.of(paper.document()))
    TextBlock.objects.filter(text=paper.text, key="soziales").update(position=1)
    words = refused(lambda: Paper.objects.get(pk=paper.pk).release(None, shown=sent))
    assert words == "Inzwischen geändert: Reihenfolge der Abschnitte. Bitte noch einmal ansehen."


def test_a_page_names_every_field_and_shows_the_paper_anew(paper, login):
    browser, url = login("leitung"), "/dokumente/2023-0120/"
    sent = shown(browser, url)
    of_paper(signer_phrase="In Vertretung:", author="Frau Anders")(paper)
    answer = browser.post(f"{url}freigeben/", sent)
    words = answer.content.decode()
    assert (
        answer.status_code == 422
        and "Inzwischen geändert: Verfasser/in, Zeichnung. Bitte noch einmal ansehen." in words
    )
    assert "Frau Anders" in words and not Release.objects.exists()
    assert browser.post(f"{url}freigeben/", shown(browser, url)).status_code == 302


@pytest.mark.parametrize("sent", [{}, {"fingerprint": ""}, {"fingerprint": "x:y"}, {"fingerprint": "0" * 64}])
@pytest.mark.parametrize("act", ["freigeben", "mitzeichnen"])
def test_a_request_that_does_not_say_what_it_saw_is_refused(act, sent, region, paper, login):
    office = Organization.objects.create(body=region, name="A 50", organization_type="department")
    row = CoSignature.objects.create(body=region, paper=paper, organization=office)
    answer = login("leitung").post(f"/dokumente/2023-0120/{act}/", {"office": str(row.pk)} | sent)
    assert answer.status_code == 422 and "Es ist nicht zu erkennen, was Sie gesehen haben." in answer.content.decode()
    assert not Release.objects.exists() and CoSignature.objects.get().signed_at is None


# Mitzeichnung


def test_every_field_that_changes_voids_a_mitzeichnung(drafts):
    held = []
    for paper in drafts.values():
        office, _ = Organization.objects.get_or_create(body=paper.body, name="A 50", organization_type="department")
        row = CoSignature.objects.create(body=paper.body, paper=paper, organization=office)
        row.paper = Paper.objects.get(pk=paper.pk)
        row.sign(None)
        assert not any("gilt nicht mehr" in problem for problem in Paper.objects.get(pk=paper.pk).document().problems())
        for key, (change, _) in (CHANGES | MORE).items():
            if key in ONLY_SUPPLEMENT and paper.paper_type != "supplement":
                continue
            with rolled_back():
                change(Paper.objects.get(pk=paper.pk))
                problems = Paper.objects.get(pk=paper.pk).document().problems()
                if not any("A 50: Nach der Mitzeichnung wurde die Vorlage geändert" in one for one in problems):
                    held.append((paper.paper_type, key))
    assert held == []


def test_a_mitzeichnung_of_something_else_than_was_shown_names_it(region, paper, login):
    office = Organization.objects.create(body=region, name="A 50", organization_type="department")
    row = CoSignature.objects.create(body=region, paper=paper, organization=office)
    browser, url = login("kaemmerei"), "/dokumente/2023-0120/"
    sent = shown(browser, url) | {"office": str(row.pk)}
    of_paper(climate="positiv")(paper)
    answer = browser.post(f"{url}mitzeichnen/", sent)
    assert answer.status_code == 422 and "Inzwischen geändert: Klimarelevanz." in answer.content.decode()
    assert CoSignature.objects.get().signed_at is None
    assert browser.post(f"{url}mitzeichnen/", sent | shown(browser, url)).status_code == 302


def test_a_mitzeichnung_holds_while_the_data_move_on_and_nobody_takes_them_over(region, paper):
    office = Organization.objects.create(body=region, name="A 50", organization_type="department")
    CoSignature.objects.create(body=region, paper=paper, organization=office).sign(None)
    halve()
    assert not any("gilt nicht mehr" in problem for problem in Paper.objects.get(pk=paper.pk).document().problems())


# drawn first, then compared again


def test_what_changes_while_the_paper_is_drawn_is_found_and_named(paper, monkeypatch):
    drawn = releases.render_again

    def meanwhile(bundle):
        of_paper(signer_phrase="In Vertretung:")(paper)
        return drawn(bundle)

    monkeypatch.setattr(releases, "render_again", meanwhile)
    words = refused(lambda: paper.release(None))
    assert words == "Inzwischen geändert: Zeichnung. Bitte noch einmal ansehen." and not Release.objects.exists()


def test_a_number_that_another_release_took_meanwhile_is_drawn_anew(region, paper, monkeypatch):
    Body.objects.filter(pk=region.pk).update(paper_numbers="own")
    drawn, made = releases.render_again, []
    for number in range(2):
        one = NewPaper(body=region, paper_type="information", name=f"Bericht {number}", day=DAY, as_of=DAY, notice=paper.notice, copied_from=paper).create()  # fmt: skip
        add_consultation(one, paper.consultations.get().organization, DAY, "information")
        made.append(Paper.objects.get(pk=one.pk))

    def meanwhile(bundle):
        monkeypatch.setattr(releases, "render_again", drawn)
        made[1].release(None)
        return drawn(bundle)

    monkeypatch.setattr(releases, "render_again", meanwhile)
    release = made[0].release(None)
    assert [made[1].reference, made[0].reference] == ["2023/0121", "2023/0122"]
    assert json.loads(release.bundle)["content"]["reference"] == "2023/0122" and release.number == 2


def test_a_draft_that_is_gone_says_so(paper):
    document = paper.document()
    sql("SET CONSTRAINTS ALL DEFERRED")
    with rolled_back():
        sql("DELETE FROM meetings_consultation WHERE paper_id = %s", paper.pk)
        sql("DELETE FROM meetings_paper WHERE id = %s", paper.pk)
        assert "gibt es nicht mehr" in refused(lambda: releases.release(document, None))
