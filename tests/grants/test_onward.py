"""Weiterleitung: what each recipient gets, the Bescheid that says so, its release, its Änderung, and all at once."""

import io
from datetime import date
from decimal import Decimal as D

import docx
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from grants.documents import OnwardDocument
from grants.figures import neutrality, onward
from grants.models import FundingNotice, FundingProgramme, ItemRate, NoticeVersion, OnwardGrant, OnwardTemplate, load
from kim.models import Source, Text, TextBlock
from kim.studio import releases
from kim.values.periods import year_of
from staffing.models import Carrier, Occupancy, PositionPeriod
from tests.grants.onward import DAY, new, printed, shrink
from tests.helpers import pdf_text, said, sql

# what each gets


def test_the_recipients_amounts_are_those_of_the_ruling(notice):
    found = {one.carrier.slug: one for one in onward.recipients(notice)}
    assert found["sprungbrett"].amount.value == D("85500.00")
    assert found["stadt-monschau"].amount.value == D("23750.00")  # from 01.03.: ten months
    assert found["stadt-monschau"].fte(date(2023, 2, 28)).value == 0
    assert found["stadt-monschau"].fte(DAY).value == D("0.500")
    assert "staedteregion-aachen" not in found


def test_what_the_recipients_get_and_what_nobody_has_is_what_the_onward_posts_cost(notice):
    """Counter-check by the other way of adding: cost neutrality."""
    posts = PositionPeriod.objects.filter(position__funding__item__notice=notice, position__kind="onward")
    assigned = {row.position_id for row in posts.filter(carrier__isnull=False)}
    costs = neutrality.required(load(notice.body, year_of(2023)), 2023)["onward"].operands
    unassigned = sum(c.value for c in costs if not posts.filter(position__number=c.label, position__in=assigned))
    assert sum(one.amount.value for one in onward.recipients(notice)) + unassigned == D("342000.00")


def test_a_rate_that_is_not_known_gives_no_amount(notice):
    found = onward.recipients(notice)[0]
    sql("SET CONSTRAINTS ALL DEFERRED")
    ItemRate.objects.filter(terms__item__notice=notice).delete()
    fresh = FundingNotice.find(notice.body, "kim-2023")
    assert next(one for one in onward.recipients(fresh) if one.carrier == found.carrier).amount.value is None
    with pytest.raises(ValidationError, match="fehlt der Fördersatz"):
        onward.amount(fresh, found.carrier)
    with transaction.atomic():
        transaction.set_rollback(True)


def test_who_gets_nothing_is_told_so(notice):
    with pytest.raises(ValidationError, match=r"erhält .* nichts"):
        onward.amount(notice, Carrier.find(notice.body, "staedteregion-aachen"))


# the paper


def test_the_bescheid_says_who_gets_what_for_which_posts(notice, signed):
    text = printed(new(notice, "stadt-monschau"))
    order = [
        "StädteRegion Aachen",
        "Stadt Monschau",
        "Probeweg 1",
        "Weiterleitungsbescheid",
        "Bewilligung",
        "vom 01.03.2023 bis 31.12.2023",
        "aus der fachbezogenen Pauschale der Bezirksregierung Arnsberg (Bescheid vom 15.02.2023 an die",
        "23.750,00 €",
        "Geförderte Stellen",
        "CM-15",
        "Verwendungsnachweis",
        "Rechtsbehelfsbelehrung",
        "Frau Probe",
    ]
    places = [text.find(words) for words in order]
    assert -1 not in places and places == sorted(places), list(zip(order, places, strict=True))
    assert "Entwurf" in text


def test_the_contract_is_signed_by_both(district):
    notice = FundingNotice.find(district, "kim-2023")
    one = onward.recipients(notice)[0].carrier
    text = printed(new(notice, one.slug, basis="contract"))
    assert "§ 1 Gegenstand" in text and text.count("Ort, Datum, Unterschrift") == 2 and f"Für {one.name}:" in text


def test_the_table_follows_the_data_only_when_taken_over(notice, signed):
    grant = new(notice, "sprungbrett")
    before = printed(grant)
    shrink()
    assert printed(grant) == before and "85.500,00 €" in before
    found = OnwardDocument(OnwardGrant.objects.get(pk=grant.pk))
    assert any("Tabelle der weitergeleiteten Stellen" in problem for problem in found.problems())
    with pytest.raises(ValidationError, match="57\\.000,00"):
        grant.release(None)
    releases.adopt_figures(found)
    assert "57.000,00 €" in printed(grant) and "85.500,00 €" not in printed(grant)


