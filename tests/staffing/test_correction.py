"""The Berichtigung and the new post: what follows, bad input, conflict, double submit."""

from decimal import Decimal as D

import pytest

from kim.store.context import acting
from staffing.models import PositionPeriod

# --- Berichtigung ------------------------------------------------------------------------------------------------


def posted(number="CM-01", **changes):
    row = PositionPeriod.objects.get(position__number=number)
    served = [s.municipality_id for s in row.served.all()]
    data = {
        "fte": "1,0",
        "carrier": row.carrier_id or "",
        "stage": row.stage,
        "municipalities": served,
        "basis": row.basis_id or "",
        "basis_place": row.basis_place,
        "assumption": row.assumption,
        "reason": "laut Bescheid",
        "version": row.version,
        "municipalities_shown": ",".join(map(str, sorted(served))),
        "form_body": "staedteregion-aachen",
    }
    return data | changes


def stored(number="CM-01"):
    return PositionPeriod.objects.get(position__number=number)


def test_half_a_post_says_what_follows(login, region):
    browser = login()
    response = browser.post("/stellen/CM-01/berichtigen/", posted(fte="½"), follow=True)
    words = response.content.decode().replace("\u00a0", " ")
    assert response.redirect_chain[-1][0] == "/stellen/CM-01/"
    assert "Stelle CM-01 ist berichtigt." in words and "Kostenneutralität (2023, 946100" in words
    assert "): 0,00 € → 28.500,00 €" in words
    assert "Berichtigung durch Frau D.. Grund: laut Bescheid" in words or "Berichtigung durch Frau D." in words
    assert "VZÄ: 1,0 → 0,5" in words
    page = browser.get("/haushalt/kostenneutralitaet/").content.decode().replace("\u00a0", " ")
    assert (
        "684.000,00" in page
        and "313.500,00" in page
        and "28.500,00 € der Zuwendung sind nicht durch Stellen gebunden" in page
    )
    paper = browser.get("/dokumente/2023-0120/").content.decode().replace("\u00a0", " ")
    assert "„insofern kostenneutral“ → „ohne Belastung des Haushalts; 28.500 € der Zuwendung sind nicht" in paper
    browser.post("/dokumente/2023-0120/uebernehmen/")
    paper = browser.get("/dokumente/2023-0120/").content.decode().replace("\u00a0", " ")
    assert "28.500 € der Zuwendung sind nicht durch Stellen gebunden" in paper and "insofern kostenneutral" not in paper


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fte": "0,5,5"}, "Bitte VZÄ als Zahl eingeben, z. B. 0,5 oder 0,43."),
        ({"fte": "1.500"}, "Meinten Sie 1,5?"),
        ({"fte": "1e400"}, "Bitte VZÄ als Zahl eingeben"),
        ({"fte": "0"}, "VZÄ müssen größer als 0 sein."),
        ({"fte": ""}, "VZÄ"),
        ({"reason": " "}, "Bitte einen Grund angeben"),
        ({"stage": "quatsch"}, "Verfahrensstand"),
        ({"carrier": "999999"}, "Anstellungsträger"),
        ({"municipalities": ["999999"]}, "Kommunen"),
    ],
)
def test_bad_input_keeps_everything_typed_and_saves_nothing(change, sentence, login, region):
    response = login().post("/stellen/CM-01/berichtigen/", posted(basis_place="mein Text", **change))
    words = response.content.decode()
    assert response.status_code == 422 and sentence in words
    assert 'value="mein Text"' in words
    for typed in change.values():
        assert (
            isinstance(typed, list)
            or not typed.strip()
            or typed in {"quatsch", "999999"}
            or f'value="{typed}"' in words
        )
    assert stored().fte == D("1.0") and stored().version == 1


def test_over_occupancy_is_said_in_the_form(login, region):
    response = login().post("/stellen/CM-10/berichtigen/", posted("CM-10", fte="1,0"))
    assert response.status_code == 422 and "Besetzung wäre höher als der Umfang" in response.content.decode()
    assert stored("CM-10").fte == D("1.5")


