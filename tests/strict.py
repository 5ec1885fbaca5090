"""Templates in tests: a name that is not found fails, where the served page would print nothing."""

from copy import copy

import pytest
from django.template.base import FilterExpression, Variable, VariableDoesNotExist
from django.template.defaulttags import TemplateLiteral

lenient = FilterExpression.resolve


def strict(expression, context, ignore_failures=False):
    """What an expression says. An unknown name fails also before |default, which is for what is known and empty, and
    also as what {% for %} goes through. It is looked up once, as served, so that it costs the same queries.

    It fails as a test fails, not as an error, which would only become the page of an error."""
    if not isinstance(expression.var, Variable):
        return lenient(expression, context, ignore_failures)
    found = copy(expression)
    try:
        found.var, found.is_var = expression.var.resolve(context), False
    except VariableDoesNotExist as missing:
        pytest.fail(
            f"{context.template.name} (or what it is made of): „{expression.token}“ is unknown: no „{missing.params[0]}“"
        )
    return lenient(found, context, ignore_failures)


def asked(literal, context):
    """{% if %} may ask for what is not there."""
    return lenient(literal.value, context, ignore_failures=True)


def switch_on(patch):
    patch.setattr(FilterExpression, "resolve", strict)
    patch.setattr(TemplateLiteral, "eval", asked)