def test_what_is_released_stays_and_says_so(notice, signed):
    grant = new(notice, "sprungbrett")
    release = grant.release(None)
    shrink()
    text = printed(grant)
    assert "freigegeben" in text and "Entwurf" not in text and "85.500,00 €" in text
    assert releases.overtaken(OnwardDocument(grant), release)
    for statement in (
        "UPDATE grants_onwardgrant SET signer_name = 'x' WHERE id = %s",
        "DELETE FROM grants_onwardgrant WHERE id = %s",
    ):
        with pytest.raises(IntegrityError, match="released"), transaction.atomic():
            sql(statement, grant.pk)
    with pytest.raises(ValidationError, match="schon freigegeben"):
        grant.release(None)
    assert [p.verdict for p in releases.proofs(notice.body)] == [releases.Verdict.IDENTICAL]


def test_after_a_release_comes_its_aenderung_and_never_two_drafts(notice, signed):
    grant = new(notice, "sprungbrett")
    with pytest.raises(ValidationError, match="schon als Entwurf da"):
        new(notice, "sprungbrett")
    grant.release(None)
    shrink()
    again = new(notice, "sprungbrett")
    assert again.number == 2 and "1. Änderung" in printed(again) and "57.000,00 €" in printed(again)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: Carrier.objects.update(street=""), "Anschrift"),
        (lambda g: OnwardGrant.objects.update(signer_name=""), "Zeichnung fehlt"),
        (lambda g: TextBlock.objects.filter(text=g.text, key="rechtsbehelf").update(content=""), "ist leer"),
        (lambda g: TextBlock.objects.filter(text=g.text, key="stellen").update(content="x"), "Tabelle der Stellen"),
        (
            lambda g: TextBlock.objects.filter(text=g.text, key="stellen").update(
                content="Nur bis Juni.\n\n{{onward.posts}}"
            ),
            "nur die Tabelle",
        ),
        (
            lambda g: TextBlock.objects.filter(text=g.text, key="zweck").update(content="{{onward.posts}}"),
            "eigenen Abschnitt",
        ),
        (lambda g: TextBlock.objects.filter(text=g.text, key="zweck").update(content="«Name»"), "stehen geblieben"),
        (lambda g: OnwardGrant.objects.update(as_of=date(1995, 1, 1)), "nicht im Förderzeitraum"),
        (lambda g: NoticeVersion.objects.filter(notice=g.notice_id).update(state="planned"), "nicht bewilligt"),
    ],
    ids=["address", "signer", "empty", "table", "beside", "elsewhere", "leftover", "day", "planned"],
)
def test_what_is_missing_keeps_it_from_being_released(notice, signed, change, words):
    grant = new(notice, "sprungbrett")
    change(grant)
    with pytest.raises(ValidationError, match=words):
        OnwardGrant.objects.get(pk=grant.pk).release(None)


def test_the_word_file_has_the_table_and_the_recipient(notice, signed, login):
    grant = new(notice, "sprungbrett")
    file = docx.Document(io.BytesIO(login().get(f"/dokumente/{grant.address}/docx/").content))
    assert file.tables[0].rows[1].cells[0].text == "CM-10"
    assert any("Probeweg 1" in paragraph.text for paragraph in file.paragraphs)


def test_the_text_is_written_in_the_studio(notice, signed, login):
    grant = new(notice, "sprungbrett")
    url = f"/dokumente/{grant.address}/text/"
    block = grant.text.blocks.get(key="zweck")
    answer = login().post(url, {"block_zweck": "Nur für **Personal**.", "version_zweck": block.version}, follow=True)
    words = said(answer)
    assert answer.redirect_chain[0][0].startswith(grant.get_absolute_url())
    assert "<strong>Personal</strong>" in words and "Der Text ist gespeichert" in words


def test_a_muster_is_read_with_an_example_and_never_released(region, login):
    row = OnwardTemplate.objects.get(basis="notice")
    assert "Die Zahlen sind ein Beispiel" in login().get(row.get_absolute_url()).content.decode()
    answer = login("leitung").post(f"/dokumente/{row.address}/freigeben/", {})
    assert answer.status_code == 422 and "Ein Muster wird nicht freigegeben" in answer.content.decode()


def test_the_pages_of_a_muster_are_those_of_its_example(region, login):
    row = OnwardTemplate.objects.get(basis="notice")
    for end, kind in (("pdf", "application/pdf"), ("docx", "officedocument"), ("seiten", "text/html")):
        answer = login().get(f"/dokumente/{row.address}/{end}/")
        assert answer.status_code == 200 and kind in answer["Content-Type"]
    assert "Muster" in pdf_text(login().get(f"/dokumente/{row.address}/pdf/").content)


def test_a_muster_without_an_example_says_why_it_cannot_be_printed(region, login):
    row = OnwardTemplate.objects.get(basis="notice")
    Carrier.objects.filter(kind__in=["municipality", "welfare", "company", "parish"]).update(kind="own")
    for end in ("pdf", "docx"):
        assert login().get(f"/dokumente/{row.address}/{end}/").status_code == 422
    assert 'class="problems"' in login().get(f"/dokumente/{row.address}/seiten/").content.decode()


