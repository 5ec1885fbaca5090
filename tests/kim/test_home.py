"""The start page, the Herkunft of any figure and where it is used, and the Belege."""

import re
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db.models.functions import Now

from kim.figures import CATALOGUE, same, uses
from kim.history import trail
from kim.models import FindingNote, Reminder, User
from kim.pages.views import SECTIONS_OF_HOME, order_of
from kim.store.context import acting
from staffing.models import Position


def words(response):
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    ("slug", "parts"),
    [
        ("staedteregion-aachen", ["3,0 von 12,0 VZÄ", "0,00 € frei", "684.000,00 € bewilligt", "Teilprodukt 946100: Differenz 0,00 €", "Mittwoch, 22. März 2023"]),
        ("stadt-aachen", ["0,0 von 6,5 VZÄ", "0,00 € bewilligt", "nicht berechenbar", "Donnerstag, 25. Februar 2021"]),
        ("weidenkreis", ["1 von 2 Teilprodukten kostenneutral", "7.187,50 €", "Dienstag, 14. März 2023"]),
    ],
)  # fmt: skip
def test_four_key_figures_each_with_its_source(slug, parts, login):
    browser = login(slug=slug)
    page = words(browser.get("/"))
    for part in parts:
        assert part in page, part
    links = re.findall(r'class="q-link" href="([^"]+)"', page)
    assert len(links) == 4
    for link in links:
        assert browser.get(link).status_code == 200


def test_key_figures_agree_with_the_figures_they_stand_for(region):
    day = region.reference_day
    occupancy = CATALOGUE["occupancy.status"](body=region, day=day)
    assert CATALOGUE["headline.occupancy"](body=region, day=day).derivation == occupancy.derivation
    left = CATALOGUE["headline.funding"](body=region, day=day).derivation
    assert [one.value for one in left.operands] == [D("684000.00"), D("684000.00")] and left.value == 0


def test_every_role_sees_the_same_sections_in_its_own_order():
    from kim.models import Role

    assert all(sorted(order_of(role)) == sorted(SECTIONS_OF_HOME) for role in Role)
    assert order_of(Role.HEAD)[0] == "headlines" and order_of(Role.COMMITTEE)[0] == "deadlines"


def test_hints_that_say_the_same_stand_together_and_explained_ones_do_not_stand_there(login, region):
    page = words(login().get("/"))
    assert "Stelle CM-01</a>, <a" in page and "und" in page and page.count("Es fehlt die Entgeltgruppe.") == 1
    assert "Regel S11" in page
    for number in range(1, 7):
        FindingNote.objects.create(body=region, code="S11", subject=f"stelle:CM-0{number}", sentence="Es fehlt die Entgeltgruppe.", text="Beamte")  # fmt: skip
    assert "Es fehlt die Entgeltgruppe." not in words(login().get("/"))


def test_seven_of_nine(login, region):
    browser = login()
    user = User.objects.get(username="sachbearbeitung@staedteregion-aachen")
    post = Position.objects.get(number="CM-01")
    for n in range(9):
        Reminder.objects.create(body=region, subject_kind="stelle", subject_id=post.pk, date=region.reference_day + timedelta(n), text=f"Anruf {n}", user=user)  # fmt: skip
    page = words(browser.get("/"))
    assert "Anruf 6" in page and "Anruf 7" not in page and "7 von 9 – <a" in page
    assert "Anruf 0" not in words(login("leitung").get("/")), "one's own Wiedervorlagen"


def test_the_last_seven_days(login, region):
    browser = login()
    assert browser.post("/notizen/neu/stelle/CM-01/", {"text": "Angerufen"}).status_code == 302
    page = words(browser.get("/"))
    assert "Notiz angelegt: <a" in page and ">CM-01</a>" in page and "Frau D." in page
    rows, count = trail.latest(days=7)
    assert count >= len(rows) <= 7 and all(row["at"] for row in rows)
    assert trail.latest(days=0) == ([], 0)
    assert trail.acts(created_at__gte=Now()).count() == 0


