"""What notices grant and what posts use of them, read from the database as values for grants.costing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from grants.costing import Item, ItemYear, Use, years
from grants.granting import Grant, granted_by_year, until
from grants.models.funding import Funding
from grants.models.items import NoticeItem
from grants.models.notices import DECIDED, PLANNED, FundingNotice, NoticeVersion
from grants.models.readings import Said, chains, holding, json_of, lump_amounts, read, rows_of, text
from kim.models import Body
from kim.store.reading import read_once
from kim.values.periods import half_open_range, intersection, year_of
from staffing.models import PositionPeriod

STAFF, OWN_SHARE = NoticeItem.Kind.STAFF, NoticeItem.Kind.OWN_SHARE


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

    @cached_property
    def known_years(self) -> dict[int, ItemYear]:
        """What was reckoned already: what was read does not change."""
        return {}

    def year(self, year: int) -> ItemYear:
        """What posts bind of it in a year, see Item.year; reckoned once."""
        if year not in self.known_years:
            self.known_years[year] = self.item.year(year)
        return self.known_years[year]

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

    def holds_in(self, span: Any, *, plans: bool = False) -> bool:
        """Whether the content of one of its versions holds on a day of a span; NoticeVersion.holding of what is read
        already (a test compares both)."""
        decided = [one for one in self.versions if one.state in DECIDED]
        if any(intersection(there, span) for _, there in holding(decided)):
            return True
        last = self.versions[-1]
        return plans and not self.is_granted and last.state in PLANNED and bool(intersection(last.validity, span))

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
                span = intersection(grants[-1].span, half_open_range(None, version.starts)) if grants else None
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


@read_once
def load(
    body: Body | int,
    span: Any,
    *,
    notices: Q | None = None,
    plans: bool = False,
) -> list[Book]:
    """The notices of a body whose Förderzeitraum touches a span, by short name, with all that posts use of them.

    notices: a condition on NoticeVersion instead of the span. plans: also those of which nothing is granted. Two
    queries.
    """
    touching = NoticeVersion.objects.filter(body=body, validity__overlap=span).values("notice") if span else None
    wanted = notices if notices is not None else Q(body=body, notice__in=touching)
    versions: dict[int, list[NoticeVersion]] = {}
    for row in rows_of(wanted):
        versions.setdefault(row.notice_id, []).append(row)
    kept = {key: some for key, some in versions.items() if plans or any(one.state == "granted" for one in some)}
    uses = uses_of(body, list(kept))
    return [book(some, uses) for some in kept.values()]


@read_once
def books_of_year(body: int, year: int) -> list[Book]:
    """Every notice of a body whose Förderzeitraum touches a year, planned ones too; all that figures of the year ask
    for is read here, once. Two queries."""
    return load(body, year_of(year), plans=True)


def uses_of(body: Body | int, notices: list[int]) -> dict[int, list[Use]]:
    """What posts use of each position of these notices: a part for each span of their facts. One query."""
    paying = Funding.objects.filter(body=body, item__notice__in=notices)
    facts = {"item": "item_id", "fte": text("fte"), "first": "validity__startswith", "end": "validity__endswith"}
    mine = paying.filter(position=OuterRef("position")).order_by("pk").values(json=JSONObject(**facts))
    rows = PositionPeriod.objects.filter(body=body, position__in=paying.values("position"))
    rows = rows.select_related("position", "carrier", "basis").annotate(paid_json=ArraySubquery(mine))
    paid = ((row, one) for row in rows.order_by("validity") for one in row.__dict__["paid_json"])
    parts = [(row, one["item"], number_of(one["fte"]), range_of(one)) for row, one in paid]
    found: dict[int, list[Use]] = {}
    for row, item, fte, span in parts:
        if common_days := intersection(span, row.validity):
            part = row.fte if fte is None else fte
            post = row.position
            use = Use(row.position_id, post.number, post.kind, common_days, part, row.fte, row)
            found.setdefault(item, []).append(use)
    return found


def number_of(words: str | None) -> Decimal | None:
    """A number that was read as text."""
    return None if words is None else Decimal(words)


def range_of(one: dict[str, str | None]) -> Any:
    """A range that was read as text; without a day that side is open."""
    first, end = (date.fromisoformat(day) if (day := one[key]) else None for key in ("first", "end"))
    return half_open_range(first, end)


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
