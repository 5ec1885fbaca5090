"""A Bescheid entered on one page, and the Ansätze in a table: what is recorded, refused, foreseen, corrected."""

from datetime import date
from decimal import Decimal as D

import pytest

from grants.models import Account, BudgetLine, FundingNotice, ItemRate, ItemTerms, NoticeVersion, SubProduct
from grants.models.budget import fits
from kim.models import Body, ClosedYear, File, Source
from tests.helpers import said

NEW = "/zuwendungen/neu/"


def sheet(prefix, *lines):
    """The lines of a table as a browser sends them."""
    found = {f"{prefix}-TOTAL_FORMS": str(len(lines)), f"{prefix}-INITIAL_FORMS": "0"}
    for number, line in enumerate(lines):
        found |= {f"{prefix}-{number}-{name}": value for name, value in line.items()}
    return found


STAFF = {"kind": "staff", "function": "case-management", "fte": "2,43", "rate": "57.123,45"}


def bescheid(*lines, **facts):
    from grants.models import FundingProgramme

    return {
        "title": "Bescheid KIM 2024",
        "programme": str(FundingProgramme.objects.get(slug="kim").pk),
        "instrument": "lump_sum",
        "funder": "Bezirksregierung Arnsberg",
        "state": "granted",
        "number": "36.2-24",
        "date": "15.02.2024",
        "validity_0": "01.01.2024",
        "validity_1": "31.12.2024",
        "amount": "138.809,98",
    } | sheet("item", *(lines or (STAFF,))) | facts  # fmt: skip


def entered(browser, *lines, **facts):
    response = browser.post(NEW, bescheid(*lines, **facts))
    assert response.status_code == 302, said(response)
    return FundingNotice.objects.get(slug="bescheid-kim-2024")


def test_a_bescheid_is_one_page(login, region):
    """2,43 × 57.123,45 = 138.809,9835: 138.809,98, and the page says that both agree."""
    browser = login()
    notice = entered(browser, conditions="Verwendungsnachweis bis 31.03.2025")
    version = notice.current
    assert (version.state, version.amount, version.source.number) == ("granted", D("138809.98"), "36.2-24")
    assert version.source.kind == "notice" and version.source.title == "Bescheid KIM 2024"
    (terms,) = version.terms.all()
    (rate,) = terms.rates.all()
    assert (terms.fte, rate.amount, rate.per_fte, rate.source) == (D("2.43"), D("57123.45"), D(1), "")
    assert (rate.validity.lower, rate.validity.upper) == (date(2024, 1, 1), date(2025, 1, 1))
    words = said(browser.get("/zuwendungen/bescheid/bescheid-kim-2024/"))
    assert "Die Positionen ergeben genau den Betrag: 138.809,98 €" in words
    assert "Verwendungsnachweis bis 31.03.2025" in words and "36.2-24" in words


def test_an_amount_that_the_positions_do_not_give_stays(login, region):
    browser = login()
    notice = entered(browser, amount="140.000")
    assert notice.current.amount == D("140000")
    words = said(browser.get(notice.get_absolute_url()))
    assert "Die Positionen ergeben 138.809,98 €, das Dokument nennt 140.000,00 €; beides bleibt so stehen." in words


def test_two_rates_and_what_is_no_staff(login, region):
    later = {"kind": "staff", "function": "case-management", "rate": "60.001", "since": "01.07.2024", "per_fte": "1"}
    material = {"kind": "material", "label": "Sachausgaben", "amount": "1.234,56"}
    version = entered(login(), STAFF, later, material).current
    rates = list(ItemRate.objects.filter(terms__notice_version=version).order_by("validity"))
    assert [(one.validity.lower, one.amount) for one in rates] == [
        (date(2024, 1, 1), D("57123.45")),
        (date(2024, 7, 1), D("60001")),
    ]
    assert rates[0].validity.upper == date(2024, 7, 1)
    assert ItemTerms.objects.get(notice_version=version, item__kind="material").amount == D("1234.56")


def test_without_a_rate_the_published_one_is_taken_with_its_source(login, region):
    version = entered(login(), STAFF | {"rate": ""}, validity_0="01.01.2023", validity_1="31.12.2023").current
    (rate,) = ItemRate.objects.filter(terms__notice_version=version)
    assert rate.amount == D("57000") and rate.source


def test_the_document_lies_beside_its_beleg(login, region, settings):
    import io

    import pikepdf
    from django.core.files.uploadedfile import SimpleUploadedFile

    made = io.BytesIO()
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(made)
    notice = entered(login(), file=SimpleUploadedFile("bescheid.pdf", made.getvalue(), "application/pdf"))
    (found,) = File.objects.filter(subject_kind="beleg", subject_id=notice.current.source_id)
    assert found.name == "bescheid.pdf"
    assert "bescheid.pdf" in said(login().get(notice.current.source.get_absolute_url()))


