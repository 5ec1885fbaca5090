"""The consequences of a change: figures and papers before and after, by the real act in a savepoint."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from kim.figures import EUR, Value, about
from kim.history.preview import preview
from kim.models import Body
from kim.store.reading import reading
from kim.studio import documents
from kim.values import formats


def in_words(changed: list[tuple[str, list[dict[str, Any]]]]) -> str:
    """The consequences of a change in a sentence: the results of calculations, and which tables moved."""
    if not changed:
        return "Keine Summe ändert sich."
    results = [f"{title}: {r['before']} → {r['after']}" for title, rows in changed for r in rows if r["key"]]
    moved = [title for title, rows in changed if not any(r["key"] for r in rows)]
    return ". ".join(results + ([f"Es ändern sich: {', '.join(moved)}"] if moved else [])) + "."


@dataclass(frozen=True)
class Told:
    """A figure about the body: its title, its lines, and whether the last of them is a verdict (Figure.verdict)."""

    title: str
    lines: list[Any]
    verdict: bool


NOTHING = Told("", [], False)


def consequences(body: Body, day: date) -> dict[str, Told]:
    """Every figure about the body on the day, by name and arguments: what a change of a post can move."""
    found: dict[str, Told] = {}
    with reading():  # several figures read the same
        for entry in about(Body):
            for arguments in entry.arguments(body, day) if entry.arguments else []:
                about_what = sorted(str(v) for k, v in arguments.items() if k not in {"body", "day", "year"})
                key = f"{entry.name} {about_what}"  # the same figure of another day has the same key
                words = documents.arguments_in_words(arguments)
                title = f"{entry.title} ({words})" if words else entry.title
                with suppress(ValidationError):  # what cannot be calculated cannot move; the hints say so
                    found[key] = Told(title, entry(**arguments).lines(), entry.verdict)
    return found


def effects(before: dict[str, Told], after: dict[str, Told]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The lines that differ, per figure: label, before, after, change; "key" marks a verdict."""
    result = []
    for name in before | after:
        former, told = before.get(name, NOTHING), after.get(name, NOTHING)
        old = {value.label: value for value in former.lines}
        new = {value.label: value for value in told.lines}
        verdict = told.lines[-1].label if told.lines and told.verdict else None
        rows = [
            difference(label, old.get(label), new.get(label)) | {"key": label == verdict}
            for label in old | new
            if amount(old.get(label)) != amount(new.get(label))
        ]
        if rows:
            result.append((told.title or former.title, rows))
    return result


def amount(value: Value | None) -> Decimal:
    """A line that is not there counts 0."""
    return value.amount if value else Decimal(0)


def difference(label: str, old: Value | None, new: Value | None) -> dict[str, Any]:
    """One line of a figure before and after, printed."""
    change = amount(new) - amount(old)
    unit = (new or old or Value(label, change)).unit
    return {
        "label": label,
        "before": old.printed() if old else formats.MISSING,
        "after": new.printed() if new else formats.MISSING,
        "change": ("+" if change > 0 else "")
        + (formats.format_euro(change) if unit == EUR else formats.format_fte(change)),
    }


def foreseen(change: Callable[[], object], body: Body, day: date, since: date | None = None) -> dict[str, Any]:
    """What a change would do: figures of the body on the day, and what papers from ``since`` (default: the year of the
    day) say. ValidationError if it is refused."""

    def now() -> tuple[dict[str, Told], dict[str, dict[str, Any]]]:
        with reading():
            return consequences(body, day), documents.figures_in_papers(body, since or date(day.year, 1, 1))

    (figures, papers), (new_figures, new_papers) = preview(change, now)
    changed = []
    for reference, paper in new_papers.items():
        old = papers.get(reference, {"chips": {}})["chips"]
        moved = [(title, old.get(key, ("", "–"))[1], text) for key, (title, text) in paper["chips"].items()
                 if old.get(key, ("", None))[1] != text]  # fmt: skip
        if moved:
            changed.append(paper | {"moved": moved})
    moved_figures = effects(figures, new_figures)
    results = [(one.title, one.lines[-1].printed()) for one in new_figures.values() if one.verdict and one.lines]
    same = [result for result in results if result[0] not in {title for title, _ in moved_figures}]
    return {"effects": moved_figures, "papers": changed, "unchanged": same}
