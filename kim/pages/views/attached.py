"""Notes, Wiedervorlagen and files on any object, and the button that takes the last save back."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from icalendar import Calendar, Event

from kim.access.request import Request
from kim.access.rules import may
from kim.access.submissions import say_refused
from kim.access.views import RuleView
from kim.history import trail
from kim.lists import kept_link
from kim.models import File, Note, Reminder, Role, User, subjects
from kim.pages.forms import AddPage
from kim.values.formats import DateField, LineField, LongTextField
from kim.values.uploads import UploadField, download


def subject_of(request: Request, kind: str, key: str) -> Any:
    """The object a note is to lie beside, named as in its own address; Http404 if the body has none."""
    model = subjects().get(kind)
    if model is None:
        raise Http404
    try:
        found = model.find(request.acting_body, key)
    except model.DoesNotExist as error:
        raise Http404 from error
    if not model.visible_to(request).filter(pk=found.pk).exists():
        raise Http404
    return found


class NoteForm(forms.Form):
    """A note."""

    text = LongTextField(
        label="Notiz",
        max_length=4000,
        help_text="Für alle sichtbar, die für diese Körperschaft arbeiten; ihr Wortlaut steht nicht im Verlauf.",
    )


class FileForm(forms.Form):
    """A file."""

    file = UploadField(label="Datei")


class ReminderForm(forms.Form):
    """A Wiedervorlage for oneself, another person or a role of the body."""

    date = DateField(label="Datum", help_text="z. B. 01.04.2023")
    text = LineField(label="Was ist zu tun?", max_length=300)
    whom = forms.ChoiceField(label="für")

    def __init__(self, request: Request, *data: Any) -> None:
        super().__init__(*data)
        held = {"role_assignments__body": request.acting_body, "role_assignments__public_only": False}
        people = User.objects.filter(**held, is_active=True).distinct()
        others = [(f"person-{u.pk}", str(u)) for u in people.exclude(pk=request.user.pk)]
        roles = [(f"rolle-{role}", f"alle in der Rolle {role.label}") for role in Role if role != Role.TECHNICAL]
        fields: dict[str, Any] = self.fields
        fields["whom"].choices = [(f"person-{request.user.pk}", "mich"), *others, *roles]
        fields["date"].today = request.stand

    def whose(self) -> dict[str, Any]:
        """user or role, as the row has it."""
        kind, _, key = self.cleaned_data["whom"].partition("-")
        return {"user_id": int(key)} if kind == "person" else {"role": key}


class AddAttached(AddPage):
    """Lay something beside an object."""

    rule = "attached.edit"
    model: type[models.Model]

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Any:
        self.subject = subject_of(request, kwargs["kind"], kwargs["key"])
        return self.form_class(*data)

    def values(self, form: Any) -> dict[str, Any]:
        return dict(form.cleaned_data)

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        words = f"{self.subject._meta.verbose_name} {self.subject}"
        return super().context(request, form) | {
            "lead": f"zu: {words}",
            "back": self.subject.get_absolute_url(),
            "crumbs": [(words, self.subject.get_absolute_url())],
            "multipart": form.is_multipart(),
        }

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        made: Any = self.model(
            body=request.acting_body,
            subject_kind=self.subject.attached_as,
            subject_id=self.subject.pk,
            author=request.user,
            **self.values(form),
        )
        made.save_as(f"{self.model._meta.verbose_name} angelegt")
        name = f" „{made}“" if self.model is File else ""
        return f"{self.model._meta.verbose_name}{name} ist gespeichert.", self.subject.get_absolute_url()


class AddNote(AddAttached):
    """A new note."""

    model, form_class = Note, NoteForm
    title, button = "Neue Notiz", "Notiz speichern"


class AddReminder(AddAttached):
    """A new Wiedervorlage."""

    model, form_class = Reminder, ReminderForm
    title, button = "Neue Wiedervorlage", "Wiedervorlage speichern"

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Any:
        self.subject = subject_of(request, kwargs["kind"], kwargs["key"])
        return ReminderForm(request, *data)

    def values(self, form: Any) -> dict[str, Any]:
        return {"date": form.cleaned_data["date"], "text": form.cleaned_data["text"], **form.whose()}


class AddFile(AddAttached):
    """A new file, through the one door."""

    model, form_class = File, FileForm
    title, button = "Datei hochladen", "Datei hochladen"

    def values(self, form: Any) -> dict[str, Any]:
        return File.facts(form.cleaned_data["file"])


def one(request: Request, model: Any, **condition: Any) -> Any:
    """The body's row; foreign and missing are the same 404."""
    found = model.visible_to(request).filter(**condition).first()
    if found is None:
        raise Http404
    return found


