"""Whatever the program keeps, people keep it in the browser: each model has a page on which a row is new, one on which
it changes, one on which it ends or is deleted – or a reason, written down here by hand, why it has none."""

from dataclasses import dataclass

import pytest
from django.apps import apps

from kim.access.rules import RULES
from kim.models import Role
from tests.security.addresses import PAGES, example
from tests.test_architecture import APPS

BY_NAME = {page.name: page for page in PAGES}


@dataclass(frozen=True)
class Why:
    """Why there is no page."""

    words: str


LEDGER = Why("was geschah, bleibt stehen: Zeile des Verlaufs, der Freigabe oder des Programms selbst")
SENT = Why("schreibt das Programm selbst, wenn ein Formular gesendet wird")
PARENT = Why("gehört zu einer Zeile darüber und wird auf deren Seite mit eingetragen, geändert und gelöscht")
STATE = Why("endet durch seinen nächsten Stand, nicht durch Löschen: die Unterlagen sind aufzubewahren")
AGAIN = Why("wird nicht geändert: löschen und neu anlegen ist ein Schritt mehr und sagt mehr")

# model: (new, change, end or delete); a word is the name of a page
NOUNS = {
    "kim.Body": ("setup-body", "admin:kim_body_change", "admin:kim_body_delete"),
    "kim.User": ("admin:kim_user_add", "admin:kim_user_change", "admin:kim_user_change"),
    "kim.RoleAssignment": ("admin:kim_user_add", "admin:kim_user_change", "admin:kim_user_change"),
    "kim.Note": ("note-new", AGAIN, "attached-remove"),
    "kim.Reminder": ("reminder-new", AGAIN, "reminder-done"),
    "kim.File": ("file-new", AGAIN, "attached-remove"),
    "kim.FindingNote": ("finding-note", "finding-note", LEDGER),
    "kim.SavedView": ("view-new", AGAIN, "view-remove"),
    "kim.Logo": ("letterhead-edit", "letterhead-edit", "letterhead-edit"),
    "kim.Source": ("source-new", "source-edit", "source-remove"),
    "kim.Text": ("paper-new", "document-text", PARENT),
    "kim.TextBlock": ("paper-new", "document-text", PARENT),
    "kim.BoundFigure": ("document-text", "document-adopt", PARENT),
    "kim.ClosedYear": ("year-close", AGAIN, "year-reopen"),
    "kim.Release": ("document-release", LEDGER, LEDGER),
    "kim.Job": (SENT, "job-continue", LEDGER),
    "kim.SetupKey": (SENT, LEDGER, LEDGER),
    "kim.TrailEvent": (LEDGER, LEDGER, LEDGER),
    "kim.Submission": (SENT, LEDGER, LEDGER),
    "meetings.LegislativeTerm": ("legislative-term-new", "legislative-term-edit", "legislative-term-remove"),
    "meetings.Organization": ("committee-new", "committee-edit", "committee-remove"),
    "meetings.Person": ("person-new", "person-edit", "person-remove"),
    "meetings.Membership": ("membership-new", "membership-edit", "membership-end"),
    "meetings.Meeting": ("meeting-new", "meeting-edit", "meeting-remove"),
    "meetings.AgendaItem": ("agenda-edit", "agenda-edit", "agenda-edit"),
    "meetings.Attendance": ("attendance-edit", "attendance-edit", "attendance-edit"),
    "meetings.Exclusion": ("agenda-item-record", "agenda-item-record", "agenda-item-record"),
    "meetings.Ballot": ("agenda-item-record", "agenda-item-record", "agenda-item-record"),
    "meetings.ResolvedPosition": ("agenda-item-record", "agenda-item-record", "agenda-item-record"),
    "meetings.UrgentDecision": ("urgent-decision-new", "urgent-decision-edit", "urgent-decision-remove"),
    "meetings.FollowUp": ("follow-up-new", "follow-up-edit", "follow-up-remove"),
    "meetings.Vote": ("agenda-item-record", "agenda-item-record", "agenda-item-record"),
    "meetings.Invitation": ("invitation-new", "document-text", "invitation-remove"),
    "meetings.Minutes": ("minutes-new", "document-text", "minutes-remove"),
    "meetings.Paper": ("paper-new", "document-head", "document-proceed"),
    "meetings.Consultation": ("consultation-new", AGAIN, "consultation-remove"),
    "meetings.Signatory": ("signatory-new", "signatory-edit", "signatory-edit"),
    "meetings.BlockComment": ("document-comment", AGAIN, "comment-done"),
    "meetings.CoSignature": ("cosignature-new", "document-sign", STATE),
    "grants.SubProduct": ("sub-product-new", "sub-product-edit", "sub-product-remove"),
    "grants.Account": ("account-new", "account-edit", "account-remove"),
    "grants.AccountGroup": ("account-group-new", "account-group-edit", "account-group-remove"),
    "grants.BudgetLine": ("budget-edit", "budget-edit", "budget-edit"),
    "grants.FundingProgramme": ("programme-new", "programme-edit", "programme-remove"),
    "grants.ProgrammeModule": ("module-new", "module-edit", "module-remove"),
    "grants.Rate": ("rate-new", "rate-edit", "rate-remove"),
    "grants.FundingNotice": ("notice-new", "notice-edit", "notice-remove"),
    "grants.NoticeVersion": ("notice-version-new", "notice-version-edit", STATE),
    "grants.YearAmount": ("notice-version-new", "notice-version-edit", PARENT),
    "grants.NoticeItem": ("notice-new", "notice-version-edit", "notice-version-edit"),
    "grants.ItemTerms": ("notice-new", "notice-version-edit", "notice-version-edit"),
    "grants.ItemRate": ("notice-new", "notice-version-edit", "notice-version-edit"),
    "grants.Funding": ("notice-posts", "notice-posts", "notice-posts"),
    "grants.OnwardTemplate": ("onward-template-new", "onward-template-edit", STATE),
    "grants.OnwardGrant": ("onward-new", "onward-head", "onward-remove"),
    "staffing.Municipality": (
        "admin:staffing_municipality_add",
        "admin:staffing_municipality_change",
        "admin:staffing_municipality_delete",
    ),
    "staffing.BodyMunicipality": ("municipality-new", AGAIN, "municipality-remove"),
    "staffing.Function": ("function-new", "function-edit", "function-remove"),
    "staffing.Carrier": ("carrier-new", "carrier-edit", "carrier-remove"),
    "staffing.Position": ("position-new", "position-identity", "position-end"),
    "staffing.PositionPeriod": ("position-change", "position-correct", "position-range"),
    "staffing.ServedMunicipality": ("position-locations", "position-locations", "position-locations"),
    "staffing.PositionLocation": ("position-locations", "position-locations", "position-locations"),
    "staffing.Occupancy": ("occupancy-new", "occupancy-change", "occupancy-end"),
    "staffing.PlanNote": ("plan-note-new", "plan-note-change", "plan-note-remove"),
    "staffing.Procedure": ("procedure-new", "procedure-change", "procedure-remove"),
    "staffing.ProcedureCarrier": ("procedure-new", "procedure-change", "procedure-change"),
    "staffing.Reallocation": ("reallocation-new", "reallocation-edit", "reallocation-withdraw"),
    "staffing.ReallocationLeg": ("reallocation-new", "reallocation-edit", "reallocation-edit"),
    "staffing.LegMunicipality": ("reallocation-new", "reallocation-edit", "reallocation-edit"),
}
NAMED = sorted({page for pages in NOUNS.values() for page in pages if isinstance(page, str)})
# The planted Beleg is a Vorlage's and is edited there (tests/kim/test_source_pages.py); a view is saved from a list
# (tests/kim/test_saved_views.py), a note to a Hinweis from one that is there (tests/kim/test_findings.py).
ELSEWHERE = {"source-edit", "source-remove", "view-new", "finding-note"}


