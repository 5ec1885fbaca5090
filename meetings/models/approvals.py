"""The Vorlage with which a Gremium approves a Niederschrift, or takes notice of that of an earlier Wahlperiode."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from kim.models import TextBlock
from kim.models.refusals import db_errors_as_validation
from kim.values.formats import format_day
from kim.values.periods import today
from meetings.models.committees import Meeting
from meetings.models.consultations import Consultation
from meetings.models.drafts import NewPaper, add_consultation
from meetings.models.minutes import Minutes
from meetings.models.papers import PROPOSAL, Paper

PARTS = {True: "öffentlicher Teil", False: "nichtöffentlicher Teil"}
Role = Consultation.ConsultationRole


@dataclass(frozen=True)
class Approval:
    """What is asked of a Gremium about a Niederschrift: in which sitting, under which Betreff, in which words."""

    minutes: Minutes
    meeting: Meeting

    @property
    def same_term(self) -> bool:
        """Whether it is the Gremium of then; a new one approves nothing that it was not there for. If one of the two
        Wahlperioden is not stated, it is taken for the same."""
        then, now = self.minutes.meeting.legislative_term_id, self.meeting.legislative_term_id
        return then is None or now is None or then == now

    @property
    def of_what(self) -> str:
        """Example: Niederschrift über die Sitzung des Ausschusses für Probe vom 25.02.2021 – öffentlicher Teil."""
        sat = self.minutes.meeting
        part = PARTS[self.minutes.public]
        return f"Niederschrift über die Sitzung {sat.organization.genitive} vom {format_day(sat.date)} – {part}"

    @property
    def title(self) -> str:
        return f"{'Genehmigung' if self.same_term else 'Kenntnisnahme'} der {self.of_what}"

    @property
    def proposal(self) -> str:
        """Example: Der Ausschuss für Soziales genehmigt die Niederschrift … – öffentlicher Teil."""
        subject = self.meeting.organization.nominative
        if self.same_term:
            return f"{subject} genehmigt die {self.of_what}."
        return f"{subject} nimmt die {self.of_what} zur Kenntnis."


def approval_of(minutes: Minutes) -> Approval:
    """What the next sitting of the Gremium is asked. ValidationError if there is none yet. One query."""
    sat = minutes.meeting
    later = Meeting.objects.filter(organization=sat.organization_id, date__gt=sat.date, cancelled=False)
    following = later.select_related("organization").order_by("date").first()
    if following is None:
        raise ValidationError(f"Eine spätere Sitzung von {sat.organization} ist noch nicht angelegt.")
    return Approval(minutes, following)


def approvals_there(minutes: Minutes, scope: object) -> list[Paper]:
    """The Vorlagen that ask for it already. One query."""
    of_what = Approval(minutes, minutes.meeting).of_what
    rows = Paper.visible_to(scope).filter(source__title__endswith=f"der {of_what}")  # type: ignore[arg-type]
    return list(rows.select_related("source"))


@transaction.atomic
def begin_approval(minutes: Minutes) -> Paper:
    """The draft of the Vorlage, with its Beschlussvorschlag and the next sitting. ValidationError if it is there."""
    asked = approval_of(minutes)
    if Paper.objects.filter(body=minutes.body_id, source__title=asked.title).exists():
        raise ValidationError("Diese Vorlage gibt es schon.")
    day = today(minutes.body)
    kind, name = Paper.PaperType.APPROVAL, asked.title[:300]
    paper = NewPaper(body=minutes.body, paper_type=kind, name=name, day=day, as_of=minutes.meeting.date).create()
    if minutes.public:
        paper.public = True
        with db_errors_as_validation():
            paper.save_checked()
    role = Role.DECISION if asked.same_term else Role.INFORMATION
    row = add_consultation(paper, asked.meeting.organization, asked.meeting.date, role)
    blocks = TextBlock.objects.filter(text=paper.text)
    for key, words in ((f"{PROPOSAL}-{row.order}", asked.proposal), ("erlaeuterungen", "Keine.")):
        block = blocks.get(key=key)
        block.content = words
        block.save_checked()
    return paper
