"""The list of papers."""

from typing import Any

from kim.lists import BadgeColumn, DateColumn, DenseTable, LinkColumn, PeriodColumn, TextColumn
from kim.values.formats import slug
from meetings.filters import (
    OVERDUE,
    STANDINGS,
    STATES_OF_URGENT,
    UNASKED,
    FollowUpFilters,
    MeetingFilters,
    MembershipFilters,
    NamedFilters,
    PaperFilters,
    PersonFilters,
    ResolutionFilters,
    TermFilters,
    UrgentDecisionFilters,
)
from meetings.models import Paper


def page_of(row: Any) -> str:
    """The page of a paper."""
    return str(row.get_absolute_url())


class PaperTable(DenseTable):
    """Papers with number, subject and consultations."""

    title, noun = "Dokumente", ("Vorlage", "Vorlagen")
    help_text = "Vorlagen mit Text lassen sich ansehen und drucken; andere sind nur als Fundstelle bekannt."
    filters = PaperFilters
    default_order, wraps, dated = "-datum", True, False
    add_url, add_rule = "paper-new", "papers.edit"
    more = (("papers.edit", "known-paper-new", "Fundstelle eintragen"),)

    nummer = TextColumn(accessor="source__number", verbose_name="Vorlage", default="Nr. folgt", url=page_of)
    betreff = TextColumn(accessor="source__title", verbose_name="Betreff", url=page_of)
    vorlageart = TextColumn(accessor="get_paper_type_display", verbose_name="Art")
    datum = DateColumn(accessor="source__date", verbose_name="Datum")
    gremium = TextColumn(accessor="committees", verbose_name="Gremium")
    bearbeitungsstand = BadgeColumn(
        {"draft": "info", "cosigning": "info", "released": "success"},
        dict(Paper.State.choices),
        accessor="state",
        verbose_name="Bearbeitungsstand",
    )
    programm = TextColumn(accessor="notice__programme__short_name", verbose_name="Programm", hidden=True)
    zahlenstand = DateColumn(accessor="as_of", verbose_name="Zahlenstand", hidden=True)
    aktenzeichen = TextColumn(accessor="source__file_reference", verbose_name="Aktenzeichen", hidden=True)

    @classmethod
    def key(cls, record: Any, url: str) -> str:
        return slug(record.address or record.name)


class CommitteeTable(DenseTable):
    """Gremien by name."""

    title, noun = "Gremien", ("Gremium", "Gremien")
    help_text = "Ausschüsse und Räte, die Vorlagen beraten."
    filters = NamedFilters
    default_order, dated = "name", False
    add_url, add_rule = "committee-new", "meetings.edit"

    name = LinkColumn(accessor="name", verbose_name="Gremium")
    kurzname = TextColumn(accessor="short_name", verbose_name="Kurzname")
    aufgeloest = DateColumn(accessor="ends_on", verbose_name="aufgelöst am")


class OfficeTable(DenseTable):
    """Dienststellen by name."""

    title, noun = "Dienststellen", ("Dienststelle", "Dienststellen")
    help_text = "Ämter und Fachbereiche, die Vorlagen schreiben und mitzeichnen."
    filters = NamedFilters
    default_order, dated = "name", False
    add_url, add_rule = "office-new", "house.edit"

    name = LinkColumn(accessor="name", verbose_name="Dienststelle")
    kurzname = TextColumn(accessor="short_name", verbose_name="Kurzname")
    ort = TextColumn(accessor="locality", verbose_name="Ort")
    aufgeloest = DateColumn(accessor="ends_on", verbose_name="aufgelöst am", hidden=True)


class TermTable(DenseTable):
    """Wahlperioden by name."""

    title, noun = "Wahlperioden", ("Wahlperiode", "Wahlperioden")
    help_text = "Wie lange ein Rat oder Kreistag gewählt ist."
    filters = TermFilters
    default_order, dated = "name", False
    add_url, add_rule = "legislative-term-new", "meetings.edit"

    name = LinkColumn(accessor="name", verbose_name="Wahlperiode")
    zeitraum = PeriodColumn(accessor="validity", verbose_name="Zeitraum")


class PersonTable(DenseTable):
    """Persons by name."""

    title, noun = "Personen", ("Person", "Personen")
    help_text = "Nur wen öffentliche Dokumente nennen; ihre Namen stehen nicht im Verlauf."
    filters = PersonFilters
    default_order, dated = "nachname", False
    add_url, add_rule = "person-new", "meetings.edit"

    nachname = LinkColumn(accessor="family_name", verbose_name="Nachname")
    name = TextColumn(accessor="name", verbose_name="Name")
    titel = TextColumn(accessor="title", verbose_name="Titel")


class MembershipTable(DenseTable):
    """Mitgliedschaften by Gremium."""

    title, noun = "Mitgliedschaften", ("Mitgliedschaft", "Mitgliedschaften")
    help_text = "Wer welchem Gremium angehört, auch früher; die Seite eines Gremiums zeigt, wer es am Stand ist."
    filters = MembershipFilters
    default_order, dated = "gremium", False
    add_url, add_rule = "membership-new", "meetings.edit"

    person = LinkColumn(accessor="person__name", verbose_name="Person")
    gremium = TextColumn(accessor="organization__name", verbose_name="Gremium")
    funktion = TextColumn(accessor="get_role_display", verbose_name="Funktion")
    art = TextColumn(accessor="get_kind_display", verbose_name="Art")
    stimmrecht = TextColumn(accessor="get_voting_right_display", verbose_name="Stimmrecht")
    fraktion = TextColumn(accessor="on_behalf_of", verbose_name="Fraktion")
    zeitraum = TextColumn(accessor="period", order_by="validity", verbose_name="Zeitraum")


