"""Values in the words the public reads: days, sizes, statuses, and who a scenario is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from generator.core.model import (
    AllOf,
    AnyOf,
    Audience,
    CategoryCode,
    Content,
    Honour,
    KindIs,
    RatingAtLeast,
    ScoreAtLeast,
    SubjectKind,
    TaxClass,
)
from generator.core.wording import day

WEEKDAYS = "一二三四五六日"

POLICY_STATUS = {"trial": "试行", "in-force": "有效", "repealed": "已废止", "undated": "未注明"}
POLICY_PART = {"notice": "通知", "plan": "方案", "annex": "附件"}

SUBJECT_KIND = {
    SubjectKind.PERSON: "个人",
    SubjectKind.ENTERPRISE: "企业（含国有企业、个体工商户、农民专业合作社）",
    SubjectKind.SOCIAL_ORGANISATION: "社会组织",
    SubjectKind.GOVERNMENT: "政府部门",
    SubjectKind.TOWNSHIP: "乡镇（街道）",
    SubjectKind.VILLAGE: "村（社区）组织",
}

MEASURE_FLAG = {
    "drafting-note": "原文夹有起草说明",
    "duplicate": "与另一条重复",
    "inspection-exemption": "涉及减少检查",
    "legal-check": "须先查对法律依据",
    "not-a-benefit": "不是优惠",
    "own-condition": "另有自身条件",
    "placeholder": "原文留有空缺",
    "question": "原文是征询，尚未定",
    "stub": "原文只有题目",
    "to-be-drafted": "办法还没有制定",
    "typo": "原文有错漏字",
    "wrong-level": "原文所写层级不对",
}
"""What the flags of a measure mean; what stands in brackets behind a flag is shown in brackets."""

HONOUR_GROUP = {"A": "守信个人名单（A类）", "B": "守信单位名单（B类）"}


def day_and_weekday(value: date) -> str:
    """Return 2026年11月25日（星期三）."""
    return f"{day(value)}（星期{WEEKDAYS[value.weekday()]}）"


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    if count < 1024:
        return f"{count} 字节"
    if count < 1024 * 1024:
        return f"{count / 1024:.1f} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def in_fours(digits: str) -> str:
    """Return digits in groups of four, for reading aloud and comparing."""
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def flag(text: str) -> str:
    """Return a measure's flag in words: ``wrong-level(市)`` is 原文所写层级不对（市）."""
    name, _, detail = text.partition("(")
    words = MEASURE_FLAG.get(name, name)
    return f"{words}（{detail.rstrip(')')}）" if detail else words


@dataclass(frozen=True, slots=True)
class Told:
    """An audience in words: a sentence that leads in, and the conditions it leads to."""

    lead: str
    conditions: tuple[str, ...]


def told(audience: Audience, content: Content) -> Told:
    """Return who an audience is, one condition a line."""
    match audience:
        case AnyOf():
            return Told("符合下列任意一条就可以享受：", tuple(phrase(part, content) for part in audience.any))
        case AllOf():
            return Told("须同时符合下列各条：", tuple(phrase(part, content) for part in audience.all))
        case _:
            return Told("须符合：", (phrase(audience, content),))


def phrase(audience: Audience, content: Content) -> str:
    """Return who an audience is, in one phrase."""
    match audience:
        case ScoreAtLeast():
            return f"信用积分在{audience.score_at_least}分以上（含{audience.score_at_least}分）"
        case TaxClass():
            return f"纳税信用等级为{'、'.join(audience.tax_class)}级"
        case RatingAtLeast():
            return _rating(audience.rating_at_least, content.settings.rules.rating_scale)
        case Honour():
            return f"列入{'、'.join(_honour(code, content) for code in audience.honour)}，且在有效期内"
        case KindIs():
            return "、".join(SUBJECT_KIND[kind] for kind in audience.kind)
        case AnyOf():
            return "，或者".join(_inner(part, content) for part in audience.any)
        case AllOf():
            return "，并且".join(_inner(part, content) for part in audience.all)


def _inner(audience: Audience, content: Content) -> str:
    text = phrase(audience, content)
    return f"（{text}）" if isinstance(audience, AnyOf | AllOf) else text


def _rating(grade: str, scale: Sequence[str]) -> str:
    """Name every grade that is good enough: the order of the scale is the office's, so nobody should have to guess."""
    enough = scale[scale.index(grade) :] if grade in scale else ()
    return f"信易评价在{grade}级以上（{'、'.join(enough)}级）" if enough else f"信易评价在{grade}级以上（含{grade}级）"


def _honour(code: CategoryCode, content: Content) -> str:
    if code in HONOUR_GROUP:
        return HONOUR_GROUP[code]
    return f"守信名单{code}类（{content.categories[code].name}）"
