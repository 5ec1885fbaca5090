"""Who has a post: fill, change, end; and the Vermerke of the Stellenplan."""

from typing import Any

from django.http import Http404
from django.urls import reverse

from kim.formats import listed
from kim.forms import AddPage, CorrectionPage, RemovePage, VersionedForm
from kim.history import refusable
from kim.periods import between
from kim.permissions import note
from staffing.forms import FillForm, OccupancyForm, PlanNoteForm
from staffing.models import Occupancy, PlanNote, Position
from staffing.views.posts import position_of


class FillPosition(AddPage):
    """Somebody, or several alike, fill places of a post."""

    rule = "staffing.edit"
    title, button = "Besetzung eintragen", "Besetzung eintragen"

    def form(self, request: Any, *data: Any, **kwargs: Any) -> FillForm:
        self.position = position_of(request, kwargs["number"])
        row = Occupancy(body=request.acting_body, position=self.position, validity=None)
        return FillForm(*data[:1], instance=row, initial={"validity": between(request.stand)})

    def save(self, request: Any, form: Any) -> tuple[str, str]:
        data = {n: form.cleaned_data[n] for n in form._meta.fields}
        reason, places = form.cleaned_data["reason"], form.cleaned_data["places"]
        made = Occupancy.fill(self.position, places, reason=reason, **data)
        words = listed([str(one.slot) for one in made])
        message = f"Stelle {self.position}: {'Platz' if len(made) == 1 else 'Plätze'} {words} besetzt."
        return message, self.position.get_absolute_url() + "#besetzung"

    def context(self, request: Any, form: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(request, form), "lead": f"Stelle {self.position}", **around(self.position)}


def around(position: Position) -> dict[str, Any]:
    """The way back to the post."""
    url = position.get_absolute_url()
    return {"back": url, "crumbs": [("Stellen", reverse("positions")), (str(position), url)]}


def dated(rows: Any, start: str, kind: str = "") -> Any:
    """The row of this kind that begins on the day the address names; Http404 if there is none."""
    rows = (row for row in rows.select_related("position", "body", "basis") if not kind or row.word() == kind)
    found = next((row for row in rows if row.start() == start), None)
    if found is None:
        raise Http404
    return found


def occupancy_of(request: Any, number: str, slot: int, start: str) -> Occupancy:
    """The place of a post by its number and first day."""
    rows = Occupancy.visible_to(request).filter(position=position_of(request, number), slot=slot)
    found: Occupancy = dated(rows, start)
    return found


class ChangeOccupancy(CorrectionPage):
    """A place: end it, extend it, let it rest, correct it."""

    rule = "staffing.edit"
    form_class = OccupancyForm

    def instance(self, request: Any, *args: Any, **kwargs: Any) -> Occupancy:
        return occupancy_of(request, kwargs["number"], kwargs["slot"], kwargs["start"])

    def context(self, request: Any, form: Any) -> dict[str, Any]:
        row = form.instance
        title = f"Besetzung ändern: {row}"
        lead = "Beenden heißt: „bis einschließlich“ eintragen. Wer danach kommt, wird als neue Besetzung eingetragen."
        return {"title": title, "lead": lead, **around(row.position)}

    def save(self, request: Any, form: Any) -> str:
        changed = form.instance.correct(reason=form.cleaned_data["reason"])
        return f"{form.instance}: {'gespeichert' if changed else 'Es hat sich nichts geändert'}."


class RemoveOccupancy(RemovePage):
    """A Besetzung that never was."""

    rule = "staffing.edit"

    def instance(self, request: Any, **kwargs: Any) -> Occupancy:
        found = occupancy_of(request, kwargs["number"], kwargs["slot"], kwargs["start"])
        self.after = found.get_absolute_url()
        return found

    def done(self) -> str:
        return self.after


class OfPost:
    """A row of a post that addresses name by its kind and first day."""

    model: Any

    def instance(self, request: Any, **kwargs: Any) -> Any:
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

    def form(self, request: Any, *data: Any, **kwargs: Any) -> Any:
        self.position = position_of(request, kwargs["number"])
        row = self.model(body=request.acting_body, position=self.position)
        return self.form_class(*data[:1], instance=row, initial={"validity": between(request.stand)})

    def context(self, request: Any, form: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(request, form), "lead": f"Stelle {self.position}", **around(self.position)}

    def back(self) -> str:
        return self.position.get_absolute_url() + self.anchor


class AddPlanNote(AddToPost):
    """A new Vermerk: kw, ku, Sperre."""

    model, form_class, anchor = PlanNote, PlanNoteForm, "#vermerke"
    title, button = "Vermerk eintragen", "Vermerk eintragen"

    def save(self, request: Any, form: Any) -> tuple[str, str]:
        saved_note(form.instance, form.cleaned_data["reason"], "Vermerk eingetragen")
        return f"Stelle {self.position}: {form.instance.get_kind_display()} ist eingetragen.", self.back()


def saved_note(row: PlanNote, reason: str, act: str) -> None:
    """Save a Vermerk with the reason in the history."""
    note(act=act, reason=reason.strip())
    with refusable():
        row.full_clean()
        row.save()


class ChangePlanNote(OfPost, CorrectionPage):
    """A Vermerk: end it, or correct it."""

    rule, model = "staffing.edit", PlanNote
    form_class = PlanNoteForm

    def context(self, request: Any, form: Any) -> dict[str, Any]:
        return {"title": f"Vermerk ändern: {form.instance}", **around(form.instance.position)}

    def save(self, request: Any, form: Any) -> str:
        saved_note(form.instance, form.cleaned_data["reason"], "Vermerk geändert")
        return "Der Vermerk ist gespeichert."


class RemovePlanNote(OfPost, RemovePage):
    """A Vermerk that never was."""

    rule, model = "staffing.edit", PlanNote
