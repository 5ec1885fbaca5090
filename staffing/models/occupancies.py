"""Who has a post, by place and without names, and the Vermerke that say who may not."""

from datetime import date
from typing import Any, ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Coalesce, Greatest

from kim.models import BodyRow, Cited, SameBody, closed_year
from kim.models.refusals import CONFLICT, db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from kim.values.formats import format_day, format_range, slug
from kim.values.money import FteModelField, exact
from kim.values.periods import DAY, PeriodField, PeriodQuerySet, half_open_range, intersection
from staffing.models.dated import Dated
from staffing.models.guards import BLOCKED, BLOCKS, LIFE, LOCK_POSITION, OF_A_POST, POSITION_FIXED, SUBSTITUTE
from staffing.models.positions import BASIS, Position, always
from staffing.models.status import ZERO

SIZE = ("fte", "stands_in_for", "previous_programme")  # what changes from a day on


def at_work(day: date) -> Q:
    """Whose place does not rest on the day."""
    return Q(suspended__isnull=True) | ~Q(suspended__contains=day)


class OccupancyQuerySet(PeriodQuerySet):
    """Places, with who is at work on a day."""

    def on_duty(self, day: date) -> Self:
        """The places that are filled on the day: somebody has them and does not rest; substitutes are on duty too."""
        return self.as_of(day).filter(at_work(day))

    def away(self, day: date) -> Self:
        """One row a post with ``away``: FTE whose person rests on the day and for whom nobody stands in.

        Σ places that are no substitutes − Σ places on duty, never below 0. Example: a place of 1,0 rests, a substitute
        does 0,5: away 0,5.
        """
        promised = Coalesce(Sum("fte", filter=Q(stands_in_for__isnull=True)), ZERO)
        worked = Coalesce(Sum("fte", filter=at_work(day)), ZERO)
        rows = self.as_of(day).order_by().values("position")
        found: Self = rows.annotate(away=Greatest(promised - worked, ZERO, output_field=FteModelField()))
        return found


