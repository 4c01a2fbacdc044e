"""Dishonesty speaks of the subject, not of one batch: what one batch learns ends the entries of the others (F16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from generator.build.office import Office, read
from generator.core import wording
from generator.core.lifecycle import Reason, Stage, Standing, stand
from generator.core.model import (
    AnyDecision,
    BatchId,
    Ground,
    Hit,
    HitEffect,
    Lists,
    Objection,
    Person,
    Rules,
    ScreeningReturn,
    UnitId,
    Withdrawal,
)
from tests.conftest import REPOSITORY
from tests.core.builders import (
    BATCH,
    CALENDAR,
    batch,
    correction,
    nomination,
    number,
    person,
    relisting,
    screening,
)
from tests.core.builders import withdrawal as withdrawn
from tests.fictional import DEMO_DAY

OTHER = BatchId("2026-01")
OTHER_BATCH = BatchId("2026-02")


@cache
def office() -> Office:
    return read(REPOSITORY, DEMO_DAY)


@cache
def recognised() -> Person:
    """Return somebody of 2025-01 who stands recognised."""
    for standing in office().standings:
        subject = standing.nomination.subject
        if standing.stage is Stage.RECOGNISED and isinstance(subject, Person):
            return subject
    raise AssertionError("nobody is recognised")


def found(effect: HitEffect = HitEffect.EXCLUDES, recorded: date = date(2026, 10, 1)) -> ScreeningReturn:
    hit = Hit(recognised().number, recorded, removed=recorded.replace(year=recorded.year + 1))
    return ScreeningReturn(OTHER, "法院", date(2026, 11, 10), "某", effect, (hit,))


def standing_with(*, returns: tuple[ScreeningReturn, ...] = (), decisions: tuple[object, ...] = ()) -> Standing:
    lists = office().lists
    more = replace(lists, returns=lists.returns + returns, decisions=lists.decisions + decisions)  # type: ignore[operator]
    standings = stand(more, office().content.settings.rules, DEMO_DAY)
    return next(s for s in standings if s.nomination.subject == recognised() and s.nomination.batch == "2025-01")


def test_a_return_filed_under_another_batch_ends_the_entry() -> None:
    standing = standing_with(returns=(found(),))
    assert (standing.stage, standing.reason, standing.since) == (Stage.LEFT, Reason.E2_DISHONEST, date(2026, 11, 10))


def test_an_abnormality_or_an_old_record_there_does_not() -> None:
    assert standing_with(returns=(found(HitEffect.UNTIL_REMOVED),)).stage is Stage.RECOGNISED
    assert standing_with(returns=(found(recorded=date(2020, 1, 1)),)).stage is Stage.RECOGNISED


def withdrawal(ground: Ground, day: date) -> Withdrawal:
    person = recognised()
    return Withdrawal(
        kind="withdrawal", batch=OTHER, name=person.name, number=person.number, day=day,
        unit=UnitId("fs-fulian"), grounds="测试", operator="某", ground=ground,
    )  # fmt: skip


def test_who_is_withdrawn_as_dishonest_leaves_with_every_entry() -> None:
    for ground, reason in ((Ground.DISHONEST, Reason.E2_DISHONEST), (Ground.ABUSE, Reason.E2_ABUSE)):
        assert standing_with(decisions=(withdrawal(ground, date(2026, 11, 12)),)).reason is reason


def test_other_grounds_and_earlier_days_end_only_their_own_entry() -> None:
    assert standing_with(decisions=(withdrawal(Ground.NOT_RENEWED, date(2026, 11, 12)),)).stage is Stage.RECOGNISED
    before = withdrawal(Ground.DISHONEST, date(2025, 1, 2))  # relisted since: a new nomination
    assert standing_with(decisions=(before,)).stage is Stage.RECOGNISED


def test_a_report_after_the_notice_waits_in_sight() -> None:
    person = recognised()
    report = Objection(
        kind="objection", batch=BatchId("2025-01"), name=person.name, number=person.number, day=date(2026, 11, 18),
        unit=UnitId("fs-fulian"), grounds="测试", operator="某",
    )  # fmt: skip
    standing = standing_with(decisions=(report,))
    assert (standing.stage, standing.reported, standing.due) == (
        Stage.RECOGNISED, date(2026, 11, 18), date(2026, 12, 9),
    )  # fmt: skip
    assert "2026年11月18日收到反映，正在核实" in wording.explain(standing)
    next_year = replace(report, day=DEMO_DAY)
    assert standing_with(decisions=(next_year,)).due == date(2026, 12, 11)


class TestCorrectedNumbers:
    """What is decided of a subject follows the number that its entry bore, and reaches entries while they bear it."""

    X, Y = number(1), number(2)
    MISTYPED, TRUE_X, TRUE_Y = person("甲冤", 1), person("乙真", 1), person("甲冤", 2)
    FIXED = correction(date(2026, 1, 10), {"number": number(2)}, person("甲冤", 1))

    def stages(self, other: Person, decisions: Sequence[AnyDecision], as_of: date) -> tuple[Stage, Stage]:
        """Return where the mistyped entry stands, and the other one, which is of another batch."""
        batches = {BATCH: batch(), OTHER_BATCH: replace(batch(), id=OTHER_BATCH)}
        entries = (nomination(self.MISTYPED), replace(nomination(other), batch=OTHER_BATCH))
        answers = [screening(), replace(screening(), batch=OTHER_BATCH), screening(date(2026, 1, 11))]
        facts = Lists(batches, entries, tuple(answers), tuple(decisions), (), CALENDAR)
        mistyped, theirs = stand(facts, Rules(), as_of)
        return mistyped.stage, theirs.stage

    def elsewhere(self, day: date, subject: Person) -> AnyDecision:
        return replace(withdrawn(day, Ground.DISHONEST, subject), batch=OTHER_BATCH)

    def test_who_no_longer_bears_the_number_does_not_fall_with_its_owner(self) -> None:
        for day in (date(2026, 1, 8), date(2026, 1, 20)):
            decisions: list[AnyDecision] = [self.FIXED, self.elsewhere(day, self.TRUE_X)]
            assert self.stages(self.TRUE_X, decisions, date(2026, 1, 21)) == (Stage.RECOGNISED, Stage.LEFT)

    def test_who_turns_out_to_bear_it_falls_with_it(self) -> None:
        decisions: list[AnyDecision] = [self.elsewhere(date(2026, 1, 8), self.TRUE_Y), self.FIXED]
        assert self.stages(self.TRUE_Y, decisions[:1], date(2026, 1, 9))[0] is Stage.RECOGNISED
        assert self.stages(self.TRUE_Y, decisions, date(2026, 1, 10))[0] is Stage.LEFT

    def test_a_withdrawal_under_the_old_number_strikes_nobody_else(self) -> None:
        decisions: list[AnyDecision] = [self.FIXED, withdrawn(date(2026, 1, 20), Ground.DISHONEST, self.MISTYPED)]
        assert self.stages(self.TRUE_X, decisions, date(2026, 1, 21)) == (Stage.LEFT, Stage.RECOGNISED)
        assert self.stages(self.TRUE_Y, decisions, date(2026, 1, 21)) == (Stage.LEFT, Stage.LEFT)


def test_a_table_of_later_takes_nothing_from_who_was_relisted() -> None:
    """Facts dated later never change an earlier day."""
    left = replace(nomination(person(), date(2025, 12, 15)))
    batches = {BATCH: batch(), OTHER_BATCH: replace(batch(notice_start=date(2026, 6, 10)), id=OTHER_BATCH)}
    decisions = (withdrawn(date(2026, 3, 2), Ground.NOT_RENEWED, person()), relisting(date(2026, 6, 1), OTHER_BATCH))
    answers = (screening(), replace(screening(date(2026, 6, 5)), batch=OTHER_BATCH))
    facts = Lists(batches, (left,), answers, decisions, (), CALENDAR)
    later = replace(facts, nominations=(left, replace(left, batch=OTHER_BATCH, received=date(2026, 6, 12))))
    for day in (date(2026, 6, 2), date(2026, 6, 11), date(2026, 7, 1)):
        before, after = stand(facts, Rules(), day), stand(later, Rules(), day)
        assert (before[0], before[-1]) == (after[0], after[-1])
