"""What is written for a sitting as a document of the studio: words in blocks, all else is drawn from the sitting."""

from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse

from kim.models import BodyRow, GuardedRow, Release, SameBody, Source, Text, TextBlock, frozen
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.studio import documents, releases
from meetings.models.committees import Meeting

RELATED = ("body", "source", "text", "meeting__organization", "meeting__legislative_term")


class SittingPaper(GuardedRow):
    """A document of one sitting in two versions: the public one, and the other, which only those see who may."""

    page: ClassVar[str]  # the name of its page, which others begin with
    meeting: Meeting
    source = models.OneToOneField(Source, models.PROTECT, related_name="%(class)s", verbose_name="Beleg")
    text = models.OneToOneField(Text, models.PROTECT, related_name="%(class)s", verbose_name="Text")

    class Meta(GuardedRow.Meta):
        abstract = True
        triggers = [*GuardedRow.Meta.triggers, frozen("{row}.text_id")]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "meeting", "public"],
                name="%(class)s_part",
                violation_error_message="Dieses Dokument gibt es schon.",
            ),
            *(SameBody(name) for name in ("meeting", "source", "text")),
        ]

    @property
    def sitting(self) -> str:
        """How its sitting is cited. Example: ASID/07/WP18; ASID 2023-03-22, where it has no serial."""
        organization = self.meeting.organization
        plain = f"{organization.short_name or organization.name} {self.meeting.date.isoformat()}"
        return self.meeting.number or plain

    @property
    def reference(self) -> str:
        """How it is cited."""
        raise NotImplementedError

    @property
    def address(self) -> str:
        """As it stands in addresses of documents."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        return str(self)

    @property
    def as_of(self) -> Any:
        """The day of its figures: that of the sitting."""
        return self.meeting.date

    @property
    def part(self) -> str:
        """Which of the two it is, in addresses."""
        return "oe" if self.public else "n"

    def get_absolute_url(self) -> str:
        return reverse(self.page, args=[self.meeting.slug, self.part])

    @cached_property
    def is_open(self) -> bool:
        """Whether it is still written on, as it was when this row was first asked."""
        return not self.text.releases.exists()

    def get_state_display(self) -> str:
        return "Entwurf" if self.is_open else "freigegeben"

    @classmethod
    def found(cls, body: Any, slug: str, *, public: bool) -> Self:
        """The body's document of the sitting with this address; DoesNotExist otherwise."""
        return cls._default_manager.select_related(*RELATED).get(body=body, meeting__slug=slug, public=public)

    @classmethod
    def made(cls, meeting: Meeting, *, public: bool, title: str, kind: str, day: date) -> Self:
        """A new one with an empty text and its Beleg. ValidationError if there is one."""
        noun = cls._meta.verbose_name
        describe_act(act=f"{noun} angelegt")
        with db_errors_as_validation():
            row = cls(body_id=meeting.body_id, meeting=meeting, public=public)
            text = Text(body_id=meeting.body_id, name=f"{noun} {meeting.slug} {public:d}", public=public)
            source = Source(body_id=meeting.body_id, kind=kind, public=public, date=day, title=title[:300])
            text.save_checked()
            source.save_checked()
            row.text, row.source = text, source
            row.save_checked()
        return row

    @transaction.atomic
    def redate(self, day: date) -> None:
        """The day that it bears, and with it its head as it is set here. ValidationError with a sentence."""
        self.require_day(day)
        describe_act(act=f"Kopf geändert: {self._meta.verbose_name}")
        with db_errors_as_validation():
            self.source.date = day
            self.source.save_checked()
            before = self.version
            self.save_checked()
            if self.version == before:  # only the day is another: that is a change of the document, too
                self.touch()

    def require_day(self, day: date) -> None:
        """ValidationError if it cannot bear this day."""
        raise NotImplementedError

    def release(self, user: Any, *, shown: str | None = None) -> Release:
        """Freigeben: from now on its words and the bytes stay. ValidationError with every sentence against it."""
        document = documents.of(self)
        assert document
        with transaction.atomic():
            describe_act(act="Freigabe")
            made = releases.release(document, user, shown)
        self.__dict__.pop("is_open", None)
        return made

    def freeze(self) -> None:
        """Nothing becomes of the row: that it is released is that it has a release."""

    def remove(self, *, reason: str) -> None:
        """Delete a draft with its words; ValidationError once it is released."""
        text, source = self.text, self.source
        with db_errors_as_validation():
            if not self.is_open:
                raise ValidationError("Was freigegeben ist, bleibt.")
            TextBlock.objects.filter(text=text).delete()
            super().remove(reason=reason)
            text.delete()
            source.delete()
