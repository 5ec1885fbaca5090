"""The Wappen or logo in the letterhead of a body: one picture, ready to be printed."""

import hashlib
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from kim.models.base import BodyRow
from kim.models.bodies import Body
from kim.models.refusals import CONFLICT
from kim.models.versioned import tracked


@tracked()
class Logo(BodyRow):
    """A picture as PNG, drawn anew from what was uploaded (kim.studio.logos). Releases keep the one they printed; the
    history keeps them all, so that a choice can be taken back."""

    content = models.BinaryField("Bild")
    width = models.PositiveSmallIntegerField("Breite in Bildpunkten")
    height = models.PositiveSmallIntegerField("Höhe in Bildpunkten")
    sha256 = models.CharField("Prüfsumme (SHA-256)", max_length=64)

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Wappen oder Logo", "Wappen oder Logos"
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(fields=["body"], name="logo_once", violation_error_message=CONFLICT),
        ]

    def __str__(self) -> str:
        return f"{self.width} × {self.height} Bildpunkte"

    @classmethod
    def of(cls, body: Body) -> "Logo | None":
        """The picture of a body; None if it prints none. One query."""
        return cls.objects.filter(body=body).first()

    @classmethod
    def keep(cls, body: Body, content: bytes, size: tuple[int, int], *, shown: str) -> "Logo":
        """From now on the body prints this picture (a PNG, width and height in dots).

        shown: the checksum of the picture that was there when the page was shown, empty if there was none.
        ValidationError if another has put a picture there meanwhile.
        """
        row = cls.of(body) or cls(body=body)
        if row.sha256 != shown:
            raise ValidationError(CONFLICT, code="version")
        row.content, row.sha256 = content, hashlib.sha256(content).hexdigest()
        row.width, row.height = size
        return row.save_as("Wappen oder Logo gewählt")
