"""Who may see and change Zuwendungen, the Haushalt, and what is granted onward."""

from kim.access.rules import READERS, right
from kim.models import Role

right("grants.view", "Zuwendungen ansehen", READERS)
right("grants.edit", "Zuwendungen bearbeiten", {Role.CLERK}, yearly=True)
right("budget.view", "Haushalt ansehen", READERS)
right("budget.edit", "Ansätze bearbeiten", {Role.TREASURY}, yearly=True)
right("onward.edit", "Weiterleitungen und ihre Muster schreiben", {Role.CLERK}, part_of="documents.edit")
right("onward.release", "Weiterleitungen freigeben", {Role.HEAD}, part_of="documents.release")
