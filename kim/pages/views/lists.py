"""Saving the view of a list, and deleting it."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from kim.access.request import Request
from kim.access.submissions import say_refused
from kim.access.views import RuleView
from kim.lists import ListPage, kept_link
from kim.lists.listing import VIEW_PARTS
from kim.models import SavedView
from kim.pages.forms import AddPage
from kim.values.formats import LineField, slug

SHARED = "gemeinsam-"  # begins the address of a view for all, so that it is never mistaken for one's own


def list_at(path: str) -> type[ListPage]:
    """The list at this address; Http404 for any other page."""
    try:
        view = getattr(resolve(path).func, "view_class", None)
    except Resolver404:
        view = None
    if view is None or not issubclass(view, ListPage):
        raise Http404
    found: type[ListPage] = view
    return found


class ViewForm(forms.Form):
    """The name of a view, and for whom it is."""

    name = LineField(label="Name der Ansicht", max_length=60, help_text="z. B. „Unbesetzt bei Dritten“")
    shared = forms.BooleanField(
        label="für alle, die für diese Körperschaft arbeiten", required=False, help_text="Sonst nur für Sie."
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not slug(name):
            raise ValidationError("Der Name braucht mindestens einen Buchstaben oder eine Ziffer.")
        return name


class SaveView(AddPage):
    """Save what a list filters, sorts and shows under a name. The Stand is no part of it."""

    rule = "views.edit"
    form_class = ViewForm
    title, button = "Ansicht speichern", "Ansicht speichern"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> ViewForm:
        self.path = request.GET.get("liste", "")
        self.declared = list_at(self.path).table_class
        known = {*self.declared.filters.base_filters, *VIEW_PARTS}
        parts = parse_qsl(request.GET.get("abfrage", ""))
        if {name for name, _ in parts} - known:
            raise Http404
        self.query = urlencode(parts)
        return ViewForm(*data)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        lead = f"Merkt sich Filter, Sortierung und Spalten der Liste „{self.declared.title}“, nicht den Stand."
        back = f"{self.path}?{self.query}" if self.query else self.path
        return super().context(request, form) | {
            "lead": lead,
            "back": back,
            "crumbs": [(self.declared.title, self.path)],
        }

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        word = slug(form.cleaned_data["name"])
        word = f"{SHARED}{word}"[:60] if form.cleaned_data["shared"] else word[:60]
        if word in {one.slug for one in self.declared.presets} or (
            word.startswith(SHARED) and not form.cleaned_data["shared"]
        ):
            raise ValidationError({"name": "So heißt schon eine Ansicht, die zur Liste gehört."})
        if len(self.query) > 2000:
            raise ValidationError(
                "So viele Filter fasst eine Ansicht nicht. Bitte mit weniger gewählten Werten speichern."
            )
        made = SavedView(
            body=request.acting_body,
            path=self.path,
            slug=word,
            name=form.cleaned_data["name"],
            query=self.query,
            shared=form.cleaned_data["shared"],
            author=request.user,
        ).save_as("Ansicht gespeichert")
        return f"Die Ansicht „{made.name}“ ist gespeichert.", made.get_absolute_url()


class RemoveView(RuleView):
    """Delete a view that one has saved oneself."""

    rule = "views.edit"

    def post(self, request: Request) -> HttpResponseBase:
        path = request.POST.get("list", "")
        list_at(path)
        rows = SavedView.visible_to(request).filter(author=request.user, path=path)
        found = rows.filter(slug=request.POST.get("view", "")).first()
        if found is None:
            raise Http404
        try:
            found.take_away()
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
        else:
            messages.info(request, f"Die Ansicht „{found.name}“ ist gelöscht.")
        return redirect(kept_link(request, path))
