"""Papers (Vorlagen) and the committees that deal with them, with OParl's names."""

import re
from typing import Any, ClassVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from grants.models import FundingNotice
from kim.models import Body, BodyRow, GuardedRow, Release, SameBody, Source, Text
from kim.models.refusals import db_errors_as_validation
from kim.models.sources import number_key
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.studio import documents, releases
from kim.values.periods import today
from meetings.models.committees import Organization, Person

# A paper's words and its entry among the Belege are exactly as public as the paper itself.
PUBLICITY = pgtrigger.Trigger(
    name="publicity",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        UPDATE kim_source SET public = NEW.public WHERE id = NEW.source_id AND public <> NEW.public;
        UPDATE kim_text SET public = NEW.public WHERE id = NEW.text_id AND public <> NEW.public;
        RETURN NULL;
    """,
)


# A draft has an address before it has a number; the body's row is locked, so that no two papers get the same.
SERIAL = pgtrigger.Trigger(
    name="serial",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
        IF NEW.serial = 0 THEN
            PERFORM 1 FROM kim_body WHERE id = NEW.body_id FOR NO KEY UPDATE;
            SELECT coalesce(max(serial), 0) + 1 INTO NEW.serial FROM meetings_paper WHERE body_id = NEW.body_id;
        END IF;
        RETURN NEW;
    """,
)
# What the print says is frozen; how far the paper has got, and whether it is public, goes on.
PRINTED = (
    *("source_id", "paper_type", "as_of", "text_id", "notice_id", "signer_id", "signer_phrase", "signer_function"),
    *("department_id", "author", "climate", "agenda_items", "serial", "replaces_id", "superior_id", "copied_from_id"),
)
FIXED = pgtrigger.Trigger(
    name="fixed",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF NOT EXISTS (SELECT FROM kim_release r WHERE r.text_id = OLD.text_id) THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END IF;
        IF TG_OP = 'DELETE' OR NEW.state IN ('draft', 'cosigning', 'known')
            OR ({", ".join(f"NEW.{name}" for name in PRINTED)})
            IS DISTINCT FROM ({", ".join(f"OLD.{name}" for name in PRINTED)}) THEN
            RAISE EXCEPTION 'released' USING ERRCODE = '23000', CONSTRAINT = 'release_fixed';
        END IF;
        RETURN NEW;
    """,  # noqa: S608 - our own names
)


@tracked(exclude=("author",))
class Paper(GuardedRow):
    """A Vorlage; its number (OParl: reference), name and date stand in its Source."""

    attached_as = "vorlage"

    class PaperType(models.TextChoices):
        INFORMATION = "information", "Mitteilungsvorlage"
        RESOLUTION = "resolution", "Beschlussvorlage"
        APPROVAL = "approval", "Genehmigungsvorlage"
        SUPPLEMENT = "supplement", "Ergänzungsvorlage"
        TABLED = "tabled", "Tischvorlage"

    class State(models.TextChoices):
        DRAFT = "draft", "Entwurf"
        COSIGNING = "cosigning", "in Mitzeichnung"
        RELEASED = "released", "freigegeben"
        DELIBERATED = "deliberated", "beraten"
        DONE = "done", "erledigt"
        WITHDRAWN = "withdrawn", "zurückgezogen"
        REPLACED = "replaced", "ersetzt"
        KNOWN = "known", "nur als Fundstelle bekannt"

    OPEN = (State.DRAFT, State.COSIGNING)
    NAMED = ("department", "signer")  # what ends with a day

    source = models.OneToOneField(Source, models.PROTECT, related_name="paper", verbose_name="Beleg")
    paper_type = models.CharField("Vorlageart", max_length=12, choices=PaperType)
    state = models.CharField("Bearbeitungsstand", max_length=12, choices=State, default=State.DRAFT)
    serial = models.PositiveIntegerField("Entwurfsnummer", editable=False, db_default=0)
    as_of = models.DateField(
        "Zahlenstand",
        null=True,
        blank=True,
        help_text="Der Tag, für den die Zahlen der Vorlage gelten.",
    )
    text = models.OneToOneField(Text, models.PROTECT, null=True, blank=True, related_name="paper", verbose_name="Text")
    notice = models.ForeignKey(
        FundingNotice,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name="Zuwendung",
    )
    superior = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followers",
        verbose_name="bezieht sich auf Vorlage",
    )
    signer = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="papers", verbose_name="gezeichnet von"
    )
    signer_phrase = models.CharField(
        "Zeichnungsformel", max_length=60, blank=True, help_text="z. B. „Im Auftrag:“ oder „In Vertretung:“"
    )
    signer_function = models.CharField(
        "Amt", max_length=80, blank=True, db_default="", help_text="Steht in Klammern unter dem Namen: Beigeordneter"
    )
    department = models.ForeignKey(
        Organization,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name="Federführende Dienststelle",
    )
    author = models.CharField("Verfasser/in", max_length=80, blank=True, db_default="")
    agenda_items = models.CharField(
        "zu Tagesordnungspunkt", max_length=60, blank=True, db_default="", help_text="Nur Tischvorlage, z. B. 17 und 19"
    )
    climate = models.CharField("Klimarelevanz", max_length=120, blank=True, db_default="")
    copied_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="copies",
        verbose_name="aus früherer Vorlage",
    )
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name="ersetzt Vorlage",
    )

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Vorlage", "Vorlagen"
        ordering: ClassVar = ["-source__date"]
        triggers = [*GuardedRow.Meta.triggers, PUBLICITY, SERIAL, FIXED]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.CheckConstraint(
                condition=Q(text__isnull=True) | Q(as_of__isnull=False),
                name="paper_as_of",
                violation_error_message="Eine Vorlage mit Text braucht einen Zahlenstand.",
            ),
            models.UniqueConstraint(
                fields=["body", "serial"],
                name="paper_serial",
                violation_error_message="Gerade ist noch ein Entwurf entstanden. Bitte noch einmal speichern.",
            ),
            SameBody("source"),
            SameBody("text"),
            SameBody("notice"),
            SameBody("superior"),
            SameBody("signer"),
            SameBody("department"),
            SameBody("replaces"),
            SameBody("copied_from"),
        ]

    def __str__(self) -> str:
        return f"{self.get_paper_type_display()} {self.reference or f'(Entwurf {self.serial})'}"

    def clean(self) -> None:
        """Whoever is there no more today is not named anew, as a Dienststelle or as who signs."""
        stored = (
            type(self)._base_manager.filter(pk=self.pk).values(*(f"{name}_id" for name in self.NAMED)).first() or {}
        )
        for name in self.NAMED:
            row = getattr(self, name)
            if row is not None and row.pk != stored.get(f"{name}_id"):
                row.require(today(self.body), name)

    def leave_out_ended(self) -> None:
        """Takes off it whoever is there no more today."""
        for name in self.NAMED:
            row = getattr(self, name)
            if row is not None and not row.is_there(today(self.body)):
                setattr(self, name, None)

    @property
    def reference(self) -> str:
        """The Vorlagennummer, as the council information system gave it."""
        return self.source.number

    @property
    def name(self) -> str:
        """The Betreff."""
        return self.source.title

    @property
    def date(self) -> Any:
        """The date of the paper."""
        return self.source.date

    @property
    def address(self) -> str:
        """The reference as it stands in an address: without blanks and slashes; of a draft without one, entwurf-7."""
        return self.reference.replace("/", "-").replace(" ", "-") or f"entwurf-{self.serial}"

    def get_absolute_url(self) -> str:
        """The paper's page; of one that is only known by name, what is known of it."""
        if self.text_id is None:
            return reverse("known-paper", args=[self.address])
        return reverse("document", args=[self.address])

    @classmethod
    def find(cls, body: Body, reference: str) -> "Paper":
        """The body's paper with this reference or draft number, blanks not counted; Paper.DoesNotExist otherwise."""
        wanted = number_key(reference)
        condition = Q(source__number_key=wanted)
        if draft := re.fullmatch(r"entwurf([1-9][0-9]{0,8})", wanted):
            condition = Q(serial=int(draft[1]))  # no Vorlagennummer begins so
        found = cls._default_manager.select_related(*RELATED).filter(condition, body=body).first() if wanted else None
        if found is None:
            raise cls.DoesNotExist(f"„{reference}“ gibt es nicht.")
        return found

    @property
    def is_open(self) -> bool:
        """Whether it is still written on."""
        return self.state in self.OPEN

    def document(self) -> Any:
        """The paper as it is printed."""
        return documents.of(self)

    @transaction.atomic
    def release(self, user: Any, *, shown: str | None = None) -> Release:
        """Freigeben: from now on text, figures and bytes stay (kim.studio.releases); one it replaces is "ersetzt".

        shown: what the page sent of what it showed (kim.studio.seen); None: a command asks. ValidationError with every
        sentence that stands against it, with the fields that are not what was shown, or when it is released already.
        """
        describe_act(act="Freigabe")
        made = releases.release(self.document(), user, shown)
        self.refresh_from_db()
        return made

    def freeze(self) -> None:
        """What becomes of the paper with its release: its number, its Bearbeitungsstand, and that of the one it
        replaces. Everything is locked by then."""
        self.assign_number()
        self.state = self.State.RELEASED
        self.save()
        if self.replaces:
            self.replaces.state = self.State.REPLACED
            self.replaces.save()

    def number_problem(self, number: str) -> str:
        """What is wrong with a Vorlagennummer; nothing: it can be used. It is the paper's address, so it needs a digit,
        and no other paper may have the same one but for blanks and strokes."""
        if number and not re.fullmatch(r"(?=.*[0-9])[A-Za-zÄÖÜäöüß0-9 /-]+", number):
            return "Bitte eine Nummer mit Ziffern eingeben, z. B. 2023/0120 oder FB 56/0014/WP18."
        if number_key(number).startswith("entwurf"):
            return "Mit „Entwurf“ beginnt keine Vorlagennummer."
        others = Source.objects.filter(body=self.body, kind=Source.Kind.PAPER).exclude(pk=self.source_id)
        if number and others.filter(number_key=number_key(number)).exists():
            return "Diese Vorlagennummer hat schon eine andere Vorlage."
        return ""

    def assign_number(self) -> None:
        """Give it the next number for good; without gaps, for the body's row is locked. See next_number."""
        list(Body.objects.filter(pk=self.body_id).select_for_update(no_key=True))
        if (number := self.next_number()) != self.source.number:
            self.source.number = number
            self.source.save()

    def next_number(self) -> str:
        """The number it has, or the next of its year where the body numbers its papers itself. Example: 2024/0003 after
        2024/0002. Empty elsewhere: there it comes from the council's system."""
        if self.source.number or not self.source.date or self.body.paper_numbers != Body.PaperNumbers.OWN:
            return self.source.number
        if suggested := self.supplement_number():
            return suggested
        year = self.source.date.year
        taken = Source.objects.filter(body=self.body, kind=Source.Kind.PAPER, number__regex=rf"^{year}/[0-9]{{4}}$")
        last = max((int(number[5:]) for number in taken.values_list("number", flat=True)), default=0)
        return f"{year}/{last + 1:04}"

    def supplement_number(self) -> str:
        """Of an Ergänzungsvorlage: the number of the paper it supplements with the next suffix. Example: FB
        56/0010/WP18-1. Empty for other papers, and while that one has none."""
        base = self.superior.reference if self.superior and self.paper_type == self.PaperType.SUPPLEMENT else ""
        if not base:
            return ""
        others = Source.objects.filter(body=self.body, kind=Source.Kind.PAPER, number__startswith=f"{base}-")
        taken = [number[len(base) + 1 :] for number in others.values_list("number", flat=True)]
        return f"{base}-{max((int(one) for one in taken if one.isdecimal()), default=0) + 1}"

    @transaction.atomic
    def proceed(self, state: str, *, reason: str = "") -> None:
        """The next Bearbeitungsstand; ValidationError if it does not follow on the present one.

        zurückgezogen is possible at any time before erledigt, and asks for a reason.
        """
        if state not in FOLLOWS.get(self.state, ()):
            wanted = self.State(state).label
            raise ValidationError(f"Auf „{self.get_state_display()}“ folgt nicht „{wanted}“.")
        if state == self.State.WITHDRAWN and not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
        describe_act(act=self.State(state).label, reason=reason.strip())
        with db_errors_as_validation():
            self.state = state
            self.save()

    def next_states(self) -> list[tuple[str, str]]:
        """What can follow besides zurückgezogen, each with its label."""
        return [(s, self.State(s).label) for s in FOLLOWS.get(self.state, ()) if s != self.State.WITHDRAWN]


FOLLOWS: dict[str, tuple[str, ...]] = {
    Paper.State.DRAFT: (Paper.State.COSIGNING, Paper.State.WITHDRAWN),
    Paper.State.COSIGNING: (Paper.State.DRAFT, Paper.State.WITHDRAWN),
    Paper.State.RELEASED: (Paper.State.DELIBERATED, Paper.State.WITHDRAWN),
    Paper.State.DELIBERATED: (Paper.State.DONE, Paper.State.WITHDRAWN),
}
PROPOSAL = "beschlussvorschlag"  # the block of a committee, with its place in the Beratungsfolge behind it
RELATED = ("body", "source", "text", "notice__sub_product", "signer", "superior__source", "department")


OF_PAPER = "(SELECT p.text_id FROM meetings_paper p WHERE p.id = {row}.paper_id)"
