"""Who was in a sitting, who had to leave the room, and who could vote."""

from dataclasses import dataclass
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from kim.models import BodyRow, SameBody, frozen
from kim.models.versioned import tracked
from meetings.models.agenda import OF_ITEM, AgendaItem
from meetings.models.committees import MINUTES, Meeting, Person
from meetings.models.memberships import Membership


@tracked(exclude=("on_behalf_of",))
class Attendance(BodyRow):
    """A Teilnahme: a person at a sitting (OParl: participant). For which Fraktion somebody sits stays out of the
    history, as the names of persons do."""

    class Role(models.TextChoices):
        CHAIR = "chair", "Vorsitz"
        MEMBER = "member", "Mitglied"
        DEPUTY = "deputy", "Vertretung"
        ADMINISTRATION = "administration", "von der Verwaltung"
        SECRETARY = "secretary", "Schriftführung"
        GUEST = "guest", "Gast"

    class State(models.TextChoices):
        PRESENT = "present", "anwesend"
        EXCUSED = "excused", "entschuldigt"
        ABSENT = "absent", "fehlt"

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendances", verbose_name="Sitzung")
    person = models.ForeignKey(Person, models.PROTECT, related_name="attendances", verbose_name="Person")
    order = models.PositiveSmallIntegerField("Reihenfolge", default=0)
    role = models.CharField("als", max_length=14, choices=Role, default=Role.MEMBER)
    state = models.CharField("Anwesenheit", max_length=8, choices=State, default=State.PRESENT)
    represents = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="represented_by", verbose_name="Vertretung für"
    )
    salutation = models.CharField(
        "Anrede in der Liste", max_length=40, blank=True, help_text="z. B. Ratsherr, Frau Dr."
    )
    spoken = models.CharField(
        "Anrede im Satz", max_length=40, blank=True, help_text="Vor dem Nachnamen, z. B. Herr Bürgermeister"
    )
    office = models.CharField("Stelle", max_length=160, blank=True, help_text="Nur Verwaltung und Gäste.")
    kind = models.CharField(
        "Art der Mitgliedschaft", max_length=10, choices=Membership.Kind, default=Membership.Kind.NOT_STATED
    )
    voting_right = models.CharField(
        "Stimmrecht", max_length=10, choices=Membership.VotingRight, default=Membership.VotingRight.NOT_STATED
    )
    on_behalf_of = models.CharField("Fraktion", max_length=80, blank=True)
    from_item = models.ForeignKey(
        AgendaItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="ab TOP",
        help_text="Leer: von Anfang an.",
    )
    until_item = models.ForeignKey(
        AgendaItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="bis TOP (einschließlich)",
        help_text="Leer: bis zum Ende.",
    )
    arrives = models.TimeField("ab", null=True, blank=True)
    leaves = models.TimeField("bis", null=True, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Teilnahme", "Teilnahmen"
        ordering: ClassVar = ["meeting", "order", "pk"]
        triggers = [*BodyRow.Meta.triggers, frozen(MINUTES.format(meeting="{row}.meeting_id", part="true"))]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "meeting", "person", "order"],
                name="attendance_once",
                violation_error_message="Diese Person steht an dieser Stelle schon in der Liste.",
            ),
            models.CheckConstraint(
                condition=Q(represents__isnull=True) | Q(role="deputy"),
                name="attendance_deputy",
                violation_error_message="Nur eine Vertretung vertritt jemanden.",
            ),
            *(SameBody(name) for name in ("meeting", "person", "represents", "from_item", "until_item")),
        ]

    COUNTED: ClassVar = (Role.CHAIR, Role.MEMBER, Role.DEPUTY)

    def __str__(self) -> str:
        return " ".join(filter(None, [self.salutation, self.titled(), self.person.name]))

    @property
    def in_a_sentence(self) -> str:
        """How a sentence calls the person. Example: Herr Bürgermeister Brantin."""
        return " ".join(filter(None, [self.spoken, self.titled(), self.person.family_name]))

    def titled(self) -> str:
        """The person's title, unless it stands in the name or the form of address already."""
        title = self.person.title
        return "" if title in f"{self.person.name} {self.salutation} {self.spoken}" else title

    def is_counted(self) -> bool:
        """Whether the committee counts the person: its members and who represents one (§ 58 (4) GO NRW: nobody of the
        administration)."""
        return self.role in self.COUNTED and self.state == self.State.PRESENT

    def is_there(self, item: AgendaItem) -> bool:
        """Whether the person is in the sitting at an item: from and until whole items, the non-public part last."""
        late = self.from_item is not None and item.comes_before(self.from_item)
        gone = self.until_item is not None and self.until_item.comes_before(item)
        return self.state == self.State.PRESENT and not late and not gone

    def meets(self, other: "Attendance") -> bool:
        """Whether two lines of the list speak of a common part of the sitting. Who is not there has no part of it."""
        away = self.State.PRESENT
        if self.state != away or other.state != away:
            return True
        for one, two in ((self, other), (other, self)):
            if one.until_item and two.from_item and one.until_item.comes_before(two.from_item):
                return False
        return True

    def may_vote(self) -> bool | None:
        """Whether the person votes; None if nobody said so. Einwohner and advising members never do (§ 58 (4) GO)."""
        if self.kind in {Membership.Kind.RESIDENT, Membership.Kind.ADVISER}:
            return False
        return {Membership.VotingRight.YES: True, Membership.VotingRight.NO: False}.get(
            Membership.VotingRight(self.voting_right)
        )

    def clean(self) -> None:
        errors: dict[str, str] = {}
        if self.role == self.Role.DEPUTY and self.represents is None:
            errors["represents"] = "Bitte angeben, wer vertreten wird."
        if self.represents is not None and self.represents_id == self.person_id:
            errors["represents"] = "Niemand vertritt sich selbst."
        if self.state != self.State.PRESENT and (self.from_item or self.until_item or self.arrives or self.leaves):
            errors["state"] = "Wer nicht da ist, kommt und geht nicht."
        if self.arrives and self.leaves and self.leaves <= self.arrives:
            errors["leaves"] = "Das Ende liegt vor dem Anfang."
        if self.from_item and self.until_item and self.until_item.comes_before(self.from_item):
            errors["until_item"] = "Wer geht, bevor er kommt, ist nicht da."
        for name in ("from_item", "until_item"):
            one = getattr(self, name)
            if one is not None and one.meeting_id != self.meeting_id:
                errors[name] = "Der Tagesordnungspunkt gehört zu einer anderen Sitzung."
        if errors:
            raise ValidationError(errors)


