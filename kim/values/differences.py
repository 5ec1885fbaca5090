"""What became of a text: the words that stayed, came and went."""

import difflib

LONG = 4000  # words of two versions that are compared one by one


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Words that stayed, came or went: ("", …), ("neu", …), ("alt", …)."""
    old, new = (text.replace("\n", " \n ").split(" ") for text in (before, after))
    if len(old) + len(new) > LONG:  # comparing words takes the square of their number
        old, new = (text.splitlines(keepends=True) for text in (before, after))
    found: list[tuple[str, str]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            kept = old[a:b]
            words = kept if len(kept) <= 24 else [*kept[:12], "…", *kept[-12:]]
            found.append(("", " ".join(words)))
            continue
        found += [("alt", " ".join(old[a:b]))] if b > a else []
        found += [("neu", " ".join(new[c:d]))] if d > c else []
    return found
