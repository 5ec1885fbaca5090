"""Long work that somebody asked for, and how far it has got."""

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from kim.models.bodies import Body, User
from kim.store.context import Scope


class Job(models.Model):
    """A Vorgang: what is to be done, how much of it is done, and what was refused. What it changes stands in the
    history of the rows themselves; this is only its progress, seen by the person who asked."""

    owner_key: ClassVar[str] = "user_id"  # row-level security by person instead of body

    key = models.UUIDField("Kennung", default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="Benutzerkonto")
    body = models.ForeignKey(Body, models.PROTECT, related_name="+", verbose_name="Körperschaft")
    name = models.CharField("Vorgang", max_length=160)
    back = models.CharField("gehört zu", max_length=500)
    task = models.CharField("Aufgabe des Programms", max_length=120)
    rule = models.CharField("Recht", max_length=40)
    items = models.JSONField("Einzelne Schritte")
    done = models.PositiveIntegerField("erledigt", default=0)
    problems = models.JSONField("nicht gelungen", default=list)
    created_at = models.DateTimeField("Zeitpunkt", db_default=Now())
    moved_at = models.DateTimeField("zuletzt weitergekommen", null=True)

    class Meta:
        verbose_name, verbose_name_plural = "Vorgang", "Vorgänge"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(items__0__isnull=False),
                name="job_items",
                violation_error_message="Es gibt nichts zu tun.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.key])

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self.items)

    @property
    def is_finished(self) -> bool:
        return self.done >= self.total

    @classmethod
    def visible_to(cls, scope: Scope) -> models.QuerySet[Self]:
        """What the person asked for in the body she acts for."""
        return cls.objects.filter(body=scope.acting_body, user=scope.user)
