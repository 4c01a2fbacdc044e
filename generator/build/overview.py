"""``xinyi status`` for people: one screen, in Chinese, aligned; lines that are not indented are headings.

A clerk reads the first line and may stop there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from generator.build.agenda import AtStage, Dispute, Round
from generator.build.office import Office
from generator.build.status import Status, entry, events, kinds, rebuild, status, today
from generator.core import wording
from generator.core.lifecycle import Reason, Stage
from generator.core.model import ONE_DAY

_MOST = 8
"""So many lines of one kind are shown; the rest is counted."""
_WEEKDAYS = "一二三四五六日"


def status_text(office: Office, root: Path) -> str:
    """Return the same for staff, on one screen; lines that are not indented are headings."""
    now = status(office, root)
    return "\n".join(
        [
            *_first_lines(now),
            *_section("接下来30天", _event_lines(now)),
            *_section("待办", _waiting_lines(now)),
            *_section("各批次", (line for one in now.agenda.rounds for line in _round_lines(one, office.as_of))),
            *_section("名单包", _release_lines(now)),
        ]
    )


def _first_lines(now: Status) -> Iterator[str]:
    as_of, tasks = now.office.as_of, list(today(now))
    day = f"{wording.day(as_of)}（星期{_WEEKDAYS[as_of.weekday()]}）"
    if len(tasks) == 1:
        yield f"{day}今天要办：{tasks[0]}。"
    elif tasks:
        yield f"{day}今天要办{len(tasks)}件事："
        yield from _some([f"  {number}. {text}。" for number, text in enumerate(tasks, 1)], "件")
    else:
        yield f"{day}今天没有必须办的事。"
    by = rebuild(now)
    if by and by[0] > as_of:
        when = "当天" if _on_the_day(now) else "以前（含当天）"
        yield f"下一次要生成、发布网站：{_when(by[0], as_of)}{when}，因为{'，'.join(by[1])}。"


def _on_the_day(now: Status) -> bool:
    """Return whether the next build waits for its day: what changes then cannot be built before."""
    by, change = rebuild(now), now.agenda.change
    return bool(by and change and by[0] == change.day)


def _event_lines(now: Status) -> Iterator[str]:
    as_of = now.office.as_of
    found = [event for event in events(now) if event.kind != "answer-due"]  # told among what waits
    width = max((_width(_short(event.day, as_of)) for event in found), default=0)
    lines = [
        f"  {_padded(_short(event.day, as_of), width)}  {_padded(_left(event.day, as_of), 8)}  {event.text}"
        for event in found
    ]
    return _some(lines, "件")


def _waiting_lines(now: Status) -> Iterator[str]:
    """Yield what waits for somebody without being today's: answers, sources, a notice to be set."""
    as_of = now.office.as_of
    lines = [f"  待答复的{kinds(one)}：{entry(one.place, now)}，{_due(one, as_of)}" for one in now.agenda.disputes]
    yield from _some(lines, "个")
    for one in now.agenda.rounds:
        if one.waits_for and one.batch.deadline < as_of:
            waiting = "、".join(f"{source}（{count}条）" for source, count in one.waits_for.items())
            yield f"  催筛查答复：批次{one.batch.id}，{waiting}"
        ready = sum(stage.reasons.get(Reason.AWAITING_NOTICE, 0) for stage in one.stages)
        if ready and one.notice is None:
            yield f"  定公示日期：批次{one.batch.id}有{ready}条筛查完成"
    lines = [
        f"  催复查：{entry(one.place, now)}，{_short(one.since, as_of)}更正了号码，等{'、'.join(one.waits_for)}"
        for one in now.agenda.unscreened
    ]
    yield from _some(lines, "条")


def _due(dispute: Dispute, as_of: date) -> str:
    if dispute.due is None:
        return f"{_short(dispute.since, as_of)}收到，还没有那一年的放假安排，算不出期限"
    late = (as_of - dispute.due).days
    if late > 0:
        return f"应在{_short(dispute.due, as_of)}以前（含当天）答复，已超期{late}天"
    return f"应在{_short(dispute.due, as_of)}以前（含当天）答复，{_left(dispute.due, as_of)}"


