"""Who is there for public matters only reads what is public, and changes nothing."""

from kim.models import Note, RoleAssignment, Source, User
from kim.store.context import acting
from meetings.models import Paper
from staffing.models import PositionPeriod
from tests.security.addresses import CODES, SECRETS, WORDS

OWN = "staedteregion-aachen"


def test_another_role_elsewhere_does_not_lift_it(planted, someone):
    browser = someone("öffentlich")
    url = f"/stellen/{CODES[OWN]}/"
    assert SECRETS[OWN] not in browser.get(url).content.decode()
    with acting(None, []):
        RoleAssignment.objects.create(user=User.objects.get(username=f"öffentlich@{OWN}"), role="technik")
    assert SECRETS[OWN] not in browser.get(url).content.decode()


def test_a_second_role_in_the_body_that_is_not_limited_lifts_it(planted, someone, bodies):
    browser = someone("öffentlich")
    with acting(None, []):
        user = User.objects.get(username=f"öffentlich@{OWN}")
        RoleAssignment.objects.create(user=user, body=bodies[OWN], role="leitung")
    assert SECRETS[OWN] in browser.get(f"/stellen/{CODES[OWN]}/").content.decode()


def test_she_is_offered_nothing_to_change_and_changes_nothing(planted, someone):
    browser = someone("öffentlich")
    words = browser.get("/stellen/CM-01/").content.decode()
    assert "Notiz schreiben" not in words and "Berichtigen" not in words
    for url in ("/notizen/neu/stelle/CM-01/", "/wiedervorlagen/neu/stelle/CM-01/", "/dateien/neu/stelle/CM-01/"):
        assert browser.post(url, {"text": "x"}).status_code == 403
    assert not Note.objects.filter(text="x").exists()


def test_a_post_that_rests_on_a_hidden_document_is_shown_without_its_name(login, someone, region):
    hidden = Source.objects.create(body=region, kind="paper", number="G-1", title="geheimer Titel")
    PositionPeriod.objects.filter(position__number="CM-01").update(basis=hidden, assumption="")
    browser = someone("öffentlich")
    for url in ("/stellen/", "/stellen/CM-01/", "/zuwendungen/stellenverteilung/", "/haushalt/kostenneutralitaet/"):
        response = browser.get(url)
        assert response.status_code == 200 and "geheimer Titel" not in response.content.decode(), url
    assert "nichtöffentliches Dokument" in browser.get("/stellen/CM-01/").content.decode()
    assert "geheimer Titel" in login().get("/stellen/CM-01/").content.decode()


def test_what_was_said_before_it_became_public_stays_inside(someone, region):
    source = Source.objects.create(body=region, kind="paper", number="G-2", title="alter geheimer Titel")
    paper = Paper.objects.create(body=region, source=source, paper_type="information")
    Source.objects.filter(pk=source.pk).update(title="neuer Titel")
    Paper.objects.filter(pk=paper.pk).update(public=True)
    words = someone("öffentlich").get("/pruefung/?daten=Beleg").content.decode()
    assert "alter geheimer Titel" not in words
    assert "alter geheimer Titel" in someone("pruefung").get("/pruefung/?daten=Beleg").content.decode()


def test_roles_in_another_body_stay_there(login, someone, bodies):
    """One save gives roles in two bodies: each auditor reads of her own."""
    technik = login("technik", "")
    data = {"username": "beide", "version": 1, "is_active": "on"}
    roles = {f"rollen_{OWN}": ["leitung"], "rollen_stadt-aachen": ["kaemmerei"]}
    assert technik.post("/technik/benutzerkonten/neu/", data | roles).status_code == 302
    words = someone("pruefung").get("/pruefung/?daten=Rollenzuweisung").content.decode()
    assert "StädteRegion Aachen, Rolle Leitung" in words and "Rolle Kämmerei" not in words
    assert WORDS["stadt-aachen"] not in words
