"""Pages of Umverteilungen: list, draft with its consequences, wirksam setzen, zurücknehmen."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import Form, formset_factory
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.history.trail import entries_about
from kim.lists import ListPage, kept_link
from kim.models.refusals import CONFLICT
from kim.pages.forms import RemovePage, add_errors, last_change, saved
from kim.studio.consequences import consequences, effects, foreseen
from kim.values import charts
from kim.values.periods import DAY
from staffing.figures.charts import by_municipality
from staffing.figures.occupancy import choices_on
from staffing.forms import GiveForm, ReallocationForm, TakeForm
from staffing.models import Carrier, LegMunicipality, Municipality, Position, Reallocation, ReallocationLeg
from staffing.tables import ReallocationTable

LEGS = 3  # lines that are offered where people begin to type


class Reallocations(ListPage):
    """The Umverteilungen of the body."""

    rule = "staffing.view"
    table_class = ReallocationTable

    def rows(self, request: Request) -> QuerySet[Any]:
        legs = ("legs__position", "legs__carrier", "legs__served__municipality")
        return Reallocation.visible_to(request).prefetch_related(*legs)


def reallocation_of(request: Request, number: str) -> Reallocation:
    """The body's reallocation with this number; foreign and missing are the same 404."""
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404
    found = Reallocation.visible_to(request).select_related("basis", "body").filter(number=int(number)).first()
    if found is None:
        raise Http404
    return found


