"""The Niederschrift of a sitting: its words in blocks, all else is drawn from the record."""

import re
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse

from kim.models import Body, BodyRow, GuardedRow, Release, SameBody, Source, Text, TextBlock, frozen
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import keep_together, tracked
from kim.store.context import describe_act
from kim.studio import documents, releases
from kim.values.periods import today
from meetings.models.agenda import AgendaItem
from meetings.models.committees import Meeting
from meetings.models.consultations import carry_papers

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
            if part not in {"", "noe"}:
                raise cls.DoesNotExist(reference)
            return rows.get(meeting__slug=slug, public=not part)
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
            source = Source(body_id=meeting.body_id, kind=Source.Kind.MINUTES, public=public)
            source.date = max(meeting.date, today(meeting.body))
            source.title = f"Niederschrift, {meeting.organization}"[:280] + (
                "" if public else ", nichtöffentlicher Teil"
            )
            text.save_checked()
            source.save_checked()
            made.text, made.source = text, source
            made.save_checked()
            made.complete()
        return made

    @transaction.atomic
    def redate(self, day: date) -> None:
        """The day that the Niederschrift bears. ValidationError with a sentence."""
        if day < self.meeting.date:
            raise ValidationError({"date": "Die Niederschrift ist nicht älter als die Sitzung."})
        describe_act(act="Datum der Niederschrift geändert")
        with db_errors_as_validation():
            self.source.date = day
            self.source.save_checked()
            self.touch()

    def complete(self) -> int:
        """Blocks for items that have none yet, in the order and under the numbers of the agenda; how many rows change.
        What is written stays with its item."""
        there = {one.key: one for one in self.text.blocks.all()}
        changed = 0
        for item in self.meeting.agenda_items.filter(public=self.public):
            for n, (key, label) in enumerate(((item.block, "Verlauf"), (item.block + RESOLUTION, "Beschluss"))):
                row = there.get(key)
                if row is None and n and not item.is_decided():
                    continue
                position = item.order // 1000 * 100 + item.order % 1000 * 2 + n
                heading = f"TOP {item.number}, {label}: {item.called}"[:120]
                row = row or TextBlock(body_id=self.body_id, text=self.text, key=key)
                if (row.position, row.heading) != (position, heading):
                    row.position, row.heading = position, heading
                    row.save_checked()
                    changed += 1
        return changed

    def release(self, user: Any, *, shown: str | None = None) -> Release:
        """Freigeben: from now on the record of this part, its words and the bytes stay. ValidationError with every
        sentence against it."""
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
    return item.block + (RESOLUTION if resolution else "")


@transaction.atomic
def keep_agenda(meeting: Meeting, kept: list[tuple[AgendaItem, str]], gone: list[AgendaItem]) -> int:
    """Write the agenda down as one act, each item with the numbers of its papers; how many rows that are. Drafts of the
    Niederschrift follow. ValidationError with a sentence; then nothing of it is kept."""
    for item, _ in kept:
        before = AgendaItem.objects.filter(pk=item.pk).first()
        if before and before.public != item.public and written(before):
            raise ValidationError(f"{before}: In der Niederschrift dieses Teils steht schon Text dazu.")
    for item, _ in kept:
        item.together = True  # type: ignore[misc]  # of this row alone
    count = keep_together([item for item, _ in kept], gone, act="Tagesordnung geändert")
    for item, papers in kept:
        carry_papers(item, papers)
    for minutes in Minutes.objects.filter(meeting=meeting).select_related(*RELATED):
        if minutes.is_open:
            minutes.complete()
    return count


def written(item: AgendaItem) -> bool:
    """Whether the Niederschrift says something of an item."""
    blocks = TextBlock.objects.filter(
        text__minutes__meeting=item.meeting_id, key__in=[item.block, item.block + RESOLUTION]
    )
    return blocks.exclude(content="").exists()
