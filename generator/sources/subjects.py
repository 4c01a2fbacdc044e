"""Whom a row is about: a person or an organisation, with a name that arrived whole and a number that holds.

Every table has these columns under many headers. Messages name the cell and never repeat a number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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
COVERED = ("姓名被遮盖了，对不上人", f"写全名，{AGAINST_ORIGINAL}")

NAME = Column(
    (
        "姓名/名称",
        "姓名",
        "名称",
        "姓名或名称",
        "名称/姓名",
        "主体姓名",
        "个人姓名",
        "企业名称",
        "主体名称",
        "市场主体名称",
        "纳税人名称",
    ),
    required=True,
)
NUMBER = Column(
    (
        "证件号码/统一社会信用代码",
        "证件号码",
        "证件号",
        "有效证件号码",
        "身份证",
        "身份证号",
        "身份证号码",
        "身份证件号码",
        "公民身份号码",
        "公民身份证号",
        "公民身份证号码",
        "居民身份证号",
        "居民身份证号码",
        "统一社会信用代码",
        "社会信用代码",
        "社会统一信用代码",
        "信用代码证号",
        "信用代码",
        "纳税人识别号",
        "身份证号/统一社会信用代码",
        "身份证号码/统一社会信用代码",
        "证件号码或统一社会信用代码",
        "证件号码/信用代码",
    ),
    Kind.NUMBER,
    required=True,
)
DOCUMENT_TYPE = Column(("证件类型", "证件种类", "证件名称"))

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

_ORDINARY = re.compile("[\u4e00-\u9fff]{1,40}")
"""A name of plain Han characters, which is its own canonical form."""
_CIRCLES = frozenset("○◯⭕￮●◎◦⚪")
"""What may stand for the character 〇, or hide one; 〇 itself (U+3007) is a character like any other."""
_COVERED = re.compile("[*×✱✳＊]|[〇○◯⭕￮●◎◦⚪□■△▲◇◆☆★_]{2}|(?<=[\u4e00-\u9fff])[xX]+$")
"""One mark, or two circles, in place of characters: 李*明, 李〇〇, 李XX."""
_ANONYMOUS = re.compile(".某|.{1,2}某某")
_FAMILY = re.compile("家庭|一家人|家属|夫妇|夫妻|口之家")
_FAMILY_HONOURED = re.compile("(全家|一家|之家)$")
_MIXED = re.compile("[\u3400-\u9fff][A-Z]|[A-Z][\u3400-\u9fff]")

_RESIDENT = re.compile(r"[0-9]{6}(19|20)[0-9]{9}[0-9X]")
_CUT_SHORT = re.compile(r"[0-9]{10,14}|[0-9]{16,17}")
"""Digits alone, too many for a passport and too few for a resident number."""


def person_in(row: Row, faults: Faults) -> Person | None:
    """Return the person a row names; the document is a resident identity card unless the row says otherwise."""
    name = _person_name(row, faults)
    kind = _DOCUMENT_WORDS.get(word := plain(row.given("document_type")))
    if kind is None:
        _add_document_fault(row, word, [item.value for item in DocumentType], faults)
        return None
    if "number" in row.refused:
        return None
    try:
        number = parse_document(kind, row.text("number"))
    except IdentifierError as error:
        faults.add(row.at("number"), str(error), AGAINST_ORIGINAL)
        return None
    return Person(name, number) if name else None


def organisation_in(row: Row, kind: SubjectKind, faults: Faults) -> Organisation | None:
    """Return the organisation a row names, by its unified social credit code."""
    name = _whole_name(row, faults)
    if (word := plain(row.given("document_type"))) not in _CODE_WORDS:
        _add_document_fault(row, word, ["统一社会信用代码"], faults)
        return None
    if "number" in row.refused:
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


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return a word of the form in its plain form: narrow marks, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _add_document_fault(row: Row, word: str, known: list[str], faults: Faults) -> None:
    faults.add(row.at("document_type"), f"不能用这种证件：{quoted(word)}", f"可以用 {'、'.join(known)}")


def _whole_name(row: Row, faults: Faults) -> str:
    """Return the name in a row, or nothing if it is missing or damaged."""
    name = row.text("name")
    if _ORDINARY.fullmatch(name):
        return name
    if not canonical(name):
        faults.add(row.at("name"), "没有写姓名或名称", "请补上")
    elif damaged := suspects(name):
        codes = "、".join(f"U+{ord(c):04X}" for c in damaged)
        faults.add(row.at("name"), f"姓名或名称里有坏字（{codes}）", f"用能打出这个字的输入法，{AGAINST_ORIGINAL}")
    else:
        return name
    return ""


def _person_name(row: Row, faults: Faults) -> str:
    """Return a person's name, or nothing if it is missing, damaged, a family, covered up, or more than a name."""
    name = _whole_name(row, faults)
    if name and (fault := _family(name, row.text("honour")) or _not_one_name(name)):
        faults.add(row.at("name"), *fault)
        return ""
    return name


def _family(name: str, honour: str) -> tuple[str, str] | None:
    """Return what is wrong with a name that is a family's; 一家 may be a person's given name, but not beside 家庭."""
    found = _FAMILY.search(name) or ("家庭" in honour and _FAMILY_HONOURED.search(name))
    if not found:
        return None
    message = f"这一格写的是家庭（“{found[0]}”），没有写主要成员"
    return message, "家庭的荣誉落实到主要成员：姓名、证件号码都写主要成员本人的"


def _not_one_name(name: str) -> tuple[str, str] | None:
    """Return what is wrong with a name that is covered up, or is more than a name."""
    if _ORDINARY.fullmatch(name):
        return COVERED if _ANONYMOUS.fullmatch(name) else None
    written = canonical(name)
    if _COVERED.search(plain(name)):
        return COVERED
    if circles := _CIRCLES.intersection(name):
        message = f"姓名里有圆圈“{min(circles)}”，看不出是遮盖还是“〇”字"
        return message, "真是这个字，就用输入法打出“〇”（líng）；是遮盖，就写全名"
    if strange := "".join(filter(_not_in_names, written)):
        message = f"姓名里有不该有的字符：{quoted(strange)}"
        return message, "这一格只写一个人的姓名，其他的话写进备注；打不出的字不要用符号代替"
    if _MIXED.search(written):
        return "姓名里汉字和字母混在一起", f"{AGAINST_ORIGINAL}；打不出的字不要用字母、拼音代替"
    return None


def _not_in_names(character: str) -> bool:
    """Return whether a character cannot be part of a person's canonical name; 〇 counts as a letter."""
    return unicodedata.category(character)[0] in "CNPSZ" and character != "〇"
