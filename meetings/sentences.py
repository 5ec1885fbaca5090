"""The sentences of a Niederschrift, from the record: how was voted, what became of an item, who left and came back.

Words from values: no query, but who was there where a vote is by name. The frames are those of the rulings (§8); the
seed of 25.02.2021 is told by them word for word (tests/meetings/test_sentences.py).
"""

import re
from collections.abc import Sequence

from kim.values.formats import number_in_words
from meetings.models import AgendaItem, Attendance, Ballot, Exclusion, Meeting, Vote
from meetings.models.votes import Stances, stances

Disposition = AgendaItem.Disposition

VOTES = {
    Vote.Frame.RESOLUTION: "Der Beschluss erfolgt {}.",
    Vote.Frame.RESOLUTION_SILENT: "Der Beschluss erfolgt ohne Aussprache {}.",
    Vote.Frame.SILENT: "Ohne Aussprache beschließt {who} {{}}.",
    Vote.Frame.DECIDES: "{Who} beschließt {{}}.",
    Vote.Frame.AFTER_DEBATE: "Im Anschluss an die Aussprache beschließt {who} {{}}.",
    Vote.Frame.AFTERWARDS: "Im Anschluss beschließt {who} {{}}.",
    Vote.Frame.DECISION: "Die Beschlussfassung erfolgt {}.",
}
REJECTED = "Der Beschlussvorschlag wird {} abgelehnt."
MOTION_REJECTED = "Der Antrag wird {} abgelehnt."  # of several votes, each says what it is about
FIRST, SECOND, NOW = AgendaItem.Frame.FIRST, AgendaItem.Frame.SECOND, AgendaItem.Frame.NOW
POSTPONED = {
    FIRST: "Dieser TOP wurde zu Beginn der Sitzung vertagt, s. Erläuterungen unter TOP 1.",
    SECOND: "Dieser Tagesordnungspunkt war zu Beginn der Sitzung vertagt worden, s. Erläuterungen zu TOP 1.",
    NOW: "Dieser Tagesordnungspunkt wird vertagt.",
}
JOINT = {
    FIRST: "Am Beginn der Sitzung wurde vereinbart, diesen Punkt im Rahmen von TOP {number} „{called}“ mit zu "
    "beraten/zu beschließen, s. Erläuterungen zu TOP 1.",
    NOW: "Dieser Punkt wird im Rahmen von TOP {number} „{called}“ mit beraten und beschlossen.",
    SECOND: "Zu Beginn der Sitzung war vereinbart worden, den Punkt im Rahmen von TOP {number} „{called}“ mit zu "
    "beraten/zu beschließen, s. Erläuterungen zu TOP 1.",
}
DECIDED_NOW = (
    "Der Beschluss wird gemeinsam mit den weiteren Beschlüssen{subject} bei Tagesordnungspunkt {number} gefasst."
)
DECIDED_THERE = (
    "Wie zu Beginn der Sitzung vereinbart, wird der Beschluss gemeinsam mit den weiteren Beschlüssen{subject} bei "
    "Tagesordnungspunkt {number} gefasst, s. Erläuterungen zu TOP 1."
)
SILENCE = {
    AgendaItem.Silence.FIRST: "Keine Wortmeldungen.",
    AgendaItem.Silence.SECOND: "Es liegen keine Wortmeldungen vor.",
}
WITHDRAWN = {
    AgendaItem.By.ADMINISTRATION: "Verwaltungsseitig zurückgezogen, s. Erläuterungen zu TOP 1.",
    AgendaItem.By.MOVER: "Von der antragstellenden Seite zurückgezogen, s. Erläuterungen zu TOP 1.",
}


