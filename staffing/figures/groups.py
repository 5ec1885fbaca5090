"""How posts stand in a distribution: by who employs, by the Kommune they serve; whole, or by agreed shares."""

from dataclasses import dataclass
from decimal import Decimal

from kim.figures import Value
from kim.values.formats import format_fte
from kim.values.money import split
from staffing.figures.occupancy import size
from staffing.models import Position, PositionPeriod

UNASSIGNED = "noch nicht vergeben"


@dataclass(frozen=True)
class Part:
    """A post in a group of a distribution: the whole of it, or the share of one of its Kommunen (``at`` of ``shares``,
    which together are 1)."""

    row: PositionPeriod
    shares: tuple[Decimal, ...] = ()
    at: int = 0

    def fte(self) -> Decimal:
        """Its FTE, in thousandths that add up to the post's. Example: 0,437 by 0,6 and 0,4: 0,262 and 0,175."""
        return self.thousandths(self.row.fte)

    def thousandths(self, fte: Decimal) -> Decimal:
        """What of so many FTE falls to it."""
        return split(fte * 10, self.shares)[self.at] / 10 if self.shares else fte

    def of(self, amount: Decimal | None) -> Decimal | None:
        """What of an amount falls to it, in cents that add up to the amount."""
        return split(amount, self.shares)[self.at] if self.shares and amount is not None else amount

    @classmethod
    def for_municipality(cls, row: PositionPeriod, key: int) -> "Part":
        """What of a post falls to one of its Kommunen (a primary key): its share if all have one, else the whole. For
        rows of with_served(keys=True)."""
        shares: list[Decimal | None] = row.served_shares
        agreed = tuple(one for one in shares if one is not None)
        return cls(row, agreed, row.served_keys.index(key)) if shares and len(agreed) == len(shares) else cls(row)

    def size(self) -> Value:
        """Its FTE with where they come from."""
        return self.shared(size(self.row), self.fte())

    def shared(self, whole: Value, value: Decimal | None) -> Value:
        """Its part of what holds of the whole post."""
        if not self.shares:
            return whole
        share = format_fte(self.shares[self.at])
        words = f"Anteil {share} an {whole.printed()}"
        return Value(f"{whole.label}, Anteil {share}", value, whole.unit, "rechnung", words, operands=(whole,))


Grouping = list[tuple[tuple[int, str, str], Part]]  # rank, order and name of a group, and the part of a post in it


def by_carrier(row: PositionPeriod) -> Grouping:
    """The own body first, what is not assigned last."""
    if row.carrier is None:
        return [((2, "", UNASSIGNED), Part(row))]
    rank = 0 if row.carrier.kind == row.carrier.Kind.OWN else 1
    return [((rank, row.carrier.sort_key, row.carrier.name), Part(row))]


def by_municipality(row: PositionPeriod) -> Grouping:
    """Its Kommune; with shares each of its Kommunen, without "gemeinsam: A, B" (rule S3). Own posts and posts without a
    Kommune stand last."""
    if row.position.kind == Position.Kind.OWN:
        return [((3, "", row.served_label()), Part(row))]
    if shares := row.shares():
        weights = tuple(share for _, _, share in shares)
        return [((1, key, name), Part(row, weights, at)) for at, (key, name, _) in enumerate(shares)]
    served = row.kommunen()
    rank = 4 if not served else 1 if len(served) == 1 else 2
    return [((rank, " ".join(key for key, _, _ in served), row.served_label()), Part(row))]
