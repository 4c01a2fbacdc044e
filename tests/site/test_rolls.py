"""Which entries are shown on which day, in which order, on which page."""

from datetime import date, timedelta

import pytest

from generator.core.model import BatchId
from generator.site.rolls import NoticeState, Roll, in_notice, notice_state, pages, recognised
from tests.site.builders import A8, AS_OF, B1, BATCH, PERIOD, TAX, content, entry, noticed

ONE_DAY = timedelta(days=1)
STATES = {
    "day before": (PERIOD.not_before - ONE_DAY, NoticeState.BEFORE),
    "first day": (PERIOD.not_before, NoticeState.RUNNING),
    "last day": (PERIOD.not_after, NoticeState.RUNNING),
    "day after": (PERIOD.not_after + ONE_DAY, NoticeState.ENDED),
}


@pytest.mark.parametrize(("day", "state"), STATES.values(), ids=STATES)
def test_a_notice_runs_from_its_first_to_its_last_day(day: date, state: NoticeState) -> None:
    assert notice_state(PERIOD, day) is state


def test_a_notice_without_a_period_has_not_started() -> None:
    assert notice_state(None, AS_OF) is NoticeState.BEFORE


def test_a_notice_shows_its_own_batch_and_nothing_recognised() -> None:
    mine, other = noticed(1), noticed(2, batch=BatchId("2026-02"))
    rolls = in_notice(content(), (mine, other, entry(3)), BATCH, AS_OF)
    assert [e for roll in rolls for e in roll.entries] == [mine]


def test_an_entry_outside_its_days_is_never_shown() -> None:
    """Even if it were handed over: disclosure decides, the page does not forget to look."""
    day = PERIOD.not_after + ONE_DAY
    assert in_notice(content(), (noticed(1),), BATCH, day) == ()
    expired = entry(1, until=AS_OF - ONE_DAY)
    assert all(not roll.entries for roll in recognised(content(), (expired,), AS_OF))


def test_every_category_keeps_its_page_and_entries_stand_by_unit_then_reference() -> None:
    by_tax, late, early = entry(1, unit=TAX), entry(9), entry(2)
    rolls = recognised(content(), (by_tax, late, early), AS_OF)
    assert [roll.category.code for roll in rolls] == [A8, B1]
    assert rolls[0].entries == (early, late, by_tax)
    assert rolls[1].entries == ()


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_a_hundred_entries_a_page(count: int, sizes: list[int]) -> None:
    roll = Roll(content().categories[A8], tuple(entry(n) for n in range(count)))
    cut = pages(roll)
    assert [len(page.entries) for page in cut] == sizes
    assert [page.url for page in cut][:2] == ["lists/a8/", "lists/a8/2/"][: len(sizes)]
    assert tuple(e for page in cut for e in page.entries) == roll.entries
