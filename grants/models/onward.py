"""Weiterleitung: the Bescheid or Vertrag by which a recipient gets part of a notice, written from a Muster."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max, Q, Sum
from django.urls import reverse

from grants.models.notices import FundingNotice
from grants.models.templates import SIGNER, Basis, OnwardTemplate, Signed
from kim.models import Body, BodyRow, BoundFigure, Release, SameBody, Source, Text, TextBlock, frozen
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.studio import documents, releases, seen
from staffing.models import Carrier


@tracked(exclude=("signer_name",))
class OnwardGrant(BodyRow, Signed):
    """A Weiterleitung: one Bescheid or Vertrag for one recipient; a later one for the same is its Änderung."""

    attached_as = "weiterleitung"

    source = models.OneToOneField(Source, models.PROTECT, related_name="onward_grant", verbose_name="Beleg")
    text = models.OneToOneField(Text, models.PROTECT, related_name="onward_grant", verbose_name="Text")
    notice = models.ForeignKey(FundingNotice, models.PROTECT, related_name="onward_grants", verbose_name="Zuwendung")
    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="onward_grants", verbose_name="Empfänger")
    basis = models.CharField("Form der Weiterleitung", max_length=8, choices=Basis)
    number = models.PositiveSmallIntegerField("Fassung", default=1)
    as_of = models.DateField("Zahlenstand")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Weiterleitung", "Weiterleitungen"
        triggers = [*BodyRow.Meta.triggers, frozen("{row}.text_id")]
        ordering: ClassVar = ["carrier__sort_key", "number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "notice", "carrier", "number"],
                name="onwardgrant_once",
                violation_error_message="Diese Weiterleitung gibt es schon.",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1),
                name="onwardgrant_number",
                violation_error_message="Die erste Fassung hat die Nummer 1.",
            ),
            SameBody("source"),
            SameBody("text"),
            SameBody("notice"),
            SameBody("carrier"),
        ]

    @transaction.atomic
    def change_head(self, file_reference: str, day: date) -> None:
        """Save the head of the draft: what is set on the row, its own Aktenzeichen and date, and what its figures say
        then. ValidationError with a sentence."""
        describe_act(act="Kopf der Weiterleitung geändert")
        with db_errors_as_validation():
            before = self.version
            self.source.file_reference, self.source.date = file_reference, day
            self.source.save_checked()
            self.save_checked()
            if self.version == before:
                self.touch()
            document = documents.of(OnwardGrant.objects.select_related(*RELATED).get(pk=self.pk))
            assert document
            document.bind()

    def __str__(self) -> str:
        return self.source.title

    @property
    def name(self) -> str:
        """What it is, and for whom."""
        return self.source.title

    @property
    def address(self) -> str:
        """As it stands in addresses; short names have no dot. Example: weiterleitung.kim-2023.drk.1."""
        return f"weiterleitung.{self.notice.slug}.{self.carrier.slug}.{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("onward-grant", args=[self.notice.slug, self.carrier.slug, self.number])

    @property
    def is_open(self) -> bool:
        """Whether it is still written on."""
        return not self.text.releases.exists()

    def get_state_display(self) -> str:
        return "Entwurf" if self.is_open else "freigegeben"

    @classmethod
    def find(cls, body: Body, address: str) -> "OnwardGrant":
        """The body's Weiterleitung with this address; OnwardGrant.DoesNotExist otherwise."""
        kind, *parts = address.split(".")
        if kind != "weiterleitung" or len(parts) != 3 or not parts[2].isdecimal() or len(parts[2]) > 4:
            raise cls.DoesNotExist
        rows = cls._default_manager.select_related(*RELATED)
        return rows.get(body=body, notice__slug=parts[0], carrier__slug=parts[1], number=int(parts[2]))

    def release(self, user: Any, *, shown: str | None = None, listed: str | None = None) -> Release:
        """Freigeben: from now on text, figures and bytes stay. ValidationError with every sentence against it.

        shown: what the page of the paper sent of what it showed (kim.studio.seen); None: not looked at one by one.
        listed: what drafts() said of it where all of a notice were released; None: a command asks.
        """
        document = documents.of(self)
        assert document

        def still(row: OnwardGrant) -> None:
            if listed is not None:
                seen.require_same(seen.read(listed), versions(row))

        with transaction.atomic():
            describe_act(act="Freigabe")
            return releases.release(document, user, shown, still=still)

    def freeze(self) -> None:
        """Nothing becomes of the row: that it is released is that it has a release."""

    def remove(self, *, reason: str) -> None:
        """Delete a draft with its text; ValidationError once it is released."""
        text, source = self.text, self.source
        with db_errors_as_validation():
            if not self.is_open:
                raise ValidationError("Was freigegeben ist, bleibt.")
            BoundFigure.objects.filter(text=text).delete()
            TextBlock.objects.filter(text=text).delete()
            super().remove(reason=reason)
            text.delete()
            source.delete()


