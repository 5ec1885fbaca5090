"""The one-time key that opens a house in which nobody has an account yet."""

import hashlib
import secrets
from datetime import timedelta
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models.functions import Now

from kim.models.bodies import Role, RoleAssignment, User
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import Versioned, tracked
from kim.store.context import describe_act

HOLDS = timedelta(days=7)
SETUP_LOCK = 79  # the first half of the advisory lock "the house is being opened"; 78 is that of Systemverwaltung
DEAD = "Dieser Schlüssel gilt nicht: Er wurde schon benutzt, ist älter als sieben Tage, oder es gibt einen neueren."


@tracked(exclude=("digest",))
class SetupKey(Versioned):
    """A key that was printed at the start: only its checksum is kept. Issuing a new one ends all before."""

    digest = models.CharField("Prüfsumme", max_length=64, unique=True)
    issued_at = models.DateTimeField("ausgegeben am", db_default=Now())

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Schlüssel zum Einrichten", "Schlüssel zum Einrichten"
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"Schlüssel vom {self.issued_at:%d.%m.%Y}"

    @classmethod
    @transaction.atomic
    def issue(cls) -> str:
        """A new key, in plain words for the last time; those before are dead. ValidationError once somebody has an
        account: from then on Systemverwaltung gives access."""
        one_at_a_time()
        if User.objects.exists():
            raise ValidationError("Es gibt schon ein Benutzerkonto. Weitere legt die Systemverwaltung an.")
        for old in cls.objects.all():
            old.delete()
        key = secrets.token_urlsafe(24)
        cls(digest=digest_of(key)).save()
        return key

    @classmethod
    def holding(cls, key: str) -> "SetupKey | None":
        """The row of a key that still opens the house; None for every other."""
        if User.objects.exists():
            return None
        return cls.objects.filter(digest=digest_of(key), issued_at__gt=Now() - HOLDS).first()

    @classmethod
    @transaction.atomic
    def use(cls, key: str, user: User, password: str) -> User:
        """The first account, with Systemverwaltung, for the key; it works once. Of two at a time the second waits and
        is refused. ValidationError with a sentence if the key is dead or the name is not taken."""
        one_at_a_time()
        row = cls.objects.filter(digest=digest_of(key), issued_at__gt=Now() - HOLDS).first()
        if row is None or User.objects.exists():
            raise ValidationError(DEAD)
        describe_act(act="Haus eingerichtet")
        with db_errors_as_validation():
            user.set_password(password)
            user.save_checked()
            RoleAssignment(user=user, role=Role.TECHNICAL).save_checked()
            row.delete()
        return user


def one_at_a_time() -> None:
    """Waits until nobody else issues a key or uses one; until this transaction ends others wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [SETUP_LOCK])


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
