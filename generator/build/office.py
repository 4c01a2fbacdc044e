"""Everything read, everyone's standing, and who may use what: the first two steps of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from generator.core import audience, lifecycle
from generator.core.lifecycle import Standing
from generator.core.model import BatchId, Content, Lists, ScenarioId, Subject, Window
from generator.core.workdays import UncoveredYearError
from generator.errors import Faults, Place, RefusedError
from generator.sources.content import read_content
from generator.sources.lists import read_lists


@dataclass(frozen=True, slots=True)
class Office:
    """Everything read, and where every nomination stands on one day."""

    content: Content
    lists: Lists
    standings: tuple[Standing, ...]
    notices: Mapping[BatchId, Window]
    as_of: date


@dataclass(frozen=True, slots=True)
class Entitled:
    """A subject and until which day it may use which scenarios."""

    subject: Subject
    last_days: Mapping[ScenarioId, date]


def check_project(root: Path) -> None:
    """Raise ``RefusedError`` where a folder is not an office's: better one word than a fault for every file."""
    if not (root / "content").is_dir():
        raise RefusedError(
            f"{root.resolve()} 里没有 content 文件夹，不是项目文件夹。请先 cd 到项目文件夹，或用 --root 指明"
        )


def read(root: Path, as_of: date, *, kept: bool = False) -> Office:
    """Read content/ and lists/ and say where everyone stands; raise ``InputFaultsError`` with every fault.

    With ``kept`` tables that have not changed since are not read again (ADR 23): for commands that only tell. What is
    signed, published or sent is read from the tables themselves.
    """
    check_project(root)
    faults = Faults()
    content = read_content(root, faults)
    if content is None:
        message = "site.toml、units.toml 或 categories.toml 读不出来，所以这次没有检查名单"
        faults.add(Place("lists"), message, "改好那里的问题以后，请再检查一次")
    lists = read_lists(root, content, faults, kept=kept) if content else None
    if content is None or lists is None:
        faults.stop_if_any()
        raise AssertionError("a reader gave up without saying why")
    for notice in content.notices:
        if notice.batch and notice.batch not in lists.batches:
            place = Place(f"content/notices/{notice.id}.md", field="batch")
            faults.add(place, f"没有批次“{notice.batch}”", "请改成 lists/batches/ 里有的批次编号")
    faults.stop_if_any()
    rules = content.settings.rules
    try:
        standings = lifecycle.stand(lists, rules, as_of)
        notices = {
            batch.id: lifecycle.notice_period(batch.notice_start, batch.rules or rules, lists.calendar)
            for batch in lists.batches.values()
            if batch.notice_start
        }
    except UncoveredYearError as error:
        faults.add(
            Place(f"lists/holidays/{error.year}.json"),
            f"要数到{error.year}年的工作日，但还没有这一年的放假安排",
            "国务院公布后，请把放假安排存成这个文件再重新生成",
        )
        faults.stop_if_any()
        raise
    _check_announced(content, notices, as_of, faults)
    _check_rules_kept(lists, as_of, faults)
    faults.stop_if_any()
    return Office(content, lists, standings, notices, as_of)


def _check_announced(content: Content, notices: Mapping[BatchId, Window], as_of: date, faults: Faults) -> None:
    """Check that every batch whose period has begun was announced by then: a silent notice is none (F06)."""
    for batch, period in notices.items():
        announced = [notice.published for notice in content.notices if notice.batch == batch]
        if period.not_before <= as_of and not any(day <= period.not_before for day in announced):
            faults.add(
                Place(f"lists/batches/{batch}/batch.toml", field="notice_start"),
                "公示已经开始，但 content/notices 里没有这一批的公告，或者公告的日期比公示第一天晚",
                f'请写一份公告，写上 batch = "{batch}"，published 不晚于 {period.not_before}',
            )


def _check_rules_kept(lists: Lists, as_of: date, faults: Faults) -> None:
    """Check that a batch whose notice has begun keeps its rules: settings of later must not re-judge it."""
    for batch in lists.batches.values():
        if batch.notice_start and batch.notice_start <= as_of and batch.rules is None:
            faults.add(
                Place(f"lists/batches/{batch.id}/batch.toml", field="rules"),
                "公示已经开始，但没有写明这一批按哪些规定办：以后改 content/site.toml 会改掉已经定下的结果",
                f"请运行 xinyi list notice {batch.id} --start {batch.notice_start}，把现在的规定留在这一批里",
            )


def entitle(office: Office) -> tuple[Entitled, ...]:
    """Return everyone who may use at least one active scenario, with the last day of each."""
    content = office.content
    scale = content.settings.rules.rating_scale
    active = [s for s in content.scenarios.values() if s.status == "active" and s.audience]
    entitled = []
    for profile in audience.profiles(office.lists.snapshots, office.standings, office.as_of).values():
        last_days: dict[ScenarioId, date] = {}
        for scenario in active:
            assert scenario.audience  # noqa: S101 - filtered above
            decision = audience.decide(scenario.audience, profile, scale)
            if decision.eligible:
                assert decision.not_after  # noqa: S101 - sources.agreement refuses unbounded audiences
                last_days[scenario.id] = decision.not_after
        if last_days:
            entitled.append(Entitled(profile.subject, last_days))
    return tuple(entitled)
