"""The sheets in a file, whatever the file calls itself: a spreadsheet, a CSV file, or a zip around either.

The bytes say what a file is, never its name: an .xlsx named .xls, and a web page named .xls, are both common.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from generator.errors import Faults, Place
from generator.sources.cells import Value
from generator.sources.unpacking import ZIP, out_of_zip

AS_XLSX = "用 Excel 或 WPS 打开，另存为 .xlsx 再放进来"

LOCKED = ("表格设了打开密码", "用密码打开，取消密码后另存，再放进来")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NOT_TABLES = {
    b"Rar!": "这是 RAR 压缩包",
    b"7z\xbc\xaf\x27\x1c": "这是 7z 压缩包",
    b"%PDF": "这是 PDF 文件",
    b"\xff\xd8\xff": "这是图片",
    b"\x89PNG": "这是图片",
}
_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""The part that a spreadsheet with a password has in place of its sheets."""
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|table|meta)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it arrived: its own values, and the same with merged cells filled in."""

    number: int
    own: Sequence[Value]
    filled: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a spreadsheet, or a whole CSV file, which has no name."""

    path: str
    name: str
    lines: tuple[Line, ...]
    hidden: bool = False

    @property
    def top(self) -> Place:
        """Return the place of the sheet as a whole."""
        return Place(self.path, sheet=self.name)

    def place(self, line: int, column: int, header: str) -> Place:
        """Return the place of a cell: its address in a sheet, its line and header in a CSV file."""
        if not self.name:
            return Place(self.path, line=line, field=header)
        return Place(self.path, sheet=self.name, cell=f"{column_letters(column)}{line}")


def read_sheets(data: bytes, path: str, faults: Faults, password: str | None = None) -> tuple[Sheet, ...]:
    """Return the sheets in a file; ``path`` serves messages alone."""
    opened = out_of_zip(data, path, password, faults)
    if opened is None:
        return ()
    data, path = opened
    if data.startswith((ZIP, _OLE)):
        return _workbook(data, path, faults)
    strange = next((message for magic, message in _NOT_TABLES.items() if data.startswith(magic)), "")
    strange = strange or ("这是网页或 XML，只是用了表格的文件名" if _MARKUP.match(data[:200]) else "")
    if strange:
        faults.add(Place(path), f"{strange}，不是表格", AS_XLSX)
        return ()
    return _csv(data, path, faults)


def column_letters(index: int) -> str:
    """Return a column's letters, counted from 0: A, B, … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


# -- what the bytes hold ---------------------------------------------------------------------------------------


def _workbook(data: bytes, path: str, faults: Faults) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook: .xlsx, .xls, .xlsb or .ods."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return tuple(
            _sheet(workbook.get_sheet_by_name(sheet.name), path, hidden=sheet.visible != SheetVisibleEnum.Visible)
            for sheet in workbook.sheets_metadata
        )
    except PasswordError:
        faults.add(Place(path), *LOCKED)
    except CalamineError:
        fault = LOCKED if _LOCKED in data else ("表格打不开，坏了或者不是 Excel、WPS 的表格", AS_XLSX)
        faults.add(Place(path), *fault)
    return ()


def _sheet(sheet: CalamineSheet, path: str, *, hidden: bool) -> Sheet:
    """Return a sheet's rows from its first line on; merged cells are filled where the sheet says so."""
    rows = sheet.to_python(skip_empty_area=False)
    filled = [list(row) for row in rows]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in filled[top : bottom + 1]:
            row[left : right + 1] = [filled[top][left]] * len(row[left : right + 1])
    return Sheet(path, sheet.name, tuple(map(Line, range(1, len(rows) + 1), rows, filled)), hidden)


def _csv(data: bytes, path: str, faults: Faults) -> tuple[Sheet, ...]:
    """Return a CSV file as a sheet, with commas or tabs."""
    if (text := _decoded(data)) is None:
        faults.add(Place(path), "看不懂文件的编码", "另存为 .xlsx，或另存为 UTF-8 编码的 CSV")
        return ()
    head = text[:4000]
    delimiter = "\t" if head.count("\t") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    first = 1
    try:
        for row in reader:
            lines.append(Line(first, row, row))
            first = reader.line_num + 1
    except csv.Error:
        faults.add(Place(path, line=first), "这一行不合 CSV 的写法，可能是引号不成对", "另存为 .xlsx 再放进来")
        return ()
    return (Sheet(path, "", tuple(lines)),)


def _decoded(data: bytes) -> str | None:
    """Return the text: UTF-8 with or without a mark, UTF-16 with its mark, or else GB18030."""
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None
