"""Notices: an identity that lasts, and what each of its Bescheide says, from when on it holds."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, Self, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.urls import reverse

from grants.models.budget import SubProduct
from grants.models.guards import FUNDED_TWICE_BY_VERSION, RATED_VERSION, YEARS_ADD_UP, YEARS_ADD_UP_BY_VERSION
from grants.models.programmes import FundingProgramme, ProgrammeModule
from kim.models import Body, BodyRow, NamedRow, SameBody, Source, closed_year
from kim.models.versioned import tracked
from kim.store.context import Scope
from kim.store.reading import read_once
from kim.values.money import EuroModelField, exact, positive
from kim.values.periods import DAY, PeriodField, half_open_range

# From the first to the last day of all versions of a notice.
WHOLE = """(SELECT coalesce(range_merge(range_agg(v.validity)), 'empty') FROM grants_noticeversion v
    WHERE v.notice_id = {row}.%s)"""
# The days on which what a version says can count: the ones before are an earlier version's.
HELD = "daterange(coalesce({row}.holds_from, lower({row}.validity)), upper({row}.validity))"
HELD_BY_VERSION = f"(SELECT {HELD.format(row='v')} FROM grants_noticeversion v WHERE v.id = {{row}}.notice_version_id)"  # noqa: S608


@tracked()
class FundingNotice(NamedRow):
    """A Zuwendung, from its planning to its end: what stays the same while Bescheide change what it says."""

    attached_as = "zuwendung"

    class Instrument(models.TextChoices):
        GRANT = "grant", "Zuwendung"
        LUMP_SUM = "lump_sum", "fachbezogene Pauschale"
        STATUTORY = "statutory", "gesetzliche Zuweisung"

    title = models.CharField("Bezeichnung", max_length=200)
    programme = models.ForeignKey(
        FundingProgramme, models.PROTECT, related_name="notices", verbose_name="Förderprogramm"
    )
    module = models.ForeignKey(
        ProgrammeModule,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name="Baustein",
    )
    instrument = models.CharField("Förderart", max_length=10, choices=Instrument)
    funder = models.CharField("Bewilligende Stelle", max_length=160)
    sub_product = models.ForeignKey(
        SubProduct,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name="Teilprodukt",
    )
    note = models.TextField("Bemerkung", blank=True)

    class Meta(NamedRow.Meta):
        verbose_name, verbose_name_plural = "Zuwendung", "Zuwendungen"
        triggers = [*NamedRow.Meta.triggers, closed_year(WHOLE % "id", free=("note", "slug", "title", "funder"))]
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "slug"],
                name="fundingnotice_slug",
                violation_error_message="Diesen Kurznamen hat schon eine andere Zuwendung.",
            ),
            SameBody("sub_product"),
        ]

    def __str__(self) -> str:
        return self.title

    def words_of_address(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("notice", args=[self.slug])

    @classmethod
    def find(cls, body: Body, slug: str) -> "FundingNotice":
        """The body's notice with this short name; FundingNotice.DoesNotExist otherwise."""
        return cls._default_manager.select_related("programme", "sub_product").get(body=body, slug=slug)

    def held(self) -> "list[NoticeVersion]":
        """All versions in their order. One query, unless they were prefetched."""
        return versions_of(self)

    @property
    def current(self) -> "NoticeVersion":
        """The version that figures rest on: the newest that is granted, else the newest that is not refused."""
        versions = self.held()
        return current_of(versions) or versions[-1]

    def on(self, day: date) -> "NoticeVersion | None":
        """The version whose state holds on a day: the newest Bescheid that was there by then; None if none was."""
        there = [one for one in self.held() if one.source.date is None or one.source.date <= day]
        return there[-1] if there else None


@read_once
def versions_of(notice: FundingNotice) -> "list[NoticeVersion]":
    """See FundingNotice.held."""
    there = "versions" in getattr(notice, "_prefetched_objects_cache", {})
    rows = notice.versions.all() if there else notice.versions.select_related("source")
    return sorted(rows, key=lambda one: one.number)


def current_of(versions: "Iterable[NoticeVersion]") -> "NoticeVersion | None":
    """The version that figures rest on, see FundingNotice.current; None if all are refused."""
    there = list(versions)
    granted = [one for one in there if one.state == NoticeVersion.State.GRANTED]
    open_ = [one for one in there if one.state in NoticeVersion.PLANS]
    return granted[-1] if granted else open_[-1] if open_ else None


