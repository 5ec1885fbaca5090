"""What the lists of posts, Anstellungsträger and Kommunen can be narrowed by."""

from typing import Any

from django.db.models import QuerySet

from kim.access.request import Request
from kim.lists import ChoicesFilter, ObjectsFilter, SearchFilter, StrictFilters, model_at, programmes
from kim.values.formats import slug
from staffing.models import Carrier, Municipality, Position, PositionPeriod, Reallocation, Status

UNASSIGNED = "noch-nicht-vergeben"
PROGRAMME = "funding__item__notice__programme"  # from a post upwards; grants stands above


def carriers(request: Request) -> Any:
    """The Anstellungsträger of the body."""
    return Carrier.visible_to(request)


def municipalities(request: Request) -> Any:
    """The Kommunen the body works with."""
    return Municipality.objects.filter(uses__body=request.acting_body)


def modules(request: Request) -> dict[str, tuple[str, str]]:
    """The Bausteine of the body's posts."""
    posts = Position.visible_to(request).order_by("function__module")
    names = posts.values_list("function__module", flat=True).distinct()
    return {slug(name): (name, name) for name in names}


def paid_posts(request: Request, chosen: Any) -> Any:
    """The posts that have money of one of these programmes on the working date, by key."""
    funding: Any = model_at(Position, "funding")
    paid = funding.objects.filter(body=request.acting_body, item__notice__programme__in=list(chosen))
    return paid.paying_on(request.stand).values("position")


def functions(request: Request) -> dict[str, tuple[str, str]]:
    """The functions of the body's posts."""
    names = Position.visible_to(request).order_by("function__name").values_list("function__slug", "function__name")
    return {word: (name, word) for word, name in names.distinct()}


class ProgrammeFilter(ObjectsFilter):
    """The programme whose money a post has on the working date."""

    def __init__(self) -> None:
        super().__init__(PROGRAMME, programmes(Position, PROGRAMME), label="Programm")

    def filter(self, rows: QuerySet[Any], chosen: Any) -> QuerySet[Any]:
        """By the posts that are paid on the day: one condition over one row of Funding."""
        if not chosen:
            return rows
        return self.of_posts(rows, paid_posts(self.parent.request, chosen))

    def of_posts(self, rows: QuerySet[Any], posts: Any) -> QuerySet[Any]:
        return rows.filter(position__in=posts)


class CarrierProgrammeFilter(ProgrammeFilter):
    """Who employs on posts that have money of the programme on the working date."""

    def of_posts(self, rows: QuerySet[Any], posts: Any) -> QuerySet[Any]:
        periods = PositionPeriod.visible_to(self.parent.request).as_of(self.parent.request.stand)
        return rows.filter(pk__in=periods.filter(position__in=posts).values("carrier"))


class MunicipalityProgrammeFilter(ProgrammeFilter):
    """Which Kommunen are served by posts that have money of the programme on the working date."""

    def of_posts(self, rows: QuerySet[Any], posts: Any) -> QuerySet[Any]:
        periods = PositionPeriod.visible_to(self.parent.request).as_of(self.parent.request.stand)
        return rows.filter(municipality__in=periods.filter(position__in=posts).values("served__municipality"))


class PositionFilters(StrictFilters):
    """Search, Programm, Art, Anstellungsträger, Kommune, Status, Funktion, Baustein."""

    suche = SearchFilter(
        [
            "position__number",
            "carrier__name",
            "served__municipality__name",
            "position__note",
            "position__function__name",
        ]
    )
    programm = ProgrammeFilter()
    art = ChoicesFilter(
        "position__kind",
        {"eigen": ("eigene Stelle", Position.Kind.OWN), "dritte": ("Stelle bei Dritten", Position.Kind.ONWARD)},
        label="Art",
    )
    traeger = ObjectsFilter(
        "carrier", carriers, none="noch nicht vergeben", null_value=UNASSIGNED, label="Anstellungsträger"
    )
    kommune = ObjectsFilter("served__municipality", municipalities, several=True, none="keine Angabe", label="Kommune")
    status = ChoicesFilter("status", {s.label.replace(" ", "-"): (s.label, s) for s in Status}, label="Status")
    funktion = ChoicesFilter("position__function__slug", functions, label="Funktion")
    baustein = ChoicesFilter("position__function__module", modules, label="Baustein")


class PlanFilters(StrictFilters):
    """Search in the pay groups, Programm and function."""

    suche = SearchFilter(["pay_group"])
    programm = ProgrammeFilter()
    funktion = ChoicesFilter("position__function__slug", functions, label="Funktion")


class CarrierFilters(StrictFilters):
    """Search, Programm and kind of Anstellungsträger."""

    suche = SearchFilter(["name", "short_name", "locality"])
    programm = CarrierProgrammeFilter()
    art = ChoicesFilter("kind", {k.label.lower().replace(" ", "-"): (k.label, k) for k in Carrier.Kind}, label="Art")


class MunicipalityFilters(StrictFilters):
    """Search and Programm."""

    suche = SearchFilter(["municipality__name", "municipality__ags"])
    programm = MunicipalityProgrammeFilter()


class ReallocationProgrammeFilter(ObjectsFilter):
    """Umverteilungen of posts that money of the programme pays at some time."""

    def __init__(self) -> None:
        path = f"legs__position__{PROGRAMME}"
        super().__init__(path, programmes(Position, PROGRAMME), several=True, label="Programm")


class ReallocationFilters(StrictFilters):
    """Search, Programm and how far it has got."""

    suche = SearchFilter(["reason", "legs__position__number", "legs__carrier__name"])
    programm = ReallocationProgrammeFilter()
    bearbeitungsstand = ChoicesFilter(
        "state", {slug(s.label): (s.label, s) for s in Reallocation.State}, label="Bearbeitungsstand"
    )


class FunctionFilters(StrictFilters):
    """Search in Funktionen."""

    suche = SearchFilter(["name", "module"])
