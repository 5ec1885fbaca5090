"""The history of everything: searched, sampled, and taken back by a counter-entry."""

import re
import uuid

import pytest
from django.db import connection

from kim.history import trail
from kim.models import Note, TrailEvent
from kim.store.context import acting
from staffing.models import BodyMunicipality, Function, Position, PositionPeriod
from tests.helpers import sql
from tests.staffing.test_correction import posted, stored
from tests.staffing.test_new_position import new

LIST = "/pruefung/"


def words(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode().replace("\u00a0", " ")


def count(browser, query=""):
    return int(re.search(r"(\d+) Vorg", words(browser.get(LIST + query)))[1])


@pytest.fixture
def corrected(login, region):
    """CM-01 at 0,5, and a note on CM-02."""
    clerk = login()
    assert clerk.post("/stellen/CM-01/berichtigen/", posted(fte="0,5")).status_code == 302
    assert clerk.post("/notizen/neu/stelle/CM-02/", {"text": "nachfragen"}).status_code == 302
    return clerk


def test_everything_stands_there_in_sentences(corrected, login):
    found = words(login("pruefung").get(LIST))
    assert "Berichtigung durch Frau D." in found and "VZÄ: 1,0 → 0,5" in found and "Notiz erfasst" in found
    assert "Bestandsübernahme" in found and "nachfragen" not in found


def test_each_filter_narrows(corrected, login):
    auditor = login("pruefung")
    everything = count(auditor)
    assert count(auditor, "?gegenstand=CM-01") == 3 and count(auditor, "?gegenstand=Stelle+CM-02") == 3
    assert count(auditor, "?gegenstand=2023/0120") == 1 and count(auditor, "?gegenstand=kim-2023") == 1
    assert count(auditor, "?person=sachbearbeitung%40staedteregion-aachen") == 2
    assert 0 < count(auditor, "?person=-") < everything
    assert count(auditor, "?vorgang=Berichtigung") == 1 and count(auditor, "?daten=Notiz") == 1
    assert count(auditor, "?daten=Stellenangabe&vorgang=Berichtigung") == 1
    assert count(auditor, "?zahlen=on") < everything
    assert count(auditor, "?bis=01.01.2020") == 0 and count(auditor, "?von=01.01.2020") == everything


def test_only_figures_leaves_out_what_changed_in_words_alone(corrected, login, region):
    row = Position.objects.get(number="CM-03")
    corrected.post("/stellen/CM-03/beschreibung/", {"file_reference": "A 46/7", "note": "", "version": row.version})
    auditor = login("pruefung")
    assert count(auditor, "?gegenstand=CM-03") == 3 and count(auditor, "?gegenstand=CM-03&zahlen=on") == 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?gegenstand=XX-99", "„XX-99“ gibt es nicht"),
        ("?gegenstand=KO-01", "„KO-01“ gibt es nicht"),
        ("?person=sachbearbeitung%40stadt-aachen", "person"),
        ("?von=31.02.2023", "gibt es im Kalender nicht"),
        ("?farbe=rot", "Den Filter „farbe“ gibt es hier nicht."),
        ("?startwert=7&anzahl=0", "zwischen 1 und 200"),
        ("?startwert=7&anzahl=zehn", "zwischen 1 und 200"),
    ],
)
def test_what_cannot_be_read_shows_nothing(query, sentence, login):
    response = login("pruefung").get(LIST + query)
    found = response.content.decode()
    assert response.status_code == 400 and sentence.lower() in found.lower() and 'class="story"' not in found


def drawn(browser, seed, size=3):
    found = words(browser.get(f"{LIST}?startwert={seed}&anzahl={size}"))
    return re.findall(r"<li>\s*<p>\s*<strong>.*?</ul>\s*</li>", found, re.DOTALL)


def test_the_same_start_value_draws_the_same_acts(corrected, login):
    auditor = login("pruefung")
    assert drawn(auditor, "42") == drawn(auditor, "42") and len(drawn(auditor, "42")) == 3
    assert len({tuple(drawn(auditor, str(seed))) for seed in range(12)}) > 6


def test_the_sample_can_be_drawn_by_any_other_program(corrected, login, region):
    import hashlib

    keys = [row["act"] for row in trail.acts()]
    by_hand = sorted(keys, key=lambda key: hashlib.md5(f"42{key}".encode()).hexdigest())[:3]
    assert trail.sample(trail.acts(), "42", 3) == by_hand


def test_the_list_costs_the_same_for_many_acts(corrected, login, django_assert_max_num_queries, region):
    from django.test.utils import CaptureQueriesContext

    auditor = login("pruefung")
    with CaptureQueriesContext(connection) as few:
        auditor.get(LIST)
    for n in range(30):
        with acting(None, [region.pk], reason=f"Grund {n}"):
            PositionPeriod.objects.filter(position__number="CM-01").update(pay_group=f"EG {n}")
    with CaptureQueriesContext(connection) as many:
        auditor.get(LIST)
    assert len(many) <= len(few)


