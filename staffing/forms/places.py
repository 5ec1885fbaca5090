"""Forms of a place: who fills it, changes, leaves, stands in."""

from typing import Any, ClassVar

from django import forms

from kim.pages.forms import ReasonedForm
from kim.values.formats import DateField
from kim.values.periods import DAY
from staffing.forms.posts import offer_documents
from staffing.models import Occupancy, always


def size_of_place(form: Any) -> None:
    """How the VZÄ of a place are asked for."""
    form.fields["fte"].above, form.fields["fte"].help_text = 0, "je Platz, z. B. 0,5 oder 1/2"


def only_of_substitutes(form: Any) -> None:
    """Whose place somebody stands in for is asked only where somebody does; substitutes have a form of their own."""
    if form.instance.stands_in_for is None:
        form.fields.pop("stands_in_for", None)


class OccupancyForm(ReasonedForm):
    """One place of a post: since when, until when, how much, ruhend."""

    class Meta:
        model = Occupancy
        fields: ClassVar = [
            "validity",
            "fte",
            "suspended",
            "stands_in_for",
            "previous_programme",
            "basis",
            "basis_place",
            "assumption",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        offer_documents(self)
        fields["validity"].required = False
        fields["validity"].help_text = "„von“ bleibt leer, wenn der Beginn nicht bekannt ist; „bis“, solange sie läuft."
        size_of_place(self)
        only_of_substitutes(self)

    def clean_validity(self) -> Any:
        return self.cleaned_data["validity"] or always()


class FillForm(OccupancyForm):
    """Fills free places of a post, several alike at once."""

    places = forms.IntegerField(
        label="Anzahl der Plätze",
        min_value=1,
        max_value=50,
        initial=1,
        help_text="z. B. 3 Plätze mit je 0,5 VZÄ",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    field_order = ["validity", "places", "fte"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["places"].error_messages |= {"invalid": "Bitte eine ganze Zahl eingeben, z. B. 3."}
        self.fields["suspended"].required = False


class ChangePlaceForm(ReasonedForm):
    """Changes the size of a place from a day on, for good or only until a day; what held before stays."""

    day = DateField(label="wirksam ab", help_text="Erster Tag, an dem die neuen Angaben gelten.")
    until = DateField(
        label="nur bis einschließlich",
        required=False,
        help_text="Nur wenn die Änderung vorübergehend ist: danach gilt wieder, was vorher galt.",
    )

    class Meta:
        model = Occupancy
        fields: ClassVar = ["fte", "stands_in_for", "basis", "basis_place", "assumption"]

    field_order = ["day", "until", *Meta.fields]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_documents(self)
        size_of_place(self)
        only_of_substitutes(self)
        self.fields["assumption"].help_text = "Bleibt die Grundlage dieselbe, gilt der Grund als Annahme."

    def end(self) -> Any:
        """The first day on which what held before holds again; None if the change is for good."""
        until = self.cleaned_data["until"]
        return until + DAY if until else None


class LeaveForm(ReasonedForm):
    """Until when somebody has a place."""

    last = DateField(label="bis einschließlich", help_text="Letzter Tag, an dem der Platz besetzt ist.")

    class Meta:
        model = Occupancy
        fields: ClassVar[list[str]] = []

    field_order = ["last"]


class SubstituteForm(OccupancyForm):
    """Who stands in for a place while it rests."""

    class Meta(OccupancyForm.Meta):
        fields: ClassVar = ["validity", "fte", "previous_programme", "basis", "basis_place", "assumption"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["validity"].help_text = "Längstens so lange, wie der Platz ruht."
