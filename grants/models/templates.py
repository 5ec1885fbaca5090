"""The Muster that Weiterleitungen are written from, for all programmes of a body or for one."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse

from grants.models.notices import FundingNotice, NoticeVersion
from grants.models.programmes import FundingProgramme
from kim.models import Body, BodyRow, Release, SameBody, Text, TextBlock
from kim.models.refusals import db_errors_as_validation
from kim.models.versioned import tracked
from kim.store.context import describe_act
from staffing.models import Carrier


class Basis(models.TextChoices):
    """How money is passed on (Nr. 12 VVG zu § 44 LHO NRW): by Bescheid, or by a contract under public law."""

    NOTICE = "notice", "Weiterleitungsbescheid"
    CONTRACT = "contract", "Weiterleitungsvertrag"


POSTS = "stellen"  # the block that is drawn from the data: which posts, and what they cost
BLOCKS = {
    Basis.NOTICE: [
        ("bewilligung", "Bewilligung"),
        ("zweck", "Zweckbestimmung"),
        (POSTS, "Geförderte Stellen"),
        ("auszahlung", "Auszahlung"),
        ("nebenbestimmungen", "Nebenbestimmungen"),
        ("nachweis", "Verwendungsnachweis"),
        ("rechtsbehelf", "Rechtsbehelfsbelehrung"),
    ],
    Basis.CONTRACT: [
        ("gegenstand", "§ 1 Gegenstand"),
        ("zweck", "§ 2 Zweckbestimmung"),
        (POSTS, "§ 3 Geförderte Stellen"),
        ("auszahlung", "§ 4 Auszahlung"),
        ("nebenbestimmungen", "§ 5 Nebenbestimmungen"),
        ("nachweis", "§ 6 Verwendungsnachweis"),
        ("schluss", "§ 7 Schlussbestimmungen"),
    ],
}
TABLE = "{{onward.posts}}"
SIGNER = ("signer_phrase", "signer_name", "signer_function")


class Signed(models.Model):
    """Who signs it."""

    signer_phrase = models.CharField("Zeichnungsformel", max_length=60, blank=True, help_text="z. B. „Im Auftrag:“")
    signer_name = models.CharField("gezeichnet von", max_length=120, blank=True)
    signer_function = models.CharField("Amt", max_length=80, blank=True)

    class Meta:
        abstract = True


def empty(basis: str) -> list[tuple[str, str, str]]:
    """The blocks of a new Muster: key, heading, and nothing but the table of posts."""
    return [(key, heading, TABLE if key == POSTS else "") for key, heading in BLOCKS[Basis(basis)]]


@tracked(exclude=("signer_name",))
class OnwardTemplate(BodyRow, Signed):
    """The Muster of a body for its Weiterleitungsbescheide or -verträge, for all programmes or for one of
    its own; its figures are read with an example."""

    basis = models.CharField("Form der Weiterleitung", max_length=8, choices=Basis)
    programme = models.ForeignKey(
        FundingProgramme,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="onward_templates",
        verbose_name="Förderprogramm",
        help_text="Leer: für alle Programme, die kein eigenes Muster haben.",
    )
    text = models.OneToOneField(Text, models.PROTECT, related_name="onward_template", verbose_name="Text")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Muster der Weiterleitung", "Muster der Weiterleitung"
        ordering: ClassVar = ["basis"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "basis", "programme"],
                nulls_distinct=False,
                name="onwardtemplate_basis",
                violation_error_message="Dieses Muster gibt es schon.",
            ),
            SameBody("text"),
        ]

    is_open = True

    def __str__(self) -> str:
        programme = f" ({self.programme.short_name})" if self.programme else ""
        return f"Muster {self.get_basis_display()}{programme}"

    @property
    def key(self) -> str:
        """The word for it in addresses. Example: notice.kim; notice, if it is for all programmes."""
        return f"{self.basis}.{self.programme.slug}" if self.programme else self.basis

    @classmethod
    def find(cls, body: Body, key: str) -> "OnwardTemplate | None":
        """The body's Muster with this word in its address, if there is one."""
        basis, _, programme = key.partition(".")
        rows = cls.objects.filter(body=body, basis=basis).select_related("body", "text", "programme")
        return rows.filter(programme__slug=programme).first() if programme else rows.filter(programme=None).first()

    @classmethod
    def fitting(cls, notice: FundingNotice, basis: str) -> "OnwardTemplate | None":
        """The Muster that a Weiterleitung of the notice is written from: that of its programme, else that for all."""
        rows = cls.objects.filter(body=notice.body_id, basis=basis).select_related("text")
        fits = rows.filter(Q(programme=notice.programme_id) | Q(programme=None))
        return fits.order_by(F("programme").asc(nulls_last=True)).first()

    def is_written(self) -> bool:
        """Whether there is any text in it."""
        return any(content.strip() for content in self.text.blocks.values_list("content", flat=True))

    @property
    def name(self) -> str:
        return str(self)

    @property
    def address(self) -> str:
        return f"muster.{self.key}"

    def get_absolute_url(self) -> str:
        return reverse("onward-template", args=[self.key])

    def get_state_display(self) -> str:
        return "Muster"

    def release(self, user: Any, *, shown: str | None = None) -> Release:
        raise ValidationError("Ein Muster wird nicht freigegeben.")

    def example(self) -> "tuple[FundingNotice, Carrier] | None":
        """The newest notice that passes something on, and the first who gets something. Two queries."""
        from staffing.models import Position, PositionPeriod

        rows = PositionPeriod.objects.filter(
            body=self.body, position__kind=Position.Kind.ONWARD, carrier__isnull=False
        ).exclude(carrier__kind=Carrier.Kind.OWN)
        mine = Q(position__funding__item__notice__programme=self.programme) if self.programme else Q()
        row = rows.filter(mine, position__funding__isnull=False).order_by("-validity", "carrier__sort_key").first()
        if row is None or row.carrier is None:
            return None
        paying = NoticeVersion.objects.current().filter(notice__items__funding__position=row.position)
        paying = paying.filter(notice__programme=self.programme) if self.programme else paying
        newest = paying.select_related("notice__programme", "notice__sub_product").order_by("-validity").first()
        return (newest.notice, row.carrier) if newest else None

    @classmethod
    @transaction.atomic
    def begin(cls, body: Body, basis: str, programme: FundingProgramme | None = None) -> "OnwardTemplate":
        """A Muster with headings and nothing else: what it has to say, the house says. That of one programme begins as
        a copy of the one for all. ValidationError if there is one of this form already."""
        made = cls(body=body, basis=basis, programme=programme)
        if cls.find(body, made.key):
            raise ValidationError("Dieses Muster gibt es schon.")
        common = cls.find(body, basis) if programme else None
        describe_act(act="Muster angelegt")
        with db_errors_as_validation():
            text = Text(body=body, name=str(made), public=True)
            text.save_checked()
            made.text = text
            for name in SIGNER if common else ():
                setattr(made, name, getattr(common, name))
            made.save_checked()
            for position, (key, heading, content) in enumerate(common.said() if common else empty(basis), 1):
                row = TextBlock(body=body, text=text, position=position, key=key, heading=heading, content=content)
                row.save_checked()
        return made

    def said(self) -> list[tuple[str, str, str]]:
        """Its blocks: key, heading and words."""
        return list(self.text.blocks.order_by("position").values_list("key", "heading", "content"))