class Download(RuleView):
    """A file, as an inert download."""

    rule = "attached.view"

    def get(self, request: Request, key: uuid.UUID) -> HttpResponseBase:
        return download(one(request, File, key=key))


class RemoveAttached(RuleView):
    """Take away what one has laid there oneself."""

    rule = "attached.edit"
    kinds: dict[str, Any] = {"note": Note, "reminder": Reminder, "file": File}

    def post(self, request: Request) -> HttpResponseBase:
        model, key = self.kinds.get(request.POST.get("kind", "")), request.POST.get("number", "")
        if model is None or not (key.isascii() and key.isdigit() and len(key) < 19):
            raise Http404
        found = one(request, model, pk=int(key), author=request.user)
        target = found.get_absolute_url()
        try:
            found.take_away()
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
        else:
            messages.info(request, f"{model._meta.verbose_name} ist entfernt.")
        return redirect(kept_link(request, target))


def mine(request: Request) -> Any:
    """Open Wiedervorlagen for this person, by name or by one of her roles."""
    for_me = models.Q(user=request.user) | models.Q(role__in=[str(role) for role in request.roles])
    return Reminder.visible_to(request).filter(for_me, done=False).select_related("user", "author")


class Reminders(RuleView):
    """One's own Wiedervorlagen, as a list and as a calendar file; done with one click."""

    rule = "attached.view"

    def get(self, request: Request) -> HttpResponseBase:
        found = Reminder.with_subjects(mine(request))
        mine_for_others = Reminder.visible_to(request).filter(author=request.user, done=False)
        others = mine_for_others.exclude(pk__in=[one.pk for one in found]).select_related("user")
        if request.GET.get("format") == "ics":
            response = HttpResponse(calendar(request, found), content_type="text/calendar; charset=utf-8")
            response["Content-Disposition"] = 'attachment; filename="wiedervorlagen.ics"'
            return response
        context = {"reminders": found, "others": Reminder.with_subjects(others)}
        return render(request, "kim/reminders.html", context)


class FinishReminder(RuleView):
    """A Wiedervorlage is done."""

    rule = "attached.edit"

    def post(self, request: Request) -> HttpResponseBase:
        key = request.POST.get("number", "")
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            raise Http404
        found = mine(request).filter(pk=int(key)).first() or one(request, Reminder, pk=int(key), author=request.user)
        try:
            found.finish()
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
        else:
            messages.success(request, "Wiedervorlage ist erledigt.")
        return redirect(kept_link(request, safe(request, request.POST.get("next", ""), "/wiedervorlagen/")))


def safe(request: Request, target: str, otherwise: str) -> str:
    """An address of ours, or the other one."""
    own = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if target and own else otherwise


def calendar(request: Request, found: list[Reminder]) -> bytes:
    """The Wiedervorlagen as iCalendar (RFC 5545): one all-day event each."""
    calendar = Calendar.new(
        prodid="-//KIM-Verwaltung//Wiedervorlagen//DE",
        uid=f"wiedervorlagen@{request.acting_body.slug}.kim-verwaltung",
    )
    for item in found:
        about = item.subject
        event = Event.new(
            uid=f"wiedervorlage-{item.pk}@{request.acting_body.slug}.kim-verwaltung",
            stamp=item.created_at,
            start=item.date,
            summary=" ".join(item.text.split()),
            description=f"{about._meta.verbose_name} {about}" if about else None,
            url=request.build_absolute_uri(item.get_absolute_url()),
        )
        calendar.add_component(event)
    return bytes(calendar.to_ical())


class Undo(RuleView):
    """What one has saved within the last ten minutes, and the counter-entry that takes it back."""

    rule = "kim.undo"

    def get(self, request: Request) -> HttpResponseBase:
        mine = list(trail.recent(None, request.user).values_list("act", flat=True).distinct())
        return render(request, "kim/recent.html", {"story": trail.entries_of_acts(mine, request.user)})

    def post(self, request: Request) -> HttpResponseBase:
        target = safe(request, request.POST.get("next", ""), "/")
        try:
            act = uuid.UUID(request.POST.get("act", ""))
            what, gone = trail.undo(act, request.user, lambda rule: may(request, rule))
            target = "/" if gone else target
        except ValueError:
            raise Http404 from None
        except ValidationError as error:
            say_refused(request, " ".join(error.messages))
        else:
            messages.success(request, f"Zurückgenommen: {what}. Beides steht im Verlauf.")
        return redirect(target)
