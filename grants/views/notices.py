"""Pages of money: notices, distribution, budget, cost neutrality; and the new funded post."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models import Value as Value_
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from grants.figures import allocation, forecast, neutrality
from grants.figures.costs import posts_paid, sum_of_posts
from grants.forms.notices import CarryForm, DescriptionForm, RuleForm
from grants.forms.posts import NewPositionForm
from grants.models import (
    Book,
    BudgetLine,
    FundingNotice,
    ItemTerms,
    NoticeItem,
    NoticeVersion,
    carried,
    carried_lines,
    carry_over,
    load,
)
from grants.models.establishing import establish_posts
from grants.models.rates import published_rates, take_rates
from grants.tables import BudgetTable, NoticeTable
from kim.access.request import Request
from kim.access.views import RuleView
from kim.figures import Value, known_total
from kim.history.trail import entries_about
from kim.lists import ListPage, kept_link
from kim.models import Source
from kim.pages.forms import AddPage, CorrectionPage, DescriptionPage, saved
from kim.values import charts
from kim.values.formats import format_euro, format_fte, listed
from kim.values.money import EuroModelField
from kim.values.periods import year_of
from staffing.figures.charts import by_carrier, by_municipality
from staffing.models import Position


class Notices(ListPage):
    """The notices whose Förderzeitraum touches the Förderjahr, each with the version that figures rest on; the state
    is the one that was known by documents on the working date."""

    rule = "grants.view"
    table_class = NoticeTable

    def rows(self, request: Request) -> QuerySet[Any]:
        others = NoticeVersion.objects.filter(notice=OuterRef("notice"))
        known = others.filter(Q(source__date__isnull=True) | Q(source__date__lte=request.stand)).order_by("-number")
        earlier = Exists(others.filter(number__lt=OuterRef("number"), state="granted"))
        word = Case(When(Q(earlier, state="granted"), then=Value_("amended")), default=F("state"))
        state = Subquery(known.annotate(word=word).values("word")[:1])
        rows = NoticeVersion.visible_to(request).current().filter(validity__overlap=year_of(request.year))
        found: QuerySet[Any] = rows.annotate(state_then=state)
        return found


def notice_of(request: Request, slug: str) -> FundingNotice:
    """The body's notice with this short name; foreign and missing are the same 404."""
    rows = FundingNotice.visible_to(request).select_related("programme", "module", "sub_product")
    notice: FundingNotice | None = rows.prefetch_related("versions__source").filter(slug=slug).first()
    if notice is None:
        raise Http404
    return notice


class NoticePage(RuleView):
    """One notice: what its Bescheide say, what it funds, and whether both agree (rules G1, G3)."""

    rule = "grants.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return notice_of(request, kwargs["slug"]).title

    def get(self, request: Request, slug: str, problem: str = "", status: int = 200) -> HttpResponseBase:
        notice = notice_of(request, slug)
        (book,) = load(request.acting_body, None, notices=Q(notice=notice), plans=True) or (None,)
        version, year = notice.current, request.year
        items = items_of(version, book)
        own_share = NoticeItem.Kind.OWN_SHARE
        amounts = [amount for terms, amount in items if terms.item.kind != own_share]
        posts = posts_of(book, year)
        granted = book.granted.get(year) if book and version.amount is not None else None
        context = {
            "notice": notice,
            "held": version,
            "then": notice.on(request.stand),
            "versions": notice.held(),
            "items": [pair for pair in items if pair[0].item.kind != own_share],
            "own_shares": [pair for pair in items if pair[0].item.kind == own_share],
            "items_total": None if None in amounts else sum((a for a in amounts if a is not None), Decimal(0)),
            "items_sum": known_total("Summe", *(Value(str(terms.item), amount) for terms, amount in items)),
            "items_fte": sum((terms.fte for terms, _ in items if terms.fte), start=Decimal(0)),
            "years": sorted(book.granted.items()) if book and len(version.years()) > 1 else [],
            "published": published_rates(notice) if None in amounts else [],
            "posts": posts,
            "unspent": forecast.unspent(notice, request.stand) if book and book.is_granted and items else None,
            "granted": granted,
            "touches": year in (book.years if book else version.years()),
            "left": None if granted is None or unpriced(posts) else granted - posts.amount,
            "story": entries_about(
                [notice, *notice.held(), *(one.source for one in notice.held()), *(terms for terms, _ in items)],
                user=request.user,
            ),
        }
        return render(request, "grants/notice.html", context | {"problem": problem}, status=status)


