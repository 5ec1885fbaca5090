"""Forms in KERN's dress, and the pages around them; a stale save keeps the input and shows both values."""

from copy import copy
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.http import HttpResponseBase
from django.shortcuts import redirect, render

from kim.access.request import Request
from kim.access.views import RuleView
from kim.lists import kept_link
from kim.models import TrailEvent
from kim.models.refusals import CONFLICT, USED
from kim.store.context import act_key, described_in_act
from kim.values.formats import LineField
from kim.values.places import PLACE_HELP


class KernRenderer(TemplatesSetting):
    """Fields as the design system wants them, errors tied to their field."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class ReasonField(LineField):
    """The Grund of a change, which stands in the history. example: what somebody might write."""

    def __init__(self, example: str = "", **kwargs: Any) -> None:
        words = f"Steht im Verlauf, z. B. „{example}“." if example else "Steht im Verlauf."
        required = {"required": "Bitte einen Grund angeben. Er steht im Verlauf."}
        given: dict[str, Any] = {"label": "Grund", "max_length": 300, "help_text": words, "error_messages": required}
        super().__init__(**given | kwargs)


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A form that carries the version of the row it was shown with; the row's verb checks all rules when it saves."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.instance.version
        for field in self.fields.values():
            say_empty(field)
        if place := self.fields.get("basis_place"):
            place.help_text = place.help_text or PLACE_HELP

    def restore(self, data: Any) -> set[str]:
        """Put back what the form showed and the row's own history does not know (rows that belong to it): the names
        of the fields that could be put back."""
        return set()

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
        return bool(shown != self.fields["version"].initial)

    def refuse(self, error: ValidationError) -> None:
        add_errors(self, error)


def say_empty(field: Any) -> None:
    """What stands in a select where nothing is chosen, instead of Django's dashes."""
    words = "bitte wählen" if field.required else "keine Angabe"
    if isinstance(field, forms.ModelChoiceField):
        if field.empty_label == "---------":
            field.empty_label = words
    elif isinstance(field, forms.ChoiceField):
        given: Any = field.choices
        field.choices = [(key, words if (key, str(label)) == ("", "---------") else label) for key, label in given]


def add_errors(form: Any, error: ValidationError) -> None:
    """Put the sentences of a refused change at their fields, the rest at the top."""
    if hasattr(error, "error_dict"):
        for name, errors in error.error_dict.items():
            once = list(dict.fromkeys(ValidationError(errors).messages))  # two constraints may say the same
            form.add_error(name if name in form.fields else None, once)
    else:
        form.add_error(None, error)


class ReasonedForm(VersionedForm):
    """A form that corrects figures: it asks for the reason."""

    reason = ReasonField("laut Änderungsbescheid ab Januar nur halbe Stelle")