@tracked()
class Exclusion(BodyRow):
    """A Mitwirkungsverbot (§ 31 GO NRW, § 28 KrO NRW): the person neither advises nor votes, and leaves the room."""

    guard_parent = "item"

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="exclusions", verbose_name="TOP")
    attendance = models.ForeignKey(Attendance, models.PROTECT, related_name="exclusions", verbose_name="Person")
    returns_at = models.ForeignKey(
        AgendaItem, models.PROTECT, null=True, blank=True, related_name="returns", verbose_name="kehrt zurück bei TOP"
    )

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Mitwirkungsverbot", "Mitwirkungsverbote"
        ordering: ClassVar = ["item", "pk"]  # as they were entered: so the sentence names them
        triggers = [*BodyRow.Meta.triggers, frozen(OF_ITEM)]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "item", "attendance"],
                name="exclusion_once",
                violation_error_message="Das Mitwirkungsverbot ist schon eingetragen.",
            ),
            *(SameBody(name) for name in ("item", "attendance", "returns_at")),
        ]

    def __str__(self) -> str:
        return f"{self.attendance}: TOP {self.item.number}"

    def holds_at(self, item: AgendaItem) -> bool:
        """Whether the person is out at an item: the one itself, and those after it until she is back."""
        if self.returns_at is None:
            return item.pk == self.item_id
        return not item.comes_before(self.item) and item.comes_before(self.returns_at)

    def clean(self) -> None:
        if self.attendance.meeting_id != self.item.meeting_id:
            raise ValidationError({"attendance": "Die Person steht in der Liste einer anderen Sitzung."})
        if not self.attendance.is_there(self.item):
            raise ValidationError({"attendance": f"{self.attendance} ist bei TOP {self.item.number} nicht da."})
        back, away = self.returns_at, self.item
        if back and (
            back.meeting_id != away.meeting_id or (not back.public, back.order) <= (not away.public, away.order)
        ):
            raise ValidationError({"returns_at": "Zurück kommt man bei einem späteren Tagesordnungspunkt."})


@dataclass(frozen=True)
class Voters:
    """Who may vote on an item. present: those who count for the committee and are in the sitting, with the excluded;
    excluded: who is out because of § 31; at_most: how many votes there can be; voting: how many there are, None while
    somebody's right is not stated."""

    present: int
    excluded: int
    voting: int | None

    @property
    def at_most(self) -> int:
        return self.present - self.excluded


def listed(meeting: Meeting) -> list[Attendance]:
    """Who stands in the list of a sitting, with when and with what keeps them from voting. Four queries at most."""
    rows = meeting.attendances.select_related("person", "represents", "from_item", "until_item")
    out = models.Prefetch("exclusions", Exclusion.objects.select_related("item", "returns_at"))
    return list(rows.prefetch_related(out))


def entitled(item: AgendaItem, rows: list[Attendance]) -> tuple[list[Attendance], list[Attendance]]:
    """Of the list of a sitting (listed): who counts at an item, and who of them is out because of § 31."""
    there = {row.person_id for row in rows if row.is_counted() and row.is_there(item)}
    counted = [
        row
        for row in rows
        if row.is_counted() and row.is_there(item) and row.may_vote() is not False and row.represents_id not in there
    ]
    return counted, [row for row in counted if any(one.holds_at(item) for one in row.exclusions.all())]


def voters(item: AgendaItem, rows: list[Attendance] | None = None) -> Voters:
    """See Voters. rows: the list of the sitting (listed), where several items are asked.

    A deputy counts while the represented member is away. Who has left because of § 31 is out until she is back.
    Example, 25.02.2021, Ö 10: 20 present, 2 excluded, at most 18; no rights are stated, so that nobody knows how many.
    """
    counted, out = entitled(item, listed(item.meeting) if rows is None else rows)
    known = all(row.may_vote() for row in counted)
    return Voters(len(counted), len(out), len(counted) - len(out) if known else None)
