"""Reference data: what ships with the program and Systemverwaltung keeps for all bodies, and what a body has added."""

from typing import Any, ClassVar, Self

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from kim.models.base import Addressed
from kim.models.bodies import Body
from kim.models.versioned import Versioned
from kim.store.context import Scope, describe_act


class ReferenceRow(Versioned):
    """A row of a code table. Without a body it holds for all; with one it was added there and is seen only there, until
    Systemverwaltung takes it over. It never goes to another body, and never back."""

    code_table: ClassVar[bool] = True
    body = models.ForeignKey(
        Body, models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name="Körperschaft"
    )

    class Meta(Versioned.Meta):
        abstract = True
        triggers = [
            *Versioned.Meta.triggers,
            pgtrigger.Trigger(
                name="body_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__body__df=pgtrigger.F("new__body"), new__body__isnull=False),
                func="RAISE EXCEPTION 'body' USING ERRCODE = '23000', CONSTRAINT = 'body_fixed';",
            ),
        ]

    @property
    def address(self) -> str:
        """The word for this row in addresses."""
        raise NotImplementedError

    @property
    def owner(self) -> str:
        """Whose row it is, as lists say it."""
        return "eigene" if self.body_id else "für alle"

    @classmethod
    def visible_to(cls, scope: Scope) -> models.QuerySet[Self]:
        """What holds for all, and what the body of the request has added, in this order."""
        rows = cls._default_manager.filter(Q(body=None) | Q(body=scope.acting_body))
        return rows.order_by(F("body").asc(nulls_first=True), *(cls._meta.ordering or ()))

    def above(self) -> list["ReferenceRow"]:
        """The code tables' rows that this one rests on."""
        fields = [one for one in self._meta.concrete_fields if getattr(one.related_model, "code_table", False)]
        return [row for one in fields if (row := getattr(self, one.name, None)) is not None]

    def clean(self) -> None:
        super().clean()
        if self.body_id is None and (own := [row for row in self.above() if row.body_id]):
            words = ", ".join(f"{row._meta.verbose_name} „{row}“" for row in own)
            raise ValidationError(f"Gilt für alle, stützt sich aber auf eigene Zeilen einer Körperschaft: {words}.")

    def validate_constraints(self, exclude: Any = None) -> None:
        """No form shows the body, and Django skips each constraint that names an excluded field."""
        super().validate_constraints(exclude=set(exclude or ()) - {"body"})

    def take_over(self, *, reason: str) -> Self:
        """From now on the row holds for all bodies: the act of Systemverwaltung. ValidationError if it does already,
        rests on rows that a body has added, or if one of the same name holds for all.

        Example: „Sprachmittlung“, added by a Kreis, becomes a Funktion that every body may choose.
        """
        if self.body_id is None:
            raise ValidationError("Diese Zeile gilt schon für alle Körperschaften.")
        describe_act(reason=reason.strip())
        self.body = None
        return self.save_as(f"{self._meta.verbose_name} für alle übernommen")


class NamedReference(Addressed, ReferenceRow):
    """A row of a code table that has a word of its own for addresses: typed by Systemverwaltung, made of the name where
    a body adds one."""

    slug: Any
    name: Any

    class Meta(ReferenceRow.Meta):
        abstract = True

    @property
    def address(self) -> str:
        return str(self.slug)

    def clean(self) -> None:
        super().clean()
        named = type(self)._base_manager.filter(Q(body=None), Q(("name__iexact", self.name)))
        if self.body_id and named.exists():
            raise ValidationError({"name": f"„{self}“ gibt es schon; es gilt für alle Körperschaften."})

    def siblings(self) -> models.QuerySet[Any]:
        """All that the body sees: a word means one row there."""
        return type(self)._base_manager.filter(Q(body=None) | Q(body=self.body_id))
