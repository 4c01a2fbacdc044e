"""Identity numbers and credit codes: one parser for each, and a value that exists is valid.

Sources: GB 11643-1999 (resident identity numbers; the same check digit serves the residence permits of 港澳台
residents and the 2023 permanent resident card), GB 32100-2015 (unified social credit codes).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from operator import mul
from typing import NewType

Number = NewType("Number", str)
"""A person's document number in canonical form; only the parsers here make one."""
CreditCode = NewType("CreditCode", str)
"""A unified social credit code; only ``parse_credit_code`` makes one."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_DASHES = frozenset("-\u2010\u2012\u2013\u2014\u2015\u2212")
_CODE_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))


class DocumentType(StrEnum):
    """The documents a person may be listed under; the values are the words of the office's form."""

    RESIDENT_ID = "居民身份证"
    RESIDENCE_PERMIT = "港澳台居民居住证"
    PERMANENT_RESIDENT = "外国人永久居留身份证"
    PASSPORT = "护照"
    MILITARY = "军官证"
    TRAVEL_PERMIT = "港澳居民来往内地通行证"


_OTHER_DOCUMENTS = {
    DocumentType.PERMANENT_RESIDENT: re.compile(r"[A-Z]{3}[0-9]{12}"),
    DocumentType.PASSPORT: re.compile(r"[A-Z0-9]{5,12}"),
    DocumentType.MILITARY: re.compile(r"[0-9]{6,8}"),
    DocumentType.TRAVEL_PERMIT: re.compile(r"[HM][0-9]{8}"),
}


class IdentifierError(ValueError):
    """A number that cannot be what it claims; the message says why, in Chinese."""


def canonical_number(text: str) -> str:
    """Return the form of a number that is matched and hashed: one for each document (docs/spec/bundle.md, 3.2).

    A resident number of 15 digits is brought to 18; of a military number the digits count (军字第0123456号 is 0123456);
    of a travel permit the holder's nine characters, without the two that count its renewals.
    """
    number = _stripped(text)
    if len(number) == 18:
        return number
    if re.fullmatch(r"[0-9]{15}", number):
        number = f"{number[:6]}19{number[6:]}"
        return number + id_check_digit(number)
    if military := re.fullmatch(r"[\u4e00-\u9fff]?字?第?([0-9]{6,8})号?", number):
        return military[1]
    return number[:9] if re.fullmatch(r"[HM][0-9]{10}", number) else number


def _stripped(text: str) -> str:
    """Return a number or code in NFKC and capitals, without white space, format characters and dashes."""
    if text.isascii() and text.isalnum():
        return text.upper()
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if not (c.isspace() or c in _DASHES or unicodedata.category(c) == "Cf")).upper()


def id_check_digit(first17: str) -> str:
    """Return the check digit for the first 17 digits of a resident identity number (GB 11643-1999)."""
    total = sum(map(mul, map(int, first17), _ID_WEIGHTS))
    return _ID_CHECKS[total % 11]


def credit_code_check_digit(first17: str) -> str:
    """Return the check character for the first 17 of a unified social credit code (GB 32100-2015)."""
    total = sum(_CODE_ALPHABET.index(c) * weight for c, weight in zip(first17, _CODE_WEIGHTS, strict=True))
    return _CODE_ALPHABET[(31 - total % 31) % 31]


def parse_resident_number(text: str) -> Number:
    """Return a resident identity number of 18 characters; one of 15 digits is brought to 18.

    Raises ``IdentifierError`` on any other shape, a birth date that does not exist, or a wrong check digit.
    Area codes are not looked up: retired ones live on in old numbers, and 81…, 82…, 83… and 9… are in use.
    """
    number = canonical_number(text)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        what = "里面有不是数字的字符" if len(number) == 18 else f"这里是{len(number)}位"
        raise IdentifierError(f"身份证号应为18位数字（末位可为X），{what}" if number else "身份证号没有填")
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise IdentifierError("身份证号里的出生日期不存在") from None
    if id_check_digit(number[:17]) != number[17]:
        raise IdentifierError("身份证号校验位不对，可能有一位抄错")
    return Number(number)


def parse_credit_code(text: str) -> CreditCode:
    """Return a unified social credit code, or raise ``IdentifierError``."""
    code = _stripped(text)
    if len(code) != 18:
        raise IdentifierError(f"统一社会信用代码应为18位，这里是{len(code)}位" if code else "统一社会信用代码没有填")
    if wrong := sorted(set(code) - set(_CODE_ALPHABET)):
        raise IdentifierError(f"统一社会信用代码里不会有字符{'、'.join(wrong)}")
    if credit_code_check_digit(code[:17]) != code[17]:
        raise IdentifierError("统一社会信用代码校验位不对，可能有一位抄错")
    return CreditCode(code)


def parse_document(kind: DocumentType, text: str) -> Number:
    """Return a person's document number; those without a public check digit are held to their format only."""
    number = canonical_number(text)
    other = _OTHER_DOCUMENTS.get(kind)
    if other and other.fullmatch(number):
        return Number(number)
    if kind in (DocumentType.RESIDENT_ID, DocumentType.RESIDENCE_PERMIT, DocumentType.PERMANENT_RESIDENT):
        return parse_resident_number(number)
    raise IdentifierError(f"{kind.value}号码的格式不对" if number else f"{kind.value}号码没有填")
