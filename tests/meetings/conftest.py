"""The draft that the tests of papers begin with."""

import pytest


@pytest.fixture
def paper(region):
    """The draft 2023/0120, its figures taken over."""
    from meetings.models import Paper

    found = Paper.find(region, "2023/0120")
    found.document().bind()
    return found
