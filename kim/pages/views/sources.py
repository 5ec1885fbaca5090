"""Belege: the documents that figures are taken from, and what rests on each."""

from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render

from kim.access.request import Request
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.lists import (
    ChoicesFilter,
    DateColumn,
    DenseTable,
    LinkColumn,
    ListPage,
    ObjectsFilter,
    SearchFilter,
    StrictFilters,
    TextColumn,
    programmes,
)
from kim.models import Cited, Source
from kim.values.formats import slug


class SourceProgrammeFilter(ObjectsFilter):
    """The documents of notices of a programme, and of papers about such notices."""

    def condition(self, chosen: Any) -> Q:
        return Q(notice_version__notice__programme__in=chosen) | Q(paper__notice__programme__in=chosen)


class SourceFilters(StrictFilters):
    """Search, Programm and kind of document."""

    suche = SearchFilter(["number", "title", "file_reference"])
    programm = SourceProgrammeFilter(
        "notice_version__notice__programme", programmes(Source, "notice_version__notice__programme"), label="Programm"
    )
    art = ChoicesFilter("kind", {slug(k.label): (k.label, k) for k in Source.Kind}, label="Art")


class SourceTable(DenseTable):
    """Documents by kind, number, title and date."""

    title, noun = "Belege", ("Beleg", "Belege")
    help_text = "Dokumente, aus denen Angaben stammen. Der Titel führt zu allem, was sich darauf stützt."
    filters = SourceFilters
    default_order, wraps, dated = "titel", True, False

    titel = LinkColumn(accessor="title", verbose_name="Titel")
    art = TextColumn(accessor="get_kind_display", verbose_name="Art")
    nummer = TextColumn(accessor="number", verbose_name="Nummer")
    datum = DateColumn(accessor="date", verbose_name="Datum")
    aktenzeichen = TextColumn(accessor="file_reference", verbose_name="Aktenzeichen", hidden=True)


class Sources(ListPage):
    """All Belege of the body that this person may see."""

    rule = "sources.view"
    table_class = SourceTable

    def rows(self, request: Request) -> QuerySet[Any]:
        return Source.visible_to(request)


class SourceDocumentPage(RuleView):
    """One Beleg: what it is, whose it is, and which rows cite it, each with the place."""

    rule = "sources.view"

    def get(self, request: Request, address: str) -> HttpResponseBase:
        found = Source.visible_to(request).filter(address=address).first()
        if found is None:
            raise Http404
        cited = []
        for model in apps.get_models():
            if issubclass(model, Cited):
                kind: Any = model
                rows = kind.visible_to(request).filter(basis=found)
                cited += [(kind._meta.verbose_name, row) for row in rows.select_related(*relations(kind))]
        owners = [
            owner
            for relation in Source._meta.related_objects
            if relation.one_to_one
            for owner in documents_of(relation.related_model, request, relation.field.name, found)
        ]
        cited = [(owner._meta.verbose_name, owner) for owner in owners] + cited
        context = {
            "title": found.title,
            "source": found,
            "owners": owners,
            "cited": cited,
            "story": entries_about([found], user=request.user),
        }
        return render(request, "kim/document.html", context)


def relations(model: Any) -> list[str]:
    """What the name and the address of a row need."""
    return [f.name for f in model._meta.fields if f.is_relation and f.name in {"position", "sub_product", "account"}]


def documents_of(model: Any, request: Request, field: str, source: Source) -> Any:
    """The notice or paper whose document this is."""
    return model.visible_to(request).filter(**{field: source}).select_related(field)
