"""Dishonesty speaks of the subject, not of one batch: what one batch learns ends the entries of the others (F16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from generator.build.office import Office, read
from generator.core import wording
from generator.core.lifecycle import Reason, Stage, Standing, stand
from generator.core.model import BatchId, Ground, Hit, HitEffect, Objection, Person, ScreeningReturn, UnitId, Withdrawal
from tests.conftest import REPOSITORY
from tests.fictional import DEMO_DAY

OTHER = BatchId("2026-01")


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
