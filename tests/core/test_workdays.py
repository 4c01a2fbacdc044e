"""Working days: the table of facts/identifiers.md, counted over the days off that the State Council announced."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.lifecycle import notice_period
from generator.core.model import Rules, Window
from generator.core.workdays import Calendar, UncoveredYearError, same_day_years_later
from tests.core.builders import CALENDAR, days

COVERED = st.dates(min_value=date(2019, 1, 1), max_value=date(2026, 11, 1))


@pytest.mark.parametrize(
    ("start", "counted", "not_counted"),
    [
        (date(2025, 9, 25), date(2025, 10, 10), date(2025, 10, 11)),
        (date(2025, 12, 22), date(2025, 12, 30), date(2025, 12, 31)),
        (date(2025, 12, 25), date(2026, 1, 5), date(2026, 1, 6)),
        (date(2026, 1, 26), date(2026, 2, 3), date(2026, 2, 4)),
        (date(2026, 2, 9), date(2026, 2, 24), date(2026, 2, 25)),
        (date(2026, 4, 28), date(2026, 5, 9), date(2026, 5, 11)),
    ],
)
def test_seven_working_days(start: date, counted: date, not_counted: date) -> None:
    assert CALENDAR.last_working_day(start, 7, count_start=True) == counted
    assert CALENDAR.last_working_day(start, 7, count_start=False) == not_counted
    assert notice_period(start, Rules(count_first_day=True), CALENDAR) == Window(start, counted)
    assert notice_period(start, Rules(count_first_day=False), CALENDAR) == Window(start, not_counted)


def test_a_sunday_can_be_worked_and_a_wednesday_off() -> None:
    """调休: 2025-09-28 is a Sunday at work, 2025-10-01 a Wednesday off."""
    assert CALENDAR.is_working(date(2025, 9, 28))
    assert not CALENDAR.is_working(date(2025, 10, 1))


def test_a_first_day_that_is_off_does_not_count_itself() -> None:
    saturday = date(2025, 11, 1)
    assert CALENDAR.last_working_day(saturday, 1, count_start=True) == date(2025, 11, 3)


@given(COVERED, st.integers(1, 25), st.booleans())
def test_the_last_day_is_the_nth_working_day(start: date, count: int, count_start: bool) -> None:
    last = CALENDAR.last_working_day(start, count, count_start=count_start)
    counted = [day for day in days(start, last) if CALENDAR.is_working(day) and (count_start or day != start)]
    assert CALENDAR.is_working(last)
    assert len(counted) == count


@pytest.mark.parametrize("count", [0, -1])
def test_no_fewer_than_one_day_can_be_counted(count: int) -> None:
    with pytest.raises(ValueError, match="cannot count"):
        CALENDAR.last_working_day(date(2025, 1, 1), count, count_start=True)


class TestUncoveredYears:
    """A year that nobody has announced is an error, never a guess."""

    def test_a_day_of_an_unannounced_year(self) -> None:
        with pytest.raises(UncoveredYearError, match="2027") as refused:
            CALENDAR.is_working(date(2027, 1, 4))
        assert refused.value.year == 2027

    def test_a_notice_that_runs_into_one(self) -> None:
        with pytest.raises(UncoveredYearError, match="2027"):
            notice_period(date(2026, 12, 28), Rules(), CALENDAR)

    def test_a_notice_that_just_stays_out_of_one(self) -> None:
        assert notice_period(date(2026, 12, 22), Rules(), CALENDAR).not_after == date(2026, 12, 31)

    def test_a_year_the_office_supplied_is_covered(self) -> None:
        supplied = Calendar({**CALENDAR.days_off, 2027: frozenset({date(2027, 1, 1)})})
        assert notice_period(date(2026, 12, 28), Rules(), supplied).not_after == date(2027, 1, 5)


class TestSameDayYearsLater:
    """The anniversary of 29 February is 28 February where there is no 29th."""

    @pytest.mark.parametrize(
        ("day", "years", "expected"),
        [
            (date(2024, 2, 29), 1, date(2025, 2, 28)),
            (date(2024, 2, 29), 4, date(2028, 2, 29)),
            (date(2024, 2, 29), -1, date(2023, 2, 28)),
            (date(2025, 2, 28), 3, date(2028, 2, 28)),
            (date(2026, 1, 7), 1, date(2027, 1, 7)),
        ],
    )
    def test_examples(self, day: date, years: int, expected: date) -> None:
        assert same_day_years_later(day, years) == expected

    @given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)), st.integers(-5, 5))
    def test_later_days_have_later_anniversaries(self, day: date, years: int) -> None:
        assert same_day_years_later(day, years) <= same_day_years_later(day + timedelta(days=1), years)
