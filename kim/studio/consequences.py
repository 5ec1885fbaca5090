"""The consequences of a change: figures and papers before and after, by the real act in a savepoint."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model

from kim.figures import EUR, Figure, Value, about
from kim.figures.tokens import Expander, find_objects
from kim.history.preview import preview
from kim.models import Body
from kim.store.reading import reading
from kim.studio import documents
from kim.values import formats

Sections = TypeVar("Sections", bound=Callable[[Any, Any], "list[Section]"])


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


def consequences(body: Body, day: date, years: Iterable[int] = ()) -> dict[str, Told]:
    """Every figure about the body on the day, by name and arguments: what a change of a post can move.

    years: further budget years for which people look at the result (Figure.verdict) too.
    """
    found: dict[str, Told] = {}
    with reading():  # several figures read the same
        for entry in about(Body):
            found |= told(entry, body, day)
        for year in sorted(set(years) - {day.year}):
            for entry in (one for one in about(Body) if one.verdict):
                found |= {f"{key} {year}": one for key, one in told(entry, body, date(year, 1, 1)).items()}
    return found


def told(entry: Figure, body: Body, day: date) -> dict[str, Told]:
    """A figure about the body on the day, for all that it can be asked of."""
    found: dict[str, Told] = {}
    for arguments in entry.arguments(body, day) if entry.arguments else []:
        about_what = sorted(str(v) for k, v in arguments.items() if k not in {"body", "day", "year"})
        key = f"{entry.name} {about_what}"  # the same figure of another day has the same key
        words = documents.arguments_in_words(arguments)
        title = f"{entry.title} ({words})" if words else entry.title
        with suppress(ValidationError):  # what cannot be calculated cannot move; the hints say so
            found[key] = Told(title, entry(**arguments).lines(), entry.verdict)
    return found


@dataclass(frozen=True)
class Section:
    """What a change does to one thing, beside the figures of the body.

    tables: title and lines, each line as ``difference`` prints it; papers: each as in ``foreseen``; same: said where
    neither is there.
    """

    title: str
    tables: Sequence[tuple[str, list[dict[str, Any]]]] = ()
    papers: Sequence[dict[str, Any]] = ()
    same: str = ""


@dataclass(frozen=True)
class Comparison:
    """How things of a model are compared: what is read of one before and after, and what both say."""

    now: Callable[[Any], Any]
    sections: Callable[[Any, Any], list[Section]]


COMPARISONS: dict[type[Model], Comparison] = {}


def compares(model: type[Model], now: Callable[[Any], Any]) -> Callable[[Sections], Sections]:
    """Register what a change does to a thing of this model: ``foreseen`` shows it where such a thing is changed."""

    def register(sections: Sections) -> Sections:
        if model in COMPARISONS:
            raise ValueError(f"{model.__name__} is compared twice")
        COMPARISONS[model] = Comparison(now, sections)
        return sections

    return register


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


@dataclass(frozen=True)
class Said:
    """What the figures of a draft are at one moment. Its words are put together only where a figure is another."""

    name: str
    url: str
    expander: Expander
    contents: tuple[str, ...]
    amounts: Mapping[Any, Any]

    def same(self, other: "Said") -> bool:
        """Whether both say the same, word for word."""
        return (self.amounts, self.contents) == (other.amounts, other.contents)

    def words(self) -> dict[str, tuple[str, str]]:
        """Each figure in its place: title and words; nothing of a draft that cannot be read. No query: all values are
        there."""
        try:
            blocks = [self.expander.block("", "", content) for content in self.contents]
        except ValidationError:
            return {}
        chips = (chip for block in blocks for chip in block.chips())
        return {
            f"{n} {chip.name} {chip.parameters} {chip.form}": (chip.title, chip.text) for n, chip in enumerate(chips)
        }


def figures_in_papers(body: Body, since: date) -> dict[str, Said]:
    """What the drafts of the body whose own day is not before ``since`` say at this moment, by address. What is
    released stays as it is.

    Asked before and after a change, it tells which papers change with it. A change from a day on cannot reach papers of
    the years before: they read their own day and year.
    """
    kinds = documents.REGISTRY.values()
    drafts = [draft for kind in kinds for draft in kind.every(body, since) if draft.is_open]
    texts = [(draft, tuple(block.content for block in draft.text.blocks.all())) for draft in drafts]
    find_objects(body, (content for _, contents in texts for content in contents))
    found = {}
    for draft, contents in texts:
        url, expander = draft.get_absolute_url(), draft.expander()
        found[url] = Said(draft.name, url, expander, contents, expander.amounts(contents))
    return found


def foreseen(
    change: Callable[[], object],
    body: Body,
    day: date,
    since: date | None = None,
    *,
    years: Iterable[int] = (),
    subject: Model | None = None,
) -> dict[str, Any]:
    """What a change would do: figures of the body on the day, and what papers from ``since`` say (default: the first of
    its years). ValidationError if it is refused.

    years: further budget years that it touches; subject: the thing that is changed, see ``compares``.
    """
    touched = {day.year, *years}
    compared = COMPARISONS.get(type(subject)) if subject is not None else None

    def now() -> tuple[dict[str, Told], dict[str, Said], Any]:
        with reading():
            said = figures_in_papers(body, since or date(min(touched), 1, 1))
            return consequences(body, day, touched), said, compared.now(subject) if compared else None

    (figures, papers, was), (new_figures, new_papers, is_now) = preview(change, now)
    changed = []
    for url, paper in new_papers.items():
        draft = papers.get(url)
        if draft and paper.same(draft):
            continue
        old = draft.words() if draft else {}
        moved = [
            (title, old.get(key, ("", "–"))[1], text)
            for key, (title, text) in paper.words().items()
            if old.get(key, ("", None))[1] != text
        ]
        if moved:
            changed.append({"name": paper.name, "url": url, "moved": moved})
    moved_figures = effects(figures, new_figures)
    results = [(one.title, one.lines[-1].printed()) for one in new_figures.values() if one.verdict and one.lines]
    same = [result for result in results if result[0] not in {title for title, _ in moved_figures}]
    sections = compared.sections(was, is_now) if compared else []
    return {"effects": moved_figures, "papers": changed, "unchanged": same, "sections": sections}
