"""Notices, what they fund, and which posts are paid from them."""

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from grants.models.budget import SubProduct
from grants.models.programmes import FundingProgramme, ProgrammeModule, Rate
from kim.formats import fte
from kim.history import SENTENCES, refusable, tracked
from kim.models import Body, BodyRow, SameBody, Source, closed_year
from kim.money import EuroColumn, FteColumn, exact, positive, rounded
from kim.periods import PeriodField, PeriodQuerySet, last_day
from kim.permissions import note
from staffing.models import Function, Position

FUNDED_TWICE_WORDS = "Die Stelle wird in diesem Zeitraum schon aus einer anderen Zuwendung gefördert."
SENTENCES["funded_twice"] = FUNDED_TWICE_WORDS

# Money for the same post and time from two notices (double funding, § 9 (4) TIntG). The posts are locked first, in
# the order of their keys: two transactions that each add one funding would otherwise not see each other.
TWICE = """
    PERFORM 1 FROM staffing_position WHERE id IN ({posts}) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM grants_funding f
            JOIN grants_noticeitem i ON i.id = f.item_id JOIN grants_fundingnotice n ON n.id = i.notice_id
            JOIN grants_funding g ON g.position_id = f.position_id AND g.id > f.id
            JOIN grants_noticeitem j ON j.id = g.item_id JOIN grants_fundingnotice m ON m.id = j.notice_id
        WHERE f.position_id IN ({posts}) AND n.validity && m.validity
            AND n.state <> 'revoked' AND m.state <> 'revoked'
    ) THEN
        RAISE EXCEPTION 'funded twice' USING ERRCODE = '23514', CONSTRAINT = 'funded_twice';
    END IF;
    RETURN NULL;
"""
FUNDED_TWICE = pgtrigger.Trigger(
    name="funded_twice",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    timing=pgtrigger.Deferred,
    func=TWICE.format(posts="NEW.position_id"),
)
FUNDED_TWICE_BY_NOTICE = pgtrigger.Trigger(
    name="funded_twice",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Deferred,
    func=TWICE.format(
        posts="SELECT position_id FROM grants_funding JOIN grants_noticeitem o ON o.id = item_id"
        " WHERE o.notice_id = NEW.id"
    ),
)


SENTENCES["notice_rated"] = "Eine bewilligte Zuwendung braucht zu jeder Position einen Fördersatz."


