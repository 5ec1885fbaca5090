"""A refused act says so and can be sent again; a successful one acts once. No page reports what did not happen."""

import ast
import re
import uuid
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from grants.figures.onward import recipients
from grants.models import FundingNotice, NewOnwardGrant, OnwardTemplate
from grants.models.onward import drafts
from grants.tasks import release_grants
from grants.views.onward import digest
from kim.models import ClosedYear, Job, Note, Reminder, SavedView, Submission, TrailEvent, User
from kim.store.context import acting
from kim.values.periods import inclusive_range
from staffing.models import Carrier, PlanNote, Position

KEY = str(uuid.UUID(int=6))
DAY = date(2023, 3, 1)
ONCE = "ein zweites Mal entsteht nichts"


def page(browser, url="/stellen/CM-01/"):
    return browser.get(url).content.decode()


@pytest.fixture
def clerk(login, region):
    return login()


def beside(model, **facts):
    user = User.objects.get(username="sachbearbeitung@staedteregion-aachen")
    post = Position.objects.get(number="CM-01")
    where = {"body": post.body, "subject_kind": "stelle", "subject_id": post.pk, "author": user}
    return model.objects.create(**where, **facts)


def broken(monkeypatch, model, verb="delete"):
    """Saving or deleting is refused, as when somebody else is at it; returns what mends it."""
    from django.core.exceptions import ValidationError

    def refuse(self, *args, **kwargs):
        raise ValidationError("Gerade ändert jemand anderes diesen Datensatz.")

    with monkeypatch.context() as patch:
        patch.setattr(model, verb, refuse)
        yield


def test_what_could_not_be_undone_can_be_tried_again(clerk, region):
    """Something changed since: refused, and said so each time, not "schon gespeichert"."""
    acts = TrailEvent.objects.filter(act_name="Beschreibung geändert").order_by("created_at")
    for version, words in ((1, "eins"), (2, "zwei")):
        data = {"note": words, "file_reference": "", "version": version}
        assert clerk.post("/stellen/CM-01/beschreibung/", data).status_code == 302
    page(clerk)
    data = {"act": str(acts.first().act), "next": "/stellen/CM-01/", "form_key": KEY}
    for _ in range(2):
        assert clerk.post("/ruecknahme/", data).status_code == 302
        words = page(clerk)
        assert "von Hand berichtigen" in words and ONCE not in words
    assert Submission.objects.count() == 0
    data["act"] = str(acts.last().act)
    for said in ("Zurückgenommen: Beschreibung", ONCE):
        clerk.post("/ruecknahme/", data)
        assert said in page(clerk)


@pytest.mark.parametrize(
    ("model", "facts", "url", "verb", "said", "fields"),
    [
        (Note, {"text": "x"}, "/entfernen/", "delete", "Notiz ist entfernt", {"kind": "note"}),
        (Reminder, {"text": "x", "date": "2023-03-01", "role": "leitung"}, "/entfernen/", "delete", "Wiedervorlage ist entfernt", {"kind": "reminder"}),
        (Reminder, {"text": "x", "date": "2023-03-01", "role": "leitung"}, "/wiedervorlagen/erledigt/", "save", "Wiedervorlage ist erledigt", {"next": "/stellen/CM-01/"}),
    ],
)  # fmt: skip
def test_refused_is_not_reported_as_done_and_can_be_sent_again(
    model, facts, url, verb, said, fields, clerk, monkeypatch
):
    row = beside(model, **facts)
    data = {**fields, "number": row.pk, "form_key": KEY}
    for _ in broken(monkeypatch, model, verb):
        clerk.post(url, data)
        words = page(clerk)
        assert said not in words and "Gerade ändert jemand anderes" in words
    clerk.post(url, data)
    words = page(clerk)
    assert said in words and ONCE not in words
    clerk.post(url, data)
    assert ONCE in page(clerk), "what was done is done once"


def test_a_saved_view_that_is_not_deleted(clerk, region, monkeypatch):
    user = User.objects.get(username="sachbearbeitung@staedteregion-aachen")
    SavedView.objects.create(body=region, path="/stellen/", slug="a", name="Meine", author=user)
    data = {"list": "/stellen/", "view": "a", "form_key": KEY}
    for _ in broken(monkeypatch, SavedView):
        clerk.post("/ansichten/loeschen/", data)
        assert "ist gelöscht" not in page(clerk) and SavedView.objects.count() == 1
    clerk.post("/ansichten/loeschen/", data)
    assert "Die Ansicht „Meine“ ist gelöscht." in page(clerk) and SavedView.objects.count() == 0


def test_finishing_what_is_done(clerk):
    row = beside(Reminder, text="x", date="2023-03-01", role="leitung", done=True)
    clerk.post("/wiedervorlagen/erledigt/", {"number": row.pk})
    words = page(clerk)
    assert "Diese Wiedervorlage ist schon erledigt." in words and "Wiedervorlage ist erledigt." not in words


def test_what_somebody_else_has_just_deleted_is_not_deleted_again(region):
    """Two who delete the same: the second is told."""
    from django.core.exceptions import ValidationError

    from tests.helpers import new_position

    post = new_position(region, "X-1").position
    again = Position.objects.get(pk=post.pk)
    post.remove(reason="Test")
    with pytest.raises(ValidationError, match="schon jemand anderes gelöscht"):
        again.remove(reason="Test")
    ClosedYear.close(region, 2015, reason="x")
    one, other = ClosedYear.objects.get(year=2015), ClosedYear.objects.get(year=2015)
    one.reopen(reason="x")
    with pytest.raises(ValidationError, match="schon jemand anderes gelöscht"):
        other.reopen(reason="x")


