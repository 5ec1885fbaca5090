"""Who has a post: fill, change, leave, stand in; and the Vermerke of the Stellenplan."""

from typing import Any

from django.http import Http404

from kim.access.request import Request
from kim.pages.forms import AddPage, CorrectionPage, RemovePage, VersionedForm
from kim.studio.consequences import foreseen
from kim.values.formats import format_day, format_fte, format_range, listed
from kim.values.periods import DAY, half_open_range
from staffing.forms import ChangePlaceForm, FillForm, LeaveForm, OccupancyForm, PlanNoteForm, SubstituteForm
from staffing.models import Occupancy, PlanNote
from staffing.views.posts import kept_by, position_of


class FillPosition(AddPage):
    """Somebody, or several alike, fill places of a post."""

    rule = "staffing.edit"
    title, button = "Besetzung eintragen", "Besetzung eintragen"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> FillForm:
        self.position = position_of(request, kwargs["number"])
        row = Occupancy(body=request.acting_body, position=self.position, validity=None)
        return FillForm(*data[:1], instance=row, initial={"validity": half_open_range(request.stand)})

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        data = {n: form.cleaned_data[n] for n in form._meta.fields if n in form.cleaned_data}
        reason, places = form.cleaned_data["reason"], form.cleaned_data["places"]
        made = Occupancy.fill(self.position, places, reason=reason, **data)
        words = listed([str(one.slot) for one in made])
        message = f"Stelle {self.position}: {'Platz' if len(made) == 1 else 'Plätze'} {words} besetzt."
        return message, self.position.get_absolute_url() + "#besetzung"

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(request, form), "lead": f"Stelle {self.position}"}


def dated(rows: Any, start: str, kind: str = "") -> Any:
    """The row of this kind that begins on the day the address names; Http404 if there is none."""
    rows = (row for row in rows.select_related("position", "body", "basis") if not kind or row.word() == kind)
    found = next((row for row in rows if row.start() == start), None)
    if found is None:
        raise Http404
    return found


def occupancy_of(request: Request, number: str, slot: int, start: str) -> Occupancy:
    """The place of a post by its number and first day."""
    rows = Occupancy.visible_to(request).filter(position=position_of(request, number), slot=slot)
    found: Occupancy = dated(rows, start)
    return found


class CorrectOccupancy(CorrectionPage):
    """A Berichtigung of a place: since when, until when, how much, when it rests."""

    rule = "staffing.edit"
    template_name = "staffing/place.html"
    form_class: type[VersionedForm] = OccupancyForm
    title = "Besetzung berichtigen"
    lead = (
        "Eine Berichtigung ändert, was von Anfang an falsch ist, und trägt ein, wann der Platz ruht. Andere VZÄ ab "
        "einem Tag sind „Ändern ab …“; wer geht, wird mit „Beenden“ eingetragen, wer kommt, als neue Besetzung."
    )

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Occupancy:
        return occupancy_of(request, kwargs["number"], kwargs["slot"], kwargs["start"])

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        row = form.instance
        return {"title": f"{self.title}: {row}", "lead": self.lead, "kept": self.kept(row)}

    def kept(self, row: Occupancy) -> str:
        """What a closed year keeps of the row."""
        return kept_by(row)

    def change(self, request: Request, form: Any) -> Any:
        """Make the change by the row's verb; what it returns."""
        return form.instance.correct(reason=form.cleaned_data["reason"])

    def day(self, request: Request, form: Any) -> Any:
        """The day whose figures the preview compares."""
        return request.stand

    def preview(self, request: Request, form: Any) -> dict[str, Any]:
        return foreseen(lambda: self.change(request, form), request.acting_body, self.day(request, form))

    def save(self, request: Request, form: Any) -> str:
        words = kept_by(form.instance)
        changed = self.change(request, form)
        told = f" {words}" if form.instance.divided else ""
        return f"{form.instance}: {'gespeichert' if changed else 'Es hat sich nichts geändert'}.{told}"


class ChangePlace(CorrectOccupancy):
    """A place is bigger or smaller from a day on, for good or for a time; it stays the same person's."""

    form_class = ChangePlaceForm
    title = "Besetzung ändern ab einem Tag"
    lead = "Gilt ab einem Tag; bis dahin bleibt alles, wie es ist. Der Platz bleibt derselben Person."

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        if not form.is_bound:
            form.fields["day"].initial = request.stand
        return super().context(request, form)

    def kept(self, row: Occupancy) -> str:
        return ""  # who names a day says herself from when

    def change(self, request: Request, form: Any) -> Any:
        data = form.cleaned_data
        return form.instance.change_from(data["day"], reason=data["reason"], end=form.end())

    def day(self, request: Request, form: Any) -> Any:
        return form.cleaned_data["day"]

    def save(self, request: Request, form: Any) -> str:
        day, later = form.cleaned_data["day"], self.change(request, form)
        if later.validity.lower != day:
            return f"{form.instance}: Es hat sich nichts geändert."
        return f"{later}: {format_range(later.validity)} {format_fte(later.fte)} VZÄ."


