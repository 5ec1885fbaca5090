"""Pages on which a Bescheid is entered as it comes by post: a new Zuwendung, a further document, a Berichtigung."""

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from csp.decorators import csp_update
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.decorators import method_decorator

from grants.changes import outdated, standing, to_issue_anew
from grants.costing import years
from grants.forms.funding import AssignForm, PostForm
from grants.forms.notices import DocumentForm, ItemForm, Items, NoticeForm, ReasonForm
from grants.models import FundingNotice, NewVersion, NoticeItem, NoticeVersion, assign_posts, load
from grants.models.amending import CorrectedVersion
from grants.views.notices import items_of, notice_of
from kim.access.request import Request
from kim.access.rules import may
from kim.models import File, Source
from kim.pages.forms import RemovePage
from kim.pages.rows import EditRowPage
from kim.pages.sheets import Sheet, SheetPage, table
from kim.values.formats import FteField, format_euro, format_fte
from staffing.figures.occupancy import choices_on
from staffing.models import Function, Position

MOST_YEARS = 12  # for which cost neutrality is foreseen


@method_decorator(csp_update({"frame-src": ["blob:"]}), name="dispatch")  # the file that is chosen, in the browser
class DocumentPage(SheetPage):
    """What all pages of a document have: the document, its positions, and what it would change.

    Beside the fields the browser shows the file that is typed off (kim.js).
    """

    rule = "grants.edit"
    template_name = "grants/notice_edit.html"
    foreseeable = True

    def notice_to_change(self, form: Sheet) -> FundingNotice:
        """The Zuwendung that the document is about."""
        raise NotImplementedError

    def subject(self, request: Request, form: Sheet) -> FundingNotice:
        return self.notice_to_change(form)

    def years(self, request: Request, form: Sheet) -> set[int]:
        """Those of the Förderzeitraum that is typed, and of those that are there; a mistyped end asks for no more."""
        notice = self.notice_to_change(form)
        spans = list(notice.versions.values_list("validity", flat=True)) if notice.pk else []
        return set(years(form.forms["document"].cleaned_data["validity"], *spans)[:MOST_YEARS])

    def save(self, request: Request, form: Sheet) -> tuple[str, str]:
        """The act; its message names the Weiterleitungen that are to be issued anew."""
        before = standing(self.notice_to_change(form))
        message, target = super().save(request, form)
        anew = to_issue_anew(outdated(before, standing(before.notice)))
        return f"{message} {anew}".strip(), target

    def positions(self, request: Request, data: Any, version: NoticeVersion | None) -> Any:
        """The table of positions, as a version that is there has them."""
        rows = lines_of(version) if version else []
        functions = {one.slug: one for one in Function.objects.all()}
        return table(ItemForm, "item", data, initial=rows, more=1 if rows else 3, functions=functions)

    def file(self, request: Request, form: Sheet) -> File | None:
        """The Bescheid that was sent along."""
        found = form.forms["document"].cleaned_data["file"]
        return File.of(found, request.acting_body, request.user) if found else None

    def new_version(self, request: Request, form: Sheet, notice: FundingNotice) -> NewVersion:
        """What is typed as a further version of the notice."""
        document, data = form.forms["document"], form.forms["document"].cleaned_data
        return NewVersion(
            notice=notice,
            source=document.put_on_source(Source(body=notice.body), notice.title),
            state=data["state"],
            validity=data["validity"],
            amount=data["amount"],
            holds_from=data.get("holds_from"),
            proration=data["proration"],
            positions=Items(notice, data["validity"]).stated(form.lines("items")),
            facts=document.facts(),
            document=self.file(request, form),
        )


class EnterNotice(DocumentPage):
    """A new Zuwendung with its first document."""

    title, button = "Neue Zuwendung", "Zuwendung anlegen"

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        notice = NoticeForm(data, instance=FundingNotice(body=request.acting_body))
        document = DocumentForm(data, files, body=request.acting_body, first=True)
        return Sheet({"notice": notice, "document": document}, {"items": self.positions(request, data, None)})

    def notice_to_change(self, form: Sheet) -> FundingNotice:
        notice: FundingNotice = form.forms["notice"].instance
        return notice

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        lead = "Wie der Bescheid sie nennt. Ohne Fördersatz gilt der veröffentlichte, wenn genau einer passt."
        return {"title": self.title, "lead": lead}

    def change(self, request: Request, form: Sheet) -> Callable[[], Any]:
        new = self.new_version(request, form, form.forms["notice"].instance)
        return lambda: new.record(reason="")

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        return f"Zuwendung „{result.notice}“ ist angelegt. {weighed(result)}", result.get_absolute_url()


