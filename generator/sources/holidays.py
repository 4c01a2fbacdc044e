"""The calendar of working days: what chinesecalendar knows, and lists/holidays/YYYY.json, which wins.

A file has the shape of the State Council's yearly notice as data: {"year", "days": [{"name", "date",
"isOffDay"}]}. In its year, weekends are days off and every other day is not, unless ``days`` says otherwise. It
may name days of the years beside it, as notices about 1 January do; a year's own file wins over those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

import chinese_calendar
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.core.workdays import Calendar
from generator.errors import Faults, Place

SHAPE = '写成 {"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}, …]}'


class _Day(BaseModel):
    """One day of a notice: off, or worked in exchange."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    name: str
    date: Annotated[date, Field(strict=False)]
    isOffDay: bool  # noqa: N815 - the field's name in the files


class _Year(BaseModel):
    """One file; ``papers`` and the two schema fields are in the public data sets of this shape."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    year: int
    days: tuple[_Day, ...]
    papers: tuple[str, ...] = ()
    schema_: str = Field(default="", alias="$schema")
    id_: str = Field(default="", alias="$id")


@dataclass(frozen=True, slots=True)
class _Announced:
    """A day as announced, and the year whose notice announced it."""

    day: date
    off: bool
    by: int

    @property
    def own(self) -> bool:
        """Return whether the notice is that of the day's own year."""
        return self.day.year == self.by


def read_calendar(folder: Path, faults: Faults) -> Calendar:
    """Return the calendar with the files of lists/holidays/; the folder may be missing."""
    names = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return parse_calendar({f"lists/holidays/{path.name}": path.read_bytes() for path in names}, faults)


def parse_calendar(files: Mapping[str, bytes], faults: Faults) -> Calendar:
    """Return the calendar with these files, by path."""
    parsed = [year for path, data in files.items() if (year := _parse_year(data, path, faults)) is not None]
    days_off = {year: set(days) for year, days in _library().items()}
    for year in parsed:
        days_off[year.year] = set(_weekends(year.year))
    announced = [_Announced(day.date, day.isOffDay, year.year) for year in parsed for day in year.days]
    for item in sorted(announced, key=lambda item: (item.own, item.by)):
        if (off := days_off.get(item.day.year)) is not None:
            off.add(item.day) if item.off else off.discard(item.day)
    return Calendar({year: frozenset(days) for year, days in days_off.items()})


@cache
def _library() -> Mapping[int, frozenset[date]]:
    """Return the days off of every year that chinesecalendar covers; it refuses the others."""
    years = {day.year for day in chinese_calendar.holidays}
    return {
        year: frozenset(day for day in _days(year) if chinese_calendar.is_holiday(day))
        for year in range(min(years), max(years) + 1)
    }


def _days(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))


def _weekends(year: int) -> frozenset[date]:
    return frozenset(day for day in _days(year) if day.weekday() >= 5)


def _parse_year(data: bytes, path: str, faults: Faults) -> _Year | None:
    """Return one file's year, or None with its faults noted."""
    try:
        year = _Year.model_validate_json(data)
    except ValidationError as error:
        for detail in error.errors():
            field = ".".join(map(str, detail["loc"]))
            faults.add(Place(path, field=field), "放假安排的写法不对", SHAPE)
        return None
    before = len(faults.found)
    if not re.fullmatch(rf"(.*/)?{year.year}\.json", path):
        faults.add(Place(path, field="year"), f"文件名和里面的年份 {year.year} 不一致", "文件名用里面的年份")
    if not any(day.isOffDay for day in year.days):
        faults.add(Place(path, field="days"), "一个放假日也没有", "照国务院办公厅的通知填全")
    seen: set[date] = set()
    for number, day in enumerate(year.days):
        place = Place(path, field=f"days.{number}")
        if day.date in seen:
            faults.add(place, f"{day.date} 出现了两次", "只留一条")
        if abs(day.date.year - year.year) > 1:
            faults.add(place, f"{day.date} 不是 {year.year} 年前后的日子", "核对日期")
        seen.add(day.date)
    return year if len(faults.found) == before else None
