"""The words of a draft: saved block by block, with what its Mitzeichnungen make of it."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from kim.models import TextBlock
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act
from kim.studio import documents, releases
from kim.studio.documents import Document
from kim.values.richtext import TOKEN, Inline

NOT_EDITORIAL = (
    "Das ist nicht nur redaktionell, die Mitzeichnungen gelten dann nicht mehr; bitte ohne den Haken speichern."
)


@transaction.atomic
def write(
    document: Document, changed: list[tuple[TextBlock, str]], *, editorial: bool = False, user: Any = None
) -> None:
    """Save the words of some blocks of a draft; figures that are new in them are taken over as the data say them.

    editorial: only words have changed ("redaktionell"), so that each Mitzeichnung goes on to hold; that stays to be
    seen beside it. ValidationError with a sentence: a figure that the catalogue does not know, a text that is released,
    a change that is not editorial.
    """
    describe_act(act="Text redaktionell geändert" if editorial else "Text geschrieben")
    with db_errors_as_validation():
        releases.lock_text(document.text)  # nobody writes beside it: what was signed and what is written are compared
        editorial = editorial and bool(changed)
        holding = kept(document, changed) if editorial else []
        before_chips = printed_figures(document) if editorial else []
        for row, words in changed:
            before, row.content = row.content, words
            row.full_clean()
            check_new_figures(document, before, words)
            row.save()
        if changed:
            document.bind()
        if editorial and before_chips != printed_figures(document):
            raise ValidationError(f"{NOT_EDITORIAL} Eine Zahl ist anders.")
        document.sign_again(holding, user)


def kept(document: Document, changed: list[tuple[TextBlock, str]]) -> list[Any]:
    """The Mitzeichnungen that hold now; ValidationError if a digit or what was decided on is to change."""
    if any(re.findall(r"\d[\d.,]*", row.content) != re.findall(r"\d[\d.,]*", words) for row, words in changed):
        raise ValidationError(f"{NOT_EDITORIAL} Eine Zahl ist anders.")
    if problem := document.more_than_editorial([row for row, _ in changed]):
        raise ValidationError(f"{NOT_EDITORIAL} {problem}")
    return document.signed()


def printed_figures(document: Document) -> list[tuple[str, str]]:
    """The figures that the draft prints, with their words, in the order of the text."""
    expander = document.expander(documents.bound_words(document.text))
    return [(chip.token, chip.text) for block in document.blocks(expander) for chip in block.chips()]


def check_new_figures(document: Document, before: str, after: str) -> None:
    """ValidationError if a figure that is new in a text cannot be calculated: another post, a form that does not exist.
    One that was there before and cannot any more does not keep anybody from writing."""
    expander = document.expander()
    for name, raw in set(TOKEN.findall(after)) - set(TOKEN.findall(before)):
        expander.piece(Inline(token="{{" + name + raw + "}}"))
    if expander.problems:
        raise ValidationError(expander.problems)
