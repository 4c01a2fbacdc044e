"""The sheets in a file, whatever the file calls itself: a spreadsheet, a CSV file, or a zip around either.

The bytes say what a file is, never its name: an .xlsx named .xls, and a web page named .xls, are both common.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from generator.errors import Faults, Place
from generator.sources import oldbook
from generator.sources.cells import Value
from generator.sources.unpacking import ZIP, is_xlsx, out_of_zip, reaches_too_far

AS_XLSX = "用 Excel 或 WPS 打开，另存为 .xlsx 再放进来"

DAMAGED = ("表格打不开，坏了或者不是 Excel、WPS 的表格", AS_XLSX)
LOCKED = ("表格设了打开密码", "用密码打开，取消密码后另存，再放进来")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NOT_TABLES = {
    b"Rar!": "这是 RAR 压缩包",
    b"7z\xbc\xaf\x27\x1c": "这是 7z 压缩包",
    b"%PDF": "这是 PDF 文件",
    b"\xff\xd8\xff": "这是图片",
    b"\x89PNG": "这是图片",
}
_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""The part that a spreadsheet with a password has in place of its sheets."""
_PATIENCE = 300
"""Seconds for one workbook; an .xls holds 65,536 rows at most."""
_MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|table|meta)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it arrived: its own values, and the same with merged cells filled in."""

    number: int
    own: Sequence[Value]
    filled: Sequence[Value]


Rows = Callable[[], Iterable[tuple[int, Sequence[Value]]]]
"""Gives a sheet's rows with their numbers, from the first line on, as often as it is called."""
Merged = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last row and column of merged cells, counted from 0."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a spreadsheet, or a whole CSV file, which has no name."""

    path: str
    name: str
    rows: Rows
    merged: tuple[Merged, ...] = ()
    hidden: bool = False

    def lines(self) -> Iterator[Line]:
        """Yield the rows, made as they are asked for: a list of 100,000 is never twice in memory."""
        waiting = sorted(self.merged, reverse=True)
        reaching: list[tuple[int, int, int, Value]] = []
        for number, row in self.rows():
            while waiting and waiting[-1][0][0] < number:
                (_, left), (bottom, right) = waiting.pop()
                reaching.append((bottom, left, right, row[left] if left < len(row) else ""))
            reaching = [merged for merged in reaching if merged[0] >= number - 1]
            yield Line(number, row, _filled(row, reaching) if reaching else row)

    @property
    def top(self) -> Place:
        """Return the place of the sheet as a whole."""
        return Place(self.path, sheet=self.name)

    def place(self, line: int, column: int, header: str) -> Place:
        """Return the place of a cell: its address in a sheet, its line and header in a CSV file."""
        if not self.name:
            return Place(self.path, line=line, field=header)
        return Place(self.path, sheet=self.name, cell=f"{column_letters(column)}{line}")


def read_sheets(data: bytes, path: str, faults: Faults, password: str = "") -> tuple[Sheet, ...]:
    """Return the sheets in a file; ``path`` serves messages alone."""
    opened = out_of_zip(data, path, password, faults)
    if opened is None:
        return ()
    data, path = opened
    if data.startswith((ZIP, OLE)):
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


def _filled(row: Sequence[Value], reaching: Iterable[tuple[int, int, int, Value]]) -> Sequence[Value]:
    """Return a row with the merged cells that reach into it filled in."""
    filled = list(row)
    for _, left, right, value in reaching:
        filled[left : right + 1] = [value] * len(filled[left : right + 1])
    return filled


def _workbook(data: bytes, path: str, faults: Faults) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook: .xlsx here, the others in a process of their own."""
    if not is_xlsx(data):
        return _old_workbook(data, path, faults)
    if reaches_too_far(data, path, faults):
        return ()
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return tuple(
            _sheet(workbook.get_sheet_by_name(sheet.name), path, hidden=sheet.visible != SheetVisibleEnum.Visible)
            for sheet in workbook.sheets_metadata
        )
    except PasswordError:
        faults.add(Place(path), *LOCKED)
    except CalamineError:
        faults.add(Place(path), *DAMAGED)
    return ()


def _sheet(sheet: CalamineSheet, path: str, *, hidden: bool) -> Sheet:
    """Return a sheet; calamine leaves out the columns before the first that holds anything."""
    before = [""] * (sheet.start[1] if sheet.start else 0)

    def rows() -> Iterator[tuple[int, Sequence[Value]]]:
        for number, row in enumerate(sheet.iter_rows(), start=1):
            yield number, [*before, *row] if before else row

    return Sheet(path, sheet.name, rows, tuple(sheet.merged_cell_ranges or ()), hidden)


def _old_workbook(data: bytes, path: str, faults: Faults) -> tuple[Sheet, ...]:
    """Return the sheets of an .xls, .xlsb or .ods; one that ends its reader, or keeps it busy, is a fault.

    Damage could have the reader do anything, so it is given nothing of the environment: the passphrase stands there.
    """
    command = [sys.executable, "-I", "-X", "utf8", oldbook.__file__]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=data, capture_output=True, check=True, timeout=_PATIENCE, env=_reader_environment()
        )
        found = json.loads(done.stdout, object_hook=_value)
    except (subprocess.SubprocessError, ValueError, RecursionError):
        found = {"error": "damaged"}
    if "error" in found:
        locked = found["error"] == "locked" or _LOCKED in data
        faults.add(Place(path), *(LOCKED if locked else DAMAGED))
        return ()
    return tuple(
        Sheet(
            path,
            sheet["name"],
            functools.partial(enumerate, sheet["rows"], 1),
            tuple((tuple(first), tuple(last)) for first, last in sheet["merged"]),
            sheet["hidden"],
        )
        for sheet in found["sheets"]
    )


def _reader_environment() -> dict[str, str]:
    """Return what Windows wants of every process, and nothing elsewhere."""
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


def _value(found: dict[str, Any]) -> Any:
    """Return a day or a time out of the JSON of ``oldbook``, and other objects as they are."""
    match found:
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"time": text}:
            return time.fromisoformat(text)
        case {"seconds": seconds}:
            return timedelta(seconds=seconds)
    return found


def _csv(data: bytes, path: str, faults: Faults) -> tuple[Sheet, ...]:
    """Return a CSV file as a sheet, with commas or tabs."""
    if (text := _decoded(data)) is None:
        faults.add(Place(path), "看不懂文件的编码", "另存为 .xlsx，或另存为 UTF-8 编码的 CSV")
        return ()
    head = text[:4000]
    delimiter = "\t" if head.count("\t") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, Sequence[Value]]] = []
    first = 1
    try:
        for row in reader:
            rows.append((first, row))
            first = reader.line_num + 1
    except csv.Error:
        faults.add(Place(path, line=first), "这一行不合 CSV 的写法，可能是引号不成对", "另存为 .xlsx 再放进来")
        return ()
    return (Sheet(path, "", lambda: rows),)


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