class RemovePage(RuleView):
    """Delete a row that was never used: GET asks, POST deletes with a reason or says what it is used for."""

    def instance(self, request: Request, **kwargs: Any) -> Any:
        """The row to delete; Http404 if the body has none."""
        raise NotImplementedError

    def done(self) -> str:
        """Where to go on."""
        raise NotImplementedError

    def get(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        row = self.instance(request, **kwargs)
        used = row.used_by()
        problem = f"{USED} Hier gibt es: {', '.join(used)}." if used else ""
        return self.page(request, row, problem, "", 200, blocked=bool(used))

    def post(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        row, reason = self.instance(request, **kwargs), request.POST.get("reason", "").strip()
        if not reason:
            return self.page(request, row, "Bitte einen Grund angeben. Er steht im Verlauf.", "", 422)
        if request.POST.get("version") != str(row.version):
            return self.page(request, row, CONFLICT, reason, 409)
        words = f"{row._meta.verbose_name} {row}"
        try:
            row.remove(reason=reason[:300])
        except ValidationError as error:
            return self.page(request, row, " ".join(error.messages), reason, 422)
        saved(request, f"{words} ist gelöscht.")
        return redirect(kept_link(request, self.done()))

    def page(
        self, request: Request, row: Any, problem: str, reason: str, status: int, *, blocked: bool = False
    ) -> HttpResponseBase:
        context = {
            "title": f"{row._meta.verbose_name} {row} löschen",
            "row": row,
            "problem": problem,
            "reason": reason,
            "asks_reason": True,
            "blocked": blocked,
        }
        return render(request, "components/remove.html", context, status=status)


class AddPage(RuleView):
    """A page that records something new: GET shows the form, POST saves it or says what is wrong."""

    template_name = "components/edit.html"
    form_class: type[forms.BaseForm]
    title = ""
    button = "Speichern"
    repeatable = False  # whether there is a button that saves and shows an empty form for the next one

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Any:
        """The form, bound if data are given; Http404 if there is nothing to add to."""
        return self.form_class(*data)

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        """Save; the message for the user and the address to go on. ValidationError if refused."""
        raise NotImplementedError

    def again(self, request: Request, form: Any) -> str:
        """Where the next one is recorded."""
        return request.get_full_path()

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        return {"title": self.title, "button": self.button}

    def get(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        return self.page(request, self.form(request, **kwargs), **kwargs)

    def post(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        form = self.form(request, request.POST, request.FILES, **kwargs)
        if form.is_valid():
            try:
                message, target = self.save(request, form)
            except ValidationError as error:
                add_errors(form, error)
            else:
                saved(request, message)
                again = self.repeatable and "again" in request.POST
                return redirect(self.again(request, form) if again else kept_link(request, target))
        return self.page(request, form, 422, **kwargs)

    def page(self, request: Request, form: Any, status: int = 200, **kwargs: Any) -> HttpResponseBase:
        context = {
            "form": form,
            "button": self.button,
            "repeatable": self.repeatable,
            **self.context(request, form, **kwargs),
        }
        return render(request, self.template_name, context, status=status)


def saved(request: Request, message: str) -> None:
    """Say what was saved; beside it the button that takes it back (kim.history.trail.undo), unless words have changed
    that the history does not keep."""
    act = act_key()
    undoable = TrailEvent.objects.filter(act=act).exists() and not described_in_act("unkept")
    messages.success(request, message, extra_tags=act if undoable else "")


class Conflict:
    """One field of a stale form: what was typed and what is stored now."""

    def __init__(self, typed: forms.BoundField, stored: forms.BoundField) -> None:
        self.name, self.label = typed.name, typed.label
        self.mine, self.theirs = shown(typed), shown(stored)


def shown(field: forms.BoundField) -> str:
    """A field's value in words: choices by their label, nothing as a dash."""
    value = field.value()
    choices = getattr(field.field, "choices", None)
    if isinstance(value, bool) or isinstance(field.field, forms.BooleanField):
        return "ja" if value else "nein"
    if choices is None and isinstance(value, list | tuple):
        return " bis ".join(str(v or "offen") for v in value) if any(value) else "–"
    if choices is None:
        return str(value) if value not in (None, "") else "–"
    wanted = {str(v) for v in (value if isinstance(value, list | tuple) else [value]) if v not in (None, "")}
    return ", ".join(str(label) for key, label in choices if str(key) in wanted) or "–"


def facts(form: forms.BaseForm) -> list[tuple[str, str]]:
    """What a form of a row says of it: label and value of each field."""
    fields = [form[name] for name in form.fields if name != "reason"]
    return [(str(field.label), shown(field)) for field in fields if not field.is_hidden]


class CorrectionPage(RuleView):
    """An edit view: GET shows the form, POST saves it, shows what is wrong, or shows both values of a conflict."""

    template_name = "components/edit.html"
    form_class: type[VersionedForm]

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """The row to correct; Http404 if the body has none."""
        raise NotImplementedError

    def save(self, request: Request, form: Any) -> str:
        """Save by the model's verb; the message for the user. ValidationError if refused."""
        raise NotImplementedError

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        return {}

    def target(self, instance: Any) -> str:
        return str(instance.get_absolute_url())

    def get(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        return self.page(request, self.form_class(instance=self.instance(request, **kwargs)))

    def post(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        stored = self.form_class(instance=self.instance(request, **kwargs))
        form = self.form_class(chosen(request.POST, stored), instance=self.instance(request, **kwargs))
        if form.is_stale():
            return self.conflict(request, form, stored)
        if not form.is_valid() and not self.is_preview_without_reason(request, form):
            return self.page(request, form, status=422)
        return self.act(request, form)

    def is_preview_without_reason(self, request: Request, form: Any) -> bool:
        """Whether consequences are asked for while the reason is still to be typed; a stand-in is put in its place."""
        if "preview" not in request.POST or set(form.errors) != {"reason"}:
            return False
        form.errors.pop("reason")
        form.cleaned_data["reason"] = "Vorschau"
        return True

    def act(self, request: Request, form: Any) -> HttpResponseBase:
        """Preview or save a form whose fields can all be read."""
        try:
            if "preview" in request.POST:
                return self.page(request, form, **self.preview(request, form))
            message = self.save(request, form)
        except ValidationError as error:
            if CONFLICT in error.messages and "preview" not in request.POST:  # saved between our look and our save
                return self.post(request, **self.kwargs)
            form.refuse(error)
            return self.page(request, form, status=422)
        saved(request, message)
        return redirect(kept_link(request, self.target(form.instance)))

    def preview(self, request: Request, form: Any) -> dict[str, Any]:
        return {}

    def page(self, request: Request, form: Any, status: int = 200, **extra: Any) -> HttpResponseBase:
        context = {"form": form, "object": form.instance, "button": "Speichern"}
        context |= {**self.context(request, form), **extra}
        return render(request, self.template_name, context, status=status)

    def conflict(self, request: Request, form: Any, stored: Any) -> HttpResponseBase:
        """Somebody was faster: nothing typed is lost, each field both have changed is decided on (409)."""
        context = compared(request, form, stored) | self.context(request, stored)
        return render(request, "conflict.html", context, status=409)


def compared(request: Request, form: Any, stored: Any) -> dict[str, Any]:
    """What the conflict page needs, for every edit view: what only one of both has changed is taken over, what both
    have is asked; what was shown to the user is read from the history."""
    names = [n for n in form.fields if n not in {"version", "reason"} and not form[n].is_hidden]
    base, unknown = as_shown(type(stored), form, stored)
    mine = [n for n in names if shown(form[n]) != shown(stored[n])]
    theirs = [n for n in mine if n not in unknown and shown(form[n]) == shown(base[n])]
    both = [n for n in mine if n not in theirs and (n in unknown or shown(stored[n]) != shown(base[n]))]
    return {
        "form": form,
        "stored": stored,
        "object": stored.instance,
        "conflicts": [Conflict(form[n], stored[n]) for n in both],
        "merged": [Conflict(form[n], stored[n]) for n in mine if n not in both and n not in theirs],
        "keep": [(i, v) for n in names for i in inputs(form[n]) for v in request.POST.getlist(i)]
        + [(f"choice_{n}", STORED) for n in theirs]
        + [(n, stored[n].value() or "") for n in form.fields if form[n].is_hidden and n != "version"],
        "last": last_change(stored.instance),
    }


class DescriptionPage(CorrectionPage):
    """Words beside the figures (note, Aktenzeichen): saved at once, without a reason."""

    title = ""

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        row = form.instance
        lead = f"{row._meta.verbose_name} {row}"
        return {"title": self.title, "lead": lead, "button": "Speichern"}

    def save(self, request: Request, form: Any) -> str:
        form.instance.save_as("Beschreibung geändert")
        return "Die Beschreibung ist gespeichert."


STORED = "stored"


def as_shown(form_class: Any, form: Any, stored: Any) -> tuple[Any, set[str]]:
    """The form as it was when it was shown, from the history, and the fields of which the history knows nothing:
    all of them if it has no such version, and names of persons, which it never holds."""
    row = copy(stored.instance)
    version = str(form.data.get("version", ""))
    known = version.isascii() and version.isdigit() and len(version) < 9
    event = row.events.filter(version=int(version)).order_by("pgh_id").last() if known else None
    unknown = set()
    for name in form._meta.fields or ():
        if hasattr(event, name):
            setattr(row, name, getattr(event, name))
        else:
            unknown.add(name)
    base = form_class(instance=row)
    restored = base.restore(form.data) if event else set()
    return base, (unknown | set(form.fields) - set(form._meta.fields or ())) - restored


def inputs(field: forms.BoundField) -> list[str]:
    """The names under which a field is sent: a period has two."""
    suffixes = getattr(field.field.widget, "widgets_names", [""])
    return [field.html_name + suffix for suffix in suffixes]


def chosen(data: Any, stored: Any) -> Any:
    """What was posted; where the conflict page says "gespeicherter Wert", the stored value instead."""
    data = data.copy()
    for name in stored.fields:
        if data.get(f"choice_{name}") == STORED:
            value, field = stored[name].value(), stored[name]
            if isinstance(field.field.widget, forms.MultiWidget):
                parts: Any = value if isinstance(value, list) else field.field.widget.decompress(value)
                for one, part in zip(inputs(field), parts, strict=True):
                    data[one] = str(part or "")
                continue
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
    return {"who": str(user) if user else "die Übernahme", "when": event.pgh_created_at}
