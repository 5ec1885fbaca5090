"""The lists of posts, of who employs, and of the Kommunen."""

from functools import lru_cache
from typing import Any

from django.urls import reverse

from kim.lists import (
    AmountColumn,
    BadgeColumn,
    CountColumn,
    DateColumn,
    DenseTable,
    FteTableColumn,
    LinkColumn,
    MonthsColumn,
    PeriodColumn,
    Preset,
    Selection,
    TextColumn,
)
from kim.values import formats
from staffing.filters import (
    CarrierFilters,
    FunctionFilters,
    MunicipalityFilters,
    PlanFilters,
    PositionFilters,
    ReallocationFilters,
)
from staffing.models import Carrier, Reallocation, Status

STYLES = {
    Status.FILLED: "success",
    Status.PARTLY: "warning",
    Status.ADVERTISED: "info",
    Status.ADVERTISING_PLANNED: "info",
    Status.VACANT: "warning",
    Status.UNASSIGNED: "warning",
    Status.NOT_STATED: "neutral",
}


def carrier_url(row: Any) -> str:
    """The page of who employs on the post."""
    return carrier_address(row.carrier_slug) if row.carrier_slug else ""


@lru_cache(1000)  # the same few on many rows; resolving an address takes longer than the rest of a cell
def carrier_address(slug: str) -> str:
    return reverse("carrier", args=[slug])


class PositionTable(DenseTable):
    """Posts with who employs, who is served, size, annual amount and status."""

    title, noun = "Stellen", ("Stelle", "Stellen")
    help_text = (
        "Jede Zeile ist eine Stelle am gewählten Stand. Die Nummer führt zur Stelle, dort lässt sie sich ändern; "
        "jede Zahl führt zu ihrer Herkunft."
    )
    filters = PositionFilters
    default_order = "nummer"
    presets = (
        Preset("eigene-stellen", "Eigene Stellen", "art=eigen"),
        Preset("bei-dritten", "Bei Dritten", "art=dritte"),
        Preset(
            "unbesetzt",
            "Unbesetzt",
            "status=unbesetzt&status=noch-nicht-vergeben&status=teilweise-besetzt"
            "&status=ausgeschrieben&status=Ausschreibung-vorgesehen"
            "&spalten=nummer&spalten=traeger&spalten=kommunen&spalten=vzae&spalten=rest&spalten=status"
            "&spalten=unbesetzt_seit&spalten=nicht_verausgabt",
        ),
        Preset(
            "meldung-land",
            "Meldung an das Land",
            "sortierung=baustein&spalten=nummer&spalten=baustein&spalten=funktion&spalten=traeger&spalten=kommunen"
            "&spalten=vzae&spalten=besetzt&spalten=rest",
        ),
    )
    add_url, add_rule = "position-new", "grants.edit"
    selection = Selection(
        "staffing.edit",
        "reallocation-new",
        "stelle",
        "Umverteilen",
        "Stellen ankreuzen, die abgeben; auf der nächsten Seite lässt sich das noch ändern.",
    )

    nummer = LinkColumn(accessor="position__number", verbose_name="Stelle")
    traeger = TextColumn(
        accessor="carrier_name",
        verbose_name="Anstellungsträger",
        default="noch nicht vergeben",
        order_by="carrier__sort_key",
        url=carrier_url,
    )
    kommunen = TextColumn(accessor="served_names", verbose_name="zuständig für")
    art = TextColumn(accessor="kind_label", verbose_name="Art")
    funktion = TextColumn(accessor="function_name", verbose_name="Funktion")
    baustein = TextColumn(accessor="position__function__module", verbose_name="Baustein", hidden=True)
    vzae = FteTableColumn(accessor="fte", verbose_name="VZÄ")
    jahresbetrag = AmountColumn(figure="position.annual_amount", verbose_name="Jahresbetrag")
    status = BadgeColumn(
        {str(k): v for k, v in STYLES.items()}, dict(Status.choices), accessor="status", verbose_name="Status"
    )
    besetzt = FteTableColumn(figure="position.filled", verbose_name="besetzt", hidden=True)
    rest = FteTableColumn(figure="position.rest", verbose_name="nicht besetzt", hidden=True)
    unbesetzt_seit = DateColumn(
        figure="position.vacant_since", verbose_name="unbesetzt seit", default=formats.MISSING, hidden=True
    )
    vzae_monate = MonthsColumn(
        figure="position.vacant_months", verbose_name="VZÄ-Monate unbesetzt im Jahr", hidden=True
    )
    nicht_verausgabt = AmountColumn(
        figure="position.unspent", verbose_name="voraussichtlich nicht verausgabt", hidden=True
    )
    verfahrensstand = TextColumn(accessor="get_stage_display", verbose_name="Verfahrensstand", hidden=True)
    entgeltgruppe = TextColumn(accessor="pay_group", verbose_name="Entgeltgruppe", hidden=True)
    zeitraum = PeriodColumn(accessor="validity", verbose_name="Zeitraum", hidden=True)
    aktenzeichen = TextColumn(accessor="position__file_reference", verbose_name="Aktenzeichen", hidden=True)
    grundlage = TextColumn(accessor="derivation_source", verbose_name="Grundlage", hidden=True, needs=("basis",))


