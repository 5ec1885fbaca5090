"""What a parameter of a figure can be, where a list can offer it: the post, the kind of posts, the purpose of money."""

from collections.abc import Callable
from datetime import date

from kim.models import Body

Offer = Callable[[Body, date], dict[str, str]]
CHOICES: dict[str, Offer] = {}


def choices(parameter: str) -> Callable[[Offer], Offer]:
    """Register what a parameter can be: {value as it stands in a token: what people call it}, "" for no value at all.

    ValueError if another app offers it already. Example: @choices("kind") over a function that gives {"own": "eigene
    Stellen"}.
    """

    def register(offer: Offer) -> Offer:
        if parameter in CHOICES:
            raise ValueError(f"{parameter} is offered twice")
        CHOICES[parameter] = offer
        return offer

    return register
