"""Who may do what, written by hand from the rulings on roles (§5 and §10, in short below), never from the program.

§5: Sachbearbeitung edits posts, grants, papers; Kämmerei budget lines; Sitzungsdienst meetings, it checks, schedules
and prints papers; Leitung releases; Rechnungsprüfung reads all, and has Prüfung; Systemverwaltung has /technik/ only
and no body's data (her start page is empty). /technik/ shows lists to look at to all who have a right in a body. Everybody has her own password.

§10: Sachbearbeitung keeps notices and their rates, posts, carriers, papers, Weiterleitungen and their Muster; Kämmerei
Teilprodukte, Sachkonten, Ansätze; Sitzungsdienst sittings, and of papers the agenda data, of Weiterleitungen nothing;
Leitung house and letterhead, Dienststellen, Zeichnungsbefugnisse, release, closing a year; Systemverwaltung accounts,
bodies, reference data. What is public carries public sources only: no Grund, no author of an Annahme.

still: not said there. Everybody who works for a body sees the same pages, in another order; whoever saves can take back
what she saved; lists can be kept as views, by auditors too; otherwise Rechnungsprüfung reads only. Public are posts,
money, resolutions, agendas and where they come from, to be read; not what the administration notes for itself.

Who is there for public matters only (öf) may hold any role of a body. Pages have the names of the URLconf; –
where there is none yet.
"""

from dataclasses import dataclass

COLUMNS = {
    "Sb": "Sachbearbeitung",
    "Kä": "Kämmerei",
    "Sd": "Sitzungsdienst",
    "Le": "Leitung",
    "Pr": "Prüfung",
    "Sy": "Systemverwaltung",
    "öf": "öffentlich",
}