class ReallocationFormset:
    """The form of a reallocation: its head and its lines, from an object, from selected posts, or as posted."""

    def __init__(self, request: Request, row: Reallocation, data: Any = None) -> None:
        self.request, self.row, self.data = request, row, data
        self.head = ReallocationForm(data, instance=row, initial={"effective": row.effective or request.stand})
        self.targets: dict[str, Any] = {}
        self.choices = self.offered()
        more = str(data.get("more", "")) if data is not None else ""
        gives, takes = self.stored() if data is None else ([], [])
        self.gives = self.lines(GiveForm, "von", gives, extra=more == "von")
        self.takes = self.lines(TakeForm, "nach", takes, extra=more == "nach")

    def offered(self) -> dict[str, Any]:
        """What the selects offer: the posts of the working date and those the draft names, who employs, Kommunen."""
        request = self.request
        posts = choices_on(request.acting_body, request.stand)
        self.posts = Position.visible_to(request).filter(number__in=posts)
        if self.row.pk:
            self.posts |= Position.visible_to(request).filter(legs__reallocation=self.row)
        self.posts = self.posts.distinct().order_by("number")
        there = {post.number: post for post in self.posts}
        carriers = list(Carrier.offered(request.acting_body))
        self.targets = {f"stelle:{n}": post for n, post in there.items()}
        self.targets |= {f"neu:{one.slug}": one for one in carriers}
        labels = {number: posts.get(number, number) for number in there}
        self.municipalities = list(Municipality.objects.filter(uses__body=request.acting_body))
        return {
            "stelle": [("", "–"), *labels.items()],
            "ziel": [
                ("", "noch nicht vergeben"),
                ("Neue Stelle bei", [(f"neu:{one.slug}", one.short_name) for one in carriers]),
                ("Vorhandene Stelle", [(f"stelle:{n}", label) for n, label in labels.items()]),
            ],
        }

    def lines(self, kind: type[Form], prefix: str, initial: list[dict[str, Any]], *, extra: bool) -> Any:
        """The lines of one side, some of them empty; the last is new if one more was asked for."""
        count = max(len(initial) + 1, 1 if prefix == "von" and initial else LEGS)
        made = formset_factory(kind, extra=count - len(initial), max_num=200, absolute_max=200)
        given: dict[str, Any] = {"form_kwargs": {"municipalities": self.municipalities} if kind is TakeForm else {}}
        data = self.data
        if data is not None and extra:
            data = data.copy()
            total = f"{prefix}-TOTAL_FORMS"
            count_sent = str(data.get(total, ""))
            known = count_sent.isascii() and count_sent.isdigit() and len(count_sent) < 4
            data[total] = str(int(count_sent) + 1) if known else "1"
        found: Any = made(data, prefix=prefix, initial=initial, **given)
        for form in found:
            if kind is GiveForm:
                form.fields["stelle"].queryset = self.posts
                form.fields["stelle"].choices = self.choices["stelle"]
            else:
                form.fields["ziel"].choices = self.choices["ziel"]
        return found

    def stored(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The lines of the stored draft; of a new one the selected posts, each with all it has."""
        if not self.row.pk:
            wanted = self.request.GET.getlist("stelle")[:100]
            sizes = choices_on(self.request.acting_body, self.request.stand, sizes=True)
            return [{"stelle": n, "vzae": sizes[n]} for n in dict.fromkeys(wanted) if n in sizes], []
        gives: list[dict[str, Any]] = []
        takes: list[dict[str, Any]] = []
        for leg in legs_of(self.row):
            if leg.fte < 0:
                gives.append({"stelle": str(leg.position), "vzae": -leg.fte})
                continue
            where = f"neu:{leg.carrier.slug}" if leg.carrier else f"stelle:{leg.position}" if leg.position else ""
            names = ", ".join(one.municipality.name for one in leg.served.all())
            takes.append({"ziel": where, "kommunen": names, "vzae": leg.fte, "ersatzplan": leg.fallback_plan})
        return gives, takes

    def take_version(self) -> None:
        """Whoever has seen what is stored now may save over it."""
        data: Any = self.data.copy()
        data["version"] = str(self.head.fields["version"].initial)
        self.head = ReallocationForm(data, instance=self.row)

    def is_readable(self) -> bool:
        return all([self.head.is_valid(), *self.legs_are_readable()])

    def legs_are_readable(self) -> list[bool]:
        return [self.gives.is_valid(), self.takes.is_valid()]

    def legs(self) -> list[tuple[ReallocationLeg, list[Municipality]]]:
        """The lines that say something, the giving ones first."""
        found = [form.leg() for form in self.gives if not form.is_empty()]
        return found + [form.leg(self.targets) for form in self.takes if not form.is_empty()]

    def problems(self) -> list[str]:
        """What cannot be read, with where it stands."""
        errors = self.head.errors.get_json_data()
        found = [f"{self.head[n].label}: {e['message']}" for n, some in errors.items() if n != "__all__" for e in some]
        for side, forms in (("gibt ab", self.gives), ("nimmt auf", self.takes)):
            found += [
                f"Zeile {number} ({side}): {error['message']}"
                for number, form in enumerate(forms, 1)
                for some in form.errors.get_json_data().values()
                for error in some
            ]
        found += [str(e) for forms in (self.gives, self.takes) for e in forms.non_form_errors()]
        return found + [str(e) for e in self.head.non_field_errors()]


def legs_of(row: Reallocation) -> list[ReallocationLeg]:
    """The lines with what they name. Three queries."""
    return list(row.legs.select_related("position", "carrier").prefetch_related("served__municipality"))


def consequences_of(row: Reallocation, legs: Any = None) -> dict[str, Any]:
    """The figures and papers before and after, and what both sides add up to; nothing is saved. legs: instead of the
    stored ones. ValidationError with a sentence if it cannot be."""

    def change() -> None:
        if legs is not None:
            row.reason = row.reason or "Entwurf"
            row.put(legs)
        row.apply()

    sizes = [leg.fte for leg, _ in legs] if legs is not None else [leg.fte for leg in row.legs.all()]
    given, taken = sum(-s for s in sizes if s < 0), sum(s for s in sizes if s > 0)
    found = foreseen(change, row.body, row.effective)
    return found | {"given": given, "taken": taken, "difference": taken - given}


class EditReallocation(RuleView):
    """A draft, new or again: its lines, their consequences at every pause in typing, and both ways to save it."""

    rule = "staffing.edit"
    foresees = True

    request: Request

    def row(self, number: str = "") -> Reallocation:
        """The draft, or a new one."""
        if not number:
            return Reallocation(body=self.request.acting_body)
        found = reallocation_of(self.request, number)
        if not found.is_draft:
            raise Http404
        return found

    def get(self, request: Request, number: str = "") -> HttpResponseBase:
        row = self.row(number)
        extra: dict[str, Any] = {}
        if row.pk:
            try:
                extra["foreseen"] = consequences_of(row)
            except ValidationError as error:
                extra["refused"] = error.messages
        return self.page(ReallocationFormset(request, row), **extra)

    def post(self, request: Request, number: str = "") -> HttpResponseBase:
        row = self.row(number)
        sheet = ReallocationFormset(request, row, request.POST)
        if "more" in request.POST:
            return self.page(sheet)
        if "preview" in request.POST:
            return self.page(sheet, **self.preview(sheet))
        if number and sheet.head.is_stale():
            sheet.take_version()
            return self.page(sheet, 409, conflict=last_change(row), stored=legs_of(reallocation_of(request, number)))
        if not sheet.is_readable():
            return self.page(sheet, 422)
        try:
            return self.save(sheet)
        except ValidationError as error:
            if CONFLICT in error.messages:
                return self.page(sheet, 409, conflict=last_change(row), stored=legs_of(row))
            add_errors(sheet.head, error)
            return self.page(sheet, 422)

    def save(self, sheet: ReallocationFormset) -> HttpResponseBase:
        """Save the draft, and set it into effect if that was asked: both, or nothing."""
        row, adopts = sheet.head.instance, self.request.POST.get("act") == "adopt"
        with transaction.atomic():
            row.put(sheet.legs(), adopting=adopts)
            if adopts:
                row.adopt()
        if adopts:
            messages.success(self.request, f"Umverteilung {row} ist wirksam ab {row.effective:%d.%m.%Y}.")
        else:
            saved(self.request, f"Umverteilung {row} ist als Entwurf gespeichert. Noch gilt nichts davon.")
        return redirect(kept_link(self.request, row.get_absolute_url()))

    def preview(self, sheet: ReallocationFormset) -> dict[str, Any]:
        """The consequences, or what stands against them; the reason may come later."""
        sheet.head.is_valid()
        sheet.head.errors.pop("reason", None)
        if not all(sheet.legs_are_readable()) or sheet.head.errors:
            return {"refused": sheet.problems()}
        try:
            return {"foreseen": consequences_of(sheet.head.instance, sheet.legs())}
        except ValidationError as error:
            return {"refused": error.messages}

    def page(self, sheet: ReallocationFormset, status: int = 200, **extra: Any) -> HttpResponseBase:
        number = self.kwargs.get("number", "")  # the row itself may carry one that was rolled back
        context = {
            "sheet": sheet,
            "form": sheet.head,
            "title": f"Umverteilung Nr. {number}" if number else "Neue Umverteilung",
        }
        return render(self.request, "staffing/reallocation_edit.html", context | extra, status=status)


class ReallocationPage(RuleView):
    """One reallocation: its lines, for a draft its consequences, its history."""

    rule = "staffing.view"
    foresees = True

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return f"Nr. {kwargs['number']}"

    def get(
        self, request: Request, number: str, refused: Any = None, status: int = 200, reason: str = ""
    ) -> HttpResponseBase:
        row = reallocation_of(request, number)
        legs = legs_of(row)
        context: dict[str, Any] = {
            "row": row,
            "gives": [leg for leg in legs if leg.fte < 0],
            "takes": [leg for leg in legs if leg.fte > 0],
            "given": -sum(leg.fte for leg in legs if leg.fte < 0),
            "taken": sum(leg.fte for leg in legs if leg.fte > 0),
            "refused": refused,
            "reason": reason,
            "day_before": row.effective - DAY,
            "story": entries_about(
                [row],
                below=[(ReallocationLeg, {"reallocation": row}), (LegMunicipality, {"leg__in": legs})],
                user=request.user if row.is_draft else None,  # what took effect is withdrawn, not undone
            ),
        }
        if row.state == Reallocation.State.EFFECTIVE:
            context |= happened(row)
        if row.is_draft and legs and may(request, "staffing.edit"):
            try:
                context["foreseen"] = consequences_of(row)
            except ValidationError as error:
                context["refused"] = refused or error.messages
        return render(request, "staffing/reallocation.html", context, status=status)


def happened(row: Reallocation) -> dict[str, Any]:
    """The plan of the day before and of the effective day, as charts and as differences."""
    days = (row.effective - DAY, row.effective)
    found = [by_municipality(row.body, day) for day in days]
    drawn = [
        (day, charts.squares(f"u{n}", one.sentence(), one.rows), one.sentence())
        for n, (day, one) in enumerate(zip(days, found, strict=True))
    ]
    return {"drawn": drawn, "effects": effects(*(consequences(row.body, day) for day in days))}


class AdoptReallocation(RuleView):
    """wirksam setzen of a stored draft."""

    rule = "staffing.edit"

    def post(self, request: Request, number: str) -> HttpResponseBase:
        row = reallocation_of(request, number)
        if request.POST.get("version") != str(row.version):
            return shown(request, number, [CONFLICT], 409)
        try:
            row.adopt()
        except ValidationError as error:
            return shown(request, number, error.messages, 422)
        messages.success(request, f"Umverteilung {row} ist wirksam ab {row.effective:%d.%m.%Y}.")
        return redirect(kept_link(request, row.get_absolute_url()))


class WithdrawReallocation(RuleView):
    """zurücknehmen of an effective reallocation, with a reason."""

    rule = "staffing.edit"

    def post(self, request: Request, number: str) -> HttpResponseBase:
        row = reallocation_of(request, number)
        try:
            row.withdraw(reason=request.POST.get("reason", "")[:300])
        except ValidationError as error:
            return shown(request, number, error.messages, 422, request.POST.get("reason", ""))
        messages.success(request, f"Umverteilung {row} ist zurückgenommen. Es gilt wieder der frühere Plan.")
        return redirect(kept_link(request, row.get_absolute_url()))


class RemoveReallocation(RemovePage):
    """A draft can be deleted."""

    rule = "staffing.edit"

    def instance(self, request: Request, **kwargs: Any) -> Reallocation:
        return reallocation_of(request, kwargs["number"])

    def done(self) -> str:
        return reverse("reallocations")


def shown(request: Request, number: str, refused: list[str], status: int, reason: str = "") -> HttpResponseBase:
    """The page again, with why nothing was done and what was typed."""
    return ReallocationPage().get(request, number, refused, status, reason)
