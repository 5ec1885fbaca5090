"""What papers say of each other and of the sittings that decided on them."""

from kim.figures import DATE, TEXT, Value, figure
from meetings.models import Consultation, Paper


def resolved(paper: Paper) -> Consultation | None:
    """The consultation in which the paper that this one refers to was decided."""
    if paper.superior is None:
        return None
    rows = paper.superior.consultations.select_related("organization", "meeting")
    return rows.filter(authoritative=True).order_by("-order").first()


def said(paper: Paper, label: str, value: object, unit: str) -> Value:
    source = paper.superior.source.cited() if paper.superior else "keine Bezugsvorlage erfasst"
    return Value(label, value, unit, "beleg", source=source)  # type: ignore[arg-type]


@figure("superior.reference", "Nummer der Bezugsvorlage")
def reference(paper: Paper) -> Value:
    """The number of the paper this one refers to. Example: 2022/0119."""
    return said(paper, "Sitzungsvorlage", paper.superior.reference if paper.superior else None, TEXT)


@figure("superior.meeting_date", "Tag der beschließenden Sitzung")
def meeting_date(paper: Paper) -> Value:
    """When the paper this one refers to was decided. Example: 24.03.2022."""
    found = resolved(paper)
    return said(paper, "Sitzung am", found.meeting.date if found and found.meeting else None, DATE)


@figure("superior.organization", "beschließendes Gremium")
def organization(paper: Paper) -> Value:
    """Which committee decided it. Example: Städteregionsausschuss."""
    found = resolved(paper)
    return said(paper, "Gremium", found.organization.name if found else None, TEXT)
