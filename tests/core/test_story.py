"""The story of one entry, as a clerk reads it and as an objector may be answered."""

from __future__ import annotations

from datetime import date

import pytest

from generator.core.lifecycle import Stage, gather, standing
from generator.core.model import (
    AnyDecision,
    BenefitRecovery,
    Ground,
    Hit,
    HitEffect,
    Lists,
    PublicationMode,
    Rules,
    ScreeningReturn,
)
from generator.core.names import mask
from generator.core.story import Names, answer, as_text, tell
from tests.core.builders import (
    BATCH,
    CALENDAR,
    appeal,
    appeal_answered,
    correction,
    lists,
    nomination,
    number,
    objection,
    person,
    rehabilitation,
    relisting,
    resolution,
    screening,
    signed,
    withdrawal,
)

NAMES = Names("文明办", "道德类")
SUBJECT = person("钱大测", 1)
DAY = date(2026, 3, 2)


def told(facts: Lists, as_of: date = DAY) -> str:
    (known,) = gather(facts, as_of)[:1]
    now = standing(known, Rules(), CALENDAR, as_of)
    return as_text(tell(known, NAMES, Rules(), CALENDAR, as_of), now)


def answered(facts: Lists, as_of: date = DAY) -> str:
    (known,) = gather(facts, as_of)[:1]
    return answer(standing(known, Rules(), CALENDAR, as_of), "ABCDE12345", NAMES, Rules())


def world(*decisions: AnyDecision, returns: tuple[ScreeningReturn, ...] = (screening(),)) -> Lists:
    return lists([nomination(SUBJECT)], returns, decisions)


def test_an_ordinary_year() -> None:
    assert told(world(), date(2027, 2, 1)).splitlines() == [
        "2025年12月15日  文明办报送：道德类，诚信之星（二〇二六年第一批）。",
        "2025年12月15日  已报送：等待各部门筛查结果。",
        "    依据：公示前要经各部门联合筛查。",
        "2025年12月22日  法院答复筛查：没有发现记录。",
        "2025年12月22日  已报送：筛查已完成，等待公示。",
        "    依据：联合筛查完成后公示。",
        "2025年12月25日  本批开始公示，7个工作日，公示当天不算第一天。",
        "2025年12月25日  公示中：公示期未满，公示到2026年1月6日止。",
        "    依据：认定前公示7个工作日。",
        "2026年1月7日  已认定：公示无异议，有效期2026年1月7日到2027年1月6日。",
        "    依据：公示期满没有异议即认定，有效期从公示结束第二天起1年。",
        "2027年1月7日  已退出：退出三：有效期满。",
        "    依据：有效期满、没有重新认定的退出名单。",
        "现在：已退出（退出三：有效期满），自2027年1月7日起",
    ]


def test_every_decision_has_words() -> None:
    facts = world(
        objection(date(2025, 12, 29), SUBJECT),
        resolution(date(2026, 1, 8), upheld=False, subject=SUBJECT),
        correction(date(2026, 1, 12), {"number": number(9), "publication": "withheld"}, SUBJECT),
        withdrawal(date(2026, 1, 20), Ground.ABUSE, SUBJECT),
        BenefitRecovery(
            kind="benefit-recovery", benefit="免押金", outcome="已补交", **signed(date(2026, 1, 21), SUBJECT)
        ),
        appeal(date(2026, 1, 22), SUBJECT),
        appeal_answered(date(2026, 1, 26), upheld=True, subject=SUBJECT),
        rehabilitation(date(2026, 1, 27), SUBJECT, source="法院"),
        relisting(date(2026, 2, 2), BATCH, SUBJECT),
    )
    text = told(facts)
    for words in (
        "收到异议。理由：来信",
        "答复异议：不成立。理由：核实",
        "更正：证件号码、公开方式。",
        "号码更正后还没有重新筛查",
        "从名单上撤下：不当利用激励。",
        "追回优惠：免押金，已补交。",
        "本人（本单位）提出申诉。",
        "答复申诉：成立。",
        "核实法院的失信记录有误，不再计算。",
        "重新提名，列入批次2026-01。",
    ):
        assert words in text
    assert number(9) not in text
    assert SUBJECT.number not in text


def test_records_are_told_to_the_office_only() -> None:
    found = screening(date(2025, 12, 22), Hit(SUBJECT.number, date(2025, 6, 2), grounds="执行案件"))
    facts = world(returns=(found,))
    assert "法院答复筛查：严重失信记录（2025年6月2日列入，没有移出，执行案件）。" in told(facts)
    assert "近3年有严重失信记录" in told(facts)
    assert answered(facts) == (
        "编号ABCDE12345现在不在公示或者公布的名单里。未列入名单的情况不对外公开；本人可以带身份证件到信用办查询。"
    )


def test_a_record_removed_and_one_of_another_batch() -> None:
    hit = Hit(SUBJECT.number, date(2025, 12, 1), removed=date(2025, 12, 10))
    found = screening(date(2025, 12, 22), hit, effect=HitEffect.UNTIL_REMOVED)
    assert "异常记录（2025年12月1日列入，2025年12月10日移出）" in told(world(returns=(found,)))


@pytest.mark.parametrize(
    ("decisions", "as_of", "words"),
    [
        ((), date(2025, 12, 16), "现在不在公示或者公布的名单里"),
        ((), date(2025, 12, 29), "现在还在公示，有异议可以在公示期内提出。"),
        ((), DAY, "公示期内没有异议，2026年1月7日认定，有效期到2027年1月6日。"),
        (
            (objection(date(2025, 12, 29), SUBJECT),),
            date(2026, 1, 8),
            "应于2026年1月20日以前（含当天）答复；核实期间不认定。",
        ),
        (
            (
                objection(date(2025, 12, 29), SUBJECT),
                resolution(date(2026, 1, 8), upheld=False, subject=SUBJECT),
                objection(date(2026, 2, 26), SUBJECT),
            ),
            DAY,
            "有人提出异议，经核实不成立，2026年1月9日认定，有效期到2027年1月8日。2026年2月26日收到反映，正在核实。",
        ),
        (
            (withdrawal(date(2026, 2, 3), Ground.ABUSE, SUBJECT),),
            DAY,
            "2026年2月3日起已不在名单里。退出的原因不对外公开",
        ),
    ],
)
def test_what_anybody_may_be_told(decisions: tuple[AnyDecision, ...], as_of: date, words: str) -> None:
    text = answered(world(*decisions), as_of)
    assert words in text
    assert SUBJECT.name not in text
    assert Stage.SCREENED_OUT.value not in text


def test_a_name_in_full_only_with_consent() -> None:
    in_full = lists([nomination(SUBJECT, publication=PublicationMode.FULL)], (screening(),))
    assert SUBJECT.name in answered(in_full)
    assert mask(SUBJECT.name) in answered(world())


def test_an_entry_that_may_not_be_published_is_not_spoken_of() -> None:
    withheld = lists([nomination(SUBJECT, publication=PublicationMode.WITHHELD)], (screening(),))
    assert answered(withheld).startswith("编号ABCDE12345现在不在公示或者公布的名单里。")
