"""Money that empty posts leave of a notice: until a day, and foreseeably until its end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grants.figures.allocation import funding_on
from grants.figures.keys import NO_RATE
from grants.models import Funding, FundingNotice
from kim.figures import COUNT, EUR, FTE, MONTHS, Value, figure, total
from kim.formats import day as printed
from kim.formats import euro, fte, span
from kim.models import Body
from kim.money import MILLI, rounded, split
from kim.periods import DAY, between, common, last_day, months, year_of
from staffing.figures.vacancy import UNKNOWN, Gap, gaps, histories
from staffing.models import PositionPeriod

RULES = {
    "months": "nach Monaten: VZÄ × Satz × Monate/12, angefangene Monate nach Tagen",
    "days": "nach Tagen: VZÄ × Satz × Tage/Tage des Jahres",
    "none": "der Bescheid rechnet keine Teilzeiträume; es bleibt nichts übrig",
    "": "nach Monaten (Annahme; die Rechenregel des Bescheids ist nicht erfasst): VZÄ × Satz × Monate/12",
}


@dataclass(frozen=True)
class Unspent:
    """EUR of a notice that empty posts leave: until the day, after it if nobody comes, together; and the rule."""

    notice: FundingNotice
    so_far: Value
    ahead: Value
    derivation: Value
    unknown: Value

    @property
    def rule(self) -> str:
        """The rule that is printed beside every amount."""
        return RULES[self.notice.proration]

    def lines(self) -> list[Value]:
        """Under names that are the same on every day, so that two days can be compared."""
        names = ("bis zum Stand", "danach bis zum Ende, wenn es so bleibt", "voraussichtlich nicht verausgabt")
        parts = (self.so_far, self.ahead, self.derivation)
        return [replace(part, label=name) for part, name in zip(parts, names, strict=True)]

    def as_json(self) -> dict[str, Any]:
        return {
            "so_far": self.so_far.plain(),
            "ahead": self.ahead.plain(),
            "total": self.derivation.plain(),
            "unknown_fte": self.unknown.plain(),
            "rule": self.rule,
            "derivation": self.derivation.as_json(),
        }


def counted(body: Body, day: date) -> list[dict[str, Any]]:
    """The granted notices of the day's year, as arguments."""
    rows = FundingNotice.objects.filter(body=body, state__in=FundingNotice.COUNTED, validity__overlap=year_of(day.year))
    return [{"notice": one, "day": day} for one in rows.select_related("source").order_by("source__title")]


@figure("vacancy.unspent", "Voraussichtlich nicht verausgabt", subject="kim.Body", arguments=counted)
def unspent(notice: FundingNotice, day: date) -> Unspent:
    """EUR that empty and resting places leave of a notice, by the rule stored with it. Four queries.

    so_far: up to and including the day; ahead: from the next day to the end of the notice, if what is recorded stays
    as it is (Annahme). What is not stated is no part of it; unknown says how many FTE that is on the day.

    Worked examples: 3,0 VZÄ empty in January and February 2023, by months: 3,0 × 57.000 × 2/12 = 28.500,00;
    0,5 VZÄ from 01.03. to 31.12.2023: by months 23.750,00, by days 0,5 × 57.000 × 306/365 = 23.893,15.
    """
    funding = list(
        Funding.objects.filter(item__notice=notice)
        .select_related("item__rate", "item__notice__source", "position")
        .order_by("position__number")
    )
    known = histories(one.position_id for one in funding)
    reach = notice.validity
    past = common(reach, between(reach.lower, day + DAY)) if day >= reach.lower else None
    future = common(reach, between(max(day + DAY, reach.lower), reach.upper)) if day + DAY < reach.upper else None

    def part(label: str, within: Any) -> Value:
        left = (left_of(one, *known[one.position_id], within) for one in funding) if within else ()
        return total(label, *(value for value in left if value is not None))

    so_far = part(f"bis {printed(day)}", past)
    ahead = part(f"danach bis {printed(last_day(reach))}, wenn es so bleibt", future)
    whole = total(f"voraussichtlich nicht verausgabt, {notice.source.title}", so_far, ahead)
    unclear = [
        gap.size()
        for one in funding
        for gap in gaps(*known[one.position_id], between(day, day + DAY))
        if gap.kind == UNKNOWN
    ]
    return Unspent(notice, so_far, ahead, whole, total("Besetzung: keine Angabe", *unclear, unit=FTE))


