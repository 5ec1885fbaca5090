"""The Niederschrift of a sitting: its words in blocks, all else is drawn from the record."""

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse

from kim.models import Body, BodyRow, GuardedRow, Release, SameBody, Source, Text, TextBlock, frozen
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.studio import documents, releases
from meetings.models.agenda import AgendaItem
from meetings.models.committees import Meeting

RESOLUTION = "-beschluss"  # behind the word of an item: the block of its resolution
NUMBERED = re.compile(r"/[0-9]{2,3}(/WP[0-9]+)?$|[0-9]{4}-[0-9]{2}-[0-9]{2}$", re.IGNORECASE)
CLOSED = " nö"  # behind the number of a sitting: the minutes of its non-public part


@tracked()
class Minutes(GuardedRow):
    """The Niederschrift of one part of a sitting: the public one, or the other, which only those see who may."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="minutes", verbose_name="Sitzung")
    source = models.OneToOneField(Source, models.PROTECT, related_name="minutes", verbose_name="Beleg")
    text = models.OneToOneField(Text, models.PROTECT, related_name="minutes", verbose_name="Text")

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Niederschrift", "Niederschriften"
        triggers = [*GuardedRow.Meta.triggers, frozen("{row}.text_id")]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "meeting", "public"],
                name="minutes_part",
                violation_error_message="Diese Niederschrift gibt es schon.",
            ),
            *(SameBody(name) for name in ("meeting", "source", "text")),
        ]

    def __str__(self) -> str:
        return f"Niederschrift {self.reference}"

    @property
    def reference(self) -> str:
        """How it is cited. Example: ASID/07/WP18; ASID 2023-03-22, where the sitting has no serial."""
        organization = self.meeting.organization
        plain = f"{organization.short_name or organization.name} {self.meeting.date.isoformat()}"
        return (self.meeting.number or plain) + ("" if self.public else CLOSED)

    @property
    def name(self) -> str:
        return str(self)

    @property
    def as_of(self) -> Any:
        """The day of its figures: that of the sitting."""
        return self.meeting.date

    @property
    def address(self) -> str:
        """As it stands in addresses. Example: niederschrift.asid-2021-02-25; .noe behind it for the other part."""
        return f"niederschrift.{self.meeting.slug}" + ("" if self.public else ".noe")

    @property
    def part(self) -> str:
        """The part of the sitting in addresses."""
        return "oe" if self.public else "n"

    def get_absolute_url(self) -> str:
        return reverse("minutes", args=[self.meeting.slug, self.part])

    @property
    def is_open(self) -> bool:
        """Whether it is still written on."""
        return not self.text.releases.exists()

    def get_state_display(self) -> str:
        return "Entwurf" if self.is_open else "freigegeben"

    @classmethod
    def find(cls, body: Body, reference: str) -> "Minutes":
        """The body's Niederschrift with this address or number; Minutes.DoesNotExist otherwise."""
        kind, _, rest = reference.partition(".")
        rows = cls._default_manager.select_related(*RELATED).filter(body=body)
        if kind == "niederschrift":
            slug, _, part = rest.partition(".")
            return rows.get(meeting__slug=slug, public=part != "noe")
        plain = reference.removesuffix(CLOSED)
        if not NUMBERED.search(plain):  # no query for the numbers of all the other documents
            raise cls.DoesNotExist(reference)
        wanted = "".join(plain.lower().split())
        for one in rows.filter(public=plain == reference):
            if "".join(one.reference.removesuffix(CLOSED).lower().split()) == wanted:
                return one
        raise cls.DoesNotExist(reference)

    @classmethod
    @transaction.atomic
    def begin(cls, meeting: Meeting, *, public: bool) -> "Minutes":
        """A Niederschrift with a block for the course and one for the resolution of each item. ValidationError if
        there is one, or nothing stands on this part of the agenda."""
        items = list(meeting.agenda_items.filter(public=public))
        if not items:
            raise ValidationError("Auf der Tagesordnung steht in diesem Teil noch nichts.")
        describe_act(act="Niederschrift angelegt")
        with db_errors_as_validation():
            made = cls(body_id=meeting.body_id, meeting=meeting, public=public)
            text = Text(body_id=meeting.body_id, name=f"Niederschrift {meeting.slug} {public:d}", public=public)
            source = Source(body_id=meeting.body_id, kind=Source.Kind.MINUTES, public=public, date=meeting.date)
            source.title = f"Niederschrift, {meeting.organization}"[:280] + (
                "" if public else ", nichtöffentlicher Teil"
            )
            text.save_checked()
            source.save_checked()
            made.text, made.source = text, source
            made.save_checked()
            made.complete()
        return made

    def complete(self) -> int:
        """Blocks for items that have none yet (the agenda grew); how many. What is written stays."""
        there = set(self.text.blocks.values_list("key", flat=True))
        made = 0
        for item in self.meeting.agenda_items.filter(public=self.public):
            for n, (key, label) in enumerate(((item.word, "Verlauf"), (item.word + RESOLUTION, "Beschluss"))):
                if key in there or (n and not item.is_decided()):
                    continue
                position = item.order // 1000 * 100 + item.order % 1000 * 2 + n
                heading = f"TOP {item.number}, {label}: {item.called}"[:120]
                row = TextBlock(body_id=self.body_id, text=self.text, position=position, key=key, heading=heading)
                row.save_checked()
                made += 1
        return made

    def release(self, user: Any, *, shown: str | None = None) -> Release:
        """Freigeben: from now on record, words and bytes stay. ValidationError with every sentence against it."""
        document = documents.of(self)
        assert document
        with transaction.atomic():
            describe_act(act="Freigabe")
            return releases.release(document, user, shown)

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


RELATED = ("body", "source", "text", "meeting__organization", "meeting__legislative_term")


def block_of(item: AgendaItem, *, resolution: bool = False) -> str:
    """The key of the block with the course or the resolution of an item."""
    return item.word + (RESOLUTION if resolution else "")
