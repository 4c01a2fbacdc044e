"""What holds for every entry on every day, whatever the facts are; the single stories are in scenarios/."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.core.addressing import decisions_by_nomination
from generator.core.lifecycle import Reason, Stage, Standing, notice_period, stand, validity
from generator.core.model import (
    AnyDecision,
    Correction,
    Ground,
    Hit,
    HitEffect,
    ReferenceDay,
    Rehabilitation,
    Resolution,
    Rules,
    ScreeningReturn,
    Window,
)
from generator.core.screening import excludes
from generator.core.workdays import same_day_years_later
from tests.core.builders import (
    CALENDAR,
    batch,
    document_of,
    lists,
    nomination,
    objection,
    person,
    resolution,
    screening,
    where,
    withdrawal,
)
from tests.core.worlds import ALL_DAYS, BUSY, World, decisions, returns, worlds

ONE_DAY = timedelta(days=1)
EVERY_DAY = settings(max_examples=40)
"""A world is asked about a hundred days, so fewer worlds will do."""

REASONS = {
    Stage.NOT_RECEIVED: {Reason.NOT_YET},
    Stage.NOMINATED: {Reason.AWAITING_SCREENING, Reason.AWAITING_NOTICE},
    Stage.SCREENED_OUT: {Reason.HIT_AT_SCREENING, Reason.HIT_BEFORE_RECOGNITION},
    Stage.IN_NOTICE: {Reason.NOTICE_RUNNING},
    Stage.OBJECTED: {Reason.OBJECTION_OPEN, Reason.OBJECTION_REJECTED},
    Stage.RECOGNISED: {Reason.NO_OBJECTION, Reason.OBJECTION_REJECTED},
    Stage.LEFT: {
        Reason.E1_OBJECTION_UPHELD,
        Reason.E2_DISHONEST,
        Reason.E2_ABUSE,
        Reason.E3_EXPIRED,
        Reason.E3_NOT_RENEWED,
        Reason.E4_STANDARD_CHANGED,
    },
}

AFTER = {
    Stage.NOT_RECEIVED: set(Stage),
    Stage.NOMINATED: {Stage.NOMINATED, Stage.SCREENED_OUT, Stage.IN_NOTICE, Stage.OBJECTED, Stage.LEFT},
    Stage.SCREENED_OUT: set(Stage) - {Stage.NOT_RECEIVED},
    Stage.IN_NOTICE: {Stage.IN_NOTICE, Stage.SCREENED_OUT, Stage.OBJECTED, Stage.RECOGNISED, Stage.LEFT},
    Stage.OBJECTED: {Stage.OBJECTED, Stage.SCREENED_OUT, Stage.IN_NOTICE, Stage.RECOGNISED, Stage.LEFT},
    Stage.RECOGNISED: {Stage.RECOGNISED, Stage.LEFT},
    Stage.LEFT: {Stage.LEFT},
}
"""Where an entry can be the day after."""


def recorded_dishonesty(standing: Standing, known: Iterable[ScreeningReturn]) -> list[tuple[ScreeningReturn, Hit]]:
    """Return the records of serious dishonesty that returns report of an entry's subject."""
    number = document_of(standing.nomination.subject)
    return [
        (answer, hit)
        for answer in known
        if answer.effect is HitEffect.EXCLUDES
        for hit in answer.hits
        if hit.number == number
    ]


def cleared(world: World, number: str, day: date) -> bool:
    """Return whether a record of this number had been found to be wrong by a day."""
    found = (d for d in world.lists.decisions if isinstance(d, Rehabilitation))
    return any(d.number == number and d.day <= day for d in found)


def undoes(decision: AnyDecision) -> bool:
    """Return whether a decision can undo what ended an entry."""
    match decision:
        case Resolution():
            return decision.answers == "appeal" and decision.upheld
        case Correction():
            return "number" in decision.fields
        case _:
            return isinstance(decision, Rehabilitation)


