"""The Einladung to a sitting and its Bekanntmachung: when and where, and the agenda with its papers."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from kim.figures.tokens import NOTHING, ExpandedBlock, Expander
from kim.models import Release, TextBlock
from kim.studio import bundles, letterhead
from kim.studio.documents import Check, Document, document
from kim.values.formats import format_day
from meetings.documents.minutes import PARTS, agenda_rows, facts
from meetings.models import AgendaItem, Invitation, Membership, Paper
from meetings.models.committees import days_in_words
from meetings.models.invitations import WORDS
from meetings.models.sitting_papers import RELATED

STANDS = "Beginn, Ort und Vorsitz stehen fest, jeder nichtöffentliche Punkt hat einen Grund"
IN_TIME = "Die Ladungsfrist ist eingehalten"
SHORTENED = "Die Ladungsfrist ist verkürzt, der Grund steht in der Einladung"


@document
class InvitationDocument(Document):
    """An Einladung or Bekanntmachung (§§ 47, 48 GO NRW, §§ 32, 33 KrO NRW)."""

    kind = "invitation"
    template, styles = "documents/einladung.html", ("print.css", "niederschrift.css")
    edit_rule, release_rule = "minutes.edit", "minutes.release"
    labels: Mapping[str, str] = {
        "title": "Einladung",
        "reference": "Nummer der Sitzung",
        "name": "Gremium",
        "date": "Datum",
        "as_of": "Sitzungstag",
        "facts": "Sitzung",
        "agenda": "Tagesordnung",
        "signer": "Vorsitz",
        "body": "Briefkopf",
        "public": "öffentlich oder nichtöffentlich",
    }

    def __init__(self, invitation: Invitation) -> None:
        self.row = self.invitation = invitation
        self.title = WORDS[invitation.public]

    @classmethod
    def find(cls, body: Any, reference: str) -> "InvitationDocument | None":
        try:
            return cls(Invitation.find(body, reference))
        except Invitation.DoesNotExist:
            return None

    @classmethod
    def of(cls, row: Any) -> "InvitationDocument | None":
        return cls(row) if isinstance(row, Invitation) else None

    @classmethod
    def every(cls, body: Any, since: date) -> "list[Document]":
        rows = Invitation.objects.filter(body=body, meeting__date__gte=since).select_related(*RELATED)
        return [cls(row) for row in rows.prefetch_related("text__blocks")]

    @property
    def file_name(self) -> str:
        return self.invitation.address.replace(".", "-").capitalize()

    def block_label(self, block: TextBlock) -> str:
        return block.heading

    def expander(self, bound: Mapping[str, str] = NOTHING) -> Expander:
        """The tokens are read for the day of the sitting."""
        meeting = self.invitation.meeting
        return Expander({"body": self.invitation.body, "day": meeting.date, "year": meeting.date.year}, bound)

    def items(self) -> list[AgendaItem]:
        """The agenda of its day, both parts: what came later is a Nachtrag. Three queries."""
        rows = self.invitation.meeting.agenda_items.select_related("meeting")
        day = self.invitation.source.date
        found = rows.prefetch_related("consultations__paper__source")
        return [one for one in found if one.added_on is None or day is None or one.added_on <= day]

    def content(self, blocks: list[ExpandedBlock], printed_on: date) -> dict[str, Any]:
        invitation, meeting = self.invitation, self.invitation.meeting
        items, said = self.items(), {block.key: block.as_json()["paragraphs"] for block in blocks}
        return {
            "title": self.title,
            "heading": " ".join(self.title),
            "reference": invitation.sitting,
            "name": str(meeting.organization),
            "of": meeting.organization.genitive,
            "date": invitation.source.date.isoformat() if invitation.source.date else None,
            "as_of": meeting.date.isoformat(),
            "public": invitation.public,
            "state": invitation.get_state_display(),
            "body": letterhead.printed(invitation.body),
            "facts": [one for one in facts(meeting) if one[0] in {"Sitzungstermin:", "Sitzungsbeginn:", "Ort, Raum:"}],
            "urgency": meeting.urgency,
            "opening": said.get("anschreiben", []),
            "agenda": [
                {"part": PARTS[part], "rows": marked(items, part, told=part or not invitation.public)}
                for part in (True, False)
                if any(one.public == part for one in items)
            ],
            "notes": said.get("hinweise", []),
            "signer": {"name": chair_of(invitation), "function": "Vorsitz"},
            "printed_on": printed_on.isoformat(),
        }

    def checks(self, expander: Expander, blocks: list[ExpandedBlock]) -> list[Check]:
        found = [*super().checks(expander, blocks), Check(STANDS, tuple(self.missing()))]
        if self.invitation.public:
            return found  # the Ladungsfrist is that of the Einladung
        late = self.late()
        label = SHORTENED if self.invitation.meeting.urgency else IN_TIME
        return [*found, Check(label, (late,) if late else ())]

    def missing(self) -> Iterator[str]:
        """What an invitation has to say and the sitting does not know yet."""
        meeting = self.invitation.meeting
        stated = {"Der Beginn": meeting.start, "Der Ort": meeting.place}
        yield from (f"{label} der Sitzung fehlt." for label, value in stated.items() if not value)
        if meeting.cancelled:
            yield "Die Sitzung ist abgesagt."
        if not chair_of(self.invitation):
            yield f"Der Vorsitz ({meeting.organization}) ist nicht als Mitgliedschaft eingetragen."
        yield from (
            f"{one.key}: Der Grund der Nichtöffentlichkeit fehlt." for one in self.items() if is_groundless(one)
        )

    def late(self) -> str:
        """Why the Ladungsfrist is not kept, or cannot be looked at; empty if it is, or the reason of the hurry is
        printed."""
        meeting, day = self.invitation.meeting, self.invitation.source.date
        if day and meeting.invited_on and meeting.invited_on != day:
            return f"Eingeladen ist am {format_day(meeting.invited_on)} eingetragen, sie trägt den {format_day(day)}."
        if meeting.urgency:
            return ""
        if meeting.organization.notice_days is None:
            return f"Die Ladungsfrist von {meeting.organization} ist nicht erfasst."
        if meeting.invited_in_time(day):
            return ""
        count, committee = max(meeting.days_of_notice(day) or 0, 0), meeting.organization
        given = days_in_words(count, clear=committee.notice_clear)
        return f"Vom {format_day(day)} bis zur Sitzung: {given}; die Ladungsfrist sind {committee.notice_days}."


def changed_since(invitation: Invitation, release: Release) -> list[str]:
    """What the sitting says by now otherwise than its released Einladung, in sentences; a Nachtrag of its own day is
    none. Example: Ort, Raum: „Ratssaal“, jetzt „Mensa“."""
    then = bundles.read(release.bundle).content
    now = InvitationDocument(invitation).content([], release.released_at.date())
    was, is_ = dict(then["facts"]), dict(now["facts"])
    found = [
        f"{label} „{was.get(label, '')}“, jetzt „{is_.get(label, '')}“"
        for label in {**was, **is_}
        if was.get(label) != is_.get(label)
    ]
    before, after = (
        {(part["part"], row["number"]): row["title"] for part in content["agenda"] for row in part["rows"]}
        for content in (then, now)
    )
    for key in {**before, **after}:
        if before.get(key) != after.get(key):
            old, new = (f"„{one[key]}“" if key in one else "nicht auf der Tagesordnung" for one in (before, after))
            found.append(f"{key[0]}, TOP {key[1]}: {old}, jetzt {new}")
    return found


def is_groundless(item: AgendaItem) -> bool:
    """Whether nobody has said why an item is not public (§ 48 (2) GO NRW)."""
    return not item.public and not item.ground


def chair_of(invitation: Invitation) -> str:
    """Who invites: the chair of the Gremium on the day of the sitting; empty if nobody is entered. One query."""
    meeting = invitation.meeting
    rows = meeting.organization.memberships.filter(role=Membership.Role.CHAIR).select_related("organization", "person")
    return next((str(one.person) for one in rows if one.holds_on(meeting.date)), "")


def marked(items: list[AgendaItem], public: bool, *, told: bool) -> list[dict[str, Any]]:
    """A part of the agenda; papers that are still written on are marked."""
    rows = agenda_rows(items, public, told=told)
    mine = [one for one in items if one.public == public and not one.came_in_the_sitting()]
    for row, item in zip(rows, mine, strict=True):
        open_ = [one.paper for one in item.consultations.all() if one.paper.text_id and one.paper.state in Paper.OPEN]
        if row["papers"] and open_:
            row["papers"] += " (noch nicht freigegeben)"
    return rows