def test_deadlines_come_in_order(login):
    page = words(login(slug="weidenkreis").get("/"))
    days = re.findall(r"<strong>(\d\d)\.(\d\d)\.(\d{4})</strong> <a", page)
    assert len(days) >= 3 and [d[::-1] for d in days] == sorted(d[::-1] for d in days)


def test_a_figure_says_where_it_is_used(login, region):
    page = words(login().get("/herkunft/position.fte/?position=CM-10"))
    for part in ("Stellenverteilung nach Anstellungsträgern", "Stellenverteilung nach Kommunen", "Kostenneutralität", "Mitteilungsvorlage 2023/0120"):  # fmt: skip
        assert part in page.split("Wird verwendet in")[1], part
    post = CATALOGUE["position.fte"].asked(region, {"position": "CM-10"}, day=region.reference_day)
    names = {entry.name for entry, _ in uses(region, region.reference_day, post)}
    assert names == {"allocation.by_carrier", "allocation.by_municipality", "neutrality.nominal"} or "occupancy.status" in names  # fmt: skip
    assert same(post, post)


def test_what_nothing_uses_says_so(login, region):
    from tests.helpers import new_position

    new_position(region, "ALLEIN-1", first=region.reference_day + timedelta(700))
    page = words(login().get("/herkunft/position.fte/?position=ALLEIN-1&stand=2026-01-01"))
    assert "Kostenneutralität" not in page.split("ALLEIN-1", 2)[-1]


def test_a_document_shows_what_rests_on_it_and_whose_it_is(login):
    page = words(login().get("/belege/vorlage-2023-0120/"))
    assert (
        "CM-10 Platz 1" in page
        and "Finanzielle/bilanzielle Auswirkungen" in page
        and "Mitteilungsvorlage 2023/0120" in page
    )
    assert login().get("/belege/gibt-es-nicht/").status_code == 404
    source = words(login().get("/herkunft/position.fte/?position=CM-10"))
    assert 'href="/belege/vorlage-2023-0120/"' in source


def test_a_hidden_document_is_no_link(login, region):
    from kim.models import RoleAssignment, Source

    with acting(None, [region.pk]):
        Source.objects.filter(number="2023/0120").update(public=False)
    browser = login("pruefung", name="öffentlich@x")
    with acting(None, []):
        RoleAssignment.objects.filter(user__username="öffentlich@x").update(public_only=True)
    page = words(browser.get("/stellen/?herkunft=vzae&zeile=CM-10"))
    assert "nichtöffentliches Dokument" in page and "/belege/vorlage" not in page
    assert browser.get("/belege/vorlage-2023-0120/").status_code == 404
    assert "2023/0120" not in words(browser.get("/belege/"))


def test_the_plain_amounts_of_a_list_are_the_figures(region, city):
    """Figures that many rows show have a fast way without derivations: the same numbers for every row."""
    from staffing.models import PositionPeriod

    fast = [entry for entry in CATALOGUE.values() if entry.amounts]
    assert {entry.name for entry in fast} == {"position.annual_amount", "position.filled", "position.rest"}
    for body in (region, city):
        with acting(None, [body.pk]):
            for day in (body.reference_day, body.reference_day + timedelta(400), body.reference_day - timedelta(200)):
                rows = list(PositionPeriod.objects.filter(body=body).as_of(day))
                for entry in fast:
                    whole = {pk: value.value for pk, value in entry.function(rows, day).items()}
                    assert entry.amounts(rows, day) == whole, (entry.name, day)


def test_a_day_beyond_the_calendar_is_a_sentence(login):
    for name in ("deadlines.posts", "deadlines.notices", "deadlines.meetings", "headline.meeting"):
        answer = login().get(f"/herkunft/{name}/?day=9999-12-31")
        assert answer.status_code == 400 and "9999-12-31" in words(answer)


def test_a_paper_is_named_only_for_what_its_text_speaks_of(login):
    """The text prints posts of their own kind, but not their occupancy: „kind=own“ alone is no object."""
    page = words(login().get("/herkunft/occupancy.status/?kind=own"))
    assert "Vorlagen, deren Text davon spricht" not in page
    assert "Mitteilungsvorlage 2023/0120" in words(login().get("/herkunft/positions.total/?kind=own"))
