"""Pages of the Niederschrift: as it would be printed, begun and taken away."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import may
from kim.access.submissions import say_refused
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.lists import kept_link
from kim.pages.forms import CorrectionPage, RemovePage, VersionedForm, saved
from kim.studio import releases
from kim.values.formats import DateField
from meetings.documents import MinutesDocument
from meetings.models import Minutes
from meetings.models.minutes import RELATED
from meetings.views.record import PARTS, meeting_of


def minutes_of(request: Request, key: str, part: str) -> Minutes:
    """The Niederschrift of a part of a sitting; Http404 if there is none that this person may see."""
    rows = Minutes.visible_to(request).select_related(*RELATED)
    if part not in PARTS or (found := rows.filter(meeting__slug=key, public=PARTS[part]).first()) is None:
        raise Http404
    return found


class MinutesPage(RuleView):
    """A Niederschrift as it would be printed, with what is still missing."""

    rule = "meetings.view"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(minutes_of(request, **kwargs))

    def get(
        self, request: Request, key: str, part: str, problems: tuple[str, ...] = (), status: int = 200
    ) -> HttpResponseBase:
        row = minutes_of(request, key, part)
        found = MinutesDocument(row)
        release = releases.of_text(found.text)
        context: dict[str, Any] = {
            "title": str(row),
            "paper": row,
            "document": found,
            "release": release,
            "refused": problems,
            "editable": found.is_open and may(request, found.edit_rule),
            "story": entries_about([row, row.source, *([release] if release else [])], user=request.user),
        }
        context |= releases.released_page(release, found) if release else releases.draft_page(found)
        return render(request, "meetings/minutes.html", context, status=status)


class HeadForm(VersionedForm):
    """The day that a Niederschrift bears."""

    date = DateField(label="Datum der Niederschrift")

    class Meta:
        model = Minutes
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].initial = self.instance.source.date


class EditMinutes(CorrectionPage):
    """The head of a draft."""

    rule = "minutes.edit"
    form_class = HeadForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Minutes:
        found = minutes_of(request, **kwargs)
        if not found.is_open:
            raise Http404
        return found

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": "Datum der Niederschrift", "lead": str(form.instance)}

    def save(self, request: Request, form: Any) -> str:
        form.instance.redate(form.cleaned_data["date"])
        return "Das Datum ist gespeichert."


class BeginMinutes(RuleView):
    """Begin the Niederschrift of a part of a sitting."""

    rule = "minutes.edit"

    def post(self, request: Request, key: str, part: str) -> HttpResponseBase:
        meeting = meeting_of(request, key)
        if part not in PARTS:
            raise Http404
        try:
            made = Minutes.begin(meeting, public=PARTS[part])
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
            return redirect(kept_link(request, meeting.get_absolute_url()))
        saved(request, f"{made} ist angelegt. Verlauf und Beschlüsse werden im Text geschrieben.")
        return redirect(kept_link(request, made.get_absolute_url()))


class RemoveMinutes(RemovePage):
    """A draft that is not wanted."""

    rule = "minutes.edit"

    def instance(self, request: Request, **kwargs: Any) -> Minutes:
        found = minutes_of(request, **kwargs)
        if not found.is_open:
            raise Http404
        return found

    def done(self) -> str:
        return reverse("meeting", args=[self.kwargs["key"]])
