"""Random notices of a body, entered through the models, and the same as plans of tests.grants.replay."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal as D
from types import SimpleNamespace

from hypothesis import strategies as st

from grants.models import Funding, ItemRate, ItemTerms, NoticeItem, NoticeVersion, SubProduct
from kim.models import Source
from kim.values.periods import half_open_range
from staffing.models import Carrier, Function, Occupancy, Position, PositionPeriod
from tests.grants.plans import cut, sizes, versions
from tests.grants.replay import Amounts, Gone, Plan, Post, Stretch
from tests.helpers import keep, new_notice

CARRIERS = [None, "drk", "caritas"]
A, B = "a", "b"


@dataclass(frozen=True)
class Row:
    """Facts of a post: [first, end)."""

    first: object
    end: object
    fte: D
    carrier: str | None
    stated: bool  # whether it is said how far it is; otherwise what is not filled is not known


@dataclass(frozen=True)
class Paid:
    """Which notice pays a post: wholly (fte None) or a part of it; [first, end), None: always."""

    notice: str
    fte: D | None = None
    first: object = None
    end: object = None


@dataclass(frozen=True)
class Placed:
    """Somebody on a post, and when the place rests."""

    first: object
    end: object
    fte: D
    resting: tuple | None


@dataclass(frozen=True)
class Entered:
    number: str
    kind: str
    rows: tuple[Row, ...]
    paid: tuple[Paid, ...]
    place: Placed | None


@dataclass(frozen=True)
class House:
    """Two notices by their versions, and posts that they pay."""

    versions: dict
    posts: tuple[Entered, ...]

    def plan(self, notice):
        """What one of the notices has to do with it."""
        posts, gone = [], []
        for post in self.posts:
            stretches = [s for row in post.rows for paid in post.paid if paid.notice == notice for s in part(row, paid)]
            posts.append(Post(post.number, post.kind, tuple(stretches)))
            gone += [one for row in post.rows for one in missing(post, row)]
        return Plan(self.versions[notice], tuple(posts), tuple(gone))


def part(row, paid):
    first, end = max(row.first, paid.first or row.first), min(row.end, paid.end or row.end)
    if first < end:
        yield Stretch(first, end, row.fte, row.fte if paid.fte is None else paid.fte, row)


def missing(post, row):
    """What is empty, resting or not known of a post while its facts are a row's, by hand: day by day, then joined."""
    days = []
    day = row.first
    while day < row.end:
        place = post.place if post.place and post.place.first <= day < post.place.end else None
        empty = row.fte - (place.fte if place else 0)
        rests = place.fte if place and place.resting and place.resting[0] <= day < place.resting[1] else 0
        days.append((day, empty, rests))
        day += timedelta(days=1)
    for which, unknown in ((1, not row.stated), (2, False)):
        start = 0
        for n in range(1, len(days) + 1):
            if n == len(days) or days[n][which] != days[start][which]:
                if days[start][which]:
                    end = days[n - 1][0] + timedelta(days=1)
                    yield Gone(post.number, days[start][0], end, D(days[start][which]), unknown)
                start = n


@st.composite
def houses(draw):
    """In 2024 and later, so that nothing of the trial data pays."""
    held = {}
    for name in (A, B)[: draw(st.integers(1, 2))]:
        held[name] = tuple(later(one) for one in draw(versions(3)))
    first, end = (
        min(v.start for some in held.values() for v in some),
        max(v.end for some in held.values() for v in some),
    )
    days, posts = (end - first).days, []
    for n in range(draw(st.integers(1, 4))):
        a, b = sorted(draw(st.integers(-20, days + 20)) for _ in range(2))
        spans = cut(draw, first + timedelta(days=a), first + timedelta(days=max(b, a + 1)), 2)
        kind = draw(st.sampled_from(["own", "onward", "onward"]))
        names = CARRIERS if kind == "onward" else [None]
        rows = tuple(Row(f, e, draw(sizes), draw(st.sampled_from(names)), draw(st.booleans())) for f, e in spans)
        posts.append(Entered(f"T-{n}", kind, rows, draw(payers(list(held), rows)), draw(st.none() | places(rows))))
    return House(held, tuple(posts))


def later(version):
    """The same some years later: 2024 stays a leap year, 2023 becomes 2027."""

    def moved(day):
        return day + timedelta(days=1461)

    return replace(
        version,
        start=moved(version.start),
        end=moved(version.end),
        rates=tuple(replace(one, first=moved(one.first)) for one in version.rates),
    )


