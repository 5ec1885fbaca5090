"""The Mitteilungsvorlage of 09.03.2023, rebuilt from the data: literally, and each of its figures follows the data."""

import random
import re
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest
from django.utils.html import strip_tags

from grants.models import (
    Account,
    BudgetLine,
    FundingNotice,
    FundingProgramme,
    ItemRate,
    ItemTerms,
    NoticeVersion,
    SubProduct,
)
from kim.history.preview import rolled_back
from kim.models import Body, Source, TextBlock
from kim.studio import documents
from kim.values.periods import inclusive_range
from kim.values.richtext import TOKEN
from meetings.models import Meeting, Organization, Paper, Person
from staffing.models import Carrier, Function, Municipality, Occupancy, PositionLocation, PositionPeriod
from tests.helpers import drawn_from, drawn_paper, pdf_text, thorough

ROOT = Path(__file__).parents[2]
ORIGINAL = (Path(__file__).parent / "mitteilungsvorlage.txt").read_text()


def bytes_of(body):
    return drawn_paper(body)


def text_of(body):
    """The text of the PDF without what stands in the foot of each page."""
    words = pdf_text(bytes_of(body))
    words = re.sub(
        r"Mitteilungsvorlage 2023/\d+ der .{3,40}? Ausdruck vom: [\d.]+ Seite: \d/\d Entwurf Zahlenstand: [\d.]+",
        " ",
        words,
    )
    return re.sub(r"\s+", " ", words)


def folded(text):
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ")).strip()


def test_every_paragraph_of_the_original_stands_in_the_paper(region):
    """Word for word, but for the line break within "KIM-Case-Management" that a PDF reader reports as a blank."""
    words = folded(text_of(region)).replace("KIM-Case- Management", "KIM-Case-Management")
    paragraphs = [folded(p) for p in ORIGINAL.split("\n\n")]
    assert len(paragraphs) > 20
    assert [p for p in paragraphs if p not in words] == []


COUNTS = {
    "684.000 €": 2,
    "zwölf": 2,
    "342.000 €": 2,
    "57.000 €": 2,
    "1,5 Stellen": 1,
    "drei Fachkräften": 1,
    "3,5 Stellen": 1,
    "2,5 Stellen": 1,
    "15.02.2023": 1,
    "24.03.2022": 1,
    "(Stand 01.03.2023)": 1,
    "22.03.2023": 1,
    "vom 09.03.2023": 1,
    "01.01.2023 bis 31.12.2023": 1,
    "2022/0119": 1,
    "§ 9 Teilhabe- und Integrationsgesetz NRW": 1,
    "946100 „Kommunales Integrationszentrum – Umsetzung nach Maßgaben des Landes NRW“": 1,
    "414100 „Zuweisungen und Zuschüsse für lfd. Zwecke vom Land“": 1,
    "543990 „Andere sonstige Geschäftsausgaben“": 1,
    "insofern kostenneutral": 1,
    "Vorlage-Nr.: 2023/0120": 1,
}


def test_every_figure_stands_as_often_as_in_the_original(region):
    words = folded(text_of(region))
    assert {key: words.count(key) for key in COUNTS} == COUNTS
    assert words.count("eine halbe Stelle") == 5 and words.count("eine volle Stelle") == 3
    assert words.count("die halbe Stelle") == 1 and words.count("sechs") == 3


WORDS = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "halbe",
    "halben",
    "volle",
    "vollen",
]
NAMES = ["Caritas", "Lydia", "SPRUNGBrett", "DRK", "Rotes Kreuz", "Roetgen", "Simmerath", "Herzogenrath", "Baesweiler",
         "Würselen", "Alsdorf", "Eschweiler", "Stolberg", "Monschau", "Arnsberg", "Abba", "Sozialamt", "Ziemons",
         "Städteregionsausschuss"]  # fmt: skip


def literals(text):
    """What a text states itself instead of taking it from the data."""
    bare = TOKEN.sub(" ", text)
    found = re.findall(r"\d+", bare)
    found += [w for w in re.findall(r"\w+", bare) if w in WORDS]
    return found + [name for name in NAMES if name in bare]


