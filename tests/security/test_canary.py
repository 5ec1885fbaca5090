"""One unique word per body, planted wherever the body can write: its own people see it on every kind of page,
nobody else sees it anywhere."""

import io
import re
from datetime import date
from decimal import Decimal as D

import pikepdf
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from grants.models import Account, BudgetLine, FundingNotice, NoticeItem, SubProduct
from kim.models import Body, Role, Source, Text, TextBlock
from kim.permissions import acting
from meetings.models import Consultation, Meeting, Organization, Paper, Person
from staffing.models import Carrier, Occupancy, Position, PositionPeriod
from tests.helpers import new_position, pdf_text

WORDS = {"staedteregion-aachen": "Kanarienregion", "stadt-aachen": "Kanarienstadt"}
CODES = {"staedteregion-aachen": "vogel-7", "stadt-aachen": "vogel-8"}  # what stands in addresses instead
ROLES = [str(role) for role in Role if role is not Role.TECHNICAL]


def plant(body, word):
    """The word in every business row that has a text, and whatever the pages need to show it."""
    number = code = CODES[body.slug]
    with acting(None, [body.pk], reason=word):
        source = Source.objects.create(
            body=body, kind="paper", number=code, title=f"{word} Vorlage", date=body.reference_day
        )
        carrier = Carrier.objects.create(body=body, slug=code, name=f"{word} Träger", short_name=word, kind="company")
        product = SubProduct.objects.create(body=body, number=code, name=f"{word} Produkt")
        account = Account.objects.create(body=body, number=word, name=f"{word} Konto")
        notice = FundingNotice.objects.filter(body=body).first()
        notice.source.title, notice.source.date = f"{word} Bescheid", date(body.reference_day.year, 1, 2)
        notice.source.save()
        notice.state, notice.amount, notice.sub_product, notice.slug, notice.note = (
            "granted",
            D(1000),
            product,
            code,
            word,
        )
        notice.save()
        item = NoticeItem.objects.filter(notice=notice).first()
        row = new_position(body, number, "0.5", carrier=carrier, basis=source, pay_group=word, item=item if item.function.slug == "case-management" else None)  # fmt: skip
        Position.objects.filter(pk=row.position_id).update(note=word)
        PositionPeriod.objects.filter(position__funding__item=item).update(carrier=carrier, basis=source)
        Occupancy.objects.create(body=body, position=row.position, slot=1, fte=D("0.5"), assumption=word)
        BudgetLine.objects.create(body=body, year=body.reference_day.year, sub_product=product, account=account, purpose="own", label=word, amount=D(5))  # fmt: skip
        text = Text.objects.create(body=body, name=word)
        TextBlock.objects.create(body=body, text=text, position=1, key="a", heading=word, content=f"{word} {{{{body.name}}}} {{{{position.carrier position={number}}}}}")  # fmt: skip
        organization = Organization.objects.create(body=body, name=f"{word} Ausschuss", organization_type="committee")
        meeting = Meeting.objects.create(body=body, organization=organization, date=body.reference_day)
        person = Person.objects.create(body=body, name=word, family_name=word)
        paper = Paper.objects.create(body=body, source=source, paper_type="information", text=text, notice=notice, as_of=body.reference_day, signer=person)  # fmt: skip
        Consultation.objects.create(
            body=body, paper=paper, organization=organization, meeting=meeting, role="information"
        )
    return {
        "/": True,
        "/stellen/": True,
        "/stellen/?format=csv": True,
        "/stellen/?format=json": True,
        f"/stellen/{number}/": True,
        f"/stellen/{number}/berichtigen/": "edit",
        "/stellen/neu/": "edit",
        "/zuwendungen/": True,
        "/zuwendungen/?format=csv": True,
        "/zuwendungen/?format=json": True,
        f"/zuwendungen/bescheid/{code}/": True,
        "/zuwendungen/stellenverteilung/": True,
        "/haushalt/": True,
        "/haushalt/?format=csv": True,
        "/haushalt/?format=json": True,
        "/haushalt/kostenneutralitaet/": True,
        "/dokumente/": True,
        "/dokumente/?format=csv": True,
        "/dokumente/?format=json": True,
        f"/dokumente/{code}/": True,
        f"/dokumente/{code}/pdf/": True,
        "/herkunft/allocation.by_carrier/": True,
        f"/herkunft/neutrality.nominal/?sub_product={code}": True,
        f"/herkunft/position.carrier/?position={number}": True,
        f"/stellen/?suche={code}&status=quatsch": False,
    }