def _round_lines(one: Round, as_of: date) -> Iterator[str]:
    """Yield a batch: its title and dates, and a line for each stage; one line for a batch that is over."""
    late = f"，其中迟报{one.late}" if one.late else ""
    if one.over:
        reasons = (
            f"{wording.REASONS[reason]}{count}" for stage in one.stages for reason, count in stage.reasons.items()
        )
        yield f"  {one.batch.id}  {one.batch.title}（都已结束）{one.count}条：{'，'.join(reasons)}"
        return
    notice = f"公示{_short(one.notice.not_before, as_of)}到{_short(one.notice.not_after, as_of)}" if one.notice else ""
    if not notice:
        closed = one.batch.deadline < as_of
        notice = f"{_short(one.batch.deadline, as_of)}{'已截止' if closed else '报送截止'}，还没有定公示日期"
    yield f"  {one.batch.id}  {one.batch.title}（{notice}）共{one.count}条{late}"
    for stage in one.stages:
        yield f"    {_padded(wording.STAGES[stage.stage], 14)}{stage.count:>7}   {_detail(one, stage, as_of)}"


def _detail(one: Round, stage: AtStage, as_of: date) -> str:
    """Return why, until when and for whom the entries of one stage wait."""
    several = len(stage.reasons) > 1
    text = "，".join(f"{wording.REASONS[reason]}{count if several else ''}" for reason, count in stage.reasons.items())
    if stage.stage is Stage.NOMINATED and one.waits_for:
        text += f"（{'、'.join(f'{source}{count}' for source, count in one.waits_for.items())}）"
    if stage.stage is Stage.OBJECTED and one.answer_due:
        text += f"，最早的应在{_short(one.answer_due, as_of)}以前（含当天）答复"
    if stage.until and stage.stage in (Stage.IN_NOTICE, Stage.RECOGNISED):
        first, last = _short(stage.until.not_before, as_of), _short(stage.until.not_after, as_of)
        text += f"，到{last}止" if first == last else f"，最早的到{first}止，最晚的到{last}止"
    return text


def _release_lines(now: Status) -> Iterator[str]:
    release, as_of = now.expiry["release"], now.office.as_of
    if release:
        last = date.fromisoformat(release["expires"]) - ONE_DAY
        yield f"  已生成第{release['version']}版，可用到{_when(last, as_of)}"
    for target, one in now.expiry["published"].items():
        late = "，还不是最新的一版" if release and one["version"] < release["version"] else ""
        last = date.fromisoformat(one["expires"]) - ONE_DAY
        yield f"  已发布到“{target}”：第{one['version']}版，可用到{_when(last, as_of)}{late}"
    if release and not now.expiry["published"]:
        yield "  还没有发布过"
    if root := now.expiry["root_expires"]:
        yield f"  根证书可用到{_when(date.fromisoformat(root) - ONE_DAY, as_of)}"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return ["", title, *found] if found else []


def _some(lines: Sequence[str], counter: str) -> Iterator[str]:
    """Yield the first lines, and how many more there are."""
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"  ……另有{len(lines) - _MOST}{counter}，全部的加 --json 看"


def _short(day: date, as_of: date) -> str:
    """Return a day without its year where that is this year."""
    return f"{day.month}月{day.day}日" if day.year == as_of.year else wording.day(day)


def _left(day: date, as_of: date) -> str:
    left = (day - as_of).days
    return "今天" if left == 0 else "明天" if left == 1 else f"还有{left}天" if left > 0 else f"过了{-left}天"


def _when(day: date, as_of: date) -> str:
    return f"{_short(day, as_of)}（{_left(day, as_of)}）"


def _width(text: str) -> int:
    """Return how many columns a text takes on a terminal: Chinese characters and marks take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
