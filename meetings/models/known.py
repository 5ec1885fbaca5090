"""Earlier papers that are only known by name: what others refer to, without a text here."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction

from kim.models import Body, Source
from kim.models.refusals import db_errors_as_validation
from kim.models.sources import number_key
from kim.store.context import describe_act
from meetings.models.committees import Meeting, Organization
from meetings.models.consultations import Consultation
from meetings.models.papers import Paper


@dataclass(frozen=True)
class KnownPaper:
    """What is known of an earlier paper: its head, and where and when it was dealt with."""

    body: Body
    paper_type: str
    number: str
    name: str
    day: date | None
    public: bool
    organization: Organization | None = None
    meeting_day: date | None = None
    decided: bool = False

    @transaction.atomic
    def record(self, paper: Paper | None = None) -> Paper:
        """Write it down, for the first time or again; a Beleg with this number that is nobody's becomes its document.

        ValidationError with a sentence: a number that another paper has, a day without its Gremium.
        Example: 2022/0119, Beschlussvorlage, Städteregionsausschuss on 24.03.2022, Beschluss gefasst.
        """
        if self.meeting_day and self.organization is None:
            raise ValidationError({"organization": "Zum Sitzungstag fehlt das Gremium."})
        describe_act(act="Frühere Vorlage eingetragen" if paper is None else "Frühere Vorlage geändert")
        row = paper or Paper(body=self.body, state=Paper.State.KNOWN, source=self._document())
        if problem := row.number_problem(self.number):
            raise ValidationError({"number": problem})
        document = row.source
        document.number, document.title, document.date = self.number, self.name, self.day
        document.public = row.public = self.public
        row.paper_type = self.paper_type
        with db_errors_as_validation():
            row.source = document.save_checked()
            before = row.version
            row.save_checked()
            self._consult(row)
            if paper is not None and row.version == before:  # its document or its Beratung is another now
                row.touch()
        return row

    def _document(self) -> Source:
        """The Beleg of that number, if nobody's yet, else a new one."""
        kind, key = Source.Kind.PAPER, number_key(self.number)
        there = Source.objects.filter(body=self.body, kind=kind, number_key=key, paper=None).first() if key else None
        return there or Source(body=self.body, kind=kind)

    def _consult(self, row: Paper) -> None:
        """Where it was dealt with: at most one Beratung."""
        there = row.consultations.first()
        if self.organization is None:
            if there:
                there.remove(reason="keine Beratung bekannt")
            return
        found = there or Consultation(body=self.body, paper=row, order=1)
        found.organization, found.authoritative = self.organization, self.decided
        try:
            found.meeting = Meeting.on(self.organization, self.meeting_day) if self.meeting_day else None
        except ValidationError as error:  # the field of the form is called otherwise
            raise ValidationError({"meeting_day": error.messages}) from error
        decision = Consultation.ConsultationRole.DECISION
        informs = row.paper_type == Paper.PaperType.INFORMATION
        found.role = Consultation.ConsultationRole.INFORMATION if informs else decision
        found.save_checked()