def left_of(funding: Funding, rows: Any, places: Any, within: Any) -> Value | None:
    """EUR that one post leaves of its notice in a range, rounded once; None if nothing. See unspent."""
    empty = [gap for gap in gaps(rows, places, within) if gap.kind != UNKNOWN]
    if not empty or not funding.item.rate or funding.item.notice.proration == FundingNotice.Proration.NONE:
        return None
    exact = [amount_of(gap, funding) for gap in empty]
    amount = rounded(sum(exact, Fraction(0)))
    shares = split(amount, exact) if amount else [Decimal(0)] * len(exact)
    pieces = tuple(piece(gap, share, funding) for gap, share in zip(empty, shares, strict=True))
    number, link = funding.position.number, funding.position.get_absolute_url()
    return Value(number, amount, EUR, "rechnung", "Summe", operands=pieces, link=link)


def length_of(gap: Gap, funding: Funding) -> Fraction:
    """The part of a year that a gap lasts, by the notice's rule. Example: 01.03. to 31.12.2023: 10/12 or 306/365."""
    if funding.item.notice.proration == FundingNotice.Proration.DAYS:
        whole = year_of(gap.span.lower.year)
        return Fraction((gap.span.upper - gap.span.lower).days, (whole.upper - whole.lower).days)
    return months(gap.span) / 12


def amount_of(gap: Gap, funding: Funding) -> Fraction:
    """EUR, not rounded: FTE × rate × part of the year."""
    rate = funding.item.rate
    assert rate
    return Fraction(gap.fte) * Fraction(rate.amount) / Fraction(rate.per_fte) * length_of(gap, funding)


def piece(gap: Gap, share: Decimal, funding: Funding) -> Value:
    """One gap with its operands: FTE, rate, time."""
    rate, notice = funding.item.rate, funding.item.notice
    assert rate
    per = "" if rate.per_fte == 1 else f" je {fte(rate.per_fte)} VZÄ"
    if notice.proration == FundingNotice.Proration.DAYS:
        whole = year_of(gap.span.lower.year)
        days, of = (gap.span.upper - gap.span.lower).days, (whole.upper - whole.lower).days
        duration = Value("Tage", days, COUNT, "rechnung", span(gap.span), link=notice.get_absolute_url())
        time = f"{days}/{of}"
    else:
        length = rounded(months(gap.span), MILLI)
        duration = Value("Monate", length, MONTHS, "rechnung", span(gap.span), link=notice.get_absolute_url())
        time = f"{int(length) if length == length.to_integral_value() else fte(length)}/12"
    price = Value(f"Fördersatz{per}", rate.amount, EUR, "beleg", source=rate.source, link=notice.get_absolute_url())
    return Value(
        f"{gap.kind}, {span(gap.span)}",
        share,
        EUR,
        "rechnung",
        f"{fte(gap.fte)} VZÄ × {euro(rate.amount)}{per} × {time}",
        operands=(gap.size(), price, duration),
        link=gap.row.get_absolute_url(),
    )


@figure("position.unspent", "voraussichtlich nicht verausgabt", many=True)
def unspent_by_post(periods: Iterable[PositionPeriod], day: date) -> dict[int, Value]:
    """EUR that each post foreseeably leaves of the notice that pays it on the day, over the notice's whole time. Three
    queries. A post without such a notice has no amount. Example: CM-11 (0,5, empty all 2023): 28.500,00.
    """
    rows = list(periods)
    known = histories(row.position_id for row in rows)
    paid = {
        one.position_id: one
        for one in funding_on(rows, day).select_related("item__rate", "item__notice__source", "position")
    }
    found = {}
    for row in rows:
        funding = paid.get(row.position_id)
        label, link = row.position.number, row.get_absolute_url()
        if funding is None or funding.item.rate is None:
            source = NO_RATE if funding else "keine Zuwendung zugeordnet"
            found[row.pk] = Value(label, None, EUR, "annahme", source=source, link=link)
            continue
        left = left_of(funding, *known[row.position_id], funding.item.notice.validity)
        nothing = Value(label, Decimal("0.00"), EUR, "rechnung", "nichts ist als unbesetzt erfasst", link=link)
        found[row.pk] = left or nothing
    return found
