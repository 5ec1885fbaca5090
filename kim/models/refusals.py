"""The sentence behind a change that PostgreSQL refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, models, transaction

CONFLICT = "Inzwischen hat jemand anderes diesen Datensatz geändert. Bitte neu laden."


BUSY = "Gerade ändert jemand anderes diesen Datensatz. Bitte gleich noch einmal versuchen."


OTHER = "Die Datenbank hat die Änderung abgelehnt (%s)."


MISSING_REFERENCE = "Ein Datensatz, auf den verwiesen wird, fehlt oder wird noch gebraucht."


ALREADY_GONE = "Das hat inzwischen schon jemand anderes gelöscht."


USED = "Löschen lässt sich nur, was nie gebraucht wurde."


# Sentences of constraints that no model can carry: triggers and composite keys raise with one of these names.
SENTENCES = {
    "version": CONFLICT,
    "body_fixed": "Die Körperschaft eines Datensatzes lässt sich nicht ändern.",
}


def deleted(row: models.Model) -> None:
    """Delete a row; ValidationError if there was none to delete any more: somebody else was faster."""
    if not row.delete()[0]:
        raise ValidationError(ALREADY_GONE, code="gone")


@contextmanager
def db_errors_as_validation() -> Iterator[None]:
    """Around every write of a page: what PostgreSQL refuses becomes the sentence the model gives."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            yield
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError as error:
        raise ValidationError(sentence(error), code="refused") from error
    except OperationalError as error:
        known = {"55P03": BUSY, "40001": CONFLICT, "40P01": BUSY}
        if (state := getattr(error.__cause__, "sqlstate", None)) not in known:
            raise
        raise ValidationError(known[state], code="busy") from error


def sentence(error: IntegrityError) -> str:
    """The German sentence of the constraint that refused; its name when no model explains it."""
    cause: Any = error.__cause__
    name = str(cause.diag.constraint_name or "")
    if name in SENTENCES:
        detail = str(cause.diag.message_detail or "")  # what a trigger of ours adds; PostgreSQL's own speaks of rows
        return SENTENCES[name] + (f" ({detail})" if detail.startswith("Stelle ") else "")
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return str(constraint.violation_error_message)
    return MISSING_REFERENCE if cause.sqlstate == "23503" else OTHER % name
