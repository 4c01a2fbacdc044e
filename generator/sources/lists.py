"""All facts of lists/, as they arrived: batches, screening returns, snapshots, decisions, holidays.

``read_lists`` opens the files; everything else works on their bytes. Every fault of a run is noted at once.
Statuses are not computed here: that is ``core.lifecycle``.
"""

from __future__ import annotations

import gc
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from generator.core.addressing import decisions_by_nomination, relisted
from generator.core.model import (
    AnyDecision,
    Batch,
    BatchId,
    Content,
    Lists,
    Nomination,
    Rules,
    ScreeningReturn,
    Snapshot,
    Strict,
    Unit,
    UnitId,
    number_of,
)
from generator.core.workdays import Calendar
from generator.errors import Faults, Place
from generator.sources.agreement import check_rules
from generator.sources.decisions import HEAD_PATH, check_head, parse_decisions
from generator.sources.decisions import PATH as DECISIONS
from generator.sources.holidays import read_calendar
from generator.sources.kept import FOLDER, NOTHING_KEPT, Kept
from generator.sources.nominations import Entry, Submission, check_subjects_once, parse_nominations
from generator.sources.screening import check_answered, known_rules, parse_returns
from generator.sources.settings import parse_toml
from generator.sources.snapshots import check_order, parse_snapshot
from generator.sources.units import unit_by_name

BATCHES = "lists/batches/"
SNAPSHOTS = "lists/snapshots/"
BATCH_ID = re.compile(r"[0-9]{4}-[0-9]{2}")
SNAPSHOT_ID = re.compile(r"[a-z0-9][a-z0-9-]*")

