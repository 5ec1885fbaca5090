"""What posts refer to: Kommunen, functions, and who employs."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse

from kim.models import Body, BodyRow, EndingRow, NamedReference, sort_key
from kim.models.versioned import Versioned, counted, tracked
from kim.values.periods import today
from staffing.models.guards import HOURS_FIXED


@tracked()
class Municipality(Versioned):
    """A Kommune, by its official key (AGS); the same for all bodies."""

    ags = models.CharField("AGS", max_length=8, unique=True)
    name = models.CharField("Name", max_length=80, unique=True)
    short_name = models.CharField("Kurzname im Satz", max_length=80)
    slug = models.SlugField("Kurzname in Adressen", max_length=80, unique=True)
    district = models.CharField("Kreis", max_length=80, blank=True, default="", db_default="")
    sort_key = sort_key()

    class Meta(Versioned.Meta):
        verbose_name, verbose_name_plural = "Kommune", "Kommunen"
        ordering: ClassVar = ["sort_key"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ags__regex=r"^[0-9]{8}$"),
                name="municipality_ags",
                violation_error_message="Der AGS hat acht Ziffern.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class BodyMunicipality(BodyRow):
    """A Kommune that a body works with; only these are offered in its lists."""

    attached_as = "kommune"

    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="uses", verbose_name="Kommune")

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Kommune der Körperschaft", "Kommunen der Körperschaft"
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "municipality"],
                name="bodymunicipality_once",
                violation_error_message="Diese Kommune ist schon eingetragen.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.municipality)

    def used_by(self) -> list[str]:
        """Also the posts that serve it, the Beratungsorte in it and the lines of Umverteilungen that name it."""
        found = super().used_by()
        for relation in Municipality._meta.related_objects:
            model: Any = relation.related_model
            if model is BodyMunicipality or not hasattr(model, "scope_key"):
                continue
            rows = model._base_manager.filter(body=self.body_id, **{relation.field.name: self.municipality_id})
            if count := rows.count():
                found.append(counted(count, model))
        return found

    def get_absolute_url(self) -> str:
        return reverse("municipality", args=[self.municipality.slug])

    @classmethod
    def find(cls, body: Body, slug: str) -> "BodyMunicipality":
        """The body's Kommune with this short name; BodyMunicipality.DoesNotExist otherwise."""
        return cls._default_manager.select_related("municipality").get(body=body, municipality__slug=slug)


@tracked()
class Function(NamedReference):
    """What a post is for; carries the Baustein of the programme."""

    slug = models.SlugField("Kurzname", max_length=60, blank=True)
    name = models.CharField("Funktion", max_length=80)
    module = models.CharField("Baustein", max_length=40)

    class Meta(NamedReference.Meta):
        verbose_name, verbose_name_plural = "Funktion", "Funktionen"
        ordering: ClassVar = ["module", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["body", "name"],
                nulls_distinct=False,
                name="function_name",
                violation_error_message="Diese Funktion gibt es schon.",
            ),
            models.UniqueConstraint(
                fields=["body", "slug"],
                nulls_distinct=False,
                name="function_slug",
                violation_error_message="Diesen Kurznamen hat schon eine andere Funktion.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("function", args=[self.slug])


@tracked()
class Carrier(EndingRow, BodyRow):
    """An Anstellungsträger: who employs the person on a post."""

    attached_as = "traeger"

    class Kind(models.TextChoices):
        OWN = "own", "eigene Körperschaft"
        MUNICIPALITY = "municipality", "Kommune"
        WELFARE = "welfare", "Wohlfahrtsverband"
        ASSOCIATION = "association", "eingetragener Verein"
        COMPANY = "company", "gGmbH"
        COOPERATIVE = "cooperative", "Genossenschaft"
        FOUNDATION = "foundation", "Stiftung"
        PARISH = "parish", "Kirchengemeinde"
        PUBLIC = "public", "Zweckverband oder Anstalt"
        OTHER = "other", "sonstiger Träger"

    slug = models.SlugField("Kurzname in Adressen", max_length=60)
    name = models.CharField("Name", max_length=200)
    short_name = models.CharField("Kurzname", max_length=80)
    kind = models.CharField("Art", max_length=14, choices=Kind)
    article = models.CharField(
        "Artikel", max_length=3, choices=[("der", "der"), ("die", "die"), ("das", "das")], default="die"
    )
    sentence_name = models.CharField(
        "Name nach dem Artikel",
        max_length=200,
        blank=True,
        help_text="Nur wenn er sich beugt: „Deutsche Rote Kreuz …“ nach „das“.",
    )
    street = models.CharField("Straße und Hausnummer", max_length=120, blank=True)
    postal_code = models.CharField("PLZ", max_length=10, blank=True)
    locality = models.CharField("Ort", max_length=80, blank=True)
    email = models.EmailField("E-Mail der Stelle", blank=True)
    phone = models.CharField("Telefon der Stelle", max_length=40, blank=True)
    ends_on = models.DateField(
        "besteht bis",
        null=True,
        blank=True,
        help_text="Letzter Tag; danach wird er nicht mehr angeboten. Leer: besteht weiter.",
    )
    weekly_hours = models.DecimalField(
        "Wochenstunden einer vollen Stelle", max_digits=4, decimal_places=2, null=True, blank=True
    )
    sort_key = sort_key()

    class Meta(BodyRow.Meta):
        verbose_name, verbose_name_plural = "Anstellungsträger", "Anstellungsträger"
        ordering: ClassVar = ["sort_key"]
        triggers = [*BodyRow.Meta.triggers, HOURS_FIXED]
        constraints: ClassVar = [
            *BodyRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["body", "name"],
                name="carrier_name",
                violation_error_message="Einen Anstellungsträger mit diesem Namen gibt es schon.",
            ),
            models.UniqueConstraint(
                fields=["body", "slug"],
                name="carrier_slug",
                violation_error_message="Diesen Kurznamen hat schon ein anderer Anstellungsträger.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("carrier", args=[self.slug])

    @classmethod
    def find(cls, body: Body, slug: str) -> "Carrier":
        """The body's Anstellungsträger with this short name; Carrier.DoesNotExist otherwise."""
        return cls._default_manager.get(body=body, slug=slug)

    @classmethod
    def offered(cls, body: Body, *, also: int | None = None) -> "models.QuerySet[Carrier]":
        """Those that a post can be given to: who still exists on the body's day, and the one that has it (also)."""
        return cls.there_on(cls._default_manager.filter(body=body), today(body), also)

    def forms(self) -> dict[str, str]:
        """The name in a sentence: with its article in the first, third and fourth case, and short.

        A name that is inflected after the article has no third case here: it would come out wrong.
        """
        name = self.sentence_name or self.name
        accusative = {"der": "den"}.get(self.article, self.article)
        dative = {"die": "der"}.get(self.article, "dem")
        found = {
            "nominative": f"{self.article} {name}",
            "accusative": f"{accusative} {name}",
            "short": self.short_name,
        }
        return found if self.sentence_name else found | {"dative": f"{dative} {name}"}
