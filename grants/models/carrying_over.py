"""Jahr übernehmen: the notices of a year and their posts, planned for the next one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from grants.costing import Item, Terms
from grants.models.funding import Funding
from grants.models.items import ItemTerms, NoticeItem, taken_from
from grants.models.notices import FundingNotice, NoticeVersion, current_of
from grants.models.programmes import Rate, SeveralRates, fitting
from kim.models import Body, Source
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.values.periods import DAY, half_open_range, intersection, year_of
from staffing.models import PlanNote, Position, PositionPeriod, Reallocation, ReallocationLeg, Stage


@dataclass(frozen=True)
class Part:
    """A post that goes on, and how much of it is paid; None: the whole post."""

    post: Position
    size: Decimal
    fte: Decimal | None

    @property
    def paid(self) -> Decimal:
        return self.size if self.fte is None else self.fte


@dataclass(frozen=True)
class Planned:
    """A position of the next year's notice: as this year's, its posts, and the published rates if they are known."""

    item: NoticeItem
    parts: tuple[Part, ...]
    rates: tuple[Rate, ...]
    question: str = ""
    year: int = 0

    @property
    def function(self) -> Any:
        return self.item.function

    @property
    def posts(self) -> tuple[Position, ...]:
        return tuple(one.post for one in self.parts)

    @property
    def fte(self) -> Decimal:
        return sum((one.paid for one in self.parts), Decimal(0))

    def spans(self) -> list[tuple[Rate, Any]]:
        """The rates, each with its days of the year."""
        return [(one, intersection(one.validity, year_of(self.year))) for one in self.rates]

    def is_known(self) -> bool:
        """Whether the rates cover the whole year."""
        days = sum((span.upper - span.lower).days for _, span in self.spans())
        whole = year_of(self.year)
        return bool(days == (whole.upper - whole.lower).days)

    def amount(self) -> Decimal | None:
        """EUR of the year; None while a rate is not known. Example: 12 × 57.000 = 684.000,00; 5,5 VZÄ at 58.000 until
        30.06. and 60.000 afterwards: 324.500,00."""
        if not self.is_known():
            return None
        prices = tuple(one.price(span) for one, span in self.spans())
        return Item(((Terms(year_of(self.year), self.fte, prices=prices),),)).entitled[self.year]


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
        return next_name(self.notice.title, self.year, " ")

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
    """What the notices that end with the year before become in ``year``, each with its posts. A fixed number of
    queries; nothing is saved. Example: KIM 2023 with 12 posts becomes KIM 2024, 12,0 VZÄ geplant.

    A post counts with its size on the first day of the new year; if its facts just end with the old one, with that. It
    does not go on if an Umverteilung ended it, if a kw-Vermerk holds by then, or as far as something already pays it.
    A post that an Umverteilung of the first day made goes on with the posts that gave. A notice that itself runs on
    pays on and is not carried over.
    """
    first = year_of(year).lower
    rows = FundingNotice.objects.filter(body=body).select_related("programme").prefetch_related("versions")
    notices = {one.slug: one for one in rows.order_by("title")}
    ending = [one for one in notices.values() if ends_before(one, first)]
    rates = list(Rate.objects.filter(validity__overlap=year_of(year)).select_related("function"))
    sizes, already = going_on(body, first), paid_already(body, list(notices.values()), year)
    lines: dict[int, dict[NoticeItem, list[Part]]] = {}
    for item, post, fte in paid(body, ending, first):
        room = sizes.get(post.pk, Decimal(0)) - already.get(post.pk, Decimal(0))
        if room > 0:
            whole = fte is None and post.pk not in already
            part = Part(post, sizes[post.pk], None if whole else min(fte if fte is not None else room, room))
            lines.setdefault(item.notice_id, {}).setdefault(item, []).append(part)
    found = []
    for notice in ending:
        items = sorted(lines.get(notice.pk, {}).items(), key=lambda pair: (str(pair[0]), pair[0].pk))
        planned = tuple(plan(notice, item, parts, rates, year) for item, parts in items)
        found.append(Carried(notice, year, planned, notices.get(next_name(notice.slug, year, "-"))))
    return found


def ends_before(notice: FundingNotice, first: date) -> bool:
    """Whether the notice pays until the day before."""
    found = current_of(notice.held())
    return found is not None and found.validity.upper == first and not is_revoked(notice, first)


def is_revoked(notice: FundingNotice, day: date) -> bool:
    """Whether it was revoked by then, and not granted again."""
    decided = [one for one in notice.held() if one.state in (NoticeVersion.State.GRANTED, NoticeVersion.State.REVOKED)]
    return bool(decided) and decided[-1].state == NoticeVersion.State.REVOKED and decided[-1].starts <= day


def plan(notice: FundingNotice, item: NoticeItem, parts: list[Part], rates: list[Rate], year: int) -> Planned:
    """A position of the next year; where two published rates fit, none is taken, and the question stands there."""
    mine = [one for one in rates if one.programme_id == notice.programme_id]
    try:
        return Planned(
            item, tuple(parts), tuple(fitting(mine, item.function_id, item.variant, year_of(year))), year=year
        )
    except SeveralRates as error:
        return Planned(item, tuple(parts), (), " ".join(error.messages), year)


def going_on(body: Body, first: date) -> dict[int, Decimal]:
    """FTE of the posts that go on into the year that begins on that day; see carried."""
    legs = ReallocationLeg.objects.filter(body=body, fte__lt=0, reallocation__effective=first)
    moved = legs.filter(reallocation__state=Reallocation.State.EFFECTIVE).values("position")
    notes = PlanNote.objects.filter(body=body, kind=PlanNote.Kind.ABOLISH, validity__contains=first).values("position")
    ending = PositionPeriod.objects.filter(body=body, validity__endswith=first)
    found = dict(ending.exclude(position__in=moved).values_list("position_id", "fte"))
    found |= dict(PositionPeriod.objects.filter(body=body).as_of(first).values_list("position_id", "fte"))
    gone = set(notes.values_list("position", flat=True))
    return {key: size for key, size in found.items() if key not in gone}


def paid_already(body: Body, notices: list[FundingNotice], year: int) -> dict[int, Decimal]:
    """FTE of each post that a notice of the new year already pays or plans to; a whole post is more than any."""
    there = [n.pk for n in notices if (v := current_of(n.held())) and intersection(v.validity, year_of(year))]
    there = [pk for pk in there if not any(n.pk == pk and is_revoked(n, year_of(year).lower) for n in notices)]
    found: dict[int, Decimal] = {}
    rows = Funding.objects.filter(body=body, item__notice__in=there, validity__overlap=year_of(year))
    for position, fte in rows.values_list("position", "fte"):
        found[position] = found.get(position, Decimal(0)) + (Decimal(10**6) if fte is None else fte)
    return found


def paid(body: Body, notices: list[FundingNotice], first: date) -> list[tuple[NoticeItem, Position, Decimal | None]]:
    """The posts that these notices pay on their last day, each with its part, and those that an Umverteilung of the
    first day makes of them."""
    funding = Funding.objects.filter(item__notice__in=notices, validity__contains=first - DAY)
    rows = funding.select_related("item__function", "position__function").order_by("position__number")
    found = [(one.item, one.position, one.fte) for one in rows]
    items = {position.pk: item for item, position, _ in found}
    legs = ReallocationLeg.objects.filter(body=body, reallocation__effective=first, position__isnull=False)
    legs = legs.filter(reallocation__state=Reallocation.State.EFFECTIVE).select_related("position__function")
    by_act: dict[int, list[ReallocationLeg]] = {}
    for leg in legs.order_by("position__number"):
        by_act.setdefault(leg.reallocation_id, []).append(leg)
    for some in by_act.values():
        givers = [items.get(leg.position_id or 0) for leg in some if leg.fte < 0]
        item = givers[0] if givers and len({one.pk if one else 0 for one in givers}) == 1 else None
        found += [(item, leg.position, None) for leg in some if item and leg.establishes and leg.position]
    return found


@transaction.atomic
def carry_over(body: Body, year: int, *, reason: str) -> list[FundingNotice]:
    """Jahr übernehmen: the posts of the year before go on as geplant, with planned notices that pay them; one act of
    the history. Facts that end with the old year get new ones; those with an open end just go on.

    Rates come from the table; where none is published the position has none, and nothing says an amount. What is
    already there stays as it is. Ansätze are the Kämmerei's: it is proposed them (grants.views.budget). Returns the new
    notices.
    ValidationError with a sentence if there is nothing to carry over.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
    fresh = [one for one in carried(body, year) if one.is_new]
    if not fresh:
        raise ValidationError(f"Aus dem Jahr {year - 1} ist nichts zu übernehmen, was {year} nicht schon da ist.")
    describe_act(act=f"Jahr {year - 1} nach {year} übernommen", reason=reason.strip())
    with db_errors_as_validation():
        made = [establish(body, one) for one in fresh]
        go_on(body, year_of(year).lower, {post.pk for one in fresh for line in one.lines for post in line.posts})
    return made


