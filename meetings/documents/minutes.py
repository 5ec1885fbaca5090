"""The Niederschrift of a sitting: head, attendance, both agendas, and per item what the record and the writer say."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Prefetch

from kim.figures.tokens import NOTHING, ExpandedBlock, Expander
from kim.models import Body, TextBlock
from kim.studio import letterhead
from kim.studio.documents import Check, Document, bound_words, document
from kim.values.formats import WEEKDAYS, format_day
from meetings import sentences
from meetings.figures.record import verdict_at
from meetings.models import AgendaItem, Attendance, Ballot, Consultation, Exclusion, Meeting, Minutes, Vote
from meetings.models.minutes import block_of
from meetings.models.record import listed, voters
from meetings.models.sitting_papers import RELATED
from meetings.models.votes import WORDED

Role, State = Attendance.Role, Attendance.State
GROUPS = (
    ("Anwesende:", (Role.CHAIR, Role.MEMBER, Role.DEPUTY), (State.PRESENT,)),
    ("Abwesende:", (Role.CHAIR, Role.MEMBER, Role.DEPUTY), (State.EXCUSED, State.ABSENT)),
    ("von der Verwaltung:", (Role.ADMINISTRATION,), (State.PRESENT,)),
    ("Gäste:", (Role.GUEST,), (State.PRESENT,)),
    ("als Schriftführung:", (Role.SECRETARY,), (State.PRESENT,)),
)
DISTRICTS = (Body.Kind.DISTRICT, Body.Kind.REGION)  # the Kreisordnung holds there
CALLED = "Die Sitzung war ordnungsgemäß einberufen und das Gremium beschlussfähig"
RECORDED = "Zeit, Ort, Anwesende, Schriftführung und jeder Tagesordnungspunkt sind erfasst"
PARTS = {True: "Öffentlicher Teil", False: "Nichtöffentlicher Teil"}
SITTINGS = ((True, "öffentliche"), (False, "nichtöffentliche"))


@document
class MinutesDocument(Document):
    """A Niederschrift, as the Ratsinformationssysteme of the region print it (field/meetings §4.5)."""

    kind = "minutes"
    template, styles = "documents/niederschrift.html", ("print.css", "niederschrift.css")
    edit_rule, release_rule = "minutes.edit", "minutes.release"
    labels: Mapping[str, str] = {
        "title": "Niederschrift",
        "reference": "Nummer der Sitzung",
        "name": "Gremium",
        "date": "Datum der Niederschrift",
        "as_of": "Sitzungstag",
        "facts": "Sitzung",
        "sitting": "Teile der Sitzung",
        "attendance": "Anwesenheit",
        "agenda": "Tagesordnung",
        "parts": "Protokoll",
        "body": "Briefkopf",
        "public": "öffentlich oder nichtöffentlich",
    }

    def __init__(self, minutes: Minutes, other: Minutes | None = None) -> None:
        self.row, self.minutes, self.other = minutes, minutes, other
        self.title = "Niederschrift"

    @classmethod
    def find(cls, body: Any, reference: str) -> "MinutesDocument | None":
        try:
            return cls(Minutes.find(body, reference))
        except Minutes.DoesNotExist:
            return None

    @classmethod
    def of(cls, row: Any) -> "MinutesDocument | None":
        return cls(row) if isinstance(row, Minutes) else None

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        rows = Minutes.objects.filter(body=body, meeting__date__gte=since).select_related(*RELATED)
        return [cls(row) for row in rows.prefetch_related("text__blocks")]

    def whole(self) -> "MinutesDocument":
        """Both parts in one, marked as not public."""
        rows = Minutes.objects.filter(meeting=self.minutes.meeting, public=False).exclude(pk=self.minutes.pk)
        return MinutesDocument(self.minutes, rows.select_related(*RELATED).first())

    @property
    def file_name(self) -> str:
        return self.minutes.address.replace(".", "-").capitalize()

    def block_label(self, block: TextBlock) -> str:
        return block.heading

    def expander(self, bound: Mapping[str, str] = NOTHING) -> Expander:
        """The tokens are read for the day of the sitting."""
        meeting = self.minutes.meeting
        return Expander({"body": self.minutes.body, "day": meeting.date, "year": meeting.date.year}, bound)

    @cached_property
    def items(self) -> list[AgendaItem]:
        """The agenda, both parts; of the non-public one the titles, which are neutral. Five queries."""
        rows = self.minutes.meeting.agenda_items.select_related("target", "meeting__organization")
        ballots = Ballot.objects.select_related("attendance__person")
        papers = Consultation.objects.select_related("paper__source")
        out = Exclusion.objects.select_related("attendance__person")
        votes = Prefetch("votes__ballots", ballots)
        return list(rows.prefetch_related(votes, Prefetch("consultations", papers), Prefetch("exclusions", out)))

    @cached_property
    def people(self) -> list[Attendance]:
        """The list of who was there. Three queries."""
        return listed(self.minutes.meeting)

    def content(self, blocks: list[ExpandedBlock], printed_on: date) -> dict[str, Any]:
        minutes, meeting = self.minutes, self.minutes.meeting
        people, items = self.people, self.items
        return {
            "title": self.title,
            "heading": " ".join(self.title),
            "reference": minutes.reference,
            "name": str(meeting.organization),
            "of": meeting.organization.genitive,
            "date": minutes.source.date.isoformat() if minutes.source.date else None,
            "as_of": meeting.date.isoformat(),
            "public": minutes.public and self.other is None,
            "sitting": sitting_in_words(items, public=minutes.public),
            "state": "nichtöffentlich" if self.other else minutes.get_state_display(),
            "body": letterhead.printed(minutes.body),
            "facts": facts(meeting),
            "attendance": [one for one in (group(people, *entry) for entry in GROUPS) if one["rows"]],
            "agenda": [
                {"part": PARTS[part], "rows": agenda_rows(items, part, told=part == minutes.public or bool(self.other))}
                for part in self.parts(items)
            ],
            "parts": [self.protocol(minutes, items, people, blocks), *self.other_part(items, people)],
            "printed_on": printed_on.isoformat(),
        }

    def protocol(
        self, minutes: Minutes, items: list[AgendaItem], people: list[Attendance], blocks: list[ExpandedBlock]
    ) -> dict[str, Any]:
        """The Protokoll of one part."""
        mine = [one for one in items if one.public == minutes.public]
        written = {block.key: block for block in blocks}
        chair = next((one.in_a_sentence for one in people if one.role == Role.CHAIR), "")
        out = [row for item in mine for row in item.exclusions.all()]
        return {
            "part": PARTS[minutes.public],
            "items": [told(item, written, out, district=minutes.body.kind in DISTRICTS) for item in mine],
            "as_resolved": resolved(mine),
            "closing": sentences.of_closing(minutes.meeting, chair) if minutes.public else "",
        }

    def other_part(self, items: list[AgendaItem], people: list[Attendance]) -> list[dict[str, Any]]:
        """The Protokoll of the non-public part, where both are printed."""
        if self.other is None:
            return []
        document = MinutesDocument(self.other)
        blocks = document.blocks(document.expander(bound_words(self.other.text)))
        return [self.protocol(self.other, items, people, blocks)]

    def parts(self, items: list[AgendaItem]) -> list[bool]:
        """Which parts of the agenda are printed: both in the public minutes, the other's own in the other."""
        there = {one.public for one in items}
        return [part for part in ((True, False) if self.minutes.public else (False,)) if part in there]

    def checks(self, expander: Expander, blocks: list[ExpandedBlock]) -> list[Check]:
        reason = self.minutes.gaps
        return [
            *super().checks(expander, blocks),
            Check(RECORDED, tuple(self.missing(blocks)), reason),
            Check(CALLED, tuple(self.unproven()), reason),
        ]

    def missing(self, blocks: list[ExpandedBlock]) -> Iterator[str]:
        """What a Niederschrift needs (§ 52 GO NRW) and the record does not say."""
        meeting = self.minutes.meeting
        people, said = self.people, {block.key: block.words() for block in blocks}
        stated = {"Beginn": meeting.start, "Ende": meeting.end, "Ort": meeting.place}
        yield from (f"{label} der Sitzung fehlt." for label, value in stated.items() if not value)
        if not any(one.is_counted() for one in people):
            yield "Wer anwesend war, ist nicht erfasst."
        if not any(one.role == Role.SECRETARY for one in people):
            yield "Wer die Niederschrift geführt hat, ist nicht erfasst."
        listed_ = {one.person_id for one in people}
        for one in people:
            if one.represents_id and one.represents_id not in listed_ and one.is_counted():
                yield f"{one} vertritt {one.represents}; dass {one.represents} fehlt, ist nicht erfasst."
        if named := [str(one) for one in people if not one.spoken and one.pk in self.told_of()]:
            yield f"Ohne Anrede im Satz: {', '.join(named)}."
        for item in (one for one in self.items if one.public == self.minutes.public):
            resolution = said.get(block_of(item, resolution=True), "").strip()
            votes = item.votes.all()
            if any(one.accepted for one in votes) and not resolution:
                yield f"{item.key}: Abgestimmt wurde, aber der Beschluss ist leer."
            yield from (words for one in votes if (words := uncounted(one, self.people)))
            if resolution and not votes:
                yield f"{item.key}: Ein Beschluss steht da, aber keine Abstimmung."
            told_ = resolution or votes or item.silence or sentences.of_disposition(item)
            if not told_ and not said.get(block_of(item), "").strip():
                yield f"{item.key}: Nichts ist erfasst – weder Verlauf noch Beschluss noch was daraus wurde."
            open_ = [
                one
                for one in item.exclusions.all()
                if one.returns_at_id is None and one.attendance.until_item_id is None and item.pk != self.items[-1].pk
            ]
            yield from (f"{item.key}: {one.attendance.in_a_sentence} ist nicht zurückgekehrt." for one in open_)

    def told_of(self) -> set[int]:
        """Of the list those whom a sentence of this part names: who had to leave, and who voted by name."""
        mine = [one for one in self.items if one.public == self.minutes.public]
        out = {row.attendance_id for item in mine for row in item.exclusions.all()}
        voted = {row.attendance_id for item in mine for vote in item.votes.all() for row in vote.ballots.all()}
        return {key for key in out | voted if key}

    def unproven(self) -> Iterator[str]:
        """Whether the sitting was rightly called (§ 47 GO NRW, § 32 KrO NRW) and could decide (§ 49 GO NRW, § 34 KrO
        NRW) on each item on which was voted: what is wrong, and what cannot be said from the record."""
        meeting, in_time = self.minutes.meeting, self.minutes.meeting.invited_in_time()
        if meeting.invited_on is None:
            yield "Wann eingeladen wurde, ist nicht erfasst."
        elif in_time is None:
            yield f"Die Ladungsfrist von {meeting.organization} ist nicht erfasst."
        rows, found = self.people, dict[str, list[str]]()
        for item in (one for one in self.items if one.public == self.minutes.public and one.votes.all()):
            found.setdefault(verdict_at(item, rows), []).append(item.key)
        if wrong := found.get("nein"):
            yield f"Nach der Anwesenheit war das Gremium nicht beschlussfähig: {', '.join(wrong)}."
        if unknown := found.get("nicht prüfbar"):
            yield f"Die Beschlussfähigkeit ist nicht prüfbar: {', '.join(unknown)}."


