"""Versions of rows, the events of every change, and removal of what was never used."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

import pghistory
import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models, transaction

from kim.models.refusals import CONFLICT, USED, db_errors_as_validation, deleted
from kim.store.context import describe_act
from kim.values.formats import visible_line, visible_words

M = TypeVar("M", bound=type[models.Model])


USES: list[Callable[[Any], list[str]]] = []


def says_use(hook: Callable[[Any], list[str]]) -> Callable[[Any], list[str]]:
    """Registers what else may use a row (what lies beside it, texts that name it): in words, empty if nothing does."""
    USES.append(hook)
    return hook


class Versioned(models.Model):
    """Optimistic lock, kept by the database: a save that carries an old version is refused.

    An update that changes nothing leaves no event and no new version. A version one higher than the stored one
    is a touch: it marks that rows belonging to this one have changed.
    """

    attached_as: ClassVar[str] = ""  # the word in addresses of what lies beside it; empty: nothing does
    only_cited: ClassVar[bool] = False  # others rest on it, they are not about it: the history files them elsewhere
    listed_as: ClassVar[str] = ""  # the parameter of tokens that names several of these, divided by commas
    untold: ClassVar[frozenset[str]] = frozenset()  # columns that follow from others: the history says nothing of them
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
        if not adding and hasattr(self, "scope_key"):
            self._note_unkept(fields)
        super().save(*args, **kwargs)
        if not adding:
            self.refresh_from_db(fields=["version"])  # the trigger decides whether it was a change

    def save_checked(self) -> Self:
        """Save through all rules of the model, and return the row. ValidationError with a sentence at the field."""
        self.full_clean()
        self.save()
        return self

    def save_as(self, act: str, *, reason: str = "") -> Self:
        """Write the row down as an act of the history: the verb behind the forms of most pages.

        act: what is done, as the history says it. ValidationError with a sentence, also where the database refuses.
        Example: Note(…).save_as("Notiz angelegt").
        """
        describe_act(act=act, **({"reason": reason.strip()} if reason else {}))
        with db_errors_as_validation():
            return self.save_checked()

    def _note_unkept(self, update_fields: Any) -> None:
        """Say in the history that words have changed which it does not keep; which words they were stands nowhere."""
        names = [f.name for f in unkept(type(self)) if update_fields is None or f.name in update_fields]
        stored = type(self)._base_manager.filter(pk=self.pk).values(*names).first() if names else None
        changed = [n for n in names if stored and n in self.__dict__ and stored[n] != self.__dict__[n]]
        if changed:
            describe_act(unkept=",".join(f"{self._meta.label}.{name}" for name in changed))

    def clean_fields(self, exclude: Any = None) -> None:
        """The fields' own rules, and in all words of people no sign that cannot be seen."""
        errors: dict[str, Any] = {}
        try:
            super().clean_fields(exclude=exclude)
        except ValidationError as error:
            errors = error.update_error_dict({})
        for field in self._meta.concrete_fields:
            value = self.__dict__.get(field.attname)  # what was not read was not changed either
            if not isinstance(value, str) or field.name in (exclude or ()) or field.name in errors:
                continue
            try:
                (visible_words if isinstance(field, models.TextField) else visible_line)(value)
            except ValidationError as error:
                errors[field.name] = error.error_list
        if errors:
            raise ValidationError(errors)

    def touch(self) -> None:
        """A new version because rows that belong to this one have changed; raises if this one is stale."""
        changed = type(self)._base_manager.filter(pk=self.pk, version=self.version)
        if not changed.update(version=self.version + 1):
            raise ValidationError(CONFLICT, code="version")
        self.version += 1

    def used_by(self) -> list[str]:
        """What hangs on this row and is no part of it, in words, and the texts that name it in a token; empty for a
        row that was never used.

        A model says by ``part_of`` (the names of its foreign keys) whose part it is and goes with.
        """
        found = []
        for relation in self._meta.related_objects:
            model: Any = relation.related_model
            if hasattr(model, "pgh_tracked_model"):
                continue
            rows = model._base_manager.filter(**{relation.field.name: self.pk})
            if is_part(relation):
                found += [words for part in rows for words in part.used_by()]
            elif count := rows.count():
                found.append(counted(count, model))
        for hook in USES:
            found += hook(self)
        return found

    @transaction.atomic
    def remove(self, *, reason: str) -> None:
        """Delete a row that was never used, with its parts; the history keeps it. ValidationError if it is used."""
        from kim.store.context import describe_act

        if found := self.used_by():
            raise ValidationError(f"{USED} Hier gibt es: {', '.join(found)}.", code="used")
        describe_act(reason=reason.strip(), act="Löschung")
        try:
            with db_errors_as_validation():
                self._remove()
        except ValidationError as error:
            if getattr(error, "code", "") == "refused":  # the foreign key of a row that is out of sight here
                raise ValidationError(USED, code="used") from error
            raise

    def _remove(self) -> None:
        """Delete the row and its parts; ValidationError if somebody else has just done so."""
        for relation in self._meta.related_objects:
            model: Any = relation.related_model
            if is_part(relation) and not hasattr(model, "pgh_tracked_model"):
                for part in model._base_manager.filter(**{relation.field.name: self.pk}):
                    part._remove()
        deleted(self)


@cache
def unkept(model: Any) -> list[Any]:
    """The words of a model that its history does not keep: its fields that are text and excluded from its events."""
    kept = {field.name for field in model._meta.get_field("events").related_model._meta.local_concrete_fields}
    words = (models.CharField, models.TextField)
    return [f for f in model._meta.local_concrete_fields if isinstance(f, words) and f.name not in kept]


def is_part(relation: Any) -> bool:
    """Whether the rows of a relation are parts of the row they refer to, and go with it (part_of)."""
    names = getattr(relation.related_model, "part_of", ())
    return relation.field.name in ((names,) if isinstance(names, str) else names)


def remove_whole(row: models.Model, *, act: str) -> None:
    """Delete a row that is nobody's part and whose reason nobody asks for; act: what the history calls it.
    ValidationError if it is gone already or somebody is at it."""
    from kim.store.context import describe_act

    with db_errors_as_validation():
        describe_act(act=act)
        deleted(row)


def counted(count: int, model: Any) -> str:
    """1 Besetzung, 2 Besetzungen."""
    return f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"


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
            meta={
                "indexes": [
                    models.Index(fields=["pgh_obj", "-pgh_id"]),
                    models.Index(fields=["pgh_context_id"]),
                    models.Index(fields=["-pgh_created_at"]),
                ]
            },
        )(model)
        return model

    return decorate


@transaction.atomic
def keep_together(rows: Iterable[Any], gone: Iterable[Any], *, act: str, reason: str = "") -> int:
    """Write the rows of a table down as one act, and delete those that are gone; how many these are together.

    ValidationError with a sentence that names the row: one that is double, or used, or breaks a rule of its model.
    """
    describe_act(act=act, **({"reason": reason.strip()} if reason else {}))
    rows, gone = list(rows), list(gone)
    with db_errors_as_validation():
        for row in gone:
            if used := row.used_by():
                raise ValidationError(f"{row}: {USED} Hier gibt es: {', '.join(used)}.")
            deleted(row)
        for row in rows:
            try:
                row.save_checked()
            except ValidationError as error:
                raise ValidationError([f"{row}: {words}" for words in error.messages]) from error
    return len(rows) + len(gone)
