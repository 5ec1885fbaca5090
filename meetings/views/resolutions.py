"""The Beschlussbuch, and a Beschlussauszug."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, F, Q, QuerySet, Value, When, prefetch_related_objects
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from kim.access.request import Request
from kim.access.submissions import say_refused
from kim.access.views import RuleView
from kim.lists import ListPage, kept_link
from kim.pages.besides import Line, beside
from meetings import sentences
from meetings.documents.resolutions import extract
from meetings.models import AgendaItem, Consultation, Paper, Vote
from meetings.models.record import listed
from meetings.models.votes import WORDED
from meetings.tables import ResolutionTable
from meetings.views.items import minutes_on
from meetings.views.record import item_of

CARRIED = Case(  # as Vote.accepted says of one
    When(Q(style__in=WORDED) & ~Q(outcome=Vote.Outcome.REJECTED), then=Value("accepted")),
    When(~Q(style__in=WORDED) & Q(yes__gt=F("no")), then=Value("accepted")),
    default=Value("rejected"),
)


class Resolutions(ListPage):
    """Every vote that this person may see."""

    rule = "meetings.view"
    table_class = ResolutionTable

    def rows(self, request: Request) -> QuerySet[Any]:
        rows = Vote.visible_to(request).filter(item__in=AgendaItem.visible_to(request))
        return rows.select_related("item__meeting__organization").annotate(carried=CARRIED)

    def complete(self, request: Request, rows: list[Any], chosen: dict[str, Any]) -> list[Any]:
        """The papers of each item and the words of each vote. Two queries, and three for each sitting that has voted by
        name."""
        prefetch_related_objects(rows, "ballots__attendance__person")
        seen = Paper.visible_to(request)
        pairs = Consultation.objects.filter(agenda_item__in={row.item_id for row in rows}, paper__in=seen)
        papers: dict[int, list[str]] = {}
        for key, number in pairs.order_by("order").values_list("agenda_item", "paper__source__number"):
            papers.setdefault(key, []).append(number)
        by_name = {row.item.meeting for row in rows if row.style == Vote.Style.ROLL_CALL}
        there = {one.pk: listed(one) for one in by_name}
        for row in rows:
            row.papers = ", ".join(filter(None, papers.get(row.item_id, [])))
            told = sentences.result(row, there.get(row.item.meeting_id)) or row.get_outcome_display()
            row.told = f"{row.subject}: {told}" if row.subject else told
        return rows


class Extract(RuleView):
    """The Beschlussauszug of an item, as PDF."""

    rule = "meetings.view"

    def get(self, request: Request, key: str, item: str) -> HttpResponseBase:
        row = item_of(request, key, item)
        minutes = minutes_on(request, row)
        if minutes is None or not row.votes.exists():
            raise Http404
        try:
            content = extract(minutes, row)
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
            return redirect(kept_link(request, row.get_absolute_url()))
        response = HttpResponse(content, content_type="application/pdf")
        name = f"Beschlussauszug-{row.meeting.slug}-{row.word}"
        response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
        return response


@beside("staffing.Position", "Beschlüsse", "beschluesse", "meetings.view")
def on_a_position(request: Request, row: Any) -> list[Line]:
    """The items under which a post was decided on, the latest first, each with how was voted. Two queries."""
    items = AgendaItem.visible_to(request).filter(positions__position=row).select_related("meeting__organization")
    rows = items.prefetch_related("votes__ballots__attendance__person").order_by("-meeting__date", "-public", "order")
    return [
        Line(
            f"{one.meeting}, {one}",
            one.get_absolute_url(),
            " ".join(sentences.of_vote(vote) for vote in one.votes.all()) or sentences.of_disposition(one),
        )
        for one in rows
    ]
