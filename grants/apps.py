"""Registers the app, and its rights."""

from django.apps import AppConfig


class GrantsConfig(AppConfig):
    name = "grants"
    verbose_name = "Zuwendungen"

    def ready(self) -> None:
        import grants.rights  # noqa: F401  # declares them
