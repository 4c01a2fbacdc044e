"""``xinyi status``: what must be done today, by when the site must be built again, what comes next; and all as JSON.

Entries are named by reference and by where they came from, never by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from generator.build import expiry
from generator.build.agenda import Agenda, Change, Dispute, Round, agenda
from generator.build.built import Built, outdated, read_built
from generator.build.office import Office
from generator.core import wording
from generator.core.audience import in_force
from generator.core.lifecycle import Stage
from generator.core.model import ONE_DAY

_AHEAD = timedelta(days=30)
_NAMES = {"objection": "异议", "appeal": "申诉"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something on a day to come; ``kind`` is its name for programs, ``text`` its words for people."""

    day: date
    kind: str
    text: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that is told, once."""

    office: Office
    agenda: Agenda
    built: Built
    expiry: Mapping[str, Any]
    outdated: tuple[str, ...]
    """Why the site is not what it should be today; nothing where it is, or where there is none."""


def status_values(office: Office, root: Path) -> dict[str, Any]:
    """Return what ``--json`` prints; fields may be added, none changes its meaning."""
    now = status(office, root)
    found, change = now.agenda, now.agenda.change
    next_build = rebuild(now)
    return {
        "as_of": office.as_of.isoformat(),
        "today": list(today(now)),
        "next": [
            {"day": event.day.isoformat(), "kind": event.kind, "count": event.count, "text": event.text}
            for event in events(now)
        ],
        "rebuild": {"day": next_build[0].isoformat(), "why": list(next_build[1])} if next_build else None,
        "outdated": list(now.outdated),
        "change": _change_values(change) if change else None,
        "batches": [_round_values(one) for one in found.rounds],
        "open_objections": [_dispute_values(one, now) for one in found.disputes],
        "unscreened": [
            {
                "place": str(office.standings[one.place].nomination.place),
                "reference": now.built.reference(one.place) or None,
                "since": one.since.isoformat(),
                "waits_for": list(one.waits_for),
            }
            for one in found.unscreened
        ],
        "expiring": [{"day": day.isoformat(), "count": count} for day, count in found.expiring.items()],
        "holidays": {"year": found.holidays.year, "needed": found.holidays.needed.isoformat()}
        if found.holidays
        else None,
        **now.expiry,
    }


def status(office: Office, root: Path) -> Status:
    """Return everything there is to tell."""
    zone = ZoneInfo(office.content.settings.timezone)
    built = read_built(office, root, zone)
    runs_out = expiry.values(root / "keys" / "repository", office.as_of, zone)
    why = tuple(outdated(office, built)) if runs_out["release"] else ()
    return Status(office, agenda(office), built, runs_out, why)


# -- what is due -----------------------------------------------------------------------------------------------


def rebuild(now: Status) -> tuple[date, tuple[str, ...]] | None:
    """Return by which day the site must be built again at the latest, and why."""
    if now.outdated:
        return now.office.as_of, now.outdated
    reasons: dict[date, list[str]] = {}
    if now.agenda.change:
        reasons.setdefault(now.agenda.change.day, []).extend(_why(now.agenda.change))
    for what, expires in releases(now):
        reasons.setdefault(max(expires - ONE_DAY, now.office.as_of), []).append(f"{what}到期")
    return min((day, tuple(why)) for day, why in reasons.items()) if reasons else None


def releases(now: Status) -> Iterator[tuple[str, date]]:
    """Yield every release that merchants may have, and the first day on which it is refused."""
    if release := now.expiry["release"]:
        yield f"第{release['version']}版名单包", date.fromisoformat(release["expires"])
    for target, one in now.expiry["published"].items():
        yield f"发布到“{target}”的第{one['version']}版名单包", date.fromisoformat(one["expires"])


def _why(change: Change) -> Iterator[str]:
    for (before, after, reason), count in change.moves.items():
        if before is after:
            yield f"{count}条{wording.STAGES[after]}，公示期满要撤下"
        elif after is Stage.LEFT:
            yield f"{count}条{wording.REASONS[reason]}"
        else:
            yield f"{count}条转为{wording.STAGES[after]}"
    yield from (f"快照 {snapshot} 起用或到期" for snapshot in change.snapshots)
    if change.pages:
        yield f"{change.pages}篇公告或案例到了发布日期"


def today(now: Status) -> Iterator[str]:
    """Yield what must be done today, the most urgent first."""
    as_of = now.office.as_of
    yield from now.expiry["warnings"]
    for dispute in now.agenda.disputes:
        if dispute.due and dispute.due <= as_of:
            late = (as_of - dispute.due).days
            when = f"已经超期{late}天" if late else "今天是最后一天"
            yield f"答复{kinds(dispute)}：{entry(dispute.place, now)}，{when}"
    if now.outdated:
        yield f"重新生成、发布网站（xinyi build）：{'，'.join(now.outdated)}"
    elif (by := rebuild(now)) and by[0] <= as_of and not now.expiry["warnings"]:
        yield f"重新生成、发布网站（xinyi build）：{'，'.join(by[1])}"
    if now.expiry["root_expires"] and not now.expiry["release"]:
        yield "还没有生成过网站和名单包，请运行 xinyi build"
    holidays = now.agenda.holidays
    if holidays and holidays.needed <= as_of:
        yield f"{_missing_holidays(holidays.year)}，现在开始的公示、收到的异议已经算不出期限"


def _missing_holidays(year: int) -> str:
    return f"补上{year}年的放假安排（国务院公布后存成 lists/holidays/{year}.json）"


def events(now: Status) -> list[Event]:
    """Return what comes in the next thirty days, day by day; what is due today or late is in ``_today``."""
    as_of = now.office.as_of
    found = [event for event in _all_events(now) if as_of <= event.day <= as_of + _AHEAD]
    return sorted(found, key=lambda event: event.day)


def _all_events(now: Status) -> Iterator[Event]:
    as_of = now.office.as_of
    for one in now.agenda.rounds:
        yield Event(one.batch.deadline, "deadline", f"批次{one.batch.id}报送截止", one.count)
        if one.notice:
            yield Event(one.notice.not_before, "notice-begins", f"批次{one.batch.id}开始公示：当天要生成、发布")
            running = sum(stage.count for stage in one.stages if stage.stage in (Stage.IN_NOTICE, Stage.OBJECTED))
            text = f"批次{one.batch.id}公示最后一天（{running}条）：第二天要生成、发布"
            yield Event(one.notice.not_after, "notice-ends", text, running)
    for dispute in now.agenda.disputes:
        if dispute.due and dispute.due > as_of:
            text = f"答复{kinds(dispute)}的最后一天：{entry(dispute.place, now)}"
            yield Event(dispute.due, "answer-due", text, 1)
    for day, count in now.agenda.expiring.items():
        yield Event(day, "expiring", f"{count}条有效期到这一天为止：第二天要生成、发布", count)
    for snapshot in in_force(now.office.lists.snapshots, as_of):
        yield Event(snapshot.window.not_after, "snapshot-ends", f"快照 {snapshot.id} 用到这一天为止：要换新的")
    for what, expires in releases(now):
        yield Event(expires - ONE_DAY, "release-ends", f"{what}最后一天能用：在这以前重新生成、发布")
    if root := now.expiry["root_expires"]:
        yield Event(date.fromisoformat(root) - ONE_DAY, "root-ends", "根证书最后一天能用：在这以前请保管人来更新")
    holidays = now.agenda.holidays
    if holidays and holidays.needed > as_of:
        yield Event(holidays.needed, "holidays-needed", f"{_missing_holidays(holidays.year)}：从这一天起要用到")


def kinds(dispute: Dispute) -> str:
    """Return what waits for an answer, in words."""
    return "和".join(_NAMES[kind] for kind in dispute.kinds) or _NAMES["objection"]


def entry(place: int, now: Status) -> str:
    """Return how an entry is named: by batch and reference, or by where it came from."""
    nomination = now.office.standings[place].nomination
    reference = now.built.reference(place)
    if reference:
        return f"批次{nomination.batch}，编号 {reference}"
    return f"批次{nomination.batch}，{nomination.place}"


# -- as JSON ---------------------------------------------------------------------------------------------------


def _round_values(one: Round) -> dict[str, Any]:
    return {
        "batch": one.batch.id,
        "title": one.batch.title,
        "deadline": one.batch.deadline.isoformat(),
        "notice": [one.notice.not_before.isoformat(), one.notice.not_after.isoformat()] if one.notice else None,
        "counts": sorted(
            (
                {"stage": stage.stage.value, "reason": reason.value, "count": count}
                for stage in one.stages
                for reason, count in stage.reasons.items()
            ),
            key=lambda count: (count["stage"], count["reason"]),
        ),
        "stages": [
            {
                "stage": stage.stage.value,
                "count": stage.count,
                "until": [stage.until.not_before.isoformat(), stage.until.not_after.isoformat()]
                if stage.until
                else None,
            }
            for stage in one.stages
        ],
        "late": one.late,
        "waits_for": dict(one.waits_for),
    }


def _dispute_values(dispute: Dispute, now: Status) -> dict[str, Any]:
    nomination = now.office.standings[dispute.place].nomination
    return {
        "place": str(nomination.place),
        "batch": nomination.batch,
        "reference": now.built.reference(dispute.place) or None,
        "kinds": list(dispute.kinds),
        "since": dispute.since.isoformat(),
        "due": dispute.due.isoformat() if dispute.due else None,
        "overdue": dispute.due is not None and dispute.due < now.office.as_of,
    }


def _change_values(change: Change) -> dict[str, Any]:
    return {
        "day": change.day.isoformat(),
        "moves": [
            {"from": before.value, "to": after.value, "reason": reason.value, "count": count}
            for (before, after, reason), count in change.moves.items()
        ],
        "snapshots": list(change.snapshots),
        "pages": change.pages,
    }
