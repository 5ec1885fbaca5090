"""Jahr übernehmen: the notices of a year and their posts, planned for the next one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from grants.models.notices import Funding, FundingNotice, NoticeItem
from grants.models.planning import carry_lines
from grants.models.programmes import Rate
from kim.history import refusable
from kim.models import Body, Source
from kim.money import rounded
from kim.periods import DAY, between, year_of
from kim.permissions import note
from staffing.models import Function, PlanNote, Position, PositionPeriod, Reallocation, ReallocationLeg, Stage


@dataclass(frozen=True)
class Planned:
    """A line of a notice of the next year: so many FTE of a function, its posts, and the rate if it is known."""

    function: Function
    posts: tuple[Position, ...]
    fte: Decimal
    rate: Rate | None

    def amount(self) -> Decimal | None:
        """EUR a year; None while the rate is not known. Example: 12 × 57.000 = 684.000,00."""
        return rounded(self.fte * self.rate.amount / self.rate.per_fte) if self.rate else None


@dataclass(frozen=True)
class Carried:
    """A notice and what it would become in the next year; ``there``: what already is."""

    notice: FundingNotice
    year: int
    lines: tuple[Planned, ...]
    there: FundingNotice | None

    @property
    def title(self) -> str:
        """Zuwendungsbescheid KIM 2023 becomes Zuwendungsbescheid KIM 2024."""
        return next_name(self.notice.source.title, self.year, " ")

    @property
    def slug(self) -> str:
        return next_name(self.notice.slug, self.year, "-")

    @property
    def is_new(self) -> bool:
        """Whether there is something to carry over that is not there yet."""
        return self.there is None and bool(self.lines)

    def fte(self) -> Decimal:
        return sum((line.fte for line in self.lines), Decimal(0))

    def amount(self) -> Decimal | None:
        """EUR of all lines; None if one rate is not known."""
        amounts = [line.amount() for line in self.lines]
        return None if None in amounts else sum((a for a in amounts if a is not None), Decimal(0))


def next_name(name: str, year: int, joint: str) -> str:
    """The name with the year before replaced by this one, or with this year behind it.

    >>> next_name("kim-2023", 2024, "-"), next_name("Bescheid", 2024, " ")
    ('kim-2024', 'Bescheid 2024')
    """
    old = str(year - 1)
    return name.replace(old, str(year)) if old in name else f"{name}{joint}{year}"


def carried(body: Body, year: int) -> list[Carried]:
    """What the notices that run on the last day of the year before become in ``year``, each with its posts. A fixed
    number of queries; nothing is saved. Example: KIM 2023 with 12 posts becomes KIM 2024, 12,0 VZÄ geplant.

    A post counts with its size on the first day of the new year; if its facts just end with the old one, with that. It
    does not go on if an Umverteilung ended it, if a kw-Vermerk holds by then, or if something already pays it. A post
    that an Umverteilung of the first day made goes on with the posts that gave.
    """
    first = year_of(year).lower
    notices = FundingNotice.objects.filter(body=body, validity__contains=first - DAY)
    notices = notices.exclude(state=FundingNotice.State.REVOKED).select_related("source", "programme")
    known = {one.slug: one for one in FundingNotice.objects.filter(body=body).select_related("source")}
    rates = {(r.programme_id, r.function_id): r for r in Rate.objects.filter(validity__contains=first)}
    sizes = going_on(body, first)
    lines: dict[int, dict[Function, list[Position]]] = {}
    for item, post in paid(body, list(notices), first):
        if post.pk in sizes:
            lines.setdefault(item.notice_id, {}).setdefault(item.function, []).append(post)
    found = []
    for notice in notices.order_by("source__title"):
        planned = tuple(
            Planned(
                function,
                tuple(posts),
                sum((sizes[p.pk] for p in posts), Decimal(0)),
                rates.get((notice.programme_id, function.pk)),
            )
            for function, posts in sorted(lines.get(notice.pk, {}).items(), key=lambda pair: pair[0].name)
        )
        found.append(Carried(notice, year, planned, known.get(next_name(notice.slug, year, "-"))))
    return found


def going_on(body: Body, first: date) -> dict[int, Decimal]:
    """FTE of the posts that go on into the year that begins on that day; see carried."""
    legs = ReallocationLeg.objects.filter(body=body, fte__lt=0, reallocation__effective=first)
    moved = legs.filter(reallocation__state=Reallocation.State.EFFECTIVE).values("position")
    notes = PlanNote.objects.filter(body=body, kind=PlanNote.Kind.ABOLISH, validity__contains=first).values("position")
    ending = PositionPeriod.objects.filter(body=body, validity__endswith=first)
    found = dict(ending.exclude(position__in=moved).values_list("position_id", "fte"))
    found |= dict(PositionPeriod.objects.filter(body=body).as_of(first).values_list("position_id", "fte"))
    gone = set(notes.values_list("position", flat=True))
    already = Funding.objects.filter(body=body, item__notice__validity__overlap=year_of(first.year))
    gone |= set(already.exclude(item__notice__state=FundingNotice.State.REVOKED).values_list("position", flat=True))
    return {key: size for key, size in found.items() if key not in gone}


def paid(body: Body, notices: list[FundingNotice], first: date) -> list[tuple[NoticeItem, Position]]:
    """The posts that these notices pay, and those that an Umverteilung of the first day makes of them."""
    funding = Funding.objects.filter(item__notice__in=notices).select_related("item__function", "position__function")
    found = [(one.item, one.position) for one in funding.order_by("position__number")]
    items = {position.pk: item for item, position in found}
    legs = ReallocationLeg.objects.filter(body=body, reallocation__effective=first, position__isnull=False)
    legs = legs.filter(reallocation__state=Reallocation.State.EFFECTIVE).select_related("position__function")
    by_act: dict[int, list[ReallocationLeg]] = {}
    for leg in legs.order_by("position__number"):
        by_act.setdefault(leg.reallocation_id, []).append(leg)
    for some in by_act.values():
        givers = [items.get(leg.position_id or 0) for leg in some if leg.fte < 0]
        item = givers[0] if givers and len({one.pk if one else 0 for one in givers}) == 1 else None
        found += [(item, leg.position) for leg in some if item and leg.establishes and leg.position]
    return found


@transaction.atomic
def carry_over(body: Body, year: int, *, reason: str) -> list[FundingNotice]:
    """Jahr übernehmen: the posts of the year before go on as geplant, with planned notices that pay them; one act of
    the history. Facts that end with the old year get new ones; those with an open end just go on.

    Rates come from the table; where none is published the item has none, and nothing says an amount. What is already
    there stays as it is. Ansätze come along as planned, see carry_lines. Returns the new notices.
    ValidationError with a sentence if there is nothing to carry over.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
    fresh = [one for one in carried(body, year) if one.is_new]
    if not fresh:
        raise ValidationError(f"Aus dem Jahr {year - 1} ist nichts zu übernehmen, was {year} nicht schon da ist.")
    note(act=f"Jahr {year - 1} nach {year} übernommen", reason=reason.strip())
    with refusable():
        made = [establish(body, one) for one in fresh]
        go_on(body, year_of(year).lower, {post.pk for one in fresh for line in one.lines for post in line.posts})
        carry_lines(body, year, made)
    return made


