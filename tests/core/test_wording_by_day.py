"""What staff read about an entry is true on the day it is said for (the words themselves: test_wording.py)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings

from generator.core.wording import explain
from tests.core.builders import lists, where
from tests.core.worlds import World, worlds


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        (date(2025, 12, 16), "已报送（等待各部门筛查结果），自2025年12月15日起"),
        (date(2025, 12, 25), "公示中（公示期未满），自2025年12月25日起，到2026年1月6日止"),
        (date(2026, 1, 7), "已认定（公示无异议），自2026年1月7日起，到2027年1月6日止"),
        (date(2027, 1, 7), "已退出（退出三：有效期满），自2027年1月7日起"),
    ],
)
def test_the_ordinary_year(as_of: date, told: str) -> None:
    assert explain(where(lists(), as_of)) == told


def test_what_has_not_arrived_does_not_claim_a_day_to_come() -> None:
    """On 1 December it is not true that an entry "has not been nominated since 15 December"."""
    assert "自2025年12月15日起" not in explain(where(lists(), date(2025, 12, 1)))


@settings(max_examples=20)
@given(worlds())
def test_no_word_about_who_it_is(world: World) -> None:
    """Explanations are printed on terminals and in office files, beside a reference: no number, no name."""
    for _, answer in world.answers():
        assert answer.nomination.subject.name not in explain(answer)
        assert "990621" not in explain(answer)
