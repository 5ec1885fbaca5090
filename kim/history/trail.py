"""The trail of all changes: as sentences, searched, sampled, and an act undone by a counter-entry."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Max, Min, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import MD5, Cast, Concat, Now

from kim.models import Attached, TrailEvent, User, named, subjects
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import unkept
from kim.store.context import describe_act
from kim.values import formats

CHANGED = "Inzwischen ist das weiter geändert worden. Bitte von Hand berichtigen."
UNKEPT = "geändert (Namen und Bemerkungen stehen nicht im Verlauf)"
UNDO = timedelta(minutes=10)
STORY = 300  # events of each kind that a page tells; all of them stand in the Prüfung
LONG = 160  # letters of a value that a line of the history shows


@dataclass(frozen=True)
class Entry:
    """One act in the history: who did what when, why, and what changed, in sentences."""

    id: uuid.UUID
    when: datetime
    who: str
    act: str
    reason: str
    request: str
    lines: list[str]
    objects: list[tuple[str, str]]  # what it was about: name and address
    undoable: bool = False


def tracked_models() -> dict[str, Any]:
    """Every model with a history, by its label."""
    return {m._meta.label: m for m in apps.get_models() if hasattr(m, "pgh_event_models")}


def events_of(model: Any) -> Any:
    """The events of a model, oldest first, each with the key of the one before it."""
    table: Any = model._meta.get_field("events").related_model
    before = table.objects.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id"))
    before_id = Subquery(before.order_by("-pgh_id").values("pgh_id")[:1])
    return table.objects.annotate(before_id=before_id).order_by("pgh_id")


def entries_about(
    *groups: Iterable[models.Model], below: Iterable[tuple[Any, dict[str, Any]]] = (), user: Any = None
) -> list[Entry]:
    """The latest history of these objects, newest first, one entry per act. Three queries per kind of object.

    below: models whose rows belong to these objects, each with the condition that finds their events; so rows that
    are gone tell their end too. user: whose own acts of the last ten minutes are marked as undoable.
    """
    by_model: dict[Any, list[Any]] = {}
    for one in (o for group in groups for o in group):
        by_model.setdefault(type(one), []).append(one.pk)
    conditions = [(model, {"pgh_obj__in": keys}) for model, keys in by_model.items()]
    found = [
        event
        for model, condition in (*conditions, *below)
        for event in events_of(model).filter(**condition).order_by("-pgh_id")[:STORY]
    ]
    return entries_of_events(found, user)


def acts(**filters: Any) -> QuerySet[Any]:
    """The acts of the body, newest first: {"act": key, "at": time}; filters are those of TrailEvent."""
    found = TrailEvent.objects.filter(**filters).values("act")
    return found.annotate(at=Max("created_at")).order_by("-at", "act")


def latest(days: int = 7, limit: int = 7) -> tuple[list[dict[str, Any]], int]:
    """The acts of the last days, newest first, in one line each, and how many there are. Fixed number of queries."""
    week = acts(created_at__gte=Now() - timedelta(days=days)).exclude(model__in=["kim.RoleAssignment", "kim.SavedView"])
    found = week.annotate(
        what=Max("act_name"), who=Max("user_id"), entries=Count("id"),
        kind=Max("subject_kind"), key=Max("subject_id"), first_key=Min("subject_id"), data=Max("model"),
    )  # fmt: skip
    rows = list(found[:limit])
    users = User.objects.in_bulk({row["who"] for row in rows} - {None})
    known, labels = subjects(), {m._meta.label: str(m._meta.verbose_name) for m in tracked_models().values()}
    wanted = {kind: {row["key"] for row in rows if row["kind"] == kind} for kind in {row["kind"] for row in rows}}
    there = {kind: named(known[kind]).in_bulk(keys) for kind, keys in wanted.items() if kind in known}
    for row in rows:
        row["who"] = str(users.get(row["who"]) or "das Programm")
        row["data"] = labels.get(row["data"], "")
        row["subject"] = there.get(row["kind"], {}).get(row["key"]) if row["key"] == row["first_key"] else None
    return rows, week.count()


def sample(acts_found: QuerySet[Any], seed: str, size: int) -> list[Any]:
    """As many acts as wanted, drawn at random; the same seed draws the same acts from the same population.

    An act is drawn by the MD5 of seed and key: whoever has the keys can repeat the draw with any other program.
    Example: the ten acts whose md5("42" + key) sort first.
    """
    drawn = acts_found.annotate(lot=MD5(Concat(Value(seed, TextField()), Cast("act", TextField()))))
    return list(drawn.order_by("lot").values_list("act", flat=True)[:size])


def events_in(act_keys: Iterable[Any]) -> list[Any]:
    """The events of these acts that the trail tells, two queries per kind of object. Only those: of an act on an
    account that belongs to several bodies, each sees its own part."""
    wanted: dict[str, list[int]] = {}
    for label, key in TrailEvent.objects.filter(act__in=list(act_keys)).values_list("model", "id"):
        wanted.setdefault(label, []).append(key)
    models_by_label = tracked_models()
    return [e for label, keys in wanted.items() for e in events_of(models_by_label[label]).filter(pgh_id__in=keys)]


def entries_of_acts(act_keys: list[Any], user: Any = None) -> list[Entry]:
    """These acts in sentences, newest first; a fixed number of queries per kind of object they touch."""
    return entries_of_events(events_in(act_keys), user, named=True)


def earlier(events: list[Any]) -> dict[tuple[str, int], Any]:
    """The event before each of these, by kind and key."""
    wanted: dict[Any, set[int]] = {}
    for event in events:
        if event.before_id:
            wanted.setdefault(type(event), set()).add(event.before_id)
    return {
        (kind.__name__, key): one
        for kind, keys in wanted.items()
        for key, one in kind.objects.in_bulk(keys, field_name="pgh_id").items()
    }


def entries_of_events(events: list[Any], user: Any = None, *, named: bool = False) -> list[Entry]:
    """Events as entries: grouped by act, each change with its value before and after; named: and of what."""
    events.sort(key=lambda e: (e.pgh_created_at, e.pgh_id))
    before = earlier(events)
    names = References([*events, *before.values()], named)
    grouped: dict[Any, list[Any]] = {}
    for event in events:
        grouped.setdefault(event.pgh_context_id, []).append(event)
    users = User.objects.in_bulk({e.pgh_context.get("user") for e in events} - {None})
    fresh = set(recent(grouped, user).values_list("act", flat=True)) if user else set()
    newest = {(type(e), e.pgh_obj_id): e.pgh_context_id for e in events}
    found = []
    for act, rows in grouped.items():
        context = rows[0].pgh_context
        lines = [
            line for e in rows for line in changed_fields(before.get((type(e).__name__, e.before_id or 0)), e, names)
        ]
        if named and not lines:
            lines = ["ohne sichtbare Änderung"]
        if lines:
            found.append(
                Entry(
                    act,
                    rows[0].pgh_created_at,
                    str(users.get(context.get("user")) or "das Programm"),
                    context.get("act") or ("Erfassung" if rows[0].pgh_label == "insert" else "Änderung"),
                    context.get("reason", ""),
                    context.get("request", ""),
                    lines,
                    names.objects(rows),
                    act in fresh
                    and all(newest[type(e), e.pgh_obj_id] == act for e in rows)
                    and not any(unkept_in(e) for e in rows),
                )
            )
    return found[::-1]


def recent(act_keys: Iterable[Any] | None, user: Any) -> Any:
    """Which of these acts (None: of all) this person did on a page within the last ten minutes."""
    mine = TrailEvent.objects.filter(user_id=user.pk, created_at__gte=Now() - UNDO)
    mine = mine if act_keys is None else mine.filter(act__in=list(act_keys))
    mine = mine.exclude(rule="").exclude(act_name__in=["Rücknahme", "Freigabe"])  # what is released stays
    return mine.exclude(rule__startswith="technical.")  # accounts belong to no body alone


SILENT = {
    "id",
    "version",
    "sort_key",
    "slug",
    "address",
    "number_key",
    "key",
    "subject_id",
    "subject_kind",
    "sha256",
    "act",
}


class References:
    """The names of what events refer to, one query per model."""

    def __init__(self, events: list[Any], named: bool) -> None:
        wanted: dict[Any, set[Any]] = {}
        self.named, self.kinds = named, subjects()
        for event in events:
            if named or event.pgh_tracked_model.attached_as:
                wanted.setdefault(event.pgh_tracked_model, set()).add(event.pgh_obj_id)
            if kind := self.kinds.get(getattr(event, "subject_kind", "")):
                wanted.setdefault(kind, set()).add(event.subject_id)
            for column in columns(event):
                if column.is_relation:
                    wanted.setdefault(column.related_model, set()).add(getattr(event, column.attname))
        self.found = {model: light(model).in_bulk(keys - {None}) for model, keys in wanted.items()}

    def printed(self, event: Any, column: Any) -> str:
        value = getattr(event, column.attname)
        if column.is_relation and value is not None:
            return str(self.found[column.related_model].get(value, "nicht mehr vorhanden"))
        if isinstance(column, models.BinaryField):
            return f"{len(value)} Bytes"
        words = formats.format_any(value, places=getattr(column, "places", 0), choices=dict(column.flatchoices))
        return words if len(words) <= LONG else f"{words[:LONG]} … ({len(words)} Zeichen)"

    def name(self, event: Any) -> str:
        """What an event is about, where that is not clear from the page."""
        one = self.found[event.pgh_tracked_model].get(event.pgh_obj_id) if self.named else None
        return f"{event.pgh_tracked_model._meta.verbose_name} {one}, " if one else ""

    def objects(self, rows: list[Any]) -> list[tuple[str, str]]:
        """What an act was about: the objects with a page, by name and address."""
        found: dict[str, str] = {}
        for event in rows:
            model = event.pgh_tracked_model
            pairs = [(model, event.pgh_obj_id)] if getattr(model, "attached_as", "") else []
            above = [c for c in columns(event) if c.is_relation and not getattr(c.related_model, "only_cited", False)]
            pairs += [(c.related_model, getattr(event, c.attname)) for c in above]
            if beside := self.kinds.get(getattr(event, "subject_kind", "")):
                pairs.append((beside, event.subject_id))
            for kind, key in pairs:
                one = self.found.get(kind, {}).get(key) if getattr(kind, "attached_as", "") else None
                if one is not None:
                    found[f"{kind._meta.verbose_name} {one}"] = one.get_absolute_url()
        return list(found.items())


def light(model: Any) -> Any:
    """The rows of a model without what may weigh megabytes."""
    heavy = [f.name for f in model._meta.local_concrete_fields if isinstance(f, models.BinaryField)]
    return model._base_manager.defer(*heavy)


def columns(event: Any) -> list[Any]:
    """The columns of an event that tell something."""
    tracked_fields = {f.name for f in event.pgh_tracked_model._meta.fields}
    silent = (
        SILENT | event.pgh_tracked_model.untold | ({"body"} if hasattr(event.pgh_tracked_model, "scope_key") else set())
    )
    return [f for f in event._meta.fields if f.name in tracked_fields and f.name not in silent]


def changed_fields(before: Any, event: Any, names: References) -> list[str]:
    """What one event says: each changed column with both values, or that the row came or went."""
    model = event.pgh_tracked_model
    if event.pgh_label == "update" and before is not None:
        told_changes = [
            f"{names.name(event)}{label(model, c)}: {names.printed(before, c)} → {names.printed(event, c)}"
            for c in columns(event)
            if getattr(before, c.attname) != getattr(event, c.attname)
        ]
        return told_changes + [f"{names.name(event)}{label(model, f)}: {UNKEPT}" for f in unkept_in(event)]
    told_columns = [
        f"{label(model, c)} {names.printed(event, c).rstrip('.')}"
        for c in columns(event)
        if getattr(event, c.attname) not in (None, "", False) and c.name not in {"position", "period"}
    ]
    verb = {"insert": "erfasst", "delete": "entfernt"}.get(event.pgh_label, "geändert")
    return [f"{model._meta.verbose_name} {verb}" + (": " + ", ".join(told_columns) if told_columns else "")]


def unkept_in(event: Any) -> list[Any]:
    """The fields of an event's model that its act has changed and the history does not keep (Versioned.save)."""
    model, named_fields = event.pgh_tracked_model, event.pgh_context.get("unkept", "").split(",")
    return [f for f in unkept(model) if event.pgh_label == "update" and f"{model._meta.label}.{f.name}" in named_fields]


