"""What is granted in a year, what posts bind of it, and when it ends: the start page's figures of money."""

from dataclasses import replace
from datetime import date, timedelta

from django.core.exceptions import ValidationError

from grants.figures.neutrality import granted, of_year, required
from grants.models import FundingNotice
from kim.figures import DATE, EUR, Deadlines, Headline, Value, figure, total
from kim.formats import euro
from kim.models import Body
from kim.periods import common, last_day, year_of

YEAR = timedelta(days=366)


@figure("funding.granted", "Bewilligt im Jahr")
def in_year(body: Body, day: date) -> Value:
    """EUR of the notices (bewilligt, geändert) of the day's year. One query. Example: StädteRegion 2023: 684.000,00."""
    return total(f"bewilligt {day.year}", *(granted(one) for one in notices(body, day.year)))


def notices(body: Body, year: int) -> list[FundingNotice]:
    """The notices that count in a year. One query. ValidationError if one leaves the year: its amount cannot be
    divided without a rule."""
    rows = FundingNotice.objects.filter(body=body, state__in=FundingNotice.COUNTED, validity__overlap=year_of(year))
    found = list(rows.select_related("source").order_by("source__title"))
    if over := next((one for one in found if common(one.validity, year_of(year)) != one.validity), None):
        words = f"Die Zuwendung „{over.source.title}“ reicht über das Jahr {year} hinaus; ihr Betrag lässt sich ohne "
        raise ValidationError(words + "Regel nicht auf Jahre verteilen.")
    return found


@figure("funding.bound", "Durch Stellen gebunden")
def bound(body: Body, day: date) -> Value:
    """EUR that the funded posts take of the year's notices by months. Three queries. Example: 684.000,00."""
    own, onward = required(notices(body, day.year), day.year)
    return total(f"gebunden {day.year}", own, onward)


@figure("headline.funding", "Bewilligt und gebunden", headline=2)
def headline(body: Body, day: date) -> Headline:
    """What is granted and bound in the year, and what is left (EUR). Four queries.

    Example, StädteRegion 2023: 684.000,00 bewilligt − 684.000,00 gebunden = 0,00 frei.
    """
    have, need = in_year(body, day), bound(body, day)
    left = have.amount - need.amount
    formula = f"{euro(have.amount)} − {euro(need.amount)}"
    value = Value("frei", left, EUR, "rechnung", formula, operands=(have, need))
    words = f"{euro(left)} frei" if left >= 0 else f"{euro(-left)} zu viel gebunden"
    note = f"{euro(have.amount)} bewilligt, {euro(need.amount)} durch Stellen gebunden"
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
        note = f"Teilprodukt {known[0].sub_product.number}: Differenz {euro(known[0].amount)}"
        return Headline(words[known[0].verdict], note, known[0].gap, good=known[0].amount >= 0)
    neutral = sum(one.is_neutral for one in known)
    parts = [f"{one.sub_product.number}: {euro(one.amount)}" for one in known]
    parts += [f"{one.number}: nicht berechenbar" for one, result, _ in found if result is None]
    words_ = f"{neutral} von {len(found)} Teilprodukten kostenneutral"
    return Headline(words_, " · ".join(parts), value, good=all(one.amount >= 0 for one in known))


@figure("deadlines.notices", "Förderzeiträume, die enden", deadlines=True)
def endings(body: Body, day: date) -> Deadlines:
    """The last days of notices within a year. One query. Example: KIM 2023 ends on 31.12.2023."""
    rows = FundingNotice.objects.filter(
        body=body, validity__endswith__gt=day, validity__endswith__lte=day + YEAR
    ).exclude(state=FundingNotice.State.REVOKED)
    return Deadlines(
        tuple(
            Value(
                f"Förderzeitraum endet: {one.source.title}",
                last_day(one.validity),
                DATE,
                "beleg",
                source=one.source.cited(),
                document=one.source.get_absolute_url(),
                link=one.get_absolute_url(),
            )
            for one in rows.select_related("source").order_by("validity")
        )
    )
