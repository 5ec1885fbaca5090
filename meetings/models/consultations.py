"""The Beratungsfolge of a paper, with OParl's names."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from kim.models import BodyRow, SameBody, TextBlock, frozen
from kim.models.versioned import tracked
from meetings.models.agenda import AgendaItem
from meetings.models.committees import Meeting, Organization
from meetings.models.papers import OF_PAPER, PROPOSAL, Paper


@tracked()
class Consultation(BodyRow):
    """A row of the Beratungsfolge: a committee deals with a paper, in a sitting once that is known."""

    guard_parent = "paper"

    class ConsultationRole(models.TextChoices):
        INFORMATION = "information", "Kenntnisnahme"
        DECISION = "decision", "Entscheidung"
        ADVICE = "advice", "Vorberatung"

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="consultations", verbose_name="Vorlage")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="consultations", verbose_name="Gremium")
    meeting = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="consultations", verbose_name="Sitzung"
    )
    agenda_item = models.ForeignKey(
        AgendaItem, models.PROTECT, null=True, blank=True, related_name="consultations", verbose_name="TOP"
    )
    role = models.CharField("Zuständigkeit", max_length=12, choices=ConsultationRole)
    order = models.PositiveSmallIntegerField("Reihenfolge", default=1)
    authoritative = models.BooleanField("Beschluss gefasst", default=False)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Beratung", "Beratungen"
        triggers = [*BodyRow.Meta.triggers, frozen(OF_PAPER, ("paper_id", "organization_id", "role", '"order"'))]
        ordering: ClassVar = ["order"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "paper", "order"],
                name="consultation_order",
                violation_error_message="Diese Stelle der Beratungsfolge ist schon belegt.",
            ),
            SameBody("paper"),
            SameBody("organization"),
            SameBody("meeting"),
            SameBody("agenda_item"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.get_role_display()})"

    def get_absolute_url(self) -> str:
        return self.paper.get_absolute_url()

    def used_by(self) -> list[str]:
        """Also its Beschlussvorschlag, once somebody has written it: it would go with the committee."""
        key = f"{PROPOSAL}-{self.order}"
        written = TextBlock.objects.filter(text=self.paper.text_id, key=key).exclude(content="").exists()
        return [
            *super().used_by(),
            *(["ein geschriebener Beschlussvorschlag (bitte vorher leeren)"] if written else []),
        ]

    def remove(self, *, reason: str) -> None:
        """The committee leaves the Beratungsfolge, and its Beschlussvorschlag with it; see Versioned.remove."""
        text, key = self.paper.text_id, f"{PROPOSAL}-{self.order}"
        with transaction.atomic():
            super().remove(reason=reason)
            TextBlock.objects.filter(text=text, key=key).delete()


def carry_papers(item: AgendaItem, number: str) -> None:
    """Let the papers with these numbers (divided by commas) stand under an item, by their Beratung in the sitting's
    Gremium, a new one if there is none. What is not typed stands there no more. ValidationError if the body has no such
    paper."""
    wanted = [word.strip() for word in number.split(",") if word.strip()]
    there = {one.paper.reference: one for one in item.consultations.select_related("paper__source")}
    for reference in (one for one in there if one not in wanted):
        there[reference].agenda_item = None
        there[reference].save()
    for reference in (one for one in wanted if one not in there):
        try:
            paper = Paper.find(item.body, reference)
        except Paper.DoesNotExist as error:
            raise ValidationError(f"TOP {item.number}: Die Vorlage „{reference}“ gibt es nicht.") from error
        rows = paper.consultations.filter(organization=item.meeting.organization)
        found = rows.filter(meeting=item.meeting).first() or rows.filter(meeting=None).first()
        if found is None:
            last = paper.consultations.order_by("order").last()
            found = Consultation(body_id=item.body_id, paper=paper, organization=item.meeting.organization)
            found.role, found.order = Consultation.ConsultationRole.DECISION, (last.order if last else 0) + 1
        found.meeting, found.agenda_item = item.meeting, item
        found.save_checked()
