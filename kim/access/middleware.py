"""The scope of a request: one transaction, one actor, her body, her working date."""

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse

from kim.access.request import Request, with_scope
from kim.access.submissions import content_digest, form_key
from kim.access.working_date import moment_known, working_date
from kim.models import ClosedYear, Role, RoleAssignment, Submission, User
from kim.store.context import acting
from kim.values.periods import today

MAX_REQUEST = 25_000_000  # bytes; a file may have 20 MB (kim.values.uploads)


class ScopeMiddleware:
    """One transaction around view, template and error page, with the actor, her body and the working date.

    ATOMIC_REQUESTS is the savepoint in it, and alone would leave the rendering of a TemplateResponse without scope.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, given: HttpRequest) -> HttpResponseBase:
        request = with_scope(given)
        request.number = uuid.uuid4().hex
        end_old_session(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_REQUEST:
            return render(request, "413.html", status=413)
        if not request.user.is_authenticated and request.path_info != reverse("setup") and is_empty():
            return redirect("setup")
        assignments = (
            list(RoleAssignment.objects.filter(user=request.user).select_related("body"))
            if request.user.is_authenticated
            else []
        )
        request.bodies = sorted({a.body for a in assignments if a.body}, key=lambda b: b.name)
        chosen = request.session.get("body") if request.bodies else None
        body = next((b for b in request.bodies if b.slug == chosen), None) or next(iter(request.bodies), None)
        if body is not None:
            request.acting_body = body
        held = [a for a in assignments if a.body is None or a.body == body]
        request.roles = {Role(a.role) for a in held}
        of_body = [a for a in held if a.body]  # Systemverwaltung is not limited: it sees no body's rows at all
        request.public_only = bool(of_body) and all(a.public_only for a in of_body)
        shown = request.method in {"GET", "HEAD"}
        scope: dict[str, Any] = {
            "user_id": request.user.pk,
            "body_ids": [body.pk] if body else [],
            "url": request.path,
            "request": request.number,
            "public_only": request.public_only,
            "reference": Role.TECHNICAL in request.roles and request.path_info.startswith(reverse("admin:index")),
            "snapshot": shown or "preview" in request.POST,
            "read_only": shown and not foresees(request),
        }
        with acting(**scope):
            response = self.once(request)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = stream(response.streaming_content, scope)
        return response

    def once(self, request: Request) -> HttpResponseBase:
        """A form that was saved already leads to where it led then; one that was refused can be sent again, whether
        the refusal is a page of its own or stands on the page that the answer leads to (refused)."""
        key = form_key(request)
        if key is None:
            return self.get_response(request)
        digest = content_digest(request)
        sent = Submission.objects.filter(user=request.user, key=key, digest=digest)
        if not Submission.claim(request.user.pk, key, digest):
            messages.info(request, "Das war schon gespeichert; ein zweites Mal entsteht nichts.")
            return redirect(sent.values_list("target", flat=True).get())
        response = self.get_response(request)
        if response.status_code in {301, 302, 303} and not request.act_refused:
            sent.update(target=response["Location"][:500])
            Submission.objects.filter(user=request.user, created_at__lt=Now() - timedelta(days=1)).delete()
        else:
            sent.delete()
        return response

    def process_view(self, request: Request, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Read Stand and Förderjahr once for every page; what cannot be read is said before any figure is shown."""
        request.closed_years = ClosedYear.of(request.acting_body)
        try:
            if "\0" in request.path + "".join(v for values in request.GET.lists() for v in (values[0], *values[1])):
                raise ValidationError("Die Adresse enthält ein unzulässiges Zeichen.")
            request.stand, request.year = working_date(request.GET, request.acting_body)
            request.known = moment_known(request.GET.get("kenntnisstand", ""))
        except ValidationError as error:
            request.stand, request.year = today(request.acting_body), today(request.acting_body).year
            return render(request, "400.html", {"message": " ".join(error.messages)}, status=400)
        return None


def is_empty() -> bool:
    """Whether nobody has an account yet: then every address leads to where the house is set up."""
    return not User.objects.exists()


def foresees(request: Request) -> bool:
    """Whether the page shows what a change would do: it makes the change and undoes it, so it has to write."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    return bool(getattr(getattr(view, "view_class", None), "foresees", False))


def end_old_session(request: Request) -> None:
    """Signing in holds for a working day, not longer than an hour without a page being asked for, and not after the
    last day of an account."""
    if not request.user.is_authenticated:
        return
    if request.user.has_ended():
        words = request.user.farewell
        logout(request)
        messages.warning(request, words)
        return
    now, session = time.time(), request.session
    since, seen = session.setdefault("signed_in", now), session.get("seen", now)
    if now - since > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_AGE:
        logout(request)
    elif "seen" not in session or now - seen > settings.SESSION_IDLE_AGE / 20:
        session["seen"] = now


def stream(content: Any, scope: dict[str, Any]) -> Iterator[bytes]:
    """A stream is read after the request's transaction has ended: it gets one of its own."""
    with acting(**scope):
        yield from content
