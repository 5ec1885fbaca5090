"""What is granted in a year, what posts bind of it, and when it ends: the start page's figures of money."""

from dataclasses import replace
from datetime import date, timedelta

from grants.figures.costs import granted_value
from grants.figures.neutrality import of_year, required
from grants.models import Book, NoticeVersion, books_of_year
from kim.figures import DATE, EUR, Deadlines, Headline, Value, figure, total
from kim.models import Body
from kim.values.formats import format_euro
from kim.values.periods import last_day

YEAR = timedelta(days=366)


@figure("funding.granted", "Bewilligt im Jahr")
def in_year(body: Body, day: date) -> Value:
    """EUR that the granted notices grant in the day's year. Example: StädteRegion 2023: 684.000,00."""
    return granted_of(books(body, day.year), day.year)


def books(body: Body, year: int) -> list[Book]:
    """The notices that count in a year, by name. Two queries."""
    granted = (one for one in books_of_year(body.pk, year) if one.is_granted)
    return sorted(granted, key=lambda one: one.notice.title)


def granted_of(found: list[Book], year: int) -> Value:
    """The sum of what notices grant in a year."""
    return total(f"bewilligt {year}", *(granted_value(one, year) for one in found if one.granted.get(year)))


@figure("funding.bound", "Durch Stellen gebunden")
def bound(body: Body, day: date) -> Value:
    """EUR that funded posts and other positions bind of the year's notices, vacancies ignored. Example: 684.000,00."""
    return bound_of(books(body, day.year), day.year)


def bound_of(found: list[Book], year: int) -> Value:
    """The sum of what posts and other positions bind of notices in a year."""
    return total(f"gebunden {year}", *required(found, year).values())


@figure("headline.funding", "Bewilligt und gebunden", headline=2)
def headline(body: Body, day: date) -> Headline:
    """What is granted and bound in the year, and what is left (EUR). Two queries.

    Example, StädteRegion 2023: 684.000,00 bewilligt − 684.000,00 gebunden = 0,00 frei.
    """
    found = books(body, day.year)
    have, need = granted_of(found, day.year), bound_of(found, day.year)
    left = have.amount - need.amount
    formula = f"{format_euro(have.amount)} − {format_euro(need.amount)}"
    value = Value("frei", left, EUR, "rechnung", formula, operands=(have, need))
    words = f"{format_euro(left)} frei" if left >= 0 else f"{format_euro(-left)} zu viel gebunden"
    note = f"{format_euro(have.amount)} bewilligt, {format_euro(need.amount)} durch Stellen gebunden"
    return Headline(words, note, value, good=None if left >= 0 else False)


@figure("headline.neutrality", "Kostenneutralität", headline=3)
def neutrality(body: Body, day: date) -> Headline:
    """Cost neutrality of all Teilprodukte of the year in one sentence; see neutrality.nominal.

    Example, StädteRegion 2023: kostenneutral, Teilprodukt 946100: Differenz 0,00.
    """
    found = of_year(body, day)
    known = [result for _, result, _ in found if result]
    if not known:
        reason = found[0][2] if found else f"Für {day.year} gibt es keine bewilligte Zuwendung mit Teilprodukt."
        return Headline("nicht berechenbar", reason, Value("Differenz", None, EUR, "annahme", source=reason))
    value = total("Differenz", *(replace(r.gap, label=f"Teilprodukt {r.sub_product.number}") for r in known))
    if len(found) == 1:
        words = {
            "neutral": "kostenneutral",
            "surplus": "ohne Belastung des Haushalts",
            "deficit": "nicht kostenneutral",
        }
        note = f"Teilprodukt {known[0].sub_product.number}: Differenz {format_euro(known[0].amount)}"
        return Headline(words[known[0].verdict], note, known[0].gap, good=known[0].amount >= 0)
    neutral = sum(one.is_neutral for one in known)
    parts = [f"{one.sub_product.number}: {format_euro(one.amount)}" for one in known]
    parts += [f"{one.number}: nicht berechenbar" for one, result, _ in found if result is None]
    words_ = f"{neutral} von {len(found)} Teilprodukten kostenneutral"
    return Headline(words_, " · ".join(parts), value, good=all(one.amount >= 0 for one in known))


@figure("deadlines.notices", "Förderzeiträume, die enden", deadlines=True)
def endings(body: Body, day: date) -> Deadlines:
    """The last days of notices within a year. One query. Example: KIM 2023 ends on 31.12.2023."""
    rows = NoticeVersion.objects.filter(body=body).current()
    rows = rows.filter(validity__endswith__gt=day, validity__endswith__lte=day + YEAR).exclude(state="refused")
    revoked = NoticeVersion.objects.filter(body=body, state="revoked").values("notice")
    found = rows.exclude(notice__in=revoked).select_related("source", "notice").order_by("validity")
    return Deadlines(
        tuple(
            Value(
                f"Förderzeitraum endet: {one.notice.title}",
                last_day(one.validity),
                DATE,
                "beleg",
                source=one.source.cited(),
                document=one.source.get_absolute_url(),
                link=one.get_absolute_url(),
            )
            for one in found
        )
    )
