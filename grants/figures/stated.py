"""What a notice, its programme and the budget say: the figures a text quotes."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.urls import reverse

from grants.costing import full_time
from grants.models import BudgetLine, FundingNotice, ItemTerms, SubProduct
from kim.figures import DATE, EUR, FTE, NO_FORMS, TEXT, Amount, Value, figure, stated, total
from kim.figures.choices import choices
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import listed
from kim.values.periods import last_day

DATIVE = {"fachbezogene Pauschale": "fachbezogenen Pauschale", "gesetzliche Zuweisung": "gesetzlichen Zuweisung"}


def quoted(
    notice: FundingNotice, label: str, value: Amount, unit: str, *, forms: Mapping[str, str] = NO_FORMS
) -> Value:
    """A value that the notice's Bescheid states, in the version that figures rest on."""
    source = notice.current.source
    cited, where = source.cited(), source.get_absolute_url()
    return Value(label, value, unit, "beleg", source=cited, document=where, link=notice.get_absolute_url(), forms=forms)


@figure("notice.amount", "Betrag der Zuwendung")
def amount(notice: FundingNotice) -> Value:
    """EUR the Bescheid states. Example: KIM 2023: 684.000,00."""
    return quoted(notice, "Zuwendung", notice.current.amount, EUR)


@figure("notice.date", "Datum des Bescheids")
def notice_date(notice: FundingNotice) -> Value:
    """The date of the Bescheid. Example: 15.02.2023."""
    return quoted(notice, "Bescheid vom", notice.current.source.date, DATE)


@figure("notice.funder", "Bewilligende Stelle")
def funder(notice: FundingNotice) -> Value:
    """Who grants. Example: Bezirksregierung Arnsberg."""
    return quoted(notice, "Bewilligende Stelle", notice.funder, TEXT)


@figure("notice.instrument", "Förderart")
def instrument(notice: FundingNotice) -> Value:
    """How the law calls the money. Example: fachbezogene Pauschale; aus der fachbezogenen Pauschale (dative)."""
    words = notice.get_instrument_display()
    return quoted(notice, "Förderart", words, TEXT, forms={"dative": DATIVE.get(words, words)})


@figure("notice.year", "Förderjahr")
def year(notice: FundingNotice) -> Value:
    """The year in which the funding period begins. Example: 2023."""
    return quoted(notice, "Förderjahr", str(notice.current.validity.lower.year), TEXT)


@figure("notice.start", "Beginn des Förderzeitraums")
def start(notice: FundingNotice) -> Value:
    """The first day of the funding period. Example: 01.01.2023."""
    return quoted(notice, "Förderzeitraum ab", notice.current.validity.lower, DATE)


@figure("notice.end", "Ende des Förderzeitraums")
def end(notice: FundingNotice) -> Value:
    """The last day of the funding period, included. Example: 31.12.2023."""
    return quoted(notice, "Förderzeitraum bis", last_day(notice.current.validity), DATE)


@figure("notice.fte", "Stellen der Zuwendung")
def fte(notice: FundingNotice) -> Value:
    """FTE the Bescheid funds: Σ of its staff positions. Example: KIM 2023: 12,000."""
    return total("Stellen", *(quoted(notice, str(one.item), one.fte, FTE) for one in staff_terms(notice)), unit=FTE)


@read_once
def staff_terms(notice: FundingNotice) -> list[ItemTerms]:
    """What the version that figures rest on says of the staff positions, with their rates. Two queries."""
    rows = notice.current.terms.filter(item__kind="staff").select_related("item__function").prefetch_related("rates")
    return list(rows.order_by("item__function__name", "item"))


@figure("notice.rate", "Betrag je Stelle")
def rate(notice: FundingNotice) -> Value:
    """EUR for a full post, if the notice has one rate for all its positions and days. Example: KIM 2023: 57.000,00.

    Raises ValidationError when the rates differ or one is not known: "je Stelle" would then be wrong.
    """
    known = [list(one.rates.all()) for one in staff_terms(notice)]
    rates = {full_time(one.price()): one for some in known for one in some}
    if len(rates) != 1 or not all(known):
        raise ValidationError(f"Die Zuwendung „{notice}“ hat keinen einheitlichen Satz je Stelle.")
    value, found = next(iter(rates.items()))
    source = found.source or notice.current.source.cited()
    return Value("Betrag je Stelle", value, EUR, "beleg", source=source, link=notice.get_absolute_url())


@figure("programme.name", "Förderprogramm")
def programme(notice: FundingNotice) -> Value:
    """The programme's name. Example: Kommunales Integrationsmanagement."""
    return quoted(notice, "Förderprogramm", notice.programme.name, TEXT)


@figure("programme.short_name", "Abkürzung des Förderprogramms")
def programme_short(notice: FundingNotice) -> Value:
    """Example: KIM."""
    return quoted(notice, "Abkürzung", notice.programme.short_name, TEXT)


