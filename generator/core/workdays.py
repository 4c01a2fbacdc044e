"""Chinese working days, 调休 included: counting days for notices and answers.

A ``Calendar`` knows the days off of the years it covers and refuses every other year: nobody knows a year's
days off before the State Council announces them, and a guess would end a notice on the wrong day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


class UncoveredYearError(LookupError):
    """A working day was asked for in a year whose days off are not known."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(f"不知道{year}年的放假安排")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days off (weekends and holidays, less 调休 working days) of each covered year."""

    days_off: Mapping[int, frozenset[date]]

    def is_working(self, day: date) -> bool:
        """Return whether offices work on that day; raise ``UncoveredYearError`` where nobody knows."""
        if day.year not in self.days_off:
            raise UncoveredYearError(day.year)
        return day not in self.days_off[day.year]

    def last_working_day(self, start: date, count: int, *, count_start: bool) -> date:
        """Return the ``count``-th working day from ``start``, which counts itself if told and if it is one.

        Raises ``ValueError`` for a count below one.
        """
        if count < 1:
            raise ValueError(f"cannot count {count} working days")
        day = start if count_start else start + _DAY
        while True:
            count -= self.is_working(day)
            if count == 0:
                return day
            day += _DAY


def same_day_years_later(day: date, years: int) -> date:
    """Return the same calendar day some years on (or back); 29 February becomes 28 where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