class MeetingTable(DenseTable):
    """Sitzungen, the latest first."""

    title, noun = "Sitzungen", ("Sitzung", "Sitzungen")
    help_text = "Sitzungen der Gremien; die Seite einer Sitzung zeigt, welche Vorlagen in ihr beraten werden."
    filters = MeetingFilters
    default_order, dated = "-tag", False
    add_url, add_rule = "meeting-new", "meetings.edit"

    gremium = LinkColumn(accessor="organization__name", verbose_name="Gremium")
    tag = DateColumn(accessor="date", verbose_name="Tag")
    beginn = TextColumn(accessor="begins", verbose_name="Beginn")
    ort = TextColumn(accessor="place", verbose_name="Ort")
    oeffentlich = TextColumn(accessor="publicity", verbose_name="öffentlich")
    wahlperiode = TextColumn(accessor="legislative_term__name", verbose_name="Wahlperiode", hidden=True)


class ResolutionTable(DenseTable):
    """Every vote of the Gremien, the latest first."""

    title, noun = "Beschlussbuch", ("Abstimmung", "Abstimmungen")
    help_text = "Worüber abgestimmt wurde und wie; jede Zeile führt zum Tagesordnungspunkt mit Wortlaut und Auszug."
    filters = ResolutionFilters
    default_order, wraps, dated = "-tag", True, False

    betreff = LinkColumn(accessor="item__title", verbose_name="Betreff")
    tag = DateColumn(accessor="item__meeting__date", verbose_name="Tag")
    gremium = TextColumn(accessor="item__meeting__organization__name", verbose_name="Gremium")
    top = TextColumn(accessor="item__key", order_by="item__place", verbose_name="TOP")
    worueber = TextColumn(accessor="subject", verbose_name="worüber", hidden=True)
    vorlage = TextColumn(accessor="papers", verbose_name="Vorlage")
    ergebnis = BadgeColumn(
        {"accepted": "success", "rejected": "danger"},
        {"accepted": "angenommen", "rejected": "abgelehnt"},
        accessor="carried",
        verbose_name="Ergebnis",
    )
    abstimmung = TextColumn(accessor="told", verbose_name="Abstimmung")

    @classmethod
    def key(cls, record: Any, url: str) -> str:
        return f"{record.item_id}-{record.number}"


class FollowUpTable(DenseTable):
    """What was asked for and promised, what is due first on top."""

    title, noun = "Aufträge und Zusagen", ("Eintrag", "Einträge")
    help_text = "Was in Sitzungen verlangt, zugesagt oder beschlossen wurde, bis es erledigt ist; begonnen beim TOP."
    filters = FollowUpFilters
    default_order, wraps = "bis", True
    add_url, add_rule = "follow-up-new", "meetings.edit"

    was = LinkColumn(accessor="words", verbose_name="Was ist zu tun?")
    art = TextColumn(accessor="get_kind_display", verbose_name="Art")
    gremium = TextColumn(accessor="item__meeting__organization__name", verbose_name="Gremium")
    sitzung = DateColumn(accessor="item__meeting__date", verbose_name="Sitzung")
    top = TextColumn(accessor="item__key", order_by="item__place", verbose_name="TOP")
    von = TextColumn(accessor="said_by__name", verbose_name="von")
    fraktion = TextColumn(accessor="on_behalf_of", verbose_name="Fraktion", hidden=True)
    zustaendig = TextColumn(accessor="office__name", verbose_name="zuständig")
    bis = DateColumn(accessor="due_on", verbose_name="bis")
    erledigung = BadgeColumn(
        {OVERDUE: "danger", "open": "info", "done": "success"},
        STANDINGS,
        accessor="standing",
        verbose_name="Erledigung",
    )
    erledigt = DateColumn(accessor="done_on", verbose_name="erledigt am", hidden=True)
    bericht = TextColumn(accessor="report", verbose_name="Bericht", hidden=True)


class UrgentDecisionTable(DenseTable):
    """Dringlichkeitsentscheidungen, the latest first."""

    title, noun = "Dringlichkeitsentscheidungen", ("Entscheidung", "Entscheidungen")
    help_text = (
        "Was zwei anstelle eines Gremiums entschieden haben; es genehmigt oder hebt auf in seiner nächsten Sitzung."
    )
    filters = UrgentDecisionFilters
    default_order, wraps = "-tag", True
    add_url, add_rule = "urgent-decision-new", "meetings.edit"

    betreff = LinkColumn(accessor="title", verbose_name="Betreff")
    tag = DateColumn(accessor="decided_on", verbose_name="entschieden am")
    gremium = TextColumn(accessor="organization__name", verbose_name="anstelle von")
    von = TextColumn(accessor="first_decider__name", verbose_name="von")
    und = TextColumn(accessor="second_decider__name", verbose_name="und von")
    sitzung = DateColumn(accessor="item__meeting__date", verbose_name="vorgelegt am")
    ergebnis = BadgeColumn(
        {UNASKED: "danger", "open": "info", "approved": "success"},
        STATES_OF_URGENT,
        accessor="standing",
        verbose_name="Ergebnis",
    )
