"""The place in a document (Fundstelle) as a clerk writes it: free words, in which a page and a quotation are read."""

import re
from dataclasses import dataclass

QUOTED = re.compile(r"„([^“”\"]+)[“”\"]|“([^”]+)”|»([^«]+)«|\"([^\"]+)\"")
PAGE = re.compile(r"\b(?:S\.|[Ss]eiten?)\s*(\d{1,5})(?!\d)")
OF_A_LAW = re.compile(r"(?:§+|\b(?:Art|Abs|Nr|Ziff)\.)\s*[\w.()/]+\s*$")  # before it "S. 2" is a sentence (Satz)

PLACE_HELP = "z. B. S. 3 „drei Stellen“: Liegt beim Beleg ein PDF, führt sie zu der Seite und markiert die Worte."


@dataclass(frozen=True)
class Place:
    """What can be looked up of a Fundstelle: the page as counted by the file (from 1), the quoted words."""

    page: int | None = None
    words: str = ""

    def __bool__(self) -> bool:
        return bool(self.page or self.words)

    def query(self) -> dict[str, str]:
        """As it stands in the address of the page that shows it. Example: {"seite": "3", "worte": "drei Stellen"}."""
        return ({"seite": str(self.page)} if self.page else {}) | ({"worte": self.words} if self.words else {})


def read_place(text: str) -> Place:
    """The first page and the first quotation that a Fundstelle names; both may be missing, all else stays words.

    A page is „S. 3“ or „Seite 3“; „§ 48 Abs. 2 S. 3“ names a sentence of a law and no page. A quotation stands in
    „…“, “…”, »…« or "…"; what it says of pages does not count.

    >>> read_place("Nr. 5.2, S. 3 „je Vollzeitstelle“")
    Place(page=3, words='je Vollzeitstelle')
    """
    quoted = QUOTED.search(text)
    words = next((one for one in quoted.groups() if one), "").strip() if quoted else ""
    rest = QUOTED.sub(" ", text)
    pages = (found for found in PAGE.finditer(rest) if not is_sentence(rest, found))
    page = next((int(found[1]) for found in pages if int(found[1])), None)
    return Place(page, words)


def is_sentence(text: str, found: re.Match[str]) -> bool:
    """Whether the „S.“ that was found is that of a paragraph of a law."""
    return found[0].startswith("S.") and bool(OF_A_LAW.search(text[: found.start()]))
