"""The lists of notices and of budget lines."""

from typing import Any

from grants.filters import (
    STATES,
    AccountGroupFilters,
    BudgetFilters,
    ModuleFilters,
    NoticeFilters,
    NumberedFilters,
    ProgrammeFilters,
    RateFilters,
)
from grants.models import BudgetLine
from kim.lists import (
    AmountColumn,
    BadgeColumn,
    DateColumn,
    DenseTable,
    FteTableColumn,
    LinkColumn,
    PeriodColumn,
    Preset,
    TextColumn,
)
from kim.values.formats import MISSING, slug

STYLES = {"granted": "success", "amended": "success", "revoked": "danger", "refused": "danger"}


class NoticeTable(DenseTable):
    """Notices with programme, state, period and amount."""

    title, noun = "Zuwendungen", ("Zuwendung", "Zuwendungen")
    help_text = "Zuwendungen, deren Förderzeitraum das gewählte Jahr berührt."
    filters = NoticeFilters
    more = (("grants.edit", "carry-over", "Jahr übernehmen"),)
    add_url, add_rule = "notice-new", "grants.edit"
    default_order = "zuwendung"
    presets = (Preset("bewilligt", "Bewilligt", "verfahrensstand=bewilligt&verfahrensstand=geaendert"),)

    zuwendung = LinkColumn(accessor="notice__title", verbose_name="Zuwendung")
    programm = TextColumn(accessor="notice__programme__short_name", verbose_name="Programm")
    bescheid = DateColumn(accessor="source__date", verbose_name="Bescheid vom")
    stelle = TextColumn(accessor="notice__funder", verbose_name="Bewilligende Stelle")
    zeitraum = PeriodColumn(accessor="validity", verbose_name="Förderzeitraum")
    verfahrensstand = BadgeColumn(STYLES, STATES, accessor="state_then", verbose_name="Verfahrensstand")
    betrag = AmountColumn(accessor="amount", verbose_name="Betrag")
    teilprodukt = TextColumn(accessor="notice__sub_product__number", verbose_name="Teilprodukt", hidden=True)
    foerderart = TextColumn(accessor="notice__get_instrument_display", verbose_name="Förderart", hidden=True)
    nummer = TextColumn(accessor="source__number", verbose_name="Aktenzeichen des Bescheids", hidden=True)
    aktenzeichen = TextColumn(accessor="source__file_reference", verbose_name="eigenes Aktenzeichen", hidden=True)


def is_income(line: BudgetLine) -> bool:
    return line.purpose == BudgetLine.Purpose.INCOME


class BudgetTable(DenseTable):
    """Ansätze with account and purpose."""

    title, noun = "Haushalt", ("Ansatz", "Ansätze")
    help_text = "Ansätze des gewählten Haushaltsjahres. Was die Stellen erfordern, steht unter Kostenneutralität."
    filters = BudgetFilters
    default_order = "sachkonto"
    more = (("budget.edit", "budget-edit", "Ansätze bearbeiten"),)

    bezeichnung = TextColumn(
        accessor="titled", order_by="label", verbose_name="Ansatz", needs=("sub_product", "account")
    )
    teilprodukt = TextColumn(accessor="sub_product__number", verbose_name="Teilprodukt")
    sachkonto = TextColumn(accessor="account__number", verbose_name="Sachkonto", default="nicht angegeben")
    kontoname = TextColumn(accessor="account__name", verbose_name="Name des Sachkontos", default=MISSING)
    zweck = TextColumn(accessor="get_purpose_display", verbose_name="Zweck")
    ertrag = AmountColumn(accessor="income_amount", verbose_name="Ertrag", due=is_income)
    aufwand = AmountColumn(accessor="expense_amount", verbose_name="Aufwand", due=lambda line: not is_income(line))
    kontierung = TextColumn(accessor="assignment", verbose_name="Kontierung", hidden=True)
    grundlage = TextColumn(accessor="derivation_source", verbose_name="Grundlage", hidden=True, needs=("basis",))

    @classmethod
    def key(cls, record: Any, url: str) -> str:
        account = record.account.number if record.account else "ohne"
        return slug(f"{record.sub_product.number} {account} {record.label}")


