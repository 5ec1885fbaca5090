"""What the official list of Kommunen says of a Körperschaft that is founded: a Kreis, a city, a Kommune."""

from collections.abc import Iterable
from dataclasses import dataclass

from kim.models import Body
from staffing.models.masterdata import Municipality

CITY_ENDS = "000"  # of the AGS of a city that is a Kreis of its own
RANKS = {Body.Kind.DISTRICT: 1, Body.Kind.REGION: 1, Body.Kind.CITY: 2, Body.Kind.MUNICIPALITY: 3}
PLAIN = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})  # as a German telephone book sorts


@dataclass(frozen=True)
class Official:
    """A Körperschaft of the list: its AGS (five digits of a Kreis, eight of a Kommune), name, and Kommunen."""

    ags: str
    name: str
    kind: Body.Kind
    municipalities: tuple[Municipality, ...]

    @property
    def article(self) -> str:
        """der Kreis Düren, die StädteRegion Aachen, die Stadt Köln."""
        return "der" if self.kind == Body.Kind.DISTRICT else "die"


def officials() -> list[Official]:
    """All Körperschaften of the list: Kreise first, then cities that are Kreise of their own, then Kommunen. One
    query."""
    rows = list(Municipality.objects.exclude(district=""))
    districts: dict[str, list[Municipality]] = {}
    for row in rows:
        districts.setdefault(row.district, []).append(row)
    found = [of_district(name, some) for name, some in districts.items()]
    found += [one_town(row) for row in rows if not row.ags.endswith(CITY_ENDS)]
    return sorted(found, key=lambda one: (RANKS[one.kind], one.name.lower().translate(PLAIN)))


def official(ags: str) -> Official | None:
    """The Körperschaft with this AGS; None if the list has none. One query."""
    return next((one for one in officials() if one.ags == ags), None)


def of_district(name: str, rows: Iterable[Municipality]) -> Official:
    """A Kreis with its Kommunen, or a city that is one by itself."""
    mine = tuple(rows)
    if mine[0].ags.endswith(CITY_ENDS):
        return Official(mine[0].ags, name, Body.Kind.CITY, mine)
    kind = Body.Kind.REGION if name.startswith("StädteRegion") else Body.Kind.DISTRICT
    return Official(mine[0].ags[:5], name, kind, mine)


def one_town(row: Municipality) -> Official:
    """A Kommune that belongs to a Kreis; whether it is a Stadt or a Gemeinde the list does not say."""
    return Official(row.ags, row.name, Body.Kind.MUNICIPALITY, (row,))
