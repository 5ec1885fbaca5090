"""What notices grant and what posts use of them, read from the database as values for grants.costing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, TextField
from django.db.models.functions import Cast, JSONObject

from grants.costing import Item, Price, Terms, Use, years
from grants.granting import Grant, granted_by_year, until
from grants.models.funding import Funding
from grants.models.items import ItemRate, ItemTerms, NoticeItem
from grants.models.notices import DECIDED, PLANNED, FundingNotice, NoticeVersion, YearAmount
from kim.models import Body
from kim.values.periods import between, common
from staffing.models import PositionPeriod

STAFF, OWN_SHARE = NoticeItem.Kind.STAFF, NoticeItem.Kind.OWN_SHARE


@dataclass(frozen=True)
class Said:
    """What one version says of a position, as it was read: for whoever tells where a number comes from."""

    version: NoticeVersion
    fte: Decimal | None
    amount: Decimal | None
    prices: tuple[Price, ...]


@dataclass(frozen=True)
class Entry:
    """A position of a notice: what the versions say of it, what posts use of it, and the arithmetic over both."""

    pk: int
    kind: str
    label: str
    variant: str
    function: int | None
    said: tuple[Said, ...]
    item: Item
    amounts: tuple[dict[int, Decimal], ...] = ()  # of what is no staff: by year, as each version left them

    def by_year(self, version: int = -1) -> dict[int, Decimal | None]:
        """EUR of each year as a version left them; the last one counts."""
        if self.kind != STAFF:
            return dict(self.amounts[version]) if self.amounts else {}
        found = self.item.entitled_by_version
        return found[version] if found else {}


@dataclass(frozen=True)
class Book:
    """A notice with its versions and positions."""

    notice: FundingNotice
    versions: tuple[NoticeVersion, ...]
    entries: tuple[Entry, ...]

    @property
    def is_granted(self) -> bool:
        return any(one.state == "granted" for one in self.versions)

    @property
    def current(self) -> NoticeVersion:
        """The version that figures rest on."""
        from grants.models.notices import current_of

        return current_of(self.versions) or self.versions[-1]

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it was revoked."""
        return self.versions[-1].state != "revoked"

    @property
    def years(self) -> list[int]:
        """The budget years in which the notice grants or posts take something, those of earlier versions too."""
        return years(self.current.validity, *(one.span for entry in self.staff for one in entry.item.chain))

    @property
    def staff(self) -> list[Entry]:
        return [one for one in self.entries if one.kind == STAFF]

    @cached_property
    def granted(self) -> dict[int, Decimal]:
        """EUR that the notice grants in each budget year, see granted_by_year; empty without an amount."""
        decided = [one for one in self.versions if one.state in DECIDED] if self.is_granted else [self.current]
        mine = [entry for entry in self.entries if entry.kind != OWN_SHARE]
        grants: list[Grant] = []
        sums: list[dict[int, Decimal]] = []
        for number, version in enumerate(decided):
            parts = [entry.by_year(number) for entry in mine if len(entry.item.chains) or entry.amounts]
            total = added(parts)
            if version.state == "revoked":
                had = granted_by_year(grants, sums)
                left = until(version.starts, grants[-1], had, sums[-1], total) if grants else {}
                span = common(grants[-1].span, between(None, version.starts)) if grants else None
                if span is None:
                    grants, sums = [], []
                    continue
                grants = [Grant(sum(left.values(), Decimal(0)), span, span.lower, version.proration, left)]
                sums = [total]
            elif version.amount is not None:
                stated = {one["year"]: Decimal(one["amount"]) for one in json_of(version, "years_json")}
                grants.append(
                    Grant(version.amount, version.validity, version.starts, version.proration, stated or None)
                )
                sums.append(total)
        return granted_by_year(grants, sums)


def added(parts: Iterable[dict[int, Decimal | None]]) -> dict[int, Decimal]:
    """The sums by year of what is known."""
    found: dict[int, Decimal] = {}
    for part in parts:
        for year, amount in part.items():
            found[year] = found.get(year, Decimal(0)) + (amount or Decimal(0))
    return found


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
            between(date.fromisoformat(rate["first"]), date.fromisoformat(rate["end"])),
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
            found.append((one, between(one.starts, end)))
    return found


