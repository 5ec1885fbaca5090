"""Hinweise about money: what a notice says and what is recorded, cost neutrality, accounts."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from grants import costing
from grants.costing import full_time
from grants.figures import neutrality
from grants.models import Account, AccountGroup, Book, BudgetLine, Rate, SubProduct, books_of_year
from grants.models.programmes import SeveralRates, fitting
from kim.figures.findings import Finding, Severity, about, rule
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import format_day, format_euro, format_fte, listed
from kim.values.money import CENT
from kim.values.periods import intersection, year_of
from staffing.models import Position

NOTICE = "Zuwendungsbescheid der Bewilligungsbehörde"


def books(body: Body, day: date) -> list[Book]:
    """The notices of the day's year, planned ones too. Two queries, for all rules together."""
    return books_of_year(body.pk, day.year)


def granted(body: Body, day: date) -> list[Book]:
    """Those of which something is granted."""
    return [one for one in books(body, day) if one.is_granted]


def neutralities(body: Body, day: date) -> list[tuple[SubProduct, "neutrality.Neutrality | None", str]]:
    """The year's cost neutrality, for all rules together."""
    return neutrality.of_year(body, day)


@rule("G1", "Σ der Positionen ≤ Betrag des Bescheids", NOTICE, "grants.FundingNotice")
def items_fit(body: Body, day: date) -> Iterator[Finding]:
    """What the positions of a notice cost over its Förderzeitraum, compared with its amount (EUR); an own share is no
    part of it. Example: 12 × 57.000 = 684.000."""
    for book in granted(body, day):
        parts = [one for one in book.entries if one.kind != "own_share"]
        years = [amount for one in parts for amount in one.by_year().values()]
        need, amount = sum((a for a in years if a is not None), Decimal(0)), book.current.amount
        if not parts or amount is None or need == amount or not book.is_whole or None in years:
            continue
        if abs(need - amount) <= CENT * len(years):
            words = f"Die Positionen ergeben {format_euro(need)}, der Bescheid nennt {format_euro(amount)}; "
            words += "so viel kann das Runden je Position ausmachen."
            yield about(Severity.HINT, book.notice, words)
        elif need > amount:
            words = f"Die Positionen ergeben {format_euro(need)}, {format_euro(need - amount)} mehr als der Bescheid "
            words += f"({format_euro(amount)})."
            yield about(Severity.ERROR, book.notice, words)
        else:
            words = f"Die Positionen ergeben {format_euro(need)}; {format_euro(amount - need)} des Bescheids stehen in "
            words += "keiner Position."
            yield about(Severity.HINT, book.notice, words)


@rule("G3", "VZÄ der geförderten Stellen = VZÄ des Bescheids", NOTICE, "grants.FundingNotice")
def posts_fit(body: Body, day: date) -> Iterator[Finding]:
    """FTE of the posts funded on the day, own and with third parties, compared with the notice.

    Example: 6,0 own + 6,0 with third parties = 12,0 of the notice KIM 2023.
    """
    for book in granted(body, day):
        terms = [one for entry in book.staff for one in entry.item.chain if day in one.span]
        uses = [one for entry in book.staff for one in entry.item.uses if day in one.span]
        if not terms:
            continue
        need = sum((one.fte for one in terms), Decimal(0))
        own, onward = (sum((u.fte for u in uses if u.kind == kind), Decimal(0)) for kind in Position.Kind.values)
        if own + onward != need:
            words = (
                f"Am {format_day(day)} sind {format_fte(own)} eigene und {format_fte(onward)} VZÄ bei Dritten "
                "gefördert, zusammen "
                f"{format_fte(own + onward)}; der Bescheid nennt {format_fte(need)} VZÄ."
            )
            yield about(Severity.ERROR, book.notice, words)


@rule("G2", "Fördersatz jeder Position bekannt", "Tabelle der Fördersätze", "grants.FundingNotice")
def rates_known(body: Body, day: date) -> Iterator[Finding]:
    """FTE of the year's notices whose rate is not known on some day. Example: KIM 2024, planned: 12,000.

    Only a notice that is not granted can have such a position; the database keeps that.
    """
    for book in books(body, day):
        unknown = [e.item.chain[-1].fte for e in book.staff if e.item.chain and None in e.item.entitled.values()]
        if unknown:
            words = f"Zu {format_fte(sum(unknown, Decimal(0)))} VZÄ ist der Fördersatz noch nicht bekannt; "
            yield about(Severity.HINT, book.notice, f"{words}ein Betrag steht deshalb nirgends.")


