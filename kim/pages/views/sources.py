"""Belege: the documents that figures are taken from, and what rests on each."""

from typing import Any, ClassVar

from django.apps import apps
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import may
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
from kim.models import Cited, File, Source
from kim.pages.forms import RemovePage
from kim.pages.rows import EditRowPage, NewRowPage, RowForm
from kim.values.formats import DateField, slug
from kim.values.uploads import UploadField


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
    add_url, add_rule = "source-new", "sources.edit"

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

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        found = Source.visible_to(request).filter(address=kwargs["address"]).first()
        return found.title if found else ""

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
        owners = owners_of(found, request)
        cited = [(owner._meta.verbose_name, owner) for owner in owners] + cited
        context = {
            "title": found.title,
            "source": found,
            "owners": owners,
            "editable": not owners and may(request, "sources.edit"),
            "cited": cited,
            "story": entries_about([found], user=request.user),
        }
        return render(request, "kim/document.html", context)


def relations(model: Any) -> list[str]:
    """What the name and the address of a row need."""
    return [f.name for f in model._meta.fields if f.is_relation and f.name in {"position", "sub_product", "account"}]


def owners_of(source: Source, request: Request) -> list[Any]:
    """The notice, paper or Weiterleitung whose document this is, as far as the person may see it."""
    return [
        owner
        for relation in Source._meta.related_objects
        if relation.one_to_one
        for owner in documents_of(relation.related_model, request, relation.field.name, source)
    ]


def documents_of(model: Any, request: Request, field: str, source: Source) -> Any:
    """The notice or paper whose document this is."""
    return model.visible_to(request).filter(**{field: source}).select_related(field)


FIELDS = ["kind", "number", "title", "date", "file_reference", "public"]
KINDS = [one for one in Source.Kind if one not in {Source.Kind.ONWARD}]  # a Weiterleitung is written here
PUBLIC_HELP = (
    "Vorlagen, Beschlüsse und Niederschriften sieht sonst nicht, wer nur Öffentliches sehen darf (§ 48 (2) GO NRW). "
    "Bescheide und andere Dokumente sieht, wer das Geld sieht."
)


class SourceForm(RowForm):
    """A document that is known by name, and that others rest on."""

    class Meta:
        model = Source
        fields: ClassVar = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["kind"].choices = [("", "bitte wählen"), *((one, one.label) for one in KINDS)]
        fields["date"] = DateField(label="Datum", required=False)
        fields["number"].help_text = "z. B. 2022/0119; leer, wenn das Dokument keine trägt."
        fields["public"].help_text = PUBLIC_HELP


def own_source(request: Request, address: str) -> Source:
    """A Beleg that is nobody's: a Bescheid, a Vorlage, a Weiterleitung have their own pages; Http404 for theirs."""
    found = Source.visible_to(request).filter(address=address).first()
    if found is None or owners_of(found, request):
        raise Http404
    return found


class NewSourceForm(SourceForm):
    """A new document, with its file if there is one."""

    file = UploadField(label="Datei", required=False, help_text="PDF oder Bild; liegt dann beim Beleg.")


class NewSource(NewRowPage):
    """A new Beleg: it can then be named wherever something rests on a document."""

    rule = "sources.edit"
    form_class = NewSourceForm
    title = "Neuer Beleg"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> NewSourceForm:
        return NewSourceForm(*data, instance=self.instance(request))

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        return super().context(request, form, **kwargs) | {"multipart": True}

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        with transaction.atomic():  # without its file the Beleg is not there either
            told = super().save(request, form)
            if found := form.cleaned_data["file"]:
                File.of(found, request.acting_body, request.user).lay_beside(form.instance)
        return told


class EditSource(EditRowPage):
    """A Beleg was entered wrongly, or its number has come."""

    rule = "sources.edit"
    form_class = SourceForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Source:
        return own_source(request, kwargs["address"])


class RemoveSource(RemovePage):
    """A Beleg that nothing rests on."""

    rule = "sources.edit"

    def instance(self, request: Request, **kwargs: Any) -> Source:
        return own_source(request, kwargs["address"])

    def done(self) -> str:
        return reverse("sources")
