"""Long work: how far it has got, and going on after an interruption."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render

from kim.access import jobs
from kim.access.request import Request
from kim.access.rules import may
from kim.access.submissions import say_refused
from kim.access.views import RuleView
from kim.lists import kept_link
from kim.models import Job
from kim.studio import releases

WAITING = timedelta(seconds=60)  # without progress: nobody seems to work on it


def job_of(request: Request, key: Any) -> Job:
    """The person's own job; everything else is the same 404."""
    job: Job | None = Job.visible_to(request).filter(key=key).first()
    if job is None:
        raise Http404
    return job


class JobPage(RuleView):
    """How far a job has got; asks again by itself until it is finished."""

    rule = "jobs.view"

    def get(self, request: Request, key: Any) -> HttpResponseBase:
        job = job_of(request, key)
        stands = not job.is_finished and releases.now() - (job.moved_at or job.created_at) > WAITING
        return render(request, "kim/job.html", {"job": job, "stands": stands})


class ContinueJob(RuleView):
    """Go on with what is left."""

    rule = "jobs.view"

    def post(self, request: Request, key: Any) -> HttpResponseBase:
        job = job_of(request, key)
        if not may(request, job.rule):
            say_refused(request, jobs.LOST)
        elif not job.is_finished:
            jobs.go_on(job)
            messages.success(request, "Der Vorgang geht weiter, wo er stehen geblieben ist.")
        return redirect(kept_link(request, job.get_absolute_url()))
