"""Pages of Einladung and Niederschrift: as they would be printed, begun, with their day, and taken away."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import may
from kim.access.submissions import say_refused
from kim.access.views import RuleView
from kim.figures import findings
from kim.history.trail import entries_about
from kim.lists import kept_link
from kim.pages.forms import CorrectionPage, RemovePage, VersionedForm, saved
from kim.studio import documents, releases
from kim.values.formats import DateField
from meetings.documents.invitations import changed_since
from meetings.models import Invitation, Minutes
from meetings.models.approvals import approvals_there, begin_approval
from meetings.models.sitting_papers import RELATED, SittingPaper
from meetings.views.record import PARTS, meeting_of


def paper_of(model: type[SittingPaper], request: Request, key: str, part: str) -> Any:
    """The document of a sitting that this person may see; Http404 if there is none."""
    sitting = {"meeting__slug": key, "public": PARTS.get(part)}
    found = model.visible_to(request).select_related(*RELATED).filter(**sitting).first()
    if found is None:
        raise Http404
    return found


def draft_of(model: type[SittingPaper], request: Request, key: str, part: str) -> Any:
    """The same while it is written on; Http404 once it is released."""
    found = paper_of(model, request, key, part)
    if not found.is_open:
        raise Http404
    return found


class SittingPaperPage(RuleView):
    """A document of a sitting as it would be printed, with what is still missing."""

    rule = "meetings.view"
    model: type[SittingPaper]
    template_name: str
    head_label = "Datum ändern"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(paper_of(cls.model, request, **kwargs))

    def more(self, request: Request, row: Any) -> dict[str, Any]:
        """What its template shows besides."""
        return {}

    def get(
        self, request: Request, key: str, part: str, problems: tuple[str, ...] = (), status: int = 200
    ) -> HttpResponseBase:
        row = paper_of(self.model, request, key, part)
        found = documents.of(row)
        assert found
        release = releases.of_text(found.text)
        context: dict[str, Any] = {
            "title": str(row),
            "paper": row,
            "document": found,
            "release": release,
            "refused": problems,
            **self.more(request, row),
            "head_url": f"{row.page}-head",
            "head_label": self.head_label,
            "remove_url": f"{row.page}-remove",
            "editable": release is None and may(request, found.edit_rule),
            "story": entries_about([row, row.source, *([release] if release else [])], user=request.user),
        }
        context |= releases.released_page(release, found) if release else releases.draft_page(found)
        return render(request, self.template_name, context, status=status)


def hints(request: Request, row: Any) -> list[findings.Finding]:
    """What its words say otherwise than the record, for whoever may see hints."""
    if not may(request, "findings.view"):
        return []
    found = findings.collect(request.acting_body, request.stand, ("M1", "M2", "M3", "M4"))
    return [one for one in found if one.link == row.get_absolute_url()]


class MinutesPage(SittingPaperPage):
    """A Niederschrift."""

    model, template_name = Minutes, "meetings/minutes.html"
    head_label = "Datum und offene Angaben"

    def more(self, request: Request, row: Any) -> dict[str, Any]:
        return {"approvals": approvals_there(row, request), "findings": hints(request, row)}


class InvitationPage(SittingPaperPage):
    """An Einladung or Bekanntmachung."""

    model, template_name = Invitation, "meetings/invitation.html"

    def more(self, request: Request, row: Any) -> dict[str, Any]:
        release = releases.of_text(row.text)
        return {"moved": changed_since(row, release) if release else []}


class HeadForm(VersionedForm):
    """The day that a document of a sitting bears."""

    date = DateField(label="Datum")

    class Meta:
        model: type[SittingPaper] = Invitation
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].initial = self.instance.source.date


class MinutesHeadForm(HeadForm):
    """The day of a Niederschrift, and why it is released though something is missing."""

    class Meta:
        model = Minutes
        fields: ClassVar[list[str]] = ["gaps"]


class EditHead(CorrectionPage):
    """The head of a draft."""

    rule = "minutes.edit"
    form_class: type[HeadForm] = HeadForm
    model: type[SittingPaper] = Invitation

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return draft_of(self.model, request, **kwargs)

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": "Datum und Kopf", "lead": str(form.instance)}

    def save(self, request: Request, form: Any) -> str:
        form.instance.redate(form.cleaned_data["date"])
        return "Der Kopf ist gespeichert."


class EditMinutes(EditHead):
    """The head of a Niederschrift."""

    form_class, model = MinutesHeadForm, Minutes


class Begin(RuleView):
    """Begin a document of a sitting."""

    rule = "minutes.edit"
    model: type[Minutes | Invitation]
    told: str

    def post(self, request: Request, key: str, part: str) -> HttpResponseBase:
        meeting = meeting_of(request, key)
        if part not in PARTS:
            raise Http404
        try:
            made = self.model.begin(meeting, public=PARTS[part])
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
            return redirect(kept_link(request, meeting.get_absolute_url()))
        saved(request, f"{made} ist angelegt. {self.told}")
        return redirect(kept_link(request, made.get_absolute_url()))


class BeginMinutes(Begin):
    """Begin the Niederschrift of a part of a sitting."""

    model, told = Minutes, "Verlauf und Beschlüsse werden im Text geschrieben."


class BeginInvitation(Begin):
    """Begin the Einladung or the Bekanntmachung."""

    model, told = Invitation, "Anschreiben und Hinweise werden im Text geschrieben."


class BeginApproval(RuleView):
    """Begin the Vorlage with which the next sitting approves a Niederschrift."""

    rule = "papers.edit"

    def post(self, request: Request, key: str, part: str) -> HttpResponseBase:
        row = paper_of(Minutes, request, key, part)
        try:
            made = begin_approval(row)
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
            return redirect(kept_link(request, row.get_absolute_url()))
        saved(request, f"Der Entwurf „{made.name}“ ist angelegt.")
        return redirect(kept_link(request, made.get_absolute_url()))


class RemoveDraft(RemovePage):
    """A draft that is not wanted."""

    rule = "minutes.edit"
    model: type[SittingPaper]

    def instance(self, request: Request, **kwargs: Any) -> Any:
        return draft_of(self.model, request, **kwargs)

    def done(self) -> str:
        return reverse("meeting", args=[self.kwargs["key"]])


class RemoveMinutes(RemoveDraft):
    """A draft of a Niederschrift."""

    model = Minutes


class RemoveInvitation(RemoveDraft):
    """A draft of an Einladung."""

    model = Invitation
