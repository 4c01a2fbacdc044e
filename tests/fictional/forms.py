"""Tables as offices make them, in bytes that are the same on every machine.

The compression of a spreadsheet depends on the zlib of the machine, so its parts are stored, not compressed.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

Value = str | int | date | None
Merged = tuple[int, int, int, int]
"""First row, first column, last row, last column, from 0."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it will be written, with the cells that are merged; each shows its top left value."""

    name: str
    rows: Sequence[Sequence[Value]]
    merged: tuple[Merged, ...] = ()


def workbook(*sheets: Sheet) -> bytes:
    """Return an .xlsx file."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 - the format knows no time zone
    day_format = book.add_format({"num_format": "yyyy-mm-dd"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for number, row in enumerate(sheet.rows):
            for column, value in enumerate(row):
                _write(page, number, column, value, day_format)
        for top, left, bottom, right in sheet.merged:
            page.merge_range(top, left, bottom, right, sheet.rows[top][left])
    book.close()
    return _stored(made.getvalue())


def _write(page: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value, day_format: object) -> None:
    if isinstance(value, date):
        page.write_datetime(row, column, value, day_format)
    elif isinstance(value, int):
        page.write_number(row, column, value)
    elif value:
        page.write_string(row, column, value)


def _stored(data: bytes) -> bytes:
    """Return a zip with the same members, stored, without times."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 0
            new.writestr(member, old.read(name))
    return made.getvalue()


def comma_separated(rows: Sequence[Sequence[Value]], encoding: str) -> bytes:
    """Return a CSV file with the line ends of Windows."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["" if value is None else value for value in row] for row in rows])
    return text.getvalue().encode(encoding)


def toml(**values: str | date) -> str:
    """Return simple TOML lines; what is empty is left out."""
    lines = (
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in values.items() if value
    )
    return "\n".join(lines) + "\n"
