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
        "有异议待核实（公示期内有人提出异议，认定单位正在核实），自2026年1月5日起，到2027年1月4日止，应于2026年1月26日前答复"
    )