class AddVersion(DocumentPage):
    """A further document about a Zuwendung: the Bescheid after the plan, an Änderungsbescheid, a revocation."""

    title, button = "Änderungsbescheid oder weiteres Dokument", "Dokument erfassen"

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        self.notice = notice_of(request, kwargs["slug"])
        held = self.notice.current
        shown = {
            "validity": held.validity,
            "amount": held.amount,
            "proration": held.proration,
            "proration_place": held.proration_place,
            "conditions": held.conditions,
        }
        document = DocumentForm(data, files, body=request.acting_body, first=False, initial=shown)
        return Sheet({"document": document}, {"items": self.positions(request, data, held)})

    def notice_to_change(self, form: Sheet) -> FundingNotice:
        return self.notice

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        lead = f"{self.notice}: was das Dokument jetzt sagt. Die früheren Fassungen bleiben sichtbar."
        return {"title": self.title, "lead": lead}

    def change(self, request: Request, form: Sheet) -> Callable[[], Any]:
        new = self.new_version(request, form, self.notice)
        return lambda: new.record(reason="")

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = f"„{result.notice}“ ist jetzt {result.state_label}."
        return f"{words} {weighed(result)}", result.get_absolute_url()


class EditVersion(DocumentPage):
    """A Berichtigung of what was entered of a document."""

    button = "Berichtigung speichern"

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        notice = notice_of(request, kwargs["slug"])
        found = next((one for one in notice.held() if one.number == kwargs["number"]), None)
        if found is None:
            raise Http404
        self.version = found
        source = found.source
        names = (
            "state",
            "validity",
            "holds_from",
            "amount",
            "approximate",
            "proration",
            "proration_place",
            "conditions",
        )
        stored = {name: getattr(found, name) for name in names}
        stored |= {name: getattr(source, name) for name in ("number", "date", "file_reference")}
        stored |= {"document_title": source.title, "shown": self.state_of(found)}
        document = DocumentForm(data, files, body=request.acting_body, first=found.number == 1, initial=stored)
        document.fields["file"].disabled = True  # files lie beside the Beleg
        return Sheet(
            {"document": document, "reason": ReasonForm(data)}, {"items": self.positions(request, data, found)}
        )

    def notice_to_change(self, form: Sheet) -> FundingNotice:
        notice: FundingNotice = self.version.notice
        return notice

    def state_of(self, version: NoticeVersion) -> str:
        """The versions of all rows the sheet shows."""
        terms = version.terms.order_by("pk", "rates").values_list("pk", "version", "rates__pk", "rates__version")
        words = f"{version.version} {version.source.version} {list(terms)}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    def is_stale(self, form: Sheet) -> bool:
        return bool(form.forms["document"].data.get("shown") != self.state_of(self.version))

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        words = "Was falsch erfasst wurde. Was ein neuer Bescheid ändert, ist ein weiteres Dokument."
        title, source = f"Fassung {self.version.number} berichtigen", self.version.source
        file = File.shown_beside(source, request).first() if may(request, "attached.view") else None
        return {"title": title, "lead": f"{self.version.notice}. {words}", "file": file, "document": source}

    def change(self, request: Request, form: Sheet) -> Callable[[], Any]:
        document, version = form.forms["document"], self.version
        data = document.cleaned_data
        stated = Items(version.notice, data["validity"]).stated(form.lines("items"))
        source = document.put_on_source(version.source, version.notice.title)
        for name in ("state", "validity", "amount", "proration"):
            setattr(version, name, data[name])
        version.holds_from = data.get("holds_from")
        for name, value in document.facts().items():
            setattr(version, name, value)
        corrected = CorrectedVersion(version, source, stated)
        return lambda: corrected.correct(reason=form.forms["reason"].cleaned_data["reason"])

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        version = NoticeVersion.objects.get(pk=self.version.pk)
        return f"Fassung {version.number} ist berichtigt. {weighed(version)}", version.get_absolute_url()


def granted_on(item: NoticeItem, day: date) -> Decimal | None:
    """The VZÄ (FTE) of a position in the version that holds on a day, else in the newest; None if it states none."""
    holding = NoticeVersion.objects.holding_on(day).filter(notice=item.notice_id)
    version = holding.last() or item.notice.current
    terms = version.terms.filter(item=item).first()
    return terms.fte if terms else None


def tally(ticked: Decimal, granted: Decimal) -> str:
    """What is ticked of the VZÄ of a position, and what is left. Example: 11,5 of 12: 0,5 VZÄ sind noch frei."""
    words = f"Angekreuzt: {format_fte(ticked)} von {format_fte(granted)} VZÄ dieser Position"
    if ticked < granted:
        words += f"; {format_fte(granted - ticked)} VZÄ sind noch frei"
    elif ticked > granted:
        words += f"; {format_fte(ticked - granted)} VZÄ mehr, als sie fördert"
    return f"{words}."


def as_fte(value: Any) -> Decimal | None:
    """What somebody typed as VZÄ, or what stands there; None if it is nothing or cannot be read."""
    try:
        found: Decimal | None = FteField(required=False).clean(value) if isinstance(value, str) else value
    except ValidationError:
        return None
    return found


