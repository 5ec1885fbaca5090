"""Posts, what holds of them in time, and who has them; no money."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, cast

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from kim.figures.tokens import named_in_texts
from kim.models import POSITION_NUMBER, Body, BodyRow, Cited, SameBody, closed_year
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import Scope, describe_act
from kim.values.formats import format_day, format_fte, format_range, listed
from kim.values.money import FteModelField, exact
from kim.values.periods import PeriodField, inclusive_range
from staffing.models.dated import Dated
from staffing.models.guards import LIFE, OF_A_POST
from staffing.models.masterdata import Carrier, Function, Municipality
from staffing.models.status import PositionPeriodQuerySet, Stage, Status


@tracked()
class Position(BodyRow):
    """The identity of a post: what references point at. Its facts are dated (PositionPeriod)."""

    attached_as, listed_as = "stelle", "positions"

    class Kind(models.TextChoices):
        OWN = "own", "eigene Stelle"
        ONWARD = "onward", "Stelle bei Dritten"

    number = models.CharField("Stellennummer", max_length=20, validators=[POSITION_NUMBER])
    function = models.ForeignKey(Function, models.PROTECT, verbose_name="Funktion")
    kind = models.CharField("Art", max_length=8, choices=Kind)
    note = models.TextField("Bemerkung", blank=True)
    file_reference = models.CharField("Aktenzeichen", max_length=60, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Stelle", "Stellen"
        triggers = [*BodyRow.Meta.triggers, closed_year(LIFE % "id", free=("note", "file_reference"))]
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "number"],
                name="position_number",
                violation_error_message="Diese Stellennummer gibt es schon; Groß- und Kleinschreibung zählen nicht.",
            ),
            models.UniqueConstraint(
                F("body"),
                Lower("number"),
                name="position_number_case",
                violation_error_message="Diese Stellennummer gibt es schon; Groß- und Kleinschreibung zählen nicht.",
            ),
            models.CheckConstraint(
                condition=~Q(number__iexact="neu") & ~Q(number__iexact="vergleich"),
                name="position_number_free",
                violation_error_message="„neu“ oder „Vergleich“ ist keine Stellennummer, so heißen Seiten.",
            ),
            models.CheckConstraint(
                condition=Q(number__regex=r"^[A-Za-z0-9-]+$"),
                name="position_number_form",
                violation_error_message="Bitte nur Buchstaben, Ziffern und Bindestrich verwenden, z. B. CM-18.",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("position", args=[self.number])

    @classmethod
    def find(cls, body: Body, number: str) -> "Position":
        """The body's post with this number; Position.DoesNotExist otherwise."""
        return cls._default_manager.select_related("function").get(body=body, number=number)

    @classmethod
    def find_all(cls, body: Body, numbers: Iterable[str]) -> "dict[str, Position]":
        """The body's posts with these numbers, by number; those that are not there are left out. One query."""
        rows = cls._default_manager.select_related("function").filter(body=body, number__in=set(numbers))
        return {row.number: row for row in rows}

    def correct(self, *, reason: str) -> None:
        """Write down number, Art and Funktion as they are set here. ValidationError: a number that is taken or that
        texts name in their figures, a Funktion that is not what the paying notice funds, a closed year."""
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
        before = Position.objects.get(pk=self.pk).number
        if self.number != before and (texts := named_in_texts(self)):
            words = (
                f"Die Nummer {before} steht in {listed(texts)} als Zahl aus den Daten; umbenannt zeigte sie ins Leere"
            )
            raise ValidationError({"number": f"{words}. Bitte dort erst die Zahlen ersetzen."})
        self.save_as("Nummer, Art oder Funktion berichtigt", reason=reason)


FACTS = ("fte", "carrier", "stage", "pay_group", "fallback_plan")
BASIS = ("basis", "basis_place", "assumption")


