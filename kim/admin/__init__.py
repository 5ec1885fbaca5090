"""/technik/: accounts, bodies and code tables for Systemverwaltung; read-only lists for whoever works for a body."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import include, path, reverse
from django.utils.timezone import localtime

from kim.access.request import Request, scoped
from kim.access.rules import may
from kim.history.trail import entries_about
from kim.models import User
from kim.models.refusals import CONFLICT, db_errors_as_validation
from kim.pages.accounts import UserForm, password_link
from kim.pages.forms import add_errors, chosen, compared
from kim.pages.reference import CodeForm
from kim.store.context import describe_act
from kim.values.formats import format_day, slug


class TechnicalSite(admin.AdminSite):
    """Django's admin behind our login, with our rules and our look."""

    site_header = site_title = index_title = "Technik"
    rule = "admin.view"

    def register(  # type: ignore[override]
        self, models: Any, admin_class: Any = None, **options: Any
    ) -> None:
        """Only tables of ours: what libraries register for themselves has no place here."""
        if admin_class and issubclass(admin_class, OwnAdmin):
            super().register(models, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return may(scoped(request), self.rule)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        def inner(request: Request, *args: Any, **kwargs: Any) -> Any:
            rule = getattr(view, "rule", self.rule)
            if not (self.has_permission(request) and may(request, rule)):
                raise PermissionDenied(rule)
            if request.method == "POST":
                describe_act(rule=rule)
            return view(request, *args, **kwargs)

        return update_wrapper(inner, view)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def start(self, request: Request) -> HttpResponseBase:
        """The tables this person may see."""
        tables: list[Any] = list(self._registry.values())
        pages = [
            (page.opts.verbose_name_plural, reverse(f"admin:{page.name('changelist')}"))
            for page in tables
            if page.has_module_permission(request)
        ]
        return render(request, "admin/index.html", {"tables": sorted(pages, key=lambda p: slug(p[0]))})

    def get_urls(self) -> list[Any]:
        """The start page and the pages of each table, under German names; nothing else of the library."""
        start = self.admin_view(self.start)
        start.rule = self.rule
        tables = [
            path(f"{slug(str(model._meta.verbose_name_plural))}/", include(page.urls))
            for model, page in self._registry.items()
        ]
        return [path("", start, name="index"), *tables]


class OwnChangeList(ChangeList):
    """A list whose rows lead to our pages and whose address may carry Stand and Förderjahr."""

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in {"stand", "jahr"}}

    def url_for_result(self, result: Any) -> str:
        page: Any = self.model_admin
        return str(page.url_of(result))


class OwnAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """What the tables under /technik/ have in common."""

    rule: str
    list_per_page, list_max_show_all, show_full_result_count = 500, 500, False
    actions = None
    preserve_filters = False
    change_list_template = "admin/change_list.html"

    def wrap(self, view: Callable[..., Any], rule: str = "") -> Callable[..., Any]:
        """A view of this table behind its rule."""

        def ruled(request: Request, *args: Any, **kwargs: Any) -> Any:
            return view(request, *args, **kwargs)

        ruled.rule = rule or self.rule  # type: ignore[attr-defined]
        ruled.model_admin = self  # type: ignore[attr-defined]
        return self.admin_site.admin_view(ruled)

    def name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def get_urls(self) -> list[Any]:
        return [path("", self.wrap(self.changelist_view), name=self.name("changelist"))]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return OwnChangeList

    def url_of(self, row: Any) -> str:
        raise NotImplementedError

    only_shown = True  # a row leads to its page, where it is edited
    new_url = ""  # where a new row is made

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """No filter by address: one could ask for what no column shows."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(scoped(request), self.rule)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(scoped(request), self.rule)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(OwnAdmin):
    """A list to look at, of the body one works for; a row leads to its page, where it is edited."""

    rule = "admin.lists"

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.model.visible_to(scoped(request))

    def url_of(self, row: Any) -> str:
        return str(row.get_absolute_url())


class CodeAdmin(OwnAdmin):
    """A code table that Systemverwaltung edits: every row has a version, a history, and a conflict page."""

    rule = "technical.edit"
    form = CodeForm
    removable = True
    only_shown = False
    new_url = "neu/"
    reasoned = False  # a change moves figures and needs its reason

    def get_urls(self) -> list[Any]:
        removal = path("<str:key>/loeschen/", self.wrap(self.remove_view), name=self.name("delete"))
        return [
            *super().get_urls(),
            *([path("neu/", self.wrap(self.edit_view), name=self.name("add"))] if self.new_url == "neu/" else []),
            path("<str:key>/", self.wrap(self.edit_view), name=self.name("change")),
            *([removal] if self.removable else []),
        ]

    def key(self, row: Any) -> str:
        """The row in an address: its short name, or what it is called."""
        return str(getattr(row, "slug", "") or slug(str(row)))

    def url_of(self, row: Any) -> str:
        return reverse(f"admin:{self.name('change')}", args=[self.key(row)])

    def find(self, key: str, number: str = "") -> Any:
        """The row with this name, or the one a form was shown for if it is called otherwise by now; Http404 if there
        is none. Code tables are short."""
        rows = list(self.rows())
        found = next((row for row in rows if self.key(row) == key), None)
        found = found or next((row for row in rows if str(row.pk) == number), None)
        if found is None:
            raise Http404
        return found

    def rows(self) -> Any:
        """The rows that are edited here."""
        return self.model._default_manager.all()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.new_url) and may(scoped(request), self.rule)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(scoped(request), self.rule)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return db_field.formfield(**kwargs)

    def edit_view(self, request: Request, key: str = "") -> HttpResponseBase:
        """GET shows the form; POST saves it, says what is wrong, or shows both values of a conflict."""
        number = request.POST.get("row", "")
        stored = self.find(key, number) if key else None
        form_class: Any = self.get_form(request, stored, change=stored is not None)
        shown = self.asked(form_class(instance=stored))
        if request.method != "POST":
            return self.page(request, shown, stored)
        again = self.find(key, number) if key else None
        form = self.asked(form_class(chosen(request.POST, shown), instance=again))
        if stored and form.is_stale():
            return self.conflict(request, form, shown)
        if form.is_valid() and self.has_own_address(form):
            try:
                self.store(form)
            except ValidationError as error:
                if stored and CONFLICT in error.messages:
                    return self.edit_view(request, key)
                add_errors(form, error)
            else:
                messages.success(request, f"{self.opts.verbose_name} „{form.instance}“ ist gespeichert.")
                return redirect(self.after(form.instance, new=stored is None))
        return self.page(request, form, stored, 422)

    def asked(self, form: Any) -> Any:
        """The form, with a reason where one is needed. Fields of the class are those of all requests: only this form's
        own field is set."""
        form.fields["reason"].required = self.reasoned and form.instance.pk is not None
        return form

    def has_own_address(self, form: Any) -> bool:
        """Two rows under one address could not both be edited, and "neu" is where new ones are made."""
        key = self.key(form.instance)
        others = self.rows().exclude(pk=form.instance.pk)
        if key.lower() not in {"", "neu"} and key.lower() not in {self.key(row).lower() for row in others}:
            return True
        form.add_error(None, f"Unter der Bezeichnung „{key}“ wäre der Eintrag nicht eindeutig. Bitte anders benennen.")
        return False

    def store(self, form: Any) -> None:
        describe_act(reason=form.cleaned_data["reason"].strip(), act=f"{self.opts.verbose_name} gepflegt")
        with db_errors_as_validation():
            form.save()

    def after(self, row: Any, *, new: bool) -> str:
        """Where to go on when a row is saved."""
        return reverse(f"admin:{self.name('changelist')}")

    def conflict(self, request: Request, form: Any, shown: Any) -> HttpResponseBase:
        context = compared(request, form, shown) | {"back": self.url_of(shown.instance)}
        return render(request, "conflict.html", context, status=409)

    def page(self, request: Request, form: Any, stored: Any, status: int = 200) -> HttpResponseBase:
        context = {
            "title": str(stored) if stored else f"{self.opts.verbose_name} anlegen",
            "form": form,
            "row": stored,
            "opts": self.opts,
            "back": reverse(f"admin:{self.name('changelist')}"),
            "remove": f"{self.url_of(stored)}loeschen/" if stored and self.removable else "",
            "story": entries_about([stored]) if stored else [],
            **self.more(request, stored),
        }
        return render(request, "admin/change_form.html", context, status=status)

    def more(self, request: Request, stored: Any) -> dict[str, Any]:
        return {}

    def remove_view(self, request: Request, key: str) -> HttpResponseBase:
        """Delete a row that nothing refers to."""
        row = self.find(key)
        problem = ""
        if request.method == "POST" and request.POST.get("version") != str(row.version):
            problem = CONFLICT
        elif request.method == "POST":
            try:
                row.remove(reason="")
            except ValidationError as error:
                problem = " ".join(error.messages)
            else:
                messages.success(request, f"{self.opts.verbose_name} „{row}“ ist gelöscht.")
                return redirect(reverse(f"admin:{self.name('changelist')}"))
        context = {
            "title": f"{self.opts.verbose_name} löschen",
            "row": row,
            "back": self.url_of(row),
            "problem": problem,
        }
        return render(request, "components/remove.html", context, status=422 if problem else 200)


class BodyAdmin(CodeAdmin):
    """Körperschaften, with what belongs to their house: how their papers look and are numbered. A new one comes with
    its Kommunen, on a page of its own (/einrichten/)."""

    new_url = "/einrichten/"
    list_display = ("name", "slug", "paper_numbers", "paper_layout", "is_trial")
    fields = (
        "name",
        "article",
        "kind",
        "ags",
        "slug",
        "sender",
        "consultation_heading",
        "paper_numbers",
        "paper_layout",
        "sub_product_mask",
        "account_mask",
        "is_trial",
        "reference_day",
    )


class UserAdmin(CodeAdmin):
    """Benutzerkonten: create, deactivate, assign roles, hand out the link to a new password."""

    form = UserForm
    list_display = ("username", "full_name", "roles", "is_active", "ends", "signed_in")
    fields = tuple(UserForm.Meta.fields)
    removable = False

    @admin.display(description="Name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description="Letzte Anmeldung", ordering="last_login")
    def signed_in(self, user: User) -> str:
        return f"{localtime(user.last_login):%d.%m.%Y, %H:%M} Uhr" if user.last_login else "noch nie"

    @admin.display(description="Zugang endet am", ordering="ends_on")
    def ends(self, user: User) -> str:
        return format_day(user.ends_on) if user.ends_on else "–"

    @admin.display(description="Rollen")
    def roles(self, user: User) -> str:
        return ", ".join(map(str, user.role_assignments.all())) or "keine"

    def get_queryset(self, request: HttpRequest) -> Any:
        return User.objects.prefetch_related("role_assignments__body")

    def get_urls(self) -> list[Any]:
        return [
            *super().get_urls(),
            path("<str:key>/passwort/", self.wrap(self.link_view), name=self.name("link")),
        ]

    def key(self, row: Any) -> str:
        return str(row.username)

    def store(self, form: Any) -> None:
        describe_act(reason=form.cleaned_data["reason"].strip(), act="Benutzerkonto gepflegt")
        with db_errors_as_validation():
            if form.instance.pk is None:
                form.instance.set_unusable_password()
            form.save()
            form.assign()

    def after(self, row: Any, *, new: bool) -> str:
        """Whoever is new needs the link to a password next."""
        return f"{self.url_of(row)}passwort/" if new else self.url_of(row)

    def more(self, request: Request, stored: Any) -> dict[str, Any]:
        return {"link_url": f"{self.url_of(stored)}passwort/"} if stored else {}

    def link_view(self, request: Request, key: str) -> HttpResponseBase:
        """The one-time link to a new password; shown once, to be handed over."""
        user = self.find(key)
        context: dict[str, Any] = {"title": "Link zum Passwort", "row": user, "back": self.url_of(user)}
        if request.method == "POST":
            if not user.is_active or user.has_ended():
                words = (
                    "Der Zugang dieses Kontos hat geendet"
                    if user.is_active
                    else "Dieses Konto darf sich nicht anmelden"
                )
                context["problem"] = f"{words}; bitte zuerst freigeben."
                return render(request, "admin/password_link.html", context, status=422)
            describe_act(act="Link zum Passwort erstellt")
            user.touch()
            context["link"] = password_link(request, user)
        return render(request, "admin/password_link.html", context)
