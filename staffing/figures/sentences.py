"""Names in sentences: the body, who employs, which Kommunen are served, where people are advised."""

from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError

from kim.figures import COUNT, DATE, FTE, TEXT, Value, figure, read, stated
from kim.models import Body
from kim.store.reading import read_once
from kim.values.formats import listed, posts_in_words, singular
from staffing.figures.occupancy import period_of, size
from staffing.models import Position, PositionLocation, PositionPeriod, Status

NOWHERE = "ohne Angabe der Kommune"


@figure("body.name", "Name der Körperschaft")
def body_name(body: Body) -> Value:
    """The name of the body, with its article in a sentence. Example: die StädteRegion Aachen."""
    article = {"der": "den"}.get(body.article, body.article)
    forms = {"nominative": f"{body.article} {body.name}", "accusative": f"{article} {body.name}"}
    return Value("Körperschaft", body.name, TEXT, "beleg", source="Stammdaten der Körperschaft", forms=forms)


@figure("document.day", "Zahlenstand")
def stand(day: date) -> Value:
    """The day for which the figures of a document hold."""
    return Value("Zahlenstand", day, DATE, "beleg", source="Angabe am Dokument")


@figure("position.carrier", "Anstellungsträger der Stelle")
def carrier(position: Position, day: date) -> Value:
    """Who employs on the post. Example: CM-07: der Caritasverband für die Region Eifel e. V."""
    row = period_of(position, day)
    if row.carrier is None:
        raise ValidationError(f"Die Stelle {position.number} hat am {day:%d.%m.%Y} keinen Anstellungsträger.")
    return text(row, "Anstellungsträger", row.carrier.name, row.carrier.forms())


@figure("position.function", "Funktion der Stelle")
def function(position: Position) -> Value:
    """What the post is for. Example: CM-17: Case Management."""
    source = "Stammdaten der Stelle"
    link = position.get_absolute_url()
    return Value(f"Funktion {position.number}", position.function.name, TEXT, "beleg", source=source, link=link)


@figure("position.municipalities", "Kommunen der Stelle")
def municipalities(position: Position, day: date, when: str = "") -> Value:
    """The Kommunen a post is zuständig für, in a sentence. Example: CM-07: Roetgen und Simmerath."""
    row = period_of(position, day, when)
    names = row.municipality_names(short=True)
    if not names:
        raise ValidationError(f"Bei der Stelle {position.number} ist am {day:%d.%m.%Y} keine Kommune angegeben.")
    return text(row, "zuständig für", listed(names), {})


@figure("position.location", "Beratungsort der Stelle")
def location(position: Position, day: date, number: int = 1) -> Value:
    """Where people are advised. Example: CM-15: Sozialamt."""
    return place(position, day, number, "name")


@figure("position.filling", "Stand der Besetzung in Worten")
def filling(position: Position, day: date) -> Value:
    """How far the filling of a post has got, for the end of a sentence, with the post and its verb.

    Example: CM-11 on 01.03.2023: "wird eine halbe Stelle in Kürze ausgeschrieben"; once advertised: "ist eine halbe
    Stelle ausgeschrieben"; filled: "ist eine halbe Stelle besetzt"; else: "ist eine halbe Stelle noch nicht besetzt".
    ValidationError where nothing is reported: nobody knows whether it is filled.
    """
    row = period_of(position, day)
    if row.status == Status.NOT_STATED:
        raise ValidationError(f"Zur Besetzung der Stelle {position.number} ist nichts angegeben.")
    one = singular(row.fte, FTE)
    verb, end = {
        Status.ADVERTISING_PLANNED: ("wird" if one else "werden", "in Kürze ausgeschrieben"),
        Status.ADVERTISED: ("ist" if one else "sind", "ausgeschrieben"),
        Status.FILLED: ("ist" if one else "sind", "besetzt"),
        Status.PARTLY: ("ist" if one else "sind", "teilweise besetzt"),
    }.get(Status(row.status), ("ist" if one else "sind", "noch nicht besetzt"))
    return text(row, "Besetzung", f"{verb} {posts_in_words(row.fte)} {end}", {})


@figure("position.host", "Betreiber des Beratungsorts")
def host(position: Position, day: date, number: int = 1) -> Value:
    """Who runs the place. Example: CM-16, second place: Abba e. V."""
    return place(position, day, number, "host")


def place(position: Position, day: date, number: int, what: str) -> Value:
    row = period_of(position, day)
    found = next((one for one in locations_on(position.body_id, day).get(row.pk, []) if one.order == number), None)
    if found is None:
        raise ValidationError(f"Die Stelle {position.number} hat keinen Beratungsort Nr. {number}.")
    return text(row, "Beratungsort", getattr(found, what), {})


@read_once
def locations_on(body: int, day: date) -> dict[int, list[PositionLocation]]:
    """The Beratungsorte of a day, by the key of the facts that they belong to. One query."""
    found: dict[int, list[PositionLocation]] = {}
    for one in PositionLocation.objects.filter(body=body, period__validity__contains=day).order_by("order"):
        found.setdefault(one.period_id, []).append(one)
    return found


def text(row: PositionPeriod, label: str, value: str, forms: dict[str, str]) -> Value:
    return stated(f"{label} {row.position.number}", value, TEXT, row, forms=forms)


@read_once
def several(body: Body, numbers: str, day: date, when: str) -> list[PositionPeriod]:
    """The periods of posts named in a list with commas, in that order."""

    def post(number: str) -> Position:
        try:
            found: Position = read("position", Position, number, body)
        except ValidationError as error:
            raise ValidationError(f"Die Stelle „{number}“ gibt es nicht.") from error
        return found

    return [period_of(one, day, when) for one in [post(number) for number in numbers.split(",")]]


@figure("positions.distribution", "Verteilung in einem Satz")
def distribution(body: Body, positions: str, day: date, when: str = "") -> Value:
    """What was planned for which Kommune, equal shares drawn together.

    positions: numbers with commas. Example, CM-13 and CM-14 before 01.03.2023: "für Eschweiler und Stolberg je
    eine volle Stelle"; with 0,5 at CM-13: "für Eschweiler eine halbe Stelle und für Stolberg eine volle Stelle"; with
    no Kommune at CM-13: "für Stolberg eine volle Stelle und ohne Angabe der Kommune eine volle Stelle".
    """
    groups: dict[str, list[str]] = {}
    rows = several(body, positions, day, when)
    for row in rows:
        if names := row.municipality_names(short=True):
            groups.setdefault(posts_in_words(row.fte), []).append(listed(names))
    parts = [f"für {listed(names)} {'je ' if len(names) > 1 else ''}{amount}" for amount, names in groups.items()]
    if nowhere := [row.fte for row in rows if not row.municipality_names()]:
        parts.append(f"{NOWHERE} {posts_in_words(sum(nowhere, Decimal(0)))}")
    operands = tuple(size(row) for row in rows)
    return Value("Verteilung", listed(parts), TEXT, formula="nach Kommunen", operands=operands)


@figure("positions.municipality_count", "Anzahl der Kommunen")
def municipality_count(body: Body, positions: str, day: date, when: str = "") -> Value:
    """How many Kommunen these posts serve. Example, CM-12, CM-13, CM-14 before 01.03.2023: 3."""
    rows = several(body, positions, day, when)
    names = {name for row in rows for name in row.municipality_names()}
    served = ((row, row.municipality_names()) for row in rows)
    operands = tuple(text(row, "zuständig für", listed(found) if found else NOWHERE, {}) for row, found in served)
    return Value("Kommunen", len(names), COUNT, formula="verschiedene Kommunen", operands=operands)
