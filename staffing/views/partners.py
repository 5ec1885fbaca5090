"""Pages of those who employ and of the Kommunen: lists, and everything about one of them on one page."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from kim.access.request import Request
from kim.access.rules import may
from kim.access.views import RuleView
from kim.figures import FTE, Value, about, column, findings, known_total, total
from kim.history.trail import entries_about
from kim.lists import ListPage
from kim.models import Reminder
from kim.pages.forms import DescriptionPage, RemovePage
from kim.pages.rows import EditRowPage, NewRowPage
from kim.studio import documents
from staffing.figures.groups import Part
from staffing.filters import paid_posts
from staffing.forms import CarrierForm, ContactForm, MunicipalityForm
from staffing.models import BodyMunicipality, Carrier, PositionPeriod
from staffing.tables import CarrierTable, MunicipalityTable


def posts_of(request: Request, chosen: dict[str, Any] | None = None, *, derived: bool) -> QuerySet[Any]:
    """The posts of the working date, narrowed to programmes that are chosen; derived: with what their sources need."""
    rows = PositionPeriod.visible_to(request).as_of(request.stand).with_status(request.stand).with_served(keys=True)
    if programmes := (chosen or {}).get("programm"):
        rows = rows.filter(position__in=paid_posts(request, programmes))
    if not derived:
        return rows
    rows = rows.select_related("position__function", "carrier", "basis").prefetch_related("locations")
    return rows.order_by("position__number")


@dataclass(frozen=True)
class Sums:
    """Size (FTE), what of it is filled (FTE) and annual amount (EUR) of some posts: as values that know their
    operands, or as mere numbers."""

    fte: Value | Decimal
    filled: Value | Decimal
    amount: Value


def summed(name: str, parts: list[Part], values: dict[str, dict[int, Any]] | None) -> Sums:
    """The sums of some posts, or of shares of them: with values, as values that know their operands, else as mere sums,
    which a list of hundreds of rows shows."""
    amounts: list[Decimal | None] = [part.of(part.row.annual) for part in parts]  # type: ignore[attr-defined]  # with_posts
    filled = [part.thousandths(part.row.filled) for part in parts]  # type: ignore[attr-defined]  # with_status
    if values is None:
        known = [one for one in amounts if one is not None]
        amount = sum(known, Decimal(0)) if known or not parts else None
        return Sums(
            fte=sum((part.fte() for part in parts), Decimal(0)),
            filled=sum(filled, Decimal(0)),
            amount=Value(name, amount, missing=len(parts) - len(known)),
        )
    return Sums(
        fte=total(name, *(part.size() for part in parts), unit=FTE),
        filled=total(
            name,
            *(part.shared(values["filled"][part.row.pk], one) for part, one in zip(parts, filled, strict=True)),
            unit=FTE,
        ),
        amount=known_total(
            name, *(part.shared(values["amount"][part.row.pk], one) for part, one in zip(parts, amounts, strict=True))
        ),
    )


def with_posts(request: Request, rows: list[Any], chosen: dict[str, Any] | None = None, *, derived: bool) -> list[Any]:
    """Anstellungsträger or Kommunen, each with its posts of the day and their sums; derived: the sums with where they
    come from. A fixed number of queries."""
    posts = list(posts_of(request, chosen, derived=derived))
    values = None
    if derived:
        names = {"filled": "position.filled", "amount": "position.annual_amount"}
        values = {key: column(name, posts, request.stand) for key, name in names.items()}
    for post, annual in zip(posts, annual_amounts(posts, request, values), strict=True):
        post.annual = annual
    mine: dict[int, list[Any]] = {}
    for post in posts:
        for key in keys_of(post, rows):
            mine.setdefault(key, []).append(post)
    for row in rows:
        if row.attached_as == Carrier.attached_as:
            row.all_posts = mine.get(row.pk, [])
            row.sums = summed(row.name, [Part(post) for post in row.all_posts], values)
        else:
            row.all_posts = mine.get(row.municipality_id, [])
            parts = [Part.for_municipality(post, row.municipality_id) for post in row.all_posts]
            alone = [part for part in parts if part.shares or len(part.row.served_keys) == 1]
            together = [part for part in parts if not part.shares and len(part.row.served_keys) > 1]
            row.alone, row.shared = summed(str(row), alone, values), summed(f"{row}, gemeinsam", together, values)
        row.posts = len(row.all_posts)
    return rows


def keys_of(post: Any, rows: list[Any]) -> list[int]:
    """Whose post it is: its Anstellungsträger, or the Kommunen it serves."""
    if rows and rows[0].attached_as == Carrier.attached_as:
        return [post.carrier_id] if post.carrier_id else []
    return list(post.served_keys)


def annual_amounts(posts: list[Any], request: Request, values: dict[str, dict[int, Any]] | None) -> list[Any]:
    """The annual amount of each post as a number."""
    if values is not None:
        return [values["amount"][post.pk].value for post in posts]
    plain = column("position.annual_amount", posts, request.stand, derived=False)
    return [plain[post.pk] for post in posts]


class Partners(ListPage):
    """A list whose rows get the sums of their posts."""

    rule = "staffing.view"

    def complete(self, request: Request, rows: list[Any], chosen: dict[str, Any]) -> list[Any]:
        return with_posts(request, rows, chosen, derived="herkunft" in request.GET)


class Carriers(Partners):
    """The Anstellungsträger of the body."""

    table_class = CarrierTable

    def rows(self, request: Request) -> QuerySet[Any]:
        return Carrier.visible_to(request)


class Municipalities(Partners):
    """The Kommunen the body works with."""

    table_class = MunicipalityTable

    def rows(self, request: Request) -> QuerySet[Any]:
        return BodyMunicipality.visible_to(request)


def partner_of(request: Request, model: Any, slug: str) -> Any:
    """The body's Anstellungsträger or Kommune; foreign and missing are the same 404."""
    try:
        return model.find(request.acting_body, slug)
    except model.DoesNotExist as error:
        raise Http404 from error


