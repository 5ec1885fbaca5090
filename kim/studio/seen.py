"""What a page showed of a document, field by field: a release and a Mitzeichnung act on that and on nothing else."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError

from kim.figures.tokens import ExpandedBlock
from kim.studio.bundles import canonical_json, figures, sha256
from kim.studio.documents import Document, bound_words

# Name of a field -> a few signs of its checksum; under WHOLE the checksum of all that is printed.
Fields = dict[str, str]
WHOLE = ""
DERIVED = "Herkunft der Zahlen"
SIGNER = signing.Signer(salt="kim.studio.seen")
# What is printed and yet may be another when it is released than when it was looked at, and why.
EXCEPT = {
    "printed_on": "the day of the print, which is that of the release",
    "state": "a draft becomes a released document by the release itself",
}
BY_HEADING = ("blocks", "proposals")  # every block is a field of its own
BY_TITLE = ("tables",)  # and every table
UNKNOWN = "Es ist nicht zu erkennen, was Sie gesehen haben. Bitte noch einmal ansehen."


def sorted_by_field(document: Document, content: Mapping[str, Any]) -> dict[str, list[Any]]:
    """All that a document prints, under the names by which people know it; what has no name stands under its key."""
    found: dict[str, list[Any]] = {"Layout": [document.template, list(document.styles)]}
    for key, value in content.items():
        if key in EXCEPT:
            continue
        if key in BY_HEADING:
            parts = [(f"Abschnitt „{one['heading'].rstrip(':')}“", one) for one in value]
        elif key in BY_TITLE:
            parts = [(one["title"], one) for one in value]
        else:
            parts = [(document.labels.get(key, key), value)]
        for name, part in parts:
            found.setdefault(name, []).append(part)
    for name, value in document.beside().items():
        found.setdefault(name, []).append(value)
    return found


def fields(document: Document, content: Mapping[str, Any], blocks: list[ExpandedBlock]) -> Fields:
    """What is seen of a document with this content and these blocks: each field by a few signs of its checksum.

    The derivation of the figures is one more field, and no part of the whole: a Mitzeichnung agrees to what is printed,
    and goes on to hold when the data move on before somebody takes them over.
    """
    said = {key: value for key, value in content.items() if key not in EXCEPT}
    whole = canonical_json([said, document.template, list(document.styles), document.beside()])
    by_field = sorted_by_field(document, content) | {DERIVED: figures(blocks)}
    return {WHOLE: sha256(whole)} | {name: sha256(canonical_json(value))[:8] for name, value in by_field.items()}


def of(document: Document) -> Fields:
    """What would be seen of a draft at this moment."""
    blocks = document.blocks(document.expander(bound_words(document.text)))
    return fields(document, document.content(blocks, date.min), blocks)


def token(shown: Fields) -> str:
    """What a page carries in its form, so that it says later what it showed. The same for the same content."""
    return SIGNER.sign_object(shown, compress=True)


def read(sent: str) -> Fields:
    """What a form says that its page showed; ValidationError if it says nothing, or nothing of ours."""
    try:
        found: Fields = SIGNER.unsign_object(sent)
    except signing.BadSignature as error:
        raise ValidationError(UNKNOWN) from error
    return found


def require_same(shown: Fields, there: Fields) -> None:
    """Refuse to act on something else than what was shown; ValidationError that names the fields.

    Example: Inzwischen geändert: Zeichnung, Datum. Bitte noch einmal ansehen.
    """
    names = [name for name in {**there, **shown} if name != WHOLE and shown.get(name) != there.get(name)]
    if not names and shown.get(WHOLE) != there.get(WHOLE):
        names = ["Reihenfolge der Abschnitte"]
    if names:
        raise ValidationError(f"Inzwischen geändert: {', '.join(names)}. Bitte noch einmal ansehen.")
