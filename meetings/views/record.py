"""Pages of the record of a sitting: its agenda, who was there, and what became of each item."""

from collections.abc import Callable
from copy import copy
from typing import Any, ClassVar

from django.http import Http404, HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.pages.sheets import Sheet, SheetPage, table
from meetings import sentences
from meetings.documents.minutes import DISTRICTS
from meetings.forms import AgendaLine, AttendanceLine, ExclusionLine, ItemForm, VoteLine
from meetings.models import AgendaItem, Attendance, Exclusion, Meeting, Paper, Person, Vote, voters
from meetings.models.agenda import order_of, postponed
from meetings.models.minutes import keep_agenda
from meetings.models.record import keep_attendance, keep_item

PARTS = {"oe": True, "n": False}


def meeting_of(request: Request, key: str) -> Meeting:
    """The body's sitting with this address; Http404 otherwise."""
    rows = Meeting.visible_to(request).select_related("organization", "legislative_term")
    if (found := rows.filter(slug=key).first()) is None:
        raise Http404
    return found


def item_of(request: Request, key: str, item: str) -> AgendaItem:
    """An item of the sitting that this person may see; Http404 otherwise."""
    rows = AgendaItem.visible_to(request).select_related("meeting__organization", "target")
    found = [one for one in rows.filter(meeting__slug=key) if one.word == item]
    if not found:
        raise Http404
    return found[0]


def items_of(request: Request, meeting: Meeting) -> dict[str, AgendaItem]:
    """The items that this person may see, by key, in their order."""
    rows = AgendaItem.visible_to(request).filter(meeting=meeting)
    return {str(one.pk): one for one in rows.prefetch_related("consultations__paper__source")}


Put = Callable[[Any, dict[str, Any]], None]
Line = Callable[[Any], dict[str, Any]]


class RecordSheet(SheetPage):
    """A sheet of rows of a sitting."""

    rule = "meetings.edit"
    template_name = "meetings/sheet.html"

    def stored(self) -> dict[str, dict[int, Any]]:
        """The rows that are there, by the name of their table and by key."""
        raise NotImplementedError

    def is_stale(self, form: Sheet) -> bool:
        """Whether a line that is changed here was changed or deleted meanwhile."""
        for name, rows in self.stored().items():
            now = {str(row.pk): str(row.version) for row in rows.values()}
            sent = [(str(one["row"].data), str(one["version"].data)) for one in form.tables[name] if one["row"].data]
            if any(now.get(row) != version for row, version in sent):
                return True
        return False

    def changed(
        self, form: Sheet, name: str, new: Callable[[], Any], put: Put, line: Line
    ) -> tuple[list[Any], list[Any]]:
        """The rows of a table that are new or other than they were, with what was typed, and those that are gone.

        put: what was typed in a line, on its row; line: a row as its line shows it.
        """
        kept, gone, there = [], [], self.stored()[name]
        for one in form.lines(name):
            data = one.cleaned_data
            stored = there.get(data["row"])
            if data["remove"]:
                gone += [stored] if stored else []
                continue
            row = copy(stored) if stored else new()
            put(row, data)
            if stored is None or line(row) != line(stored):
                kept.append(row)
        return kept, gone


AGENDA = ("number", "title", "short_title", "public_title", "remark", "ground")


class EditAgenda(RecordSheet):
    """The Tagesordnung in a table: both parts, with the papers by their number."""

    title, button = "Tagesordnung", "Tagesordnung speichern"

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        self.meeting = meeting_of(request, kwargs["key"])
        self.there = {one.pk: one for one in items_of(request, self.meeting).values()}
        rows = [self.shown(one) | {"row": one.pk, "version": one.version} for one in self.there.values()]
        rows = rows or self.proposed()
        return Sheet({}, {"items": table(AgendaLine, "item", data, initial=rows, more=3)})

    def proposed(self) -> list[dict[str, Any]]:
        """The beginning of a new agenda: after the opening the papers whose Beratungsfolge names the sitting, then what
        the Gremium has postponed and not dealt with since."""
        papers = Paper.objects.filter(consultations__meeting=self.meeting).select_related("source").distinct()
        found = [
            {"public": "oe", "title": one.name, "paper": one.reference} for one in papers.order_by("source__number")
        ]
        there = {one["title"] for one in found}
        found += [self.shown(one) for one in postponed(self.meeting) if one.title not in there]
        counts = {"oe": 1, "n": 0}  # TOP 1 is the opening
        for line in found:
            counts[line["public"]] += 1
            line["number"] = str(counts[line["public"]])
        return [{"public": "oe", "number": "1", "title": "Eröffnung der Sitzung"}, *found] if found else []

    def stored(self) -> dict[str, dict[int, Any]]:
        return {"items": self.there}

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        lead = f"{self.meeting}. Jeder Teil zählt von 1; was einen Punkt ergänzt, steht darunter (5.1)."
        return {"title": self.title, "lead": lead, "sheets": [("Tagesordnung", form.tables["items"])]}

    def shown(self, row: AgendaItem) -> dict[str, Any]:
        numbers = [one.paper.reference for one in row.consultations.all()] if row.pk else []
        found = {name: getattr(row, name) for name in AGENDA}
        paper = getattr(row, "typed", None)
        return found | {"public": "oe" if row.public else "n", "paper": ", ".join(numbers) if paper is None else paper}

    def put(self, row: AgendaItem, data: dict[str, Any]) -> None:
        row.public, row.typed = data["public"] == "oe", data["paper"]  # type: ignore[attr-defined]
        for name in AGENDA:
            setattr(row, name, data[name])

    def change(self, request: Request, form: Sheet) -> Callable[[], int]:
        def new() -> AgendaItem:
            return AgendaItem(body=request.acting_body, meeting=self.meeting)

        kept, gone = self.changed(form, "items", new, self.put, self.shown)
        kept.sort(key=lambda one: (not one.public, order_of(one.number)))
        return lambda: keep_agenda(self.meeting, [(one, one.typed) for one in kept], gone)

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = "Die Tagesordnung ist gespeichert." if result else "Es hat sich nichts geändert."
        return words, self.meeting.get_absolute_url()


