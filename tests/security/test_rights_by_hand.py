"""The rights of the program against the table that was written by hand: as rules, and as answers of real pages."""

from types import SimpleNamespace

import pytest

from kim.access.rules import RULES, may
from kim.models import Role, RoleAssignment
from kim.store.context import acting
from tests.security.addresses import PAGES, example
from tests.security.conftest import ROLES
from tests.security.rights_by_hand import COLUMNS, RIGHTS

ROLES_OF = {
    **{name: {role} for name, role in zip(COLUMNS.values(), [*ROLES, "technik"], strict=False)},
    "öffentlich": set(ROLES),
}


def has(name, rule):
    """Whether the program gives the right to a person in this column."""
    roles = {Role(role) for role in ROLES_OF[name]}
    return may(
        SimpleNamespace(roles=roles, public_only=name == "öffentlich", known=None, year=None, closed_years=()), rule
    )


def differences():
    """Where the rules and the table say different things: (rule, column), or (rule, "") if only one of them has it."""
    alone = RULES.keys() ^ {right.rule for right in RIGHTS}
    return {(rule, "") for rule in alone} | {
        (right.rule, name)
        for right in RIGHTS
        for name in COLUMNS.values()
        if right.rule not in alone and has(name, right.rule) != (name in right.holders)
    }


def test_the_rules_say_what_was_decided():
    assert differences() == set()


@pytest.mark.counter
def test_a_difference_is_seen(monkeypatch):
    before = differences()
    monkeypatch.setitem(RULES, "staffing.edit", {Role.CLERK, Role.AUDIT})
    assert differences() - before == {("staffing.edit", "Prüfung")}
    monkeypatch.setitem(RULES, "papers.release", set())
    monkeypatch.setitem(RULES, "papers.new", {Role.CLERK})
    monkeypatch.delitem(RULES, "years.edit")
    assert differences() - before == {
        ("staffing.edit", "Prüfung"),
        ("papers.release", "Leitung"),
        ("papers.new", ""),
        ("years.edit", ""),
    }


@pytest.fixture
def clients(planted, someone, login):
    """A signed-in person for every column; the one for public matters holds all roles of the body."""
    found = {name: someone(*roles) for name, roles in ROLES_OF.items() if len(roles) == 1}
    for role in ROLES:
        found["öffentlich"] = login(role, name="nur-öffentliches")
    with acting(None, []):
        RoleAssignment.objects.filter(user__username="nur-öffentliches").update(public_only=True)
    return found


def test_pages_answer_as_was_decided(clients, monkeypatch):
    """Also: each page asks for the right of its line, and a right without a page in the table has none."""
    monkeypatch.setattr("kim.figures.findings.collect", lambda *_: [])  # the slowest part of pages, and no right
    pages = {page.name: page for page in PAGES}
    assert {p.rule for p in PAGES} & {right.rule for right in RIGHTS if not right.page} == set()
    wrong = []
    for right in RIGHTS:
        if not right.page:
            continue
        page = pages[right.page]
        assert page.rule == right.rule, right
        for name, client in clients.items():
            status = client.get(example(page)).status_code
            if ((status == 403) == (name in right.holders)) or status >= 500:
                wrong.append((right.words, name, status))
    assert wrong == []
