"""The start page, the source of any figure, the choice of a body, and the error pages."""

import functools
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from kim.access.request import Request
from kim.access.rules import RULE_NAMES, RULES, may
from kim.access.views import RuleView, public
from kim.figures import CATALOGUE, findings
from kim.history import trail
from kim.models import Body, Reminder, Role
from kim.pages import sections as pages
from kim.pages.views.attached import mine
from kim.studio import documents
from kim.values.periods import today


def page_context(request: Request) -> dict[str, Any]:
    """What every page needs: navigation by right, the body, the working date."""
    if not hasattr(request, "roles"):
        return {}
    section, tab = pages.place(request.path)
    stations = functools.cache(lambda: pages.way_above(request))
    return {
        "crumbs": stations,  # asked for by the template, if the view says nothing else
        "back": lambda: stations()[-1][1] if stations() else "",
        "navigation": [one for one in pages.in_order() if may(request, one.home.rule)],
        "page_section": section,
        "section_tab": tab,
        "section_tabs": [one for one in section.tabs if may(request, one.rule)] if section else [],
        "here": request.resolver_match.view_name if request.resolver_match else "",
        "acting_body": request.acting_body,
        "stand": request.stand,
        "year": request.year,
        "now": today(request.acting_body),
        "year_closed": request.year in request.closed_years,
        "offered_years": years_of(request) if request.acting_body else [],
        "known": request.known,
        "without_known": urlencode([(k, v) for k, vs in request.GET.lists() if k != "kenntnisstand" for v in vs]),
        "other_known": [(k, v) for k, vs in request.GET.lists() if k != "kenntnisstand" for v in vs],
        "without_time": urlencode(
            [(k, v) for k, vs in request.GET.lists() if k not in {"stand", "jahr", "format"} for v in vs]
        ),
        "other_parameters": [
            (k, v) for k, values in request.GET.lists() if k not in {"stand", "jahr", "seite", "format"} for v in values
        ],
    }


def years_of(request: Request) -> list[tuple[int, bool, bool]]:
    """The Förderjahre that the head of the page offers: round the present one and the one that is shown; which of
    them is shown, and which is closed."""
    now, shown = today(request.acting_body).year, request.year
    years = sorted({now - 1, now, now + 1, shown - 1, shown, shown + 1})
    return [(year, year == shown, year in request.closed_years) for year in years]


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


@functools.cache
def order_of(role: Role) -> list[str]:
    """The sections of the start page in the order in which a role needs them; everybody sees them all."""
    first = {
        Role.CLERK: ["attention", "reminders", "headlines"],
        Role.TREASURY: ["headlines", "attention", "deadlines"],
        Role.COMMITTEE: ["deadlines", "reminders", "headlines"],
        Role.HEAD: ["headlines", "attention", "deadlines"],
        Role.AUDIT: ["headlines", "recent", "attention"],
    }.get(role, [])
    return [*first, *(one for one in SECTIONS_OF_HOME if one not in first)]


SECTIONS_OF_HOME = ["attention", "headlines", "reminders", "deadlines", "recent"]
NOTED = {"attention": "findings.view", "reminders": "attached.view", "recent": "acts.view"}  # not for public matters
SHOWN = 7  # of each list on the start page


class Home(RuleView):
    """What needs attention: hints, four key figures with their source, Wiedervorlagen, deadlines, the last week."""

    rule = "kim.home"

    def get(self, request: Request) -> HttpResponseBase:
        if not request.acting_body:
            return render(request, "kim/home.html", {})
        body, day = request.acting_body, request.stand
        order = [one for one in order_of(role_of(request)) if one not in NOTED or may(request, NOTED[one])]
        found = findings.collect(body, day) if "attention" in order else []
        hints = grouped([one for one in found if not one.explained])
        reminders = list(mine(request).order_by("date", "pk"))
        dates = [row for entry in CATALOGUE.values() if entry.deadlines for row in entry(body=body, day=day).rows]
        acts, count = trail.latest() if "recent" in order else ([], 0)
        context = {
            "order": order,
            "first_steps": pages.first_steps(request),
            "hints": hints[:SHOWN],
            "hint_count": len(hints),
            "headlines": headlines(body, day),
            "reminders": Reminder.with_subjects(reminders[:SHOWN]),
            "reminder_count": len(reminders),
            "deadlines": sorted(dates, key=lambda row: (row.value, row.label)),
            "acts": acts,
            "act_count": count,
            "shown": SHOWN,
        }
        return render(request, "kim/home.html", context)


