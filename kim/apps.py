"""The ground of the house."""

from django.apps import AppConfig

from kim import figures


class KimConfig(AppConfig):
    name = "kim"
    verbose_name = "Grundlagen"

    def ready(self) -> None:
        from kim import checks, documents  # noqa: F401 - register

        figures.load()
        documents.load()
