"""Random lives of a post equal a naive replay of their days."""

from datetime import date, timedelta
from decimal import Decimal as D

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kim.history.preview import rolled_back
from kim.values.periods import half_open_range
from staffing.figures.occupancy import persons
from staffing.figures.vacancy import RESTING, UNKNOWN, VACANT, gaps, histories
from staffing.models import Occupancy, PositionPeriod, Stage
from tests.helpers import new_position, thorough
from tests.staffing.places import fill, refused, substitute

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
        place.suspended = half_open_range(first, min(end, place.validity.upper))
        return place.correct(reason="x")
    if act == "leave":
        return place.leave(first, reason="x")
    place.fte = fte
    return place.change_from(first, reason="x", end=end)


@settings(max_examples=thorough(60, 25), deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_random_lives_of_a_post_equal_a_replay_day_by_day(region, acts):
    with rolled_back():
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
    found = gaps(rows, places, half_open_range(GRID[0], GRID[-1]))
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
