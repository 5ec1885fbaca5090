"""Views that state their rule."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views import View

from kim.access.request import Request
from kim.access.rules import RULES, closed, demand
from kim.history.knowledge import known_at
from kim.models import UnknownFormat
from kim.store.context import describe_act


class RuleView(View):
    """A view that states its rule; a right that is missing is named on the page (403)."""

    rule: str
    title = ""  # what the page is called, where that is always the same
    foresees = False  # whether it shows, when it is read, what a change would do, by making and undoing it
    knows = False  # whether the page can be seen as the data were known at a moment (?kenntnisstand=)

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        """What the path above a page calls this one, where it lies on the way to others; kwargs: from its address.

        Empty: no station, the path leads past it. Example: Stellen › CM-10 › Berichtigen has two stations.
        """
        return ""

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # always ours
        if closed(request, self.rule) and RULES[self.rule] & request.roles:
            return render(request, "closed.html", status=403)
        demand(request, self.rule)
        meant = request.POST.get("form_body", "")
        if meant and meant != request.acting_body.slug:  # switched in another window since the form was shown
            body = next((b for b in request.bodies if b.slug == meant), None)
            return render(request, "409.html", {"meant": body}, status=409)
        if request.method == "POST":
            describe_act(rule=self.rule)
        if request.known and not self.knows:
            words = "Diese Seite zeigt nur, was heute bekannt ist. Bitte ohne Kenntnisstand aufrufen."
            return render(request, "400.html", {"message": words}, status=400)
        try:
            if request.known:
                with known_at(request.known):  # the page is rendered within
                    return super().dispatch(request, *args, **kwargs)
            return super().dispatch(request, *args, **kwargs)
        except UnknownFormat as error:  # a page of a release that a newer program made
            return render(request, "unreadable.html", {"message": error.message}, status=409)

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Somebody opens the address of a button: told in words, the same whatever it is about."""
        answer = super().http_method_not_allowed(request, *args, **kwargs)
        if request.method == "GET":
            answer.content = render(request, "405.html").content
        return answer


def public(view: Any) -> Any:
    """A view that needs no login: it has to say so."""
    view.rule = "public"
    return login_not_required(view)
