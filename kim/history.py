"""Versions, the trail of changes, preview, and the sentence behind a refused change."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, models, transaction

from kim import formats

T = TypeVar("T")
M = TypeVar("M", bound=type[models.Model])
CONFLICT = "Inzwischen hat jemand anderes diesen Datensatz geändert. Bitte neu laden."
BUSY = "Gerade ändert jemand anderes diesen Datensatz. Bitte gleich noch einmal versuchen."
OTHER = "Die Datenbank hat die Änderung abgelehnt (%s)."
MISSING_REFERENCE = "Ein Datensatz, auf den verwiesen wird, fehlt oder wird noch gebraucht (%s)."

# Sentences of constraints that no model can carry: triggers and composite keys raise with one of these names.
SENTENCES = {
    "version": CONFLICT,
    "body_fixed": "Die Körperschaft eines Datensatzes lässt sich nicht ändern.",
}


class Versioned(models.Model):
    """Optimistic lock, kept by the database: a save that carries an old version is refused.

    An update that changes nothing leaves no event and no new version. A version one higher than the stored one
    is a touch: it marks that rows belonging to this one have changed.
    """

    version = models.PositiveIntegerField("Version", default=1, editable=False)

    class Meta:
        abstract = True
        triggers = [
            pgtrigger.Trigger(
                name="version",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""IF NEW.version NOT IN (OLD.version, OLD.version + 1) THEN
                    RAISE EXCEPTION 'stale' USING ERRCODE = '23000', CONSTRAINT = 'version'; END IF;
                    IF NEW IS DISTINCT FROM OLD THEN NEW.version := OLD.version + 1; END IF;
                    RETURN NEW;""",
            )
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        fields, adding = kwargs.get("update_fields"), self._state.adding
        if fields is not None:
            kwargs["update_fields"] = {*fields, "version"}
        super().save(*args, **kwargs)
        if not adding:
            self.refresh_from_db(fields=["version"])  # the trigger decides whether it was a change

    def touch(self) -> None:
        """A new version because rows that belong to this one have changed; raises if this one is stale."""
        changed = type(self)._base_manager.filter(pk=self.pk, version=self.version)
        if not changed.update(version=self.version + 1):
            raise ValidationError(CONFLICT, code="version")
        self.version += 1


def tracked(*, exclude: tuple[str, ...] = ()) -> Callable[[M], M]:
    """Every insert, update and delete becomes an event that nobody can change; one without an actor is refused.

    exclude: columns with names of persons, which stay out of a history that is never deleted.
    """

    def decorate(model: M) -> M:
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            append_only=True,
            exclude=list(exclude) or None,
            obj_field=pghistory.ObjForeignKey(related_name="events", db_index=False),
            context_field=pghistory.ContextJSONField(null=False),
            context_id_field=pghistory.ContextUUIDField(null=False),
            meta={"indexes": [models.Index(fields=["pgh_obj", "-pgh_id"])]},
        )(model)
        return model

    return decorate


