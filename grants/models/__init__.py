"""The models of money; everybody imports them from here."""

from grants.models.budget import Account, AccountGroup, BudgetLine, SubProduct
from grants.models.carrying import carried, carry_over
from grants.models.notices import Funding, FundingNotice, NoticeItem
from grants.models.onward import NewOnwardGrant, OnwardGrant, OnwardTemplate
from grants.models.planning import carried_lines
from grants.models.programmes import FundingProgramme, ProgrammeModule, Rate

__all__ = [
    "Account",
    "AccountGroup",
    "BudgetLine",
    "Funding",
    "FundingNotice",
    "FundingProgramme",
    "NewOnwardGrant",
    "NoticeItem",
    "OnwardGrant",
    "OnwardTemplate",
    "ProgrammeModule",
    "Rate",
    "SubProduct",
    "carried",
    "carried_lines",
    "carry_over",
]