@pytest.fixture
def planted(bodies):
    return {slug: plant(bodies[slug], word) for slug, word in WORDS.items()}


def everything(response):
    """All that leaves the server: head, body, the text and the metadata of a PDF."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    words = str(response.headers) + content.decode("utf-8", "replace")
    if response.headers["Content-Type"] == "application/pdf":
        with pikepdf.open(io.BytesIO(content)) as pdf:
            words += str(pdf.docinfo.as_dict() if hasattr(pdf.docinfo, "as_dict") else dict(pdf.docinfo))
            words += pdf.Root.Metadata.read_bytes().decode() if "/Metadata" in pdf.Root else ""
        words += pdf_text(content)
    return words


@pytest.mark.parametrize("slug", WORDS)
def test_its_own_people_see_the_word_on_every_kind_of_page(slug, planted, login):
    browser = login("sachbearbeitung", slug)
    for url, seen in planted[slug].items():
        response = browser.get(url)
        if seen:
            assert response.status_code == 200, (url, response.status_code)
            assert WORDS[slug] in everything(response), url


@pytest.mark.parametrize("slug", WORDS)
@pytest.mark.parametrize("role", ROLES)
def test_nobody_else_sees_it_anywhere(slug, role, planted, login):
    other = next(s for s in WORDS if s != slug)
    browser = login(role, slug)
    for url in [*planted[slug], *planted[other]]:
        for method in (browser.get, browser.post):
            response = method(url)
            assert WORDS[other] not in everything(response), (role, url)
            if url in planted[other] and url not in planted[slug] and "?" not in url:
                assert response.status_code in {403, 404, 405}, url


def test_systemverwaltung_and_nobody_see_no_body_at_all(planted, login):
    for browser in (login("technik", ""), Client(raise_request_exception=False)):
        for slug, word in WORDS.items():
            for url in planted[slug]:
                response = browser.get(url)
                assert word not in everything(response), url
                assert response.status_code in {200, 302, 403}, url
                if response.status_code == 200:
                    assert url == "/"


def test_foreign_and_missing_are_the_same_page(planted, login):
    def page(url):
        response = login().get(url)
        assert response.status_code == 404
        return re.sub(r'value="[A-Za-z0-9]{64}"', "", response.content.decode())

    for pattern in (
        "/stellen/{}/",
        "/stellen/{}/berichtigen/",
        "/zuwendungen/bescheid/{}/",
        "/dokumente/{}/",
        "/dokumente/{}/pdf/",
    ):
        assert page(pattern.format(CODES["stadt-aachen"])) == page(pattern.format("gibt-es-nicht")), pattern


def forgetful(request):
    """A view that forgot its filter."""
    return HttpResponse(" ".join(Position.objects.values_list("note", flat=True)))


urlpatterns = [path("vergesslich/", forgetful)]
forgetful.rule = "staffing.view"


@pytest.mark.urls("tests.security.test_canary")
def test_a_view_without_its_filter_leaks_nothing(planted, login):
    words = login().get("/vergesslich/").content.decode()
    assert "Kanarienregion" in words and "Kanarienstadt" not in words


@pytest.mark.counter
@pytest.mark.urls("tests.security.test_canary")
def test_without_row_level_security_it_leaks(planted, login, owner):
    browser = login()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE staffing_position DISABLE ROW LEVEL SECURITY")
    words = browser.get("/vergesslich/").content.decode()
    assert "Kanarienregion" in words and "Kanarienstadt" in words


def test_every_table_of_a_body_is_row_level_secured(db):
    from django.apps import apps

    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        secured = {name for (name,) in cursor.fetchall()}
    for model in apps.get_models():
        tracked = getattr(model, "pgh_tracked_model", None)
        if (
            any(f.name == "body" for f in (tracked or model)._meta.fields)
            and (tracked or model).__name__ != "RoleAssignment"
        ):
            assert model._meta.db_table in secured, model


def test_without_a_scope_no_row_is_seen(db):
    assert Position.objects.count() == 0
    assert Body.objects.count() == 2
