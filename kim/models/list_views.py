"""Views of lists that people save: filters, order and columns under a name."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kim.models.base import BodyRow
from kim.models.bodies import User
from kim.models.versioned import remove_whole, tracked
from kim.store.context import Scope


@tracked(exclude=("name", "slug", "query"))
class SavedView(BodyRow):
    """A saved view of a list, for oneself or for everybody of the body.

    What it filters may name persons, and which lists somebody looks at is nobody's business: name and query stay out
    of the history.
    """

    path = models.CharField("Liste", max_length=60)
    slug = models.SlugField("Kurzname in Adressen", max_length=60)
    name = models.CharField("Name der Ansicht", max_length=60)
    query = models.TextField("Filter, Sortierung und Spalten", max_length=2000, blank=True)
    shared = models.BooleanField(
        "für alle", default=False, help_text="Alle, die für diese Körperschaft arbeiten, sehen die Ansicht."
    )
    author = models.ForeignKey(User, models.PROTECT, editable=False, related_name="+", verbose_name="gespeichert von")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Ansicht", "Ansichten"
        ordering: ClassVar = ["shared", "name"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "path", "author", "slug"],
                name="savedview_slug",
                violation_error_message="Eine Ansicht mit diesem Namen haben Sie in dieser Liste schon.",
            ),
            models.UniqueConstraint(
                fields=["body", "path", "slug"],
                condition=Q(shared=True),
                name="savedview_shared_slug",
                violation_error_message="Eine Ansicht mit diesem Namen gibt es in dieser Liste schon für alle.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{self.path}?{self.query}&ansicht={self.slug}"

    def take_away(self) -> None:
        """Delete it; ValidationError if it is gone already or somebody is at it."""
        remove_whole(self, act="Ansicht gelöscht")

    @classmethod
    def of(cls, scope: Scope, path: str) -> Any:
        """The saved views of a list that this person sees: her own, then those for all."""
        return cls.visible_to(scope).filter(Q(author=scope.user) | Q(shared=True), path=path)
