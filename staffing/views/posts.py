"""Pages of posts: list, page of one post, Berichtigung."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import F, Max, Min, Q, QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim.access.request import Request
from kim.access.views import RuleView
from kim.figures import CATALOGUE, Value, about, column
from kim.history.trail import entries_about
from kim.lists import ListPage
from kim.pages.forms import CorrectionPage, DescriptionPage, RemovePage, VersionedForm
from kim.studio.consequences import consequences, effects, foreseen, in_words
from kim.values.formats import format_day
from kim.values.periods import DAY, intersection, last_day, year_of
from staffing.forms import ChangeForm, CorrectionForm, DescriptionForm, EndForm, IdentityForm, RangeForm
from staffing.models import (
    Occupancy,
    PlanNote,
    Position,
    PositionLocation,
    PositionPeriod,
    Procedure,
    ProcedureCarrier,
    ReallocationLeg,
    ServedMunicipality,
    end_position,
)
from staffing.tables import PositionTable


class Positions(ListPage):
    """All posts of the body on the working date."""

    rule = "staffing.view"
    table_class = PositionTable

    def rows(self, request: Request) -> QuerySet[Any]:
        rows = PositionPeriod.visible_to(request).as_of(request.stand).with_status(request.stand).with_served()
        found: QuerySet[Any] = rows.annotate(  # words instead of objects: the same few carriers on hundreds of rows
            function_name=F("position__function__name"),
            carrier_name=F("carrier__short_name"),
            carrier_slug=F("carrier__slug"),
        )
        return found

    def elsewhere(self, request: Request) -> list[tuple[str, list[tuple[str, str]]]]:
        """Posts that begin later, and those of the year that have ended. Example: CM-18 ab 01.04.2023."""
        return [("Später beginnen", self.later(request)), ("In diesem Jahr beendet", self.ended(request))]

    def later(self, request: Request) -> list[tuple[str, str]]:
        """Posts that begin after the working date."""
        there = PositionPeriod.visible_to(request).as_of(request.stand).values("position")
        rows = PositionPeriod.visible_to(request).filter(validity__startswith__gt=request.stand)
        first = rows.exclude(position__in=there).values("position__number").annotate(first=Min("validity__startswith"))
        found = first.order_by("first", "position__number").values_list("position__number", "first")[:LATER]
        return [(f"{number} ab {format_day(day)}", address_on(number, day)) for number, day in found]

    def ended(self, request: Request) -> list[tuple[str, str]]:
        """Posts whose last day lies in the year of the working date and before it. Example: CM-12 bis 28.02.2023."""
        rows = PositionPeriod.visible_to(request)
        still = rows.filter(Q(validity__endswith__isnull=True) | Q(validity__endswith__gt=request.stand))
        gone = rows.filter(validity__endswith__gt=year_of(request.stand.year).lower)
        gone = gone.exclude(position__in=still.values("position"))
        last = (
            gone.values("position__number").annotate(end=Max("validity__endswith")).order_by("end", "position__number")
        )
        found = [(one["position__number"], one["end"] - DAY) for one in last[:LATER]]
        return [(f"{number} bis {format_day(day)}", address_on(number, day)) for number, day in found]


LATER = 12  # posts that are named; a plan may hold hundreds


def address_on(number: str, day: date) -> str:
    """A post's page on a day."""
    return f"{reverse('position', args=[number])}?stand={day.isoformat()}"


def position_of(request: Request, number: str) -> Position:
    """The body's post with this number; foreign and missing are the same 404."""
    found = Position.visible_to(request).select_related("function").filter(number=number).first()
    if found is None:
        raise Http404
    return found


def period_on(request: Request, position: Position, day: date | None = None) -> PositionPeriod | None:
    """What holds of the post on the working date, or on another day."""
    day = day or request.stand
    rows = PositionPeriod.visible_to(request).filter(position=position).as_of(day)
    return (
        rows.with_occupancy(day)
        .select_related("position__function", "carrier", "basis", "body")
        .prefetch_related("served__municipality", "locations__municipality")
        .first()
    )


