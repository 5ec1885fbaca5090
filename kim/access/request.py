"""The request as a page gets it: with its person, her roles, the body she acts for, and the time she looks at."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

from django.http import HttpRequest

from kim.models import Body, Role, User
from kim.values.periods import today


class Request(HttpRequest):
    """What ScopeMiddleware makes of Django's request. A page that states a rule always gets one.

    acting_body: None only for pages that a role without a body has (start page, account, /technik/); they ask first.
    stand, year, known: Stand, Förderjahr and Kenntnisstand of the page (kim.access.working_date).
    """

    user: User
    number: str  # of the request, as it is told on an error page
    bodies: list[Body]
    acting_body: Body
    roles: set[Role]
    public_only: bool
    closed_years: set[int]
    stand: date
    year: int
    known: datetime | None
    act_refused: bool


def with_scope(given: HttpRequest) -> Request:
    """The same request with nobody's roles and no body: what a page gets that is answered before the scope is known.

    So an error page never meets an attribute that is missing.
    """
    request = cast(Request, given)
    request.number, request.bodies, request.roles, request.public_only = "", [], set(), True
    request.acting_body = None  # type: ignore[assignment]  # as the class says
    request.closed_years, request.known, request.act_refused = set(), None, False
    request.stand, request.year = today(None), today(None).year
    return request


def scoped(request: HttpRequest) -> Request:
    """The request of a library's page (Django's admin), which went through the middleware like any other, as ours."""
    return cast(Request, request)
