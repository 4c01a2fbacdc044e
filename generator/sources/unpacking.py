"""A table out of the zip it was sent in, with or without a password; a spreadsheet, itself a zip, stays as it is."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from generator.errors import Faults, Place
from generator.sources.cells import quoted

if TYPE_CHECKING:
    import pyzipper

ZIP = b"PK\x03\x04"
LARGEST_MEMBER = 64 * 1024 * 1024
"""A zip member of more bytes than this is not a list."""
MOST_CELLS = 100_000_000
"""A sheet that reaches over more cells than this is not read."""
ASK_FOR_IT = '向报送单位要密码，写在登记这张表的那一段：password = "密码"（batch.toml、筛查回复、snapshot.toml 都一样）'

MOST_UNPACKED = 600 * 1024 * 1024
"""A spreadsheet whose parts are more bytes than this, all together, is not read."""
_FAR = re.compile(rb"""[rR](?<=\b[rR])\s*=\s*["'](?=\s*(?:[A-Za-z]{2}|[A-Za-z]?[0-9]{7}))\s*([A-Za-z]*)[0-9]""")
"""A cell beyond column Z, or a row or cell beyond row 999,999: short of either, no sheet is too large."""
_ROW = re.compile(rb"""[rR](?<=\b[rR])\s*=\s*["']\s*[A-Za-z]*([0-9]{1,20})\s*["']""")


def _damage() -> tuple[type[Exception], ...]:
    """Return what pyzipper raises on damaged files, as seen by damaging some."""
    import pyzipper

    known = (EOFError, LookupError, OSError, RuntimeError, ValueError, struct.error, zipfile.BadZipFile, zlib.error)
    return (pyzipper.BadZipFile, *known)


def out_of_zip(data: bytes, path: str, password: str, faults: Faults) -> tuple[bytes, str] | None:
    """Return the bytes of the table and its path; a spreadsheet is itself a zip and stays as it is."""
    if not data.startswith(ZIP):
        return data, path
    import pyzipper

    try:
        with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
            if {"[Content_Types].xml", "content.xml"} & set(archive.namelist()):
                return data, path
            return _only_table(archive, path, password, faults)
    except _damage():
        faults.add(Place(path), "这个压缩包或表格坏了，打不开", "请报送单位重新发一份")
    return None


def is_locked(data: bytes) -> bool:
    """Return whether a file is a zip that wants a password; a spreadsheet is not, nor is a damaged one."""
    if not data.startswith(ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(member.flag_bits & 1 for member in archive.infolist())
    except _damage():
        return False


def _only_table(archive: pyzipper.AESZipFile, path: str, password: str, faults: Faults) -> tuple[bytes, str] | None:
    """Return the one table in a zip; with none, or several, nobody can tell which is meant."""
    members = [member for member in archive.infolist() if _may_be_table(member.filename)]
    if len(members) != 1:
        found = f"有{len(members)}个文件" if members else "没有表格"
        faults.add(Place(path), f"压缩包里{found}", "一个压缩包只放一张表格；有几张就解开后分别放进来")
        return None
    member = members[0]
    inner = f"{path} › {quoted(_member_name(member))}"
    if member.file_size > LARGEST_MEMBER:
        faults.add(Place(inner), "解开后超过 64 MB，不像是名单", "核对是不是放错了文件")
        return None
    if not member.flag_bits & 1:
        return archive.read(member), inner
    if not password:
        faults.add(Place(path), "压缩包有密码", ASK_FOR_IT)
        return None
    if (content := _decrypted(archive, member, password)) is None:
        faults.add(Place(path), "压缩包的密码不对，或者压缩包坏了", "向报送单位核对密码")
        return None
    return content, inner


def _decrypted(archive: pyzipper.AESZipFile, member: pyzipper.ZipInfo, password: str) -> bytes | None:
    """Return a member opened with a password, which older Windows programs encode as GBK."""
    import pyzipper

    for encoding in ("utf-8", "gb18030"):
        try:
            return bytes(archive.read(member, pwd=password.encode(encoding)))
        except (RuntimeError, pyzipper.BadZipFile, zlib.error):
            continue  # a wrong password shows in a check value, or in the checksum
    return None


def _may_be_table(name: str) -> bool:
    """Return whether a zip member may be the table: not a folder, nor what systems leave behind."""
    base = name.rsplit("/", 1)[-1]
    return bool(base) and not name.startswith("__MACOSX/") and not base.startswith((".", "~$"))


def _member_name(member: pyzipper.ZipInfo) -> str:
    """Return a member's name; Windows programs write GBK where the format says code page 437."""
    name = str(member.filename)
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            return name
    return name


def is_xlsx(data: bytes) -> bool:
    """Return whether a file is an .xlsx; damaged ones, .xlsb and .ods are not."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not {"xl/workbook.bin", "content.xml"} & set(archive.namelist())
    except _damage():
        return False


def reaches_too_far(data: bytes, path: str, faults: Faults) -> bool:
    """Return whether a sheet of an .xlsx would fill the memory, and note it.

    A stray cell in the last corner makes a grid of 17 billion cells, which takes down calamine and us with it. What
    the sheet says of its size is no help: WPS says A1 whatever the sheet holds. A part of gigabytes does the same.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                faults.add(Place(path), "表格解开后超过 600 MB，不像是名单", "核对是不是放错了文件")
                return True
            for part in archive.infolist():  # a workbook may keep a sheet under any name
                columns, rows = _extent(archive, part)
                if _column_number(columns) * rows > MOST_CELLS:
                    message = f"表格一直铺到 {columns.decode()}{rows}，多半是远处有一格误填了东西"
                    faults.add(Place(path), message, "删掉名单右边和下面的空列空行，另存后再放进来")
                    return True
    except _damage():
        faults.add(Place(path), "这个压缩包或表格坏了，打不开", "请报送单位重新发一份")
        return True
    return False


def _extent(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[bytes, int]:
    """Return the last column, no less than Z, and the last row that a sheet has; rows count only where it is wide."""
    columns = {letters.upper() for text in _pieces(archive, part) for letters in _FAR.findall(text)}
    if not columns:
        return b"Z", 0
    rows = (int(digits) for text in _pieces(archive, part) for digits in _ROW.findall(text))
    return max(columns | {b"Z"}, key=lambda letters: (len(letters), letters)), max(rows, default=0)


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the text of a part of an .xlsx in pieces that overlap."""
    tail = b""
    with archive.open(part) as opened:
        while chunk := opened.read(1 << 20):
            yield tail + chunk
            tail = chunk[-64:]


def _column_number(letters: bytes) -> int:
    """Return a column's number, counted from 1, from its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
