"""What nobody knows is not released in the middle of a sentence; nor is a sum that is silent about some of its parts."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError

from kim.figures import CATALOGUE, FTE, Value, total
from kim.models import Release, Source
from kim.studio import releases
from meetings.models import Paper
from tests.meetings.papers import words


def giving(monkeypatch, name, value):
    """Let a figure be this value."""

    def function(**given) -> Value:
        return value

    monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], function=function))


def problems(paper):
    return Paper.objects.get(pk=paper.pk).document().problems()


def test_an_unknown_figure_is_refused_by_name_and_block(paper, login):
    Source.objects.filter(kind="notice").update(date=None)
    releases.adopt_figures(Paper.objects.get(pk=paper.pk).document())
    assert "vom keine Angabe" in words(paper), "a draft may still be looked at"
    sentence = "„Datum des Bescheids“ (notice.date) ist nicht bekannt: Abschnitt „Sach- und Rechtslage“."
    assert problems(paper) == [sentence]
    page = login("leitung").get("/dokumente/2023-0120/").content.decode()
    assert "Angaben im Text sind bekannt" in page and "(notice.date) ist nicht bekannt" in page
    with pytest.raises(ValidationError, match=r"notice\.date"):
        Paper.objects.get(pk=paper.pk).release(None)
    assert not Release.objects.exists()


def test_an_unknown_number_of_posts_is_named_in_each_block_it_stands_in(paper, monkeypatch):
    giving(monkeypatch, "notice.fte", Value("Stellen", None, FTE))
    releases.adopt_figures(Paper.objects.get(pk=paper.pk).document())
    found = problems(paper)
    assert [p.partition(": ")[0] for p in found] == ["„Stellen der Zuwendung“ (notice.fte) ist nicht bekannt"] * 2
    assert "Abschnitt „Sach- und Rechtslage“" in found[0]


def test_a_figure_of_no_words_is_unknown_too(paper, monkeypatch):
    giving(monkeypatch, "programme.legal_basis", Value("Rechtsgrundlage", "", "Text"))
    releases.adopt_figures(Paper.objects.get(pk=paper.pk).document())
    assert any("programme.legal_basis" in p and "nicht bekannt" in p for p in problems(paper))


def test_a_sum_with_missing_parts_prints_the_mark_and_blocks_the_release(paper, monkeypatch):
    giving(monkeypatch, "notice.fte", total("Stellen", Value("a", D(12), FTE), *[Value("b", None, FTE)] * 3, unit=FTE))
    releases.adopt_figures(Paper.objects.get(pk=paper.pk).document())
    assert "zur Finanzierung von zwölf Stellen (3 ohne Angabe) im Landesprogramm" in words(paper)
    assert (
        "„Stellen der Zuwendung“ (notice.fte) ist unvollständig, 3 ohne Angabe: Abschnitt „Sach- und Rechtslage“."
        in problems(paper)
    )
    with pytest.raises(ValidationError, match="unvollständig"):
        Paper.objects.get(pk=paper.pk).release(None)


def test_a_complete_paper_is_released(paper):
    assert problems(paper) == []
    paper.release(None)
    assert "agrees" not in Release.objects.get().bundle.partition('"figures"')[2].partition('"kind"')[0]
