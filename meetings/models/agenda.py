"""The agenda of a sitting: items in two parts, and what becomes of each of them."""

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from kim.models import BodyRow, GuardedRow, SameBody, frozen
from kim.models.versioned import tracked
from kim.values.formats import format_day
from meetings.models.committees import MINUTES, Meeting

PARTS = {True: "Ö", False: "N"}
NUMBER = re.compile(r"\A[1-9][0-9]{0,2}(\.[1-9][0-9]{0,1})?\Z")


ITEM = "(SELECT i.{} FROM meetings_agendaitem i WHERE i.id = {{row}}.item_id)"
OF_ITEM = MINUTES.format(meeting=ITEM.format("meeting_id"), part=f"m.public = {ITEM.format('public')}")


def order_of(number: str) -> int:
    """Where an item with this number stands in its part. Example: 5.1 comes after 5 and before 6."""
    main, _, sub = number.partition(".")
    return int(main) * 1000 + int(sub or 0) if NUMBER.match(number) else 0


@tracked()
class AgendaItem(GuardedRow):
    """A Tagesordnungspunkt (OParl: AgendaItem). Both parts of a sitting count from 1; an item that supplements another
    stands directly below it (5.1)."""

    class Disposition(models.TextChoices):
        """What becomes of the advice on an item, or of its resolution (§ 48 GO NRW: the committee may change its
        agenda)."""

        HERE = "here", "hier"
        JOINT = "joint", "mit einem anderen TOP"
        POSTPONED = "postponed", "vertagt"
        WITHDRAWN = "withdrawn", "zurückgezogen"
        SEE = "see", "siehe TOP"

    class By(models.TextChoices):
        ADMINISTRATION = "administration", "verwaltungsseitig"
        MOVER = "mover", "von der antragstellenden Seite"

    class Frame(models.TextChoices):
        """The words in which the minutes say what became of it (meetings.sentences)."""

        FIRST = "first", "zu Beginn der Sitzung vereinbart"
        SECOND = "second", "zu Beginn der Sitzung vereinbart (zweite Fassung)"
        NOW = "now", "an seinem Platz entschieden"

    class Silence(models.TextChoices):
        """That nobody spoke, in the words of the house."""

        FIRST = "first", "Keine Wortmeldungen."
        SECOND = "second", "Es liegen keine Wortmeldungen vor."

    untold = frozenset({"order", "block"})
    together: ClassVar[bool] = False  # on an instance: it is kept with the others of its agenda
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="agenda_items", verbose_name="Sitzung")
    number = models.CharField(
        "TOP",
        max_length=8,
        validators=[RegexValidator(NUMBER, "Bitte als 5 oder 5.1 angeben.")],
    )
    order = models.PositiveIntegerField("Reihenfolge", editable=False, default=0)
    block = models.SlugField("Kennung im Text", max_length=30, editable=False, blank=True, default="")
    title = models.CharField("Betreff", max_length=400)
    short_title = models.CharField(
        "Kurztitel", max_length=160, blank=True, help_text="Wie ein Satz ihn nennt; leer: der Betreff."
    )
    public_title = models.CharField(
        "Betreff für die Öffentlichkeit",
        max_length=400,
        blank=True,
        help_text="Nur im nichtöffentlichen Teil: wie er öffentlich heißt, ohne Namen und Beträge (§ 48 GO).",
    )
    added_on = models.DateField(
        "Nachtrag vom",
        null=True,
        blank=True,
        help_text="Leer: mit der Einladung; der Sitzungstag: erst in der Sitzung.",
    )
    urgency = models.CharField(
        "Grund der Dringlichkeit",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Nur was erst in der Sitzung dazukam (§ 48 Abs. 1 GO); er steht in der Niederschrift.",
    )
    remark = models.CharField("Vermerk", max_length=120, blank=True, help_text="z. B. „Unterlagen werden nachgereicht“")
    ground = models.CharField(
        "Grund der Nichtöffentlichkeit",
        max_length=160,
        blank=True,
        help_text="Nur im nichtöffentlichen Teil (§ 48 GO).",
    )
    advice = models.CharField("Beratung", max_length=9, choices=Disposition, default=Disposition.HERE)
    decision = models.CharField("Beschluss", max_length=9, choices=Disposition, default=Disposition.HERE)
    target = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="carried", verbose_name="anderer TOP"
    )
    joint_subject = models.CharField(
        "gemeinsame Beschlüsse zu",
        max_length=80,
        blank=True,
        help_text="Wenn nur der Beschluss dort fällt: „Etat 2021“.",
    )
    withdrawn_by = models.CharField("zurückgezogen", max_length=14, choices=By, blank=True)
    silence = models.CharField("Wortmeldungen", max_length=6, choices=Silence, blank=True)
    frame = models.CharField("Wortlaut", max_length=6, choices=Frame, default=Frame.FIRST)

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Tagesordnungspunkt", "Tagesordnungspunkte"
        ordering: ClassVar = ["meeting", "-public", "order"]
        triggers = [
            *GuardedRow.Meta.triggers,
            frozen(MINUTES.format(meeting="{row}.meeting_id", part="m.public = {row}.public")),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "meeting", "public", "number"],
                deferrable=models.Deferrable.DEFERRED,  # two may change places
                name="agendaitem_number",
                violation_error_message="Diesen Tagesordnungspunkt gibt es in diesem Teil schon.",
            ),
            models.UniqueConstraint(
                fields=["body", "meeting", "block"],
                name="agendaitem_block",
                violation_error_message="Gerade ist noch ein Tagesordnungspunkt entstanden. Bitte noch einmal.",
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=True) | ~Q(target=F("id")),
                name="agendaitem_other",
                violation_error_message="Ein Tagesordnungspunkt verweist nicht auf sich selbst.",
            ),
            SameBody("meeting"),
            SameBody("target"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    @property
    def key(self) -> str:
        """Its part and number, as tokens and the command line name it. Example: Ö 5.1."""
        return f"{PARTS[self.public]} {self.number}"

    @property
    def word(self) -> str:
        """The same in addresses and as the key of a block. Example: oe-5-1."""
        return f"{'oe' if self.public else 'n'}-{self.number.replace('.', '-')}"

    @property
    def called(self) -> str:
        """How a sentence names it."""
        return self.short_title or self.title

    def get_absolute_url(self) -> str:
        return reverse("agenda-item", args=[self.meeting.slug, self.word])

    def get_constraints(self) -> Any:
        """All rules of the table; where a whole agenda is kept (together) PostgreSQL looks at numbers at the end."""
        found = super().get_constraints()
        if not self.together:
            return found
        return [(model, [one for one in rules if one.name != "agendaitem_number"]) for model, rules in found]

    def comes_before(self, other: "AgendaItem") -> bool:
        """Whether it is dealt with before another of its sitting: the public part first."""
        return (not self.public, self.order) < (not other.public, other.order)

    def is_decided(self) -> bool:
        """Whether a resolution of its own can be taken under it: one that is joined has it where it is joined to."""
        return self.decision == self.Disposition.HERE

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Its words in the Niederschrift stay with it, whatever its number is later."""
        self.order = order_of(self.number)
        if not self.block:
            taken = set(AgendaItem.objects.filter(meeting=self.meeting_id).values_list("block", flat=True))
            words = (self.word if n == 1 else f"{self.word}-nr-{n}" for n in range(1, 999))
            self.block = next(word for word in words if word not in taken)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """What points at another item names it; the other stands in the same sitting and is dealt with itself."""
        pointing = {self.Disposition.JOINT, self.Disposition.SEE}
        errors: dict[str, str] = {}
        if {self.advice, self.decision} & pointing and self.target is None:
            errors["target"] = "Bitte den anderen Tagesordnungspunkt wählen."
        if self.target is not None and not {self.advice, self.decision} & pointing:
            errors["target"] = "Ein anderer Tagesordnungspunkt ist gewählt, aber nichts verweist auf ihn."
        if self.target is not None and self.target.meeting_id != self.meeting_id:
            errors["target"] = "Der andere Tagesordnungspunkt gehört zu einer anderen Sitzung."
        elif self.target is not None and self.target.decision != self.Disposition.HERE:
            errors["target"] = f"{self.target} wird selbst nicht an seinem Platz beschlossen."
        elif self.target is not None and self.public and not self.target.public:
            errors["target"] = "Aus dem öffentlichen Teil wird nicht in den nichtöffentlichen verwiesen."
        withdrawn = self.Disposition.WITHDRAWN in {self.advice, self.decision}
        if withdrawn and not self.withdrawn_by:
            errors["withdrawn_by"] = "Bitte angeben, wer zurückgezogen hat."
        if self.pk and not self.is_decided():
            if self.votes.exists():
                errors["decision"] = "Hierzu ist schon abgestimmt. Bitte zuerst die Abstimmung löschen."
            elif pointing_here := [one.key for one in self.carried.all()]:
                errors["decision"] = f"Hierher verweisen noch: {', '.join(pointing_here)}."
        errors |= self.wrong_addition()
        if self.public and self.public_title:
            errors["public_title"] = "Ein öffentlicher Tagesordnungspunkt heißt überall, wie er heißt."
        if self.public and self.ground:
            errors["ground"] = "Ein öffentlicher Tagesordnungspunkt braucht keinen Grund der Nichtöffentlichkeit."
        if errors:
            raise ValidationError(errors)

    def came_in_the_sitting(self) -> bool:
        """Whether it was put on the agenda by the Gremium itself, in its sitting."""
        return self.added_on is not None and self.added_on == self.meeting.date

    def is_invited(self) -> bool:
        """Whether the Einladung with its agenda is released. One query."""
        return self.meeting.invitations.filter(public=False, text__releases__isnull=False).exists()

    @property
    def place(self) -> str:
        """By what items are sorted within their sitting: the public part first. Example: Ö 5.1: "05001"."""
        return f"{'0' if self.public else '1'}{self.order:07}"

    def wrong_addition(self) -> dict[str, str]:
        """What is wrong with when and why it came to the agenda, by field: after the invitation, not after the sitting,
        in the sitting only if it is urgent."""
        day, meeting = self.added_on, self.meeting
        errors: dict[str, str] = {}
        if day is not None and day > meeting.date:
            errors["added_on"] = "Ein Nachtrag kommt nicht nach der Sitzung."
        elif day is not None and meeting.invited_on is not None and day <= meeting.invited_on:
            errors["added_on"] = f"Eingeladen wurde am {format_day(meeting.invited_on)}; ein Nachtrag kommt danach."
        if self._state.adding and day is None and self.is_invited():
            errors["added_on"] = (
                "Die Einladung ist freigegeben: Was dazukommt, ist ein Nachtrag. Bitte den Tag angeben."
            )
        if self.came_in_the_sitting() and not self.urgency:
            errors["urgency"] = (
                "Was erst in der Sitzung auf die Tagesordnung kommt, braucht den Grund der Dringlichkeit."
            )
        if self.urgency and not self.came_in_the_sitting():
            errors["urgency"] = "Eine Dringlichkeit steht nur bei dem, was erst in der Sitzung dazukam."
        return errors

    @classmethod
    def find(cls, meeting: Meeting, key: str) -> "AgendaItem":
        """The item with this part and number, written as people do; AgendaItem.DoesNotExist otherwise.

        Example: "Ö 10", "oe-10", "N 1"; without a part the public one.
        """
        words = key.strip().lower().replace("ö", "oe").replace(" ", "-")
        part, _, number = words.rpartition("-") if not words.startswith(("oe-", "n-")) else words.partition("-")
        number = number.replace("-", ".")
        return cls._default_manager.get(meeting=meeting, public=part != "n", number=number)


def postponed(meeting: Meeting) -> list[AgendaItem]:
    """What the Gremium of a sitting has postponed before and has had on no agenda since: proposals for its agenda, the
    oldest first. One query and one for papers.

    Example: the sitting of 06.05.2021 is offered TOP 4, 13, 14 and 16 of 25.02.2021.
    """
    rows = AgendaItem.objects.filter(meeting__organization=meeting.organization_id, meeting__date__lt=meeting.date)
    found: dict[tuple[bool, str], AgendaItem] = {}
    for one in rows.select_related("meeting").order_by("meeting__date", "-public", "order"):
        found[(one.public, one.title)] = one  # the last time it stood on an agenda counts
    left = [one for one in found.values() if one.advice == AgendaItem.Disposition.POSTPONED]
    models.prefetch_related_objects(left, "consultations__paper__source")
    return left
