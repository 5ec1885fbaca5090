"""The devices of the tests themselves: each shows the fault that it is there for."""

from datetime import date
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.template.base import FilterExpression

from staffing.views.posts import DescribePosition
from tests import strict

# a name that a template does not find

UNKNOWN = [
    "{{ unknown }}",
    "{{ post.unknown }}",
    "{{ nobody.name }}",
    "{{ unknown|default:'keine Angabe' }}",
    "{{ unknown|euro }}",
    "{% for one in unknown %}{{ one }}{% endfor %}",
    "{% with one=unknown %}{{ one }}{% endwith %}",
    "{% if post %}{{ unknown }}{% endif %}",
]


def said(words):
    return Template(words).render(Context({"post": "CM-01", "nobody": None, "empty": "", "many": []}))


@pytest.mark.counter
@pytest.mark.parametrize("words", UNKNOWN)
def test_an_unknown_name_fails_a_test(words):
    with pytest.raises(pytest.fail.Exception, match="is unknown"):
        said(words)


@pytest.mark.counter
def test_without_the_device_it_would_pass_for_empty(monkeypatch):
    monkeypatch.setattr(FilterExpression, "resolve", strict.lenient)
    assert said("{{ unknown|default:'keine Angabe' }}") == "keine Angabe"


@pytest.mark.counter
def test_a_page_without_its_title_is_seen(login, monkeypatch):
    url = "/stellen/CM-01/beschreibung/"
    assert login().get(url).status_code == 200
    monkeypatch.setattr(DescribePosition, "context", lambda *_: {})
    with pytest.raises(pytest.fail.Exception, match="title"):
        login().get(url)


def test_what_is_known_and_empty_or_only_asked_for_passes():
    assert said("{% if unknown %}a{% elif nobody.name == 'b' %}b{% else %}c{% endif %}") == "c"
    assert said("{{ empty|default:'–' }}{{ nobody|default:'–' }}{% for one in many %}{{ one }}{% endfor %}") == "––"


@pytest.mark.parametrize("name", ["euro", "vzae", "datum"])
@pytest.mark.parametrize("value", [0, 57000.0, True, [], {}, object()])
def test_a_figure_of_the_wrong_type_is_no_missing_one(name, value):
    with pytest.raises(TypeError, match="neither missing nor"):
        Template("{{ value|%s }}" % name).render(Context({"value": value}))  # noqa: UP031


def test_figures_of_the_right_type_and_missing_ones_print():
    words = "{{ a|euro }} {{ a|vzae }} {{ day|datum }} {{ iso|datum }} {{ no|euro }}{{ no|vzae }}{{ no|datum }}"
    context = {"a": Decimal("1.5"), "day": date(2023, 3, 1), "iso": "2023-03-01", "no": None}
    assert Template(words).render(Context(context)) == "1,50\u00a0€ 1,5 01.03.2023 01.03.2023 –––"