class LeavePlace(CorrectOccupancy):
    """Somebody leaves a place."""

    form_class = LeaveForm
    title = "Besetzung beenden"
    lead = "Danach ist der Platz frei. Wer später kommt, wird als neue Besetzung eingetragen."

    def kept(self, row: Occupancy) -> str:
        return ""

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return super().context(request, form) | {"button": "Besetzung beenden"}

    def change(self, request: Request, form: Any) -> Any:
        return form.instance.leave(form.cleaned_data["last"] + DAY, reason=form.cleaned_data["reason"])

    def day(self, request: Request, form: Any) -> Any:
        return form.cleaned_data["last"] + DAY

    def save(self, request: Request, form: Any) -> str:
        self.change(request, form)
        return f"{form.instance} ist besetzt bis {format_day(form.cleaned_data['last'])}."


class AddSubstitute(AddPage):
    """Somebody stands in for a place while it rests; prefilled with that time and size."""

    rule = "staffing.edit"
    title, button = "Vertretung eintragen", "Vertretung eintragen"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> SubstituteForm:
        self.place = occupancy_of(request, kwargs["number"], kwargs["slot"], kwargs["start"])
        post, slot = self.place.position, self.place.slot
        row = Occupancy(body=request.acting_body, position=post, stands_in_for=slot, validity=None)
        first = {"validity": self.place.rest_span(), "fte": self.place.fte}
        return SubstituteForm(*data[:1], instance=row, initial=first)

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        data = {n: form.cleaned_data[n] for n in form._meta.fields}
        post, slot = self.place.position, self.place.slot
        (made,) = Occupancy.fill(post, 1, reason=form.cleaned_data["reason"], stands_in_for=slot, **data)
        words = f"Stelle {post}: Platz {made.slot} vertritt Platz {slot}, {format_range(made.validity)}."
        return words, post.get_absolute_url() + "#besetzung"

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        rest = self.place.rest_span()
        lead = (
            f"Platz {self.place.slot} ruht {format_range(rest)}."
            if rest
            else f"Platz {self.place.slot} ruht noch nicht."
        )
        return {**super().context(request, form), "lead": f"Stelle {self.place.position}. {lead}"}


class RemoveOccupancy(RemovePage):
    """A Besetzung that never was."""

    rule = "staffing.edit"

    def instance(self, request: Request, **kwargs: Any) -> Occupancy:
        found = occupancy_of(request, kwargs["number"], kwargs["slot"], kwargs["start"])
        self.after = found.get_absolute_url()
        return found

    def done(self) -> str:
        return self.after


class OfPost:
    """A row of a post that addresses name by its kind and first day."""

    model: Any

    def instance(self, request: Request, **kwargs: Any) -> Any:
        """The row; Http404 if the body's post has none of that kind and day."""
        post = position_of(request, kwargs["number"])
        found = dated(self.model.visible_to(request).filter(position=post), kwargs["start"], kwargs["kind"])
        self.after = found.get_absolute_url()
        return found

    def done(self) -> str:
        return str(self.after)


class AddToPost(AddPage):
    """A page that adds a dated row to a post."""

    rule = "staffing.edit"
    model: Any
    form_class: type[VersionedForm]
    anchor = ""

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Any:
        self.position = position_of(request, kwargs["number"])
        row = self.model(body=request.acting_body, position=self.position)
        return self.form_class(*data[:1], instance=row, initial={"validity": half_open_range(request.stand)})

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(request, form), "lead": f"Stelle {self.position}"}

    def back(self) -> str:
        return self.position.get_absolute_url() + self.anchor


class AddPlanNote(AddToPost):
    """A new Vermerk: kw, ku, Sperre."""

    model, form_class, anchor = PlanNote, PlanNoteForm, "#vermerke"
    title, button = "Vermerk eintragen", "Vermerk eintragen"

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        form.instance.record(reason=form.cleaned_data["reason"])
        return f"Stelle {self.position}: {form.instance.get_kind_display()} ist eingetragen.", self.back()


class ChangePlanNote(OfPost, CorrectionPage):
    """A Vermerk: end it, or correct it."""

    rule, model = "staffing.edit", PlanNote
    form_class = PlanNoteForm

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        row = form.instance
        return {"title": f"Vermerk ändern: {row}", "lead": kept_by(row)}

    def save(self, request: Request, form: Any) -> str:
        words = kept_by(form.instance)
        if not form.instance.record(reason=form.cleaned_data["reason"]):
            return f"{form.instance}: Es hat sich nichts geändert."
        return f"Der Vermerk ist gespeichert.{' ' + words if form.instance.divided else ''}"


class RemovePlanNote(OfPost, RemovePage):
    """A Vermerk that never was."""

    rule, model = "staffing.edit", PlanNote
