"""What the versions of notices say, read in one query and told as values for grants.costing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, TextField
from django.db.models.functions import Cast, JSONObject

from grants.costing import Price, Terms
from grants.granting import Grant, granted_by_year, until
from grants.models.items import ItemRate, ItemTerms, NoticeItem
from grants.models.notices import DECIDED, PLANNED, NoticeVersion, YearAmount
from kim.values.periods import half_open_range, intersection


@dataclass(frozen=True)
class Said:
    """What one version says of a position, as it was read: for whoever tells where a number comes from."""

    version: NoticeVersion
    fte: Decimal | None
    amount: Decimal | None
    prices: tuple[Price, ...]


def text(name: str) -> Cast:
    """A number as text: as a JSON number it would become a float."""
    return Cast(name, TextField())


def rows_of(notices: Q) -> Any:
    """All versions of these notices, each with what it says of its positions and of single years. One query."""
    rates = ItemRate.objects.filter(terms=OuterRef("pk")).order_by("validity")
    facts = JSONObject(
        first="validity__startswith",
        end="validity__endswith",
        amount=text("amount"),
        per_fte=text("per_fte"),
        source="source",
    )
    terms = ItemTerms.objects.filter(notice_version=OuterRef("pk")).select_related(None)
    said = JSONObject(
        item="item_id",
        kind="item__kind",
        label="item__label",
        variant="item__variant",
        function="item__function_id",
        name="item__function__name",
        fte=text("fte"),
        amount=text("amount"),
        rates=ArraySubquery(rates.values(json=facts)),
    )
    years = YearAmount.objects.filter(notice_version=OuterRef("pk")).order_by("year")
    rows = NoticeVersion.objects.filter(notices).select_related("notice__sub_product", "source")
    return rows.annotate(
        said_json=ArraySubquery(terms.order_by("item__kind", "item__function__name", "item_id").values(json=said)),
        years_json=ArraySubquery(years.values(json=JSONObject(year="year", amount=text("amount")))),
    ).order_by("notice__slug", "number")


def json_of(version: NoticeVersion, name: str) -> list[dict[str, Any]]:
    """What rows_of has read with a version; nothing for one that came another way."""
    found: list[dict[str, Any]] = version.__dict__.get(name) or []
    return found


def read(one: dict[str, Any], version: NoticeVersion) -> Said:
    """What a version says of a position, from its row."""
    prices = tuple(
        Price(
            half_open_range(date.fromisoformat(rate["first"]), date.fromisoformat(rate["end"])),
            Decimal(rate["amount"]),
            Decimal(rate["per_fte"]),
            rate["source"] or version.source.cited(),
        )
        for rate in one["rates"]
    )
    fte, amount = (None if one[key] is None else Decimal(one[key]) for key in ("fte", "amount"))
    return Said(version, fte, amount, prices)


def chains(versions: Sequence[NoticeVersion], said: dict[int, Said]) -> tuple[tuple[Terms, ...], ...]:
    """What held of a position after each decision (a Bescheid, a revocation), the earlier versions on the days before.

    Without a decision: what the newest plan says.
    """
    decided = [one for one in versions if one.state in DECIDED]
    if not any(one.state == "granted" for one in decided):
        plans = [one for one in versions if one.state in PLANNED]
        held = [(plans[-1], plans[-1].validity)] if plans and versions[-1] == plans[-1] else []
        return (tuple(terms_of(said[one.pk], span) for one, span in held if one.pk in said),)
    found = []
    for count in range(1, len(decided) + 1):
        held = [(one, there) for one, there in holding(decided[:count]) if one.pk in said]
        found.append(tuple(terms_of(said[one.pk], there) for one, there in held))
    return tuple(found)


def holding(decided: Sequence[NoticeVersion]) -> list[tuple[NoticeVersion, Any]]:
    """The granted versions, each with the days on which it holds: until a later decision takes its place."""
    found = []
    for number, one in enumerate(decided):
        ends = [later.starts for later in decided[number + 1 :]]
        end = min([one.validity.upper, *ends])
        if one.state == "granted" and one.starts < end:
            found.append((one, half_open_range(one.starts, end)))
    return found


def terms_of(said: Said, span: Any) -> Terms:
    """For the arithmetic; where a rate is missing for some days, it is not known on them."""
    prices = tuple(one for one in said.prices if intersection(one.span, span))
    return Terms(span, said.fte or Decimal(0), said.version.proration, (*prices, *holes(prices, span)), said)


def holes(prices: Sequence[Price], span: Any) -> list[Price]:
    """The days of a span without a rate."""
    found, day = [], span.lower
    for one in sorted(prices, key=lambda price: price.span.lower):
        if one.span.lower > day:
            found.append(Price(half_open_range(day, one.span.lower), None))
        day = max(day, one.span.upper)
    return [*found, *([Price(half_open_range(day, span.upper), None)] if day < span.upper else [])]


def lump_amounts(versions: Sequence[NoticeVersion], said: dict[int, Said]) -> tuple[dict[int, Decimal], ...]:
    """EUR by year of what is no staff, as each decision left them: what the version states, by time."""
    decided = [one for one in versions if one.state in DECIDED]
    if not any(one.state == "granted" for one in decided):
        decided = [one for one in versions if one.state in PLANNED][-1:]
    found: list[dict[int, Decimal]] = []
    grants: list[Grant] = []
    for version in decided:
        there = said.get(version.pk)
        if version.state == "revoked" and grants:
            had = found[-1]
            left = until(version.starts, grants[-1], had, {}, {})
            span = intersection(grants[-1].span, half_open_range(None, version.starts))
            grants = [Grant(sum(left.values(), Decimal(0)), span, span.lower, version.proration, left)] if span else []
        elif there and there.amount is not None:
            grants.append(Grant(there.amount, version.validity, version.starts, version.proration))
        elif grants:  # the version names the position no more: what it granted until then stays
            left = until(version.starts, grants[-1], found[-1], {}, {})
            grants = [Grant(sum(left.values(), Decimal(0)), grants[-1].span, grants[-1].start, version.proration, left)]
        found.append(granted_by_year(grants, [{} for _ in grants]))
    return tuple(found)


def counted_spans(items: Iterable[NoticeItem]) -> dict[int, list[Any]]:
    """The days on which granted versions pay each of these positions. One query."""
    keys = {one.pk: one.notice_id for one in items}
    versions: dict[int, list[NoticeVersion]] = {}
    for row in rows_of(Q(notice__in=set(keys.values()))):
        versions.setdefault(row.notice_id, []).append(row)
    found: dict[int, list[Any]] = {}
    for pk, notice in keys.items():
        decided = [one for one in versions.get(notice, []) if one.state in DECIDED]
        there = holding(decided) if decided else []
        found[pk] = [span for one, span in there if any(said["item"] == pk for said in json_of(one, "said_json"))]
    return found