class PositionPage(RuleView):
    """Facts, occupancy, money, basis and history of one post."""

    rule = "staffing.view"
    knows = True

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(kwargs["number"])

    def get(self, request: Request, number: str) -> HttpResponseBase:
        position = position_of(request, number)
        periods = list(
            PositionPeriod.visible_to(request)
            .filter(position=position)
            .select_related("carrier", "basis", "position")
            .prefetch_related("served__municipality")
            .order_by("validity")
        )
        other = day_beside(periods, request.stand)
        shown = other or request.stand
        context = {
            "position": position,
            "period": (period := period_on(request, position, other)),
            "other": other,
            "other_stand": other.isoformat() if other else None,
            "shown": shown,
            "vacant": vacant_on(period, shown),
            "locked": closed if period and (closed := closed_of(request, period)) and not period.open_from() else [],
            "periods": periods,
            "occupancies": of_post(request, Occupancy, position),
            "notes": of_post(request, PlanNote, position),
            "procedures": of_post(request, Procedure, position).prefetch_related("carriers__carrier"),
            "legs": list(
                ReallocationLeg.visible_to(request)
                .filter(position=position)
                .select_related("reallocation")
                .order_by("reallocation__number")
            ),
            "figures": figures_of(position, request.stand),
            "story": story_of(request, position, periods),
        }
        return render(request, "staffing/position.html", context)


def vacant_on(period: PositionPeriod | None, day: date) -> list[tuple[str, Value]]:
    """Since when a post is vacant on the day, how many FTE months, and what is not spent, each with its title."""
    names = ("position.vacant_since", "position.vacant_months", "position.unspent") if period else ()
    return [(CATALOGUE[name].title, column(name, [period], day)[period.pk]) for name in names if period]


def figures_of(position: Position, day: date) -> list[tuple[Any, dict[str, Any], Any]]:
    """Every figure of the catalogue about the post: its entry, its arguments, its value."""
    return [
        (entry, arguments, entry(**arguments))
        for entry in about(Position)
        if entry.arguments
        for arguments in entry.arguments(position, day)
    ]


def day_beside(periods: list[PositionPeriod], stand: date) -> date | None:
    """The day nearest to the working date on which there is the post; None if there is on the working date.

    Example: from 01.04.2023, Stand 01.03.2023: 01.04.2023; until 31.12.2022: that day.
    """
    if not periods or any(stand in one.validity for one in periods):
        return None
    later = [one.validity.lower for one in periods if one.validity.lower > stand]
    return min(later) if later else last_day(periods[-1].validity)


def closed_of(request: Request, period: PositionPeriod) -> list[int]:
    """The closed years in which this holds of the post. Example: 2022."""
    return sorted(year for year in request.closed_years if intersection(period.validity, year_of(year)))


def of_post(request: Request, model: Any, position: Position) -> QuerySet[Any]:
    """The rows of this kind that hang on the post, with what they rest on."""
    found: QuerySet[Any] = model.visible_to(request).filter(position=position).select_related("basis", "position")
    return found


def story_of(request: Request, position: Position, periods: list[PositionPeriod]) -> list[Any]:
    """The history of a post and of everything that hangs on it."""
    below: list[tuple[Any, dict[str, Any]]] = [
        (model, {"position": position}) for model in (PositionPeriod, Occupancy, PlanNote, Procedure)
    ]
    below.append((ProcedureCarrier, {"procedure__in": Procedure.objects.filter(position=position)}))
    below += [(model, {"period__in": periods}) for model in (ServedMunicipality, PositionLocation)]
    return entries_about([position], below=below, user=request.user)


def kept_by(row: Any) -> str:
    """What a closed year keeps of a row that is corrected; empty if none does. One or two queries.

    Example: Das Förderjahr 2022 ist abgeschlossen; die Berichtigung gilt ab 01.01.2023.
    """
    stored = type(row).objects.select_related("body").get(pk=row.pk)  # the form has put its values on the row
    if (day := stored.open_from()) is None:
        return ""
    return f"Das Förderjahr {day.year - 1} ist abgeschlossen; die Berichtigung gilt ab {format_day(day)}."


class CorrectPosition(CorrectionPage):
    """A Berichtigung of what holds of a post on the working date, with its consequences beside it."""

    rule = "staffing.edit"
    template_name = "staffing/correct.html"
    form_class: type[VersionedForm] = CorrectionForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> PositionPeriod:
        found = period_on(request, position_of(request, kwargs["number"]))
        if found is None:
            raise Http404
        return found

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        row = form.instance
        return {"position": row.position, "period": row, "kept": kept_by(row)}

    def change(self, form: Any) -> Callable[[], bool]:
        data = form.cleaned_data
        return lambda: form.instance.correct(reason=data["reason"], municipalities=list(data["municipalities"]))

    def preview(self, request: Request, form: Any) -> dict[str, Any]:
        stored = PositionPeriod.objects.select_related("body").get(pk=form.instance.pk)
        since = stored.open_from() or stored.validity.lower  # it corrects the whole range
        return foreseen(self.change(form), request.acting_body, request.stand, since)

    def save(self, request: Request, form: Any) -> str:
        number, before = form.instance.position.number, consequences(request.acting_body, request.stand)
        words = kept_by(form.instance)
        if not self.change(form)():
            return f"Stelle {number}: Es hat sich nichts geändert; die gespeicherten Werte bleiben."
        changed = effects(before, consequences(request.acting_body, request.stand))
        told = f"{words} " if form.instance.divided else ""
        return f"Stelle {number} ist berichtigt. {told}{in_words(changed)}"


