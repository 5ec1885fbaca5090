"""Who acts, for which body, in which roles: the scope that PostgreSQL itself enforces, and the rules of views."""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View

from kim.formats import FIRST_YEAR, LAST_YEAR, parse_date
from kim.formats import day as printed
from kim.history import known_at
from kim.models import Body, ClosedYear, Role, RoleAssignment, Submission, UnknownFormat
from kim.periods import today

SETTINGS = ("app.body_ids", "app.nonpublic", "pghistory.context_id", "pghistory.context_metadata")
SET = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in SETTINGS)
GET = "SELECT " + ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in SETTINGS)

MAX_REQUEST = 25_000_000  # bytes; a file may have 20 MB (kim.uploads)
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
    # Each kind of document has rules of its own; these two are for pages that serve every kind (see below).
    "documents.edit": set(),
    "documents.release": set(),
    "papers.edit": {Role.CLERK},
    "papers.agenda": {Role.CLERK, Role.COMMITTEE},
    "papers.sign": WORKERS,
    "papers.release": {Role.HEAD},
    "onward.edit": {Role.CLERK},
    "onward.release": {Role.HEAD},
    "jobs.view": WORKERS,
    "attached.view": READERS,
    "attached.edit": READERS,
    "findings.view": READERS,
    "findings.note": READERS,
    "audit.view": {Role.AUDIT},
    "kim.undo": READERS,
    "views.edit": READERS,
    "years.view": READERS,
    "years.edit": {Role.HEAD},
    "sources.view": READERS,
    "admin.lists": READERS,
    "admin.view": READERS | {Role.TECHNICAL},
    "technical.edit": {Role.TECHNICAL},
}
for act in ("edit", "release"):  # who has the right for one kind of document at least; the page then asks for that one
    RULES[f"documents.{act}"] = RULES[f"papers.{act}"] | RULES[f"onward.{act}"]
RULE_NAMES = {
    "kim.home": "Übersicht ansehen",
    "kim.account": "eigenes Passwort ändern (jede angemeldete Person)",
    "staffing.view": "Stellen ansehen",
    "staffing.edit": "Stellen bearbeiten",
    "grants.view": "Zuwendungen ansehen",
    "grants.edit": "Zuwendungen bearbeiten",
    "budget.view": "Haushalt ansehen",
    "budget.edit": "Ansätze bearbeiten",
    "meetings.view": "Sitzungen ansehen",
    "meetings.edit": "Sitzungen bearbeiten",
    "documents.view": "Dokumente ansehen",
    "documents.edit": "Dokumente schreiben (nur die Art, für die das Recht da ist)",
    "documents.release": "Dokumente freigeben (nur die Art, für die das Recht da ist)",
    "papers.edit": "Vorlagen schreiben",
    "papers.agenda": "Beratungsfolge, Nummer und Gang der Vorlagen eintragen",
    "papers.sign": "Vorlagen mitzeichnen",
    "papers.release": "Vorlagen freigeben",
    "onward.edit": "Weiterleitungen und ihre Muster schreiben",
    "onward.release": "Weiterleitungen freigeben",
    "kim.figure": "Herkunft ansehen",
    "jobs.view": "eigene Vorgänge ansehen und fortsetzen",
    "attached.view": "Notizen, Wiedervorlagen und Dateien ansehen",
    "attached.edit": "Notizen, Wiedervorlagen und Dateien anlegen",
    "findings.view": "Hinweise ansehen",
    "findings.note": "Hinweise mit einer Notiz versehen",
    "views.edit": "Ansichten von Listen speichern und löschen",
    "years.view": "Förderjahre ansehen",
    "years.edit": "Förderjahre abschließen und wieder öffnen",
    "sources.view": "Belege ansehen",
    "kim.undo": "eigene Eingaben zurücknehmen",
    "audit.view": "Verlauf aller Daten prüfen",
    "admin.lists": "Datenlisten unter /technik/ ansehen",
    "admin.view": "/technik/ öffnen",
    "technical.edit": "Benutzerkonten, Körperschaften und Schlüsseltabellen pflegen",
}


