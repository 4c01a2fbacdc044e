"""What the screening sources answered for a batch (requirement F05): one TOML file an answer, and its table of hits.

An answer without a table says that the source looked and found nobody. A hit is matched by its number, so a
number that is damaged or covered up is a fault: a dishonest person would pass unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from generator.core.identifiers import IdentifierError
from generator.core.model import Batch, BatchId, Hit, HitEffect, Rules, ScreeningReturn, Strict
from generator.errors import Faults, Place
from generator.sources.settings import parse_toml, similar
from generator.sources.subjects import NAME, NUMBER, any_number
from generator.sources.tables import Column, Kind, Row, read_table

COLUMNS = {
    "name": NAME,
    "number": NUMBER,
    "recorded": Column(("列入日期", "列入时间", "立案日期", "立案时间"), Kind.DAY, required=True),
    "removed": Column(("移出日期", "移出时间", "退出日期"), Kind.DAY),
    "grounds": Column(("事由", "列入事由", "列入原因", "原因")),
}


@dataclass(frozen=True, slots=True)
class _Answer(Strict):
    """A screening/*.toml file."""

    source: str
    day: date
    operator: str
    effect: HitEffect
    file: str = ""
    evidence: str = ""
    password: str = ""


def parse_returns(
    files: Mapping[str, bytes], folder: str, batch: BatchId, rules: Rules, faults: Faults
) -> tuple[ScreeningReturn, ...]:
    """Return the answers in a batch's screening folder, by day; a file that no answer names is a fault."""
    named = set()
    returns = []
    for path in sorted(path for path in files if path.startswith(folder) and path.endswith(".toml")):
        named.add(path)
        answer = parse_toml(files[path], path, _Answer, faults)
        if answer is None:
            continue
        named |= {folder + answer.file, folder + answer.evidence}
        _check_source(answer.source, Place(path, field="source"), rules, faults)
        hits = _hits(files, folder, answer, Place(path, field="file"), faults)
        returns.append(
            ScreeningReturn(batch, answer.source, answer.day, answer.operator, answer.effect, hits, answer.evidence)
        )
    for path in sorted(path for path in files if path.startswith(folder) and path not in named):
        faults.add(Place(path), "没有哪个筛查回复提到这个文件", "在 .toml 里写上 file，或者拿走这个文件")
    return tuple(sorted(returns, key=lambda answer: answer.day))


def check_answered(batch: Batch, returns: tuple[ScreeningReturn, ...], rules: Rules, path: str, faults: Faults) -> None:
    """Note every required source that had not answered when the notice started (requirements F05, F10)."""
    if batch.notice_start is None:
        return
    for source in rules.screening_sources:
        days = [answer.day for answer in returns if answer.source == source]
        if not days or min(days) > batch.notice_start:
            found = f"{min(days)} 才回复" if days else "还没有回复"
            message = f"{batch.notice_start} 开始公示，{source}{found}"
            faults.add(Place(path, field="notice_start"), message, "等各方筛查都回复以后再定公示日期")


def _check_source(source: str, place: Place, rules: Rules, faults: Faults) -> None:
    known = rules.screening_sources
    if known and source not in known:
        faults.add(place, f"不认识的筛查来源：{source}", similar(source, known) or f"可以用 {'、'.join(known)}")


def _hits(files: Mapping[str, bytes], folder: str, answer: _Answer, place: Place, faults: Faults) -> tuple[Hit, ...]:
    """Return the hits in an answer's table."""
    if not answer.file:
        return ()
    path = folder + answer.file
    if path not in files:
        faults.add(place, f"找不到文件 {answer.file}", "把它放进 screening 文件夹，或者改正文件名")
        return ()
    rows = read_table(files[path], path, COLUMNS, faults, answer.password)
    return tuple(hit for row in rows if (hit := _hit(row, answer.day, faults)) is not None)


def _hit(row: Row, day: date, faults: Faults) -> Hit | None:
    """Return one row as a hit."""
    recorded, removed = row.day("recorded"), row.day("removed")
    if "number" in row.refused:
        return None
    try:
        number = any_number(row.text("number"))
    except IdentifierError as error:
        faults.add(row.at("number"), str(error), "请筛查单位给出完整的号码")
        return None
    if recorded is None:
        if not row.text("recorded"):
            faults.add(row.at("recorded"), "没有写列入日期", "请筛查单位补上")
        return None
    if recorded > day:
        faults.add(row.at("recorded"), f"列入日期 {recorded} 晚于回复的日期 {day}", "核对日期")
    if removed and removed < recorded:
        faults.add(row.at("removed"), f"移出日期 {removed} 早于列入日期 {recorded}", "核对日期")
    return Hit(number, recorded, removed, row.given("grounds"))