def test_neither_text_nor_template_states_a_figure(region):
    blocks = list(TextBlock.objects.filter(text__paper__isnull=False))
    assert len(blocks) == 3
    for block in blocks:
        assert literals(block.content) == [], block.heading
    template = (ROOT / "templates/documents/vorlage_brief.html").read_text()
    bare = re.sub(r"\{[{%].*?[}%]\}|<[^>]*>", " ", template, flags=re.S)
    assert literals(bare) == []
    assert literals("für 684.000 € und drei Stellen in Alsdorf") == ["684", "000", "drei", "Alsdorf"]


def chips(body):
    found = documents.find(Body.objects.get(pk=body.pk), "2023/0120")
    return [chip for block in found.fresh() for chip in block.chips()]


def test_every_figure_of_the_paper_has_its_source(region):
    found = chips(region)
    assert len(found) > 70
    for chip in found:
        for value in chip.value.walk():
            assert value.source or value.formula, (chip.name, value.label)


def at(number):
    return PositionPeriod.objects.filter(position__number=number)


def move(number, slug):
    row = at(number).get()
    row.served.all().delete()
    row.served.create(body=row.body, municipality=Municipality.objects.get(slug=slug))


def valid(first, last):
    """The Förderzeitraum, and the rate that has to cover it."""
    NoticeVersion.objects.update(validity=inclusive_range(first, last))
    ItemRate.objects.filter(amount=57000).update(validity=inclusive_range(first, last))


def all_in_2022(body):
    """The same paper, a year earlier."""
    BudgetLine.objects.update(year=2022)
    valid(date(2022, 1, 1), date(2022, 12, 31))
    Paper.objects.filter(text__isnull=False).update(as_of=date(2022, 3, 1))
    for number in (*range(1, 7), 15, 16, 17):
        at(f"CM-{number:02}").update(validity=inclusive_range(date(2022, 1, 1), None))
    for number in (12, 13, 14):
        at(f"CM-{number}").update(validity=inclusive_range(date(2021, 1, 1), date(2021, 12, 31)))


