"""Reads a workbook in a process of its own: damage to an .xls, .xlsb or .ods can end the program that reads it.

``sheets`` starts this file by its path, gives it the bytes on standard input, and takes JSON from standard output. It
imports nothing of ours, so that it starts quickly and runs wherever this file lies. Days and times travel as
``{"date": …}``; all else is plain JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

MOST_MEMORY = 3 * 1024**3
"""Bytes; some damaged files ask for hundreds of gigabytes, and would get them on a machine that promises freely."""


def main() -> None:
    """Read a workbook from standard input and write its sheets to standard output, or why there are none."""
    _limit_memory()
    json.dump(_contents(sys.stdin.buffer.read()), sys.stdout)


def _limit_memory() -> None:
    """Hold this process to its memory where the system can do that; Windows ends it by itself."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _contents(data: bytes) -> dict[str, Any]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return {"sheets": [_sheet(workbook, sheet.name, sheet.visible) for sheet in workbook.sheets_metadata]}
    except PasswordError:
        return {"error": "locked"}
    except CalamineError:
        return {"error": "damaged"}


def _sheet(workbook: CalamineWorkbook, name: str, visible: SheetVisibleEnum) -> dict[str, Any]:
    sheet = workbook.get_sheet_by_name(name)
    start = sheet.start or (0, 0)
    return {
        "name": name,
        "hidden": visible != SheetVisibleEnum.Visible,
        "merged": sheet.merged_cell_ranges or [],
        "rows": [[""] * start[1] + [_plain(value) for value in row] for row in sheet.iter_rows()],
    }


def _plain(value: object) -> object:
    """Return a cell's value as JSON can hold it."""
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, time):
        return {"time": value.isoformat()}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    return value


if __name__ == "__main__":
    main()
