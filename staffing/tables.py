"""The list of posts on a day."""

import django_tables2 as tables

from kim.figures import EUR, FTE
from kim.tables import AmountColumn, BadgeColumn, DenseTable, FteTableColumn, LinkColumn
from staffing.models import Status

STYLES = {
    Status.FILLED: "success",
    Status.PARTLY: "warning",
    Status.ADVERTISED: "info",
    Status.ADVERTISING_PLANNED: "info",
    Status.VACANT: "warning",
    Status.UNASSIGNED: "warning",
    Status.NOT_STATED: "neutral",
}


class PositionTable(DenseTable):
    """Posts with who employs, who is served, size, annual amount and status."""

    nummer = LinkColumn(accessor="position__number", verbose_name="Stelle")
    traeger = tables.Column(
        accessor="carrier__short_name",
        verbose_name="Anstellungsträger",
        default="noch nicht vergeben",
        order_by="carrier__sort_key",
    )
    kommunen = tables.Column(accessor="served_text", verbose_name="zuständig für", orderable=False)
    art = tables.Column(accessor="kind_label", verbose_name="Art", order_by="position__kind")
    funktion = tables.Column(
        accessor="position__function__name", verbose_name="Funktion", order_by="position__function__name"
    )
    vzae = FteTableColumn(accessor="fte", verbose_name="VZÄ")
    jahresbetrag = AmountColumn(accessor="annual_amount", verbose_name="Jahresbetrag")
    status = BadgeColumn({str(k): v for k, v in STYLES.items()}, dict(Status.choices), accessor="status")

    sums = {"vzae": FTE, "jahresbetrag": EUR}
