"""Money that empty posts leave of a notice: until a day, and foreseeably until its end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grants.figures.allocation import funding_on
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
    "": (
        "nach Monaten (Annahme; die Rechenregel des Bescheids ist nicht erfasst): VZÄ × Satz × Monate/12, angefangene "
        "Monate nach Tagen"
    ),
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
        """The whole only: how much of it lies before the day changes with every day."""
        return [replace(self.derivation, label="über den ganzen Förderzeitraum")]

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

    spans = [past, future]
    found = [left_of(one, *known[one.position_id], spans) for one in funding]
    labels = (f"bis {printed(day)}", f"danach bis {printed(last_day(reach))}, wenn es so bleibt")
    so_far, ahead = (total(label, *(f[n] for f in found if f[n] is not None)) for n, label in enumerate(labels))
    whole = total(f"voraussichtlich nicht verausgabt, {notice.source.title}", so_far, ahead)
    unclear = [
        gap.size()
        for one in funding
        for gap in gaps(*known[one.position_id], between(day, day + DAY))
        if gap.kind == UNKNOWN
    ]
    return Unspent(notice, so_far, ahead, whole, total("Besetzung: keine Angabe", *unclear, unit=FTE))


def left_of(funding: Funding, rows: Any, places: Any, spans: list[Any]) -> list[Any]:
    """EUR that one post leaves of its notice in each of these spans (None: nothing), rounded once over all of them, so
    that the parts add up whatever the day between them is. See unspent."""
    if not funding.item.rate or funding.item.notice.proration == FundingNotice.Proration.NONE:
        return [None] * len(spans)
    empty = [[gap for gap in gaps(rows, places, one) if gap.kind != UNKNOWN] if one else [] for one in spans]
    exact = [amount_of(gap, funding) for some in empty for gap in some]
    amount = rounded(sum(exact, Fraction(0)))
    shares = iter(split(amount, exact) if amount else [Decimal("0.00")] * len(exact))
    number, link = funding.position.number, funding.position.get_absolute_url()
    found: list[Any] = []
    for some in empty:
        pieces = tuple(piece(gap, next(shares), funding) for gap in some)
        found.append(total(number, *pieces, link=link) if pieces else None)
    return found


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
    """EUR that each post foreseeably leaves of the granted notice that pays it on the day, over all its time.
    Three queries. No amount for a post without such a notice, and where only "keine Angabe" is known of it.

    Example: CM-11 (0,5, empty all 2023): 28.500,00.
    """
    rows = list(periods)
    known = histories(row.position_id for row in rows)
    granted = funding_on(rows, day).filter(item__notice__state__in=FundingNotice.COUNTED)
    paid = {one.position_id: one for one in granted.select_related("item__rate", "item__notice__source", "position")}
    return {row.pk: left_of_post(row, paid.get(row.position_id), known[row.position_id]) for row in rows}


def left_of_post(row: PositionPeriod, funding: Funding | None, known: tuple[Any, Any]) -> Value:
    """What one post leaves of its notice; see unspent_by_post."""
    label, link = row.position.number, row.get_absolute_url()
    if funding is None or funding.item.rate is None:
        return Value(label, None, EUR, "annahme", source="keine bewilligte Zuwendung zugeordnet", link=link)
    notice = funding.item.notice
    if found := left_of(funding, *known, [notice.validity])[0]:
        return found
    if notice.proration == FundingNotice.Proration.NONE:
        return Value(label, Decimal("0.00"), EUR, "rechnung", RULES["none"], link=link)
    if gaps(*known, notice.validity):  # nothing but what is not stated
        return Value(label, None, EUR, "annahme", source="Besetzung: keine Angabe", link=link)
    return Value(label, Decimal("0.00"), EUR, "rechnung", "die ganze Zeit besetzt", link=link)
