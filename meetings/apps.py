"""Registers the app, and its rights."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "meetings"
    verbose_name = "Sitzungen"

    def ready(self) -> None:
        import meetings.rights  # noqa: F401  # declares them
