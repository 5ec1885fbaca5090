"""Who may see and change posts."""

from kim.access.rules import READERS, right
from kim.models import Role

right("staffing.view", "Stellen ansehen", READERS)
right("staffing.edit", "Stellen bearbeiten", {Role.CLERK}, yearly=True)
