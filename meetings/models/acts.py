"""Acts in which the record of a sitting is written down: all of one act holds together, or nothing of it is kept."""

from copy import copy
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.base import ModelState

from kim.models.versioned import keep_together
from meetings.models.agenda import AgendaItem
from meetings.models.committees import Meeting
from meetings.models.record import Attendance, Exclusion, listed, voters
from meetings.models.votes import NAMED, Ballot, Vote, ballots_called, stances


def rank(row: Any) -> int:
    """What counts on another row comes after it: votes after exclusions, ballots after votes."""
    return {Vote: 1, Ballot: 2}.get(type(row), 0)


def require_votes_fit(meeting: Meeting) -> None:
    """ValidationError if more votes are counted on an item than there can be, as the list and who is out are now."""
    rows = listed(meeting)
    votes = Vote.objects.filter(item__meeting=meeting).select_related("item__meeting", "body")
    for vote in votes.prefetch_related("ballots__attendance__person"):
        if vote.style in NAMED:
            require_stances_fit(vote, rows)
        if vote.counted() > (most := voters(vote.item, rows).at_most):
            words = f"zu {vote.item.key} sind {vote.counted()} Stimmen gezählt, dann könnten höchstens {most} stimmen."
            raise ValidationError(f"So geht es nicht: {words}")


def require_stances_fit(vote: Vote, rows: list[Attendance]) -> None:
    """ValidationError if a vote by Fraktion or by name names somebody who does not vote there, or says a result that
    the votes do not give."""
    where, found = vote.item.key, stances(vote, rows)
    there = {row.pk for row in (*found.yes, *found.no, *found.abstained)}
    factions = {row.on_behalf_of for row in (*found.yes, *found.no, *found.abstained)}
    for one in vote.ballots.all():
        if (one.attendance_id and one.attendance_id not in there) or (one.faction and one.faction not in factions):
            raise ValidationError(
                f"So geht es nicht: {one} stimmt zu {where} nicht ab, steht dort aber mit einer Stimme."
            )
    if not found.known:
        if vote.style == Vote.Style.ROLL_CALL:
            raise ValidationError(
                f"{where}: Namentlich wird erst festgehalten, wenn die Stimmrechte aller bekannt sind."
            )
        return
    rest = "Enthaltung" if len(found.abstained) == 1 else "Enthaltungen"
    numbers = f"{len(found.yes)} Ja, {len(found.no)} Nein, {len(found.abstained)} {rest}"
    if found.carried != vote.accepted:
        raise ValidationError(
            f"{where}: Nach den Stimmen ({numbers}) ist es {'angenommen' if found.carried else 'abgelehnt'}."
        )
    if vote.outcome == Vote.Outcome.UNANIMOUS and found.no:
        raise ValidationError(f"{where}: Einstimmig heißt: keine Nein-Stimme; hier sind es {len(found.no)}.")
    if vote.outcome == Vote.Outcome.MAJORITY and not found.no:
        raise ValidationError(f"{where}: Niemand war dagegen ({numbers}); das ist einstimmig.")


@transaction.atomic
def keep_attendance(meeting: Meeting, rows: list[Any], gone: list[Any]) -> int:
    """Write the list of who was there down as one act; how many rows that are. ValidationError with a sentence, also
    where votes that are counted would not fit any more."""
    count = keep_together(rows, gone, act="Anwesenheit geändert")
    there = listed(meeting)
    for number, one in enumerate(there):
        for other in there[number + 1 :]:
            if one.person_id == other.person_id and one.meets(other):
                raise ValidationError(f"{one} steht zweimal in der Liste.")
            if one.role == other.role == Attendance.Role.CHAIR and one.is_counted() and one.meets(other):
                raise ValidationError(f"{one} und {other} haben nicht zugleich den Vorsitz.")
        for out in one.exclusions.all():
            if not one.is_there(out.item):
                raise ValidationError(f"{one} hat bei {out.item.key} ein Mitwirkungsverbot und muss dort da sein.")
    require_votes_fit(meeting)
    return count


@transaction.atomic
def keep_item(item: AgendaItem, rows: list[Any], gone: list[Any]) -> int:
    """Write down what happened to an item as one act: the item, its posts, who is out, the votes and who voted how; how
    many rows that are. The exclusions come before the votes, which count them. ValidationError with a sentence."""
    kept = sorted(rows, key=rank)
    for row in kept:
        if not isinstance(row, Ballot):
            row.item = item  # as it is to be, not as it was when the rows were read
    ballots = [row for row in kept if isinstance(row, Ballot)]
    count = keep_together([item, *kept[: len(kept) - len(ballots)]], gone, act=f"{item.key} mitgeschrieben")
    for one in ballots:
        one.vote = one.vote  # which has a key by now
    count += keep_together(ballots, [], act=f"{item.key} mitgeschrieben")
    require_votes_fit(item.meeting)
    return count


