"""One letter of each kind, about invented people: the facts of ``tests.core.builders``, one decision at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from generator.core.lifecycle import Standing
from generator.core.model import (
    AnyDecision,
    BenefitRecovery,
    Correction,
    Ground,
    Hit,
    Merchant,
    MerchantId,
    Nomination,
    PublicationMode,
    Rehabilitation,
    Resolution,
    ScenarioId,
    Subject,
)
from generator.errors import Fault, Place
from generator.letters import changes, disputes
from generator.letters.letter import Letter
from generator.letters.matter import Matter, Sender
from generator.letters.passphrase import Access, passphrase
from generator.letters.returned import Round, Submission, returned
from tests.core.builders import (
    appeal,
    appeal_answered,
    correction,
    document_of,
    lists,
    nomination,
    number,
    objection,
    organisation,
    person,
    rehabilitation,
    resolution,
    screening,
    signed,
    where,
    withdrawal,
)

CONTACT = "试验县信用办：电话0000-0000000，试验县试验路1号，工作日8:30—17:00"
OFFICE = Sender("试验县信用办", "试验县信用办", CONTACT)
UNIT = replace(OFFICE, unit="试验县文明办")
REFERENCE = "AB12CD34EF"
OBJECTED, ANSWERED, LATER, TODAY = date(2025, 12, 30), date(2026, 1, 20), date(2026, 3, 2), date(2026, 3, 2)
SUBJECT = person("钱测试")
FIRM = organisation()


def matter(
    as_of: date,
    decisions: Iterable[AnyDecision] = (),
    entry: Nomination | None = None,
    sender: Sender = UNIT,
    hits: Iterable[Hit] = (),
) -> Matter:
    """Return the entry as it stood on a day."""
    entry = entry or replace(nomination(SUBJECT), affiliation="试验机械厂")
    facts = lists([entry], [screening(date(2025, 12, 22), *hits)], decisions)
    standing: Standing = where(facts, as_of)
    return Matter(REFERENCE, standing, "2026年度守信激励名单（第一批）", "试验县文明办", sender)


def answered(*, upheld: bool, day: date = ANSWERED, subject: Subject = SUBJECT) -> Resolution:
    """Return an answer to an objection, with grounds that are nobody's business but the subject's."""
    grounds = "所附荣誉证书系伪造" if upheld else "荣誉证书属实，事迹与档案相符。"
    return replace(resolution(day, upheld=upheld, subject=subject), grounds=grounds, document="试文核〔2026〕3号")


def _answer(tell: Callable[[Matter, Resolution], Letter], *, upheld: bool, entry: Nomination | None = None) -> Letter:
    subject = entry.subject if entry else SUBJECT
    decision = answered(upheld=upheld, subject=subject)
    return tell(matter(ANSWERED, [objection(OBJECTED, subject), decision], entry), decision)


def _to_subject(found: Matter, decision: Resolution) -> Letter:
    return disputes.to_subject(found, decision, OBJECTED)


def _appeal(*, upheld: bool, ended: date = LATER) -> tuple[Matter, Resolution]:
    decision = replace(appeal_answered(date(2026, 3, 20), upheld=upheld), grounds="补交的原件经授予机关确认")
    decided: list[AnyDecision] = [withdrawal(ended, Ground.NOT_RENEWED), appeal(date(2026, 3, 10)), decision]
    return matter(decision.day, decided), decision


def _appeal_after_objection() -> Letter:
    decision = replace(appeal_answered(date(2026, 3, 20), upheld=True), grounds="补交的原件经授予机关确认")
    decided: list[AnyDecision] = [
        objection(date(2026, 2, 2)),
        answered(upheld=True, day=date(2026, 2, 20)),
        appeal(LATER),
        decision,
    ]
    return disputes.to_reporter_after_appeal(matter(decision.day, decided), decision, date(2026, 2, 20))


def _correction(tell: Callable[[Matter, Correction], Letter], fields: dict[str, str]) -> Letter:
    decision = replace(correction(LATER, fields), grounds="报送表录入有误")
    return tell(matter(LATER, [decision]), decision)


def _to_corrected(found: Matter, decision: Correction) -> Letter:
    return changes.correction_to_subject(found, decision, replace(nomination(SUBJECT), affiliation="试验机械厂"))


def _wrong_record(tell: Callable[[Matter, Rehabilitation], Letter], *, missed: bool = False) -> Letter:
    recorded = date(2025, 6, 3)
    hits = [Hit(document_of(SUBJECT), recorded)] if missed else []
    decision = rehabilitation(LATER, source="法院", recorded=recorded)
    decision = replace(decision, grounds="系同名同姓，号码录入时张冠李戴", document="试法函〔2026〕8号")
    return tell(matter(LATER, [decision], hits=hits), decision)


def _recovery() -> Letter:
    decision = BenefitRecovery(
        kind="benefit-recovery", benefit="图书馆借书押金减免100元", outcome="已补交", **signed(LATER, SUBJECT)
    )
    decision = replace(decision, grounds="荣誉证书系伪造")
    return changes.recovery(matter(LATER, [withdrawal(date(2026, 2, 20), Ground.ABUSE), decision]), decision)


def withheld(subject: Subject = SUBJECT) -> Nomination:
    """Return an entry that may not be published."""
    entry = replace(nomination(subject), document="试文〔2025〕7号", publication_grounds="岗位涉密，单位来函说明")
    affiliation = "试验县某局" if subject is SUBJECT else ""
    return replace(entry, affiliation=affiliation, publication=PublicationMode.WITHHELD)


def _returned() -> Letter:
    file = "妇联.xlsx"
    faults = [
        Fault(Place(file, sheet="Sheet1", cell="G5"), "身份证号校验位不对，可能有一位抄错", "对照证件原件更正"),
        Fault(
            Place(file, sheet="Sheet1", cell="E9"),
            "姓名里有圆圈“○”，看不出是遮盖还是“〇”字",
            "真是这个字，就用输入法打出",
        ),
        Fault(Place(file), "打不开"),
    ]
    batch = Round("2026年度守信激励名单（第一批）", "守信激励名单报送表", date(2026, 3, 20))
    return returned("试验县妇联", batch, [Submission(file, faults)], OFFICE, TODAY)


def _merchant(*, demo: bool = False) -> Letter:
    merchant = Merchant(MerchantId("shiyan-fandian"), "试验县甲乙饭店", (ScenarioId("canyin"),))
    access = Access("ABCD-EFGH-JKMN-PQRS", "0123456789abcdef" * 4)
    return passphrase(merchant, access, "xinyi.example", OFFICE, TODAY, demo=demo)


def _left(ground: Ground, sender: Sender = UNIT) -> Letter:
    found = matter(LATER, [withdrawal(LATER, ground)], sender=sender)
    return changes.left(found, ground, "转借他人使用", LATER, "试文〔2026〕4号")


SAMPLES: dict[str, Letter] = {
    "reporter-upheld": _answer(disputes.to_reporter, upheld=True),
    "reporter-rejected": _answer(disputes.to_reporter, upheld=False),
    "reporter-withheld": _answer(disputes.to_reporter, upheld=False, entry=withheld()),
    "subject-upheld": _answer(_to_subject, upheld=True),
    "subject-rejected": _answer(_to_subject, upheld=False),
    "subject-organisation": _answer(_to_subject, upheld=False, entry=nomination(FIRM, category="B5")),
    "appeal-granted": disputes.to_appellant(*_appeal(upheld=True), date(2026, 3, 10)),
    "appeal-granted-notice-missed": disputes.to_appellant(
        *_appeal(upheld=True, ended=date(2025, 12, 29)), date(2026, 3, 10)
    ),
    "appeal-rejected": disputes.to_appellant(*_appeal(upheld=False), date(2026, 3, 10)),
    "reporter-after-appeal": _appeal_after_objection(),
    "correction-asker": _correction(changes.correction_to_asker, {"honour": "道德模范"}),
    "correction-subject": _correction(_to_corrected, {"name": "钱测式", "number": number(9), "honour": "道德模范"}),
    "left-abuse": _left(Ground.ABUSE),
    "apology": _wrong_record(changes.apology),
    "apology-notice-missed": _wrong_record(changes.apology, missed=True),
    "clarification": _wrong_record(changes.clarification),
    "benefit-recovery": _recovery(),
    "notification": changes.notification(matter(TODAY, entry=withheld(), sender=OFFICE), date(2026, 1, 7)),
    "notification-organisation": changes.notification(
        matter(TODAY, entry=withheld(FIRM), sender=OFFICE), date(2026, 1, 7)
    ),
    "returned": _returned(),
    "merchant": _merchant(),
    "merchant-demo": _merchant(demo=True),
}
"""Every letter there is, by the name of its golden file."""
