"""How somebody is looked for: Ausschreibung and Interessenbekundung, with their dates and who takes part."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from kim.models import BodyRow, Cited, SameBody, closed_year
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.values.formats import slug
from kim.values.periods import PeriodField, PeriodQuerySet
from staffing.models.dated import Dated
from staffing.models.guards import LOCK_POSITION, POSITION_FIXED
from staffing.models.masterdata import Carrier
from staffing.models.positions import Position, PositionPeriod
from staffing.models.status import Stage


@tracked()
class Procedure(Cited, Dated):
    """An Ausschreibung or an Interessenbekundung for a post, from its first day to the Frist (inclusive)."""

    part_of = "position"

    class Kind(models.TextChoices):
        ADVERTISEMENT = "advertisement", "Ausschreibung"
        EXPRESSION_OF_INTEREST = "expression_of_interest", "Interessenbekundung"

    position = models.ForeignKey(
        Position, models.PROTECT, related_name="procedures", verbose_name="Stelle", editable=False
    )
    kind = models.CharField("Verfahren", max_length=24, choices=Kind)
    validity = PeriodField("läuft")
    text = models.CharField("Ergebnis oder Bemerkung", max_length=300, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Verfahren", "Verfahren"
        ordering: ClassVar = ["validity", "kind"]
        triggers = [*BodyRow.Meta.triggers, LOCK_POSITION, POSITION_FIXED, closed_year("{row}.validity")]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False),
                name="procedure_validity",
                violation_error_message="Das Verfahren braucht einen Anfang und mindestens einen Tag.",
            ),
            ExclusionConstraint(
                name="procedure_once",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Ein solches Verfahren läuft für die Stelle in dieser Zeit schon.",
            ),
            SameBody("position"),
            SameBody("basis"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return self.position.get_absolute_url()

    def start(self) -> str:
        """How addresses name it beside its kind: the first day."""
        return str(self.validity.lower.isoformat())

    def word(self) -> str:
        """Its kind in addresses. Example: ausschreibung."""
        return slug(self.get_kind_display().partition(" ")[0])

    def stage(self) -> str:
        """The Verfahrensstand of a post while this runs."""
        advertised = self.kind == self.Kind.ADVERTISEMENT
        return Stage.ADVERTISED if advertised else Stage.EXPRESSION_OF_INTEREST

    def carriers_by_state(self) -> list[tuple[str, str]]:
        """Who takes part, by outcome in words. Example: ("hat Interesse", "Caritas, Diakonie")."""
        found: dict[str, list[str]] = {}
        for one in self.carriers.all():
            found.setdefault(one.state, []).append(one.carrier.short_name)
        labels = dict(ProcedureCarrier.State.choices)
        return [(labels[state], ", ".join(found[state])) for state in labels if state in found]

    @transaction.atomic
    def record(self, *, reason: str, carriers: "dict[Carrier, str]", with_stage: bool = False) -> bool:
        """Save what was set on the instance, and exactly these carriers with their outcome; True if that was a change.

        with_stage: the post's Verfahrensstand follows from the first day on, in the same act of the history.
        ValidationError with a sentence when the reason is missing or a rule is broken. Example: Interessenbekundung for
        CM-17 from 01.04. to 30.04.2023, Caritas and Diakonie.
        """
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
        new, before = self.pk is None, self.version
        with db_errors_as_validation():
            self.full_clean()
            describe_act(act=f"{self.get_kind_display()} {'eingetragen' if new else 'geändert'}", reason=reason.strip())
            row = self if new else self.in_open_days(parts=self.others_take_part(carriers))
            moved = with_stage and row.set_stage()
            row.save()
            if row.take_part(carriers) and row.version == before and not new:
                row.touch()
        return new or moved or row is not self or self.version != before

    def others_take_part(self, carriers: "dict[Carrier, str]") -> bool:
        """Whether these are not the carriers that take part, with their outcome."""
        return {row.carrier_id: row.state for row in self.carriers.all()} != {c.pk: s for c, s in carriers.items()}

    def set_stage(self) -> bool:
        """The post's Verfahrensstand follows from the first day on; True if it was another."""
        first = self.validity.lower
        there = PositionPeriod.objects.filter(position=self.position, validity__overlap=self.validity)
        period = there.order_by("validity").first()
        if period is None or period.stage == self.stage():
            return False  # a post is often advertised before it begins
        later = period if period.validity.lower >= first else period.from_day(first)
        later.stage = self.stage()
        later.save_checked()
        return True

    def take_part(self, carriers: "dict[Carrier, str]") -> bool:
        """Make these the carriers that take part; True if that was a change."""
        wanted = {carrier.pk: state for carrier, state in carriers.items()}
        current = {row.carrier_id: row for row in self.carriers.all()}
        for key in current.keys() - wanted.keys():
            current[key].delete()
        changed = current.keys() != wanted.keys()
        for key in sorted(wanted, key=lambda key: wanted[key] == ProcedureCarrier.State.CHOSEN):  # one at a time
            row = current.get(key) or ProcedureCarrier(body=self.body, procedure=self, carrier_id=key, state="")
            if row.state != wanted[key]:
                row.state, changed = wanted[key], True
                row.save_checked()
        return changed


OF_PROCEDURE = closed_year("(SELECT p.validity FROM staffing_procedure p WHERE p.id = {row}.procedure_id)")


@tracked()
class ProcedureCarrier(BodyRow):
    """An Anstellungsträger that takes part in a procedure, and with what outcome."""

    part_of = "procedure"

    class State(models.TextChoices):
        INTERESTED = "interested", "hat Interesse"
        WITHDRAWN = "withdrawn", "zurückgezogen"
        CHOSEN = "chosen", "ausgewählt"

    procedure = models.ForeignKey(Procedure, models.PROTECT, related_name="carriers", verbose_name="Verfahren")
    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="procedures", verbose_name="Anstellungsträger")
    state = models.CharField("Ergebnis", max_length=12, choices=State, default=State.INTERESTED)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Beteiligter Träger", "Beteiligte Träger"
        ordering: ClassVar = ["carrier__sort_key"]
        triggers = [*BodyRow.Meta.triggers, OF_PROCEDURE]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "procedure", "carrier"],
                name="procedurecarrier_once",
                violation_error_message="Dieser Anstellungsträger ist schon eingetragen.",
            ),
            models.UniqueConstraint(
                fields=["body", "procedure"],
                condition=Q(state="chosen"),
                name="procedurecarrier_chosen",
                violation_error_message="Ausgewählt werden kann nur ein Anstellungsträger.",
            ),
            SameBody("procedure"),
            SameBody("carrier"),
        ]

    def __str__(self) -> str:
        return str(self.carrier)
