"""Tables as they really arrive: every form is written for real here, read back, and its faults are named."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.errors import Faults
from generator.sources.cells import cell_text, parse_day
from generator.sources.sheets import column_letters
from generator.sources.tables import Column, Kind, Row, read_table

COLUMNS = {
    "name": Column(("姓名/名称", "姓名"), required=True),
    "number": Column(("证件号码", "身份证号", "公民身份号码"), Kind.NUMBER, required=True),
    "awarded": Column(("认定日期",), Kind.DAY),
    "awarder": Column(("授予机关",)),
    "phone": Column(("联系电话",)),
}
HEADER = ["序号", "姓名", "身份证号", "认定日期", "联系电话"]
ZHANG, LI = "990621199001011233", "99062119770707101X"


def xlsx(rows: Sequence[Sequence[Any]], fill: Callable[[Any, Any], None] | None = None, name: str = "个人") -> bytes:
    """Return an .xlsx with one sheet; ``fill`` may do more to the workbook and the sheet."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet(name)
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, value)
    if fill:
        fill(book, sheet)
    book.close()
    return made.getvalue()


def csv(rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(row) for row in rows).encode(encoding)


def read(data: bytes, path: str = "a.xlsx", password: str | None = None) -> tuple[tuple[Row, ...], list[str]]:
    faults = Faults()
    rows = read_table(data, path, COLUMNS, faults, password)
    return rows, [str(fault) for fault in faults.found]


def whole(data: bytes, path: str = "a.xlsx", password: str | None = None) -> tuple[Row, ...]:
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
def test_a_number_that_is_not_whole_refuses_its_row(number: float) -> None:
    rows, faults = read(xlsx([HEADER, [1, "张三", number], [2, "李四", LI]]))
    assert [row.text("name") for row in rows] == ["李四"]
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
        "a.xlsx › 个人：表头里找不到：证件号码；现有的表头：姓名、证号、认定日期。"
        "可以用的表头：证件号码、身份证号、公民身份号码"
    )


def test_rows_of_people_are_not_quoted_as_headers() -> None:
    _, (fault,) = read(xlsx([["张三", ZHANG], ["李四", LI]]))
    assert "张三" not in fault
    assert ZHANG not in fault


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
    ]
    assert [row.text("awarder") for row in rows] == ["示例县人民政府"] * 2
    assert len(faults) == 1
    assert faults[0].startswith("a.xls › 个人 › C5：号码被存成了数字")


@pytest.mark.parametrize("path", ["a.xlsx", "a.csv", "a"])
def test_the_bytes_say_what_it_is(path: str) -> None:
    assert len(read(BIFF, path)[0]) == 2


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
def test_scientific_notation_refuses_the_row(number: str) -> None:
    rows, (fault,) = read(csv([["姓名", "身份证号"], ["张三", number]]), "a.csv")
    assert rows == ()
    assert fault.startswith("a.csv:2 › 身份证号：号码被存成了科学记数")


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"a\0b", b'"a'])
def test_what_is_no_text_is_a_fault(data: bytes) -> None:
    assert len(read(data, "a.csv")[1]) == 1


def zipcrypto(name: str, content: bytes, password: bytes) -> bytes:
    """Return a zip of one stored member under the old encryption of PKWARE (APPNOTE 6.1), which no library writes."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value: int, byte: int) -> int:
        return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def mix(byte: int) -> None:
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    def encrypt(byte: int) -> int:
        mask = (keys[2] | 2) & 0xFFFF
        mix(byte)
        return byte ^ ((mask * (mask ^ 1) >> 8) & 0xFF)

    for byte in password:
        mix(byte)
    check = zlib.crc32(content)
    body = bytes(encrypt(byte) for byte in bytes(11) + bytes([check >> 24]) + content)
    fields = (20, 1, 0, 0, 0x21, check, len(body), len(content), len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields) + name.encode()
    entry = struct.pack("<4sH5H3I5H2I", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0) + name.encode()
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(body), 0)
    return local + body + entry + end


# -- zip -----------------------------------------------------------------------------------------------------

TABLE = csv(ROWS, "gb18030")


def zipped(members: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def encrypted(password: str, encryption: int | None) -> bytes:
    made = io.BytesIO()
    with pyzipper.AESZipFile(made, "w", compression=pyzipper.ZIP_DEFLATED, encryption=encryption) as archive:
        archive.setpassword(password.encode())
        archive.writestr("a.csv", TABLE)
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
    data = encrypted("密码-示例", pyzipper.WZ_AES)
    assert len(whole(data, "b.zip", "密码-示例")) == 2
    assert read(data, "b.zip")[1] == ["b.zip：压缩包有密码。用报送单位另行告知的密码解开，把里面的表格放进来"]
    assert "密码不对" in read(data, "b.zip", "别的")[1][0]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_zipcrypto(encoding: str) -> None:
    data = zipcrypto("a.csv", TABLE, "密码".encode(encoding))
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
LOCKED_ZIP = encrypted("示例", pyzipper.WZ_AES)


@settings(deadline=None)  # a damaged address makes a large sheet
@given(
    st.sampled_from([XLSX, zipped({"a.csv": TABLE}), LOCKED_ZIP]),
    st.floats(0, 1, exclude_max=True),
    st.binary(min_size=1, max_size=4),
)
def test_a_damaged_file(data: bytes, at: float, damage: bytes) -> None:
    """Damage ends in rows or in a fault that names the file, never in an exception.

    A damaged .xls is left out: calamine 0.9 can ask for 800 GB on its account, and no program survives that.
    """
    start = int(at * len(data))
    rows, faults = read(data[:start] + damage + data[start + len(damage) :], "a", "示例")
    assert all(fault.startswith("a") for fault in faults)
    assert all(row.place.path.startswith("a") for row in rows)


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
