"""One table out of a file: the header found by its words, and below it rows of cleaned cells with their places.

Tables arrive with titles above the header, merged cells, blank rows, totals, and dates in every form. What can
be read without guessing is read; a number that a spreadsheet has rounded, or a date that does not exist, is a
fault with its cell and is never repaired.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

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
_TOTALS = re.compile(r"(合计|总计|小计|共计)")
_SIGNATURES = re.compile(
    r"((填表|填报|制表|审核|审批|经办|联系|负责|分管)(人|单位|日期|时间|领导)|单位负责人|注|备注|说明|填表说明)"
    r"(\(.*\))?:"
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
class Cell:
    """One cell: its text, cleaned; its day where the column holds days; and where it stands."""

    text: str
    place: Place
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell for every column asked for, an empty one where the table has no such column."""

    place: Place
    cells: Mapping[str, Cell]

    def text(self, field: str) -> str:
        """Return the cleaned text of a field, or nothing."""
        return self.cells[field].text

    def given(self, field: str) -> str:
        """Return the text of a field, where 无, a stroke and the like mean nothing."""
        return "" if self.text(field) in _NOTHING else self.text(field)

    def day(self, field: str) -> date | None:
        """Return the day of a field, if one is given."""
        return self.cells[field].day

    def at(self, field: str) -> Place:
        """Return where a field stands."""
        return self.cells[field].place


@dataclass(frozen=True, slots=True)
class _Header:
    """The line of the header, the titles in it, and for each field the columns that hold it."""

    line: int
    titles: Mapping[int, str]
    columns: Mapping[str, tuple[int, ...]]

    @property
    def used(self) -> tuple[int, ...]:
        """Return every column that holds a known field, in order."""
        return tuple(sorted({index for at in self.columns.values() for index in at}))


