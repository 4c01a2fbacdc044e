"""The letter with which a unit gets its table back: every fault with its cell and what to do (F09, F10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from generator.core.wording import day
from generator.errors import Fault
from generator.letters.letter import Grid, Letter, Text
from generator.letters.matter import Sender

MOST_ROWS = 300
"""Faults listed in a letter, some fifteen pages; what is more is told by its number, and marked in the copy."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A table that a unit sent: its file, and the faults in it."""

    file: str
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class Round:
    """The batch or snapshot it was sent for: what it is called, and until when tables are taken, if that is known."""

    title: str
    table: str
    """What kind of table it is."""
    deadline: date | None = None


def returned(unit: str, round_: Round, submissions: Sequence[Submission], sender: Sender, on: date) -> Letter:
    """Ask a unit to put right what is wrong in its tables, and to send them anew, whole."""
    found = [(submission.file, fault) for submission in submissions for fault in submission.faults]
    rows = tuple(
        (str(number), _where(file, fault), fault.message, fault.advice or "请更正")
        for number, (file, fault) in enumerate(found[:MOST_ROWS], start=1)
    )
    more = len(found) - len(rows)
    rest = (Text(f"另有{more}处没有逐一列出，见标注好的副本；请对全表作一次检查。"),) if more else ()
    return Letter(
        title=f"关于退回{round_.table}的函",
        addressee=unit,
        parts=(
            Text(
                f"你单位为《{round_.title}》报送的{_files(submissions)}收悉。经检查，有{len(found)}处不符合要求，列表如下。"
            ),
            Grid(("序号", "位置", "问题", "怎样改"), rows, (3, 7, 10, 8)),
            *rest,
            Text(
                "请对照证件和表彰文件的原件逐处更正，不要推测号码，改好以后连同没有问题的各行，把整张表重新报送；"
                f"{_until(round_.deadline, on)}。"
            ),
            Text("表内有证件号码，请加密后送达，不要用微信、QQ等传送。"),
        ),
        signature=sender.unit,
        day=on,
        contact=sender.contact,
    )


def _files(submissions: Sequence[Submission]) -> str:
    return "、".join(f"《{submission.file}》" for submission in submissions)


def _where(file: str, fault: Fault) -> str:
    place = fault.place
    parts = (file, place.sheet, place.cell, place.field, f"第{place.line}行" if place.line else "")
    return " › ".join(part for part in parts if part)


def _until(deadline: date | None, on: date) -> str:
    if deadline and on <= deadline:
        return f"请于{day(deadline)}前（含当天）送达，晚于这一天的记为迟报"
    return "报送期限已过或者没有确定，请尽快送达"
