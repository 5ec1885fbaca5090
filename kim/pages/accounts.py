"""Accounts: signing in, choosing a password, and what Systemverwaltung sets for a person."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, LoginForm
from django import forms
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from kim.access.request import Request
from kim.models import Body, Role, RoleAssignment, User
from kim.models.bodies import LAST_TECHNICAL
from kim.pages.reference import CodeForm
from kim.values.formats import DateField


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # a library without types
    """Nobody signs up by herself: accounts are created by Systemverwaltung."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class LinkToken(PasswordResetTokenGenerator):
    """Dead once it is used, a newer password is set, a week has passed, or the account is switched off or has ended."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return super()._make_hash_value(user, timestamp) + str(user.is_active and not user.has_ended())


def password_link(request: Request, user: Any) -> str:
    """The address at which this person chooses a password, once and within a week."""
    key = urlsafe_base64_encode(force_bytes(user.pk))
    token = LinkToken().make_token(user)
    return str(request.build_absolute_uri(reverse("choose-password", args=[key, token])))


FORGOTTEN = "Vergessen? Die Systemverwaltung setzt ein neues."  # there is no address for it


def plainly(form: forms.BaseForm, password: str) -> None:
    """A form of the login library without words in its inputs and without a link to what we do not offer."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    form.fields[password].help_text = FORGOTTEN


class SignInForm(LoginForm):  # type: ignore[misc]  # a library without types
    """Name and password; whose access has ended is told so once both are right."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly(self, "password")

    def clean(self) -> Any:
        cleaned = super().clean()
        user = getattr(self, "user", None)  # there once the password was right
        if user is not None and user.has_ended():
            raise ValidationError(user.farewell, code="ended")
        return cleaned


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]  # a library without types
    """The old password and twice the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly(self, "oldpassword")


class UserForm(CodeForm):
    """An account and its roles, body by body."""

    ends_on = DateField(
        label="Zugang endet am",
        required=False,
        help_text="Der letzte Tag, an dem die Person sich anmelden kann; leer: ohne Ende.",
    )
    technical = forms.BooleanField(
        label="Systemverwaltung",
        required=False,
        help_text="Pflegt Benutzerkonten, Körperschaften und Schlüsseltabellen; sieht keine Fachdaten.",
    )

    class Meta:
        model = User
        fields: ClassVar = ["username", "first_name", "last_name", "is_active", "ends_on"]
        labels: ClassVar = {"username": "Anmeldename", "is_active": "darf sich anmelden"}
        help_texts: ClassVar = {
            "username": "Buchstaben, Ziffern und @ . + - _",
            "is_active": "Ohne Haken endet die Anmeldung sofort; Verlauf und Rollen bleiben.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = list(self.instance.role_assignments.all()) if self.instance.pk else []
        roles = [c for c in Role.choices if c[0] != Role.TECHNICAL]
        self.bodies = {f"rollen_{body.slug}": body for body in Body.objects.all()}
        fields: dict[str, Any] = self.fields
        for name, body in self.bodies.items():
            mine = [a for a in held if a.body_id == body.pk]
            fields[name] = forms.MultipleChoiceField(
                label=f"Rollen: {body}",
                required=False,
                choices=[*roles, ("public", "nur Öffentliches")],
                widget=forms.CheckboxSelectMultiple,
                initial=[a.role for a in mine] + (["public"] if mine and all(a.public_only for a in mine) else []),
            )
        fields["technical"].initial = any(a.role == Role.TECHNICAL for a in held)
        self.order_fields([*self.Meta.fields, *self.bodies, "technical", "reason", "version"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name, body in self.bodies.items():
            if data.get(name) == ["public"]:
                self.add_error(name, f"Bitte eine Rolle für {body} wählen; „nur Öffentliches“ schränkt sie ein.")
        staying = {"user__is_active": True, "user__ends_on": None}
        others = RoleAssignment.objects.filter(role=Role.TECHNICAL, **staying).exclude(user=self.instance.pk)
        held = self.instance.pk and self.instance.role_assignments.filter(role=Role.TECHNICAL).exists()
        stays = data.get("technical") and data.get("is_active") and not data.get("ends_on")
        if held and not others.exists() and not stays:
            self.add_error("technical", LAST_TECHNICAL)
        return data

    def wanted(self) -> dict[tuple[int | None, str], bool]:
        """Body and role → whether for public matters only."""
        data = self.cleaned_data
        found: dict[tuple[int | None, str], bool] = {
            (body.pk, role): "public" in data[name]
            for name, body in self.bodies.items()
            for role in data[name]
            if role != "public"
        }
        return found | ({(None, str(Role.TECHNICAL)): False} if data["technical"] else {})

    def assign(self) -> None:
        """Give and take roles; the account gets a new version when they changed."""
        changed = self.instance.hold_roles(self.wanted())
        if changed and self.stored_version == self.instance.version:
            self.instance.touch()

    def _post_clean(self) -> None:
        self.stored_version = self.cleaned_data.get("version")
        super()._post_clean()
