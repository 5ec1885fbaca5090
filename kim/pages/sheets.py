"""Pages with several forms and tables that are sent together and saved by one act."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import flatatt
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kim.access.request import Request
from kim.lists import kept_link
from kim.models.refusals import CONFLICT
from kim.pages.forms import AddPage, add_errors, saved
from kim.studio.consequences import foreseen

MOST = 200  # lines of a table


class LineSelect(forms.Select):
    """A select in a table. Its options are put together here, not each by a template: a table has thousands."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, SELECTED if str(key) == chosen else "", words) for key, words in self.choices),
        )
        given = flatatt(self.build_attrs(self.attrs, attrs))
        return format_html('<select name="{}"{}>{}</select>', name, given, options)


SELECTED = SafeString(" selected")


class LineForm(forms.Form):
    """A line of a table: one in which nothing is typed does not count.

    preset: fields that always hold something (a choice with a first value); they do not make a line.
    """

    preset: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if type(field.widget) is forms.Select:
                box = LineSelect(field.widget.attrs, field.widget.choices)
                box.is_required = field.widget.is_required
                field.widget = box

    def is_empty(self) -> bool:
        """Whether nothing is typed in the line."""
        return not any(self[name].data for name in self.fields if name not in self.preset)

    def has_changed(self) -> bool:
        """Whether it is to be read: also a line that is as it was, wherever the table begins to be new."""
        return not self.is_empty()

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.is_empty():
            self._errors = forms.utils.ErrorDict()


def table(
    line: type[LineForm],
    prefix: str,
    data: Any,
    *,
    initial: list[dict[str, Any]] | None = None,
    more: int = 1,
    **given: Any,
) -> BaseFormSet[Any]:
    """The lines of a table, from what is stored or as they were sent, with some empty ones below.

    more: how many; given: what each line is told. One more is added where the button "Weitere Zeile" was pressed.
    """
    rows = initial or []
    made: Any = formset_factory(line, extra=more, max_num=MOST, absolute_max=MOST)
    if data is not None and data.get("more") == prefix:
        data, total = data.copy(), f"{prefix}-TOTAL_FORMS"
        sent = str(data.get(total, ""))
        data[total] = str(int(sent) + 1) if sent.isascii() and sent.isdigit() and len(sent) < 4 else "1"
    found: BaseFormSet[Any] = made(data, prefix=prefix, initial=rows, form_kwargs=given)
    if data is not None and data.get("more") == prefix and found.forms:
        added = found.forms[-1]
        for name in line.preset:  # as in the empty lines of a page that is shown for the first time
            data[added.add_prefix(name)] = added.fields[name].initial or ""
    return found


class Sheet:
    """Several forms and tables that are sent together: looks like one form to the page that saves it."""

    def __init__(self, forms_: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
        self.forms, self.tables = dict(forms_), dict(tables)
        self.problems: list[str] = []
        for one in self.forms.values():
            one.nested = True  # what is wrong stands once, above them all
        self.is_bound = all(one.is_bound for one in self.forms.values())
        self.fields = {name: field for one in self.forms.values() for name, field in one.fields.items()}

    def is_valid(self) -> bool:
        """Whether every field of every form and line can be read."""
        answers = [one.is_valid() for one in (*self.forms.values(), *self.tables.values())]  # each says what is wrong
        return all(answers)

    @property
    def errors(self) -> list[str]:
        """Everything that is wrong, in sentences that say where."""
        found = [words for one in self.forms.values() for words in in_words(one)]
        for one in self.tables.values():
            found += [f"Zeile {n}: {words}" for n, line in enumerate(one, 1) for words in in_words(line)]
            found += one.non_form_errors()
        return [*self.problems, *found]

    def is_valid_without_reason(self) -> bool:
        """The same while the Grund is still to be typed: consequences can be seen; a stand-in takes its place."""
        asking = [one for one in self.forms.values() if "reason" in one.fields]
        for one in asking:
            one.fields["reason"].required = False
        valid = self.is_valid()
        for one in asking:
            one.cleaned_data["reason"] = one.cleaned_data.get("reason") or "Vorschau"
        return valid

    def lines(self, name: str) -> list[Any]:
        """The lines of a table in which something is typed."""
        return [one for one in self.tables[name] if not one.is_empty()]

    def add_error(self, name: str | None, error: Any) -> None:
        """Put a refusal at its field; at the top where no form has it."""
        for one in self.forms.values():
            if name in one.fields:
                one.add_error(name, error)
                return
        self.problems += ValidationError(error).messages


def in_words(form: Any) -> list[str]:
    """What is wrong in a form, each with the name of its field."""
    found = list(form.non_field_errors())
    return found + [f"{one.label}: {words}" for one in form.visible_fields() for words in one.errors]


class SheetPage(AddPage):
    """Shows a sheet; a further line, the consequences, or saving, by the button that is pressed."""

    foreseeable = False  # whether there is a button that shows what saving would do

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        """What is shown and sent; data is None before anything was sent."""
        raise NotImplementedError

    def change(self, request: Request, form: Sheet) -> Callable[[], Any]:
        """The act itself, by the model's verb; ValidationError with a sentence if it is refused."""
        raise NotImplementedError

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        """The message for the user, and where to go on."""
        raise NotImplementedError

    def subject(self, request: Request, form: Sheet) -> Model | None:
        """The thing that is changed, whose consequences stand beside the figures (kim.studio.consequences.compares)."""
        return None

    def years(self, request: Request, form: Sheet) -> set[int]:
        """The budget years that the change touches beside that of the Stand."""
        return set()

    def form(self, request: Request, *data: Any, **kwargs: Any) -> Sheet:
        return self.sheet(request, *(data or (None, None)), **kwargs)

    def save(self, request: Request, form: Any) -> tuple[str, str]:
        return self.told(request, form, self.change(request, form)())

    def is_stale(self, form: Sheet) -> bool:
        """Whether somebody saved what the sheet shows after it was shown."""
        return False

    def post(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        form = self.form(request, request.POST, request.FILES, **kwargs)
        if "more" in request.POST:
            return self.page(request, form, asking=True, **kwargs)
        if self.is_stale(form):
            form.problems.append(CONFLICT)
            return self.page(request, form, 409, **kwargs)
        if form.is_valid_without_reason() if "preview" in request.POST else form.is_valid():
            try:
                if "preview" in request.POST:
                    extra = self.foreseen(request, form)
                    return self.page(request, form, **extra, **kwargs)
                message, target = self.save(request, form)
            except ValidationError as error:
                add_errors(form, error)
            else:
                saved(request, message)
                return redirect(kept_link(request, target))
        return self.page(request, form, 422, **kwargs)

    def foreseen(self, request: Request, form: Sheet) -> dict[str, Any]:
        """What saving would do; ValidationError if it would be refused."""
        years, subject = self.years(request, form), self.subject(request, form)
        change = self.change(request, form)
        return foreseen(change, request.acting_body, request.stand, years=years, subject=subject)

    def page(self, request: Request, form: Any, status: int = 200, **kwargs: Any) -> HttpResponseBase:
        shown = {name: kwargs.pop(name, default) for name, default in SHOWN.items()}
        context = {"form": form, "button": self.button, "foreseeable": self.foreseeable, **shown}
        return render(request, self.template_name, context | self.context(request, form, **kwargs), status=status)


SHOWN: dict[str, Any] = {"asking": False, "effects": None, "papers": (), "unchanged": (), "sections": ()}
