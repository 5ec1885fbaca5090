"""What was issued: the bytes of a paper, where its figures came from, and the chain that proves both."""

from typing import ClassVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from kim.models.base import BodyRow, SameBody
from kim.models.bodies import User
from kim.models.refusals import SENTENCES
from kim.models.sources import Source, Text, frozen
from kim.models.versioned import tracked

SENTENCES["release_chain"] = "Gerade hat jemand anderes etwas freigegeben. Bitte noch einmal."


@tracked()
class BoundFigure(BodyRow):
    """The words that a figure of a draft prints: they follow the data only when somebody takes the new ones over."""

    guard_parent = "text"
    part_of = "text"

    text = models.ForeignKey(Text, models.PROTECT, related_name="bound", verbose_name="Text")
    token = models.TextField("Platzhalter")
    words = models.TextField("übernommen als", blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Übernommene Zahl", "Übernommene Zahlen"
        triggers = [*BodyRow.Meta.triggers, frozen("{row}.text_id")]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "text", "token"],
                name="boundfigure_once",
                violation_error_message="Diese Zahl ist schon übernommen.",
            ),
            SameBody("text"),
        ]

    def __str__(self) -> str:
        return self.words


@tracked(exclude=("pdf", "bundle"))
class Release(BodyRow):
    """A released paper, for good: the PDF, the bundle it is drawn from, and their place in the body's chain.

    bundle is canonical JSON: text, figures with derivation, Stand, moment of knowledge, template, renderer, fonts.
    """

    guard_parent = "text"

    number = models.PositiveIntegerField("laufende Freigabe")
    kind = models.CharField("Art", max_length=40)
    text = models.ForeignKey(Text, models.PROTECT, related_name="releases", verbose_name="Text")
    source = models.ForeignKey(Source, models.PROTECT, related_name="releases", verbose_name="Beleg")
    released_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="freigegeben von"
    )
    released_at = models.DateTimeField("freigegeben am")
    bundle = models.TextField("Inhalt")
    pdf = models.BinaryField("PDF")
    bundle_sha256 = models.CharField("Prüfsumme des Inhalts", max_length=64)
    pdf_sha256 = models.CharField("Prüfsumme des PDF", max_length=64)
    previous_chain = models.CharField("Prüfsumme der Kette davor", max_length=64, blank=True)
    chain = models.CharField("Prüfsumme der Kette", max_length=64)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Freigabe", "Freigaben"
        ordering: ClassVar = ["number"]
        triggers = [
            *BodyRow.Meta.triggers,
            pgtrigger.Trigger(
                name="fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="RAISE EXCEPTION 'released' USING ERRCODE = '23000', CONSTRAINT = 'release_fixed';",
            ),
            pgtrigger.Trigger(
                name="not_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'released' USING ERRCODE = '23000', CONSTRAINT = 'release_fixed';",
            ),
            pgtrigger.Trigger(
                name="next_link",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("last", "record")],
                func="""
                    SELECT number, chain INTO last FROM kim_release WHERE body_id = NEW.body_id
                        ORDER BY number DESC LIMIT 1;
                    IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.previous_chain <> coalesce(last.chain, '')
                    THEN
                        RAISE EXCEPTION 'chain' USING ERRCODE = '23000', CONSTRAINT = 'release_chain';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "number"],
                name="release_number",
                violation_error_message="Gerade hat jemand anderes etwas freigegeben. Bitte noch einmal.",
            ),
            models.UniqueConstraint(
                fields=["body", "text"],
                name="release_text",
                violation_error_message="Diese Vorlage ist schon freigegeben.",
            ),
            models.CheckConstraint(
                condition=~Q(chain=F("previous_chain")),
                name="release_chained",
                violation_error_message="Die Kette der Freigaben stimmt nicht.",
            ),
            SameBody("text"),
            SameBody("source"),
        ]

    def __str__(self) -> str:
        return f"Freigabe {self.number}: {self.source.cited()}"

    def get_absolute_url(self) -> str:
        return self.source.get_absolute_url()

    @property
    def fingerprint(self) -> str:
        """The Prüfwert as it is printed: the first 16 signs of the bundle's checksum, in fours."""
        return in_fours(self.bundle_sha256)


class UnknownFormat(ValidationError):
    """A bundle was written by a program that knows more formats than this one (see kim.studio.bundles)."""


def in_fours(checksum: str) -> str:
    """A Prüfwert as it is read out. Example: 7c1e 90ab 44d2 08f3."""
    return " ".join(checksum[n : n + 4] for n in range(0, 16, 4))
