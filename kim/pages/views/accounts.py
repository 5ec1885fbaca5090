"""Accounts: the page behind the one-time link by which a person chooses her password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import reverse_lazy

from kim.pages.accounts import LinkToken


class ChoosePassword(PasswordResetConfirmView):
    """The page behind the link."""

    template_name = "account/choose_password.html"
    token_generator = LinkToken()
    success_url = reverse_lazy("account_login")
    post_reset_login = False
    reset_url_token = "neu"  # noqa: S105 - what stands in the address instead of the token

    def form_valid(self, form: Any) -> Any:
        messages.success(self.request, "Das Passwort ist gesetzt. Bitte anmelden.")
        return super().form_valid(form)
