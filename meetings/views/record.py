"""Pages of the record of a sitting: its agenda, who was there, and what became of each item."""

from collections.abc import Callable
from copy import copy
from typing import Any, ClassVar

from django.http import Http404

from kim.access.request import Request
from kim.pages.sheets import Sheet, SheetPage, table
from meetings.forms import AgendaLine, AttendanceLine
from meetings.models import (
    AgendaItem,
    Attendance,
    Meeting,
    Paper,
    Person,
)
from meetings.models.acts import keep_attendance
from meetings.models.agenda import order_of, postponed
from meetings.models.follow_ups import to_report
from meetings.models.minutes import keep_agenda
from meetings.models.urgent import to_approve
from meetings.views.memberships import by_role

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


AGENDA = ("number", "title", "short_title", "public_title", "remark", "added_on", "urgency", "ground")


class EditAgenda(RecordSheet):
    """The Tagesordnung in a table: both parts, with the papers by their number."""

    title, button = "Tagesordnung", "Tagesordnung speichern"

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        self.meeting = meeting_of(request, kwargs["key"])
        self.there = {one.pk: one for one in items_of(request, self.meeting).values()}
        rows = [self.shown(one) | {"row": one.pk, "version": one.version} for one in self.there.values()]
        rows = rows or self.proposed(request)
        return Sheet({}, {"items": table(AgendaLine, "item", data, initial=rows, more=3)})

    def proposed(self, request: Request) -> list[dict[str, Any]]:
        """The beginning of a new agenda: after the opening the papers whose Beratungsfolge names the sitting, then what
        the Gremium has postponed and not dealt with since, and what is to be reported to it by its day."""
        papers = Paper.objects.filter(consultations__meeting=self.meeting).select_related("source").distinct()
        found = [
            {"public": "oe", "title": one.name, "paper": one.reference} for one in papers.order_by("source__number")
        ]
        there = {one["title"] for one in found}
        anew = {"added_on": None, "urgency": ""}  # why it came to the agenda of then is no reason for this one
        found += [self.shown(one) | anew for one in postponed(self.meeting) if one.title not in there]
        found += [
            {
                "public": "oe" if one.public else "n",
                "title": f"Genehmigung der Dringlichkeitsentscheidung: {one.title}"[:400],
            }
            for one in to_approve(self.meeting, request)
        ]
        found += [
            {"public": "oe" if one.public else "n", "title": f"Bericht: {one.words}"[:400], "short_title": one.called}
            for one in to_report(self.meeting, request)
        ]
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
        *("order", "role", "state", "salutation", "spoken", "office", "kind", "voting_right", "on_behalf_of"),
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
        there = sorted((one for one in rows if one.holds_on(self.meeting.date)), key=by_role)
        roles = {"chair": "chair", "secretary": "secretary", "vice_secretary": "secretary"}
        before = Attendance.objects.filter(person__in=[one.person_id for one in there]).order_by("meeting__date")
        called = {one.person_id: one for one in before}  # as the last list calls people
        return [
            {
                "person": str(one.person_id),
                "order": number,
                "role": roles.get(one.role, "member"),
                "state": "present",
                "kind": one.kind,
                "voting_right": one.voting_right,
                "on_behalf_of": one.on_behalf_of,
                "salutation": called[one.person_id].salutation if one.person_id in called else "",
                "spoken": called[one.person_id].spoken if one.person_id in called else "",
            }
            for number, one in enumerate((one for one in there if one.role != "deputy"), 1)
        ]

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        lead = f"{self.meeting}. In dieser Reihenfolge steht die Liste in der Niederschrift."
        return {"title": self.title, "lead": lead, "sheets": [("Anwesenheit", form.tables["people"])]}

    def shown(self, row: Attendance) -> dict[str, Any]:
        found = {name: getattr(row, name) for name in self.NAMES}
        return found | {name: str(getattr(row, f"{name}_id") or "") for name in self.KEYS}

    def put(self, row: Attendance, data: dict[str, Any]) -> None:
        for name in self.NAMES:
            setattr(row, name, data[name] if name != "order" else data["order"] or row.order)
        row.person = self.people[data["person"]]
        row.represents = self.people.get(data["represents"])
        row.from_item, row.until_item = self.items.get(data["from_item"]), self.items.get(data["until_item"])

    def change(self, request: Request, form: Sheet) -> Callable[[], int]:
        last = max((one.order for one in self.there.values()), default=0)

        def new() -> Attendance:
            return Attendance(body=request.acting_body, meeting=self.meeting)

        kept, gone = self.changed(form, "people", new, self.put, self.shown)
        for number, row in enumerate((one for one in kept if one.pk is None and not one.order), last + 1):
            row.order = number
        return lambda: keep_attendance(self.meeting, kept, gone)

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = "Die Anwesenheit ist gespeichert." if result else "Es hat sich nichts geändert."
        return words, self.meeting.get_absolute_url()
