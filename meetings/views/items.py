"""Pages of an item of an agenda: what the record says of it, and where that is written down."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.pages.sheets import Sheet, table
from meetings import sentences
from meetings.documents.minutes import DISTRICTS
from meetings.documents.resolutions import outcomes, resolution_of
from meetings.forms import ExclusionLine, ItemForm, VoteLine
from meetings.models import AgendaItem, Attendance, Ballot, Exclusion, FollowUp, Minutes, Paper, Vote, voters
from meetings.models.acts import keep_item
from meetings.models.effects import changed_positions
from meetings.models.record import listed
from meetings.models.sitting_papers import RELATED
from meetings.models.votes import NAMED, ballots_called
from meetings.views.record import RecordSheet, item_of, items_of


def said_of(request: Request, item: AgendaItem, papers: list[Paper]) -> dict[str, Any]:
    """What a page shows of the resolution of an item: its words, what became of the proposals, whether there is an
    extract."""
    minutes = minutes_on(request, item)
    if minutes is None:
        return {"resolution": [], "outcomes": [], "has_extract": False}
    resolution = resolution_of(minutes, item)
    return {
        "resolution": resolution,
        "outcomes": outcomes(item, papers, resolution),
        "has_extract": item.votes.exists(),
    }


def minutes_on(request: Request, item: AgendaItem) -> Minutes | None:
    """The Niederschrift of the part in which an item stands, if this person may see it and there is one."""
    rows = Minutes.visible_to(request).filter(meeting=item.meeting_id, public=item.public)
    return rows.select_related(*RELATED).first()


def said_in_minutes(request: Request, item: AgendaItem, rows: list[Attendance]) -> list[str]:
    """The sentences of an item in the Niederschrift, as far as they follow from the record. Three queries."""
    exclusions = list(item.exclusions.select_related("attendance__person"))
    returning = list(item.returns.select_related("attendance__person"))
    district = request.acting_body.kind in DISTRICTS
    found = [sentences.of_addition(item), sentences.of_returns(returning)]
    found += [sentences.of_exclusions(exclusions, district=district), sentences.of_silence(item)]
    found += [sentences.of_disposition(item), *(sentences.of_vote(vote, rows) for vote in item.votes.all())]
    return [words for words in found if words]


class ItemPage(RuleView):
    """An item with its papers, who could vote, and the sentences that follow from the record."""

    rule = "meetings.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return f"TOP {item_of(request, **kwargs).number}"

    def get(self, request: Request, key: str, item: str) -> HttpResponseBase:
        row = item_of(request, key, item)
        votes = list(row.votes.prefetch_related("ballots__attendance__person"))
        exclusions = list(row.exclusions.all())
        papers = Paper.visible_to(request).filter(consultations__agenda_item=row).select_related("source")
        context = {
            "title": f"{row.key} {row.called}",
            "item": row,
            "meeting": row.meeting,
            "papers": papers,
            "voters": voters(row),
            "sentences": said_in_minutes(request, row, listed(row.meeting)),
            "editable": may(request, "meetings.edit"),
            "positions": row.positions.select_related("position"),
            "follow_ups": FollowUp.visible_to(request).filter(item=row).select_related("item__meeting"),
            **said_of(request, row, list(papers)),
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
        votes = list(row.votes.prefetch_related("ballots__attendance__person"))
        out = list(row.exclusions.select_related("attendance__person"))
        self.there = {one.pk: one for one in out}
        self.votes = {one.pk: one for one in votes}
        self.list = listed(row.meeting)
        names = ("advice", "decision", "joint_subject", "withdrawn_by", "silence", "frame", "version")
        first = {name: getattr(row, name) for name in names} | {"target": str(row.target_id or "")}
        first["positions"] = ", ".join(one.position.number for one in row.positions.select_related("position"))
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

        def kept() -> int:
            new, old = changed_positions(row, data["positions"])
            cast, withdrawn = self.ballots(votes, less)
            return keep_item(row, [*new, *outs, *votes, *cast], [*withdrawn, *less, *gone, *old])

        return kept

    def ballots(self, votes: list[Vote], gone: list[Vote]) -> tuple[list[Ballot], list[Ballot]]:
        """The ballots to write and to delete: of a vote that is other than it was all of them anew."""
        new, old = [], [one for vote in gone for one in vote.ballots.all()]
        for vote in votes:
            old += list(self.votes[vote.pk].ballots.all()) if vote.pk else []
            against, abstaining = vote.typed  # type: ignore[attr-defined]
            named = vote.style in NAMED
            new += ballots_called(vote, against if named else "", abstaining if named else "", self.list)
        return new, old

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
    found = {name: getattr(row, name) for name in VOTED}
    typed = getattr(row, "typed", None)
    against, abstaining = typed or (named(row, Ballot.Stance.NO), named(row, Ballot.Stance.ABSTAINED))
    return found | {"against": against, "abstaining": abstaining}


def named(row: Vote, stance: str) -> str:
    """Who voted so, as it is typed. Example: CDU, Frau Brammertz."""
    rows = [one for one in row.ballots.all() if one.stance == stance] if row.pk else []
    return ", ".join(one.attendance.in_a_sentence if one.attendance else one.faction for one in rows)


def put_vote(row: Vote, data: dict[str, Any]) -> None:
    """What was typed of a vote, on its row."""
    for name in VOTED:
        setattr(row, name, data[name])
    row.typed = (data["against"], data["abstaining"])  # type: ignore[attr-defined]
