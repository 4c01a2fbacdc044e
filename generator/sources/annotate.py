"""A unit's table with its faults marked in the cells and explained in comments, to be sent back.

Whatever the unit sent, the copy is an .xlsx. One that can be loaded whole keeps the unit's own look; everything else
(.xls, .csv, what openpyxl cannot load) is written anew from the values as they were read. A first sheet sums up the
faults in words. The copy, put right, can be reported as it is: the reader takes the first sheet for notes.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from generator.errors import Fault, Faults, Place
from generator.sources.cells import Value
from generator.sources.forms import FONT, GRID, HEAD, TEXT, encode
from generator.sources.sheets import Sheet, read_sheets
from generator.sources.tables import HEADER_WITHIN, header_title
from generator.sources.unpacking import is_xlsx, out_of_zip

SUMMARY = "退回说明"
AUTHOR = "信用办"
MOST_COMMENTS = 2_000
"""A workbook with more opens slowly; the other cells are coloured, and told of on the first sheet."""
MOST_LINES = 10_000
"""Lines on the first sheet."""

_MARK = PatternFill("solid", fgColor="FFFFC7CE")
_NO_FILL = PatternFill()
_UNLOADABLE = (
    AssertionError,
    AttributeError,
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)
"""What openpyxl raises on workbooks that Excel and calamine open: styles it does not know, parts that are missing."""
_OFFICE_PATH = re.compile(r"lists/(?:[^/\s，。；：]+/)+")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A fault and the cell it is about, if it is about one."""

    fault: Fault
    sheet: str = ""
    cell: str = ""


def annotated(data: bytes, path: str, title: str, faults: Sequence[Fault], password: str = "") -> bytes | None:
    """Return a copy of a table with its faults marked, as an .xlsx; None where the table cannot be opened.

    ``title`` says to people which table this is. ``faults`` are those of this file.
    """
    opened = out_of_zip(data, path, password, Faults())
    sheets = read_sheets(data, path, Faults(), password)
    if opened is None or not sheets:
        return None
    if is_xlsx(opened[0]):
        try:
            return _encoded(_own(opened[0]), {sheet.name: sheet.name for sheet in sheets}, sheets, title, faults)
        except _UNLOADABLE:
            pass  # written anew below
    book, names = _anew(sheets)
    return _encoded(book, names, sheets, title, faults)


def _encoded(
    book: Workbook, names: Mapping[str, str], sheets: Sequence[Sheet], title: str, faults: Sequence[Fault]
) -> bytes:
    """Mark a workbook and return it as bytes; ``names`` has the names of its sheets by those of the sheets read."""
    marks = _marks(faults, sheets, names)
    by_cell: dict[tuple[str, str], list[Fault]] = {}
    for mark in marks:
        if mark.cell:
            by_cell.setdefault((mark.sheet, mark.cell), []).append(mark.fault)
    for number, ((sheet, address), found) in enumerate(by_cell.items()):
        _mark_cell(_top_left(book[sheet], address), found, comment=number < MOST_COMMENTS)
    _write_summary(book, title, marks)
    return encode(book)


# -- the workbook ----------------------------------------------------------------------------------------------


def _own(data: bytes) -> Workbook:
    """Return the unit's workbook with values in place of formulas, and without our marks from an earlier time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of extensions that openpyxl does not know
        book = load_workbook(io.BytesIO(data))
        computed = [cell for cell in _cells(book) if cell.data_type == "f"]
        values = load_workbook(io.BytesIO(data), data_only=True) if computed else book
    for cell in computed:
        found = values[cell.parent.title][cell.coordinate].value
        if found is None:  # never computed: shown as it was written, and not computed here either
            found = cell.value if isinstance(cell.value, str) else str(getattr(cell.value, "text", None) or "")
            cell.number_format = TEXT
        cell.value = found
        cell.data_type = "s" if isinstance(found, str) else cell.data_type
    if SUMMARY in book.sheetnames:
        book.remove(book[SUMMARY])
    for cell in _cells(book):
        if cell.comment and cell.comment.author == AUTHOR:
            cell.comment, cell.fill = None, _NO_FILL
    return book


def _cells(book: Workbook) -> Iterator[Cell]:
    """Yield the cells of every sheet, less those hidden under a merged one."""
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from (cell for cell in row if isinstance(cell, Cell))


def _anew(sheets: Sequence[Sheet]) -> tuple[Workbook, Mapping[str, str]]:
    """Return a workbook made of the values that were read, and the names of its sheets by those of theirs."""
    book = Workbook()
    book.remove(book.worksheets[0])
    names = {}
    for sheet in sheets:
        page = book.create_sheet(re.sub(r"[\\*?:/\[\]]", "_", sheet.name or "名单")[:31])
        names[sheet.name] = page.title
        for index, (_, row) in enumerate(sheet.rows(), start=1):
            for column, value in enumerate(row, start=1):
                if value != "":
                    _write(page.cell(index, column), value)
        for (top, left), (bottom, right) in sheet.merged:
            page.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
        for column in range(1, min(page.max_column, 100) + 1):
            page.column_dimensions[get_column_letter(column)].width = 16
        page.sheet_state = "hidden" if sheet.hidden else "visible"
    return book, names


def _write(cell: Cell | MergedCell, value: Value) -> None:
    """Write one value; text stays text, whatever it looks like: a number, a date, a formula."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type, cell.number_format = "s", TEXT
    else:
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd hh:mm:ss" if isinstance(value, datetime) else "yyyy-mm-dd"


