"""Code tables: what a body adds is seen only there, until Systemverwaltung takes it over for all."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError

from grants.models import AccountGroup, FundingProgramme, ProgrammeModule, Rate
from grants.models.programmes import fitting
from kim.models import ReferenceRow
from kim.models.refusals import db_errors_as_validation
from kim.store.context import acting
from kim.values.periods import inclusive_range
from staffing.models import Function
from tests.security.addresses import CODES
from tests.security.canaries import plant_reference

FROM_2023 = inclusive_range(date(2023, 1, 1), None)
LISTS = {
    "/funktionen/": Function,
    "/zuwendungen/programme/": FundingProgramme,
    "/zuwendungen/bausteine/": ProgrammeModule,
    "/zuwendungen/foerdersaetze/": Rate,
    "/haushalt/kontengruppen/": AccountGroup,
}


@pytest.fixture
def leitung(login):
    return login("leitung", "staedteregion-aachen")


def test_every_code_table_of_this_kind_has_its_list():
    assert {model._meta.label for model in ReferenceRow.__subclasses__()} - {"kim.NamedReference"} | {
        "staffing.Function",
        "grants.FundingProgramme",
    } == {model._meta.label for model in LISTS.values()}


@pytest.mark.parametrize("path", LISTS)
def test_the_list_shows_what_holds_for_all_and_what_is_ones_own(path, bodies, login):
    for slug, code in CODES.items():
        with acting(None, [bodies[slug].pk]):
            plant_reference(bodies[slug], code, code)
    pages = {slug: login("sachbearbeitung", slug).get(path).content.decode() for slug in CODES}
    shared = LISTS[path].objects.filter(body=None).first()
    for slug, page in pages.items():
        assert shared.get_absolute_url() in page and "für alle" in page and ">eigene<" in page
        assert [word for word in CODES.values() if word in page] in ([CODES[slug]], [])


def test_leitung_adds_a_function_and_nobody_else_sees_it(leitung, login, region):
    assert leitung.post("/funktionen/neu/", {"name": "Sprachmittlung", "module": "Baustein 2"}).status_code == 302
    added = Function.objects.get(name="Sprachmittlung")
    assert (added.body, added.slug) == (region, "sprachmittlung")
    page = leitung.get("/funktionen/sprachmittlung/").content.decode()
    assert "/funktionen/sprachmittlung/bearbeiten/" in page and "Eigene Zeile" in page
    elsewhere = login("leitung", "stadt-aachen")
    assert elsewhere.get("/funktionen/sprachmittlung/").status_code == 404
    assert "Sprachmittlung" not in elsewhere.get("/funktionen/").content.decode()
    assert (
        "Sprachmittlung" in login("sachbearbeitung", "staedteregion-aachen").get("/zuwendungen/neu/").content.decode()
    )


def test_what_holds_for_all_is_not_changed_by_a_body(leitung):
    page = leitung.get("/funktionen/case-management/").content.decode()
    assert "bearbeiten" not in page and "ändern kann sie die Systemverwaltung" in page
    for end in ("bearbeiten", "loeschen"):
        assert leitung.get(f"/funktionen/case-management/{end}/").status_code == 404


def test_a_name_that_holds_for_all_is_not_added_again(leitung):
    answer = leitung.post("/funktionen/neu/", {"name": "Case Management", "module": "Baustein 2"})
    assert answer.status_code == 422 and "gibt es schon" in answer.content.decode()
    assert Function.objects.filter(name="Case Management").count() == 1


def test_uniqueness_is_per_owner(bodies, region):
    for slug in CODES:
        with acting(None, [bodies[slug].pk]):
            Function.objects.create(body=bodies[slug], name="Sprachmittlung", module="1")
    with acting(None, [], reference=True):
        assert Function.objects.filter(slug="sprachmittlung").count() == 2
    with pytest.raises(ValidationError), db_errors_as_validation():
        Function(body=region, name="Sprachmittlung", module="1").save_checked()
    with pytest.raises(ValidationError), db_errors_as_validation():
        Function(name="Case Management", slug="cm", module="1").save_checked()


def test_systemverwaltung_takes_a_row_over(login, region):
    Function.objects.create(body=region, name="Sprachmittlung", module="Baustein 2")
    technik, url = login("technik", ""), "/technik/funktionen/eigene/staedteregion-aachen/sprachmittlung/"
    assert url in technik.get("/technik/funktionen/").content.decode()
    page = technik.get(url).content.decode()
    assert "Sprachmittlung" in page and region.name in page
    row = Function.objects.get(name="Sprachmittlung")
    assert technik.post(url, {"version": row.version}).status_code == 422  # the reason is missing
    assert technik.post(url, {"version": row.version, "reason": "braucht jeder"}).status_code == 302
    row.refresh_from_db()
    assert row.body is None
    assert technik.get("/technik/funktionen/sprachmittlung/").status_code == 200
    assert technik.get(url).status_code == 404
    other = login("leitung", "stadt-aachen").get("/funktionen/sprachmittlung/").content.decode()
    assert "Gilt für alle" in other


def test_a_stale_page_takes_nothing_over(login, region):
    row = Function.objects.create(body=region, name="Sprachmittlung", module="1")
    seen = row.version
    row.module = "2"
    row.save()
    url = "/technik/funktionen/eigene/staedteregion-aachen/sprachmittlung/"
    assert login("technik", "").post(url, {"version": seen, "reason": "x"}).status_code == 422
    row.refresh_from_db()
    assert row.body == region


def test_what_holds_for_all_rests_on_nothing_of_a_body(region):
    programme = FundingProgramme.objects.create(body=region, name="Eigenes Programm", short_name="EP")
    function = Function.objects.get(slug="case-management")
    facts = {"programme": programme, "function": function, "amount": D("100.01"), "source": "Erlass"}
    rate = Rate.objects.create(body=region, validity=FROM_2023, **facts)
    with pytest.raises(ValidationError, match="stützt sich aber auf eigene Zeilen"):
        rate.take_over(reason="x")
    rate.refresh_from_db()
    assert rate.body == region
    programme.take_over(reason="x")
    rate.programme.refresh_from_db()
    assert rate.take_over(reason="x").body is None


def test_a_row_that_holds_for_all_stays_so(region):
    row = Function.objects.get(slug="case-management")
    row.body = region
    with pytest.raises(ValidationError), db_errors_as_validation():
        row.save()
    with pytest.raises(ValidationError, match="gilt schon"):
        Function.objects.get(slug="case-management").take_over(reason="x")


@pytest.mark.counter
def test_without_the_policy_another_body_would_see_it(bodies, region, owner):
    Function.objects.create(body=region, name="Sprachmittlung", module="1")
    added, other = Function.objects.filter(name="Sprachmittlung"), bodies["stadt-aachen"]
    with acting(None, [other.pk]):
        assert not added.exists()
    with acting(None, [other.pk], reference=True):
        assert added.exists()
    with owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE staffing_function DISABLE ROW LEVEL SECURITY")
    with acting(None, [other.pk]):
        assert added.exists()


def test_a_published_rate_counts_before_one_of_the_body(region):
    """By hand: case management 2023 is published; the body's own amount for the same days is passed over, for days
    and functions that nobody publishes it fits."""
    programme = FundingProgramme.objects.get(slug="kim")
    function = Function.objects.get(slug="case-management")
    year = inclusive_range(date(2023, 1, 1), date(2023, 12, 31))
    published = fitting(Rate.objects.all(), function.pk, "", year)
    own = Rate.objects.create(body=region, programme=programme, function=function, amount=D("1.01"), validity=year, source="x")  # fmt: skip
    assert fitting(Rate.objects.all(), function.pk, "", year) == published
    other = Function.objects.create(body=region, name="Sprachmittlung", module="1")
    own.function = other
    own.save()
    assert fitting(Rate.objects.all(), other.pk, "", year) == [own]
