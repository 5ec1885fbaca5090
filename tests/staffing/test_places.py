"""A place is a person: sizes and rests over time, substitutes, and what is empty; equal to a naive day-by-day replay."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kim.history.preview import undone
from kim.models.refusals import refusable
from kim.values.periods import between, period
from staffing.figures.occupancy import endings, filled_by_post, persons, plain_filled, plain_rest, status
from staffing.figures.plan import plan
from staffing.figures.squares import overview
from staffing.figures.vacancy import RESTING, UNKNOWN, VACANT, gaps, histories, vacant_since
from staffing.findings import over_occupied
from staffing.models import Occupancy, PlanNote, PositionPeriod, Stage, Status
from tests.helpers import new_position, sql

APRIL, MAY, JUNE, JULY, AUGUST = (date(2023, month, 1) for month in (4, 5, 6, 7, 8))
YEAR_2022 = date(2022, 1, 1)


def fill(post, fte, first=YEAR_2022, last=None, **more):
    """One place on a post."""
    (made,) = Occupancy.fill(post, 1, reason="x", fte=D(fte), validity=period(first, last), assumption="x", **more)
    return made


@pytest.fixture
def post(region):
    """A post of 1,0 since 01.01.2022, "geplant"."""
    return new_position(region, "PL-1", "1.0", first=YEAR_2022, stage=Stage.PLANNED).position


def at_rest(post, fte="0.5", first=APRIL, end=AUGUST):
    """A place that rests in [first, end)."""
    place = fill(post, fte)
    place.suspended = between(first, end)
    place.correct(reason="ruht")
    return place


def substitute(post, slot, fte, first=APRIL, end=AUGUST):
    return fill(post, fte, first, end and end - timedelta(days=1), stands_in_for=slot)


def rows_of(post):
    found = Occupancy.objects.filter(position=post).order_by("slot", "validity")
    return [(o.slot, o.fte, o.validity.lower, o.validity.upper) for o in found]


def refused(change):
    with pytest.raises(ValidationError) as error, refusable():
        change()
    return " ".join(error.value.messages)


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
    assert place.change_from(APRIL, reason="x", end=date(2023, 12, 1)).validity == between(APRIL, date(2023, 12, 1))


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
    assert (before.suspended, later.suspended) == (between(APRIL, JUNE), between(JUNE, AUGUST))
    assert before.rest_span() == later.rest_span() == between(APRIL, AUGUST)
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
    within = gaps([row], Occupancy.objects.filter(position=post), between(MAY, JUNE))
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
    assert [(g.kind, g.fte) for g in gaps([row], Occupancy.objects.filter(position=post), between(MAY, JUNE))] == [
        (VACANT, D("0.3"))
    ]
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
        (lambda place: rest_of(place, between(APRIL, JULY)), RETURN),
        (lambda place: rest_of(place, between(APRIL, None)), ""),
        (lambda place: rest_of(place, None), "beginnt am 01.04.2023, an diesem Tag ruht Platz 1 nicht"),
        (lambda place: rest_of(place, between(MAY, AUGUST)), "beginnt am 01.04.2023, an diesem Tag ruht Platz 1 nicht"),
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
    sub.validity = between(APRIL)
    assert "am 01.08.2023" in refused(lambda: sub.correct(reason="bleibt"))
    sub.refresh_from_db()
    place.leave(AUGUST, reason="kommt nicht wieder")
    sub.stands_in_for, sub.fte = None, D("0.75")
    later = sub.change_from(AUGUST, reason="bleibt")
    assert (later.slot, later.validity, later.stands_in_for) == (sub.slot, between(AUGUST), None)
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
    rest_of(place, between(APRIL, JULY))
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
    (gap,) = gaps([row], Occupancy.objects.filter(position=post), between(MAY, JUNE))
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
    kinds = [(g.kind, g.fte) for g in gaps([row], Occupancy.objects.filter(position=post), between(MAY, JUNE))]
    assert kinds == [(UNKNOWN, D("0.7")), (RESTING, D("0.3"))]
    own.pay_group = "EG 9b"
    own.correct(reason="x")
    line = next(one for one in plan(post.body, 2024).lines if one.name == "EG 9b")
    assert line.filled.value == 0, "that somebody is away is known"


# Sperrvermerk


def block(post, first=MAY, end=None):
    PlanNote.objects.create(body=post.body, position=post, kind="block", validity=between(first, end), assumption="x")


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
    assert "Sperrvermerk" in refused(lambda: Occupancy.objects.create(validity=between(JUNE), **more))


# a naive replay

GRID = [date(2024, 1, 1) + timedelta(days=29 * n + (n > 1)) for n in range(8)]  # 29.02.2024 is one of the days
INNER = range(len(GRID) - 1)
SIZES = [D(1) if n < 4 else D("1.333") for n in INNER]
FTES = st.sampled_from([D("0.001"), D("0.333"), D("0.5"), D("0.667"), D(1)])
SPAN = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda ends: ends[0] < ends[1])
SLOT = st.integers(1, 4)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.none(), SPAN, FTES),
        st.tuples(st.just("rest"), SLOT, SPAN, st.none()),
        st.tuples(st.just("substitute"), SLOT, SPAN, FTES),
        st.tuples(st.just("change"), SLOT, SPAN, FTES),
        st.tuples(st.just("leave"), SLOT, SPAN, st.none()),
    ),
    max_size=10,
)


def allowed(days):
    """By the ruling: never more promised or worked than there is; a substitute only for somebody who rests."""
    for size, places in zip(SIZES, days, strict=True):
        promised = sum(p["fte"] for p in places.values() if not p["for"])
        worked = sum(p["fte"] for p in places.values() if not p["rests"])
        alone = [p for p in places.values() if p["for"] and not places.get(p["for"], {}).get("rests")]
        if promised > size or worked > size or alone:
            return False
    return True


def replay(days, act, slot, span, fte, count):
    """The days after an act, written anew; None if it makes no sense. Each day: {slot: what holds of the person}."""
    days = [{key: dict(place) for key, place in places.items()} for places in days]
    first, end = span
    if act in {"fill", "substitute"}:
        if act == "substitute" and slot > count:
            return None
        for day in range(first, end):
            days[day][count + 1] = {
                "row": (count + 1, "new"),
                "fte": fte,
                "rests": False,
                "for": act == "substitute" and slot,
            }
        return days
    if slot not in days[first]:
        return None
    row = days[first][slot]["row"]
    same = [d for d in INNER if days[d].get(slot, {}).get("row") == row]
    if act == "rest":
        for day in same:
            days[day][slot]["rests"] = first <= day < end
    elif act == "leave":
        if first == same[0]:
            return None
        for day in range(first, len(days)):
            days[day].pop(slot, None)
    elif end - 1 not in same or days[first][slot]["fte"] == fte:
        return None
    else:
        for day in same:
            if day >= first:
                days[day][slot]["row"] = (row, first, end, "after" if day >= end else "while")
            if first <= day < end:
                days[day][slot]["fte"] = fte
    return days


def act_on(post, act, slot, span, fte):
    """The same by the verbs."""
    first, end = GRID[span[0]], GRID[span[1]]
    if act == "fill":
        return fill(post, fte, first, end - timedelta(days=1))
    if act == "substitute":
        return substitute(post, slot, fte, first, end)
    place = Occupancy.objects.as_of(first).get(position=post, slot=slot)
    if act == "rest":
        place.suspended = between(first, min(end, place.validity.upper))
        return place.correct(reason="x")
    if act == "leave":
        return place.leave(first, reason="x")
    place.fte = fte
    return place.change_from(first, reason="x", end=end)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_random_lives_of_a_post_equal_a_replay_day_by_day(region, acts):
    with undone():
        row = new_position(region, "RND-2", "1.0", first=GRID[0], stage=Stage.PLANNED)
        row.fte, row.stage = D("1.333"), Stage.NOT_STATED
        row.change_from(GRID[4], reason="x")
        post, days, count = row.position, [{} for _ in INNER], 0
        for act, slot, span, fte in acts:
            after = replay(days, act, slot, span, fte, count)
            if after is None:
                continue
            if not allowed(after):
                refused(lambda now=(act, slot, span, fte): act_on(post, *now))
                continue
            act_on(post, act, slot, span, fte)
            days, count = after, count + (act in {"fill", "substitute"})
        compare(post, days)


def compare(post, days):
    """What the rows, the gaps and the status say of each day, beside the replay."""
    rows, places = histories([post.pk])[post.pk]
    found = gaps(rows, places, between(GRID[0], GRID[-1]))
    for n, expected in enumerate(days):
        day = GRID[n]
        there = [p for p in places if day in p.validity]
        assert {p.slot: (p.fte, bool(p.suspended and day in p.suspended), p.stands_in_for or False) for p in there} == {
            key: (p["fte"], p["rests"], p["for"]) for key, p in expected.items()
        }
        filled = sum((p["fte"] for p in expected.values() if not p["rests"]), D(0))
        empty = SIZES[n] - sum((p["fte"] for p in expected.values() if not p["for"]), D(0))
        away = sum((p["fte"] for p in expected.values() if p["rests"] and not p["for"]), D(0))
        away -= sum((p["fte"] for p in expected.values() if p["for"] and not p["rests"]), D(0))
        if away < 0:  # whoever stands in does more than who is away, and fills what is empty
            empty, away = empty + away, D(0)
        kinds = {VACANT if n < 4 else UNKNOWN: empty, RESTING: away}
        assert {g.kind: g.fte for g in found if day in g.span} == {k: v for k, v in kinds.items() if v}
        assert filled + empty + away == SIZES[n]
        one = PositionPeriod.objects.as_of(day).with_occupancy(day).get(position=post)
        parts = (one.filled, one.resting, one.advertised, one.advertising_planned, one.open, one.not_stated)
        assert parts == (filled, away, D(0), D(0), *((empty + away, D(0)) if n < 4 else (away, empty)))
        assert persons(post, day).value == len(expected)
