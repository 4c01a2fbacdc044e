"""The whole story of one entry in Chinese, day by day, with the rule behind each turn; and what may be said of it.

``tell`` is for the office: it names records and grounds. ``answer`` is what anybody may be told who asks about the
entry: it never says that somebody was screened out, or why (requirements F13, F17).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from generator.core.addressing import corrected
from generator.core.disclosure import public_name
from generator.core.lifecycle import Facts, Reason, Stage, Standing, history
from generator.core.model import (
    AnyDecision,
    Appeal,
    BenefitRecovery,
    Correction,
    HitEffect,
    Objection,
    PublicationMode,
    Rehabilitation,
    Relisting,
    Resolution,
    Rules,
    ScreeningReturn,
    Withdrawal,
    number_of,
)
from generator.core.wording import GROUNDS, REASONS, STAGES, day, explain
from generator.core.workdays import Calendar


@dataclass(frozen=True, slots=True)
class Names:
    """How the office calls what an entry refers to by code."""

    unit: str
    category: str


@dataclass(frozen=True, slots=True)
class Line:
    """What happened on one day; ``rule`` is why it turned the entry's way, empty for a mere fact."""

    day: date
    text: str
    rule: str = ""


_FIELDS = {
    "name": "姓名/名称",
    "number": "证件号码",
    "honour": "荣誉名称",
    "awarder": "授予机关",
    "document": "认定文号",
    "affiliation": "所在单位",
    "publication": "公开方式",
}
_EFFECTS = {
    HitEffect.EXCLUDES: "严重失信记录",
    HitEffect.UNTIL_REMOVED: "异常记录",
    HitEffect.NOTE: "仅供参考的记录",
}


def tell(facts: Facts, names: Names, rules: Rules, calendar: Calendar, as_of: date) -> tuple[Line, ...]:
    """Return everything that happened to one entry up to ``as_of``, in order; a day's facts come before its turn."""
    rules = facts.batch.rules or rules
    lines = [line for line in _facts(facts, names, rules) if line.day <= as_of]
    turns = history(facts, rules, calendar, as_of)
    lines += [_turn(day, standing, rules) for day, standing in turns if standing.stage is not Stage.NOT_RECEIVED]
    ordered = sorted(lines, key=lambda line: (line.day, bool(line.rule)))
    return tuple(next(same) for _, same in groupby(ordered))


def answer(standing: Standing, reference: str, names: Names, rules: Rules) -> str:
    """Return what whoever asks about an entry may be told, in one paragraph."""
    nomination, notice, window = standing.nomination, standing.notice, standing.window
    unseen = nomination.publication is PublicationMode.WITHHELD
    if unseen or standing.stage in (Stage.NOT_RECEIVED, Stage.NOMINATED, Stage.SCREENED_OUT) or notice is None:
        return (
            f"编号{reference}现在不在公示或者公布的名单里。未列入名单的情况不对外公开；本人可以带身份证件到信用办查询。"
        )
    text = (
        f"编号{reference}（{public_name(standing)}，{nomination.honour}）由{names.unit}报送，"
        f"{day(notice.not_before)}起公示{rules.notice_working_days}个工作日，到{day(notice.not_after)}止。"
    )
    if standing.stage is Stage.IN_NOTICE:
        return text + "现在还在公示，有异议可以在公示期内提出。"
    if standing.stage is Stage.OBJECTED:
        until = f"，应于{day(standing.due)}以前（含当天）答复" if standing.due else ""
        return text + f"公示期内有人提出异议，认定单位正在核实{until}；核实期间不认定。"
    if standing.reason is Reason.E3_EXPIRED and window:
        return text + f"{day(window.not_before)}认定，有效期到{day(window.not_after)}，已经期满。"
    if standing.stage is Stage.LEFT or window is None:
        return text + f"{day(standing.since)}起已不在名单里。退出的原因不对外公开；本人可以带身份证件到信用办查询。"
    checked = "有人提出异议，经核实不成立" if standing.reason is Reason.OBJECTION_REJECTED else "公示期内没有异议"
    report = f"{day(standing.reported)}收到反映，正在核实。" if standing.reported else ""
    return text + f"{checked}，{day(window.not_before)}认定，有效期到{day(window.not_after)}。{report}"


def _facts(facts: Facts, names: Names, rules: Rules) -> Iterator[Line]:
    batch, nomination = facts.batch, facts.nomination
    late = f"晚于截止日{day(batch.deadline)}，记为迟报。" if nomination.received > batch.deadline else ""
    reported = f"{names.unit}报送：{names.category}，{nomination.honour}（{batch.title}）。{late}"
    yield Line(nomination.received, reported)
    numbers = {number_of(nomination.subject), number_of(corrected(nomination, facts.decisions).subject)}
    for answered in facts.returns:
        if answered.day >= nomination.received:
            yield Line(answered.day, f"{answered.source}答复筛查：{_result(answered, numbers)}。")
    for answered in facts.elsewhere:
        yield Line(answered.day, f"{answered.source}在另一批的筛查中答复：{_result(answered, numbers)}。")
    if batch.notice_start and nomination.received <= batch.notice_start:
        counted = "算第一天" if rules.count_first_day else "不算第一天"
        yield Line(batch.notice_start, f"本批开始公示，{rules.notice_working_days}个工作日，公示当天{counted}。")
    for decision in facts.decisions:
        yield Line(decision.day, f"{_decision(decision)}。理由：{decision.grounds}{_document(decision)}")


