"""Formatted text: a few marks and nothing else; what is written is read back unchanged."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kim.values.richtext import Inline, Part, merged, parts, written

TOKEN = '{{notice.fte form=word one="a b"}}'
READ = {
    "Hallo **du** da": [("p", [[("Hallo ", False), ("du", True), (" da", False)]])],
    "eins\nzwei\n\n\ndrei": [("p", [[("eins", False)], [("zwei", False)]]), ("p", [[("drei", False)]])],
    "- a\n- b": [("ul", [[("a", False)], [("b", False)]])],
    "1. a\n2. b": [("ol", [[("a", False)], [("b", False)]])],
    "- a\nb": [("p", [[("- a", False)], [("b", False)]])],
    "\\- a": [("p", [[("- a", False)]])],
    "2023\\. war": [("p", [[("2023. war", False)]])],
    "a ** b": [("p", [[("a ** b", False)]])],
    "a\\**b\\**": [("p", [[("a**b**", False)]])],
    "x  \t y": [("p", [[("x y", False)]])],
    "a\u00a0 b": [("p", [[("a\u00a0 b", False)]])],
    "<b>fett</b> &amp;": [("p", [[("<b>fett</b> &amp;", False)]])],
    "[x](javascript:alert(1))": [("p", [[("[x](javascript:alert(1))", False)]])],
    "": [],
    " \n \n": [],
}


@pytest.mark.parametrize("text", READ)
def test_marks_are_read(text):
    assert [(p.kind, [[(s.text, s.strong) for s in line] for line in p.lines]) for p in parts(text)] == READ[text]


def test_links_and_figures():
    (part,) = parts(f"Siehe [die **Seite**](https://a.de/x?y=1) und **{TOKEN}**, \\{TOKEN}")
    assert part.lines[0] == (
        Inline("Siehe [die "),
        Inline("Seite", strong=True),
        Inline("](https://a.de/x?y=1) und "),
        Inline(token=TOKEN, strong=True),
        Inline(f", {TOKEN}"),
    )
    (part,) = parts("[die Seite](https://a.de/x) [Post](mailto:a@b.de)")
    assert [(s.text, s.href) for s in part.lines[0]] == [
        ("die Seite", "https://a.de/x"),
        (" ", ""),
        ("Post", "mailto:a@b.de"),
    ]


WORDS = st.text("ab *[]{}\\-.1()äß\u00a0<&", min_size=1, max_size=8)
SPANS = st.one_of(
    st.builds(Inline, text=WORDS, strong=st.booleans(), href=st.sampled_from(["", "https://a.de/x"])),
    st.builds(Inline, token=st.just(TOKEN), strong=st.booleans()),
)


def said(found):
    """Each word with its look, blanks left out: nothing is lost and nothing changes its look."""
    spans = [span for part in found for line in part.lines for span in line]
    return [(sign, s.strong, s.href) for s in spans for sign in s.text + s.token if not sign.isspace()]


def tidy(line):
    """As ``parts`` leaves a line: no blanks in a row or at its ends, neighbours merged."""
    return tuple(merged(iter(line)))


@example([("ul", [[Inline(" ")]]), ("ol", [[Inline("a")], [Inline(" ")]])])
@given(st.lists(st.tuples(st.sampled_from(["p", "ul", "ol"]), st.lists(st.lists(SPANS, min_size=1, max_size=4), min_size=1, max_size=3)), max_size=3))  # fmt: skip
def test_what_is_written_is_read_back(drawn):
    given_ = [Part(kind, tuple(tidy(line) for line in lines)) for kind, lines in drawn]
    found = parts(written(given_))
    assert parts(written(found)) == found
    assert said(found) == said(given_)


@example("****")
@example("a\n****\nb")
@example("- ****\n- b")
@given(st.text("ab*[]{}\\-. 1\n()ä", max_size=60))
def test_any_text_is_stable_after_one_reading(text):
    found = parts(text)
    assert parts(written(found)) == found


# The editor in the browser writes the same marks: tests/browser/test_papers.py sends these through it.
TEXTS = [
    "Ein Satz.", "Ä ö ü ß – „Zitat“ € §", "Zeile eins\nZeile zwei", "**fett**", "vor **fett** nach",
    "wort**teil**wort", "**alles\u00a0fest**", "10\u00a0000\u00a0Euro", r"C:\\Pfad\\Datei", r"2 \* 3 \*\* 4",
    r"\[kein Link\](https://a.de)", r"\{\{keine zahl}} und \{", r"\\\\ am Ende \\", r"\- kein Punkt", "\\- eins\n\\- zwei",
    "1\\. Januar ist Feiertag", "31\\. Dezember\n1\\. Januar", "- eins\n- zwei", "Dazwischen", "1. eins\n2. zwei\n3. drei",
    "-kein Blank", "1.5 Stellen und 1.Mai", "{{notice.amount}} {{notice.fte}} {{body.name form=nominative}}",
    "{{notice.amount}}{{notice.fte}}", "Es sind {{notice.fte form=word}}, also {{notice.amount}}.",
    "**{{notice.amount}}** und **Summe {{notice.fte}}**", "[Text](https://a.de/b?c=d&e=f)",
    "[Mail](mailto:a@b.de), [http](http://x.de)", "**[Text](https://a.de)**", "vor **fett [Text](https://a.de) fett** nach",
    r"[a \[b\] \* c](https://a.de)", "- **fett** und {{notice.fte}}\n- [x](https://a.de)", "Ende", "- - doppelt\n- 1. zahl",
    "[a](https://a.de)[b](https://b.de)", "<b>kein HTML</b> & &amp; \"x\"", "_x_ `y` # z > q", "-", "1.",
    "vor - nach 1. x", "[a](https://a.de/(x%29)", "**a**\n**b**", "\\- **x**", "**- x**",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_each_text_is_written_as_it_was_read(text):
    assert written(parts(text)) == text


@pytest.mark.parametrize("text", ["- 31. Dezember 2023", "- 3. Mai\n- 24. Dezember", "24. März 2022 beschlossen", "2. zwei\n3. drei", "1. eins\n3. drei"])  # fmt: skip
def test_a_number_at_the_beginning_is_never_lost(text):
    """A date is no numbered list; only 1., 2., 3. … is one."""
    words = "\n".join("".join(s.text for s in line) for p in parts(text) for line in p.lines)
    assert words == "\n".join(line.removeprefix("- ") for line in text.split("\n"))


def test_a_figure_is_never_inside_a_link_and_never_over_two_lines():
    assert [s.token for p in parts("[Betrag {{notice.amount}}](https://a.de)") for s in p.lines[0] if s.token] == ["{{notice.amount}}"]  # fmt: skip
    assert not any(s.token for p in parts("{{\nnotice.amount\n}}") for line in p.lines for s in line)
