"""A table out of the zip it was sent in, with or without a password; a spreadsheet, itself a zip, stays as it is."""

from __future__ import annotations

import io
import re
import struct
import zlib

import pyzipper

from generator.errors import Faults, Place

ZIP = b"PK\x03\x04"
LARGEST_MEMBER = 64 * 1024 * 1024
"""A zip member of more bytes than this is not a list."""
MOST_CELLS = 100_000_000
"""A sheet that says it has more cells than this is not read."""

_DAMAGE = (
    pyzipper.BadZipFile,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pyzipper raises on damaged files, as seen by damaging some."""
_DIMENSION = re.compile(rb'<dimension ref="(?:[A-Z]+[0-9]+:)?([A-Z]+)([0-9]+)"')


def out_of_zip(data: bytes, path: str, password: str | None, faults: Faults) -> tuple[bytes, str] | None:
    """Return the bytes of the table and its path; a spreadsheet is itself a zip and stays as it is."""
    if not data.startswith(ZIP):
        return data, path
    try:
        with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
            if {"[Content_Types].xml", "content.xml"} & set(archive.namelist()):
                return None if _reaches_too_far(archive, path, faults) else (data, path)
            return _only_table(archive, path, password, faults)
    except _DAMAGE:
        faults.add(Place(path), "这个压缩包或表格坏了，打不开", "请报送单位重新发一份")
    return None


def _only_table(
    archive: pyzipper.AESZipFile, path: str, password: str | None, faults: Faults
) -> tuple[bytes, str] | None:
    """Return the one table in a zip; with none, or several, nobody can tell which is meant."""
    members = [member for member in archive.infolist() if _may_be_table(member.filename)]
    if len(members) != 1:
        found = f"有{len(members)}个文件" if members else "没有表格"
        faults.add(Place(path), f"压缩包里{found}", "一个压缩包只放一张表格；有几张就解开后分别放进来")
        return None
    member = members[0]
    inner = f"{path} › {_member_name(member)}"
    if member.file_size > LARGEST_MEMBER:
        faults.add(Place(inner), "解开后超过 64 MB，不像是名单", "核对是不是放错了文件")
        return None
    if not member.flag_bits & 1:
        return archive.read(member), inner
    if password is None:
        faults.add(Place(path), "压缩包有密码", "用报送单位另行告知的密码解开，把里面的表格放进来")
        return None
    if (content := _decrypted(archive, member, password)) is None:
        faults.add(Place(path), "压缩包的密码不对，或者压缩包坏了", "向报送单位核对密码")
        return None
    return content, inner


def _decrypted(archive: pyzipper.AESZipFile, member: pyzipper.ZipInfo, password: str) -> bytes | None:
    """Return a member opened with a password, which older Windows programs encode as GBK."""
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


def _reaches_too_far(archive: pyzipper.AESZipFile, path: str, faults: Faults) -> bool:
    """Return whether a sheet of an .xlsx would fill the memory, and note it.

    A stray cell in the last corner makes a grid of 17 billion cells, which takes down calamine and us with it.
    """
    for name in archive.namelist():
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            with archive.open(name) as part:
                found = _DIMENSION.search(part.read(4096))
            if found and _column_number(found[1].decode()) * int(found[2]) > MOST_CELLS:
                message = f"表格一直铺到 {found[1].decode()}{found[2].decode()}，多半是远处有一格误填了东西"
                faults.add(Place(path), message, "删掉名单右边和下面的空列空行，另存后再放进来")
                return True
    return False


def _column_number(letters: str) -> int:
    """Return a column's number, counted from 1, from its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
