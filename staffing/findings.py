"""Hinweise about posts: more filled than there is, what stands of the rest, what a post lacks."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse

from kim.figures.findings import Finding, Severity, about, rule
from kim.models import Body
from kim.values.formats import format_day, format_fte, listed
from kim.values.periods import DAY
from staffing.figures import occupancy
from staffing.models import Occupancy, Position, PositionPeriod, Procedure

OWN = "Prüfregel der Anwendung zur Stellenbewirtschaftung"


class Fact(NamedTuple):
    """How big a post is, and when."""

    validity: Any
    fte: Decimal


@rule("S4", "Besetzung an keinem Tag höher als der Umfang der Stelle", OWN, "staffing.Position")
def over_occupied(body: Body, day: date) -> Iterator[Finding]:
    """FTE of all places but substitutes, and FTE of all places on duty ≤ FTE of the post on every day. Two queries.

    Example: 3 × 0,5 ≤ 1,5 (SPRUNGBrett) is right, also while one of them rests and somebody stands in for 0,5.

    The database refuses it; what came past it is found here.
    """
    sizes: dict[int, list[Fact]] = {}
    for key, *fact in PositionPeriod.objects.filter(body=body).order_by().values_list("position", "validity", "fte"):
        sizes.setdefault(key, []).append(Fact(*fact))
    filled: dict[int, list[Occupancy]] = {}
    for place in Occupancy.objects.filter(body=body).select_related("position"):
        filled.setdefault(place.position_id, []).append(place)
    for key, places in filled.items():
        facts = sizes.get(key, [])
        days = {p.validity.lower for p in places} | {d for f in facts for d in (f.validity.lower, f.validity.upper)}
        days |= {p.suspended.upper for p in places if p.suspended}
        for one in sorted(d for d in days if d):
            there = [p for p in places if one in p.validity]
            promised = sum((p.fte for p in there if p.stands_in_for is None), Decimal(0))
            worked = sum((p.fte for p in there if not (p.suspended and one in p.suspended)), Decimal(0))
            taken = max(promised, worked)
            size = sum((f.fte for f in facts if one in f.validity), Decimal(0))
            if taken > size:
                words = (
                    f"Am {one:%d.%m.%Y} sind {format_fte(taken)} VZÄ besetzt, die Stelle hat {format_fte(size)} VZÄ."
                )
                yield about(Severity.ERROR, places[0].position, words)
                break


@rule("S5", "Stand der Besetzung zum Stichtag", OWN)
def not_filled(body: Body, day: date) -> Iterator[Finding]:
    """What of the posts is not committed or not stated on the day. Two queries a kind of post.

    Example, StädteRegion, posts with third parties, 01.03.2023: 3,5 of 6,0 committed, 2,5 open.
    """
    for kind in occupancy.kinds(body, day):
        found = occupancy.status(body, day, kind)
        left, unknown = found.open.amount, found.not_stated.amount
        if not left and not unknown:
            continue
        words = [f"{format_fte(left)} VZÄ unbesetzt oder noch nicht vergeben"] if left else []
        words += [f"zu {format_fte(unknown)} VZÄ fehlt die Angabe, ob sie besetzt sind"] if unknown else []
        label = {"own": "eigene Stellen", "onward": "Stellen bei Dritten"}[kind]
        sentence = f"Von {format_fte(found.derivation.amount)} VZÄ sind {format_fte(found.committed.amount)} verplant; "
        sentence += f"{listed(words)}."
        link = f"{reverse('positions')}?art={'eigen' if kind == 'own' else 'dritte'}"
        key = f"besetzung:{kind}"
        yield about(Severity.HINT, body, sentence, name=label[0].upper() + label[1:], link=link, key=key)


@rule(
    "S11",
    "Anstellungsträger; bei eigenen Stellen Entgeltgruppe, bei Dritten Kommune",
    OWN,
    "staffing.Position",
)
def incomplete(body: Body, day: date) -> Iterator[Finding]:
    """What a post of the day lacks. Three queries. The pay group counts for own posts, the Kommune for those with
    third parties. Example: CM-10 (SPRUNGBrett) has no Kommune."""
    for row in occupancy.posts_on(body.pk, day):
        own = row.position.kind == Position.Kind.OWN
        lacks = ["der Anstellungsträger"] if row.carrier_id is None else []
        lacks += ["die Kommune"] if not own and not row.kommunen() else []
        lacks += ["die Entgeltgruppe"] if own and not row.pay_group else []
        if lacks:
            verb = "fehlt" if len(lacks) == 1 else "fehlen"
            sentence = f"Es {verb} {listed(lacks)}."
            yield about(Severity.WARNING, row.position, sentence, name=f"Stelle {row.position.number}")


@rule("S14", "Verfahrensstand und Verfahren passen zusammen", OWN, "staffing.Position")
def stage_fits(body: Body, day: date) -> Iterator[Finding]:
    """An Ausschreibung or Interessenbekundung that runs while the post says otherwise, or that is over while the post
    still says it runs. Two queries. Example: Frist 30.04.2023, on 02.05.2023 the post is still "ausgeschrieben"."""
    found: dict[int, list[Procedure]] = {}
    for one in Procedure.objects.filter(body=body):
        found.setdefault(one.position_id, []).append(one)
    rows = PositionPeriod.objects.filter(body=body, position__in=found).as_of(day).with_status(day)
    for row in rows.filter(rest__gt=0).select_related("position").order_by("position__number"):
        running = [one for one in found[row.position_id] if day in one.validity]
        over = [one for one in found[row.position_id] if one.validity.upper and one.validity.upper <= day]
        if running and row.stage not in {one.stage() for one in running}:
            words = f"{running[0].get_kind_display()} läuft, der Verfahrensstand ist „{row.get_stage_display()}“."
        elif not running and (last := [one for one in over if one.stage() == row.stage]):
            end = format_day(last[-1].validity.upper - DAY)
            words = f"Die Frist war am {end}, der Verfahrensstand ist noch „{row.get_stage_display()}“."
        else:
            continue
        yield about(Severity.HINT, row.position, words, name=f"Stelle {row.position.number}")