class NoticeVersionQuerySet(QuerySet[Any]):
    """What counts of the versions; everything else that asks what counts asks here."""

    def with_start(self) -> Self:
        """Adds first, the first day on which what the version says holds."""
        return self.annotate(first=Coalesce("holds_from", F("validity__startswith")))

    def current(self) -> Self:
        """Of each notice the version that figures rest on, see FundingNotice.current."""
        rank = Case(When(state="granted", then=Value(2)), When(state__in=PLANNED, then=Value(1)), default=Value(0))
        newest = self.model.objects.filter(notice=OuterRef("notice")).order_by(rank.desc(), "-number")
        return self.filter(pk=Subquery(newest.values("pk")[:1]))

    def holding(self, span: Any, *, plans: bool = False) -> Self:
        """The versions whose content holds on a day of a span. A granted one holds until a later granted one or a
        revocation takes its place; of a notice of which nothing was ever granted, if ``plans`` are asked for, the
        newest one does that is geplant, beantragt or angekündigt."""
        others = self.model.objects.with_start().filter(notice=OuterRef("notice"))
        later = others.filter(number__gt=OuterRef("number"))
        ends = later.filter(state__in=DECIDED).order_by("first").values("first")[:1]
        rows = self.with_start().annotate(end=Least("validity__endswith", Subquery(ends)))
        counts = Q(
            state="granted",
            first__lt=span.upper,
            end__gt=Greatest(F("first"), span.lower, output_field=models.DateField()),
        )
        if plans:
            undecided = ~Q(Exists(later)) & ~Q(Exists(others.filter(state="granted")))
            counts |= Q(state__in=PLANNED, validity__overlap=span) & undecided
        return rows.filter(counts)

    def holding_on(self, day: date, *, plans: bool = True) -> Self:
        """The versions whose content holds on a day: of each notice at most one; see holding."""
        return self.holding(half_open_range(day, day + DAY), plans=plans)


PLANNED = ("planned", "applied", "announced")
DECIDED = ("granted", "revoked")


