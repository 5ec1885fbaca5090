"""What a change would do to papers: drafts whose figures move are named with their words, nothing else is put together."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kim.figures.tokens import Expander
from kim.history.preview import rolled_back
from kim.models import TextBlock
from kim.store.reading import reading
from kim.studio import consequences as module
from kim.studio.consequences import figures_in_papers, foreseen
from meetings.models import Paper
from tests.meetings.papers import halve

DAY = date(2023, 3, 1)
JANUARY = date(2023, 1, 1)


def counting(monkeypatch):
    """The blocks whose words are put together from here on."""
    put, block = [], Expander.block

    def counted(self, key, heading, content):
        put.append(content)
        return block(self, key, heading, content)

    monkeypatch.setattr(Expander, "block", counted)
    return put


def test_a_draft_whose_figures_move_says_before_and_after(region, paper):
    (found,) = foreseen(halve, region, DAY)["papers"]
    assert found["url"] == "/dokumente/2023-0120/"
    assert ("VZÄ insgesamt", "sechs", "5,5") in found["moved"]


def test_a_draft_whose_figures_stay_is_not_put_together(region, paper, monkeypatch):
    put = counting(monkeypatch)
    found = foreseen(lambda: Paper.objects.filter(pk=paper.pk).update(author="Frau D."), region, DAY)
    assert (found["papers"], put) == ([], [])
    assert foreseen(halve, region, DAY)["papers"] and put, "the counter counts"


def test_what_is_released_is_not_asked(region, paper):
    paper.release(None)
    with CaptureQueriesContext(connection) as queries:
        assert figures_in_papers(region, JANUARY) == {}
    assert len(queries) < 6  # one for each kind of document
    found = foreseen(halve, region, DAY)
    assert found["papers"] == [] and found["effects"]


def test_a_change_of_words_is_seen_though_no_figure_moves(region, paper):
    def change():
        row = TextBlock.objects.get(text=paper.text, key="soziales")
        row.content = "Es sind {{notice.amount}}."
        row.save()

    (found,) = foreseen(change, region, DAY)["papers"]
    assert [(before, after) for _, before, after in found["moved"]] == [("–", "684.000\u00a0€")]


def test_words_of_a_moment_are_those_of_that_moment(region, paper):
    """They are put together after the change, from values of before it, and ask the database nothing."""
    with rolled_back():
        with reading():
            (before,) = figures_in_papers(region, JANUARY).values()
        halve()
        with reading():
            (after,) = figures_in_papers(region, JANUARY).values()
        assert not before.same(after)
        with CaptureQueriesContext(connection) as queries:
            old, new = before.words(), after.words()
    assert len(queries) == 0
    assert {old[place][1] for place in old if old[place] != new[place]} >= {"sechs"}


@pytest.mark.counter
def test_if_both_halves_shared_what_they_read_nothing_would_move(region, paper, monkeypatch):
    kept = {}

    def once(body, since):
        return kept.setdefault("said", figures_in_papers(body, since))

    monkeypatch.setattr(module, "figures_in_papers", once)
    assert foreseen(halve, region, DAY)["papers"] == []
