"""Rows of the nomination form (requirement F09), and the mess that offices make of them without being wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from tests.fictional.forms import Sheet, Value
from tests.fictional.names import Company, Someone

HEADERS = (
    "序号",
    "批次",
    "类别代码",
    "主体类型",
    "姓名/名称",
    "证件类型",
    "证件号码/统一社会信用代码",
    "法定代表人",
    "所在单位/乡镇",
    "荣誉名称",
    "授予机关",
    "认定文号",
    "认定日期",
    "荣誉到期日",
    "报送单位",
    "联系人/电话",
    "公开方式及理由",
    "备注",
)
ID_COLUMN = HEADERS.index("证件号码/统一社会信用代码")
NAME_COLUMN = HEADERS.index("姓名/名称")
AWARDED_COLUMN = HEADERS.index("认定日期")
UNIT_COLUMN = HEADERS.index("报送单位")


@dataclass(frozen=True, slots=True)
class Award:
    """An honour: its category, title, who gave it, when, under which number."""

    category: str
    honour: str
    awarder: str
    document: str
    awarded: date


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the form."""

    subject: Someone | Company
    award: Award
    affiliation: str = ""
    publication: str = ""
    remark: str = ""

    def published(self, how: str) -> Entry:
        """Return the entry with its way of publication."""
        return replace(self, publication=how)


def rows(entries: list[Entry], batch: str, unit: str, contact: str) -> list[list[Value]]:
    """Return the rows of the form as its template would have them."""
    return [_row(number, entry, batch, unit, contact) for number, entry in enumerate(entries, start=1)]


def _row(number: int, entry: Entry, batch: str, unit: str, contact: str) -> list[Value]:
    subject, award = entry.subject, entry.award
    if isinstance(subject, Someone):
        who: list[Value] = ["个人", subject.name, "居民身份证", subject.number, ""]
    else:
        who = [subject.kind, subject.name, "统一社会信用代码", subject.code, "王示范"]
    honour: list[Value] = [award.honour, award.awarder, award.document, award.awarded, ""]
    tail: list[Value] = [unit, contact, entry.publication, entry.remark]
    return [number, batch, award.category, *who, entry.affiliation, *honour, *tail]


def titled(title: str, table: list[list[Value]], headers: tuple[str, ...] = HEADERS, name: str = "Sheet1") -> Sheet:
    """Return a sheet with a merged title above the header."""
    width = len(headers)
    first: list[Value] = [title, *[None] * (width - 1)]
    return Sheet(name, [first, list(headers), *table], ((0, 0, 0, width - 1),))


def renamed(**names: str) -> tuple[str, ...]:
    """Return the headers with some of them under another name."""
    return tuple(names.get(header, header) for header in HEADERS)


# -- harmless mess ---------------------------------------------------------------------------------------------


def dates_in_many_forms(table: list[list[Value]]) -> None:
    """Write the days in the forms people write them."""
    for number, row in enumerate(table):
        day = row[AWARDED_COLUMN]
        if isinstance(day, date):
            forms: tuple[Value, ...] = (
                f"{day.year}年{day.month}月{day.day}日",
                f"{day.year}.{day.month}.{day.day}",
                f"{day:%Y%m%d}",
                f"{day.year}/{day.month}/{day.day}",
                f"{day:%Y-%m-%d}",
                day,
            )
            row[AWARDED_COLUMN] = forms[number % len(forms)]


def serial_days(table: list[list[Value]]) -> None:
    """Write the days as the bare numbers that spreadsheets keep."""
    for row in table:
        day = row[AWARDED_COLUMN]
        if isinstance(day, date):
            row[AWARDED_COLUMN] = (day - date(1899, 12, 30)).days


def wide_numbers(table: list[list[Value]], every: int) -> None:
    """Write every so many a number in full-width digits."""
    for row in table[::every]:
        row[ID_COLUMN] = str(row[ID_COLUMN]).translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})


def apostrophes(table: list[list[Value]]) -> None:
    """Put the apostrophe before each number by which people make a spreadsheet keep it."""
    for row in table:
        row[ID_COLUMN] = f"'{row[ID_COLUMN]}"


def spread_short_names(table: list[list[Value]]) -> None:
    """Put a wide space into the names of two letters, to make them as long as the others."""
    for row in table:
        name = str(row[NAME_COLUMN])
        if len(name) == 2:
            row[NAME_COLUMN] = f"{name[0]}\u3000{name[1]}"


def with_blank_rows(table: list[list[Value]], every: int) -> list[list[Value]]:
    """Return the table with blank rows among the others."""
    blank: list[Value] = [None] * len(HEADERS)
    parts = [table[start : start + every] for start in range(0, len(table), every)]
    return [row for part in parts for row in (*part, blank)]
