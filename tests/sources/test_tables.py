"""Tables as they really arrive: every form is written for real here, read back, and its faults are named."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.errors import Fault, Faults, InputFaultsError, Place
from generator.sources import unpacking
from generator.sources.cells import cell_text, parse_day
from generator.sources.sheets import column_letters
from generator.sources.tables import Column, Kind, Row, read_table
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

COLUMNS = {
    "name": Column(("姓名/名称", "姓名"), required=True),
    "number": Column(("证件号码", "身份证号", "公民身份号码"), Kind.NUMBER, required=True),
    "awarded": Column(("认定日期",), Kind.DAY),
    "awarder": Column(("授予机关",)),
    "phone": Column(("联系电话",)),
}
HEADER = ["序号", "姓名", "身份证号", "认定日期", "联系电话"]
ZHANG, LI = "990621199001011233", "99062119770707101X"


def xlsx(rows: Cells, fill: Callable[[Any, Any], None] | None = None) -> bytes:
    return by_xlsxwriter(rows, fill, "个人")


def csv(rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(row) for row in rows).encode(encoding)


def read(data: bytes, path: str = "a.xlsx", password: str = "") -> tuple[tuple[Row, ...], list[str]]:
    faults = Faults()
    rows = tuple(read_table(data, path, COLUMNS, faults, password))
    return rows, [str(fault) for fault in faults.found]


def whole(data: bytes, path: str = "a.xlsx", password: str = "") -> tuple[Row, ...]:
    rows, faults = read(data, path, password)
    assert not faults
    return rows


# -- spreadsheets --------------------------------------------------------------------------------------------


def test_title_blank_rows_totals_and_signatures_are_not_rows() -> None:
    def merge(_: Any, sheet: Any) -> None:
        sheet.merge_range("A1:E1", "荣誉名单")

    rows = whole(
        xlsx(
            [
                [],
                ["填报单位：示例单位"],
                HEADER,
                [1, "张三", ZHANG],
                [2],
                HEADER,
                [3, "李四", LI],
                ["合 计", "2人"],
                ["填表人（签字）：示例", None, None, None, "000"],
            ],
            merge,
        )
    )
    assert [(row.text("name"), row.text("number")) for row in rows] == [("张三", ZHANG), ("李四", LI)]


def test_a_row_with_a_number_is_never_taken_for_a_total() -> None:
    rows = whole(xlsx([HEADER[1:], ["合计", ZHANG]]))
    assert [row.text("name") for row in rows] == ["合计"]


def test_every_cell_knows_its_place() -> None:
    (row,) = whole(xlsx([[], HEADER, [], [1, "张三", ZHANG, "2025.3.1"]]))
    assert str(row.at("number")) == "a.xlsx › 个人 › C4"
    assert str(row.at("awarder")) == "a.xlsx › 个人 › 授予机关"
    assert str(row.place) == "a.xlsx › 个人 › B4"


def test_header_with_marks_line_breaks_and_brackets() -> None:
    (row,) = whole(xlsx([["姓 名*", "公民\n身份号码（18位）："], ["张三", ZHANG]]))
    assert row.text("number") == ZHANG


def test_cells_are_cleaned() -> None:
    (row,) = whole(
        xlsx(
            [
                HEADER,
                ["１", "欧阳\u3000娜\n娜\u200b", "'９９０６２１１９９００１０１１２３３", "２０２５年３月１日", 3],
            ]
        )
    )
    assert (row.text("name"), row.text("number")) == ("欧阳娜娜", ZHANG)
    assert row.day("awarded") == date(2025, 3, 1)
    assert row.text("phone") == "3"


def test_marks_of_names_stay_as_written() -> None:
    (row,) = whole(xlsx([HEADER, [1, "示例（试样）·\U00020bb7", ZHANG]]))
    assert row.text("name") == "示例（试样）·\U00020bb7"


def test_merged_cells_are_filled_only_where_merged() -> None:
    def merge(_: Any, sheet: Any) -> None:
        sheet.merge_range("C2:C3", "示例县人民政府")

    rows = whole(xlsx([["姓名", "身份证号", "授予机关"], ["张三", ZHANG], ["李四", LI], ["王五", ZHANG]], merge))
    assert [row.text("awarder") for row in rows] == ["示例县人民政府", "示例县人民政府", ""]


@pytest.mark.parametrize("number", [990621199001011233, 1.10105194912310e17, 10**15, 12345.5])
def test_a_number_that_is_not_whole_is_refused(number: float) -> None:
    rows, faults = read(xlsx([HEADER, [1, "张三", number], [2, "李四", LI]]))
    assert [(row.text("name"), row.text("number")) for row in rows] == [("张三", ""), ("李四", LI)]
    assert rows[0].refused == {"number"}
    assert len(faults) == 1
    assert faults[0].startswith("a.xlsx › 个人 › C2：号码被存成了")
    assert "文本" in faults[0]


def test_an_old_number_of_15_digits_survives_as_an_amount() -> None:
    (row,) = whole(xlsx([HEADER, [1, "张三", 990621900101123]]))
    assert row.text("number") == "990621900101123"


def test_days_in_every_form() -> None:
    forms = [
        "2025年3月1日",
        "2025.3.1",
        "20250301",
        "2025/3/1",
        "2025-03-01",
        "2025-03-01 00:00:00",
        45717,
        20250301,
    ]

    def add_real_day(book: Any, sheet: Any) -> None:
        sheet.write_datetime(len(forms) + 1, 3, date(2025, 3, 1), book.add_format({"num_format": "m/d/yy"}))

    rows = whole(xlsx([HEADER, *([1, "张三", ZHANG, form] for form in forms), [1, "张三", ZHANG]], add_real_day))
    assert [row.day("awarded") for row in rows] == [date(2025, 3, 1)] * (len(forms) + 1)


@pytest.mark.parametrize("nothing", ["", "/", "无", "—", "长期"])
def test_a_day_may_be_left_out(nothing: str) -> None:
    (row,) = whole(xlsx([HEADER, [1, "张三", ZHANG, nothing]]))
    assert row.day("awarded") is None


@pytest.mark.parametrize("form", ["2025年2月30日", "2025年3月", "20251301", "25.3.1", "去年", 2025, "0001-01-01"])
def test_a_day_that_is_none_is_a_fault(form: str | int) -> None:
    _, faults = read(xlsx([HEADER, [1, "张三", ZHANG, form]]))
    assert len(faults) == 1
    assert faults[0].startswith("a.xlsx › 个人 › D2：")


def test_a_missing_header_lists_what_there_is_and_what_would_do() -> None:
    rows, (fault,) = read(xlsx([["名单"], ["姓名", "证号", "认定日期"], ["张三", ZHANG]]))
    assert rows == ()
    assert fault == (
        "a.xlsx › 个人：表头里找不到：证件号码；现有的表头：姓名、认定日期。"
        "可以用的表头：证件号码、身份证号、公民身份号码"
    )


def test_rows_of_people_are_not_quoted_as_headers() -> None:
    _, (fault,) = read(xlsx([["张三", ZHANG], ["李四", LI]]))
    assert "张三" not in fault
    assert ZHANG not in fault


@pytest.mark.parametrize("kind", ["身份证号", f"身份证号({ZHANG})"])
def test_a_kind_of_document_that_reads_as_a_header_does_not_give_away_its_row(kind: str) -> None:
    """身份证 is a value of 证件类型 and a header: what stands beside it is a name and a number all the same."""
    for rows in ([["张三", kind, ZHANG, "示例学校"]], [["张三", kind, ZHANG], ["李四", "姓名", LI]]):
        _, (fault,) = read(xlsx(rows))
        assert not any(word in fault for word in ("张三", "李四", ZHANG, LI, "示例学校"))


def test_two_columns_for_one_field() -> None:
    header = ["姓名", "身份证号", "证件号码"]
    (row,) = whole(xlsx([header, ["张三", None, ZHANG]]))
    assert row.text("number") == ZHANG
    _, (fault,) = read(xlsx([header, ["张三", LI, ZHANG]]))
    assert fault.startswith("a.xlsx › 个人 › B2：这一行有几格说的是一件事，内容却不同")


def test_every_sheet_with_the_header_counts_and_notes_do_not() -> None:
    def more(book: Any, _: Any) -> None:
        book.add_worksheet("说明").write("A1", "填表说明")
        other = book.add_worksheet("其他")
        other.write_row("A1", HEADER)
        other.write_row("A2", [1, "李四", LI])

    rows = whole(xlsx([HEADER, [1, "张三", ZHANG]], more))
    assert [str(row.at("name")) for row in rows] == ["a.xlsx › 个人 › B2", "a.xlsx › 其他 › B2"]


def test_a_second_list_whose_header_went_wrong_is_not_dropped() -> None:
    def more(book: Any, _: Any) -> None:
        book.add_worksheet("其他").write_row("A1", ["姓名", "证号", "认定日期"])

    _, (fault,) = read(xlsx([HEADER, [1, "张三", ZHANG]], more))
    assert fault.startswith("a.xlsx › 其他：表头里找不到：证件号码")


def test_a_hidden_list_is_a_fault() -> None:
    def more(book: Any, _: Any) -> None:
        hidden = book.add_worksheet("旧")
        hidden.write_row("A1", HEADER)
        hidden.hide()

    _, (fault,) = read(xlsx([HEADER, [1, "张三", ZHANG]], more))
    assert fault.startswith("a.xlsx › 旧：隐藏的工作表里也有名单")


def test_a_stray_cell_at_the_far_corner_does_not_take_down_the_program() -> None:
    def stray(_: Any, sheet: Any) -> None:
        sheet.write("XFD1048576", " ")

    rows, (fault,) = read(xlsx([HEADER, [1, "张三", ZHANG]], stray))
    assert rows == ()
    assert fault.startswith("a.xlsx：表格一直铺到 XFD1048576")


def test_a_stray_cell_far_to_the_right_does_no_harm() -> None:
    assert len(whole(xlsx([HEADER, [1, "张三", ZHANG]], lambda _, sheet: sheet.write("XFD2", " ")))) == 1


@pytest.mark.parametrize("row", [[1, "李四", LI], ["x", None, "91350100M000100Y43"]])
def test_numbers_on_a_sheet_without_the_header_are_a_fault(row: list[Any]) -> None:
    def more(book: Any, _: Any) -> None:
        book.add_worksheet("续").write_row("A1", row)

    rows, (fault,) = read(xlsx([HEADER, [1, "张三", ZHANG]], more))
    assert len(rows) == 1
    assert fault.startswith("a.xlsx › 续：这张工作表没有表头，却有证件号码或信用代码，会漏掉")
    assert LI not in fault


def test_an_empty_sheet_is_a_fault() -> None:
    assert read(xlsx([]))[1] == ["a.xlsx › 个人：表格是空的。核对是不是放错了文件"]


# -- the .xls of old -----------------------------------------------------------------------------------------


BIFF = (Path(__file__).parent / "data" / "biff.xls").read_bytes()
"""A real BIFF8 file of invented people, written with xlwt 1.3."""


def test_rows_merged_cells_and_lost_digits() -> None:
    rows, faults = read(BIFF, "a.xls")
    assert [(row.text("name"), row.text("number"), row.day("awarded")) for row in rows] == [
        ("张三", ZHANG, date(2025, 3, 1)),
        ("李四", LI, date(2025, 3, 2)),
        ("王五", "", date(2025, 3, 3)),
    ]
    assert [row.text("awarder") for row in rows] == ["示例县人民政府", "示例县人民政府", ""]
    assert len(faults) == 1
    assert faults[0].startswith("a.xls › 个人 › C5：号码被存成了数字")


@pytest.mark.parametrize("path", ["a.xlsx", "a.csv", "a"])
def test_the_bytes_say_what_it_is(path: str) -> None:
    assert len(read(BIFF, path)[0]) == 3


def test_an_xlsx_named_xls() -> None:
    assert len(whole(xlsx([HEADER, [1, "张三", ZHANG]]), "a.xls")) == 1


# -- CSV -----------------------------------------------------------------------------------------------------

ROWS = (["名单"], ["序号", "姓名", "公民身份号码"], ["1", "张三", ZHANG], ["", "", ""], ["2", "钱𠮷", LI])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    rows = whole(csv(ROWS, encoding), "a.csv")
    assert [(row.text("name"), str(row.at("number"))) for row in rows] == [
        ("张三", "a.csv:3 › 公民身份号码"),
        ("钱𠮷", "a.csv:5 › 公民身份号码"),
    ]


def test_tabs_and_quoted_line_breaks() -> None:
    rows = whole(f'姓名\t身份证号\r\n"张\r\n三"\t{ZHANG}\r\n李四\t{LI}\r\n'.encode(), "a.csv")
    assert [(row.text("name"), row.place.line) for row in rows] == [("张三", 2), ("李四", 4)]


@pytest.mark.parametrize("number", ["1.10105E+17", "1.10105e17", "9E+17"])
def test_scientific_notation_is_refused(number: str) -> None:
    (row,), (fault,) = read(csv([["姓名", "身份证号"], ["张三", number]]), "a.csv")
    assert row.refused == {"number"}
    assert fault.startswith("a.csv:2 › 身份证号：号码被存成了科学记数")


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"a\0b", b'"a'])
def test_what_is_no_text_is_a_fault(data: bytes) -> None:
    assert len(read(data, "a.csv")[1]) == 1


# -- zip -----------------------------------------------------------------------------------------------------

TABLE = csv(ROWS, "gb18030")


def zipped(members: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def test_a_table_in_a_zip_beside_what_systems_leave() -> None:
    rows = whole(zipped({"表/": b"", "表/a.csv": TABLE, "__MACOSX/._a.csv": b"x"}), "b.zip")
    assert str(rows[0].place) == "b.zip › 表/a.csv:3"


def test_a_spreadsheet_in_a_zip() -> None:
    assert len(whole(zipped({"a.xlsx": xlsx([HEADER, [1, "张三", ZHANG]])}), "b.zip")) == 1


@pytest.mark.parametrize("members", [{".x": b""}, {"a.csv": b"", "b.csv": b""}])
def test_not_exactly_one_table(members: dict[str, bytes]) -> None:
    (fault,) = read(zipped(members), "b.zip")[1]
    assert "压缩包里" in fault


def test_aes_with_the_password_without_and_with_another() -> None:
    data = in_aes_zip("a.csv", TABLE, "密码-示例")
    assert len(whole(data, "b.zip", "密码-示例")) == 2
    assert read(data, "b.zip")[1] == [
        "b.zip：压缩包有密码。向报送单位要密码，写在登记这张表的那一段："
        'password = "密码"（batch.toml、筛查回复、snapshot.toml 都一样）'
    ]
    assert "密码不对" in read(data, "b.zip", "别的")[1][0]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_zipcrypto(encoding: str) -> None:
    data = in_old_zip("a.csv", TABLE, "密码".encode(encoding))
    assert len(whole(data, "b.zip", "密码")) == 2
    assert "压缩包有密码" in read(data, "b.zip")[1][0]
    assert "密码不对" in read(data, "b.zip", "别的")[1][0]


def test_a_member_as_gbk_programs_name_it() -> None:
    data = zipped({"XX.csv": TABLE}).replace(b"XX.csv", "名".encode("gb18030") + b".csv")
    assert whole(data, "b.zip")[0].place.path == "b.zip › 名.csv"


LOCKED = (Path(__file__).parent / "data" / "locked.xlsx").read_bytes()
"""A header alone under a password, locked with msoffcrypto-tool."""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"Rar!\x1a\x07", "RAR"),
        (b"%PDF-1.7", "PDF"),
        (b"<html><table>", "网页"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "XML"),
        (b"PK\x03\x04junk", "坏了"),
        (LOCKED, "表格设了打开密码"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1junk", "坏了"),
        (xlsx([HEADER])[:-200], "坏了"),
    ],
)
def test_what_is_no_table_says_so(data: bytes, message: str) -> None:
    rows, (fault,) = read(data, "a.xls")
    assert rows == ()
    assert message in fault


# -- every form in every wrapping ----------------------------------------------------------------------------

AS_SENT: Cells = [
    ["2026年度\u3000守信激励名单"],
    [None],
    ["序号", "姓 名", "公民身份号码", "认定日期", "授予机关", "电话"],
    [1, "张三", "'９９０６２１１９９００１０１１２３３", "2025年3月1日", "示例县", "000"],
    [2, "李\u3000四", LI.lower(), 20250302, "示例县"],
    [None, None, None, None, None, None],
    [3, "欧阳娜娜", "990621200002298884", "2025.3.3", "示例县"],
    ["合计", None, "3人"],
]
MADE = {
    "xlsx by XlsxWriter": by_xlsxwriter(AS_SENT),
    "xlsx by openpyxl": by_openpyxl(AS_SENT),
    "xls by xlwt": by_xlwt(AS_SENT),
    "csv": by_csv(AS_SENT),
    "csv with a mark": by_csv(AS_SENT, "utf-8-sig"),
    "csv in GB18030": by_csv(AS_SENT, "gb18030"),
}
WRAPPED: dict[str, Callable[[bytes], bytes]] = {
    "bare": lambda data: data,
    "zip": lambda data: in_zip("名单", data),
    "AES zip": lambda data: in_aes_zip("名单", data, "密码"),
    "old zip": lambda data: in_old_zip("名单", data, "密码".encode("gb18030")),
}


@pytest.mark.parametrize("wrapping", WRAPPED)
@pytest.mark.parametrize("form", MADE)
def test_one_list_in_every_form(form: str, wrapping: str) -> None:
    rows = whole(WRAPPED[wrapping](MADE[form]), "a.xls", "密码")
    assert [(row.text("name"), row.text("number").upper(), row.day("awarded")) for row in rows] == [
        ("张三", ZHANG, date(2025, 3, 1)),
        ("李四", LI, date(2025, 3, 2)),
        ("欧阳娜娜", "990621200002298884", date(2025, 3, 3)),
    ]


def test_an_xls_by_xlwt_with_days_and_merged_cells() -> None:
    rows: Cells = [[*HEADER, "授予机关"], [1, "张三", ZHANG, date(2025, 3, 1)], [2, "李四", LI, date(2025, 3, 2)]]
    found = whole(by_xlwt(rows, merged=[(1, 2, 5, 5, "示例县")]), "a.xls")
    assert [(row.day("awarded"), row.text("awarder")) for row in found] == [
        (date(2025, 3, 1), "示例县"),
        (date(2025, 3, 2), "示例县"),
    ]


def ods(rows: Cells) -> bytes:
    """Return an OpenDocument spreadsheet of text cells, as small as the format allows."""
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{value or ""}</text:p></table:table-cell>'
            for value in row
        )
        + "</table:table-row>"
        for row in rows
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="名单">{cells}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"/>')
        archive.writestr("content.xml", content)
    return made.getvalue()


def test_an_ods() -> None:
    rows = whole(ods(AS_SENT), "a.ods")
    assert [row.text("name") for row in rows] == ["张三", "李四", "欧阳娜娜"]
    assert str(rows[0].at("number")) == "a.ods › 名单 › C4"


def test_an_old_zip_with_a_workbook_that_reaches_too_far() -> None:
    data = in_old_zip("a.xlsx", by_xlsxwriter([HEADER], lambda _, sheet: sheet.write("XFD1048576", " ")), b"x")
    assert "表格一直铺到 XFD1048576" in read(data, "b.zip", "x")[1][0]


def without_its_size(data: bytes, cell: bytes) -> bytes:
    """Return an .xlsx that says its size is A1, as WPS does, with the cell B1 moved elsewhere."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            part = re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1"/>', old.read(name))
            new.writestr(name, part.replace(b'r="B1"', b'r="%s"' % cell))
    return made.getvalue()


