"""Einrichten: the first account of an empty house by the printed key, then the steps of Systemverwaltung."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import public
from kim.models import Body, SetupKey, User
from kim.models.setup import DEAD
from kim.pages.forms import add_errors
from kim.pages.rows import RowForm
from kim.pages.sections import STEPS

BACKEND = "django.contrib.auth.backends.ModelBackend"


class FirstAccountForm(RowForm):
    """The first account of a house, with its password twice."""

    password = forms.CharField(
        label="Passwort",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Mindestens 15 Zeichen, kein verbreitetes Passwort.",
    )
    again = forms.CharField(
        label="Passwort noch einmal", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    class Meta:
        model = User
        fields: ClassVar = ["username", "first_name", "last_name"]
        labels: ClassVar = {"username": "Anmeldename"}
        help_texts: ClassVar = {"username": "Buchstaben, Ziffern und @ . + - _"}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", "Beide Passwörter müssen gleich sein.")
        if data.get("password"):
            try:
                validate_password(data["password"], User(username=data.get("username", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data


class Setup(View):
    """With the key: the first account. Once there is one: the steps, for Systemverwaltung; all others sign in."""

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        if not User.objects.exists():
            return super().dispatch(request, *args, **kwargs)
        if not request.user.is_authenticated:
            return redirect("account_login")
        if not may(request, "technical.edit"):
            return render(request, "403.html", {"right": "Einrichten", "granted": "Systemverwaltung"}, status=403)
        counts = {"bodies": Body.objects.count(), "people": User.objects.count()}
        return render(request, "kim/setup.html", {"steps": STEPS, "bodies": Body.objects.all(), **counts})

    def get(self, request: Request) -> HttpResponseBase:
        key = request.GET.get("schluessel", "")
        if SetupKey.holding(key) is None:
            return self.shut(request, DEAD if key else "")
        return render(request, "kim/setup_account.html", {"form": FirstAccountForm(), "setup_key": key})

    def post(self, request: Request) -> HttpResponseBase:
        key, form = request.POST.get("setup_key", ""), FirstAccountForm(request.POST)
        if SetupKey.holding(key) is None:
            return self.shut(request, DEAD)
        if form.is_valid():
            try:
                user = SetupKey.use(key, form.instance, form.cleaned_data["password"])
            except ValidationError as error:
                add_errors(form, error)
            else:
                login(request, user, backend=BACKEND)
                return redirect("setup")
        return render(request, "kim/setup_account.html", {"form": form, "setup_key": key}, status=422)

    def shut(self, request: Request, problem: str) -> HttpResponseBase:
        return render(request, "kim/setup_shut.html", {"problem": problem}, status=403)


setup = public(Setup.as_view())
