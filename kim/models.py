"""Bodies, who may act for them, what is cited, the texts of papers, and the constraint that keeps a body together."""

from typing import Any, ClassVar, Literal

import pgtrigger
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower, Replace

from kim.history import Versioned, tracked

Kind = Literal["beleg", "rechnung", "annahme"]  # how a value came about


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


@tracked()
class Body(Versioned):
    """A Körperschaft (Kreis, city) that works with the program; OParl: Body."""

    class PaperNumbers(models.TextChoices):
        COUNCIL = "council", "Nummer eintragen (aus dem Ratsinformationssystem)"
        OWN = "own", "selbst vergeben"

    slug = models.SlugField("Kurzname", max_length=60, unique=True)
    name = models.CharField("Name", max_length=120, unique=True)
    article = models.CharField(
        "Artikel",
        max_length=3,
        default="die",
        choices=[("der", "der"), ("die", "die"), ("das", "das")],
    )
    sender = models.CharField("Absenderzeile", max_length=120, blank=True)
    consultation_heading = models.CharField("Überschrift der Beratungen", max_length=60, default="Beratungsfolge")
    paper_numbers = models.CharField(
        "Vorlagennummern", max_length=10, choices=PaperNumbers, default=PaperNumbers.COUNCIL
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


class User(AbstractUser):
    """A person who signs in; what she may do hangs on her role assignments."""

    class Meta(AbstractUser.Meta):
        verbose_name, verbose_name_plural = "Benutzerkonto", "Benutzerkonten"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


@tracked()
class RoleAssignment(Versioned):
    """A person acts in a role for a body; Systemverwaltung has no body and sees no body's data."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_assignments", verbose_name="Benutzerkonto")
    body = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, verbose_name="Körperschaft")
    role = models.CharField("Rolle", max_length=20, choices=Role)

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Rollenzuweisung", "Rollenzuweisungen"
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
        return f"{self.user_id} {self.role}"


class BodyRow(Versioned):
    """A business row: it belongs to one body for good, is seen only within it, and every change is an event."""

    scope_key: ClassVar[str] = "body_id"
    body = models.ForeignKey(Body, models.PROTECT, editable=False, related_name="+", verbose_name="Körperschaft")

    class Meta(Versioned.Meta):
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["body", "id"], name="%(app_label)s_%(class)s_body"),
        ]
        triggers = [
            *Versioned.Meta.triggers,
            pgtrigger.Trigger(
                name="body_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__body__df=pgtrigger.F("new__body")),
                func="RAISE EXCEPTION 'body' USING ERRCODE = '23000', CONSTRAINT = 'body_fixed';",
            ),
        ]

    def validate_constraints(self, exclude: Any = None) -> None:
        """No form shows the body, and Django skips each constraint that names an excluded field."""
        super().validate_constraints(exclude=set(exclude or ()) - {"body"})

    @classmethod
    def visible_to(cls, scope: Any) -> Any:
        """The rows of the request's body: the only way to a queryset in a view."""
        return cls._default_manager.filter(body=scope.acting_body)


class SameBody(models.BaseConstraint):
    """A composite foreign key: PostgreSQL's own foreign keys see past row-level security."""

    def __init__(self, field: str, *, name: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("violation_error_message", "Der gewählte Eintrag gehört zu einer anderen Körperschaft.")
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_same", **kwargs)
        self.field = field

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        self.create_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """Put off, as Django does with foreign keys: the key referred to may come later in the same migration."""
        field = model._meta.get_field(self.field)
        target = field.related_model._meta.db_table
        schema_editor.deferred_sql.append(
            f'ALTER TABLE "{model._meta.db_table}" ADD CONSTRAINT "{self.name}" '
            f'FOREIGN KEY (body_id, "{field.column}") '
            f'REFERENCES "{target}" (body_id, id) DEFERRABLE INITIALLY DEFERRED'
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        return f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT "{self.name}"'

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "default") -> None:
        field = model._meta.get_field(self.field)
        if field.name in (exclude or ()) or getattr(instance, field.attname) is None:
            return
        target = field.related_model._base_manager.using(using)
        if not target.filter(pk=getattr(instance, field.attname), body_id=instance.body_id).exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def deconstruct(self) -> tuple[str, tuple[str], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (self.field,), kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameBody) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.field))


