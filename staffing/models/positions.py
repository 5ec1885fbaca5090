"""Posts, what holds of them in time, and who has them; no money."""

from copy import copy
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.base import ModelState
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse

from kim.formats import day as printed
from kim.formats import listed, span
from kim.history import counted, refusable, tracked
from kim.models import POSITION_NUMBER, Body, BodyRow, Cited, SameBody, TextBlock, closed_year
from kim.money import FteColumn, exact
from kim.periods import PeriodField, PeriodQuerySet, between, period
from kim.permissions import note
from staffing.models.guards import LIFE, OF_A_POST
from staffing.models.masterdata import Carrier, Function, Municipality

ZERO = Value(Decimal(0), output_field=FteColumn())


@tracked()
class Position(BodyRow):
    """The identity of a post: what references point at. Its facts are dated (PositionPeriod)."""

    attached_as = "stelle"

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
                violation_error_message="Diese Stellennummer gibt es schon.",
            ),
            models.UniqueConstraint(
                F("body"),
                Lower("number"),
                name="position_number_case",
                violation_error_message="Diese Stellennummer gibt es schon, nur anders geschrieben.",
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

    def used_by(self) -> list[str]:
        """Also the texts that name the post in a token."""
        token = rf"positions?=([A-Za-z0-9-]+,)*{self.number}[,\s}}]"
        named = TextBlock.objects.filter(body=self.body, content__regex=token).count()
        return [*super().used_by(), *([counted(named, TextBlock)] if named else [])]

    @classmethod
    def find(cls, body: Body, number: str) -> "Position":
        """The body's post with this number; Position.DoesNotExist otherwise."""
        return cls._default_manager.get(body=body, number=number)


class Status(models.TextChoices):
    """The status that is shown; always derived from occupancy, carrier and stage on a day."""

    FILLED = "filled", "besetzt"
    PARTLY = "partly", "teilweise besetzt"
    ADVERTISED = "advertised", "ausgeschrieben"
    ADVERTISING_PLANNED = "advertising_planned", "Ausschreibung vorgesehen"
    VACANT = "vacant", "unbesetzt"
    UNASSIGNED = "unassigned", "noch nicht vergeben"
    NOT_STATED = "not_stated", "keine Angabe"


class Stage(models.TextChoices):
    """The Verfahrensstand of a post, as it is stored."""

    NOT_STATED = "not_stated", "keine Angabe"
    PLANNED = "planned", "geplant"
    EXPRESSION_OF_INTEREST = "expression_of_interest", "Interessenbekundung"
    ADVERTISING_PLANNED = "advertising_planned", "Ausschreibung vorgesehen"
    ADVERTISED = "advertised", "ausgeschrieben"


FACTS = ("fte", "carrier", "stage", "pay_group", "fallback_plan")
BASIS = ("basis", "basis_place", "assumption")


def rest_if(*stages: str) -> Case:
    """What of a post is not filled, if it is in one of these stages; else 0."""
    return Case(When(stage__in=stages, then=F("rest")), default=ZERO, output_field=FteColumn())


class PositionPeriodQuerySet(PeriodQuerySet):
    """Dated facts of posts, with their occupancy of a day."""

    def with_served(self, *, keys: bool = False) -> Self:
        """Adds served_list, the names of the Kommunen in German order; keys: and served_keys. No further query."""
        served: Any = self.model._meta.get_field("served").related_model
        rows = served.objects.filter(period=OuterRef("pk")).order_by("municipality__sort_key")
        more = {"served_keys": ArraySubquery(rows.values("municipality"))} if keys else {}
        return self.annotate(served_list=ArraySubquery(rows.values("municipality__name")), **more)

    def with_status(self, day: date) -> Self:
        """Adds filled, rest (together: fte) and status. One query for any number."""
        taken: Any = Position._meta.get_field("occupancies").related_model
        occupied = taken.objects.filter(position=OuterRef("position"), validity__contains=day)
        per_post = occupied.order_by().values("position").annotate(total=Sum("fte"))
        filled = Subquery(per_post.values("total"), output_field=FteColumn())
        # One subquery says how far the post is filled: each further copy of it would cost as much as the whole row.
        whole = When(total=OuterRef("fte"), then=Value(Status.FILLED))
        there = per_post.annotate(state=Case(whole, default=Value(Status.PARTLY))).values("state")
        empty = Case(
            When(carrier__isnull=True, then=Value(Status.UNASSIGNED)),
            When(stage=Stage.ADVERTISED, then=Value(Status.ADVERTISED)),
            When(stage=Stage.ADVERTISING_PLANNED, then=Value(Status.ADVERTISING_PLANNED)),
            When(stage=Stage.NOT_STATED, then=Value(Status.NOT_STATED)),
            default=Value(Status.VACANT),
        )
        status = Coalesce(Subquery(there), empty, output_field=models.CharField())
        return self.annotate(filled=Coalesce(filled, ZERO), status=status).annotate(rest=F("fte") - F("filled"))

    def with_occupancy(self, day: date) -> Self:
        """with_status, and advertised, advertising_planned, open, not_stated (with filled together: fte), committed
        (verplant). What is not filled counts by the stage of the post; if nothing is reported, not_stated."""
        rows = self.with_status(day).annotate(
            advertised=rest_if(Stage.ADVERTISED),
            advertising_planned=rest_if(Stage.ADVERTISING_PLANNED),
            not_stated=rest_if(Stage.NOT_STATED),
            open=rest_if(Stage.PLANNED, Stage.EXPRESSION_OF_INTEREST),
        )
        return rows.annotate(committed=F("filled") + F("advertised") + F("advertising_planned"))


@tracked()
class PositionPeriod(Cited, BodyRow):
    """What holds of a post in a span of time: its size, who employs, how far the filling has got."""

    part_of = "position"
    Stage = Stage

    position = models.ForeignKey(
        Position, models.PROTECT, related_name="periods", verbose_name="Stelle", editable=False
    )
    validity = PeriodField("Zeitraum")
    fte = FteColumn("VZÄ")
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

    def __str__(self) -> str:
        return str(self.position)

    def get_absolute_url(self) -> str:
        return self.position.get_absolute_url()

    def municipality_names(self, *, short: bool = False) -> list[str]:
        """The Kommunen this post is zuständig für, in German order."""
        served = sorted((s.municipality for s in self.served.all()), key=lambda m: m.sort_key)
        return [m.short_name if short else m.name for m in served]

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

    status: str  # of the day, on rows from with_occupancy
    served_list: list[str]  # on rows from with_served
    served_order: list[str]  # the sort keys of the Kommunen, where a distribution asks for them

    def status_label(self) -> str:
        """The status of the day, for rows from with_occupancy."""
        return str(Status(self.status).label)

    def kind_label(self) -> str:
        """Short, for a column: eigene Stelle, bei Dritten."""
        return "eigene Stelle" if self.position.kind == Position.Kind.OWN else "bei Dritten"

    @transaction.atomic
    def correct(self, *, reason: str, municipalities: "list[Municipality] | None" = None) -> bool:
        """A Berichtigung: these facts are corrected for their whole range, with the reason in the history.

        Set the new values on the instance before. A size or carrier that changes while its basis stays is no longer
        what the document says: the reason becomes its Annahme. True if anything changed. Raises ValidationError
        with a sentence when the reason is missing, a rule is broken, or somebody changed the row meanwhile.
        """
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben, z. B. „Tippfehler bei der Übernahme“."})
        note(reason=reason.strip(), act="Berichtigung")
        before = self.version
        self._without_stale_basis(reason.strip())
        with refusable():
            self.full_clean()
            self.save()
            if municipalities is not None and self._serve(municipalities) and self.version == before:
                self.touch()
        return self.version != before

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
        if day not in before.validity or day == before.validity.lower:
            words = f"Die Angaben gelten {span(before.validity)}. Ändern lassen sie sich ab einem späteren Tag darin"
            raise ValidationError({"day": f"{words}; was von Anfang an anders war, ist eine Berichtigung."})
        note(reason=reason.strip(), act=f"Änderung ab {printed(day)}")
        changed = {name: getattr(self, name) for name in FACTS if getattr(self, name) != getattr(before, name)}
        cited = {name: getattr(self, name) for name in BASIS}
        served = None if municipalities is None else {m.pk for m in municipalities}
        moved = served is not None and served != {s.municipality_id for s in before.served.all()}
        if not changed and not moved and all(getattr(before, name) == value for name, value in cited.items()):
            return before
        if (moved or changed.keys() & {"fte", "carrier"}) and all(
            getattr(before, name) == value for name, value in cited.items()
        ):
            cited = {"basis": None, "basis_place": "", "assumption": f"Änderung ab {printed(day)}: {reason.strip()}"}
        before.version = self.version
        with refusable():
            later = before.from_day(day)
            if before.validity.upper is None or not later.validity.upper:  # an end that was assumed still is
                later.validity_assumption = ""
            for name, value in (changed | cited).items():
                setattr(later, name, value)
            later.full_clean()
            later.save()
            if municipalities is not None:
                later._serve(municipalities)
        return later

    def _without_stale_basis(self, reason: str) -> None:
        stored = PositionPeriod.objects.get(pk=self.pk)
        figures = ("fte", "carrier_id")
        basis = ("basis_id", "basis_place", "assumption")
        if any(getattr(self, n) != getattr(stored, n) for n in figures) and all(
            getattr(self, n) == getattr(stored, n) for n in basis
        ):
            self.basis, self.basis_place, self.assumption = None, "", f"Berichtigung: {reason}"

    def end(self, day: date) -> None:
        """What holds from here on ends: the last day is the one before ``day``; facts that begin then are gone."""
        if self.validity.lower >= day:
            self._remove()
            return
        self.validity = between(self.validity.lower, day)
        self.full_clean()
        self.save()

    def from_day(self, day: date) -> "PositionPeriod":
        """The facts that hold from a day of this range on, with what hangs on them: this row if it begins that day,
        else a copy, and this row ends the day before. Not saved as to its figures; set them and save.

        Example: 01.01.2022 open, from 01.03.2023: this row until 28.02.2023, the copy from 01.03.2023 on.
        """
        if self.validity.lower == day:
            return self
        end = self.validity.upper
        self.end(day)
        return self.continued(between(day, end))

    def continued(self, validity: Any) -> "PositionPeriod":
        """A copy of these facts for another range, with the Kommunen and Beratungsorte that hang on them; saved."""
        later = copy(self)
        later.pk, later._state = None, ModelState()
        later.version, later.validity = 1, validity
        later.save()
        for relation in self._meta.related_objects:
            model: Any = relation.related_model
            if getattr(model, "part_of", "") == relation.field.name and not hasattr(model, "pgh_tracked_model"):
                for part in model._base_manager.filter(**{relation.field.name: self.pk}):
                    part.pk, part._state, part.version = None, ModelState(), 1
                    setattr(part, relation.field.name, later)
                    part.save()
        return later

    def rest_on(self, cause: Cited, *, planned: bool = False) -> None:
        """This rests on what the cause rests on; what is only planned, or in no document, is an Annahme."""
        words = ["Die Grundlage ist geplant, sie liegt noch nicht vor."] if planned and cause.basis_id else []
        words += [cause.assumption] if cause.assumption else []
        if not cause.basis_id and not words:
            words = [str(getattr(cause, "reason", ""))]
        self.basis, self.basis_place, self.assumption = cause.basis, cause.basis_place, " ".join(words)
        self.validity_assumption = self.assumption

    def _serve(self, municipalities: "list[Municipality]") -> bool:
        """Make these the Kommunen served; True if that was a change. A share that is stored stays."""
        wanted, current = {m.pk for m in municipalities}, {s.municipality_id: s for s in self.served.all()}
        for gone in current.keys() - wanted:
            current[gone].delete()
        for new in wanted - current.keys():
            served = self.served.model(body=self.body, period=self, municipality_id=new)
            served.full_clean()
            served.save()
        return wanted != current.keys()


def always() -> Any:
    """A range without beginning and end."""
    return period(None, None)