def _result(answered: ScreeningReturn, numbers: set[str]) -> str:
    hits = [hit for hit in answered.hits if hit.number in numbers]
    kind = _EFFECTS[answered.effect]
    told = (
        f"{kind}（{day(hit.recorded)}列入"
        + (f"，{day(hit.removed)}移出" if hit.removed else "，没有移出")
        + (f"，{hit.grounds}）" if hit.grounds else "）")
        for hit in hits
    )
    return "、".join(told) or "没有发现记录"


def _decision(decision: AnyDecision) -> str:
    """Return what was decided, in a few words."""
    match decision:
        case Objection():
            return "收到异议"
        case Appeal():
            return "本人（本单位）提出申诉"
        case Resolution():
            what = "申诉" if decision.answers == "appeal" else "异议"
            return f"答复{what}：{'成立' if decision.upheld else '不成立'}"
        case Withdrawal():
            return f"从名单上撤下：{GROUNDS[decision.ground]}"
        case Correction():
            return f"更正：{'、'.join(_FIELDS[field] for field in decision.fields)}"
        case Relisting():
            return f"重新提名，列入批次{decision.into}"
        case Rehabilitation():
            return f"核实{decision.source or '有关部门'}的失信记录有误，不再计算"
        case BenefitRecovery():
            return f"追回优惠：{decision.benefit}，{decision.outcome}"


def _document(decision: AnyDecision) -> str:
    return f"（{decision.document}）" if decision.document else ""


def _turn(on: date, standing: Standing, rules: Rules) -> Line:
    text = f"{STAGES[standing.stage]}：{REASONS[standing.reason]}"
    if standing.stage is Stage.RECOGNISED and standing.window:
        text += f"，有效期{day(standing.window.not_before)}到{day(standing.window.not_after)}"
    if standing.stage is Stage.IN_NOTICE and standing.notice:
        text += f"，公示到{day(standing.notice.not_after)}止"
    if standing.due:
        text += f"，应于{day(standing.due)}以前（含当天）答复"
    if standing.unscreened:
        text += "，号码更正后还没有重新筛查"
    return Line(on, f"{text}。", _rule(standing.reason, rules))


def _rule(reason: Reason, rules: Rules) -> str:
    """Return the rule behind a reason, as the office's plan has it (F02, F04–F08, F16)."""
    return {
        Reason.NOT_YET: "还没有收到的不算。",
        Reason.AWAITING_SCREENING: "公示前要经各部门联合筛查。",
        Reason.AWAITING_NOTICE: "联合筛查完成后公示。",
        Reason.HIT_AT_SCREENING: _EXCLUDED.format(years=rules.dishonesty_years),
        Reason.HIT_BEFORE_RECOGNITION: _EXCLUDED.format(years=rules.dishonesty_years),
        Reason.NOTICE_RUNNING: f"认定前公示{rules.notice_working_days}个工作日。",
        Reason.OBJECTION_OPEN: f"有异议的先核实，{rules.objection_working_days}个工作日内答复，核实期间不认定。",
        Reason.NO_OBJECTION: f"公示期满没有异议即认定，有效期从公示结束第二天起{rules.validity_years}年。",
        Reason.OBJECTION_REJECTED: f"异议不成立的，答复第二天起认定，有效期{rules.validity_years}年。",
        Reason.E1_OBJECTION_UPHELD: "异议成立的退出名单。",
        Reason.E2_DISHONEST: "有效期内被列入失信名单的退出名单。",
        Reason.E2_ABUSE: "不当利用激励的退出名单。",
        Reason.E3_EXPIRED: "有效期满、没有重新认定的退出名单。",
        Reason.E3_NOT_RENEWED: "认定单位不再推荐的退出名单。",
        Reason.E4_STANDARD_CHANGED: "认定标准改变、不再符合的退出名单。",
    }[reason]


_EXCLUDED = "近{years}年有严重失信记录、现在仍在失信名单上，或者异常记录没有移出的，不列入名单。"


def as_text(lines: tuple[Line, ...], standing: Standing) -> str:
    """Return a story as it is printed: a line a fact, the rule behind it indented, where it stands now at the end."""
    printed = []
    for line in lines:
        printed.append(f"{day(line.day)}  {line.text}")
        if line.rule:
            printed.append(f"    依据：{line.rule}")
    return "\n".join([*printed, f"现在：{explain(standing)}"])