def listed(names: Sequence[str]) -> str:
    """A, B und C."""
    return " und ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def abstentions(vote: Vote) -> str:
    """What is said of abstentions and votes against, where a vote is told in words; nothing where nobody counted them.

    Examples: ohne Enthaltung; bei neun Enthaltungen wegen Nichtanwesenheit; bei einer Gegenstimme und einer Enthaltung.
    """
    against = counted_in_words(vote.no, "Gegenstimme", "n") if vote.no else ""
    if vote.abstained == 0:
        none = "und ohne Enthaltung" if vote.joined else "ohne Enthaltung"
        return f"bei {against} {none}" if against else none
    rest = ""
    if vote.abstained:
        rest = " ".join(filter(None, [counted_in_words(vote.abstained, "Enthaltung", "en"), vote.abstention_reason]))
    return f"bei {listed(words)}" if (words := [one for one in (against, rest) if one]) else ""


def counted_in_words(count: int, noun: str, ending: str) -> str:
    """A number with its noun, as a sentence says it. Example: neun Enthaltungen; einer Enthaltung."""
    return f"einer {noun}" if count == 1 else f"{number_in_words(count)} {noun}{ending}"


def several(count: int | None, noun: str, ending: str) -> str:
    """A number with its noun. Example: 1 Enthaltung; 2 Enthaltungen."""
    return f"{count} {noun}{'' if count == 1 else ending}"


def counts(vote: Vote) -> str:
    """The votes that were counted. Example: mit 11 Ja-Stimmen gegen 3 Nein-Stimmen bei 2 Enthaltungen."""
    words = f"mit {several(vote.yes, 'Ja-Stimme', 'n')} gegen {several(vote.no, 'Nein-Stimme', 'n')}"
    rest = [f"{several(vote.abstained, 'Enthaltung', 'en')} {vote.abstention_reason}".strip()] if vote.abstained else []
    if vote.invalid:
        rest.append(f"{vote.invalid} ungültige{'r Stimme' if vote.invalid == 1 else 'n Stimmen'}")
    return words + (f" bei {' und '.join(rest)}" if rest else "")


def of_faction(name: str) -> str:
    """A Fraktion in the genitive. Examples: der CDU-Fraktion; der Fraktion Bündnis 90/Die Grünen."""
    if name.lower().endswith("fraktion") or name.lower().startswith("fraktion "):
        return f"der {name}"
    return f"der Fraktion {name}" if " " in name else f"der {name}-Fraktion"


def inflected(name: str) -> str:
    """A person in any case but the first. Examples: Herrn Linde; Ratsherrn Zimmer; Frau Eibe."""
    return re.sub(r"\A(Rats|)(herr|Herr)(?= )", r"\1\2n", name)


def voices(vote: Vote, stance: str) -> str:
    """Whose votes these are. Example: der CDU-Fraktion, der FDP-Fraktion und von Frau Brammertz."""
    rows = [one for one in vote.ballots.all() if one.stance == stance]
    people = [inflected(one.attendance.in_a_sentence) for one in rows if one.attendance]
    return listed([*(of_faction(one.faction) for one in rows if one.faction), *(f"von {name}" for name in people)])


def by_faction(vote: Vote) -> str:
    """A result by Fraktion. Examples: mehrheitlich gegen die Stimmen der CDU-Fraktion bei Enthaltung von Frau Bo; of a
    rejection: mit den Stimmen der CDU-Fraktion bei Enthaltung von Frau Bo."""
    against, rest = voices(vote, Ballot.Stance.NO), voices(vote, Ballot.Stance.ABSTAINED)
    word = vote.get_outcome_display() if vote.accepted else ""
    way = "gegen die" if vote.accepted else "mit den"
    words = [word, f"{way} Stimmen {against}" if against else "", f"bei Enthaltung {rest}" if rest else ""]
    return " ".join(filter(None, words))


def numbers_by_name(vote: Vote, found: Stances) -> str:
    """A result by name, in numbers. Example: in namentlicher Abstimmung mehrheitlich mit 5 Ja-Stimmen gegen 3
    Nein-Stimmen."""
    yes, no = several(len(found.yes), "Ja-Stimme", "n"), several(len(found.no), "Nein-Stimme", "n")
    words = ["in namentlicher Abstimmung"]
    if not vote.accepted:
        words += ["bei Stimmengleichheit"] if len(found.yes) == len(found.no) else []
    else:
        words.append(vote.get_outcome_display())
    words.append(f"mit {yes} gegen {no}")
    words += [f"bei {several(len(found.abstained), 'Enthaltung', 'en')}"] if found.abstained else []
    return " ".join(words)


