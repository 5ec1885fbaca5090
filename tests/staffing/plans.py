"""The StädteRegion as it was before the redistribution, and the redistribution as legs."""

from datetime import date
from decimal import Decimal as D

from grants.models import Funding
from kim.values.periods import half_open_range
from staffing.models import (
    Carrier,
    Municipality,
    Position,
    PositionLocation,
    PositionPeriod,
    ReallocationLeg,
    ServedMunicipality,
)

OTHERS = {
    "StädteRegion Aachen": "6.000",
    "Caritasverband für die Region Eifel e. V.": "0.500",
    "Evangelische Lydia-Gemeinde": "0.500",
    "Stadt Baesweiler": "0.500",
    "Beschäftigungsinitiative SPRUNGBrett gemeinnützige GmbH": "1.500",
    "Stadt Würselen": "0.500",
}
FORMER = OTHERS | {"noch nicht vergeben": "2.500"}
DRK = "Deutsches Rotes Kreuz Kreisverband Städteregion Aachen e. V. (DRK)"
RULING = OTHERS | {DRK: "1.000", "Stadt Monschau": "0.500", "noch nicht vergeben": "1.000"}


def former_plan(body):
    """Only the plan that held until 28.02.2023, with an open end: nothing of the redistribution is there."""
    new = Position.objects.filter(body=body, number__in=["CM-15", "CM-16", "CM-17"])
    Funding.objects.filter(position__in=new).delete()
    for model in (ServedMunicipality, PositionLocation):
        model.objects.filter(period__position__in=new).delete()
    PositionPeriod.objects.filter(position__in=new).delete()
    new.delete()
    old = PositionPeriod.objects.filter(body=body, position__number__in=["CM-12", "CM-13", "CM-14"])
    old.update(validity=half_open_range(date(2022, 1, 1)))


def seed_legs():
    """−0,5 Alsdorf, −1,0 Eschweiler, −1,0 Stolberg, +1,0 DRK/Alsdorf, +0,5 Monschau, +1,0 Eschweiler + Stolberg."""

    def gives(number, fte):
        return ReallocationLeg(fte=D(fte), position=Position.objects.get(number=number)), []

    def new(carrier, fte, *slugs, **facts):
        found = Carrier.objects.get(short_name=carrier) if carrier else None
        leg = ReallocationLeg(fte=D(fte), establishes=True, carrier=found, **facts)
        return leg, [Municipality.objects.get(slug=slug) for slug in slugs]

    return [
        gives("CM-12", "-0.5"),
        gives("CM-13", "-1"),
        gives("CM-14", "-1"),
        new("Stadt Monschau", "0.5", "monschau"),
        new("DRK", "1", "alsdorf"),
        new("", "1", "eschweiler", "stolberg", fallback_plan="Interessenbekundung der Wohlfahrtsverbände"),
    ]
