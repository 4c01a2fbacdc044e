"""Copies sent back to the units: every fault marked where it stands, everything else as the unit sent it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from generator.errors import Fault, Faults, Place
from generator.sources.annotate import AUTHOR, MOST_COMMENTS, SUMMARY, annotated
from generator.sources.nominations import Submission, check_subjects_once, parse_nominations
from tests.sources.sheets_made import (
    Cells,
    by_csv,
    by_openpyxl,
    by_xlsxwriter,
    by_xlwt,
    in_aes_zip,
    in_old_zip,
    in_zip,
)
from tests.sources.test_lists import CODE, CONTENT, LI, ZHANG

PATH = "lists/batches/2026-01/nominations/a.xlsx"
HEADER = ["序号", "类别代码", "主体类型", "姓名", "身份证号", "荣誉名称", "授予机关", "认定日期", "自己的一列"]
GOOD = [1, "A8", "个人", "张三", ZHANG, "优秀教师", "示例县", "2025-09-05", "=1+1 不是公式"]
BAD = [2, "A3", "个人", "李？", LI[:-1] + "1", "", "示例县", "去年", "00123"]
ROWS: Cells = [["示例名单"], HEADER, GOOD, BAD]
FAULTY = {"B4", "D4", "E4", "F4", "H4"}


def faults_in(data: bytes, path: str = PATH, password: str = "") -> list[Fault]:
    faults = Faults()
    submission = Submission("2026-01", CONTENT.units["jiao"], date(2026, 10, 28), password)  # type: ignore[arg-type,index]
    check_subjects_once(parse_nominations(data, path, submission, CONTENT, faults), faults)
    return faults.found


def copy_of(data: bytes, password: str = "") -> openpyxl.Workbook:
    """Return the marked copy of a table, loaded."""
    faults = faults_in(data, password=password)
    assert faults
    made = annotated(data, PATH, "教育局报来的a.xlsx", faults, password)
    assert made
    return openpyxl.load_workbook(io.BytesIO(made))


def marked(sheet: Any) -> dict[str, str]:
    """Return the coloured cells of a sheet with their comments."""
    cells = (cell for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE")
    return {cell.coordinate: cell.comment.text if cell.comment else "" for cell in cells}


def values(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


MADE: dict[str, bytes] = {
    "XlsxWriter": by_xlsxwriter(ROWS),
    "xlwt": by_xlwt(ROWS),
    "CSV": by_csv(ROWS),
    "CSV in GB18030": by_csv(ROWS, "gb18030"),
}


@pytest.mark.parametrize("form", ["xlwt", "CSV", "CSV in GB18030"])
@pytest.mark.parametrize(
    ("wrap", "password"),
    [
        (lambda data: data, ""),
        (lambda data: in_zip("a", data), ""),
        (lambda data: in_aes_zip("a", data, "密码"), "密码"),
        (lambda data: in_old_zip("a", data, b"x"), "x"),
    ],
)
def test_whatever_comes_goes_back_as_xlsx(form: str, wrap: Callable[[bytes], bytes], password: str) -> None:
    book = copy_of(wrap(MADE[form]), password)
    assert book.sheetnames == [SUMMARY, "名单"]
    sheet = book["名单"]
    assert set(marked(sheet)) == FAULTY
    kept = [[str(value or "") for value in row] for row in values(sheet)]
    assert kept == [[*map(str, row), *[""] * (9 - len(row))] for row in ROWS]


def test_what_looks_like_a_formula_or_a_number_stays_text() -> None:
    sheet = copy_of(MADE["CSV"])["名单"]
    for address, text in {"E3": ZHANG, "I3": "=1+1 不是公式", "I4": "00123"}.items():
        assert (sheet[address].value, sheet[address].data_type, sheet[address].number_format) == (text, "s", "@")


def test_the_comments_say_what_is_wrong_and_what_to_do() -> None:
    comments = marked(copy_of(MADE["CSV"])["名单"])
    assert comments["B4"].startswith("教育局不能报送 A3 类（示例类）。\n这一类由总工会报送")
    assert comments["E4"] == "身份证号校验位不对，可能有一位抄错。\n对照证件原件更正"
    assert all(comments.values())


def test_the_first_sheet_sums_up() -> None:
    book = copy_of(MADE["CSV"])
    sheet = book[SUMMARY]
    assert book.active is sheet
    assert sheet["A1"].value == "教育局报来的a.xlsx：有5处要改"
    rows = values(sheet)[6:]
    assert [row[1] for row in rows] == [f"名单 › {cell}" for cell in ("B4", "D4", "E4", "F4", "H4")]
    assert sheet["B7"].hyperlink.location == "'名单'!B4"
    assert rows[3][2:] == ["没有写荣誉名称", "请补上"]
    assert [page.sheet_view.tabSelected for page in book.worksheets] == [True, False]


def styled() -> bytes:
    """Return a unit's own workbook: widths, colours, merged title, a formula, a hidden sheet, a comment of its own."""
    book = openpyxl.load_workbook(io.BytesIO(by_openpyxl(ROWS)))
    sheet = book["名单"]
    sheet["I3"].data_type = "s"
    sheet.merge_cells("A1:I1")
    sheet.column_dimensions["E"].width = 33
    sheet["A1"].fill = PatternFill("solid", fgColor="FF00FF00")
    sheet["E3"].number_format = "@"
    sheet["E4"].comment = Comment("单位自己写的", "单位")
    sheet["D3"].comment = Comment("另一条", "单位")
    book.create_sheet("旧").sheet_state = "hidden"
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_an_xlsx_keeps_its_own_look() -> None:
    book = copy_of(styled())
    sheet = book["名单"]
    assert set(marked(sheet)) == FAULTY
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:I1"]
    assert sheet.column_dimensions["E"].width == 33
    assert sheet["A1"].fill.fgColor.rgb == "FF00FF00"
    assert sheet["D3"].comment.text == "另一条"
    assert "身份证号校验位不对" in sheet["E4"].comment.text
    assert sheet["E4"].comment.text.endswith("单位自己写的")
    assert book["旧"].sheet_state == "hidden"


