"""The notice that tests of the Weiterleitung begin with, and recipients that can be written to."""

import pytest

from grants.models import FundingNotice, OnwardTemplate
from staffing.models import Carrier


@pytest.fixture
def notice(region):
    return FundingNotice.find(region, "kim-2023")


@pytest.fixture
def signed(region):
    """The Muster with a signature, and recipients that can be written to."""
    OnwardTemplate.objects.update(signer_name="Frau Probe")
    Carrier.objects.update(street="Probeweg 1", postal_code="00000", locality="Probeort")