@contextmanager
def acting(
    user_id: int | None,
    body_ids: Iterable[int],
    *,
    snapshot: bool = False,
    public_only: bool = False,
    **context: str,
) -> Iterator[None]:
    """One transaction, one actor, these bodies; without it no row is seen and none can be saved.

    snapshot: every query sees the same moment, so that a list and its total, before and after, agree.
    public_only: rows that are not public are not seen either.
    """
    nested = connection.in_atomic_block
    metadata = json.dumps({"user": user_id} | context)
    values = (",".join(map(str, body_ids)), "" if public_only else "on", str(uuid.uuid4()), metadata)
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


def noted(name: str) -> str:
    """What was added to the context in this transaction under a name; empty if nothing was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(nullif(current_setting('pghistory.context_metadata', true), '')::jsonb ->> %s, '')", [name]
        )
        return str(cursor.fetchone()[0])


def act_key() -> str:
    """The key of the act that this transaction is: all its events carry it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pghistory.context_id')")
        return str(cursor.fetchone()[0])


class ScopeMiddleware:
    """One transaction around view, template and error page, with the actor, her body and the working date.

    ATOMIC_REQUESTS is the savepoint in it, and alone would leave the rendering of a TemplateResponse without scope.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.number = uuid.uuid4().hex
        end_old_session(request)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_REQUEST:
            return render(request, "413.html", status=413)
        assignments = (
            list(RoleAssignment.objects.filter(user=request.user).select_related("body"))
            if request.user.is_authenticated
            else []
        )
        request.bodies = sorted({a.body for a in assignments if a.body}, key=lambda b: b.name)
        chosen = request.session.get("koerperschaft") if request.bodies else None
        body = next((b for b in request.bodies if b.slug == chosen), None) or next(iter(request.bodies), None)
        request.acting_body = body
        held = [a for a in assignments if a.body is None or a.body == body]
        request.roles = {Role(a.role) for a in held}
        request.public_only = all(a.public_only for a in held if a.body)
        scope: dict[str, Any] = {
            "user_id": request.user.pk,
            "body_ids": [body.pk] if body else [],
            "url": request.path,
            "request": request.number,
            "public_only": request.public_only,
            "snapshot": request.method in {"GET", "HEAD"} or "vorschau" in getattr(request, "POST", {}),
        }
        with acting(**scope):
            response = self.once(request)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = stream(response.streaming_content, scope)
        return response

    def once(self, request: Any) -> HttpResponseBase:
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
        if response.status_code in {301, 302, 303} and not getattr(request, "act_refused", False):
            sent.update(target=response["Location"][:500])
            Submission.objects.filter(user=request.user, created_at__lt=Now() - timedelta(days=1)).delete()
        else:
            sent.delete()
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Read Stand and Förderjahr once for every page; what cannot be read is said before any figure is shown."""
        request.closed_years = ClosedYear.of(request.acting_body)
        try:
            if "\0" in request.path + "".join(v for values in request.GET.lists() for v in (values[0], *values[1])):
                raise ValidationError("Die Adresse enthält ein unzulässiges Zeichen.")
            request.stand, request.year = working_date(request.GET, request.acting_body)
            request.known = moment_known(request.GET.get("kenntnisstand", ""))
        except ValidationError as error:
            request.stand, request.year = today(request.acting_body), today(request.acting_body).year
            request.known = None
            return render(request, "400.html", {"message": " ".join(error.messages)}, status=400)
        return None


def refused(request: Any, words: str) -> None:
    """Say on the page that the answer leads to why an act was not done; its form can be sent again (once)."""
    messages.warning(request, words)
    request.act_refused = True


