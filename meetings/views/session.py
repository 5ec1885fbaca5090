"""One page on which a sitting is written down while it goes on: each button, or its key, is an act kept at once."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from kim.access.request import Request
from kim.access.views import RuleView
from kim.lists import kept_link
from kim.pages.forms import saved
from kim.pages.sheets import in_words
from kim.studio.releases import now
from meetings import sentences
from meetings.forms import CountForm, DisposeForm, ExcludeForm, FactionsForm, PresenceForm, UnanimousForm
from meetings.models import AgendaItem, Attendance, Meeting, Vote
from meetings.models.acts import arrive_or_leave, dispose, exclude, nobody_spoke, resolve
from meetings.models.record import entitled, listed, voters
from meetings.views.items import minutes_on, said_in_minutes
from meetings.views.record import items_of, meeting_of

Disposition = AgendaItem.Disposition


@dataclass(frozen=True)
class Act:
    """A small form of the page: its word, what it asks, and what is said above it, on its button and of its key."""

    word: str
    form: Any
    legend: str
    label: str
    key: str


VOTING = (
    Act("unanimous", UnanimousForm, "Einstimmig", "einstimmig", "E"),
    Act("count", CountForm, "Auszählung", "gezählt", "A"),
    Act("factions", FactionsForm, "Nach Fraktionen oder Namen", "so abgestimmt", "F"),
)
PEOPLE = (
    Act("exclude", ExcludeForm, "Mitwirkungsverbot", "verlassen den Raum", "M"),
    Act("arrive", PresenceForm, "Kommt", "kommt zu diesem TOP", "+"),
    Act("leave", PresenceForm, "Geht", "geht vor diesem TOP", "-"),
)
FORMS: dict[str, Any] = {one.word: one.form for one in (*VOTING, *PEOPLE)}
DISPOSING = ("joint", "postpone", "withdraw", "see", "here", "silent")


class Session(RuleView):
    """Sitzung mitschreiben: the agenda, the item at hand, and a small form for each act."""

    rule = "meetings.edit"
    title = "Sitzung mitschreiben"

    def get(self, request: Request, key: str) -> HttpResponseBase:
        meeting = meeting_of(request, key)
        items = by_block(request, meeting)
        asked = request.GET.get("top", "")
        current = next((one for one in items.values() if one.word == asked or not asked), None)
        if asked and current is None:
            raise Http404
        return self.page(request, meeting, items, current, {}, [])

    def page(
        self,
        request: Request,
        meeting: Meeting,
        items: dict[str, AgendaItem],
        current: AgendaItem | None,
        filled: dict[str, Any],
        problems: list[str],
    ) -> HttpResponseBase:
        """The page; filled: a form that was refused, with what was typed, and problems: why."""
        rows = listed(meeting)
        prefetch_related_objects(list(items.values()), "votes__ballots__attendance__person")
        context = {
            "title": self.title,
            "meeting": meeting,
            "items": [(one, became(one, rows)) for one in items.values()],
            "chosen": filled["dispose"]["items"].value() if "dispose" in filled else [],
            "current": current,
            "seen": ",".join(f"{one.block}:{one.version}" for one in items.values()),
            "problems": problems,
            "voting": [(one, filled.get(one.word) or one.form(prefix=one.word)) for one in VOTING],
            "people": [(one, filled.get(one.word) or one.form(prefix=one.word)) for one in PEOPLE],
            "disposing": filled.get("dispose") or DisposeForm(items=items),
            "neighbours": neighbours(list(items.values()), current),
        }
        if current:
            context |= {"voters": voters(current, rows), "said": said_in_minutes(request, current, rows)}
            context |= {"minutes": minutes_on(request, current), "there": there_at(current, rows)}
        return render(request, "meetings/session.html", context, status=422 if problems else 200)

    def post(self, request: Request, key: str) -> HttpResponseBase:
        meeting = meeting_of(request, key)
        items = by_block(request, meeting)
        current, act = items.get(request.POST.get("top", "")), request.POST.get("act", "")
        if current is None or act not in (*FORMS, *DISPOSING):
            raise Http404
        name = "dispose" if act in DISPOSING else act
        form = DisposeForm(request.POST, items=items) if name == "dispose" else FORMS[act](request.POST, prefix=act)
        problems = changed_since(request.POST.get("seen", ""), touched(form, items, current)) if form.is_valid() else []
        if form.is_valid() and not problems:
            try:
                told = getattr(self, name)(current, items, act, form.cleaned_data)
                saved(request, f"{told} Gespeichert um {timezone.localtime(now()):%H:%M:%S}.")
                url = reverse("session", args=[meeting.slug])
                return redirect(kept_link(request, f"{url}?top={current.word}"))
            except ValidationError as error:
                problems = error.messages
        problems += in_words(form)
        items = by_block(request, meeting)  # as they are, not as they were to be
        return self.page(request, meeting, items, items[current.block], {name: form}, problems)

    WAYS: ClassVar[dict[str, tuple[str, dict[str, Any]]]] = {
        "postpone": ("vertagt", {"advice": Disposition.POSTPONED, "decision": Disposition.POSTPONED}),
        "withdraw": ("zurückgezogen", {"advice": Disposition.WITHDRAWN, "decision": Disposition.WITHDRAWN}),
        "see": ("siehe anderen TOP", {"advice": Disposition.SEE, "decision": Disposition.SEE}),
        "here": ("hier behandelt", {}),
    }

    def dispose(self, current: AgendaItem, items: dict[str, AgendaItem], act: str, data: dict[str, Any]) -> str:
        """What becomes of the ticked items, or of the one at hand."""
        chosen = [items[word] for word in data["items"]] or [current]
        names = ", ".join(one.key for one in chosen)
        if act == "silent":
            nobody_spoke(chosen)
            return f"{names}: keine Wortmeldungen."
        # what is said of others is agreed before it is their turn, what is said of the item at hand at its own place
        frame = {"frame": AgendaItem.Frame.FIRST if data["items"] else AgendaItem.Frame.NOW}
        if act == "joint":
            target = self.target(items, chosen[0], data["target"])
            advice = Disposition.HERE if data["only_decision"] else Disposition.JOINT
            facts = {"advice": advice, "decision": Disposition.JOINT, "target": target}
            if data["only_decision"]:
                facts["joint_subject"] = data["joint_subject"]
            dispose(chosen, f"mit {target.key} zusammen", **facts, **frame)
            return f"{names}: {'Beschluss' if data['only_decision'] else 'Beratung und Beschluss'} bei {target.key}."
        words, facts = self.WAYS[act]
        if act == "see":
            facts = facts | {"target": self.target(items, chosen[0], data["target"])}
        if act == "withdraw":
            facts = facts | {"withdrawn_by": data["withdrawn_by"] or AgendaItem.By.ADMINISTRATION}
        dispose(chosen, f"TOP {words}", **facts, **frame)
        return f"{names}: {words}."

    def target(self, items: dict[str, AgendaItem], item: AgendaItem, number: str) -> AgendaItem:
        """The item of the same part with this number. ValidationError with a sentence if there is none."""
        plain = re.sub(r"\A(?:TOP|Ö|N)\s*", "", number.strip(), flags=re.IGNORECASE)
        if not plain:
            raise ValidationError("Bitte die Nummer des anderen TOP angeben.")
        found = next((one for one in items.values() if one.public == item.public and one.number == plain), None)
        if found is None:
            raise ValidationError(f"Einen TOP „{plain}“ gibt es in diesem Teil nicht.")
        if found == item:
            raise ValidationError(f"{item.key} verweist nicht auf sich selbst.")
        return found

    def unanimous(self, current: AgendaItem, items: Any, act: str, data: dict[str, Any]) -> str:
        facts = {"style": Vote.Style.PHRASE, "outcome": Vote.Outcome.UNANIMOUS, "abstained": data["abstained"] or 0}
        facts |= {"abstention_reason": data["abstention_reason"], "frame": data["frame"] or Vote.Frame.RESOLUTION}
        return sentences.of_vote(resolve(current, facts))

    def count(self, current: AgendaItem, items: Any, act: str, data: dict[str, Any]) -> str:
        style = Vote.Style.SECRET if data["secret"] else Vote.Style.NUMBERS
        facts = {"style": style, "yes": data["yes"], "no": data["no"], "abstained": data["counted_abstained"]}
        return sentences.of_vote(resolve(current, facts | {"invalid": data["invalid"]}))

    def factions(self, current: AgendaItem, items: Any, act: str, data: dict[str, Any]) -> str:
        accepted = Vote.Outcome.MAJORITY if data["against"] else Vote.Outcome.UNANIMOUS
        facts = {
            "style": Vote.Style.ROLL_CALL if data["by_name"] else Vote.Style.FACTIONS,
            "outcome": Vote.Outcome.REJECTED if data["rejected"] else accepted,
        }
        return sentences.of_vote(resolve(current, facts, data["against"], data["abstaining"]))

    def exclude(self, current: AgendaItem, items: Any, act: str, data: dict[str, Any]) -> str:
        rows = exclude(current, data["names"])
        names = sentences.listed([one.attendance.in_a_sentence for one in rows])
        back = f" Zurück bei {rows[0].returns_at.key}." if rows[0].returns_at else ""
        return f"Mitwirkungsverbot bei {current.key}: {names}.{back}"

    def arrive(self, current: AgendaItem, items: Any, act: str, data: dict[str, Any]) -> str:
        row = arrive_or_leave(current, data["name"], data["at"], arrives=True)
        return f"{row} ist ab {current.key} da."

    def leave(self, current: AgendaItem, items: Any, act: str, data: dict[str, Any]) -> str:
        row = arrive_or_leave(current, data["name"], data["at"], arrives=False)
        return f"{row} geht vor {current.key}."


def by_block(request: Request, meeting: Meeting) -> dict[str, AgendaItem]:
    """The items of a sitting in their order, by what stays theirs whatever their number is."""
    found = {}
    for one in items_of(request, meeting).values():
        one.meeting = meeting
        found[one.block] = one
    return found


def touched(form: Any, items: dict[str, AgendaItem], current: AgendaItem) -> list[AgendaItem]:
    """The items that an act is about: the ticked ones, else the one at hand."""
    return [items[word] for word in form.cleaned_data.get("items", ())] or [current]


def changed_since(seen: str, items: list[AgendaItem]) -> list[str]:
    """A sentence for each item that is another by now than the page showed. seen: "oe-1:3,oe-2:1", by block."""
    shown = dict(pair.split(":", 1) for pair in seen.split(",") if ":" in pair)
    stale = [one for one in items if one.block in shown and shown[one.block] != str(one.version)]
    return [f"{one.key} ist inzwischen geändert worden. Bitte noch einmal ansehen." for one in stale]


def there_at(item: AgendaItem, rows: list[Attendance]) -> list[tuple[Attendance, bool]]:
    """Who counts for the Gremium and is there at an item, each with whether a Mitwirkungsverbot keeps them out."""
    counted, out = entitled(item, rows)
    return [(one, one in out) for one in counted]


def neighbours(items: list[AgendaItem], current: AgendaItem | None) -> tuple[AgendaItem | None, AgendaItem | None]:
    """The items before and after the one at hand."""
    if current is None:
        return None, None
    at = items.index(current)
    return (items[at - 1] if at else None), (items[at + 1] if at + 1 < len(items) else None)


def became(item: AgendaItem, rows: Any) -> str:
    """What became of an item, in a few words for the list. Examples: vertagt; einstimmig ohne Enthaltung."""
    if item.advice == Disposition.SEE and item.target:
        return f"siehe TOP {item.target.number}"
    if words := sentences.in_agenda(item):
        return words
    found = [sentences.result(vote, rows) or vote.get_outcome_display() for vote in item.votes.all()]
    return "; ".join(found) or sentences.of_silence(item)