class EditAttendance(RecordSheet):
    """Who was there, who is excused, who represents whom, from when until when."""

    title, button = "Anwesenheit", "Anwesenheit speichern"
    NAMES: ClassVar = (
        *("role", "state", "salutation", "spoken", "office", "kind", "voting_right", "on_behalf_of"),
        *("arrives", "leaves"),
    )
    KEYS: ClassVar = ("person", "represents", "from_item", "until_item")

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        self.meeting = meeting_of(request, kwargs["key"])
        rows = Attendance.visible_to(request).filter(meeting=self.meeting)
        self.there = {one.pk: one for one in rows.select_related("person", "represents", "from_item", "until_item")}
        lines = [self.shown(one) | {"row": one.pk, "version": one.version} for one in self.there.values()]
        people = Person.there_on(Person.visible_to(request), self.meeting.date).order_by("family_name", "name")
        self.people = {str(one.pk): one for one in people} | {str(o.person_id): o.person for o in self.there.values()}
        self.items = items_of(request, self.meeting)
        given = {"people": self.people, "items": self.items}
        lines = lines or self.members()
        return Sheet({}, {"people": table(AttendanceLine, "person", data, initial=lines, more=3, **given)})

    def stored(self) -> dict[str, dict[int, Any]]:
        return {"people": self.there}

    def members(self) -> list[dict[str, Any]]:
        """Those who belong to the Gremium on the day: the beginning of a new list."""
        rows = self.meeting.organization.memberships.select_related("person", "organization")
        there = [one for one in rows if one.holds_on(self.meeting.date)]
        roles = {"chair": "chair", "secretary": "secretary", "vice_secretary": "secretary"}
        return [
            {
                "person": str(one.person_id),
                "role": roles.get(one.role, "member"),
                "state": "present",
                "kind": one.kind,
                "voting_right": one.voting_right,
                "on_behalf_of": one.on_behalf_of,
            }
            for one in there
            if one.role != "deputy"
        ]

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        lead = f"{self.meeting}. In dieser Reihenfolge steht die Liste in der Niederschrift."
        return {"title": self.title, "lead": lead, "sheets": [("Anwesenheit", form.tables["people"])]}

    def shown(self, row: Attendance) -> dict[str, Any]:
        found = {name: getattr(row, name) for name in self.NAMES}
        return found | {name: str(getattr(row, f"{name}_id") or "") for name in self.KEYS}

    def put(self, row: Attendance, data: dict[str, Any]) -> None:
        for name in self.NAMES:
            setattr(row, name, data[name])
        row.person = self.people[data["person"]]
        row.represents = self.people.get(data["represents"])
        row.from_item, row.until_item = self.items.get(data["from_item"]), self.items.get(data["until_item"])

    def change(self, request: Request, form: Sheet) -> Callable[[], int]:
        last = max((one.order for one in self.there.values()), default=0)

        def new() -> Attendance:
            return Attendance(body=request.acting_body, meeting=self.meeting)

        kept, gone = self.changed(form, "people", new, self.put, self.shown)
        for number, row in enumerate((one for one in kept if one.pk is None), last + 1):
            row.order = number
        return lambda: keep_attendance(self.meeting, kept, gone)

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = "Die Anwesenheit ist gespeichert." if result else "Es hat sich nichts geändert."
        return words, self.meeting.get_absolute_url()


