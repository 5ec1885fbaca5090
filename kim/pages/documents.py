"""What pages of documents of every kind are made of: which one is meant, who may write it, buttons that act on it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import resolve

from kim.access.request import Request
from kim.access.rules import demand
from kim.access.views import RuleView
from kim.lists import kept_link
from kim.pages.forms import saved
from kim.studio import documents
from kim.studio.documents import Document


def document_of(request: Request, reference: str) -> Document:
    """The body's document with this reference, of whatever kind; foreign and missing are the same 404."""
    found = documents.find(request.acting_body, reference)
    if found is None or not type(found.row).visible_to(request).filter(pk=found.row.pk).exists():
        raise Http404
    return found


def open_document(request: Request, reference: str) -> Document:
    """The same, as long as it is written on; Http404 once it is released."""
    found = document_of(request, reference)
    if not found.is_open:
        raise Http404
    return found


def written_document(request: Request, reference: str) -> Document:
    """The document for who may write this kind of document; PermissionDenied names the right."""
    found = document_of(request, reference)
    demand(request, found.edit_rule)
    return found


def open_for_writing(request: Request, reference: str) -> Document:
    """The same, as long as it is written on."""
    found = open_document(request, reference)
    demand(request, found.edit_rule)
    return found


def page_of(request: Request, found: Document, problems: Iterable[str], status: int) -> HttpResponseBase:
    """The document's own page, with what stands against what was asked."""
    match = resolve(found.get_absolute_url())
    page = match.func.view_class()  # type: ignore[attr-defined]
    response: HttpResponseBase = page.get(request, *match.args, **match.kwargs, problems=tuple(problems), status=status)
    return response


class Step(RuleView):
    """A button on the page of a document: POST does it, or says on the same page why not."""

    undoable = True

    def act(self, request: Request, found: Any) -> str:
        """Do it; the message for the user. ValidationError if refused."""
        raise NotImplementedError

    def document(self, request: Request, reference: str) -> Document:
        return open_document(request, reference)

    def post(self, request: Request, reference: str) -> HttpResponseBase:
        found = self.document(request, reference)
        try:
            message = self.act(request, found)
        except ValidationError as error:
            return page_of(request, found, error.messages, 422)
        if self.undoable:
            saved(request, message)
        else:
            messages.success(request, message)
        return redirect(kept_link(request, found.get_absolute_url()))
