"""Mitzeichnung: which offices agree to a paper, and to which words."""

from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import Q

from kim import releases
from kim.history import refusable, tracked
from kim.models import BodyRow, SameBody, User, frozen
from kim.permissions import note
from meetings.models.committees import Organization
from meetings.models.papers import OF_PAPER, Paper


@tracked()
class CoSignature(BodyRow):
    """A Mitzeichnung: an office agrees to the text, its figures and the proposals as they stood then."""

    guard_parent = part_of = "paper"

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="cosignatures", verbose_name="Vorlage")
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="cosignatures", verbose_name="Beteiligte Dienststelle"
    )
    signed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name="gezeichnet von"
    )
    signed_at = models.DateTimeField("gezeichnet am", null=True, blank=True)
    fingerprint = models.CharField("Prüfsumme des Gezeichneten", max_length=64, blank=True, db_default="")
    comment = models.TextField("Bemerkung", blank=True, db_default="")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Mitzeichnung", "Mitzeichnungen"
        triggers = [*BodyRow.Meta.triggers, frozen(OF_PAPER)]
        ordering: ClassVar = ["organization__name"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "paper", "organization"],
                name="cosignature_once",
                violation_error_message="Diese Dienststelle ist schon beteiligt.",
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, fingerprint="") | Q(signed_at__isnull=False) & ~Q(fingerprint=""),
                name="cosignature_whole",
                violation_error_message="Zur Mitzeichnung gehören Tag und Prüfsumme.",
            ),
            SameBody("paper"),
            SameBody("organization"),
        ]

    def __str__(self) -> str:
        return str(self.organization)

    @transaction.atomic
    def sign(self, user: Any, comment: str = "", *, shown: str = "") -> None:
        """Agree to the text as it stands; shown: releases.checksum of what the page showed, ValidationError if it is
        another by now."""
        note(act="Mitzeichnung")
        with refusable():
            document = self.paper.document()
            releases.hold(document.text)
            self.fingerprint, self.comment = document.fingerprint(), comment.strip()
            releases.agreed(shown, self.fingerprint)
            self.signed_by, self.signed_at = user, releases.now()
            self.full_clean()
            self.save()