def role_of(request: Request) -> Role:
    """The first role of a person, in the order in which the roles are told."""
    return next((role for role in Role if role in request.roles), Role.CLERK)


def grouped(found: list[Any]) -> list[list[Any]]:
    """Hints that say the same of several objects, together."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for one in found:
        groups.setdefault((one.code, one.sentence), []).append(one)
    return list(groups.values())


def headlines(body: Body, day: Any) -> list[tuple[Any, Any, str]]:
    """The key figures of the day in their order; of one that cannot be calculated the reason."""
    found: list[tuple[Any, Any, str]] = []
    for entry in sorted((e for e in CATALOGUE.values() if e.headline), key=lambda e: e.headline):
        try:
            found.append((entry, entry(body=body, day=day), ""))
        except ValidationError as error:
            found.append((entry, None, " ".join(error.messages)))
    return found


class SourcePage(RuleView):
    """Herkunft: a figure of the catalogue with its whole derivation, and where it is used."""

    rule = "kim.figure"

    def get(self, request: Request, name: str) -> HttpResponseBase:
        entry = CATALOGUE.get(name)
        if entry is None or entry.many:
            raise Http404
        given = {k: str(v) for k, v in request.GET.items() if k not in {"stand", "jahr", "body"}}
        try:
            result = entry.asked(request.acting_body, given, day=request.stand, year=request.year)
        except ValidationError as error:
            context = {"title": entry.title, "problems": error.messages}
            return render(request, "kim/source.html", context, status=400)
        value = getattr(result, "derivation", result)
        objects = {k: v for k, v in given.items() if documents.is_object(name, k)}
        references = {part for text in objects.values() for part in text.split(",")}
        used = documents.used(request, value, references, name, given)
        return render(request, "kim/source.html", {"title": entry.title} | used)


class ChooseBody(RuleView):
    """Switch to another body one has a role in."""

    rule = "kim.home"

    def post(self, request: Request) -> HttpResponseBase:
        if request.POST.get("body") not in {body.slug for body in request.bodies}:
            raise Http404
        request.session["body"] = request.POST["body"]
        target = request.POST.get("next", "/")
        safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
        return redirect(target if safe else "/")


def bad_request(request: Request, exception: Exception | None = None) -> HttpResponse:
    return render(
        request,
        "400.html",
        {"message": "Die Anfrage war nicht vollständig. Bitte noch einmal versuchen."},
        status=400,
    )


def forbidden(request: Request, exception: Exception | None = None) -> HttpResponse:
    """403: which right is missing and who has it."""
    rule = str(exception)
    roles = ", ".join(Role(r).label for r in Role if r in RULES.get(rule, set()))
    return render(request, "403.html", {"right": RULE_NAMES.get(rule, rule), "granted": roles}, status=403)


SECRET = {"csrfmiddlewaretoken", "form_body", "form_key", "version"}  # nobody typed these


def forged(request: Request, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token, mostly because its person has signed in anew: what was typed is shown, to
    be copied, except passwords. Without any query: the request has got no further than the token."""
    typed = [
        words
        for name, all_words in request.POST.lists()
        for words in all_words
        if words.strip() and name not in SECRET and "password" not in name and name != "again"
    ]
    path = request.path if request.path.startswith("/") and not request.path.startswith("//") else "/"
    return HttpResponse(render_to_string("forged.html", {"typed": typed, "path": path}), status=403)


def not_found(request: Request, exception: Exception | None = None) -> HttpResponse:
    """404: the same words for what is missing and what belongs to another body."""
    return render(request, "404.html", status=404)


def broken(request: Request) -> HttpResponse:
    """500: nothing was saved; without any query, because the database may be the reason."""
    context = {"number": getattr(request, "number", ""), "sent": request.method == "POST"}
    return HttpResponse(render_to_string("500.html", context), status=500)
