"""Posts, who employs them, which Kommunen they serve, and who has them; no money."""

from staffing.models.ending import end_position
from staffing.models.founding import found_body
from staffing.models.masterdata import BodyMunicipality, Carrier, Function, Municipality
from staffing.models.moves import Moved, on_move
from staffing.models.occupancies import Occupancy, PlanNote
from staffing.models.official import Official, official, officials
from staffing.models.places import Place, PositionLocation, ServedMunicipality, settle
from staffing.models.positions import Position, PositionPeriod, always
from staffing.models.procedures import Procedure, ProcedureCarrier
from staffing.models.reallocations import LegMunicipality, Reallocation, ReallocationLeg
from staffing.models.status import Stage, Status

__all__ = [
    "BodyMunicipality",
    "Carrier",
    "Function",
    "LegMunicipality",
    "Moved",
    "Municipality",
    "Occupancy",
    "Official",
    "Place",
    "PlanNote",
    "Position",
    "PositionLocation",
    "PositionPeriod",
    "Procedure",
    "ProcedureCarrier",
    "Reallocation",
    "ReallocationLeg",
    "ServedMunicipality",
    "Stage",
    "Status",
    "always",
    "end_position",
    "found_body",
    "official",
    "officials",
    "on_move",
    "settle",
]
