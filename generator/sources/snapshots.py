"""Snapshots (requirement Z06): a table of scores, tax classes or ratings, and the days it is good for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from generator.core.model import Rules, Snapshot, SnapshotRow, Strict, SubjectKind, Window, number_of
from generator.errors import Faults, Place
from generator.sources.agreement import TAX_CLASSES
from generator.sources.cells import quoted
from generator.sources.settings import parse_toml
from generator.sources.subjects import DOCUMENT_TYPE, NAME, NUMBER, organisation_in, person_in
from generator.sources.tables import Column, Row, read_table

HIGHEST_SCORE = 9999

_VALUES = {
    "score": Column(("分数", "信用分", "信用分数", "信用积分", "得分", "积分"), required=True),
    "tax": Column(("纳税信用等级", "纳税信用级别", "等级", "级别", "评价结果"), required=True),
    "rating": Column(("评价等级", "信用等级", "信用评价等级", "等级", "级别", "评价结果"), required=True),
}


@dataclass(frozen=True, slots=True)
class _SnapshotFile(Strict):
    """A snapshot.toml file."""

    kind: Literal["score", "tax", "rating"]
    taken: date
    not_before: date
    not_after: date
    source: str
    file: str
    password: str = ""


def parse_snapshot(files: Mapping[str, bytes], folder: str, rules: Rules, faults: Faults) -> Snapshot | None:
    """Return the snapshot in a folder, or None with its faults noted."""
    path = f"{folder}snapshot.toml"
    if path not in files:
        faults.add(Place(folder), "缺少 snapshot.toml", "照 lists/README.md 写一个")
        return None
    found = parse_toml(files[path], path, _SnapshotFile, faults)
    if found is None:
        return None
    table = folder + found.file
    for other in sorted(other for other in files if other.startswith(folder) and other not in (path, table)):
        faults.add(Place(other), "snapshot.toml 没有提到这个文件", "拿走它；一个快照只有一张表")
    if found.not_after < found.not_before:
        message = f"最后一天 {found.not_after} 早于第一天 {found.not_before}"
        faults.add(Place(path, field="not_after"), message, "核对有效期")
        return None
    if found.taken > found.not_before:
        message = f"取数日期 {found.taken} 晚于开始使用的 {found.not_before}"
        faults.add(Place(path, field="taken"), message, "核对日期")
    if table not in files:
        faults.add(Place(path, field="file"), f"找不到文件 {found.file}", "放进同一个文件夹，或者改正文件名")
        return None
    rows = _rows(files[table], table, found, rules, faults)
    window = Window(found.not_before, found.not_after)
    return Snapshot(folder.split("/")[-2], found.kind, found.taken, window, found.source, rows)


def check_order(snapshots: Sequence[Snapshot], faults: Faults) -> None:
    """Note two snapshots of a kind taken on one day: neither would replace the other."""
    first: dict[tuple[str, date], str] = {}
    for snapshot in snapshots:
        other = first.setdefault((snapshot.kind, snapshot.taken), snapshot.id)
        if other != snapshot.id:
            place = Place(f"lists/snapshots/{snapshot.id}/snapshot.toml", field="taken")
            faults.add(place, f"和 {other} 是同一天、同一种快照，分不出用哪一个", "只留一个，或者改正日期")


def _rows(data: bytes, path: str, found: _SnapshotFile, rules: Rules, faults: Faults) -> tuple[SnapshotRow, ...]:
    """Return the rows of the table; a number that stands twice is a fault."""
    kind = found.kind
    columns = {"name": NAME, "number": NUMBER, "document_type": DOCUMENT_TYPE, "value": _VALUES[kind]}
    first: dict[str, Place] = {}
    rows = []
    for row in read_table(data, path, columns, faults, found.password):
        subject = person_in(row, faults) if kind == "score" else organisation_in(row, SubjectKind.ENTERPRISE, faults)
        value = _value(row, kind, rules, faults)
        if subject is None or value is None:
            continue
        if (other := first.setdefault(number_of(subject), row.place)) != row.place:
            faults.add(row.place, f"同一个号码已经出现过：{other}", "只留一行")
        rows.append(SnapshotRow(subject, value))
    return tuple(rows)


def _value(row: Row, kind: str, rules: Rules, faults: Faults) -> str | None:
    """Return the row's score in plain digits, its tax class or its grade."""
    written, place = row.text("value").upper(), row.at("value")
    if kind == "score":
        digits = re.fullmatch(r"0*([0-9]{1,4})(\.0+)?", written)
        if digits is None or int(digits[1]) > HIGHEST_SCORE:
            faults.add(place, f"分数应为 0 到 {HIGHEST_SCORE} 的整数，这里是“{quoted(written)}”", "核对分数")
            return None
        return str(int(digits[1]))
    known = TAX_CLASSES if kind == "tax" else rules.rating_scale
    value = next((grade for grade in known if grade.upper() in (written, written.removesuffix("级"))), None)
    if value is None:
        faults.add(place, f"没有“{quoted(written)}”这个等级", f"可以用 {'、'.join(known)}")
    return value