def label(model: Any, column: Any) -> str:
    return str(model._meta.get_field(column.name).verbose_name)


def undo(act: uuid.UUID, user: Any, allowed: Callable[[str], bool]) -> tuple[str, bool]:
    """Take an act of the last ten minutes back by a counter-entry; what it was, and whether an object with a page is
    gone by it.

    Only by who did it (``user``), with the rights it needed (``allowed`` says of a rule whether they are there), and
    only if nothing it touched has changed since. Raises ValidationError with a sentence.
    """
    rules = set(recent([act], user).values_list("rule", flat=True))
    if not rules or not all(allowed(rule) for rule in rules):
        raise ValidationError(
            "Zurücknehmen lässt sich nur, was Sie selbst in den letzten zehn Minuten gespeichert haben."
        )
    events = events_in([act])
    context = events[0].pgh_context
    what = context.get("act") or "Änderung"
    describe_act(
        act="Rücknahme", reason=f"nimmt zurück: {what}" + (f" ({context['reason']})" if context.get("reason") else "")
    )
    first = take_back(act)
    return what, any(event.pgh_label == "insert" and model.attached_as for (model, _), event in first.items())


def take_back(act: uuid.UUID, *, keep: tuple[Any, ...] = ()) -> dict[tuple[Any, int], Any]:
    """Put every row that an act touched back as it was before: a counter-entry. keep: models whose rows stay.

    Returns the first event of each row. ValidationError with a sentence if one of them has changed since.
    """
    first: dict[tuple[Any, int], Any] = {}
    for event in events_in([act]):
        if event.pgh_tracked_model not in keep:
            first.setdefault((event.pgh_tracked_model, event.pgh_obj_id), event)
    before = earlier(list(first.values()))
    with db_errors_as_validation():
        for model, key in first:  # whoever is changing one of them now is waited for, and then seen below
            list(model._base_manager.filter(pk=key).order_by().select_for_update())  # no join with what orders it
        for (model, key), event in first.items():
            later = model._meta.get_field("events").related_model.objects.filter(pgh_obj=key, pgh_id__gt=event.pgh_id)
            if later.exclude(pgh_context_id=act).exists():
                name = f"{model._meta.verbose_name} {References([event], named=True).found[model].get(key, key)}"
                raise ValidationError(CHANGED, code="changed", params={"row": name})
        order = {"insert": 0, "update": 1, "delete": 2}  # what came makes room for what was there before
        for (model, key), event in sorted(first.items(), key=lambda pair: order[pair[1].pgh_label]):
            put_back(model, key, event, before.get((type(event).__name__, event.before_id or 0)))
    return first


