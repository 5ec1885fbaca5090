"""A new Körperschaft with what belongs to it from the first day: itself as Anstellungsträger, and its Kommunen."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from kim.models import Body
from kim.models.refusals import db_errors_as_validation
from kim.store.context import describe_act, for_body_too
from kim.values.formats import slug
from staffing.models.masterdata import BodyMunicipality, Carrier, Municipality


@transaction.atomic
def found_body(body: Body, municipalities: Iterable[Municipality], *, short_name: str) -> Body:
    """Record the body, its own Anstellungsträger (own posts belong to it) and its Kommunen as one act.

    short_name: how the body is called in tables. ValidationError with a sentence, also if there is one of this name.
    """
    describe_act(act="Körperschaft eingerichtet")
    body.slug = slug(body.name)[:60]
    if not body.slug:
        raise ValidationError({"name": "Aus diesem Namen lässt sich keine Adresse bilden."})
    with db_errors_as_validation():
        body.save_checked()
        with for_body_too(body.pk):
            facts = {"name": body.name, "short_name": short_name, "slug": body.slug, "article": body.article}
            Carrier(body=body, kind=Carrier.Kind.OWN, **facts).save_checked()
            for one in municipalities:
                BodyMunicipality(body=body, municipality=one).save_checked()
    return body
