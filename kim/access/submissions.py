"""One form, one effect."""

import hashlib
import json
import uuid
from typing import Any

from django.contrib import messages

from kim.access.request import Request


def say_refused(request: Request, words: str) -> None:
    """Say on the page that the answer leads to why an act was not done; its form can be sent again (once)."""
    messages.warning(request, words)
    request.act_refused = True


def form_key(request: Request) -> uuid.UUID | None:
    """The key a form carries; none for a preview, and for whoever is not signed in."""
    if request.method != "POST" or not request.user.is_authenticated or "preview" in request.POST:
        return None
    try:
        return uuid.UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None


def content_digest(request: Request) -> str:
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