class TestEveryDay:
    """Every nomination is in exactly one stage on every day (lifecycle.py, Stage), with a reason that belongs to it."""

    @EVERY_DAY
    @given(worlds())
    def test_one_answer_each_in_order(self, world: World) -> None:
        for day in ALL_DAYS:
            answers = stand(world.lists, world.rules, day)
            assert [answer.nomination.origin for answer in answers] == [n.subject for n in world.lists.nominations]
            assert all(answer.reason in REASONS[answer.stage] for answer in answers)

    @EVERY_DAY
    @given(worlds())
    def test_the_days_it_names_are_true(self, world: World) -> None:
        """``since`` is a day of the stage, ``until`` not in the past, ``due`` only while someone must answer.

        An abnormality may interrupt a stage until it is removed; what comes after is the same stage still.
        """
        for course in world.courses():
            stage_on = {day: answer.stage for day, answer in course}
            for day, answer in course:
                assert (answer.stage is Stage.NOT_RECEIVED) == (day < answer.nomination.received)
                if answer.stage is not Stage.NOT_RECEIVED:
                    assert answer.since <= day
                    assert stage_on.get(answer.since, answer.stage) in (answer.stage, Stage.SCREENED_OUT)
                assert answer.until is None or answer.until >= day
                assert (answer.due is not None) == (
                    answer.reason is Reason.OBJECTION_OPEN or answer.reported is not None
                )
                assert answer.late == (answer.nomination.received > date(2025, 12, 20))

    @EVERY_DAY
    @given(worlds())
    def test_the_way_is_one_way(self, world: World) -> None:
        """Who is recognised stays so until an exit of F16; who has left comes back by a new nomination only.

        Unless a decision undoes what ended the entry: an appeal granted, a wrong record, a number put right.
        """
        undone = {decision.day for decision in world.lists.decisions if undoes(decision)}
        for course in world.courses():
            for (day, today), (next_day, tomorrow) in pairwise(course):
                if next_day - day == ONE_DAY and next_day not in undone:
                    assert tomorrow.stage in AFTER[today.stage], day

    @EVERY_DAY
    @given(worlds())
    def test_who_was_out_during_the_notice_is_not_recognised_by_it(self, world: World) -> None:
        """Published for the whole length or not at all (F06); an abnormality removed in time is forgiven (F05)."""
        for course in world.courses():
            for day, answer in course:
                if answer.stage is Stage.RECOGNISED and answer.notice:
                    of_notice = [stood for on, stood in course if on in answer.notice and on <= day]
                    assert all(stood.stage is not Stage.LEFT for stood in of_notice)

    @EVERY_DAY
    @given(worlds())
    def test_the_notice_runs_while_it_says_so(self, world: World) -> None:
        for day, answer in world.answers():
            if answer.stage is Stage.IN_NOTICE:
                assert answer.notice is not None
                assert day in answer.notice
                assert answer.until == answer.notice.not_after


class TestLaterFacts:
    """A fact dated later never changes the answer for an earlier day (lifecycle.py)."""

    @given(worlds(), BUSY, st.data())
    def test_more_facts_from_tomorrow_on(self, world: World, as_of: date, data: st.DataObject) -> None:
        later = st.dates(as_of + ONE_DAY, as_of + timedelta(days=400))
        more = replace(
            world.lists,
            nominations=(*world.lists.nominations, nomination(person("李后来", 3), data.draw(later))),
            returns=(*data.draw(st.lists(returns(later), max_size=3)), *world.lists.returns),
            decisions=(*data.draw(st.lists(decisions(later), max_size=3)), *world.lists.decisions),
        )
        assert stand(more, world.rules, as_of)[:-1] == stand(world.lists, world.rules, as_of)

    @EVERY_DAY
    @given(worlds(), st.randoms(use_true_random=False))
    def test_the_order_of_files_does_not_matter(self, world: World, random: Random) -> None:
        """Returns and decisions of different days may be read in any order; decisions of one day keep theirs."""
        decided = list(world.lists.decisions)
        random.shuffle(decided)
        of_day = {day: [d for d in world.lists.decisions if d.day == day] for day in {d.day for d in decided}}
        answered = list(world.lists.returns)
        random.shuffle(answered)
        mixed = replace(
            world.lists, returns=tuple(answered), decisions=tuple(of_day[decision.day].pop(0) for decision in decided)
        )
        for (day, before), (_, after) in zip(world.answers(), World(mixed, world.rules).answers(), strict=True):
            assert (day, after.stage, after.since, after.until) == (day, before.stage, before.since, before.until)


