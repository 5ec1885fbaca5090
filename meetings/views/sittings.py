"""Pages of Gremien, Dienststellen, Wahlperioden, persons and Sitzungen, and the calendar of a Gremium."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import icalendar
from django.db.models import Max, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.pages.rows import RowForm, RowPages
from meetings import sentences
from meetings.forms import CommitteeForm, MeetingForm, OfficeForm, PersonForm, TermForm
from meetings.models import AgendaItem, Invitation, LegislativeTerm, Meeting, Minutes, Organization, Paper, Person
from meetings.models.sitting_papers import RELATED
from meetings.tables import CommitteeTable, MeetingTable, OfficeTable, PersonTable, TermTable
from meetings.views.memberships import by_role, listed

BERLIN = ZoneInfo("Europe/Berlin")


class CommitteePages(RowPages):
    """Gremien, kept by the Sitzungsdienst."""

    model, table_class = Organization, CommitteeTable
    form_class: ClassVar[type[RowForm]] = CommitteeForm
    view_rule, edit_rule = "meetings.view", "meetings.edit"
    new_title = "Neues Gremium"
    template_name = "meetings/committee.html"
    kind = Organization.Type.COMMITTEE

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        return super().rows(request).filter(organization_type=cls.kind)

    @classmethod
    def new(cls, request: Request) -> Organization:
        return Organization(body=request.acting_body, organization_type=cls.kind)

    @classmethod
    def more(cls, request: Request, row: Any) -> dict[str, Any]:
        members = sorted(row.memberships.select_related("organization", "person"), key=by_role)
        return {"meetings": row.meetings.order_by("-date")[:20]} | listed(request, members, f"gremium={row.slug}")


class OfficePages(CommitteePages):
    """Dienststellen, kept by the Leitung."""

    table_class = OfficeTable
    form_class = OfficeForm
    edit_rule = "house.edit"
    new_title = "Neue Dienststelle"
    template_name = "kim/row.html"
    kind = Organization.Type.DEPARTMENT

    @classmethod
    def more(cls, request: Request, row: Any) -> dict[str, Any]:
        return {"noun": "Dienststelle"}


class TermPages(RowPages):
    """Wahlperioden, kept by the Sitzungsdienst."""

    model, form_class, table_class = LegislativeTerm, TermForm, TermTable
    view_rule, edit_rule = "meetings.view", "meetings.edit"
    new_title = "Neue Wahlperiode"


class PersonPages(RowPages):
    """Persons whom public documents name, kept by the Sitzungsdienst; no name stands in an address."""

    model, form_class, table_class = Person, PersonForm, PersonTable
    view_rule, edit_rule = "meetings.view", "meetings.edit"
    new_title = "Neue Person"
    lookup, converter = "key", "uuid"
    template_name = "meetings/person.html"

    @classmethod
    def more(cls, request: Request, row: Any) -> dict[str, Any]:
        found = row.memberships.select_related("organization", "person").order_by("organization__name", "validity")
        return listed(request, list(found), f"person={row.key}")


class MeetingPages(RowPages):
    """Sitzungen, kept by the Sitzungsdienst."""

    model, form_class, table_class = Meeting, MeetingForm, MeetingTable
    view_rule, edit_rule = "meetings.view", "meetings.edit"
    new_title = "Neue Sitzung"
    natural = ""  # of a Gremium and a day; the sentence says it
    template_name = "meetings/meeting.html"

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        return super().rows(request).select_related("organization", "legislative_term")

    @classmethod
    def more(cls, request: Request, row: Any) -> dict[str, Any]:
        papers = Paper.visible_to(request).filter(consultations__meeting=row).select_related("source").distinct()
        items = AgendaItem.visible_to(request).filter(meeting=row).select_related("meeting", "target")
        minutes = {one.public: one for one in Minutes.visible_to(request).filter(meeting=row).select_related(*RELATED)}
        called = {
            one.public: one for one in Invitation.visible_to(request).filter(meeting=row).select_related(*RELATED)
        }
        invitations = [("n", "Einladung", called.get(False)), ("oe", "Bekanntmachung", called.get(True))]
        parts = [("oe", "öffentlicher Teil", minutes.get(True)), ("n", "nichtöffentlicher Teil", minutes.get(False))]
        there = {one.public for one in items}
        return {
            "papers": papers.order_by("source__number"),
            "items": [(one, sentences.in_agenda(one)) for one in items],
            "minutes": [one for one in parts if one[2] or (one[0] == "oe") in there],
            "invitations": invitations if items else [],
            "notice_given": row.days_of_notice(),
            "in_time": row.invited_in_time(),
            "people": row.attendances.select_related("person"),
            "writes": may(request, "minutes.edit"),
            "closed": bool(minutes) and all(one is not None and not one.is_open for one in map(minutes.get, there)),
        }


class CommitteeCalendar(RuleView):
    """The Sitzungen of a Gremium as a calendar file: a download behind the login, no secret address."""

    rule = "meetings.view"

    def get(self, request: Request, key: str) -> HttpResponseBase:
        found = CommitteePages.rows(request).filter(slug=key).first()
        if found is None:
            raise Http404
        calendar = icalendar.Calendar()
        calendar.add("prodid", "-//KIM-Verwaltung//Sitzungen//DE")
        calendar.add("version", "2.0")
        calendar.add("x-wr-calname", found.name)
        for meeting in found.meetings.order_by("date").annotate(changed=Max("events__pgh_created_at")):
            calendar.add_component(event(meeting, found))
        response = HttpResponse(calendar.to_ical(), content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{found.slug}.ics"'
        return response


def event(meeting: Any, committee: Organization) -> Any:
    """A Sitzung in a calendar: two hours from its beginning, the whole day where that is not known."""
    made = icalendar.Event()
    made.add("uid", f"sitzung-{meeting.body_id}-{meeting.pk}@kim-verwaltung")
    made.add("dtstamp", meeting.changed or datetime.combine(meeting.date, time.min, BERLIN))  # as it was saved last
    made.add("summary", f"{committee.name} ({meeting.publicity()})")
    if meeting.start:
        start = datetime.combine(meeting.date, meeting.start, BERLIN)
        made.add("dtstart", start)
        made.add("dtend", start + timedelta(hours=2))
    else:
        made.add("dtstart", meeting.date)
        made.add("dtend", meeting.date + timedelta(days=1))
    if meeting.place:
        made.add("location", meeting.place)
    made.add("status", "CANCELLED" if meeting.cancelled else "CONFIRMED")
    return made
