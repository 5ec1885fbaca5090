"""The Mitteilungsvorlage: what it is made of and how it is found."""

from datetime import date
from typing import Any

from django.utils import timezone

from kim.documents import Document, Expander, document
from kim.models import Body
from meetings.models import Paper


@document
class InformationPaper(Document):
    """A Vorlage for information, field by field as the StädteRegion prints it."""

    kind = "information"
    title = "Mitteilungsvorlage"
    template = "documents/mitteilungsvorlage.html"
    styles = ("print.css", "mitteilungsvorlage.css")

    def __init__(self, paper: Paper) -> None:
        self.paper = paper

    @classmethod
    def find(cls, body: Any, reference: str) -> "InformationPaper | None":
        try:
            paper = Paper.find(body, reference)
        except Paper.DoesNotExist:
            return None
        return cls(paper) if paper.paper_type == Paper.PaperType.INFORMATION and paper.text else None

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        papers = Paper.objects.filter(body=body, paper_type=Paper.PaperType.INFORMATION, text__isnull=False)
        papers = papers.filter(notice__isnull=False, as_of__gte=since)
        related = papers.select_related("source", "body", "notice__source", "notice__sub_product", "signer", "text")
        return [cls(paper) for paper in related.prefetch_related("text__blocks")]

    @property
    def name(self) -> str:
        return f"{self.title} {self.paper}"

    def get_absolute_url(self) -> str:
        return str(self.paper.get_absolute_url())

    @property
    def body(self) -> Body:
        return self.paper.body

    def expander(self) -> Expander:
        """What the tokens of the text are read with: the paper's own day, its notice and Teilprodukt."""
        paper = self.paper
        assert paper.notice and paper.as_of
        return Expander(
            {
                "body": paper.body,
                "day": paper.as_of,
                "year": paper.as_of.year,
                "notice": paper.notice,
                "sub_product": paper.notice.sub_product,
                "paper": paper,
            }
        )

    def context(self) -> dict[str, Any]:
        paper, expander = self.paper, self.expander()
        assert paper.text
        return {
            "document": self,
            "paper": paper,
            "body": paper.body,
            "blocks": [expander.block(b.key, b.heading, b.content) for b in paper.text.blocks.all()],
            "problems": expander.problems,
            "printed_on": timezone.localdate(),
            "consultations": list(paper.consultations.select_related("organization", "meeting")),
        }