def read_table(
    data: bytes, path: str, columns: Mapping[str, Column], faults: Faults, password: str | None = None
) -> tuple[Row, ...]:
    """Return the rows of the table in a file; with several sheets, of all that have the header.

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
    return tuple(row for sheet, header in headed if not sheet.hidden for row in _rows(sheet, header, columns, faults))


def _holds_numbers(sheet: Sheet) -> bool:
    """Return whether any cell of a sheet looks like a number a list is made of."""
    cells = (canonical_number(cell_text(value)) for line in sheet.lines for value in line.filled if value is not None)
    return any(_NUMBER_SHAPED.fullmatch(cell) for cell in cells)


# -- the header ------------------------------------------------------------------------------------------------


def _header(sheet: Sheet, columns: Mapping[str, Column]) -> _Header | None:
    """Return the first row that has every required column, or None."""
    required = {field for field, column in columns.items() if column.required}
    candidates = (_matched(line, columns) for line in sheet.lines[:HEADER_WITHIN])
    return next((header for header in candidates if required <= header.columns.keys()), None)


def _matched(line: Line, columns: Mapping[str, Column]) -> _Header:
    """Return which columns of a row carry a known header; 姓名 and 名称 may stand apart for one field."""
    titles = {index: _title(value) for index, value in enumerate(line.filled)}
    found: dict[str, tuple[int, ...]] = {}
    for field, column in columns.items():
        names = {_title(name) for name in column.headers}
        if at := tuple(index for index, title in titles.items() if title in names):
            found[field] = at
    return _Header(line.number, titles, found)


def _title(value: Value) -> str:
    """Return a header without white space, marks, and what stands in brackets behind it."""
    plain = "".join(unicodedata.normalize("NFKC", cell_text(value)).split()).strip("*:")
    return re.sub(r"(?<=.)[(\[【][^)\]】]*[)\]】]$", "", plain).strip("*:")


def _looks_like_a_list(sheet: Sheet, columns: Mapping[str, Column]) -> bool:
    """Return whether a sheet has a row with several known headers, if not all that are required."""
    return any(len(_matched(line, columns).columns) > 1 for line in sheet.lines[:HEADER_WITHIN])


def _add_header_fault(sheet: Sheet, columns: Mapping[str, Column], faults: Faults) -> None:
    """Note which required headers are missing, those there are, and those that would do."""
    lines = [line for line in sheet.lines[:HEADER_WITHIN] if any(map(cell_text, line.own))]
    if not lines:
        faults.add(sheet.top, "表格是空的", "核对是不是放错了文件")
        return
    best = max(lines, key=lambda line: len(_matched(line, columns).columns))
    matched = _matched(best, columns).columns
    missing = [column for field, column in columns.items() if column.required and field not in matched]
    # A row with no known header may be a row of people: it is not quoted.
    titles = dict.fromkeys(cell_text(value) for value in best.own if cell_text(value)) if matched else ()
    faults.add(
        sheet.top,
        f"表头里找不到：{'、'.join(column.headers[0] for column in missing)}；"
        f"现有的表头：{'、'.join(titles) or '一个也没有认出'}",
        f"可以用的表头：{'；'.join('、'.join(column.headers) for column in missing)}",
    )


# -- the rows --------------------------------------------------------------------------------------------------


def _rows(sheet: Sheet, header: _Header, columns: Mapping[str, Column], faults: Faults) -> Iterator[Row]:
    """Yield the rows below a header, less those that say nothing, and those whose number is not whole."""
    for line in sheet.lines:
        if line.number <= header.line or _says_nothing(line, header, columns):
            continue
        cells = {
            field: _cell(sheet, header, line, header.columns.get(field, ()), column, faults)
            for field, column in columns.items()
        }
        whole = {field: cell for field, cell in cells.items() if cell is not None}
        if len(whole) == len(cells):
            first = header.used[0]
            yield Row(sheet.place(line.number, first, ""), whole)


def _says_nothing(line: Line, header: _Header, columns: Mapping[str, Column]) -> bool:
    """Return whether a row is blank, the header said again, a total, or a signature: none has a number."""
    used = [index for index in header.used if index < len(line.own)]
    if not any(cell_text(line.own[index]) for index in used):
        return True
    if all(_title(line.filled[index]) == header.titles[index] for index in used):
        return True
    numbers = {index for field, at in header.columns.items() if columns[field].kind is Kind.NUMBER for index in at}
    if any(re.search(r"[0-9]", cell_text(line.own[index])) for index in numbers.intersection(used)):
        return False
    first = next(filter(None, map(cell_text, line.own)), "")
    plain = "".join(unicodedata.normalize("NFKC", first).split())
    return bool(_TOTALS.match(plain) or _SIGNATURES.match(plain))


def _cell(
    sheet: Sheet, header: _Header, line: Line, at: tuple[int, ...], column: Column, faults: Faults
) -> Cell | None:
    """Return a field's cell, or None for a number that is not whole.

    Where several columns hold the field, the one that is filled in counts; two that differ are a fault.
    """
    if not at:
        number = 0 if sheet.name else line.number
        return Cell("", Place(sheet.path, line=number, sheet=sheet.name, field=column.headers[0]))
    given = [index for index in at if index < len(line.filled) and cell_text(line.filled[index])]
    index = (given or at)[0]
    place = sheet.place(line.number, index, header.titles[index])
    value = line.filled[index] if given else ""
    if len({cell_text(line.filled[other]) for other in given}) > 1:
        titles = "、".join(header.titles[other] for other in given)
        faults.add(place, f"这一行有几格说的是一件事，内容却不同：{titles}", "只留一格")
    if column.kind is Kind.DAY:
        return _day_cell(value, place, faults)
    if column.kind is Kind.NUMBER and (lost := lost_digits(value)):
        faults.add(place, lost, AS_TEXT)
        return None
    return Cell(cell_text(value), place)


def _day_cell(value: Value, place: Place, faults: Faults) -> Cell:
    """Return a cell that holds a day, or none; anything but one full date is a fault."""
    written = cell_text(value)
    if written in _NOTHING:
        return Cell("", place)
    try:
        return Cell(written, place, parse_day(value))
    except ValueError as error:
        faults.add(place, str(error), FULL_DATE)
        return Cell(written, place)
