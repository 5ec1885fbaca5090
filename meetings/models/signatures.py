"""Mitzeichnung: which offices agree to a paper, who may say so for them, to which words, and what they remark."""

import uuid
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from kim.models import BodyRow, SameBody, User, frozen
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.studio import releases, seen
from kim.values.formats import format_day
from kim.values.periods import PeriodField, PeriodQuerySet, today
from meetings.models.committees import Organization
from meetings.models.papers import OF_PAPER, Paper


@tracked()
class Signatory(BodyRow):
    """A Zeichnungsbefugnis: who signs for an office and when, by right or in Vertretung. An office for which nobody is
    recorded is signed for by anybody who may sign at all."""

    key = models.UUIDField("Kennung", default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="signatories", verbose_name="Dienststelle"
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="wer zeichnet")
    validity = PeriodField("Zeitraum")
    substitute = models.BooleanField("in Vertretung", default=False)

    objects = PeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Zeichnungsbefugnis", "Zeichnungsbefugnisse"
        ordering: ClassVar = ["organization__name", "substitute", "validity"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "organization", "user", "validity"],
                name="signatory_once",
                violation_error_message="Das ist schon eingetragen.",
            ),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False),
                name="signatory_validity",
                violation_error_message="Der Zeitraum braucht einen Anfang, und das Ende liegt danach.",
            ),
            SameBody("organization"),
        ]

    def __str__(self) -> str:
        return f"{self.user} für {self.organization}" + (" in Vertretung" if self.substitute else "")

    def get_absolute_url(self) -> str:
        return reverse("signatories")

    def clean(self) -> None:
        """Nobody begins to sign for an office that is dissolved by then."""
        if self.organization_id and self.validity and self.validity.lower:
            self.organization.require(self.validity.lower, "validity")

    @classmethod
    def of(cls, organization: Organization, user: Any, day: date) -> "Signatory | None":
        """By what the person signs for the office on the day; None where nobody is recorded for it. ValidationError
        with the names of those who may."""
        recorded = cls.objects.filter(organization=organization)
        rows = list(recorded.as_of(day).select_related("user", "organization"))
        if not rows and not recorded.exists():
            return None
        if not rows:
            raise ValidationError(f"Für {organization} ist am {format_day(day)} niemand eingetragen, der zeichnet.")
        own: Signatory | None = next((row for row in rows if user is not None and row.user_id == user.pk), None)
        if own is None:
            names = ", ".join(f"{row.user}{' (in Vertretung)' if row.substitute else ''}" for row in rows)
            raise ValidationError(f"Für {organization} zeichnet heute {names}.")
        return own


@tracked(exclude=("text",))
class BlockComment(BodyRow):
    """A Bemerkung to a block of a draft, until it is done with; its words stay out of the history."""

    guard_parent = part_of = "paper"

    paper = models.ForeignKey(Paper, models.PROTECT, related_name="comments", verbose_name="Vorlage")
    number = models.PositiveSmallIntegerField("Nummer")
    block = models.SlugField("Textblock", max_length=40)
    text = models.TextField("Bemerkung")
    written_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="geschrieben von"
    )
    written_at = models.DateTimeField("geschrieben am")
    done_at = models.DateTimeField("erledigt am", null=True, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Bemerkung zum Text", "Bemerkungen zum Text"
        triggers = [*BodyRow.Meta.triggers, frozen(OF_PAPER)]
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "paper", "number"],
                name="blockcomment_number",
                violation_error_message="Gerade ist noch eine Bemerkung entstanden. Bitte noch einmal.",
            ),
            models.CheckConstraint(
                condition=~Q(text=""),
                name="blockcomment_text",
                violation_error_message="Bitte schreiben, was zu bemerken ist.",
            ),
            SameBody("paper"),
        ]

    def __str__(self) -> str:
        return f"Bemerkung {self.number}"

    def get_absolute_url(self) -> str:
        return self.paper.get_absolute_url()

    @classmethod
    @transaction.atomic
    def write(cls, paper: Paper, block: str, text: str, user: Any) -> "BlockComment":
        """Remark on a block; ValidationError if the paper has no such block, or nothing is said."""
        if not paper.text or not paper.text.blocks.filter(key=block).exists():
            raise ValidationError("Diesen Block gibt es nicht mehr.")
        describe_act(act="Bemerkung geschrieben")
        with db_errors_as_validation():
            releases.lock_text(paper.text)
            last = paper.comments.order_by("number").last()
            row = cls(body=paper.body, paper=paper, number=last.number + 1 if last else 1, block=block)
            row.text, row.written_by, row.written_at = text.strip(), user, releases.now()
            row.save_checked()
        return row

    @transaction.atomic
    def finish(self) -> None:
        """It is done with; ValidationError if it is already."""
        if self.done_at:
            raise ValidationError(f"{self} ist schon erledigt.")
        describe_act(act="Bemerkung erledigt")
        with db_errors_as_validation():
            self.done_at = releases.now()
            self.save()


@tracked(exclude=("comment",))
class CoSignature(BodyRow):
    """A Mitzeichnung: an office agrees to the text, its figures and the proposals as they stood then. What it remarks
    stays out of the history."""

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
    substitute = models.BooleanField("in Vertretung", default=False, db_default=False)
    edited_at = models.DateTimeField("danach redaktionell geändert am", null=True, blank=True)
    edited_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name="geändert von"
    )

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

    def clean(self) -> None:
        """An office that is dissolved by today is not asked any more."""
        if self._state.adding and self.organization_id:
            self.organization.require(today(self.body), "organization")

    @transaction.atomic
    def sign(self, user: Any, comment: str = "", *, shown: str | None = None) -> None:
        """Agree to the paper as it is printed now: head, text, figures, proposals.

        shown: what the page sent of what it showed (kim.studio.seen); None: a command. ValidationError with the fields
        that are another by now, or if somebody else signs for the office (see Signatory).
        """
        authority = Signatory.of(self.organization, user, today(self.body))
        describe_act(act="Mitzeichnung")
        with db_errors_as_validation():
            releases.lock_text(self.paper.document().text)
            there = seen.of(self.paper.document().again())
            if shown is not None:
                seen.require_same(seen.read(shown), there)
            self.fingerprint, self.comment = there[seen.WHOLE], comment.strip()
            self.signed_by, self.signed_at = user, releases.now()
            self.substitute, self.edited_at, self.edited_by = bool(authority and authority.substitute), None, None
            self.save_checked()