class TestNobodyWronglyRecognised:
    """Nobody is recognised outside the year, without a whole notice, or with a record known (F02, F06, F08)."""

    @EVERY_DAY
    @given(worlds())
    def test_only_within_the_window_after_a_whole_notice(self, world: World) -> None:
        for day, answer in world.answers():
            if answer.stage is Stage.RECOGNISED:
                assert answer.notice is not None
                assert answer.window is not None
                assert day in answer.window
                assert answer.nomination.received <= answer.notice.not_before
                assert answer.notice == notice_period(answer.notice.not_before, world.rules, CALENDAR)
                assert answer.window == validity(answer.window.not_before - ONE_DAY, world.rules)
                assert answer.window.not_before > answer.notice.not_after

    @EVERY_DAY
    @given(worlds())
    def test_only_when_every_required_source_had_answered(self, world: World) -> None:
        for _, answer in world.answers():
            if answer.stage in (Stage.IN_NOTICE, Stage.OBJECTED, Stage.RECOGNISED):
                assert answer.notice is not None
                start, received = answer.notice.not_before, answer.nomination.received
                asked = {told.source for told in world.lists.returns if received <= told.day <= start}
                assert asked
                assert asked >= set(world.rules.screening_sources)

    @EVERY_DAY
    @given(worlds())
    def test_never_with_a_record_of_dishonesty_known(self, world: World) -> None:
        for day, answer in world.answers():
            if answer.stage is not Stage.RECOGNISED or answer.window is None:
                continue
            for told, hit in recorded_dishonesty(answer, world.lists.returns):
                over, known = same_day_years_later(hit.recorded, 3), told.day <= day
                if cleared(world, hit.number, day):
                    continue
                after = told.day > answer.window.not_before
                if known and (after or ReferenceDay.SCREENING in world.rules.reference_days):
                    assert told.day >= over
                elif known and ReferenceDay.RECOGNITION in world.rules.reference_days:
                    assert answer.window.not_before >= over

    @EVERY_DAY
    @given(worlds())
    def test_never_while_an_objection_made_in_time_is_open(self, world: World) -> None:
        of_each = decisions_by_nomination(world.lists.nominations, world.lists.decisions)
        for course, of_it in zip(world.courses(), of_each, strict=True):
            for day, answer in course:
                if answer.stage is Stage.RECOGNISED and answer.notice:
                    past = [d for d in of_it if d.day <= day and d.kind in ("objection", "resolution")]
                    in_time = [d for d in past if d.kind == "objection" and d.day <= answer.notice.not_after]
                    assert not in_time or past[past.index(in_time[-1]) + 1 :], "nobody answered the last one"


class TestExcludes:
    """Three years from the record for serious dishonesty; until it is removed for an abnormality (F02, F05)."""

    RULES = Rules()

    @given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(-2000, 2000))
    def test_dishonesty_counts_for_three_years(self, recorded: date, offset: int) -> None:
        day = recorded + timedelta(days=offset)
        expected = recorded <= day < same_day_years_later(recorded, 3)
        assert excludes(Hit("X", recorded, removed=recorded), HitEffect.EXCLUDES, day, self.RULES) is expected

    @given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(0, 4000))
    def test_dishonesty_in_force_counts_however_old(self, recorded: date, lasted: int) -> None:
        """Who stands on the list of dishonest today has a record in the last three years, whenever it was made."""
        day, over = recorded + timedelta(days=lasted), same_day_years_later(recorded, 3)
        assert excludes(Hit("X", recorded), HitEffect.EXCLUDES, day, self.RULES)
        assert excludes(Hit("X", recorded, removed=day + ONE_DAY), HitEffect.EXCLUDES, day, self.RULES)
        assert excludes(Hit("X", recorded, removed=day), HitEffect.EXCLUDES, day, self.RULES) is (day < over)

    @given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(1, 2000))
    def test_an_abnormality_counts_until_the_day_of_its_removal(self, recorded: date, lasted: int) -> None:
        removed = recorded + timedelta(days=lasted)
        hit = Hit("X", recorded, removed)
        judge = HitEffect.UNTIL_REMOVED
        assert not excludes(hit, judge, recorded - ONE_DAY, self.RULES)
        assert excludes(hit, judge, recorded, self.RULES)
        assert excludes(hit, judge, removed - ONE_DAY, self.RULES)
        assert not excludes(hit, judge, removed, self.RULES)
        assert excludes(replace(hit, removed=None), judge, recorded + timedelta(days=36500), self.RULES)

    @given(st.dates(date(2015, 1, 1), date(2030, 1, 1)))
    def test_a_note_never_excludes(self, day: date) -> None:
        assert not excludes(Hit("X", date(2020, 1, 1)), HitEffect.NOTE, day, self.RULES)

    def test_the_years_are_configuration(self) -> None:
        hit = Hit("X", date(2024, 1, 1), removed=date(2024, 6, 1))
        assert not excludes(hit, HitEffect.EXCLUDES, date(2026, 1, 1), Rules(dishonesty_years=2))
        assert excludes(hit, HitEffect.EXCLUDES, date(2026, 1, 1), Rules(dishonesty_years=5))


