"""Hinweise about money: what a notice says and what is recorded, cost neutrality, accounts."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.urls import reverse

from grants.figures import neutrality
from grants.models import Account, AccountGroup, BudgetLine, Funding, FundingNotice, NoticeItem, SubProduct
from kim.findings import Finding, Severity, about, rule
from kim.formats import day as printed
from kim.formats import euro, fte
from kim.models import Body
from kim.periods import year_of
from staffing.models import Position, PositionPeriod

NOTICE = "Zuwendungsbescheid der Bewilligungsbehörde"


def notices(body: Body, day: date) -> list[FundingNotice]:
    """The year's notices that are granted."""
    rows = FundingNotice.objects.filter(body=body, state__in=FundingNotice.COUNTED, validity__overlap=year_of(day.year))
    return list(rows.select_related("source").order_by("slug"))


@rule("G1", "Σ (VZÄ × Satz) der Positionen ≤ Betrag des Bescheids", NOTICE, "grants.FundingNotice")
def items_fit(body: Body, day: date) -> Iterator[Finding]:
    """What the items of a notice cost, compared with its amount (EUR). Two queries. Example: 12 × 57.000 = 684.000."""
    found = notices(body, day)
    items: dict[int, Decimal] = {}
    for item in NoticeItem.objects.filter(notice__in=found).select_related("rate"):
        items[item.notice_id] = items.get(item.notice_id, Decimal(0)) + (
            item.amount() or 0
        )  # granted: every item has a rate
    for notice in found:
        if notice.pk not in items or notice.amount is None or items[notice.pk] == notice.amount:
            continue
        need, amount = items[notice.pk], notice.amount
        if need > amount:
            words = (
                f"Die Positionen ergeben {euro(need)}, {euro(need - amount)} mehr als der Bescheid ({euro(amount)})."
            )
            yield about(Severity.ERROR, notice, words)
        else:
            words = (
                f"Die Positionen ergeben {euro(need)}; {euro(amount - need)} des Bescheids stehen in keiner Position."
            )
            yield about(Severity.HINT, notice, words)


@rule("G3", "VZÄ der geförderten Stellen = VZÄ des Bescheids", NOTICE, "grants.FundingNotice")
def posts_fit(body: Body, day: date) -> Iterator[Finding]:
    """FTE of the posts funded on the day, own and with third parties, compared with the notice. Four queries.

    Example: 6,0 own + 6,0 with third parties = 12,0 of the notice KIM 2023.
    """
    found = [n for n in notices(body, day) if day in n.validity]
    granted: dict[int, Decimal] = {}
    for item in NoticeItem.objects.filter(notice__in=found):
        granted[item.notice_id] = granted.get(item.notice_id, Decimal(0)) + item.fte
    sizes = dict(PositionPeriod.objects.filter(body=body).as_of(day).values_list("position_id", "fte"))
    posts: dict[tuple[int, str], Decimal] = {}
    for one in Funding.objects.filter(item__notice__in=found).select_related("item", "position"):
        key = (one.item.notice_id, one.position.kind)
        posts[key] = posts.get(key, Decimal(0)) + sizes.get(one.position_id, Decimal(0))
    for notice in found:
        own, onward = (posts.get((notice.pk, str(kind)), Decimal(0)) for kind in Position.Kind)
        need = granted.get(notice.pk)
        if need is not None and own + onward != need:
            words = (
                f"Am {printed(day)} sind {fte(own)} eigene und {fte(onward)} VZÄ bei Dritten gefördert, zusammen "
                f"{fte(own + onward)}; der Bescheid nennt {fte(need)} VZÄ."
            )
            yield about(Severity.ERROR, notice, words)


@rule("G2", "Fördersatz jeder Position bekannt", "Tabelle der Fördersätze", "grants.FundingNotice")
def rates_known(body: Body, day: date) -> Iterator[Finding]:
    """FTE of the year's notices whose rate is not known. One query. Example: KIM 2024, planned: 12,000.

    Only a notice that is not granted can have such an item; the database keeps that.
    """
    items = NoticeItem.objects.filter(body=body, rate__isnull=True, notice__validity__overlap=year_of(day.year))
    found: dict[FundingNotice, Decimal] = {}
    for item in items.select_related("notice__source").order_by("notice__slug"):
        found[item.notice] = found.get(item.notice, Decimal(0)) + item.fte
    for notice, size in found.items():
        words = f"Zu {fte(size)} VZÄ ist der Fördersatz noch nicht bekannt; ein Betrag steht deshalb nirgends."
        yield about(Severity.HINT, notice, words)


