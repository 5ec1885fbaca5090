"""The figures that can be put into a text, found by words."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError

from kim.figures import CATALOGUE, FTE, Figure
from kim.figures.choices import CHOICES
from kim.figures.tokens import Expander

MOST = 30  # rows a list box shows without scrolling for long
FORMS = {FTE: ("word", "dative", "number")}


def candidates(expander: Expander) -> Iterator[tuple[Figure, dict[str, str], str]]:
    """Every figure a text of this document can name: registration, parameters, and what it is called. The queries of
    the choices."""
    choices = {name: offer(expander.context["body"], expander.context["day"]) for name, offer in CHOICES.items()}
    for entry in CATALOGUE.values():
        if not entry.single:
            continue
        open_ = {name for name in entry.required if name not in expander.context}
        if open_ - choices.keys():
            continue  # it asks for something that no list can offer
        sets: list[dict[str, str]] = [{}]
        for name, known in choices.items():
            if name in entry.parameters:
                sets = [one | ({name: value} if value else {}) for one in sets for value in known]
        for given in sets:
            yield entry, given, ", ".join([entry.title, *(choices[k].get(v, v) for k, v in given.items())])


def picked(expander: Expander, query: str) -> list[dict[str, str]]:
    """The figures whose name holds every word of the query, with what they print: at most thirty.

    Example: "bewilligt" finds "Bewilligter Betrag", 684.000 €.
    """
    wanted = query.casefold().split()
    matching = ((e, given, label) for e, given, label in candidates(expander) if fits(f"{label} {e.name}", wanted))
    found: list[dict[str, str]] = []
    for entry, given, label in matching:
        found += rows(expander, entry, given, label)
        if len(found) >= MOST:
            break
    return found[:MOST]


def fits(words: str, wanted: list[str]) -> bool:
    """Whether every word that is asked for stands in these. Example: "betrag zuw" fits "Betrag der Zuwendung"."""
    return all(one in words.casefold() for one in wanted)


def rows(expander: Expander, entry: Figure, given: dict[str, str], label: str) -> Iterator[dict[str, str]]:
    """One figure in each form a sentence may need; nothing where it has no value."""
    raw = "".join(f" {name}={value}" for name, value in given.items())
    seen = set()
    for form in ("", *FORMS.get(unit(expander, entry.name, raw), ())):
        try:
            chip = expander.chip(entry.name, raw + (f" form={form}" if form else ""))
        except ValidationError:
            continue
        if chip.value.value is None or chip.text in seen:
            continue
        seen.add(chip.text)
        yield {"token": f"{{{{{chip.token}}}}}", "text": chip.text, "title": label, "source": chip.source()}


def unit(expander: Expander, name: str, raw: str) -> str:
    """The unit of a figure; empty where it cannot be calculated for this paper."""
    try:
        return expander.chip(name, raw).value.unit
    except ValidationError:
        return ""
