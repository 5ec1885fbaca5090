"""Every event of a body in one place, to be searched: a view of the database over all event tables."""

from typing import ClassVar

from django.db import models


class TrailEvent(models.Model):
    """One event of any model: a row of the view that kim.store.migrating.statements builds from the models. Read-only.

    subject_kind, subject_id: the object with a page that the row belongs to. figures: an amount, a size, a date or a
    period came, went or changed.
    """

    id = models.BigIntegerField("Nummer", primary_key=True)
    model = models.CharField("Daten", max_length=60)
    label = models.CharField("Ereignis", max_length=10)
    created_at = models.DateTimeField("Zeitpunkt")
    act = models.UUIDField("Vorgang")
    user_id = models.BigIntegerField("Person", null=True)
    act_name = models.CharField("Vorgangsart", max_length=60)
    rule = models.CharField("Recht", max_length=40)
    subject_kind = models.CharField("Art des Gegenstands", max_length=20)
    subject_id = models.BigIntegerField("Gegenstand", null=True)
    figures = models.BooleanField("Zahlen")

    class Meta:
        managed = False
        db_table = "kim_trail"
        verbose_name, verbose_name_plural = "Ereignis", "Ereignisse"
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.model} {self.label}"