@st.composite
def payers(draw, names, rows):
    least = int(min(row.fte for row in rows) * 1000)
    how = draw(st.sampled_from(["whole", "whole", "part", "both", "after", "nobody"]))
    name, other = names[0], names[-1]
    if how == "whole":
        return (Paid(draw(st.sampled_from(names))),)
    if how == "part" or (how in ("both", "after") and other == name) or (how == "both" and least < 2):
        return (Paid(draw(st.sampled_from(names)), D(draw(st.integers(1, least))) / 1000),)
    if how == "both":
        mine = draw(st.integers(1, least - 1))
        return Paid(name, D(mine) / 1000), Paid(other, D(draw(st.integers(1, least - mine))) / 1000)
    if how == "after":
        day = rows[0].first + (rows[-1].end - rows[0].first) * draw(st.integers(1, 9)) // 10
        return Paid(name, None, None, day), Paid(other, None, day, None)
    return ()


@st.composite
def places(draw, rows):
    first, end = rows[0].first, rows[-1].end
    days = (end - first).days
    a, b = sorted(draw(st.integers(0, days)) for _ in range(2))
    a = min(a, days - 1)
    first, end = first + timedelta(days=a), first + timedelta(days=max(b, a + 1))
    fte = D(draw(st.integers(1, int(min(row.fte for row in rows) * 1000)))) / 1000
    spans = cut(draw, first, end, 2)
    return Placed(first, end, fte, draw(st.none() | st.sampled_from(spans)))


# through the models


def enter(body, house):
    """Everything in the database: the notices, items and posts by name. Amounts are what the positions grant."""
    product = keep(SubProduct(body=body, number="999999", name="Probe"))
    found = SimpleNamespace(product=product, notices={}, items={}, posts={}, carriers={}, amounts={})
    for name in CARRIERS[1:]:
        facts = {"name": f"Verband {name}", "short_name": name, "kind": "welfare", "weekly_hours": D(39)}
        found.carriers[name] = keep(Carrier(body=body, slug=f"probe-{name}", **facts))
    for name in house.versions:
        notice(body, found, name, house)
    for post in house.posts:
        enter_post(body, found, post)
    return found


def notice(body, found, name, house):
    plan = house.plan(name)
    item = None
    for count, version in enumerate(plan.versions, 1):
        whole = sum(Amounts(replace(plan.until(count), posts=())).entitled.values(), D(0))
        amount = whole if version.fte is not None else None
        if item is None:
            last = version.end - timedelta(days=1)
            facts = {"rule": version.rule, "amount": amount, "sub_product": found.product}
            one = new_notice(body, f"probe-{name}", first=version.start, last=last, **facts)
            item = keep(NoticeItem(body=body, notice=one, function=Function.objects.get(slug="case-management")))
            found.notices[name], found.items[name], made = one, item, one.versions.get()
        else:
            source = keep(Source(body=body, kind="notice", title=f"Änderung {count} {name}", date=version.start))
            made = NoticeVersion(body=body, notice=one, number=count, source=source, amount=amount)
            made.state = "granted" if version.fte is not None else "revoked"
            made.validity, made.holds_from = half_open_range(plan.first, version.end), version.start
            made.proration = version.rule
            keep(made)
        if version.fte is not None:
            state(body, made, item, version, plan.first)


def state(body, made, item, version, first):
    """FTE and rates of a version; the first rate holds from the beginning of the Förderzeitraum."""
    terms = keep(ItemTerms(body=body, item=item, notice_version=made, fte=version.fte))
    starts = [first, *(rate.first for rate in version.rates[1:])]
    ends = [*starts[1:], version.end]
    for lower, upper, rate in zip(starts, ends, version.rates, strict=True):
        if lower < upper:
            keep(
                ItemRate(
                    body=body, terms=terms, validity=half_open_range(lower, upper), amount=rate.amount, per_fte=rate.per
                )
            )


def enter_post(body, found, post):
    function = Function.objects.get(slug="case-management")
    position = keep(Position(body=body, number=post.number, kind=post.kind, function=function))
    found.posts[post.number] = position
    for row in post.rows:
        facts = {"stage": "advertised" if row.stated else "not_stated", "carrier": found.carriers.get(row.carrier)}
        keep(
            PositionPeriod(
                body=body, position=position, fte=row.fte, validity=half_open_range(row.first, row.end), **facts
            )
        )
    for paid in post.paid:
        span = half_open_range(paid.first, paid.end)
        keep(Funding(body=body, position=position, item=found.items[paid.notice], fte=paid.fte, validity=span))
    if place := post.place:
        rests = half_open_range(*place.resting) if place.resting else None
        span = half_open_range(place.first, place.end)
        facts = {"slot": 1, "fte": place.fte, "suspended": rests, "assumption": "Probe"}
        keep(Occupancy(body=body, position=position, validity=span, **facts))
