"""Small things several tests need."""

import re
import subprocess
from decimal import Decimal as D

import psycopg
from django.db import connection, transaction

from kim import postgres
from kim.periods import period


def close():
    """No connection is left open, so that the database can be copied."""
    connection.close()


def sql(statement, *parameters):
    """Run SQL in a savepoint; the rows if there are any."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else None


def psql(statement, *, database="postgres", user="postgres"):
    """Run SQL on a connection of its own, as another login."""
    with psycopg.connect(host=str(postgres.socket_directory()), user=user, dbname=database, autocommit=True) as one:
        found = one.execute(statement)
        return found.fetchall() if found.description else None


def pdf_text(content):
    """The text of a PDF, read by another program, blanks folded."""
    run = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return re.sub(r"\s+", " ", run.stdout.decode().replace("\u00a0", " "))


def new_position(body, number, fte="1.0", kind="own", first=None, last=None, item=None, **facts):
    """A post with its facts, through the models."""
    from grants.models import Funding
    from staffing.models import Function, Position, PositionPeriod

    function = Function.objects.get(slug="case-management")
    position = Position(body=body, number=number, kind=kind, function=function)
    position.full_clean()
    position.save()
    row = PositionPeriod(
        body=body, position=position, fte=D(fte), validity=period(first or body.reference_day, last), **facts
    )
    row.full_clean()
    row.save()
    if item:
        funding = Funding(body=body, item=item, position=position)
        funding.full_clean()
        funding.save()
    return row