def terms_of(said: Said, span: Any) -> Terms:
    """For the arithmetic; where a rate is missing for some days, it is not known on them."""
    prices = tuple(one for one in said.prices if common(one.span, span))
    return Terms(span, said.fte or Decimal(0), said.version.proration, (*prices, *holes(prices, span)), said)


def holes(prices: Sequence[Price], span: Any) -> list[Price]:
    """The days of a span without a rate."""
    found, day = [], span.lower
    for one in sorted(prices, key=lambda price: price.span.lower):
        if one.span.lower > day:
            found.append(Price(between(day, one.span.lower), None))
        day = max(day, one.span.upper)
    return [*found, *([Price(between(day, span.upper), None)] if day < span.upper else [])]


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
            span = common(grants[-1].span, between(None, version.starts))
            grants = [Grant(sum(left.values(), Decimal(0)), span, span.lower, version.proration, left)] if span else []
        elif there and there.amount is not None:
            grants.append(Grant(there.amount, version.validity, version.starts, version.proration))
        elif grants:  # the version names the position no more: what it granted until then stays
            left = until(version.starts, grants[-1], found[-1], {}, {})
            grants = [Grant(sum(left.values(), Decimal(0)), grants[-1].span, grants[-1].start, version.proration, left)]
        found.append(granted_by_year(grants, [{} for _ in grants]))
    return tuple(found)


def load(
    body: Body | int,
    span: Any,
    *,
    notices: Q | None = None,
    plans: bool = False,
    periods: Iterable[PositionPeriod] | None = None,
) -> list[Book]:
    """The notices of a body whose Förderzeitraum touches a span, by short name, with all that posts use of them.

    notices: a condition on NoticeVersion instead of the span. plans: also those of which nothing is granted. periods:
    the facts of all posts if they were read already. Three queries, without facts to read two.
    """
    touching = NoticeVersion.objects.filter(body=body, validity__overlap=span).values("notice") if span else None
    wanted = notices if notices is not None else Q(body=body, notice__in=touching)
    versions: dict[int, list[NoticeVersion]] = {}
    for row in rows_of(wanted):
        versions.setdefault(row.notice_id, []).append(row)
    kept = {key: some for key, some in versions.items() if plans or any(one.state == "granted" for one in some)}
    uses = uses_of(body, list(kept), periods)
    return [book(some, uses) for some in kept.values()]


def uses_of(body: Body | int, notices: list[int], periods: Iterable[PositionPeriod] | None) -> dict[int, list[Use]]:
    """What posts use of each position of these notices: a part for each span of their facts. At most two queries."""
    fundings = list(Funding.objects.filter(body=body, item__notice__in=notices).select_related("position"))
    if periods is None:
        keys = {one.position_id for one in fundings}
        rows = PositionPeriod.objects.filter(body=body, position__in=keys)
        periods = rows.select_related("position", "carrier", "basis").order_by("validity") if keys else []
    facts: dict[int, list[PositionPeriod]] = {}
    for row in periods:
        facts.setdefault(row.position_id, []).append(row)
    found: dict[int, list[Use]] = {}
    for one in fundings:
        for row in facts.get(one.position_id, []):
            if there := common(one.validity, row.validity):
                part = row.fte if one.fte is None else one.fte
                use = Use(one.position_id, one.position.number, one.position.kind, there, part, row.fte, row)
                found.setdefault(one.item_id, []).append(use)
    return found


def book(versions: list[NoticeVersion], uses: dict[int, list[Use]]) -> Book:
    """A notice from its rows."""
    said: dict[int, dict[int, Said]] = {}
    heads: dict[int, dict[str, Any]] = {}
    for version in versions:
        for one in json_of(version, "said_json"):
            said.setdefault(one["item"], {})[version.pk] = read(one, version)
            heads[one["item"]] = one
    entries = tuple(
        Entry(
            pk,
            head["kind"],
            head["label"] or head["name"] or str(NoticeItem.Kind(head["kind"]).label),
            head["variant"],
            head["function"],
            tuple(said[pk].values()),
            Item(chains(versions, said[pk]), tuple(uses.get(pk, ()))) if head["kind"] == STAFF else Item(()),
            lump_amounts(versions, said[pk]) if head["kind"] != STAFF else (),
        )
        for pk, head in heads.items()
    )
    return Book(versions[0].notice, tuple(versions), entries)


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
