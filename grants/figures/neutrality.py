"""Cost neutrality: does the income of a Teilprodukt cover the own posts and those with third parties?"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError

from grants.figures.costs import granted_value, lump_values, of_position, post_value, posts_paid, sum_of_posts, waiting
from grants.figures.stated import budget_amount, lines_of, rate
from grants.models import Book, BudgetLine, FundingNotice, NoticeVersion, SubProduct, books_of_year
from kim.figures import EUR, TEXT, Value, figure, known_total, stated, total
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import format_euro
from kim.values.periods import year_of
from staffing.models import Position

Verdict = Literal["neutral", "surplus", "deficit"]
PARTS = {
    "income": "Erträge aus Zuwendungen",
    "own": "Aufwand eigene Stellen",
    "onward": "Aufwand Stellen bei Dritten",
    "lump_sum": "Aufwand Pauschalen",
    "material": "Aufwand Sachausgaben",
}
ALWAYS = ("income", "own", "onward")  # the others only where a notice or an Ansatz has them


@dataclass(frozen=True)
class Budgeted:
    """The same sums and their gap, from the Ansätze."""

    parts: dict[str, Value]
    gap: Value

    @property
    def income(self) -> Value:
        return self.parts["income"]

    @property
    def own(self) -> Value:
        return self.parts["own"]

    @property
    def onward(self) -> Value:
        return self.parts["onward"]

    def as_json(self) -> dict[str, Any]:
        return {part: value.plain() for part, value in self.parts.items()} | {"gap": self.gap.plain()}


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
    """Income − own − onward (− lump sums − material) of one Teilprodukt and year, and what the Ansätze say (EUR)."""

    sub_product: SubProduct
    year: int
    parts: dict[str, Value]
    gap: Value
    budget: Budgeted | None
    differences: tuple[Difference, ...]
    budget_open: bool = False  # there are Ansätze, but the amount of one is not known yet

    @property
    def income(self) -> Value:
        return self.parts["income"]

    @property
    def own(self) -> Value:
        return self.parts["own"]

    @property
    def onward(self) -> Value:
        return self.parts["onward"]

    def rows(self) -> list[tuple[Value, Value | None]]:
        """Each sum beside the one of the Ansätze."""
        planned = self.budget.parts if self.budget else {}
        return [(value, planned.get(part)) for part, value in self.parts.items()]

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
        return [*self.parts.values(), self.gap]

    def in_words(self, *, prose: bool = False) -> str:
        """The verdict as a paper or page says it; "kostenneutral" only where the gap is 0."""
        amount = format_euro(abs(self.amount), prose=prose)
        return {
            "neutral": "kostenneutral",
            "surplus": f"ohne Belastung des Haushalts; {amount} der Zuwendung sind nicht durch Stellen gebunden",
            "deficit": f"nicht kostenneutral; {amount} sind aus Eigenmitteln zu decken",
        }[self.verdict]

    def as_json(self) -> dict[str, Any]:
        return {part: value.plain() for part, value in self.parts.items()} | {
            "gap": self.gap.plain(),
            "verdict": self.verdict,
            "is_neutral": self.is_neutral,
            "budget": self.budget.as_json() if self.budget else None,
            "differences": [d.as_json() for d in self.differences],
            "derivation": self.derivation.as_json(),
        }


def occasions(body: Body, day: date) -> list[dict[str, Any]]:
    """The Teilprodukte for which the question can be asked in the year of the day."""
    holding = NoticeVersion.objects.filter(body=body).holding(year_of(day.year))
    found = SubProduct.objects.filter(notices__in=holding.values("notice")).distinct().order_by("number")
    return [{"body": body, "year": day.year, "sub_product": one} for one in found]


@read_once
def of_year(body: Body, day: date) -> list[tuple[SubProduct, "Neutrality | None", str]]:
    """Each Teilprodukt of the year with its cost neutrality, or with the reason why it cannot be calculated."""
    found: list[tuple[SubProduct, Neutrality | None, str]] = []
    for one in occasions(body, day):
        try:
            found.append((one["sub_product"], nominal(**one), ""))
        except ValidationError as error:
            found.append((one["sub_product"], None, " ".join(error.messages)))
    return found


@figure("neutrality.nominal", "Kostenneutralität", subject="kim.Body", arguments=occasions, verdict=True)
def nominal(body: Body, year: int, sub_product: SubProduct) -> Neutrality:
    """Nominal cost neutrality (EUR) of a Teilprodukt in a year, rule B1.

    income = what the year's granted notices of the Teilprodukt grant in the year; own, onward = what the funded posts
    bind of them by each notice's rule, vacancies ignored; positions that are no staff stand on both sides; gap =
    income − all of them. Rounded once per position of a notice, see grants.costing. Raises ValidationError when there
    is no such notice (nothing is not neutral).

    Worked example, StädteRegion Aachen, 946100, 2023: 684.000,00 − 6 × 57.000 − 6 × 57.000 = 0,00, neutral; one own
    post at 0,5: +28.500,00, surplus; a seventh own post: −57.000,00, deficit.
    """
    span = year_of(year)
    mine = (one for one in books_of_year(body.pk, year) if one.notice.sub_product_id == sub_product.pk)
    books = [one for one in mine if one.holds_in(span)]
    if not books:
        raise ValidationError(f"Im Teilprodukt {sub_product.number} gibt es {year} keine bewilligte Zuwendung.")
    needed = required(books, year)
    sums = {"income": total(PARTS["income"], *(granted_value(one, year) for one in books)), **needed}
    budget, waiting_ = _budget(body, year, sub_product, [part for part in PARTS if part in sums])
    if budget:
        sums = {part: sums.get(part, total(PARTS[part])) for part in PARTS if part in sums or part in budget.parts}
    differences = tuple(
        Difference(part, PARTS[part], sums[part].amount, planned.amount)
        for part, planned in (budget.parts.items() if budget else ())
        if sums[part].value != planned.value
    )
    return Neutrality(sub_product, year, sums, _gap("Differenz", sums), budget, differences, waiting_)


def _gap(label: str, parts: dict[str, Value]) -> Value:
    income, *costs = parts.values()
    formula = " − ".join(format_euro(part.amount) for part in (income, *costs))
    gap = income.amount - sum((part.amount for part in costs), Decimal(0))
    missing = sum(part.missing for part in (income, *costs))
    return Value(label, gap, EUR, "rechnung", formula, operands=(income, *costs), missing=missing)


def required(books: list[Book], year: int) -> dict[str, Value]:
    """What the notices' posts and other positions cost in a year: own posts, those with third parties, and what is no
    staff where a notice has it."""
    found = {kind: sum_of_posts(PARTS[kind], posts_paid(books, year, kind)) for kind in Position.Kind.values}
    for kind in ("lump_sum", "material"):
        if values := [value for book in books for value in lump_values(book, year, kind)]:
            found[kind] = total(PARTS[kind], *values)
    return found


def _budget(body: Body, year: int, sub_product: SubProduct, wanted: list[str]) -> tuple[Budgeted | None, bool]:
    """The Ansätze of the year by purpose, and whether one is still open; none while it is. One query."""
    lines = lines_of(body, year, sub_product)
    waiting = any(line.amount is None for line in lines)
    if not lines or waiting:
        return None, waiting
    used = {line.purpose for line in lines}
    parts = {
        part: total(f"Ansatz {label}", *(planned(line) for line in lines if line.purpose == part))
        for part, label in PARTS.items()
        if part in wanted or part in used
    }
    return Budgeted(parts, gap=_gap("Differenz der Ansätze", parts)), False


def planned(line: BudgetLine) -> Value:
    """An Ansatz as an operand."""
    account = line.account.number if line.account else "Sachkonto nicht angegeben"
    return stated(f"{line.label} ({account})", line.amount, EUR, line)


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
            f"{d.label} {format_euro(d.budget, prose=True)} veranschlagt, "
            f"{format_euro(d.required, prose=True)} errechnet"
            for d in found.differences
        ]
        words += ". Die Ansätze weichen von den errechneten Beträgen ab: " + "; ".join(parts)
    return Value("Kostenneutralität", words, TEXT, "rechnung", found.gap.formula, operands=(found.gap,))


@figure("budget.rate_words", "Betrag je Stelle neben dem Ansatz")
def rate_words(body: Body, year: int, sub_product: SubProduct, notice: FundingNotice, purpose: str) -> Value:
    """What stands in brackets after an Ansatz for posts: the rate if the posts cost the Ansatz, else their cost too.

    Example: own posts, 342.000 €: "57.000 € je Stelle"; with a seventh: "errechnet 399.000 € bei 57.000 € je Stelle".
    """
    if purpose not in (BudgetLine.Purpose.OWN, BudgetLine.Purpose.ONWARD):
        raise ValidationError(
            "Ein Betrag je Stelle steht nur neben Ansätzen für eigene Stellen und Stellen bei Dritten."
        )
    planned, price = budget_amount(body, year, sub_product, purpose), rate(notice)
    found = nominal(body, year, sub_product)
    needed = found.own if purpose == BudgetLine.Purpose.OWN else found.onward
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
    """EUR that the post takes of its notices in a year, each by its rule. What is not granted says so.

    Example: CM-15 in 2023: 23.750,00.
    """
    span = year_of(year)
    books = [one for one in books_of_year(position.body_id, year) if one.holds_in(span, plans=True)]
    found = of_position(books, position.pk, year)
    if not found:
        source = f"keine Zuwendung im Jahr {year}"
        return Value(f"Betrag {year}", None, EUR, "annahme", source=source)
    words = next((words for book, _ in found if (words := waiting(book))), "")
    note = f" ({words})" if words else ""
    return known_total(f"Betrag {year}{note}", *(post_value(post, book.notice) for book, post in found))