@rule(
    "G4",
    "Bescheid vor Beginn des Förderzeitraums",
    "Prüfregel der Anwendung: Maßnahmen beginnen nach dem Bescheid",
    "grants.FundingNotice",
)
def notice_in_time(body: Body, day: date) -> Iterator[Finding]:
    """The notice came after its period had begun. One query. Example: 15.02.2023 for the time from 01.01.2023."""
    for notice in notices(body, day):
        start, given = notice.validity.lower, notice.source.date
        if given and start and given > start:
            words = f"Der Bescheid vom {printed(given)} kam nach Beginn des Förderzeitraums ({printed(start)})."
            yield about(Severity.WARNING, notice, words)


def of_sub_product(severity: Severity, one: SubProduct, year: int, sentence: str, part: str = "") -> Finding:
    key = f"teilprodukt:{one.number}:{year}" + (f":{part}" if part else "")
    link = f"{reverse('neutrality')}?jahr={year}"
    return about(severity, one, sentence, name=f"Teilprodukt {one.number}, {year}", link=link, key=key)


@rule("B1", "Erträge − Aufwendungen = 0 je Teilprodukt und Jahr", "Prüfregel der Anwendung zur Kostenneutralität")
def neutral(body: Body, day: date) -> Iterator[Finding]:
    """The gap of neutrality.nominal (EUR). Example: 684.000 − 342.000 − 342.000 = 0 says nothing; a seventh own post:
    −57.000, a Fehler; an own post at 0,5: +28.500, a Warnung; what cannot be calculated, a Warnung too."""
    for sub_product, found, problem in neutrality.of_year(body, day):
        if found is None:
            words = f"Die Kostenneutralität lässt sich nicht berechnen. {problem}"
            yield of_sub_product(Severity.WARNING, sub_product, day.year, words)
        elif found.amount:
            words = found.in_words()
            sentence = f"{words[0].upper()}{words[1:]}: {found.gap.formula} = {euro(found.amount)}."
            severity = Severity.ERROR if found.amount < 0 else Severity.WARNING
            yield of_sub_product(severity, sub_product, found.year, sentence)


@rule("ANSATZ", "Ansatz = was die Stellen erfordern", "Prüfregel der Anwendung zum Haushalt")
def budgeted(body: Body, day: date) -> Iterator[Finding]:
    """Ansätze that are not what notices and posts require (EUR). Example: 342.000 required, 399.000 planned."""
    for sub_product, found, _ in neutrality.of_year(body, day):
        for one in found.differences if found else ():
            words = (
                f"{one.label}: {euro(one.budget)} veranschlagt, {euro(one.required)} errechnet "
                f"(Unterschied {euro(one.difference)})."
            )
            yield of_sub_product(Severity.WARNING, sub_product, day.year, words, one.item)


Meaning = AccountGroup.Meaning


def account_groups(day: date) -> list[AccountGroup]:
    """What account numbers mean in the year of the day. One query."""
    return list(AccountGroup.objects.filter(validity__overlap=year_of(day.year)))


def lines_with_account(body: Body, day: date) -> Iterator[tuple[BudgetLine, Account]]:
    """The year's Ansätze that name a Sachkonto. One query."""
    for line in BudgetLine.objects.filter(body=body, year=day.year).select_related("account", "sub_product"):
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
    for line in BudgetLine.objects.filter(body=body, year=day.year, account=None).select_related("sub_product"):
        words = "Der offene Ansatz" if line.amount is None else f"Der Ansatz über {euro(line.amount)}"
        yield of_line(Severity.WARNING, line, f"{words} nennt kein Sachkonto.")


@rule("B5", "Jeder Ansatz hat einen Betrag", "Prüfregel der Anwendung zum Haushalt")
def open_lines(body: Body, day: date) -> Iterator[Finding]:
    """Ansätze of the year that are planned without an amount. One query. Example: 2024, carried over from 2023 while
    the Fördersatz is not known."""
    for line in BudgetLine.objects.filter(body=body, year=day.year, amount=None).select_related("sub_product"):
        words = "Der Ansatz ist noch offen: Der Betrag folgt aus Stellen und Fördersatz, sobald er bekannt ist."
        yield of_line(Severity.HINT, line, words)