@contextmanager
def undone() -> Iterator[None]:
    """A savepoint that is always rolled back: rows, settings, constraint modes, on_commit calls."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def preview(change: Callable[[], object], figures: Callable[[], T]) -> tuple[T, T]:
    """The figures before and after a draft change that is then undone; ValidationError if it is refused."""
    before = figures()
    with undone():
        with refusable():
            change()
        return before, figures()


@contextmanager
def refusable() -> Iterator[None]:
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
        return SENTENCES[name]
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return str(constraint.violation_error_message)
    return (MISSING_REFERENCE if cause.sqlstate == "23503" else OTHER) % name


@dataclass(frozen=True)
class Entry:
    """One act in the history: who did what when, why, and what changed, in sentences."""

    when: datetime
    who: str
    act: str
    reason: str
    request: str
    lines: list[str]


def story(*groups: Iterable[models.Model], below: Iterable[tuple[Any, dict[str, Any]]] = ()) -> list[Entry]:
    """The history of these objects, newest first, one entry per act. One query per kind of object and of reference.

    below: models whose rows belong to these objects, each with the condition that finds their events; so rows that
    are gone tell their end too.
    """
    by_model: dict[type[models.Model], list[Any]] = {}
    for one in (o for group in groups for o in group):
        by_model.setdefault(type(one), []).append(one.pk)
    events: list[Any] = []
    for model, keys in by_model.items():
        tracked_events: Any = model._meta.get_field("events").related_model
        events += tracked_events.objects.filter(pgh_obj__in=keys)
    for model, condition in below:
        events += model._meta.get_field("events").related_model.objects.filter(**condition)
    return told(events)


def told(events: list[Any]) -> list[Entry]:
    """Events as entries: grouped by act, each change with its value before and after."""
    events.sort(key=lambda e: (e.pgh_created_at, e.pgh_id))
    names = References(events)
    acts: dict[Any, list[tuple[Any, list[str]]]] = {}
    before: dict[tuple[str, int], Any] = {}
    for event in events:
        key = (type(event).__name__, event.pgh_obj_id)
        acts.setdefault(event.pgh_context_id, []).append((event, changes(before.get(key), event, names)))
        before[key] = event
    users = apps.get_model("kim.User").objects.in_bulk({e.pgh_context.get("user") for e in events} - {None})
    found = []
    for rows in acts.values():
        event = rows[0][0]
        context = event.pgh_context
        who = str(users.get(context.get("user")) or "das Programm")
        lines = [line for _, some in rows for line in some]
        act = context.get("act") or ("Erfassung" if event.pgh_label == "insert" else "Änderung")
        if lines:
            found.append(
                Entry(
                    event.pgh_created_at,
                    who,
                    act,
                    context.get("reason", ""),
                    context.get("request", ""),
                    lines,
                )
            )
    return found[::-1]


SILENT = {"id", "body", "version", "sort_key", "slug"}


class References:
    """The names of what events refer to, one query per model."""

    def __init__(self, events: list[Any]) -> None:
        wanted: dict[Any, set[Any]] = {}
        for event in events:
            for column in columns(event):
                if column.is_relation:
                    wanted.setdefault(column.related_model, set()).add(getattr(event, column.attname))
        self.found = {model: model._base_manager.in_bulk(keys - {None}) for model, keys in wanted.items()}

    def printed(self, event: Any, column: Any) -> str:
        value = getattr(event, column.attname)
        if column.is_relation and value is not None:
            return str(self.found[column.related_model].get(value, "nicht mehr vorhanden"))
        return formats.printed(value, places=getattr(column, "places", 0), choices=dict(column.flatchoices))


def columns(event: Any) -> list[Any]:
    """The columns of an event that tell something."""
    tracked_fields = {f.name for f in event.pgh_tracked_model._meta.fields}
    return [f for f in event._meta.fields if f.name in tracked_fields and f.name not in SILENT]


def changes(before: Any, event: Any, names: References) -> list[str]:
    """What one event says: each changed column with both values, or that the row came or went."""
    model = event.pgh_tracked_model
    if event.pgh_label == "update" and before is not None:
        return [
            f"{label(model, c)}: {names.printed(before, c)} → {names.printed(event, c)}"
            for c in columns(event)
            if getattr(before, c.attname) != getattr(event, c.attname)
        ]
    told_columns = [
        f"{label(model, c)} {names.printed(event, c).rstrip('.')}"
        for c in columns(event)
        if getattr(event, c.attname) not in (None, "", False) and c.name not in {"position", "period"}
    ]
    verb = {"insert": "erfasst", "delete": "entfernt"}.get(event.pgh_label, "geändert")
    return [f"{model._meta.verbose_name} {verb}: " + ", ".join(told_columns)]


def label(model: Any, column: Any) -> str:
    return str(model._meta.get_field(column.name).verbose_name)
