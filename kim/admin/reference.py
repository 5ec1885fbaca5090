"""Code tables under /technik/: kept for all bodies; what a body has added can be taken over."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse

from kim.access.request import Request
from kim.admin import CodeAdmin
from kim.pages.forms import add_errors, facts
from kim.pages.reference import TakeOverForm


class ReferenceAdmin(CodeAdmin):
    """A code table: what holds for all bodies is edited; what a body has added can be taken over, nothing else."""

    def get_list_display(self, request: HttpRequest) -> Any:
        return (*self.list_display, "owner_text")

    @admin.display(description="Gilt", ordering="body")
    def owner_text(self, row: Any) -> str:
        return f"nur {row.body}" if row.body_id else "für alle"

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.model._default_manager.select_related("body")

    def get_urls(self) -> list[Any]:
        name = self.name("takeover")
        return [path("eigene/<slug:body>/<str:key>/", self.wrap(self.take_over_view), name=name), *super().get_urls()]

    def key(self, row: Any) -> str:
        return str(row.address)

    def url_of(self, row: Any) -> str:
        if row.body_id is None:
            return super().url_of(row)
        return reverse(f"admin:{self.name('takeover')}", args=[row.body.slug, self.key(row)])

    def rows(self) -> Any:
        return self.model._default_manager.filter(body=None)

    def take_over_view(self, request: Request, body: str, key: str) -> HttpResponseBase:
        """A row that a body has added, with the act that makes it hold for all."""
        added = self.model._default_manager.filter(body__slug=body).select_related("body")
        row = next((one for one in added if self.key(one) == key), None)
        if row is None:
            raise Http404
        back = reverse(f"admin:{self.name('changelist')}")
        form = TakeOverForm(request.POST or None, initial={"version": row.version})
        stored: Any = self.get_form(request, row)(instance=row)
        if request.method == "POST" and form.is_valid():
            row.version = form.cleaned_data["version"]
            try:
                row.take_over(reason=form.cleaned_data["reason"])
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, f"{self.opts.verbose_name} „{row}“ gilt jetzt für alle Körperschaften.")
                return redirect(back)
        context = {
            "title": f"{self.opts.verbose_name} für alle übernehmen",
            "row": row,
            "facts": facts(stored),
            "form": form,
            "opts": self.opts,
            "back": back,
        }
        return render(request, "admin/take_over.html", context, status=422 if form.errors else 200)