def drafts(notice: FundingNotice) -> list[tuple[int, str]]:
    """The drafts of a notice, each with what is to be seen of it where all are released at once: the versions of the
    rows that it is printed from. Three queries."""
    rows = notice.onward_grants.filter(text__releases__isnull=True).select_related(*RELATED).order_by("pk")
    sums = summed([row.text_id for row in rows])
    return [(row.pk, seen.token(versions(row, sums))) for row in rows]


def versions(grant: OnwardGrant, sums: dict[int, list[str]] | None = None) -> dict[str, str]:
    """The rows that a Weiterleitung is printed from, under the names of what they print, each by its version: another
    sentence, signature, address or amount is another version. sums: see summed; asked for where they are not given."""
    words, figures = (sums or summed([grant.text_id])).get(grant.text_id, ["", ""])
    return {
        "Kopf (Zeichnung, Zahlenstand)": str(grant.version),
        "Kopf (Aktenzeichen, Datum)": str(grant.source.version),
        "Anschrift des Empfängers": str(grant.carrier.version),
        "Briefkopf": str(grant.body.version),
        "Zuwendung": str(grant.notice.version),
        "Text": words,
        "Zahlen": figures,
    }


def summed(texts: list[int]) -> dict[int, list[str]]:
    """The versions of the blocks and of the figures of these texts, each in a word. Two queries."""
    tallies = []
    for model in (TextBlock, BoundFigure):
        found = model.objects.filter(text__in=texts).values("text").annotate(n=Sum("version"), last=Max("pk"))
        tallies.append({one["text"]: f"{one['n']}/{one['last']}" for one in found.order_by("text")})
    return {text: [tally.get(text, "") for tally in tallies] for text in texts}


RELATED = ("body", "source", "text", "carrier", "notice__programme", "notice__sub_product")


@dataclass(frozen=True)
class NewOnwardGrant:
    """A Weiterleitung that is about to be written."""

    notice: FundingNotice
    carrier: Carrier
    basis: str
    day: date  # of the paper
    as_of: date  # of its figures

    @transaction.atomic
    def create(self) -> OnwardGrant:
        """The draft with the words of the Muster and figures as the data say them; after a released one its Änderung.
        ValidationError: no Muster, or a draft is there already."""
        body, basis = self.notice.body, Basis(self.basis)
        template = OnwardTemplate.fitting(self.notice, basis)
        if template is None:
            raise ValidationError(f"Es gibt noch kein Muster für den {basis.label}.")
        list(
            Body.objects.filter(pk=body.pk).select_for_update(no_key=True)
        )  # two who begin the same: one after another
        last = OnwardGrant.objects.filter(notice=self.notice, carrier=self.carrier).order_by("number").last()
        if last and last.is_open:
            raise ValidationError(f"{last} ist schon als Entwurf da.")
        if last and last.basis != basis:
            raise ValidationError(f"{last} ist freigegeben; die Änderung hat dieselbe Form.")
        number = last.number + 1 if last else 1
        describe_act(act="Weiterleitung angelegt")
        with db_errors_as_validation():
            made = self.rows(template, number)
            document = documents.of(made)
            assert document
            document.bind()
        return made

    def title(self, number: int) -> str:
        """What the paper is called. Example: Weiterleitungsbescheid an Stadt Monschau: KIM 2023."""
        again = f" ({number - 1}. Änderung)" if number > 1 else ""
        return f"{Basis(self.basis).label} an {self.carrier.name} – {self.notice.title}"[:280] + again

    def text_name(self, number: int) -> str:
        """A name of its own for the text: no part of it is cut off whole."""
        return f"Weiterleitung {number}: {self.carrier.slug[:50]} {self.notice.slug[:50]}"

    def rows(self, template: OnwardTemplate, number: int) -> OnwardGrant:
        """Beleg, text and Weiterleitung."""
        body, title = self.notice.body, self.title(number)
        source = Source(body=body, kind=Source.Kind.ONWARD, title=title, date=self.day)
        # Seen by whoever sees the money: a Bescheid is no paper of the council (see Source).
        text = Text(body=body, name=self.text_name(number), public=True)
        for row in (source, text):
            row.save_checked()
        made = OnwardGrant(body=body, source=source, text=text, notice=self.notice, carrier=self.carrier)
        made.basis, made.number, made.as_of = self.basis, number, self.as_of
        for name in SIGNER:
            setattr(made, name, getattr(template, name))
        made.save_checked()
        for block in template.text.blocks.all():
            facts = {"position": block.position, "key": block.key, "heading": block.heading, "content": block.content}
            copy = TextBlock(body=body, text=text, **facts)
            copy.save_checked()
        return made
