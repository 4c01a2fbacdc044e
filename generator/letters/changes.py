"""Letters on what happens to an entry otherwise: corrected, withdrawn, wrongly accused, wrongly honoured, not shown.

Sources: requirements F15 (通报), F16 (leaving), F18 (corrections), F19 (apology, clarification), F20 (benefits).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from generator.core.lifecycle import OUT
from generator.core.model import (
    BenefitRecovery,
    CorrectedField,
    Correction,
    Ground,
    Nomination,
    Person,
    PublicationMode,
    Rehabilitation,
)
from generator.core.wording import GROUNDS, day
from generator.letters.letter import Grid, Heading, Letter
from generator.letters.matter import Matter, grounds, numbered, position

FIELDS: Mapping[CorrectedField, str] = {
    "name": "姓名/名称",
    "number": "证件号码",
    "honour": "荣誉名称",
    "awarder": "授予机关",
    "document": "认定文号",
    "affiliation": "所在单位",
    "publication": "公开方式",
}
PUBLICATIONS = {
    PublicationMode.MASKED: "脱敏公开",
    PublicationMode.FULL: "全名公开",
    PublicationMode.WITHHELD: "不公开",
}
_NUMBER_BEFORE, _NUMBER_NOW = "登记有误，本件不写号码", "已照证件更正，本件不写号码"


# -- corrections (F18) -------------------------------------------------------------------------------------------


def correction_to_asker(matter: Matter, decision: Correction) -> Letter:
    """Answer whoever pointed out a mistake: which items were put right, never what they say now."""
    if not matter.shown:
        told = "您（你单位）指出的信息问题，我单位已经核实处理。该条目不在公开的范围内，具体内容不便告知，请予理解。"
    else:
        items = "、".join(FIELDS[field] for field in decision.fields)
        told = (
            f"您（你单位）指出{matter.public}信息有误。经我单位核实，已于{day(decision.day)}更正以下内容：{items}。"
            "条目编号不变，网站上可以公开的内容在下一次更新时改正。"
        )
    return matter.letter(
        "关于名单信息更正的答复",
        "提出更正的单位或个人",
        told,
        "感谢您（你单位）帮助我们保证名单信息真实、准确。",
        "特此答复。",
        on=decision.day,
    )


def correction_to_subject(matter: Matter, decision: Correction, before: Nomination) -> Letter:
    """Tell the subject what was put right, old and new, but for the number; ``before`` is the entry until then."""
    old, new = _fields(before, _NUMBER_BEFORE), _fields(matter.standing.nomination, _NUMBER_NOW)
    screened = "有关部门还要按更正后的号码重新筛查。" if "number" in decision.fields else ""
    rows = tuple((FIELDS[field], old[field], new[field]) for field in FIELDS if field in decision.fields)
    return matter.letter(
        "关于名单信息更正的告知书",
        matter.name,
        f"{matter.you}列入{matter.entry}的信息，经我单位核实，已于{day(decision.day)}更正如下{numbered(decision.document)}：",
        Grid(("项目", "原来的内容", "更正后的内容"), rows, (3, 6, 6)),
        f"更正理由：{grounds(decision.grounds)}条目编号不变，网站上可以公开的内容在下一次更新时改正。{screened}"
        f"{position(matter.standing)}",
        f"请{matter.you}核对。仍有不准确的，请及时告诉我单位或者{matter.sender.office}。",
        "特此告知。",
        on=decision.day,
    )


def _fields(nomination: Nomination, number: str) -> dict[CorrectedField, str]:
    return {
        "name": nomination.subject.name,
        "number": number,
        "honour": nomination.honour,
        "awarder": nomination.awarder,
        "document": nomination.document or "（空）",
        "affiliation": nomination.affiliation or "（空）",
        "publication": PUBLICATIONS[nomination.publication],
    }


# -- leaving (F16) -----------------------------------------------------------------------------------------------


def left(matter: Matter, ground: Ground, why: str, on: date, document: str = "") -> Letter:
    """Tell the subject that the entry has left the list, why, and what can be done."""
    you = matter.you
    everywhere = "在其他批次的条目同时退出。" if ground in (Ground.DISHONEST, Ground.ABUSE) else ""
    reason = f"{GROUNDS[ground]}（{why.strip().rstrip('。；;.')}）" if why.strip() else GROUNDS[ground]
    return matter.letter(
        "关于退出守信激励对象名单的告知书",
        matter.name,
        f"{you}列入{matter.entry}的条目，自{day(on)}起退出守信激励对象名单，现将有关情况告知如下{numbered(document)}：",
        f"退出原因：{reason}。{everywhere}",
        "退出以后，不再享受守信激励；网站上的信息在下一次更新时撤下，商户的离线名单在更换新名单时更新。",
        f"{you}认为有误的，可以向我单位或者{matter.sender.office}提出申诉，并附证明材料；符合条件以后，可以由认定单位重新提名。",
        "特此告知。",
        on=on,
    )


# -- wrongly listed as dishonest (F19) ---------------------------------------------------------------------------


def apology(matter: Matter, decision: Rehabilitation) -> Letter:
    """Apologise in writing for a record of dishonesty that was wrong, and say what is being done about it."""
    you = matter.you
    return matter.letter(
        "致歉信",
        matter.name,
        f"因工作失误，{you}被误列入失信对象名单{_record(decision)}。经核实，该记录有误：{grounds(decision.grounds)}"
        f"我单位对此承担责任，向{you}诚恳道歉。现将处理情况告知如下{numbered(decision.document)}：",
        Heading("一、更正记录"),
        f"自{day(decision.day)}起，该记录不再计算，{you}的信用记录已经更正。",
        Heading("二、守信激励对象名单"),
        _after_error(matter),
        Heading("三、澄清和恢复名誉"),
        f"我单位已经拟好《情况说明》，向因该记录受到影响的有关单位澄清。送给哪些单位、是否公开、在什么范围公开，先征求{you}的意见。",
        Heading("四、赔偿"),
        f"{you}的权益因此受到损害的，请把有关情况和材料告诉我单位，我单位依法给予赔偿。",
        f"我单位将查明原因，改进工作，防止再次发生。再次向{you}致以诚挚的歉意。",
        on=decision.day,
    )


def _after_error(matter: Matter) -> str:
    if matter.standing.stage not in OUT:
        return position(matter.standing)
    return (
        f"{matter.entry}的条目因没有完整公示或者其他原因，目前不在名单里。{matter.unit}可以重新提名，由我单位协助办理。"
    )


def clarification(matter: Matter, decision: Rehabilitation) -> Letter:
    """Clarify towards other units, and if the subject wishes the public, that the record was wrong."""
    subject, nomination = matter.standing.nomination.subject, matter.standing.nomination
    belongs = f"（{nomination.affiliation}）" if isinstance(subject, Person) and nomination.affiliation else ""
    return matter.letter(
        "情况说明",
        "各有关单位",
        f"{matter.name}{belongs}曾被误列入失信对象名单{_record(decision)}。经核实，该记录有误，系工作失误造成，已于{day(decision.day)}更正。",
        f"{matter.name}不存在该项失信行为。请各有关单位据此更正相关记录，停止依据该记录采取的限制措施，恢复其应当享有的待遇和荣誉。",
        f"因此给{matter.name}造成的影响，我单位深表歉意。",
        "特此说明。",
        on=decision.day,
        marking="征得当事人同意后送出或者公开",
    )


def _record(decision: Rehabilitation) -> str:
    recorded = f"{day(decision.recorded)}列入" if decision.recorded else ""
    said = "，".join(part for part in (decision.source, recorded) if part)
    return f"（{said}）" if said else ""


# -- wrongly honoured (F20) --------------------------------------------------------------------------------------


def recovery(matter: Matter, decision: BenefitRecovery) -> Letter:
    """Tell whoever was wrongly honoured which benefits are taken back."""
    you = matter.you
    return matter.letter(
        "关于收回守信激励权益的告知书",
        matter.name,
        f"{you}列入{matter.entry}的条目已经退出守信激励对象名单。按照规定，误列入名单的主体因守信激励获得的权益，"
        f"应当尽可能收回。现将有关情况告知如下{numbered(decision.document)}：",
        Grid(
            ("享受过的权益", "收回情况", "说明"),
            ((decision.benefit, decision.outcome, grounds(decision.grounds)),),
            (5, 5, 6),
        ),
        f"{you}有不同意见的，可以向我单位或者{matter.sender.office}提出，并附证明材料。",
        "特此告知。",
        on=decision.day,
    )


# -- not to be published (F15) -----------------------------------------------------------------------------------


def notification(matter: Matter, on: date) -> Letter:
    """Notify the person's unit, or the one that reported it, of a recognition that may not be published."""
    nomination, window = matter.standing.nomination, matter.standing.window
    person = isinstance(nomination.subject, Person)
    addressee = nomination.affiliation if person and nomination.affiliation else matter.unit
    period = f"{day(window.not_before)}至{day(window.not_after)}" if window else ""
    reported = "你单位" if addressee == matter.unit else matter.unit
    rows = (
        ("姓名" if person else "名称", matter.name),
        ("条目编号", matter.reference),
        ("荣誉名称", nomination.honour),
        ("授予机关", nomination.awarder),
        ("认定文号", nomination.document or "（空）"),
        ("报送单位", matter.unit),
        ("有效期", period),
        ("不公开的理由", nomination.publication_grounds or "（空）"),
    )
    return matter.letter(
        "关于守信激励对象认定结果的通报",
        addressee,
        f"下列{'人员' if person else '单位'}经{reported}报送、有关部门联合筛查和规定的程序，"
        f"已认定为{matter.batch}的守信激励对象。"
        "因依法不能公开，其信息不在网站上公示、公布，现向你单位通报：",
        Grid(("项目", "内容"), rows, (3, 9)),
        f"请你单位把认定结果和有效期告知{'本人' if person else '该单位'}。不公开不影响享受守信激励。",
        "请你单位依法依纪做好后续管理；发现有失信、不当利用激励或者不再符合条件的情形，及时告诉我办。",
        "本件只供工作使用，请妥善保管，不得张贴、转发、上网。",
        "特此通报。",
        on=on,
        marking="内部资料　不得公开",
    )
