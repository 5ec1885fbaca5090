"""Right German for every size of a post: each form of the catalogue, and each sentence of the trial texts."""

import re
import tomllib
from decimal import Decimal as D
from pathlib import Path

import pytest

from kim.figures import COUNT, EUR, FTE, TEXT, Value
from kim.figures.tokens import Expander, key_of, parameters
from kim.values import formats
from kim.values.richtext import TOKEN, parts

FIXTURES = Path(__file__).parents[2] / "fixtures"
SIZES = [*(D(n) / 20 for n in range(241)), D("0.001"), D("0.43"), D("13"), D("1.001")]
WHOLE = ["", "", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"]
# Written by hand: what a clerk says of nothing, half a post and a whole one; form: (0, 0,5, 1).
ONE = {
    "": ("keine Stelle", "eine halbe Stelle", "eine volle Stelle"),
    "posts": ("keine Stelle", "eine halbe Stelle", "eine volle Stelle"),
    "accusative": ("keine Stelle", "eine halbe Stelle", "eine volle Stelle"),
    "dative": ("keiner Stelle", "einer halben Stelle", "einer vollen Stelle"),
    "definite": ("keine Stelle", "die halbe Stelle", "die volle Stelle"),
    "word": ("null", "0,5", "1,0"),
    "number": ("0,0", "0,5", "1,0"),
}
SPECIAL = [D(0), D("0.5"), D(1)]


def comma(size, least):
    """1.25 as 1,25; at least so many places."""
    whole, _, rest = f"{size.normalize():f}".partition(".")
    return whole + ("," + rest.ljust(least, "0") if rest or least else "")


def said(size, form):
    """What the rule by hand says of a size in a form."""
    if size in SPECIAL:
        return ONE[form][SPECIAL.index(size)]
    whole = size == int(size)
    if form == "number":
        return comma(D(int(size)) if whole else size, 1)
    number = (WHOLE[int(size)] if size <= 12 else str(int(size))) if whole else comma(size, 1)
    if form == "word":
        return number
    return ("die " if form == "definite" else "") + number + " Stellen"


def agreed(size, form, one, many):
    """The verb beside it: of one Stelle only where the words are of one."""
    return one if size in SPECIAL and form not in {"word", "number"} else many


@pytest.mark.parametrize("form", ONE)
def test_every_form_of_every_size(form):
    for size in SIZES:
        value = Value("Stelle", size, FTE)
        assert value.sentence(form) == said(size, form), size
        for agreeing in ("choice", "agrees"):
            words = value.sentence(agreeing, one="geht", many="gehen", beside=form)
            assert words == agreed(size, form, "geht", "gehen"), (size, form)
    assert formats.posts_in_words(D("0.75"), "dative", definite=True) == "den 0,75 Stellen"
    assert formats.posts_in_words(D(0), "dative", definite=True) == "keiner Stelle"


def test_things_are_one_or_many():
    words = [Value("Fachkräfte", n, COUNT).sentence("choice", one="Fachkraft", many="Fachkräfte") for n in (0, 1, 2)]
    assert words == ["Fachkräfte", "Fachkraft", "Fachkräfte"]


# Each place where a trial text speaks of a number of posts, with "…" for other figures: [form] is the number in that
# form, [one|many] what goes with the number of the form before the colon.
SENTENCES = [
    "zur Finanzierung von [dative] im Landesprogramm",
    "zusätzlichen [word] durch das Land geförderten Stellen im",
    "… richtete [posts] für Beratungen in …, … [posts] für … ein.",
    "In … [definite:konnte|konnten] [definite] durch eine ehemalige",
    "An … [posts:ging|gingen] [posts], die aktuell mit … … besetzt [posts:ist|sind].",
    "Somit [posts:ist|sind] derzeit [posts] bereits fest verplant.",
    "Für die Kommune … [posts:wurde|wurden] ebenfalls [posts] eingeplant, ….",
    "Planungen [number:soll|sollen] die verbleibenden [number] [number:Stelle|Stellen] im Einvernehmen",
    "… erhält [posts], die im … verortet werden [posts:soll|sollen].",
    "… erhält [posts] für den Einsatz in der Kommune …. Die Beratungen",
    "ihr Interesse an [posts:der Stelle|den Stellen] zu bekunden.",
    "… … [posts] im …….",
    "[posts:Die Stelle soll|Die Stellen sollen] in den Kommunalverwaltungen verortet werden",
    "Zur Finanzierung der insgesamt [word] Personalstellen (Vollzeitäquivalente)",
    "für die [word] eigenen Personalstellen in Höhe",
    "für die [word] Personalstellen bei den Kommunen",
    "[posts] …,",
    "[posts] ….",
]
SLOT = re.compile(r"\[(\w+)(?::([^|\]]+)\|([^\]]+))?\]")


def texts(data):
    """Every text with tokens in the trial data."""
    if isinstance(data, str):
        return [data] if TOKEN.search(data) else []
    some = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [found for one in some for found in texts(one)]


EVERY = [text for path in sorted(FIXTURES.rglob("*.toml")) for text in texts(tomllib.loads(path.read_text()))]
OF_POSTS = {"notice.fte", "position.fte", "positions.total", "occupancy.committed", "occupancy.open"}


def expanded(text, size):
    """A text with this size for each number of posts, "…" for whatever else it quotes."""
    expander = Expander({"body": None})
    for name, raw in TOKEN.findall(text):
        value = Value("n", size, FTE) if name in OF_POSTS else Value("t", "…", TEXT)
        value = (
            Value("n", 3, COUNT, forms={"choice": "…", "word": "…", "dative_word": "…"}) if "count" in name else value
        )
        for form in ("nominative", "accusative", "dative", "table", "dative_word", "choice"):
            value.forms.setdefault(form, "…") if value.unit != FTE else None
        expander.known[key_of(name, parameters(raw))] = value
    lines = [line for part in parts(text) for line in expander.paragraph(part).lines]
    assert expander.problems == []
    return " ".join("".join(piece.text for piece in line) for line in lines)


def by_hand(sentence, size):
    return SLOT.sub(lambda m: agreed(size, *m.groups()) if m[2] else said(size, m[1]), sentence)


def test_every_sentence_of_the_trial_texts_fits_every_size():
    assert len(EVERY) > 10
    for size in SIZES:
        words = " ".join(expanded(text, size) for text in EVERY)
        missing = [s for s in SENTENCES if by_hand(s, size) not in words]
        assert missing == [], (size, [by_hand(s, size) for s in missing])


def test_no_place_that_speaks_of_posts_is_left_out():
    standing = sum(name in OF_POSTS for text in EVERY for name, _ in TOKEN.findall(text))
    assert standing == sum(len(SLOT.findall(sentence)) for sentence in SENTENCES)


@pytest.mark.counter
def test_a_sentence_with_the_wrong_verb_is_seen():
    text = "An X {{position.fte position=CM-10 form=choice one=ging many=gingen}} {{position.fte position=CM-10}}."
    assert expanded(text, D("0.75")) == "An X gingen 0,75 Stellen."
    assert expanded(text, D("0.5")) == "An X ging eine halbe Stelle."
    assert expanded(text.replace("many=gingen", "many=ging"), D("0.75")) != "An X gingen 0,75 Stellen."


# sums that do not know all of their parts


def test_a_sum_of_sums_counts_the_amounts_it_does_not_know():
    from kim.figures import known_total, total

    known, nothing = Value("a", D("121000.00")), Value("b", None)
    part = known_total("zusammen", known, *[nothing] * 9)
    empty = known_total("leer", nothing, nothing)
    whole = total("Summe", part, Value("c", D("57000.00")), nothing)
    assert (part.missing, empty.value, empty.missing) == (9, None, 2)
    assert whole.missing == 10 and whole.formula == "Summe; 10 ohne Betrag nicht enthalten"
    assert whole.printed().replace("\u00a0", " ") == "178.000,00 € (10 ohne Angabe)"
    assert whole.sentence().replace("\u00a0", " ") == "178.000 € (10 ohne Angabe)"
    assert whole.sentence("table").replace("\u00a0", " ") == "178.000,00 € (10 ohne Angabe)"
    assert known_total("alles", whole, empty).missing == 12
    assert empty.printed() == empty.sentence() == "keine Angabe"
    posts = known_total("VZÄ", Value("x", D("1.5"), FTE), Value("y", None, FTE), unit=FTE)
    assert (
        posts.printed() == "1,5\u00a0VZÄ (1 ohne Angabe)"
        and posts.sentence("choice", one="geht", many="gehen") == "gehen"
    )
    assert posts.sentence("dative") == "1,5 Stellen (1 ohne Angabe)" and posts.formula.endswith(
        "1 ohne Angabe nicht enthalten"
    )
    assert total("ganz", known, known).printed().endswith("€") and total("ganz", known).formula == "Summe"


def test_what_is_missing_is_kept_in_a_release_and_older_ones_read_as_complete():
    from kim.figures import known_total

    whole = known_total("Summe", Value("a", D("1.00")), Value("b", None), unit=EUR)
    data = whole.as_json()
    assert data["missing"] == 1 and Value.read(data).printed() == whole.printed()
    del data["missing"]
    assert Value.read(data).missing == 0
    assert "missing" not in Value("a", D("1.00")).as_json(), "a complete paper stays byte for byte"
