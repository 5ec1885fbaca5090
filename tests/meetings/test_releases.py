"""Release of papers: what was issued never changes and proves itself."""

import json
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from kim.models import Release, Source, TextBlock
from kim.models.refusals import db_errors_as_validation
from kim.studio import bundles, releases
from kim.studio.releases import Verdict
from meetings.models import CoSignature, Organization, Paper
from staffing.models import PositionPeriod
from tests.helpers import pdf_text, shown, sql
from tests.meetings.papers import halve, refused

# what is released stays


def test_released_by_the_leitung_and_by_nobody_else(login, paper):
    url = "/dokumente/2023-0120/"
    assert "Endgültig freigeben" not in login().get(url).content.decode()
    assert login().post(url + "freigeben/").status_code == 403
    browser = login("leitung")
    assert "Endgültig freigeben" in browser.get(url).content.decode()
    done = browser.post(url + "freigeben/", shown(browser, url), follow=True).content.decode()
    assert "Freigegeben. Prüfwert" in done and "bleiben, wie sie sind" in done
    release = Release.objects.get()
    assert release.fingerprint in done and str(release.released_by) in done
    assert browser.post(url + "freigeben/").status_code == 404, "it is no draft any more"
    assert browser.get(url + "pdf/").content == bytes(release.pdf)


def test_data_that_move_on_change_no_byte_and_the_page_says_overtaken(login, paper):
    release = paper.release(None)
    before = bytes(release.pdf)
    halve()
    browser = login()
    assert browser.get("/dokumente/2023-0120/pdf/").content == before
    page = browser.get("/dokumente/2023-0120/").content.decode().replace("\u00a0", " ")
    assert "Überholt" in page and "freigegeben „sechs“, nach den Daten jetzt „5,5“" in page
    assert "insofern kostenneutral" in page, "the page shows what was released"
    PositionPeriod.objects.filter(position__number="CM-07").update(carrier=None)
    assert "Caritasverband" in browser.get("/dokumente/2023-0120/").content.decode()


def test_nobody_changes_or_deletes_a_release(paper, owner):
    release = paper.release(None)
    refused("UPDATE kim_release SET pdf = 'x' WHERE id = %s", release.pk)
    refused("UPDATE kim_release SET version = version + 1 WHERE id = %s", release.pk)
    refused("DELETE FROM kim_release WHERE id = %s", release.pk)
    with pytest.raises(ValidationError, match="Was freigegeben ist, bleibt"), db_errors_as_validation():
        release.delete()
    with owner() as cursor:
        for statement in (
            "TRUNCATE kim_release CASCADE",
            "DELETE FROM kim_release",
            "UPDATE kim_release SET pdf = 'x'",
        ):
            with pytest.raises(IntegrityError, match="released"), transaction.atomic():
                cursor.execute(statement)


def test_what_belongs_to_it_is_frozen_too(paper):
    paper.release(None)
    refused("UPDATE kim_textblock SET content = 'x' WHERE text_id = %s", paper.text_id)
    refused("DELETE FROM kim_textblock WHERE text_id = %s", paper.text_id)
    refused("UPDATE kim_boundfigure SET words = 'x' WHERE text_id = %s", paper.text_id)
    refused("UPDATE meetings_paper SET as_of = '2022-01-01' WHERE id = %s", paper.pk)
    refused("UPDATE meetings_paper SET state = 'draft' WHERE id = %s", paper.pk)
    refused("UPDATE kim_source SET title = 'x' WHERE id = %s", paper.source_id)
    refused("UPDATE kim_source SET number = 'x' WHERE id = %s", paper.source_id)
    block = TextBlock.objects.filter(text=paper.text).first()
    block.content = "anders"
    with pytest.raises(ValidationError, match="Eine Änderung ist ein neues Dokument"), db_errors_as_validation():
        block.save()


@pytest.mark.counter
def test_without_its_trigger_a_release_can_be_changed(paper, owner):
    release = paper.release(None)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE kim_release DISABLE TRIGGER USER")
    sql("UPDATE kim_release SET pdf = 'x' WHERE id = %s", release.pk)
    assert bytes(Release.objects.get().pdf) == b"x"


def test_a_number_can_come_later_and_the_paper_goes_on(region, paper):
    Source.objects.filter(pk=paper.source_id).update(number="")
    paper = Paper.objects.get(pk=paper.pk)
    release = paper.release(None)
    assert "Nr. folgt" in pdf_text(bytes(release.pdf))
    Source.objects.filter(pk=paper.source_id).update(number="2023/0120")
    for state in ("deliberated", "done"):
        Paper.objects.get(pk=paper.pk).proceed(state)
    with pytest.raises(ValidationError, match="folgt nicht"):
        Paper.objects.get(pk=paper.pk).proceed("released")


# the proof


def test_drawn_in_another_process_the_bytes_are_the_same(paper):
    release = paper.release(None)
    code = (
        "import django, hashlib, sys; django.setup(); from kim.studio.bundles import render_again; "
        "print(hashlib.sha256(render_again(sys.stdin.read())).hexdigest())"
    )
    run = subprocess.run([sys.executable, "-c", code], input=release.bundle, capture_output=True, text=True, check=True, cwd=settings.BASE_DIR, env={"DJANGO_SETTINGS_MODULE": "kim.settings", "PATH": "/usr/bin:/bin"})  # fmt: skip
    assert run.stdout.strip() == release.pdf_sha256 == bundles.sha256(bytes(release.pdf))


def verdicts(body):
    return [one.verdict for one in releases.proofs(body)]


