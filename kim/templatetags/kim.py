"""What templates print: German numbers and dates, form widgets in KERN's dress, links that keep Stand and year."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BoundField
from django.forms import widgets as w
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kim.access.request import Request
from kim.access.rules import may as allowed
from kim.figures import findings
from kim.lists import kept_link
from kim.models import File, Note, Reminder
from kim.models.attached import shown_documents
from kim.pages.besides import sections_beside
from kim.pages.sections import NEW_PAGES
from kim.pages.sections import new_addresses as addresses
from kim.values import formats
from kim.values.places import read_place

register = template.Library()


def of_type(value: Any, *types: type) -> Any:
    """The value, which is missing (None) or of one of the types. Anything else would print as if it were missing, and
    a wrong figure is worse than no page."""
    if value is None or isinstance(value, types):
        return value
    raise TypeError(f"{value!r} is neither missing nor {' or '.join(one.__name__ for one in types)}")


@register.filter
def euro(value: Decimal | None) -> str:
    """684.000,00 €."""
    return formats.format_euro(of_type(value, Decimal))


@register.filter
def vzae(value: Decimal | None) -> str:
    """0,5."""
    return formats.format_fte(of_type(value, Decimal))


@register.filter
def datum(value: date | datetime | str | None) -> str:
    """22.03.2023; with a time: 22.03.2023, 17:57 Uhr. Also from ISO words, as a released paper holds them."""
    if isinstance(value, str):
        value = date.fromisoformat(value) if value else None
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%d.%m.%Y, %H:%M} Uhr"
    return formats.format_day(of_type(value, date))


@register.filter
def langer_tag(value: date | str) -> str:
    """30. März 2021; also from ISO words, as a document holds them."""
    day = date.fromisoformat(value) if isinstance(value, str) else value
    return formats.format_long_day(day).partition(", ")[2]


@register.filter
def betrag(value: Decimal) -> str:
    """684.000,00 – for a calculation that names its unit once."""
    return formats.format_number(value, 2)


@register.filter
def signed(value: Decimal) -> str:
    """With its sign, for differences."""
    return ("+" if value > 0 else "") + formats.format_euro(value)


@register.filter
def negated(value: Decimal) -> Decimal:
    """The amount with the other sign: an expense in a calculation."""
    return -value


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], rule: str) -> bool:
    """Whether the user may do what the rule names."""
    return allowed(context["request"], rule)


@register.simple_tag(takes_context=True)
def kept(context: dict[str, Any], **more: Any) -> str:
    """The query string that keeps the page's Stand and Förderjahr, plus what is named; a Stand that is named stands in
    the place of the page's."""
    query = context["request"].GET
    more = {name: value for name, value in more.items() if value not in (None, "")}
    parts = [(name, query[name]) for name in ("stand", "jahr") if query.get(name) and name not in more]
    parts += [(name, str(value)) for name, value in more.items()]
    return "?" + urlencode(parts) if parts else ""


@register.simple_tag(takes_context=True)
def source_link(context: dict[str, Any], name: str, given: dict[str, str] | None = None, **arguments: Any) -> str:
    """The address of a figure's Herkunft; given: its arguments as they stand in an address."""
    arguments = (given or {}) | arguments
    query = context["request"].GET
    parts = [(k, query[k]) for k in ("stand", "jahr") if query.get(k)] + [(k, str(v)) for k, v in arguments.items()]
    return f"/herkunft/{name}/?{urlencode(parts)}"


@register.simple_tag(takes_context=True)
def kept_url(context: dict[str, Any], url: str) -> str:
    """An address of ours with the page's Stand and Förderjahr."""
    return kept_link(context["request"], url)


@register.simple_tag(takes_context=True)
def passage(context: dict[str, Any], document: str, place: str) -> str:
    """Where a Fundstelle is seen in a file of its Beleg. document: the page of the Beleg. Empty if no file lies there
    that can be shown, or this person may not see it."""
    request = context["request"]
    if not document or not allowed(request, "attached.view"):
        return ""
    if document not in shown_documents(request.acting_body):
        return ""
    return kept_link(request, f"{document}stelle/?{urlencode(read_place(place).query())}".removesuffix("?"))