def items_of(version: NoticeVersion, book: Book | None) -> list[tuple[ItemTerms, Decimal | None]]:
    """What the version says of each position, and what that is in its Förderzeitraum (EUR); None while a rate is not
    known."""
    terms = version.terms.select_related("item__function").prefetch_related("rates")
    years = {entry.pk: list(entry.by_year().values()) for entry in book.entries} if book else {}

    def amount(one: ItemTerms) -> Decimal | None:
        mine = years.get(one.item_id, [])
        if one.fte is None:
            own: Decimal | None = one.amount
            return own
        return None if None in mine else sum((a for a in mine if a is not None), Decimal(0))

    return [(one, amount(one)) for one in terms.order_by("-item__kind", "item__function__name", "item__label")]


class DescribeNotice(DescriptionPage):
    """The own Aktenzeichen of a notice."""

    rule = "grants.edit"
    form_class = DescriptionForm
    title = "Aktenzeichen der Zuwendung"

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Source:
        return notice_of(request, kwargs["slug"]).current.source

    def target(self, instance: Source) -> str:
        return str(instance.notice_version.get_absolute_url())


class NoticeRule(CorrectionPage):
    """The rule by which the Bescheid counts parts of a year; every amount of the notice is calculated by it."""

    rule = "grants.edit"
    form_class = RuleForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> NoticeVersion:
        return notice_of(request, kwargs["slug"]).current

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        lead = "Die Regel steht neben jedem Betrag, der mit ihr gerechnet ist."
        return {"title": "Rechenregel der Zuwendung", "lead": lead}

    def save(self, request: Request, form: Any) -> str:
        form.instance.save_as("Rechenregel geändert", reason=form.cleaned_data["reason"])
        return "Die Rechenregel ist gespeichert."


class TakeRates(RuleView):
    """Fördersätze that are published by now, for the positions that had none; where several fit, the one chosen."""

    rule = "grants.edit"

    def post(self, request: Request, slug: str) -> HttpResponseBase:
        notice = notice_of(request, slug)
        chosen = {
            int(name.removeprefix("variante-")): str(value)
            for name, value in request.POST.items()
            if name.startswith("variante-") and name.removeprefix("variante-").isdecimal()
        }
        try:
            rates = take_rates(notice, chosen)
        except ValidationError as error:
            return NoticePage().get(request, slug, " ".join(error.messages), 422)
        saved(request, f"Übernommen: {listed([str(rate) for rate in rates])}.")
        return redirect(kept_link(request, notice.get_absolute_url()))


def unpriced(value: Value) -> bool:
    """Whether a sum leaves out posts whose amount is not known."""
    return bool(value.unknown)


def posts_of(book: Book | None, year: int) -> Value:
    """What the funded posts take of a notice in the Förderjahr, as one sum with its posts."""
    return sum_of_posts("Stellen aus dieser Zuwendung", posts_paid([book] if book else [], year), known=True)


class AllocationPage(RuleView):
    """The Stellenverteilung on a day, by Anstellungsträger and by Kommune."""

    rule = "grants.view"
    knows = True

    def get(self, request: Request) -> HttpResponseBase:
        body, day = request.acting_body, request.stand
        squares = {"carrier": by_carrier(body, day), "municipality": by_municipality(body, day)}
        drawn = {
            f"allocation.by_{key}": (charts.squares(key, found.sentence(), found.rows), found.sentence())
            for key, found in squares.items()
            if found.rows
        }
        return render(request, "grants/allocation.html", {"tables": allocation.both(body, day), "charts": drawn})


