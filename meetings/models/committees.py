"""Committees, offices, persons and sittings, with OParl's names."""

from typing import ClassVar

from django.db import models

from kim.models import BodyRow, SameBody
from kim.models.versioned import tracked
from kim.values.periods import PeriodField


@tracked()
class LegislativeTerm(BodyRow):
    """A Wahlperiode."""

    name = models.CharField("Wahlperiode", max_length=40)
    validity = PeriodField("Zeitraum", null=True, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Wahlperiode", "Wahlperioden"
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "name"],
                name="legislativeterm_name",
                violation_error_message="Diese Wahlperiode gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class Organization(BodyRow):
    """A Gremium or a part of the administration."""

    class Type(models.TextChoices):
        COMMITTEE = "committee", "Gremium"
        DEPARTMENT = "department", "Verwaltungsbereich"

    name = models.CharField("Name", max_length=200)
    short_name = models.CharField("Kurzname", max_length=40, blank=True)
    organization_type = models.CharField("Art", max_length=12, choices=Type)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Gremium", "Gremien"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "name"],
                name="organization_name",
                violation_error_message="Dieses Gremium gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked(exclude=("name", "family_name", "title"))
class Person(BodyRow):
    """Somebody whom a public document names; the name stays out of the history."""

    name = models.CharField("Name", max_length=120)
    family_name = models.CharField("Nachname", max_length=80)
    title = models.CharField("Titel", max_length=40, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Person", "Personen"
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "name"],
                name="person_name",
                violation_error_message="Diese Person ist schon erfasst.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class Meeting(BodyRow):
    """A sitting of a committee."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="meetings", verbose_name="Gremium")
    legislative_term = models.ForeignKey(
        LegislativeTerm,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        verbose_name="Wahlperiode",
    )
    date = models.DateField("Sitzungstag")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Sitzung", "Sitzungen"
        ordering: ClassVar = ["date"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "organization", "date"],
                name="meeting_day",
                violation_error_message="Diese Sitzung ist schon erfasst.",
            ),
            SameBody("organization"),
            SameBody("legislative_term"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.date:%d.%m.%Y}"