def test_formulas_come_back_as_the_values_that_were_read() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_formula("D3", '="张"&"三"', None, "张三")
        sheet.write_formula("A3", "=ROW()-2", None, 1)

    sheet = copy_of(by_xlsxwriter([*ROWS[:3], BAD], fill))["名单"]
    assert (sheet["D3"].value, sheet["A3"].value) == ("张三", 1)


def test_a_formula_that_was_never_computed_goes_back_as_text() -> None:
    """Whoever opens the copy computes nothing that somebody else wrote."""
    book = openpyxl.Workbook()
    for row in (HEADER, [1, "A8", "个人", "张三", ZHANG, "=cmd|' /C calc'!A0", "示例县", "2025-09-05"]):
        book.worksheets[0].append(row)
    made = io.BytesIO()
    book.save(made)
    cell = copy_of(made.getvalue())["Sheet"]["F2"]
    assert (cell.value, cell.data_type) == ("=cmd|' /C calc'!A0", "s")


def test_a_number_that_lost_its_digits_is_shown_and_what_is_typed_over_it_is_text() -> None:
    row: list[Any] = [1, "A8", "个人", "张三", 990621199001011233, "优秀教师", "示例县", date(2025, 9, 5)]
    sheet = copy_of(by_xlsxwriter([*ROWS[:2], row]))["名单"]
    assert set(marked(sheet)) == {"E3"}
    assert sheet["E3"].number_format == "@"
    assert sheet["E3"].value == pytest.approx(990621199001011233)
    assert sheet["H3"].value == datetime(2025, 9, 5)  # noqa: DTZ001 - a spreadsheet's day


def test_a_fault_inside_merged_cells_is_marked_on_the_first() -> None:
    rows: Cells = [HEADER, [1, "A8", "个人", "张三", ZHANG, "优秀教师"], [2, "A8", "个人", "李四", LI, "优秀教师"]]
    data = by_xlsxwriter(rows, lambda _, sheet: sheet.merge_range("B2:B3", "A3"))
    sheet = copy_of(data)["名单"]
    assert "教育局不能报送 A3 类" in marked(sheet)["B2"]


def test_a_subject_reported_twice_is_marked_without_the_folders_of_the_office() -> None:
    (comment,) = marked(copy_of(by_csv([HEADER, GOOD, GOOD]))["名单"]).values()
    assert comment == "这个主体在本批里已经报过一次：a.xlsx:2。\n只留一处"


def test_a_missing_column_is_told_on_the_first_sheet() -> None:
    book = copy_of(by_xlsxwriter([["姓名", "荣誉名称"], ["张三", "优秀教师"]]))
    assert marked(book["名单"]) == {}
    assert values(book[SUMMARY])[6][1:3] == [
        "名单",
        "表头里找不到：类别代码、证件号码/统一社会信用代码、授予机关；现有的表头：姓名、荣誉名称",
    ]


def put_right(book: openpyxl.Workbook) -> bytes:
    """Return the copy with everything marked put right, as a unit would."""
    for address, value in {"B4": "A8", "D4": "李四", "E4": LI, "F4": "优秀教师", "H4": "2025-09-06"}.items():
        book["名单"][address] = value
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("data", [styled(), MADE["CSV"], MADE["xlwt"]])
def test_a_copy_put_right_is_read_without_a_fault(data: bytes) -> None:
    assert faults_in(put_right(copy_of(data))) == []


def test_marks_of_an_earlier_time_are_gone_from_the_next_copy() -> None:
    book = copy_of(MADE["CSV"])
    book["名单"]["E3"] = ZHANG[:-1] + "1"
    again = copy_of(put_right(book))
    assert again.sheetnames == [SUMMARY, "名单"]
    assert set(marked(again["名单"])) == {"E3"}
    assert again["名单"]["E4"].comment is None


def test_a_workbook_that_openpyxl_cannot_load_is_written_anew() -> None:
    """Some programs write styles that openpyxl refuses; Excel and calamine do not mind."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(MADE["XlsxWriter"])) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"<fill>.*?</fill>", b"<fill/>", old.read(name)))
    with pytest.raises(TypeError):
        openpyxl.load_workbook(made)
    assert set(marked(copy_of(made.getvalue())["名单"])) == FAULTY


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"PK\x03\x04junk", in_aes_zip("a", b"x", "y")])
def test_what_cannot_be_opened_has_no_copy(data: bytes) -> None:
    assert annotated(data, PATH, "示例", [Fault(Place(PATH), "示例")], "") is None


def test_the_same_copy_is_the_same_bytes() -> None:
    data = MADE["CSV"]
    assert annotated(data, PATH, "示例", faults_in(data)) == annotated(data, PATH, "示例", faults_in(data))


def test_a_table_that_is_all_faults() -> None:
    rows: Cells = [HEADER, *([1, "A8", "企业", "示例公司", CODE, "诚信", "示例县"] for _ in range(MOST_COMMENTS))]
    book = copy_of(by_csv(rows))
    comments = list(marked(book["名单"]).values())
    assert len(comments) > MOST_COMMENTS
    assert sum(map(bool, comments)) == MOST_COMMENTS
    assert next(c.comment.author for row in book["名单"].iter_rows() for c in row if c.comment) == AUTHOR
