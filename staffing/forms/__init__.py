"""Forms of posts, places and reallocations; the pages import them from here."""

from staffing.forms.partners import CarrierForm, ContactForm, FunctionForm, MunicipalityForm
from staffing.forms.places import ChangePlaceForm, FillForm, LeaveForm, OccupancyForm, SubstituteForm
from staffing.forms.posts import (
    ChangeForm,
    CorrectionForm,
    DescriptionForm,
    EndForm,
    IdentityForm,
    PlanNoteForm,
    ProcedureForm,
    RangeForm,
)
from staffing.forms.reallocations import GiveForm, ReallocationForm, TakeForm

__all__ = [
    "CarrierForm",
    "ChangeForm",
    "ChangePlaceForm",
    "ContactForm",
    "CorrectionForm",
    "DescriptionForm",
    "EndForm",
    "FillForm",
    "FunctionForm",
    "GiveForm",
    "IdentityForm",
    "LeaveForm",
    "MunicipalityForm",
    "OccupancyForm",
    "PlanNoteForm",
    "ProcedureForm",
    "RangeForm",
    "ReallocationForm",
    "SubstituteForm",
    "TakeForm",
]
