"""Pages of rows that people keep: a new one, one that is there already, and all pages of a noun declared at once."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.lists import DenseTable, ListPage
from kim.pages.forms import AddPage, CorrectionPage, ReasonField, RemovePage, VersionedForm, facts
from kim.pages.sections import new_page


class RowForm(VersionedForm):
    """All that is known of a row, for a new one and again for one that is there (only then it has a version)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            del self.fields["version"]


class ReasonedRowForm(RowForm):
    """Of a row on which figures rest: a change asks for its reason, a new one does not."""

    reason = ReasonField("laut Erlass ab Januar")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            del self.fields["reason"]


class NewRowPage(AddPage):
    """Records a new row of the model that the form is for."""

    button, repeatable = "Anlegen", True
    form_class: type[Any]
    natural: ClassVar[str] = "name"  # the field by which people know a row again

    def instance(self, request: Request, **kwargs: Any) -> Any:
        """The row that is to be filled in."""
        return self.form_class._meta.model(body=request.acting_body)

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Any:
        return self.form_class(data[0] if data else None, instance=self.instance(request, **kwargs))

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        noun = form.instance._meta.verbose_name
        row = form.instance.save_as(f"{noun} angelegt")
        return f"{noun} „{row}“ ist angelegt.", row.get_absolute_url()

    def page(self, request: Request, form: Any, status: int = 200, **kwargs: Any) -> HttpResponseBase:
        """Whose row is there already – perhaps another was faster – is led to it."""
        self.twin = self.there_already(request, form) if form.is_bound and form.errors else None
        return super().page(request, form, status, **kwargs)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        return super().context(request, form, **kwargs) | {"twin": self.twin}

    def there_already(self, request: Request, form: Any) -> Any:
        """The row of the same name."""
        model, typed = form._meta.model, form.cleaned_data.get(self.natural) if self.natural else ""
        return model.visible_to(request).filter(**{f"{self.natural}__iexact": typed}).first() if typed else None


class EditRowPage(CorrectionPage):
    """Changes a row that is there; nobody overwrites what another has saved meanwhile."""

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {"title": f"{form.instance._meta.verbose_name} bearbeiten", "lead": str(form.instance)}

    def save(self, request: Request, form: Any) -> str:
        noun = form.instance._meta.verbose_name
        form.instance.save_as(f"{noun} geändert")
        return f"{noun} „{form.instance}“ ist gespeichert."


class RowPage(RuleView):
    """One row: what is known of it, what it is used for, its history, and what lies beside it."""

    pages: "type[RowPages]"

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(cls.pages.row(request, kwargs["key"]))

    def get(self, request: Request, key: str) -> HttpResponseBase:
        row = self.pages.row(request, key)
        form = self.pages.form_class(instance=row)
        context = {
            "title": str(row),
            "row": row,
            "noun": row._meta.verbose_name,
            "facts": facts(form),
            "editable": self.pages.changeable(row) and may(request, self.pages.edit_rule),
            "edit_url": f"{self.pages.name}-edit",
            "remove_url": f"{self.pages.name}-remove",
            "key": key,
            "used": row.used_by(),
            "story": entries_about([row], user=request.user),
        }
        return render(request, self.pages.template_name, context | self.pages.more(request, row))


