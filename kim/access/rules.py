"""Rules, the roles that have them, and whether a request may."""

from django.core.exceptions import PermissionDenied

from kim.access.request import Request
from kim.models import Role

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


CHANGES = (".edit", ".agenda", ".note", ".undo", ".sign", ".release")


YEARLY = {"staffing.edit", "grants.edit", "budget.edit"}  # what changes the figures of a Förderjahr


def may(request: Request, rule: str) -> bool:
    """Whether the roles of this request's user for the current body give the right; who is there for public matters
    only reads, because she could change what she cannot see."""
    if request.public_only and rule.endswith(CHANGES) and not rule.startswith("technical."):
        return False
    return bool(RULES[rule] & request.roles) and not closed(request, rule)


def demand(request: Request, rule: str) -> None:
    """PermissionDenied that names the right, where a page serves several kinds of object and each has its own rule."""
    if not may(request, rule):
        raise PermissionDenied(rule)


def closed(request: Request, rule: str) -> bool:
    """Whether the rule changes figures and the page's Förderjahr is closed, or a Kenntnisstand is looked at."""
    if request.known and rule.endswith(CHANGES):
        return True
    return rule in YEARLY and request.year in request.closed_years