def rated(notice: str) -> pgtrigger.Trigger:
    """A granted notice has a rate for each of its items; ``notice`` is SQL for its key."""
    return pgtrigger.Trigger(
        name="rated",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
            PERFORM 1 FROM grants_fundingnotice WHERE id = {notice} FOR NO KEY UPDATE;
            IF EXISTS (SELECT FROM grants_noticeitem i JOIN grants_fundingnotice n ON n.id = i.notice_id
                WHERE n.id = {notice} AND n.state IN ('granted', 'amended') AND i.rate_id IS NULL) THEN
                RAISE EXCEPTION 'no rate' USING ERRCODE = '23514', CONSTRAINT = 'notice_rated';
            END IF;
            RETURN NULL;
        """,
    )


@tracked()
class FundingNotice(BodyRow):
    """A Zuwendungsbescheid, from its planning to its end; its number, title and date stand in its Source."""

    attached_as = "zuwendung"

    class State(models.TextChoices):
        PLANNED = "planned", "geplant"
        APPLIED = "applied", "beantragt"
        ANNOUNCED = "announced", "angekündigt"
        GRANTED = "granted", "bewilligt"
        AMENDED = "amended", "geändert"
        REVOKED = "revoked", "aufgehoben"

    class Instrument(models.TextChoices):
        GRANT = "grant", "Zuwendung"
        LUMP_SUM = "lump_sum", "fachbezogene Pauschale"
        STATUTORY = "statutory", "gesetzliche Zuweisung"

    class Proration(models.TextChoices):
        MONTHS = "months", "nach Monaten (Monate/12)"
        DAYS = "days", "nach Tagen (Tage/365 oder 366)"
        NONE = "none", "gar nicht (Jahresbetrag bleibt)"

    COUNTED = (State.GRANTED, State.AMENDED)

    source = models.OneToOneField(Source, models.PROTECT, related_name="notice", verbose_name="Beleg")
    slug = models.SlugField("Kurzname in Adressen", max_length=60)
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
    state = models.CharField("Stand", max_length=10, choices=State)
    instrument = models.CharField("Förderart", max_length=10, choices=Instrument)
    funder = models.CharField("Bewilligende Stelle", max_length=160)
    validity = PeriodField("Förderzeitraum")
    amount = EuroColumn("Betrag", null=True, blank=True, validators=[positive])
    approximate = models.BooleanField("Betrag nur ungefähr („rund“)", default=False)
    sub_product = models.ForeignKey(
        SubProduct,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name="Teilprodukt",
    )
    proration = models.CharField(
        "Teilzeiträume rechnet der Bescheid",
        max_length=6,
        choices=Proration,
        blank=True,
        default="",
        db_default="",
        help_text="Leer: keine Angabe; gerechnet wird dann nach Monaten, als Annahme.",
    )
    note = models.TextField("Bemerkung", blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Zuwendung", "Zuwendungen"
        triggers = [
            *BodyRow.Meta.triggers,
            FUNDED_TWICE_BY_NOTICE,
            rated("NEW.id"),
            closed_year("{row}.validity", free=("note", "slug")),
        ]
        ordering: ClassVar = ["-validity", "slug"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "slug"],
                name="fundingnotice_slug",
                violation_error_message="Diesen Kurznamen hat schon eine andere Zuwendung.",
            ),
            exact("amount", "fundingnotice_amount"),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(amount__isnull=True),
                name="fundingnotice_positive",
                violation_error_message="Der Betrag darf nicht negativ sein.",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("granted", "amended", "revoked")) | Q(amount__isnull=False),
                name="fundingnotice_granted",
                violation_error_message="Eine bewilligte Zuwendung braucht einen Betrag.",
            ),
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False, validity__upper_inf=False),
                name="fundingnotice_validity",
                violation_error_message="Der Förderzeitraum braucht Anfang und Ende.",
            ),
            SameBody("source"),
            SameBody("sub_product"),
        ]

    def __str__(self) -> str:
        return self.source.title

    def get_absolute_url(self) -> str:
        return reverse("notice", args=[self.slug])

    @classmethod
    def find(cls, body: Body, slug: str) -> "FundingNotice":
        """The body's notice with this short name; FundingNotice.DoesNotExist otherwise."""
        return cls._default_manager.select_related("source", "programme", "sub_product").get(body=body, slug=slug)

    def published_rates(self) -> "dict[NoticeItem, Rate]":
        """For items whose rate is not known: the Fördersatz that is published for the first day by now. Two queries."""
        open_items = list(self.items.filter(rate__isnull=True).select_related("function"))
        rates = Rate.objects.filter(programme=self.programme, validity__contains=self.validity.lower)
        known = {rate.function_id: rate for rate in rates.select_related("function")}
        return {item: known[item.function_id] for item in open_items if item.function_id in known}

    @transaction.atomic
    def take_rates(self) -> list[Rate]:
        """Put the rates that are published by now at the items that had none. ValidationError if there is none."""
        found = self.published_rates()
        if not found:
            raise ValidationError("Für diese Zuwendung ist kein Fördersatz veröffentlicht, der noch fehlt.")
        note(act="Fördersätze übernommen", reason="; ".join(f"{rate} ({rate.source})" for rate in found.values()))
        with refusable():
            for item, rate in found.items():
                item.rate = rate
                item.full_clean()
                item.save()
            self.fill_budget()
        return list(found.values())

    def fill_budget(self) -> None:
        """Ansätze that waited for the rates get their amounts."""
        from grants.models.planning import fill_lines

        if self.sub_product and self.validity.lower:
            fill_lines(self.body, self.validity.lower.year, self.sub_product)

    def clean(self) -> None:
        if self.state in self.COUNTED and self.source.date is None:
            raise ValidationError({"state": "Ein bewilligter Bescheid braucht ein Datum."})
        last = last_day(self.validity) if self.validity else None
        if last and self.validity.lower and last.year != self.validity.lower.year:
            words = "Der Förderzeitraum muss in einem Haushaltsjahr liegen; sonst je Jahr eine Zuwendung erfassen."
            raise ValidationError({"validity": words})


@tracked()
class NoticeItem(BodyRow):
    """What a notice funds: so many FTE of a function at a rate; the amount is derived and compared (rule G1)."""

    notice = models.ForeignKey(FundingNotice, models.PROTECT, related_name="items", verbose_name="Zuwendung")
    function = models.ForeignKey(Function, models.PROTECT, related_name="items", verbose_name="Funktion")
    fte = FteColumn("VZÄ")
    rate = models.ForeignKey(
        Rate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="items",
        verbose_name="Fördersatz",
        help_text="Leer heißt: noch nicht bekannt; nur solange nichts bewilligt ist.",
    )

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Position der Zuwendung", "Positionen der Zuwendung"
        ordering: ClassVar = ["function__name"]
        triggers = [
            *BodyRow.Meta.triggers,
            closed_year("(SELECT n.validity FROM grants_fundingnotice n WHERE n.id = {row}.notice_id)"),
            rated("NEW.notice_id"),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            exact("fte", "noticeitem_fte", places=3, above=0),
            models.UniqueConstraint(
                fields=["body", "notice", "function"],
                name="noticeitem_function",
                violation_error_message="Diese Funktion steht schon in der Zuwendung.",
            ),
            SameBody("notice"),
        ]

    def __str__(self) -> str:
        return f"{fte(self.fte)} VZÄ {self.function}"

    def amount(self) -> Decimal | None:
        """EUR a year: FTE × rate; None while the rate is not known.

        >>> NoticeItem(fte=Decimal(12), rate=Rate(amount=Decimal(57000), per_fte=Decimal(1))).amount()
        Decimal('684000.00')
        """
        return rounded(self.fte * self.rate.amount / self.rate.per_fte) if self.rate else None

    def clean(self) -> None:
        if self.rate and self.function_id and self.rate.function_id != self.function_id:
            raise ValidationError({"rate": "Der Fördersatz gilt für eine andere Funktion."})


@tracked()
class Funding(BodyRow):
    """A post is paid from an item of a notice, in the notice's period."""

    item = models.ForeignKey(NoticeItem, models.PROTECT, related_name="funding", verbose_name="aus Zuwendung")
    position = models.ForeignKey(Position, models.PROTECT, related_name="funding", verbose_name="Stelle")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Förderung einer Stelle", "Förderungen von Stellen"
        triggers = [
            *BodyRow.Meta.triggers,
            FUNDED_TWICE,
            closed_year(
                "(SELECT n.validity FROM grants_fundingnotice n JOIN grants_noticeitem i ON i.notice_id = n.id"
                " WHERE i.id = {row}.item_id)"
            ),
        ]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "item", "position"],
                name="funding_once",
                violation_error_message="Die Stelle wird aus dieser Zuwendung schon gefördert.",
            ),
            SameBody("item"),
            SameBody("position"),
        ]

    def __str__(self) -> str:
        return f"{self.position} aus {self.item}"

    @classmethod
    def hand_over(cls, givers: list[Position], position: Position, span: Any) -> None:
        """A new post is paid from what pays the posts that give, in every notice that touches its time.

        ValidationError if they are paid differently: nobody can say from what the new post is paid then.
        """
        items = NoticeItem.objects.filter(funding__position__in=givers, notice__validity__overlap=span)
        items = items.exclude(notice__state=FundingNotice.State.REVOKED)
        found = list(items.filter(function=position.function).select_related("notice").distinct())
        paying = cls.objects.filter(item__in=found, position__in=givers).count()
        if paying != len(found) * len(givers):
            raise ValidationError(
                "Die Stellen, die abgeben, werden verschieden gefördert. Bitte je Zuwendung eine Umverteilung anlegen."
            )
        for item in found:
            row = cls(body=position.body, item=item, position=position)
            row.full_clean()
            row.save()

    def clean(self) -> None:
        """One third-party funder per post and time (double funding, § 9 (4) TIntG)."""
        if not (self.item_id and self.position_id):
            return
        if self.item.function_id != self.position.function_id:
            raise ValidationError({"item": "Die Zuwendung fördert eine andere Funktion als die der Stelle."})
        other = Funding.objects.filter(
            body=self.body,
            position=self.position,
            item__notice__validity__overlap=self.item.notice.validity,
        ).exclude(pk=self.pk)
        other = other.exclude(item__notice__state=FundingNotice.State.REVOKED)
        if other.exists():
            raise ValidationError({"item": FUNDED_TWICE_WORDS})
