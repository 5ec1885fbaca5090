"""What the words of a Niederschrift say otherwise than the record does, while it is written."""

import re
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches

from django.db.models import Prefetch

from kim.figures.findings import Finding, Severity, about, rule
from kim.models import Body, TextBlock
from kim.store.reading import read_once
from meetings import sentences
from meetings.models import AgendaItem, Minutes, Organization, Person
from meetings.models.minutes import RESOLUTION

WORD = r"[A-ZÄÖÜ][\wäöüß-]+"
COMMITTEE = re.compile(rf"\bAusschuss(?:es)? für ({WORD}(?:, {WORD})*(?: und {WORD})?)")
CALLED = re.compile(rf"\b(?:Frau|Herrn?|Ratsherrn?|Ratsfrau)(?: (?:Dr|Prof)\.| Bürgermeister(?:in)?)* ({WORD})")
ANNEX = re.compile(r"\bAnlage ([0-9]+)\b")
ITEM = re.compile(r"\bTOPs? ((?:[0-9]+(?:\.[0-9]+)?)(?:(?:, | und | bzw\. |/)[0-9]+(?:\.[0-9]+)?)*)")
LIKE = 0.85  # how alike two names are that may be one: Frankenberg and Frankenberger are 0.92


class Written:
    """A draft of a Niederschrift: its items, and what is written on each."""

    def __init__(self, minutes: Minutes) -> None:
        self.minutes = minutes
        agenda = [one for one in minutes.meeting.agenda_items.all() if one.public == minutes.public]
        self.items = agenda
        said = {block.key: block.content for block in minutes.text.blocks.all()}
        self.words = {one: f"{said.get(one.block, '')}\n{said.get(one.block + RESOLUTION, '')}" for one in agenda}

    def finding(self, sentence: str) -> Finding:
        """A hint about it."""
        return about(Severity.HINT, self.minutes, sentence, key=f"niederschrift:{self.minutes.address}")

    def where(self, pattern: re.Pattern[str]) -> dict[str, list[AgendaItem]]:
        """What a pattern finds, each with the items at which it stands."""
        found: dict[str, list[AgendaItem]] = {}
        for item, words in self.words.items():
            for one in dict.fromkeys(pattern.findall(words)):
                found.setdefault(one, []).append(item)
        return found


def at(items: list[AgendaItem]) -> str:
    """Items as a sentence names them. Example: TOP 12, 17 und 20."""
    return f"TOP {sentences.listed([one.number for one in items])}"


@read_once
def drafts(body: Body) -> list[Written]:
    """The Niederschriften that are written on. Four queries."""
    rows = Minutes.objects.filter(body=body, text__releases__isnull=True).select_related(
        "meeting__organization", "text"
    )
    blocks = Prefetch("text__blocks", TextBlock.objects.exclude(content=""))
    return [Written(one) for one in rows.prefetch_related("meeting__agenda_items__target", blocks)]


@rule("M1", "Gremien heißen, wie sie eingetragen sind", "Prüfregel der Anwendung: ein Name je Gremium")
def committees_named(body: Body, day: date) -> Iterator[Finding]:
    """A Gremium that is not entered. Example: „Ausschuss für Wohnen, Soziales und Integration“ steht bei TOP 6, ist
    aber nicht eingetragen."""
    if not (written := drafts(body)):
        return
    rows = Organization.objects.filter(body=body, organization_type=Organization.Type.COMMITTEE)
    known = set(rows.values_list("name", flat=True))
    for one in written:
        for rest, items in one.where(COMMITTEE).items():
            name = f"Ausschuss für {rest}"
            if name not in known:
                alike = get_close_matches(name, sorted(known), 1, LIKE)
                meant = f"; eingetragen ist „{alike[0]}“" if alike else ", ist aber nicht eingetragen"
                yield one.finding(f"„{name}“ steht bei {at(items)}{meant}.")


@rule("M2", "Personen heißen, wie sie eingetragen sind", "Prüfregel der Anwendung: ein Name je Person")
def persons_named(body: Body, day: date) -> Iterator[Finding]:
    """Somebody whose name is almost that of a person who is entered. Example: „Frankenberg“ steht bei TOP 12;
    eingetragen ist „Frankenberger“."""
    if not (written := drafts(body)):
        return
    known = set(Person.objects.filter(body=body).values_list("family_name", flat=True))
    for one in written:
        for name, items in one.where(CALLED).items():
            if name not in known and (alike := get_close_matches(name, sorted(known), 1, LIKE)):
                yield one.finding(f"„{name}“ steht bei {at(items)}; eingetragen ist „{alike[0]}“.")


@rule("M3", "Eine Anlage heißt nur einmal so", "Prüfregel der Anwendung: Anlagen sind in einer Niederschrift eindeutig")
def annexes_differ(body: Body, day: date) -> Iterator[Finding]:
    """A number that stands for annexes of several items. Example: „Anlage 1“ steht bei TOP 12, 17 und 20."""
    for one in drafts(body):
        for number, items in one.where(ANNEX).items():
            if len(items) > 1:
                yield one.finding(f"„Anlage {number}“ steht bei {at(items)}: Sind das verschiedene Anlagen?")


@rule("M4", "Worauf verwiesen wird, das steht dort", "Prüfregel der Anwendung: Verweise auf die Eröffnung der Sitzung")
def references_hold(body: Body, day: date) -> Iterator[Finding]:
    """An item whose sentence points at TOP 1, where it is not named. Example: TOP 17 verweist auf die Erläuterungen zu
    TOP 1, steht dort aber nicht."""
    for one in drafts(body):
        opening = next((words for item, words in one.words.items() if item.number == "1"), "")
        named = {n for run in ITEM.findall(opening) for n in re.findall(r"[0-9]+(?:\.[0-9]+)?", run)}
        for item in one.items:
            told = sentences.of_disposition(item)
            if ("zu TOP 1" in told or "unter TOP 1" in told) and item.number not in named:
                yield one.finding(f"TOP {item.number} verweist auf die Erläuterungen zu TOP 1, steht dort aber nicht.")
