"""What the record of a sitting says in numbers: who voted on an item, and whether the committee could decide."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from kim.figures import COUNT, Value, figure
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import format_day
from meetings import sentences
from meetings.models import AgendaItem, Attendance, Meeting, Membership, Organization, Voters, voters
from meetings.models.record import entitled, listed


@read_once
def item_of(meeting: Meeting, key: str) -> AgendaItem:
    """The item with this part and number; ValidationError if the sitting has none."""
    try:
        return AgendaItem.find(meeting, key)
    except AgendaItem.DoesNotExist as error:
        raise ValidationError(f"Einen Tagesordnungspunkt „{key}“ hat {meeting} nicht.") from error


@read_once
def there_at(item: AgendaItem) -> list[Attendance]:
    """Who counts for the committee and is in the sitting at an item. Three queries."""
    return entitled(item, listed(item.meeting))[0]


def source(meeting: Meeting) -> str:
    """Where a number of persons comes from. Example: Anwesenheit, Sitzung vom 25.02.2021."""
    return f"Anwesenheit, Sitzung vom {format_day(meeting.date)}"


def people(item: AgendaItem, label: str, count: int) -> Value:
    """A number of persons with who they are."""
    where = item.meeting.get_absolute_url()
    rows = [Value(str(one), 1, COUNT, "beleg", source=source(item.meeting), link=where) for one in there_at(item)]
    return Value(label, count, COUNT, formula="Anzahl", operands=tuple(rows), link=where)


@dataclass(frozen=True)
class Tally:
    """A vote as it was: persons and votes are numbers, None is not known."""

    voters: Voters
    yes: int | None
    no: int | None
    abstained: int | None
    result: str
    sentence: str
    derivation: Value

    def as_json(self) -> dict[str, Any]:
        who = self.voters
        return {
            "present": who.present,
            "excluded": who.excluded,
            "voting": who.voting,
            "at_most": who.at_most,
            "yes": self.yes,
            "no": self.no,
            "abstained": self.abstained,
            "result": self.result,
            "sentence": self.sentence,
            "derivation": self.derivation.as_json(),
        }


@figure("tally.item", "Abstimmung zu einem Tagesordnungspunkt")
def tally(body: Body, meeting: Meeting, item: str, vote: int = 1) -> Tally:
    """Who could vote on an item, the votes, and how the minutes tell it. Four queries.

    A vote in words has no Ja; einstimmig says that nobody was against it. Example, 25.02.2021, Ö 10: 20 present, 2
    excluded, at most 18, no 0, abstained 0: „Ohne Aussprache beschließt der Ausschuss einstimmig ohne Enthaltung.“
    """
    found = item_of(meeting, item)
    row = found.votes.filter(number=vote).first()
    if row is None:
        raise ValidationError(f"Zu {found.key} ist keine Abstimmung {vote} erfasst.")
    who = voters(found)
    unanimous = row.style == row.Style.PHRASE and row.outcome == row.Outcome.UNANIMOUS
    return Tally(
        voters=who,
        yes=row.yes,
        no=0 if unanimous else row.no,
        abstained=row.abstained,
        result=sentences.result(row),
        sentence=sentences.of_vote(row),
        derivation=people(found, "anwesend", who.present),
    )


@dataclass(frozen=True)
class QuorumOf:
    """Whether a committee could decide on an item: present and seats are persons; verdict: ja, nein, nicht prüfbar."""

    present: int
    seats: int | None
    required: int | None
    verdict: str
    derivation: Value

    def as_json(self) -> dict[str, Any]:
        return {
            "present": self.present,
            "seats": self.seats,
            "required": self.required,
            "verdict": self.verdict,
            "derivation": self.derivation.as_json(),
        }


@figure("quorum.item", "Beschlussfähigkeit bei einem Tagesordnungspunkt")
def quorum(body: Body, meeting: Meeting, item: str) -> QuorumOf:
    """Whether enough members were there, by the rule of the committee. Three queries.

    More than half of the legal number (§ 49 (1) GO NRW, §§ 34, 52 KrO NRW); by the rule of committees with sachkundige
    Bürger more Ratsmitglieder than these, too (§ 58 (3) GO NRW). What is not stated is not guessed: „nicht prüfbar“.
    Example: 19 seats, 10 are required; 11 members of whom all have the right: ja.
    """
    found = item_of(meeting, item)
    committee, rows = meeting.organization, there_at(found)
    required = required_in(committee)
    verdict = verdict_of(committee.quorum_rule, required, rows)
    derivation = people(found, "anwesend", len(rows))
    return QuorumOf(len(rows), committee.voting_member_count, required, verdict, derivation)


def required_in(committee: Organization) -> int | None:
    """How many members must be there: more than half of the legal number (§ 49 (1) GO NRW); None if that is not stated.
    Examples: of 19 seats 10, of 8 seats 5."""
    seats = committee.voting_member_count
    return seats // 2 + 1 if seats is not None else None


def verdict_at(item: AgendaItem, rows: list[Attendance]) -> str:
    """Whether the committee could decide on an item: ja, nein, nicht prüfbar. rows: the list of the sitting (listed),
    where several items are asked."""
    committee = item.meeting.organization
    return verdict_of(committee.quorum_rule, required_in(committee), entitled(item, rows)[0])


def verdict_of(rule: str, required: int | None, rows: list[Attendance]) -> str:
    """See quorum."""
    if rule == Organization.Quorum.NOT_STATED or required is None:
        return "nicht prüfbar"
    known = sum(row.may_vote() is True for row in rows)
    if known < required:
        return "nein" if len(rows) < required else "nicht prüfbar"  # even all of them are not enough
    if rule == Organization.Quorum.HALF:
        return "ja"
    kinds = [row.kind for row in rows]
    council, citizens = kinds.count(Membership.Kind.COUNCIL), kinds.count(Membership.Kind.CITIZEN)
    if Membership.Kind.NOT_STATED in kinds:
        return "nicht prüfbar"
    return "ja" if council > citizens else "nein"
