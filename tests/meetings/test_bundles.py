"""Bundles carry their format and are read by it: what a newer program released stays provable, and says so."""

import json
from unittest.mock import patch

import pytest

from kim.models import UnknownFormat
from kim.studio import bundles, releases
from kim.studio.releases import Verdict
from tests.meetings.test_releases import tampered

URL = "/dokumente/2023-0120/"


def as_format(bundle, number):
    return bundles.canonical_json(json.loads(bundle) | {"format": number})


def test_a_release_says_its_format_and_every_format_has_a_reader(paper):
    bundle = paper.release(None).bundle
    assert json.loads(bundle)["format"] == bundles.FORMAT and bundles.FORMAT in bundles.READERS
    found = bundles.read(bundle)
    assert found.kind == "paper" and found.content["reference"] == "2023/0120" and found.styles[0] == "print.css"


@pytest.mark.parametrize("number", [2, 0, None, "1"])
def test_a_format_that_nobody_here_reads_is_refused_with_a_sentence(paper, number):
    bundle = as_format(paper.release(None).bundle, number)
    for reading in (bundles.read, bundles.render_again):
        with pytest.raises(UnknownFormat, match="dieses Programm liest das Format 1"):
            reading(bundle)


def test_a_further_format_is_read_by_its_own_reader(paper):
    bundle = paper.release(None).bundle

    def of_2(data):
        return bundles.of_1(data["paper"])

    newer = bundles.canonical_json({"format": 2, "paper": json.loads(bundle)})
    with patch.dict(bundles.READERS, {2: of_2}):
        assert bundles.read(newer) == bundles.read(bundle)


def test_the_archive_of_a_newer_program_is_intact_and_every_page_says_why_it_shows_nothing(
    region, paper, owner, login, capsys
):
    release = paper.release(None)
    bundle = as_format(release.bundle, 2)
    sums = bundles.sha256(bundle), releases.link("", bundles.sha256(bundle), release.pdf_sha256)
    tampered(
        owner,
        "UPDATE kim_release SET bundle = %s, bundle_sha256 = %s, chain = %s WHERE id = %s",
        bundle,
        *sums,
        release.pk,
    )
    (one,) = releases.proofs(region)
    assert one.verdict == Verdict.INTACT and "Format 2" in one.reason
    browser = login()
    for page in ("", "docx/", "herkunft/?zahl=notice.amount"):
        answer = browser.get(URL + page)
        assert answer.status_code == 409 and "dieses Programm liest das Format 1" in answer.content.decode(), page
    assert browser.get(f"{URL}pdf/").content == bytes(release.pdf)
