"""What tests of the Weiterleitung share: a draft, its print, data that move on."""

from datetime import date
from decimal import Decimal as D

from grants.models import NewOnwardGrant, OnwardGrant
from kim.studio import documents, releases
from staffing.models import Carrier, Occupancy, PositionPeriod
from tests.helpers import pdf_text

DAY = date(2023, 3, 1)


def new(notice, slug, **given):
    facts = {"basis": "notice", "day": DAY, "as_of": DAY} | given
    return NewOnwardGrant(notice=notice, carrier=Carrier.find(notice.body, slug), **facts).create()


def printed(grant):
    return pdf_text(releases.pdf_of(documents.of(OnwardGrant.objects.get(pk=grant.pk))))


def shrink():
    """The data move on: SPRUNGBrett has one post of 1,0."""
    Occupancy.objects.filter(position__number="CM-10").delete()
    PositionPeriod.objects.filter(position__number="CM-10").update(fte=D("1.0"))