def establish(body: Body, one: Carried) -> FundingNotice:
    """The planned notice with its positions, and what they pay."""
    old, before = one.notice, one.notice.current
    notice = FundingNotice(
        body=body,
        slug=one.slug,
        title=f"{one.title} (geplant)",
        programme=old.programme,
        module=old.module,
        instrument=old.instrument,
        funder=old.funder,
        sub_product=old.sub_product,
        note=f"Übernommen aus {one.year - 1}; ein Bescheid liegt noch nicht vor.",
    ).save_checked()
    source = Source(body=body, kind=Source.Kind.OTHER, title=notice.title, public=before.source.public).save_checked()
    version = NoticeVersion(
        body=body,
        notice=notice,
        source=source,
        state=NoticeVersion.State.PLANNED,
        validity=year_of(one.year),
        proration=before.proration,
    ).save_checked()
    for line in one.lines:
        kept = {"function": line.item.function, "variant": line.item.variant, "label": line.item.label}
        item = NoticeItem(body=body, notice=notice, kind=line.item.kind, **kept).save_checked()
        terms = ItemTerms(body=body, item=item, notice_version=version, fte=line.fte).save_checked()
        for rate, span in line.spans():
            taken_from(rate, terms, span).save_checked()
        for part in line.parts:
            Funding(body=body, item=item, position=part.post, fte=part.fte).save_checked()
    return notice


def go_on(body: Body, day: date, posts: Iterable[int]) -> None:
    """Posts whose facts end the day before get the same facts from the day on, as geplant and as an Annahme."""
    words = f"Aus dem Jahr {day.year - 1} übernommen; ein Dokument liegt noch nicht vor."
    ending = PositionPeriod.objects.filter(body=body, position__in=posts, validity__endswith=day)
    for row in ending.select_related("position"):
        if row.position.periods.filter(validity__contains=day).exists():
            continue
        later = row.continued(half_open_range(day, year_of(day.year).upper))
        later.stage = Stage.NOT_STATED if row.stage == Stage.NOT_STATED else Stage.PLANNED
        later.basis, later.basis_place, later.assumption, later.validity_assumption = None, "", words, words
        later.save_checked()
