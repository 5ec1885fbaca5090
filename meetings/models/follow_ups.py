"""What somebody asked for or promised in a sitting, until it is done."""

import uuid
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse

from kim.models import BodyRow, GuardedRow, SameBody
from kim.models.versioned import tracked
from kim.values.formats import format_day
from meetings.models.agenda import AgendaItem
from meetings.models.committees import Meeting, Organization, Person


@tracked(exclude=("words", "report", "on_behalf_of"))
class FollowUp(GuardedRow):
    """An Auftrag or a Zusage from an item of an agenda, or a Beschluss that has to be carried out. Its words may name
    persons and stay out of the history; who asked or promised is a Person. What is not for the public lies beside it
    as a note."""

    class Kind(models.TextChoices):
        REQUEST = "request", "Auftrag"
        PROMISE = "promise", "Zusage"
        RESOLUTION = "resolution", "Ausführung des Beschlusses"

    class State(models.TextChoices):
        OPEN = "open", "offen"
        DONE = "done", "erledigt"
        DROPPED = "dropped", "entfallen"

    attached_as = "auftrag"
    key = models.UUIDField("Kennung", default=uuid.uuid4, editable=False)
    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="follow_ups", verbose_name="TOP")
    kind = models.CharField("Art", max_length=10, choices=Kind, default=Kind.REQUEST)
    words = models.CharField("Was ist zu tun?", max_length=600)
    said_by = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name="von wem",
        help_text="Wer den Auftrag gegeben oder die Zusage gemacht hat; leer: keine Angabe.",
    )
    on_behalf_of = models.CharField(
        "Fraktion", max_length=80, blank=True, help_text="Für wen gefragt wurde. Steht nicht im Verlauf."
    )
    office = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="follow_ups", verbose_name="zuständig"
    )
    due_on = models.DateField(
        "bis", null=True, blank=True, help_text="Letzter Tag oder Tag der Sitzung; leer: ohne Termin."
    )
    state = models.CharField("Stand der Erledigung", max_length=7, choices=State, default=State.OPEN)
    done_on = models.DateField("erledigt am", null=True, blank=True)
    report = models.TextField("Bericht", max_length=4000, blank=True, help_text="Was dem Gremium dazu gesagt wird.")

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Auftrag", "Aufträge und Zusagen"
        ordering: ClassVar = [models.F("due_on").asc(nulls_last=True), "pk"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "key"],
                name="followup_key",
                violation_error_message="Gerade ist noch ein Eintrag mit dieser Kennung entstanden. Bitte noch einmal.",
            ),
            models.CheckConstraint(
                condition=Q(state="open", done_on__isnull=True) | (~Q(state="open") & Q(done_on__isnull=False)),
                name="followup_done",
                violation_error_message="Was erledigt oder entfallen ist, braucht den Tag; was offen ist, hat keinen.",
            ),
            *(SameBody(name) for name in ("item", "said_by", "office")),
        ]

    def __str__(self) -> str:
        return f"zu {self.item.key} vom {format_day(self.item.meeting.date)}"

    @property
    def called(self) -> str:
        """What it is. Example: Zusage zu Ö 12 vom 25.02.2021."""
        return f"{self.get_kind_display()} {self}"

    def get_absolute_url(self) -> str:
        return reverse("follow-up", args=[self.key])

    @classmethod
    def find(cls, body: Any, key: str) -> "FollowUp":
        """The body's row with this key; FollowUp.DoesNotExist otherwise."""
        try:
            return cls._default_manager.get(body=body, key=uuid.UUID(key))
        except ValueError as error:
            raise cls.DoesNotExist(key) from error

    def is_overdue(self, day: date) -> bool:
        """Whether its last day has passed and it is still open."""
        return self.state == self.State.OPEN and self.due_on is not None and self.due_on < day

    def clean(self) -> None:
        """It is as public as its item at most; nothing is due or done before the sitting."""
        errors: dict[str, str] = {}
        if not self.item_id:
            return  # said at the field
        if self.public and not self.item.public:
            errors["public"] = "Der Tagesordnungspunkt ist nichtöffentlich; was aus ihm folgt, ist es auch."
        sat = self.item.meeting.date
        for name in ("due_on", "done_on"):
            day = getattr(self, name)
            if day is not None and day < sat:
                errors[name] = f"Das liegt vor der Sitzung vom {format_day(sat)}."
        if self.state != self.State.OPEN and self.done_on is None:
            errors["done_on"] = "Bitte den Tag angeben."
        if self.state == self.State.OPEN and self.done_on is not None:
            errors["done_on"] = "Ein Tag der Erledigung steht da, aber der Eintrag ist noch offen."
        if self.office is not None and self.office.organization_type != Organization.Type.DEPARTMENT:
            errors["office"] = "Zuständig ist eine Dienststelle."
        if errors:
            raise ValidationError(errors)


def to_report(meeting: Meeting, scope: Any) -> models.QuerySet[FollowUp]:
    """What the Gremium of a sitting has asked for or been promised and what is open and due by its day: proposals for
    its agenda. Example: a promise of 25.02.2021 until 06.05.2021 is offered to that sitting and to each later one."""
    rows = FollowUp.visible_to(scope).filter(state=FollowUp.State.OPEN, due_on__lte=meeting.date)
    before = rows.filter(item__meeting__organization=meeting.organization_id, item__meeting__date__lt=meeting.date)
    return before.select_related("item__meeting")
