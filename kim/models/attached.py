"""What people lay beside any object: notes, Wiedervorlagen, files, and what they say about a hint."""

import uuid
from typing import Any, ClassVar

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import cached_property

from kim.models.base import GuardedRow
from kim.models.bodies import Body, Role, User
from kim.models.refusals import db_errors_as_validation
from kim.models.sources import Source
from kim.models.versioned import Versioned, counted, remove_whole, says_use, tracked
from kim.store.context import Scope
from kim.store.reading import read_once
from kim.values.uploads import Checked

SHOWN = ("application/pdf", "image/png", "image/jpeg")  # what can be shown of a file


def subjects() -> dict[str, Any]:
    """The models that notes, Wiedervorlagen and files can lie beside, by the word in their address."""
    models_: list[Any] = list(apps.get_models())
    return {m.attached_as: m for m in models_ if getattr(m, "attached_as", "")}


def named(model: Any) -> Any:
    """The rows of a model with what their names need."""
    related = [f.name for f in model._meta.fields if f.name in {"source", "municipality"}]
    return model.objects.select_related(*related) if related else model.objects.all()


class Attached(GuardedRow):
    """Belongs to an object of the same body, named by its kind and key; not public unless somebody says so."""

    subject_kind = models.CharField("Art des Gegenstands", max_length=20, editable=False)
    subject_id = models.BigIntegerField("Gegenstand", editable=False)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="eingetragen von"
    )
    created_at = models.DateTimeField("eingetragen am", auto_now_add=True)

    class Meta(GuardedRow.Meta):
        abstract = True
        indexes: ClassVar = [models.Index(fields=["body", "subject_kind", "subject_id"])]

    @cached_property
    def subject(self) -> Any:
        """The object this lies beside; None once it is gone or out of sight."""
        return subjects()[self.subject_kind].objects.filter(body=self.body_id, pk=self.subject_id).first()

    @classmethod
    def with_subjects(cls, rows: Any) -> list[Any]:
        """These rows, each with its object: one query per kind of object instead of one per row."""
        found, known = list(rows), subjects()
        for kind in {row.subject_kind for row in found}:
            mine = [row for row in found if row.subject_kind == kind]
            there = named(known[kind]).in_bulk({row.subject_id for row in mine})
            for row in mine:
                row.subject = there.get(row.subject_id)
        return found

    def get_absolute_url(self) -> str:
        """The page of the object."""
        found = self.subject
        return str(found.get_absolute_url()) if found else "/"

    def take_away(self) -> None:
        """Delete it; ValidationError if it is gone already or somebody is at it."""
        remove_whole(self, act=f"{self._meta.verbose_name} entfernt")

    def clean(self) -> None:
        model = subjects().get(self.subject_kind)
        if model is None or not model.objects.filter(body=self.body_id, pk=self.subject_id).exists():
            raise ValidationError("Den Gegenstand gibt es in dieser Körperschaft nicht.")


@says_use
def lies_beside(row: Any) -> list[str]:
    """Notes, Wiedervorlagen and files beside a row. Example: 2 Notizen."""
    found = []
    for kind in Attached.__subclasses__() if row.attached_as else []:
        if count := kind._base_manager.filter(subject_kind=row.attached_as, subject_id=row.pk).count():
            found.append(counted(count, kind))
    return found


@tracked(exclude=("text",))
class Note(Attached):
    """A note; its words may name persons and stay out of the history."""

    text = models.TextField("Notiz", max_length=4000)

    class Meta(Attached.Meta):
        verbose_name, verbose_name_plural = "Notiz", "Notizen"
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.text[:60]


