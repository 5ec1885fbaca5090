"""Who belongs to which committee, in what role, and from when until when."""

import uuid
from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse

from kim.models import BodyRow, SameBody
from kim.models.versioned import tracked
from kim.values.formats import format_day, format_range
from kim.values.periods import PeriodField, PeriodQuerySet, inclusive_range, last_day, today
from meetings.models.committees import Organization, Person


def unlimited() -> Any:
    """A time of which neither the beginning nor the end is known."""
    return inclusive_range(None, None)


@tracked(exclude=("on_behalf_of",))
class Membership(BodyRow):
    """A Mitgliedschaft, with OParl's names. For which Fraktion somebody sits stays out of the history, which nobody can
    delete, as the names of persons do."""

    class Role(models.TextChoices):
        CHAIR = "chair", "Vorsitz"
        VICE_CHAIR = "vice_chair", "stellvertretender Vorsitz"
        MEMBER = "member", "Mitglied"
        DEPUTY = "deputy", "stellvertretendes Mitglied"
        SECRETARY = "secretary", "Schriftführung"
        VICE_SECRETARY = "vice_secretary", "stellvertretende Schriftführung"

    class Kind(models.TextChoices):
        """§ 58 GO NRW, § 41 KrO NRW: a quorum counts Ratsmitglieder against sachkundige Bürger."""

        NOT_STATED = "not_stated", "keine Angabe"
        COUNCIL = "council", "Ratsmitglied/Kreistagsmitglied"
        CITIZEN = "citizen", "sachkundige/r Bürger/in"
        RESIDENT = "resident", "sachkundige/r Einwohner/in"
        ADVISER = "adviser", "beratendes Mitglied"
        DELEGATE = "delegate", "Vertretung einer anderen Stelle"

    class VotingRight(models.TextChoices):
        NOT_STATED = "not_stated", "keine Angabe"
        YES = "yes", "ja"
        NO = "no", "nein"

    key = models.UUIDField("Kennung", default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="memberships", verbose_name="Gremium")
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships", verbose_name="Person")
    role = models.CharField("Funktion", max_length=14, choices=Role, default=Role.MEMBER)
    kind = models.CharField("Art der Mitgliedschaft", max_length=10, choices=Kind, default=Kind.NOT_STATED)
    voting_right = models.CharField("Stimmrecht", max_length=10, choices=VotingRight, default=VotingRight.NOT_STATED)
    on_behalf_of = models.CharField(
        "Fraktion", max_length=80, blank=True, help_text="Oder die Stelle, die entsendet. Steht nicht im Verlauf."
    )
    validity = PeriodField("Zeitraum", default=unlimited, blank=True, help_text="Leer: nicht bekannt.")

    objects = PeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Mitgliedschaft", "Mitgliedschaften"
        ordering: ClassVar = ["organization__name", "person__family_name", "person__name", "validity"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "key"],
                name="membership_key",
                violation_error_message="Gerade ist noch ein Eintrag mit dieser Kennung entstanden. Bitte noch einmal.",
            ),
            models.CheckConstraint(
                condition=Q(validity__isempty=False),
                name="membership_validity",
                violation_error_message="Das Ende liegt vor dem Anfang.",
            ),
            ExclusionConstraint(
                name="membership_once",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("organization", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="In dieser Zeit ist die Person hier schon mit dieser Funktion eingetragen.",
            ),
            SameBody("organization"),
            SameBody("person"),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.organization})"

    def get_absolute_url(self) -> str:
        return reverse("membership", args=[self.key])

    def clean(self) -> None:
        """Only a Gremium has members; none begins after its Gremium or the person has ended. Of one whose beginning is
        not known the last day counts, of one that goes on today."""
        if self.validity is None:
            self.validity = unlimited()
        if not (self.organization_id and self.person_id) or self.validity.isempty:
            return  # said at the field
        if self.organization.organization_type != Organization.Type.COMMITTEE:
            raise ValidationError({"organization": "Mitglieder hat ein Gremium, keine Dienststelle."})
        day = self.validity.lower or last_day(self.validity) or today(self.body)
        self.organization.require(day, "organization")
        self.person.require(day, "person")

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day: no longer than its Gremium, nor than the person is there."""
        return day in self.validity and self.organization.is_there(day) and self.person.is_there(day)

    @property
    def period(self) -> str:
        """Its time as a clerk says it; empty where nothing of it is known."""
        return format_range(self.validity) if self.validity.lower or self.validity.upper else ""

    def end(self, last: date) -> None:
        """It ends with a day, the last on which it holds. ValidationError with a sentence if it has ended before, or
        begins later."""
        before = last_day(self.validity)
        if before and before <= last:
            raise ValidationError({"last": f"Die Mitgliedschaft endet schon am {format_day(before)}."})
        if self.validity.lower and last < self.validity.lower:
            raise ValidationError({"last": f"Die Mitgliedschaft beginnt erst am {format_day(self.validity.lower)}."})
        self.validity = inclusive_range(self.validity.lower, last)
        self.save_as(f"Mitgliedschaft beendet zum {format_day(last)}")
