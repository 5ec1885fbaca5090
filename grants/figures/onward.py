"""Weiterleitung: what a recipient gets of a notice, for which posts, and from when until when."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError

from grants.figures.neutrality import post_cost
from grants.models import Funding, FundingNotice
from kim.figures import DATE, FTE, TEXT, Value, figure, known_total, total
from kim.formats import euro, fte, listed
from kim.periods import common, last_day
from staffing.figures.occupancy import size
from staffing.models import Carrier, Position, PositionPeriod

HEADS = ["Stelle", "Funktion", "zuständig für", "VZÄ", "Zeitraum", "Betrag"]


@dataclass(frozen=True)
class Share:
    """A post with a recipient for some time of the notice, and what that costs (EUR; None while the rate is open)."""

    row: PositionPeriod
    function: str
    cost: Value

    def within(self, notice: FundingNotice) -> tuple[date, date]:
        """The first and the last day, both included, of the post with the recipient in the notice's time."""
        there = common(self.row.validity, notice.validity)
        last = last_day(there) if there else None
        assert there and there.lower and last
        return there.lower, last


def shares(notice: FundingNotice) -> list[Share]:
    """Every onward post of the notice that has a carrier, by carrier and number. Four queries.

    The cost of a post is divided over its periods as for cost neutrality, so that the recipients' parts add up to it.
    """
    last = last_day(notice.validity)
    if last is None or last.year != notice.validity.lower.year:
        words = "reicht über ein Jahr hinaus; was weitergeleitet wird, lässt sich dann nicht rechnen."
        raise ValidationError(f"Die Zuwendung „{notice}“ {words}")
    funding = Funding.objects.filter(item__notice=notice, position__kind=Position.Kind.ONWARD).select_related(
        "item__rate", "item__notice__source", "position__function"
    )
    rows = PositionPeriod.objects.filter(position__in=[one.position_id for one in funding]).order_by("validity")
    by_position: dict[int, list[PositionPeriod]] = {}
    for row in rows.select_related("position", "carrier", "basis").prefetch_related("served__municipality"):
        by_position.setdefault(row.position_id, []).append(row)
    found = [share for one in funding for share in of_post(one, by_position.get(one.position_id, []))]
    return sorted(found, key=place)


def place(share: Share) -> tuple[Any, ...]:
    """By carrier (two may be sorted by the same name), then by post and time."""
    carrier = share.row.carrier
    assert carrier
    return (carrier.sort_key, carrier.pk, share.row.position.number, share.row.validity.lower)


def of_post(funding: Funding, rows: list[PositionPeriod]) -> Iterable[Share]:
    """What a post costs with each carrier it has in the notice's time."""
    notice = funding.item.notice
    there = [row for row in rows if common(row.validity, notice.validity)]
    cost = post_cost(funding, there, notice.validity.lower.year)
    if cost is None:
        return
    parts = cost.operands if len(there) > 1 and cost.value is not None else (cost,) * len(there)
    for row, part in zip(there, parts, strict=True):
        if row.carrier and row.carrier.kind != Carrier.Kind.OWN:
            yield Share(row, funding.position.function.name, replace(part, label=row.position.number))


@dataclass(frozen=True)
class Recipient:
    """Somebody to whom a notice passes money on, with all that is for her."""

    carrier: Carrier
    shares: tuple[Share, ...]

    @property
    def amount(self) -> Value:
        """EUR in the notice's time."""
        return known_total(self.carrier.name, *(share.cost for share in self.shares))

    def fte(self, day: date) -> Value:
        """FTE on the day."""
        there = [size(share.row) for share in self.shares if day in share.row.validity]
        return total(self.carrier.name, *there, unit=FTE)


def recipients(notice: FundingNotice) -> list[Recipient]:
    """Who gets something of the notice, by name. Four queries.

    Example, KIM 2023: Caritas 28.500,00; DRK (from 01.03.) 47.500,00; SPRUNGBrett 85.500,00; …
    """
    grouped = groupby(shares(notice), key=lambda share: share.row.carrier)
    return [Recipient(carrier, tuple(some)) for carrier, some in grouped if carrier]


