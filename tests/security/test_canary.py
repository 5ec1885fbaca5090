"""One unique word per body, planted wherever the body can write: its own people see it on every kind of page. That
nobody else sees it anywhere is shown by test_matrix; here, that PostgreSQL itself hides it."""

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.template import engines
from django.urls import path

from kim.management.commands.serve import TRIAL_BODIES
from kim.models import Body, Note, Source, Text, TrailEvent
from kim.models.refusals import db_errors_as_validation
from kim.store.context import acting
from meetings.models import Consultation, Paper
from staffing.models import Position
from tests.security.addresses import CODES, SECRETS, WORDS
from tests.security.canaries import everything

SEEN = [
    "/",
    "/stellen/",
    "/stellen/?format=csv",
    "/stellen/?format=json",
    "/stellen/{code}/",
    "/stellen/{code}/berichtigen/",
    "/stellen/{code}/beschreibung/",
    "/stellen/neu/",
    "/zuwendungen/",
    "/zuwendungen/?format=csv",
    "/zuwendungen/?format=json",
    "/zuwendungen/bescheid/{code}/",
    "/zuwendungen/bescheid/{code}/aktenzeichen/",
    "/zuwendungen/stellenverteilung/",
    "/haushalt/",
    "/haushalt/?format=csv",
    "/haushalt/?format=json",
    "/haushalt/kostenneutralitaet/",
    "/dokumente/",
    "/dokumente/?format=csv",
    "/dokumente/?format=json",
    "/dokumente/{code}/",
    "/dokumente/{code}/pdf/",
    "/herkunft/allocation.by_carrier/",
    "/herkunft/neutrality.nominal/?sub_product={code}",
    "/herkunft/position.carrier/?position={code}",
    "/pruefung/hinweise/",
    "/technik/stellenangaben/",
    "/technik/zuwendungen/",
    "/technik/haushaltsansaetze/",
    "/technik/sitzungen/",
    "/technik/zuwendungen/stellenverteilung/",
    "/technik/zuwendungen/kostenneutralitaet/",
]
SECRETLY_SEEN = ["/wiedervorlagen/", "/wiedervorlagen/?format=ics", "/stellen/{code}/", "/zuwendungen/bescheid/{code}/"]
SECRETLY_SEEN += ["/belege/vorlage-{code}/stelle/"]
SECRETLY_SEEN += ["/dokumente/", "/dokumente/{code}/", "/dokumente/vogel-9/", "/dokumente/vogel-9/pdf/"]


@pytest.mark.parametrize("slug", WORDS)
def test_its_own_people_see_the_words_on_every_kind_of_page(slug, planted, login):
    browser = login("sachbearbeitung", slug)
    for word, pages in ((WORDS[slug], SEEN), (SECRETS[slug], SECRETLY_SEEN)):
        for url in (page.format(code=CODES[slug]) for page in pages):
            response = browser.get(url)
            assert response.status_code == 200, (url, response.status_code)
            assert word in everything(response), url
    auditor = login("pruefung", slug)
    for url in ("/pruefung/", f"/pruefung/?gegenstand={CODES[slug]}", "/pruefung/?startwert=1&anzahl=200"):
        assert WORDS[slug] in everything(auditor.get(url)), url


def test_what_becomes_nonpublic_is_gone_at_once(planted, someone, region):
    browser = someone("öffentlich")
    url = f"/dokumente/{CODES['staedteregion-aachen']}/"
    word = WORDS["staedteregion-aachen"]
    assert word in everything(browser.get(url)) and word in everything(browser.get("/dokumente/"))
    Paper.objects.get(source__number=CODES["staedteregion-aachen"]).save()
    Paper.objects.filter(source__number=CODES["staedteregion-aachen"]).update(public=False)
    assert browser.get(url).status_code == 404 and browser.get(f"{url}pdf/").status_code == 404
    for page in ("/dokumente/", "/dokumente/?format=csv", "/dokumente/?format=json"):
        assert f"{word} Vorlage" not in everything(browser.get(page)), page
    found = TrailEvent.objects.filter(model__in=["kim.TextBlock", "meetings.Paper"]).count()
    with acting(None, [region.pk], public_only=True):
        assert TrailEvent.objects.filter(model__in=["kim.TextBlock", "meetings.Paper"]).count() < found


def forgetful(request):
    """A view that forgot its filter, on rows and on events."""
    told = (e.note for e in Position.events.rel.related_model.objects.all())
    return HttpResponse(" ".join([*Position.objects.values_list("note", flat=True), *told]))


