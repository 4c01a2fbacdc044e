"""Values in words: every audience, every flag, sizes and days."""

from datetime import date

import pytest

from generator.core.model import (
    AllOf,
    AnyOf,
    Audience,
    CategoryCode,
    Honour,
    KindIs,
    RatingAtLeast,
    ScoreAtLeast,
    SubjectKind,
    TaxClass,
)
from generator.site import words
from generator.sources.measures import FLAGS
from tests.site.builders import content

SCORE, TAX = ScoreAtLeast(1050), TaxClass(("A",))
PEOPLE = KindIs((SubjectKind.PERSON,))
PHRASES: dict[str, tuple[Audience, str]] = {
    "score": (SCORE, "信用积分在1050分以上（含1050分）"),
    "tax": (TaxClass(("A", "B")), "纳税信用等级为A、B级"),
    "rating, every grade named": (RatingAtLeast("B"), "信易评价在B级以上（B、A级）"),
    "rating off the scale": (RatingAtLeast("优"), "信易评价在优级以上（含优级）"),
    "whole group": (
        Honour((CategoryCode("A"), CategoryCode("B"))),
        "列入守信个人名单（A类）、守信单位名单（B类），且在有效期内",
    ),
    "one category": (Honour((CategoryCode("A8"),)), "列入守信名单A8类（教育系统荣誉），且在有效期内"),
    "kinds": (KindIs((SubjectKind.PERSON, SubjectKind.VILLAGE)), "个人、村（社区）组织"),
    "any": (AnyOf((SCORE, TAX)), "信用积分在1050分以上（含1050分），或者纳税信用等级为A级"),
    "all": (AllOf((PEOPLE, SCORE)), "个人，并且信用积分在1050分以上（含1050分）"),
    "nested": (
        AllOf((PEOPLE, AnyOf((SCORE, TAX)))),
        "个人，并且（信用积分在1050分以上（含1050分），或者纳税信用等级为A级）",
    ),
}


@pytest.mark.parametrize(("audience", "expected"), PHRASES.values(), ids=PHRASES)
def test_an_audience_in_one_phrase(audience: Audience, expected: str) -> None:
    assert words.phrase(audience, content()) == expected


def test_an_audience_told_line_by_line() -> None:
    told = words.told(AnyOf((SCORE, TAX)), content())
    assert told.lead == "符合下列任意一条就可以享受："
    assert told.conditions == ("信用积分在1050分以上（含1050分）", "纳税信用等级为A级")
    assert words.told(AllOf((PEOPLE, SCORE)), content()).lead == "须同时符合下列各条："
    assert words.told(SCORE, content()) == words.Told("须符合：", ("信用积分在1050分以上（含1050分）",))


def test_every_kind_of_subject_has_a_word() -> None:
    assert set(words.SUBJECT_KIND) == set(SubjectKind)


def test_every_flag_of_a_measure_has_a_word() -> None:
    for flag in FLAGS:
        name = flag.partition("(")[0]
        assert words.flag(name) != name
    assert words.flag("wrong-level(市)") == "原文所写层级不对（市）"


def test_days_sizes_and_digits() -> None:
    assert words.day_and_weekday(date(2026, 11, 25)) == "2026年11月25日（星期三）"
    assert [words.size(n) for n in (0, 1023, 1024, 20480, 5 * 1024 * 1024)] == [
        "0 字节",
        "1023 字节",
        "1.0 KB",
        "20.0 KB",
        "5.0 MB",
    ]
    assert words.in_fours("0123456789") == "0123 4567 89"