def of_names(found: Stances) -> str:
    """Who voted how. Example: Mit Ja stimmten: Frau A, Herr B. Mit Nein stimmten: Frau C."""
    heads = (("Mit Ja stimmten", found.yes), ("Mit Nein stimmten", found.no), ("Enthalten haben sich", found.abstained))
    return " ".join(f"{head}: {', '.join(one.in_a_sentence for one in rows)}." for head, rows in heads if rows)


def result(vote: Vote, rows: list[Attendance] | None = None) -> str:
    """The result in words. Example: einstimmig bei neun Enthaltungen wegen Nichtanwesenheit. rows: the list of the
    sitting (meetings.models.record.listed), where several votes are told."""
    secret = "in geheimer Abstimmung " if vote.style == Vote.Style.SECRET else ""
    if vote.style == Vote.Style.FACTIONS:
        return by_faction(vote)
    if vote.style == Vote.Style.ROLL_CALL:
        return numbers_by_name(vote, stances(vote, rows))
    if vote.style == Vote.Style.PHRASE:
        word = "" if vote.outcome == Vote.Outcome.REJECTED else vote.get_outcome_display()
        return " ".join(filter(None, [word, abstentions(vote)]))
    if not vote.accepted:
        tie = "bei Stimmengleichheit " if vote.yes == vote.no else ""
        return f"{secret}{tie}{counts(vote)}"
    return f"{secret}{'mehrheitlich' if vote.no else 'einstimmig'} {counts(vote)}"


def who_decides(meeting: Meeting) -> str:
    """How a sentence calls the Gremium. Examples: der Ausschuss; der Kreistag; das Gremium."""
    organization = meeting.organization
    if "ausschuss" in organization.name.lower():
        return "der Ausschuss"
    return f"der {organization.name}" if organization.is_masculine else "das Gremium"


def of_vote(vote: Vote, rows: list[Attendance] | None = None) -> str:
    """How was voted. Examples: Der Beschluss erfolgt einstimmig ohne Enthaltung. Der Beschlussvorschlag wird bei
    Stimmengleichheit mit 4 Ja-Stimmen gegen 4 Nein-Stimmen abgelehnt."""
    words = result(vote, rows)
    frame = VOTES[Vote.Frame(vote.frame)] if vote.accepted else MOTION_REJECTED if vote.subject else REJECTED
    if "{who}" in frame.lower():
        who = who_decides(vote.item.meeting)
        frame = frame.format(who=who, Who=who[:1].upper() + who[1:])
    told = frame.format(words) if words else frame.replace(" {}", "")
    told += f" {of_names(stances(vote, rows))}" if vote.style == Vote.Style.ROLL_CALL else ""
    return f"{vote.subject}: {told}" if vote.subject else told


def of_disposition(item: AgendaItem) -> str:
    """What became of an item that is not dealt with at its place; empty if it is. Example: s. TOP 5.1"""
    frame = AgendaItem.Frame(item.frame)
    if item.advice == Disposition.SEE and item.target:
        return f"s. TOP {item.target.number}"
    if item.advice == Disposition.POSTPONED:
        return POSTPONED[frame]
    if item.advice == Disposition.WITHDRAWN:
        told = WITHDRAWN[AgendaItem.By(item.withdrawn_by or AgendaItem.By.ADMINISTRATION)]
        return told if frame != NOW else f"{told.partition(',')[0]}."
    if item.advice == Disposition.JOINT and item.target:
        return JOINT[frame].format(number=item.target.number, called=item.target.called)
    if item.decision == Disposition.JOINT and item.target:
        subject = f" zum {item.joint_subject}" if item.joint_subject else ""
        told = DECIDED_NOW if frame == NOW else DECIDED_THERE
        return told.format(subject=subject, number=item.target.number)
    return ""


