"""The page of a file that lies beside a Beleg, with the words marked on which something rests."""

import uuid
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.models import File, Source
from kim.studio.passages import MOST_WORDS, PDF, Passage, passage
from kim.values.places import Place


class PassagePage(RuleView):
    """A Fundstelle (?seite=3&worte=…) in a file of a Beleg; ?datei= names which, ?blaettern=1 keeps to the page."""

    rule = "attached.view"

    def get(self, request: Request, address: str) -> HttpResponseBase:
        source = Source.visible_to(request).filter(address=address).first()
        if source is None:
            raise Http404
        files = list(File.shown_beside(source, request))
        place, problem = asked(request.GET)
        turning = request.GET.get("blaettern") == "1"
        chosen = chosen_of(files, request.GET.get("datei", ""))
        context: dict[str, Any] = {
            "title": "Fundstelle",
            "source": source,
            "files": files,
            "chosen": chosen,
            "place": place,
            "adding": may(request, "attached.edit"),
            "problem": problem,
        }
        if chosen:
            found = passage(bytes(chosen.content), chosen.media_type, place, turning=turning)
            context |= {"found": found, "told": told(found, place, chosen, turning=turning)}
            context |= {"before": found.page - 1, "after": found.page + 1 if found.page < found.pages else 0}
        response = render(request, "kim/passage.html", context)
        response["Cache-Control"] = "no-store"  # as of the file itself
        return response


def chosen_of(files: list[File], key: str) -> File | None:
    """The file that is named, else the first; Http404 for one that does not lie there."""
    if not key:
        return files[0] if files else None
    try:
        wanted = uuid.UUID(key)
    except ValueError:
        raise Http404 from None
    found = next((one for one in files if one.key == wanted), None)
    if found is None:
        raise Http404
    return found


def asked(query: Any) -> tuple[Place, str]:
    """The place that an address names, and what cannot be read of it."""
    page, words = query.get("seite", "").strip(), " ".join(query.get("worte", "").split())[:MOST_WORDS]
    if not page:
        return Place(None, words), ""
    if page.isascii() and page.isdecimal() and len(page) <= 5:
        return Place(int(page), words), ""
    return Place(None, words), f"„{page[:40]}“ ist keine Seitenzahl."


def told(found: Passage, place: Place, file: File, *, turning: bool) -> str:
    """What the search has come to, in a sentence. Example: Die Worte stehen nicht auf Seite 2, sondern auf Seite 3."""
    if found.problem:
        return ""
    pages = "eine Seite" if found.pages == 1 else f"{found.pages} Seiten"
    beyond = place.page is not None and not 1 <= place.page <= found.pages
    words = f"Die Datei hat {pages}; Seite {place.page} gibt es darin nicht. " if beyond else ""
    if not place.words:
        return words
    if file.media_type != PDF:
        return words + "In einem Bild lassen sich Worte nicht suchen."
    if found.found:
        if place.page and not beyond and place.page != found.page:
            return f"Die Worte stehen nicht auf Seite {place.page}, sondern auf Seite {found.page}."
        return words + f"Die Worte sind auf Seite {found.page} markiert."
    if turning and not found.searched:
        return words + "Auf dieser Seite stehen die Worte nicht."
    if found.searched < found.pages:
        return words + f"Auf {found.searched} von {pages} stehen die Worte nicht; weiter wurde nicht gesucht."
    if not found.has_text:
        return words + "Das PDF enthält keinen Text, etwa weil es gescannt ist; Worte lassen sich darin nicht suchen."
    return words + (
        "Die Worte stehen nicht in der Datei." if found.pages == 1 else f"Die Worte stehen auf keiner der {pages}."
    )