# One change of the data for each figure of the paper: what stood there, and what stands there instead.
MUTATIONS = {
    "body.name": (lambda b: Body.objects.filter(pk=b.pk).update(name="Musterkreis"), "Die StädteRegion Aachen erhält", "Die Musterkreis erhält"),
    "notice.funder": (lambda b: FundingNotice.objects.update(funder="Bezirksregierung Köln"), "der Bezirksregierung Arnsberg", "der Bezirksregierung Köln"),
    "notice.date": (lambda b: Source.objects.filter(kind="notice").update(date=date(2023, 2, 16)), "15.02.2023", "16.02.2023"),
    "notice.amount": (lambda b: NoticeVersion.objects.update(amount=D("684100.00")), "in Höhe von 684.000 €", "in Höhe von 684.100 €"),
    "notice.fte": (lambda b: ItemTerms.objects.update(fte=D("11.5")), "zwölf", "11,5 Stellen"),
    "notice.start": (lambda b: valid(date(2023, 2, 1), date(2023, 12, 31)), "01.01.2023", "01.02.2023"),
    "notice.end": (lambda b: valid(date(2023, 1, 1), date(2023, 11, 30)), "31.12.2023", "30.11.2023"),
    "notice.instrument": (lambda b: FundingNotice.objects.update(instrument="grant"), "fachbezogene Pauschale", "als Zuwendung"),
    "notice.rate": (lambda b: ItemRate.objects.filter(amount=57000).update(amount=D(58000)), "57.000 €", "58.000 € je Stelle"),
    "notice.year": (all_in_2022, "für das Jahr 2023", "für das Jahr 2022"),
    "programme.name": (lambda b: FundingProgramme.objects.filter(slug="kim").update(name="Integration vor Ort"), "im Landesprogramm Kommunales Integrationsmanagement", "im Landesprogramm Integration vor Ort"),
    "programme.short_name": (lambda b: FundingProgramme.objects.update(short_name="IVO"), "(KIM)", "(IVO)"),
    "programme.legal_basis": (lambda b: FundingProgramme.objects.update(legal_basis="§ 10 Mustergesetz"), "§ 9 Teilhabe", "§ 10 Mustergesetz"),
    "superior.meeting_date": (lambda b: Meeting.objects.filter(date=date(2022, 3, 24)).update(date=date(2022, 3, 25)), "24.03.2022", "25.03.2022"),
    "superior.organization": (lambda b: Organization.objects.filter(name="Städteregionsausschuss").update(name="Kreisausschuss"), "Städteregionsausschuss", "hat der Kreisausschuss"),
    "superior.reference": (lambda b: Source.objects.filter(number="2022/0119").update(number="2022/0120"), "2022/0119", "2022/0120"),
    "positions.first_year": (lambda b: [at(f"CM-{n:02}").update(validity=inclusive_range(date(2021, 1, 1), date(2023, 2, 28) if n > 11 else None)) for n in range(7, 15)], "die ab 2022", "die ab 2021"),
    "positions.total onward": (lambda b: at("CM-11").update(fte=D("1.0")), "für die sechs Personalstellen bei", "für die 6,5 Personalstellen bei"),
    "positions.total own": (lambda b: at("CM-01").update(fte=D("0.5")), "die sechs eigenen", "die 5,5 eigenen"),
    "position.carrier CM-07": (lambda b: Carrier.objects.filter(slug="caritas-eifel").update(name="Caritasverband Aachen"), "Caritasverband für die Region Eifel e. V.", "Der Caritasverband Aachen"),
    "position.fte CM-07": (lambda b: at("CM-07").update(fte=D("0.75")), "richtete eine halbe Stelle", "richtete 0,75 Stellen"),
    "position.municipalities CM-07": (lambda b: move("CM-07", "monschau"), "Beratungen in Roetgen und Simmerath", "Beratungen in Monschau"),
    "position.carrier CM-08": (lambda b: Carrier.objects.filter(slug="lydia-gemeinde").update(name="Evangelische Musterkirche"), "Evangelische Lydia-Gemeinde", "die Evangelische Musterkirche"),
    "position.fte CM-08": (lambda b: at("CM-08").update(fte=D("1")), "Lydia-Gemeinde eine halbe", "Lydia-Gemeinde eine volle"),
    "position.municipalities CM-08": (lambda b: move("CM-08", "roetgen"), "Herzogenrath", "Stelle für Roetgen ein"),
    "position.municipalities CM-09": (lambda b: move("CM-09", "roetgen"), "In Baesweiler", "In Roetgen"),
    "position.fte CM-09": (lambda b: at("CM-09").update(fte=D("2")), "konnte die halbe Stelle", "konnten die zwei Stellen"),
    "position.carrier CM-10": (lambda b: Carrier.objects.filter(slug="sprungbrett").update(name="Sprungtuch gGmbH"), "SPRUNGBrett", "An die Sprungtuch gGmbH"),
    "position.fte CM-10": (lambda b: at("CM-10").update(fte=D("2.5")), "gingen 1,5 Stellen", "gingen 2,5 Stellen"),
    "position.persons": (lambda b: Occupancy.objects.filter(position__number="CM-10", slot__gt=1).delete(), "drei Fachkräften", "einer Fachkraft"),
    "position.carrier CM-11": (lambda b: Carrier.objects.filter(slug="stadt-wuerselen").update(name="Stadt Muster"), "der Stadt Würselen", "In der Stadt Muster"),
    "position.filling": (
        lambda b: at("CM-11").update(stage="advertised"),
        "wird eine halbe Stelle in Kürze ausgeschrieben",
        "ist eine halbe Stelle ausgeschrieben",
    ),
    "budget.rate_words": (
        lambda b: at("CM-01").update(fte=D("2")),
        "in Höhe von 342.000 € (57.000 € je Stelle) sowie",
        "342.000 € (errechnet 399.000 € bei 57.000 € je Stelle) sowie",
    ),
    "document.day": (lambda b: Paper.objects.filter(text__isnull=False).update(as_of=date(2023, 3, 2)), "(Stand 01.03.2023)", "(Stand 02.03.2023)"),
    "occupancy.committed": (lambda b: at("CM-11").update(stage="planned"), "3,5 Stellen bereits", "sind derzeit drei Stellen bereits"),
    "occupancy.open": (lambda b: at("CM-16").update(stage="advertised"), "verbleibenden 2,5 Stellen", "verbleibenden 1,5 Stellen"),
    "position.municipalities CM-12": (lambda b: move("CM-12", "roetgen"), "Für die Kommune Alsdorf", "Für die Kommune Roetgen"),
    "position.fte CM-12": (lambda b: at("CM-12").update(fte=D("1")), "ebenfalls eine halbe Stelle", "ebenfalls eine volle Stelle"),
    "positions.distribution": (lambda b: at("CM-13").update(fte=D("0.5")), "je eine volle Stelle", "für Eschweiler eine halbe Stelle und für Stolberg eine volle Stelle"),
    "positions.municipality_count": (lambda b: move("CM-14", "eschweiler"), "In allen drei Kommunen", "In allen zwei Kommunen"),
    "position.carrier CM-15": (lambda b: Carrier.objects.filter(slug="stadt-monschau").update(name="Stadt Muster"), "Die Stadt Monschau", "Die Stadt Muster erhält"),
    "position.fte CM-15": (lambda b: at("CM-15").update(fte=D("1")), "Monschau erhält eine halbe", "Monschau erhält eine volle"),
    "position.location CM-15": (lambda b: PositionLocation.objects.filter(name="Sozialamt").update(name="Jugendamt"), "Sozialamt", "im Jugendamt"),
    "position.carrier CM-16": (lambda b: Carrier.objects.filter(slug="drk").update(sentence_name="Blaue Kreuz"), "Deutsche Rote Kreuz", "Das Blaue Kreuz erhält"),
    "position.fte CM-16": (lambda b: at("CM-16").update(fte=D("0.5")), "(DRK) erhält eine volle", "(DRK) erhält eine halbe"),
    "position.municipalities CM-16": (lambda b: move("CM-16", "aachen"), "in der Kommune Alsdorf", "in der Kommune Aachen"),
    "position.host": (lambda b: PositionLocation.objects.filter(host="Abba e. V.").update(host="Muster e. V."), "Abba e. V.", "des Muster e. V."),
    "position.municipalities CM-17": (
        lambda b: move("CM-17", "aachen"),
        "Eschweiler und Stolberg werden sich eine volle Stelle im Case Management teilen",
        "Aachen erhält eine volle Stelle im Case Management.",
    ),
    "position.fte CM-17": (lambda b: at("CM-17").update(fte=D("0.5")), "sich eine volle Stelle", "sich eine halbe Stelle"),
    "position.function": (lambda b: Function.objects.filter(slug="case-management").update(name="Fallsteuerung"), "im Case Management teilen", "im Fallsteuerung teilen"),
    "sub_product.number": (lambda b: SubProduct.objects.update(number="946200"), "946100", "Teilprodukt 946200"),
    "sub_product.name": (lambda b: SubProduct.objects.update(name="Musterprodukt"), "Umsetzung nach Maßgaben", "„Musterprodukt“"),
    "budget.account income": (lambda b: Account.objects.filter(number="414100").update(number="414200"), "414100", "Sachkonto 414200"),
    "budget.account_name income": (lambda b: Account.objects.filter(number="414100").update(name="Musterkonto"), "Zuweisungen und Zuschüsse für lfd.", "„Musterkonto“"),
    "budget.account onward": (lambda b: Account.objects.filter(number="543990").update(number="531800"), "543990", "Sachkonto 531800"),
    "budget.account_name onward": (lambda b: Account.objects.filter(number="543990").update(name="Zuschüsse"), "Andere sonstige", "„Zuschüsse“"),
    "budget.amount own": (lambda b: BudgetLine.objects.filter(purpose="own").update(amount=D(341000)), "Personalstellen in Höhe von 342.000 € (57.000 € je Stelle) sowie", "in Höhe von 341.000 € (errechnet 342.000 € bei 57.000 € je Stelle) sowie"),
    "budget.amount onward": (lambda b: BudgetLine.objects.filter(purpose="onward").update(amount=D(341000)), "Höhe von 342.000 € (57.000 € je Stelle) beim", "Höhe von 341.000 € (errechnet 342.000 € bei 57.000 € je Stelle) beim"),
    "budget.income_words": (lambda b: BudgetLine.objects.filter(purpose="income").update(amount=D(680000)), "Diese sind im Teilprodukt", "Dafür sind 680.000 € im Teilprodukt"),
    "budget.year": (all_in_2022, "im Haushalt 2023", "im Haushalt 2022"),
    "neutrality.sentence": (lambda b: at("CM-01").update(fte=D("0.5")), "insofern kostenneutral", "ohne Belastung des Haushalts; 28.500 € der Zuwendung sind nicht durch Stellen gebunden"),
    "Beratungsreihenfolge: Datum": (lambda b: Meeting.objects.filter(date=date(2023, 3, 22)).update(date=date(2023, 3, 23)), "22.03.2023", "23.03.2023"),
    "Beratungsreihenfolge: Gremium": (lambda b: Organization.objects.filter(name__startswith="Ausschuss für Soziales").update(name="Musterausschuss"), "demographische Vielfalt", "Musterausschuss"),
    "Vorlage: Datum": (lambda b: Source.objects.filter(number="2023/0120").update(date=date(2023, 3, 10)), "vom 09.03.2023", "vom 10.03.2023"),
    "Vorlage: Betreff": (lambda b: Source.objects.filter(number="2023/0120").update(title="Neuer Titel"), "Sachstand zur Umsetzung", "Neuer Titel"),
    "Unterschrift": (lambda b: Person.objects.update(name="Frau Muster"), "gez. Dr. Ziemons", "gez. Frau Muster"),
}  # fmt: skip