# -- the marks -------------------------------------------------------------------------------------------------


def _marks(faults: Sequence[Fault], sheets: Sequence[Sheet], names: Mapping[str, str]) -> list[_Mark]:
    """Return the faults, each with the cell of the copy it belongs in, in the order of those cells."""
    rows = {number: (index, row) for sheet in sheets if not sheet.name for index, (number, row) in _indexed(sheet)}
    columns = {
        header_title(value): column
        for _, row in islice(rows.values(), HEADER_WITHIN)
        for column, value in reversed(list(enumerate(row)))
    }
    marks = []
    for fault in set(faults):
        place, cell = fault.place, fault.place.cell
        if place.line in rows:
            index, row = rows[place.line]
            first = next((column for column, value in enumerate(row) if value), 0)
            cell = f"{get_column_letter(columns.get(place.field, first) + 1)}{index}"
        marks.append(_Mark(fault, names.get(place.sheet, ""), cell))
    return sorted(marks, key=lambda mark: (Place("", sheet=mark.sheet, cell=mark.cell), mark.fault))


def _indexed(sheet: Sheet) -> Iterator[tuple[int, tuple[int, Sequence[Value]]]]:
    """Yield the rows of a CSV file, each with the number it has in the copy and the line it started on."""
    return enumerate(sheet.rows(), start=1)


def _top_left(sheet: Worksheet, address: str) -> Cell:
    """Return the cell at an address; of merged cells the first, since the others cannot be marked."""
    cell = sheet[address]
    if not isinstance(cell, Cell):
        merged = next(found for found in sheet.merged_cells.ranges if address in found)
        cell = sheet.cell(merged.min_row, merged.min_col)
    assert isinstance(cell, Cell)  # noqa: S101 - the first of merged cells is one
    return cell


def _mark_cell(cell: Cell, faults: Sequence[Fault], *, comment: bool) -> None:
    """Colour a cell, say in a comment what is wrong with it, and keep what is typed into it as it is typed."""
    cell.fill = _MARK
    if not isinstance(cell.value, date):
        cell.number_format = TEXT
    if comment:
        kept = [cell.comment.text] if cell.comment and cell.comment.author != AUTHOR else []
        text = "\n".join([*(f"{_for_unit(f.message)}。\n{_for_unit(f.advice)}".strip() for f in faults), *kept])
        cell.comment = Comment(text, AUTHOR, height=60 + 18 * (len(text) // 18 + text.count("\n")), width=300)


def _for_unit(text: str) -> str:
    """Return a message without the office's own folders."""
    return _OFFICE_PATH.sub("", text)


# -- the first sheet -------------------------------------------------------------------------------------------


def _write_summary(book: Workbook, title: str, marks: Sequence[_Mark]) -> None:
    """Write the first sheet: what this is, what to do, and every fault with a link to its cell."""
    sheet = book.create_sheet(SUMMARY, 0)
    for letter, width in zip("ABCD", (8, 24, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    lines = (
        f"{title}：有{len(marks)}处要改",
        "标成红色的格子就是要改的地方，鼠标移上去能看到怎么改；下面是全部清单，点“在哪里”可以跳过去。",
        "请对照原件改，不要猜；改完直接保存，把整份表发回信用办，不要只发改过的几行。这一张留着不要紧。",
        "里面有证件号码，请加密码压缩后再发，不要发到微信群里。",
    )
    for row, line in enumerate(lines, start=1):
        sheet.cell(row, 1, line).font = Font(FONT, 16 if row == 1 else 12, bold=row == 1)
    for column, text in enumerate(("第几处", "在哪里", "哪里不对", "怎么改"), start=1):
        cell = sheet.cell(len(lines) + 2, column, text)
        cell.font, cell.fill, cell.border = Font(FONT, 12, bold=True), HEAD, GRID
    for number, mark in enumerate(marks[:MOST_LINES], start=1):
        _write_line(sheet, len(lines) + 2 + number, number, mark)
    if len(marks) > MOST_LINES:
        sheet.cell(len(lines) + 3 + MOST_LINES, 3, f"还有{len(marks) - MOST_LINES}处，见红色的格子。")
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
    book.active = 0


def _write_line(sheet: Worksheet, row: int, number: int, mark: _Mark) -> None:
    """Write one fault."""
    where = " › ".join(part for part in (mark.sheet, mark.cell or mark.fault.place.field) if part) or "整份表"
    texts = (str(number), where, _for_unit(mark.fault.message), _for_unit(mark.fault.advice))
    for column, text in enumerate(texts, start=1):
        cell = sheet.cell(row, column)
        _write(cell, text)
        cell.font, cell.border = Font(FONT, 12), GRID
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    if mark.cell:
        name = mark.sheet.replace("'", "''")
        link = sheet.cell(row, 2)
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{name}'!{mark.cell}")
        link.font = Font(FONT, 12, color="FF0563C1", underline="single")
