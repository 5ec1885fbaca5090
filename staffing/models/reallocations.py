"""The Umverteilung: VZÄ moved between posts in one balanced act, and its counter-entry."""

from collections.abc import Iterable
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from kim.history.changes import ChangeSet
from kim.models import Body, BodyRow, Cited, SameBody, Source
from kim.models.refusals import MISSING_REFERENCE, db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.values.formats import listed
from kim.values.money import FteModelField, exact
from staffing.models.balance import ACT_FIXED, FIXED_WORDS, UNBALANCED, balanced, fixed
from staffing.models.masterdata import BodyMunicipality, Carrier, Municipality
from staffing.models.moves import MOVE_HOOKS, Moved, NewPostTemplate, resize, signed
from staffing.models.positions import Position

BACK = "Rückgängig geht es dann mit einer neuen Umverteilung."
EXPLAINING = (Source.Kind.NOTICE, Source.Kind.RESOLUTION)


@tracked()
class Reallocation(Cited, ChangeSet):
    """An Umverteilung: VZÄ that posts give and take from one day on, as one act."""

    attached_as = "umverteilung"
    fixed = FIXED_WORDS

    class BasisState(models.TextChoices):
        TAKEN = "taken", "liegt vor"
        PLANNED = "planned", "ist geplant"

    number = models.PositiveIntegerField("Nummer", editable=False)
    effective = models.DateField("wirksam ab")
    basis_state = models.CharField("Grundlage", max_length=8, choices=BasisState, default=BasisState.TAKEN)
    difference_reason = models.CharField("Erklärung der Differenz", max_length=300, blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Umverteilung", "Umverteilungen"
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "number"],
                name="reallocation_number",
                violation_error_message="Gerade wurde eine andere Umverteilung angelegt. Bitte noch einmal speichern.",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(act__isnull=False),
                name="reallocation_act",
                violation_error_message="Wirksam wird eine Umverteilung nur, indem sie auf die Stellen angewandt wird.",
            ),
            SameBody("basis"),
        ]
        triggers = [
            *BodyRow.Meta.triggers,
            balanced("NEW.id", pgtrigger.Insert | pgtrigger.Update),
            ACT_FIXED,
        ]

    def __str__(self) -> str:
        return f"Nr. {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("reallocation", args=[self.number])

    @classmethod
    def find(cls, body: Body, number: str) -> "Reallocation":
        """The body's reallocation with this number; Reallocation.DoesNotExist otherwise."""
        key = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
        return cls._default_manager.get(body=body, number=key)

    @classmethod
    def next_number(cls, body: Body) -> int:
        """One more than the highest number of the body."""
        return (cls._default_manager.filter(body=body).aggregate(last=models.Max("number"))["last"] or 0) + 1

    @property
    def is_planned(self) -> bool:
        """Whether what it rests on is still to come."""
        return self.basis_state == self.BasisState.PLANNED

    def difference(self) -> Decimal:
        """FTE that all legs add up to; 0 when it balances. Example: −0,5 −1,0 −1,0 +1,0 +0,5 +1,0 = 0."""
        return sum((leg.fte for leg in self.legs.all()), Decimal(0))

    def label(self) -> str:
        """For a column. Example: Nr. 1."""
        return str(self)

    def in_words(self) -> str:
        """The lines in one sentence. Example: −0,5 CM-12, +0,5 Stadt Monschau für Monschau."""
        return ", ".join(str(leg) for leg in self.legs.all())

    def is_explained(self) -> bool:
        """Whether a notice or resolution that is there explains a difference."""
        there = self.basis is not None and self.basis.kind in EXPLAINING and not self.is_planned
        there = there and self.basis is not None and self.basis.date is not None
        return there and bool(self.difference_reason.strip())

    @transaction.atomic
    def put(self, legs: "Iterable[tuple[ReallocationLeg, list[Municipality]]]", *, adopting: bool = False) -> None:
        """Save the draft with these legs in the place of the former ones; adopting: it takes effect in the same act.
        ValidationError with a sentence."""
        if self._state.adding:
            self.number = self.next_number(self.body)
        what = f"Umverteilung {self} " + ("wirksam gesetzt" if adopting else "entworfen")
        describe_act(act=what, reason=self.reason)
        with db_errors_as_validation():
            self.full_clean()
            fresh = self._state.adding
            self.save()
            if not fresh:
                for leg in self.legs.all():
                    leg._remove()
                self.touch()
            for order, (leg, municipalities) in enumerate(legs, 1):
                leg.body, leg.reallocation, leg.order = self.body, self, order
                leg.save_checked()
                for one in municipalities:
                    row = LegMunicipality(body=self.body, leg=leg, municipality=one)
                    row.save_checked()

    def lock(self) -> None:
        given = self.legs.filter(position__isnull=False).values("position")
        list(Position.objects.filter(pk__in=given).order_by("pk").select_for_update())

    def check_effective(self) -> None:
        """ValidationError if both sides differ and nobody has explained it."""
        if self.difference() != 0 and not self.is_explained():
            raise ValidationError(f"{UNBALANCED} Differenz: {signed(self.difference())} VZÄ.")

    @transaction.atomic
    def apply(self) -> None:
        """Change the posts as the legs say, from the effective day on; also of a draft that does not balance yet."""
        legs = list(self.legs.select_related("position", "carrier").prefetch_related("served__municipality"))
        if not legs:
            raise ValidationError("Bitte mindestens eine Zeile angeben.")
        pattern = NewPostTemplate(self, [leg.position for leg in legs if leg.position and leg.fte < 0])
        with db_errors_as_validation():
            for leg in legs:
                if leg.position:
                    resize(leg.position, leg.fte, self)
            created: dict[Position, Decimal] = {}
            for leg in (one for one in legs if not one.position):
                leg.position = pattern.establish(leg)
                leg.save()
                created[leg.position] = leg.fte
            self._tell(legs, created)

    def _tell(self, legs: "list[ReallocationLeg]", created: dict[Position, Decimal]) -> None:
        """Let the apps above follow: money goes with the posts."""
        given: dict[Position, Decimal] = {}
        taken: dict[Position, Decimal] = {}
        for leg in legs:
            if leg.position and not leg.establishes:
                sums = given if leg.fte < 0 else taken
                sums[leg.position] = sums.get(leg.position, Decimal(0)) + abs(leg.fte)
        moved = Moved(self.effective, given, taken, created)
        for hook in MOVE_HOOKS:
            hook(moved)

    def let_go(self) -> None:
        """The legs forget the posts that they have made."""
        for leg in self.legs.filter(position__isnull=False, establishes=True):
            leg.position = None
            leg.save()

    @property
    def kept_rows(self) -> tuple[type[models.Model], ...]:  # type: ignore[override]  # classes that stand below
        return (Reallocation, ReallocationLeg, LegMunicipality)

    def why_not(self, error: ValidationError) -> str:
        """What has changed since, or what hangs on a new post."""
        if getattr(error, "code", "") == "changed":
            return f"{error.params['row']} hat sich seither geändert. {BACK}"  # type: ignore[index]
        if MISSING_REFERENCE in error.messages or any("liegen schon" in m for m in error.messages):
            return f"An den neuen Stellen hängt schon etwas (z. B. eine Besetzung oder Notiz). {BACK}"
        return super().why_not(error)


