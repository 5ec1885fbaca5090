"""The Umverteilung: six legs in one act, balanced by page, verb and SQL, and its counter-entry."""

import uuid
from datetime import date
from decimal import Decimal as D
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from grants.figures.allocation import by_carrier
from grants.models import Funding
from kim.models import Source
from kim.store.context import acting
from kim.values.periods import half_open_range
from staffing.models import (
    LegMunicipality,
    Municipality,
    Occupancy,
    PlanNote,
    Position,
    PositionPeriod,
    Reallocation,
    ReallocationLeg,
)
from tests.helpers import new_notice, sql
from tests.staffing.plans import FORMER, RULING, former_plan, seed_legs

FIRST_OF_MARCH = date(2023, 3, 1)


@pytest.fixture
def former(region):
    """The StädteRegion with the former plan only."""
    former_plan(region)
    return region


def drafted(body, legs, **values):
    row = Reallocation(body=body, effective=FIRST_OF_MARCH, reason="keine Besetzung gefunden", **values)
    row.put(legs)
    return row


def of_post(number, fte):
    return ReallocationLeg(fte=D(fte), position=Position.objects.get(number=number)), []


def rows(allocation):
    return {row.name: row.fte.plain() for row in allocation.rows}


def test_six_legs_make_the_plan_of_the_ruling_and_back(former):
    assert rows(by_carrier(former, FIRST_OF_MARCH)) == FORMER
    row = drafted(former, seed_legs())
    assert row.difference() == 0 and row.number == 1
    with acting(None, [former.pk]):
        row.adopt()
    found = by_carrier(former, FIRST_OF_MARCH)
    assert rows(found) == RULING and found.amount.plain() == "684000.00"
    assert rows(by_carrier(former, date(2023, 2, 28))) == FORMER
    new = Position.objects.filter(number__in=["CM-15", "CM-16", "CM-17"])
    assert {p.kind for p in new} == {"onward"} and Funding.objects.filter(position__in=new).count() == 3
    shared = PositionPeriod.objects.get(position__number="CM-17")
    assert shared.served_label() == "gemeinsam: Eschweiler, Stolberg (Rhld.)" and shared.carrier is None
    with acting(None, [former.pk]):
        row.withdraw(reason="Beschluss vertagt")
    assert rows(by_carrier(former, FIRST_OF_MARCH)) == FORMER
    assert not Position.objects.filter(number="CM-15").exists() and row.state == "withdrawn"
    assert [leg.fte for leg in row.legs.all()] == [D("-0.5"), D(-1), D(-1), D("0.5"), D(1), D(1)]


def test_one_act_one_entry_in_the_history(former, login):
    row = drafted(former, seed_legs())
    with acting(None, [former.pk]):
        row.adopt()
    from kim.history.trail import entries_of_acts

    told = entries_of_acts([row.act])
    assert len(told) == 1 and told[0].act == "Umverteilung Nr. 1 wirksam gesetzt"
    assert told[0].reason == "keine Besetzung gefunden"


def test_part_of_a_post_splits_it_and_keeps_what_hangs_on_it(former):
    row = drafted(former, [of_post("CM-10", "-0.5"), of_post("CM-09", "0.5")])
    Occupancy.objects.filter(position__number="CM-10", slot=3).delete()
    row.adopt()
    before, after = PositionPeriod.objects.filter(position__number="CM-09").order_by("validity")
    assert before.validity.upper == after.validity.lower == FIRST_OF_MARCH and (before.fte, after.fte) == (
        D("0.5"),
        D(1),
    )
    assert after.carrier == before.carrier and after.municipality_names() == ["Baesweiler"]
    assert "keine Besetzung gefunden" in after.assumption, "what is in no document is an Annahme"
    row.withdraw(reason="Irrtum")
    assert PositionPeriod.objects.filter(position__number="CM-09").count() == 1
    assert PositionPeriod.objects.get(position__number="CM-09").validity.upper is None


def test_later_facts_change_as_much(former):
    first = PositionPeriod.objects.get(position__number="CM-12")
    PositionPeriod.objects.filter(pk=first.pk).update(validity=half_open_range(date(2022, 1, 1), date(2024, 1, 1)))
    PositionPeriod.objects.create(
        body=former,
        position=first.position,
        validity=half_open_range(date(2024, 1, 1)),
        fte=D("1.5"),
        assumption="Plan",
    )
    drafted(former, [of_post("CM-12", "-0.5"), of_post("CM-13", "0.5")]).adopt()
    found = PositionPeriod.objects.filter(position__number="CM-12").order_by("validity")
    assert [(r.validity.lower, r.validity.upper, r.fte) for r in found] == [
        (date(2022, 1, 1), FIRST_OF_MARCH, D("0.5")),
        (date(2024, 1, 1), None, D(1)),
    ]


