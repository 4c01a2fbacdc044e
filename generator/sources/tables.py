"""One table out of a file: the header found by its words, and below it rows of cleaned cells with their places.

Tables arrive with titles above the header, merged cells, blank rows, totals, and dates in every form. What can
be read without guessing is read; a number that a spreadsheet has rounded, or a date that does not exist, is a
fault with its cell and is never repaired.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import islice

from generator.core.identifiers import canonical_number
from generator.errors import Faults, Place
from generator.sources.cells import Value, cell_text, lost_digits, parse_day
from generator.sources.sheets import Line, Sheet, read_sheets

HEADER_WITHIN = 30
"""Among how many rows the header is looked for."""

AS_TEXT = "把这一列设成“文本”格式，对照原件重新录入这个号码；丢掉的数字补不回来"
FULL_DATE = "写成 2025-03-01 这样的完整日期"

_NOTHING = frozenset({"", "/", "\\", "-", "--", "—", "——", "无", "长期", "永久"})
_NUMBER_SHAPED = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}|[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_LIKE_A_NUMBER = re.compile("[0-9][0-9. +-]{3}[0-9]", re.ASCII)
"""A row with this in its number is about somebody; 25人 is a total."""
_TOTALS = re.compile(r"合计|总计|小计|共计|总共|共[0-9]+(人|名|户|家|个|条)")
_SIGNATURES = re.compile(
    r"((填表|填报|报送|上报|推荐|制表|审核|审批|经办|联系|负责|分管)(人|单位|日期|时间|领导|电话)|单位负责人|单位|日期"
    r"|盖章|注|备注|说明|填表说明)(\(.*\))?:"
)


class Kind(StrEnum):
    """What a column holds; ``NUMBER`` is a document number or a code, which must arrive digit for digit."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """The headers a column goes by, the template's own first."""

    headers: tuple[str, ...]
    kind: Kind = Kind.TEXT
    required: bool = False


