"""A large body for benchmarks: so many posts, all funded by one notice, and papers with eighty figures each."""

from datetime import date
from decimal import Decimal
from typing import Any

from grants.models import (
    BudgetLine,
    Funding,
    FundingNotice,
    FundingProgramme,
    ItemRate,
    ItemTerms,
    NoticeItem,
    NoticeVersion,
    SubProduct,
)
from kim.models import Body, Source, Text, TextBlock
from kim.store.context import acting, for_body_too
from kim.studio import documents
from kim.values.periods import half_open_range
from meetings.models import Paper
from staffing.models import (
    BodyMunicipality,
    Carrier,
    Function,
    Municipality,
    Occupancy,
    Position,
    PositionLocation,
    PositionPeriod,
    ServedMunicipality,
)

YEAR = half_open_range(date(2023, 1, 1), date(2024, 1, 1))
SINCE = half_open_range(date(2022, 1, 1), None)
RATE = 57000
PATTERN = "2023/0120"  # the trial paper whose text they have, each about other posts


def large(slug: str, posts: int, papers: int, carriers: int = 50) -> Body:
    """The body, with everything that lists and figures read. The trial data are there already."""
    words = list(TextBlock.objects.none())
    pattern = Body.objects.get(slug="staedteregion-aachen")
    with acting(None, [pattern.pk]):
        found = documents.find(pattern, PATTERN)
        assert found
        words = list(found.text.blocks.values("position", "key", "heading", "content"))
    with acting(None, [], act="Benchmark"):
        body = Body.objects.create(slug=slug, name=f"Kreis {slug}", is_trial=True, reference_day=date(2023, 3, 1))
        with for_body_too(body.pk):
            rows = positions(body, posts, carriers)
            notice = granted(body, rows)
            for number in range(papers):
                paper(body, notice, number, words, rows)
            for kind in documents.REGISTRY.values():
                for one in kind.every(body, date.min):
                    one.bind()
    return body


def positions(body: Body, posts: int, carriers: int) -> list[Position]:
    """Posts, own and with third parties by turns; every third has somebody on half of it."""
    function = Function.objects.get(name="Case Management")
    places = list(Municipality.objects.all()[:40])
    BodyMunicipality.objects.bulk_create(BodyMunicipality(body=body, municipality=one) for one in places)
    own = Carrier(body=body, slug="eigene", name=body.name, short_name="Kreis", kind="own", article="der")
    others = [
        Carrier(body=body, slug=f"t-{n}", name=f"Träger {n}", short_name=f"T {n}", kind="company", article="die")
        for n in range(carriers)
    ]
    Carrier.objects.bulk_create([own, *others])
    kinds = ("own", "onward")
    rows = Position.objects.bulk_create(
        Position(body=body, number=f"CM-{n:05}", function=function, kind=kinds[n % 2]) for n in range(1, posts + 1)
    )
    facts = PositionPeriod.objects.bulk_create(
        PositionPeriod(
            body=body,
            position=row,
            validity=SINCE,
            fte=Decimal(1),
            carrier=own if row.kind == "own" else others[n % carriers],
            stage="planned",
            assumption="Benchmark",
        )
        for n, row in enumerate(rows)
    )
    ServedMunicipality.objects.bulk_create(
        ServedMunicipality(body=body, period=one, municipality=places[n % len(places)]) for n, one in enumerate(facts)
    )
    PositionLocation.objects.bulk_create(
        PositionLocation(body=body, period=one, order=n, name=f"Haus {n}", host=f"Verein {n}")
        for one in facts[:200]
        for n in (1, 2)
    )
    Occupancy.objects.bulk_create(
        Occupancy(body=body, position=row, slot=1, validity=SINCE, fte=Decimal("0.5"), assumption="Benchmark")
        for row in rows[::3]
    )
    return rows


def granted(body: Body, rows: list[Position]) -> FundingNotice:
    """A notice that pays all posts in 2023, and the Ansätze that come to the same."""
    programme = FundingProgramme.objects.get(name="Kommunales Integrationsmanagement")
    sub_product = SubProduct.objects.create(body=body, number="946100", name="Integration")
    source = Source.objects.create(body=body, kind="notice", title="Bescheid 2023", date=date(2023, 2, 15))
    notice = FundingNotice.objects.create(
        body=body,
        title="Bescheid 2023",
        programme=programme,
        instrument=FundingNotice._meta.get_field("instrument").choices[0][0],  # type: ignore[union-attr,index]
        funder="Bezirksregierung",
        sub_product=sub_product,
    )
    whole = Decimal(RATE * len(rows))
    version = NoticeVersion.objects.create(
        body=body, notice=notice, source=source, state="granted", validity=YEAR, amount=whole
    )
    item = NoticeItem.objects.create(body=body, notice=notice, kind="staff", function=rows[0].function)
    terms = ItemTerms.objects.create(body=body, item=item, notice_version=version, fte=Decimal(len(rows)))
    ItemRate.objects.create(body=body, terms=terms, validity=YEAR, amount=Decimal(RATE))
    Funding.objects.bulk_create(Funding(body=body, item=item, position=row) for row in rows)
    onward = Decimal(RATE * sum(row.kind == "onward" for row in rows))
    for purpose, amount in {"income": whole, "own": whole - onward, "onward": onward}.items():
        BudgetLine.objects.create(
            body=body,
            year=2023,
            sub_product=sub_product,
            purpose=purpose,
            label=purpose,
            amount=amount,
            assumption="Benchmark",
        )
    return notice


def paper(body: Body, notice: FundingNotice, number: int, words: list[dict[str, Any]], rows: list[Position]) -> None:
    """A draft with the words of the pattern; CM-07 of it is another post in each."""
    source = Source.objects.create(body=body, kind="paper", number=f"2023/{number:04}", title=f"Sachstand {number}")
    text = Text.objects.create(body=body, name=f"Sachstand {number}")
    for block in words:
        content = block["content"]
        for old in range(1, 18):
            post = rows[(number * 17 + old) % len(rows)].number
            content = content.replace(f"CM-{old:02}", post).replace(" when=before", "")
        TextBlock.objects.create(body=body, text=text, **block | {"content": content})
    Paper.objects.create(
        body=body, source=source, text=text, paper_type="information", notice=notice, as_of=date(2023, 3, 1)
    )
