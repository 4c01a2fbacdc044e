"""Whom a row is about: a person or an organisation, with a name that arrived whole and a number that holds.

Every table has these columns under many headers. Messages name the cell and never repeat a number.
"""

from __future__ import annotations

import re
import unicodedata

from generator.core.identifiers import (
    DocumentType,
    IdentifierError,
    canonical_number,
    parse_credit_code,
    parse_document,
)
from generator.core.model import Organisation, Person, SubjectKind
from generator.core.names import canonical, suspects
from generator.errors import Faults
from generator.sources.cells import quoted
from generator.sources.tables import Column, Kind, Row

AGAINST_ORIGINAL = "对照证件原件更正"

NAME = Column(
    ("姓名/名称", "姓名", "名称", "姓名或名称", "企业名称", "主体名称", "市场主体名称", "纳税人名称"), required=True
)
NUMBER = Column(
    (
        "证件号码/统一社会信用代码",
        "证件号码",
        "证件号",
        "身份证号",
        "身份证号码",
        "公民身份号码",
        "居民身份证号",
        "居民身份证号码",
        "统一社会信用代码",
        "社会信用代码",
        "信用代码",
        "纳税人识别号",
        "身份证号/统一社会信用代码",
        "身份证号码/统一社会信用代码",
    ),
    Kind.NUMBER,
    required=True,
)
DOCUMENT_TYPE = Column(("证件类型", "证件种类"))

_DOCUMENT_WORDS = {
    **{kind.value: kind for kind in DocumentType},
    "": DocumentType.RESIDENT_ID,
    "身份证": DocumentType.RESIDENT_ID,
    "居住证": DocumentType.RESIDENCE_PERMIT,
    "永居证": DocumentType.PERMANENT_RESIDENT,
    "外国人永久居留证": DocumentType.PERMANENT_RESIDENT,
    "通行证": DocumentType.TRAVEL_PERMIT,
}
_CODE_WORDS = frozenset(("", "统一社会信用代码", "统一社会信用代码证", "统一社会信用代码证书", "营业执照"))

_RESIDENT = re.compile(r"[0-9]{6}(19|20)[0-9]{9}[0-9X]")
_CUT_SHORT = re.compile(r"[0-9]{10,14}|[0-9]{16,17}")
"""Digits alone, too many for a passport and too few for a resident number."""


def person_in(row: Row, faults: Faults) -> Person | None:
    """Return the person a row names; the document is a resident identity card unless the row says otherwise."""
    name = _name(row, faults, person=True)
    kind = _DOCUMENT_WORDS.get(word := plain(row.given("document_type")))
    if kind is None:
        _add_document_fault(row, word, [item.value for item in DocumentType], faults)
        return None
    try:
        number = parse_document(kind, row.text("number"))
    except IdentifierError as error:
        faults.add(row.at("number"), str(error), AGAINST_ORIGINAL)
        return None
    return Person(name, number) if name else None


def organisation_in(row: Row, kind: SubjectKind, faults: Faults) -> Organisation | None:
    """Return the organisation a row names, by its unified social credit code."""
    name = _name(row, faults, person=False)
    if (word := plain(row.given("document_type"))) not in _CODE_WORDS:
        _add_document_fault(row, word, ["统一社会信用代码"], faults)
        return None
    try:
        code = parse_credit_code(row.text("number"))
    except IdentifierError as error:
        faults.add(row.at("number"), str(error), AGAINST_ORIGINAL)
        return None
    return Organisation(name, code, kind) if name else None


def any_number(text: str) -> str:
    """Return the canonical number of any document or code there is; raise ``IdentifierError`` where none fits.

    A resident identity number of 15 digits is brought to 18, so that it meets its owner's other number. What has
    the shape of a resident number must be one: one in 31 mistyped ones would pass for a credit code.
    """
    number = canonical_number(text)
    if not number:
        raise IdentifierError("没有写证件号码")
    if "*" in number:
        raise IdentifierError("证件号码被遮盖了，没法核对是谁")
    if _RESIDENT.fullmatch(number):
        return parse_document(DocumentType.RESIDENT_ID, number)
    if not _CUT_SHORT.fullmatch(number):
        for kind in DocumentType:
            try:
                return parse_document(kind, number)
            except IdentifierError:
                continue
        try:
            return parse_credit_code(number)
        except IdentifierError:
            pass
    raise IdentifierError("不是任何一种证件的号码，可能抄错或少了几位")


def plain(text: str) -> str:
    """Return a word of the form in its plain form: narrow marks, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _add_document_fault(row: Row, word: str, known: list[str], faults: Faults) -> None:
    faults.add(row.at("document_type"), f"不能用这种证件：{quoted(word)}", f"可以用 {'、'.join(known)}")


def _name(row: Row, faults: Faults, *, person: bool) -> str:
    """Return the name in a row, or nothing if it is missing, damaged or, for a person, more than a name."""
    name, place = row.text("name"), row.at("name")
    if not canonical(name):
        faults.add(place, "没有写姓名或名称", "请补上")
    elif damaged := suspects(name):
        codes = "、".join(f"U+{ord(c):04X}" for c in damaged)
        faults.add(place, f"姓名或名称里有坏字（{codes}）", f"用能打出这个字的输入法，{AGAINST_ORIGINAL}")
    elif person and (strange := "".join(filter(_not_in_names, canonical(name)))):
        faults.add(place, f"姓名里有不该有的字符：{quoted(strange)}", "这一格只写一个人的姓名，其他的话写进备注")
    else:
        return name
    return ""


def _not_in_names(character: str) -> bool:
    """Return whether a character cannot be part of a person's canonical name; 〇 counts as a letter."""
    return unicodedata.category(character)[0] in "CNPZ" and character not in "〇-'\u2019"