def end_old_session(request: Any) -> None:
    """Signing in holds for a working day, and not longer than an hour without a page being asked for."""
    if not request.user.is_authenticated:
        return
    now, session = time.time(), request.session
    since, seen = session.setdefault("angemeldet", now), session.get("gesehen", now)
    if now - since > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_AGE:
        logout(request)
    elif "gesehen" not in session or now - seen > settings.SESSION_IDLE_AGE / 20:
        session["gesehen"] = now


def form_key(request: Any) -> uuid.UUID | None:
    """The key a form carries; none for a preview, and for whoever is not signed in."""
    if request.method != "POST" or not request.user.is_authenticated or "vorschau" in request.POST:
        return None
    try:
        return uuid.UUID(request.POST.get("vorgang", ""))
    except ValueError:
        return None


def content_digest(request: Any) -> str:
    """What a form contains: a form that one goes back to, changes and sends again is another one."""
    fields = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    files = sorted((name, f.name, file_digest(f)) for name, some in request.FILES.lists() for f in some)
    return hashlib.sha256(json.dumps([request.path, fields, files]).encode()).hexdigest()


def file_digest(file: Any) -> str:
    """SHA-256 of an uploaded file, which is then at its beginning again."""
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return found.hexdigest()


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


def moment_known(text: str) -> datetime | None:
    """The end of the day of a Kenntnisstand (?kenntnisstand=), or the very moment if a time is given; None without.

    ValidationError with a sentence. Example: 28.02.2023 is everything that was recorded until 28.02.2023, 24 Uhr.
    """
    if not text:
        return None
    day, _, clock = text.strip().partition(" ")
    if clock and not re.fullmatch(r"([01]?[0-9]|2[0-3])[:.][0-5][0-9]", clock):
        raise ValidationError(f"„{clock[:20]}“ ist keine Uhrzeit. Bitte wie 10:41 angeben.")
    hour, minute = map(int, re.split(r"[:.]", clock)) if clock else (23, 59)
    found = datetime.combine(parse_date(day), clock_time(hour, minute, 59, 999999))
    return timezone.make_aware(found)


def stream(content: Any, scope: dict[str, Any]) -> Iterator[bytes]:
    """A stream is read after the request's transaction has ended: it gets one of its own."""
    with acting(**scope):
        yield from content


CHANGES = (".edit", ".agenda", ".note", ".undo", ".sign", ".release")
YEARLY = {"staffing.edit", "grants.edit", "budget.edit"}  # what changes the figures of a Förderjahr


def may(request: Any, rule: str) -> bool:
    """Whether the roles of this request's user for the current body give the right; who is there for public matters
    only reads, because she could change what she cannot see."""
    if request.public_only and rule.endswith(CHANGES) and not rule.startswith("technical."):
        return False
    return bool(RULES[rule] & request.roles) and not closed(request, rule)


def demand(request: Any, rule: str) -> None:
    """PermissionDenied that names the right, where a page serves several kinds of object and each has its own rule."""
    if not may(request, rule):
        raise PermissionDenied(rule)


def closed(request: Any, rule: str) -> bool:
    """Whether the rule changes figures and the page's Förderjahr is closed, or a Kenntnisstand is looked at."""
    if getattr(request, "known", None) and rule.endswith(CHANGES):
        return True
    return rule in YEARLY and getattr(request, "year", None) in getattr(request, "closed_years", ())


class Ruled(View):
    """A view that states its rule; a right that is missing is named on the page (403)."""

    rule: str
    knows = False  # whether the page can be seen as the data were known at a moment (?kenntnisstand=)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if closed(request, self.rule) and RULES[self.rule] & request.roles:
            return render(request, "closed.html", status=403)
        demand(request, self.rule)
        meant = request.POST.get("koerperschaft_des_formulars", "")
        if meant and meant != request.acting_body.slug:  # switched in another window since the form was shown
            body = next((b for b in request.bodies if b.slug == meant), None)
            return render(request, "409.html", {"meant": body}, status=409)
        if request.method == "POST":
            note(rule=self.rule)
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


def public(view: Any) -> Any:
    """A view that needs no login: it has to say so."""
    view.rule = "public"
    return login_not_required(view)