def uncounted(vote: Vote, people: list[Attendance]) -> str:
    """That not everybody who could has voted; empty if all have, or nobody knows how many could. Example: Ö 3: Gezählt
    sind 2 Stimmen, stimmberechtigt waren 3."""
    voting = voters(vote.item, people).voting
    if vote.style in WORDED or voting is None or vote.counted() >= voting:
        return ""
    return f"{vote.item.key}: Gezählt sind {vote.counted()} Stimmen, stimmberechtigt waren {voting}."


def facts(meeting: Meeting) -> list[list[str]]:
    """When and where: label and value; what is not known is left out."""
    found = [
        ("Sitzungstermin:", f"{WEEKDAYS[meeting.date.weekday()]}, {format_day(meeting.date)}"),
        ("Sitzungsbeginn:", f"{meeting.start:%H:%M} Uhr" if meeting.start else ""),
        ("Sitzungsende:", f"{meeting.end:%H:%M} Uhr" if meeting.end else ""),
        ("Ort, Raum:", meeting.place),
        ("Einladung:", invitation(meeting)),
    ]
    return [[label, value] for label, value in found if value]


def invitation(meeting: Meeting) -> str:
    """When it was invited, and why so late; empty if nobody said so. Example: vom 15.02.2021."""
    if meeting.invited_on is None:
        return ""
    late = f", verkürzte Ladungsfrist: {meeting.urgency}" if meeting.urgency else ""
    return f"vom {format_day(meeting.invited_on)}{late}"