@tracked()
class Occupancy(Cited, Dated):
    """What holds of a place in a span of time. A place (post, slot) is one person, without a name; several rows of it
    are that person's sizes over time. An open beginning means: not stated."""

    ranges = ("suspended",)

    position = models.ForeignKey(Position, models.PROTECT, related_name="occupancies", verbose_name="Stelle")
    slot = models.PositiveSmallIntegerField("Platz")
    stands_in_for = models.PositiveSmallIntegerField(
        "vertritt Platz",
        null=True,
        blank=True,
        help_text="Der Platz derselben Stelle, der in dieser Zeit ruht. Leer heißt: keine Vertretung.",
    )
    validity = PeriodField("Zeitraum", default=always)
    fte = FteModelField("VZÄ")
    suspended = PeriodField(
        "ruhend",
        null=True,
        blank=True,
        help_text="Der Platz bleibt der Person und kostet nichts. Ein Grund wird nicht gespeichert.",
    )
    previous_programme = models.BooleanField("zuvor anderes Landesprogramm", default=False, db_default=False)

    objects = OccupancyQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Besetzung", "Besetzungen"
        ordering: ClassVar = ["slot", "validity"]
        triggers = [
            *BodyRow.Meta.triggers,
            *OF_A_POST,
            SUBSTITUTE,
            BLOCKED,
            closed_year("{row}.validity * " + LIFE % "position_id", dated=("suspended",)),
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
            models.CheckConstraint(
                condition=Q(stands_in_for__isnull=True) | ~Q(stands_in_for=F("slot")),
                name="occupancy_stands_in_for",
                violation_error_message="Ein Platz kann sich nicht selbst vertreten.",
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

    def reach(self) -> Any:
        """The days of this place on which its post is there; None if there is none. One query."""
        spans = list(self.position.periods.values_list("validity", flat=True))
        if not spans:
            return None
        ends = [one.upper for one in spans]
        return intersection(
            self.validity, half_open_range(min(one.lower for one in spans), None if None in ends else max(ends))
        )

    @classmethod
    def fill(cls, position: Position, places: int, *, reason: str, **facts: Any) -> "list[Occupancy]":
        """So many new people fill places of a post alike, in one act. ValidationError with a sentence.

        A place is a person: each gets the next number above all that the post has had. Example: three places of 0,5
        fill CM-10 (1,5) as a document says it: three Fachkräfte; when one leaves, who comes is Platz 4.
        """
        describe_act(act="Besetzung eingetragen", reason=reason.strip())
        made = []
        with db_errors_as_validation():
            Position.objects.select_for_update(no_key=True).get(pk=position.pk)  # two at once would take one number
            last = cls.objects.filter(position=position).aggregate(last=Max("slot"))["last"] or 0
            for slot in range(last + 1, last + places + 1):
                row = cls(body=position.body, position=position, slot=slot, **facts)
                row.save_checked()
                made.append(row)
        return made

    def is_on_duty(self, day: date) -> bool:
        """Whether somebody works on the place on a day on which it is there; see OccupancyQuerySet.on_duty."""
        return not (self.suspended and day in self.suspended)

    def rest_span(self) -> Any:
        """From when to when the person is away, over all rows of the place that go on from this one; None if never.

        Example: resting 01.11.2022 to 28.02.2023, the row divided at the year's edge: that whole time, for both rows.
        """
        rests = [row.suspended for row in self.of_place() if row.suspended]
        found = self.suspended
        for one in [*rests, *reversed(rests)] if found else []:
            if one.upper and one.upper == found.lower:
                found = half_open_range(one.lower, found.upper)
            elif one.lower and one.lower == found.upper:
                found = half_open_range(found.lower, one.upper)
        return found

    def of_place(self) -> "list[Occupancy]":
        """All rows of this place, in the order of time. One query."""
        rows = type(self).objects.filter(position=self.position, slot=self.slot)
        return sorted(rows, key=lambda row: row.validity.lower or date.min)

    def correct(self, *, reason: str) -> bool:
        """A Berichtigung: save what was set on the instance, with the reason in the history; of a range that begins in
        a closed year only for the open days (``divided`` says from when). True if anything changed."""
        return corrected(self, reason, "Besetzung berichtigt")

    @transaction.atomic
    def change_from(self, day: date, *, reason: str, end: date | None = None) -> "Occupancy":
        """The person's size changes: what is set on the instance holds from the day on, or only until the day before
        ``end``; before and after it stays what it was. The place stays the same person's, and rests as it did. From the
        day after the last one on, the person stays with what is set: so a substitute is kept for good.

        Set the new values on the instance before; it is not saved itself. Returns the facts from the day on, or what
        held before if nothing differs. Raises ValidationError with a sentence when the reason is missing, a day is not
        within the range, it is the first without an end (then it is a Berichtigung), a rule is broken, or somebody
        changed the row meanwhile.

        Example: Platz 1, 0,5 since 01.01.2022, 0,8 from 01.04. to 30.06.2023: three rows, 0,5 – 0,8 – 0,5, one person.
        """
        before = type(self).objects.get(pk=self.pk)
        self._refuse_days(day, end, before, reason)
        describe_act(reason=reason.strip(), act=f"Änderung ab {format_day(day)}")
        values = {n: getattr(self, n) for n in (*SIZE, *BASIS) if getattr(self, n) != getattr(before, n)}
        if not values:
            return before
        if not values.keys() & set(BASIS):  # the document says the former size, not this one
            words = f"Änderung ab {format_day(day)}: {reason.strip()}"
            values |= {"basis": None, "basis_place": "", "assumption": words}
        if self.version != before.version:
            raise ValidationError(CONFLICT, code="version")
        with db_errors_as_validation():
            stays = day == before.validity.upper
            later = before.continued(half_open_range(day, end)) if stays else before.from_day(day)
            if end is not None and end != later.validity.upper:
                later.from_day(end)
            for name, value in values.items():
                setattr(later, name, value)
            later.save_checked()
        return later

    def _refuse_days(self, day: date, end: date | None, before: "Occupancy", reason: str) -> None:
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben, z. B. „vorübergehend aufgestockt“."})
        held = before.validity
        words = f"Die Angaben zu Platz {self.slot} gelten {format_range(held)}"
        if (day not in held and day != held.upper) or (end is None and day == held.lower):
            later = "Ändern lassen sie sich ab einem späteren Tag darin; was von Anfang an anders war, ist eine"
            raise ValidationError({"day": f"{words}. {later} Berichtigung."})
        if end is not None and (end <= day or (end - DAY not in held and day != held.upper)):
            raise ValidationError({"until": f"{words}. „Nur bis“ liegt nicht zwischen „wirksam ab“ und ihrem Ende."})

    @transaction.atomic
    def leave(self, day: date, *, reason: str) -> None:
        """The person leaves the post: the last day is the one before ``day``; what was recorded of the place for later
        is gone. ValidationError with a sentence, also when somebody still stands in for the place then.

        Example: Platz 1 until 30.06.2023: leave(01.07.2023).
        """
        if not reason.strip():
            raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
        first, last = self.validity.lower, self.validity.upper
        if (first and day <= first) or (last and day > last):
            words = f"Platz {self.slot} ist {format_range(self.validity)} besetzt; das Ende liegt nicht darin. "
            raise ValidationError({"last": words + "Was von Anfang an anders war, ist eine Berichtigung."})
        describe_act(reason=reason.strip(), act=f"Besetzung beendet zum {format_day(day - DAY)}")
        with db_errors_as_validation():
            for row in self.of_place():
                if row.validity.lower and row.validity.lower == last and row.pk != self.pk:  # the same time goes on
                    last = row.validity.upper
                    row._remove()
            self.end(day)

    def used_by(self) -> list[str]:
        """Also who stands in while the place rests."""
        rows = type(self).objects.filter(position=self.position, stands_in_for=self.slot)
        subs = [row for row in rows if self.suspended and intersection(row.validity, self.suspended)]
        named = [f"eine Vertretung auf Platz {row.slot} ({format_range(row.validity)})" for row in subs]
        return [*super().used_by(), *named]


def corrected(row: Any, reason: str, act: str) -> bool:
    """Save what was set on a dated row, with the reason in the history; in a closed year what holds stays. True if
    anything changed. ValidationError with a sentence."""
    if not reason.strip():
        raise ValidationError({"reason": "Bitte einen Grund angeben. Er steht im Verlauf."})
    describe_act(reason=reason.strip(), act=act)
    before = row.version
    with transaction.atomic(), db_errors_as_validation():
        saved = row.in_open_days() if row.pk else row
        saved.save_checked()
    return saved is not row or row.version != before


@tracked()
class PlanNote(Cited, Dated):
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

    def record(self, *, reason: str) -> bool:
        """Enter or correct the Vermerk, as it is set on the instance; see corrected."""
        return corrected(self, reason, f"Vermerk {'berichtigt' if self.pk else 'eingetragen'}")

    def word(self) -> str:
        """Its kind in addresses. Example: kw, sperrvermerk."""
        return slug(self.get_kind_display().partition(" ")[0])