def test_the_preview_shows_consequences_and_saves_nothing(login, region):
    response = login().post("/stellen/CM-01/berichtigen/", posted(fte="0,5", preview="1"))
    words = response.content.decode().replace("\u00a0", " ")
    assert response.status_code == 200 and "Noch ist nichts gespeichert" in words
    for expected in ("342.000,00 €", "313.500,00 €", "−28.500,00 €", "StädteRegion Aachen", "6,0 VZÄ", "5,5 VZÄ"):
        assert expected in words
    assert stored().fte == D("1.0")


def test_a_stale_save_shows_both_values_and_loses_nothing(login, region):
    browser = login()
    mine = posted(fte="0,5", basis_place="von mir")
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,75"))
    response = browser.post("/stellen/CM-01/berichtigen/", mine)
    words = response.content.decode()
    assert response.status_code == 409 and "Jemand war schneller" in words and "Frau D. hat diese Angaben" in words
    assert "0,5" in words and "0,75" in words and "von mir" in words and 'role="alert"' in words
    assert stored().fte == D("0.75")
    again = mine | {"version": stored().version, "choice_fte": "stored", "choice_basis_place": "own"}
    response = browser.post("/stellen/CM-01/berichtigen/", again)
    assert response.status_code == 302
    assert (stored().fte, stored().basis_place) == (D("0.75"), "von mir")


def test_what_only_one_of_both_changed_is_merged(login, region):
    """Three versions are compared: what I saw, what I typed, what is stored now."""
    browser = login()
    mine = posted(stage="planned", reason="Stand des Verfahrens")
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,75", reason="weniger Stunden"))
    words = browser.post("/stellen/CM-01/berichtigen/", mine).content.decode()
    assert "Nur von Ihnen geändert und wird übernommen: Verfahrensstand geplant." in " ".join(words.split())
    assert 'name="choice_fte" value="stored"' in words and "<table" not in words
    kept = {
        "choice_fte": "stored",
        "choice_basis": "stored",
        "choice_basis_place": "stored",
        "choice_assumption": "stored",
    }
    browser.post("/stellen/CM-01/berichtigen/", mine | kept | {"version": stored().version})
    assert (stored().fte, stored().stage, stored().assumption) == (
        D("0.75"),
        "planned",
        "Berichtigung: weniger Stunden",
    )


def test_the_conflict_can_be_decided_for_ones_own_value(login, region):
    browser = login()
    mine = posted(fte="0,5")
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,75"))
    browser.post("/stellen/CM-01/berichtigen/", mine | {"version": stored().version, "choice_fte": "own"})
    assert stored().fte == D("0.5")


def test_a_double_submit_is_told_and_changes_nothing(login, region):
    browser = login()
    data = posted(fte="0,5", form_key="0b6d2c8e-6d1c-4a39-9f0e-0d2d3c1f7a11")
    assert browser.post("/stellen/CM-01/berichtigen/", data).status_code == 302
    before = (stored().version, stored().events.count())
    response = browser.post("/stellen/CM-01/berichtigen/", data, follow=True)
    assert "Das war schon gespeichert; ein zweites Mal entsteht nichts." in response.content.decode()
    assert (stored().version, stored().events.count()) == before
    other = login("sachbearbeitung", name="jemand anderes").post("/stellen/CM-01/berichtigen/", data)
    assert other.status_code == 409 and "Jemand war schneller" in other.content.decode()


def test_a_save_between_look_and_save_is_a_conflict_too(login, region, monkeypatch):
    """The version trigger is the last word: its refusal leads to the page with both values."""
    from kim.pages.forms import ReasonedForm

    browser, data = login(), posted(fte="0,5", reason="meiner")
    looked = ReasonedForm.is_stale

    def saved_meanwhile(form):
        stale = looked(form)
        if not stale:
            row = stored()
            row.fte = D("0.75")
            row.correct(reason="schneller")
        return stale

    monkeypatch.setattr(ReasonedForm, "is_stale", saved_meanwhile)
    response = browser.post("/stellen/CM-01/berichtigen/", data)
    assert response.status_code == 409 and "0,75" in response.content.decode() and "0,5" in response.content.decode()


