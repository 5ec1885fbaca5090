"""Weiterleitung, all at once: drafts and their release as jobs with progress, interrupted, refused, asked for twice."""

import io
import zipfile

import pytest
from django.urls import reverse

from grants.documents import OnwardDocument
from grants.figures import onward
from grants.models import NewOnwardGrant, OnwardGrant, OnwardTemplate
from grants.models.onward import drafts
from grants.tasks import release_grants, write_grants
from grants.views.onward import digest
from kim.access import jobs
from kim.models import Job, RoleAssignment, TextBlock, User
from kim.store.context import acting
from kim.studio import releases
from staffing.models import Carrier
from tests.grants.onward import new, shrink


def start(login, notice, chosen, person="sachbearbeitung"):
    data = {"basis": "notice", "day": "01.03.2023", "as_of": "01.03.2023", "recipients": chosen}
    return login(person).post(reverse("onward-new", args=[notice.slug]), data)


def asked(region, role="sachbearbeitung"):
    """The newest job of the person; nobody else sees it."""
    user = User.objects.get(username=f"{role}@staedteregion-aachen")
    with acting(user.pk, [region.pk]):
        return Job.objects.order_by("pk").last()


def work(job, task):
    task.call(str(job.key), job.user_id, job.body_id)
    with acting(job.user_id, [job.body_id]):
        return Job.objects.get(pk=job.pk)


def test_drafts_for_all_and_their_release_are_jobs_with_progress(notice, signed, login, region):
    slugs = [one.carrier.slug for one in onward.recipients(notice)]
    answer = start(login, notice, slugs)
    job = asked(region)
    assert answer["Location"].startswith(job.get_absolute_url()) and (job.done, job.total) == (0, len(slugs))
    job = work(job, write_grants)
    assert job.is_finished and job.problems == [] and OnwardGrant.objects.count() == len(slugs)
    Carrier.objects.filter(slug="sprungbrett").update(street="")
    head = login("leitung")
    head.post(reverse("onward-release", args=[notice.slug]), {"drafts": digest(drafts(notice))})
    job = work(asked(region, "leitung"), release_grants)
    assert job.is_finished and len(job.problems) == 1 and "SPRUNGBrett" in job.problems[0]
    assert "1 von" in head.get(job.get_absolute_url()).content.decode()
    archive = zipfile.ZipFile(io.BytesIO(login().get(reverse("onward-zip", args=[notice.slug])).content))
    assert len(archive.namelist()) == len(slugs) - 1
    again = work(job, release_grants)  # asked for once more: nothing is left
    assert again.problems == job.problems


def test_a_job_goes_on_where_it_stopped(notice, signed, login, monkeypatch, region):
    slugs = [one.carrier.slug for one in onward.recipients(notice)][:4]
    start(login, notice, slugs)
    job = asked(region)
    create = NewOnwardGrant.create

    def killed(self):
        if OnwardGrant.objects.count() == 2:
            raise KeyboardInterrupt
        return create(self)

    monkeypatch.setattr(NewOnwardGrant, "create", killed)
    with pytest.raises(KeyboardInterrupt):
        work(job, write_grants)
    assert asked(region).done == 2
    monkeypatch.setattr(NewOnwardGrant, "create", create)
    job = work(job, write_grants)
    assert job.is_finished and job.problems == [] and OnwardGrant.objects.count() == 4


def test_a_fault_of_the_program_is_noted_and_keeps_no_other_step(notice, signed, login, monkeypatch, caplog, region):
    start(login, notice, ["sprungbrett", "stadt-monschau"])
    create = NewOnwardGrant.create

    def faulty(self):
        if self.carrier.slug == "sprungbrett":
            raise RuntimeError("geheim")
        return create(self)

    monkeypatch.setattr(NewOnwardGrant, "create", faulty)
    job = work(asked(region), write_grants)
    assert job.problems == [jobs.BROKEN] and job.is_finished and OnwardGrant.objects.count() == 1
    assert "geheim" in caplog.text


