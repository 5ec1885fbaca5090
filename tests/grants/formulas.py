"""Reads the formulas that are printed beside amounts, and reckons them out exactly."""

import re
from decimal import Decimal as D
from fractions import Fraction

from kim.figures import Later, known_total, total
from tests.grants.replay import commercial

NUMBER = r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"
PRODUCT = re.compile(
    rf"(?:(?P<fte>{NUMBER}) VZÄ × )?(?:(?P<paid>{NUMBER})/(?P<whole>{NUMBER}) × )?(?P<euro>{NUMBER}) €(?: je (?P<per>{NUMBER}) VZÄ)?"
    rf"(?: × (?P<time>\((?:\d+ )?\d+/\d+\)|{NUMBER})/(?P<of>{NUMBER})(?P<days> VZÄ-Tage)?)?"
    rf"(?: (?P<sign>[+−]) (?P<closing>{NUMBER}) € Rundungsausgleich)?"
)
AMOUNTS = re.compile(rf"−?{NUMBER} €(?: [−+] −?{NUMBER} €)*")


def number(text):
    """1.234,56 as people write it; "(6 15/31)" is 6 + 15/31."""
    if text.startswith("("):
        *whole, part = text.strip("()").split(" ")
        over, under = part.split("/")
        return Fraction(int(over), int(under)) + sum(map(int, whole))
    return Fraction(text.replace(".", "").replace(",", "."))


def reckoned(formula):
    """(EUR that a formula gives, exact and without its Rundungsausgleich; the Rundungsausgleich); None if it is none."""
    text = formula.replace("\u00a0", " ")
    if found := PRODUCT.fullmatch(text):
        given = {key: number(one) for key, one in found.groupdict().items() if one and key not in ("sign", "days")}
        assert found["fte"] or found["days"], f"no size: {text}"
        exact = given.get("fte", Fraction(1)) * given["euro"] / given.get("per", Fraction(1))
        exact *= given.get("time", Fraction(1)) / given.get("of", Fraction(1))
        exact *= given.get("paid", Fraction(1)) / given.get("whole", Fraction(1))
        return exact, given.get("closing", Fraction(0)) * (-1 if found["sign"] == "−" else 1)
    if AMOUNTS.fullmatch(text):
        terms = re.findall(rf"(?:^| ([−+]) )(−?)({NUMBER}) €", text)
        signs = [(-1 if a == "−" else 1) * (-1 if b else 1) for a, b, _ in terms]
        return sum((s * number(one) for s, (*_, one) in zip(signs, terms, strict=True)), Fraction(0)), Fraction(0)
    return None


def check_operands(value):
    """A sum that was known before its operands says what it would say if they had been built first."""
    if isinstance(value.operands, Later):
        built = [make(value.label, *value.operands, unit=value.unit) for make in (total, known_total)]
        assert (value.value, value.missing, value.formula) in [(b.value, b.missing, b.formula) for b in built], value


def check(value):
    """Every formula below a value gives its printed amount; how many there were. A Rundungsausgleich is a few cents."""
    found = 0
    for one in value.walk():
        check_operands(one)
        if one.unit != "EUR" or not isinstance(one.value, D) or not one.formula:
            continue
        if one.formula.startswith("Summe"):
            assert one.value == sum((o.value for o in one.operands if isinstance(o.value, D)), D(0)), one
            continue
        if one.formula.startswith("Anteil ") or (not one.value and not one.operands):  # words, no arithmetic
            continue
        read = reckoned(one.formula)
        assert read is not None, f"not a formula: {one.formula}"
        exact, closing = read
        assert commercial(exact) + D(int(closing * 100)) / 100 == one.value, f"{one.formula} is not {one.printed()}"
        assert abs(closing) <= Fraction(3, 100), f"not a matter of rounding: {one.formula}"
        found += 1
    return found
