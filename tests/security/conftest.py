"""Canaries in both bodies, and a person for every role."""

import pytest

from tests.security.addresses import WORDS
from tests.security.canaries import people, plant

ROLES = ["sachbearbeitung", "kaemmerei", "sitzungsdienst", "leitung", "pruefung"]


@pytest.fixture
def planted(bodies):
    for slug in WORDS:
        plant(bodies[slug])


@pytest.fixture
def someone(login, bodies):
    """A signed-in client in a role: also an auditor for public matters only, and a person without any role."""
    from django.test import Client

    from kim.models import RoleAssignment, User
    from kim.store.context import acting

    def signed_in(role, slug="staedteregion-aachen"):
        if role == "technik":
            return login("technik", "")
        if role == "nichts":
            with acting(None, []):
                user = User.objects.create(username="nichts")
            client = Client(raise_request_exception=False)
            client.force_login(user)
            return client
        if role == "öffentlich":
            client = login("pruefung", slug, name=f"öffentlich@{slug}")
            with acting(None, []):
                RoleAssignment.objects.filter(user__username=f"öffentlich@{slug}").update(public_only=True)
        else:
            client = login(role, slug)
        people(bodies[slug])
        return client

    return signed_in
