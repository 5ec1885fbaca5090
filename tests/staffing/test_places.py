"""A place is a person: sizes and rests over time, substitutes, and what is empty."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.db import IntegrityError

from kim.values.periods import half_open_range
from staffing.figures.charts import overview
from staffing.figures.occupancy import endings, filled_by_post, persons, plain_filled, plain_rest, status
from staffing.figures.plan import plan
from staffing.figures.vacancy import RESTING, UNKNOWN, VACANT, gaps, vacant_since
from staffing.findings import over_occupied
from staffing.models import Occupancy, PlanNote, PositionPeriod, Stage, Status
from tests.helpers import new_position, sql
from tests.staffing.places import APRIL, AUGUST, JULY, JUNE, MAY, YEAR_2022, at_rest, fill, refused, rows_of, substitute


@pytest.fixture
def post(region):
    """A post of 1,0 since 01.01.2022, "geplant"."""
    return new_position(region, "PL-1", "1.0", first=YEAR_2022, stage=Stage.PLANNED).position


# one person, several sizes


def test_a_temporary_increase_is_a_size_of_the_same_person(post):
    place = fill(post, "0.5")
    place.fte = D("0.8")
    made = place.change_from(APRIL, reason="Aufstockung", end=JULY)
    assert rows_of(post) == [
        (1, D("0.5"), YEAR_2022, APRIL),
        (1, D("0.8"), APRIL, JULY),
        (1, D("0.5"), JULY, None),
    ]
    assert made.assumption == "Änderung ab 01.04.2023: Aufstockung" and made.basis is None
    for day, size in ((date(2023, 3, 31), "0.5"), (APRIL, "0.8"), (date(2023, 6, 30), "0.8"), (JULY, "0.5")):
        assert persons(post, day).value == 1
        row = PositionPeriod.objects.get(position=post)
        assert filled_by_post([row], day)[row.pk].amount == plain_filled([row], day)[row.pk] == D(size)
    assert made.events.first().pgh_context["act"] == "Änderung ab 01.04.2023"
    assert not [v for v in endings(post.body, date(2023, 3, 1)).rows if v.label == "Besetzung endet: PL-1"]


def test_an_increase_for_good_and_one_from_the_first_day(post):
    place = fill(post, "0.333", date(2024, 1, 1))
    place.fte = D("0.334")
    place.change_from(date(2024, 2, 29), reason="ab dem Schalttag")
    place = Occupancy.objects.get(position=post, validity__startswith=date(2024, 1, 1))
    place.fte = D("0.001")
    place.change_from(date(2024, 1, 1), reason="Wiedereingliederung", end=date(2024, 2, 1))
    assert rows_of(post) == [
        (1, D("0.001"), date(2024, 1, 1), date(2024, 2, 1)),
        (1, D("0.333"), date(2024, 2, 1), date(2024, 2, 29)),
        (1, D("0.334"), date(2024, 2, 29), None),
    ]


@pytest.mark.parametrize(
    ("day", "end", "words"),
    [
        (YEAR_2022, None, "ist eine Berichtigung"),
        (date(2021, 12, 31), JULY, "ab einem späteren Tag"),
        (APRIL, APRIL, "„Nur bis“ liegt nicht zwischen"),
        (APRIL, date(2023, 12, 2), "„Nur bis“ liegt nicht zwischen"),
        (date(2023, 12, 2), None, "ab einem späteren Tag"),
    ],
)
def test_days_outside_are_refused(day, end, words, post):
    place = fill(post, "0.5", last=date(2023, 11, 30))
    place.fte = D("0.8")
    assert words in refused(lambda: place.change_from(day, reason="x", end=end))
    assert "Bitte einen Grund" in refused(lambda: place.change_from(APRIL, reason=" "))
    assert place.change_from(APRIL, reason="x", end=date(2023, 12, 1)).validity == half_open_range(
        APRIL, date(2023, 12, 1)
    )


def test_an_unchanged_place_is_not_divided(post):
    place = fill(post, "0.5")
    assert place.change_from(APRIL, reason="nichts").pk == place.pk and len(rows_of(post)) == 1


def test_somebody_else_was_faster(post):
    place, other = fill(post, "0.5"), Occupancy.objects.get(position=post)
    other.fte = D("0.6")
    other.correct(reason="war so")
    place.fte = D("0.7")
    assert "Inzwischen" in refused(lambda: place.change_from(APRIL, reason="zu spät"))


def test_the_rest_is_divided_with_the_row(post):
    place = at_rest(post)
    place.fte = D("0.4")
    later = place.change_from(JUNE, reason="kommt mit weniger zurück")
    before = Occupancy.objects.get(pk=place.pk)
    assert (before.suspended, later.suspended) == (half_open_range(APRIL, JUNE), half_open_range(JUNE, AUGUST))
    assert before.rest_span() == later.rest_span() == half_open_range(APRIL, AUGUST)
    later.fte = D("0.3")
    assert later.change_from(date(2023, 9, 1), reason="x").suspended is None


def test_who_comes_next_is_somebody_else(post):
    first = fill(post, "0.5", last=date(2023, 3, 31))
    second = fill(post, "0.5", APRIL)
    assert (first.slot, second.slot) == (1, 2)


# who leaves


def test_who_leaves_takes_the_later_sizes_along(post):
    place = fill(post, "0.5")
    place.fte = D("0.8")
    place.change_from(MAY, reason="x", end=AUGUST)
    place.refresh_from_db()
    place.leave(APRIL, reason="Kündigung")
    assert rows_of(post) == [(1, D("0.5"), YEAR_2022, APRIL)]
    assert [v.value for v in endings(post.body, date(2023, 3, 1)).rows if v.label == "Besetzung endet: PL-1"] == [
        date(2023, 3, 31)
    ]


def test_nobody_leaves_outside_of_the_time(post):
    place = fill(post, "0.5", last=date(2023, 3, 31))
    for day in (YEAR_2022, date(2023, 5, 1)):
        assert "das Ende liegt nicht darin" in refused(lambda day=day: place.leave(day, reason="x"))
    assert "Grund" in refused(lambda: place.leave(APRIL, reason=""))


# substitutes


def test_a_substitute_counts_once(post):
    place = at_rest(post)
    stand_in = substitute(post, place.slot, "0.333")
    row = PositionPeriod.objects.get(position=post)
    found = PositionPeriod.objects.with_occupancy(MAY).get(pk=row.pk)
    assert (found.filled, found.resting, found.open, found.status) == (
        D("0.333"),
        D("0.167"),
        D("0.667"),
        Status.PARTLY,
    )
    assert (stand_in.slot, persons(post, MAY).value, persons(post, AUGUST).value) == (2, 2, 1)
    within = gaps([row], Occupancy.objects.filter(position=post), half_open_range(MAY, JUNE))
    assert [(g.kind, g.fte) for g in within] == [(VACANT, D("0.5")), (RESTING, D("0.167"))]
    formulas = [g.size().formula.replace("\u00a0VZÄ", "") for g in within]
    assert formulas == ["1,0 − 0,5", "0,5 − 0,333"]
    assert plain_rest([row], MAY)[row.pk] == D("0.667")
    labels = {o.label for o in filled_by_post([row], MAY)[row.pk].operands}
    assert labels == {"PL-1, Platz 2 (vertritt Platz 1)"}
    words = next(bars for number, bars in overview(post.body, MAY).rows if number == "PL-1")
    assert "0,167 VZÄ ruhend" in " ".join(bar.words for bar in words)
    assert not list(over_occupied(post.body, MAY))


def test_a_substitute_who_does_more_fills_what_is_empty(post):
    place = at_rest(post)
    substitute(post, place.slot, "0.7")
    row = PositionPeriod.objects.get(position=post)
    assert [
        (g.kind, g.fte) for g in gaps([row], Occupancy.objects.filter(position=post), half_open_range(MAY, JUNE))
    ] == [(VACANT, D("0.3"))]
    assert "höher als der Umfang" in refused(lambda: fill(post, "0.301", MAY))


def test_a_resting_place_keeps_its_part_of_the_post(post):
    at_rest(post)
    fill(post, "0.5")
    assert "wird als seine Vertretung eingetragen" in refused(lambda: fill(post, "0.001", MAY, JUNE))
    substitute(post, 1, "0.5")
    assert "höher als der Umfang" in refused(lambda: substitute(post, 1, "0.001", MAY, JUNE))


RETURN = "Die Vertretung auf Platz 2 endet nicht vor der Rückkehr auf Platz 1 am 01.07.2023"


def rest_of(place, span):
    place.refresh_from_db()
    place.suspended = span
    place.correct(reason="x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda place: rest_of(place, half_open_range(APRIL, JULY)), RETURN),
        (lambda place: rest_of(place, half_open_range(APRIL, None)), ""),
        (lambda place: rest_of(place, None), "beginnt am 01.04.2023, an diesem Tag ruht Platz 1 nicht"),
        (
            lambda place: rest_of(place, half_open_range(MAY, AUGUST)),
            "beginnt am 01.04.2023, an diesem Tag ruht Platz 1 nicht",
        ),
        (lambda place: place.leave(JULY, reason="x"), RETURN),
        (lambda place: place.remove(reason="x"), "eine Vertretung auf Platz 2 (01.04.2023 bis 31.07.2023)"),
        (lambda place: substitute(place.position, 1, "0.001", MAY, None), "auf Platz 1 am 01.08.2023"),
        (lambda place: substitute(place.position, 1, "0.001", None, AUGUST), "hat keinen Beginn"),
        (lambda place: substitute(place.position, 9, "0.001"), "ruht Platz 9 nicht"),
        (lambda place: substitute(place.position, 3, "0.001"), "kann sich nicht selbst vertreten"),
    ],
)
def test_a_substitute_stays_within_the_rest(change, words, post):
    place = at_rest(post)
    substitute(post, place.slot, "0.5")
    place.refresh_from_db()
    if not words:
        change(place)
        return
    assert words in refused(lambda: change(place))


def test_a_rest_may_go_on_in_the_next_row(post):
    """The substitute needs somebody who rests on each day, in whichever row of the place."""
    place = at_rest(post)
    place.fte = D("0.4")
    later = place.change_from(JUNE, reason="x")
    substitute(post, 1, "0.4")
    assert "01.06.2023" in refused(lambda: rest_of(later, None))
    sub = Occupancy.objects.get(position=post, slot=2)
    sub.stands_in_for = None
    assert "höher als" in refused(
        lambda: sub.change_from(JULY, reason="bleibt", end=None) and fill(post, "0.301", JULY)
    )


def test_a_substitute_may_stay_for_good(post):
    """Who was away does not come back; who stood in stays, and is the same person."""
    place = at_rest(post)
    sub = substitute(post, place.slot, "0.5")
    place.refresh_from_db()
    sub.validity = half_open_range(APRIL)
    assert "am 01.08.2023" in refused(lambda: sub.correct(reason="bleibt"))
    sub.refresh_from_db()
    place.leave(AUGUST, reason="kommt nicht wieder")
    sub.stands_in_for, sub.fte = None, D("0.75")
    later = sub.change_from(AUGUST, reason="bleibt")
    assert (later.slot, later.validity, later.stands_in_for) == (sub.slot, half_open_range(AUGUST), None)
    assert [persons(post, day).value for day in (MAY, JULY, AUGUST)] == [2, 2, 1]
    assert "Die Angaben zu Platz 2" in refused(lambda: sub.change_from(date(2023, 9, 1), reason="x"))
    assert "schon besetzt" in refused(lambda: sub.change_from(AUGUST, reason="noch einmal"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE staffing_occupancy SET suspended = '[2023-04-01,2023-07-31)' WHERE id = %s",
        "UPDATE staffing_occupancy SET suspended = NULL WHERE id = %s",
        "DELETE FROM staffing_occupancy WHERE id = %s",
    ],
)
def test_raw_sql_is_refused_too(statement, post):
    place = at_rest(post)
    substitute(post, place.slot, "0.5")
    with pytest.raises(IntegrityError, match="substitute"):  # noqa: PT012 - checked at the end of the transaction
        sql(statement, place.pk)
        sql("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.counter
def test_without_the_trigger_both_stay(post, owner):
    """Whoever returns would find the substitute in her place, and the post filled twice over."""
    place = at_rest(post, "1.0")
    substitute(post, place.slot, "1.0")
    names = sql("SELECT tgname FROM pg_trigger WHERE tgrelid = 'staffing_occupancy'::regclass AND NOT tgisinternal")
    off = [n for (n,) in names if n.startswith(("pgtrigger_substitute_at_rest", "pgtrigger_over_occupied"))]
    assert len(off) == 2
    with owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in off:
            cursor.execute(f"ALTER TABLE staffing_occupancy DISABLE TRIGGER {name}")
    rest_of(place, half_open_range(APRIL, JULY))
    (hint,) = over_occupied(post.body, JULY)
    assert "Am 01.07.2023 sind 2,0 VZÄ besetzt, die Stelle hat 1,0 VZÄ" in hint.sentence


# what a post shows while its only place rests


@pytest.mark.parametrize(
    ("stage", "shown", "part"),
    [
        (Stage.NOT_STATED, Status.VACANT, "open"),
        (Stage.PLANNED, Status.VACANT, "open"),
        (Stage.ADVERTISED, Status.ADVERTISED, "advertised"),
        (Stage.ADVERTISING_PLANNED, Status.ADVERTISING_PLANNED, "advertising_planned"),
    ],
)
def test_a_resting_place_is_not_filled(stage, shown, part, post):
    own = post.periods.get()
    own.stage, own.carrier = stage, PositionPeriod.objects.get(position__number="CM-01").carrier
    own.correct(reason="x")
    at_rest(post, "1.0")
    row = PositionPeriod.objects.with_occupancy(MAY).get(position=post)
    assert (row.status, row.filled, row.resting, getattr(row, part)) == (shown, D(0), D(1), D(1))
    assert row.not_stated == 0 and vacant_since([row], MAY)[row.pk].value is None
    (gap,) = gaps([row], Occupancy.objects.filter(position=post), half_open_range(MAY, JUNE))
    assert (gap.kind, gap.fte, gap.size().formula) == (RESTING, D(1), "Summe")
    words = [o.label for o in getattr(status(post.body, MAY), part).walk() if o.label.startswith("PL-1")]
    assert words and words[0].endswith("ruhend") == (stage == Stage.NOT_STATED)


def test_what_is_not_known_stays_so_beside_what_rests(post):
    own = post.periods.get()
    own.stage = Stage.NOT_STATED
    own.correct(reason="x")
    at_rest(post, "0.3")
    row = PositionPeriod.objects.with_occupancy(MAY).get(position=post)
    assert (row.filled, row.open, row.not_stated) == (D(0), D("0.3"), D("0.7"))
    kinds = [(g.kind, g.fte) for g in gaps([row], Occupancy.objects.filter(position=post), half_open_range(MAY, JUNE))]
    assert kinds == [(UNKNOWN, D("0.7")), (RESTING, D("0.3"))]
    own.pay_group = "EG 9b"
    own.correct(reason="x")
    line = next(one for one in plan(post.body, 2024).lines if one.name == "EG 9b")
    assert line.filled.value == 0, "that somebody is away is known"


# Sperrvermerk


def block(post, first=MAY, end=None):
    PlanNote.objects.create(
        body=post.body, position=post, kind="block", validity=half_open_range(first, end), assumption="x"
    )


def test_who_was_there_before_may_change_her_size_on_a_blocked_post(post):
    place = fill(post, "0.5")
    block(post)
    place.fte = D("0.3")
    place.change_from(JUNE, reason="Teilzeit", end=JULY)
    assert [row[1] for row in rows_of(post)] == [D("0.5"), D("0.3"), D("0.5")]
    last = Occupancy.objects.get(position=post, validity__startswith=JULY)
    last.fte = D("0.6")
    assert "Sperrvermerk" in refused(lambda: last.change_from(AUGUST, reason="mehr"))
    PlanNote.objects.filter(position=post).delete()
    block(post)  # sizes that are there already begin nobody


def test_nobody_stays_on_by_another_row_of_the_same_place(post):
    place = fill(post, "0.5", last=date(2023, 5, 31))
    block(post)
    more = {"body": post.body, "position": post, "slot": place.slot, "fte": D("0.5"), "assumption": "x"}
    assert "Sperrvermerk" in refused(lambda: Occupancy.objects.create(validity=half_open_range(JUNE), **more))