def forgetful_template(request):
    """A template that is handed more than it should show."""
    words = engines["django"].from_string("{% for one in rows %}{{ one.note }} {% endfor %}")
    return HttpResponse(words.render({"rows": Position.objects.all()}, request))


def forgetful_stream(request):
    """A stream, read when the request's own transaction is over."""
    return StreamingHttpResponse(f"{one.note} " for one in Position.objects.all())


def forgetful_secret(request):
    """A view that forgot that not everything is public."""
    rows = [*Paper.objects.values_list("source__title", flat=True), *Text.objects.values_list("name", flat=True)]
    rows += [*Note.objects.values_list("text", flat=True), *Source.objects.values_list("title", flat=True)]
    rows += [b.paper.text.name for b in Consultation.objects.select_related("paper__text") if b.paper.text]
    return HttpResponse(" ".join(rows))


FORGETFUL = {"liste": forgetful, "vorlage": forgetful_template, "strom": forgetful_stream, "geheim": forgetful_secret}
urlpatterns = [path(f"{name}/", view) for name, view in FORGETFUL.items()]
for _view in FORGETFUL.values():
    _view.rule = "staffing.view"
PLAIN = ["/liste/", "/vorlage/", "/strom/"]


@pytest.mark.urls("tests.security.test_canary")
@pytest.mark.parametrize("url", PLAIN)
def test_a_view_without_its_filter_leaks_nothing(url, planted, login):
    words = everything(login().get(url))
    assert "Kanarienregion" in words and "Kanarienstadt" not in words


def without_security(owner, *tables):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")


@pytest.mark.counter
@pytest.mark.urls("tests.security.test_canary")
@pytest.mark.parametrize("url", PLAIN)
def test_without_row_level_security_it_leaks(url, planted, login, owner):
    browser = login()
    without_security(owner, "staffing_position", "staffing_positionevent")
    words = everything(browser.get(url))
    assert "Kanarienregion" in words and "Kanarienstadt" in words


@pytest.mark.urls("tests.security.test_canary")
def test_a_view_that_forgot_what_is_public_leaks_nothing(planted, someone):
    words = everything(someone("öffentlich").get("/geheim/"))
    assert "Kanarienregion" in words and "Kanariengeheim" not in words


@pytest.mark.counter
@pytest.mark.urls("tests.security.test_canary")
def test_without_row_level_security_it_tells_secrets(planted, someone, owner):
    browser = someone("öffentlich")
    without_security(owner, "kim_note", "kim_source")
    words = everything(browser.get("/geheim/"))
    assert "Kanariengeheimregion" in words and "Kanariengeheimstadt" in words


def test_commands_see_one_body_at_a_time(planted, capsys):
    from django.core.management import call_command

    call_command("figure", "allocation.by_carrier", "body=staedteregion-aachen", "day=2023-03-01", "--json")
    words = capsys.readouterr().out
    assert "Kanarienregion" in words and "Kanarienstadt" not in words
    with pytest.raises(SystemExit):
        call_command("findings", "--body", "stadt-aachen", "--json")
    words = capsys.readouterr().out
    assert "Kanarienstadt" in words and "Kanarienregion" not in words


def test_every_table_of_a_body_or_a_person_is_row_level_secured(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        secured = {name for (name,) in cursor.fetchall()}
    expected = 0
    for model in apps.get_models():
        tracked = getattr(model, "pgh_tracked_model", None) or model
        scoped = any(f.name == "body" for f in tracked._meta.fields) or hasattr(tracked, "owner_key")
        if scoped and tracked.__name__ != "RoleAssignment":
            expected += 1
            assert model._meta.db_table in secured, model
    assert expected > 40


def test_without_a_scope_no_row_is_seen(db):
    assert Position.objects.count() == 0
    assert {body.slug for body in Body.objects.all()} == set(TRIAL_BODIES)


def test_a_person_sees_only_her_own_forms(db, login):
    from kim.models import Submission, User

    login()
    login("leitung")
    users = list(User.objects.filter(username__endswith="@staedteregion-aachen"))
    for user in users:
        with acting(user.pk, []):
            Submission.claim(user.pk, "00000000-0000-0000-0000-000000000001", "x")
    with acting(users[0].pk, []):
        assert [s.user_id for s in Submission.objects.all()] == [users[0].pk]


def test_a_row_of_another_body_cannot_be_written(bodies):
    one, two, *_ = bodies.values()
    from django.core.exceptions import ValidationError
    from django.db import DatabaseError

    with acting(None, [one.pk]):
        with pytest.raises((DatabaseError, ValidationError)), db_errors_as_validation():
            Source.objects.create(body=two, kind="other", title="untergeschoben")
        assert not Source.objects.filter(title="untergeschoben").exists()
