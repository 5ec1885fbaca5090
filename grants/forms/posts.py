"""A new funded post: identity, facts and funding in one act."""

from contextlib import suppress
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q

from grants.models import NoticeItem, NoticeVersion
from kim.access.request import Request
from kim.models import POSITION_NUMBER, Source
from kim.pages.forms import ReasonField
from kim.values.formats import DateField, FteField, LineField, LongTextField, format_day, format_fte
from kim.values.periods import last_day
from kim.values.places import PLACE_HELP
from staffing.models import Carrier, Function, Municipality, Position, PositionPeriod


class NewPositionForm(forms.Form):
    """What a new post needs; the function follows from the funding if there is one."""

    number = LineField(label="Stellennummer", max_length=20, validators=[POSITION_NUMBER])
    count = forms.IntegerField(
        label="wie viele",
        min_value=1,
        max_value=50,
        initial=1,
        required=False,
        help_text="Mehrere gleiche in einem Zug; die Nummer zählt weiter: CM-09, CM-10 …",
        error_messages={
            "invalid": "Bitte eine ganze Zahl eingeben, z. B. 6.",
            "min_value": "Mindestens eine Stelle.",
            "max_value": "Höchstens 50 Stellen in einem Zug.",
        },
    )
    kind = forms.ChoiceField(label="Art", choices=Position.Kind.choices)
    item = forms.ModelChoiceField(
        NoticeItem.objects.none(), label="gefördert aus", required=False, empty_label="keine Zuwendung"
    )
    function = forms.ModelChoiceField(
        Function.objects.none(), label="Funktion", required=False, empty_label="wie in der Zuwendung"
    )
    fte = FteField(label="VZÄ", help_text="z. B. 0,5 oder 1/2 oder 50 %", above=0)
    part = FteField(
        label="davon gefördert",
        help_text="Leer: die ganze Stelle. Ein Teil zahlt nur so viele VZÄ, der Rest bleibt für andere Mittel.",
        above=0,
        required=False,
    )
    carrier = forms.ModelChoiceField(
        Carrier.objects.none(),
        label="Anstellungsträger",
        required=False,
        empty_label="noch nicht vergeben",
        help_text="Bei eigenen Stellen gilt ohne Auswahl die eigene Körperschaft.",
    )
    municipalities = forms.ModelMultipleChoiceField(
        Municipality.objects.none(),
        label="zuständig für (Kommunen)",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    stage = forms.ChoiceField(label="Verfahrensstand", choices=PositionPeriod.Stage.choices)
    start = DateField(
        label="wirksam ab", help_text="Erster Tag, an dem die Stelle zählt; für das ganze Förderjahr der 1. Januar."
    )
    end = DateField(label="endet am", required=False, help_text="Letzter Tag; leer, wenn kein Ende feststeht.")
    fallback_plan = LongTextField(
        label="Ersatzplan", required=False, help_text="Was gilt, wenn die Stelle so nicht besetzt werden kann."
    )
    basis = forms.ModelChoiceField(Source.objects.none(), label="Grundlage", required=False, empty_label="keine Angabe")
    basis_place = LineField(label="Fundstelle", max_length=120, required=False, help_text=PLACE_HELP)
    reason = ReasonField(
        help_text="Steht im Verlauf und, solange keine Grundlage eingetragen ist, als Annahme an den Zahlen."
    )

    def __init__(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        holding = NoticeVersion.visible_to(request).holding_on(request.stand)
        items = NoticeItem.visible_to(request).filter(kind="staff", terms__notice_version__in=holding.values("pk"))
        fields["item"].queryset = items.select_related("notice", "function").prefetch_related("notice__versions")
        wanted = request.GET.get("zuwendung", "")
        offered = list(items.filter(notice__slug=wanted) if wanted else items)
        named = [one for one in offered if str(one) == request.GET.get("position")]
        only = named or offered
        fields["item"].initial = only[0].pk if len(only) == 1 else None
        fields["item"].label_from_instance = lambda item: f"{item.notice.title}: {item}"
        known = Q(rates__programme__notices__body=request.acting_body) | Q(position__body=request.acting_body)
        used = Function.objects.filter(known).distinct()
        fields["function"].queryset = used if used.exists() else Function.objects.all()
        fields["carrier"].queryset = Carrier.offered(request.acting_body)
        fields["municipalities"].queryset = Municipality.objects.filter(uses__body=request.acting_body)
        fields["basis"].queryset = Source.visible_to(request)
        fields["count"].widget.attrs["inputmode"] = "numeric"
        fields["start"].today = fields["end"].today = request.stand
        fields["start"].initial, fields["reason"].initial = request.stand, request.GET.get("grund", "")[:300]
        with suppress(ValueError):
            fields["start"].initial = date.fromisoformat(request.GET.get("ab", ""))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        data["count"] = data.get("count") or 1
        if not data.get("item") and not data.get("function"):
            self.add_error(
                "function", "Bitte eine Funktion wählen, wenn die Stelle aus keiner Zuwendung gefördert wird."
            )
        item, start = data.get("item"), data.get("start")
        if start and data.get("end") and data["end"] < start:
            self.add_error("end", "Das Ende liegt vor dem Beginn.")
        if item and start and start >= item.notice.current.validity.upper:
            last = format_day(last_day(item.notice.current.validity))
            self.add_error("start", f"Die gewählte Zuwendung endet am {last}. Bitte einen früheren Tag wählen.")
        if data.get("part") and data.get("fte") and data["part"] > data["fte"]:
            self.add_error(
                "part", f"Die Stelle hat nur {format_fte(data['fte'])} VZÄ; gefördert werden kann höchstens die ganze."
            )
        if data.get("kind") == Position.Kind.OWN and not data.get("carrier"):
            carriers: Any = self.fields["carrier"]
            data["carrier"] = carriers.queryset.filter(kind=Carrier.Kind.OWN).first()
        return data