@register.inclusion_tag("components/form_token.html", takes_context=True)
def form_token(context: dict[str, Any]) -> dict[str, Any]:
    """What every form of ours carries: the token against forged requests, its body, and a key so that it acts once."""
    body = context.get("acting_body")
    return {"csrf_token": context.get("csrf_token"), "slug": body.slug if body else "", "key": uuid.uuid4()}


def concerns(reminder: Any, request: Request) -> Any:
    """The Wiedervorlage, marked if it is for this person."""
    reminder.mine = reminder.user == request.user or reminder.role in {str(role) for role in request.roles}
    reminder.mine = (reminder.mine or reminder.author == request.user) and allowed(request, "attached.edit")
    return reminder


@register.inclusion_tag("components/attached.html", takes_context=True)
def attached(context: dict[str, Any], subject: Any) -> dict[str, Any]:
    """Hints about an object, and the notes, Wiedervorlagen and files that lie beside it."""
    request = context["request"]

    def beside(model: Any) -> Any:
        rows = model.visible_to(request).filter(subject_kind=subject.attached_as, subject_id=subject.pk)
        return rows.select_related("author", *(["user"] if model is Reminder else []))

    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "acting_body": context.get("acting_body"),
        "subject": subject,
        "kind": subject.attached_as,
        "key": subject.get_absolute_url().rstrip("/").rpartition("/")[2],
        "findings": findings.on(subject, request.acting_body, request.stand)
        if allowed(request, "findings.view")
        else [],
        "notes": beside(Note),
        "reminders": [
            concerns(one, request) for one in beside(Reminder).select_related("user").order_by("done", "date")
        ],
        "stand": request.stand,
        "files": beside(File).defer("content"),
    }


@register.inclusion_tag("components/besides.html", takes_context=True)
def besides(context: dict[str, Any], row: Any) -> dict[str, Any]:
    """What the apps above show of an object; see kim.pages.besides."""
    request = context["request"]
    return {"request": request, "sections": sections_beside(request, row)}


@register.simple_tag
def new_page_of(field: BoundField) -> str:
    """The page on which what the field chooses from is recorded: its own word, or what the model's app declares."""
    rows = getattr(field.field, "queryset", None)
    pages = NEW_PAGES.get(rows.model, [""]) if rows is not None else [""]
    return str(getattr(field.field, "new_page", pages[0]))


@register.simple_tag(takes_context=True)
def new_addresses(context: dict[str, Any]) -> dict[str, str]:
    """Where this person may record what the fields of a page choose from; for the script that offers it beside them."""
    request = context["request"]
    return addresses(request) if request.acting_body else {}


@register.simple_tag
def kern_widget(field: BoundField, *, quiet: bool = False) -> SafeString | str:
    """The input of a field with KERN's classes; quiet: nothing is wrong yet, whatever is typed."""
    widget, error = field.field.widget, "--error" if not quiet and field.errors else ""
    if isinstance(widget, w.CheckboxSelectMultiple | w.CheckboxInput | w.MultiWidget):
        return field.as_widget()
    if isinstance(widget, w.FileInput):
        box = field.as_widget(attrs={"class": "file-input"})
        again = "Bitte „{}“ noch einmal wählen: Kein Browser schickt eine Datei ein zweites Mal von selbst."
        return format_html('{}<p class="kern-hint">' + again + "</p>", box, field.data.name) if field.data else box
    if isinstance(widget, w.Textarea):
        return field.as_widget(attrs={"class": "kern-form-input__input", "rows": "3"})
    if isinstance(widget, w.Select):
        attrs: dict[str, str | bool] = {"class": f"kern-form-input__select kern-form-input__select{error}"}
        if page := new_page_of(field):
            attrs["data-new"] = page
        return format_html('<div class="kern-form-input__select-wrapper">{}</div>', field.as_widget(attrs=attrs))
    return field.as_widget(attrs={"class": f"kern-form-input__input kern-form-input__input{error}"})


@register.filter
def zeitraum(value: Any) -> str:
    """A half-open range as a clerk says it."""
    return formats.format_range(value) if value else formats.MISSING