@rule(
    "G2b", "Fördersatz laut Bescheid = veröffentlichter Fördersatz", "Tabelle der Fördersätze", "grants.FundingNotice"
)
def rates_as_published(body: Body, day: date) -> Iterator[Finding]:
    """Rates of the year's granted notices that differ from the published ones of the same days. One query more.

    The Bescheid counts; the difference is to be seen. Example: 22.500 for 0,5 published, 23.000 in the Bescheid.
    """
    published = list(Rate.objects.filter(validity__overlap=year_of(day.year)).select_related("function"))
    for book in granted(body, day):
        mine = [one for one in published if one.programme_id == book.notice.programme_id]
        for entry in book.staff:
            try:
                found = fitting(mine, entry.function, entry.variant, year_of(day.year))
            except SeveralRates:
                continue
            for price in (p for terms in entry.item.chain for p in terms.prices if p.amount is not None):
                other = [one for one in found if intersection(one.validity, price.span)]
                if differs := [one for one in other if full_time(one.price(price.span)) != full_time(price)]:
                    words = f"{entry.label}: Der Bescheid nennt {format_euro(price.amount)} für "
                    words += f"{format_fte(price.per_fte)} VZÄ, "
                    words += f"veröffentlicht sind {differs[0]} ({differs[0].source})."
                    yield about(Severity.HINT, book.notice, words)
                    break


@rule(
    "G4",
    "Bescheid vor Beginn des Förderzeitraums",
    "Prüfregel der Anwendung: Maßnahmen beginnen nach dem Bescheid",
    "grants.FundingNotice",
)
def notice_in_time(body: Body, day: date) -> Iterator[Finding]:
    """The first Bescheid came after its period had begun. Example: 15.02.2023 for the time from 01.01.2023."""
    for book in granted(body, day):
        first = next(one for one in book.versions if one.state == "granted")
        start, given = first.validity.lower, first.source.date
        if given and start and given > start:
            words = f"Der Bescheid vom {format_day(given)} kam nach Beginn des Förderzeitraums ({format_day(start)})."
            yield about(Severity.WARNING, book.notice, words)


@rule("G8", "Keine Stelle doppelt verplant", "§ 9 (4) TIntG: Doppelförderungsverbot", "grants.FundingNotice")
def planned_twice(body: Body, day: date) -> Iterator[Finding]:
    """Posts that a notice which is not granted plans to pay although others pay or plan to pay them already, on some
    day of the year. What is granted twice the database refuses. Example: CM-01, wholly paid by KIM 2023, planned in an
    application too."""
    there = books(body, day)
    parts: dict[int, list[tuple[Book, Any]]] = {}
    for book in there:
        for entry in book.staff:
            for piece in costing.pieces_of(entry.item.chain, entry.item.uses, day.year):
                parts.setdefault(int(str(piece.use.post)), []).append((book, piece))
    found: dict[int, set[str]] = {}
    by_book = {book.notice.pk: book for book in there}
    for some in parts.values():
        for first in {piece.span.lower for _, piece in some}:
            paid = [(book, piece.use) for book, piece in some if first in piece.span]
            if sum((use.fte for _, use in paid), Decimal(0)) > paid[0][1].whole:
                for key in {book.notice.pk for book, _ in paid if not book.is_granted}:
                    found.setdefault(key, set()).add(paid[0][1].number)
    for key, numbers in found.items():
        words = "Mit anderen Zuwendungen zusammen wären mehr VZÄ gefördert, als die Stellen haben: "
        yield about(Severity.HINT, by_book[key].notice, f"{words}{listed(sorted(numbers))}.")


def of_sub_product(severity: Severity, one: SubProduct, year: int, sentence: str, part: str = "") -> Finding:
    key = f"teilprodukt:{one.number}:{year}" + (f":{part}" if part else "")
    link = f"{reverse('neutrality')}?jahr={year}"
    return about(severity, one, sentence, name=f"Teilprodukt {one.number}, {year}", link=link, key=key)


@rule("B1", "Erträge − Aufwendungen = 0 je Teilprodukt und Jahr", "Prüfregel der Anwendung zur Kostenneutralität")
def neutral(body: Body, day: date) -> Iterator[Finding]:
    """The gap of neutrality.nominal (EUR). Example: 684.000 − 342.000 − 342.000 = 0 says nothing; a seventh own post:
    −57.000, a Fehler; an own post at 0,5: +28.500, a Warnung; what cannot be calculated, a Warnung too."""
    for sub_product, found, problem in neutralities(body, day):
        if found is None:
            words = f"Die Kostenneutralität lässt sich nicht berechnen. {problem}"
            yield of_sub_product(Severity.WARNING, sub_product, day.year, words)
        elif found.amount:
            words = found.in_words()
            sentence = f"{words[0].upper()}{words[1:]}: {found.gap.formula} = {format_euro(found.amount)}."
            severity = Severity.ERROR if found.amount < 0 else Severity.WARNING
            yield of_sub_product(severity, sub_product, found.year, sentence)


