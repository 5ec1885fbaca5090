"""Cost neutrality: does the income of a Teilprodukt cover the own posts and those with third parties?"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from django.core.exceptions import ValidationError

from grants.figures.keys import NO_RATE, budget_amount, rate
from grants.models import BudgetLine, Funding, FundingNotice, SubProduct
from kim.figures import EUR, FTE, MONTHS, TEXT, Value, figure, known_total, stated, total
from kim.formats import euro, fte, span
from kim.models import Body
from kim.money import rounded, split
from kim.periods import common, months, year_of
from staffing.models import Position, PositionPeriod

Verdict = Literal["neutral", "surplus", "deficit"]
PARTS = {
    "income": "Erträge aus Zuwendungen",
    "own": "Aufwand eigene Stellen",
    "onward": "Aufwand Stellen bei Dritten",
}


@dataclass(frozen=True)
class Budgeted:
    """The same three sums and their gap, from the Ansätze."""

    income: Value
    own: Value
    onward: Value
    gap: Value

    def as_json(self) -> dict[str, Any]:
        return {part: getattr(self, part).plain() for part in (*PARTS, "gap")}


@dataclass(frozen=True)
class Difference:
    """An Ansatz that is not what the posts require (EUR)."""

    item: str
    label: str
    required: Decimal
    budget: Decimal

    @property
    def difference(self) -> Decimal:
        return self.budget - self.required

    def as_json(self) -> dict[str, Any]:
        return {
            "item": self.item,
            "required": f"{self.required:.2f}",
            "budget": f"{self.budget:.2f}",
            "difference": f"{self.difference:.2f}",
        }


@dataclass(frozen=True)
class Neutrality:
    """Income − own − onward of one Teilprodukt and year, and what the Ansätze say (EUR)."""

    sub_product: SubProduct
    year: int
    income: Value
    own: Value
    onward: Value
    gap: Value
    budget: Budgeted | None
    differences: tuple[Difference, ...]
    budget_open: bool = False  # there are Ansätze, but the amount of one is not known yet

    @property
    def derivation(self) -> Value:
        return self.gap

    @property
    def amount(self) -> Decimal:
        return self.gap.amount

    @property
    def verdict(self) -> Verdict:
        return "neutral" if self.amount == 0 else "surplus" if self.amount > 0 else "deficit"

    @property
    def is_neutral(self) -> bool:
        return self.amount == 0

    def lines(self) -> list[Value]:
        return [self.income, self.own, self.onward, self.gap]

    def in_words(self, *, prose: bool = False) -> str:
        """The verdict as a paper or page says it; "kostenneutral" only where the gap is 0."""
        amount = euro(abs(self.amount), prose=prose)
        return {
            "neutral": "kostenneutral",
            "surplus": f"ohne Belastung des Haushalts; {amount} der Zuwendung sind nicht durch Stellen gebunden",
            "deficit": f"nicht kostenneutral; {amount} sind aus Eigenmitteln zu decken",
        }[self.verdict]

    def as_json(self) -> dict[str, Any]:
        return {
            "income": self.income.plain(),
            "own": self.own.plain(),
            "onward": self.onward.plain(),
            "gap": self.gap.plain(),
            "verdict": self.verdict,
            "is_neutral": self.is_neutral,
            "budget": self.budget.as_json() if self.budget else None,
            "differences": [d.as_json() for d in self.differences],
            "derivation": self.derivation.as_json(),
        }


def occasions(body: Body, day: date) -> list[dict[str, Any]]:
    """The Teilprodukte for which the question can be asked in the year of the day."""
    counted = FundingNotice.objects.filter(
        body=body,
        state__in=FundingNotice.COUNTED,
        validity__overlap=year_of(day.year),
        sub_product__isnull=False,
    )
    found = SubProduct.objects.filter(notices__in=counted).distinct().order_by("number")
    return [{"body": body, "year": day.year, "sub_product": one} for one in found]


def of_year(body: Body, day: date) -> list[tuple[SubProduct, "Neutrality | None", str]]:
    """Each Teilprodukt of the year with its cost neutrality, or with the reason why it cannot be calculated.

    Example: a notice from July 2022 to June 2023 belongs to two years, and its amount to neither alone.
    """
    found: list[tuple[SubProduct, Neutrality | None, str]] = []
    for one in occasions(body, day):
        try:
            found.append((one["sub_product"], nominal(**one), ""))
        except ValidationError as error:
            found.append((one["sub_product"], None, " ".join(error.messages)))
    return found


@figure("neutrality.nominal", "Kostenneutralität", subject="kim.Body", arguments=occasions)
def nominal(body: Body, year: int, sub_product: SubProduct) -> Neutrality:
    """Nominal cost neutrality (EUR) of a Teilprodukt in a year, rule B1. Five queries.

    income = the amounts of the year's notices (bewilligt, geändert) of the Teilprodukt; own, onward = Σ FTE × rate ×
    months/12 of the funded posts within the notice's period, vacancies ignored; gap = income − own − onward.
    Each post is rounded once, to cents. Raises ValidationError when there is no such notice (nothing is
    not neutral) and when one leaves the year (its amount cannot be divided without a rule).

    Worked example, StädteRegion Aachen, 946100, 2023: 684.000,00 − 6 × 57.000 − 6 × 57.000 = 0,00, neutral; one own
    post at 0,5: +28.500,00, surplus; a seventh own post: −57.000,00, deficit.
    """
    notices = list(
        FundingNotice.objects.filter(
            body=body,
            sub_product=sub_product,
            state__in=FundingNotice.COUNTED,
            validity__overlap=year_of(year),
        )
        .select_related("source")
        .order_by("source__date")
    )
    if not notices:
        raise ValidationError(f"Im Teilprodukt {sub_product.number} gibt es {year} keine bewilligte Zuwendung.")
    if any(common(notice.validity, year_of(year)) != notice.validity for notice in notices):
        raise ValidationError(
            f"Eine Zuwendung im Teilprodukt {sub_product.number} reicht über das Jahr {year} hinaus; "
            "ihr Betrag lässt sich ohne Regel nicht auf Jahre verteilen."
        )
    income = total(PARTS["income"], *(granted(notice) for notice in notices))
    own, onward = required(notices, year)
    gap = _gap("Differenz", income, own, onward)
    budget, waiting = _budget(body, year, sub_product)
    differences: tuple[Difference, ...] = ()
    if budget:
        pairs = [(part, value, getattr(budget, part)) for part, value in zip(PARTS, (income, own, onward), strict=True)]
        differences = tuple(
            Difference(part, PARTS[part], need.amount, planned.amount)
            for part, need, planned in pairs
            if need.value != planned.value
        )
    return Neutrality(sub_product, year, income, own, onward, gap, budget, differences, waiting)


def granted(notice: FundingNotice) -> Value:
    """EUR the notice states, as an operand."""
    return Value(
        notice.source.title,
        notice.amount,
        EUR,
        "beleg",
        source=notice.source.cited(),
        document=notice.source.get_absolute_url(),
        link=notice.get_absolute_url(),
    )


def _gap(label: str, income: Value, own: Value, onward: Value) -> Value:
    formula = " − ".join(euro(part.amount) for part in (income, own, onward))
    gap = income.amount - own.amount - onward.amount
    return Value(label, gap, EUR, "rechnung", formula, operands=(income, own, onward))


def required(notices: list[FundingNotice], year: int) -> tuple[Value, Value]:
    """What the funded posts cost at the rate, own posts and those with third parties. Two queries."""
    funding = list(
        Funding.objects.filter(item__notice__in=notices)
        .select_related("item__rate", "item__notice__source", "position")
        .order_by("position__number")
    )
    periods: dict[int, list[PositionPeriod]] = {}
    rows = PositionPeriod.objects.filter(position__in={f.position_id for f in funding})
    for row in rows.select_related("basis", "carrier", "position").order_by("validity"):
        periods.setdefault(row.position_id, []).append(row)
    costs: dict[str, list[Value]] = {kind: [] for kind in Position.Kind.values}
    for one in funding:
        cost = post_cost(one, periods.get(one.position_id, []), year)
        if cost is not None:
            costs[one.position.kind].append(cost)
    return total(PARTS["own"], *costs["own"]), total(PARTS["onward"], *costs["onward"])


def post_cost(funding: Funding, periods: Iterable[PositionPeriod], year: int) -> Value | None:
    """EUR that a post takes of its notice in a year: Σ FTE × rate × months/12, rounded once; None if it is not there.

    While the rate is not known the amount is None, which only planned notices have. The periods' amounts are shares of
    that sum, so that they add up to it. Example: CM-12 (0,5 until 28.02.2023):
    0,5 × 57.000 × 2/12 = 4.750,00.
    """
    item_rate = funding.item.rate
    within = common(funding.item.notice.validity, year_of(year))
    number, link = funding.position.number, funding.position.get_absolute_url()
    if item_rate is None:
        there = within and any(common(row.validity, within) for row in periods)
        return Value(number, None, EUR, "annahme", source=NO_RATE, link=link) if there else None
    pieces = []
    for row in periods:
        shared = common(row.validity, within) if within else None
        if shared:
            length = months(shared)
            yearly = Fraction(row.fte) * Fraction(item_rate.amount) / Fraction(item_rate.per_fte)
            pieces.append((row, length, yearly * length / 12))
    if not pieces:
        return None
    amount = rounded(sum((exact for _, _, exact in pieces), Fraction(0)))
    shares = split(amount, [exact for _, _, exact in pieces])
    found = tuple(_piece(row, length, share, funding) for (row, length, _), share in zip(pieces, shares, strict=True))
    if len(found) == 1:
        return replace(found[0], label=number)
    return Value(number, amount, EUR, "rechnung", "Summe", operands=found, link=link)


def _piece(row: PositionPeriod, length: Fraction, share: Decimal, funding: Funding) -> Value:
    price = funding.item.rate
    assert price
    per = "" if price.per_fte == 1 else f" je {fte(price.per_fte)} VZÄ"
    duration = rounded(length, Decimal("0.001"))
    operands = (
        stated("VZÄ", row.fte, FTE, row),
        Value(
            f"Fördersatz{per}",
            price.amount,
            EUR,
            "beleg",
            source=price.source,
            link=funding.item.notice.get_absolute_url(),
        ),
        Value(
            "Monate",
            duration,
            MONTHS,
            "annahme" if row.validity_assumption else "rechnung",
            f"{span(row.validity)} im Förderzeitraum; angefangene Monate nach Tagen",
            source=row.validity_assumption,
        ),
    )
    whole = f"{int(length)}" if length.denominator == 1 else fte(duration)
    formula = f"{fte(row.fte)} VZÄ × {euro(price.amount)}{per} × {whole}/12"
    return Value(
        f"ab {row.validity.lower:%d.%m.%Y}",
        share,
        EUR,
        "rechnung",
        formula,
        operands=operands,
        link=row.get_absolute_url(),
    )


def _budget(body: Body, year: int, sub_product: SubProduct) -> tuple[Budgeted | None, bool]:
    """The Ansätze of the year by purpose, and whether one is still open; none while it is. One query."""
    lines = list(
        BudgetLine.objects.filter(body=body, year=year, sub_product=sub_product).select_related("account", "basis")
    )
    waiting = any(line.amount is None for line in lines)
    if not lines or waiting:
        return None, waiting
    parts = {
        part: total(
            f"Ansatz {label}",
            *(
                stated(
                    f"{line.label} ({line.account.number if line.account else 'Sachkonto nicht angegeben'})",
                    line.amount,
                    EUR,
                    line,
                )
                for line in lines
                if line.purpose == part
            ),
        )
        for part, label in PARTS.items()
    }
    return Budgeted(**parts, gap=_gap("Differenz der Ansätze", *parts.values())), False


@figure("neutrality.sentence", "Kostenneutralität in einem Satz")
def sentence(body: Body, year: int, sub_product: SubProduct) -> Value:
    """The closing words of a paper. "insofern kostenneutral" only if the gap is 0, Ansätze exist and none differs.

    Example: "insofern kostenneutral"; with one own post at 0,5: "ohne Belastung des Haushalts; 28.500 € der
    Zuwendung sind nicht durch Stellen gebunden. Die Ansätze weichen von den errechneten Beträgen ab: …".
    """
    found = nominal(body, year, sub_product)
    words = ("insofern " if found.is_neutral else "") + found.in_words(prose=True)
    if found.budget is None:
        words += ". Ansätze sind noch offen" if found.budget_open else ". Ansätze sind nicht erfasst"
    elif found.differences:
        if found.is_neutral:
            words = "nach den errechneten Beträgen ohne Mehrbelastung"
        parts = [
            f"{d.label} {euro(d.budget, prose=True)} veranschlagt, {euro(d.required, prose=True)} errechnet"
            for d in found.differences
        ]
        words += ". Die Ansätze weichen von den errechneten Beträgen ab: " + "; ".join(parts)
    return Value("Kostenneutralität", words, TEXT, "rechnung", found.gap.formula, operands=(found.gap,))


@figure("budget.rate_words", "Betrag je Stelle neben dem Ansatz")
def rate_words(body: Body, year: int, sub_product: SubProduct, notice: FundingNotice, purpose: str) -> Value:
    """What stands in brackets after an Ansatz for posts: the rate if the posts cost the Ansatz, else their cost too.

    Example: own posts, 342.000 €: "57.000 € je Stelle"; with a seventh: "errechnet 399.000 € bei 57.000 € je Stelle".
    """
    planned, price = budget_amount(body, year, sub_product, purpose), rate(notice)
    found = nominal(body, year, sub_product)
    needed = found.own if purpose == "own" else found.onward
    words = f"{price.sentence()} je Stelle"
    if needed.amount != planned.amount:
        words = f"errechnet {needed.sentence()} bei {words}"
    return Value("je Stelle", words, TEXT, "rechnung", needed.formula, operands=(planned, needed))


@figure(
    "position.year_cost",
    "Aus der Zuwendung im Jahr",
    subject="staffing.Position",
    arguments=lambda position, day: [{"position": position, "year": day.year}],
)
def year_cost(position: Position, year: int) -> Value:
    """EUR that the post takes of its notices in a year, by months; see post_cost. Example: CM-15 in 2023: 23.750,00."""
    funding = Funding.objects.filter(position=position, item__notice__validity__overlap=year_of(year))
    funded = list(funding.select_related("item__rate", "item__notice__source", "position"))
    rows = list(position.periods.select_related("basis", "carrier", "position").order_by("validity"))
    costs = [cost for one in funded if (cost := post_cost(one, rows, year)) is not None]
    if not costs:
        source = f"keine Zuwendung im Jahr {year}"
        return Value(f"Betrag {year}", None, EUR, "annahme", source=source)
    waiting = [f.item.notice.get_state_display() for f in funded if f.item.notice.state not in FundingNotice.COUNTED]
    note = f" (nicht bewilligt, nur {waiting[0]})" if waiting else ""
    return known_total(f"Betrag {year}{note}", *costs)