def test_a_new_muster_has_headings_and_nothing_else(city, login):
    login("sachbearbeitung", "stadt-aachen").post("/zuwendungen/muster/notice/neu/")
    row = OnwardTemplate.objects.get(body=city)
    assert [b.content for b in row.text.blocks.all() if b.content] == ["{{onward.posts}}"]


def test_a_programme_may_have_a_muster_of_its_own(notice, signed, login):
    """It begins as a copy of the one for all; what is written from then on for this programme follows it."""
    common = OnwardTemplate.objects.get(basis="notice")
    page = said(login().get(reverse("onward", args=[notice.slug])))
    assert "Muster Weiterleitungsbescheid, eigenes für KIM: noch keines" in page
    assert login().post("/zuwendungen/muster/notice.kim/neu/").status_code == 302
    own = OnwardTemplate.objects.get(basis="notice", programme=notice.programme)
    assert own.said() == common.said() and own.signer_name == common.signer_name
    own.text.blocks.filter(key="zweck").update(content="Nur für dieses Programm.")
    assert "Nur für dieses Programm." in printed(new(notice, "sprungbrett"))
    assert "Nur für dieses Programm." in said(login().get("/zuwendungen/muster/notice.kim/"))
    assert "Nur für dieses Programm." not in said(login().get("/zuwendungen/muster/notice/"))
    FundingNotice.objects.filter(pk=notice.pk).update(
        programme=FundingProgramme.objects.create(name="X", short_name="X")
    )
    assert "Nur für dieses Programm." not in printed(new(FundingNotice.objects.get(pk=notice.pk), "stadt-monschau"))


@pytest.mark.parametrize("key", ["notice.gibt-es-nicht", "quatsch", "quatsch.kim", "notice."])
def test_there_is_no_muster_of_what_there_is_not(key, notice, login):
    assert login().post(f"/zuwendungen/muster/{key}/neu/").status_code in {302, 404}
    assert (
        OnwardTemplate.objects.filter(body=notice.body).count() == OnwardTemplate.objects.filter(programme=None).count()
    )
    assert login().get(f"/zuwendungen/muster/{key}x/").status_code == 404


def test_the_page_asks_the_same_however_many_there_are(notice, signed, login):
    new(notice, "sprungbrett")
    browser, url = login(), reverse("onward", args=[notice.slug])
    browser.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    for one in onward.recipients(notice):
        if one.carrier.slug != "sprungbrett":
            new(notice, one.carrier.slug)
    with CaptureQueriesContext(connection) as many:
        browser.get(url)
    assert len(many) == len(few)


def test_the_head_is_read_again_under_the_lock(notice, signed):
    grant = new(notice, "sprungbrett")
    held = OnwardGrant.objects.get(pk=grant.pk)
    OnwardGrant.objects.filter(pk=grant.pk).update(signer_name="Frau Neu")
    held.release(None)
    assert "Frau Neu" in printed(grant)


def test_the_printed_aktenzeichen_of_a_release_is_fixed(notice, signed):
    grant = new(notice, "sprungbrett")
    Source.objects.filter(pk=grant.source_id).update(file_reference="AZ 1")
    OnwardGrant.objects.get(pk=grant.pk).release(None)
    with pytest.raises(IntegrityError, match="released"), transaction.atomic():
        sql("UPDATE kim_source SET file_reference = 'AZ 2' WHERE id = %s", grant.source_id)


def test_who_gets_nothing_any_more_stays_in_sight(notice, signed, login):
    new(notice, "sprungbrett").release(None)
    Occupancy.objects.filter(position__number="CM-10").delete()
    PositionPeriod.objects.filter(position__number="CM-10").update(carrier=Carrier.find(notice.body, "stadt-monschau"))
    words = login().get(reverse("onward", args=[notice.slug])).content.decode()
    assert "erhält nichts mehr" in words and "(freigegeben)" in words


def test_a_draft_can_be_deleted_and_a_release_not(notice, signed, login):
    grant = new(notice, "sprungbrett")
    browser, url = login(), f"{grant.get_absolute_url()}loeschen/"
    browser.post(url, {"reason": "verwählt", "version": grant.version})
    assert not OnwardGrant.objects.exists() and not Text.objects.filter(pk=grant.text_id).exists()
    assert not Source.objects.filter(pk=grant.source_id).exists()
    again = new(notice, "sprungbrett")
    again.release(None)
    assert browser.get(url).status_code == 404
    with pytest.raises(ValidationError, match="bleibt"):
        OnwardGrant.objects.get().remove(reason="x")


def test_an_aenderung_has_the_form_of_what_it_changes(district):
    notice = FundingNotice.find(district, "kim-2023")
    carrier = onward.recipients(notice)[0].carrier
    Carrier.objects.update(street="Weg 1", postal_code="00000", locality="Ort")
    new(notice, carrier.slug).release(None)
    with pytest.raises(ValidationError, match="dieselbe Form"):
        new(notice, carrier.slug, basis="contract")
