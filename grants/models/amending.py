"""A further document about a notice: a Bescheid, an Änderungsbescheid, a revocation, as one act."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from grants.costing import Price, full_time
from grants.models.items import ItemRate, ItemTerms, NoticeItem
from grants.models.ledger import Book, load
from grants.models.notices import FundingNotice, NoticeVersion, YearAmount
from kim.models import ClosedYear, File, Source
from kim.models.refusals import db_errors_as_validation, deleted
from kim.store.context import describe_act
from kim.values.periods import intersection, year_of

REOPEN = "Das Förderjahr ist abgeschlossen. Bitte zuerst das Jahr wieder öffnen (Leitung, „Förderjahre“)."


@dataclass(frozen=True)
class Stated:
    """What the document states of a position: FTE with rates (range, EUR, per FTE), or an amount (EUR)."""

    item: NoticeItem
    fte: Decimal | None = None
    rates: tuple[tuple[Any, Decimal, Decimal], ...] = ()
    amount: Decimal | None = None
    source: str = ""  # of the rates; empty: the document itself


@dataclass(frozen=True)
class NewVersion:
    """A further version of a notice that is about to be recorded.

    holds_from: from when on its content holds; by default the start of the Förderzeitraum. years: the amounts of single
    budget years where the document states them.
    """

    notice: FundingNotice
    source: Source
    state: str
    validity: Any
    amount: Decimal | None = None
    holds_from: date | None = None
    proration: str = ""
    positions: tuple[Stated, ...] = ()
    years: Mapping[int, Decimal] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)  # further columns of the version, by name
    document: File | None = None  # the Bescheid itself, beside its Beleg

    @transaction.atomic
    def record(self, *, reason: str) -> NoticeVersion:
        """Record it. ValidationError with a sentence: double funding, a rate that is missing, years that do not add up,
        or an amount or position of a closed year that would change; what changes open years only is taken. A notice
        that is not there yet is recorded with it."""
        if self.notice._state.adding:
            describe_act(act=f"Zuwendung erfasst ({NoticeVersion.State(self.state).label})", reason=reason.strip())
            with db_errors_as_validation():
                self.notice.save_checked()
        list(FundingNotice.objects.filter(pk=self.notice.pk).select_for_update(no_key=True))
        closed = {year for year in ClosedYear.of(self.notice.body) if intersection(self.validity, year_of(year))}
        before = self.book()
        if self.notice.versions.exists():
            describe_act(act=self.act(), reason=reason.strip())
        with db_errors_as_validation():
            made = self.rows(self.first_open_day(closed, before))
        after = self.book()
        for year in sorted(closed):
            if amounts(before, year) != amounts(after, year):
                raise ValidationError(f"Die Fassung würde Beträge oder Positionen des Jahres {year} ändern. {REOPEN}")
        return made

    def act(self) -> str:
        """How the history calls it. Example: Bescheid erfasst (bewilligt)."""
        return f"{self.source.get_kind_display()} erfasst ({NoticeVersion.State(self.state).label})"

    def book(self) -> Book | None:
        """The notice as it is now, for comparison."""
        found = load(self.notice.body, None, notices=Q(notice=self.notice))
        return found[0] if found else None

    def first_open_day(self, closed: set[int], before: Book | None) -> date | None:
        """From when on the content holds. Where the document names no day and a closed year has begun to count, it is
        the first open day, provided that the document says of the closed year what was said before."""
        if self.holds_from or not closed or before is None or self.state == NoticeVersion.State.REVOKED:
            return self.holds_from
        last = max(closed)
        if self.says(last) != said_by(before, last):
            raise ValidationError(f"Die Fassung würde Beträge oder Positionen des Jahres {last} ändern. {REOPEN}")
        first = year_of(last + 1).lower
        return first if first in self.validity else None

    def says(self, year: int) -> dict[int, Any]:
        """Position by position what the document says of a year."""
        span = year_of(year)
        return {
            one.item.pk: (
                one.fte,
                [
                    (intersection(s, span), full_time(Price(s, a, per)))
                    for s, a, per in one.rates
                    if intersection(s, span)
                ],
            )
            for one in self.positions
            if one.fte is not None
        }

    def rows(self, holds_from: date | None) -> NoticeVersion:
        """The version with all that belongs to it."""
        body = self.notice.body
        last = self.notice.versions.order_by("number").last()
        if self.source._state.adding:
            self.source.save_checked()
        version = NoticeVersion(
            body=body, notice=self.notice, source=self.source, number=(last.number if last else 0) + 1
        )
        version.state, version.validity, version.holds_from = self.state, self.validity, holds_from
        version.amount, version.proration = self.amount, self.proration
        for name, value in self.facts.items():
            setattr(version, name, value)
        version.save_checked()
        if self.document:
            self.document.lay_beside(self.source)
        for year, amount in self.years.items():
            YearAmount(body=body, notice_version=version, year=year, amount=amount).save_checked()
        for one in self.positions:
            record_terms(version, one)
        return version


def record_terms(version: NoticeVersion, stated: Stated) -> None:
    """Write down what a version says of a position."""
    if stated.item._state.adding:
        stated.item.notice = version.notice
        stated.item.save_checked()
    terms = ItemTerms(body=version.body, item=stated.item, notice_version=version, fte=stated.fte, amount=stated.amount)
    terms.save_checked()
    record_rates(terms, stated)


def record_rates(terms: ItemTerms, stated: Stated) -> None:
    """Write down the rates of a position, in the place of those that are there; nothing if they are the same."""
    there = list(terms.rates.order_by("validity"))
    if [(one.validity, one.amount, one.per_fte) for one in there] == list(stated.rates):
        return
    for one in there:
        deleted(one)
    for span, amount, per_fte in stated.rates:
        ItemRate(
            body=terms.body, terms=terms, validity=span, amount=amount, per_fte=per_fte, source=stated.source
        ).save_checked()


@dataclass(frozen=True)
class CorrectedVersion:
    """A Berichtigung of what was entered of a document: version and source carry the new values, positions are all
    that it states."""

    version: NoticeVersion
    source: Source
    positions: tuple[Stated, ...]

    @transaction.atomic
    def correct(self, *, reason: str) -> None:
        """Write it down. ValidationError with a sentence: as NewVersion.record, or a position from which posts are paid
        is gone."""
        notice = self.version.notice
        list(FundingNotice.objects.filter(pk=notice.pk).select_for_update(no_key=True))
        describe_act(act="Zuwendung berichtigt", reason=reason.strip())
        with db_errors_as_validation():
            self.source.save_checked()
            self.version.save_checked()
            there = {terms.item_id: terms for terms in self.version.terms.select_related("item")}
            for one in self.positions:
                terms = there.pop(one.item.pk, None) if one.item.pk else None
                if terms is None:
                    record_terms(self.version, one)
                    continue
                terms.fte, terms.amount = one.fte, one.amount
                terms.save_checked()
                record_rates(terms, one)
            remove_terms(there.values())


def remove_terms(gone: Iterable[ItemTerms]) -> None:
    """Take positions out of a version; one that no version names any more is deleted. ValidationError if posts are paid
    from it."""
    for terms in gone:
        item = terms.item
        terms._remove()
        if item.terms.exists():
            continue
        if used := item.used_by():
            raise ValidationError(f"Die Position „{item}“ wird noch gebraucht: {', '.join(used)}.")
        item._remove()


def said_by(book: Book, year: int) -> dict[int, Any]:
    """Position by position what the notice says of a year until now, as NewVersion.says."""
    span = year_of(year)
    found = {}
    for entry in book.staff:
        terms = [one for one in entry.item.chain if intersection(one.span, span)]
        if terms:
            prices = [
                (intersection(p.span, span), p.amount and full_time(p))
                for p in terms[-1].prices
                if intersection(p.span, span)
            ]
            found[entry.pk] = (terms[-1].fte, prices)
    return found


def amounts(book: Book | None, year: int) -> Any:
    """All amounts of a year that stand in a sum: what is granted, and position by position what is bound (EUR)."""
    if book is None:
        return None
    posts = {entry.pk: {key: post.amount for key, post in entry.year(year).posts.items()} for entry in book.staff}
    granted = {entry.pk: entry.by_year().get(year) for entry in book.entries}
    return (
        book.granted.get(year),
        {key: one for key, one in granted.items() if one},
        {k: v for k, v in posts.items() if v},
    )