class TestValidity:
    """First day = day after the notice; last day = same calendar day next year minus one (29 February → 28) (F08)."""

    @given(st.dates(date(2000, 1, 1), date(2099, 1, 1)))
    def test_a_year_and_no_day_more_or_less(self, notice_end: date) -> None:
        window = validity(notice_end, Rules())
        assert window.not_before == notice_end + ONE_DAY
        assert (window.not_after - window.not_before).days in (364, 365)
        following = window.not_after + ONE_DAY
        assert (following.month, following.day) in {(window.not_before.month, window.not_before.day), (3, 1)}

    @pytest.mark.parametrize(
        ("notice_end", "window"),
        [
            (date(2026, 1, 6), Window(date(2026, 1, 7), date(2027, 1, 6))),
            (date(2024, 2, 28), Window(date(2024, 2, 29), date(2025, 2, 28))),
            (date(2023, 2, 28), Window(date(2023, 3, 1), date(2024, 2, 29))),
            (date(2025, 12, 31), Window(date(2026, 1, 1), date(2026, 12, 31))),
        ],
    )
    def test_examples(self, notice_end: date, window: Window) -> None:
        assert validity(notice_end, Rules()) == window


class TestDecisions:
    """A decision addresses a nomination by batch, number and name."""

    def test_another_batch_is_not_touched(self) -> None:
        elsewhere = replace(objection(date(2025, 12, 29)), batch=type(batch().id)("2025-02"))
        facts = lists(decisions=[elsewhere])
        assert where(facts, date(2025, 12, 30)).stage is Stage.IN_NOTICE

    def test_a_number_typed_differently_is_the_same(self) -> None:
        typed = withdrawal(date(2026, 3, 2), Ground.ABUSE)
        spaced = replace(typed, number=f" {typed.number[:6]}-{typed.number[6:].lower()} ")
        assert where(lists(decisions=[spaced]), date(2026, 3, 2)).reason is Reason.E2_ABUSE

    def test_they_come_in_order_of_their_days(self) -> None:
        late, early = resolution(date(2026, 1, 5), upheld=False), objection(date(2025, 12, 29))
        assert decisions_by_nomination([nomination()], [late, early]) == ((early, late),)

    def test_those_of_one_day_keep_their_order(self) -> None:
        day = date(2025, 12, 29)
        answered = lists(decisions=[objection(day), resolution(day, upheld=False)])
        reopened = lists(decisions=[resolution(day, upheld=False), objection(day)])
        assert where(answered, day).stage is Stage.IN_NOTICE
        assert where(reopened, day).stage is Stage.OBJECTED

    def test_a_decision_about_nobody_is_given_to_nobody(self) -> None:
        stranger = objection(date(2025, 12, 29), person("李无名", 9))
        assert decisions_by_nomination([nomination()], [stranger]) == ((),)


def test_an_empty_world_has_no_answers() -> None:
    facts = replace(lists(), nominations=())
    assert stand(facts, Rules(), date(2026, 1, 1)) == ()


def test_a_return_for_another_batch_screens_nobody_here() -> None:
    elsewhere = replace(screening(), batch=type(batch().id)("2025-02"))
    assert where(lists(returns=[elsewhere]), date(2025, 12, 30)).reason is Reason.AWAITING_SCREENING
