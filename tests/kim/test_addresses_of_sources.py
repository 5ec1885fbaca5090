"""Every document has an address of its own: two never share one, whoever writes them and by whatever way."""

import threading

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kim.history.preview import rolled_back
from kim.models import Source
from kim.models.refusals import db_errors_as_validation
from kim.models.sources import number_key
from kim.values.formats import slug
from meetings.models import Paper
from tests.helpers import psql, sql
from tests.security.test_races import at_work, body  # noqa: F401


def source(body, number="", title="", kind="notice", **facts):  # noqa: F811
    title = title or f"Etwas {number}"
    return Source.objects.create(body=body, kind=kind, number=number, title=title, **facts)


def test_two_numbers_that_look_alike_lead_to_two_pages(login, region):
    one, other = source(region, "A/1", "Der eine"), source(region, "A-1", "Der andere")
    third = source(region, "A.1", "Der dritte")
    assert [row.address for row in (one, other, third)] == ["bescheid-a-1", "bescheid-a-1-2", "bescheid-a-1-3"]
    browser = login()
    for row in (one, other, third):
        assert row.title in browser.get(row.get_absolute_url()).content.decode()
        assert Source.find(region, row.address) == row
    assert source(region, "A-1-2").address == "bescheid-a-1-2-2"


def test_an_address_stays_while_the_document_is_called_so(region):
    one, other = source(region, "A/1"), source(region, "A-1")
    one.file_reference = "Az. 7"
    one.save()
    other.address = "bescheid-a-1"  # nobody sets it
    other.save()
    assert (one.address, other.address) == ("bescheid-a-1", "bescheid-a-1-2")
    one.number = "B/1"
    one.save()
    assert one.address == "bescheid-b-1" and Source.objects.get(pk=one.pk).address == "bescheid-b-1"
    assert Source.objects.get(pk=other.pk).address == "bescheid-a-1-2", "a link to it still holds"


def test_a_save_without_a_change_is_none(region):
    row = source(region, "A/1")
    before = row.version
    row.save()
    assert row.version == before and row.events.count() == 1


def test_raw_sql_and_bulk_get_their_addresses_too(region):
    for number in ("A/1", "A-1"):
        sql(
            "INSERT INTO kim_source (body_id, version, kind, number, title, file_reference, public)"
            " VALUES (%s, 1, 'notice', %s, 'x', '', false)",
            region.pk,
            number,
        ) if number == "A/1" else Source.objects.bulk_create([Source(body=region, kind="notice", number=number, title="y")])  # fmt: skip
    assert set(Source.objects.filter(number__in=["A/1", "A-1"]).values_list("address", flat=True)) == {"bescheid-a-1", "bescheid-a-1-2"}  # fmt: skip


def test_two_bodies_may_have_the_same(region, bodies):
    from kim.store.context import acting

    source(region, "A/1")
    with acting(None, [bodies["weidenkreis"].pk]):
        assert source(bodies["weidenkreis"], "A/1").address == "bescheid-a-1"


def test_it_is_found_by_an_index(region):
    for n in range(40):
        source(region, f"N/{n}")
    with CaptureQueriesContext(connection) as asked:
        Source.find(region, "bescheid-n-7")
    assert len(asked) == 1 and "address" in asked[0]["sql"].split("WHERE")[1]
    with CaptureQueriesContext(connection) as asked:
        Paper.find(region, "2023/0120")
    assert len(asked) == 1 and "number_key" in asked[0]["sql"].split("WHERE")[1]


WORDS = st.text(st.sampled_from("aZé ß/Ä-.ü_9,Ł½ﬁ\u00a0\u202f"), min_size=1, max_size=12)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=WORDS, title=WORDS)
def test_it_is_what_the_program_would_have_made_of_it(region, number, title):
    """The letters of an address are those of kim.values.formats.slug, and it always leads somewhere."""
    with rolled_back():
        for row in (
            source(region, number, "x", "concept"),
            source(region, "", f"x{title}", "other", date="2023-03-01"),
        ):
            named = row.number.replace("/", "-").replace(".", "-") or f"{row.title} {row.date}"
            assert row.address == slug(f"{row.get_kind_display()} {named}")
            assert row.get_absolute_url().endswith(f"/{row.address}/")
        assert sql("SELECT number_key FROM kim_source WHERE number = %s", number)[0][0] == number_key(number)


def test_two_papers_never_have_one_number(region):
    """Blanks and strokes do not make another number of it, whatever wrote it."""
    source(region, "77/0001", kind="paper")
    for number in ("77-0001", "770001", "77 / 0001"):
        with pytest.raises(IntegrityError), transaction.atomic():
            sql(
                "INSERT INTO kim_source (body_id, version, kind, number, title, file_reference, public)"
                " VALUES (%s, 1, 'paper', %s, 'y', '', false)",
                region.pk,
                number,
            )
        with (
            pytest.raises(ValidationError, match="Diese Vorlagennummer hat schon eine andere Vorlage"),
            db_errors_as_validation(),
        ):
            source(region, number, "z", kind="paper")
    source(region, "77-0001", kind="minutes")


def test_a_paper_is_found_however_its_number_is_written(region):
    paper = Paper.find(region, "2023/0120")
    for written in ("2023-0120", "2023 / 0120", "20230120", "2023/0120 "):
        assert Paper.find(region, written) == paper
    assert Paper.find(region, f"entwurf-{paper.serial}") == paper
    for wrong in ("", " ", "-", "2023/0121", "entwurf-", "entwurf-999999999", "entwurf-99999999999999999999"):
        with pytest.raises(Paper.DoesNotExist):
            Paper.find(region, wrong)


def test_two_at_once_are_never_one(body):  # noqa: F811
    """Neither sees the other's document yet: the second is refused with a sentence, and its next try gets a number."""
    insert = "INSERT INTO kim_source (body_id, version, kind, number, title, file_reference, public) VALUES (%s, 1, 'notice', %s, 'x', '', false)"  # fmt: skip
    fate = []
    with at_work(body) as first, at_work(body) as second:
        first.execute("BEGIN")
        first.execute(insert, [body, "A/1"])

        def write():
            try:
                second.execute(insert.replace("'x'", "'y'"), [body, "A-1"])
            except psycopg.IntegrityError as error:
                fate.append(error.diag.constraint_name)

        thread = threading.Thread(target=write)
        thread.start()
        thread.join(0.5)
        first.execute("COMMIT")
        thread.join(20)
        assert fate == ["source_address"]
        second.execute(insert.replace("'x'", "'y'"), [body, "A-1"])
    from tests.helpers import name_of_database

    found = psql(f"SELECT address FROM kim_source WHERE body_id = {body} ORDER BY id", database=name_of_database())
    assert [address for (address,) in found] == ["bescheid-a-1", "bescheid-a-1-2"]
