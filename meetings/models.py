"""Committees, sittings and papers, with OParl's names, as far as a Vorlage needs them."""

from typing import Any, ClassVar
from urllib.parse import quote

import pgtrigger
from django.db import models
from django.db.models import Q
from django.urls import reverse

from grants.models import FundingNotice
from kim.history import tracked
from kim.models import Body, BodyRow, GuardedRow, SameBody, Source, Text
from kim.periods import PeriodField


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


# A paper's words and its entry among the Belege are exactly as public as the paper itself.
PUBLICITY = pgtrigger.Trigger(
    name="publicity",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        UPDATE kim_source SET public = NEW.public WHERE id = NEW.source_id AND public <> NEW.public;
        UPDATE kim_text SET public = NEW.public WHERE id = NEW.text_id AND public <> NEW.public;
        RETURN NULL;
    """,
)


@tracked()
class Paper(GuardedRow):
    """A Vorlage; its number (OParl: reference), name and date stand in its Source."""

    attached_as = "vorlage"

    class PaperType(models.TextChoices):
        INFORMATION = "information", "Mitteilungsvorlage"
        RESOLUTION = "resolution", "Beschlussvorlage"

    class State(models.TextChoices):
        DRAFT = "draft", "Entwurf"
        KNOWN = "known", "nur als Fundstelle bekannt"

    source = models.OneToOneField(Source, models.PROTECT, related_name="paper", verbose_name="Beleg")
    paper_type = models.CharField("Vorlageart", max_length=12, choices=PaperType)
    state = models.CharField("Stand", max_length=8, choices=State, default=State.DRAFT)
    as_of = models.DateField(
        "Zahlenstand",
        null=True,
        blank=True,
        help_text="Der Tag, für den die Zahlen der Vorlage gelten.",
    )
    text = models.OneToOneField(Text, models.PROTECT, null=True, blank=True, related_name="paper", verbose_name="Text")
    notice = models.ForeignKey(
        FundingNotice,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name="Zuwendung",
    )
    superior = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followers",
        verbose_name="bezieht sich auf Vorlage",
    )
    signer = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="papers", verbose_name="gezeichnet von"
    )
    signer_phrase = models.CharField("Zeichnungsformel", max_length=60, blank=True)

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Vorlage", "Vorlagen"
        ordering: ClassVar = ["-source__date"]
        triggers = [*GuardedRow.Meta.triggers, PUBLICITY]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.CheckConstraint(
                condition=Q(text__isnull=True) | Q(as_of__isnull=False, notice__isnull=False),
                name="paper_as_of",
                violation_error_message="Eine Vorlage mit Text braucht Zahlenstand und Zuwendung.",
            ),
            SameBody("source"),
            SameBody("text"),
            SameBody("notice"),
            SameBody("superior"),
            SameBody("signer"),
        ]

    def __str__(self) -> str:
        return f"{self.get_paper_type_display()} {self.reference}".strip()

    @property
    def reference(self) -> str:
        """The Vorlagennummer, as the council information system gave it."""
        return self.source.number

    @property
    def name(self) -> str:
        """The Betreff."""
        return self.source.title

    @property
    def date(self) -> Any:
        """The date of the paper."""
        return self.source.date

    @property
    def address(self) -> str:
        """The reference as it stands in an address: without blanks and slashes."""
        return self.reference.replace("/", "-").replace(" ", "-")

    def get_absolute_url(self) -> str:
        """The paper's page; of one that is only known by name, its line in the list."""
        if self.text_id is None:
            return f"{reverse('documents')}?suche={quote(self.reference)}"
        return reverse("document", args=[self.address])

    @classmethod
    def find(cls, body: Body, reference: str) -> "Paper":
        """The body's paper with this reference, blanks not counted; Paper.DoesNotExist otherwise."""
        wanted = reference.replace(" ", "").replace("/", "-")
        papers = cls._default_manager.select_related("source", "text", "notice", "signer", "superior__source")
        for paper in papers.filter(body=body):
            if paper.reference.replace(" ", "").replace("/", "-") == wanted and wanted:
                return paper
        raise cls.DoesNotExist(f"„{reference}“ gibt es nicht.")


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
    role = models.CharField("Zuständigkeit", max_length=12, choices=ConsultationRole)
    order = models.PositiveSmallIntegerField("Reihenfolge", default=1)
    authoritative = models.BooleanField("Beschluss gefasst", default=False)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Beratung", "Beratungen"
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
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.get_role_display()})"