class RowPages:
    """All pages of a noun that a body keeps: the list, one row, a new one, edit, delete – declared in one place.

    view_rule, edit_rule: who sees and who changes. lookup: the field whose words stand in addresses. natural: the field
    by which people know a row again. new_title: with its gender, which only German knows.
    Example: urlpatterns += AccountPages.urls("haushalt/sachkonten/", "account").
    """

    model: ClassVar[Any]
    form_class: ClassVar[type[RowForm]]
    table_class: ClassVar[type[DenseTable]]
    view_rule: ClassVar[str]
    edit_rule: ClassVar[str]
    new_title: ClassVar[str]
    lookup: ClassVar[str] = "slug"
    natural: ClassVar[str] = "name"
    converter: ClassVar[str] = "str"
    template_name: ClassVar[str] = "kim/row.html"
    name: ClassVar[str] = ""

    @classmethod
    def rows(cls, request: Request) -> QuerySet[Any]:
        """The rows of the list."""
        found: QuerySet[Any] = cls.model.visible_to(request)
        return found

    @classmethod
    def row(cls, request: Request, key: str) -> Any:
        """The row with this word in its address; foreign and missing are the same 404."""
        found = cls.rows(request).filter(**{cls.lookup: key}).first()
        if found is None:
            raise Http404
        return found

    @classmethod
    def changeable(cls, row: Any) -> bool:
        """Whether a row that is seen may be changed and deleted by whoever has the right."""
        return True

    @classmethod
    def row_to_change(cls, request: Request, key: str) -> Any:
        """The row for the pages that change it; Http404 if it is not changed here."""
        row = cls.row(request, key)
        if not cls.changeable(row):
            raise Http404
        return row

    @classmethod
    def new(cls, request: Request) -> Any:
        """A row to be filled in."""
        return cls.model(body=request.acting_body)

    @classmethod
    def origin(cls, request: Request) -> str:
        """The address of the page on which a new row was begun and to which one goes back; empty: the list of the noun,
        and once the row is there its own page."""
        return ""

    @classmethod
    def more(cls, request: Request, row: Any) -> dict[str, Any]:
        """What the template of the page shows besides."""
        return {}

    @classmethod
    def saved(cls, request: Request, row: Any, act: str, reason: str = "") -> Any:
        """Writes the row down; act: what the history calls it. ValidationError with a sentence."""
        return row.save_as(act, reason=reason)

    @classmethod
    def urls(cls, route: str, name: str) -> list[URLPattern]:
        """The addresses: list_url is ``<name>s``, the others ``<name>``, ``<name>-new``, ``-edit``, ``-remove``."""
        cls.name = name
        new_page(cls.model, f"{name}-new")
        view, edit = {"rule": cls.view_rule, "pages": cls}, {"rule": cls.edit_rule, "pages": cls}
        made: dict[str, Any] = {
            "list": type("List", (_List,), view | {"table_class": cls.table_class}),
            "one": type("One", (RowPage,), view),
            "new": type("New", (_New,), edit | {"form_class": cls.form_class, "title": cls.new_title}),
            "edit": type("Edit", (_Edit,), edit | {"form_class": cls.form_class}),
            "remove": type("Remove", (_Remove,), edit),
        }
        one = f"{route}<{cls.converter}:key>/"
        return [
            path(route, made["list"].as_view(), name=f"{name}s"),
            path(f"{route}neu/", made["new"].as_view(), name=f"{name}-new"),
            path(one, made["one"].as_view(), name=name),
            path(f"{one}bearbeiten/", made["edit"].as_view(), name=f"{name}-edit"),
            path(f"{one}loeschen/", made["remove"].as_view(), name=f"{name}-remove"),
        ]


class _List(ListPage):
    pages: type[RowPages]

    def rows(self, request: Request) -> QuerySet[Any]:
        return self.pages.rows(request)


class _New(NewRowPage):
    pages: type[RowPages]

    @property
    def natural(self) -> str:  # type: ignore[override]  # each noun says its own
        return self.pages.natural

    def instance(self, request: Request, **kwargs: Any) -> Any:
        return self.pages.new(request)

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        noun = form.instance._meta.verbose_name
        row = self.pages.saved(request, form.instance, f"{noun} angelegt")
        return f"{noun} „{row}“ ist angelegt.", self.pages.origin(request) or row.get_absolute_url()

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        origin = self.pages.origin(request)
        return super().context(request, form, **kwargs) | ({"back": origin} if origin else {})


class _Edit(EditRowPage):
    pages: type[RowPages]

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return self.pages.row_to_change(request, kwargs["key"])

    def save(self, request: Request, form: Any) -> str:
        noun = form.instance._meta.verbose_name
        self.pages.saved(request, form.instance, f"{noun} geändert", form.cleaned_data.get("reason", ""))
        return f"{noun} „{form.instance}“ ist gespeichert."


class _Remove(RemovePage):
    pages: type[RowPages]

    def instance(self, request: Request, **kwargs: Any) -> Any:
        return self.pages.row_to_change(request, kwargs["key"])

    def done(self) -> str:
        return reverse(f"{self.pages.name}s")