class Budget(ListPage):
    """The Ansätze of the budget year."""

    rule = "budget.view"
    table_class = BudgetTable

    def rows(self, request: Request) -> QuerySet[Any]:
        income = BudgetLine.Purpose.INCOME
        return (
            BudgetLine.visible_to(request)
            .filter(year=request.year)
            .annotate(
                income_amount=Case(When(purpose=income, then=F("amount")), output_field=EuroModelField(null=True)),
                expense_amount=Case(
                    When(purpose=income, then=None), default=F("amount"), output_field=EuroModelField(null=True)
                ),
            )
        )


class NeutralityPage(RuleView):
    """Cost neutrality of the year, per Teilprodukt, every operand with its source."""

    rule = "budget.view"
    knows = True

    def get(self, request: Request) -> HttpResponseBase:
        found = neutrality.of_year(request.acting_body, request.stand)
        return render(request, "grants/neutrality.html", {"results": found})


class CarryOver(AddPage):
    """Jahr übernehmen: what the year's notices become in the next one, and the button that does it."""

    rule = "grants.edit"
    template_name = "grants/carry_over.html"
    form_class = CarryForm

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        rows = carried(request.acting_body, request.year + 1)
        fresh = [row for row in rows if row.is_new]
        amounts = [row.amount() for row in fresh]
        return {
            "rows": rows,
            "next": request.year + 1,
            "fresh": fresh,
            "budget": carried_lines(request.acting_body, request.year + 1, [row.notice for row in fresh]),
            "fte": sum((row.fte() for row in fresh), Decimal(0)),
            "amount": known_total("Neu geplant", *(Value("Betrag", one) for one in amounts)),
        }

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        year = request.year + 1
        made = carry_over(request.acting_body, year, reason=form.cleaned_data["reason"])
        terms = {one: list(one.current.terms.prefetch_related("rates")) for one in made}
        size = sum((line.fte for lines in terms.values() for line in lines if line.fte), Decimal(0))
        unknown = [str(one) for one, lines in terms.items() if any(line.fte and not line.rates.all() for line in lines)]
        words = (
            f"{year}: {format_fte(size)} VZÄ geplant in {len(made)} {'Zuwendung' if len(made) == 1 else 'Zuwendungen'}."
        )
        words += f" Satz noch nicht bekannt: {listed(unknown)}." if unknown else ""
        return words, f"{reverse('notices')}?jahr={year}"


class NewPosition(AddPage):
    """A new post with its facts and its funding, in one act."""

    rule = "grants.edit"
    template_name = "grants/new_position.html"
    repeatable = True

    def form(self, request: Request, *data: Any, **kwargs: Any) -> NewPositionForm:
        return NewPositionForm(request, *data)

    def again(self, request: Request, form: Any) -> str:
        """The next post begins the same day for the same reason, and is paid from the same notice."""
        data, query = form.cleaned_data, request.GET.copy()
        query["ab"], query["grund"] = data["start"].isoformat(), data["reason"]
        if data["item"]:
            query["zuwendung"], query["position"] = data["item"].notice.slug, str(data["item"])
        return f"{request.path}?{query.urlencode()}"

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        made = establish_posts(request.acting_body, form.cleaned_data)
        target, start = (
            made[0].get_absolute_url() if len(made) == 1 else reverse("positions"),
            form.cleaned_data["start"],
        )
        return established(request, made), target + (f"?stand={start.isoformat()}" if start > request.stand else "")


def established(request: Request, made: list[Position]) -> str:
    """What the new posts do to cost neutrality, for the user."""
    words = [
        f"Kostenneutralität {one.number}: {format_euro(r.amount)}, {r.in_words()}"
        if r
        else f"Kostenneutralität: {problem}"
        for one, r, problem in neutrality.of_year(request.acting_body, request.stand)
    ]
    told = f"Stelle {made[0].number} ist" if len(made) == 1 else f"{listed([p.number for p in made])} sind"
    return f"{told} eingerichtet. {'; '.join(words)}."
