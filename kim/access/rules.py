"""Rules, the roles that have them, and whether a request may."""

from django.core.exceptions import PermissionDenied

from kim.access.request import Request
from kim.models import Role

WORKERS = {Role.CLERK, Role.TREASURY, Role.COMMITTEE, Role.HEAD}


READERS = WORKERS | {Role.AUDIT}


RULES: dict[str, set[Role]] = {}  # every view names one of these rules; the value is the roles that have the right
RULE_NAMES: dict[str, str] = {}  # what the right is called
YEARLY: set[str] = set()  # rights to change what the figures of a Förderjahr are made of
NOT_PUBLIC: set[str] = set()  # rights to what the administration notes for itself
CHANGES = (".edit", ".proceed", ".note", ".undo", ".sign", ".release")


def right(
    rule: str, words: str, roles: set[Role], *, part_of: str = "", yearly: bool = False, public: bool = True
) -> None:
    """Declares a right, where the pages are that ask for it: the ground here, each app in its ``rights``.

    part_of: the right of pages that serve several kinds; whoever has one of its parts gets there, and the page then
    asks for the part (demand). yearly: not in a closed Förderjahr. public: also for who is there for public matters
    only, if it changes nothing. ValueError if the rule is there already.
    """
    if rule in RULES:
        raise ValueError(f"{rule} is declared twice")
    RULES[rule], RULE_NAMES[rule] = set(roles), words
    if part_of:
        RULES[part_of] |= roles
    if yearly:
        YEARLY.add(rule)
    if not public:
        NOT_PUBLIC.add(rule)


right("kim.home", "Übersicht ansehen", READERS | {Role.TECHNICAL})
right("kim.account", "eigenes Passwort ändern (jede angemeldete Person)", READERS | {Role.TECHNICAL})
right("kim.figure", "Herkunft ansehen", READERS)
right("documents.view", "Dokumente ansehen", READERS)
right("documents.edit", "Dokumente schreiben (nur die Art, für die das Recht da ist)", set())
right("documents.release", "Dokumente freigeben (nur die Art, für die das Recht da ist)", set())
right("jobs.view", "eigene Vorgänge ansehen und fortsetzen", WORKERS, public=False)
right("attached.view", "Notizen, Wiedervorlagen und Dateien ansehen", READERS, public=False)
right("attached.edit", "Notizen, Wiedervorlagen und Dateien anlegen", WORKERS)
right("findings.view", "Hinweise ansehen", READERS, public=False)
right("findings.note", "Hinweise mit einer Notiz versehen", READERS)
right("audit.view", "Verlauf aller Daten prüfen", {Role.AUDIT}, public=False)
right("acts.view", "Verlauf eines Gegenstands und letzte Vorgänge ansehen", READERS | {Role.TECHNICAL}, public=False)
right("kim.undo", "eigene Eingaben zurücknehmen", READERS)
right("views.edit", "Ansichten von Listen speichern und löschen", READERS)
right("years.view", "Förderjahre ansehen", READERS)
right("years.edit", "Förderjahre abschließen und wieder öffnen", {Role.HEAD})
right("house.edit", "Briefkopf, Dienststellen und Zeichnungsbefugnisse pflegen", {Role.HEAD})
right("reference.edit", "Förderprogramme, Bausteine, Fördersätze, Funktionen und Kontengruppen ergänzen", {Role.HEAD})
right("sources.view", "Belege ansehen", READERS)
right("sources.edit", "Belege eintragen und bearbeiten", {Role.CLERK})
right("admin.lists", "Datenlisten unter /technik/ ansehen", READERS)
right("admin.view", "/technik/ öffnen", READERS | {Role.TECHNICAL})
right("technical.edit", "Benutzerkonten, Körperschaften und Schlüsseltabellen pflegen", {Role.TECHNICAL})


def may(request: Request, rule: str) -> bool:
    """Whether the roles of this request's user for the current body give the right; who is there for public matters
    only reads, because she could change what she cannot see."""
    change = rule.endswith(CHANGES) and not rule.startswith("technical.")
    if request.public_only and (change or rule in NOT_PUBLIC):
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
