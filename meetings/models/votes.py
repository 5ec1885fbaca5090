"""How was voted on an item: in words, in numbers, secretly, by Fraktion or by name."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from kim.models import BodyRow, SameBody, frozen
from kim.models.versioned import tracked
from meetings.models.agenda import OF_ITEM, AgendaItem
from meetings.models.committees import MINUTES
from meetings.models.record import Attendance, entitled, listed, voters

WORDED = ("phrase", "factions", "roll_call")  # the result is said; of the others it follows from the numbers
ITEM = "(SELECT i.{} FROM meetings_agendaitem i, meetings_vote v WHERE i.id = v.item_id AND v.id = {{row}}.vote_id)"
OF_VOTE = MINUTES.format(meeting=ITEM.format("meeting_id"), part=f"m.public = {ITEM.format('public')}")
NAMED = ("factions", "roll_call")  # who was against it and who abstained is said by name; everybody else was for it


@tracked()
class Vote(BodyRow):
    """An Abstimmung on an item (OParl has none: its result is a word)."""

    guard_parent = "item"

    class Style(models.TextChoices):
        PHRASE = "phrase", "in Worten"
        NUMBERS = "numbers", "Auszählung"
        SECRET = "secret", "geheim"
        FACTIONS = "factions", "nach Fraktionen"
        ROLL_CALL = "roll_call", "namentlich"

    class Outcome(models.TextChoices):
        UNANIMOUS = "unanimous", "einstimmig"
        MAJORITY = "majority", "mehrheitlich"
        REJECTED = "rejected", "abgelehnt"

    class Frame(models.TextChoices):
        """The sentences in which a resolution is told, with the place of the result."""

        RESOLUTION = "resolution", "Der Beschluss erfolgt …"
        RESOLUTION_SILENT = "resolution_silent", "Der Beschluss erfolgt ohne Aussprache …"
        SILENT = "silent", "Ohne Aussprache beschließt der Ausschuss …"
        DECIDES = "decides", "Der Ausschuss beschließt …"
        AFTER_DEBATE = "after_debate", "Im Anschluss an die Aussprache beschließt der Ausschuss …"
        AFTERWARDS = "afterwards", "Im Anschluss beschließt der Ausschuss …"
        DECISION = "decision", "Die Beschlussfassung erfolgt …"

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="votes", verbose_name="TOP")
    number = models.PositiveSmallIntegerField("Abstimmung", default=1)
    subject = models.CharField("worüber", max_length=200, blank=True, help_text="Nur bei mehreren Abstimmungen.")
    style = models.CharField("Weise", max_length=9, choices=Style, default=Style.PHRASE)
    outcome = models.CharField("Ergebnis", max_length=9, choices=Outcome, blank=True, help_text="Nur in Worten.")
    yes = models.PositiveSmallIntegerField("Ja", null=True, blank=True)
    no = models.PositiveSmallIntegerField("Nein", null=True, blank=True)
    abstained = models.PositiveSmallIntegerField("Enthaltungen", null=True, blank=True, help_text="Leer: keine Angabe.")
    invalid = models.PositiveSmallIntegerField("ungültig", null=True, blank=True, help_text="Nur geheim.")
    abstention_reason = models.CharField(
        "Grund der Enthaltung",
        max_length=120,
        blank=True,
        help_text="Wie er im Satz steht: „wegen Nichtanwesenheit“.",
    )
    joined = models.BooleanField("„und“ vor „ohne Enthaltung“", default=False)
    frame = models.CharField("Wortlaut", max_length=17, choices=Frame, default=Frame.RESOLUTION)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Abstimmung", "Abstimmungen"
        ordering: ClassVar = ["item", "number"]
        triggers = [*BodyRow.Meta.triggers, frozen(OF_ITEM)]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "item", "number"],
                name="vote_number",
                violation_error_message="Diese Abstimmung gibt es schon.",
            ),
            models.CheckConstraint(
                condition=Q(style__in=WORDED, yes__isnull=True)
                | (~Q(style__in=WORDED) & Q(yes__isnull=False, no__isnull=False)),
                name="vote_counts",
                violation_error_message="Bei einer Auszählung braucht es Ja und Nein; sonst wird kein Ja gezählt.",
            ),
            models.CheckConstraint(
                condition=Q(style="secret") | Q(invalid__isnull=True),
                name="vote_invalid",
                violation_error_message="Ungültige Stimmen gibt es nur bei geheimer Abstimmung.",
            ),
            SameBody("item"),
        ]

    def __str__(self) -> str:
        return f"Abstimmung {self.number} zu TOP {self.item.number}"

    def get_absolute_url(self) -> str:
        return self.item.get_absolute_url()

    @property
    def accepted(self) -> bool:
        """Whether it is carried: more Ja than Nein (§ 50 (1), (5) GO NRW); a tie is a rejection."""
        if self.style in WORDED:
            return self.outcome != self.Outcome.REJECTED
        return (self.yes or 0) > (self.no or 0)

    def counted(self) -> int:
        """The votes that were counted, abstentions and invalid ones among them."""
        return sum(n or 0 for n in (self.yes, self.no, self.abstained, self.invalid))

    def impossible(self, voting: int | None) -> dict[str, str]:
        """What the numbers do not allow, by field. voting: how many votes there are; None if nobody knows."""
        if self.style in (self.Style.NUMBERS, self.Style.SECRET) and not (self.yes or self.no):
            return {"yes": "Ohne eine Ja- oder Nein-Stimme ist nichts entschieden."}
        if self.style != self.Style.PHRASE or voting is None:
            return {}
        no = 0 if self.outcome == self.Outcome.UNANIMOUS else self.no
        if no is None or (self.abstained is None and self.outcome == self.Outcome.REJECTED):
            return {}
        yes = voting - no - (self.abstained or 0)
        words = f"Von {voting} Stimmen bleiben {max(yes, 0)} Ja gegen {no} Nein"
        if self.accepted and yes <= no:
            return {"outcome": f"{words}: Das ist nicht angenommen."}
        if not self.accepted and yes > no:
            return {"outcome": f"{words}: Das ist nicht abgelehnt."}
        return {}

    def clean(self) -> None:
        """A joint item has its resolution where it is joined to; nobody votes who is not there or may not."""
        errors: dict[str, str] = {}
        if not self.item.is_decided():
            raise ValidationError(f"TOP {self.item.number} hat hier keinen eigenen Beschluss.")
        if self.style in WORDED and not self.outcome:
            errors["outcome"] = "Bitte das Ergebnis wählen."
        if self.style not in WORDED and self.outcome:
            errors["outcome"] = "Das Ergebnis folgt aus den Stimmen."
        if self.style in NAMED and (self.no is not None or self.abstained is not None):
            errors["style"] = "Wer dagegen war und sich enthielt, steht hier mit Namen, nicht als Zahl."
        if self.outcome == self.Outcome.UNANIMOUS and self.no:
            errors["no"] = "Einstimmig heißt: keine Nein-Stimme."
        if self.joined and self.abstained != 0:
            errors["joined"] = "„und“ steht vor „ohne Enthaltung“; dazu braucht es 0 Enthaltungen."
        if self.abstention_reason and not self.abstained:
            errors["abstention_reason"] = "Ein Grund steht da, aber keine Enthaltung."
        found = voters(self.item)
        errors |= self.impossible(found.voting)
        if self.counted() > found.at_most:
            words = (
                f"Höchstens {found.at_most} können stimmen ({found.present} anwesend, {found.excluded} ausgeschlossen)"
            )
            raise ValidationError({**errors, "yes": f"{words}; gezählt sind {self.counted()}."})
        if errors:
            raise ValidationError(errors)


@tracked(exclude=("faction",))
class Ballot(BodyRow):
    """Who was against a proposal or abstained: a Fraktion or one person. The others who could vote were for it. As the
    Fraktion of a person, its name stays out of the history."""

    guard_parent = "vote"

    class Stance(models.TextChoices):
        NO = "no", "dagegen"
        ABSTAINED = "abstained", "enthalten"

    vote = models.ForeignKey(Vote, models.PROTECT, related_name="ballots", verbose_name="Abstimmung")
    faction = models.CharField("Fraktion", max_length=80, blank=True)
    attendance = models.ForeignKey(
        Attendance, models.PROTECT, null=True, blank=True, related_name="ballots", verbose_name="Person"
    )
    stance = models.CharField("Stimme", max_length=9, choices=Stance)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Stimme", "Stimmen"
        ordering: ClassVar = ["vote", "pk"]
        triggers = [*BodyRow.Meta.triggers, frozen(OF_VOTE)]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "vote", "faction", "attendance"],
                nulls_distinct=False,
                name="ballot_once",
                violation_error_message="Eine Fraktion oder Person stimmt nur einmal.",
            ),
            models.CheckConstraint(
                condition=Q(faction="", attendance__isnull=False) | (~Q(faction="") & Q(attendance__isnull=True)),
                name="ballot_one",
                violation_error_message="Bitte entweder eine Fraktion oder eine Person.",
            ),
            SameBody("vote"),
            SameBody("attendance"),
        ]

    def __str__(self) -> str:
        return self.faction or str(self.attendance)


@dataclass(frozen=True)
class Stances:
    """How each of those who could vote did: what a vote by Fraktion or by name says of persons."""

    yes: list[Attendance]
    no: list[Attendance]
    abstained: list[Attendance]
    known: bool  # whether the right of each of them is stated

    @property
    def carried(self) -> bool:
        """More Ja than Nein (§ 50 (1), (5) GO NRW)."""
        return len(self.yes) > len(self.no)


def stances(vote: Vote, rows: list[Attendance] | None = None) -> Stances:
    """See Stances. What is said of a person goes before what is said of the Fraktion.

    Example: five of A, three of B; B was against it, one of A abstained: 4 yes, 3 no, 1 abstained.
    """
    counted, out = entitled(vote.item, listed(vote.item.meeting) if rows is None else rows)
    said: dict[Any, str] = {one.attendance_id or one.faction: one.stance for one in vote.ballots.all()}
    found: dict[str, list[Attendance]] = {"": [], Ballot.Stance.NO: [], Ballot.Stance.ABSTAINED: []}
    voting = [row for row in counted if row not in out]
    for row in voting:
        found[said.get(row.pk) or said.get(row.on_behalf_of or None) or ""].append(row)
    known = all(row.may_vote() for row in voting)
    return Stances(found[""], found[Ballot.Stance.NO], found[Ballot.Stance.ABSTAINED], known)


def ballots_called(vote: Vote, against: str, abstaining: str, rows: list[Attendance]) -> list[Ballot]:
    """The ballots that words name, divided by commas: a Fraktion as it stands in the list of the sitting, or a person
    by name or family name. ValidationError with a sentence for a word that is neither, or two persons, or there twice.

    Example: "CDU, Frau Brammertz".
    """
    counted, out = entitled(vote.item, rows)
    voting = [row for row in counted if row not in out]
    made, seen = [], set()
    for words, stance in ((against, Ballot.Stance.NO), (abstaining, Ballot.Stance.ABSTAINED)):
        for word in (one.strip() for one in words.split(",") if one.strip()):
            ballot = Ballot(body_id=vote.body_id, vote=vote, stance=stance)
            if factions := {row.on_behalf_of for row in voting if is_called(row.on_behalf_of, word)}:
                ballot.faction = factions.pop()
            else:
                ballot.attendance = person_called(voting, word)
            key = ballot.attendance_id or ballot.faction
            if key in seen:
                raise ValidationError(f"{ballot} steht zweimal da.")
            seen.add(key)
            made.append(ballot)
    return made


def is_called(faction: str, word: str) -> bool:
    """Whether a word names a Fraktion, with or without that word. Example: CDU, CDU-Fraktion, Fraktion CDU."""

    def plain(name: str) -> str:
        return name.lower().replace("-fraktion", "").replace("fraktion", "").strip()

    return bool(faction) and plain(faction) == plain(word)


def person_called(voting: list[Attendance], word: str) -> Attendance:
    """The one of those who vote whom a word names: by the whole name, else by the beginning of the family name.
    ValidationError with a sentence if it is nobody, or several."""
    found = [row for row in voting if word in {str(row), row.in_a_sentence, row.person.name, row.person.family_name}]
    found = found or [row for row in voting if row.person.family_name.lower().startswith(word.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValidationError(f"„{word}“ heißen mehrere. Bitte mit Vornamen.")
    raise ValidationError(f"„{word}“ ist keine Fraktion und niemand, der hier abstimmt.")
