"""Registers the app, and its rights."""

from django.apps import AppConfig


class StaffingConfig(AppConfig):
    name = "staffing"
    verbose_name = "Stellen"

    def ready(self) -> None:
        import staffing.rights  # noqa: F401  # declares them
