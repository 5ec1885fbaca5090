"""Fördersätze that are published after a notice was planned, for the positions that had none."""

from django.core.exceptions import ValidationError
from django.db import transaction

from grants.models.items import ItemTerms, taken_from
from grants.models.notices import FundingNotice
from grants.models.programmes import Rate, SeveralRates, fitting
from grants.models.readings import holes
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.values.periods import intersection


class Published:
    """What is published for a position of which a rate is not known: the rates, or the variants to choose from."""

    def __init__(self, terms: ItemTerms, rates: list[Rate], variants: list[str]) -> None:
        self.terms, self.rates, self.variants = terms, rates, variants

    @property
    def field(self) -> str:
        """The name of the choice in a form."""
        return f"variante-{self.terms.pk}"


def published_rates(notice: FundingNotice) -> list[Published]:
    """For positions with days without a rate: what is published for these days by now. Three queries."""
    version = notice.current
    rows = version.terms.filter(fte__isnull=False).select_related("item__function").prefetch_related("rates")
    table = Rate.objects.filter(programme=notice.programme_id, validity__overlap=version.validity)
    rates = list(table.select_related("function"))
    found = []
    for terms in rows.order_by("item__function__name", "pk"):
        open_ = holes([one.price() for one in terms.rates.all()], version.validity)
        mine = [rate for rate in rates if any(intersection(rate.validity, hole.span) for hole in open_)]
        try:
            fits = fitting(mine, terms.item.function_id, terms.item.variant, version.validity)
            variants: list[str] = []
        except SeveralRates:
            fits = [one for one in mine if one.function_id == terms.item.function_id]
            variants = sorted({one.variant for one in fits})
        if fits:
            found.append(Published(terms, fits, variants))
    return found


@transaction.atomic
def take_rates(notice: FundingNotice, chosen: dict[int, str]) -> list[Rate]:
    """Put the rates that are published by now at the positions that had none.

    chosen: the variant for the positions (by key of their terms) for which several fit. ValidationError if there is
    no rate, or a variant is still to be chosen.
    """
    found = published_rates(notice)
    if not found:
        raise ValidationError("Für diese Zuwendung ist kein Fördersatz veröffentlicht, der noch fehlt.")
    taken: list[Rate] = []
    version = notice.current
    with db_errors_as_validation():
        for one in found:
            rates = [r for r in one.rates if not one.variants or r.variant == chosen.get(one.terms.pk)]
            if not rates:
                words = "; ".join(str(rate) for rate in one.rates)
                raise SeveralRates(f"Mehrere Fördersätze passen: {words}. Bitte die Variante wählen.")
            for hole in holes([row.price() for row in one.terms.rates.all()], version.validity):
                for rate in rates:
                    if span := intersection(rate.validity, hole.span):
                        row = taken_from(rate, one.terms, span)
                        row.save_checked()
            taken += rates
        describe_act(act="Fördersätze übernommen", reason="; ".join(f"{rate} ({rate.source})" for rate in taken))
    return taken
