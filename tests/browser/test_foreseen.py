"""An Änderungsbescheid in Chromium: what it does to positions, recipients and Weiterleitungen is seen before and after."""

import os
import subprocess
import sys

import pytest

from tests.browser.conftest import ROOT
from tests.browser.test_looks import looked_at

RELEASE = """
import django
django.setup()
from datetime import date
from django.db import transaction
from grants.models import FundingNotice, NewOnwardGrant
from grants.figures.onward import recipients
from kim.models import Body
from kim.store.context import acting
from staffing.models import Carrier
with transaction.atomic():
    body = Body.objects.get(slug="weidenkreis")
    with acting(None, [body.pk], reason="Test"):
        Carrier.objects.update(street="Probeweg 1", postal_code="00000", locality="Probeort")
        notice = FundingNotice.find(body, "kim-2023")
        for one in recipients(notice)[:2]:
            day = date(2023, 3, 1)
            NewOnwardGrant(notice, one.carrier, "notice", day=day, as_of=day).create().release(None)
            print(one.carrier.name)
"""
WHERE = "/zuwendungen/bescheid/kim-2023/fassung/neu/"


@pytest.fixture(scope="module")
def names(served):
    """Two recipients with a released Weiterleitungsbescheid."""
    environment = os.environ | {"KIM_DATABASE": served.database, "KIM_TRIAL": "1", "KIM_SECRET_KEY": "only-for-tests"}
    given = [sys.executable, "-c", RELEASE]
    done = subprocess.run(given, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:2]


def test_what_an_amendment_does_is_seen_before_and_said_after(served, browser, names):
    page = served.open(browser, "sachbearbeitung-kreis")
    page.goto(served.url + WHERE)
    page.locator("[name=date]").fill("01.06.2023")
    page.locator("[name=holds_from]").fill("01.07.2023")
    rate = page.locator("[name=item-1-rate]")
    rate.fill("57.123,45")
    page.get_by_role("button", name="Folgen ansehen").click()
    effects = page.locator("#effects-of-change")
    effects.get_by_text("Weiterleitungen, die neu ausgestellt werden müssen").wait_for()
    assert effects.get_by_role("link", name=names[0]).is_visible()
    assert effects.locator("caption", has_text="Betrag je Empfänger und Haushaltsjahr").is_visible()
    wrong = [
        one for width in (1280, 390) for scheme in ("light", "dark") for one in looked_at(page, WHERE, (width, scheme))
    ]
    assert wrong == []
    page.get_by_role("button", name="Dokument erfassen").click()
    said = page.get_by_text("müssen neu ausgestellt werden.")
    assert all(name in said.inner_text() for name in names)
    assert page.problems == []