WRONG = {
    "no title": ({"title": ""}, (), "Bezeichnung: "),
    "no amount": ({"amount": ""}, (), "Betrag: Ein bewilligter Bescheid nennt einen Betrag."),
    "no date": ({"date": ""}, (), "vom: Ein Bescheid hat ein Datum."),
    "no end": ({"validity_1": ""}, (), "Der Förderzeitraum braucht Anfang und Ende."),
    "turned": ({"validity_1": "31.12.2022"}, (), "liegt vor dem Anfang"),
    "a dot": ({"amount": "138.80"}, (), "Betrag: "),
    "no function": ({}, (STAFF | {"function": ""},), "Zeile 1: Funktion: Bitte die Funktion wählen"),
    "no vzae": ({}, (STAFF | {"fte": "", "rate": ""} | {"label": "x"},), "Zeile 1: VZÄ: Bitte angeben, wie viele VZÄ"),
    "twice": ({}, (STAFF, STAFF), "Zeile 2: Diese Position steht schon in der Tabelle."),
    "staff amount": ({}, (STAFF | {"amount": "1"},), "Zeile 1: Betrag: Personal hat VZÄ und Fördersatz"),
    "material": ({}, ({"kind": "material", "label": "Sachausgaben"},), "Zeile 1: Betrag: Bitte den Betrag angeben."),
    "rate late": ({}, (STAFF | {"since": "01.02.2025"},), "beginnt an einem anderen Tag im Förderzeitraum"),
    "hole": (
        {},
        (STAFF | {"since": "01.02.2024"},),
        "braucht zu jeder Personalposition für jeden Tag einen Fördersatz",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_is_named_and_nothing_is_lost(case, login, region):
    facts, lines, words = WRONG[case]
    before = (FundingNotice.objects.count(), Source.objects.count())
    response = login().post(NEW, bescheid(*lines, **facts))
    assert response.status_code == 422 and words in said(response), said(response)[:3000]
    assert "Bezirksregierung Arnsberg" in said(response)
    assert (FundingNotice.objects.count(), Source.objects.count()) == before


def test_a_further_line_and_the_consequences_save_nothing(login, region):
    browser, before = login(), FundingNotice.objects.count()
    more = browser.post(NEW, bescheid() | {"more": "item"})
    assert more.status_code == 200 and "item-1-fte" in said(more) and "Bitte prüfen" not in said(more)
    seen = browser.post(NEW, bescheid() | {"preview": "1"})
    assert seen.status_code == 200 and "Folgen der Änderung" in said(seen)
    assert FundingNotice.objects.count() == before


def test_the_bescheid_after_the_plan_and_an_aenderungsbescheid(login, region):
    browser = login()
    notice = entered(browser, STAFF, state="planned", amount="", date="", number="")
    assert notice.current.state == "planned"
    where = "/zuwendungen/bescheid/bescheid-kim-2024/fassung/neu/"
    form = said(browser.get(where))
    assert 'value="2,43"' in form and 'value="57.123,45"' in form, "the positions of the plan are there"
    given = {k: v for k, v in bescheid().items() if k not in {"title", "programme", "instrument", "funder"}}
    assert browser.post(where, given).status_code == 302
    more = given | {"date": "01.09.2024", "number": "36.2-24/1", "amount": "150.000", "holds_from": "01.10.2024"}
    assert browser.post(where, more | sheet("item", STAFF | {"fte": "2,6"})).status_code == 302
    versions = FundingNotice.objects.get(pk=notice.pk).held()
    assert [one.state_label for one in versions] == ["geplant", "bewilligt", "geändert"]
    assert versions[1].source != versions[2].source and versions[2].holds_from == date(2024, 10, 1)
    assert notice.items.count() == 1, "it is the same position in all three"


def corrections(notice, browser):
    """What the page of a Berichtigung would send, unchanged."""
    import re
    from html import unescape

    words = browser.get(f"/zuwendungen/bescheid/{notice.slug}/fassung/1/").content.decode()
    shown = unescape(re.search(r'name="shown" value="([^"]*)"', words)[1])
    given = {k: v for k, v in bescheid().items() if k not in {"title", "programme", "instrument", "funder"}}
    return given | {"document_title": "Bescheid KIM 2024", "shown": shown, "reason": "Zahlendreher"}


def test_a_berichtigung_keeps_the_position_and_its_history(login, region):
    browser = login()
    notice = entered(browser)
    item = notice.items.get()
    where = f"/zuwendungen/bescheid/{notice.slug}/fassung/1/"
    data = corrections(notice, browser) | {"amount": "138.900"} | sheet("item", STAFF | {"rate": "57.160,49"})
    assert browser.post(where, data).status_code == 302
    version = FundingNotice.objects.get(pk=notice.pk).current
    assert version.amount == D("138900") and version.number == 1
    assert notice.items.get() == item and ItemRate.objects.get(terms__item=item).amount == D("57160.49")
    late = browser.post(where, data)
    assert late.status_code == 409 and "57.160,49" in said(late), "what was typed is still there"


def test_what_posts_are_paid_from_cannot_be_taken_out(login, region):
    notice, browser = FundingNotice.find(region, "kim-2023"), login()
    import re
    from html import unescape

    words = browser.get("/zuwendungen/bescheid/kim-2023/fassung/1/").content.decode()
    shown = unescape(re.search(r'name="shown" value="([^"]*)"', words)[1])
    data = {"state": "granted", "date": "15.02.2023", "validity_0": "01.01.2023", "validity_1": "31.12.2023", "amount": "684.000", "shown": shown, "reason": "x"}  # fmt: skip
    response = browser.post("/zuwendungen/bescheid/kim-2023/fassung/1/", data | sheet("item", STAFF | {"label": "neu"}))
    assert response.status_code == 422 and "wird noch gebraucht: 17 Förderungen" in said(response), said(response)
    assert notice.items.count() == 1 and NoticeVersion.objects.get(notice=notice).amount == D("684000")


def test_a_closed_year_keeps_its_notice(login, region):
    ClosedYear.objects.create(body=region, year=2023)
    browser, before = login(), NoticeVersion.objects.count()
    given = {k: v for k, v in bescheid().items() if k not in {"title", "programme", "instrument", "funder"}}
    data = given | {"date": "01.11.2023", "validity_0": "01.01.2023", "validity_1": "31.12.2023", "amount": "700.000"}
    response = browser.post("/zuwendungen/bescheid/kim-2023/fassung/neu/?jahr=2024&stand=2024-01-02", data)
    assert response.status_code == 422 and "wieder öffnen" in said(response)
    assert NoticeVersion.objects.count() == before


def test_a_notice_that_pays_nothing_can_go(login, region):
    browser = login()
    notice = entered(browser)
    where = f"/zuwendungen/bescheid/{notice.slug}/loeschen/"
    assert browser.post(where, {"reason": "doppelt", "version": notice.version}).status_code == 302
    assert not FundingNotice.objects.filter(pk=notice.pk).exists()
    used = FundingNotice.find(region, "kim-2023")
    kept = browser.post("/zuwendungen/bescheid/kim-2023/loeschen/", {"reason": "x", "version": used.version})
    assert kept.status_code == 422 and "17 Förderungen" in said(kept)


# Ansätze


BUDGET = "/haushalt/bearbeiten/?jahr=2024"


def line(product, **facts):
    return {"sub_product": product, "purpose": "own", "label": "Personal", "amount": "1.234,56"} | facts


def test_ansaetze_are_written_in_a_table(login, region):
    browser = login("kaemmerei")
    data = sheet("line", line("946100", account="414100"), line("946100", purpose="income", label="Land", amount=""))
    assert browser.post(BUDGET, data | {"reason": "Entwurf"}).status_code == 302
    rows = BudgetLine.objects.filter(year=2024).order_by("label")
    assert [(one.label, one.amount, one.assumption) for one in rows] == [
        ("Land", None, "Entwurf"),
        ("Personal", D("1234.56"), "Entwurf"),
    ]
    words = said(browser.get(BUDGET))
    assert 'value="1.234,56"' in words and "Land" in words


def test_a_further_line_has_what_every_line_begins_with(login, region):
    data = sheet("line", line("946100")) | {"reason": "x", "more": "line"}
    words = said(login("kaemmerei").post(BUDGET, data))
    assert words.count('<option value="946100" selected>') == 2, "the typed one, and the new one"


def test_the_lines_of_last_year_are_a_beginning_without_amounts(login, region):
    words = said(login("kaemmerei").get("/haushalt/bearbeiten/?vorjahr=1&jahr=2024"))
    assert "Personalkostenzuschüsse für die Stellen bei Dritten" in words and "342.000,00" not in words
    assert BudgetLine.objects.filter(year=2024).count() == 0


def test_beside_each_stands_what_posts_require(login, region):
    BudgetLine.objects.filter(purpose="onward").update(amount=D("341000.50"))
    words = said(login("kaemmerei").get("/haushalt/bearbeiten/?jahr=2023"))
    assert "684.000,00 €" in words and "Differenz −999,50 €" in words


def test_two_who_write_lose_nothing(login, region):
    browser = login("kaemmerei")
    stored = BudgetLine.objects.get(year=2023, purpose="own")
    shown = line("946100", label=stored.label, amount="342.001", row=stored.pk, version=stored.version)
    data = sheet("line", shown) | {"reason": "x"}
    assert browser.post("/haushalt/bearbeiten/?jahr=2023", data).status_code == 302
    late = browser.post("/haushalt/bearbeiten/?jahr=2023", data | sheet("line", shown | {"amount": "5"}))
    assert late.status_code == 409
    assert BudgetLine.objects.get(pk=stored.pk).amount == D("342001")


def test_a_line_can_go_unless_a_text_uses_it(login, region):
    browser = login("kaemmerei")
    product = SubProduct.find(region, "946100")
    made = BudgetLine.objects.create(body=region, year=2024, sub_product=product, purpose="own", label="Falsch")
    data = sheet("line", line("946100", label="Falsch", row=made.pk, version=1, remove="on")) | {"reason": "doppelt"}
    assert browser.post(BUDGET, data).status_code == 302
    assert not BudgetLine.objects.filter(pk=made.pk).exists()


def test_a_double_ansatz_is_refused_and_named(login, region):
    data = sheet("line", line("946100"), line("946100", amount="7")) | {"reason": "x"}
    response = login("kaemmerei").post(BUDGET, data)
    assert response.status_code == 422 and "Personal 2024: Diesen Ansatz gibt es schon." in said(response)
    assert not BudgetLine.objects.filter(year=2024).exists()


def test_only_the_kaemmerei_writes_ansaetze(login):
    assert login().get(BUDGET).status_code == 403 and login("leitung").post(BUDGET, {}).status_code == 403


def test_teilprodukt_and_sachkonto_are_hers(login, region):
    browser = login("kaemmerei")
    assert browser.post("/haushalt/sachkonten/neu/", {"number": "531800", "name": "Zuschüsse"}).status_code == 302
    again = browser.post("/haushalt/sachkonten/neu/", {"number": "531800", "name": "Anderes"})
    assert again.status_code == 422 and "Dieses Sachkonto gibt es schon." in said(again)
    assert "Schon vorhanden:" in said(again) and "/haushalt/sachkonten/531800/" in said(again)
    bad = browser.post("/haushalt/teilprodukte/neu/", {"number": "05 01/7", "name": "x"})
    assert bad.status_code == 422 and "Bitte nur Buchstaben, Ziffern, Punkt und Bindestrich" in said(bad)
    used = SubProduct.find(region, "946100")
    kept = browser.post("/haushalt/teilprodukte/946100/loeschen/", {"reason": "x", "version": used.version})
    assert kept.status_code == 422 and "Haushaltsansätze" in said(kept)


@pytest.mark.parametrize(
    ("number", "mask", "fit"),
    [
        ("531800", "999999", True),
        ("53180", "999999", False),
        ("5318OO", "999999", False),
        ("٥٣١٨٠٠", "999999", False),  # digits, but not ours
        ("05.315.01", "99.999.99", True),
        ("05x315x01", "99.999.99", False),
        ("K5", "A9", True),
        ("ß5", "A9", False),
        ("05.01 ", "99.99", False),
        ("anything", "", True),
    ],
)
def test_numbers_are_written_as_the_mask_says(number, mask, fit):
    assert fits(number, mask) is fit


def test_a_number_that_does_not_fit_the_mask_is_refused_and_an_old_one_stays(login, region):
    old = Account.objects.create(body=region, number="53-1", name="Alt")
    Body.objects.filter(pk=region.pk).update(account_mask="999999", sub_product_mask="99.999.99")
    browser = login("kaemmerei")
    for url, good, wrong in (("sachkonten", "531801", "53180"), ("teilprodukte", "05.315.01", "05315.01")):
        answer = browser.post(f"/haushalt/{url}/neu/", {"number": wrong, "name": "x"})
        assert answer.status_code == 422 and "nicht geschrieben wie im Kontenplan" in answer.content.decode()
        assert browser.post(f"/haushalt/{url}/neu/", {"number": good, "name": "x"}).status_code == 302
    renamed = {"number": "53-1", "name": "Anders", "version": old.version}
    assert browser.post("/haushalt/sachkonten/53-1/bearbeiten/", renamed).status_code == 302
