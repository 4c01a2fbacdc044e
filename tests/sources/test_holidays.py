"""The calendar against facts/identifiers.md, and the files of lists/holidays/ that win over the library."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from generator.core.workdays import Calendar, UncoveredYearError
from generator.errors import Faults
from generator.sources.holidays import parse_calendar, read_calendar


def calendar(**years: object) -> Calendar:
    faults = Faults()
    files = {f"lists/holidays/{name[1:]}.json": json.dumps(year).encode() for name, year in years.items()}
    found = parse_calendar(files, faults)
    assert not faults.found
    return found


def year(number: int, *days: tuple[str, bool]) -> dict[str, object]:
    return {"year": number, "days": [{"name": "示例", "date": day, "isOffDay": off} for day, off in days]}


@pytest.mark.parametrize(
    ("first", "counted", "not_counted"),
    [
        ("2025-09-25", "2025-10-10", "2025-10-11"),
        ("2025-12-22", "2025-12-30", "2025-12-31"),
        ("2025-12-25", "2026-01-05", "2026-01-06"),
        ("2026-01-26", "2026-02-03", "2026-02-04"),
        ("2026-02-09", "2026-02-24", "2026-02-25"),
        ("2026-04-28", "2026-05-09", "2026-05-11"),
    ],
)
def test_seven_working_days(first: str, counted: str, not_counted: str) -> None:
    """The table 'Working days' of facts/identifiers.md."""
    start = date.fromisoformat(first)
    found = calendar()
    assert found.last_working_day(start, 7, count_start=True) == date.fromisoformat(counted)
    assert found.last_working_day(start, 7, count_start=False) == date.fromisoformat(not_counted)


def test_a_year_without_an_announcement_is_refused() -> None:
    with pytest.raises(UncoveredYearError):
        calendar().last_working_day(date(2026, 12, 28), 7, count_start=False)


def test_a_file_covers_its_year() -> None:
    found = calendar(_2027=year(2027, ("2027-01-01", True), ("2027-01-02", False)))
    assert not found.is_working(date(2027, 1, 1))
    assert found.is_working(date(2027, 1, 2))
    assert not found.is_working(date(2027, 1, 3))
    assert found.is_working(date(2027, 1, 4))
    with pytest.raises(UncoveredYearError):
        found.is_working(date(2028, 1, 1))


def test_a_file_wins_over_the_library() -> None:
    assert not calendar().is_working(date(2026, 10, 1))
    found = calendar(_2026=year(2026, ("2026-10-08", True)))
    assert found.is_working(date(2026, 10, 1))
    assert not found.is_working(date(2026, 10, 8))


def test_a_notice_about_the_year_before() -> None:
    assert calendar().is_working(date(2026, 12, 31))
    found = calendar(_2027=year(2027, ("2026-12-31", True), ("2027-01-01", True)))
    assert not found.is_working(date(2026, 12, 31))
    own = year(2026, ("2026-12-31", False), ("2026-01-01", True))
    both = calendar(_2026=own, _2027=year(2027, ("2026-12-31", True)))
    assert both.is_working(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "放假安排的写法不对"),
        ('{"year": "2027", "days": []}', "放假安排的写法不对"),
        ('{"year": 2027, "days": [{"date": "2027-01-01", "isOffDay": true}]}', "放假安排的写法不对"),
        ('{"year": 2027, "days": [], "note": 1}', "放假安排的写法不对"),
        (json.dumps(year(2027)), "一个放假日也没有"),
        (json.dumps(year(2027, ("2027-01-01", False))), "一个放假日也没有"),
        (json.dumps(year(2028, ("2028-01-01", True))), "文件名和里面的年份 2028 不一致"),
        (json.dumps(year(2027, ("2027-01-01", True), ("2027-01-01", False))), "2027-01-01 出现了两次"),
        (json.dumps(year(2027, ("2017-01-01", True))), "2017-01-01 不是 2027 年前后的日子"),
    ],
)
def test_faults_name_the_file(text: str, message: str) -> None:
    faults = Faults()
    found = parse_calendar({"lists/holidays/2027.json": text.encode()}, faults)
    assert {(fault.place.path, fault.message) for fault in faults.found} == {("lists/holidays/2027.json", message)}
    with pytest.raises(UncoveredYearError):
        found.is_working(date(2027, 1, 4))


def test_the_folder_is_read_and_may_be_missing(tmp_path: Path) -> None:
    faults = Faults()
    assert max(read_calendar(tmp_path / "none", faults).days_off) == max(calendar().days_off)
    (tmp_path / "2027.json").write_text(json.dumps(year(2027, ("2027-01-01", True))), encoding="utf-8")
    assert not read_calendar(tmp_path, faults).is_working(date(2027, 1, 1))
    assert not faults.found
