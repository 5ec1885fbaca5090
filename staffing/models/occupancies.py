"""Who has a post, by place and without names, and the Vermerke that say who may not."""

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q

from kim.formats import slug
from kim.history import refusable, tracked
from kim.models import BodyRow, Cited, SameBody, closed_year
from kim.money import FteColumn, exact
from kim.periods import PeriodField, PeriodQuerySet
from kim.permissions import note
from staffing.models.guards import BLOCKED, BLOCKS, LIFE, LOCK_POSITION, OF_A_POST, POSITION_FIXED
from staffing.models.positions import Position, always


@tracked()
class Occupancy(Cited, BodyRow):
    """Somebody fills part of a post; no names. An open beginning means: not stated."""

    position = models.ForeignKey(Position, models.PROTECT, related_name="occupancies", verbose_name="Stelle")
    slot = models.PositiveSmallIntegerField("Platz")
    validity = PeriodField("Zeitraum", default=always)
    fte = FteColumn("VZÄ")
    suspended = PeriodField(
        "ruhend",
        null=True,
        blank=True,
        help_text="Der Platz bleibt besetzt und kostet nichts. Ein Grund wird nicht gespeichert.",
    )
    previous_programme = models.BooleanField("zuvor anderes Landesprogramm", default=False, db_default=False)

    objects = PeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Besetzung", "Besetzungen"
        ordering: ClassVar = ["slot"]
        triggers = [
            *BodyRow.Meta.triggers,
            *OF_A_POST,
            BLOCKED,
            closed_year("{row}.validity * " + LIFE % "position_id"),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("fte", "occupancy_fte", places=3, above=0),
            models.CheckConstraint(
                condition=Q(validity__isempty=False),
                name="occupancy_validity",
                violation_error_message="Der Zeitraum braucht mindestens einen Tag.",
            ),
            ExclusionConstraint(
                name="occupancy_slot_once",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("slot", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Dieser Platz ist in dieser Zeit schon besetzt.",
            ),
            models.CheckConstraint(
                condition=Q(suspended__isnull=True) | Q(validity__contains=F("suspended"), suspended__isempty=False),
                name="occupancy_suspended",
                violation_error_message="Ruhen kann ein Platz nur, solange er besetzt ist.",
            ),
            SameBody("position"),
            SameBody("basis"),
        ]

    def __str__(self) -> str:
        return f"{self.position} Platz {self.slot}"

    def get_absolute_url(self) -> str:
        return self.position.get_absolute_url()

    def start(self) -> str:
        """How addresses name it beside its place: the first day, or that none is stated."""
        return self.validity.lower.isoformat() if self.validity.lower else "ohne-beginn"

    @classmethod
    def fill(cls, position: Position, places: int, *, reason: str, **facts: Any) -> "list[Occupancy]":
        """Fill so many free places of a post alike, in one act. ValidationError with a sentence.

        Example: three places of 0,5 fill CM-10 (1,5) as a document says it: three Fachkräfte.
        """
        note(act="Besetzung eingetragen", reason=reason.strip())
        validity = facts["validity"]
        taken = set(cls.objects.filter(position=position, validity__overlap=validity).values_list("slot", flat=True))
        free = [n for n in range(1, len(taken) + places + 1) if n not in taken][:places]
        made = []
        with refusable():
            for slot in free:
                row = cls(body=position.body, position=position, slot=slot, **facts)
                row.full_clean()
                row.save()
                made.append(row)
        return made

    @transaction.atomic
    def correct(self, *, reason: str) -> bool:
        """Save what was set on the instance, with the reason in the history. True if anything changed."""
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
        note(reason=reason.strip(), act="Besetzung geändert")
        before = self.version
        with refusable():
            self.full_clean()
            self.save()
        return self.version != before


@tracked()
class PlanNote(Cited, BodyRow):
    """A Vermerk of the Stellenplan: the post is to go (kw), to be converted (ku), or may not be filled (Sperre)."""

    part_of = "position"

    class Kind(models.TextChoices):
        ABOLISH = "abolish", "kw (künftig wegfallend)"
        CONVERT = "convert", "ku (künftig umzuwandeln)"
        BLOCK = "block", "Sperrvermerk"

    position = models.ForeignKey(
        Position, models.PROTECT, related_name="plan_notes", verbose_name="Stelle", editable=False
    )
    kind = models.CharField("Vermerk", max_length=8, choices=Kind)
    validity = PeriodField("gilt")
    text = models.CharField("Wortlaut", max_length=300, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Vermerk", "Vermerke"
        ordering: ClassVar = ["validity", "kind"]
        triggers = [*BodyRow.Meta.triggers, LOCK_POSITION, POSITION_FIXED, BLOCKS, closed_year("{row}.validity")]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False),
                name="plannote_validity",
                violation_error_message="Der Vermerk braucht einen Anfang und mindestens einen Tag.",
            ),
            ExclusionConstraint(
                name="plannote_once",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Diesen Vermerk trägt die Stelle in dieser Zeit schon.",
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
        """Its kind in addresses. Example: kw, sperrvermerk."""
        return slug(self.get_kind_display().partition(" ")[0])
