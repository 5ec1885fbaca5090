"""Forms in KERN's dress, with version and reason; a stale save keeps the input and shows both values."""

from copy import copy
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.http import HttpResponseBase
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import redirect, render

from kim.history import CONFLICT
from kim.permissions import Ruled
from kim.tables import kept_link


class KernRenderer(TemplatesSetting):
    """Fields as the design system wants them, errors tied to their field."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class ReasonedForm(forms.ModelForm):
    """A form that corrects a row: it carries the version it was shown and asks for the reason."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Grund",
        max_length=300,
        help_text="Steht im Verlauf, z. B. „laut Änderungsbescheid ab Januar nur halbe Stelle“.",
        error_messages={"required": "Bitte einen Grund angeben. Er steht im Verlauf."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.instance.version

    def restore(self, data: Any) -> None:
        """Put back what the form showed and the row's own history does not know (rows that belong to it)."""

    def _post_clean(self) -> None:
        """Only put the values on the row: all rules are checked once, by the verb that saves it."""
        cleaned, self.stored_version = self.cleaned_data, self.instance.version
        self.instance = forms.models.construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)
        self.instance.version = cleaned.get("version") or self.instance.version

    def is_stale(self) -> bool:
        """Whether somebody saved the row after this form was shown."""
        try:
            shown = int(self.data.get(self.add_prefix("version"), ""))
        except ValueError:
            return True
        return shown != self.fields["version"].initial

    def refuse(self, error: ValidationError) -> None:
        """Put the sentences of a refused change at their fields, the rest at the top."""
        if hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                self.add_error(name if name in self.fields else None, errors)
        else:
            self.add_error(None, error)


class Conflict:
    """One field of a stale form: what was typed and what is stored now."""

    def __init__(self, typed: forms.BoundField, stored: forms.BoundField) -> None:
        self.name, self.label = typed.name, typed.label
        self.mine, self.theirs = shown(typed), shown(stored)


def shown(field: forms.BoundField) -> str:
    """A field's value in words: choices by their label, nothing as a dash."""
    value = field.value()
    choices = getattr(field.field, "choices", None)
    if choices is None:
        return str(value) if value not in (None, "") else "–"
    wanted = {str(v) for v in (value if isinstance(value, list | tuple) else [value]) if v not in (None, "")}
    return ", ".join(str(label) for key, label in choices if str(key) in wanted) or "–"