def group(people: list[Attendance], heading: str, roles: Sequence[str], states: Sequence[str]) -> dict[str, Any]:
    """A group of the list of attendance, each person with the line below the name."""
    rows = [one for one in people if one.role in roles and one.state in states]
    if rows and roles == (Role.SECRETARY,):
        heading = "als Schriftführer:" if gendered(rows[0], "er", "sie") == "er" else "als Schriftführerin:"
    return {"heading": heading, "rows": [{"name": str(one), "note": note(one, people)} for one in rows]}


def note(one: Attendance, people: list[Attendance]) -> str:
    """What stands below a name. Example: Als Vertreter/in für Ratsherr Tjark Zimmer; bis 17:18 Uhr."""
    words = [one.office]
    if one.role == Role.CHAIR:
        kind = "Ausschussv" if "ausschuss" in one.meeting.organization.name.lower() else "V"
        words.append(gendered(one, f"Als {kind}orsitzender", f"Als {kind}orsitzende"))
    if one.represents:
        words.append(f"{gendered(one, 'Als Vertreter', 'Als Vertreterin')} für {in_list(represented(one, people))}")
    if one.state == State.EXCUSED:
        words.append("(entschuldigt)")
    words += [f"ab {one.arrives:%H:%M} Uhr"] if one.arrives else []
    words += [f"bis {one.leaves:%H:%M} Uhr"] if one.leaves else []
    return "; ".join(filter(None, words))


