"""What the minutes of the seed say otherwise than the record: read by hand, sentence for sentence."""

import pytest
from django.core.exceptions import ValidationError

from kim.figures.findings import collect
from kim.models import TextBlock
from meetings.models import Minutes, Organization
from tests.helpers import said
from tests.meetings.record import DESK, item, meeting

__all__ = ["meeting"]
CODES = ("M1", "M2", "M3", "M4")
SEED = [
    ("M1", "„Ausschuss für Soziales, Integration und Demografie“ steht bei TOP 1, 12 und 20; eingetragen ist „Ausschuss für Soziales, Integration und Demographie“."),
    ("M1", "„Ausschuss für Wohnen, Soziales und Integration“ steht bei TOP 6, ist aber nicht eingetragen."),
    ("M2", "„Frankenberg“ steht bei TOP 12; eingetragen ist „Frankenberger“."),
    ("M3", "„Anlage 1“ steht bei TOP 12, 17 und 20: Sind das verschiedene Anlagen?"),
    ("M3", "„Anlage 2“ steht bei TOP 12 und 17: Sind das verschiedene Anlagen?"),
    ("M4", "TOP 17 verweist auf die Erläuterungen zu TOP 1, steht dort aber nicht."),
]  # fmt: skip


def found(body):
    return sorted((one.code, one.sentence) for one in collect(body, body.reference_day, CODES))


def test_the_seed_contradicts_itself_in_six_places(city):
    assert found(city) == sorted(SEED)


def test_they_stand_on_the_page_of_the_minutes(login, city):
    page = said(login(DESK, slug="stadt-aachen").get(Minutes.objects.get(body=city).get_absolute_url()))
    for _, sentence in SEED:
        assert sentence in page, sentence


def test_what_is_put_right_is_found_no_more(city):
    block = TextBlock.objects.get(text__minutes__isnull=False, key="oe-6-beschluss")
    block.content = block.content.replace("Ausschuss für Wohnen, Soziales", "Ausschuss für Soziales")
    block.content = block.content.replace("Soziales und Integration", "Soziales, Integration und Demographie")
    block.save()
    assert [one for one in found(city) if "TOP 6" in one[1]] == []


@pytest.fixture
def minutes(meeting):
    """A Niederschrift of the invented sitting."""
    for number in ("1", "2", "3"):
        item(meeting, number)
    return Minutes.begin(meeting, public=True)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("Der Ausschuss für Probe beschließt es.", 0),
        ("Im Ausschuss für Prosa wird beraten.", 1),
        ("Des Ausschusses für Probe", 0),
        ("Der Ausschuss beschließt es.", 0),
    ],
)
def test_only_other_names_are_told(region, minutes, words, count):
    Organization.objects.get(pk=minutes.meeting.organization_id)
    minutes.text.blocks.filter(key="oe-2").update(content=words)
    assert len(found(region)) == count


def test_a_postponed_item_is_named_in_the_opening(region, minutes):
    minutes.meeting.agenda_items.filter(number="3").update(advice="postponed", decision="postponed")
    assert found(region) == [("M4", "TOP 3 verweist auf die Erläuterungen zu TOP 1, steht dort aber nicht.")]
    for words in ("TOP 3 wird vertagt.", "TOP 2 und 3 werden vertagt.", "TOPs 2, 3 und 4"):
        minutes.text.blocks.filter(key="oe-1").update(content=words)
        assert found(region) == [], words
    minutes.text.blocks.filter(key="oe-1").update(content="TOP 33 wird vertagt.")
    assert len(found(region)) == 1


def test_nothing_is_asked_of_what_is_released(region, minutes):
    """What the record does not say keeps it from being released, unless a reason is entered."""
    minutes.text.blocks.filter(key="oe-2").update(content="Ausschuss für Prosa")
    assert len(found(region)) == 1
    with pytest.raises(ValidationError, match="Wann eingeladen wurde, ist nicht erfasst"):
        minutes.release(None)
    Minutes.objects.filter(pk=minutes.pk).update(gaps="Mehr ist nicht überliefert.")
    Minutes.objects.get(pk=minutes.pk).release(None)
    assert found(region) == []
