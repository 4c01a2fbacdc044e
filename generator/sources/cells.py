"""What a spreadsheet's cell means: its text, its day, and whether a number in it is still whole."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from generator.core.names import display

Value = int | float | str | bool | date | datetime | time | timedelta
"""What readers of spreadsheets give; a CSV file gives text alone."""

_CLEAN = re.compile("[!-&(-~\u4e00-\u9fff\u3001-\u3011\u3014\u3015（）：；，！]*")
"""Text that cleaning leaves as it is: most cells, and so most of the time."""
_WIDE = {0xFEE0 + ord(c): c for c in map(chr, range(0x21, 0x7F)) if c.isalnum()}
_APOSTROPHE = re.compile(r"^\s*['\u2018\u2019\uff07]")
_FORMULA = re.compile("[=+@\\t\\r＝＋＠－-]")
_SCIENTIFIC = re.compile(r"[0-9]+(\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_SEPARATED = re.compile(r"(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})[日号]?(\d{1,2}:\d{2}(:\d{2})?(\.\d+)?)?", re.ASCII)
_SOLID = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_TELLING_DIGITS = 9
"""A day has eight; what has more may be a number."""
_SERIAL = re.compile(r"[1-7]\d{4}", re.ASCII)
_SERIAL_ZERO = date(1899, 12, 30)


def cell_text(value: Value) -> str:
    """Return a cell's text: no apostrophe in front, narrow digits and letters, one space for white space.

    Brackets and other marks stay as they were written, since names of organisations are shown that way.
    """
    if isinstance(value, str) and _CLEAN.fullmatch(value):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        whole = isinstance(value, datetime) and value.time() != time()
        return str(value) if whole else value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    visible = "".join(c for c in str(value) if unicodedata.category(c) != "Cf").translate(_WIDE)
    return display(_APOSTROPHE.sub("", visible))


def lost_digits(value: Value) -> str:
    """Return what is wrong with a document number that a spreadsheet took for an amount, or nothing.

    A spreadsheet keeps 15 digits of a number; the others become zeros (facts/identifiers.md, Spreadsheets).
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) >= 10**15:
            return "号码被存成了数字，第15位以后的数字已经丢失"
        return "" if float(value).is_integer() else "号码被存成了小数"
    return "号码被存成了科学记数，后面的数字已经丢失" if _SCIENTIFIC.fullmatch(cell_text(value)) else ""


def quoted(text: str) -> str:
    """Return what a message may repeat of a cell: its beginning, or nothing where it may hold somebody's number."""
    return "（内容像号码，已隐去）" if sum(map(str.isdigit, text)) >= _TELLING_DIGITS else text[:20]


def like_a_formula(text: str) -> bool:
    """Return whether a spreadsheet that opens a CSV file would compute this text: it begins with = + - @ or a tab."""
    return bool(_FORMULA.match(text))


def csv_cell(text: str) -> str:
    """Return a text as a cell of a CSV file, with an apostrophe in front where a spreadsheet would compute it."""
    return f"'{text}" if like_a_formula(text) else text


def parse_day(value: Value) -> date:
    """Return the day a cell means, or raise ``ValueError`` in Chinese.

    It may be a date cell; a serial number that lost its format; or 2025年3月1日, 2025.3.1, 2025/3/1,
    2025-03-01, 20250301, with or without a time behind.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return _written_day("".join(unicodedata.normalize("NFKC", cell_text(value)).split()))


@lru_cache(maxsize=4096)
def _written_day(written: str) -> date:
    """Return the day that narrow text without white space means; lists say the same few days again and again."""
    if _SERIAL.fullmatch(written) and (serial := _serial_day(int(written))):
        return serial
    if found := _SEPARATED.fullmatch(written) or _SOLID.fullmatch(written):
        return _existing_day(*map(int, found.group(1, 2, 3)))
    raise ValueError(f"看不懂的日期：{quoted(written)}")


def _serial_day(serial: int) -> date | None:
    """Return the day of a spreadsheet's serial number; one before 1950 is more likely something else."""
    day = _SERIAL_ZERO + timedelta(days=serial)
    return day if 1950 <= day.year <= 2099 else None


def _existing_day(year: int, month: int, day: int) -> date:
    """Return a day of this century or the last."""
    try:
        found = date(year, month, day)
    except ValueError:
        raise ValueError(f"没有{year}年{month}月{day}日这一天") from None
    if not 1900 <= year <= 2099:
        raise ValueError(f"年份不对：{year}年")
    return found
