"""Forms of a Zuwendung as it comes by post: what stays, what one document says of it, and its positions."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from grants.models import FundingNotice, NoticeItem, NoticeVersion, ProgrammeModule, Rate, SubProduct
from grants.models.amending import Stated
from grants.models.programmes import fitting
from kim.models import Source
from kim.pages.forms import ReasonedForm, ReasonField, VersionedForm
from kim.pages.rows import RowForm
from kim.pages.sheets import LineForm
from kim.values.formats import DateField, EuroField, FteField, LineField, LongTextField, format_day
from kim.values.periods import PeriodFormField, half_open_range, intersection, last_day
from kim.values.uploads import UploadField
from staffing.models import Function

State, Kind = NoticeVersion.State, NoticeItem.Kind
DOCUMENTS = {
    State.PLANNED: Source.Kind.OTHER,
    State.APPLIED: Source.Kind.APPLICATION,
    State.ANNOUNCED: Source.Kind.ANNOUNCEMENT,
}  # all else is a Bescheid
KINDS = list(Kind.choices)


class NoticeForm(RowForm):
    """What stays of a Zuwendung while Bescheide change what it says."""

    class Meta:
        model = FundingNotice
        fields: ClassVar = ["title", "programme", "module", "instrument", "funder", "sub_product", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["title"].help_text = "z. B. „Zuwendungsbescheid KIM 2027“; aus ihr wird die Adresse der Seite."
        fields["funder"].help_text = "z. B. Bezirksregierung Arnsberg"
        fields["module"].queryset = ProgrammeModule.objects.select_related("programme")
        fields["module"].label_from_instance = lambda one: f"{one.programme.short_name}, {one}"
        fields["module"].empty_label = "keine Angabe"
        fields["programme"].empty_label = "bitte wählen"
        fields["sub_product"].queryset = SubProduct.objects.filter(body=self.instance.body)
        fields["sub_product"].empty_label = "noch keines"
        fields["sub_product"].help_text = "Teilprodukte legt die Kämmerei unter „Haushalt“ an."
        fields["note"].widget.attrs["rows"] = 2
        if len(fields["programme"].queryset) == 1:
            fields["programme"].initial = fields["programme"].queryset[0].pk


class DocumentForm(forms.Form):
    """What one document says of a Zuwendung: its number and date, the state it brings, time and amount."""

    state = forms.ChoiceField(label="Verfahrensstand", choices=State.choices, initial=State.GRANTED)
    number = LineField(label="Aktenzeichen des Bescheids", max_length=60, required=False)
    date = DateField(label="vom", required=False, help_text="Datum des Dokuments, z. B. 15.02.2027")
    document_title = LineField(
        label="Titel des Dokuments", max_length=300, required=False, help_text="Leer: wie die Zuwendung heißt."
    )
    file_reference = LineField(label="eigenes Aktenzeichen", max_length=60, required=False)
    validity = PeriodFormField(label="Förderzeitraum", required=True)
    holds_from = DateField(
        label="gilt ab",
        required=False,
        help_text="Leer: vom Beginn des Förderzeitraums an. Bei „aufgehoben“: mit Wirkung ab.",
    )
    amount = EuroField(label="Betrag", required=False, help_text="Was der Bescheid nennt, für den ganzen Zeitraum.")
    approximate = forms.BooleanField(label="Betrag nur ungefähr („rund“)", required=False)
    proration = forms.ChoiceField(
        label="Teilzeiträume rechnet der Bescheid",
        required=False,
        choices=[("", "keine Angabe (dann nach Monaten, als Annahme)"), *NoticeVersion.Proration.choices],
    )
    proration_place = LineField(
        label="Fundstelle der Rechenregel",
        max_length=120,
        required=False,
        help_text="z. B. Nr. 5.2, S. 3 „nach Monaten“",
    )
    conditions = LongTextField(
        label="Nebenbestimmungen und Fristen",
        required=False,
        help_text="z. B. Verwendungsnachweis bis zum 31.03.; wörtlich oder in Stichworten, ohne Namen von Personen.",
    )
    file = UploadField(label="Bescheid als Datei", required=False)
    shown = forms.CharField(widget=forms.HiddenInput, required=False)  # the versions of the rows it was shown with

    def __init__(self, *args: Any, body: Any, first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.body = body
        self.fields["conditions"].widget.attrs["rows"] = 2
        self.fields["file"].help_text = "PDF oder Bild; liegt dann beim Beleg."
        if first:
            del self.fields["holds_from"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        state = data.get("state")
        if state == State.GRANTED and data.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "Ein bewilligter Bescheid nennt einen Betrag.")
        if (
            state in {State.GRANTED, State.REFUSED, State.REVOKED}
            and not data.get("date")
            and "date" not in self.errors
        ):
            self.add_error("date", "Ein Bescheid hat ein Datum.")
        span = data.get("validity")
        if span and (span.lower is None or span.upper is None):
            self.add_error("validity", "Der Förderzeitraum braucht Anfang und Ende.")
        return data

    def put_on_source(self, source: Source, title: str) -> Source:
        """The Beleg with what is typed."""
        data = self.cleaned_data
        source.kind = DOCUMENTS.get(data["state"], Source.Kind.NOTICE)
        source.number, source.date, source.file_reference = data["number"], data["date"], data["file_reference"]
        source.title = data["document_title"] or title
        return source

    def facts(self) -> dict[str, Any]:
        """The columns of the version beside those that its act has names for."""
        return {name: self.cleaned_data[name] for name in ("approximate", "proration_place", "conditions")}


class ItemForm(LineForm):
    """A line of what is granted: staff with VZÄ and rate, or an amount."""

    preset = ("kind",)

    kind = forms.ChoiceField(label="Art", choices=KINDS, initial=Kind.STAFF)
    function = forms.ChoiceField(label="Funktion", required=False)
    variant = LineField(label="Variante", max_length=80, required=False)
    label = LineField(label="Bezeichnung", max_length=120, required=False)
    fte = FteField(label="VZÄ", required=False, above=0)
    rate = EuroField(label="Fördersatz", required=False)
    per_fte = FteField(label="je VZÄ", required=False, above=0)
    since = DateField(label="Satz ab", required=False)
    amount = EuroField(label="Betrag", required=False)

    def __init__(self, *args: Any, functions: dict[str, Function], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.functions = functions
        function: Any = self.fields["function"]
        function.choices = [("", "–"), *((key, one.name) for key, one in functions.items())]

    def clean_function(self) -> Function | None:
        return self.functions.get(self.cleaned_data["function"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        staff = data.get("kind") == Kind.STAFF
        if staff and not data.get("function") and "function" not in self.errors:
            self.add_error("function", "Bitte die Funktion wählen, für die der Bescheid Personal fördert.")
        if staff and data.get("amount") is not None:
            self.add_error("amount", "Personal hat VZÄ und Fördersatz; der Betrag folgt daraus.")
        if staff and data.get("fte") is None and data.get("rate") is None and not {"fte", "rate"} & set(self.errors):
            self.add_error("fte", "Bitte angeben, wie viele VZÄ der Bescheid fördert, z. B. 12 oder 0,5.")
        if not staff and data.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", "Bitte den Betrag angeben.")
        if not staff and (data.get("function") or data.get("fte") is not None):
            self.add_error("function", "Funktion und VZÄ gehören zu Personal.")
        return data

    def identity(self) -> tuple[Any, ...]:
        """What makes it a position of its own: kind, function, variant, label."""
        data = self.cleaned_data
        return data["kind"], data["function"] and data["function"].pk, data["variant"], data["label"]


class Items:
    """The lines of a table as what the document states, position by position."""

    def __init__(self, notice: FundingNotice, span: Any) -> None:
        self.notice, self.span = notice, span
        known = notice.items.all() if notice.pk else ()
        self.there = {(one.kind, one.function_id, one.variant, one.label): one for one in known}

    def stated(self, lines: list[ItemForm]) -> tuple[Stated, ...]:
        """A line with the same position and without VZÄ is a further rate of it. ValidationError with a sentence."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for number, line in enumerate(lines, 1):
            data, key = line.cleaned_data, line.identity()
            if key in found and (data["fte"] is not None or data["kind"] != Kind.STAFF):
                raise ValidationError(f"Zeile {number}: Diese Position steht schon in der Tabelle.")
            if key not in found and data["kind"] == Kind.STAFF and data["fte"] is None:
                raise ValidationError(f"Zeile {number}: Bitte angeben, wie viele VZÄ der Bescheid fördert.")
            one = found.setdefault(key, {"item": self.item(key, data), "line": data, "rates": []})
            if data["rate"] is not None:
                one["rates"].append((data["since"] or self.span.lower, data["rate"], data["per_fte"] or Decimal(1)))
        return tuple(self.one(**facts) for facts in found.values())

    def item(self, key: tuple[Any, ...], data: dict[str, Any]) -> NoticeItem:
        """The position that is there, or a new one."""
        facts = {name: data[name] for name in ("kind", "function", "variant", "label")}
        return self.there.get(key) or NoticeItem(body=self.notice.body, notice=self.notice, **facts)

    def one(self, item: NoticeItem, line: dict[str, Any], rates: list[tuple[date, Decimal, Decimal]]) -> Stated:
        if item.kind != Kind.STAFF:
            return Stated(item, amount=line["amount"])
        if not rates:
            return self.published(item, line["fte"])
        rates.sort(key=lambda rate: rate[0])
        starts = [first for first, _, _ in rates]
        if any(first not in self.span for first in starts) or len(set(starts)) < len(starts):
            ends = f"{format_day(self.span.lower)} bis {format_day(last_day(self.span))}"
            raise ValidationError(f"{item}: Jeder Satz beginnt an einem anderen Tag im Förderzeitraum ({ends}).")
        ends_ = [*starts[1:], self.span.upper]
        spans = [half_open_range(a, b) for a, b in zip(starts, ends_, strict=True)]
        return Stated(item, line["fte"], tuple((s, r, per) for s, (_, r, per) in zip(spans, rates, strict=True)))

    def published(self, item: NoticeItem, fte: Decimal) -> Stated:
        """With the published rates where the document names none; none if nothing is published."""
        table = Rate.objects.filter(programme=self.notice.programme_id, validity__overlap=self.span)
        rates = fitting(table.select_related("function"), item.function_id, item.variant, self.span)
        spans = tuple((intersection(one.validity, self.span), one.amount, one.per_fte) for one in rates)
        return Stated(item, fte, spans, source="; ".join(dict.fromkeys(one.source for one in rates))[:200])


class ReasonForm(forms.Form):
    """Why something that is recorded is corrected."""

    reason = ReasonField("Zahlendreher im Betrag")


class DescriptionForm(VersionedForm):
    """The own Aktenzeichen of what is recorded as a Beleg."""

    class Meta:
        model = Source
        fields: ClassVar = ["file_reference"]
        labels: ClassVar = {"file_reference": "eigenes Aktenzeichen"}


class RuleForm(ReasonedForm):
    """By which rule a notice counts parts of a year, and where that stands."""

    class Meta:
        model = NoticeVersion
        fields: ClassVar = ["proration", "proration_place"]


class CarryForm(forms.Form):
    """Why a year is carried over."""

    reason = ReasonField("Planung des nächsten Förderjahrs")