class AssignPosts(SheetPage):
    """Which of the posts that are there a Zuwendung pays: ticked in a list, all of a post or a part."""

    rule = "grants.edit"
    template_name = "grants/notice_posts.html"
    title, button = "Stellen zuordnen", "Zuordnung speichern"
    foreseeable = True

    def sheet(self, request: Request, data: Any, files: Any, **kwargs: Any) -> Sheet:
        self.notice = notice_of(request, kwargs["slug"])
        items = self.notice.items.filter(kind=NoticeItem.Kind.STAFF).select_related("function")
        head = AssignForm(items, data, initial={"item": items.first()})
        chosen = items.filter(pk=key).first() if (key := str(head["item"].value() or "")).isdecimal() else items.first()
        chosen = chosen or items.first()
        paid = {one.position_id: one for one in chosen.funding.all()} if chosen else {}
        rows = Position.visible_to(request).filter(function=chosen.function) if chosen else Position.objects.none()
        self.posts = {one.number: one for one in rows.order_by("number")}
        sizes = choices_on(request.acting_body, request.stand)
        self.fte = choices_on(request.acting_body, request.stand, sizes=True)
        self.granted = granted_on(chosen, request.stand) if chosen else None
        lines = [
            {
                "post": sizes.get(number, f"{number} (am Stand nicht da)"),
                "number": number,
                "paid": post.pk in paid,
                "part": paid[post.pk].fte if post.pk in paid else None,
            }
            for number, post in self.posts.items()
        ]
        found = Sheet({"head": head}, {"posts": table(PostForm, "post", data, initial=lines, more=0)})
        for line in found.tables["posts"]:
            line.fields["paid"].widget.attrs["data-fte"] = str(self.fte.get(line["number"].value(), ""))
        return found

    def context(self, request: Request, form: Any, **kwargs: Any) -> dict[str, Any]:
        version = self.notice.current
        granted = sum((one.fte for one in version.terms.all() if one.fte), Decimal(0))
        words = f"{self.notice} fördert {format_fte(granted)} VZÄ. Angekreuzt ist, was sie bezahlt."
        found = {"title": self.title, "lead": words, "granted": str(self.granted)}
        return found | ({"tally": tally(self.ticked(form), self.granted)} if self.granted is not None else {})

    def ticked(self, form: Sheet) -> Decimal:
        """The VZÄ of what is ticked, each post with its part or whole as it is at the Stand."""
        found = Decimal(0)
        for line in form.tables["posts"]:
            if line["paid"].value() in {True, "on"}:
                part = as_fte(line["part"].value())
                found += part if part is not None else self.fte.get(line["number"].value(), Decimal(0))
        return found

    def change(self, request: Request, form: Sheet) -> Callable[[], int]:
        head = form.forms["head"].cleaned_data
        ticked = [line.cleaned_data for line in form.lines("posts") if line.cleaned_data["paid"]]
        wanted = {self.posts[one["number"]]: one["part"] for one in ticked if one["number"] in self.posts}
        return lambda: assign_posts(head["item"], wanted, since=head["since"], reason=head["reason"])

    def told(self, request: Request, form: Sheet, result: Any) -> tuple[str, str]:
        words = "Eine Zuordnung ist" if result == 1 else f"{result} Zuordnungen sind"
        return (f"{words} gespeichert." if result else "Es hat sich nichts geändert."), self.notice.get_absolute_url()


class EditNotice(EditRowPage):
    """What stays of a Zuwendung is called otherwise."""

    rule = "grants.edit"
    form_class = NoticeForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> FundingNotice:
        return notice_of(request, kwargs["slug"])


class RemoveNotice(RemovePage):
    """A Zuwendung that was entered by mistake and pays nothing."""

    rule = "grants.edit"

    def instance(self, request: Request, **kwargs: Any) -> FundingNotice:
        return notice_of(request, kwargs["slug"])

    def done(self) -> str:
        return reverse("notices")


def weighed(version: NoticeVersion) -> str:
    """What the positions come to beside the amount the document states: neither is ever made to fit the other."""
    book = next(iter(load(version.body, None, notices=Q(notice=version.notice_id))), None)
    amounts = [amount for terms, amount in items_of(version, book) if terms.item.kind != NoticeItem.Kind.OWN_SHARE]
    if not amounts or None in amounts or version.amount is None:
        return ""
    found = sum((amount for amount in amounts if amount is not None), Decimal(0))
    if found == version.amount:
        return f"Die Positionen ergeben genau den Betrag: {format_euro(found)}."
    words = f"Die Positionen ergeben {format_euro(found)}, das Dokument nennt {format_euro(version.amount)}"
    return f"{words}; beides bleibt so stehen."


def lines_of(version: NoticeVersion) -> list[dict[str, Any]]:
    """The positions of a version as the table shows them: one line each, one more for each further rate."""
    found: list[dict[str, Any]] = []
    for terms in version.terms.select_related("item__function").prefetch_related("rates"):
        item, rates = terms.item, list(terms.rates.all())
        line = {"kind": item.kind, "function": item.function.slug if item.function else "", "variant": item.variant}
        line |= {"label": item.label}
        first = rates[0] if rates else None
        facts: dict[str, Any] = {"fte": terms.fte, "amount": terms.amount}
        facts |= {"rate": first.amount, "per_fte": first.per_fte} if first else {}
        if first and first.validity.lower != version.validity.lower:
            facts["since"] = first.validity.lower
        found.append(line | facts)
        found += [line | {"rate": one.amount, "per_fte": one.per_fte, "since": one.validity.lower} for one in rates[1:]]
    return found