TABLE = """
Was                                      | Quelle | Sb Kä Sd Le Pr Sy öf | Recht             | Seite
Übersicht ansehen                        | §5     | x  x  x  x  x  x  x  | kim.home          | home
eigenes Passwort ändern                  | §5     | x  x  x  x  x  x  x  | kim.account       | account_change_password
Herkunft einer Zahl ansehen              | still  | x  x  x  x  x  .  x  | kim.figure        | herkunft
Stellen ansehen                          | still  | x  x  x  x  x  .  x  | staffing.view     | municipality
Stellen und ihre Besetzung bearbeiten    | §5 §10 | x  .  .  .  .  .  .  | staffing.edit     | position-correct
Umverteilungen schreiben                 | §5     | x  .  .  .  .  .  .  | staffing.edit     | reallocation-new
Anstellungsträger bearbeiten             | §10    | x  .  .  .  .  .  .  | staffing.edit     | carrier-contact
Zuwendungen ansehen                      | still  | x  x  x  x  x  .  x  | grants.view       | onward-template
Zuwendungen bearbeiten                   | §5 §10 | x  .  .  .  .  .  .  | grants.edit       | notice-rule
Fördersätze einer Zuwendung übernehmen   | §10    | x  .  .  .  .  .  .  | grants.edit       | notice-rates
Haushalt ansehen                         | still  | x  x  x  x  x  .  x  | budget.view       | budget
Teilprodukte, Sachkonten, Ansätze        | §5 §10 | .  x  .  .  .  .  .  | budget.edit       | account-new
Sitzungen ansehen                        | still  | x  x  x  x  x  .  x  | meetings.view     | meeting
Sitzungen vorbereiten und mitschreiben   | §5 §10 | .  .  x  .  .  .  .  | meetings.edit     | meeting-new
Aufträge und Zusagen nachhalten          | §5 §10 | .  .  x  .  .  .  .  | meetings.edit     | follow-up-edit
Dringlichkeitsentscheidungen eintragen   | §5 §10 | .  .  x  .  .  .  .  | meetings.edit     | urgent-decision-new
Beschlussbuch und Auszüge ansehen        | still  | x  x  x  x  x  .  x  | meetings.view     | resolutions
Einladungen und Niederschriften          | §5 §10 | .  .  x  .  .  .  .  | minutes.edit      | minutes-remove
Einladung, Niederschrift freigeben       | §5 §10 | .  .  .  x  .  .  .  | minutes.release   | –
Mitgliedschaften eintragen und beenden   | §10    | .  .  x  .  .  .  .  | meetings.edit     | membership-end
Vorlagen ansehen, prüfen, drucken        | §5 §10 | x  x  x  x  x  .  x  | documents.view    | document-versions
Text eines Dokuments der eigenen Art      | §5 §10 | x  .  x  .  .  .  .  | documents.edit    | document-preview
Vorlage oder Weiterleitung freigeben     | §5 §10 | .  .  .  x  .  .  .  | documents.release | document-release
Vorlagen schreiben                       | §5 §10 | x  .  .  .  .  .  .  | papers.edit       | document-head
Beratungsfolge einer Vorlage eintragen   | §5 §10 | x  .  x  .  .  .  .  | papers.proceed    | consultation-new
Nummer, Aktenzeichen, Gang einer Vorlage | §5     | x  .  x  .  .  .  .  | papers.proceed    | document-describe
Vorlagen mitzeichnen                     | still  | x  x  x  x  .  .  .  | papers.sign       | document-sign
Vorlagen freigeben                       | §5 §10 | .  .  .  x  .  .  .  | papers.release    | –
Schlüsseltabellen der Körperschaft       | §10    | .  .  .  x  .  .  .  | reference.edit    | rate-new
Briefkopf bearbeiten                     | §10    | .  .  .  x  .  .  .  | house.edit        | letterhead-edit
Dienststellen bearbeiten                 | §10    | .  .  .  x  .  .  .  | house.edit        | office-new
Zeichnungsbefugnisse eintragen           | §10    | .  .  .  x  .  .  .  | house.edit        | signatory-new
Weiterleitungen schreiben                | §10    | x  .  .  .  .  .  .  | onward.edit       | onward-head
Muster der Weiterleitungen schreiben     | §10    | x  .  .  .  .  .  .  | onward.edit       | onward-template-edit
Weiterleitungen freigeben                | §5 §10 | .  .  .  x  .  .  .  | onward.release    | onward-release
eigene Vorgänge ansehen und fortsetzen   | still  | x  x  x  x  .  .  .  | jobs.view         | job
Notizen, Wiedervorlagen, Dateien ansehen | still  | x  x  x  x  x  .  .  | attached.view     | reminders
Notizen, Wiedervorlagen, Dateien anlegen | §5     | x  x  x  x  .  .  .  | attached.edit     | note-new
Hinweise ansehen                         | still  | x  x  x  x  x  .  .  | findings.view     | findings
Hinweise erläutern                       | still  | x  x  x  x  x  .  .  | findings.note     | finding-note
Verlauf eines Gegenstands                | §10    | x  x  x  x  x  x  .  | acts.view         | –
Prüfung: Verlauf aller Daten             | §5 §10 | .  .  .  .  x  .  .  | audit.view        | trail
eigene Eingaben zurücknehmen             | still  | x  x  x  x  x  .  .  | kim.undo          | undo
Ansichten von Listen speichern           | still  | x  x  x  x  x  .  .  | views.edit        | view-new
Förderjahre ansehen                      | still  | x  x  x  x  x  .  x  | years.view        | years
Förderjahre abschließen                  | §10    | .  .  .  x  .  .  .  | years.edit        | year-close
Belege ansehen                           | still  | x  x  x  x  x  .  x  | sources.view      | source-document
Belege eintragen und bearbeiten          | §10    | x  .  .  .  .  .  .  | sources.edit      | source-new
Datenlisten unter /technik/ ansehen      | §5     | x  x  x  x  x  .  x  | admin.lists       | admin:technik-allocation
/technik/ öffnen                         | §5     | x  x  x  x  x  x  x  | admin.view        | admin:index
Benutzerkonten pflegen                   | §5 §10 | .  .  .  .  .  x  .  | technical.edit    | admin:kim_user_add
Körperschaften anlegen                   | §10    | .  .  .  .  .  x  .  | technical.edit    | setup-body
Stammdaten pflegen                       | §10    | .  .  .  .  .  x  .  | technical.edit    | admin:grants_rate_add
"""


@dataclass(frozen=True)
class Right:
    """A line of the table: a right in words, where it was decided, who has it, and what it is called in the program."""

    words: str
    source: str
    holders: frozenset[str]
    rule: str
    page: str


def right(line):
    words, source, marks, rule, page = (cell.strip() for cell in line.split("|"))
    assert len(marks.split()) == len(COLUMNS) and set(marks.split()) <= {"x", "."}, line
    holders = {name for name, mark in zip(COLUMNS.values(), marks.split(), strict=True) if mark == "x"}
    return Right(words, source, frozenset(holders), rule, "" if page == "–" else page)


HEAD, *LINES = TABLE.strip().splitlines()
assert HEAD.split("|")[2].split() == list(COLUMNS)
RIGHTS = [right(line) for line in LINES]
