"""Long work with money's papers: a step is one recipient, see kim.access.jobs."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django_tasks import task

from grants.models import FundingNotice, NewOnwardGrant, OnwardGrant
from grants.models.onward import RELATED
from kim.access import jobs
from kim.models import User
from staffing.models import Carrier


@task()
def write_grants(key: str, user: int, body: int) -> None:
    """A draft from the Muster for each recipient; item: (notice, carrier, form, date of the paper, of its figures)."""

    def step(item: Any) -> None:
        notice, carrier, basis, day, as_of = item
        NewOnwardGrant(
            notice=FundingNotice.objects.select_related("body", "sub_product", "programme").get(pk=notice),
            carrier=Carrier.objects.get(pk=carrier),
            basis=basis,
            day=date.fromisoformat(day),
            as_of=date.fromisoformat(as_of),
        ).create()

    jobs.run(key, user, body, step)


@task()
def release_grants(key: str, user: int, body: int) -> None:
    """Freigeben, one after another; item: a Weiterleitung, and what drafts() said of it on the page."""
    who = User.objects.get(pk=user)

    def step(item: Any) -> None:
        pk, listed = item
        grant = OnwardGrant.objects.select_related(*RELATED).get(pk=pk)
        try:
            grant.release(who, listed=listed)
        except ValidationError as error:
            raise ValidationError(f"{grant.carrier}: {' '.join(error.messages)}") from error

    jobs.run(key, user, body, step)