def establish(body: Body, one: Carried) -> FundingNotice:
    """The planned notice with its items, and what it pays."""
    old = one.notice
    source = Source(body=body, kind=Source.Kind.OTHER, title=f"{one.title} (geplant)", public=old.source.public)
    notice = FundingNotice(
        body=body,
        source=source,
        slug=one.slug,
        programme=old.programme,
        module=old.module,
        state=FundingNotice.State.PLANNED,
        instrument=old.instrument,
        funder=old.funder,
        validity=year_of(one.year),
        sub_product=old.sub_product,
        proration=old.proration,
        note=f"Übernommen aus {one.year - 1}; ein Bescheid liegt noch nicht vor.",
    )
    source.full_clean()
    source.save()
    notice.source = source
    rows: list[Any] = [notice]
    for line in one.lines:
        item = NoticeItem(body=body, notice=notice, function=line.function, fte=line.fte, rate=line.rate)
        rows += [item, *(Funding(body=body, item=item, position=post) for post in line.posts)]
    for row in rows:
        for name in ("notice", "item"):
            if hasattr(row, f"{name}_id"):
                setattr(row, name, getattr(row, name))  # the key of a row that was saved just now
        row.full_clean()
        row.save()
    return notice


def go_on(body: Body, day: date, posts: Iterable[int]) -> None:
    """Posts whose facts end the day before get the same facts from the day on, as geplant and as an Annahme."""
    words = f"Aus dem Jahr {day.year - 1} übernommen; ein Dokument liegt noch nicht vor."
    ending = PositionPeriod.objects.filter(body=body, position__in=posts, validity__endswith=day)
    for row in ending.select_related("position"):
        if row.position.periods.filter(validity__contains=day).exists():
            continue
        later = row.continued(between(day, year_of(day.year).upper))
        later.stage = Stage.NOT_STATED if row.stage == Stage.NOT_STATED else Stage.PLANNED
        later.basis, later.basis_place, later.assumption, later.validity_assumption = None, "", words, words
        later.full_clean()
        later.save()
