"""The Niederschrift of a sitting: its words in blocks, all else is drawn from the record."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.db import models, transaction

from kim.models import Body, Source, TextBlock
from kim.models.versioned import keep_together, tracked
from kim.values.periods import today
from meetings.models.agenda import NUMBER, AgendaItem
from meetings.models.committees import Meeting
from meetings.models.consultations import carry_papers
from meetings.models.sitting_papers import RELATED, SittingPaper

RESOLUTION = "-beschluss"  # behind the word of an item: the block of its resolution
NUMBERED = re.compile(r"/[0-9]{2,3}(/WP[0-9]+)?$|[0-9]{4}-[0-9]{2}-[0-9]{2}$", re.IGNORECASE)
CLOSED = " nö"  # behind the number of a sitting: the minutes of its non-public part


@tracked()
class Minutes(SittingPaper):
    """The Niederschrift of one part of a sitting: the public one, or the other."""

    page = "minutes"
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="minutes", verbose_name="Sitzung")
    gaps = models.CharField(
        "Grund, trotz offener Angaben freizugeben",
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Was zur Sitzung nicht erfasst ist, hält die Freigabe sonst auf. Der Grund steht im Verlauf.",
    )

    class Meta(SittingPaper.Meta):
        verbose_name, verbose_name_plural = "Niederschrift", "Niederschriften"

    def __str__(self) -> str:
        return f"Niederschrift {self.reference}"

    @property
    def reference(self) -> str:
        """How it is cited. Example: ASID/07/WP18."""
        return self.sitting + ("" if self.public else CLOSED)

    @property
    def address(self) -> str:
        """As it stands in addresses. Example: niederschrift.asid-2021-02-25; .noe behind it for the other part."""
        return f"niederschrift.{self.meeting.slug}" + ("" if self.public else ".noe")

    @classmethod
    def find(cls, body: Body, reference: str) -> "Minutes":
        """The body's Niederschrift with this address or number; Minutes.DoesNotExist otherwise."""
        kind, _, rest = reference.partition(".")
        rows = cls._default_manager.select_related(*RELATED).filter(body=body)
        if kind == "niederschrift":
            slug, _, part = rest.partition(".")
            if part not in {"", "noe"}:
                raise cls.DoesNotExist(reference)
            return cls.found(body, slug, public=not part)
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
        if not meeting.agenda_items.filter(public=public).exists():
            raise ValidationError("Auf der Tagesordnung steht in diesem Teil noch nichts.")
        title = f"Niederschrift, {meeting.organization}"[:280] + ("" if public else ", nichtöffentlicher Teil")
        day = max(meeting.date, today(meeting.body))
        made = cls.made(meeting, public=public, title=title, kind=Source.Kind.MINUTES, day=day)
        made.complete()
        return made

    def require_day(self, day: date) -> None:
        if day < self.meeting.date:
            raise ValidationError({"date": "Die Niederschrift ist nicht älter als die Sitzung."})

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
    agenda = there(meeting, kept, gone)
    numbers = [(one.public, one.number) for one in agenda]
    for item, _ in kept:
        if numbers.count((item.public, item.number)) > 1:
            raise ValidationError(f"{item.key}: Diesen Tagesordnungspunkt gibt es in diesem Teil schon.")
        main = item.number.partition(".")[0]
        if NUMBER.match(item.number) and (item.public, main) not in numbers:
            raise ValidationError(f"{item.key}: Einen TOP {main}, den er ergänzt, gibt es in diesem Teil nicht.")
        item.together = True  # type: ignore[misc]  # of this row alone
    count = keep_together([item for item, _ in kept], gone, act="Tagesordnung geändert")
    for item, papers in kept:
        carry_papers(item, papers)
    for minutes in Minutes.objects.filter(meeting=meeting).select_related(*RELATED):
        if minutes.is_open:
            minutes.complete()
    return count


def there(meeting: Meeting, kept: list[tuple[AgendaItem, str]], gone: list[AgendaItem]) -> list[AgendaItem]:
    """The agenda as it will be: what is kept as it is typed, the rest as it is stored."""
    changed = {item.pk for item, _ in kept} | {item.pk for item in gone}
    rest = [one for one in AgendaItem.objects.filter(meeting=meeting) if one.pk not in changed]
    return [*rest, *(item for item, _ in kept)]


def written(item: AgendaItem) -> bool:
    """Whether the Niederschrift says something of an item."""
    blocks = TextBlock.objects.filter(
        text__minutes__meeting=item.meeting_id, key__in=[item.block, item.block + RESOLUTION]
    )
    return blocks.exclude(content="").exists()
