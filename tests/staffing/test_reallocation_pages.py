"""Pages of Umverteilungen: drafts, their conflict, wirksam setzen and zurücknehmen by button, and bad input."""

import re

import pytest

from kim.store.context import acting
from staffing.models import PositionPeriod, Reallocation
from tests.staffing.plans import former_plan


@pytest.fixture
def clerk(login, bodies):
    body = bodies["staedteregion-aachen"]
    with acting(None, [body.pk]):
        former_plan(body)
    return login()


def sheet(gives=(("CM-12", "0,5"),), takes=(("neu:drk", "Alsdorf", "0,5"),), **head):
    data = {
        "effective": "01.03.2023", "reason": "Bedarf", "basis": "", "basis_state": "taken", "basis_place": "",
        "assumption": "", "difference_reason": "", "version": "1", "act": "draft",
        "von-TOTAL_FORMS": len(gives), "von-INITIAL_FORMS": 0, "nach-TOTAL_FORMS": len(takes), "nach-INITIAL_FORMS": 0,
    }  # fmt: skip
    for n, (post, fte) in enumerate(gives):
        data |= {f"von-{n}-stelle": post, f"von-{n}-vzae": fte}
    for n, (target, places, fte) in enumerate(takes):
        data |= {
            f"nach-{n}-ziel": target,
            f"nach-{n}-kommunen": places,
            f"nach-{n}-vzae": fte,
            f"nach-{n}-ersatzplan": "",
        }
    return data | head


NEW = "/umverteilungen/neu/?stand=2023-02-28"


def words_of(response):
    return " ".join(response.content.decode().split())


def test_a_draft_is_saved_changed_and_set_into_effect(clerk, region):
    page = words_of(clerk.post(NEW, sheet(), follow=True))
    assert "als Entwurf gespeichert" in page and "ausgeglichen" in page and "Wirksam setzen" in page
    row = Reallocation.objects.get()
    edit = f"/umverteilungen/{row.number}/bearbeiten/"
    form = words_of(clerk.get(edit))
    assert 'value="Alsdorf"' in form and 'value="neu:drk" selected' in form
    done = clerk.post(edit, sheet(takes=(("stelle:CM-13", "", "0,5"),), version=row.version), follow=True)
    assert "−0,5 CM-12, +0,5 CM-13" in words_of(clerk.get("/umverteilungen/"))
    assert done.status_code == 200
    row.refresh_from_db()
    done = clerk.post(f"/umverteilungen/{row.number}/wirksam/", {"version": row.version}, follow=True)
    assert "ist wirksam ab 01.03.2023" in words_of(done)
    assert PositionPeriod.objects.as_of(row.effective).get(position__number="CM-13").fte == 1.5
    assert clerk.get(edit).status_code == 404
    page = words_of(clerk.get("/stellen/CM-13/"))
    assert "+0,5 VZÄ ab 01.03.2023 (wirksam)" in page
    back = clerk.post(f"/umverteilungen/{row.number}/zuruecknehmen/", {"reason": ""})
    assert back.status_code == 422 and "Bitte einen Grund" in words_of(back)


def test_a_stale_draft_keeps_what_was_typed_and_shows_what_is_stored(clerk, region):
    clerk.post(NEW, sheet())
    row = Reallocation.objects.get()
    edit = f"/umverteilungen/{row.number}/bearbeiten/"
    shown = re.search(r'name="version" value="(\d+)"', words_of(clerk.get(edit)))[1]
    assert clerk.post(edit, sheet(takes=(("", "Monschau", "0,5"),), version=shown)).status_code == 302
    late = clerk.post(edit, sheet(takes=(("", "Roetgen", "0,5"),), version=shown, form_key=""))
    page = words_of(late)
    assert late.status_code == 409 and "Jemand war schneller" in page
    assert "noch nicht vergeben für Monschau" in page and 'value="Roetgen"' in page
    fresh = re.search(r'name="version" value="(\d+)"', page)[1]
    assert clerk.post(edit, sheet(takes=(("", "Roetgen", "0,5"),), version=fresh)).status_code == 302
    assert "Roetgen" in Reallocation.objects.get().in_words()
    stale = clerk.post(f"/umverteilungen/{row.number}/wirksam/", {"version": shown})
    assert stale.status_code == 409 and Reallocation.objects.get().state == "draft"