def last_act(browser):
    return re.findall(r'name="act" value="([0-9a-f-]{36})"', browser.get("/stellen/CM-01/").content.decode())[0]


def take_back(browser, act):
    return words(browser.post("/ruecknahme/", {"act": act, "next": "/stellen/CM-01/"}, follow=True))


def test_a_correction_is_taken_back_by_a_counter_entry(login, region):
    browser = login()
    before = stored()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5", municipalities=["3"]))
    found = take_back(browser, last_act(browser))
    assert "Zurückgenommen: Berichtigung. Beides steht im Verlauf." in found
    assert "Rücknahme durch Frau D." in found and "VZÄ: 0,5 → 1,0" in found
    after = stored()
    assert (after.fte, after.assumption, after.basis_id) == (before.fte, before.assumption, before.basis_id)
    assert not after.served.exists() and after.version > before.version


def test_a_new_post_is_taken_back_whole(login, region):
    browser = login()
    browser.post("/stellen/neu/", new())
    act = re.findall(r'name="act" value="([0-9a-f-]{36})"', browser.get("/stellen/CM-18/").content.decode())[0]
    browser.post("/ruecknahme/", {"act": act, "next": "/stellen/"})
    assert not Position.objects.filter(number="CM-18").exists()
    assert TrailEvent.objects.filter(act_name="Rücknahme", label="delete").count() >= 3


def test_what_was_deleted_comes_back(login, region):
    browser = login()
    function = Function.objects.get(slug="case-management").pk
    served = BodyMunicipality.objects.first().municipality_id
    browser.post("/stellen/neu/", new(item="", function=function, municipalities=[served]))
    row = Position.objects.get(number="CM-18")
    response = browser.post("/stellen/CM-18/loeschen/", {"reason": "doppelt", "version": row.version}, follow=True)
    act = re.findall(r'name="act" value="([0-9a-f-]{36})"', response.content.decode())[-1]
    found = words(browser.post("/ruecknahme/", {"act": act, "next": "/stellen/"}, follow=True))
    assert "Zurückgenommen: Löschung" in found
    again = Position.objects.get(number="CM-18")
    assert again.pk == row.pk and again.periods.get().served.count() == 1


def test_what_has_changed_since_is_not_taken_back(login, region):
    browser = login()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5"))
    act = last_act(browser)
    login("sachbearbeitung", name="andere").post("/stellen/CM-01/berichtigen/", posted(fte="0,25"))
    assert "Inzwischen ist das weiter geändert worden" in take_back(browser, act)
    assert str(stored().fte) == "0.250"


def test_after_a_note_the_new_post_stays(login, region):
    browser = login()
    browser.post("/stellen/neu/", new())
    act = re.findall(r'name="act" value="([0-9a-f-]{36})"', browser.get("/stellen/CM-18/").content.decode())[0]
    browser.post("/notizen/neu/stelle/CM-18/", {"text": "bleibt"})
    found = words(browser.post("/ruecknahme/", {"act": act, "next": "/stellen/CM-18/"}, follow=True))
    assert "Dazu liegen schon Notizen" in found and Position.objects.filter(number="CM-18").exists()


@pytest.mark.parametrize("who", ["leitung", "sachbearbeitung", "stadt"])
def test_nobody_else_takes_it_back(who, login, region):
    browser = login()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5"))
    act = last_act(browser)
    other = login("sachbearbeitung", "stadt-aachen") if who == "stadt" else login(who, name="jemand")
    response = other.post("/ruecknahme/", {"act": act, "next": "/"}, follow=True)
    assert "nur, was Sie selbst" in response.content.decode() and str(stored().fte) == "0.500"


def test_without_the_right_it_is_not_taken_back(login, region):
    from kim.models import RoleAssignment

    browser = login()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5"))
    act = last_act(browser)
    with acting(None, [region.pk]):
        RoleAssignment.objects.filter(user__username__startswith="sachbearbeitung").update(role="leitung")
    assert "nur, was Sie selbst" in take_back(browser, act)


def test_after_ten_minutes_it_stays(login, region, owner):
    browser = login()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5"))
    act = last_act(browser)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE staffing_positionperiodevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE staffing_positionperiodevent SET pgh_created_at = pgh_created_at - interval '11 minutes'"
            " WHERE pgh_context_id = %s",
            [act],
        )
    assert "nur, was Sie selbst" in take_back(browser, act)
    assert 'name="act"' not in browser.get("/stellen/CM-01/").content.decode()


def test_a_change_at_the_same_moment_is_not_overwritten(login, region, monkeypatch):
    browser = login()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5"))
    act = last_act(browser)
    genuine = trail.earlier

    def meanwhile(events):
        PositionPeriod.objects.filter(position__number="CM-01").update(fte="0.750")
        return genuine(events)

    with acting(None, [region.pk]), monkeypatch.context() as patch:
        patch.setattr(trail, "earlier", meanwhile)
        answer = browser.post("/ruecknahme/", {"act": act, "next": "/stellen/CM-01/"})
    found = words(browser.get(answer["Location"]))
    assert "Inzwischen ist das weiter geändert worden" in found and str(stored().fte) == "0.750"


