"""Which forms have been saved already: a form that is sent twice acts once."""

import uuid
from typing import ClassVar

from django.db import connection, models
from django.db.models.functions import Now

from kim.models.bodies import User


class Submission(models.Model):
    """A form that was saved: its key, what it contained, and where the answer led. Seen by its own user only."""

    owner_key: ClassVar[str] = "user_id"  # row-level security by person instead of body

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="Benutzerkonto")
    key = models.UUIDField("Schlüssel des Formulars")
    digest = models.CharField("Prüfsumme der Eingaben", max_length=64)
    target = models.CharField("Ziel", max_length=500, blank=True)
    created_at = models.DateTimeField("Zeitpunkt", db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = "Gesendetes Formular", "Gesendete Formulare"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "key", "digest"],
                name="submission_once",
                violation_error_message="Dieses Formular ist schon gespeichert.",
            )
        ]

    def __str__(self) -> str:
        return str(self.key)

    @classmethod
    def claim(cls, user_id: int, key: uuid.UUID, digest: str) -> bool:
        """Whether this form is sent for the first time. Waits until a request with the same form has ended."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO kim_submission (user_id, key, digest, target) VALUES (%s, %s, %s, '')"
                " ON CONFLICT DO NOTHING RETURNING id",
                [user_id, key, digest],
            )
            return cursor.fetchone() is not None