@tracked()
class Source(BodyRow):
    """A Beleg: the document something is taken from. FundingNotice and Paper own theirs and read number, title
    and date here; a document known only by name is a Source without an owner."""

    class Kind(models.TextChoices):
        NOTICE = "notice", "Bescheid"
        APPLICATION = "application", "Antrag"
        ANNOUNCEMENT = "announcement", "Ankündigung"
        PAPER = "paper", "Vorlage"
        RESOLUTION = "resolution", "Beschluss"
        MINUTES = "minutes", "Niederschrift"
        CONCEPT = "concept", "Projektskizze"
        OTHER = "other", "Dokument"

    kind = models.CharField("Art", max_length=12, choices=Kind)
    number = models.CharField("Nummer", max_length=60, blank=True)
    title = models.CharField("Titel", max_length=300)
    date = models.DateField("Datum", null=True, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Beleg", "Belege"
        ordering: ClassVar = ["-date", "title"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "kind", "number"],
                condition=~Q(number=""),
                name="source_number",
                violation_error_message="Ein Beleg dieser Art mit dieser Nummer ist schon erfasst.",
            ),
            models.UniqueConstraint(
                fields=["body", "kind", "title", "date"],
                name="source_title",
                nulls_distinct=False,
                violation_error_message="Dieser Beleg ist schon erfasst.",
            ),
        ]

    def __str__(self) -> str:
        return self.cited()

    def cited(self) -> str:
        """As a clerk cites it: kind, number, title and date as far as they are known."""
        from kim.formats import day

        head = " ".join(part for part in (self.get_kind_display(), self.number) if part)
        return f"{head} „{self.title}“" + (f" vom {day(self.date)}" if self.date else "")


@tracked()
class Text(BodyRow):
    """The words of one document, in blocks."""

    name = models.CharField("Name", max_length=120)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Text", "Texte"
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "name"],
                name="text_name",
                violation_error_message="Einen Text mit diesem Namen gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class TextBlock(BodyRow):
    """One block of a text: paragraphs separated by blank lines, figures as {{name key=value form=…}} tokens."""

    text = models.ForeignKey(Text, models.PROTECT, related_name="blocks", verbose_name="Text")
    position = models.PositiveSmallIntegerField("Reihenfolge")
    key = models.SlugField("Kennung", max_length=40)
    heading = models.CharField("Überschrift", max_length=120)
    content = models.TextField("Inhalt")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Textblock", "Textblöcke"
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "text", "key"],
                name="textblock_key",
                violation_error_message="Dieser Block ist in dem Text schon enthalten.",
            ),
            SameBody("text"),
        ]

    def __str__(self) -> str:
        return self.heading

    def clean(self) -> None:
        """A block with an unknown token cannot be saved."""
        from kim.documents import check_tokens

        check_tokens(self.content)


class Cited(models.Model):
    """What a row rests on: a document and the place in it (Beleg), or an assumption and its reason (Annahme)."""

    basis = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="Grundlage")
    basis_place = models.CharField("Fundstelle", max_length=120, blank=True)
    assumption = models.TextField(
        "Annahme",
        blank=True,
        help_text="Begründung, wenn die Angabe in keinem Dokument steht.",
    )

    class Meta:
        abstract = True

    def derivation_kind(self) -> Kind:
        """beleg where a document says so, else annahme."""
        return "annahme" if self.assumption or self.basis is None else "beleg"

    def derivation_source(self) -> str:
        """The document and its place, the reason of an assumption, or that nothing is stated."""
        if self.basis is None:
            return self.assumption or "Grundlage: keine Angabe"
        place = f", {self.basis_place}" if self.basis_place else ""
        return (f"{self.assumption} – " if self.assumption else "") + self.basis.cited() + place


POSITION_NUMBER = RegexValidator(
    r"\A[A-Za-z0-9-]+\Z", "Bitte nur Buchstaben, Ziffern und Bindestrich verwenden, z. B. CM-18."
)