def second(body):
    """One more released paper in the chain."""
    from meetings.models.drafts import NewPaper, add_consultation

    first = Paper.find(body, "2023/0120")
    made = NewPaper(body=body, paper_type="information", name="Zweiter Bericht", day=body.reference_day, as_of=body.reference_day, notice=first.notice, copied_from=first).create()  # fmt: skip
    add_consultation(made, Organization.objects.filter(organization_type="committee").first(), body.reference_day, "information")  # fmt: skip
    return made.release(None)


def test_the_chain_of_two_is_identical_and_the_command_says_so(region, paper, capsys):
    first, later = paper.release(None), second(region)
    assert (later.number, later.previous_chain) == (2, first.chain)
    assert verdicts(region) == [Verdict.IDENTICAL, Verdict.IDENTICAL]
    call_command("verify_documents", "--body", region.slug)
    assert "2 Freigaben geprüft, 0 nicht in Ordnung." in capsys.readouterr().out


def tampered(owner, statement, *values):
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with owner() as cursor:
        cursor.execute("ALTER TABLE kim_release DISABLE TRIGGER USER")
    sql(statement, *values)


def test_a_flipped_byte_is_found(region, paper, owner):
    release = paper.release(None)
    tampered(owner, "UPDATE kim_release SET pdf = set_byte(pdf, 1000, (get_byte(pdf, 1000) + 1) %% 256) WHERE id = %s", release.pk)  # fmt: skip
    (one,) = releases.proofs(region)
    assert (one.verdict, one.reason) == (Verdict.BROKEN, "das PDF")
    with pytest.raises(CommandError):
        call_command("verify_documents")


def test_a_changed_figure_in_the_bundle_is_found_even_with_new_checksums(region, paper, owner):
    first, _ = paper.release(None), second(region)
    bundle = first.bundle.replace("684.000", "694.000")
    tampered(
        owner,
        "UPDATE kim_release SET bundle = %s, bundle_sha256 = %s, pdf = %s, pdf_sha256 = %s, chain = %s WHERE id = %s",
        bundle,
        bundles.sha256(bundle),
        bundles.render_again(bundle),
        bundles.sha256(bundles.render_again(bundle)),
        releases.link("", bundles.sha256(bundle), bundles.sha256(bundles.render_again(bundle))),
        first.pk,
    )
    assert verdicts(region) == [Verdict.IDENTICAL, Verdict.BROKEN], "the next link still knows the old chain"


def test_a_release_that_is_gone_is_missed(region, paper, owner):
    first, _ = paper.release(None), second(region)
    tampered(owner, "DELETE FROM kim_release WHERE id = %s", first.pk)
    (one,) = releases.proofs(region)
    assert one.verdict == Verdict.BROKEN and "eine Freigabe davor fehlt" in one.reason


def test_another_program_draws_it_otherwise_and_the_archive_is_intact(region, paper, monkeypatch):
    paper.release(None)
    drawn = releases.render_again
    monkeypatch.setattr(releases, "render_again", lambda bundle: drawn(bundle) + b"\n")
    assert verdicts(region) == [Verdict.DIFFERS]
    monkeypatch.setattr(bundles, "version", lambda name: "99")
    assert verdicts(region) == [Verdict.INTACT]


def test_a_link_out_of_its_place_is_refused(region, paper):
    release = paper.release(None)
    names = [f.column for f in Release._meta.local_concrete_fields if f.column != "id"]
    columns = ", ".join(names)
    with pytest.raises(IntegrityError, match="chain"), transaction.atomic():
        sql(f"INSERT INTO kim_release ({columns}) SELECT {columns} FROM kim_release WHERE id = %s", release.pk)


def test_the_bundle_holds_text_figures_and_how_they_came_about(paper):
    bundle = json.loads(paper.release(None).bundle)
    assert bundle["content"]["reference"] == "2023/0120" and bundle["content"]["as_of"] == "2023-03-01"
    figures = {one["token"]: one for one in bundle["figures"]}
    amount = figures["notice.amount"]
    assert amount["words"].replace("\u00a0", " ") == "684.000 €" and "15.02.2023" in amount["value"]["source"]
    assert {"programs", "fonts", "sources"} == set(bundle["renderer"]) and bundle["known_at"]


# Prüfen


def test_a_pdf_says_whether_it_is_ours(login, paper):
    browser = login("pruefung")
    content = bytes(paper.release(None).pdf)

    def asked(data):
        file = SimpleUploadedFile("v.pdf", data, "application/pdf")
        return browser.post("/dokumente/pruefen/", {"datei": file}).content.decode()

    assert "ist unverändert von uns" in asked(content) and "Mitteilungsvorlage 2023/0120" in asked(content)
    assert "ist keine Freigabe, die Sie" in asked(content[:-1] + b"x")
    halve()
    assert "überholt: Die Daten sagen" in asked(content)
    assert browser.post("/dokumente/pruefen/", {}).status_code == 422
    other = login("pruefung", "stadt-aachen")
    file = SimpleUploadedFile("v.pdf", content, "application/pdf")
    assert "ist keine Freigabe" in other.post("/dokumente/pruefen/", {"datei": file}).content.decode()


def test_mitzeichnung_and_beratungsfolge_are_frozen_too(region, paper):
    office = Organization.objects.create(body=region, name="Kämmerei", organization_type="department")
    CoSignature.objects.create(body=region, paper=paper, organization=office).sign(None)
    paper.release(None)
    refused("UPDATE meetings_cosignature SET signed_at = NULL, fingerprint = '' WHERE paper_id = %s", paper.pk)
    refused("DELETE FROM meetings_cosignature WHERE paper_id = %s", paper.pk)
    refused("DELETE FROM meetings_consultation WHERE paper_id = %s", paper.pk)
    refused("UPDATE meetings_consultation SET role = 'decision' WHERE paper_id = %s", paper.pk)
    sql("UPDATE meetings_consultation SET meeting_id = NULL WHERE paper_id = %s", paper.pk)  # a sitting may move
