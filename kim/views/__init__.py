"""The start page, the source of any figure, the choice of a body, and the error pages."""

import functools
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from kim.figures import CATALOGUE, about
from kim.models import Body, Role
from kim.permissions import RULE_NAMES, RULES, Ruled, may, public

NAVIGATION = [
    ("Übersicht", "home", "kim.home"),
    ("Zuwendungen", "notices", "grants.view"),
    ("Stellen", "positions", "staffing.view"),
    ("Haushalt", "budget", "budget.view"),
    ("Dokumente", "documents", "documents.view"),
    ("Hinweise", "findings", "findings.view"),
    ("Prüfung", "trail", "audit.view"),
    ("Technik", "admin:index", "technical.edit"),
]
SUBNAVIGATION = {
    "notices": [("Zuwendungen", "notices"), ("Stellenverteilung", "allocation")],
    "budget": [("Ansätze", "budget"), ("Kostenneutralität", "neutrality")],
}

SECTIONS = {
    "notice": "notices",
    "notice-describe": "notices",
    "position": "positions",
    "position-correct": "positions",
    "position-describe": "positions",
    "position-remove": "positions",
    "position-new": "positions",
    "document": "documents",
    "document-describe": "documents",
    "finding-note": "findings",
}


def page_context(request: Any) -> dict[str, Any]:
    """What every page needs: navigation by right, the body, the working date."""
    if not hasattr(request, "roles"):
        return {}
    here = request.resolver_match.view_name if request.resolver_match else ""
    section = next((key for key, links in SUBNAVIGATION.items() if here in {name for _, name in links}), here)
    section = SECTIONS.get(here, "admin:index" if here.startswith("admin:") else section)
    return {
        "navigation": [(label, name) for label, name, rule in NAVIGATION if may(request, rule)],
        "subnavigation": SUBNAVIGATION.get(section, []),
        "section": section,
        "here": here,
        "acting_body": request.acting_body,
        "stand": getattr(request, "stand", None),
        "year": getattr(request, "year", None),
        "other_parameters": [
            (k, v) for k, values in request.GET.lists() if k not in {"stand", "jahr", "seite", "format"} for v in values
        ],
    }


def ruled(view: Any, rule: str) -> Any:
    """A view of a library, with a rule of ours."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found: HttpResponseBase = view(request, *args, **kwargs)
        return found

    wrapped.rule = rule  # type: ignore[attr-defined]
    return public(wrapped) if rule == "public" else wrapped


@public
def closed(request: HttpRequest) -> HttpResponseBase:
    """An address that a library names and we do not offer."""
    raise Http404


class Home(Ruled):
    """The figures of the body on the working date, each with its source."""

    rule = "kim.home"

    def get(self, request: Any) -> HttpResponseBase:
        results, problems = [], []
        if request.acting_body:
            for entry in about(Body):
                for arguments in entry.arguments(request.acting_body, request.stand) if entry.arguments else []:
                    try:
                        results.append((entry, link_arguments(arguments), entry(**arguments)))
                    except ValidationError as error:
                        problems.append(f"{entry.title}: {' '.join(error.messages)}")
        return render(request, "kim/home.html", {"results": results, "problems": problems})


def link_arguments(arguments: dict[str, Any]) -> dict[str, str]:
    """A figure's arguments as they stand in an address: numbers and references, never keys."""
    return {k: getattr(v, "number", None) or str(v) for k, v in arguments.items() if k not in {"body", "day"}}


class SourcePage(Ruled):
    """Herkunft: a figure of the catalogue with its whole derivation."""

    rule = "kim.figure"

    def get(self, request: Any, name: str) -> HttpResponseBase:
        entry = CATALOGUE.get(name)
        if entry is None or entry.many:
            raise Http404
        given = {k: v for k, v in request.GET.items() if k not in {"stand", "jahr", "body"}}
        try:
            result = entry.asked(request.acting_body, given, day=request.stand, year=request.year)
        except ValidationError as error:
            context = {"entry": entry, "problems": error.messages}
            return render(request, "kim/source.html", context, status=400)
        value = getattr(result, "derivation", result)
        return render(request, "kim/source.html", {"entry": entry, "value": value})


class ChooseBody(Ruled):
    """Switch to another body one has a role in."""

    rule = "kim.home"

    def post(self, request: Any) -> HttpResponseBase:
        if request.POST.get("koerperschaft") not in {body.slug for body in request.bodies}:
            raise Http404
        request.session["koerperschaft"] = request.POST["koerperschaft"]
        target = request.POST.get("next", "/")
        safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
        return redirect(target if safe else "/")


def bad_request(request: Any, exception: Exception | None = None) -> HttpResponse:
    return render(
        request,
        "400.html",
        {"message": "Die Anfrage war nicht vollständig. Bitte noch einmal versuchen."},
        status=400,
    )


def forbidden(request: Any, exception: Exception | None = None) -> HttpResponse:
    """403: which right is missing and who has it."""
    rule = str(exception)
    roles = ", ".join(Role(r).label for r in Role if r in RULES.get(rule, set()))
    return render(request, "403.html", {"right": RULE_NAMES.get(rule, rule), "granted": roles}, status=403)


def not_found(request: Any, exception: Exception | None = None) -> HttpResponse:
    """404: the same words for what is missing and what belongs to another body."""
    return render(request, "404.html", status=404)


def broken(request: Any) -> HttpResponse:
    """500: nothing was saved; without any query, because the database may be the reason."""
    context = {"number": getattr(request, "number", ""), "sent": request.method == "POST"}
    return HttpResponse(render_to_string("500.html", context), status=500)
