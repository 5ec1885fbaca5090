"""Long work: begun by a page, done by a worker (manage.py db_worker), step by step, with its progress to be seen."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from kim.access.request import Request
from kim.access.rules import RULES
from kim.access.submissions import say_refused
from kim.models import Job, Role, RoleAssignment
from kim.store.context import acting
from kim.values.periods import today

KEPT = timedelta(days=30)
BROKEN = "Ein Fehler im Programm; er ist für die Systemverwaltung vermerkt."
LOST = "Wer das angestoßen hat, hat das Recht dazu nicht mehr."
logger = logging.getLogger("kim.access.jobs")


def start(task: Any, request: Request, rule: str, name: str, items: Sequence[Any], back: str) -> Job:
    """Ask a worker for one step of the task for each item (keys of rows). ValidationError if there are none.

    task: takes (key of the job, user, body) and calls run. rule: the right that each step asks for when it is done.
    One that is under way for the same page is not begun again.
    """
    if not items:
        raise ValidationError("Es gibt nichts zu tun.")
    same = Job.visible_to(request).filter(back=back[:500], task=task.module_path)
    if running := next((one for one in same if not one.is_finished), None):
        say_refused(request, "Dieser Vorgang läuft noch; ein zweiter beginnt erst danach. Bitte dann noch einmal.")
        return running
    Job.objects.filter(user=request.user, created_at__lt=Now() - KEPT).delete()
    job = Job(user=request.user, body=request.acting_body, name=name[:160], back=back[:500], rule=rule)
    job.items, job.task = list(items), task.module_path
    job.save()
    go_on(job)
    return job


def go_on(job: Job) -> None:
    """Ask a worker for what is left of a job; also after one was interrupted."""
    task: Any = import_string(job.task)
    task.enqueue(str(job.key), job.user_id, job.body_id)


def run(key: str, user: int, body: int, step: Callable[[Any], None]) -> None:
    """Do the steps of a job that are left, each in a transaction of its own, as the person who asked for it.

    What is done stays done; a step that is refused is noted and does not keep the others from being done. Called again
    after an interruption it goes on where it stopped; called twice at once, the second does nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        if not cursor.fetchone()[0]:
            return
    try:
        with acting(user, [body]):
            job = Job.objects.get(key=key)
        for item in job.items[job.done :]:
            job.done += 1
            try:
                with acting(user, [body], act=job.name):
                    check(job)
                    step(item)
                    save_progress(job)
            except ValidationError as error:
                mark_failed(job, " ".join(error.messages))
            except Exception:
                logger.exception("job %s, item %s", job.key, item)
                mark_failed(job, BROKEN)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def check(job: Job) -> None:
    """ValidationError if the person who asked has lost the right meanwhile."""
    held = RoleAssignment.objects.filter(user=job.user_id, user__is_active=True, body=job.body_id, public_only=False)
    held = held.exclude(user__ends_on__lt=today(None))
    if not {Role(one.role) for one in held} & RULES[job.rule]:
        raise ValidationError(LOST)


def mark_failed(job: Job, problem: str) -> None:
    """Note a step that could not be done."""
    job.problems.append(problem)
    with acting(job.user_id, [job.body_id]):
        save_progress(job)


def save_progress(job: Job) -> None:
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(done=job.done, problems=job.problems, moved_at=Now())