def test_a_correction_without_a_change_says_so(login, region):
    words = login().post("/stellen/CM-01/berichtigen/", posted(), follow=True).content.decode()
    assert "Es hat sich nichts geändert" in words and stored().version == 1


def test_what_moves_without_moving_the_sum_is_named(login, region):
    words = (
        login()
        .post("/stellen/CM-15/berichtigen/", posted("CM-15", fte="0,5", carrier=""), follow=True)
        .content.decode()
    )
    assert "Es ändern sich: Stellenverteilung nach Anstellungsträgern" in words and "Keine Summe" not in words


def test_a_corrected_size_no_longer_cites_the_paper(login, region):
    """A proof that contradicts its number is worse than none: the reason becomes the assumption."""
    browser = login()
    browser.post("/stellen/CM-01/berichtigen/", posted(fte="0,5"))
    row = stored()
    assert (row.basis, row.assumption, row.derivation_kind()) == (None, "Berichtigung: laut Bescheid", "annahme")
    browser.post("/stellen/CM-02/berichtigen/", posted("CM-02", fte="0,5", basis_place="neuer Bescheid, S. 2"))
    assert stored("CM-02").basis is not None and stored("CM-02").basis_place == "neuer Bescheid, S. 2"


def test_a_post_without_carrier_stops_the_paper_with_words(login, region):
    browser = login()
    browser.post("/stellen/CM-15/berichtigen/", posted("CM-15", fte="0,5", carrier=""))
    page = browser.get("/dokumente/2023-0120/").content.decode()
    assert "Die Stelle CM-15 hat am 01.03.2023 keinen Anstellungsträger." in page
    assert "[fehlt]" in page and "Stadt Würselen" in page
    response = browser.get("/dokumente/2023-0120/pdf/")
    assert (
        response["Content-Type"].startswith("text/html") and "lässt sich so nicht drucken" in response.content.decode()
    )


def test_links_keep_stand_and_the_stand_keeps_the_filter(login):
    words = login().get("/stellen/?stand=2023-02-28&traeger=noch-nicht-vergeben&sortierung=-vzae").content.decode()
    assert 'href="/stellen/CM-12/?stand=2023-02-28"' in words
    assert '<input type="hidden" name="traeger" value="noch-nicht-vergeben">' in words
    words = login().get("/zuwendungen/stellenverteilung/?stand=2023-02-28").content.decode()
    assert 'href="/stellen/CM-12/?stand=2023-02-28"' in words


@pytest.mark.parametrize("version", ["", "x", "-1", "999", "1e400"])
def test_a_version_that_is_none_is_a_conflict(version, login, region):
    response = login().post("/stellen/CM-01/berichtigen/", posted(fte="0,5", version=version))
    assert response.status_code == 409 and stored().fte == D("1.0")


def test_only_declared_fields_are_taken(login, region):
    browser = login()
    row = stored()
    browser.post(
        "/stellen/CM-01/berichtigen/",
        posted(fte="0,5", body="2", position="5", validity_assumption="EG 15", validity="x", id="9"),
    )
    after = stored()
    kept = ("pk", "body_id", "position_id", "validity_assumption", "validity")
    assert [getattr(after, name) for name in kept] == [getattr(row, name) for name in kept]


def test_served_municipalities_are_corrected(login, region):
    from staffing.models import Municipality

    browser = login()
    wanted = [Municipality.objects.get(slug="monschau").pk]
    assert (
        browser.post("/stellen/CM-10/berichtigen/", posted("CM-10", fte="1,5", municipalities=wanted)).status_code
        == 302
    )
    assert stored("CM-10").municipality_names() == ["Monschau"] and stored("CM-10").version == 2
    words = browser.get("/stellen/CM-10/").content.decode()
    assert "Zuständigkeit erfasst: Kommune Monschau" in words