def in_agenda(item: AgendaItem) -> str:
    """What stands behind the number in the agenda as resolved; empty for what stays. Example: Beratung/Beschlussfassung
    im Rahmen von TOP 20."""
    if item.advice == Disposition.POSTPONED:
        return "vertagt"
    if item.advice == Disposition.WITHDRAWN:
        return f"{item.get_withdrawn_by_display()} zurückgezogen"
    if item.decision == Disposition.JOINT and item.target:
        both = item.advice == Disposition.JOINT
        return f"{'Beratung/' if both else ''}Beschlussfassung im Rahmen von TOP {item.target.number}"
    return "auf die Tagesordnung genommen" if item.came_in_the_sitting() else ""


def of_addition(item: AgendaItem) -> str:
    """That the Gremium has put an item on its agenda in the sitting, and why (§ 48 (1) GO NRW); empty for others."""
    if not item.came_in_the_sitting():
        return ""
    return f"Die Tagesordnung wird wegen Dringlichkeit um diesen Punkt erweitert: {item.urgency.rstrip('.')}."


def of_silence(item: AgendaItem) -> str:
    """That nobody spoke; empty where the course says who did."""
    return SILENCE.get(AgendaItem.Silence(item.silence), "") if item.silence else ""


RULES = {
    True: "§ 28 Kreisordnung Nordrhein-Westfalen (KrO NRW)",
    False: "§ 31 Gemeindeordnung Nordrhein-Westfalen (GO NW), § 10 Geschäftsordnung des Rates, der Bezirksvertretungen "
    "und der Ratsausschüsse (GeschO Rat)",
}
SHE, HE, THEY = ("sie", "Sie"), ("ihn", "Er"), ("die Person", "Sie")


def of_exclusions(exclusions: Sequence[Exclusion], *, district: bool = False) -> str:
    """Who leaves the room, and why: § 31 GO NRW, in a Kreis (district) § 28 KrO NRW."""
    if not exclusions:
        return ""
    names = listed([one.attendance.in_a_sentence for one in exclusions])
    many = len(exclusions) > 1
    declare, go, take = ("erklären", "begeben", "nehmen") if many else ("erklärt", "begibt", "nimmt")
    who, pronoun = ("Sie", "Sie") if many else {"f": SHE, "m": HE}.get(gender(exclusions[0].attendance), THEY)
    where = f"{go} sich in den Zuschauerraum"
    if not exclusions[0].item.public:  # nobody listens there
        where = f"{'verlassen' if many else 'verlässt'} den Sitzungsraum"
    return (
        f"{names} {declare}, dass für {who} bei diesem Tagesordnungspunkt ein Mitwirkungsverbot gem. {RULES[district]} "
        f"besteht. {pronoun} {where} und {take} nicht an der Beratung und anschließenden Beschlussfassung teil."
    )


def gender(attendance: Attendance) -> str:
    """f or m, as the forms of address say it; empty where they do not."""
    words = set(f"{attendance.spoken} {attendance.salutation}".split())
    if words & {"Frau", "Ratsfrau", "Bürgermeisterin"}:
        return "f"
    return "m" if words & {"Herr", "Ratsherr", "Bürgermeister"} else ""


def of_returns(exclusions: Sequence[Exclusion]) -> str:
    """Who is back. Example: Zu Beginn des Tagesordnungspunkts kehren Frau Brammertz und Herr Bürgermeister Brantin
    wieder an ihre Plätze zurück und nehmen weiter an der Sitzung teil."""
    if not exclusions:
        return ""
    names = listed([one.attendance.in_a_sentence for one in exclusions])
    if len(exclusions) > 1:
        words = f"kehren {names} wieder an ihre Plätze zurück und nehmen"
    else:
        words = f"kehrt {names} wieder an den Platz zurück und nimmt"
    return f"Zu Beginn des Tagesordnungspunkts {words} weiter an der Sitzung teil."


def of_closing(meeting: Meeting, chair: str) -> str:
    """How the public part ends; empty if nobody said when. Example: Herr Deumens schließt den öffentlichen Teil der
    Sitzung um 17.57 Uhr."""
    if meeting.public_end is None or not chair:
        return ""
    return f"{chair} schließt den öffentlichen Teil der Sitzung um {meeting.public_end:%H.%M} Uhr."
