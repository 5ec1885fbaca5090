"""Forms of the code tables that Leitung may add to."""

from typing import Any, ClassVar

from grants.models import AccountGroup, FundingProgramme, ProgrammeModule, Rate
from kim.pages.rows import ReasonedRowForm, RowForm


class ProgrammeForm(RowForm):
    """A Förderprogramm."""

    class Meta:
        model = FundingProgramme
        fields: ClassVar = ["name", "short_name", "legal_basis"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["short_name"].help_text = "Wie es in Tabellen steht; aus ihr wird die Adresse der Seite."


class ModuleForm(RowForm):
    """A Baustein of a programme."""

    class Meta:
        model = ProgrammeModule
        fields: ClassVar = ["programme", "name", "title"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "z. B. „Baustein 2“, wie ihn auch die Funktionen nennen"


class RateForm(ReasonedRowForm):
    """A Fördersatz that the Land publishes."""

    class Meta:
        model = Rate
        fields: ClassVar = ["programme", "function", "variant", "amount", "per_fte", "validity", "source"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].help_text = "Wo der Satz steht, z. B. „Förderrichtlinie, Nr. 5.4“"


class AccountGroupForm(ReasonedRowForm):
    """What accounts are for whose number begins so."""

    class Meta:
        model = AccountGroup
        fields: ClassVar = ["prefix", "meaning", "validity", "source", "verified"]