def test_what_is_taken_back_is_not_offered_again(login, region):
    browser = login()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5"))
    act = last_act(browser)
    take_back(browser, act)
    assert f'value="{act}"' not in browser.get("/stellen/CM-01/").content.decode()


def test_accounts_are_not_taken_back(login, region):
    technik = login("technik", "")
    login("pruefung", name="technik@")
    data = {"username": "x.y", "version": 1, "is_active": "on", "rollen_staedteregion-aachen": ["leitung"]}
    words = technik.post("/technik/benutzerkonten/neu/", data, follow=True).content.decode()
    assert "ist gespeichert" in words and "Zurücknehmen" not in words
    act = TrailEvent.objects.filter(rule="technical.edit").first().act
    assert "nur, was Sie selbst" in take_back(technik, str(act))


def test_a_page_tells_the_latest_of_a_long_history(login, region):
    for n in range(400):
        with acting(None, [region.pk], reason=f"Grund {n}."):
            PositionPeriod.objects.filter(position__number="CM-01").update(pay_group=f"EG {n}")
    words = login().get("/stellen/CM-01/").content.decode()
    assert "Grund 399." in words and "Grund 99." not in words


def test_the_trail_does_not_load_the_content_of_files(login, region):
    from django.test.utils import CaptureQueriesContext

    from tests.kim.test_uploads import upload

    upload(login())
    auditor = login("pruefung")
    with CaptureQueriesContext(connection) as asked:
        assert "Datei erfasst" in words(auditor.get("/pruefung/?daten=Datei"))
    assert not [q for q in asked if '"kim_file"."content"' in q["sql"]]


@pytest.mark.parametrize("act", ["", "x", str(uuid.UUID(int=1)), "'; DROP TABLE"])
def test_an_act_that_is_none(act, login, region):
    response = login().post("/ruecknahme/", {"act": act, "next": "//evil.example"})
    assert response.status_code in {302, 404} and "evil" not in response.get("Location", "")


def test_what_was_taken_over_at_the_start_cannot_be_taken_back(login, region):
    act = TrailEvent.objects.filter(act_name="Bestandsübernahme").first().act
    assert "nur, was Sie selbst" in take_back(login(), str(act))


def test_the_view_tells_every_event_table(region):
    """As many events as all tables together hold for the body."""
    Note.objects.create(body=region, subject_kind="stelle", subject_id=1, text="x")
    tables = [m for label, m in trail.tracked_models().items() if label not in {"kim.User"}]
    counted = 0
    for model in tables:
        events = model._meta.get_field("events").related_model.objects
        limit = {"kim.Body": {"pgh_obj": region.pk}, "kim.RoleAssignment": {"body": region}}.get(model._meta.label, {})
        counted += events.filter(**limit).count()
    assert TrailEvent.objects.count() == counted > 100


def test_the_view_asks_with_the_rights_of_who_looks(db):
    assert sql("SELECT reloptions FROM pg_class WHERE relname = 'kim_trail'") == [(["security_invoker=true"],)]


def test_what_was_saved_lately_is_found_again(login, region):
    from tests.helpers import new_position

    new_position(region, "CM-77")
    browser, row = login(), Position.objects.get(number="CM-77")
    browser.post("/stellen/CM-77/loeschen/", {"reason": "doppelt", "version": row.version})
    browser.get("/stellen/")
    found = words(browser.get("/ruecknahme/"))
    act = re.findall(r'name="act" value="([0-9a-f-]{36})"', found)[0]
    assert "doppelt" in found and "Zurückgenommen: Löschung" in take_back(browser, act)
    assert "Noch keine Einträge." in words(login("leitung").get("/ruecknahme/"))


def test_saving_nothing_offers_nothing_to_take_back(login, region):
    row = Position.objects.get(number="CM-08")
    data = {"file_reference": "", "note": "", "version": row.version}
    found = words(login().post("/stellen/CM-08/beschreibung/", data, follow=True))
    assert "Die Beschreibung ist gespeichert." in found and 'name="act"' not in found


def test_after_a_new_post_is_gone_one_is_not_led_to_it(login, region):
    browser = login()
    browser.post("/stellen/neu/", new())
    act = re.findall(r'name="act" value="([0-9a-f-]{36})"', browser.get("/stellen/CM-18/").content.decode())[0]
    assert browser.post("/ruecknahme/", {"act": act, "next": "/stellen/CM-18/"})["Location"] == "/"


def test_a_note_in_the_trail_names_its_object(corrected, login):
    assert re.search(
        r'href="/stellen/CM-02/">\s*Stelle CM-02\s*</a>', words(login("pruefung").get("/pruefung/?daten=Notiz"))
    )


def test_a_paper_known_by_name_only_leads_to_the_list(login):
    found = words(login("pruefung").get("/pruefung/?gegenstand=2022/0119"))
    assert 'href="/dokumente/fundstellen/2022-0119/"' in found
    assert login().get("/dokumente/fundstellen/2022-0119/").status_code == 200