@tracked()
class PositionPeriod(Cited, Dated):
    """What holds of a post in a span of time: its size, who employs, how far the filling has got."""

    part_of = "position"
    Stage = Stage

    position = models.ForeignKey(
        Position, models.PROTECT, related_name="periods", verbose_name="Stelle", editable=False
    )
    validity = PeriodField("Zeitraum")
    fte = FteModelField("VZÄ")
    carrier = models.ForeignKey(
        Carrier,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="periods",
        verbose_name="Anstellungsträger",
        help_text="Leer heißt: noch nicht vergeben.",
    )
    stage = models.CharField("Verfahrensstand", max_length=24, choices=Stage, default=Stage.NOT_STATED)
    pay_group = models.CharField("Entgeltgruppe", max_length=20, blank=True)
    fallback_plan = models.TextField("Ersatzplan", blank=True)
    validity_assumption = models.TextField(
        "Annahme zum Zeitraum",
        blank=True,
        help_text="Begründung, wenn Beginn oder Ende in keinem Dokument stehen.",
    )

    objects = PositionPeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Stellenangabe", "Stellenangaben"
        ordering: ClassVar = ["position__number", "validity"]
        triggers = [*BodyRow.Meta.triggers, *OF_A_POST, closed_year("{row}.validity")]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("fte", "positionperiod_fte", places=3, above=0),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False),
                name="positionperiod_validity",
                violation_error_message="Der Zeitraum braucht einen Anfang und mindestens einen Tag.",
            ),
            ExclusionConstraint(
                name="positionperiod_once",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Für diesen Zeitraum steht zu der Stelle schon eine Angabe.",
            ),
            SameBody("position"),
            SameBody("carrier"),
            SameBody("basis"),
        ]

    def clean(self) -> None:
        """Who employs on the post still exists when that begins."""
        if self.carrier and self.validity and self.validity.lower:
            self.carrier.require(self.validity.lower, "carrier")

    @classmethod
    def visible_to(cls, scope: Scope) -> PositionPeriodQuerySet:
        return cast(PositionPeriodQuerySet, super().visible_to(scope))

    def __str__(self) -> str:
        return str(self.position)

    def get_absolute_url(self) -> str:
        return self.position.get_absolute_url()

    def kommunen(self) -> list[tuple[str, str, str]]:
        """The Kommunen this post is zuständig für, in German order: sort key, name, short name."""
        if (read := self.__dict__.get("served_words")) is not None:  # by with_kommunen
            return sorted((one["sort_key"], one["name"], one["short_name"]) for one in read)
        return sorted((m.sort_key, m.name, m.short_name) for m in (one.municipality for one in self.served.all()))

    def shares(self) -> list[tuple[str, str, Decimal]]:
        """By which share the post counts for each Kommune, in German order: sort key, name, share; empty where none is
        agreed. Example: Eschweiler 0,6, Stolberg 0,4."""
        if (read := self.__dict__.get("served_words")) is not None:  # by with_kommunen
            found = [(one["sort_key"], one["name"], one["share"]) for one in read]
        else:
            found = [(one.municipality.sort_key, one.municipality.name, one.share) for one in self.served.all()]
        return sorted((key, name, Decimal(share)) for key, name, share in found if share is not None)

    def municipality_names(self, *, short: bool = False) -> list[str]:
        """The names of the Kommunen this post is zuständig für, in German order."""
        return [short_name if short else name for _, name, short_name in self.kommunen()]

    def served_label(self) -> str:
        """How the post stands in a distribution by Kommune: its Kommune, "gemeinsam: A, B", or keine Angabe."""
        if self.position.kind == Position.Kind.OWN:
            return "eigene Stellen"
        names = self.municipality_names()
        return "keine Angabe" if not names else names[0] if len(names) == 1 else "gemeinsam: " + ", ".join(names)

    def served_names(self) -> str | None:
        """Roetgen und Simmerath; None where no Kommune is stated. For rows from with_served."""
        return listed(self.served_list) if self.served_list else None

    def served_text(self) -> str:
        return listed(self.municipality_names())

    def served_with_shares(self) -> str:
        """Eschweiler (0,6) und Stolberg (0,4); without shares as served_text."""
        rows = sorted(self.served.all(), key=lambda s: s.municipality.sort_key)
        return listed([f"{s} ({format_fte(s.share)})" if s.share else str(s) for s in rows])

    status: str  # of the day, on rows from with_occupancy
    resting: Decimal  # these two too
    not_stated: Decimal
    served_list: list[str]  # on rows from with_served
    served_keys: list[int]  # these two too, if keys are asked for
    served_shares: list[Decimal | None]

    def status_label(self) -> str:
        """The status of the day, for rows from with_occupancy."""
        return str(Status(self.status).label)

    def kind_label(self) -> str:
        """Short, for a column: eigene Stelle, bei Dritten."""
        return "eigene Stelle" if self.position.kind == Position.Kind.OWN else "bei Dritten"

    @transaction.atomic
    def correct(self, *, reason: str, municipalities: "list[Municipality] | None" = None) -> bool:
        """A Berichtigung: these facts are corrected for their whole range, with the reason in the history; of a range
        that begins in a closed year only for the open days (``divided`` says from when).

        Set the new values on the instance before. A size or carrier that changes while its basis stays is no longer
        what the document says: the reason becomes its Annahme. True if anything changed. Raises ValidationError
        with a sentence when the reason is missing, a rule is broken, or somebody changed the row meanwhile.
        """
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben, z. B. „Tippfehler bei der Übernahme“."})
        describe_act(reason=reason.strip(), act="Berichtigung")
        before = self.version
        self._without_stale_basis(reason.strip())
        with db_errors_as_validation():
            row = self.in_open_days(parts=self._serves_others(municipalities))
            row.save_checked()
            if municipalities is not None and row._serve(municipalities) and row.version == before:
                row.touch()
        return row is not self or self.version != before

    @transaction.atomic
    def change_from(
        self, day: date, *, reason: str, municipalities: "list[Municipality] | None" = None
    ) -> "PositionPeriod":
        """An Änderung zum Stichtag: these facts hold from the day on, what held before stays until the day before.

        Set the new values on the instance before; it is not saved itself. Returns the facts from the day on, or what
        held before if nothing differs. Raises ValidationError with a sentence when the reason is missing, the day is
        not within the range or is its first (then it is a Berichtigung), a rule is broken, or somebody changed the row
        meanwhile.

        Example: CM-10, 1,5 since 01.01.2022, from 01.07.2023 only 1,0: 1,5 until 30.06.2023, 1,0 from 01.07.2023 on.
        """
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben, z. B. „laut Änderungsbescheid“."})
        before = PositionPeriod.objects.get(pk=self.pk)
        before._refuse_day(day)
        describe_act(reason=reason.strip(), act=f"Änderung ab {format_day(day)}")
        changed = {name: getattr(self, name) for name in FACTS if getattr(self, name) != getattr(before, name)}
        cited = {name: getattr(self, name) for name in BASIS}
        moved = before._serves_others(municipalities)
        if not changed and not moved and all(getattr(before, name) == value for name, value in cited.items()):
            return before
        if (moved or changed.keys() & {"fte", "carrier"}) and all(
            getattr(before, name) == value for name, value in cited.items()
        ):
            cited = {"basis": None, "basis_place": "", "assumption": f"Änderung ab {format_day(day)}: {reason.strip()}"}
        before.version = self.version
        with db_errors_as_validation():
            later = before.from_day(day)
            if before.validity.upper is None or not later.validity.upper:  # an end that was assumed still is
                later.validity_assumption = ""
            for name, value in (changed | cited).items():
                setattr(later, name, value)
            later.save_checked()
            if municipalities is not None:
                later._serve(municipalities)
        return later

    def _refuse_day(self, day: date) -> None:
        """ValidationError where these facts cannot change on the day, with what to do instead."""
        if day in self.validity and day != self.validity.lower:
            return
        if self.validity.upper and day >= self.validity.upper:
            words = f"Ab {format_day(self.validity.upper)} gelten schon andere Angaben oder keine. "
            words += "Bitte zuerst diesen Stand wählen und sie dort ändern."
        else:
            words = f"Die Angaben gelten {format_range(self.validity)}. Ändern lassen sie sich ab einem späteren Tag "
            words += "darin; was von Anfang an anders war, ist eine Berichtigung."
        raise ValidationError({"day": words})

    def _without_stale_basis(self, reason: str) -> None:
        stored = PositionPeriod.objects.get(pk=self.pk)
        figures = ("fte", "carrier_id")
        basis = ("basis_id", "basis_place", "assumption")
        if any(getattr(self, n) != getattr(stored, n) for n in figures) and all(
            getattr(self, n) == getattr(stored, n) for n in basis
        ):
            self.basis, self.basis_place, self.assumption = None, "", f"Berichtigung: {reason}"

    def rest_on(self, cause: Cited, *, planned: bool = False) -> None:
        """This rests on what the cause rests on; what is only planned, or in no document, is an Annahme."""
        words = ["Die Grundlage ist geplant, sie liegt noch nicht vor."] if planned and cause.basis_id else []
        words += [cause.assumption] if cause.assumption else []
        if not cause.basis_id and not words:
            words = [str(getattr(cause, "reason", ""))]
        self.basis, self.basis_place, self.assumption = cause.basis, cause.basis_place, " ".join(words)
        self.validity_assumption = self.assumption

    def _serves_others(self, municipalities: "list[Municipality] | None") -> bool:
        """Whether these are not the Kommunen served; None: they are not asked for."""
        served = {s.municipality_id for s in self.served.all()}
        return municipalities is not None and served != {m.pk for m in municipalities}

    def _serve(self, municipalities: "list[Municipality]") -> bool:
        """Make these the Kommunen served; True if that was a change. A share that is stored stays."""
        wanted, current = {m.pk for m in municipalities}, {s.municipality_id: s for s in self.served.all()}
        for gone in current.keys() - wanted:
            current[gone].delete()
        for new in wanted - current.keys():
            served = self.served.model(body=self.body, period=self, municipality_id=new)
            served.save_checked()
        return wanted != current.keys()


def always() -> Any:
    """A range without beginning and end."""
    return inclusive_range(None, None)