def test_an_unbalanced_draft_can_be_saved_and_not_take_effect(clerk, region):
    refused = clerk.post(NEW, sheet(takes=(("neu:drk", "Alsdorf", "0,4"),), act="adopt"))
    assert (
        refused.status_code == 422 and "Differenz: −0,1 VZÄ" in words_of(refused) and not Reallocation.objects.exists()
    )
    assert clerk.post(NEW, sheet(takes=(("neu:drk", "Alsdorf", "0,4"),))).status_code == 302
    row = Reallocation.objects.get()
    tried = clerk.post(f"/umverteilungen/{row.number}/wirksam/", {"version": row.version})
    assert tried.status_code == 422 and "So kann die Umverteilung nicht wirksam werden" in words_of(tried)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"effective": "31.02.2023"}, "Wirksam ab"),
        ({"reason": " "}, "Grund"),
        ({"von-0-vzae": "0,5,5"}, "Bitte VZÄ als Zahl"),
        ({"von-0-vzae": ""}, "wie viele VZÄ CM-12 abgibt"),
        ({"von-0-stelle": ""}, "Bitte die Stelle wählen"),
        ({"nach-0-vzae": ""}, "wie viele VZÄ hier aufgenommen"),
        ({"nach-0-kommunen": "Entenhausen"}, "Entenhausen"),
        ({"nach-0-ziel": "neu:gibtesnicht"}, "nimmt auf"),
        ({"nach-0-ziel": "stelle:CM-13"}, "behält ihre Kommunen"),
        ({"von-TOTAL_FORMS": "x"}, "bitte"),
        ({"von-TOTAL_FORMS": "9999"}, "200"),
    ],
)
def test_bad_input_gets_a_sentence_and_stays(changes, words, clerk, region):
    answer = clerk.post(NEW, sheet() | changes)
    assert answer.status_code == 422 and words.casefold() in words_of(answer).casefold()
    assert not Reallocation.objects.exists()


@pytest.mark.parametrize("text", ["Stolberg", "stolberg (rhld.)", "Stadt Stolberg"])
def test_kommunen_are_understood_by_name(text, clerk, region):
    answer = clerk.post(NEW, sheet(takes=(("", f"Eschweiler und {text}", "0,5"),)))
    assert answer.status_code == 302
    assert "für Eschweiler und Stolberg (Rhld.)" in Reallocation.objects.get().in_words()


@pytest.mark.parametrize("count", ["2", "²", "x", "9" * 9, ""])
def test_one_more_line_keeps_what_was_typed(count, clerk, region):
    answer = clerk.post(NEW, sheet() | {"more": "nach", "nach-TOTAL_FORMS": count})
    assert answer.status_code == 200 and 'value="Alsdorf"' in words_of(answer)
    assert not Reallocation.objects.exists()


def test_the_preview_saves_nothing(clerk, region):
    page = words_of(clerk.post(NEW, sheet(reason="") | {"preview": "1"}))
    assert "Deutsches Rotes Kreuz" in page and "Noch ist nichts gespeichert" in page
    assert not Reallocation.objects.exists() and not PositionPeriod.objects.filter(position__number="CM-15").exists()


def test_who_may_not_edit_reads(clerk, login, region):
    clerk.post(NEW, sheet())
    number = Reallocation.objects.get().number
    reader = login("pruefung")
    page = words_of(reader.get(f"/umverteilungen/{number}/"))
    assert "Wirksam setzen" not in page and "Bearbeiten" not in page
    assert reader.post(f"/umverteilungen/{number}/wirksam/", {"version": "1"}).status_code == 403
    assert 'id="selection"' not in words_of(reader.get("/stellen/")) and 'id="selection"' in words_of(
        clerk.get("/stellen/")
    )
