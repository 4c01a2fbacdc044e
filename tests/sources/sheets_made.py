"""Tables as offices make them, by the libraries that make them, for the tests of reading and of sending back."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import openpyxl
import pyzipper
import xlsxwriter
import xlwt

Cells = Sequence[Sequence[Any]]


def by_xlsxwriter(rows: Cells, fill: Callable[[Any, Any], None] | None = None, name: str = "名单") -> bytes:
    """Return an .xlsx with one sheet; ``fill`` may do more to the workbook and the sheet."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet(name)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(number, column, value, day)
            elif value is not None:
                sheet.write(number, column, value)
    if fill:
        fill(book, sheet)
    book.close()
    return made.getvalue()


def by_openpyxl(rows: Cells, name: str = "名单") -> bytes:
    """Return an .xlsx as openpyxl writes it."""
    made = io.BytesIO()
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = name
    for row in rows:
        sheet.append(list(row))
    book.save(made)
    return made.getvalue()


def by_xlwt(rows: Cells, merged: Sequence[tuple[int, int, int, int, str]] = (), name: str = "名单") -> bytes:
    """Return an .xls (BIFF8); merged cells are first row, last row, first column, last column and their text."""
    made = io.BytesIO()
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(name)
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write(number, column, value, day)
            elif value is not None:
                sheet.write(number, column, value)
    for first, last, left, right, text in merged:
        sheet.write_merge(first, last, left, right, text)
    book.save(made)
    return made.getvalue()


def by_csv(rows: Cells, encoding: str = "utf-8") -> bytes:
    """Return a CSV file with the line ends of Windows."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["" if value is None else value for value in row] for row in rows])
    return text.getvalue().encode(encoding)


def in_zip(name: str, data: bytes) -> bytes:
    """Return a zip without a password."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, data)
    return made.getvalue()


def in_aes_zip(name: str, data: bytes, password: str) -> bytes:
    """Return a zip under WinZip's AES, by pyzipper."""
    made = io.BytesIO()
    with pyzipper.AESZipFile(made, "w", pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        archive.writestr(name, data)
    return made.getvalue()


def in_old_zip(name: str, content: bytes, password: bytes) -> bytes:
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
    fields = (20, 1, 0, 0, 0x21, check, len(body), len(content), len(name.encode()), 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields) + name.encode()
    entry = struct.pack("<4sH5H3I5H2I", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0) + name.encode()
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(body), 0)
    return local + body + entry + end