class ChangePosition(CorrectPosition):
    """An Änderung zum Stichtag: new facts from a day on, with their consequences on that day."""

    form_class = ChangeForm

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        if not form.is_bound:
            form.fields["day"].initial = request.stand
        return super().context(request, form) | {"changes": True, "kept": ""}

    def change(self, form: Any) -> Callable[[], Any]:
        data, row = form.cleaned_data, form.instance
        municipalities = list(data["municipalities"])
        return lambda: row.change_from(data["day"], reason=data["reason"], municipalities=municipalities)

    def preview(self, request: Request, form: Any) -> dict[str, Any]:
        return foreseen(self.change(form), request.acting_body, form.cleaned_data["day"])

    def save(self, request: Request, form: Any) -> str:
        day = form.cleaned_data["day"]
        before = consequences(request.acting_body, day)
        later = self.change(form)()
        if later.validity.lower != day:
            return f"Stelle {later.position.number}: Es hat sich nichts geändert."
        changed = effects(before, consequences(request.acting_body, day))
        until = last_day(later.validity)
        words = f" bis {until:%d.%m.%Y} (danach gelten schon andere Angaben oder keine)" if until else ""
        return f"Stelle {later.position.number}: geändert ab {day:%d.%m.%Y}{words}. {in_words(changed)}"


class CorrectRange(CorrectPosition):
    """A Berichtigung of the days from when to when facts hold."""

    template_name = "components/edit.html"
    form_class = RangeForm

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        number = form.instance.position.number
        words = "Berichtigt, von wann bis wann diese Angaben gelten; die Angaben selbst bleiben."
        lead = f"{words} {kept_by(form.instance)}".strip()
        return {"title": f"Zeitraum der Stelle {number} berichtigen", "lead": lead}

    def change(self, form: Any) -> Callable[[], bool]:
        return lambda: form.instance.correct(reason=form.cleaned_data["reason"])


class DescribePosition(DescriptionPage):
    """Aktenzeichen and note of a post."""

    rule = "staffing.edit"
    form_class = DescriptionForm
    title = "Beschreibung der Stelle"

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Position:
        return position_of(request, kwargs["number"])


class CorrectIdentity(CorrectionPage):
    """A Berichtigung of number, Art and Funktion of a post."""

    rule = "staffing.edit"
    form_class: type[VersionedForm] = IdentityForm
    title = "Nummer, Art und Funktion berichtigen"

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Position:
        return position_of(request, kwargs["number"])

    def context(self, request: Request, form: Any) -> dict[str, Any]:
        lead = f"Stelle {Position.objects.get(pk=form.instance.pk)}"
        return {"title": self.title, "lead": lead, "foreseeable": True}

    def change(self, form: Any) -> Callable[[], None]:
        return lambda: form.instance.correct(reason=form.cleaned_data["reason"])

    def preview(self, request: Request, form: Any) -> dict[str, Any]:
        return foreseen(self.change(form), request.acting_body, request.stand)

    def save(self, request: Request, form: Any) -> str:
        before = consequences(request.acting_body, request.stand)
        self.change(form)()
        changed = effects(before, consequences(request.acting_body, request.stand))
        return f"Stelle {form.instance} ist berichtigt. {in_words(changed)}"


class EndPosition(CorrectIdentity):
    """A post ends with a day; who has it leaves."""

    form_class = EndForm
    title = "Stelle beenden"

    def change(self, form: Any) -> Callable[[], None]:
        data = form.cleaned_data
        return lambda: end_position(form.instance, data["last"], reason=data["reason"])

    def preview(self, request: Request, form: Any) -> dict[str, Any]:
        return foreseen(self.change(form), request.acting_body, form.cleaned_data["last"] + DAY)

    def save(self, request: Request, form: Any) -> str:
        last = form.cleaned_data["last"]
        before = consequences(request.acting_body, last + DAY)
        self.change(form)()
        changed = effects(before, consequences(request.acting_body, last + DAY))
        return f"Stelle {form.instance} endet am {format_day(last)}. {in_words(changed)}"


class RemovePosition(RemovePage):
    """A post that was never used can be deleted."""

    rule = "staffing.edit"

    def instance(self, request: Request, **kwargs: Any) -> Position:
        return position_of(request, kwargs["number"])

    def done(self) -> str:
        return reverse("positions")
