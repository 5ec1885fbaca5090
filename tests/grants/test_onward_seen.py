"""What is released was seen, of the Weiterleitung: one printed field that changed since is named, one by one and where
all are released at once; and who may write it at all."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from grants.documents import OnwardDocument
from grants.models import FundingNotice, OnwardGrant
from grants.models.onward import drafts
from grants.tasks import release_grants
from grants.views.onward import digest
from kim.access.rules import RULES
from kim.history.preview import rolled_back
from kim.models import Body, BoundFigure, Release, Role, Source, Text, TextBlock
from kim.studio import seen
from staffing.models import Carrier
from tests.grants.onward import DAY, new
from tests.grants.test_onward_jobs import asked, work
from tests.helpers import shown


def of_grant(**facts):
    return lambda grant: OnwardGrant.objects.filter(pk=grant.pk).update(**facts)


def of_source(**facts):
    return lambda grant: Source.objects.filter(pk=grant.source_id).update(**facts)


def another_form(grant):
    of_grant(basis="contract" if grant.basis == "notice" else "notice")(grant)


def earlier(grant):
    """The draft before it, of which it says the date, gets another one: only while that is no release yet."""
    before = OnwardGrant.objects.get(notice=grant.notice, carrier=grant.carrier, number=grant.number - 1)
    Source.objects.filter(pk=before.source_id).update(date=date(2023, 2, 28))


CHANGES = {
    "title": (another_form, "Form der Weiterleitung"),
    "heading": (another_form, "Form der Weiterleitung"),
    "contract": (another_form, "Form der Weiterleitung"),
    "reference": (of_source(file_reference="AZ 7"), "Aktenzeichen"),
    "name": (lambda g: FundingNotice.objects.filter(pk=g.notice_id).update(title="Andere"), "Zuwendung"),
    "date": (of_source(date=date(2023, 3, 2)), "Datum"),
    "as_of": (of_grant(as_of=date(2023, 3, 2)), "Zahlenstand"),
    "amends": (earlier, "tritt an die Stelle von"),
    "body": (lambda g: Body.objects.filter(pk=g.body_id).update(sender="Andere Stelle"), "Briefkopf"),
    "recipient": (lambda g: Carrier.objects.filter(pk=g.carrier_id).update(street="Weg 2"), "Anschrift des Empfängers"),
    "blocks": (
        lambda g: TextBlock.objects.filter(text=g.text_id, key="zweck").update(content="Anders."),
        "Abschnitt „",
    ),
    "tables": (
        lambda g: BoundFigure.objects.filter(text=g.text_id, token="onward.posts").update(words="a\tb\tc\td\te"),
        "Geförderte Stellen",
    ),
    "signer": (of_grant(signer_name="Jemand Anderes"), "Zeichnung"),
}


@pytest.fixture(params=["notice", "contract"])
def grant(request, notice, signed):
    """A draft of each form; as the second one for its recipient it says in whose place it comes."""
    first = new(notice, "sprungbrett")
    source = Source.objects.create(body=notice.body, kind="onward", title="Davor", date=DAY)
    text = Text.objects.create(body=notice.body, name="Davor", public=True)
    OnwardGrant.objects.filter(pk=first.pk).update(number=2, basis=request.param)
    facts = {"body": notice.body, "notice": notice, "carrier": first.carrier, "as_of": DAY, "basis": request.param}
    OnwardGrant.objects.create(source=source, text=text, number=1, **facts)
    return OnwardGrant.objects.get(pk=first.pk)


def refused(act):
    try:
        act()
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def test_a_field_that_changed_since_the_page_was_shown_is_named_and_nothing_is_released(grant, login):
    sent = shown(login("leitung"), grant.get_absolute_url())["fingerprint"]
    unnamed = {}
    for key, (change, name) in CHANGES.items():
        with rolled_back():
            change(OnwardGrant.objects.get(pk=grant.pk))
            words = refused(lambda: OnwardGrant.objects.get(pk=grant.pk).release(None, shown=sent))
        if not (words.startswith("Inzwischen geändert: ") and name in words):
            unnamed[key] = words
    assert unnamed == {} and OnwardGrant.objects.get(pk=grant.pk).is_open


def test_no_key_of_the_content_is_forgotten(notice, signed):
    document = OnwardDocument(new(notice, "sprungbrett"))
    keys = set(document.content([], DAY))
    assert keys == set(CHANGES) | set(seen.EXCEPT)
    assert keys - set(seen.EXCEPT) - {"blocks", "tables"} == set(document.labels)


def test_a_page_names_the_field_and_one_that_sends_nothing_releases_nothing(notice, signed, login):
    grant, browser = new(notice, "sprungbrett"), login("leitung")
    sent, url = shown(browser, grant.get_absolute_url()), f"/dokumente/{grant.address}/freigeben/"
    assert browser.post(url, {}).status_code == 422
    of_grant(signer_name="Jemand Anderes")(grant)
    answer = browser.post(url, sent)
    assert answer.status_code == 422 and "Inzwischen geändert: Zeichnung." in answer.content.decode()
    assert not Release.objects.exists()
    assert browser.post(url, shown(browser, grant.get_absolute_url())).status_code == 302
    assert OnwardGrant.objects.get().get_state_display() == "freigegeben"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("signer", "Kopf (Zeichnung, Zahlenstand)"),
        ("reference", "Kopf (Aktenzeichen, Datum)"),
        ("recipient", "Anschrift des Empfängers"),
        ("body", "Briefkopf"),
        ("name", "Zuwendung"),
        ("blocks", "Text"),
        ("tables", "Zahlen"),
    ],
)
def test_what_changes_after_all_were_asked_for_is_named_in_the_job(notice, signed, login, region, key, name):
    grant = new(notice, "sprungbrett")
    login("leitung").post(reverse("onward-release", args=[notice.slug]), {"drafts": digest(drafts(notice))})
    CHANGES[key][0](grant)
    job = work(asked(region, "leitung"), release_grants)
    assert f"Inzwischen geändert: {name}. Bitte noch einmal ansehen." in job.problems[0]
    assert OnwardGrant.objects.get().is_open


# rights are each kind's own


def test_the_sitzungsdienst_writes_no_weiterleitung_and_no_muster(notice, signed, login):
    grant, browser = new(notice, "sprungbrett"), login("sitzungsdienst")
    page = grant.get_absolute_url()
    assert "Text bearbeiten" not in browser.get(page).content.decode()
    for address in (
        *(f"/dokumente/{grant.address}/{end}/" for end in ("text", "vorschau", "seiten", "uebernehmen")),
        *(f"/dokumente/muster.notice/{end}/" for end in ("text", "vorschau")),
        *(f"{page}{end}/" for end in ("kopf", "loeschen")),
        "/zuwendungen/muster/contract/neu/",
    ):
        assert browser.post(address).status_code == 403, address
    assert browser.get(f"/dokumente/{grant.address}/zahlen/").status_code == 403
    assert browser.get(f"/dokumente/{grant.address}/pdf/").status_code == 200, "and prints it"


def test_who_may_write_one_kind_of_document_may_not_write_another(notice, signed, login, monkeypatch):
    grant, clerk, head = new(notice, "sprungbrett"), login(), login("leitung")
    monkeypatch.setitem(RULES, "onward.edit", {Role.COMMITTEE})
    monkeypatch.setitem(RULES, "onward.release", {Role.AUDIT})
    for end in ("text", "seiten", "zahlen"):
        answer = clerk.get(f"/dokumente/{grant.address}/{end}/")
        assert answer.status_code == 403 and "Weiterleitungen und ihre Muster schreiben" in answer.content.decode()
        assert clerk.get(f"/dokumente/2023-0120/{end}/").status_code == 200
    assert "Text bearbeiten" not in clerk.get(grant.get_absolute_url()).content.decode()
    assert "Endgültig freigeben" not in head.get(grant.get_absolute_url()).content.decode()
    assert head.post(f"/dokumente/{grant.address}/freigeben/").status_code == 403
    assert head.post("/dokumente/2023-0120/freigeben/").status_code == 422


def test_the_sitzungsdienst_writes_the_agenda_of_a_paper_and_not_the_paper(region, login):
    browser, url = login("sitzungsdienst"), "/dokumente/2023-0120/"
    page = browser.get(url).content.decode()
    assert "Gremium aufnehmen" in page and "Text bearbeiten" not in page and "Kopf bearbeiten" not in page
    for end in ("gremium/neu", "aktenzeichen", "gremium/1/loeschen"):
        assert browser.get(f"{url}{end}/").status_code == 200, end
    for end in ("text", "kopf", "mitzeichnung/neu"):
        assert browser.get(f"{url}{end}/").status_code == 403, end
    assert browser.post(f"{url}stand/", {"state": "cosigning"}).status_code == 302


def test_who_writes_a_paper_and_the_sitzungsdienst_enter_its_agenda(region, login):
    url = "/dokumente/2023-0120/"
    for user, offered in (("sachbearbeitung", True), ("sitzungsdienst", True), ("leitung", False)):
        browser = login(user)
        assert ("Gremium aufnehmen" in browser.get(url).content.decode()) == offered, user
        assert browser.get(f"{url}gremium/neu/").status_code == (200 if offered else 403), user
    assert "Text bearbeiten" not in login("sitzungsdienst").get(url).content.decode()
