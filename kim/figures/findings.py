"""Hinweise: what is wrong or missing, each with its rule and source. Computed every time; only notes are stored."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps

from kim.models import Body, FindingNote
from kim.store.reading import reading


class Severity(IntEnum):
    """How bad it is; Fehler first."""

    ERROR = 0
    WARNING = 1
    HINT = 2

    @property
    def label(self) -> str:
        return ("Fehler", "Warnung", "Hinweis")[self]

    @property
    def style(self) -> str:
        """The badge that repeats what the label says."""
        return ("danger", "warning", "info")[self]


@dataclass(frozen=True)
class Rule:
    """A rule that is checked: its code, what it demands, and where that is written."""

    code: str
    title: str
    source: str
    subject: str  # "app.Model" whose pages show what it finds; empty: none
    check: Callable[[Body, date], "Iterable[Finding]"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: how bad, about what (a name, an address, a stable key), and a sentence."""

    severity: Severity
    name: str
    link: str
    key: str
    sentence: str
    rule: Rule | None = None
    notes: list[FindingNote] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.rule.code if self.rule else ""

    @property
    def explained(self) -> bool:
        """Whether somebody has said why it is so, of this very sentence: what got worse since is open again."""
        return any(note.sentence == self.sentence for note in self.notes)

    def as_json(self) -> dict[str, Any]:
        """The public interface of manage.py findings --json."""
        return {
            "severity": self.severity.name.lower(),
            "code": self.code,
            "object": self.name,
            "link": self.link,
            "sentence": self.sentence,
            "rule": self.rule.title if self.rule else "",
            "source": self.rule.source if self.rule else "",
            "explained": self.explained,
            "notes": [note.text for note in self.notes],
        }


RULES: dict[str, Rule] = {}
Check = Callable[[Body, date], Iterable[Finding]]


def rule(code: str, title: str, source: str, subject: str = "") -> Callable[[Check], Check]:
    """Register a check (body, day) → findings under its code; subject: the model on whose pages they are shown."""

    def register(check: Check) -> Check:
        if code in RULES:
            raise ValueError(f"rule {code} is registered twice")
        RULES[code] = Rule(code, title, source, subject, check)
        return check

    return register


def about(severity: Severity, subject: Any, sentence: str, *, name: str = "", link: str = "", key: str = "") -> Finding:
    """A finding about an object; its key, by which notes find it again, is a number or name as people know it."""
    kind = subject._meta.verbose_name
    where = link or subject.get_absolute_url()
    return Finding(severity, name or f"{kind} {subject}", where, key or key_of(subject), sentence)


def key_of(subject: Any) -> str:
    """An object with a page, as its address names it. Example: stelle:CM-10."""
    return f"{subject.attached_as}:{subject.get_absolute_url().rstrip('/').rpartition('/')[2]}"


def load() -> None:
    """Import <app>/findings.py of every app: called once, from AppConfig.ready."""
    for config in apps.get_app_configs():
        name = f"{config.name}.findings"
        if config.name != "kim" and find_spec(name):
            import_module(name)


def collect(body: Body, day: date, codes: Iterable[str] | None = None) -> list[Finding]:
    """Every finding of a body on a day, the worst first, with the notes on it. A fixed number of queries."""
    notes: dict[tuple[str, str], list[FindingNote]] = {}
    for note in FindingNote.objects.filter(body=body).select_related("author"):
        notes.setdefault((note.code, note.subject), []).append(note)
    with reading():  # several rules read the same
        found = [
            Finding(f.severity, f.name, f.link, f.key, f.sentence, one, notes.get((one.code, f.key), []))
            for one in RULES.values()
            if codes is None or one.code in set(codes)
            for f in one.check(body, day)
        ]
    return sorted(found, key=lambda f: (f.explained, f.severity, f.code, f.name))


def corrected(body: Body, found: list[Finding]) -> list[FindingNote]:
    """Notes on findings that no longer fire: what they spoke of has been put right."""
    firing = {(f.code, f.key) for f in found}
    notes = FindingNote.objects.filter(body=body).select_related("author")
    return [note for note in notes if (note.code, note.subject) not in firing]


def on_any(subjects: list[Any], body: Body, day: date) -> list[Finding]:
    """The findings about any of these objects, all of one kind; only the rules about such objects are asked."""
    if not subjects:
        return []
    codes = [code for code, one in RULES.items() if one.subject == subjects[0]._meta.label]
    keys = {key_of(one) for one in subjects}
    return [f for f in collect(body, day, codes) if f.key in keys] if codes else []


def on(subject: Any, body: Body, day: date) -> list[Finding]:
    """The findings about one object, for its page; only the rules about such objects are asked."""
    return on_any([subject], body, day)