@tracked()
class NoticeVersion(BodyRow):
    """What one document says of a notice: a plan, an application, a Bescheid, an Änderungsbescheid, a revocation.

    Its state holds from the date of its document; its content from ``holds_from``, else from the start of the
    Förderzeitraum. The amount is the whole of the Förderzeitraum.
    """

    part_of = "notice"

    class State(models.TextChoices):
        PLANNED = "planned", "geplant"
        APPLIED = "applied", "beantragt"
        ANNOUNCED = "announced", "angekündigt"
        GRANTED = "granted", "bewilligt"
        REFUSED = "refused", "abgelehnt"
        REVOKED = "revoked", "aufgehoben"

    class Proration(models.TextChoices):
        MONTHS = "months", "nach Monaten (Monate/12)"
        DAYS = "days", "nach Tagen (Tage/365 oder 366)"
        NONE = "none", "gar nicht (Jahresbetrag bleibt)"

    PLANS = (State.PLANNED, State.APPLIED, State.ANNOUNCED)
    AMENDED = "geändert"

    notice = models.ForeignKey(FundingNotice, models.PROTECT, related_name="versions", verbose_name="Zuwendung")
    number = models.PositiveSmallIntegerField("Fassung", default=1)
    source = models.OneToOneField(Source, models.PROTECT, related_name="notice_version", verbose_name="Beleg")
    state = models.CharField("Stand", max_length=10, choices=State)
    validity = PeriodField("Förderzeitraum")
    holds_from = models.DateField(
        "gilt ab",
        null=True,
        blank=True,
        help_text="Leer: vom Beginn des Förderzeitraums an. Davor gilt die frühere Fassung.",
    )
    amount = EuroModelField("Betrag", null=True, blank=True, validators=[positive])
    approximate = models.BooleanField("Betrag nur ungefähr („rund“)", default=False)
    proration = models.CharField(
        "Teilzeiträume rechnet der Bescheid",
        max_length=6,
        choices=Proration,
        blank=True,
        default="",
        db_default="",
        help_text="Leer: keine Angabe; gerechnet wird dann nach Monaten, als Annahme.",
    )

    proration_place = models.CharField(
        "Fundstelle der Rechenregel",
        max_length=120,
        blank=True,
        db_default="",
        default="",
        help_text="z. B. Nr. 5.2 des Bescheids",
    )

    conditions = models.TextField(
        "Nebenbestimmungen und Fristen",
        blank=True,
        db_default="",
        default="",
        help_text="Was der Bescheid verlangt, z. B. Verwendungsnachweis bis zum 31.03.; wörtlich oder in Stichworten.",
    )

    objects = NoticeVersionQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Fassung der Zuwendung", "Fassungen der Zuwendung"
        triggers = [
            *BodyRow.Meta.triggers,
            FUNDED_TWICE_BY_VERSION,
            RATED_VERSION,
            YEARS_ADD_UP_BY_VERSION,
            closed_year(HELD, free=("conditions",)),
        ]
        ordering: ClassVar = ["notice", "number"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "notice", "number"],
                name="noticeversion_number",
                violation_error_message="Gerade wurde eine andere Fassung angelegt. Bitte noch einmal speichern.",
            ),
            exact("amount", "noticeversion_amount"),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(amount__isnull=True),
                name="noticeversion_positive",
                violation_error_message="Der Betrag darf nicht negativ sein.",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(amount__isnull=False),
                name="noticeversion_granted",
                violation_error_message="Eine bewilligte Zuwendung braucht einen Betrag.",
            ),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False, validity__upper_inf=False),
                name="noticeversion_validity",
                violation_error_message="Der Förderzeitraum braucht Anfang und Ende.",
            ),
            models.CheckConstraint(
                condition=Q(holds_from__isnull=True) | Q(validity__contains=F("holds_from")),
                name="noticeversion_holds",
                violation_error_message="„Gilt ab“ liegt im Förderzeitraum.",
            ),
            SameBody("notice"),
            SameBody("source"),
        ]

    @classmethod
    def visible_to(cls, scope: Scope) -> NoticeVersionQuerySet:
        return cast(NoticeVersionQuerySet, super().visible_to(scope))

    def __str__(self) -> str:
        return f"{self.notice}, {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return self.notice.get_absolute_url()

    @property
    def starts(self) -> date:
        """The first day on which what it says holds."""
        first: date = self.holds_from or self.validity.lower
        return first

    @property
    def is_granted(self) -> bool:
        return self.state == self.State.GRANTED

    @property
    def state_label(self) -> str:
        """Its state in words; a Bescheid that came after another is "geändert"."""
        after = any(one.number < self.number and one.is_granted for one in self.notice.held())
        return self.AMENDED if self.is_granted and after else str(self.get_state_display())

    def clean(self) -> None:
        if self.state == self.State.GRANTED and self.source.date is None:
            raise ValidationError({"state": "Ein bewilligter Bescheid braucht ein Datum."})

    def years(self) -> list[int]:
        """The budget years that the Förderzeitraum touches."""
        return list(range(self.validity.lower.year, (self.validity.upper - self.validity.upper.resolution).year + 1))


@tracked()
class YearAmount(BodyRow):
    """What a version says of a single budget year, where it says it; together they are its amount."""

    part_of = "notice_version"

    notice_version = models.ForeignKey(
        NoticeVersion, models.PROTECT, related_name="year_amounts", verbose_name="Fassung der Zuwendung"
    )
    year = models.PositiveSmallIntegerField("Haushaltsjahr")
    amount = EuroModelField("Betrag", validators=[positive])

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Betrag eines Haushaltsjahres", "Beträge der Haushaltsjahre"
        ordering: ClassVar = ["year"]
        triggers = [
            *BodyRow.Meta.triggers,
            YEARS_ADD_UP,
            closed_year(
                f"daterange(make_date({{row}}.year, 1, 1), make_date({{row}}.year + 1, 1, 1)) * {HELD_BY_VERSION}"
            ),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("amount", "yearamount_amount"),
            models.UniqueConstraint(
                fields=["body", "notice_version", "year"],
                name="yearamount_once",
                violation_error_message="Für dieses Haushaltsjahr steht schon ein Betrag.",
            ),
            SameBody("notice_version"),
        ]

    def __str__(self) -> str:
        return f"{self.notice_version} {self.year}"
