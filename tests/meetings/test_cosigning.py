"""Mitzeichnung: who signs for which office, Bemerkungen to blocks, and what only changes words."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from kim.models import TextBlock, User
from kim.models.refusals import db_errors_as_validation
from kim.store.context import acting
from kim.studio import releases
from kim.studio.writing import write
from kim.values.periods import inclusive_range
from meetings.documents import PaperDocument
from meetings.figures.papers import unfinished
from meetings.models import BlockComment, CoSignature, Organization, Paper, Signatory
from staffing.models import PositionPeriod
from tests.helpers import shown, sql
from tests.meetings.papers import halve

DAY = date(2023, 3, 1)
URL = "/dokumente/2023-0120/"


@pytest.fixture
def office(region):
    return Organization.objects.create(body=region, name="A 50", organization_type="department")


@pytest.fixture
def signature(region, paper, office):
    return CoSignature.objects.create(body=region, paper=paper, organization=office)


def authority(office, name, **given):
    user = User.objects.get(username=f"{name}@staedteregion-aachen")
    facts = {"validity": inclusive_range(date(2020, 1, 1), None)} | given
    return Signatory.objects.create(body=office.body, organization=office, user=user, **facts)


def sign(browser, signature):
    data = {"office": str(signature.pk)} | shown(browser, URL)
    return browser.post(f"{URL}mitzeichnen/", data, follow=True)


def problems(paper):
    return PaperDocument(Paper.objects.get(pk=paper.pk)).problems()


# who signs


def test_where_nobody_is_recorded_anybody_who_works_here_signs_by_name(login, signature):
    assert "mitgezeichnet" in sign(login("kaemmerei"), signature).content.decode()
    assert CoSignature.objects.get(pk=signature.pk).signed_by.username.startswith("kaemmerei")


def test_only_who_is_recorded_signs_for_an_office(login, office, signature):
    clerk, other = login(), login("kaemmerei")
    authority(office, "sachbearbeitung")
    answer = sign(other, signature)
    assert answer.status_code == 422 and "Für A 50 zeichnet heute Frau D." in answer.content.decode()
    assert CoSignature.objects.get(pk=signature.pk).signed_at is None
    assert sign(clerk, signature).status_code == 200
    assert CoSignature.objects.get(pk=signature.pk).signed_at


def test_a_vertretung_signs_only_in_its_time_and_says_so(login, office, signature):
    deputy = login("kaemmerei")
    row = authority(office, "kaemmerei", substitute=True, validity=inclusive_range(date(2020, 1, 1), date(2020, 1, 31)))
    login()
    authority(office, "sachbearbeitung")
    assert sign(deputy, signature).status_code == 422
    Signatory.objects.filter(pk=row.pk).update(validity=inclusive_range(date(2020, 1, 1), None))
    assert "in Vertretung" in sign(deputy, signature).content.decode()
    assert CoSignature.objects.get(pk=signature.pk).substitute


def test_the_leitung_records_who_signs_and_ends_it(login, office):
    head, clerk = login("leitung"), login()
    user = User.objects.get(username="sachbearbeitung@staedteregion-aachen")
    url = "/dokumente/zeichnungsbefugnisse/"
    assert clerk.get(f"{url}neu/").status_code == 403
    data = {"organization": office.pk, "user": user.pk, "validity_0": "01.01.2023", "validity_1": ""}
    assert "ist eingetragen" in head.post(f"{url}neu/", data, follow=True).content.decode()
    row = Signatory.objects.get()
    end = {"validity_0": "01.01.2023", "validity_1": "31.01.2023", "version": row.version}
    assert "gespeichert" in head.post(f"{url}{row.key}/", end, follow=True).content.decode()
    assert Signatory.objects.get().validity == inclusive_range(date(2023, 1, 1), date(2023, 1, 31))
    stale = head.post(f"{url}{row.key}/", end | {"validity_1": "28.02.2023"})
    assert stale.status_code == 409
    assert "gilt nicht" in clerk.get(url, {"stand": "2023-03-01"}).content.decode()


# Bemerkungen


def test_a_bemerkung_stands_at_its_block_and_keeps_the_paper_from_being_released(login, paper):
    other = login("kaemmerei")
    words = other.post(f"{URL}bemerkung/", {"block": "finanzen", "comment": "Betrag <b>prüfen</b>"}, follow=True)
    page = words.content.decode()
    assert "Bemerkung 1" in page and "Betrag &lt;b&gt;prüfen&lt;/b&gt;" in page
    assert any("Bemerkung 1 ist offen" in problem for problem in problems(paper))
    login().post(f"{URL}bemerkung/erledigt/", {"number": "1"})
    assert not any("Bemerkung" in problem for problem in problems(paper))
    assert "erledigt" in login("pruefung").get(URL).content.decode()
    with pytest.raises(ValidationError, match="schon erledigt"):
        BlockComment.objects.get().finish()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"block": "gibtesnicht", "comment": "x"}, "Diesen Block gibt es nicht mehr"),
        ({"block": "finanzen", "comment": "  "}, "dieses Feld"),
        ({"block": "finanzen", "comment": "x" * 2001}, "zu lang"),
    ],
)
def test_a_bemerkung_that_cannot_be_is_refused(login, paper, data, words):
    answer = login().post(f"{URL}bemerkung/", data)
    assert answer.status_code == 422 and words.casefold() in answer.content.decode().casefold()
    assert not BlockComment.objects.exists()


def test_after_the_release_nothing_is_remarked(paper):
    paper.release(None)
    with pytest.raises(ValidationError, match="freigegeben"), db_errors_as_validation():
        BlockComment.write(paper, "finanzen", "zu spät", None)
    with pytest.raises(IntegrityError, match="released"), transaction.atomic():
        sql(
            "INSERT INTO meetings_blockcomment (version, body_id, paper_id, number, block, text, written_at)"
            " VALUES (1, %s, %s, 1, 'a', 'x', now())",
            paper.body_id,
            paper.pk,
        )


# redaktionell


def block(paper, key="soziales"):
    return TextBlock.objects.get(text=paper.text, key=key)


def test_what_is_only_editorial_leaves_the_mitzeichnung_and_stays_to_be_seen(login, paper, signature):
    signature.sign(None)
    row = block(paper)
    browser = login()
    assert "nur redaktionell ändern" in browser.get(f"{URL}text/").content.decode()
    data = {"block_soziales": row.content + " Ergänzt.", "version_soziales": row.version, "editorial": "1"}
    browser.post(f"{URL}text/", data)
    assert "gilt nicht mehr" not in " ".join(problems(paper))
    assert "danach redaktionell geändert am" in browser.get(URL).content.decode()
    signature.refresh_from_db()
    signature.sign(None)
    signature.refresh_from_db()
    assert signature.edited_at is None  # who signs again has seen it


@pytest.mark.counter
def test_without_the_tick_the_same_change_voids_it(login, paper, signature):
    signature.sign(None)
    row = block(paper)
    data = {"block_soziales": row.content + " Ergänzt.", "version_soziales": row.version}
    login().post(f"{URL}text/", data)
    assert "gilt nicht mehr" in " ".join(problems(paper))


def test_a_figure_or_a_proposal_is_never_editorial(login, paper, signature):
    signature.sign(None)
    row = block(paper)
    data = {"block_soziales": "{{notice.amount}} " + row.content, "version_soziales": row.version, "editorial": "1"}
    answer = login().post(f"{URL}text/", data)
    assert answer.status_code == 422 and "Eine Zahl ist anders" in answer.content.decode()
    assert block(paper).content == row.content
    proposal = TextBlock.objects.create(
        body=paper.body, text=paper.text, position=1, key="beschlussvorschlag-1", heading="Beschlussvorschlag:"
    )
    with pytest.raises(ValidationError, match="Beschlussvorschlag ist anders"):
        write(paper.document(), [(proposal, "Der Ausschuss beschließt.")], editorial=True)


# tasks belong to roles


def test_what_is_to_be_done_before_the_sitting_and_by_whom(region, paper, signature):
    labels = [value.label for value in unfinished(region, DAY).rows]
    assert labels == [f"Mitzeichnen (A 50): {paper}"]
    signature.sign(None)
    assert [v.label for v in unfinished(region, DAY).rows] == [f"Freigeben (Leitung): {paper}"]
    assert unfinished(region, DAY).rows[0].value == date(2023, 3, 22)
    paper.release(None)
    assert unfinished(region, DAY).rows == ()


# since when


def test_since_when_a_release_is_overtaken_and_by_which_act(login, paper, region):
    release = paper.release(None)
    assert releases.overtaken_since(paper.document(), release) is None

    def act(name, do):
        with acting(None, [region.pk], act=name):
            do()

    act("davor", lambda: Organization.objects.create(body=region, name="A 1", organization_type="department"))
    assert "Nicht überholt" in login().get(f"{URL}ueberholt/").content.decode()
    act("die Änderung", halve)
    act("danach", lambda: Organization.objects.create(body=region, name="A 2", organization_type="department"))
    act("noch eine", lambda: halve("CM-02"))
    event, sure = releases.overtaken_since(paper.document(), release)
    assert event.act_name == "die Änderung" and sure
    words = login("pruefung").get(f"{URL}ueberholt/").content.decode()
    assert "Überholt seit" in words and "die Änderung" in words and "freigegeben „sechs“" in words
    assert "Überholt seit wann" in login().get(URL).content.decode()


def test_a_difference_that_went_and_came_back_counts_from_its_return(paper, region):
    release = paper.release(None)

    def act(name, fte):
        with acting(None, [region.pk], act=name):
            PositionPeriod.objects.filter(position__number="CM-01").update(fte=D(fte))

    for name, fte in (("hin", "0.5"), ("zurück", "1.0"), ("wieder", "0.5")):
        act(name, fte)
    assert releases.overtaken_since(paper.document(), release)[0].act_name == "wieder"
    act("noch einmal zurück", "1.0")
    assert releases.overtaken_since(paper.document(), release) is None


def test_when_every_authority_has_ended_nobody_signs(login, office, signature):
    deputy = login("kaemmerei")
    authority(office, "kaemmerei", substitute=True, validity=inclusive_range(date(2020, 1, 1), date(2020, 1, 31)))
    answer = sign(deputy, signature)
    assert answer.status_code == 422 and "niemand eingetragen" in answer.content.decode()


def test_a_bemerkung_to_a_block_that_is_empty_by_now_can_be_done_with(login, paper):
    row = block(paper)
    BlockComment.write(paper, "soziales", "Bitte streichen.", None)
    write(paper.document(), [(row, "")])
    page = login().get(URL).content.decode()
    assert "Bemerkungen zu leeren" in page and page.count('name="number" value="1"') == 1


def test_editorial_without_a_mitzeichnung_that_holds_is_not_saved_in_silence(login, paper):
    row = block(paper)
    data = {"block_soziales": row.content + " Neu.", "version_soziales": row.version, "editorial": "1"}
    answer = login().post(f"{URL}text/", data)
    assert answer.status_code == 422 and "gilt keine Mitzeichnung mehr" in answer.content.decode()


def test_a_number_typed_by_hand_is_never_editorial(paper, signature):
    signature.sign(None)
    row = block(paper)
    with pytest.raises(ValidationError, match="Eine Zahl ist anders"):
        write(paper.document(), [(row, row.content + " 99 Stellen entfallen.")], editorial=True)
