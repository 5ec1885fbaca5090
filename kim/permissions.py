"""Who acts, for which body, in which roles: the scope that PostgreSQL itself enforces, and the rules of views."""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from kim.formats import FIRST_YEAR, LAST_YEAR, parse_date
from kim.formats import day as printed
from kim.models import Body, Role, RoleAssignment
from kim.periods import today

SETTINGS = ("app.body_ids", "pghistory.context_id", "pghistory.context_metadata")
SET = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in SETTINGS)
GET = "SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in SETTINGS)

WORKERS = {Role.CLERK, Role.TREASURY, Role.COMMITTEE, Role.HEAD}
READERS = WORKERS | {Role.AUDIT}
# Every view names one of these rules; the value is the set of roles that have the right.
RULES: dict[str, set[Role]] = {
    "kim.home": READERS | {Role.TECHNICAL},
    "kim.account": READERS | {Role.TECHNICAL},
    "kim.figure": READERS,
    "staffing.view": READERS,
    "staffing.edit": {Role.CLERK},
    "grants.view": READERS,
    "grants.edit": {Role.CLERK},
    "budget.view": READERS,
    "budget.edit": {Role.TREASURY},
    "meetings.view": READERS,
    "meetings.edit": {Role.COMMITTEE},
    "documents.view": READERS,
}
RULE_NAMES = {
    "staffing.view": "Stellen ansehen",
    "staffing.edit": "Stellen bearbeiten",
    "grants.view": "Zuwendungen ansehen",
    "grants.edit": "Zuwendungen bearbeiten",
    "budget.view": "Haushalt ansehen",
    "budget.edit": "Ansätze bearbeiten",
    "documents.view": "Dokumente ansehen",
    "kim.figure": "Herkunft ansehen",
}


class ClosedAdapter(DefaultAccountAdapter):
    """Nobody signs up by herself: accounts are created by Systemverwaltung."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


@contextmanager
def acting(user_id: int | None, body_ids: Iterable[int], *, snapshot: bool = False, **context: str) -> Iterator[None]:
    """One transaction, one actor, these bodies; without it no row is seen and none can be saved.

    snapshot: every query sees the same moment, so that a list and its total, before and after, agree.
    """
    nested = connection.in_atomic_block
    values = (",".join(map(str, body_ids)), str(uuid.uuid4()), json.dumps({"user": user_id} | context))
    with transaction.atomic(), connection.cursor() as cursor:
        before: Any = None
        if nested:
            cursor.execute(GET)
            before = cursor.fetchone()
        elif snapshot:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(SET, values)
        yield
        if nested and not connection.needs_rollback:
            cursor.execute(SET, before)


def note(**context: str) -> None:
    """Add to the context of what follows in this transaction: the reason of a change."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_metadata', (coalesce(nullif("
            "current_setting('pghistory.context_metadata', true), ''), '{}')::jsonb || %s)::text, true)",
            [json.dumps(context)],
        )


class ScopeMiddleware:
    """One transaction around view, template and error page, with the actor, her body and the working date.

    ATOMIC_REQUESTS is the savepoint in it, and alone would leave the rendering of a TemplateResponse without scope.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.number = uuid.uuid4().hex
        assignments = (
            list(RoleAssignment.objects.filter(user=request.user).select_related("body"))
            if request.user.is_authenticated
            else []
        )
        request.bodies = sorted({a.body for a in assignments if a.body}, key=lambda b: b.name)
        chosen = request.session.get("koerperschaft") if request.bodies else None
        body = next((b for b in request.bodies if b.slug == chosen), None) or next(iter(request.bodies), None)
        request.acting_body = body
        request.roles = {Role(a.role) for a in assignments if a.body is None or a.body == body}
        scope: dict[str, Any] = {
            "user_id": request.user.pk,
            "body_ids": [body.pk] if body else [],
            "url": request.path,
            "request": request.number,
            "snapshot": request.method in {"GET", "HEAD"} or "vorschau" in getattr(request, "POST", {}),
        }
        with acting(**scope):
            response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = stream(response.streaming_content, scope)
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Read Stand and Förderjahr once for every page; what cannot be read is said before any figure is shown."""
        try:
            if "\0" in request.path + "".join(v for values in request.GET.lists() for v in (values[0], *values[1])):
                raise ValidationError("Die Adresse enthält ein unzulässiges Zeichen.")
            request.stand, request.year = working_date(request.GET, request.acting_body)
        except ValidationError as error:
            request.stand, request.year = today(request.acting_body), today(request.acting_body).year
            return render(request, "400.html", {"message": " ".join(error.messages)}, status=400)
        return None


def working_date(query: Any, body: Body | None) -> tuple[date, int]:
    """Stand (?stand=) and Förderjahr (?jahr=) of a page; they never disagree. ValidationError with a sentence.

    A year alone means the working date if that lies in the year, else its first day if it is still to come
    and its last day if it is over.
    """
    now = today(body)
    given, year_text = query.get("stand"), query.get("jahr")
    stand = parse_date(given, now) if given else now
    if not year_text:
        return stand, stand.year
    if not (re.fullmatch(r"[0-9]{4}", year_text) and FIRST_YEAR <= int(year_text) <= LAST_YEAR):
        raise ValidationError(f"„{year_text[:20]}“ ist kein Förderjahr. Bitte ein Jahr wie 2023 angeben.")
    year = int(year_text)
    if given and stand.year != year:
        raise ValidationError(f"Der Stand {printed(stand)} liegt nicht im Förderjahr {year}. Bitte eines davon ändern.")
    if stand.year != year:
        stand = date(year, 1, 1) if year > now.year else date(year, 12, 31)
    return stand, year


def stream(content: Any, scope: dict[str, Any]) -> Iterator[bytes]:
    """A stream is read after the request's transaction has ended: it gets one of its own."""
    with acting(**scope):
        yield from content


def may(request: Any, rule: str) -> bool:
    """Whether the roles of this request's user for the current body give the right."""
    return bool(RULES[rule] & request.roles)


class Ruled(View):
    """A view that states its rule; a right that is missing is named on the page (403)."""

    rule: str

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not may(request, self.rule):
            raise PermissionDenied(self.rule)
        meant = request.POST.get("koerperschaft_des_formulars", "")
        if meant and meant != request.acting_body.slug:  # switched in another window since the form was shown
            body = next((b for b in request.bodies if b.slug == meant), None)
            return render(request, "409.html", {"meant": body}, status=409)
        return super().dispatch(request, *args, **kwargs)


def public(view: Any) -> Any:
    """A view that needs no login: it has to say so."""
    view.rule = "public"
    return login_not_required(view)
