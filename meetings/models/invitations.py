"""The Einladung to a sitting, and its Bekanntmachung."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models, transaction

from kim.models import Body, Source, TextBlock
from kim.models.versioned import tracked
from kim.values.periods import today
from meetings.models.committees import Meeting
from meetings.models.sitting_papers import SittingPaper

WORDS = {True: "Bekanntmachung", False: "Einladung"}
OPENINGS = {
    True: "Zeit, Ort und Tagesordnung der Sitzung werden hiermit öffentlich bekannt gemacht.",
    False: "Hiermit lade ich zu der Sitzung ein.",
}


@tracked()
class Invitation(SittingPaper):
    """The Einladung of a sitting with its whole agenda for those who may see it (public no), or the Bekanntmachung with
    neutral titles of the non-public part (public yes; § 48 (1) GO NRW, § 33 (1) KrO NRW)."""

    page = "invitation"
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="invitations", verbose_name="Sitzung")

    class Meta(SittingPaper.Meta):
        verbose_name, verbose_name_plural = "Einladung", "Einladungen"

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """How it is cited. Examples: Einladung ASID/07/WP18; Bekanntmachung ASID 2023-03-22."""
        return f"{WORDS[self.public]} {self.sitting}"

    @property
    def address(self) -> str:
        """As it stands in addresses. Example: einladung.asid-2021-02-25."""
        return f"{WORDS[self.public].lower()}.{self.meeting.slug}"

    @classmethod
    def find(cls, body: Body, reference: str) -> "Invitation":
        """The body's Einladung or Bekanntmachung with this address; Invitation.DoesNotExist otherwise."""
        kind, _, slug = reference.partition(".")
        for public, word in WORDS.items():
            if kind == word.lower():
                return cls.found(body, slug, public=public)
        raise cls.DoesNotExist(reference)

    @classmethod
    @transaction.atomic
    def begin(cls, meeting: Meeting, *, public: bool) -> "Invitation":
        """An Einladung or Bekanntmachung with its opening words. ValidationError if there is one, or no agenda yet."""
        if not meeting.agenda_items.exists():
            raise ValidationError("Auf der Tagesordnung steht noch nichts.")
        title = f"{WORDS[public]}, {meeting.organization}"
        day = min(meeting.date, meeting.invited_on or today(meeting.body))
        made = cls.made(meeting, public=public, title=title, kind=Source.Kind.INVITATION, day=day)
        facts = {"body_id": meeting.body_id, "text": made.text}
        TextBlock(
            **facts, key="anschreiben", position=1, heading="Anschreiben", content=OPENINGS[public]
        ).save_checked()
        TextBlock(**facts, key="hinweise", position=2, heading="Hinweise").save_checked()
        return made

    def require_day(self, day: date) -> None:
        if day > self.meeting.date:
            raise ValidationError({"date": f"Die {WORDS[self.public]} liegt nicht nach der Sitzung."})

    def freeze(self) -> None:
        """With the release of the Einladung it is known when was invited, unless somebody said so before."""
        meeting = self.meeting
        if not self.public and meeting.invited_on is None:
            meeting.invited_on = self.source.date
            meeting.save_checked()