@pytest.mark.parametrize(
    ("legs", "words"),
    [
        ([("CM-12", "-0.5"), ("CM-13", "0.6")], "Differenz: +0,1 VZÄ"),
        ([("CM-12", "-0.6"), ("CM-13", "0.6")], "CM-12 hat ab 01.03.2023 0,5 VZÄ"),
        ([("CM-10", "-0.5"), ("CM-13", "0.5")], "Eine besetzte Stelle lässt sich nicht unter ihre Besetzung"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(legs, words, former):
    row = drafted(former, [of_post(*leg) for leg in legs])
    with pytest.raises(ValidationError) as error:
        row.adopt()
    assert words in " ".join(error.value.messages)
    assert Reallocation.objects.get().state == "draft" and rows(by_carrier(former, FIRST_OF_MARCH)) == FORMER


def test_a_difference_is_explained_by_a_notice_that_is_there(former):
    notice, paper = (Source.objects.filter(kind=kind).first() for kind in ("notice", "paper"))
    legs = [of_post("CM-13", "0.5")]
    for values in (
        {"basis": paper, "difference_reason": "mehr"},
        {"basis": notice, "difference_reason": ""},
        {"basis": notice, "difference_reason": "mehr", "basis_state": "planned"},
    ):
        row = drafted(former, legs, **values)
        with pytest.raises(ValidationError):
            row.adopt()
    row = drafted(former, legs, basis=notice, difference_reason="Änderungsbescheid: 0,5 VZÄ mehr")
    row.adopt()
    assert by_carrier(former, FIRST_OF_MARCH).fte.value == D("12.5")


def by_sql(row):
    """Past every page and verb."""
    with transaction.atomic(), connection.cursor() as cursor:
        values = [uuid.uuid4(), row.pk]
        cursor.execute("UPDATE staffing_reallocation SET state = 'effective', act = %s WHERE id = %s", values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_sql_makes_no_unbalanced_reallocation_effective(former):
    row = drafted(former, [of_post("CM-12", "-0.5"), of_post("CM-13", "1.0")])
    with pytest.raises(IntegrityError, match="unbalanced"):
        by_sql(row)
    with pytest.raises(IntegrityError, match="unbalanced"):
        by_sql(drafted(former, []))


@pytest.mark.counter
def test_without_the_trigger_sql_does(former, owner):
    row = drafted(former, [of_post("CM-12", "-0.5"), of_post("CM-13", "1.0")])
    with owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE staffing_reallocation DISABLE TRIGGER pgtrigger_balanced_" + trigger_end())
    by_sql(row)
    assert Reallocation.objects.get().state == "effective"


def trigger_end():
    """The end of the trigger's name in the database."""
    names = sql("SELECT tgname FROM pg_trigger WHERE tgrelid = 'staffing_reallocation'::regclass")
    return next(name for (name,) in names if name.startswith("pgtrigger_balanced_")).rpartition("_")[2]


def test_legs_added_by_sql_to_an_effective_act_are_refused(former):
    row = drafted(former, seed_legs())
    row.adopt()
    with pytest.raises(IntegrityError, match="fixed"):
        ReallocationLeg.objects.create(
            body=former, reallocation=row, order=9, fte=D(1), position=Position.objects.get(number="CM-01")
        )


def test_what_took_effect_is_not_changed_any_more(former):
    row = drafted(former, seed_legs())
    row.adopt()
    for statement in (
        "UPDATE staffing_reallocation SET reason = 'anders'",
        "UPDATE staffing_reallocation SET state = 'draft'",
        "DELETE FROM staffing_reallocation",
        "UPDATE staffing_reallocationleg SET fte = fte * 2",
        "DELETE FROM staffing_legmunicipality",
        "UPDATE staffing_reallocationleg SET carrier_id = NULL WHERE carrier_id IS NOT NULL",
    ):
        with pytest.raises(IntegrityError, match="fixed"):
            sql(statement)
    with pytest.raises(IntegrityError):
        LegMunicipality.objects.create(body=former, leg=row.legs.last(), municipality=Municipality.objects.get(slug="alsdorf"))  # fmt: skip


def test_what_hangs_on_a_new_post_keeps_it(former):
    row = drafted(former, seed_legs())
    with acting(None, [former.pk]):
        row.adopt()
    post = Position.objects.get(number="CM-16")
    with acting(None, [former.pk]):
        Occupancy.objects.create(
            body=former, position=post, slot=1, fte=D("0.5"), validity=half_open_range(date(2023, 4, 1))
        )
    with acting(None, [former.pk]), pytest.raises(ValidationError, match="neuen Umverteilung"):
        row.withdraw(reason="zu spät")
    assert Reallocation.objects.get().state == "effective" and Position.objects.filter(number="CM-16").exists()


def test_what_has_changed_since_keeps_the_act(former):
    row = drafted(former, seed_legs())
    with acting(None, [former.pk]):
        row.adopt()
    with acting(None, [former.pk]):
        facts = PositionPeriod.objects.get(position__number="CM-15")
        facts.fte = D("0.6")
        facts.correct(reason="mehr")
    with (
        acting(None, [former.pk]),
        pytest.raises(ValidationError, match="Stellenangabe CM-15 hat sich seither geändert"),
    ):
        row.withdraw(reason="zu spät")


def test_posts_paid_from_two_notices_are_paid_by_both_afterwards(former):
    """Two payers of what is given: each pays of each new post its share, and as much as before."""
    other = new_notice(former, "zweiter", ("1.0", "57000")).items.get()
    first = Funding.objects.get(position__number="CM-13").item
    Funding.objects.filter(position__number="CM-13").delete()
    Funding.objects.create(body=former, item=other, position=Position.objects.get(number="CM-13"))
    row = drafted(former, seed_legs())
    row.adopt()
    parts = {}
    for one in Funding.objects.filter(position__number__in=["CM-15", "CM-16", "CM-17"]).select_related("position"):
        parts.setdefault(one.position.number, {})[one.item_id] = one.fte
    sizes = dict(PositionPeriod.objects.filter(position__number__in=parts).values_list("position__number", "fte"))
    assert {number: sum(some.values()) for number, some in parts.items()} == sizes and len(sizes) == 3
    by_payer = {item: sum(some.get(item.pk, 0) for some in parts.values()) for item in (first, other)}
    assert by_payer == {first: D("1.5"), other: D("1.0")}


def test_without_a_post_that_gives_nobody_knows_what_the_new_one_is(former):
    leg = seed_legs()[3]
    row = drafted(former, [leg, of_post("CM-01", "0.5")])
    with pytest.raises(ValidationError, match="richtet sich nach den Stellen, die abgeben"):
        row.apply()


def test_the_command_uses_the_same_verbs(former):
    row = drafted(former, [of_post("CM-12", "-0.5"), of_post("CM-13", "0.6")])
    with pytest.raises(CommandError, match="Differenz: \\+0,1 VZÄ"):
        call_command("reallocation", "1", "--body", former.slug)
    assert Reallocation.objects.get().state == "draft"
    row.put([of_post("CM-12", "-0.5"), of_post("CM-13", "0.5")])
    out = StringIO()
    call_command("reallocation", "1", "--body", former.slug, stdout=out)
    assert out.getvalue() == "Umverteilung Nr. 1: wirksam\n"
    call_command("reallocation", "1", "--body", former.slug, "--withdraw", "Irrtum", stdout=out)
    assert rows(by_carrier(former, FIRST_OF_MARCH)) == FORMER
    for wrong in (["9", "--body", former.slug], ["1", "--body", "nirgends"], ["1", "--body", former.slug]):
        with pytest.raises(CommandError):
            call_command("reallocation", *wrong)


def test_what_is_blocked_is_not_moved(former):
    post = Position.objects.get(number="CM-12")
    PlanNote.objects.create(
        body=former, position=post, kind="block", validity=half_open_range(date(2023, 4, 1)), assumption="x"
    )
    row = drafted(former, [of_post("CM-12", "-0.5"), of_post("CM-13", "0.5")])
    with pytest.raises(ValidationError, match="trägt einen Sperrvermerk"):
        row.adopt()


def test_givers_of_which_one_is_not_paid_pass_on_what_is_paid(former):
    """CM-13 (1,0 of the 2,5 given) is paid by nobody: the notice pays 1,5 of the new posts as before."""
    Funding.objects.filter(position__number="CM-13").delete()
    row = drafted(former, seed_legs())
    row.adopt()
    made = Funding.objects.filter(position__number__in=["CM-15", "CM-16", "CM-17"])
    assert sum(one.fte for one in made) == D("1.5") and made.count() == 3


def test_a_post_that_another_notice_pays_takes_nothing_from_this_one(former):
    other = new_notice(former, "zweiter", ("1.0", "57000")).items.get()
    Funding.objects.filter(position__number="CM-11").delete()
    Funding.objects.create(body=former, item=other, position=Position.objects.get(number="CM-11"))
    row = drafted(former, [of_post("CM-12", "-0.5"), of_post("CM-11", "0.5")])
    with pytest.raises(ValidationError, match="verschieden gefördert"):
        row.adopt()


def test_a_planned_notice_explains_no_difference(former):
    source = Source.objects.create(body=former, kind="notice", title="Bescheid 2024, nur geplant")
    row = drafted(former, [of_post("CM-13", "0.5")], basis=source, difference_reason="mehr")
    with pytest.raises(ValidationError):
        row.adopt()
    with pytest.raises(IntegrityError, match="unbalanced"):
        by_sql(row)