@figure("programme.legal_basis", "Rechtsgrundlage")
def legal_basis(notice: FundingNotice) -> Value:
    """Example: § 9 Teilhabe- und Integrationsgesetz NRW."""
    return quoted(notice, "Rechtsgrundlage", notice.programme.legal_basis, TEXT)


@figure("sub_product.number", "Nummer des Teilprodukts")
def sub_product_number(sub_product: SubProduct) -> Value:
    """Example: 946100."""
    return Value("Teilprodukt", sub_product.number, TEXT, "beleg", source="Haushalt", link=reverse("budget"))


@figure("sub_product.name", "Name des Teilprodukts")
def sub_product_name(sub_product: SubProduct) -> Value:
    """Example: Kommunales Integrationszentrum – Umsetzung nach Maßgaben des Landes NRW."""
    return Value("Teilprodukt", sub_product.name, TEXT, "beleg", source="Haushalt", link=reverse("budget"))


@choices("purpose")
def purpose_choices(body: Body, day: date) -> dict[str, str]:
    """What an Ansatz is for."""
    return {"income": "Ertrag", "own": "eigene Stellen", "onward": "Stellen bei Dritten"}


@read_once
def lines_of(body: Body, year: int, sub_product: SubProduct) -> list[BudgetLine]:
    """All Ansätze of a Teilprodukt in a year. One query."""
    rows = BudgetLine.objects.filter(body=body, year=year, sub_product=sub_product)
    return list(rows.select_related("account", "basis"))


def lines(body: Body, year: int, sub_product: SubProduct, purpose: str) -> list[BudgetLine]:
    """The Ansätze for one purpose; ValidationError when there is none, so that no paper says 0 by mistake."""
    if purpose not in BudgetLine.Purpose.values:
        raise ValidationError(f"„{purpose}“ gibt es nicht: purpose ist income, own oder onward.")
    found = [line for line in lines_of(body, year, sub_product) if line.purpose == purpose]
    if not found:
        label = BudgetLine.Purpose(purpose).label
        raise ValidationError(f"Im Haushalt {year} fehlt zum Teilprodukt {sub_product.number} der Ansatz „{label}“.")
    return found


def planned(line: BudgetLine, value: Amount, unit: str) -> Value:
    return stated(line.label, value, unit, line)


@figure("budget.amount", "Ansatz")
def budget_amount(body: Body, year: int, sub_product: SubProduct, purpose: str) -> Value:
    """EUR in the budget of a year for a purpose (income, own, onward). Example: 2023, own: 342.000,00.

    ValidationError when there is no such Ansatz, or one is still open.
    """
    found = lines(body, year, sub_product, purpose)
    if waiting := [line.label for line in found if line.amount is None]:
        raise ValidationError(f"Im Haushalt {year} ist der Ansatz „{waiting[0]}“ noch offen.")
    return total(BudgetLine.Purpose(purpose).label, *(planned(line, line.amount, EUR) for line in found))


@figure("budget.income_words", "Veranschlagung des Ertrags")
def income_words(body: Body, year: int, sub_product: SubProduct, notice: FundingNotice) -> Value:
    """How a sentence about the budgeted income begins: "Diese sind" if the Ansatz is the notice's amount, else
    the Ansatz is named. Example: 680.000 € planned of 684.000 €: "Dafür sind 680.000 €".
    """
    found = budget_amount(body, year, sub_product, "income")
    same = found.value == notice.current.amount
    words = "Diese sind" if same else f"Dafür sind {found.sentence()}"
    return Value(
        "Veranschlagung",
        words,
        TEXT,
        formula="Ansatz mit Bescheid verglichen",
        operands=(found, amount(notice)),
    )


@figure("budget.account", "Sachkonto")
def account(body: Body, year: int, sub_product: SubProduct, purpose: str) -> Value:
    """The number of the Sachkonto. Example: 2023, income: 414100."""
    found = lines(body, year, sub_product, purpose)
    return _account(found, [line.account.number for line in found if line.account])


@figure("budget.account_name", "Name des Sachkontos")
def account_name(body: Body, year: int, sub_product: SubProduct, purpose: str) -> Value:
    """The name of the Sachkonto. Example: 2023, onward: Andere sonstige Geschäftsausgaben."""
    found = lines(body, year, sub_product, purpose)
    return _account(found, [line.account.name for line in found if line.account])


def _account(found: list[BudgetLine], names: list[str]) -> Value:
    value = listed(sorted(set(names))) if len(names) == len(found) else None
    return planned(found[0], value, TEXT)


@figure("budget.year", "Haushaltsjahr")
def budget_year(year: int) -> Value:
    """The budget year. Example: 2023."""
    return Value("Haushaltsjahr", str(year), TEXT, "beleg", source="Förderjahr der Zuwendung")
