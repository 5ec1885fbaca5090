"""Committees, offices, persons and sittings, with OParl's names."""

import datetime
import itertools
import re
import uuid
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from kim.models import BodyRow, EndingRow, NamedRow, SameBody, frozen
from kim.models.versioned import tracked
from kim.values.formats import format_day
from kim.values.periods import PeriodField

# Of the Niederschrift that prints a row: what is released was printed from it.
MINUTES = """(SELECT m.text_id FROM meetings_minutes m WHERE m.meeting_id = {meeting} AND {part}
    ORDER BY EXISTS (SELECT FROM kim_release r WHERE r.text_id = m.text_id) DESC LIMIT 1)"""


PRINTED = (
    *("date", "start", '"end"', "public_end", "place", "serial", "organization_id", "legislative_term_id"),
    *("invited_on", "urgency"),
)


def address(name: str) -> models.UniqueConstraint:
    """No two rows of a body have the same address."""
    return models.UniqueConstraint(
        fields=["body", "slug"],
        name=f"{name}_slug",
        violation_error_message="Gerade ist noch ein Eintrag mit dieser Adresse entstanden. Bitte noch einmal.",
    )


@tracked()
class LegislativeTerm(NamedRow):
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
            address("legislativeterm"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("legislative-term", args=[self.slug])


@tracked()
class Organization(EndingRow, NamedRow):
    """A Gremium or a part of the administration."""

    class Type(models.TextChoices):
        COMMITTEE = "committee", "Gremium"
        DEPARTMENT = "department", "Verwaltungsbereich"

    class Quorum(models.TextChoices):
        """When a committee can decide; which of them holds, its Geschäftsordnung and law say."""

        NOT_STATED = "not_stated", "keine Angabe"
        HALF = "half", "mehr als die Hälfte der Mitglieder (§ 49 GO, §§ 34, 52 KrO)"
        CITIZENS = "citizens", "zudem mehr Ratsmitglieder als sachkundige Bürger (§ 58 Abs. 3 GO, § 41 KrO)"

    name = models.CharField("Name", max_length=200)
    short_name = models.CharField("Kurzname", max_length=40, blank=True)
    organization_type = models.CharField("Art", max_length=12, choices=Type)
    street = models.CharField("Straße und Hausnummer", max_length=120, blank=True, default="", db_default="")
    postal_code = models.CharField("PLZ", max_length=10, blank=True, default="", db_default="")
    locality = models.CharField("Ort", max_length=80, blank=True, default="", db_default="")
    voting_member_count = models.PositiveSmallIntegerField(
        "gesetzliche Mitgliederzahl",
        null=True,
        blank=True,
        help_text="Zahl der stimmberechtigten Mitglieder; nach ihr richtet sich die Beschlussfähigkeit.",
    )
    quorum_rule = models.CharField(
        "Regel der Beschlussfähigkeit",
        max_length=10,
        choices=Quorum,
        default=Quorum.NOT_STATED,
        db_default="not_stated",
    )
    notice_days = models.PositiveSmallIntegerField(
        "Ladungsfrist in Tagen",
        null=True,
        blank=True,
        help_text="Nach der Geschäftsordnung (§ 47 Abs. 2 GO, § 32 Abs. 1 KrO); leer: keine Angabe.",
    )
    notice_clear = models.BooleanField(
        "volle Tage",
        default=True,
        db_default=True,
        help_text="Der Tag der Einladung und der Sitzungstag zählen nicht mit.",
    )
    rules_source = models.CharField(
        "Fundstelle der Regeln",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Wo Ladungsfrist und Beschlussfähigkeit stehen, z. B. § 2 GeschO Rat vom 01.11.2020.",
    )
    ends_on = models.DateField(
        "aufgelöst am",
        null=True,
        blank=True,
        help_text="Letzter Tag; danach wird es nicht mehr angeboten, in früheren Vorlagen bleibt es stehen.",
    )

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
            address("organization"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("committee" if self.organization_type == self.Type.COMMITTEE else "office", args=[self.slug])

    @property
    def genitive(self) -> str:
        """Of which Gremium. Examples: des Ausschusses für Soziales; des Städteregionsausschusses; – Kommission."""
        if self.name.startswith("Ausschuss "):
            return f"des Ausschusses {self.name.removeprefix('Ausschuss ')}"
        return f"des {self.name}es" if self.is_masculine else f"– {self.name}"

    @property
    def nominative(self) -> str:
        """The Gremium as the subject of a sentence. Examples: Der Ausschuss für Soziales; Kommission."""
        return f"Der {self.name}" if self.is_masculine else self.name

    @property
    def is_masculine(self) -> bool:
        """Whether its name says that it is "der": an Ausschuss, a Rat or a Tag."""
        return self.name.startswith("Ausschuss ") or self.name.lower().endswith(("ausschuss", "rat", "tag"))

    def clean(self) -> None:
        """No sitting that takes place lies behind its last day."""
        if self.pk is None or self.ends_on is None:
            return
        later = self.meetings.filter(date__gt=self.ends_on, cancelled=False).values_list("date", flat=True)
        if days := [format_day(day) for day in later]:
            raise ValidationError({"ends_on": f"Danach sind noch Sitzungen erfasst: {', '.join(days)}."})


@tracked(exclude=("name", "family_name", "title"))
class Person(EndingRow, BodyRow):
    """Somebody whom a public document names; the name stays out of the history."""

    ended = "ausgeschieden"

    key = models.UUIDField("Kennung", default=uuid.uuid4, editable=False)
    name = models.CharField("Name", max_length=120)
    family_name = models.CharField("Nachname", max_length=80)
    title = models.CharField("Titel", max_length=40, blank=True)
    ends_on = models.DateField(
        "ausgeschieden am",
        null=True,
        blank=True,
        help_text="Letzter Tag; danach wird die Person nicht mehr angeboten, in früheren Vorlagen bleibt sie stehen.",
    )

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Person", "Personen"
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "name"],
                name="person_name",
                violation_error_message="Diese Person ist schon erfasst.",
            ),
            models.UniqueConstraint(
                fields=["body", "key"],
                name="person_key",
                violation_error_message="Gerade ist noch ein Eintrag mit dieser Kennung entstanden. Bitte noch einmal.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.key])


@tracked()
class Meeting(NamedRow):
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
    start = models.TimeField("Beginn", null=True, blank=True, help_text="z. B. 17:00; leer: nicht bekannt.")
    place = models.CharField("Ort", max_length=160, blank=True, default="", db_default="")
    end = models.TimeField("Ende", null=True, blank=True)
    public_end = models.TimeField("Ende des öffentlichen Teils", null=True, blank=True)
    serial = models.PositiveSmallIntegerField(
        "Nummer in der Wahlperiode",
        null=True,
        blank=True,
        help_text="Wird eingetragen, nicht gezählt; die Niederschrift heißt danach: ASID/07/WP18.",
    )
    invited_on = models.DateField(
        "eingeladen am",
        null=True,
        blank=True,
        help_text="Tag, an dem die Einladung versandt oder bereitgestellt wurde.",
    )
    urgency = models.CharField(
        "Grund der Eile",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Nur wenn die Ladungsfrist nicht eingehalten ist; er steht in der Niederschrift.",
    )
    public = models.BooleanField("öffentlich", default=True, db_default=True)
    cancelled = models.BooleanField("abgesagt", default=False, db_default=False)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Sitzung", "Sitzungen"
        triggers = [*BodyRow.Meta.triggers, frozen(MINUTES.format(meeting="{row}.id", part="true"), PRINTED)]
        ordering: ClassVar = ["date"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "organization", "date"],
                name="meeting_day",
                violation_error_message="Diese Sitzung ist schon erfasst.",
            ),
            models.UniqueConstraint(
                fields=["body", "organization", "legislative_term", "serial"],
                condition=models.Q(serial__isnull=False),
                name="meeting_serial",
                violation_error_message="Diese Nummer hat in der Wahlperiode schon eine andere Sitzung.",
            ),
            address("meeting"),
            SameBody("organization"),
            SameBody("legislative_term"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.date:%d.%m.%Y}"

    def words_of_address(self) -> str:
        """Example: sozialausschuss-2027-03-09."""
        if not (self.organization_id and self.date):
            return ""
        short = self.organization.short_name or self.organization.name
        return f"{short[:44]} {self.date.isoformat()}"

    def get_absolute_url(self) -> str:
        return reverse("meeting", args=[self.slug])

    @property
    def number(self) -> str:
        """Gremium, serial and Wahlperiode; empty without a serial. Example: ASID/07/WP18."""
        if self.serial is None:
            return ""
        short = self.organization.short_name or self.organization.name
        term = "".join(re.findall(r"[0-9]+", self.legislative_term.name)[:1]) if self.legislative_term else ""
        return f"{short}/{self.serial:02}" + (f"/WP{term}" if term else "")

    @classmethod
    def find(cls, body: Any, key: str) -> "Meeting":
        """The body's sitting with this address or number (blanks do not count); Meeting.DoesNotExist otherwise."""
        rows = cls._default_manager.filter(body=body).select_related("organization", "legislative_term")
        if found := rows.filter(slug=key).first():
            return found
        wanted = key.replace(" ", "").lower()
        for one in rows.exclude(serial=None):
            if one.number.replace(" ", "").lower() == wanted:
                return one
        raise cls.DoesNotExist(key)

    def days_of_notice(self, invited: datetime.date | None = None) -> int | None:
        """The days between invitation and sitting, as its Gremium counts them; None while nobody said when it was
        invited. invited: the day that is to count where none is recorded yet. Example: invited on 15.02. for 25.02.: 9
        full days, otherwise 10."""
        day = self.invited_on or invited
        if day is None:
            return None
        return (self.date - day).days - (1 if self.organization.notice_clear else 0)

    def invited_in_time(self, invited: datetime.date | None = None) -> bool | None:
        """Whether the Ladungsfrist was kept (§ 47 (2) GO NRW, § 32 (1) KrO NRW: the Geschäftsordnung sets it); None
        while it, or the day of the invitation, is not stated. invited: see days_of_notice."""
        given, required = self.days_of_notice(invited), self.organization.notice_days
        return None if given is None or required is None else given >= required

    def begins(self) -> str:
        """When it begins, as people say it. Example: 17:00 Uhr."""
        return f"{self.start:%H:%M} Uhr" if self.start else ""

    def publicity(self) -> str:
        """Whether it is public, and whether it takes place."""
        words = "öffentlich" if self.public else "nichtöffentlich"
        return f"{words}, abgesagt" if self.cancelled else words

    @classmethod
    def on(cls, organization: Organization, day: datetime.date) -> "Meeting":
        """The sitting of a Gremium on a day, a new one if none is recorded. ValidationError with a sentence if it is
        cancelled, or the Gremium is dissolved by then."""
        organization.require(day, "date")
        key: dict[str, Any] = {"body_id": organization.body_id, "organization": organization, "date": day}
        found, _ = cls._default_manager.get_or_create(**key)
        if found.cancelled:
            raise ValidationError({"date": f"Die Sitzung am {format_day(day)} ist abgesagt."})
        return found

    def clean(self) -> None:
        """A Gremium that is dissolved does not sit; a Wahlperiode covers the day; a sitting ends after it has begun."""
        times = [("start", self.start), ("public_end", self.public_end), ("end", self.end)]
        known = [(name, one) for name, one in times if one is not None]
        for (_, before), (name, after) in itertools.pairwise(known):
            if after <= before and not (name == "end" and after == before and self.public_end == before):
                raise ValidationError({name: f"Das liegt nicht nach {before:%H:%M} Uhr."})
        if self.organization_id and self.date and not self.cancelled:
            self.organization.require(self.date, "date")
        if self.organization_id and self.date:
            self.require_notice()
        term: Any = self.legislative_term
        if term and term.validity and self.date and self.date not in term.validity:
            raise ValidationError({"date": f"Der Tag liegt nicht in der Wahlperiode {term}."})

    def require_notice(self) -> None:
        """Nobody is invited after the sitting, and later than the Ladungsfrist only with a reason."""
        if self.invited_on is not None and self.invited_on > self.date:
            raise ValidationError({"invited_on": "Die Einladung liegt nicht nach der Sitzung."})
        in_time, organization = self.invited_in_time(), self.organization
        if in_time is False and not self.urgency:
            given = days_in_words(max(self.days_of_notice() or 0, 0), clear=organization.notice_clear)
            words = f"Einladung und Sitzung trennen {given}, die Ladungsfrist sind {organization.notice_days}."
            raise ValidationError({"urgency": f"{words} Bitte den Grund der Eile angeben."})
        if self.urgency and in_time:
            raise ValidationError(
                {"urgency": "Ein Grund der Eile steht nur da, wo die Ladungsfrist unterschritten ist."}
            )


def days_in_words(count: int, *, clear: bool) -> str:
    """Examples: ein voller Tag; 2 volle Tage; 9 Tage; kein voller Tag."""
    if count in (0, 1):
        return f"{'k' if count == 0 else ''}ein {'voller ' if clear else ''}Tag"
    return f"{count} {'volle ' if clear else ''}Tage"
