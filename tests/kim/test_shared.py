"""What a request sets is its own: nothing of a class is changed while others use it."""

import ast
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin

from grants.models import Rate
from kim.admin import CodeAdmin
from staffing.models import Function


@pytest.fixture
def hasty():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_two_forms_at_once_do_not_ask_for_each_others_reason(hasty, monkeypatch):
    """A rate asks for a reason, a function does not; both are edited at the same time, again and again."""
    rows = {Rate: Rate(pk=1, version=1), Function: Function(pk=1, version=1)}
    monkeypatch.setattr(CodeAdmin, "find", lambda self, key, number="": rows[self.model])
    monkeypatch.setattr(CodeAdmin, "page", lambda self, request, form, stored, status=200: form)
    wrong, gate = [], threading.Barrier(2)

    class Request:
        method, POST = "GET", {}

    def edit(model, asks):
        page = admin.site._registry[model]
        gate.wait(10)
        for _ in range(200):
            form = page.edit_view(Request(), "x")
            if form.fields["reason"].required is not asks:
                wrong.append(model)

    people = [threading.Thread(target=edit, args=pair) for pair in ((Rate, True), (Function, False))]
    for one in people:
        one.start()
    for one in people:
        one.join(60)
    assert wrong == []


def shared(text):
    """Assignments to something of a class's fields, filters or columns."""
    names = ("base_fields", "declared_fields", "base_filters", "base_columns")
    return [
        ast.unparse(target)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if any(name in ast.unparse(target) for name in names)
    ]


def test_nothing_changes_the_fields_of_a_class():
    base = Path(settings.BASE_DIR)
    files = [p for app in ("kim", "staffing", "grants", "meetings") for p in (base / app).rglob("*.py")]
    assert {p.name: found for p in files if (found := shared(p.read_text()))} == {}
    assert shared("form_class.base_fields['reason'].required = True")