def dispose(items: list[AgendaItem], act: str, **facts: Any) -> int:
    """Let the same become of several items, as one act; how many these are. facts: of AgendaItem; what is not named of
    them is as for an item that is dealt with at its place. ValidationError with a sentence; then nothing is kept."""
    here = AgendaItem.Disposition.HERE
    for item in items:
        for name, value in ({"advice": here, "decision": here, "target": None, "withdrawn_by": "", **facts}).items():
            setattr(item, name, value)
        if item.decision != AgendaItem.Disposition.JOINT:
            item.joint_subject = ""
    with transaction.atomic():
        return keep_together(items, [], act=act)


def nobody_spoke(items: list[AgendaItem]) -> int:
    """Say of several items, as one act, that nobody spoke; how many that changes."""
    for item in items:
        item.silence = AgendaItem.Silence.FIRST
    with transaction.atomic():
        return keep_together(items, [], act="Keine Wortmeldungen")


def resolve(item: AgendaItem, facts: dict[str, Any], against: str = "", abstaining: str = "") -> Vote:
    """The one vote on an item, in one act. facts: of Vote; against, abstaining: who voted how, where that is said by
    name (see ballots_called). ValidationError with a sentence, also where was voted already."""
    if item.votes.exists():
        raise ValidationError(f"Zu {item.key} ist schon abgestimmt. Weiteres steht unter „ausführlich“.")
    vote = Vote(body_id=item.body_id, item=item, **facts)
    ballots = ballots_called(vote, against, abstaining, listed(item.meeting)) if vote.style in NAMED else []
    keep_item(item, [vote, *ballots], [])
    return vote


def exclude(item: AgendaItem, names: str) -> list[Exclusion]:
    """Whom a Mitwirkungsverbot keeps from an item, in one act; they come back at the next one. names: the
    beginnings of family names, divided by commas. ValidationError with a sentence. Example: "Bram, Bran"."""
    rows = [row for row in listed(item.meeting) if row.is_counted() and row.is_there(item)]
    later = [one for one in AgendaItem.objects.filter(meeting=item.meeting_id) if item.comes_before(one)]
    back = min(later, key=place, default=None)
    found = [
        Exclusion(body_id=item.body_id, item=item, attendance=called(rows, word.strip()), returns_at=back)
        for word in names.split(",")
        if word.strip()
    ]
    if not found:
        raise ValidationError("Bitte angeben, wen das Mitwirkungsverbot trifft.")
    keep_item(item, found, [])
    return found


def arrive_or_leave(item: AgendaItem, name: str, at: time | None, *, arrives: bool) -> Attendance:
    """Somebody comes to an item, or leaves before it, in one act. name: the beginning of a family name. ValidationError
    with a sentence."""
    rows = listed(item.meeting)
    row = called(rows, name.strip())
    before = AgendaItem.objects.filter(meeting=item.meeting_id)
    earlier = [one for one in before if one.comes_before(item)]
    if arrives and row.until_item is not None:  # who left and comes back has a second line
        row = copy(row)
        row.pk, row._state, row.version = None, ModelState(), 1
        row.order = max(one.order for one in rows) + 1
        row.until_item = row.leaves = None
    if arrives:
        row.state, row.from_item, row.arrives = Attendance.State.PRESENT, item, at
    elif earlier:
        row.until_item, row.leaves = max(earlier, key=place), at
    else:
        raise ValidationError(f"{row} war dann gar nicht da: Das steht unter „Anwesenheit“.")
    keep_attendance(item.meeting, [row], [])
    return row


def place(item: AgendaItem) -> tuple[bool, int]:
    """Where an item stands in its sitting: the public part first."""
    return not item.public, item.order


def called(rows: list[Attendance], word: str) -> Attendance:
    """The one of a list whose family name begins so. ValidationError with a sentence if that is nobody, or several.

    Examples: Bram for Frau Brammertz; a whole name goes before one that only begins so.
    """
    found = [row for row in rows if row.person.family_name.lower().startswith(word.lower())] if word else []
    found = list({row.person_id: row for row in found}.values())  # of who has left and come back the last line
    if whole := [row for row in found if row.person.family_name.lower() == word.lower()]:
        found = whole
    if len(found) == 1:
        return found[0]
    if found:
        raise ValidationError(f"„{word}“ können mehrere sein: {', '.join(str(row) for row in found)}.")
    raise ValidationError(f"„{word}“ ist niemand, der hier da ist.")
