"""System checks: what must hold before the program serves."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connection


@register(Tags.database)
def app_role_is_weak(databases: Any = None, **kwargs: Any) -> list[Error]:
    """The role that serves is no superuser, may not pass row-level security, and owns no table."""
    if not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls, EXISTS (SELECT 1 FROM pg_tables WHERE tableowner = current_user"
            " AND schemaname = 'public') FROM pg_roles WHERE rolname = current_user"
        )
        strong, owns = cursor.fetchone()
    message = "Die Rolle, mit der das Programm arbeitet, darf mehr als sie soll (Eigentümer oder Superuser)."
    return [Error(message, id="kim.E001")] if strong or owns else []


@register(Tags.files)
def assets_are_installed(**kwargs: Any) -> list[Error]:
    """The design system that every page uses is there."""
    if settings.ASSETS.is_dir():
        return []
    return [Error("Die Oberfläche (KERN) fehlt.", hint="script/setup installiert sie.", id="kim.E002")]
