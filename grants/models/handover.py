"""What an Umverteilung does to money: what paid the posts that give pays the posts that take, each payer as much."""

from copy import copy
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models.base import ModelState

from grants.models.funding import Funding, always
from grants.models.items import NoticeItem
from grants.models.notices import current_of
from kim.values.money import MILLI, rounded, split
from kim.values.periods import half_open_range, intersection
from staffing.models import Moved, Position, on_move

MIXED = "Die Stellen, die abgeben, werden verschieden gefördert. Bitte je Zuwendung eine Umverteilung anlegen."


@on_move
def hand_over(moved: Moved) -> None:
    """New posts are paid from what pays the posts that give, in proportion; each payer's FTE stay equal.

    A stated part of a giving post becomes smaller in proportion to what the post gives. Where one position of a notice
    pays all that is given, it pays the new posts wholly, whatever their size later; otherwise each position pays of
    each new post its share, in thousandths. ValidationError if a post that is there already takes what another payer
    has paid. Example: two posts of 0,5 of which A pays one and B the other make one of 1,0: 0,5 by A, 0,5 by B.
    """
    rows = Funding.objects.filter(position__in=moved.given, validity__overlap=half_open_range(moved.day))
    by_notice: dict[int, dict[NoticeItem, Decimal]] = {}
    for one in rows.select_related("item__notice", "position").order_by("pk"):
        if not pays(one, moved.day):
            continue
        sums = by_notice.setdefault(one.item.notice_id, {})
        sums[one.item] = sums.get(one.item, Decimal(0)) + given_of(one, moved)
    whole = sum(moved.given.values(), Decimal(0))
    for sums in by_notice.values():
        left = taken_by_others(sums, moved)
        if left and moved.created:
            pay(left, moved, whole)


def pays(one: Funding, day: date) -> bool:
    """Whether the notice of a funding pays, or plans to, on the day or later."""
    found = current_of(one.item.notice.versions.all().order_by("number"))
    span = intersection(found.validity, half_open_range(day)) if found else None
    return span is not None and intersection(span, one.validity) is not None


def given_of(one: Funding, moved: Moved) -> Decimal:
    """FTE of what a post gives that a funding has paid; a stated part becomes smaller by that from the day on."""
    given = moved.given[one.position]
    if one.fte is None:
        return given
    before = given + moved.left(one.position)
    part = rounded(Fraction(one.fte) * Fraction(given) / Fraction(before), MILLI)
    resize(one, -part, moved.day)
    return part


def resize(one: Funding, change: Decimal, day: date) -> None:
    """A stated part changes from a day on; at 0 it ends the day before."""
    assert one.fte is not None
    size, end = one.fte + change, one.validity.upper
    if one.validity.lower is None or one.validity.lower < day:
        later = copy(one)
        later.pk, later._state, later.version = None, ModelState(), 1
        one.validity = half_open_range(one.validity.lower, day)
        one.full_clean(validate_constraints=False)
        one.save()
        one = later
        one.validity = half_open_range(day, end)
    if size > 0:
        one.fte = size
        one.save()
    elif one.pk:
        one.delete()


def taken_by_others(sums: dict[NoticeItem, Decimal], moved: Moved) -> dict[NoticeItem, Decimal]:
    """What is left for new posts after posts that were there already have taken theirs; ValidationError if a payer
    would pay more or less than before."""
    left = dict(sums)
    for post, taken in moved.taken.items():
        payer, there = payer_of(post, sums, moved.day)
        if payer is None or (moved.is_balanced and left.get(payer, Decimal(0)) < taken):
            raise ValidationError(MIXED)
        left[payer] = max(left[payer] - taken, Decimal(0))
        if not there:
            enlarge(payer, post, taken, moved.day)
    return {item: part for item, part in left.items() if part}


def payer_of(post: Position, sums: dict[NoticeItem, Decimal], day: date) -> tuple[NoticeItem | None, bool]:
    """Which of these positions of one notice pays what a post takes, and whether it pays the whole post already."""
    wholly = [one for one in post.funding.select_related("item__notice") if one.fte is None and pays(one, day)]
    mine = [one.item for one in wholly if one.item in sums]
    if mine or len(sums) != 1:
        return (mine[0] if len(mine) == 1 else None), True
    (item,) = sums
    span = current_span(item)
    elsewhere = any(intersection(current_span(one.item), span) for one in wholly)
    return (None, False) if elsewhere else (item, False)


def current_span(item: NoticeItem) -> Any:
    """The Förderzeitraum that figures rest on."""
    return item.notice.current.validity


def enlarge(item: NoticeItem, post: Position, taken: Decimal, day: date) -> None:
    """A post that is paid in part, or not at all, gets so many FTE more of a position from the day on."""
    row = post.funding.filter(item=item, validity__contains=day).first()
    if row:
        resize(row, taken, day)
    else:
        Funding(body=post.body, item=item, position=post, fte=taken, validity=half_open_range(day)).save_checked()


def pay(sums: dict[NoticeItem, Decimal], moved: Moved, whole: Decimal) -> None:
    """The new posts are paid from these positions of one notice, see hand_over."""
    sizes = list(moved.created.values())
    if len(sums) == 1 and sum(sums.values()) >= sum(sizes, Decimal(0)):
        for post in moved.created:
            Funding(body=post.body, item=next(iter(sums)), position=post, validity=always()).save_checked()
        return
    room = dict(zip(moved.created, sizes, strict=True))
    for item, given in sums.items():
        # thousandths: whole cents of ten times as much; as much of what is still to be paid of each as it has room for
        parts = split(min(given, sum(room.values(), Decimal(0))) * 10, list(room.values()))
        for post, part in zip(list(room), parts, strict=True):
            if part:
                Funding(
                    body=post.body, item=item, position=post, fte=part / 10, validity=half_open_range(moved.day)
                ).save_checked()
            room[post] -= part / 10
