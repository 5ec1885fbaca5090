"""The bases of business rows: one body for good, the constraint that keeps it, and what is not public."""

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from kim.models.bodies import Body
from kim.models.versioned import Versioned
from kim.store.context import Scope
from kim.values.formats import format_day, slug


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
    def visible_to(cls, scope: Scope) -> models.QuerySet[Self]:
        """The rows of the request's body: the only way to a queryset in a view."""
        return cls._default_manager.filter(body=scope.acting_body)


def address_word(text: str) -> str:
    """A name as a word of an address, cut between words so that a number fits behind it; empty if nothing is left.

    >>> address_word("Ausschuss für Soziales, Gesundheit, Senioren und demographische Vielfalt")
    'ausschuss-fuer-soziales-gesundheit-senioren-und'
    """
    plain = slug(text).strip("-")
    return plain if len(plain) <= 56 else plain[:57].rpartition("-")[0] or plain[:56]


class Addressed(models.Model):
    """A row whose page has its name in the address (``slug``). The address stays when the name is another later, so
    that links hold."""

    slug: Any

    class Meta:
        abstract = True

    def words_of_address(self) -> str:
        """What the address is made of. Example: „Sozialausschuss“: sozialausschuss."""
        return str(self.name)  # type: ignore[attr-defined]  # the model's own

    def siblings(self) -> models.QuerySet[Any]:
        """The rows among which the word is to mean one."""
        raise NotImplementedError

    def give_address(self) -> None:
        """A word of its own for the address; a number behind it where another row has it already. ValidationError if
        nothing of the name can stand in an address."""
        if self.slug or not self.words_of_address().strip():
            return
        plain = address_word(self.words_of_address())
        if plain in {"", "neu"}:
            raise ValidationError("Aus diesem Namen lässt sich keine Adresse bilden. Bitte einen anderen angeben.")
        taken = set(self.siblings().filter(slug__startswith=plain).values_list("slug", flat=True))
        self.slug = next(word for n in range(1, 9999) if (word := plain if n == 1 else f"{plain}-{n}") not in taken)

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        self.give_address()
        super().full_clean(*args, **kwargs)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.give_address()
        super().save(*args, **kwargs)


class NamedRow(Addressed, BodyRow):
    """A business row with its name in the address; each model makes it unique in its body."""

    slug = models.SlugField("Kurzname in Adressen", max_length=60, blank=True, default="", editable=False)

    class Meta(BodyRow.Meta):
        abstract = True

    def siblings(self) -> models.QuerySet[Any]:
        return type(self)._base_manager.filter(body=self.body_id)


class EndingRow(models.Model):
    """A row that has a last day (``ends_on``): where it was used it stays, after the day it is not used anew."""

    ends_on: Any
    ended: ClassVar[str] = "aufgelöst"

    class Meta:
        abstract = True

    @classmethod
    def there_on(cls, rows: models.QuerySet[Any], day: date, current: Any = None) -> models.QuerySet[Any]:
        """Those of the rows that have not ended by a day, and the one that is chosen already: what a select offers."""
        found: models.QuerySet[Any] = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day) | Q(pk=current))
        return found

    def is_there(self, day: date) -> bool:
        """Whether it has not ended by the day."""
        return self.ends_on is None or day <= self.ends_on

    def require(self, day: date, field: str) -> None:
        """Refuses a new use on a day after its last: ValidationError with a sentence at the field."""
        if not self.is_there(day):
            raise ValidationError({field: f"{self} ist zum {format_day(self.ends_on)} {self.ended}."})


class GuardedRow(BodyRow):
    """A row that may be public and is not unless somebody says so (§ 48 (2) GO NRW: nichtöffentliche Sitzung).

    A person whose role is for public matters only never sees what is not: visible_to leaves it out, and
    PostgreSQL itself does (kim.store.migrating.rules derives the policy from ``guard_sql``).
    """

    guard_sql: ClassVar[str] = "public"
    guard: ClassVar[Q] = Q(public=True)
    public = models.BooleanField("öffentlich", default=False)

    class Meta(BodyRow.Meta):
        abstract = True

    @classmethod
    def visible_to(cls, scope: Scope) -> models.QuerySet[Self]:
        found = super().visible_to(scope)
        return found.filter(cls.guard) if scope.public_only else found


class SameBody(models.BaseConstraint):
    """A composite foreign key: PostgreSQL's own foreign keys see past row-level security."""

    def __init__(self, field: str, *, name: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("violation_error_message", "Der gewählte Eintrag gehört zu einer anderen Körperschaft.")
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_same", **kwargs)
        self.field = field

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        self.create_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """Put off, as Django does with foreign keys: the key referred to may come later in the same migration.

        Django may put the answer among what is put off as well, where it has to be a statement: an empty one.
        """
        field = model._meta.get_field(self.field)
        target = field.related_model._meta.db_table
        schema_editor.deferred_sql.append(
            f'ALTER TABLE "{model._meta.db_table}" ADD CONSTRAINT "{self.name}" '
            f'FOREIGN KEY (body_id, "{field.column}") '
            f'REFERENCES "{target}" (body_id, id) DEFERRABLE INITIALLY DEFERRED'
        )
        return ""

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
