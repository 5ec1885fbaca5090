"""The view over all tables of events: one branch for each, made from the models."""

from typing import Any

from django.contrib.postgres.fields import DateRangeField
from django.db import models


def in_trail(model: Any) -> bool:
    """Event tables whose story an auditor may read: all but that of the accounts, which belong to no body."""
    tracked = getattr(model, "pgh_tracked_model", None)
    return tracked is not None and tracked._meta.label != "kim.User"


def branch(model: Any, bodies: str) -> str:
    """The part of the view kim_trail for one event table; see kim.models.TrailEvent."""
    tracked = model._meta.get_field("pgh_obj").related_model
    kind, key = subject_of(tracked)
    limit = {"kim.Body": "pgh_obj_id", "kim.RoleAssignment": "body_id"}.get(tracked._meta.label)
    own = f"WHERE {limit} = ANY ({bodies})" if limit else ""
    # every name in this SQL comes from a model, none from a user
    return f"""SELECT e.pgh_id AS id, '{tracked._meta.label}' AS model, e.pgh_label AS label,
        e.pgh_created_at AS created_at, e.pgh_context_id AS act,
        (e.pgh_context ->> 'user')::bigint AS user_id, coalesce(e.pgh_context ->> 'act', '') AS act_name,
        coalesce(e.pgh_context ->> 'rule', '') AS rule, {kind} AS subject_kind, ({key})::bigint AS subject_id,
        {figures_changed(model)} AS figures
        FROM {model._meta.db_table} e {own}"""  # noqa: S608


def subject_of(model: Any) -> tuple[str, str]:
    """SQL for the object with a page that a row belongs to: itself, what it refers to, or what that refers to."""
    names = {f.name for f in model._meta.local_concrete_fields}
    if getattr(model, "attached_as", ""):
        return f"'{model.attached_as}'::text", "e.pgh_obj_id"
    if "subject_id" in names:
        return "e.subject_kind::text", "e.subject_id"
    relations = [f for f in model._meta.local_concrete_fields if f.is_relation]
    relations.sort(key=lambda field: getattr(field.related_model, "only_cited", False))
    for field in relations:
        if word := getattr(field.related_model, "attached_as", ""):
            return f"'{word}'::text", f"e.{field.column}"
    for field in relations:
        for above in field.related_model._meta.local_concrete_fields:
            cited = getattr(above.related_model, "only_cited", True)
            if above.is_relation and not cited and (word := getattr(above.related_model, "attached_as", "")):
                table = field.related_model._meta.db_table
                return f"'{word}'::text", f"SELECT {above.column} FROM {table} WHERE id = e.{field.column}"  # noqa: S608
    return "''::text", "NULL"


def figures_changed(model: Any) -> str:
    """SQL: whether the event brought, took or changed an amount, a size, a date or a period."""
    kinds = (models.DateField, DateRangeField, models.DecimalField)
    columns = model._meta.local_concrete_fields
    fields = [f for f in columns if isinstance(f, kinds) and not isinstance(f, models.DateTimeField)]
    if not fields:
        return "false"
    old, new = (", ".join(f"{alias}.{f.column}" for f in fields) for alias in ("b", "e"))
    return f"""(e.pgh_label <> 'update' OR NOT EXISTS (SELECT FROM (
        SELECT * FROM {model._meta.db_table} p WHERE p.pgh_obj_id = e.pgh_obj_id AND p.pgh_id < e.pgh_id
        ORDER BY p.pgh_id DESC LIMIT 1) b WHERE ROW({old}) IS NOT DISTINCT FROM ROW({new})))"""  # noqa: S608