def put_back(model: Any, key: int, event: Any, before: Any) -> None:
    """One row as it was before the event: gone if it was new, there again if it was deleted, else its old values."""
    rows = model._base_manager.filter(pk=key)
    columns = [f.attname for f in model._meta.local_concrete_fields if not f.generated]
    told_columns = {f.attname for f in event._meta.concrete_fields}
    if event.pgh_label == "insert":
        for kind in Attached.__subclasses__() if model.attached_as else []:
            if kind._base_manager.filter(subject_kind=model.attached_as, subject_id=key).exists():
                raise ValidationError("Dazu liegen schon Notizen, Wiedervorlagen oder Dateien vor.")
        rows._raw_delete(rows.db)
    elif event.pgh_label == "delete":
        if not told_columns >= set(columns):
            raise ValidationError("Was gelöscht ist, steht nicht im Verlauf und lässt sich nicht zurückholen.")
        model(**{name: getattr(event, name) for name in columns}).save(force_insert=True)
    else:
        if fields := unkept_in(event):
            words = ", ".join(str(f.verbose_name) for f in fields)
            raise ValidationError(f"Was vorher dastand ({words}), steht nicht im Verlauf. Bitte von Hand berichtigen.")
        row = rows.get()
        for name in told_columns.intersection(columns) - {"id", "version"}:
            setattr(row, name, getattr(before, name))
        row.save()
