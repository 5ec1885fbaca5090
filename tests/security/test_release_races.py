"""Many release at once, in processes of their own: one chain without a branch, and no paper twice."""

from datetime import date

import pytest

from tests.helpers import name_of_database, psql
from tests.security.test_races import ACT, FORK, WORKERS, body, rush

__all__ = ["body"]  # the fixture
DAY = date(2023, 3, 1)
TABLES = ["kim_release", "kim_boundfigure", "meetings_consultation", "meetings_paper", "kim_textblock", "kim_text", "meetings_meeting", "meetings_organization", "meetings_person"]  # fmt: skip


@pytest.fixture
def drafts(body):
    """Eight papers that can be released, committed, and cleared away afterwards."""
    from kim.models import Body, TextBlock
    from kim.store.context import acting
    from meetings.models import Organization, Paper, Person
    from meetings.models.drafts import NewPaper, add_consultation

    with acting(None, [body]):
        whole = Body.objects.get(pk=body)
        committee = Organization.objects.create(body=whole, name="Ausschuss", organization_type="committee")
        signer = Person.objects.create(body=whole, name="Frau Probe", family_name="Probe")
        keys = []
        for number in range(WORKERS):
            paper = NewPaper(body=whole, paper_type="approval", name=f"Nummer {number}", day=DAY, as_of=DAY).create()
            Paper.objects.filter(pk=paper.pk).update(signer=signer)
            add_consultation(paper, committee, DAY, "decision")
            TextBlock.objects.filter(text=paper.text).update(content="Der Ausschuss genehmigt.")
            keys.append(paper.pk)
    yield keys
    clear = "".join(f"DELETE FROM {table} WHERE body_id = {body};" for table in TABLES)
    off = "SET session_replication_role = replica;"  # releases cannot be deleted otherwise, not even by their owner
    psql(f"{ACT.format(body=body)} {off} {clear}", database=name_of_database())


def release(number, body, keys):
    """Release one's own paper, again while another is being drawn; the sentence that refused it for good."""
    import django

    django.setup()
    from django.core.exceptions import ValidationError

    from kim.models.refusals import BUSY
    from kim.store.context import acting
    from meetings.models import Paper

    for _ in range(60):
        try:
            with acting(None, [body]):
                Paper.objects.get(pk=keys[number % len(keys)]).release(None)
            return ""
        except ValidationError as error:
            if not {BUSY, "Gerade hat jemand anderes etwas freigegeben. Bitte noch einmal."} & set(error.messages):
                return " ".join(error.messages)
    return "busy to the end"


def verdicts(body):
    from kim.models import Body
    from kim.store.context import acting
    from kim.studio import releases

    with acting(None, [body]):
        return [(one.release.number, str(one.verdict)) for one in releases.proofs(Body.objects.get(pk=body))]


def test_eight_papers_make_one_chain(body, drafts):
    assert rush(release, body, drafts) == [""] * WORKERS
    assert verdicts(body) == [(number, "identical") for number in range(1, WORKERS + 1)]


def test_one_paper_is_released_once(body, drafts):
    answers = rush(release, body, drafts[:1])
    assert sorted(answers)[0] == "" and answers.count("") == 1, answers
    assert verdicts(body) == [(1, "identical")]


def release_while_another_is_drawn(number, body, keys, drawing, released):
    """The first is in the middle of drawing until the second is released; the others have nothing to do."""
    import django

    django.setup()
    from kim.store.context import acting
    from kim.studio import releases
    from meetings.models import Paper

    if number > 1:
        return ""
    drawn = releases.render_again

    def slow(bundle):
        drawing.set()
        assert released.wait(60), "the second had to wait for the first"
        return drawn(bundle)

    if number == 0:
        releases.render_again = slow
    else:
        assert drawing.wait(60)
    with acting(None, [body]):
        made = Paper.objects.get(pk=keys[number]).release(None).number
    if number == 1:
        released.set()
    return f"{number} is {made}"


def test_nobody_waits_for_the_drawing_of_another(body, drafts):
    answers = rush(release_while_another_is_drawn, body, drafts, FORK.Event(), FORK.Event())
    assert sorted(answers)[-2:] == ["0 is 2", "1 is 1"]
    assert verdicts(body) == [(1, "identical"), (2, "identical")]
