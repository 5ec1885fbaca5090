"""Names of persons who sign, write or remark stay out of the history, which nobody can delete (rulings: Persons)."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models

from grants.models import OnwardTemplate
from kim.history import trail
from kim.history.knowledge import known_at
from kim.history.trail import tracked_models
from kim.models import FindingNote, TrailEvent
from kim.store.context import acting
from meetings.models import BlockComment, CoSignature, Paper
from tests.helpers import sql

# By hand: every column of words in a table with a history. OUT: may hold the name of a person, and is not kept.
OUT = {
    "grants.OnwardGrant": {"signer_name"},
    "grants.OnwardTemplate": {"signer_name"},
    "kim.File": {"name"},
    "kim.FindingNote": {"text"},
    "kim.Note": {"text"},
    "kim.Release": {"bundle"},  # as it was printed, in the release alone
    "kim.Reminder": {"text"},
    "kim.SavedView": {"slug", "name", "query"},
    "kim.SetupKey": {"digest"},
    "kim.User": {"password", "username", "first_name", "last_name", "email"},
    "meetings.Attendance": {"on_behalf_of"},
    "meetings.Ballot": {"faction"},
    "meetings.FollowUp": {"words", "report", "on_behalf_of"},
    "meetings.UrgentDecision": {"reason", "resolution"},
    "meetings.BlockComment": {"text"},
    "meetings.CoSignature": {"comment"},
    "meetings.Membership": {"on_behalf_of"},
    "meetings.Paper": {"author"},
    "meetings.Person": {"name", "family_name", "title"},
}
# What stays, and why it names nobody who signs, writes or remarks.
CITED = {"basis_place": "a place in a document", "assumption": "why a figure is assumed; figures of then need it"}
STAYS = {
    "grants.Account": {"number": "code", "name": "code"},
    "grants.AccountGroup": {"prefix": "code", "source": "a law or a document"},
    "grants.BudgetLine": CITED | {"label": "what the line is for", "assignment": "code"},
    "grants.FundingNotice": {"slug": "code", "title": "of the Bescheid", "funder": "an authority", "note": "facts of the notice; figures rest on them, the form asks for no names"},
    "grants.FundingProgramme": {"slug": "code", "name": "a programme", "short_name": "a programme", "legal_basis": "a law"},
    "grants.ItemRate": {"source": "a document"},
    "grants.NoticeItem": {"variant": "code", "label": "what is paid"},
    "grants.NoticeVersion": {"proration_place": "a place in a document", "conditions": "what a Bescheid demands; the form asks for no names"},
    "grants.OnwardGrant": {"signer_phrase": "Im Auftrag", "signer_function": "an office"},
    "grants.OnwardTemplate": {"signer_phrase": "Im Auftrag", "signer_function": "an office"},
    "grants.ProgrammeModule": {"name": "code", "title": "a Baustein"},
    "grants.Rate": {"variant": "code", "source": "a document"},
    "grants.SubProduct": {"number": "code", "name": "code"},
    "kim.Body": {"slug": "code", "name": "an authority", "sender": "the house", "consultation_heading": "a heading", "sub_product_mask": "code", "account_mask": "code", "ags": "code", "head_name": "the house", "street": "of the house", "postal_code": "of the house", "locality": "of the house", "contact": "of the house, as its label says", "footer": "of the house"},
    "kim.BoundFigure": {"token": "code", "words": "a figure in words; no figure takes a person"},
    "kim.File": {"subject_kind": "code", "media_type": "code", "sha256": "a checksum"},
    "kim.FindingNote": {"code": "code", "subject": "an object by its number", "sentence": "made by a rule from figures"},
    "kim.Logo": {"sha256": "a checksum"},
    "kim.Note": {"subject_kind": "code"},
    "kim.Release": {"kind": "code", "bundle_sha256": "a checksum", "pdf_sha256": "a checksum", "previous_chain": "a checksum", "chain": "a checksum"},
    "kim.Reminder": {"subject_kind": "code"},
    "kim.SavedView": {"path": "an address of the program"},
    "kim.Source": {"number": "code", "title": "of a public document", "file_reference": "code", "address": "made of number or title", "number_key": "made of the number"},
    "kim.Text": {"name": "the title of a document"},
    "kim.TextBlock": {"key": "code", "heading": "a heading", "content": "the document itself, version by version"},
    "meetings.AgendaItem": {"number": "code", "block": "code", "title": "of a matter", "short_title": "of a matter", "public_title": "of a matter", "remark": "of papers", "ground": "a ground of the law", "joint_subject": "of a matter", "urgency": "a ground"},
    "meetings.Attendance": {"salutation": "a form of address without the name", "spoken": "a form of address without the name", "office": "an office"},
    "meetings.BlockComment": {"block": "code"},
    "meetings.CoSignature": {"fingerprint": "a checksum"},
    "meetings.LegislativeTerm": {"name": "a time", "slug": "code"},
    "meetings.Meeting": {"slug": "code", "place": "a room or a house", "urgency": "a ground"},
    "meetings.Minutes": {"gaps": "a ground"},
    "meetings.UrgentDecision": {"title": "a matter", "rights": "what has come to be"},
    "meetings.Vote": {"subject": "a matter", "abstention_reason": "a ground"},
    "meetings.Organization": {"name": "a committee or an office", "short_name": "a committee or an office", "slug": "code", "street": "of an office", "postal_code": "of an office", "locality": "of an office", "rules_source": "a law or a document"},
    "meetings.Paper": {"signer_phrase": "Im Auftrag", "signer_function": "an office", "agenda_items": "numbers", "climate": "a finding"},
    "staffing.Carrier": {"slug": "code", "name": "an organization", "short_name": "an organization", "sentence_name": "an organization", "street": "of the office", "postal_code": "of the office", "locality": "of the office", "email": "of the office, as its label says", "phone": "of the office, as its label says"},
    "staffing.Function": {"slug": "code", "name": "code", "module": "code"},
    "staffing.Municipality": {"ags": "code", "name": "a Kommune", "short_name": "a Kommune", "slug": "code", "district": "a Kreis"},
    "staffing.Occupancy": CITED,
    "staffing.PlanNote": CITED | {"text": "the Stellenplan's own words"},
    "staffing.Position": {"number": "code", "note": "facts of the post; the form asks for no names", "file_reference": "code"},
    "staffing.PositionLocation": {"name": "a place", "host": "an organization"},
    "staffing.PositionPeriod": CITED | {"pay_group": "code", "fallback_plan": "what is planned", "validity_assumption": "why a day is assumed"},
    "staffing.Procedure": CITED | {"text": "what came of it; who applied is not recorded"},
    "staffing.Reallocation": CITED | {"reason": "the Grund, which stands in the history by intention", "difference_reason": "a Bescheid or Beschluss"},
    "staffing.ReallocationLeg": {"fallback_plan": "what is planned"},
}  # fmt: skip


def columns_of_words(model):
    fields = model._meta.local_concrete_fields
    return {f.name for f in fields if isinstance(f, models.CharField | models.TextField) and not f.choices and not f.generated}  # fmt: skip


def test_every_column_of_words_is_listed_by_hand():
    for label, model in tracked_models().items():
        kept = {f.name for f in model._meta.get_field("events").related_model._meta.local_concrete_fields}
        words, out = columns_of_words(model), OUT.get(label, set())
        assert words == out | set(STAYS.get(label, {})), label
        assert out & kept == set(), label
        assert set(STAYS.get(label, {})) <= kept, label
    assert set(OUT) | set(STAYS) <= set(tracked_models())


def everything_told():
    """All words of all event tables."""
    tables = [m._meta.get_field("events").related_model._meta.db_table for m in tracked_models().values()]
    return " ".join(str(row) for table in tables for row in sql(f"SELECT e::text FROM {table} e"))


NAME = "Geheimrat-Unverwechselbar"


@pytest.fixture
def paper(region):
    return Paper.find(region, "2023/0120")


def test_what_people_write_is_nowhere_in_the_history(region, paper):
    """Signed, remarked and written, at once and by a later change."""
    BlockComment.write(paper, paper.text.blocks.first().key, f"{NAME} fragt", None)
    office = paper.consultations.first().organization
    row = CoSignature.objects.create(body=region, paper=paper, organization=office, comment=f"{NAME} fehlt")
    row.comment = f"{NAME} stimmt zu"
    row.save()
    paper.author = NAME
    paper.save()
    template = OnwardTemplate.objects.first()
    template.signer_name = NAME
    template.save()
    FindingNote.objects.create(body=region, code="S11", subject="x", sentence="x", text=f"{NAME} weiß es")
    assert NAME not in everything_told()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment = cursor.fetchone()[0]
    with known_at(moment):
        assert Paper.objects.get(pk=paper.pk).author == NAME, "at a Kenntnisstand it is as it stands now"


def test_the_trail_says_that_it_changed_and_does_not_take_it_back(region, paper):
    """Half an act is not taken back: who changed a name with other things is told so."""
    paper.author, paper.climate = NAME, "positiv"
    paper.save()
    act = TrailEvent.objects.filter(model="meetings.Paper").latest("id").act
    told = [line for entry in trail.entries_of_acts([act]) for line in entry.lines]
    assert any("Verfasser/in: geändert (Namen und Bemerkungen stehen nicht im Verlauf)" in line for line in told)
    assert any("Klimarelevanz" in line and "positiv" in line for line in told) and NAME not in str(told)
    with pytest.raises(ValidationError, match="steht nicht im Verlauf"):
        trail.take_back(act)
    assert Paper.objects.get(pk=paper.pk).climate == "positiv"


def test_a_name_that_stays_hinders_nobody(region, paper):
    """Another act on the same row is taken back as ever, and the name stays."""
    paper.author = NAME
    paper.save()
    with acting(None, [region.pk]):
        again = Paper.objects.get(pk=paper.pk)
        again.climate = "negativ"
        again.save()
        act = TrailEvent.objects.filter(model="meetings.Paper").latest("id").act
        trail.take_back(act)
    assert Paper.objects.get(pk=paper.pk).climate != "negativ" and Paper.objects.get(pk=paper.pk).author == NAME