class ItemPage(RuleView):
    """An item with its papers, who could vote, and the sentences that follow from the record."""

    rule = "meetings.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return f"TOP {item_of(request, **kwargs).number}"

    def get(self, request: Request, key: str, item: str) -> HttpResponseBase:
        row = item_of(request, key, item)
        votes, exclusions = list(row.votes.all()), list(row.exclusions.select_related("attendance__person"))
        returning = list(row.returns.select_related("attendance__person"))
        district = request.acting_body.kind in DISTRICTS
        said = [sentences.of_returns(returning), sentences.of_exclusions(exclusions, district=district)]
        said.append(sentences.of_silence(row))
        said += [sentences.of_disposition(row), *(sentences.of_vote(one) for one in votes)]
        papers = Paper.visible_to(request).filter(consultations__agenda_item=row).select_related("source")
        context = {
            "title": f"{row.key} {row.called}",
            "item": row,
            "meeting": row.meeting,
            "papers": papers,
            "voters": voters(row),
            "sentences": [words for words in said if words],
            "editable": may(request, "meetings.edit"),
            "story": entries_about([row, *votes, *exclusions], user=request.user),
        }
        return render(request, "meetings/item.html", context)


class RecordItem(RecordSheet):
    """What happened to an item: what became of it, who had to leave, how was voted; saved as one act."""

    title, button = "TOP mitschreiben", "Speichern"
    template_name = "meetings/record_item.html"

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        self.item = row = item_of(request, kwargs["key"], kwargs["item"])
        others = {key: one for key, one in items_of(request, row.meeting).items() if one.pk != row.pk}
        self.items = others
        self.people = {str(one.pk): one for one in row.meeting.attendances.select_related("person") if one.is_counted()}
        votes = list(row.votes.all())
        out = list(row.exclusions.select_related("attendance__person"))
        self.there = {one.pk: one for one in out}
        self.votes = {one.pk: one for one in votes}
        names = ("advice", "decision", "joint_subject", "withdrawn_by", "silence", "frame", "version")
        first = {name: getattr(row, name) for name in names} | {"target": str(row.target_id or "")}
        head = ItemForm(data, initial=first, items=others)
        excluded = [out_line(one) | {"row": one.pk, "version": one.version} for one in out]
        voted = [vote_line(one) | {"row": one.pk, "version": one.version} for one in votes]
        given = {"people": self.people, "items": {k: o for k, o in others.items() if row.comes_before(o)}}
        lines = {
            "out": table(ExclusionLine, "out", data, initial=excluded, more=1, **given),
            "votes": table(VoteLine, "vote", data, initial=voted, more=1),
        }
        return Sheet({"head": head}, lines)

    def stored(self) -> dict[str, dict[int, Any]]:
        return {"out": self.there, "votes": self.votes}

    def is_stale(self, form: Sheet) -> bool:
        return super().is_stale(form) or str(form.forms["head"]["version"].data) != str(self.item.version)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        who = voters(self.item)
        lead = f"{who.present} anwesend, {who.excluded} ausgeschlossen: höchstens {who.at_most} Stimmen."
        return {
            "title": f"{self.item.key} mitschreiben",
            "lead": lead,
            "item": self.item,
            "back": self.item.get_absolute_url(),
        }

    def change(self, request: Request, form: Sheet) -> Callable[[], int]:
        data, row = form.forms["head"].cleaned_data, copy(self.item)
        for name in ("advice", "decision", "joint_subject", "withdrawn_by", "silence", "frame", "version"):
            setattr(row, name, data[name])
        row.target = self.items.get(data["target"])
        body = request.acting_body
        outs, gone = self.changed(form, "out", lambda: Exclusion(body=body, item=row), self.put_out, out_line)
        votes, less = self.changed(form, "votes", lambda: Vote(body=body, item=row), put_vote, vote_line)
        last = max((one.number for one in self.votes.values()), default=0)
        for number, one in enumerate((one for one in votes if one.pk is None), last + 1):
            one.number = number
        return lambda: keep_item(row, [*outs, *votes], [*less, *gone])

    def put_out(self, row: Exclusion, data: dict[str, Any]) -> None:
        row.attendance, row.returns_at = self.people[data["attendance"]], self.items.get(data["returns_at"])

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = f"{self.item.key} ist gespeichert." if result else "Es hat sich nichts geändert."
        return words, self.item.get_absolute_url()


def out_line(row: Exclusion) -> dict[str, Any]:
    """A Mitwirkungsverbot as its line shows it."""
    return {"attendance": str(row.attendance_id), "returns_at": str(row.returns_at_id or "")}


VOTED = ("subject", "style", "outcome", "yes", "no", "abstained", "invalid", "abstention_reason", "joined", "frame")


def vote_line(row: Vote) -> dict[str, Any]:
    """A vote as its line shows it."""
    return {name: getattr(row, name) for name in VOTED}


def put_vote(row: Vote, data: dict[str, Any]) -> None:
    """What was typed of a vote, on its row."""
    for name in VOTED:
        setattr(row, name, data[name])