def recipient(notice: FundingNotice, carrier: Carrier) -> Recipient:
    """One of them; ValidationError if the notice passes nothing on to her."""
    found = next((one for one in recipients(notice) if one.carrier == carrier), None)
    if found is None:
        raise ValidationError(f"Aus der Zuwendung „{notice}“ erhält {carrier} nichts.")
    return found


@figure("onward.amount", "Betrag der Weiterleitung")
def amount(notice: FundingNotice, carrier: Carrier) -> Value:
    """EUR that a recipient gets at most of a notice: Σ FTE × rate × months/12 of her posts in its time (rule G2).

    ValidationError while a rate is not known. Example: Stadt Monschau 2023, from 01.03.: 0,5 × 57.000,00 × 10/12 =
    23.750,00; DRK 1,0 × 57.000,00 × 10/12 = 47.500,00.
    """
    found = recipient(notice, carrier)
    if any(share.cost.value is None for share in found.shares):
        raise ValidationError(f"Zu den Stellen von {carrier} fehlt der Fördersatz.")
    return replace(found.amount, label=f"Weiterleitung an {carrier.name}")


@figure("onward.fte", "Stellen der Weiterleitung")
def onward_fte(notice: FundingNotice, carrier: Carrier, day: date) -> Value:
    """FTE that a recipient has of a notice on a day. Example: SPRUNGBrett 01.03.2023: 1,500."""
    return recipient(notice, carrier).fte(day)


@figure("onward.start", "Beginn der Weiterleitung")
def start(notice: FundingNotice, carrier: Carrier) -> Value:
    """The first day on which a recipient has a post of the notice. Example: Stadt Monschau: 01.03.2023."""
    found = recipient(notice, carrier).shares
    first = min(found, key=lambda share: share.within(notice)[0])
    return dated("Weiterleitung ab", first.within(notice)[0], first)


@figure("onward.end", "Ende der Weiterleitung")
def end(notice: FundingNotice, carrier: Carrier) -> Value:
    """The last day, included, on which a recipient has a post of the notice. Example: Stadt Monschau: 31.12.2023."""
    found = recipient(notice, carrier).shares
    last = max(found, key=lambda share: share.within(notice)[1])
    return dated("Weiterleitung bis", last.within(notice)[1], last)


def dated(label: str, day: date, share: Share) -> Value:
    """A first or last day, with the post that gives it."""
    words = f"Zeitraum der Stelle {share.row.position.number} und Förderzeitraum"
    return Value(label, day, DATE, "rechnung", words, link=share.row.position.get_absolute_url())


@figure("onward.recipient", "Empfänger der Weiterleitung")
def name(carrier: Carrier) -> Value:
    """Who gets it; in a sentence with its article. Example: die Stadt Monschau."""
    source, link = "Stammdaten des Anstellungsträgers", carrier.get_absolute_url()
    return Value("Empfänger", carrier.name, TEXT, "beleg", source=source, link=link, forms=carrier.forms())


@figure("onward.posts", "Tabelle der weitergeleiteten Stellen")
def posts(notice: FundingNotice, carrier: Carrier) -> Value:
    """The posts of a recipient, a line each: number, function, Kommunen, FTE, time in the notice, EUR; cells by tabs.

    Example: CM-15 · Case Management · Monschau · 0,5 · 01.03.2023 bis 31.12.2023 · 23.750,00 €.
    """
    found = recipient(notice, carrier)
    lines = "\n".join("\t".join(cells(share, notice)) for share in found.shares)
    costs = tuple(share.cost for share in found.shares)
    return Value("Stellen", lines, TEXT, "rechnung", "Stellen der Zuwendung beim Empfänger", operands=costs)


def cells(share: Share, notice: FundingNotice) -> list[str]:
    """A line of the table, see HEADS."""
    first, last = share.within(notice)
    cost, names = share.cost.value, share.row.municipality_names(short=True)
    return [
        share.row.position.number,
        share.function,
        listed(names) if names else "keine Angabe",
        fte(share.row.fte),
        f"{first:%d.%m.%Y} bis {last:%d.%m.%Y}",
        euro(cost) if isinstance(cost, Decimal) else "Satz noch nicht bekannt",
    ]
