"""The models of money; everybody imports them from here."""

from grants.models.amending import NewVersion
from grants.models.budget import Account, AccountGroup, BudgetLine, SubProduct
from grants.models.carrying_over import carried, carry_over
from grants.models.funding import Funding, assign_posts
from grants.models.handover import hand_over
from grants.models.items import ItemRate, ItemTerms, NoticeItem
from grants.models.ledger import Book, Entry, books_of_year, load
from grants.models.notices import FundingNotice, NoticeVersion, YearAmount
from grants.models.onward import NewOnwardGrant, OnwardGrant
from grants.models.planning import carried_lines
from grants.models.programmes import FundingProgramme, ProgrammeModule, Rate
from grants.models.templates import OnwardTemplate

__all__ = [
    "Account",
    "AccountGroup",
    "Book",
    "BudgetLine",
    "Entry",
    "Funding",
    "FundingNotice",
    "FundingProgramme",
    "ItemRate",
    "ItemTerms",
    "NewOnwardGrant",
    "NewVersion",
    "NoticeItem",
    "NoticeVersion",
    "OnwardGrant",
    "OnwardTemplate",
    "ProgrammeModule",
    "Rate",
    "SubProduct",
    "YearAmount",
    "assign_posts",
    "books_of_year",
    "carried",
    "carried_lines",
    "carry_over",
    "hand_over",
    "load",
]
