"""What is cited, and the texts of papers."""

import re
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import pgtrigger
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from kim.models.base import BodyRow, GuardedRow, SameBody
from kim.models.refusals import SENTENCES
from kim.models.versioned import tracked

Kind = Literal["beleg", "rechnung", "annahme"]  # how a value came about
SENTENCES["release_fixed"] = "Was freigegeben ist, bleibt, wie es ist. Eine Änderung ist ein neues Dokument."


def frozen(text: str, columns: tuple[str, ...] = ()) -> Any:
    """A trigger: what belongs to a released text stays. The text is locked first: a release that is being drawn is
    waited for, and then seen. ``text``: its key, as SQL over {row}; columns: of a row that may go on, what is printed.
    """
    key = """PERFORM 1 FROM kim_text WHERE id = {0} FOR KEY SHARE;
                IF EXISTS (SELECT FROM kim_release r WHERE r.text_id = {0}) THEN"""
    refuse = "RAISE EXCEPTION 'released' USING ERRCODE = '23000', CONSTRAINT = 'release_fixed'; END IF;"
    old, new = ", ".join(f"OLD.{name}" for name in columns), ", ".join(f"NEW.{name}" for name in columns)
    same = f"IF TG_OP = 'UPDATE' AND ({new}) IS NOT DISTINCT FROM ({old}) THEN RETURN NEW; END IF;" if columns else ""
    return pgtrigger.Trigger(
        name="frozen",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            {same}
            IF TG_OP <> 'INSERT' THEN {key.format(text.format(row="OLD"))} {refuse} END IF;
            IF TG_OP <> 'DELETE' THEN {key.format(text.format(row="NEW"))} {refuse} RETURN NEW; END IF;
            RETURN OLD;
        """,
    )


# A released paper is cited as it was printed; a number that was still to come can come.
ISSUED = pgtrigger.Trigger(
    name="issued",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="""
        IF ((NEW.kind, NEW.title, NEW.date) IS DISTINCT FROM (OLD.kind, OLD.title, OLD.date)
            OR OLD.number <> '' AND NEW.number <> OLD.number
            OR OLD.kind = 'onward' AND NEW.file_reference <> OLD.file_reference)  -- it is printed there
            AND EXISTS (SELECT FROM kim_release r WHERE r.source_id = OLD.id) THEN
            RAISE EXCEPTION 'released' USING ERRCODE = '23000', CONSTRAINT = 'release_fixed';
        END IF;
        RETURN NEW;
    """,
)


class SourceKind(models.TextChoices):
    """What a document is."""

    NOTICE = "notice", "Bescheid"
    APPLICATION = "application", "Antrag"
    ANNOUNCEMENT = "announcement", "Ankündigung"
    PAPER = "paper", "Vorlage"
    RESOLUTION = "resolution", "Beschluss"
    INVITATION = "invitation", "Einladung"
    MINUTES = "minutes", "Niederschrift"
    CONCEPT = "concept", "Projektskizze"
    ONWARD = "onward", "Weiterleitung"
    OTHER = "other", "Dokument"


KINDS = " ".join(f"WHEN '{kind}' THEN '{kind.label}'" for kind in SourceKind)

# Letters as in kim.values.formats.slug: umlauts in two letters, no accents, all else a hyphen. The address stays
# while kind, number, title and date do, so that links hold; who comes later gets a number behind it.
ADDRESS = pgtrigger.Trigger(
    name="address",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    declare=[("plain", "text"), ("again", "integer")],
    func=f"""
        IF TG_OP = 'UPDATE' THEN
            IF (NEW.kind, NEW.number, NEW.title, NEW.date, NEW.body_id)
                IS NOT DISTINCT FROM (OLD.kind, OLD.number, OLD.title, OLD.date, OLD.body_id) THEN
                NEW.address := OLD.address;
                NEW.number_key := OLD.number_key;
                RETURN NEW;
            END IF;
        END IF;
        -- blanks that do not break a line are no space to PostgreSQL
        NEW.number_key := lower(regexp_replace(NEW.number, '[[:space:]\u00a0\u2007\u202f/-]', '', 'g'));
        plain := coalesce(nullif(translate(NEW.number, '/.', '--'), ''), concat_ws(' ', NEW.title, NEW.date::text));
        plain := CASE NEW.kind {KINDS} ELSE NEW.kind END || ' ' || plain;
        plain := replace(replace(replace(replace(lower(plain), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss');
        plain := regexp_replace(normalize(plain, NFKD), '[^a-zA-Z0-9_[:space:]-]', '', 'g');
        plain := lower(regexp_replace(plain, '[[:space:]-]+', '-', 'g'));
        NEW.address := trim(BOTH '-_' FROM plain);
        again := 1;
        WHILE EXISTS (SELECT FROM kim_source s
                      WHERE s.body_id = NEW.body_id AND s.address = NEW.address AND s.id <> NEW.id) LOOP
            again := again + 1;
            NEW.address := trim(BOTH '-_' FROM plain) || '-' || again;
        END LOOP;
        RETURN NEW;
    """,  # noqa: S608 - our own names
)


def number_key(number: str) -> str:
    """A Vorlagennummer as it is compared: FB 56/0014/WP18 and FB56-0014-WP18 are the same."""
    return re.sub(r"[\s/-]", "", number).lower()


@tracked()
class Source(GuardedRow):
    """A Beleg: the document something is taken from. FundingNotice and Paper own theirs and read number, title
    and date here; a document known only by name is a Source without an owner.

    Only documents of the council can be nichtöffentlich; a Bescheid is seen by whoever sees the money.
    """

    guard_sql = "public OR kind NOT IN ('paper', 'resolution', 'invitation', 'minutes')"
    guard = Q(public=True) | ~Q(kind__in=("paper", "resolution", "invitation", "minutes"))

    attached_as = "beleg"
    only_cited = True
    Kind = SourceKind

    kind = models.CharField("Art", max_length=12, choices=Kind)
    number = models.CharField("Nummer", max_length=60, blank=True)
    title = models.CharField("Titel", max_length=300)
    date = models.DateField("Datum", null=True, blank=True)
    file_reference = models.CharField("Aktenzeichen", max_length=60, blank=True)
    address = models.CharField("Adresse der Seite", max_length=400, blank=True, editable=False, db_default="")
    number_key = models.CharField(  # as number_key() has it
        "Nummer ohne Zwischenräume und Striche", max_length=60, blank=True, editable=False, db_default=""
    )

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Beleg", "Belege"
        triggers = [*GuardedRow.Meta.triggers, ISSUED, ADDRESS]
        ordering: ClassVar = ["-date", "title"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "kind", "number"],
                condition=~Q(number=""),
                name="source_number",
                violation_error_message="Ein Beleg dieser Art mit dieser Nummer ist schon erfasst.",
            ),
            models.UniqueConstraint(
                fields=["body", "kind", "title", "date"],
                name="source_title",
                nulls_distinct=False,
                violation_error_message="Dieser Beleg ist schon erfasst.",
            ),
            models.UniqueConstraint(
                fields=["body", "address"],
                name="source_address",
                violation_error_message="Gerade ist noch ein Beleg mit dieser Adresse entstanden. Bitte noch einmal.",
            ),
            models.UniqueConstraint(
                fields=["body", "number_key"],
                condition=Q(kind="paper") & ~Q(number_key=""),
                name="source_paper_number",
                violation_error_message="Diese Vorlagennummer hat schon eine andere Vorlage.",
            ),
        ]

    def __str__(self) -> str:
        return self.cited()

    def save(self, *args: Any, **kwargs: Any) -> None:
        adding = self._state.adding
        super().save(*args, **kwargs)
        if not adding:
            self.refresh_from_db(fields=["address", "number_key"])  # a trigger makes it

    def get_absolute_url(self) -> str:
        return reverse("source-document", args=[self.address])

    @classmethod
    def find(cls, body: Any, address: str) -> "Source":
        """The body's document with this address; Source.DoesNotExist otherwise. Example: vorlage-2023-0120."""
        return cls.objects.get(body=body, address=address)

    def cited(self) -> str:
        """As a clerk cites it: kind, number, title and date as far as they are known."""
        from kim.values.formats import format_day

        head = " ".join(part for part in (self.get_kind_display(), self.number) if part)
        return f"{head} „{self.title}“" + (f" vom {format_day(self.date)}" if self.date else "")


TEXT_CHECKS: list[Callable[[str], None]] = []


def checks_text(check: Callable[[str], None]) -> Callable[[str], None]:
    """Registers what is asked of the words of every block before it is saved; it raises ValidationError."""
    TEXT_CHECKS.append(check)
    return check


@tracked()
class Text(GuardedRow):
    """The words of one document, in blocks; as public as the document (a trigger of Paper keeps it so)."""

    name = models.CharField("Name", max_length=120)

    class Meta(GuardedRow.Meta):
        verbose_name, verbose_name_plural = "Text", "Texte"
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "name"],
                name="text_name",
                violation_error_message="Einen Text mit diesem Namen gibt es schon.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class TextBlock(BodyRow):
    """One block of a text: a few marks (kim.values.richtext), figures as {{name key=value form=…}} tokens."""

    guard_parent = "text"
    part_of = "text"

    text = models.ForeignKey(Text, models.PROTECT, related_name="blocks", verbose_name="Text")
    position = models.PositiveSmallIntegerField("Reihenfolge")
    key = models.SlugField("Kennung", max_length=40)
    heading = models.CharField("Überschrift", max_length=120)
    content = models.TextField("Inhalt", blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Textblock", "Textblöcke"
        triggers = [*BodyRow.Meta.triggers, frozen("{row}.text_id")]
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "text", "key"],
                name="textblock_key",
                violation_error_message="Dieser Block ist in dem Text schon enthalten.",
            ),
            SameBody("text"),
        ]

    def __str__(self) -> str:
        return self.heading

    def clean(self) -> None:
        """A block with an unknown token cannot be saved."""
        for check in TEXT_CHECKS:
            check(self.content)


class Cited(models.Model):
    """What a row rests on: a document and the place in it (Beleg), or an assumption and its reason (Annahme)."""

    basis = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="Grundlage")
    basis_place = models.CharField("Fundstelle", max_length=120, blank=True)
    assumption = models.TextField(
        "Annahme",
        blank=True,
        help_text="Begründung, wenn die Angabe in keinem Dokument steht.",
    )

    class Meta:
        abstract = True

    def derivation_kind(self) -> Kind:
        """beleg where a document says so, else annahme."""
        return "annahme" if self.assumption or self.basis_id is None else "beleg"

    def derivation_document(self) -> str:
        """The address of the document; empty where there is none or it is not for this person."""
        try:
            return self.basis.get_absolute_url() if self.basis_id and self.basis else ""
        except Source.DoesNotExist:  # row-level security hides it
            return ""

    def derivation_place(self) -> str:
        """The Fundstelle, as it is looked up in the document (kim.values.places)."""
        return self.basis_place

    def derivation_source(self) -> str:
        """The document and its place, the reason of an assumption, or that nothing is stated."""
        if self.basis_id is None:
            return self.assumption or "Grundlage: keine Angabe"
        try:
            found = self.basis
        except Source.DoesNotExist:  # row-level security hides it
            found = None
        words = found.cited() if found else "nichtöffentliches Dokument"
        place = f", {self.basis_place}" if self.basis_place and found else ""
        return (f"{self.assumption} – " if self.assumption else "") + words + place


POSITION_NUMBER = RegexValidator(
    r"\A[A-Za-z0-9-]+\Z", "Bitte nur Buchstaben, Ziffern und Bindestrich verwenden, z. B. CM-18."
)