@dataclass(frozen=True, slots=True)
class _Header:
    """The line of the header, the titles in it, and for each field the columns that hold it."""

    line: int
    titles: Mapping[int, str]
    columns: Mapping[str, tuple[int, ...]]
    used: tuple[int, ...]
    """Every column that holds a known field, in order."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet with its header and the columns asked for, by field."""

    sheet: Sheet
    header: _Header
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the text and the day of every field asked for, and where each stands.

    A table of 100,000 has two million cells, so places are made when they are asked for, which is when there is a
    fault.
    """

    table: _Table
    line: int
    texts: Mapping[str, str]
    days: Mapping[str, date]
    elsewhere: Mapping[str, int]
    """The columns of fields that do not stand in the first of the columns that may hold them."""
    refused: frozenset[str] = frozenset()
    """Fields whose number is not whole, or whose day is none: they are faults already."""

    def text(self, field: str) -> str:
        """Return the cleaned text of a field, or nothing."""
        return self.texts.get(field, "")

    def given(self, field: str) -> str:
        """Return the text of a field, where 无, a stroke and the like mean nothing."""
        text = self.texts.get(field, "")
        return "" if text in _NOTHING else text

    def day(self, field: str) -> date | None:
        """Return the day of a field, if one is given."""
        return self.days.get(field)

    def at(self, field: str) -> Place:
        """Return where a field stands, or would stand."""
        sheet, at = self.table.sheet, self.table.header.columns.get(field)
        if not at:
            line = 0 if sheet.name else self.line
            return Place(sheet.path, line=line, sheet=sheet.name, field=self.table.columns[field].headers[0])
        index = self.elsewhere.get(field, at[0])
        return sheet.place(self.line, index, self.table.header.titles[index])

    @property
    def place(self) -> Place:
        """Return where the row starts: the first cell that holds a known field; in a CSV file, the line."""
        return self.table.sheet.place(self.line, self.table.header.used[0], "")


def read_table(
    data: bytes, path: str, columns: Mapping[str, Column], faults: Faults, password: str = ""
) -> Iterator[Row]:
    """Yield the rows of the table in a file; with several sheets, of all that have the header.

    ``path`` serves messages alone. A sheet without the header is left aside as notes, unless no sheet has it or
    this one looks like a list whose header went wrong; a hidden sheet with a list is a fault.
    """
    sheets = read_sheets(data, path, faults, password)
    headed = [(sheet, header) for sheet in sheets if (header := _header(sheet, columns)) is not None]
    for sheet in sheets:
        known = any(sheet is other for other, _ in headed)
        if known and sheet.hidden:
            faults.add(sheet.top, "隐藏的工作表里也有名单", "要报送就取消隐藏，不要就删掉这张工作表")
        elif not known and not sheet.hidden and (not headed or _looks_like_a_list(sheet, columns)):
            _add_header_fault(sheet, columns, faults)
        elif not known and not sheet.hidden and _holds_numbers(sheet):
            advice = "给这张表补上和第一张一样的表头，或者把这些行移到第一张表里"
            faults.add(sheet.top, "这张工作表没有表头，却有证件号码或信用代码，会漏掉", advice)
    for sheet, header in headed:
        if not sheet.hidden:
            yield from _rows(_Table(sheet, header, columns), faults)


def _holds_numbers(sheet: Sheet) -> bool:
    """Return whether any cell of a sheet looks like a number a list is made of."""
    cells = (canonical_number(cell_text(value)) for line in sheet.lines() for value in line.filled)
    return any(_NUMBER_SHAPED.fullmatch(cell) for cell in cells)


# -- the header ------------------------------------------------------------------------------------------------


def _header(sheet: Sheet, columns: Mapping[str, Column]) -> _Header | None:
    """Return the first row that has every required column, or None."""
    required = {field for field, column in columns.items() if column.required}
    candidates = (_matched(line, columns) for line in islice(sheet.lines(), HEADER_WITHIN))
    return next((header for header in candidates if required <= header.columns.keys()), None)


def _matched(line: Line, columns: Mapping[str, Column]) -> _Header:
    """Return which columns of a row carry a known header; 姓名 and 名称 may stand apart for one field."""
    titles = {index: header_title(value) for index, value in enumerate(line.filled)}
    found: dict[str, tuple[int, ...]] = {}
    for field, column in columns.items():
        names = {header_title(name) for name in column.headers}
        if at := tuple(index for index, title in titles.items() if title in names):
            found[field] = at
    return _Header(line.number, titles, found, tuple(sorted({index for at in found.values() for index in at})))


def header_title(value: Value) -> str:
    """Return a header without white space, marks, and what stands in brackets behind it."""
    plain = "".join(unicodedata.normalize("NFKC", cell_text(value)).split()).strip("*:")
    return re.sub(r"(?<=.)[(\[【][^)\]】]*[)\]】]$", "", plain).strip("*:")


def _looks_like_a_list(sheet: Sheet, columns: Mapping[str, Column]) -> bool:
    """Return whether a sheet has a row with several known headers, if not all that are required."""
    return any(len(_matched(line, columns).columns) > 1 for line in islice(sheet.lines(), HEADER_WITHIN))


def _add_header_fault(sheet: Sheet, columns: Mapping[str, Column], faults: Faults) -> None:
    """Note which required headers are missing, those there are, and those that would do."""
    lines = [line for line in islice(sheet.lines(), HEADER_WITHIN) if any(map(cell_text, line.own))]
    if not lines:
        faults.add(sheet.top, "表格是空的", "核对是不是放错了文件")
        return
    best = max(lines, key=lambda line: len(_matched(line, columns).columns))
    found = _matched(best, columns)
    matched = found.columns
    missing = [column for field, column in columns.items() if column.required and field not in matched]
    # The row may be one of people, whose 证件类型 says 身份证 as a header would: nothing else of it is quoted.
    titles = dict.fromkeys(found.titles[index] for index in found.used)
    faults.add(
        sheet.top,
        f"表头里找不到：{'、'.join(column.headers[0] for column in missing)}；"
        f"现有的表头：{'、'.join(titles) or '一个也没有认出'}",
        f"可以用的表头：{'；'.join('、'.join(column.headers) for column in missing)}",
    )


# -- the rows --------------------------------------------------------------------------------------------------


def _rows(table: _Table, faults: Faults) -> Iterator[Row]:
    """Yield the rows below a header, less those that say nothing."""
    fields = [(field, column.kind, table.header.columns.get(field, ())) for field, column in table.columns.items()]
    fields = [(field, kind, at) for field, kind, at in fields if at]
    says_nothing = _Silence(table.header, table.columns)
    for line in table.sheet.lines():
        if line.number <= table.header.line or says_nothing(line):
            continue
        texts: dict[str, str] = {}
        days: dict[str, date] = {}
        elsewhere: dict[str, int] = {}
        refused: set[str] = set()
        row = Row(table, line.number, texts, days, elsewhere)
        for field, kind, at in fields:
            index = at[0] if len(at) == 1 else _filled_in(row, line, field, at, elsewhere, faults)
            if index >= len(line.filled) or (value := line.filled[index]) == "":
                continue
            texts[field] = text = cell_text(value)
            if kind is Kind.TEXT:
                continue
            if kind is Kind.NUMBER and (lost := lost_digits(value)):
                faults.add(row.at(field), lost, AS_TEXT)
                texts[field] = ""
                refused.add(field)
            elif kind is Kind.DAY and text not in _NOTHING:
                try:
                    days[field] = parse_day(value)
                except ValueError as error:
                    faults.add(row.at(field), str(error), FULL_DATE)
                    refused.add(field)
        yield replace(row, refused=frozenset(refused)) if refused else row


class _Silence:
    """Tells rows that say nothing: blank ones, the header said again, totals, signatures."""

    def __init__(self, header: _Header, columns: Mapping[str, Column]) -> None:
        self._header = header
        self._used = header.used
        self._required = _columns_of(header, [field for field, column in columns.items() if column.required])
        self._numbers = _columns_of(header, [field for field, column in columns.items() if column.kind is Kind.NUMBER])

    def __call__(self, line: Line) -> bool:
        """Return whether a row is about nobody.

        A row prepared for somebody, with no more than its batch or unit in it, is as good as blank.
        """
        own = line.own
        for index in self._required:
            if index < len(own) and own[index] != "" and cell_text(own[index]):
                break
        else:
            return True
        for index in self._numbers:
            if index < len(own) and _LIKE_A_NUMBER.search(cell_text(own[index])):
                return False
        if all(header_title(line.filled[i]) == self._header.titles[i] for i in self._used if i < len(own)):
            return True
        first = next(filter(None, map(cell_text, own)), "")
        plain = "".join(unicodedata.normalize("NFKC", first).split())
        return bool(_TOTALS.match(plain) or _SIGNATURES.match(plain))


def _columns_of(header: _Header, fields: Iterable[str]) -> tuple[int, ...]:
    """Return every column that holds one of some fields."""
    return tuple(sorted({index for field in fields for index in header.columns.get(field, ())}))


def _filled_in(row: Row, line: Line, field: str, at: tuple[int, ...], elsewhere: dict[str, int], faults: Faults) -> int:
    """Return which of several columns for one field is filled in; two that differ are a fault."""
    given = [index for index in at if index < len(line.filled) and cell_text(line.filled[index])]
    index = (given or at)[0]
    if index != at[0]:
        elsewhere[field] = index
    if len({cell_text(line.filled[other]) for other in given}) > 1:
        titles = "、".join(row.table.header.titles[other] for other in given)
        faults.add(row.at(field), f"这一行有几格说的是一件事，内容却不同：{titles}", "只留一格")
    return index