@tracked()
class ReallocationLeg(BodyRow):
    """One line of a reallocation: a post gives or takes VZÄ, or a new post comes into being."""

    part_of = "reallocation"

    reallocation = models.ForeignKey(Reallocation, models.PROTECT, related_name="legs", verbose_name="Umverteilung")
    order = models.PositiveSmallIntegerField("Reihenfolge")
    fte = FteModelField("VZÄ")
    establishes = models.BooleanField("neue Stelle", default=False)  # it makes a post, noted in ``position``
    position = models.ForeignKey(
        Position, models.PROTECT, null=True, blank=True, related_name="legs", verbose_name="Stelle"
    )
    carrier = models.ForeignKey(
        Carrier, models.PROTECT, null=True, blank=True, related_name="legs", verbose_name="Anstellungsträger"
    )
    fallback_plan = models.TextField("Ersatzplan", blank=True)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Zeile der Umverteilung", "Zeilen der Umverteilung"
        ordering: ClassVar = ["order"]
        triggers = [
            *BodyRow.Meta.triggers,
            fixed("{row}.reallocation_id", "NOT OLD.establishes AND OLD.position_id IS DISTINCT FROM NEW.position_id"),
            balanced(
                "CASE WHEN TG_OP = 'DELETE' THEN OLD.reallocation_id ELSE NEW.reallocation_id END",
                pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            ),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("fte", "reallocationleg_fte", places=3),
            models.CheckConstraint(
                condition=~Q(fte=0),
                name="reallocationleg_something",
                violation_error_message="Jede Zeile braucht einen Umfang, der nicht 0 ist.",
            ),
            models.CheckConstraint(
                condition=Q(establishes=True, fte__gt=0)
                | Q(establishes=False, position__isnull=False, carrier__isnull=True),
                name="reallocationleg_side",
                violation_error_message="Eine Zeile nennt eine Stelle, oder sie richtet eine neue ein.",
            ),
            models.UniqueConstraint(
                fields=["body", "reallocation", "order"],
                name="reallocationleg_order",
                violation_error_message="Diese Zeile gibt es schon.",
            ),
            SameBody("reallocation"),
            SameBody("position"),
            SameBody("carrier"),
        ]

    def __str__(self) -> str:
        return f"{signed(self.fte)} {self.place()}"

    def get_absolute_url(self) -> str:
        return self.reallocation.get_absolute_url()

    def place(self) -> str:
        """Where: CM-12, or DRK für Alsdorf."""
        if not self.establishes:
            return str(self.position)
        names = [one.municipality.name for one in self.served.all()]
        who = self.carrier.short_name if self.carrier else "noch nicht vergeben"
        return f"{who} für {listed(names)}" if names else who


@tracked()
class LegMunicipality(BodyRow):
    """A Kommune that a new post is to be zuständig für."""

    part_of = "leg"

    leg = models.ForeignKey(ReallocationLeg, models.PROTECT, related_name="served", verbose_name="Zeile")
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="legs", verbose_name="Kommune")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Kommune einer Zeile", "Kommunen einer Zeile"
        ordering: ClassVar = ["municipality__sort_key"]
        triggers = [
            *BodyRow.Meta.triggers,
            fixed("(SELECT l.reallocation_id FROM staffing_reallocationleg l WHERE l.id = {row}.leg_id)"),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "leg", "municipality"],
                name="legmunicipality_once",
                violation_error_message="Diese Kommune ist schon eingetragen.",
            ),
            SameBody("leg"),
        ]

    def __str__(self) -> str:
        return str(self.municipality)

    def clean(self) -> None:
        if not BodyMunicipality.objects.filter(body=self.body, municipality=self.municipality).exists():
            raise ValidationError({"municipality": "Diese Kommune gehört nicht zu dieser Körperschaft."})
