"""What was decided because a Gremium could not be called in time, until it approves or revokes it."""

import uuid
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


@tracked(exclude=("reason", "resolution"))
class UrgentDecision(GuardedRow):
    """A Dringlichkeitsentscheidung (§ 60 GO NRW, § 50 (3) KrO NRW): two decide instead of the Gremium, which is asked
    in its next sitting. Reason and words may name persons and stay out of the history."""

    class Outcome(models.TextChoices):
        OPEN = "open", "noch nicht vorgelegt"
        APPROVED = "approved", "genehmigt"
        REVOKED = "revoked", "aufgehoben"

    attached_as = "dringlichkeit"
    key = models.UUIDField("Kennung", default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="urgent_decisions", verbose_name="anstelle von"
    )
    decided_on = models.DateField("entschieden am")
    title = models.CharField("Betreff", max_length=400)
    resolution = models.TextField("Wortlaut der Entscheidung", max_length=4000)
    reason = models.TextField("Grund der Dringlichkeit", max_length=4000)
    first_decider = models.ForeignKey(
        Person,
        models.PROTECT,
        related_name="+",
        verbose_name="entschieden von",
        help_text="Hauptverwaltungsbeamtin/-er",
    )
    second_decider = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="und von",
        help_text="Vorsitz oder ein Mitglied des Gremiums; leer: keine Angabe.",
    )
    item = models.ForeignKey(
        AgendaItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="urgent_decisions",
        verbose_name="vorgelegt unter TOP",
        help_text="Leer, bis es auf einer Tagesordnung steht.",
    )
    outcome = models.CharField("Ergebnis", max_length=8, choices=Outcome, default=Outcome.OPEN)
    rights = models.CharField(
        "Rechte Dritter",
        max_length=300,
        blank=True,
        help_text="Nur bei Aufhebung: welche schon entstanden sind und bestehen bleiben (§ 60 Abs. 1 GO).",
    )

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Dringlichkeitsentscheidung", "Dringlichkeitsentscheidungen"
        ordering: ClassVar = ["-decided_on", "pk"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "key"],
                name="urgentdecision_key",
                violation_error_message="Gerade ist noch ein Eintrag mit dieser Kennung entstanden. Bitte noch einmal.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="open") | Q(item__isnull=False),
                name="urgentdecision_item",
                violation_error_message="Genehmigt oder aufgehoben wird sie in einer Sitzung: Bitte den TOP angeben.",
            ),
            *(SameBody(name) for name in ("organization", "first_decider", "second_decider", "item")),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({format_day(self.decided_on)})"

    def get_absolute_url(self) -> str:
        return reverse("urgent-decision", args=[self.key])

    @classmethod
    def find(cls, body: Any, key: str) -> "UrgentDecision":
        """The body's row with this key; UrgentDecision.DoesNotExist otherwise."""
        try:
            return cls._default_manager.get(body=body, key=uuid.UUID(key))
        except ValueError as error:
            raise cls.DoesNotExist(key) from error

    def due(self) -> Meeting | None:
        """The next sitting of the Gremium after the decision, in which it has to be laid before it; None if there is
        none yet. One query."""
        rows = Meeting.objects.filter(organization=self.organization_id, cancelled=False, date__gt=self.decided_on)
        return rows.order_by("date").first()

    def clean(self) -> None:
        """Two different persons; it is laid before its own Gremium, later; only what is revoked leaves rights."""
        errors: dict[str, str] = {}
        if self.second_decider_id is not None and self.second_decider_id == self.first_decider_id:
            errors["second_decider"] = "Zwei verschiedene Personen entscheiden."
        item: Any = self.item
        if item is not None and item.meeting.organization_id != self.organization_id:
            errors["item"] = f"Vorgelegt wird sie {self.organization}, dieser TOP gehört zu {item.meeting}."
        elif item is not None and self.decided_on and item.meeting.date <= self.decided_on:
            errors["item"] = "Vorgelegt wird sie in einer späteren Sitzung."
        if item is not None and self.public and not item.public:
            errors["public"] = "Der Tagesordnungspunkt ist nichtöffentlich; was unter ihm liegt, ist es auch."
        if self.rights and self.outcome != self.Outcome.REVOKED:
            errors["rights"] = "Rechte Dritter stehen nur bei einer Aufhebung da."
        if errors:
            raise ValidationError(errors)


def to_approve(meeting: Meeting, scope: Any) -> models.QuerySet[UrgentDecision]:
    """What was decided in place of the Gremium of a sitting before it and stands on no agenda yet: proposals for this
    one. Example: of 14.12.2020, for the sitting of 25.02.2021."""
    rows = UrgentDecision.visible_to(scope).filter(organization=meeting.organization_id, item__isnull=True)
    return rows.filter(outcome=UrgentDecision.Outcome.OPEN, decided_on__lt=meeting.date).order_by("decided_on")
