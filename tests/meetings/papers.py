"""What tests of papers share: the draft of the trial data, a change of the data, what is printed, what is refused."""

from decimal import Decimal as D

import pytest
from django.db import IntegrityError, transaction

from kim.studio import documents, releases
from meetings.models import Paper
from staffing.models import PositionPeriod
from tests.helpers import pdf_text, sql


def halve(number="CM-01"):
    PositionPeriod.objects.filter(position__number=number).update(fte=D("0.5"))


def words(paper):
    return pdf_text(releases.pdf_of(documents.of(Paper.objects.get(pk=paper.pk))))


def refused(statement, *values):
    with pytest.raises(IntegrityError, match="released"), transaction.atomic():
        sql(statement, *values)
