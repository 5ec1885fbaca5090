"""What a text names in a token is used, however the token is written."""

import pytest
from django.core.exceptions import ValidationError

from kim.figures.tokens import blocks_naming
from kim.models import TextBlock
from staffing.models import Carrier, Position
from tests.helpers import new_position


def write(body, content):
    """The words of some block of a draft, straight into the database."""
    block = TextBlock.objects.filter(body=body, content__contains="{{").exclude(text__releases__isnull=False).first()
    TextBlock.objects.filter(pk=block.pk).update(content=content)


@pytest.mark.parametrize(
    "token",
    [
        "{{position.fte position=X-1}}",
        '{{position.fte position="X-1"}}',
        '{{ position.fte   form=word position="X-1" }}',
        '{{position.fte position="X-1" form=word}}',
        "{{positions.distribution positions=CM-01,X-1}}",
        '{{positions.distribution positions="X-1,CM-01"}}',
        '{{positions.distribution positions="CM-01, X-1"}}',
    ],
)
def test_a_post_that_a_token_names_is_not_deleted(token, region):
    post = new_position(region, "X-1").position
    assert post.used_by() == []
    write(region, f"Hier steht {token} davon.")
    assert post.used_by() == ["1 Textblock"]
    with pytest.raises(ValidationError, match="1 Textblock"):
        post.remove(reason="Test")


@pytest.mark.parametrize(
    "words",
    [
        "{{position.fte position=X-11}}",
        "position=X-1",
        '{{position.fte position="CM-01"}} und X-1',
        '{{position.function position=CM-01 one="position=X-1 "}}',
    ],
)
def test_what_only_looks_like_it_names_nothing(words, region):
    post = new_position(region, "X-1").position
    write(region, words)
    assert post.used_by() == []


def test_every_kind_of_object_that_tokens_name_is_found(region):
    """Also a Teilprodukt and a notice; not a Kommune, which no token names."""
    from grants.models import FundingNotice, SubProduct

    notice, product = FundingNotice.find(region, "kim-2023"), SubProduct.find(region, "946100")
    before = blocks_naming(notice), blocks_naming(product)
    write(region, f'{{{{notice.amount notice="{notice.slug}"}}}} {{{{sub_product.name sub_product="946100"}}}}')
    assert (blocks_naming(notice), blocks_naming(product)) == (before[0] + 1, before[1] + 1)
    assert blocks_naming(Carrier.find(region, "sprungbrett")) == 0
    assert blocks_naming(Position.objects.get(number="CM-01").function) == 0
