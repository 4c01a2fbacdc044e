"""Answers: to whoever reported, to whoever the entry is about, to an appeal (requirement F17).

Whoever reported hears the outcome and what has been public anyway; the grounds go to the subject alone, and neither
learns of the other.
"""

from __future__ import annotations

from datetime import date

from generator.core.lifecycle import OUT, Reason
from generator.core.model import Resolution
from generator.core.wording import day
from generator.letters.letter import Letter
from generator.letters.matter import Matter, grounds, numbered, position

REPORTER = "反映人"
_FOUND = (Reason.HIT_AT_SCREENING, Reason.HIT_BEFORE_RECOGNITION)
_PRIVATE = "核实中涉及个人隐私、商业秘密的内容和有关证明材料，依照规定不向他人提供，请予理解。"
_NOT_SHOWN = (
    "您反映的事项，我单位已按照守信激励对象名单管理的规定核实，并作出处理。"
    "该事项不在公开的范围内，有关情况不便告知，请予理解。"
)
_AGAIN = "您有新的证明材料，可以再次向我单位或者{office}反映。感谢您对社会信用工作的关心和监督。"


def to_reporter(matter: Matter, decision: Resolution) -> Letter:
    """Answer whoever objected or reported: nothing that is private, not even that a withheld entry is listed."""
    again = _AGAIN.format(office=matter.sender.office)
    title = "关于异议核实结果的答复"
    if not matter.shown:
        return matter.letter(title, REPORTER, _NOT_SHOWN, again, "特此答复。", on=decision.day)
    return matter.letter(
        title,
        REPORTER,
        f"您对{matter.public}提出的异议收悉。我单位进行了核实，并对该条目重新作了认定，现将结果答复如下：",
        _outcome_for_reporter(matter, decision),
        _PRIVATE,
        again,
        "特此答复。",
        on=decision.day,
    )


def _outcome_for_reporter(matter: Matter, decision: Resolution) -> str:
    if decision.upheld:
        return (
            f"经核实，异议成立。该条目自{day(decision.day)}起不再列入守信激励对象名单，不享受守信激励，"
            "网站上的信息在下一次更新时撤下。"
        )
    return f"经核实，异议不成立。{position(matter.standing)}"


def to_subject(matter: Matter, decision: Resolution, received: date) -> Letter:
    """Tell the subject the outcome of an objection ``received`` on a day, with its grounds and what can be done."""
    you, office = matter.you, matter.sender.office
    outcome: tuple[str, ...]
    if decision.upheld:
        outcome = (
            f"经核实，异议成立。核实情况：{grounds(decision.grounds)}根据守信激励对象名单退出的规定，"
            f"该条目自{day(decision.day)}起不再列入名单，不享受守信激励，网站上的信息在下一次更新时撤下。",
            f"不再列入守信激励对象名单，不等于列入失信名单，不影响{you}依法享有的其他权利。",
            f"{you}对结果有不同意见的，可以向我单位或者{office}提出申诉，并附证明材料。",
        )
    else:
        outcome = (f"经核实，异议不成立。核实情况：{grounds(decision.grounds)}{position(matter.standing)}",)
    return matter.letter(
        "关于异议核实结果的告知书",
        matter.name,
        f"{day(received)}，我单位收到对{you}列入{matter.entry}的异议。我单位进行了核实，现将结果告知如下{numbered(decision.document)}：",
        *outcome,
        "反映人的情况，依照规定予以保密。",
        "特此告知。",
        on=decision.day,
    )


def to_appellant(matter: Matter, decision: Resolution, received: date) -> Letter:
    """Answer an appeal ``received`` on a day; what the appeal could not bring back is said plainly."""
    you, office = matter.you, matter.sender.office
    outcome: tuple[str, ...]
    if not decision.upheld:
        outcome = (
            f"经核实，申诉不成立。核实情况：{grounds(decision.grounds)}原来的决定不变。",
            f"{you}有新的证明材料，可以再次提出；也可以依法通过其他途径维护自己的权益。",
        )
    elif matter.standing.stage in OUT:
        why, advice = _still_out(matter, decision)
        outcome = (
            f"经核实，申诉成立。核实情况：{grounds(decision.grounds)}{why}",
            advice,
            f"给{you}带来的不便，我单位深表歉意。",
        )
    else:
        outcome = (
            f"经核实，申诉成立。核实情况：{grounds(decision.grounds)}自{day(decision.day)}起撤销原来的决定，恢复该条目。{position(matter.standing)}",
            f"给{you}带来的不便，我单位深表歉意。",
        )
    return matter.letter(
        "关于申诉核实结果的答复",
        matter.name,
        f"{you}{day(received)}就{matter.entry}提出的申诉收悉。我单位重新进行了核实，现将结果答复如下{numbered(decision.document)}：",
        *outcome,
        f"对本答复有疑问的，可以向我单位或者{office}询问。",
        "特此答复。",
        on=decision.day,
    )


def _still_out(matter: Matter, decision: Resolution) -> tuple[str, str]:
    """Return why a granted appeal did not bring an entry back, and what can be done.

    A record that a source has told of is no decision of ours, and an appeal takes neither it nor an expiry back:
    a letter that says something was undone would not be true.
    """
    you, standing = matter.you, matter.standing
    in_validity = standing.window is not None and standing.since in standing.window
    if standing.reason in _FOUND or (standing.reason is Reason.E2_DISHONEST and in_validity):
        return (
            "该条目目前仍不在守信激励对象名单里：筛查查到的失信或者异常记录还在，本答复不改变这条记录。",
            f"请{you}向列入该记录的部门申请更正或者移出，并把有关证明材料交给我单位或者{matter.sender.office}。",
        )
    if standing.reason is Reason.E3_EXPIRED:
        return (
            "该条目的有效期已经届满，不再恢复。",
            f"请{you}与{matter.unit}联系，符合条件的可以重新提名列入下一批。",
        )
    return (
        f"自{day(decision.day)}起撤销原来的决定。",
        f"该条目没有在公示期内完整公示，这一批不能认定。请{you}与{matter.unit}联系，重新提名列入下一批。",
    )


def to_reporter_after_appeal(matter: Matter, decision: Resolution, answered: date) -> Letter:
    """Tell whoever reported that what was ``answered`` on a day no longer holds: an appeal has been granted."""
    again = _AGAIN.format(office=matter.sender.office)
    title = "关于异议重新核实结果的答复"
    if not matter.shown:
        return matter.letter(title, REPORTER, _NOT_SHOWN, again, "特此答复。", on=decision.day)
    return matter.letter(
        title,
        REPORTER,
        f"您对{matter.public}提出的异议，我单位曾于{day(answered)}答复。其后我单位重新进行了核实，现将结果答复如下：",
        f"原来的答复自{day(decision.day)}起变更，异议不成立。{position(matter.standing)}",
        _PRIVATE,
        again,
        "特此答复。",
        on=decision.day,
    )
