"""The table that goes to a screening source: whom to look up, and empty columns for what it finds.

Its columns are those that ``screening`` reads, so it comes back filled in and is read as it is. It holds a name, the
kind of document and the number, and nothing of who was nominated by whom for what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from generator.core.model import Organisation, Person, Subject
from generator.core.names import canonical, display
from generator.sources.forms import CREDIT_CODE, DAY, FONT, GRID, HEAD, TEXT, encode
from generator.sources.screening import COLUMNS, LISTED, NOT_LISTED

SHEET = "筛查名单"
HEADER_ROW = 3
_ANSWERED = tuple(COLUMNS[field].headers[0] for field in ("listed", "recorded", "removed", "grounds"))
HEADERS = ("序号", "姓名/名称", "证件类型", "证件号码", CREDIT_CODE, *_ANSWERED)
_WIDTHS = (6, 26, 18, 24, 24, 12, 14, 14, 30)
_HOW = (
    f"请按号码查，不要只按姓名。每行都写“{LISTED}”或“{NOT_LISTED}”；写“{LISTED}”的要写列入日期，已经移出的写移出日期。"
    "号码不要改。填好后加密发回，密码不变。"
)
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - the format knows no time zone, and the clock is not ours to read


def in_order(subjects: Iterable[Subject]) -> list[Subject]:
    """Return subjects in an order that does not tell who nominated them: people first, by name and number."""
    return sorted(subjects, key=lambda s: (isinstance(s, Organisation), canonical(s.name), s.key))


def inquiry(title: str, subjects: Sequence[Subject], document_types: Sequence[str]) -> bytes:
    """Return the table as an .xlsx, every cell a text; equal arguments give equal bytes.

    ``document_types`` has the kind of each subject's document, empty where the number does not show it.
    """
    book = Workbook(write_only=True)
    book.properties.creator, book.properties.created = "", _MADE
    sheet = book.create_sheet(SHEET)
    sheet.freeze_panes = f"C{HEADER_ROW + 1}"
    for index, (header, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True), start=1):
        column = sheet.column_dimensions[get_column_letter(index)]
        column.width, column.number_format = width, DAY if header in _ANSWERED[1:3] else TEXT
    sheet.append([_cell(sheet, title, Font(FONT, 16, bold=True))])
    sheet.append([_cell(sheet, _HOW, Font(FONT, 11, color="FFC00000"))])
    sheet.append([_head(sheet, header) for header in HEADERS])
    for row in _rows(subjects, document_types):
        sheet.append([_cell(sheet, text) if text else None for text in row])
    _add_choices(sheet, HEADER_ROW + len(subjects))
    return encode(book)


def _rows(subjects: Sequence[Subject], document_types: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for number, (subject, kind) in enumerate(zip(subjects, document_types, strict=True), start=1):
        if isinstance(subject, Person):
            yield str(number), display(subject.name), kind, subject.number, ""
        else:
            yield str(number), display(subject.name), CREDIT_CODE, "", subject.code


def _cell(sheet: WriteOnlyWorksheet, text: str, font: Font | None = None) -> Cell:
    """Return a cell that stays text, whatever it looks like."""
    cell = WriteOnlyCell(sheet, text)
    cell.data_type, cell.number_format = "s", TEXT
    if font:
        cell.font = font
    return cell


def _head(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    cell = _cell(sheet, text, Font(FONT, 11, bold=True))
    cell.fill, cell.border, cell.alignment = HEAD, GRID, Alignment("center", "center")
    return cell


def _add_choices(sheet: WriteOnlyWorksheet, last: int) -> None:
    """Let 是否有记录 be chosen from a list."""
    letter = get_column_letter(HEADERS.index(_ANSWERED[0]) + 1)
    rule = DataValidation("list", f'"{LISTED},{NOT_LISTED}"', allow_blank=True)
    rule.errorTitle, rule.error, rule.showErrorMessage = "请核对", f"请写“{LISTED}”或者“{NOT_LISTED}”。", True
    rule.add(f"{letter}{HEADER_ROW + 1}:{letter}{last}")
    cast("Worksheet", sheet).data_validations.append(rule)  # the stubs do not know that it has them too
