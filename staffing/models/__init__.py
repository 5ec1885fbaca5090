"""Posts, who employs them, which Kommunen they serve, and who has them; no money."""

from staffing.models.masterdata import BodyMunicipality, Carrier, Function, Municipality
from staffing.models.places import PositionLocation, ServedMunicipality
from staffing.models.positions import Occupancy, Position, PositionPeriod, Stage, Status

__all__ = [
    "BodyMunicipality",
    "Carrier",
    "Function",
    "Municipality",
    "Occupancy",
    "Position",
    "PositionLocation",
    "PositionPeriod",
    "ServedMunicipality",
    "Stage",
    "Status",
]