@tracked(exclude=("text",))
class Reminder(Attached):
    """A Wiedervorlage: a date and a sentence, for a person or for everybody in a role."""

    date = models.DateField("Datum")
    text = models.CharField("Was ist zu tun?", max_length=300)
    user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="reminders", verbose_name="für die Person"
    )
    role = models.CharField(
        "für die Rolle", max_length=20, blank=True, choices=[c for c in Role.choices if c[0] != Role.TECHNICAL]
    )
    done = models.BooleanField("erledigt", default=False)

    class Meta(Attached.Meta):
        verbose_name, verbose_name_plural = "Wiedervorlage", "Wiedervorlagen"
        ordering: ClassVar = ["date", "pk"]
        constraints: ClassVar = [
            *Attached.Meta.constraints,
            models.CheckConstraint(
                condition=(Q(user__isnull=True) & ~Q(role="")) | (Q(user__isnull=False) & Q(role="")),
                name="reminder_for",
                violation_error_message="Eine Wiedervorlage gilt für eine Person oder für eine Rolle.",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def finish(self) -> None:
        """It is done; ValidationError if it is already, or somebody is at it."""
        from kim.store.context import describe_act

        with db_errors_as_validation():
            stored = Reminder.objects.select_for_update(of=("self",)).filter(pk=self.pk).first()
            if stored is None or stored.done:
                raise ValidationError("Diese Wiedervorlage ist schon erledigt.")
            describe_act(act="Wiedervorlage erledigt")
            stored.done = True
            stored.save()

    def for_whom(self) -> str:
        """Who is to be reminded: a person or a role."""
        return str(self.user) if self.user else str(self.get_role_display())


@tracked(exclude=("content", "name"))
class File(Attached):
    """An uploaded file (OParl: File), checked by kim.values.uploads; it is only ever handed out as a download."""

    key = models.UUIDField("Kennung", default=uuid.uuid4, editable=False)
    name = models.CharField("Dateiname", max_length=120)
    media_type = models.CharField("Format", max_length=100)
    size = models.PositiveIntegerField("Größe in Bytes")
    sha256 = models.CharField("Prüfsumme (SHA-256)", max_length=64)
    content = models.BinaryField("Inhalt")

    class Meta(Attached.Meta):
        verbose_name, verbose_name_plural = "Datei", "Dateien"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            *Attached.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "key"], name="file_key", violation_error_message="Diese Datei gibt es schon."
            ),
            models.UniqueConstraint(
                fields=["body", "subject_kind", "subject_id", "sha256"],
                name="file_once",
                violation_error_message="Diese Datei liegt hier schon.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, upload: Checked, body: Body, author: User) -> "File":
        """A file that was uploaded and found good, not yet beside anything and not saved."""
        return cls(body=body, author=author, **cls.facts(upload))

    @staticmethod
    def facts(upload: Checked) -> dict[str, Any]:
        """The columns that say what the file is."""
        names = ("name", "media_type", "sha256", "content")
        return {name: getattr(upload, name) for name in names} | {"size": len(upload.content)}

    def lay_beside(self, row: Versioned) -> "File":
        """Save it beside a row; ValidationError if it lies there already."""
        self.subject_kind, self.subject_id = row.attached_as, row.pk
        return self.save_checked()

    @classmethod
    def shown_beside(cls, row: Any, scope: Scope) -> models.QuerySet["File"]:
        """The files beside a row that can be shown, the first that was laid there first; without their content."""
        beside = cls.visible_to(scope).filter(subject_kind=row.attached_as, subject_id=row.pk)
        return beside.filter(media_type__in=SHOWN).order_by("pk").defer("content")

    def download_url(self) -> str:
        return reverse("file", args=[self.key])


@read_once
def shown_documents(body: Any) -> frozenset[str]:
    """The pages of the body's Belege beside which a file lies that can be shown; one query."""
    there = File.objects.filter(body=body, subject_kind=Source.attached_as, media_type__in=SHOWN)
    found = Source.objects.filter(body=body, pk__in=there.values("subject_id")).only("address")
    return frozenset(one.get_absolute_url() for one in found)


@tracked(exclude=("text",))
class FindingNote(GuardedRow):
    """What somebody says about a hint (its words stay out of the history); the hint itself is computed anew each time.

    A hint that still fires is explained by it, one that no longer fires is corrected.
    """

    code = models.CharField("Regel", max_length=12)
    subject = models.CharField("Gegenstand", max_length=200)
    sentence = models.TextField("Hinweis, als die Notiz entstand")
    text = models.TextField("Notiz", max_length=1000)
    author = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="eingetragen von"
    )
    created_at = models.DateTimeField("eingetragen am", auto_now_add=True)

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Notiz zum Hinweis", "Notizen zu Hinweisen"
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["body", "code", "subject"])]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"