class PartnerPage(RuleView):
    """Posts, VZÄ, money by year, contact, papers and open points of one partner."""

    rule = "staffing.view"
    model: Any
    list_url: str

    @classmethod
    def station(cls, request: Request, **kwargs: Any) -> str:
        return str(partner_of(request, cls.model, kwargs["slug"]))

    def get(self, request: Request, slug: str) -> HttpResponseBase:
        partner = with_posts(request, [partner_of(request, self.model, slug)], derived=True)[0]
        periods = PositionPeriod.visible_to(request).filter(**self.condition(partner)).select_related("position")
        ever = sorted({row.position for row in periods}, key=lambda p: p.number)
        there = [p.position for p in partner.all_posts]
        hints = may(request, "findings.view")
        figures, problems = [], []
        for entry in about(self.model):
            for arguments in entry.arguments(partner, request.stand) if entry.arguments else []:
                try:
                    figures.append((entry, entry(**arguments)))
                except ValidationError as error:
                    problems += error.messages
        context = {
            "partner": partner,
            "key": slug,
            "title": str(partner),
            "list_url": self.list_url,
            "is_carrier": self.model is Carrier,
            "figures": figures,
            "problems": problems,
            "papers": documents.citing(request, {p.number for p in ever}) if ever else [],
            "findings_of_posts": findings.on_any(there, request.acting_body, request.stand) if hints else [],
            "reminders_of_posts": Reminder.visible_to(request).filter(
                subject_kind="stelle", subject_id__in=[p.pk for p in ever], done=False
            ).select_related("user"),
            "story": entries_about([partner], user=request.user),
        }  # fmt: skip
        return render(request, "staffing/partner.html", context | self.more(request, partner))

    def condition(self, partner: Any) -> dict[str, Any]:
        """Which periods of posts are about this partner."""
        raise NotImplementedError

    def more(self, request: Request, partner: Any) -> dict[str, Any]:
        return {}


class CarrierPage(PartnerPage):
    """One Anstellungsträger."""

    model, list_url = Carrier, "carriers"

    def condition(self, partner: Any) -> dict[str, Any]:
        return {"carrier": partner}


class MunicipalityPage(PartnerPage):
    """One Kommune: what serves it, and where people are advised."""

    model, list_url = BodyMunicipality, "municipalities"

    def condition(self, partner: Any) -> dict[str, Any]:
        return {"served__municipality": partner.municipality}

    def more(self, request: Request, partner: Any) -> dict[str, Any]:
        employers = {p.carrier.pk: p.carrier for p in partner.all_posts if p.carrier}
        here = {None, partner.municipality_id}
        places = [place for p in partner.all_posts for place in p.locations.all() if place.municipality_id in here]
        return {"employers": sorted(employers.values(), key=lambda c: c.sort_key), "places": places}


class ContactPage(DescriptionPage):
    """How to reach the office of an Anstellungsträger; words, no figures."""

    rule = "staffing.edit"
    form_class = ContactForm
    title = "Kontakt der Dienststelle"

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Carrier:
        found: Carrier = partner_of(request, Carrier, kwargs["slug"])
        return found


class NewCarrier(NewRowPage):
    """A new Anstellungsträger."""

    rule = "staffing.edit"
    form_class = CarrierForm
    title = "Neuer Anstellungsträger"


class EditCarrier(EditRowPage):
    """An Anstellungsträger is called otherwise, or has moved."""

    rule = "staffing.edit"
    form_class = CarrierForm

    def instance(self, request: Request, *args: Any, **kwargs: Any) -> Carrier:
        found: Carrier = partner_of(request, Carrier, kwargs["slug"])
        return found


class RemoveCarrier(RemovePage):
    """One that was entered by mistake."""

    rule = "staffing.edit"

    def instance(self, request: Request, **kwargs: Any) -> Carrier:
        found: Carrier = partner_of(request, Carrier, kwargs["slug"])
        return found

    def done(self) -> str:
        return reverse("carriers")


class NewMunicipality(NewRowPage):
    """A further Kommune of the body."""

    rule = "staffing.edit"
    form_class = MunicipalityForm
    title, natural = "Weitere Kommune", ""


class RemoveMunicipality(RemovePage):
    """A Kommune that the body does not work with."""

    rule = "staffing.edit"

    def instance(self, request: Request, **kwargs: Any) -> BodyMunicipality:
        found: BodyMunicipality = partner_of(request, BodyMunicipality, kwargs["slug"])
        return found

    def done(self) -> str:
        return reverse("municipalities")