UNCHANGED = {}  # the paper before any change is the same for all of them
DRAWN = set(random.sample(sorted(MUTATIONS), thorough(len(MUTATIONS), 6)))  # the others: what the PDF is drawn from


def printed_words(body, name):
    """The words of the paper: read from its PDF, or from what the PDF is drawn from."""
    return folded(text_of(body) if name in DRAWN else strip_tags(drawn_from(body)))


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_figure_changes_the_paper(name, region):
    change, old, new = MUTATIONS[name]
    key = name in DRAWN
    before = UNCHANGED[key] = UNCHANGED.get(key) or printed_words(region, name)
    assert old in before, f"{old!r} does not stand in the paper"
    assert new not in before
    with rolled_back():
        change(region)
        after = printed_words(region, name)
    assert new in after, after
    assert old not in after


def test_enough_figures_are_mutated_and_each_token_is():
    assert len(MUTATIONS) >= 30
    text = (ROOT / "fixtures/staedteregion-aachen/4-sitzungen-und-vorlagen.toml").read_text()
    tokens = {name for name, _ in TOKEN.findall(text)}
    assert tokens - {name.split()[0] for name in MUTATIONS} == set()


def test_half_a_post_changes_the_sentence_and_names_the_ansatz(region):
    at("CM-01").update(fte=D("0.5"))
    words = folded(text_of(region))
    assert "28.500 € der Zuwendung sind nicht durch Stellen gebunden" in words
    assert "342.000 € veranschlagt, 313.500 € errechnet" in words
    assert "kostenneutral" not in words
    assert "5,5 eigenen Personalstellen in Höhe von 342.000 € (errechnet 313.500 € bei 57.000 € je Stelle)" in words


def test_a_figure_that_is_missing_stops_the_paper(region):
    from django.core.exceptions import ValidationError

    BudgetLine.objects.filter(purpose="onward").delete()
    with pytest.raises(ValidationError, match="fehlt zum Teilprodukt 946100 der Ansatz"):
        bytes_of(region)
