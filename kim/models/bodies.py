"""Bodies, the persons who work with the program, and what each may do for which body."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower, Replace

from kim.models.refusals import SENTENCES
from kim.models.versioned import Versioned, tracked
from kim.values.formats import format_day
from kim.values.periods import today


def din5007(field: str) -> Any:
    """The German sort key (DIN 5007-1) as an expression: lower case, ä as a, ß as ss; the same on every server."""
    key: Any = Lower(F(field))
    for letter, plain in (("ä", "a"), ("ö", "o"), ("ü", "u"), ("ß", "ss")):
        key = Replace(key, Value(letter), Value(plain))
    return key


def sort_key(field: str = "name") -> models.GeneratedField:
    """A stored, indexable column that sorts ``field`` as a German telephone book does."""
    return models.GeneratedField(
        expression=din5007(field),
        output_field=models.CharField(max_length=300, db_collation="C"),
        db_persist=True,
    )


FOOT_LINES, FOOT_WIDTH = 2, 100  # what has room below the line at the foot of a page


def few_lines(words: str) -> None:
    """ValidationError if a footer would run off the page."""
    lines = words.splitlines()
    if len(lines) > FOOT_LINES:
        raise ValidationError(f"Die Fußzeile hat {len(lines)} Zeilen, auf der Seite ist Platz für zwei.")
    if long := next((line for line in lines if len(line) > FOOT_WIDTH), None):
        raise ValidationError(f"Eine Zeile der Fußzeile hat {len(long)} Zeichen, Platz ist für {FOOT_WIDTH}.")


@tracked()
class Body(Versioned):
    """A Körperschaft (Kreis, city) that works with the program; OParl: Body."""

    class PaperNumbers(models.TextChoices):
        COUNCIL = "council", "Nummer eintragen (aus dem Ratsinformationssystem)"
        OWN = "own", "selbst vergeben"

    class PaperLayout(models.TextChoices):
        LETTER = "letter", "Brief (Überschriften untereinander)"
        BOX = "box", "Kasten mit zwei Spalten"

    class Kind(models.TextChoices):
        DISTRICT = "district", "Kreis"
        CITY = "city", "kreisfreie Stadt"
        MUNICIPALITY = "municipality", "kreisangehörige Kommune"
        REGION = "region", "StädteRegion"
        OTHER = "other", "andere"

    slug = models.SlugField("Kurzname", max_length=60, unique=True)
    name = models.CharField(
        "Name",
        max_length=120,
        unique=True,
        error_messages={"unique": "Eine Körperschaft mit diesem Namen gibt es schon."},
    )
    kind = models.CharField("Art", max_length=12, choices=Kind, default=Kind.OTHER, db_default="other")
    ags = models.CharField(
        "AGS",
        max_length=8,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(r"\A([0-9]{5}|[0-9]{8})\Z", "Ein Kreis hat fünf, eine Kommune acht Ziffern.")],
        help_text="Amtlicher Gemeindeschlüssel: fünf Ziffern für einen Kreis, acht für eine Kommune.",
    )
    article = models.CharField(
        "Artikel",
        max_length=3,
        default="die",
        choices=[("der", "der"), ("die", "die"), ("das", "das")],
    )
    sender = models.CharField("Absenderzeile", max_length=120, blank=True)
    head_name = models.CharField(
        "Name im Briefkopf",
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="Nur, wenn dort ein anderer stehen soll als der Name der Körperschaft.",
    )
    street = models.CharField("Straße und Hausnummer", max_length=120, blank=True, default="", db_default="")
    postal_code = models.CharField("PLZ", max_length=10, blank=True, default="", db_default="")
    locality = models.CharField("Ort", max_length=80, blank=True, default="", db_default="")
    contact = models.CharField(
        "Telefon, E-Mail, Internet",
        max_length=160,
        blank=True,
        default="",
        db_default="",
        help_text="Der Behörde, nicht einer Person; eine Zeile unter der Anschrift.",
    )
    footer = models.TextField(
        "Fußzeile",
        blank=True,
        default="",
        db_default="",
        validators=[few_lines],
        help_text="Steht unten auf jeder Seite: höchstens zwei Zeilen zu 100 Zeichen, z. B. Bankverbindung.",
    )
    consultation_heading = models.CharField("Überschrift der Beratungen", max_length=60, default="Beratungsfolge")
    paper_numbers = models.CharField(
        "Vorlagennummern", max_length=10, choices=PaperNumbers, default=PaperNumbers.COUNCIL
    )
    paper_layout = models.CharField(
        "Gestalt der Vorlagen",
        max_length=8,
        choices=PaperLayout,
        default=PaperLayout.LETTER,
        db_default="letter",
        help_text="Gilt für neue Vorlagen und für Entwürfe; was freigegeben ist, bleibt, wie es ist.",
    )
    sub_product_mask = models.CharField(
        "Maske der Teilprodukte",
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="9 steht für eine Ziffer, A für einen Buchstaben, alles andere für sich: 99.999.99. Leer: frei.",
    )
    account_mask = models.CharField(
        "Maske der Sachkonten",
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="Ebenso, z. B. 999999 für sechs Ziffern. Was schon eingetragen ist, bleibt.",
    )
    reference_day = models.DateField(
        "Bezugstag",
        null=True,
        blank=True,
        help_text="Nur bei Probedaten: der Tag, der als heute gilt.",
    )
    is_trial = models.BooleanField("Probedaten", default=False)

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Körperschaft", "Körperschaften"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> list[str]:
        """Its address in lines, as far as it is known. Example: ["Zollernstraße 10", "52070 Aachen"]."""
        return [line for line in (self.street, f"{self.postal_code} {self.locality}".strip()) if line]

    @property
    def genitive(self) -> str:
        """Whose paper it is, in a footer: der Stadt Aachen; the mere name where the genitive cannot be derived."""
        return f"der {self.name}" if self.article == "die" else self.name

    @classmethod
    def find(cls, slug: str) -> "Body":
        """The body with this slug; Body.DoesNotExist otherwise."""
        return cls._default_manager.get(slug=slug)


class Role(models.TextChoices):
    """What a person does for a body; the words of the administration."""

    CLERK = "sachbearbeitung", "Sachbearbeitung"
    TREASURY = "kaemmerei", "Kämmerei"
    COMMITTEE = "sitzungsdienst", "Sitzungsdienst"
    HEAD = "leitung", "Leitung"
    AUDIT = "pruefung", "Rechnungsprüfung"
    TECHNICAL = "technik", "Systemverwaltung"


LAST_TECHNICAL = "Ohne dieses Konto gäbe es keine Systemverwaltung mehr. Bitte zuerst eine andere Person dazu machen."
SENTENCES["last_technical"] = LAST_TECHNICAL
ENDED = "Verlängern kann ihn die Systemverwaltung."  # after the day on which somebody's access has ended
TECHNICAL_LOCK = 78  # the first half of the advisory lock "a Systemverwaltung goes"; 77 is that of a closed year


def one_remains(operation: Any, condition: str) -> Any:
    """A trigger: after a Systemverwaltung has gone, by whatever way, another one that may sign in is there, and no day
    on which that ends. Of two that go at once the second waits for the first, and then sees that it was the last.

    condition: SQL over OLD and NEW (of a row that is deleted NEW is empty), whether one has gone.
    """
    return pgtrigger.Trigger(
        name="last_technical",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        func=f"""
            IF {condition} THEN
                PERFORM pg_advisory_xact_lock({TECHNICAL_LOCK}, 0);
                IF NOT EXISTS (SELECT FROM kim_roleassignment r JOIN kim_user u ON u.id = r.user_id
                               WHERE r.role = '{Role.TECHNICAL}' AND u.is_active AND u.ends_on IS NULL) THEN
                    RAISE EXCEPTION 'last' USING ERRCODE = '23000', CONSTRAINT = 'last_technical';
                END IF;
            END IF;
            RETURN NULL;
        """,
    )


@tracked(exclude=("username", "first_name", "last_name", "email", "password", "last_login"))
class User(AbstractUser, Versioned):
    """A person who signs in; what she may do hangs on her role assignments. Her name stays out of the history."""

    ends_on = models.DateField("Zugang endet am", null=True, blank=True)

    class Meta(AbstractUser.Meta):
        verbose_name, verbose_name_plural = "Benutzerkonto", "Benutzerkonten"
        ordering: ClassVar = ["username"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_name_case",
                violation_error_message="Diesen Anmeldenamen gibt es schon, nur anders geschrieben.",
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="version",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                declare=[("before", "kim_user%ROWTYPE")],
                func="""IF NEW.version NOT IN (OLD.version, OLD.version + 1) THEN
                    RAISE EXCEPTION 'stale' USING ERRCODE = '23000', CONSTRAINT = 'version'; END IF;
                    before := OLD;
                    before.last_login := NEW.last_login; -- to sign in is no change of the account
                    IF NEW IS DISTINCT FROM before THEN NEW.version := OLD.version + 1; END IF;
                    RETURN NEW;""",
            ),
            one_remains(
                pgtrigger.Update,
                "OLD.is_active AND OLD.ends_on IS NULL AND (NOT NEW.is_active OR NEW.ends_on IS NOT NULL)"
                " AND EXISTS (SELECT FROM kim_roleassignment held"
                f" WHERE held.user_id = OLD.id AND held.role = '{Role.TECHNICAL}')",
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def has_ended(self) -> bool:
        """Whether the last day of her access is over; that day itself still belongs to it."""
        return self.ends_on is not None and self.ends_on < today(None)

    @property
    def farewell(self) -> str:
        """What somebody is told whose access has ended. Example: Ihr Zugang endete am 30.11.2026. …"""
        return f"Ihr Zugang endete am {format_day(self.ends_on)}. {ENDED}" if self.ends_on else ""

    def hold_roles(self, wanted: dict[tuple[int | None, str], bool]) -> bool:
        """Give and take roles until the person has exactly these: {(body, role): whether for public matters only};
        whether anything changed. ValidationError if the last Systemverwaltung would go."""
        held = {(row.body_id, row.role): row for row in self.role_assignments.all()}
        changed = False
        for key, row in held.items():
            if key not in wanted:
                row.delete()
                changed = True
            elif row.public_only != wanted[key]:
                row.public_only = wanted[key]
                row.save()
                changed = True
        for body, role in wanted.keys() - held.keys():
            RoleAssignment(user=self, body_id=body, role=role, public_only=wanted[body, role]).save_checked()
            changed = True
        return changed


@tracked()
class RoleAssignment(Versioned):
    """A person acts in a role for a body; Systemverwaltung has no body and sees no body's data."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_assignments", verbose_name="Benutzerkonto")
    body = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, verbose_name="Körperschaft")
    role = models.CharField("Rolle", max_length=20, choices=Role)
    public_only = models.BooleanField(
        "nur Öffentliches",
        default=False,
        help_text="Liest, was öffentlich ist, und ändert nichts.",
    )

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Rollenzuweisung", "Rollenzuweisungen"
        triggers = [
            *Versioned.Meta.triggers,
            one_remains(
                pgtrigger.Update | pgtrigger.Delete,
                f"OLD.role = '{Role.TECHNICAL}' AND (TG_OP = 'DELETE'"
                f" OR (NEW.role, NEW.user_id) IS DISTINCT FROM ('{Role.TECHNICAL}', OLD.user_id))",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["body", "user", "role"],
                name="role_assignment_once",
                nulls_distinct=False,
                violation_error_message="Diese Rolle ist schon zugewiesen.",
            ),
            models.CheckConstraint(
                condition=Q(role=Role.TECHNICAL, body__isnull=True) | (~Q(role=Role.TECHNICAL) & Q(body__isnull=False)),
                name="role_assignment_body",
                violation_error_message="Systemverwaltung gilt ohne Körperschaft, jede andere Rolle für eine.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}" + (f" ({self.body})" if self.body else "")
