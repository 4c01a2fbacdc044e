"""Large lists: what entries have in common is computed once, and found by number; no standing may depend on that."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core import lifecycle
from generator.core.addressing import corrected, decisions_by_nomination, relisted
from generator.core.lifecycle import Facts, Standing, stand, standing
from generator.core.model import Batch, BatchId, Ground, Hit, HitEffect, Lists, Rules, number_of
from tests.core.builders import (
    BATCH,
    batch,
    correction,
    lists,
    nomination,
    number,
    organisation,
    person,
    relisting,
    screening,
    withdrawal,
)
from tests.core.worlds import ALL_DAYS, World, worlds

OTHER = Batch(BatchId("2026-02"), "二〇二六年第二批", date(2026, 1, 20), date(2026, 1, 26))
DAYS = st.sampled_from(ALL_DAYS)


def one_by_one(world: World, as_of: date) -> list[Standing]:
    """Return where every entry stands, each judged alone by every answer with all its hits."""
    decisions = [decision for decision in world.lists.decisions if decision.day <= as_of]
    nominations = (*world.lists.nominations, *relisted(world.lists, decisions))
    returns = [answer for answer in world.lists.returns if answer.day <= as_of]
    found = []
    for entry, decided in zip(nominations, decisions_by_nomination(nominations, decisions), strict=True):
        own = number_of(corrected(entry, decided).subject)
        facts = Facts(
            entry,
            world.lists.batches[entry.batch],
            tuple(answer for answer in returns if answer.batch == entry.batch),
            decided,
            tuple(
                answer
                for answer in returns
                if answer.batch != entry.batch
                and answer.effect is HitEffect.EXCLUDES
                and own in {hit.number for hit in answer.hits}
            ),
        )
        found.append(standing(facts, facts.batch.rules or world.rules, world.lists.calendar, as_of))
    return found


@st.composite
def two_batches(draw: st.DrawFn) -> World:
    """Return a world in which the same people stand in another batch too, and its sources answered as well."""
    world = draw(worlds())
    again = [
        replace(entry, batch=OTHER.id, received=date(2026, 1, 9), honour_ends=draw(st.none() | DAYS))
        for entry in draw(st.lists(st.sampled_from(world.lists.nominations), unique_by=id))
    ]
    answers = [
        replace(answer, batch=OTHER.id) for answer in draw(st.lists(st.sampled_from(world.lists.returns), unique_by=id))
    ]
    return World(
        replace(
            world.lists,
            batches={**world.lists.batches, OTHER.id: OTHER},
            nominations=(*world.lists.nominations, *again),
            returns=(*world.lists.returns, *answers),
        ),
        world.rules,
    )


class TestTogetherAsAlone:
    """Where a nomination stands is a function of its own facts, however many others there are."""

    @given(two_batches(), DAYS)
    def test_whatever_is_known(self, world: World, as_of: date) -> None:
        assert list(stand(world.lists, world.rules, as_of)) == one_by_one(world, as_of)

    @given(worlds(), st.integers(0, 3), DAYS)
    def test_others_make_no_difference(self, world: World, place: int, as_of: date) -> None:
        entry = world.lists.nominations[place]
        alone = replace(
            world.lists,
            nominations=(entry,),
            decisions=tuple(d for d in world.lists.decisions if d in _addressing(world.lists, place)),
        )
        assert stand(alone, world.rules, as_of)[0] == stand(world.lists, world.rules, as_of)[place]


def _addressing(facts: Lists, place: int) -> tuple[object, ...]:
    return decisions_by_nomination(facts.nominations, facts.decisions)[place]


def test_a_hit_on_a_number_put_right_later_counts_from_then_on() -> None:
    """The hit is on the number the entry gets by correction: both its numbers are looked for."""
    wrong, right = number(1), number(2)
    hit = Hit(right, date(2025, 6, 1))
    facts = lists(
        returns=[screening(date(2025, 12, 22), hit)], decisions=[correction(date(2025, 12, 23), {"number": right})]
    )
    before, after = (lifecycle.gather(facts, day)[0] for day in (date(2025, 12, 22), date(2025, 12, 23)))
    assert number_of(before.nomination.subject) == wrong
    assert [answer.hits for answer in before.returns] == [()]
    assert [answer.hits for answer in after.returns] == [(hit,)]


def test_answers_keep_their_order_and_those_without_hits() -> None:
    hits = [Hit(number(1), date(2025, 1, day)) for day in (1, 2, 3)]
    answers = [
        screening(date(2025, 12, 21), hits[0], Hit(number(2), date(2025, 1, 9)), hits[1]),
        screening(date(2025, 12, 21), source="市监局"),
        screening(date(2025, 12, 22), hits[2]),
    ]
    (found,) = lifecycle.gather(lists(returns=answers), date(2025, 12, 25))
    assert [(answer.source, answer.hits) for answer in found.returns] == [
        ("法院", (hits[0], hits[1])),
        ("市监局", ()),
        ("法院", (hits[2],)),
    ]


@pytest.mark.parametrize(
    "other",
    [
        nomination(person("李另", 3), date(2025, 12, 16)),
        nomination(person("李另", 3), honour_ends=date(2026, 3, 1)),
        nomination(organisation(serial=3)),
    ],
)
def test_those_who_differ_in_what_counts_are_not_alike(other: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries share a standing only where everything a standing is made of is the same."""
    assert isinstance(other, type(nomination()))
    judged = []

    def counted(facts: Facts, *rest: object) -> Standing:
        judged.append(facts.nomination)
        return standing(facts, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle, "standing", counted)
    many = [nomination(), nomination(person("钱二", 2)), other]
    assert len(stand(lists(many), Rules(), date(2026, 2, 1))) == 3
    assert judged == [many[0], many[2]]


def test_whom_a_decision_or_a_hit_speaks_of_is_judged_alone() -> None:
    people = [person(f"钱{index}", index) for index in range(1, 6)]
    found = stand(
        lists(
            [nomination(one) for one in people],
            returns=[screening(date(2025, 12, 22), Hit(number(2), date(2025, 6, 1)))],
            decisions=[withdrawal(date(2026, 2, 1), Ground.ABUSE, people[3])],
        ),
        Rules(),
        date(2026, 2, 2),
    )
    stages = [answer.stage for answer in found]
    recognised, out, left = lifecycle.Stage.RECOGNISED, lifecycle.Stage.SCREENED_OUT, lifecycle.Stage.LEFT
    assert stages == [recognised, out, recognised, left, recognised]
    assert [answer.nomination.subject for answer in found] == people


def test_the_relisted_are_found_too() -> None:
    fallen = withdrawal(date(2026, 1, 10), Ground.NOT_RENEWED)
    facts = lists(decisions=[fallen, relisting(date(2026, 1, 15), OTHER.id)])
    facts = replace(facts, batches={BATCH: batch(), OTHER.id: OTHER})
    found = stand(facts, Rules(), date(2026, 1, 16))
    assert [(answer.nomination.batch, answer.stage) for answer in found] == [
        (BATCH, lifecycle.Stage.LEFT),
        (OTHER.id, lifecycle.Stage.NOMINATED),
    ]
