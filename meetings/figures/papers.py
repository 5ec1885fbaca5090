"""What papers say of each other and of the sittings that decided on them."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import Prefetch, QuerySet

from kim.figures import DATE, TEXT, Deadlines, Headline, Value, figure
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import format_long_day
from meetings.models import Consultation, CoSignature, FollowUp, Meeting, Paper, UrgentDecision


@read_once
def resolved(paper: Paper) -> Consultation | None:
    """The consultation in which the paper that this one refers to was decided."""
    if paper.superior is None:
        return None
    rows = paper.superior.consultations.select_related("organization", "meeting")
    return rows.filter(authoritative=True).order_by("-order").first()


def said(paper: Paper, label: str, value: object, unit: str) -> Value:
    source = paper.superior.source.cited() if paper.superior else "keine Bezugsvorlage erfasst"
    where = paper.superior.source.get_absolute_url() if paper.superior else ""
    return Value(label, value, unit, "beleg", source=source, document=where)  # type: ignore[arg-type]


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


QUARTER = timedelta(days=92)


@read_once
def coming(body: Body, day: date) -> list[Meeting]:
    """The sittings from the day on that take place, for a quarter of a year, with the papers they deal with. Two
    queries."""
    rows = Meeting.objects.filter(body=body, cancelled=False, date__gte=day, date__lte=day + QUARTER)
    return list(rows.select_related("organization").prefetch_related("consultations").order_by("date"))


def sitting(meeting: Meeting) -> Value:
    """One sitting as a date. Example: Ausschuss für Soziales …: 22.03.2023."""
    return Value(
        f"Sitzung: {meeting.organization}",
        meeting.date,
        DATE,
        "beleg",
        source="Sitzungskalender",
        link=meeting.get_absolute_url(),
    )


@figure("headline.meeting", "Nächste Sitzung", headline=4)
def next_meeting(body: Body, day: date) -> Headline:
    """The next sitting of any committee. Example: StädteRegion on 01.03.2023: Mittwoch, 22. März 2023."""
    found = coming(body, day)
    if not found:
        nothing = Value("Nächste Sitzung", None, DATE, "annahme", source="keine künftige Sitzung erfasst")
        return Headline("keine erfasst", "", nothing)
    count = len(found[0].consultations.all())
    papers = f"; {count} Vorlage{'n' if count != 1 else ''}" if count else ""
    return Headline(format_long_day(found[0].date), f"{found[0].organization}{papers}", sitting(found[0]))


@figure("deadlines.meetings", "Sitzungen", deadlines=True)
def meetings(body: Body, day: date) -> Deadlines:
    """The sittings of the next three months. Example: 22.03.2023."""
    return Deadlines(tuple(sitting(one) for one in coming(body, day)))


@figure("deadlines.papers", "Vorlagen, die bis zur Sitzung fertig sein müssen", deadlines=True)
def unfinished(body: Body, day: date) -> Deadlines:
    """What is still to be done to papers before their first sitting, and whose task that is. Three queries.

    Example, StädteRegion 01.03.2023: 22.03.2023 "Freigeben (Leitung): Mitteilungsvorlage 2023/0120".
    """
    there = Consultation.objects.filter(meeting__cancelled=False, meeting__date__gte=day)
    coming_ = there.select_related("meeting").order_by("meeting__date")
    papers = Paper.objects.filter(body=body, state__in=Paper.OPEN, consultations__in=coming_).distinct()
    rows = papers.select_related("source").prefetch_related(
        Prefetch("consultations", coming_), Prefetch("cosignatures", queryset=waiting(body))
    )
    found = [value for paper in rows for value in tasks(paper)]
    return Deadlines(tuple(sorted(found, key=lambda value: str(value.plain()))))


def waiting(body: Body) -> QuerySet[CoSignature]:
    """The Mitzeichnungen that are open."""
    return CoSignature.objects.filter(body=body, signed_at__isnull=True).select_related("organization")


def tasks(paper: Paper) -> Iterator[Value]:
    """Who has to do what to a paper: first each office that has not signed, then the Leitung."""
    last = paper.consultations.all()[0].meeting
    assert last
    words = [f"Mitzeichnen ({one.organization})" for one in paper.cosignatures.all()] or ["Freigeben (Leitung)"]
    for label in words:
        yield Value(f"{label}: {paper}", last.date, DATE, "beleg", source="Sitzungstag", link=paper.get_absolute_url())


@figure("deadlines.follow_ups", "Aufträge und Zusagen, die offen sind", deadlines=True)
def follow_ups(body: Body, day: date) -> Deadlines:
    """What Gremien have asked for or been promised, is open and due within three months or should have been done. One
    query. Example: 06.05.2021 "Zusage zu Ö 12 vom 25.02.2021"; after that day "Überfällig: Zusage …"."""
    rows = FollowUp.objects.filter(body=body, state=FollowUp.State.OPEN, due_on__lte=day + QUARTER)
    found = [due(one, day) for one in rows.select_related("item__meeting")]
    return Deadlines(tuple(found))


def due(row: FollowUp, day: date) -> Value:
    """When it is due. Example: Überfällig: Zusage zu Ö 12 vom 25.02.2021: 06.05.2021."""
    label = f"Überfällig: {row.called}" if row.is_overdue(day) else row.called
    return Value(label, row.due_on, DATE, "beleg", source="Aufträge und Zusagen", link=row.get_absolute_url())


@figure("deadlines.urgent_decisions", "Dringlichkeitsentscheidungen, die vorzulegen sind", deadlines=True)
def urgent_decisions(body: Body, day: date) -> Deadlines:
    """What was decided in place of a Gremium, by the sitting in which it has to be laid before it (§ 60 GO NRW). Two
    queries. Example: of 14.12.2020: 25.02.2021; after that day "Überfällig: …"."""
    rows = UrgentDecision.objects.filter(body=body, item__isnull=True, outcome=UrgentDecision.Outcome.OPEN)
    found, open_ = [], list(rows)
    ids = {one.organization_id for one in open_}
    sittings = Meeting.objects.filter(organization__in=ids, cancelled=False).order_by("date") if open_ else []
    calendar = [(one.organization_id, one.date) for one in sittings]
    for row in open_:
        last = next((d for key, d in calendar if key == row.organization_id and d > row.decided_on), None)
        if last is not None:
            label = f"Dringlichkeitsentscheidung vorlegen: {row.title}"
            label = f"Überfällig: {label}" if last < day else label
            where = row.get_absolute_url()
            found.append(Value(label, last, DATE, "beleg", source="nächste Sitzung des Gremiums", link=where))
    return Deadlines(tuple(found))
