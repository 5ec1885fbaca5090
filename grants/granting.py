"""What a notice grants in each budget year, where a Bescheid states it and where it follows from time (EUR).

Pure functions on values, as grants.costing; paragraph A9 of docs/algorithms.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grants.costing import MONTHS, ZERO, Span, part_of_year, shares, years
from kim.values.money import rounded
from kim.values.periods import half_open_range, intersection, year_of


@dataclass(frozen=True)
class Grant:
    """What a version grants altogether (EUR), for what time and from when on, and what it says of single years."""

    amount: Decimal
    span: Span
    start: Any
    rule: str = MONTHS
    stated: Mapping[int, Decimal] | None = None


def granted_by_year(grants: Sequence[Grant], positions: Sequence[Mapping[int, Decimal]]) -> dict[int, Decimal]:
    """A9. EUR that a notice grants in each budget year: as the version states it, else what its positions grant in the
    year and the rest by time (months or days, as an Annahme). Years before the day from which a version holds keep what
    they had. positions: for each version the sums of its positions by year.

    Example: 39.000 for three years by months: 13.000 a year.
    """
    had: dict[int, Decimal] = {}
    for grant, sums in zip(grants, positions, strict=True):
        first = grant.span.lower.year
        if grant.stated:
            had = {year: amount for year, amount in had.items() if year < first} | dict(grant.stated)
            continue
        kept = {year: amount for year, amount in had.items() if year < grant.start.year}
        spans = {y: intersection(grant.span, year_of(y)) for y in years(grant.span) if y not in kept}
        # years before the Förderzeitraum of this version are an earlier one's: its amount is not for them
        rest = (
            grant.amount
            - sum((amount for year, amount in kept.items() if year >= first), ZERO)
            - sum((sums.get(y, ZERO) for y in spans), ZERO)
        )
        by_time = shares(rest, [part_of_year(one, grant.rule) for one in spans.values()])
        had = kept | {y: sums.get(y, ZERO) + share for y, share in zip(spans, by_time, strict=True)}
    return had


def until(
    day: Any, grant: Grant, had: Mapping[int, Decimal], full: Mapping[int, Decimal], left: Mapping[int, Decimal]
) -> dict[int, Decimal]:
    """What stays of the years' amounts when a notice is revoked from a day on: what its positions grant until then, and
    the rest by time. full, left: the sums of the positions without and with the end."""
    found = {}
    for year, amount in had.items():
        whole = intersection(grant.span, year_of(year))
        there = intersection(whole, half_open_range(None, day)) if whole else None
        part = part_of_year(there, grant.rule) / part_of_year(whole, grant.rule) if there else Fraction(0)
        found[year] = left.get(year, ZERO) + rounded(Fraction(amount - full.get(year, ZERO)) * part)
    return found