@pytest.mark.parametrize("cell", [b"XFD1048576", b"xfd1048576", b"AAA999999", b"B400000000000"])
def test_a_stray_cell_that_the_sheet_does_not_own_up_to(cell: bytes) -> None:
    """Without the check calamine asks for the memory of the whole grid, and the process is gone."""
    rows, (fault,) = read(without_its_size(xlsx([HEADER, [1, "张三", ZHANG]]), cell))
    assert rows == ()
    assert fault.startswith("a.xlsx：表格一直铺到 ")


def in_parts(data: bytes, change: Callable[[str, bytes], tuple[str, bytes]]) -> bytes:
    """Return an .xlsx with its parts changed, in name or in content."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    return made.getvalue()


def test_a_stray_cell_written_with_spaces_on_a_sheet_kept_elsewhere() -> None:
    def moved(name: str, part: bytes) -> tuple[str, bytes]:
        part = part.replace(b'r="B1"', b'r = "XFD1048576"').replace(b"worksheets/sheet", b"ws/sheet")
        return name.replace("worksheets/sheet", "ws/sheet"), part

    rows, (fault,) = read(in_parts(xlsx([HEADER, [1, "张三", ZHANG]]), moved))
    assert rows == ()
    assert fault.startswith("a.xlsx：表格一直铺到 XFD1048576")


def test_a_workbook_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 100_000)
    big = in_parts(xlsx([HEADER]), lambda name, part: (name, part + b" " * 50_000))
    assert read(big) == ((), ["a.xlsx：表格解开后超过 600 MB，不像是名单。核对是不是放错了文件"])


def test_the_name_of_a_file_in_a_zip_does_not_give_away_a_number() -> None:
    rows = whole(in_zip(f"张三{ZHANG}.csv", csv([HEADER, ["1", "张三", ZHANG]])), "b.zip")
    assert ZHANG not in str(rows[0].place)


def test_a_size_of_a1_alone_does_no_harm() -> None:
    assert len(whole(without_its_size(xlsx([HEADER, [1, "张三", ZHANG]]), b"B1"))) == 1


def test_columns_start_where_the_table_starts() -> None:
    (row,) = whole(xlsx([[None, None, *HEADER], [None, None, 1, "张三", ZHANG]]))
    assert str(row.at("number")) == "a.xlsx › 个人 › E2"


@pytest.mark.parametrize(
    "row",
    [
        ["小计", None, "25人"],
        [None, "共25人"],
        ["填报单位（盖章）：示例"],
        [None, None, None, None, "000"],
        [9, None, None, "2025-03-01"],
        ["审核人：某", None, None, "2025-03-01"],
        ["\u3000", " "],
    ],
)
def test_a_row_about_nobody(row: list[Any]) -> None:
    """A row in which no required cell is filled is blank, whatever was prepared in its other cells."""
    assert len(whole(xlsx([HEADER, [1, "张三", ZHANG], row]))) == 1


@pytest.mark.parametrize("row", [[2, "李四"], [2, None, LI], ["合计", "李四", LI]])
def test_a_row_about_somebody_is_never_passed_over(row: list[Any]) -> None:
    assert len(whole(xlsx([HEADER, [1, "张三", ZHANG], row]))) == 2


def test_merged_cells_over_many_rows() -> None:
    def merge(_: Any, sheet: Any) -> None:
        for first in range(1, 2001, 2):
            sheet.merge_range(first, 2, first + 1, 2, f"示例{first}")

    rows = whole(xlsx([["姓名", "身份证号", "授予机关"], *(["张三", ZHANG] for _ in range(2000))], merge))
    assert [row.text("awarder") for row in rows] == [f"示例{1 + n // 2 * 2}" for n in range(2000)]


# -- anything else -------------------------------------------------------------------------------------------


@given(
    st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "姓名,身份证号\n".encode()]),
    st.binary(),
)
def test_any_bytes(start: bytes, rest: bytes) -> None:
    """Any bytes end in rows or in a fault that names the file, never in an exception."""
    rows, faults = read(start + rest, "a")
    assert rows or faults or start.startswith("姓名".encode())
    assert all(fault.startswith("a") for fault in faults)


XLSX = xlsx([HEADER, [1, "张三", ZHANG]])
LOCKED_ZIP = in_aes_zip("a.csv", TABLE, "示例")


@settings(deadline=None)  # a damaged address makes a large sheet
@given(
    st.sampled_from([XLSX, zipped({"a.csv": TABLE}), LOCKED_ZIP]),
    st.floats(0, 1, exclude_max=True),
    st.binary(min_size=1, max_size=4),
)
def test_a_damaged_file(data: bytes, at: float, damage: bytes) -> None:
    """Damage ends in rows or in a fault that names the file, never in an exception."""
    start = int(at * len(data))
    rows, faults = read(data[:start] + damage + data[start + len(damage) :], "a", "示例")
    assert all(fault.startswith("a") for fault in faults)
    assert all(row.place.path.startswith("a") for row in rows)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_old_workbook(seed: int) -> None:
    """Damage to an .xls can end the process that reads it, for want of 800 GB; ours goes on with a fault."""
    chance = random.Random(seed)  # noqa: S311 - damage, not a secret
    data = bytearray(BIFF)
    for _ in range(40):
        data[chance.randrange(512, len(data))] = chance.randrange(256)
    rows, faults = read(bytes(data), "a.xls")
    assert rows or faults
    assert all(fault.startswith("a.xls") for fault in faults)


def test_a_workbook_that_ends_its_reader_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os\nos.abort()\n", encoding="utf-8")
    monkeypatch.setattr("generator.sources.oldbook.__file__", str(crash))
    rows, (fault,) = read(BIFF, "a.xls")
    assert rows == ()
    assert fault.startswith("a.xls：表格打不开，坏了")


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_column_letters(index: int, letters: str) -> None:
    assert column_letters(index) == letters


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_day_reads_the_same_in_every_form(day: date) -> None:
    forms = (f"{day.year}年{day.month}月{day.day}日", f"{day.year}.{day.month}.{day.day}", f"{day:%Y%m%d}", day)
    assert {parse_day(form) for form in forms} == {day}


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert cell_text(cell_text(text).lstrip("'‘’＇")) == cell_text(text).lstrip("'‘’＇")


CLEAN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x9FFF))


@given(CLEAN)
def test_what_is_taken_as_clean_is_clean(text: str) -> None:
    """The short way through ``cell_text`` gives what the long way gives."""
    assert cell_text(text) == cell_text(f"{text}\u200b")


def test_faults_are_told_from_the_top_of_a_sheet_to_its_end() -> None:
    cells = ["B10", "AA2", "C2", "B2"]
    faults = InputFaultsError(Fault(Place("a.xlsx", sheet="个人", cell=cell), "示例") for cell in cells)
    assert [fault.place.cell for fault in faults.faults] == ["B2", "C2", "AA2", "B10"]
