"""The ground of the house."""

from django.apps import AppConfig


class KimConfig(AppConfig):
    name = "kim"
    verbose_name = "Grundlagen"

    def ready(self) -> None:
        from kim import checks, documents, figures  # noqa: F401 - checks register themselves

        figures.load()
        documents.load()
