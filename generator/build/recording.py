"""Writing down a decision: checked against the lists first, then appended as one line, whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from generator.build.locking import alone
from generator.build.office import read
from generator.core import wording
from generator.core.addressing import decisions_by_nomination
from generator.core.lifecycle import Stage, stand
from generator.core.model import AnyDecision, Correction, Nomination, Objection, Person, Resolution, UnitId
from generator.core.names import canonical, suspects
from generator.errors import RefusedError
from generator.sources import decisions
from generator.sources.units import unit_by_name

_NOT_A_NAME = re.compile(r"[^\w]|[0-9_]")
_LONG_NUMBER = re.compile(r"[0-9]{15,17}[0-9Xx]?")


def record(root: Path, decision: AnyDecision) -> str:
    """Append a decision to lists/decisions.jsonl and return where its entry stands on the decision's day, in words.

    Raises ``RefusedError`` if it addresses no entry, or is dated before the entry was received or before a decision
    already recorded for it; ``InputFaultsError`` if the lists have faults.
    """
    with alone(root):
        return _record(root, decision)


def _record(root: Path, decision: AnyDecision) -> str:
    office = read(root, decision.day)
    lists = office.lists
    matches = [
        (nomination, earlier)
        for nomination, mine, earlier in zip(
            lists.nominations,
            decisions_by_nomination(lists.nominations, [*lists.decisions, decision]),
            decisions_by_nomination(lists.nominations, lists.decisions),
            strict=True,
        )
        if len(mine) > len(earlier) and nomination.batch == decision.batch
    ]
    if not matches:
        raise RefusedError("这一批里没有这个姓名（名称）和号码的条目。请核对批次、姓名和号码，一个字也不能差")
    nomination, earlier = matches[0]
    texts = (decision.grounds, decision.document, decision.operator)
    if any(_LONG_NUMBER.search(text) for text in texts):
        raise RefusedError("理由、文书编号和经办人里不要写证件号码")
    if not (decision.grounds.strip() and decision.operator.strip()):
        raise RefusedError("理由和经办人不能空着：以后答复异议要用")
    standing = next(s for s in office.standings if s.nomination.place == nomination.place)
    if standing.stage in (Stage.LEFT, Stage.SCREENED_OUT) and not isinstance(decision, Correction):
        raise RefusedError(f"这一条已经不在名单上：{wording.explain(standing)}。不用再记录")
    if isinstance(decision, Correction) and (damage := _damage(decision, nomination)):
        raise RefusedError(f"更正后的内容不能用：{damage}。请照证件重新输入")
    if isinstance(decision, Resolution) and not _has_open_objection(earlier):
        raise RefusedError("这一条没有等待答复的异议。要从名单上撤下，请用 xinyi record withdraw")
    if decision.day < max([nomination.received, *(known.day for known in earlier)]):
        raise RefusedError("这个日期早于报送日期，或早于已经记录的上一个决定。请核对日期")
    path = root / decisions.PATH
    existing = path.read_bytes()
    line = decisions.append(existing, decision)
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(existing + line)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    after = replace(lists, decisions=(*lists.decisions, decision))
    standings = stand(after, office.content.settings.rules, decision.day)
    return wording.explain(next(s for s in standings if s.nomination.place == nomination.place))


def _damage(correction: Correction, nomination: Nomination) -> str:
    """Return what is wrong with the texts of a correction, or nothing."""
    for field, text in correction.fields.items():
        if not canonical(text):
            return "是空的"
        if suspects(text):
            return "里面有认不出的字"
        if field == "name" and isinstance(nomination.subject, Person) and _NOT_A_NAME.search(canonical(text)):
            return "姓名里有数字、括号或标点"
    return ""


def _has_open_objection(decisions: Sequence[AnyDecision]) -> bool:
    last = [d for d in decisions if isinstance(d, Objection | Resolution)][-1:]
    return any(isinstance(decision, Objection) for decision in last)


def unit_named(root: Path, text: str, as_of: date) -> UnitId:
    """Return the unit of that name, alias or id; raise ``RefusedError`` if there is none."""
    units = read(root, as_of).content.units
    unit = unit_by_name(units, text) or (UnitId(text) if text in units else None)
    if unit is None:
        raise RefusedError(f"content/units.toml 里没有单位“{text}”。请写单位的名称、别名或 id")
    return unit