class SubProductTable(DenseTable):
    """Teilprodukte by number."""

    title, noun = "Teilprodukte", ("Teilprodukt", "Teilprodukte")
    help_text = "Wo im Haushalt das Geld eines Programms steht."
    filters = NumberedFilters
    default_order, dated = "nummer", False
    add_url, add_rule = "sub-product-new", "budget.edit"

    nummer = LinkColumn(accessor="number", verbose_name="Teilprodukt")
    bezeichnung = TextColumn(accessor="name", verbose_name="Bezeichnung")


class AccountTable(DenseTable):
    """Sachkonten by number."""

    title, noun = "Sachkonten", ("Sachkonto", "Sachkonten")
    help_text = "Konten, auf denen Ansätze stehen."
    filters = NumberedFilters
    default_order, dated = "nummer", False
    add_url, add_rule = "account-new", "budget.edit"

    nummer = LinkColumn(accessor="number", verbose_name="Sachkonto")
    bezeichnung = TextColumn(accessor="name", verbose_name="Bezeichnung")


class ProgrammeTable(DenseTable):
    """Förderprogramme by name."""

    title, noun = "Förderprogramme", ("Förderprogramm", "Förderprogramme")
    help_text = "Programme des Landes; eigene ergänzt die Leitung."
    filters = ProgrammeFilters
    default_order, dated = "name", False
    add_url, add_rule = "programme-new", "reference.edit"

    name = LinkColumn(accessor="name", verbose_name="Förderprogramm")
    abkuerzung = TextColumn(accessor="short_name", verbose_name="Abkürzung")
    rechtsgrundlage = TextColumn(accessor="legal_basis", verbose_name="Rechtsgrundlage")
    geltung = TextColumn(accessor="owner", order_by="body", verbose_name="Gilt")


class ModuleTable(DenseTable):
    """Bausteine by programme."""

    title, noun = "Bausteine", ("Baustein", "Bausteine")
    help_text = "Woraus ein Förderprogramm besteht; eigene ergänzt die Leitung."
    filters = ModuleFilters
    default_order, dated = "programm", False
    add_url, add_rule = "module-new", "reference.edit"

    baustein = LinkColumn(accessor="name", verbose_name="Baustein")
    bezeichnung = TextColumn(accessor="title", verbose_name="Bezeichnung")
    programm = TextColumn(accessor="programme__short_name", verbose_name="Programm")
    geltung = TextColumn(accessor="owner", order_by="body", verbose_name="Gilt")


class RateTable(DenseTable):
    """Published Fördersätze with their time and source."""

    title, noun = "Fördersätze", ("Fördersatz", "Fördersätze")
    help_text = "Was das Land je Funktion veröffentlicht. In einer Zuwendung gilt, was ihr Bescheid nennt."
    filters = RateFilters
    default_order, dated = "funktion", False
    add_url, add_rule = "rate-new", "reference.edit"

    funktion = LinkColumn(accessor="function__name", verbose_name="Funktion")
    variante = TextColumn(accessor="variant", verbose_name="Variante")
    programm = TextColumn(accessor="programme__short_name", verbose_name="Programm")
    betrag = AmountColumn(accessor="amount", verbose_name="Betrag", summed=False)
    je = FteTableColumn(accessor="per_fte", verbose_name="je VZÄ", summed=False)
    gueltigkeit = PeriodColumn(accessor="validity", verbose_name="Gültigkeit")
    quelle = TextColumn(accessor="source", verbose_name="Quelle")
    geltung = TextColumn(accessor="owner", order_by="body", verbose_name="Gilt")


class AccountGroupTable(DenseTable):
    """Kontengruppen by the beginning of the number."""

    title, noun = "Kontengruppen", ("Kontengruppe", "Kontengruppen")
    help_text = "Wofür Konten sind, nach dem Anfang ihrer Nummer. Hinweise zum Haushalt stützen sich darauf."
    filters = AccountGroupFilters
    default_order, dated = "beginn", False
    add_url, add_rule = "account-group-new", "reference.edit"

    beginn = LinkColumn(accessor="prefix", verbose_name="Beginnt mit")
    bedeutung = TextColumn(accessor="get_meaning_display", order_by="meaning", verbose_name="Bedeutung")
    gueltigkeit = PeriodColumn(accessor="validity", verbose_name="Gültigkeit")
    quelle = TextColumn(accessor="source", verbose_name="Quelle")
    geltung = TextColumn(accessor="owner", order_by="body", verbose_name="Gilt")