def gendered(one: Attendance, he: str, she: str) -> str:
    """The word that agrees with how somebody is addressed; both where that does not say it."""
    return {"m": he, "f": she}.get(sentences.gender(one), f"{he}/{she.split()[-1]}")


def sitting_in_words(items: list[AgendaItem], *, public: bool) -> str:
    """What kind of sitting the head names. Examples: öffentliche/nichtöffentliche Sitzung; öffentliche Sitzung."""
    parts = {one.public for one in items} if public else {False}
    return f"{'/'.join(word for part, word in SITTINGS if part in parts)} Sitzung"


def in_list(name: str) -> str:
    """Who is represented, as the list of attendance names people: "Ratsherr" stays as it is printed there."""
    return name if name.startswith("Ratsherr") else sentences.inflected(name)


def represented(one: Attendance, people: list[Attendance]) -> str:
    """Who is represented, as the list calls the person."""
    return next((str(row) for row in people if row.person_id == one.represents_id), str(one.represents))


def agenda_rows(items: list[AgendaItem], public: bool, *, told: bool) -> list[dict[str, Any]]:
    """A part of the agenda as it was invited; told: by its own minutes. Elsewhere a non-public item has the words that
    somebody has chosen for the public, or none."""
    rows = [one for one in items if one.public == public and not one.came_in_the_sitting()]
    if told:
        return [{"number": one.number, "title": one.title, "papers": papers(one)} for one in rows]
    return [
        {
            "number": one.number,
            "title": one.public_title or "nichtöffentliche Angelegenheit",
            "papers": papers(one) if one.public_title else "",
        }
        for one in rows
    ]


def papers(item: AgendaItem) -> str:
    """The line below a title. Example: Vorlage: FB 56/0014/WP18."""
    numbers = [one.paper.reference for one in item.consultations.all() if one.paper.reference]
    words = f"Vorlage: {', '.join(numbers)}" if numbers else (f"- {item.remark} -" if item.remark else "")
    added = item.added_on and not item.came_in_the_sitting()
    return "; ".join(filter(None, [words, f"Nachtrag vom {format_day(item.added_on)}" if added else ""]))


def resolved(items: list[AgendaItem]) -> list[dict[str, Any]]:
    """The agenda as the committee resolved it; empty where nothing was changed."""
    rows = [
        {
            "label": f"TOP {one.number} {words}".strip(),
            "title": one.title,
            "papers": papers(one),
            "changed": bool(words),
        }
        for one in items
        for words in [sentences.in_agenda(one)]
    ]
    return rows if any(row["changed"] for row in rows) else []


def told(
    item: AgendaItem, written: Mapping[str, ExpandedBlock], out: list[Exclusion], *, district: bool
) -> dict[str, Any]:
    """An item of the Protokoll: who is back, who leaves, the course, what became of it, the votes, the resolution."""
    before = [sentences.of_returns([one for one in out if one.returns_at_id == item.pk])]
    leaving = [one for one in out if one.item_id == item.pk]
    before.append(sentences.of_exclusions(leaving, district=district))
    before.insert(0, sentences.of_addition(item))
    course, resolution = written.get(block_of(item)), written.get(block_of(item, resolution=True))
    after = [sentences.of_silence(item), sentences.of_disposition(item)]
    return {
        "item": item.key,
        "heading": f"zu {item.number} {item.title}",
        "papers": papers(item),
        "first": item.number == "1",
        "before": [words for words in before if words],
        "course": course.as_json()["paragraphs"] if course else [],
        "after": [*(words for words in after if words), *(sentences.of_vote(one) for one in item.votes.all())],
        "resolution": resolution.as_json()["paragraphs"] if resolution else [],
    }
