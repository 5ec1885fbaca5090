"""Euro and FTE: the columns that refuse what they cannot hold exactly, rounding, and shares that add up."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round

CENT = Decimal("0.01")
MILLI = Decimal("0.001")


class ExactField(models.DecimalField):  # type: ignore[type-arg]  # generic in the stubs only
    """A decimal column of type ``numeric`` without scale, so that PostgreSQL does not round before its CHECK looks."""

    places = 2
    digits = 14

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"max_digits": self.digits, "decimal_places": self.places}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:
        return "numeric"

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, float):
            raise TypeError(f"{self.name}: a float is never an amount, {value!r}")
        return super().get_prep_value(value)


class EuroModelField(ExactField):
    """An amount in EUR with two places."""

    def formfield(self, **kwargs: Any) -> Any:
        from kim.values.formats import EuroField

        return models.Field.formfield(self, **{"form_class": EuroField} | kwargs)


class FteModelField(ExactField):
    """Full-time equivalents (VZÄ) with three places."""

    places = 3
    digits = 9

    def formfield(self, **kwargs: Any) -> Any:
        from kim.values.formats import FteField

        return models.Field.formfield(self, **{"form_class": FteField} | kwargs)


def exact(field: str, name: str, *, places: int = 2, above: int | None = None) -> models.CheckConstraint:
    """The CHECK that belongs to each column above: not finer than its places, and optionally more than ``above``."""
    limit = {2: "nur ganze Cent haben (höchstens zwei Nachkommastellen)", 3: "höchstens drei Nachkommastellen haben"}[
        places
    ]
    condition = Q(**{field: Round(F(field), precision=places)})
    message = f"Der Wert darf {limit}."
    if above is not None:
        condition &= Q(**{f"{field}__gt": above})
        message = f"Der Wert muss größer als {above} sein und darf {limit}."
    return models.CheckConstraint(condition=condition, name=name, violation_error_message=message)


@lru_cache(4096)
def exactly(number: Decimal) -> Fraction:
    """A number as a fraction; sizes are the same few again and again."""
    return Fraction(number)


def rounded(value: Fraction | Decimal | int, quantum: Decimal = CENT) -> Decimal:
    """Commercial rounding (half away from zero) to cents; the only rounding of money in the program.

    >>> rounded(Fraction(57000 * 5, 12))
    Decimal('23750.00')
    >>> rounded(Decimal("2.665"))
    Decimal('2.67')
    """
    if isinstance(value, Fraction):
        steps = value / Fraction(quantum)
        sign = -1 if steps < 0 else 1
        whole = (abs(steps) * 2 + 1) // 2
        return sign * whole * quantum
    return Decimal(value).quantize(quantum, ROUND_HALF_UP)


def split(total: Decimal, weights: Sequence[Fraction | Decimal | int]) -> list[Decimal]:
    """Shares of ``total`` (EUR, whole cents) by weight that add up to it exactly: largest remainder, ties in order.

    Raises ValueError when no weight is positive, one is negative, or the total has fractions of a cent.

    >>> split(Decimal("100.00"), [1, 1, 1])
    [Decimal('33.34'), Decimal('33.33'), Decimal('33.33')]
    """
    if len(weights) == 1 and weights[0] > 0 and total == total.quantize(CENT):
        return [total.quantize(CENT)]  # most posts are one piece
    parts = [w if isinstance(w, Fraction) else Fraction(w) for w in weights]
    common = lcm(*(p.denominator for p in parts))
    whole_parts = [p.numerator * (common // p.denominator) for p in parts]  # the same weights as whole numbers
    whole = sum(whole_parts)
    if any(p < 0 for p in whole_parts) or not whole:
        raise ValueError("weights must not be negative, and one must be positive")
    cents = Fraction(total) * 100
    if cents.denominator != 1:
        raise ValueError(f"{total} is not a number of whole cents")
    if whole in whole_parts:  # the others are 0: it has everything
        floors = [abs(cents.numerator) if p else 0 for p in whole_parts]
        return [(-1 if total < 0 else 1) * Decimal(f) * CENT for f in floors]
    shares = [divmod(abs(cents.numerator) * p, whole) for p in whole_parts]
    floors = [share for share, _ in shares]
    left = abs(cents.numerator) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda i: (-shares[i][1], i))
    for i in by_remainder[:left]:
        floors[i] += 1
    sign = -1 if total < 0 else 1
    return [sign * Decimal(f) * CENT for f in floors]


def positive(value: Decimal | None) -> None:
    """A validator for amounts that may not be negative."""
    if value is not None and value < 0:
        raise ValidationError("Der Betrag darf nicht negativ sein.", code="negative")