def test_a_job_that_did_not_begin_can_be_begun_again(login, district):
    """One is under way: the second press is refused, and once that has ended the same form begins one."""
    head = login("leitung", "weidenkreis")
    user = User.objects.get(username="leitung@weidenkreis")
    notice = FundingNotice.find(district, "kim-2023")
    with acting(user.pk, [district.pk]):
        NewOnwardGrant(notice, Carrier.find(district, recipient(notice)), "notice", DAY, DAY).create()
    url = f"/zuwendungen/bescheid/{notice.slug}/weiterleitung/"
    data = {"drafts": digest(drafts(notice)), "form_key": KEY}
    facts = {"user": user, "body": district, "rule": "documents.release", "task": release_grants.module_path}
    with acting(user.pk, [district.pk]):
        running = Job.objects.create(**facts, name="x", back=url, items=[1])
    head.post(f"{url}freigeben/", data)
    assert "Dieser Vorgang läuft noch" in page(head, url)
    with acting(user.pk, [district.pk]):
        assert Job.objects.count() == 1
        Job.objects.filter(pk=running.pk).update(done=1)
    head.post(f"{url}freigeben/", data)
    assert ONCE not in page(head, url)
    with acting(user.pk, [district.pk]):
        assert Job.objects.count() == 2


def recipient(notice):
    return next(one.carrier.slug for one in recipients(notice))


def test_a_muster_that_is_there_is_not_made_again(clerk):
    for said in ("ist angelegt. Bitte den Text schreiben.", "Dieses Muster gibt es schon."):
        clerk.post("/zuwendungen/muster/contract/neu/", {})
        assert said in page(clerk)
    assert OnwardTemplate.objects.filter(basis="contract").count() == 1


def test_a_vermerk_that_was_not_changed_is_not_reported_as_saved(clerk, region):
    first = region.reference_day
    row = PlanNote(body=region, position=Position.objects.get(number="CM-01"), kind="block", text="x", assumption="y")
    row.validity = inclusive_range(first, None)
    row.save()
    data = {"kind": "block", "validity_0": f"{first:%d.%m.%Y}", "validity_1": "", "text": "x", "basis": "", "basis_place": "", "assumption": "y", "reason": "nur so", "version": 1}  # fmt: skip
    url = f"/stellen/CM-01/vermerk/sperrvermerk/{first.isoformat()}/"
    assert clerk.post(url, data).status_code == 302
    words = page(clerk)
    assert "Es hat sich nichts geändert" in words and "Der Vermerk ist gespeichert" not in words


VERBS = re.compile(r"\.(save|remove|take_away|finish|leave|end|delete|reopen|withdraw|adopt)\(")


def swallowed(text):
    """Acts that are refused in silence: an except that only passes or ``suppress`` around a verb, and rows that a view
    deletes itself, where no verb could refuse."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.With) and "suppress(ValidationError)" in ast.unparse(node.items[0]):
            found += [ast.unparse(node)] if VERBS.search(ast.unparse(node)) else []
        if isinstance(node, ast.ExceptHandler) and node.type and "ValidationError" in ast.unparse(node.type):
            found += ["pass"] if all(isinstance(one, ast.Pass) for one in node.body) else []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "delete":
            found.append(ast.unparse(node))
        if isinstance(node, ast.Call) and re.fullmatch(r"messages\.(warning|error)", ast.unparse(node.func)):
            found.append(ast.unparse(node.func))
    return found


def test_no_view_swallows_a_refusal():
    """Whoever says on the next page that an act was not done says it by kim.access.submissions.say_refused: it frees the key."""
    base = Path(settings.BASE_DIR)
    places = ("kim/pages/views", "staffing/views", "grants/views", "meetings/views")
    views = [p for place in places for p in (base / place).glob("*.py")]
    assert len(views) > 20
    views += [base / "kim" / name for name in ("admin/__init__.py", "admin/reference.py", "pages/forms.py")]
    assert {str(p.relative_to(base)): found for p in views if (found := swallowed(p.read_text()))} == {}
    assert len(views) > 20
    for planted in ("with suppress(ValidationError): row.save()", "row.delete()", "messages.error(request, 'x')"):
        assert swallowed(planted), planted
    assert swallowed("try:\n    x()\nexcept ValidationError:\n    pass")


def test_a_form_of_an_old_session_shows_what_was_typed(login):
    from kim.models import User

    login()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="sachbearbeitung@staedteregion-aachen"))
    data = {"text": "Anruf bei der <Caritas>", "password": "geheim 123", "csrfmiddlewaretoken": "alt"}
    answer = browser.post("/notizen/neu/stelle/CM-01/", data)
    words = answer.content.decode()
    assert answer.status_code == 403 and "Anruf bei der &lt;Caritas&gt;" in words
    assert "geheim" not in words and "DEBUG" not in words and 'href="/notizen/neu/stelle/CM-01/"' in words


def test_the_address_of_a_button_says_that_it_is_one(login):
    answer = login("leitung").get("/dokumente/2023-0120/freigeben/")
    assert answer.status_code == 405 and "gehört zu einem Knopf" in answer.content.decode()
    assert answer["Allow"]