@rule("ANSATZ", "Ansatz = was die Stellen erfordern", "Prüfregel der Anwendung zum Haushalt")
def budgeted(body: Body, day: date) -> Iterator[Finding]:
    """Ansätze that are not what notices and posts require (EUR). Example: 342.000 required, 399.000 planned."""
    for sub_product, found, _ in neutralities(body, day):
        for one in found.differences if found else ():
            words = (
                f"{one.label}: {format_euro(one.budget)} veranschlagt, {format_euro(one.required)} errechnet "
                f"(Unterschied {format_euro(one.difference)})."
            )
            yield of_sub_product(Severity.WARNING, sub_product, day.year, words, one.item)


Meaning = AccountGroup.Meaning


@read_once
def account_groups(day: date) -> list[AccountGroup]:
    """What account numbers mean in the year of the day. One query."""
    return list(AccountGroup.objects.filter(validity__overlap=year_of(day.year)))


@read_once
def lines_of(body: Body, year: int) -> list[BudgetLine]:
    """The Ansätze of a year, for all rules together. One query."""
    return list(BudgetLine.objects.filter(body=body, year=year).select_related("account", "sub_product"))


def lines_with_account(body: Body, day: date) -> Iterator[tuple[BudgetLine, Account]]:
    """The year's Ansätze that name a Sachkonto."""
    for line in lines_of(body, day.year):
        if line.account:
            yield line, line.account


def meanings(account: Account, groups: list[AccountGroup]) -> set[str]:
    """What an account is for, by every known beginning of its number; empty if none is known. Example: 531800:
    Aufwendungen and Transferaufwendungen."""
    return {group.meaning for group in groups if account.number.startswith(group.prefix)}


def of_line(severity: Severity, line: BudgetLine, sentence: str) -> Finding:
    account = line.account.number if line.account else "ohne"
    key = f"ansatz:{line.year}:{line.sub_product.number}:{account}:{line.label}"[:200]
    return about(severity, line, sentence, name=f"Ansatz {line}", link=f"{reverse('budget')}?jahr={line.year}", key=key)


@rule("B3", "Zahlungen an Dritte ohne Gegenleistung unter Transferaufwendungen", "Kontengruppen (Schlüsseltabelle)")
def onward_is_transfer(body: Body, day: date) -> Iterator[Finding]:
    """Ansätze for posts with third parties outside the accounts for transfers. Two queries. Example: 543990."""
    groups = account_groups(day)
    source = next((g.source for g in groups if g.meaning == Meaning.TRANSFER), "")
    for line, account in lines_with_account(body, day) if source else ():
        if line.purpose == BudgetLine.Purpose.ONWARD and Meaning.TRANSFER not in meanings(account, groups):
            words = (
                f"Der Aufwand für Stellen bei Dritten steht auf Sachkonto {account.number} „{account.name}“; "
                f"Zahlungen ohne Gegenleistung gehören zu den Transferaufwendungen ({source})."
            )
            yield of_line(Severity.WARNING, line, words)


@rule("B4", "Ertrag auf Ertragskonto, Aufwand auf Aufwandskonto", "Kontengruppen (Schlüsseltabelle)")
def account_fits(body: Body, day: date) -> Iterator[Finding]:
    """Income planned on an expense account or the reverse, or on one for investments. Two queries. Example: 414100
    is right for income."""
    groups = account_groups(day)
    for line, account in lines_with_account(body, day):
        kinds = meanings(account, groups)
        wanted = Meaning.INCOME if line.purpose == BudgetLine.Purpose.INCOME else Meaning.EXPENSE
        kinds |= {Meaning.EXPENSE} if Meaning.TRANSFER in kinds else set()
        if kinds and (wanted not in kinds or Meaning.CAPITAL in kinds):
            words = f"Sachkonto {account.number} „{account.name}“ ist kein Konto für {wanted.label}."
            yield of_line(Severity.ERROR, line, words)


@rule("S11b", "Jeder Ansatz hat ein Sachkonto", "Prüfregel der Anwendung zum Haushalt")
def without_account(body: Body, day: date) -> Iterator[Finding]:
    """Ansätze without a Sachkonto. One query. Example: own posts 2023, 342.000 €."""
    for line in (one for one in lines_of(body, day.year) if one.account_id is None):
        words = "Der offene Ansatz" if line.amount is None else f"Der Ansatz über {format_euro(line.amount)}"
        yield of_line(Severity.WARNING, line, f"{words} nennt kein Sachkonto.")


@rule("B5", "Jeder Ansatz hat einen Betrag", "Prüfregel der Anwendung zum Haushalt")
def open_lines(body: Body, day: date) -> Iterator[Finding]:
    """Ansätze of the year that are planned without an amount. One query. Example: 2024, carried over from 2023 while
    the Fördersatz is not known."""
    for line in (one for one in lines_of(body, day.year) if one.amount is None):
        words = "Der Ansatz ist noch offen: Der Betrag folgt aus Stellen und Fördersatz, sobald er bekannt ist."
        yield of_line(Severity.HINT, line, words)
