"""An invented sitting of the StädteRegion, and what its forms send."""

from datetime import date

import pytest

from meetings.models import AgendaItem, Attendance, Meeting, Organization, Person

DESK = "sitzungsdienst"


@pytest.fixture
def meeting(region):
    committee = Organization.objects.create(body=region, name="Ausschuss für Probe", short_name="AP", organization_type="committee", voting_member_count=8, quorum_rule="half")  # fmt: skip
    return Meeting.objects.create(body=region, organization=committee, date=date(2023, 5, 4))


def item(meeting, number, **facts):
    facts = {"public": True, "title": f"Punkt {number}"} | facts
    return AgendaItem(body=meeting.body, meeting=meeting, number=number, **facts).save_checked()


def person(meeting, n, **facts):
    one = Person.objects.create(body=meeting.body, name=f"Mitglied {n}", family_name=f"Name {n}")
    facts = {"voting_right": "yes", "kind": "council", "spoken": "Frau"} | facts
    return Attendance(body=meeting.body, meeting=meeting, person=one, order=n, **facts).save_checked()


def of_the_public(login):
    """Somebody whose role is for public matters only."""
    from kim.models import RoleAssignment
    from kim.store.context import acting

    browser = login("pruefung", name="öffentlich@x")
    with acting(None, []):
        RoleAssignment.objects.filter(user__username="öffentlich@x").update(public_only=True)
    return browser


def sheet(prefix, *lines):
    found = {f"{prefix}-TOTAL_FORMS": str(len(lines)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, line in enumerate(lines):
        found |= {f"{prefix}-{number}-{name}": value for name, value in line.items()}
    return found
