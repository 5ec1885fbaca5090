"""The ground of the house."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class KimConfig(AppConfig):
    name = "kim"
    verbose_name = "Grundlagen"

    def ready(self) -> None:
        from kim import figures
        from kim.figures import findings
        from kim.studio import documents

        figures.load()
        documents.load()
        findings.load()


class TechnicalConfig(admin.AdminConfig):
    """Django's admin as our /technik/: pages of our own look, rights of our own rules."""

    default = False
    default_site = "kim.admin.TechnicalSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib.admin import site

        from kim.admin import BodyAdmin, UserAdmin
        from kim.models import Body, User

        site.register(Body, BodyAdmin)  # the site stands in the same module: a decorator there would be lost
        site.register(User, UserAdmin)
