"""Every stage and reason has words, and no two the same."""

from __future__ import annotations

from datetime import date

import pytest

from generator.core import wording
from generator.core.lifecycle import Reason, Stage, Standing
from tests.core.builders import nomination


@pytest.mark.parametrize(("words", "values"), [(wording.STAGES, Stage), (wording.REASONS, Reason)])
def test_every_value_has_words_of_its_own(words: dict[object, str], values: type[Stage] | type[Reason]) -> None:
    assert set(words) == set(values)
    assert len(set(words.values())) == len(values)
    assert all(text and text.strip() == text and not text.isascii() for text in words.values())


def test_a_day_has_no_leading_noughts() -> None:
    assert wording.day(date(2026, 1, 5)) == "2026年1月5日"


def test_a_standing_in_one_line() -> None:
    since, until, due = date(2026, 1, 5), date(2027, 1, 4), date(2026, 1, 26)
    bare = Standing(nomination(), Stage.RECOGNISED, Reason.NO_OBJECTION, since)
    assert wording.explain(bare) == "已认定（公示无异议），自2026年1月5日起"
    full = Standing(nomination(), Stage.OBJECTED, Reason.OBJECTION_OPEN, since, until=until, due=due)
    assert wording.explain(full) == (
        "有异议待核实（公示期内有人提出异议，认定单位正在核实），自2026年1月5日起，到2027年1月4日止，应于2026年1月26日以前（含当天）答复"
    )


def test_an_objection_rejected_after_the_notice_ends_the_day_after() -> None:
    on = date(2026, 1, 22)
    waiting = Standing(nomination(), Stage.OBJECTED, Reason.OBJECTION_REJECTED, date(2026, 1, 8), until=on)
    assert wording.explain(waiting).endswith("到2026年1月22日止，第二天认定")


def test_whoever_is_out_appeals_and_whoever_is_not_is_reported() -> None:
    on = date(2026, 2, 3)
    out = Standing(nomination(), Stage.LEFT, Reason.E2_ABUSE, on, reported=on)
    there = Standing(nomination(), Stage.RECOGNISED, Reason.NO_OBJECTION, on, reported=on)
    assert "收到申诉，正在核实" in wording.explain(out)
    assert "收到反映，正在核实" in wording.explain(there)