_LEFT_BEHIND = re.compile(r"\..*|~\$.*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
"""Files that systems and office programs leave in every folder."""


@dataclass(frozen=True, slots=True)
class _Submitted(Strict):
    """One ``[[submission]]``: a table in nominations/, who sent it, and when it arrived."""

    file: str
    unit: str
    received: date
    password: str = ""


@dataclass(frozen=True, slots=True)
class _BatchFile(Strict):
    """A batch.toml file."""

    title: str
    deadline: date
    notice_start: date | None = None
    rules: Rules | None = None
    submission: tuple[_Submitted, ...] = ()


@dataclass(frozen=True, slots=True)
class _Round:
    """A batch with all that belongs to it."""

    batch: Batch
    nominations: tuple[Nomination, ...]
    returns: tuple[ScreeningReturn, ...]


def read_lists(root: Path, content: Content, faults: Faults, *, kept: bool = False) -> Lists | None:
    """Return the facts in ``root``/lists, or None with every fault noted.

    With ``kept`` a table that has not changed since is not read again; what it said is in lists/.cache.
    """
    before = len(faults.found)
    shelf = Kept(root / FOLDER if kept else None)
    calendar = read_calendar(root / "lists" / "holidays", faults)
    lists = parse_lists(_read_files(root), content, calendar, faults, shelf)
    if len(faults.found) != before:
        return None
    shelf.drop_others()
    return lists


def _read_files(root: Path) -> Mapping[str, bytes]:
    """Return the files of lists/ that hold facts, by their path under the root."""
    tops = (root / BATCHES, root / SNAPSHOTS)
    paths = [path for top in tops for path in sorted(top.rglob("*")) if not _LEFT_BEHIND.fullmatch(path.name)]
    paths += [root / DECISIONS, root / HEAD_PATH]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def parse_lists(
    files: Mapping[str, bytes], content: Content, calendar: Calendar, faults: Faults, kept: Kept = NOTHING_KEPT
) -> Lists:
    """Return the facts in these files, by path; what has a fault is left out."""
    with _no_search_for_cycles():
        return _parse_lists(files, content, calendar, faults, kept)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Keep Python from looking for cycles meanwhile: there are none among millions of new values, and it takes a third.

    What is no longer referred to is freed all the same.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _parse_lists(files: Mapping[str, bytes], content: Content, calendar: Calendar, faults: Faults, kept: Kept) -> Lists:
    rounds = [
        round_
        for folder in _folders(files, BATCHES, BATCH_ID, "年份和两位序号，如 2026-01", faults)
        if (round_ := _parse_round(files, folder, content, faults, kept)) is not None
    ]
    snapshots = [
        snapshot
        for folder in _folders(files, SNAPSHOTS, SNAPSHOT_ID, "小写字母、数字和短横，如 score-2026-10", faults)
        if (snapshot := _snapshot(files, folder, content.settings.rules, faults, kept)) is not None
    ]
    check_order(snapshots, faults)
    nominations = tuple(nomination for round_ in rounds for nomination in round_.nominations)
    lists = Lists(
        batches={round_.batch.id: round_.batch for round_ in rounds},
        nominations=nominations,
        returns=tuple(answer for round_ in rounds for answer in round_.returns),
        decisions=(),
        snapshots=_in_order(snapshots),
        calendar=calendar,
    )
    return replace(lists, decisions=_parse_decisions(files, lists, content, faults))


def _snapshot(files: Mapping[str, bytes], folder: str, rules: Rules, faults: Faults, kept: Kept) -> Snapshot | None:
    """Return the snapshot in a folder, as it was kept or as it stands there."""
    name = kept.name(Snapshot, (folder, *_fingerprints(files, folder), repr(rules)))
    if known := kept.find(Snapshot, name):
        return known[0]
    noted = Faults()
    snapshot = parse_snapshot(files, folder, rules, noted)
    if snapshot and not noted.found:
        kept.keep(Snapshot, name, (snapshot,))
    faults.found += noted.found
    return snapshot


def _fingerprints(files: Mapping[str, bytes], folder: str) -> tuple[str | bytes, ...]:
    """Return which files there are in a folder, and the SHA-256 of each."""
    inside = sorted(path for path in files if path.startswith(folder))
    return tuple(part for path in inside for part in (path, hashlib.sha256(files[path]).digest()))


def _in_order(snapshots: list[Snapshot]) -> tuple[Snapshot, ...]:
    return tuple(sorted(snapshots, key=lambda snapshot: (snapshot.taken, snapshot.id)))


def _folders(files: Mapping[str, bytes], top: str, pattern: re.Pattern[str], shape: str, faults: Faults) -> list[str]:
    """Return the folders right under ``top``, each with its closing slash; their names are ids."""
    folders = set()
    for path in sorted(path for path in files if path.startswith(top)):
        name, slash, _ = path.removeprefix(top).partition("/")
        if slash and pattern.fullmatch(name):
            folders.add(f"{top}{name}/")
        elif slash:
            faults.add(Place(f"{top}{name}"), "文件夹的名字不对", f"写成{shape}")
        else:
            faults.add(Place(path), "这里只放文件夹", "把它移到所属的文件夹里")
    return sorted(folders)


# -- a batch ---------------------------------------------------------------------------------------------------


def _parse_round(
    files: Mapping[str, bytes], folder: str, content: Content, faults: Faults, kept: Kept
) -> _Round | None:
    """Return the batch in a folder, with its nominations and the answers of its screening."""
    path = f"{folder}batch.toml"
    if path not in files:
        faults.add(Place(folder), "缺少 batch.toml", "照 lists/README.md 写一个")
        return None
    found = parse_toml(files[path], path, _BatchFile, faults)
    if found is None:
        return None
    if found.rules:
        check_rules(found.rules, path, faults)
    batch = Batch(BatchId(folder.split("/")[-2]), found.title, found.deadline, found.notice_start, found.rules)
    entries = _parse_submissions(files, folder, batch.id, found.submission, content, faults, kept)
    check_subjects_once(entries, faults)
    nominations = tuple(entry.nomination for entry in entries if entry.nomination is not None)
    rules = found.rules or content.settings.rules
    known = known_rules(rules, content.settings.rules)  # a re-check may come from a source that was added since
    returns = _returns(files, f"{folder}screening/", batch.id, known, faults, kept)
    check_answered(batch, returns, rules, path, faults, nominations)
    for other in sorted(other for other in files if other.startswith(folder) and other != path):
        if not other.startswith((f"{folder}nominations/", f"{folder}screening/")):
            faults.add(Place(other), "不认识的文件", "名单放进 nominations，筛查回复放进 screening")
    return _Round(batch, nominations, returns)


def _returns(
    files: Mapping[str, bytes], folder: str, batch: BatchId, rules: Rules, faults: Faults, kept: Kept
) -> tuple[ScreeningReturn, ...]:
    """Return the answers in a batch's screening folder, as they were kept or as they stand there."""
    name = kept.name(ScreeningReturn, (folder, *_fingerprints(files, folder), batch, repr(rules)))
    if (known := kept.find(ScreeningReturn, name)) is not None:
        return known
    noted = Faults()
    returns = parse_returns(files, folder, batch, rules, noted)
    if not noted.found:
        kept.keep(ScreeningReturn, name, returns)
    faults.found += noted.found
    return returns


def _parse_submissions(
    files: Mapping[str, bytes],
    folder: str,
    batch: BatchId,
    submitted: tuple[_Submitted, ...],
    content: Content,
    faults: Faults,
    kept: Kept,
) -> list[Entry]:
    """Return the entries of every submission; a table that none names is a fault, and the reverse."""
    entries: list[Entry] = []
    named: set[str] = set()
    for number, item in enumerate(submitted, start=1):
        where = f"submission[{number}]"
        place = Place(f"{folder}batch.toml", field=f"{where}.file")
        path = f"{folder}nominations/{item.file}"
        if path in named:
            faults.add(place, f"{item.file} 写了两次", "一张表只写一次")
        elif path not in files:
            faults.add(place, f"找不到文件 {item.file}", "把它放进 nominations 文件夹，或者改正文件名")
        elif unit := unit_meant(item.unit, Place(f"{folder}batch.toml", field=f"{where}.unit"), content, faults):
            submission = Submission(batch, unit, item.received, item.password)
            entries += _entries(files[path], path, submission, content, faults, kept)
        named.add(path)
    for path in sorted(path for path in files if path.startswith(f"{folder}nominations/") and path not in named):
        faults.add(Place(path), "batch.toml 里没有写这张表", "加一段 [[submission]]，或者拿走这个文件")
    return entries


def _entries(
    data: bytes, path: str, submission: Submission, content: Content, faults: Faults, kept: Kept
) -> tuple[Entry, ...]:
    """Return the entries of one table, as they were kept or as they stand in it."""
    said = (repr(content.units), repr(content.categories), repr(content.settings.rules))
    name = kept.name(Nomination, (path, hashlib.sha256(data).digest(), repr(submission), *said))
    if (known := kept.find(Nomination, name)) is not None:
        return tuple(Entry(nomination.place, nomination.subject, nomination) for nomination in known)
    noted = Faults()
    entries = parse_nominations(data, path, submission, content, noted)
    nominations = [entry.nomination for entry in entries if entry.nomination is not None]
    if not noted.found and len(nominations) == len(entries):
        kept.keep(Nomination, name, nominations)
    faults.found += noted.found
    return entries


def unit_meant(text: str, place: Place, content: Content, faults: Faults) -> Unit | None:
    """Return the unit an id, a name or an alias means; those of the areas that report categories come first."""
    if unit := content.units.get(UnitId(text)):
        return unit
    areas = {content.units[id_].area for category in content.categories.values() for id_ in category.units}
    near = {id_ for area in sorted(areas) if (id_ := unit_by_name(content.units, text, area))}
    if found := near.pop() if len(near) == 1 else unit_by_name(content.units, text):
        return content.units[found]
    faults.add(place, f"不认识的单位：{text}", "写 content/units.toml 里的 id、名称或别名；没有就先加进去")
    return None


# -- what other commands ask ------------------------------------------------------------------------------------


def open_batches(root: Path, faults: Faults) -> tuple[Batch, ...]:
    """Return the batches whose notice has not been set, so that units may still report to them; no table is read."""
    batches = []
    for path in sorted((root / BATCHES).glob("*/batch.toml")):
        name = path.parent.name
        found = parse_toml(path.read_bytes(), path.relative_to(root).as_posix(), _BatchFile, faults)
        if found and not found.notice_start and BATCH_ID.fullmatch(name):
            batches.append(Batch(BatchId(name), found.title, found.deadline))
    return tuple(batches)


def sender_of(root: Path, path: str) -> tuple[str, str]:
    """Return who sent a table of lists/ and the password of its zip, each empty where no file beside it says so."""
    folder, name = (root / path).parent, path.rsplit("/", 1)[-1]
    for toml in (*sorted(folder.glob("*.toml")), folder.parent / "batch.toml"):
        try:
            values = tomllib.loads(toml.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError):
            continue  # a fault of its own, told by check
        submissions = values.get("submission")
        for item in (values, *(submissions if isinstance(submissions, list) else ())):
            if isinstance(item, dict) and item.get("file") == name:
                return str(item.get("unit") or item.get("source") or ""), str(item.get("password") or "")
    return "", ""


# -- decisions -------------------------------------------------------------------------------------------------


def _check_not_twice(lists: Lists, anew: Iterable[Nomination], faults: Faults) -> None:
    """Note a row that nominates, in the same batch, whom a decision had nominated there before."""
    by_decision = {(nomination.batch, number_of(nomination.subject), nomination.category) for nomination in anew}
    for nomination in lists.nominations if by_decision else ():
        if (nomination.batch, number_of(nomination.subject), nomination.category) in by_decision:
            faults.add(nomination.place, "这一条已经由决定重新提名到这一批了，会重复", "请报送单位从表里删掉这一行再报")


def _parse_decisions(
    files: Mapping[str, bytes], lists: Lists, content: Content, faults: Faults
) -> tuple[AnyDecision, ...]:
    """Return the decisions; each must be about an entry of the lists, or one relisted, by a unit that exists.

    Where the log, or any list, has a fault, nothing is said of what the decisions are about: the entry may be
    the one that could not be read.
    """
    if DECISIONS not in files:
        if lists.nominations or HEAD_PATH in files:
            message = "找不到决定记录；少了它，已经撤下的人会重新上榜"
            faults.add(Place(DECISIONS), message, "从备份恢复；如果确实还没有任何决定，就放一个空文件")
        return ()
    readable = not faults.found
    decisions = parse_decisions(files[DECISIONS], DECISIONS, faults)
    check_head(files[DECISIONS], files.get(HEAD_PATH), faults)
    if not readable or faults.found:
        return decisions
    anew = relisted(lists, decisions)
    _check_not_twice(lists, anew, faults)
    nominations = (*lists.nominations, *anew)
    addressed = zip(nominations, decisions_by_nomination(nominations, decisions), strict=True)
    matched = {id(item) for nomination, items in addressed for item in items if item.batch == nomination.batch}
    for line, decision in enumerate(decisions, start=1):
        if id(decision) not in matched:
            message = f"{decision.batch} 批里没有这个主体（姓名和号码都要对得上）"
            faults.add(Place(DECISIONS, line=line), message, "名单被改动过就恢复名单；更正姓名用 xinyi record")
        if decision.unit not in content.units:
            place = Place(DECISIONS, line=line, field="unit")
            faults.add(place, f"没有 {decision.unit} 这个单位", "把这个单位加回 content/units.toml")
    return decisions