def test_kommunen_that_somebody_added_meanwhile_stay(login, region):
    from staffing.models import Municipality

    browser = login()
    mine = posted("CM-16", fte="1,0", stage="advertised", reason="Verfahren")
    more_served = [*mine["municipalities"], Municipality.objects.get(slug="roetgen").pk]
    browser.post(
        "/stellen/CM-16/berichtigen/", posted("CM-16", fte="1,0", municipalities=more_served, reason="auch Roetgen")
    )
    words = browser.post("/stellen/CM-16/berichtigen/", mine).content.decode()
    assert 'name="choice_municipalities" value="stored"' in words
    assert "wird übernommen: Verfahrensstand ausgeschrieben." in " ".join(words.split())
    browser.post(
        "/stellen/CM-16/berichtigen/",
        mine | {"version": stored("CM-16").version, "choice_municipalities": "stored"},
    )
    assert stored("CM-16").municipality_names() == ["Alsdorf", "Roetgen"] and stored("CM-16").stage == "advertised"


def test_a_new_basis_with_the_same_reason_is_no_double_click(login, region):
    browser = login()
    old = posted(fte="0,5")
    browser.post("/stellen/CM-01/berichtigen/", old)
    response = browser.post("/stellen/CM-01/berichtigen/", old | {"basis_place": "Bescheid, S. 2"})
    assert response.status_code == 409 and "Bescheid, S. 2" in response.content.decode()


def test_a_kommune_taken_away_stays_in_the_history(login, region):
    from staffing.models import Municipality

    browser = login()
    keep = [Municipality.objects.get(slug="roetgen").pk]
    browser.post(
        "/stellen/CM-07/berichtigen/", posted("CM-07", fte="0,5", municipalities=keep, reason="ohne Simmerath")
    )
    words = browser.get("/stellen/CM-07/").content.decode()
    assert "ohne Simmerath" in words and "Zuständigkeit entfernt: Kommune Simmerath" in words
    assert "Zuständigkeit erfasst: Kommune Simmerath" in words


def test_a_form_of_another_body_is_not_saved_here(login, bodies):
    """Switched in another window: the same number and version exist in both bodies."""
    browser = login()
    login("sachbearbeitung", "stadt-aachen", name="sachbearbeitung@staedteregion-aachen")
    with acting(None, [bodies["staedteregion-aachen"].pk]):
        data = posted(fte="0,5", carrier="", basis="")
    browser.post("/koerperschaft/", {"body": "stadt-aachen"})
    response = browser.post("/stellen/CM-01/berichtigen/", data)
    words = response.content.decode()
    assert response.status_code == 409 and "Dieses Formular gehört zu StädteRegion Aachen" in words
    with acting(None, [bodies["stadt-aachen"].pk]):
        assert stored().fte == D("3.5") and stored().version == 1


def test_hours_are_those_of_the_carrier_chosen_in_the_same_form(login, region):
    from staffing.models import Carrier

    Carrier.objects.filter(slug="drk").update(weekly_hours=D("39"))
    drk = Carrier.objects.get(slug="drk").pk
    browser = login()
    assert browser.post("/stellen/CM-01/berichtigen/", posted(fte="19,5 Std.", carrier=drk)).status_code == 302
    assert stored().fte == D("0.5")
    response = browser.post("/stellen/CM-02/berichtigen/", posted("CM-02", fte="19,5 Std."))
    assert "Wochenstunden" in response.content.decode()


# --- Neue Stelle -------------------------------------------------------------------------------------------------


def test_the_pay_group_can_be_entered(login, region):
    login().post("/stellen/CM-01/berichtigen/", posted(pay_group="EG 9b"))
    assert stored().pay_group == "EG 9b" and stored().basis_id