def test_a_text_changed_after_it_was_asked_for_is_not_released(notice, signed, login, region):
    grant = new(notice, "sprungbrett")
    login("leitung").post(reverse("onward-release", args=[notice.slug]), {"drafts": digest(drafts(notice))})
    TextBlock.objects.filter(text=grant.text, key="zweck").update(content="Anders.")
    job = work(asked(region, "leitung"), release_grants)
    assert "Inzwischen geändert: Text. " in job.problems[0] and OnwardGrant.objects.get().is_open


def test_nothing_chosen_or_no_muster_is_said_and_loses_nothing(notice, login, region):
    answer = start(login, notice, [])
    assert answer.status_code == 422 and "mindestens einen Empfänger" in answer.content.decode()
    OnwardTemplate.objects.all().delete()
    answer = start(login, notice, ["sprungbrett"])
    words = answer.content.decode()
    assert answer.status_code == 422 and "noch kein Muster" in words and asked(region) is None
    assert words.count(" checked") == 1


def test_a_job_is_seen_only_by_the_person_who_asked_for_it(notice, signed, login, region):
    start(login, notice, ["sprungbrett"])
    url = asked(region).get_absolute_url()
    assert login().get(url).status_code == 200
    assert login("leitung").get(url).status_code == 404


@pytest.mark.parametrize("lost", ["role", "account"])
def test_a_job_does_nothing_more_once_the_right_is_lost(notice, signed, login, region, lost):
    new(notice, "sprungbrett")
    login("leitung").post(reverse("onward-release", args=[notice.slug]), {"drafts": digest(drafts(notice))})
    job = asked(region, "leitung")
    with acting(None, []):
        if lost == "role":
            RoleAssignment.objects.filter(user=job.user_id).update(role="sachbearbeitung")
        else:
            User.objects.filter(pk=job.user_id).update(is_active=False)
    job = work(job, release_grants)
    assert job.problems == [jobs.LOST] and OnwardGrant.objects.get().is_open


def test_who_lost_the_right_does_not_go_on_with_a_job(notice, signed, login, region):
    new(notice, "sprungbrett")
    head = login("leitung")
    head.post(reverse("onward-release", args=[notice.slug]), {"drafts": digest(drafts(notice))})
    job = asked(region, "leitung")
    with acting(None, []):
        RoleAssignment.objects.filter(user=job.user_id).update(role="sachbearbeitung")
    words = head.post(f"{job.get_absolute_url()}fortsetzen/", follow=True).content.decode()
    assert jobs.LOST in words


def test_another_signature_or_amount_after_it_was_asked_for_is_not_released(notice, signed, login, region):
    grant = new(notice, "sprungbrett")
    login("leitung").post(reverse("onward-release", args=[notice.slug]), {"drafts": digest(drafts(notice))})
    OnwardGrant.objects.filter(pk=grant.pk).update(signer_name="Jemand Anderes")
    job = work(asked(region, "leitung"), release_grants)
    assert "Inzwischen geändert: Kopf (Zeichnung, Zahlenstand). " in job.problems[0]
    login("leitung").post(reverse("onward-release", args=[notice.slug]), {"drafts": digest(drafts(notice))})
    shrink()
    releases.adopt_figures(OnwardDocument(OnwardGrant.objects.get(pk=grant.pk)))
    job = work(asked(region, "leitung"), release_grants)
    assert "Inzwischen geändert: Zahlen. " in job.problems[0] and OnwardGrant.objects.get().is_open


def test_pressed_twice_there_is_one_job(notice, signed, login, region):
    start(login, notice, ["sprungbrett"])
    first = asked(region)
    assert start(login, notice, ["sprungbrett"])["Location"].startswith(first.get_absolute_url())
    assert asked(region).pk == first.pk
    work(first, write_grants)
    start(login, notice, ["stadt-monschau"])
    assert asked(region).pk != first.pk
