"""Who may see and change sittings, and write, sign and release Vorlagen."""

from kim.access.rules import READERS, WORKERS, right
from kim.models import Role

right("meetings.view", "Sitzungen ansehen", READERS)
right("meetings.edit", "Sitzungen bearbeiten", {Role.COMMITTEE})
right("papers.edit", "Vorlagen schreiben", {Role.CLERK}, part_of="documents.edit")
right("papers.proceed", "Beratungsfolge, Nummer und Gang der Vorlagen eintragen", {Role.CLERK, Role.COMMITTEE})
right("papers.sign", "Vorlagen mitzeichnen", WORKERS)
right("papers.release", "Vorlagen freigeben", {Role.HEAD}, part_of="documents.release")
right("minutes.edit", "Einladungen und Niederschriften schreiben", {Role.COMMITTEE}, part_of="documents.edit")
right("minutes.release", "Einladungen und Niederschriften freigeben", {Role.HEAD}, part_of="documents.release")
