"""The arithmetic of money against a replay of the rules day by day: sums that add up, and what moves none of them."""

from dataclasses import replace
from decimal import Decimal as D
from fractions import Fraction

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grants import costing
from tests.grants.plans import absences_of, item_of, plans, used_up, uses_of
from tests.grants.replay import Amounts, Post, Replay, commercial
from tests.helpers import thorough

CENT = D("0.01")
MANY = settings(max_examples=thorough(1000, 200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
SOME = settings(max_examples=thorough(150, 60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
TIMED = ["months", "days", ""]


def years_of(plan):
    return range(plan.first.year, plan.end.year + 1)


def of_kinds(found):
    return found.of_kind("own"), found.of_kind("onward")


@MANY
@given(plans())
def test_everything_equals_the_replay_and_adds_up(plan):
    """Each year, kind, post, span and state, in cents. Σ pieces = post, Σ posts = own + onward = bound, bound + free =
    entitled; filled + not spent + unknown = post, and each kind of absence is the sum of its shares."""
    item, hand = item_of(plan), Amounts(plan)
    assume(not hand.too_much)
    assert item.entitled == hand.entitled
    assert nonzero(costing.entitlement(item.chain)) == nonzero(hand.replay.entitled)
    for year in years_of(plan):
        found = item.year(year)
        assert {n: costing.exact_of(p.pieces) for n, p in found.posts.items()} == hand.replay.used(year)
        assert (found.entitled, found.bound) == (hand.granted(year), hand.bound(year))
        assert found.bound + found.free == found.entitled
        assert of_kinds(found) == tuple(hand.kinds(year).values())
        assert {n: p.amount for n, p in found.posts.items()} == hand.posts(year)
        assert sum((p.amount for p in found.posts.values()), D(0)) == sum(of_kinds(found)) == found.bound
        spans = {n: [(p.use.row, p.amount) for p in post.pieces] for n, post in found.posts.items()}
        assert spans == hand.spans(year)
        for number, post in found.posts.items():
            assert sum(piece.amount for piece in post.pieces) == post.amount
            left = costing.states(post, absences_of(plan, number))
            assert (left.filled, left.not_spent, left.unknown) == hand.states(year, number)
            assert left.filled + left.not_spent + left.unknown == post.amount
            assert left.not_spent == sum((cent for one, _, cent in left.shares if one.kind == costing.NOT_SPENT), D(0))
            assert left.unknown == sum((cent for one, _, cent in left.shares if one.kind == costing.UNKNOWN), D(0))


def nonzero(by_year):
    return {year: amount for year, amount in by_year.items() if amount}


@MANY
@given(used_up())
def test_a_position_that_is_used_up_is_bound_to_the_cent(plan):
    """Σ posts = what the year grants, gap 0, under each rule."""
    item = item_of(plan)
    for year in years_of(plan):
        found = item.year(year)
        assert found.bound == found.entitled == item.entitled.get(year, D(0)) and found.free == 0
        assert sum((p.amount for p in found.posts.values()), D(0)) == found.entitled


@MANY
@given(plans(gone=False, most=2, posts_=3), st.data())
def test_a_partition_changes_no_sum_and_the_order_of_uses_nothing(plan, data):
    """A post becomes several of the same kind, a span several, rates are cut in two: every sum stays. Any order of the
    same uses gives the same amount of each post."""
    item = item_of(plan)
    parts = [replace(post, stretches=tuple(cut(post.stretches, data))) for post in plan.posts]
    parts = tuple(one for post in parts for one in halves(post, data))
    mixed = replace(item, uses=tuple(data.draw(st.permutations(item.uses))) if item.uses else ())
    divided = replace(item, uses=uses_of(parts))
    for year in years_of(plan):
        was, shuffled, now = (one.year(year) for one in (item, mixed, divided))
        assert (now.entitled, now.bound, of_kinds(now)) == (was.entitled, was.bound, of_kinds(was))
        assert {n: (p.amount, p.pieces) for n, p in shuffled.posts.items()} == {
            n: (p.amount, p.pieces) for n, p in was.posts.items()
        }
        assert list(shuffled.posts) == list(was.posts)
        for post in plan.posts:
            alike = [p.amount for n, p in now.posts.items() if str(n).startswith(post.number)]
            if post.number in was.posts:
                assert abs(sum(alike) - was.posts[post.number].amount) <= CENT


def cut(stretches, data):
    for one in stretches:
        days = (one.end - one.first).days
        middle = one.first + (one.end - one.first) * data.draw(st.integers(1, days)) // days
        yield from (replace(one, end=middle), replace(one, first=middle)) if middle < one.end else (one,)


def halves(post, data):
    """A post as one, or as two whose parts of each stretch add up to it."""
    share = data.draw(st.integers(0, 1000))
    lists = [], []
    for one in post.stretches:
        first = D(int(one.part * 1000) * share // 1000) / 1000
        for part, some in zip((first, one.part - first), lists, strict=True):
            if part:
                some.append(replace(one, whole=part, part=part))
    return [
        Post(f"{post.number}{letter}", post.kind, tuple(some)) for letter, some in zip("ab", lists, strict=True) if some
    ]


@SOME
@given(plans(gone=False, most=1))
def test_no_amount_is_far_from_its_exact_value(plan):
    """With one version. Each step of the division moves less than a cent: years, bound, kinds, posts, spans."""
    item, hand = item_of(plan), Replay(plan)
    for year in years_of(plan):
        found, used = item.year(year), hand.used(year)
        assert abs(found.entitled - commercial(hand.entitled.get(year, Fraction(0)))) <= CENT
        assert abs(Fraction(found.bound) - sum(used.values())) < 2 * Fraction(CENT)
        for number, post in found.posts.items():
            assert abs(Fraction(post.amount) - used[number]) < 3 * Fraction(CENT)
            for piece in post.pieces:
                assert abs(Fraction(piece.amount) - piece.exact) < 3 * Fraction(CENT)


@SOME
@given(plans(rules=["none"], posts_=3))
def test_by_the_rule_none_nothing_is_left_and_the_dearest_day_binds(plan):
    item, hand = item_of(plan), Replay(plan)
    for year in years_of(plan):
        found = item.year(year)
        peak, _ = hand.peak(year)
        assert sum((costing.exact_of(p.pieces) for p in found.posts.values()), Fraction(0)) == peak
        assert abs(Fraction(found.bound) - peak) < 3 * Fraction(CENT)
        for number, post in found.posts.items():
            left = costing.states(post, absences_of(plan, number))
            assert (left.filled, left.not_spent, left.unknown) == (post.amount, 0, 0)


@MANY
@given(plans(posts_=0))
def test_years_are_cut_from_the_whole_and_keep_what_a_version_leaves_alone(plan):
    """Σ years = the whole rounded once; a version that changes nothing in a year keeps that year's cents."""
    found = item_of(plan).entitled_by_version
    hands = [Replay(plan.until(n)).entitled for n in range(1, len(plan.versions) + 1)]
    assert sum(found[0].values(), D(0)) == commercial(sum(hands[0].values(), Fraction(0)))
    for before, after, old, new in zip(hands, hands[1:], found, found[1:], strict=False):
        same = {year for year, one in after.items() if before.get(year) == one}
        assert all(new[year] == old[year] for year in same)
        whole, kept = commercial(sum(after.values(), Fraction(0))), sum((new[year] for year in same), D(0))
        if any(after[year] for year in after.keys() - same) and kept <= whole:
            assert sum(new.values(), D(0)) == whole


@SOME
@given(plans(rules=TIMED, gone=False), plans(rules=TIMED, gone=False), st.integers(1, 999))
def test_a_post_with_two_payers_takes_its_part_of_each(one, other, share):
    """Two positions, perhaps of two notices, pay parts of the same posts: each reckons its own part only."""

    def paid(plan, mille):
        stretches = [
            tuple(replace(s, part=D(part) / 1000) for s in post.stretches if (part := int(s.whole * mille)))
            for post in one.posts
        ]
        return replace(
            plan, posts=tuple(replace(p, stretches=s) for p, s in zip(one.posts, stretches, strict=True) if s)
        )

    for plan in (paid(one, share), paid(other, 1000 - share)):
        item, hand = item_of(plan), Amounts(plan)
        assume(not hand.too_much)
        for year in years_of(plan):
            assert {n: p.amount for n, p in item.year(year).posts.items()} == hand.posts(year)
