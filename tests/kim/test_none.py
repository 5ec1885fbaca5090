"""No page says "None": not at a Kenntnisstand, and nowhere else."""

import html
import random
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.db import connection

from kim.history.knowledge import known_at
from kim.models import File, Note, Reminder, User
from kim.store import migrating
from kim.store.context import acting
from kim.values.periods import inclusive_range
from staffing.models import Carrier, Municipality, Occupancy, Position, PositionPeriod
from tests.helpers import new_position, thorough
from tests.kim.test_known import shift
from tests.security.addresses import PAGES, example
from tests.security.conftest import planted  # noqa: F401

TRIALS = ["staedteregion-aachen", "stadt-aachen", "weidenkreis"]
LOADED = datetime(2021, 1, 1, tzinfo=UTC)


def nones(response):
    """Where a page says None: the words around each."""
    words = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode("utf-8", "replace"), flags=re.DOTALL)
    values = " ".join(re.findall(r'\b(?:value|alt|title|aria-label|placeholder)="([^"]*)"', words))
    words = html.unescape(re.sub(r"<[^>]*>", " ", words) + " " + values)
    return [words[max(0, m.start() - 60) : m.end() + 30] for m in re.finditer(r"\bNone\b", words)]


def test_a_none_is_seen():
    class Page:
        content = b'<p title="None">Annone <b>None</b></p><script>None</script>'

    assert len(nones(Page)) == 2


def knowing():
    """The addresses of pages that can be seen at a Kenntnisstand."""
    return [page for page in PAGES if getattr(getattr(page.view, "view_class", None), "knows", False)]


def test_these_pages_know_moments():
    assert {page.name for page in knowing()} == {"position", "allocation", "neutrality"}


def work(login, body):
    """Somebody works on some posts (one of them is returned): corrects, writes, takes away. What the history keeps no words of is there, too."""
    login("sachbearbeitung", body.slug)
    user = User.objects.get(username=f"sachbearbeitung@{body.slug}")
    with acting(user.pk, [body.pk], reason="Test"):
        for row in PositionPeriod.objects.filter(body=body).order_by("position_id", "pk").distinct("position_id")[:4]:
            where = {"body": body, "subject_kind": "stelle", "subject_id": row.position_id, "author": user}
            for n in range(2):
                note = Note.objects.create(**where, text=f"Notiz {n}")
                Reminder.objects.create(**where, text=f"Frist {n}", date=body.reference_day, user=user)
                File.objects.create(
                    **where, name=f"{n}.txt", media_type="text/plain", size=1, sha256=str(n), content=b"x"
                )
            note.delete()
            row.pay_group = "S 12"
            row.correct(reason="Eingruppierung")
        return row.position.number


@pytest.mark.parametrize("slug", TRIALS)
def test_no_page_at_a_moment_says_none(slug, login, bodies):
    body = bodies[slug]
    with acting(None, [body.pk], reason="Test"):
        shift(LOADED, everything=True)
    with acting(None, [body.pk], reason="Test"):
        many = new_position(body, "XX-1", kind="onward", carrier=Carrier.objects.filter(body=body).first())
        many._serve(list(Municipality.objects.filter(uses__body=body)[:3]))
    worked = work(login, body)
    with acting(None, [body.pk], reason="Test"):
        posts = list(Position.objects.filter(body=body).order_by("pk"))
        numbers = {worked} | {post.number for post in (*posts[:2], *posts[-2:], *posts[2 :: len(posts) // 3])}
    browser, later = login("pruefung", slug), datetime.now(UTC) + timedelta(days=1)
    moments = [LOADED - timedelta(days=1), LOADED + timedelta(days=1), later - timedelta(days=2), later]
    numbers = {worked} | set(random.sample(sorted(numbers), thorough(len(numbers), 3)))
    stands = ["", f"&stand={body.reference_day.replace(month=12)}"]
    for moment in moments:
        for stand in stands:
            query = f"?kenntnisstand={moment:%d.%m.%Y}{stand}"
            urls = [f"/stellen/{number}/" for number in numbers]
            for url in [*urls, "/zuwendungen/stellenverteilung/", "/haushalt/kostenneutralitaet/"]:
                page = browser.get(url + query)
                assert page.status_code in {200, 404}, (url + query, page.status_code)
                assert nones(page) == [], url + query
    words = browser.get(f"/stellen/{worked}/?kenntnisstand={later:%d.%m.%Y}").content.decode()
    assert "Frau D." in words and "Notiz 0" in words, "names and words as they stand now"
    assert migrating.GONE not in words, "what was taken away by then was known to be gone"


def test_words_of_a_row_that_is_gone(region):
    row = Note.objects.create(body=region, subject_kind="stelle", subject_id=Position.objects.first().pk, text="x")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment = cursor.fetchone()[0]
    row.delete()
    with known_at(moment):
        assert Note.objects.get().text == migrating.GONE


def test_german_order_at_a_moment(region):
    with known_at(datetime.now(UTC) + timedelta(days=1)):
        known = [(one.name, one.sort_key) for one in Carrier.objects.all()]
    assert known == [(one.name, one.sort_key) for one in Carrier.objects.all()]
    assert len(known) > 5


def test_no_page_anywhere_says_none(planted, bodies, login):  # noqa: F811
    """Every address, for whoever sees most, with objects that have as little in them as the database allows."""
    region = bodies["staedteregion-aachen"]
    with acting(None, [region.pk]):
        row = PositionPeriod.objects.get(position__number="CM-10")
        Occupancy.objects.filter(position=row.position).delete()
        Occupancy.objects.create(
            body=region, position=row.position, slot=1, fte=D("0.5"), validity=inclusive_range(None, None)
        )
    browsers = [login("sachbearbeitung"), *(login(r) for r in ("pruefung", "leitung", "sitzungsdienst", "kaemmerei"))]
    browsers.append(login("technik", ""))
    seen = set()
    for page in PAGES:
        for url in {example(page)} | set(page.urls("vogel-7") if not page.route.startswith("technik/") else ()):
            for browser in browsers:  # the first who may see it
                answer = browser.get(url)
                if answer.status_code >= 400 or answer.streaming or "html" not in answer.headers["Content-Type"]:
                    continue
                seen.add(page.name)
                assert nones(answer) == [], url
                break
    assert len(seen) > 80 and {f"admin:{n}_change" for n in ("kim_user", "kim_body")} <= seen, sorted(seen)