class PlanTable(DenseTable):
    """Own posts by pay group: the delivery for the Stellenplan."""

    title, noun = "Meldung zum Stellenplan", ("Entgeltgruppe", "Entgeltgruppen")
    help_text = (
        "Eigene Stellen je Entgeltgruppe im gewählten Förderjahr: am 31.12., am 31.12. des Vorjahres und besetzt am "
        "30.06. des Vorjahres (§ 8 Abs. 2 KomHVO NRW). Stellen bei Dritten stehen nicht im Stellenplan."
    )
    filters = PlanFilters
    default_order, wraps = "entgeltgruppe", True

    entgeltgruppe = TextColumn(
        accessor="pay_group", verbose_name="Entgeltgruppe", default="ohne Entgeltgruppe", needs=("position",)
    )
    stellen = FteTableColumn(accessor="line__planned", verbose_name="VZÄ des Jahres")
    vorjahr = FteTableColumn(accessor="line__previous", verbose_name="VZÄ des Vorjahres")
    unterschied = FteTableColumn(accessor="line__change", verbose_name="Unterschied")
    besetzt = FteTableColumn(accessor="line__filled", verbose_name="besetzt am 30.06. des Vorjahres")
    vermerke = TextColumn(accessor="line__notes", verbose_name="Vermerke", default=formats.MISSING)

    @classmethod
    def key(cls, record: Any, url: str) -> str:
        return formats.slug(record.pay_group) or "ohne"


class CarrierTable(DenseTable):
    """Who employs, with the posts of the day."""

    title, noun = "Anstellungsträger", ("Anstellungsträger", "Anstellungsträger")
    help_text = (
        "Wer die Personen auf den Stellen beschäftigt, mit den Stellen am gewählten Stand. Stellen, die noch nicht "
        "vergeben sind, stehen nicht hier."
    )
    filters = CarrierFilters
    add_url, add_rule = "carrier-new", "staffing.edit"
    default_order = "traeger"

    traeger = LinkColumn(accessor="name", verbose_name="Anstellungsträger", order_by="sort_key")
    art = BadgeColumn({}, dict(Carrier.Kind.choices), accessor="kind", verbose_name="Art")
    stellen = CountColumn(accessor="posts", verbose_name="Stellen")
    vzae = FteTableColumn(accessor="sums__fte", verbose_name="VZÄ")
    besetzt = FteTableColumn(accessor="sums__filled", verbose_name="besetzt")
    jahresbetrag = AmountColumn(accessor="sums__amount", verbose_name="Jahresbetrag")
    ort = TextColumn(accessor="locality", verbose_name="Ort", hidden=True)
    telefon = TextColumn(accessor="phone", verbose_name="Telefon der Stelle", hidden=True)
    e_mail = TextColumn(accessor="email", verbose_name="E-Mail der Stelle", hidden=True)


class MunicipalityTable(DenseTable):
    """The Kommunen of the body, with the posts that serve them alone and together with others."""

    title, noun = "Kommunen", ("Kommune", "Kommunen")
    help_text = (
        "Welche Stellen am gewählten Stand für eine Kommune zuständig sind. Eine gemeinsame Stelle "
        "ohne vereinbarte Anteile steht bei jeder ihrer Kommunen und wird deshalb hier nicht summiert."
    )
    filters = MunicipalityFilters
    default_order = "kommune"
    add_url, add_rule = "municipality-new", "staffing.edit"

    kommune = LinkColumn(accessor="municipality__name", verbose_name="Kommune", order_by="municipality__sort_key")
    ags = TextColumn(accessor="municipality__ags", verbose_name="AGS", hidden=True)
    stellen = CountColumn(accessor="posts", verbose_name="Stellen")
    allein = FteTableColumn(accessor="alone__fte", verbose_name="VZÄ allein oder mit Anteil")
    gemeinsam = FteTableColumn(accessor="shared__fte", verbose_name="VZÄ gemeinsam mit anderen", summed=False)
    betrag_allein = AmountColumn(accessor="alone__amount", verbose_name="Jahresbetrag allein oder mit Anteil")


class ReallocationTable(DenseTable):
    """Umverteilungen with their lines and how far they have got."""

    title, noun = "Umverteilungen", ("Umverteilung", "Umverteilungen")
    help_text = "VZÄ, die von Stellen zu anderen gehen: als Entwurf, wirksam oder zurückgenommen."
    filters = ReallocationFilters
    default_order, wraps, dated = "-nummer", True, False
    add_url, add_rule = "reallocation-new", "staffing.edit"
    empty_text = "Noch keine Umverteilung. Auf der Liste der Stellen lassen sich die Stellen wählen, die abgeben."

    nummer = LinkColumn(accessor="label", verbose_name="Umverteilung", order_by="number")
    wirksam = DateColumn(accessor="effective", verbose_name="wirksam ab")
    zeilen = TextColumn(accessor="in_words", verbose_name="VZÄ")
    grund = TextColumn(accessor="reason", verbose_name="Grund")
    bearbeitungsstand = BadgeColumn(
        {"draft": "info", "effective": "success", "withdrawn": "neutral"},
        dict(Reallocation.State.choices),
        accessor="state",
        verbose_name="Bearbeitungsstand",
    )
    grundlage = TextColumn(accessor="derivation_source", verbose_name="Grundlage", hidden=True, needs=("basis",))


class FunctionTable(DenseTable):
    """Funktionen by name."""

    title, noun = "Funktionen", ("Funktion", "Funktionen")
    help_text = "Wofür Stellen da sind, mit dem Baustein, den ihr Programm nennt; eigene ergänzt die Leitung."
    filters = FunctionFilters
    default_order, dated = "funktion", False
    add_url, add_rule = "function-new", "reference.edit"

    funktion = LinkColumn(accessor="name", verbose_name="Funktion")
    baustein = TextColumn(accessor="module", verbose_name="Baustein")
    geltung = TextColumn(accessor="owner", order_by="body", verbose_name="Gilt")