# what is a button of another page
BUTTONS = {
    "attached-remove",
    "comment-done",
    "document-adopt",
    "document-comment",
    "document-proceed",
    "document-release",
    "document-sign",
    "job-continue",
    "invitation-new",
    "minutes-new",
    "onward-new",
    "onward-template-new",
    "reallocation-withdraw",
    "reminder-done",
    "view-remove",
}


def kept():
    """Every model of ours but the events of the history."""
    found = (model for app in APPS for model in apps.get_app_config(app).get_models())
    return {
        model._meta.label
        for model in found
        if not hasattr(model, "pgh_obj") and not hasattr(model, "pgh_tracked_model")
    }


def test_every_model_is_named_here_and_no_other():
    assert kept() ^ set(NOUNS) == set()
    assert len(NOUNS) > 50


def test_a_model_without_pages_would_be_seen(monkeypatch):
    monkeypatch.delitem(NOUNS, "staffing.Carrier")
    assert kept() ^ set(NOUNS) == {"staffing.Carrier"}


def holders(name):
    """The roles that may open a page, with body data first."""
    return [role for role in Role if role in RULES[BY_NAME[name].rule]]


@pytest.mark.parametrize("name", NAMED)
def test_some_role_may_open_each_page(name):
    assert name in BY_NAME, "there is no such page"
    assert holders(name), "nobody has the right"


def test_each_page_is_there_for_who_has_the_right(planted, login):
    """With its form; what is only a button of another page refuses to be opened."""
    clients, buttons, wrong = {}, set(), {}
    for name in sorted(set(NAMED) - ELSEWHERE):
        page = BY_NAME[name]
        technical = page.route.startswith(("technik/", "einrichten/"))
        role = "technik" if technical else str(holders(name)[0])
        if role not in clients:
            clients[role] = login(role, "" if technical else "staedteregion-aachen")
        answer = clients[role].get(example(page), follow=True)
        if answer.status_code == 405:
            buttons.add(name)
        elif answer.status_code != 200 or b'<form method="post"' not in answer.content:
            wrong[name] = answer.status_code
    assert wrong == {}
    assert buttons == BUTTONS