class CorrectionPage(Ruled):
    """An edit view: GET shows the form, POST saves it, shows what is wrong, or shows both values of a conflict."""

    template_name: str
    form_class: type[ReasonedForm]
    derived: tuple[str, ...] = ()  # fields that the verb may set by itself

    def instance(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The row to correct; Http404 if the body has none."""
        raise NotImplementedError

    def save(self, request: Any, form: Any) -> str:
        """Save by the model's verb; the message for the user. ValidationError if refused."""
        raise NotImplementedError

    def context(self, request: Any, form: Any) -> dict[str, Any]:
        return {}

    def target(self, instance: Any) -> str:
        return str(instance.get_absolute_url())

    def get(self, request: Any, **kwargs: Any) -> HttpResponseBase:
        return self.page(request, self.form_class(instance=self.instance(request, **kwargs)))

    def post(self, request: Any, **kwargs: Any) -> HttpResponseBase:
        stored = self.form_class(instance=self.instance(request, **kwargs))
        form = self.form_class(chosen(request.POST, stored), instance=self.instance(request, **kwargs))
        if form.is_stale():
            return self.conflict(request, form, stored)
        if not form.is_valid():
            return self.page(request, form, status=422)
        return self.act(request, form)

    def act(self, request: Any, form: Any) -> HttpResponseBase:
        """Preview or save a form whose fields can all be read."""
        try:
            if "vorschau" in request.POST:
                return self.page(request, form, **self.preview(request, form))
            message = self.save(request, form)
        except ValidationError as error:
            if CONFLICT in error.messages and "vorschau" not in request.POST:  # saved between our look and our save
                return self.post(request, **self.kwargs)
            form.refuse(error)
            return self.page(request, form, status=422)
        messages.success(request, message)
        found: HttpResponseRedirectBase = redirect(kept_link(request, self.target(form.instance)))
        return found

    def preview(self, request: Any, form: Any) -> dict[str, Any]:
        return {}

    def page(self, request: Any, form: Any, status: int = 200, **extra: Any) -> HttpResponseBase:
        context = {"form": form, "object": form.instance, **self.context(request, form), **extra}
        return render(request, self.template_name, context, status=status)

    def conflict(self, request: Any, form: Any, stored: Any) -> HttpResponseBase:
        """Somebody was faster: nothing typed is lost, each field both have changed is decided on (409).

        What only one of both has changed is taken over; what was shown to the user is read from the history.
        """
        names = [n for n in form.fields if n not in {"version", "reason"} and not form[n].is_hidden]
        last, base = last_change(stored.instance), as_shown(self.form_class, form, stored)
        mine = [n for n in names if shown(form[n]) != shown(stored[n])]
        touched = [n for n in mine if n not in self.derived or shown(form[n]) != shown(base[n])]
        reason = request.POST.get("reason", "").strip()
        if (last.get("user"), last.get("reason"), touched) == (request.user.pk, reason, []):
            messages.info(request, "Diese Änderung war schon gespeichert; ein zweites Mal ändert sie nichts.")
            return redirect(self.target(stored.instance))  # the very form that was saved a moment ago
        theirs = [n for n in mine if shown(form[n]) == shown(base[n])]
        both = [n for n in mine if n not in theirs and shown(stored[n]) != shown(base[n])]
        context = {
            "form": form,
            "stored": stored,
            "object": stored.instance,
            "conflicts": [Conflict(form[n], stored[n]) for n in both],
            "merged": [Conflict(form[n], stored[n]) for n in mine if n not in both and n not in theirs],
            "keep": [(n, v) for n in names for v in request.POST.getlist(n)]
            + [(f"wahl_{n}", STORED) for n in theirs]
            + [(n, stored[n].value() or "") for n in form.fields if form[n].is_hidden and n != "version"],
            "last": last,
            **self.context(request, stored),
        }
        return render(request, "conflict.html", context, status=409)


STORED = "gespeichert"


def as_shown(form_class: Any, form: Any, stored: Any) -> Any:
    """The form as it was when it was shown, from the history; as it is now if the history has no such version."""
    row = copy(stored.instance)
    version = str(form.data.get("version", ""))
    known = version.isascii() and version.isdigit() and len(version) < 9
    event = row.events.filter(version=int(version)).order_by("pgh_id").last() if known else None
    for name in form._meta.fields if event else ():
        if hasattr(event, name):
            setattr(row, name, getattr(event, name))
    base = form_class(instance=row)
    base.restore(form.data)
    return base


def chosen(data: Any, stored: Any) -> Any:
    """What was posted; where the conflict page says "gespeicherter Wert", the stored value instead."""
    data = data.copy()
    for name in stored.fields:
        if data.get(f"wahl_{name}") == STORED:
            value = stored[name].value()
            values = value if isinstance(value, list | tuple) else [value]
            data.setlist(name, ["" if v is None else str(v) for v in values])
    return data


def last_change(instance: Any) -> dict[str, Any]:
    """Who changed the row last, and when."""
    from kim.models import User

    event = instance.events.order_by("-pgh_id").first()
    if event is None:
        return {}
    user = User.objects.filter(pk=event.pgh_context.get("user")).first()
    who = str(user) if user else "die Übernahme"
    return {"who": who, "when": event.pgh_created_at} | {key: event.pgh_context.get(key) for key in ("user", "reason")}


FORGOTTEN = "Vergessen? Die Systemverwaltung setzt ein neues."  # there is no address for it


def plainly(form: forms.BaseForm, password: str) -> None:
    """A form of the login library without words in its inputs and without a link to what we do not offer."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    form.fields[password].help_text = FORGOTTEN


class SignInForm(LoginForm):
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly(self, "password")


class NewPasswordForm(ChangePasswordForm):
    """The old password and twice the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plainly(self, "oldpassword")
