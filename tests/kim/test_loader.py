"""The loader of the trial data: what fits twice is a question, never a silent choice."""

import pytest
from django.core.management import CommandError

from grants.models import FundingProgramme, Rate
from kim.management.commands.load_fixtures import Loader
from kim.models import Body

TWO = """grund = "Test"
[["Förderprogramm"]]
"Kurzname in Adressen" = "kim"
Name = "Kommunales Integrationsmanagement"
"Abkürzung" = "KIM"
[["Förderprogramm"."Fördersatz"]]
Funktion = "Case Management"
Betrag = "50.000"
"Gültigkeit" = "01.01.2031 bis 31.12.2031"
Variante = "bis 25.000 Einwohner"
Quelle = "x"
[["Förderprogramm"."Fördersatz"]]
Funktion = "Case Management"
Betrag = "60.000"
"Gültigkeit" = "01.01.2031 bis 31.12.2031"
Variante = "über 25.000 Einwohner"
Quelle = "x"
"""


def load(text, tmp_path, body="staedteregion-aachen"):
    path = tmp_path / "1.toml"
    path.write_text(text)
    return Loader(path, body).load()


def test_two_rates_of_one_function_and_time_are_both_loaded(tmp_path, region):
    assert load(TWO, tmp_path) == 2
    assert load(TWO, tmp_path) == 0, "loading twice changes nothing"
    rates = Rate.objects.filter(programme=FundingProgramme.objects.get(slug="kim"), validity__startswith="2031-01-01")
    assert sorted(int(rate.amount) for rate in rates) == [50000, 60000]


def test_a_reference_that_fits_twice_is_refused(tmp_path, region):
    """Weidenkreis has several positions for one function: only within their own notice is one meant."""
    body = Body.objects.get(slug="staedteregion-aachen")
    load(TWO, tmp_path)
    loader = Loader(tmp_path / "1.toml", body.slug)
    loader.body = body

    class Points:
        related_model, one_to_one = Rate, False

    given = {"Funktion": "Case Management", "Gültigkeit": "01.01.2031 bis 31.12.2031"}
    with pytest.raises(CommandError, match="passt mehrfach"):
        loader.related(Points, given)
    assert loader.related(Points, given | {"Variante": "bis 25.000 Einwohner"}).amount == 50000
    with pytest.raises(CommandError, match="gibt es nicht"):
        loader.related(Points, given | {"Variante": "irgendeine"})
